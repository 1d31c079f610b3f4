"""`workbench lineage`: what a picture is made from, and whether all is there."""

import json

import pytest
from commands import chain, draw
from small_projects import Small

from nodegraph.graph import Node
from nodegraph.project import Project

KEYS = {
    "id",
    "type",
    "parentId",
    "parents",
    "sourceIds",
    "pipelineInfo",
    "engines",
    "file",
    "sha256",
    "outcome",
    "certificate",
}


@pytest.fixture
def picture(call):
    """A blurred and sharpened picture of the shot `a`."""
    with Project(call.project, write=True) as project:
        small = Small(project)
        drawing = small.drawing("a.png")
        shot = small.shot(drawing, "a", sequence="s1")
        blurred = small.picture(drawing, shot=shot.id, settings={"radius": 3.0})
        return small.picture(blurred, "sharpen", shot=shot.id, settings={"amount": 1.0})


def test_a_picture_is_shown_in_words(call, picture):
    lines = dict(
        line.split("  ", 1)
        for line in call("lineage", "show", picture.id).out.splitlines()
    )

    said = {name.strip(): text.strip() for name, text in lines.items()}
    assert said["picture"] == picture.id
    assert said["how it was made"].startswith("Sharpen v")
    assert said["how it was made"].endswith("· amount 1")
    assert said["made from"] == f"Blur v1 · radius 3 ({picture.parent[:12]})"
    assert said["shot"] == "s1/a"
    assert said["result"] == "done"
    assert picture.sha256 in said["file"]


def test_a_picture_as_json_has_exactly_the_keys_of_the_contract(call, picture):
    shown = json.loads(call("lineage", "show", picture.id[:8], "--json").out)

    assert set(shown) == KEYS
    assert set(shown["pipelineInfo"]) == {
        "node",
        "version",
        "engine",
        "models",
        "settings",
        "inputs",
    }
    assert shown["id"] == picture.id
    assert shown["file"].endswith(f"{picture.sha256}{picture.suffix}")


def test_an_unknown_id_is_a_wrong_usage(call, picture):
    said = call("lineage", "show", "zzzzzzzz")

    assert (said.code, said.out) == (2, "")
    assert said.err.count("\n") == 1


def test_the_tree_leads_up_to_the_drawing_and_down_to_what_was_made(call, picture):
    above = call("lineage", "tree", picture.id).out.splitlines()
    below = call("lineage", "tree", call.project / "board" / "a.png").out.splitlines()

    assert above[0].startswith("Sharpen v")
    assert above[1] == "made from:"
    assert above[2].startswith("  Blur v1")
    assert above[3].startswith("    a.png")
    assert below[1] == "made of it:"
    assert below[3].startswith("    Sharpen")


def test_the_tree_as_json_counts_the_steps(call, picture):
    tree = json.loads(call("lineage", "tree", picture.parent, "--json").out)

    assert [(n["label"], n["steps"]) for n in tree["ancestors"]] == [("a.png", 1)]
    assert [n["id"] for n in tree["descendants"]] == [picture.id]


def test_a_sound_lineage_verifies(call, picture):
    said = call("lineage", "verify", "--json")

    assert said.code == 0
    assert json.loads(said.out) == {
        "assets": 3,
        "checked": 3,
        "evicted": 0,
        "purged": 0,
        "problems": [],
    }


def test_a_broken_lineage_is_exit_3_and_says_what_helps(call, picture):
    with Project(call.project, write=False) as project:
        project.files.path(picture).unlink()

    said, told = call("lineage", "verify"), call("lineage", "verify", "--json")

    assert (said.code, told.code) == (3, 3)
    assert "1 problem" in said.out
    assert "doctor --repair" in said.err
    assert len(json.loads(told.out)["problems"]) == 1


def test_the_lineage_is_exported_whole_or_of_one_picture(call, picture):
    whole = json.loads(call("lineage", "export").out)
    one = json.loads(call("lineage", "export", picture.parent).out)

    assert len(whole["assets"]) == 3
    assert len(one["assets"]) == 2


def test_a_stripped_export_names_no_file(call, picture):
    assert "a.png" in call("lineage", "export").out
    assert "a.png" not in call("lineage", "export", "--strip").out


@pytest.mark.parametrize(
    "words", [("show", "x"), ("tree", "x"), ("verify",), ("export",)]
)
def test_without_a_project_nothing_is_created(call, words):
    call.project.mkdir()

    said = call("lineage", *words)

    assert said.code == 3
    assert list(call.project.iterdir()) == []


def test_lineage_is_read_beside_a_writer(call, picture):
    with Project(call.project, write=True):
        assert call("lineage", "verify").code == 0
        assert call("lineage", "show", picture.id).code == 0


def test_what_a_real_batch_left_is_known_by_its_files(workbench):
    draw(workbench.folder / "board", "a.png", "b.png")
    soft = chain(workbench.folder / "soft.json", Node("b", "blur", {"radius": 3.0}))
    batch = workbench("batch", soft, "board", "--json")
    [first, _] = batch.summary["outputs"]

    shown = workbench("lineage", "show", first["file"], "--json")
    verified = workbench("lineage", "verify", "--json")

    assert json.loads(shown.out)["id"] == first["asset"]
    assert json.loads(shown.out)["pipelineInfo"]["settings"]["radius"] == 3.0
    assert json.loads(verified.out)["problems"] == []
