"""`workbench nodes`: which there are, and what one of them takes and gives."""

import json

import pytest
from inside import Inside


@pytest.fixture
def call(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CONFIG", str(tmp_path / "configuration"))
    folder = tmp_path / "film"
    folder.mkdir()
    return Inside(folder, capsys)


def test_every_node_is_listed_with_its_category_and_a_line(call):
    rows = json.loads(call("nodes", "--json").out)

    assert {"blur", "resize", "lock", "contact_sheet"} <= {row["name"] for row in rows}
    assert all(row["category"] and row["summary"] and row["version"] for row in rows)
    assert all(row["origin"].endswith(".py") for row in rows)


def test_the_list_groups_nodes_by_category(call):
    lines = call("nodes").out.splitlines()

    at = lines.index("Filter")
    assert [line.split()[0] for line in lines[at + 1 : at + 3]] == ["blur", "denoise"]


def test_a_node_is_explained(call):
    said = call("nodes", "resize").out

    assert "Give the picture at another size." in said
    assert "fit, fill, exact, scale" in said
    assert "0.001 to 100" in said
    assert "must be linked" in said


def test_a_node_as_json_tells_ranges_options_and_defaults(call):
    told = json.loads(call("nodes", "resize", "--json").out)

    settings = {each["name"]: each for each in told["settings"]}
    assert settings["scale"]["min"] == 0.001
    assert settings["mode"]["options"] == ["fit", "fill", "exact", "scale"]
    assert settings["enlarge"]["default"] is True
    assert told["inputs"] == [
        {"name": "image", "type": "picture", "required": True, "many": False}
    ]
    assert told["outputs"] == [{"name": "result", "type": "picture"}]


def test_every_node_can_be_explained(call):
    names = [row["name"] for row in json.loads(call("nodes", "--json").out)]

    assert [name for name in names if call("nodes", name).code] == []
    assert [name for name in names if call("nodes", name, "--json").code] == []


def test_a_label_is_as_good_as_a_name(call):
    assert call("nodes", "Contact sheet").out == call("nodes", "contact_sheet").out


def test_an_unknown_node_is_a_wrong_usage(call):
    said = call("nodes", "blurr")

    assert said.code == 2
    assert "did you mean blur?" in said.err


def test_a_broken_node_file_is_a_warning(call):
    folder = call.project / "custom_nodes"
    folder.mkdir()
    (folder / "mine.py").write_text("1/0")

    said = call("nodes")

    assert said.code == 0
    assert said.err.startswith("warning: ")
    assert "mine.py" in said.err


def test_listing_creates_nothing(call):
    call("nodes")

    assert list(call.project.iterdir()) == []
