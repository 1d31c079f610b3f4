"""Which asset a person means, and what it has to do with others."""

import shutil
from pathlib import Path

import pytest
from small_projects import Small

from nodegraph.lineage import Kind
from nodegraph.project import Project
from nodegraph.reports import ancestry, ledger
from nodegraph.reports.ancestry import UnknownAssetError, find


@pytest.fixture
def small(tmp_path):
    with Project(tmp_path, write=True) as project:
        yield Small(project)


@pytest.fixture
def store(small):
    return small.project.store


def test_an_asset_is_found_by_its_id(small, store):
    blurred = small.picture(small.drawing())

    assert find(store, blurred.id) == blurred


def test_six_characters_of_an_id_are_enough_where_no_other_begins_so(small, store):
    blurred = small.picture(small.drawing())

    assert find(store, blurred.id[:6]) == blurred


def test_five_characters_of_an_id_are_not_enough(small, store):
    blurred = small.picture(small.drawing())

    with pytest.raises(UnknownAssetError, match="first 6 characters"):
        find(store, blurred.id[:5])


def test_a_beginning_that_several_ids_share_is_refused_naming_them(small, store):
    from dataclasses import replace

    drawing = small.drawing()
    small.put(replace(drawing, id="abcdef1"), replace(drawing, id="abcdef2"))

    with pytest.raises(UnknownAssetError, match="abcdef1, abcdef2"):
        find(store, "abcdef")


def test_an_exported_file_is_found_by_where_it_lies(small, store, tmp_path):
    blurred = small.picture(small.drawing())
    export = small.export(blurred, tmp_path / "out" / "a_look_v001.png")

    assert find(store, export.id) == blurred


def test_an_exported_file_is_found_though_it_was_deleted(small, store, tmp_path):
    blurred = small.picture(small.drawing())
    export = small.export(blurred, tmp_path / "out" / "a_look_v001.png")
    Path(export.id).unlink()

    assert find(store, export.id) == blurred


def test_a_copy_of_an_exported_file_is_found_by_its_content(small, store, tmp_path):
    blurred = small.picture(small.drawing())
    export = small.export(blurred, tmp_path / "out" / "a_look_v001.png")
    shutil.copy(export.id, tmp_path / "mail.png")

    assert find(store, str(tmp_path / "mail.png")) == blurred


def test_a_file_is_found_from_the_folder_one_stands_in(
    small, store, tmp_path, monkeypatch
):
    drawing = small.drawing("a.png")
    monkeypatch.chdir(tmp_path / "board")

    assert find(store, "a.png") == drawing


def test_a_redrawn_drawing_is_not_taken_for_the_old_one(small, store, tmp_path):
    small.drawing("a.png")
    (tmp_path / "board" / "a.png").write_bytes(b"something else")

    with pytest.raises(UnknownAssetError, match="its content is in no record"):
        find(store, str(tmp_path / "board" / "a.png"))


def test_a_media_file_and_its_thumbnail_are_found(small, store):
    blurred = small.picture(small.drawing(), final=True)
    media = small.project.media
    from nodegraph.values import Image

    thumb = media.thumbnail(
        media.load(blurred.sha256, blurred.suffix, Image), blurred.sha256
    )

    assert find(store, str(media.path(blurred.sha256, blurred.suffix))) == blurred
    assert find(store, str(thumb)) == blurred


def test_facts_are_those_of_the_contract(small, store):
    drawing = small.drawing()
    swapped = small.picture(
        drawing,
        "face",
        settings={"engine": "classic", "strength": 0.5},
        models={"model": "x.onnx sha256:1"},
        outcome="swapped",
        certificate={"changed": 0},
    )

    assert ancestry.facts(store, swapped, None) == {
        "id": swapped.id,
        "type": "image_refined",
        "parentId": drawing.id,
        "parents": [drawing.id],
        "sourceIds": [drawing.id],
        "pipelineInfo": {
            "node": "face",
            "version": "1",
            "engine": "classic",
            "models": {"model": "x.onnx sha256:1"},
            "settings": {"engine": "classic", "strength": 0.5},
            "inputs": {"image": drawing.id},
        },
        "engines": ["classic"],
        "file": None,
        "sha256": swapped.sha256,
        "outcome": "swapped",
        "certificate": {"changed": 0},
    }


def test_engines_are_all_on_the_path_the_first_used_first(small, store):
    face = small.picture(small.drawing(), "face", settings={"engine": "classic"})
    blurred = small.picture(face)
    filled = small.picture(blurred, "inpaint", settings={"engine": "patch"})
    again = small.picture(filled, "face", settings={"engine": "classic", "x": 1})

    assert ancestry.engines(store, again) == ["classic", "patch"]


def test_a_drawing_has_no_pipeline(small, store):
    assert ancestry.facts(store, small.drawing(), None)["pipelineInfo"] is None


