"""Boards and output folders that are not where or what they should be."""

import os
import shutil
from pathlib import Path

import pytest
from commands import Said, draw
from guarded import (
    PRESET,
    SIZE,
    Guarded,
    done,
    ended,
    failed,
    guarded,
    manifest,
    posix,
    told_once,
)


def batch(workbench: Guarded, *words: object) -> Said:
    """A run of the preset with JSON."""
    return workbench("batch", PRESET, *words, "--json")


def names(folder: Path) -> set[str]:
    """What lies in a folder."""
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["empty"], "holds no pictures"),
        (["board/a-1.png"], "a-1.png is no board"),
        (["nowhere"], "nowhere cannot be read"),
        (["board", "--match", "z*"], "no picture of board matches z*"),
        (["nested"], "add --recursive for those in below"),
    ],
)
def test_a_board_without_a_picture_to_work_on_is_refused(place, words, named):
    (place.folder / "empty").mkdir(exist_ok=True)
    draw(place.folder / "nested" / "below", "a.png")
    before = names(place.folder)

    said = place("batch", PRESET, *words)

    told_once(said, 3, named)
    assert names(place.folder) == before


@pytest.mark.parametrize(
    ("out", "remedy"),
    [
        (PRESET, "name a folder"),
        ("board/a-1.png/below", "name a folder"),
        pytest.param("/proc/below", "check the path and its rights", marks=posix),
        pytest.param("/dev/full/below", "name a folder", marks=posix),
    ],
)
def test_an_output_folder_that_cannot_be_is_named_before_anything_runs(
    place, out, remedy
):
    said = place("batch", PRESET, "board", "--out", out)

    told_once(said, 3, Path(out).name, remedy)


@pytest.mark.parametrize("project", [PRESET, pytest.param("/proc", marks=posix)])
def test_a_project_folder_that_cannot_be_is_named(place, project):
    told_once(place("batch", PRESET, "board", "--project", project), 3, project)


def test_a_file_in_the_way_of_one_sequence_harms_no_other(workbench):
    draw(workbench.folder / "board" / "one", "b.png", size=SIZE)
    draw(workbench.folder / "board" / "two", "c.png", size=SIZE)
    out = workbench.folder / "out" / "soft"
    out.mkdir(parents=True)
    (out / "one").write_text("in the way", "utf-8")

    said = batch(workbench, "board", "--recursive")

    assert said.code == 4
    assert failed(said).keys() == {"one/b"}
    assert str(out) in failed(said)["one/b"]
    assert "two/c" in done(said)
    rows = {row["shot"]: row["error"] for row in manifest(out) if row["error"]}
    assert rows == failed(said)


def test_what_could_not_be_written_is_written_by_the_next_call(workbench):
    draw(workbench.folder / "board" / "one", "b.png", size=SIZE)
    out = workbench.folder / "out" / "soft"
    out.mkdir(parents=True)
    (out / "one").write_text("in the way", "utf-8")
    batch(workbench, "board", "--recursive")
    (out / "one").unlink()

    said = batch(workbench, "board", "--recursive")

    assert said.code == 0
    assert said.summary["executed"] == 0
    assert "one/b" in done(said)


@posix
def test_what_may_not_be_read_harms_nothing_else(workbench):
    secret = draw(workbench.folder / "board" / "secret", "b.png", size=SIZE)
    drawing = workbench.folder / "board" / "a-2.png"
    for path in (drawing, secret):
        path.chmod(0)

    words = ("batch", PRESET, "board", "--recursive", "--json")
    said = workbench.unprivileged(*words)
    secret.chmod(0o700)

    assert said.code == 4
    assert done(said).keys() == {"a-1", "a-10"}
    assert failed(said)["a-2"].startswith("a-2.png cannot be read (Permission denied)")
    assert "1 folder cannot be read: secret" in said.err


@posix
@pytest.mark.parametrize("locked", [".", "out", ".workbench"])
def test_a_folder_that_may_not_be_written_is_named(workbench, locked):
    folder = workbench.folder / locked
    folder.mkdir(exist_ok=True)
    folder.chmod(0o500)

    said = workbench.unprivileged("batch", PRESET, "board")
    folder.chmod(0o700)

    told_once(said, 3, str(workbench.folder), "Permission denied")
    assert workbench("batch", PRESET, "board").code == 0


@posix
def test_a_board_that_may_not_be_written_is_all_that_is_needed(workbench):
    for path in (workbench.folder / "board").iterdir():
        path.chmod(0o400)
    (workbench.folder / "board").chmod(0o500)

    said = workbench.unprivileged("batch", PRESET, "board", "--json")

    assert said.code == 0
    assert len(done(said)) == 3


