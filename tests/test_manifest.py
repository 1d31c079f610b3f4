"""The list of what became of every shot, beside the results."""

import json
from pathlib import Path
from typing import Any

import pytest
from studio import Studio, chain, soft

from nodegraph.graph import Edge, Endpoint, Graph, Node
from nodegraph.lineage import Status, recipe_of
from nodegraph.preset.file import Preset
from nodegraph.results.manifest import ManifestError, Row, worst, write_manifest

KEYS = ["shot", "source", "file", "asset", "recipe", "outcome", "status", "error"]


def listed(studio: Studio, preset: str = "look") -> list[dict[str, Any]]:
    path = studio.folder / "out" / preset / "manifest.json"
    return list(json.loads(path.read_text())["entries"])


def row(shot: str | None, **fields: Any) -> Row:
    values = {
        "source": None,
        "file": None,
        "asset": None,
        "outcome": None,
        "status": Status.COMPLETED,
        "error": None,
    }
    return Row(shot, **{**values, **fields})


def test_every_shot_has_an_entry_whatever_happened_to_it(studio: Studio) -> None:
    studio.draw("a.png")
    studio.draw("b.png").write_bytes(b"no picture")
    studio.draw("c.png")

    ran = studio.run(soft())

    document = json.loads((studio.folder / "out/look/manifest.json").read_text())
    assert list(document) == ["format", "entries"]
    assert document["format"] == 1
    good, bad, last = document["entries"]
    assert list(good) == KEYS
    assert good == {
        "shot": "a",
        "source": "../../board/a.png",
        "file": "a_look_v001.png",
        "asset": ran.rows[0].asset,
        "recipe": recipe_of(ran.rows[0].asset),
        "outcome": "done",
        "status": "completed",
        "error": None,
    }
    assert (bad["status"], bad["outcome"], bad["file"]) == ("failed", "failed", None)
    assert "b.png" in bad["error"]
    assert last["shot"] == "c"


def test_each_result_of_a_shot_has_an_entry(studio: Studio) -> None:
    studio.draw("a.png")
    nodes = [
        Node("in", "source"),
        Node("soft", "blur", {"radius": 1.0}),
        Node("one", "output", {"name": "one"}),
        Node("two", "output", {"name": "two"}),
    ]
    edges = [
        Edge(Endpoint("in", "result"), Endpoint("soft", "image")),
        Edge(Endpoint("soft", "result"), Endpoint("one", "value")),
        Edge(Endpoint("in", "result"), Endpoint("two", "value")),
    ]

    studio.run(Preset(Graph.of(nodes, edges), "look"))

    files = {(entry["shot"], entry["file"]) for entry in listed(studio)}
    assert files == {("a", "a_look_one_v001.png"), ("a", "a_look_two_v001.png")}


def test_shots_of_before_stay_in_their_place_when_some_run_again(
    studio: Studio,
) -> None:
    for name in ("p-1.png", "p-2.png", "p-10.png"):
        studio.draw(name)
    studio.run(soft(1.0))

    studio.run(soft(2.0), match=("p-2",))

    files = [entry["file"] for entry in listed(studio)]
    assert files == [
        "p-1_look_v001.png",
        "p-2_look_v002.png",
        "p-10_look_v001.png",
    ]


def test_a_new_panel_stands_where_the_board_has_it(studio: Studio) -> None:
    studio.draw("p-1.png")
    studio.draw("p-3.png")
    studio.run(soft())
    studio.draw("p-2.png")

    studio.run(soft(), match=("p-2",))

    assert [entry["shot"] for entry in listed(studio)] == ["p-1", "p-2", "p-3"]


def test_boards_with_equal_names_are_listed_side_by_side(studio: Studio) -> None:
    studio.draw("a.png", 1, board="one")
    studio.draw("a.png", 2, board="two")

    for board in ("one", "two", "one"):
        studio.run(soft(), board=board)

    assert [(entry["shot"], entry["file"]) for entry in listed(studio)] == [
        ("a", "a_look_v002.png"),
        ("a", "a_look_v001.png"),
    ]


