"""From what the user asked to a job: which pictures, which settings, which run."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from studio import LONG_AGO, Ran, Studio, carry_out, chain, soft, wired

from nodegraph.batch import InputError
from nodegraph.board.folder import BoardError
from nodegraph.graph import Edge, Endpoint, Graph, GraphError, Node
from nodegraph.lineage import Asset, Found, Run, Shot, Status
from nodegraph.node import MissingError
from nodegraph.plan import UnsettledError
from nodegraph.preset.file import Preset
from nodegraph.scheduler.running import TaskEvent

TINT = """
from typing import Annotated
from nodegraph import File, Image, node

@node(category="Own", version={version})
def tint(image: Image, table: Annotated[str, File((".txt",), kind="model")] = "") -> Image:
    "Add the number in a file to every value."
    if not table:
        raise ValueError("no table")
    with open(table) as file:
        return Image(image.pixels + int(file.read()))
"""


def runs(studio: Studio) -> dict[str, Run]:
    with studio.opened(write=False) as project:
        return {run.id: run for run in project.store.all(Run)}


def two_sources(**first: object) -> Preset:
    nodes = [
        Node("one", "source", dict(first), name="One"),
        Node("two", "source", name="Two"),
        Node("mix", "blend", name="Mix"),
        Node("out", "output", name="Out"),
    ]
    ports = ("base", "top")
    from nodes.blend import blend

    names = [port.name for port in blend.inputs if port.required]
    edges = [
        Edge(Endpoint("one", "result"), Endpoint("mix", (names or ports)[0])),
        Edge(Endpoint("two", "result"), Endpoint("mix", (names or ports)[1])),
        Edge(Endpoint("mix", "result"), Endpoint("out", "value")),
    ]
    return Preset(Graph.of(nodes, edges), "mix")


@pytest.fixture
def board(studio: Studio) -> Studio:
    """Two panels, and a picture beside the board."""
    studio.draw("a.png", 1)
    studio.draw("b.png", 2)
    studio.draw("logo.png", 3, board=".")
    return studio


# where pictures enter ---------------------------------------------------------------


def test_a_board_enters_the_one_source_whose_file_is_not_set(board: Studio) -> None:
    logo = str(board.folder / "logo.png")

    ran = board.run(two_sources(file=logo))

    assert [row.status for row in ran.rows] == [Status.COMPLETED] * 2
    with board.opened(write=False) as project:
        asset = project.store.asset(ran.rows[0].asset)
    assert len(asset.sources) == 2
    assert ran.prepared.job.layout.entry == "two"


def test_a_picture_given_settles_where_the_board_enters(board: Studio) -> None:
    ran = board.run(two_sources(), inputs={"Two": board.folder / "logo.png"})

    assert ran.prepared.job.layout.entry == "one"
    assert ran.files == ["a_mix_v001.png", "b_mix_v001.png"]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [((), "2 wait for a picture ('One', 'Two')"), (("One", "Two"), "0 wait")],
)
def test_a_board_that_could_enter_at_no_or_several_sources_is_refused(
    board: Studio, inputs: tuple[str, ...], said: str
) -> None:
    given = {name: board.folder / "logo.png" for name in inputs}

    with pytest.raises(UnsettledError) as refused:
        board.run(two_sources(), inputs=given)

    assert said in str(refused.value)
    assert "--input" in str(refused.value)


def test_without_a_board_every_source_needs_a_picture(board: Studio) -> None:
    with pytest.raises(UnsettledError, match=r"'In' waits for a picture.*--input In="):
        board.run(soft(), board=None)


def test_the_first_picture_given_names_the_shot(board: Studio) -> None:
    given = {"Two": board.folder / "logo.png", "One": board.folder / "board/a.png"}

    ran = board.run(two_sources(), board=None, inputs=given)

    assert ran.files == ["logo_mix_v001.png"]


@pytest.mark.parametrize(
    ("inputs", "error", "said"),
    [
        ({"Nobody": "logo.png"}, GraphError, "Nobody"),
        ({"Soft": "logo.png"}, GraphError, "'Soft' is no Source node"),
        ({"In": "none.png"}, InputError, "there is no file"),
    ],
)
def test_a_picture_that_cannot_enter_is_refused(
    board: Studio, inputs: dict[str, str], error: type[Exception], said: str
) -> None:
    given = {name: board.folder / path for name, path in inputs.items()}

    with pytest.raises(error, match=said):
        board.run(soft(), board=None, inputs=given)


def test_a_broken_picture_beside_the_board_ends_all_before_work(
    board: Studio,
) -> None:
    logo = board.folder / "logo.png"
    logo.write_bytes(b"broken")

    with pytest.raises(InputError, match=r"'Two': .*logo\.png"):
        board.run(two_sources(), inputs={"Two": logo})
    assert runs(board) == {}


def test_what_should_be_known_of_a_picture_beside_the_board_is_said(
    board: Studio,
) -> None:
    import cv2

    logo = board.folder / "logo.png"
    cv2.imwrite(str(logo), np.full((8, 12, 3), 40_000, np.uint16))

    notes = board.prepare(two_sources(), inputs={"Two": logo}).notes

    assert any(note.startswith("Two: ") and "16 bits" in note for note in notes)


def test_a_single_broken_picture_is_a_failed_shot(board: Studio) -> None:
    path = board.folder / "logo.png"
    path.write_bytes(b"broken")

    [row] = board.run(soft(), board=None, inputs={"In": path}).rows

    assert (row.shot, row.status) == ("logo", Status.FAILED)


def test_a_board_of_no_picture_that_can_be_used_fails_every_shot(
    board: Studio,
) -> None:
    for name in ("a.png", "b.png"):
        (board.folder / "board" / name).write_bytes(b"")

    ran = board.run(soft())

    assert [row.status for row in ran.rows] == [Status.FAILED] * 2
    assert len(runs(board)) == 1


def test_a_board_that_is_none_is_refused_before_anything_is_recorded(
    board: Studio,
) -> None:
    with pytest.raises(BoardError):
        board.run(soft(), board="nothing")
    assert runs(board) == {}


# files in settings ------------------------------------------------------------------


def tinted(table: Path) -> Preset:
    return chain(Node("tint", "tint", {"table": str(table)}, name="Tint"))


@pytest.fixture
def tables(board: Studio) -> Studio:
    """A node that reads a file."""
    board.node_file(TINT.format(version=1))
    (board.folder / "one.txt").write_text("1")
    return board


def of_tint(studio: Studio, ran: Ran) -> dict[str, object]:
    with studio.opened(write=False) as project:
        return dict(project.store.asset(ran.rows[0].asset).recipe.settings)


def test_a_recipe_knows_a_file_by_its_content_alone(tables: Studio) -> None:
    ran = tables.run(tinted(tables.folder / "one.txt"))

    settings = of_tint(tables, ran)
    assert settings["table"].startswith("sha256:")
    assert str(tables.folder) not in json.dumps(settings)
    [run] = runs(tables).values()
    assert run.files == {settings["table"]: str(tables.folder / "one.txt")}


def test_a_file_that_moved_is_the_same_recipe(tables: Studio) -> None:
    tables.run(tinted(tables.folder / "one.txt"))
    (tables.folder / "one.txt").rename(tables.folder / "moved.txt")

    ran = tables.run(tinted(tables.folder / "moved.txt"))

    assert (ran.executed, ran.cached) == (0, 2)


def test_a_file_that_changed_is_another_recipe(tables: Studio) -> None:
    path = tables.folder / "one.txt"
    tables.run(tinted(path))
    path.write_text("2")

    ran = tables.run(tinted(path))

    assert ran.executed == 2
    assert ran.files == ["a_look_v002.png", "b_look_v002.png"]


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, os.mkfifo])
def test_a_file_that_is_not_there_is_named_with_its_setting(
    tables: Studio, make: object
) -> None:
    make(tables.folder / "none.txt")

    with pytest.raises(
        MissingError, match=r"'Tint': the file '.*none\.txt' for 'table'"
    ):
        tables.run(tinted(tables.folder / "none.txt"))


def test_a_file_can_be_set_for_one_shot(tables: Studio) -> None:
    (tables.folder / "two.txt").write_text("2")
    preset = tinted(tables.folder / "one.txt")

    first = tables.run(preset, sets=[f"Tint.table@b={tables.folder / 'two.txt'}"])
    again = tables.run(preset)

    assert first.executed == 2
    assert again.executed == 0
    [run] = runs(tables).values()
    assert sorted(run.files.values()) == [
        str(tables.folder / "one.txt"),
        str(tables.folder / "two.txt"),
    ]


def test_what_is_missing_is_said_before_work(board: Studio) -> None:
    board.node_file(
        "from nodegraph import Image, node\n"
        "from nodegraph.node import MissingError\n"
        "def decided(settings):\n"
        "    raise MissingError('the model is not installed')\n"
        "@node(category='Own', resolve=decided)\n"
        "def needy(image: Image) -> Image:\n"
        "    'Needs a model.'\n"
        "    return image\n"
    )

    with pytest.raises(MissingError, match="'Needs': the model is not installed"):
        board.run(chain(Node("n", "needy", name="Needs")))
    assert runs(board) == {}


# runs -------------------------------------------------------------------------------


def test_the_same_request_is_the_same_run(board: Studio) -> None:
    first, again = board.run(soft()), board.run(soft())

    assert first.run == again.run == "run-1"
    assert first.prepared.is_new and not again.prepared.is_new
    assert runs(board)["run-1"].state == "finished"
    assert runs(board)["run-1"].counts == {"completed": 2}


@pytest.mark.parametrize(
    "asked",
    [
        {"sets": ["Soft.radius=2"]},
        {"sets": ["Soft.radius@a=2"]},
        {"match": ("a",)},
        {"out": "elsewhere"},
    ],
)
def test_another_request_is_another_run(
    board: Studio, asked: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(board.folder)
    board.run(soft())

    assert board.run(soft(), **asked).run == "run-2"


def test_a_changed_drawing_is_another_run(board: Studio) -> None:
    board.run(soft())
    board.draw("a.png", 9, when=LONG_AGO + 9)

    assert board.run(soft()).run == "run-2"
    assert [run.state for run in runs(board).values()] == ["finished"] * 2


def test_a_run_remembers_all_it_was_asked(board: Studio) -> None:
    logo = board.folder / "logo.png"

    board.run(two_sources(), inputs={"One": logo})

    [run] = runs(board).values()
    assert (run.preset, run.entry, run.state) == ("mix", "two", "finished")
    assert run.graph["format"] == 2
    assert set(run.versions) == {"blend"}
    assert [row["name"] for row in run.shots] == ["a", "b"]
    with board.opened(write=False) as project:
        found = project.store.get(Found, str(logo))
    assert run.entries == {"one": found.digest}
    assert run.board == str(board.folder / "board")
    assert run.out == "out/mix"
    assert run.created.endswith("+00:00")


def test_a_failure_is_told_again_without_running_until_asked(board: Studio) -> None:
    crop = chain(Node("c", "crop", {"mode": "pixels", "x": 99}, name="Crop"))

    first, again = board.run(crop), board.run(crop)
    asked = board.run(crop, retry_failed=True)

    for ran in (first, again, asked):
        assert [row.status for row in ran.rows] == [Status.FAILED] * 2
    assert first.rows == again.rows
    assert first.run == again.run == asked.run
    assert runs(board)["run-1"].counts == {"failed": 2}


def test_a_dry_run_leaves_no_trace(board: Studio) -> None:
    with board.opened() as project:
        asked = board.request(soft(), dry=True, sets=["Soft.radius@a=3"])
        prepared = project.prepare(asked, lambda event: None)

        for kind in (Run, Shot, Found, Asset):
            assert project.store.count(kind) == 0
    assert [plan.tasks[0].recipe.settings["radius"] for plan in prepared.job.plans] == [
        3.0,
        1.0,
    ]
    assert not (board.folder / "out").exists()
    assert not (board.folder / ".workbench/media").exists()


def test_a_dry_run_needs_no_writing(board: Studio) -> None:
    board.run(soft())
    journal = board.folder / ".workbench/journal"
    before = journal.read_bytes()
    board.draw("c.png", 7)
    with board.opened(), board.opened(write=False) as reader:
        asked = board.request(soft(), dry=True, sets=["Soft.radius@b=4"])
        prepared = reader.prepare(asked, lambda event: None)

    assert [plan.shot.name for plan in prepared.job.plans] == ["a", "b", "c"]
    assert journal.read_bytes() == before


def test_a_dry_run_foresees_the_very_recipes(board: Studio) -> None:
    with board.opened() as project:
        asked = board.request(soft(), dry=True)
        foreseen = project.prepare(asked, lambda event: None).job

    ran = board.run(soft())

    keys = [task.key for plan in foreseen.plans for task in plan.tasks]
    assert keys == [row.asset for row in ran.rows]


def test_an_equal_drawing_under_another_name_is_no_work(board: Studio) -> None:
    board.run(soft())
    board.draw("c.png", 1)

    ran = board.run(soft())

    assert ran.executed == 0
    assert ran.files[2] == "c_look_v001.png"


# going on with a run ----------------------------------------------------------------


def interrupted(studio: Studio, preset: Preset, **asked: object) -> Run:
    """A run that was recorded, of which nothing was carried out."""
    with studio.opened() as project:
        prepared = project.prepare(studio.request(preset, **asked), lambda event: None)
        with project.store.record():
            project.store.put(prepared.job.run)
    return prepared.job.run


def resumed(studio: Studio, run: Run) -> tuple[Ran, list[TaskEvent]]:
    events: list[TaskEvent] = []

    def hear(event: object) -> None:
        if isinstance(event, TaskEvent):
            events.append(event)

    with studio.opened() as project:
        live = project.resume(project.store.get(Run, run.id), hear)
        rows = live.done.result(60)
    return Ran(None, rows, live.counts["executed"], live.counts["cached"]), events


def test_a_run_goes_on_as_it_was_asked_whatever_changed_since(
    tables: Studio,
) -> None:
    preset = tinted(tables.folder / "one.txt")
    (tables.folder / "two.txt").write_text("2")
    sets = [f"Tint.table@b={tables.folder / 'two.txt'}"]
    run = interrupted(tables, preset, sets=sets)
    tables.run(preset, sets=["Tint.table@b="])
    tables.draw("a.png", 50, when=LONG_AGO + 9)
    (tables.folder / "board/b.png").unlink()

    ran, _ = resumed(tables, run)

    assert [row.status for row in ran.rows] == [Status.COMPLETED] * 2
    assert (ran.executed, ran.cached) == (1, 1)
    assert runs(tables)[run.id].state == "finished"


def test_a_run_with_a_picture_beside_the_board_goes_on(board: Studio) -> None:
    run = interrupted(board, two_sources(), inputs={"One": board.folder / "logo.png"})
    (board.folder / "logo.png").unlink()

    ran, _ = resumed(board, run)

    assert [row.status for row in ran.rows] == [Status.COMPLETED] * 2


def test_a_shot_that_could_not_be_used_stays_so_when_a_run_goes_on(
    board: Studio,
) -> None:
    (board.folder / "board/b.png").write_bytes(b"broken")
    run = interrupted(board, soft())
    board.draw("b.png", 2)

    ran, _ = resumed(board, run)

    assert [row.status for row in ran.rows] == [Status.COMPLETED, Status.FAILED]


def test_a_node_that_changed_is_refused_and_what_is_done_stays_done(
    tables: Studio,
) -> None:
    preset = tinted(tables.folder / "one.txt")
    tables.run(preset, match=("a",))
    run = interrupted(tables, preset)
    tables.node_file(TINT.format(version=2))

    ran, _ = resumed(tables, run)

    good, bad = ran.rows
    assert good.status is Status.COMPLETED
    assert bad.status is Status.FAILED
    assert "'tint' changed from v1" in bad.error
    assert bad.error.endswith("queue again")
    assert ran.executed == 0


def test_a_file_that_changed_is_refused_and_what_is_done_stays_done(
    tables: Studio,
) -> None:
    path = tables.folder / "one.txt"
    tables.run(tinted(path), match=("a",))
    run = interrupted(tables, tinted(path))
    path.write_text("9")

    ran, _ = resumed(tables, run)

    assert [row.status for row in ran.rows] == [Status.COMPLETED, Status.FAILED]
    assert f"{path} changed since: queue again" in ran.rows[1].error
    path.write_text("1")
    assert tables.run(tinted(path), retry_failed=True).executed == 1


def test_a_file_of_one_shot_that_is_gone_stops_that_shot_alone(
    tables: Studio,
) -> None:
    other = tables.folder / "two.txt"
    other.write_text("2")
    preset = tinted(tables.folder / "one.txt")
    run = interrupted(tables, preset, sets=[f"Tint.table@b={other}"])
    other.unlink()

    ran, _ = resumed(tables, run)

    assert [row.status for row in ran.rows] == [Status.COMPLETED, Status.FAILED]


def test_what_is_gathered_goes_on_over_the_shots_of_then(board: Studio) -> None:
    graph = wired(
        Node("in", "source", name="In"),
        Node("sheet", "contact_sheet", {"cell_width": 64}, name="Sheet"),
        Node("out", "output", name="Out"),
    )
    run = interrupted(board, Preset(graph, "proof"))
    board.draw("c.png", 8)

    ran, _ = resumed(board, run)

    with board.opened(write=False) as project:
        sheet = project.store.asset(ran.rows[-1].asset)
    assert sheet.recipe.settings["names"] == ["a", "b"]


def test_two_boards_at_once_share_what_is_equal(board: Studio) -> None:
    board.draw("z.png", 1, board="other")
    with board.opened() as project:
        one = carry_out(project, board.request(soft()))
        two = carry_out(project, board.request(soft(), board="other"))

    assert (one.executed, two.executed, two.cached) == (2, 0, 1)


def test_a_hook_may_look_into_a_file_and_the_recipe_keeps_its_digest(studio):
    from test_inpaint_models import lama

    studio.draw("panel.png")
    lama(studio.folder / "fill.onnx")
    tight = {"grow": 0, "feather": 0.0}
    nodes = [
        Node("shot", "source"),
        Node("hole", "mask_shape", {"width": 0.2, "height": 0.2}),
        Node("fill", "inpaint", {**tight, "model": str(studio.folder / "fill.onnx")}),
    ]
    edges = [
        Edge(Endpoint("shot", "result"), Endpoint("hole", "image")),
        Edge(Endpoint("shot", "result"), Endpoint("fill", "image")),
        Edge(Endpoint("hole", "result"), Endpoint("fill", "mask")),
    ]

    ran = studio.run(Preset(Graph.of(nodes, edges), "fill"))

    assert [row.error for row in ran.rows] == [None]
    with studio.opened(write=False) as project:
        [asset] = [a for a in project.store.all(Asset) if a.id == ran.rows[0].asset]
    assert asset.recipe.settings["engine"] == "lama"
    assert asset.recipe.settings["model"].startswith("sha256:")
