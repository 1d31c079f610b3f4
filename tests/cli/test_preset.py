"""`workbench preset`: which there are, what they need, whether they hold, saving."""

import json

import pytest
from commands import chain
from inside import Inside
from small_projects import Small

from nodegraph.graph import Node
from nodegraph.lineage import Override
from nodegraph.preset.file import load
from nodegraph.project import Project


@pytest.fixture
def call(tmp_path, capsys):
    folder = tmp_path / "film"
    folder.mkdir()
    return Inside(folder, capsys)


@pytest.fixture
def soft(call):
    """A graph that blurs."""
    node = Node("blur", "blur", {"radius": 2.0}, name="Soft")
    return chain(call.project / "soft.json", node)


def saved(call, name="mine"):
    return load(call.project / "presets" / f"{name}.json")


def test_shipped_presets_are_listed_with_what_they_need(call):
    rows = json.loads(call("preset", "list", "--json").out)

    assert rows
    assert all(set(r) == {"name", "title", "description", "inputs"} for r in rows)
    assert all(row["title"] and row["description"] for row in rows)
    assert all(isinstance(row["inputs"], list) for row in rows)


def test_every_shipped_preset_is_valid(call):
    names = [row["name"] for row in json.loads(call("preset", "list", "--json").out)]

    assert [name for name in names if call("preset", "validate", name).code] == []


def test_a_projects_own_presets_are_listed_too(call, soft):
    call("preset", "save", soft, "--as", "mine", "--title", "Mine")

    assert "mine" in call("preset", "list").out


def test_a_preset_that_cannot_be_read_is_told_and_left_out(call, soft):
    call("preset", "save", soft, "--as", "mine")
    (call.project / "presets" / "broken.json").write_text("{")

    said = call("preset", "list", "--json")

    names = [row["name"] for row in json.loads(said.out)]
    assert "mine" in names
    assert "broken" not in names
    assert "broken" in said.err


def test_a_source_with_a_file_needs_nothing(call, soft):
    waiting = json.loads(call("preset", "show", soft, "--json").out)
    soft.write_text(
        soft.read_text().replace(
            '"type": "source",', '"type": "source", "settings": {"file": "a.png"},'
        )
    )

    filled = json.loads(call("preset", "show", soft, "--json").out)

    assert (waiting["inputs"], filled["inputs"]) == (["Shot"], [])


def test_a_preset_is_shown_with_the_settings_it_offers(call, soft):
    call("preset", "save", soft, "--as", "mine", "--expose", "Soft.radius=Softness")

    shown = json.loads(call("preset", "show", "mine", "--json").out)

    assert shown["settings"] == [
        {"label": "Softness", "node": "Soft", "setting": "radius", "value": 2.0}
    ]
    assert "Softness" in call("preset", "show", "mine").out


def test_an_unknown_preset_is_a_wrong_usage(call):
    said = call("preset", "show", "film-lok")

    assert said.code == 2
    assert "did you mean film-look?" in said.err


# Validation


def test_a_valid_preset_says_so(call, soft):
    said = call("preset", "validate", soft, "--json")

    assert said.code == 0
    assert json.loads(said.out) == {"valid": True, "problems": []}


def test_every_problem_is_told_with_its_place(call, soft):
    text = soft.read_text().replace('"radius": 2.0', '"radius": -2.0, "depth": 1')
    soft.write_text(text)

    said = call("preset", "validate", soft, "--json")
    found = json.loads(said.out)

    assert said.code == 3
    assert found["valid"] is False
    places = [problem["place"] for problem in found["problems"]]
    assert {"radius", "depth"} <= {place.rpartition(".")[2] for place in places}
    assert all(problem["message"] for problem in found["problems"])


@pytest.mark.parametrize(
    ("more", "count"), [("", "has 1 problem"), (', "depth": 1', "has 2 problems")]
)
def test_a_person_is_told_how_many_problems_there_are(call, soft, more, count):
    bad = f'"radius": -2.0{more}'
    soft.write_text(soft.read_text().replace('"radius": 2.0', bad))

    assert call("preset", "validate", soft).err.rstrip().endswith(count)


@pytest.mark.parametrize("name", ["nothing.json", "."])
def test_what_is_no_file_is_no_valid_preset(call, name):
    said = call("preset", "validate", call.project / name, "--json")

    assert said.code == 3
    assert json.loads(said.out)["valid"] is False


# Saving


def test_a_preset_is_saved_with_what_was_changed(call, soft):
    said = call(
        "preset",
        "save",
        soft,
        "--as",
        "mine",
        "--title",
        "Mine",
        "--description",
        "Softer",
        "--set",
        "Soft.radius=5",
    )

    assert said.code == 0, said.err
    assert (saved(call).title, saved(call).description) == ("Mine", "Softer")
    assert saved(call).graph.nodes["blur"].settings["radius"] == 5.0
    assert load(soft).graph.nodes["blur"].settings["radius"] == 2.0


def test_a_preset_of_that_name_is_replaced_only_by_force(call, soft):
    call("preset", "save", soft, "--as", "mine")

    refused = call("preset", "save", soft, "--as", "mine", "--title", "New")
    assert refused.code == 2
    assert "--force" in refused.err
    assert saved(call).title == ""

    assert (
        call("preset", "save", soft, "--as", "mine", "--title", "New", "--force").code
        == 0
    )
    assert saved(call).title == "New"


def test_names_that_some_systems_hold_for_one_are_one(call, soft):
    call("preset", "save", soft, "--as", "mine")

    refused = call("preset", "save", soft, "--as", "Mine", "--force")

    assert refused.code == 2
    assert "--as mine --force" in refused.err
    assert [path.name for path in (call.project / "presets").iterdir()] == ["mine.json"]


def test_a_preset_that_hides_a_shipped_one_says_so(call, soft):
    said = call("preset", "save", soft, "--as", "delivery")

    assert said.code == 0
    assert "'delivery' now means this file" in said.err
    assert "now means" not in call("preset", "save", soft, "--as", "mine").err


@pytest.mark.parametrize("name", ["", "../up", "a/b", "con", "x" * 60, ".hidden"])
def test_a_name_that_no_system_takes_is_refused(call, soft, name):
    said = call("preset", "save", soft, "--as", name)

    assert said.code == 2
    assert not (call.project / "presets").exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--expose", "Soft.radius"), 2),
        (("--expose", "Hard.radius=X"), 2),
        (("--expose", "Soft.depth=X"), 3),
        (("--set", "Soft.radius=-1"), 2),
        (("--set", "Soft.depth=1"), 2),
        (("--set", "Soft.radius@a=1"), 2),
    ],
)
def test_what_could_not_be_used_is_not_saved(call, soft, words, code):
    said = call("preset", "save", soft, "--as", "mine", *words)

    assert said.code == code
    assert said.err.count("\n") == 1
    assert not (call.project / "presets").exists()


@pytest.fixture
def own_radius(call, soft):
    """A shot that has another radius."""
    with Project(call.project, write=True) as project:
        small = Small(project)
        shot = small.shot(small.drawing("a.png"), "a")
        key = Override.key("soft", "blur", shot.id)
        small.put(Override(key, "soft", "blur", shot.id, {"radius": 9.0}))


def test_what_was_set_for_single_shots_is_saved_only_when_asked(call, soft, own_radius):
    call("preset", "save", soft, "--as", "mine")
    call("preset", "save", soft, "--as", "theirs", "--with-overrides")

    assert saved(call).overrides == {}
    assert saved(call, "theirs").overrides == {"a": {"blur": {"radius": 9.0}}}