@posix
def test_folders_that_lead_back_into_themselves_are_taken_once(workbench):
    board = workbench.folder / "board"
    (board / "again").symlink_to(".")
    (board / "up").symlink_to("..")

    said = batch(workbench, "board", "--recursive")

    assert said.code == 0
    assert ended(said).keys() == {"a-1", "a-2", "a-10"}
    assert "linked folders are not followed: again, up" in said.err


# Results near drawings


@pytest.mark.parametrize("out", ["board", "board/results", "."])
def test_results_among_the_drawings_are_not_taken_for_drawings(workbench, out):
    first = batch(workbench, "board", "--recursive", "--out", out)
    second = batch(workbench, "board", "--recursive", "--out", out)
    elsewhere = batch(workbench, "board", "--recursive", "--out", "there")

    assert [said.code for said in (first, second, elsewhere)] == [0, 0, 0]
    assert ended(second) == ended(first)
    assert ended(elsewhere).keys() == {"a-1", "a-2", "a-10"}
    assert elsewhere.summary["executed"] == 0


def test_results_left_out_are_mentioned(workbench):
    batch(workbench, "board", "--out", "board")

    said = batch(workbench, "board")

    assert "3 pictures are results of earlier runs and left out" in said.err


def test_a_drawing_in_an_output_folder_on_the_board_stays_a_drawing(workbench):
    draw(workbench.folder / "board" / "one", "b.png", size=SIZE)

    for _ in range(2):
        said = batch(workbench, "board", "--recursive", "--out", "board/one")

        assert ended(said).keys() == {"a-1", "a-2", "a-10", "one/b"}


def test_the_project_s_own_output_is_no_part_of_a_board_around_it(workbench):
    first = batch(workbench, ".", "--recursive")
    second = batch(workbench, ".", "--recursive")

    assert ended(first).keys() == {"board/a-1", "board/a-2", "board/a-10"}
    assert ended(second) == ended(first)


def test_results_are_drawings_where_a_person_asks_for_them(workbench):
    batch(workbench, "board")
    batch(workbench, "board", "--out", "there")

    own = batch(workbench, "out/soft", "--out", "own")
    other = batch(workbench, "there", "--out", "other")

    assert len(done(own)) == len(done(other)) == 3


def test_no_drawing_and_no_foreign_file_is_ever_overwritten(workbench):
    out = draw(workbench.folder / "there", "a-1_soft_v001.png")
    before = (out / "a-1_soft_v001.png").read_bytes()

    said = batch(workbench, "board", "--out", "there")

    assert (out / "a-1_soft_v001.png").read_bytes() == before
    assert done(said)["a-1"].name == "a-1_soft_v002.png"


@posix
@pytest.mark.parametrize("kind", ["pipe", "words", "folder"])
def test_a_list_that_is_none_is_named_and_left_as_it_is(workbench, kind):
    out = workbench.folder / "there"
    out.mkdir()
    file = out / "manifest.json"
    make = {"pipe": os.mkfifo, "words": lambda p: p.write_text("x"), "folder": os.mkdir}
    make[kind](file)
    before = file.lstat()

    said = workbench("batch", PRESET, "board", "--out", "there")

    told_once(said, 3, "manifest.json", "choose another folder")
    assert file.lstat().st_mode == before.st_mode


# Names of projects

HOSTILE = {
    "quotes": 'it\'s "so" %s {x} $HOME `ls`',
    "lines": "two\nlines\ttab",
    "direction": "left\u202e",
    "option": "-rf",
    "no-text": os.fsdecode(b"no-text-\xff"),
    "long": "x" * 200,
}


@posix
@pytest.mark.parametrize("name", HOSTILE)
def test_a_project_may_lie_on_any_path(tmp_path, name):
    workbench = guarded(tmp_path, HOSTILE[name])

    first = batch(workbench, "board")
    second = batch(workbench, workbench.folder / "board")

    assert first.code == second.code == 0
    assert second.summary["executed"] == 0
    assert done(second) == done(first)
    assert len(names(workbench.folder / "out" / "soft")) == 4
    assert workbench("lineage", "verify").code == 0
    assert workbench("shots", "list").out.count("\n") == 4


@posix
def test_a_copied_project_goes_on_elsewhere(workbench):
    batch(workbench, "board")
    copy = workbench.root / "two\nlines"
    shutil.copytree(workbench.folder, copy)

    said = batch(Guarded(copy, workbench.environment), "board")

    assert said.code == 0
    assert said.summary["executed"] == 0
    assert all(file.is_relative_to(copy) for file in done(said).values())
