"""`workbench doctor`: what is wrong with machine and project, and what helps."""

import json

import pytest
from small_projects import Small

from nodegraph.project import Project
from nodegraph.upkeep import doctor


@pytest.fixture
def film(call):
    with Project(call.project, write=True) as project:
        Small(project).picture(Small(project).drawing())
    return call.project


def test_a_fit_machine_and_a_sound_project_are_exit_0(call, film):
    said = call("doctor")

    assert said.code == 0, said.out
    assert "onnxruntime" in said.out
    assert "lineage" in said.out


def test_findings_as_json_have_level_text_and_remedy(call, film):
    told = json.loads(call("doctor", "--json").out)

    assert told["repaired"] == []
    assert {"level", "about", "text", "remedy"} == set(told["findings"][0])


def test_without_a_project_the_machine_is_checked_and_nothing_created(
    call, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)

    said = call.bare("doctor")

    assert said.code == 0
    assert "only the machine" in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("doctor",), ("doctor", "--repair")])
def test_a_named_project_that_is_none_is_exit_3(call, words):
    call.project.mkdir()

    assert call(*words).code == 3
    assert list(call.project.iterdir()) == []


def test_a_missing_library_is_exit_5(call, film, monkeypatch):
    monkeypatch.setitem(doctor._LIBRARIES, "no_such_library", "no-such-library")

    said = call("doctor")

    assert said.code == 5
    assert "no-such-library: install it again" in said.out


def test_unusable_settings_are_exit_3_and_name_the_file(call, film):
    (film / ".workbench" / "settings.toml").write_text("workers = many\n")

    said = call("doctor")

    assert said.code == 3
    assert "settings.toml" in said.out


def test_a_lost_picture_is_exit_3_until_it_is_repaired(call, film):
    frames = [
        path
        for path in (film / ".workbench" / "media").glob("??/*")
        if path.suffix != ".png"
    ]
    frames[0].unlink()

    before, repaired, after = call("doctor"), call("doctor", "--repair"), call("doctor")

    assert (before.code, repaired.code, after.code) == (3, 0, 0)
    assert "doctor --repair" in before.out
    assert "made again when they are needed" in repaired.err


def test_a_damaged_journal_is_exit_3_until_its_parts_are_set_aside(call, film):
    with Project(film, write=True) as project:
        Small(project).run("run-1")
        Small(project).run("run-2")
    journal = film / ".workbench" / "journal"
    lines = journal.read_bytes().split(b"\n")
    lines[-3] = b"x" * len(lines[-3])
    journal.write_bytes(b"\n".join(lines))

    before, repaired, after = call("doctor"), call("doctor", "--repair"), call("doctor")

    assert (before.code, repaired.code, after.code) == (3, 0, 0)
    assert "set aside" in repaired.err


def test_a_project_is_looked_at_beside_a_writer_but_not_repaired(call, film):
    with Project(film, write=True):
        looked, mended = call("doctor"), call("doctor", "--repair")

    assert (looked.code, mended.code) == (0, 7)
    assert "writes this project now" in looked.out