def test_what_is_made_once_a_run_stands_last(studio: Studio) -> None:
    studio.draw("a.png")
    studio.draw("b.png")
    nodes = [
        Node("in", "source"),
        Node("soft", "blur", {"radius": 1.0}),
        Node("sheet", "contact_sheet", {"cell_width": 64}),
        Node("one", "output", {"name": "one"}),
        Node("all", "output", {"name": "all"}),
    ]
    edges = [
        Edge(Endpoint("in", "result"), Endpoint("soft", "image")),
        Edge(Endpoint("soft", "result"), Endpoint("one", "value")),
        Edge(Endpoint("soft", "result"), Endpoint("sheet", "images")),
        Edge(Endpoint("sheet", "result"), Endpoint("all", "value")),
    ]
    preset = Preset(Graph.of(nodes, edges), "look")
    studio.run(preset)

    studio.run(preset, match=("a",))

    entries = listed(studio)
    assert [entry["shot"] for entry in entries] == ["a", "b", None]
    assert entries[-1]["file"] == "look_all_v002.png"


def test_an_unchanged_list_is_not_written_again(studio: Studio) -> None:
    studio.draw("a.png")
    studio.run(soft())
    path = studio.folder / "out/look/manifest.json"
    before = path.stat()

    studio.run(soft())

    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
    )


@pytest.mark.parametrize(
    "text", ["", "[]", '{"name": "My app"}', '{"format": 2, "entries": []}', "{"]
)
def test_a_manifest_of_another_program_is_never_written_over(
    studio: Studio, text: str
) -> None:
    studio.draw("a.png")
    path = studio.folder / "out/look/manifest.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)

    with pytest.raises(ManifestError, match="--out"):
        studio.run(soft())

    assert path.read_text() == text
    assert not (path.parent / "a_look_v001.png").exists()


def test_paths_lead_from_the_manifest(studio: Studio, tmp_path: Path) -> None:
    studio.draw("a.png", board="board/deep")

    studio.run(soft(), out=str(tmp_path / "client"), recursive=True)

    document = json.loads((tmp_path / "client/manifest.json").read_text())
    [entry] = document["entries"]
    assert entry["file"] == "deep/a_look_v001.png"
    assert (tmp_path / "client" / entry["source"]).resolve() == (
        studio.folder / "board/deep/a.png"
    )


def test_names_that_are_no_text_can_be_listed(tmp_path: Path) -> None:
    write_manifest(tmp_path, [row("a", source=str(tmp_path / "a\udcff\n.png"))])

    document = json.loads((tmp_path / "manifest.json").read_bytes())
    assert document["entries"][0]["source"] == "a\udcff\n.png"


def test_without_an_order_those_of_before_come_first(tmp_path: Path) -> None:
    write_manifest(tmp_path, [row("b"), row(None)])

    write_manifest(tmp_path, [row("a")])

    entries = json.loads((tmp_path / "manifest.json").read_bytes())["entries"]
    assert [entry["shot"] for entry in entries] == ["b", "a", None]


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], None),
        ([None], None),
        (["done", "unchanged"], "unchanged"),
        (["no_face", "no_mask", "done"], "no_face"),
        (["soft", "low_identity", "no_face"], "low_identity"),
    ],
)
def test_the_worst_outcome_counts(
    outcomes: list[str | None], expected: str | None
) -> None:
    assert worst(outcomes) == expected


def test_the_outcome_is_the_worst_on_the_way(studio: Studio) -> None:
    studio.draw("a.png")
    same = Node("same", "blur", {"radius": 0.0}, name="Same")
    more = Node("more", "blur", {"radius": 2.0}, name="More")

    first = studio.run(chain(same, more))
    again = studio.run(chain(same, more))

    assert [row.outcome for row in (*first.rows, *again.rows)] == ["unchanged"] * 2


def test_an_entry_names_the_task_that_failed_first(studio: Studio) -> None:
    studio.draw("a.png")
    crop = Node("crop", "crop", {"mode": "pixels", "x": 500}, name="Out of it")
    more = Node("more", "blur", {"radius": 2.0}, name="More")

    [failed] = studio.run(chain(crop, more)).rows

    assert failed.status is Status.FAILED
    assert failed.error.startswith("'Out of it': ")
