"""The preset consistency over panels of the sample: one character, every shot."""

import os
import shutil
import stat
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from models import recogniser, swapper
from PIL import Image
from studio import Ran, Studio

from nodegraph.lineage import Asset, Kind, Status
from nodegraph.plan import PlanError, UnsettledError
from nodegraph.preset import file as presets
from nodegraph.values import Mask

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "assets" / "sample"
BOARD = SAMPLE / "board" / "sc010-harbour"
PRESET = presets.load(ROOT / "presets" / "consistency.json")
TEO = "587.8,194.2 646.8,196.8 602.2,231.8 589.2,258.2 638.8,260.2"
"""The smaller of the two faces on panel-4."""

Run = Callable[..., Ran]


@pytest.fixture
def run(studio: Studio) -> Run:
    """The preset over some panels, with a portrait of the sample."""

    def carry_out(
        *panels: int, portrait: str = "characters/nia.png", sets: tuple[str, ...] = ()
    ) -> Ran:
        board = studio.folder / "board"
        board.mkdir(exist_ok=True)
        for number in panels:
            shutil.copy2(BOARD / f"panel-{number}.png", board)
        inputs = {"Master Reference": SAMPLE / portrait}
        return studio.run(PRESET, inputs=inputs, sets=sets)

    return carry_out


def of_shots(ran: Ran) -> dict[str, Any]:
    """What became of each shot, by its name."""
    return {row.shot: row for row in ran.rows if row.shot}


def assets(studio: Studio, node: str) -> list[Asset]:
    with studio.opened(write=False) as project:
        found = [a for a in project.store.all(Asset) if a.recipe]
    return [asset for asset in found if asset.recipe and asset.recipe.node == node]


