"""`workbench gc`: what goes, what is told, who must not be disturbed."""

import json

import pytest
from small_projects import Small, noise

from nodegraph.project import Project
from nodegraph.values import Image


@pytest.fixture
def film(call):
    """A picture that can be made again, and a file that no record speaks of."""
    with Project(call.project, write=True) as project:
        Small(project).picture(Small(project).drawing())
        project.media.save(Image(noise(99)), final=True)
    (call.project / ".workbench" / "settings.toml").write_text("cache_gb = 0\n")
    return call.project


def files(film):
    return len(list((film / ".workbench" / "media").glob("??/*")))


def test_a_dry_run_tells_and_removes_nothing(call, film):
    said = call("gc", "--dry-run", "--json")

    told = json.loads(said.out)
    assert (told["removed"], told["evicted"]) == (1, 1)
    assert told["bytes"] > 0
    assert files(film) == 3


def test_what_no_picture_needs_goes(call, film):
    said = call("gc", "--json")

    told = json.loads(said.out)
    assert said.code == 0
    assert (told["removed"], told["evicted"], told["problems"]) == (1, 1, [])
    assert files(film) == 1
    assert call("lineage", "verify").code == 0


def test_a_second_time_there_is_nothing_to_do(call, film):
    call("gc")

    assert call("gc").out.splitlines()[0] == "0 files without a record removed"


def test_the_journal_is_compacted(call, film):
    with Project(film, write=True) as project:
        small = Small(project)
        for number in range(50):
            small.run("run-1", place=float(number))
    journal = film / ".workbench" / "journal"
    before = journal.stat().st_size

    call("gc")

    assert journal.stat().st_size < before / 2


@pytest.mark.parametrize("words", [("gc",), ("gc", "--dry-run")])
def test_a_writer_is_not_disturbed(call, film, words):
    with Project(film, write=True):
        said = call(*words)

    assert said.code == 7
    assert files(film) == 3


@pytest.mark.parametrize("words", [("gc",), ("gc", "--dry-run")])
def test_without_a_project_nothing_is_created(call, words):
    call.project.mkdir()

    assert call(*words).code == 3
    assert list(call.project.iterdir()) == []