def test_an_operation_reads_as_a_person_says_it(small):
    drawing = small.drawing("a.png")
    blurred = small.picture(
        drawing,
        "color_match",
        settings={"radius": 3.0, "linear_light": True, "name": ""},
    )

    assert ancestry.operation(drawing) == "a.png"
    assert (
        ancestry.operation(blurred)
        == "Color match v1 · radius 3 · linear light on · name (empty)"
    )


def test_ancestors_and_descendants_come_once_each_the_nearest_first(small, store):
    drawing = small.drawing()
    first = small.picture(drawing)
    second = small.picture(first)

    above = [(each.id, steps) for each, steps in ancestry.ancestors(store, second)]
    below = [(each.id, steps) for each, steps in ancestry.descendants(store, drawing)]

    assert above == [(first.id, 1), (drawing.id, 2)]
    assert below == [(first.id, 1), (second.id, 2)]


def test_a_branch_told_before_is_not_told_twice(small, store):
    from nodegraph.lineage import Recipe

    drawing = small.drawing()
    left, right = small.picture(drawing), small.picture(drawing)
    both = Recipe("blend", "1", {}, {"base": left.id, "top": right.id})
    sheet = small.picture(drawing, recipe=both)

    told = [
        (each.id, steps, again)
        for (each, steps), again in ancestry.upward(store, sheet)
    ]

    assert told == [
        (left.id, 1, False),
        (drawing.id, 2, False),
        (right.id, 1, False),
        (drawing.id, 2, True),
    ]


def test_a_chain_of_thousands_neither_recurses_nor_forgets(small, store):
    from dataclasses import replace

    from nodegraph.lineage import Recipe

    last = small.picture(small.drawing())
    chain = []
    for number in range(3000):
        recipe = Recipe("blur", "1", {"radius": float(number)}, {"image": last.id})
        last = replace(last, id=recipe.key, recipe=recipe)
        chain.append(last)
    small.put(*chain)

    assert sum(1 for _ in ancestry.ancestors(store, last)) == 3001
    assert sum(1 for _ in ancestry.upward(store, last)) == 3001


def test_the_shot_of_a_drawing_is_the_one_that_shows_it(small, store):
    drawing = small.drawing()
    shot = small.shot(drawing, "a")

    assert ancestry.shot_of(store, drawing) == shot


def test_a_drawing_that_two_shots_show_belongs_to_neither(small, store):
    drawing = small.drawing()
    small.shot(drawing, "a")
    small.shot(drawing, "b")

    assert ancestry.shot_of(store, drawing) is None


# The lineage as a document


def everything(small):
    drawing = small.drawing("secret.png")
    shot = small.shot(
        drawing, "a", note="ask Ada", by="grace", changed="2026-01-02", status="review"
    )
    blurred = small.picture(
        drawing, shot=shot.id, message="remark", notes={"who": "Ada"}
    )
    small.take(shot, blurred)
    small.export(blurred, small.project.folder / "out" / "a_look_v001.png", shot)
    other = small.picture(small.drawing("b.png"))
    return blurred, other


def test_the_document_holds_all_assets_shots_takes_and_files(small, store):
    everything(small)

    document = ledger.document(store)

    counts = {k: len(v) for k, v in document.items() if isinstance(v, list)}
    assert counts == {"assets": 4, "shots": 1, "takes": 1, "files": 1}


def test_the_document_of_an_asset_holds_what_it_was_made_from(small, store):
    blurred, _ = everything(small)

    document = ledger.document(store, blurred)

    assert document["asset"] == blurred.id
    assert [row["id"] for row in document["assets"]] == [blurred.parent, blurred.id]
    assert [row["name"] for row in document["shots"]] == ["a"]


@pytest.mark.parametrize("word", ["Ada", "grace", "secret", "remark", "_v001"])
def test_a_stripped_document_names_no_person_path_or_note(small, store, word):
    blurred, _ = everything(small)

    assert word in str(ledger.document(store))
    assert word not in str(ledger.document(store, strip=True))
    assert word not in str(ledger.document(store, blurred, strip=True))


def test_a_stripped_document_still_says_how_all_was_made(small, store):
    everything(small)

    whole, stripped = ledger.document(store), ledger.document(store, strip=True)

    for row, bare in zip(whole["assets"], stripped["assets"], strict=True):
        assert bare["pipelineInfo"] == row["pipelineInfo"]
        assert bare["parents"] == row["parents"]


def test_a_stripped_document_does_not_say_whose_an_identity_is(small, store):
    small.picture(small.drawing(), type=Kind.IDENTITY, value="Ada Lovelace")

    assert "Ada" in str(ledger.document(store))
    assert "Ada" not in str(ledger.document(store, strip=True))