def shown(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGBA"))


def test_every_shot_says_what_became_of_it(run: Run) -> None:
    ran = run(1, 2, 3)

    rows = of_shots(ran)
    assert {name: row.outcome for name, row in rows.items()} == {
        "panel-1": "no_face",
        "panel-2": "swapped",
        "panel-3": "swapped",
    }
    assert [row.passed for row in rows.values()] == [True, False, False]
    assert {row.status for row in ran.rows} == {Status.COMPLETED}
    assert "consistency_sheet_v001.png" in ran.files


def test_the_character_is_computed_once_for_all_shots(run: Run, studio: Studio) -> None:
    ran = run(1, 2, 3, 6)
    again = run(5)

    swaps, reference, sheet = 4, 1, 1
    assert ran.executed == swaps + reference + sheet
    assert again.executed == 1 + sheet
    assert len(assets(studio, "reference")) == 1


def test_a_second_call_computes_nothing(run: Run) -> None:
    first = run(2, 3)
    second = run()

    assert second.executed == 0
    assert second.files == first.files


def test_the_identity_lies_apart_for_its_owner_alone(run: Run, studio: Studio) -> None:
    run(2)

    [identity] = assets(studio, "reference")
    home = studio.folder / ".workbench"
    [file] = (home / "identities").rglob("*.identity")
    assert identity.type is Kind.IDENTITY
    assert identity.value == "Master Reference"
    assert file.stem == identity.sha256
    assert not list((home / "media").rglob("*.identity"))
    if os.name != "nt":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_certificate_of_a_shot_can_be_computed_from_its_files(
    run: Run, studio: Studio
) -> None:
    row = of_shots(run(2))["panel-2"]

    swapped, mask = assets(studio, "face_swap")
    if swapped.type is Kind.MASK:
        swapped, mask = mask, swapped
    with studio.opened(write=False) as project:
        kept = project.media.load(mask.sha256, mask.suffix, Mask)
    outside = kept.pixels == 0
    before, after = shown(BOARD / "panel-2.png"), shown(row.file)
    facts = swapped.certificate
    assert facts is not None
    assert 0 < np.count_nonzero(~outside) == facts["inside"]
    assert np.array_equal(before[outside], after[outside])
    assert (before != after).any()
    assert facts["changed"] == 0
    assert facts["sha256"] == sha256(after[outside].tobytes()).hexdigest()


def test_the_lineage_has_the_scores_and_the_engines_by_name(
    run: Run, studio: Studio
) -> None:
    run(2)

    swapped = next(a for a in assets(studio, "face_swap") if a.type is not Kind.MASK)
    [face] = swapped.notes["faces"]
    assert swapped.recipe is not None
    settings = swapped.recipe.settings
    names = [settings[key] for key in ("engine", "detector", "descriptor")]
    assert names == ["classic", "haar", "appearance"]
    assert face["appearance"]["after"] > face["appearance"]["before"]
    assert face["light"]["kept"]


def test_a_person_sets_the_points_of_one_shot(run: Run, studio: Studio) -> None:
    run(2, 4)
    before = shown(next((studio.folder / "out").rglob("panel-4_*_v001.png")))
    ran = run(sets=(f"Swap.points@panel-4={TEO}",))

    after = shown(of_shots(ran)["panel-4"].file)
    drawn = shown(BOARD / "panel-4.png")
    teo, mira = (slice(200, 260), slice(580, 650)), (slice(220, 290), slice(300, 360))
    sheet = 1
    assert ran.executed == 1 + sheet
    assert np.array_equal(before[teo], drawn[teo])
    assert (after[teo] != drawn[teo]).any()
    assert np.array_equal(after[mira], drawn[mira])


def test_points_that_cannot_be_read_are_refused_before_any_shot_begins(
    run: Run, studio: Studio
) -> None:
    with pytest.raises(PlanError, match=r"points is '1,2'.*x,y x,y x,y x,y x,y"):
        run(2, sets=("Swap.points@panel-2=1,2",))

    assert assets(studio, "reference") == []


def test_a_face_that_cannot_be_told_holds_its_shot_alone(run: Run) -> None:
    rows = of_shots(run(2, 4, sets=("Swap.which=only",)))

    assert (rows["panel-2"].status, rows["panel-2"].outcome) == (
        Status.COMPLETED,
        "swapped",
    )
    assert (rows["panel-4"].status, rows["panel-4"].outcome) == (
        Status.HELD,
        "ambiguous",
    )
    assert "2 faces were found (at " in rows["panel-4"].error


def test_what_was_let_pass_counts_as_passed(run: Run) -> None:
    rows = of_shots(run(4, sets=("Swap.which=only", "Swap.on_other=pass")))

    row = rows["panel-4"]
    assert (row.status, row.outcome, row.passed) == (
        Status.COMPLETED,
        "ambiguous",
        True,
    )
    assert np.array_equal(shown(row.file), shown(BOARD / "panel-4.png"))


def test_a_portrait_without_a_face_fails_every_shot_with_the_remedy(run: Run) -> None:
    ran = run(2, 3, portrait="board/sc010-harbour/panel-1.png")

    assert {row.status for row in of_shots(ran).values()} == {Status.FAILED}
    assert all("photo shows no face" in r.error for r in of_shots(ran).values())


def test_without_a_portrait_the_call_says_how_to_give_one(studio: Studio) -> None:
    shutil.copytree(BOARD, studio.folder / "board")

    with pytest.raises(UnsettledError, match=r"'Master Reference'.*--input NODE=PATH"):
        studio.run(PRESET)


def test_a_model_of_another_kind_is_refused_before_any_shot_begins(
    run: Run, tmp_path: Path
) -> None:
    model = swapper(tmp_path / "model.onnx")

    with pytest.raises(
        PlanError, match=r"'Swap': scrfd: model.onnx .*inswapper, not scrfd"
    ):
        run(2, sets=(f"Swap.scrfd={model}",))


def test_models_make_the_swap_and_stand_in_the_lineage(
    run: Run, studio: Studio, tmp_path: Path
) -> None:
    arcface = recogniser(tmp_path / "a.onnx")
    inswapper = swapper(tmp_path / "b.onnx")
    models = (f"Swap.arcface={arcface}", f"Swap.inswapper={inswapper}")

    run(2, sets=(*models, f"Character.arcface={arcface}", "Swap.on_other=pass"))

    swapped = next(a for a in assets(studio, "face_swap") if a.type is not Kind.MASK)
    assert swapped.recipe is not None
    assert swapped.recipe.settings["engine"] == "inswapper"
    assert len(swapped.models) == 2
    assert "identity" in swapped.notes["faces"][0]
