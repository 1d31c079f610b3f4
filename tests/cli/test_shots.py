"""`workbench shots`: where they stand, what a person says, what is delivered."""

import json

import pytest
from small_projects import Small

from nodegraph.lineage import Shot
from nodegraph.project import Project


@pytest.fixture
def film(call):
    """Two shots with a take each, one of them renamed by a hostile hand."""
    with Project(call.project, write=True) as project:
        small = Small(project)
        for index, name in enumerate(("a-1", "a-2\n\x1b[31m")):
            drawing = small.drawing(f"{index}.png")
            shot = small.shot(drawing, name, index=index)
            small.take(shot, small.picture(drawing, outcome="soft"))
    return call.project


def shot(call, name="a-1"):
    with Project(call.project, write=False) as project:
        [found] = [s for s in project.store.all(Shot) if s.name == name]
        return found


def test_the_list_has_a_line_for_each_shot_whatever_its_name(call, film):
    said = call("shots", "list")

    lines = said.out.splitlines()
    assert lines[0].split() == ["SHOT", "STATUS", "TAKE", "PICK", "RESULT", "NOTE"]
    assert lines[1].split() == ["a-1", "to", "do", "1", "soft"]
    assert lines[2].startswith(r"a-2\n\x1b[31m")
    assert len(lines) == 3


def test_the_list_as_json_has_every_shot(call, film):
    rows = json.loads(call("shots", "list", "--json").out)

    assert [row["name"] for row in rows] == ["a-1", "a-2\n\x1b[31m"]
    assert rows[0]["take"] == 1
    assert rows[0]["outcome"] == "soft"
    assert rows[0]["problem"] is None


@pytest.mark.parametrize("board", ["board", "{project}/board"])
def test_a_board_is_listed_by_its_name_or_its_path(call, film, board):
    said = call("shots", "list", "--board", board.format(project=film))

    assert len(said.out.splitlines()) == 3


def test_a_board_that_is_none_is_refused_naming_those_there_are(call, film):
    said = call("shots", "list", "--board", "nowhere")

    assert said.code == 2
    assert "there is board" in said.err


def test_a_shot_is_marked(call, film):
    said = call(
        "shots", "set", "a-1", "--status", "approved", "--take", 1, "--note", "good"
    )

    assert said.code == 0, said.err
    after = shot(call)
    assert (after.status, after.note, after.pick) == ("approved", "good", {"look": 1})
    assert after.by
    assert after.changed.endswith("+00:00")


@pytest.mark.parametrize(
    "words",
    [
        ("a-1", "--take", 9),
        ("a-1", "--status", "done"),
        ("a-9", "--status", "review"),
        ("a-1",),
    ],
)
def test_what_cannot_be_marked_changes_nothing(call, film, words):
    before = shot(call)

    said = call("shots", "set", *words)

    assert said.code == 2
    assert said.err.count("\n") == 1
    assert shot(call) == before


def test_marking_waits_for_nobody_and_names_who_writes(call, film):
    with Project(film, write=True):
        said = call("shots", "set", "a-1", "--status", "review")

    assert said.code == 7
    assert "process" in said.err


def test_shots_are_listed_and_delivered_beside_a_writer(call, film, tmp_path):
    with Project(film, write=True):
        assert call("shots", "list").code == 0
        assert call("shots", "deliver", "--out", tmp_path / "client").code == 0


def test_a_delivery_says_what_it_holds(call, film, tmp_path):
    said = call("shots", "deliver", "--out", tmp_path / "client")

    assert said.code == 0
    assert said.out.startswith(f"2 pictures in {tmp_path / 'client'}\n")
    assert (tmp_path / "client" / "manifest.json").exists()


def test_a_delivery_as_json_is_its_list(call, film, tmp_path):
    said = call("shots", "deliver", "--json", "--out", tmp_path / "client")

    entries = json.loads(said.out)["entries"]
    assert [entry["status"] for entry in entries] == ["completed", "completed"]
    assert set(entries[0]) == {
        "shot",
        "source",
        "file",
        "asset",
        "recipe",
        "outcome",
        "status",
        "error",
    }


def test_a_shot_without_a_take_is_named_and_the_rest_goes(call, film, tmp_path):
    with Project(film, write=True) as project:
        Small(project).shot(Small(project).drawing("9.png"), "late", index=9)

    said = call("shots", "deliver", "--out", tmp_path / "client")

    assert said.code == 4
    assert said.out.startswith("2 pictures")
    assert said.err == "missing: late: has no take yet: run a preset on it\n"


def test_with_nothing_approved_there_is_nothing_to_deliver(call, film, tmp_path):
    said = call("shots", "deliver", "--approved", "--out", tmp_path / "client")

    assert said.code == 3
    assert not (tmp_path / "client").exists()


def test_nothing_is_delivered_into_the_workbenchs_own_folder(call, film):
    said = call("shots", "deliver", "--out", film / ".workbench" / "media")

    assert said.code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("set", "a", "--status", "review"),
        ("deliver", "--out", "{project}/client"),
    ],
)
def test_without_a_project_nothing_is_created(call, words):
    call.project.mkdir()

    said = call("shots", *(word.format(project=call.project) for word in words))

    assert said.code == 3
    assert "--project" in said.err
    assert list(call.project.iterdir()) == []


def test_of_shots_with_one_name_on_two_boards_the_board_says_which(call, film):
    with Project(call.project, write=True) as project:
        other = Shot("twin", "a-1", board="pickups")
        Small(project).put(other)

    asked = call("shots", "set", "a-1", "--status", "review")
    said = call("shots", "set", "a-1", "--status", "review", "--board", "pickups")

    assert asked.code == 2
    assert "a-1 of board, a-1 of pickups; say which with --board" in asked.err
    assert said.code == 0
    with Project(call.project, write=False) as project:
        shots = project.store.all(Shot)
        assert [s.board for s in shots if s.status == "review"] == [other.board]
