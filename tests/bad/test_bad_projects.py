"""Projects that are damaged, locked, full or hold what is no record."""

import json
import os
import platform
from pathlib import Path

import pytest
from commands import draw
from guarded import PRESET, Guarded, done, ended, failed, posix, told_once

from nodegraph.project import Project

BATCH = ("batch", PRESET, "board", "--json")
SETTINGS = {
    "workers = 'x'": "workers is 'x': give a whole number",
    "workers = 1.5": "workers is 1.5: give a whole number",
    "workers = true": "workers is True",
    "workers = -1": "workers is -1",
    "workers = 1e400": "workers is inf",
    "megapixels = nan": "megapixels is nan: give a number",
    "megapixels = 0": "give a number, more than 0",
    "deadline = 0": "give a number, more than 0",
    "deadline = [1]": "deadline is [1]",
    "surprise = 1": "no setting 'surprise': it has workers, deadline",
    "[workers]": "workers is {}",
    "= 1": "line 1",
    "workers = 1\nworkers = 2": "no TOML",
    "\udcff": "is no UTF-8 text",
}


def home(workbench: Guarded) -> Path:
    """Where the project's records are or will be."""
    folder = workbench.folder / ".workbench"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.parametrize("text", SETTINGS, ids=ascii)
def test_settings_that_cannot_be_used_are_named(place, text):
    file = home(place) / "settings.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))

    said = place("batch", PRESET, "board")
    file.unlink()

    told_once(said, 3, str(file), SETTINGS[text])
    assert not (place.folder / "out").exists()


@posix
@pytest.mark.parametrize("name", ["settings.toml", "journal"])
@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_file_in_the_place_of_one_is_named(place, name, kind):
    path = home(place) / name
    path.unlink(missing_ok=True)
    {"pipe": os.mkfifo, "folder": os.mkdir}[kind](path)

    said = place("batch", PRESET, "board")
    (path.rmdir if kind == "folder" else path.unlink)()

    told_once(said, 3, str(path))


@pytest.mark.parametrize("name", ["media", "thumbs"])
def test_a_file_in_the_place_of_a_folder_fails_the_shots_by_its_name(workbench, name):
    file = home(workbench) / name
    file.write_text("in the way", "utf-8")

    said = workbench(*BATCH)

    assert said.code == 4
    assert len(failed(said)) == 3
    assert all(f"{file} cannot be written" in text for text in failed(said).values())


@pytest.mark.parametrize("name", ["inbox", "lock.holder", "reserve"])
def test_a_file_in_the_place_of_a_convenience_holds_nobody_up(workbench, name):
    (home(workbench) / name).write_text("in the way", "utf-8")

    assert workbench(*BATCH).code == 0


# Damage


def damaged(workbench: Guarded) -> Path:
    """The journal of a finished run, hurt in its middle and cut off at its end."""
    journal = home(workbench) / "journal"
    lines = journal.read_bytes().split(b"\n")
    hurt = next(i for i, line in enumerate(lines) if b"+runs" in line)
    lines[hurt] = b"#" * len(lines[hurt])
    journal.write_bytes(b"\n".join(lines) + b"deadbeef000001f4 +assets\tnever finished")
    return journal


def test_a_damaged_journal_loses_only_what_was_hurt(workbench):
    first = workbench(*BATCH)
    damaged(workbench)

    shots = json.loads(workbench("shots", "list", "--json").out)
    second = workbench(*BATCH)

    assert len(shots) == 3
    assert second.code == 0
    assert second.summary["executed"] == 0
    assert done(second) == done(first)


def test_doctor_tells_of_damage_and_sets_it_aside(workbench):
    workbench(*BATCH)
    journal = damaged(workbench)

    before = workbench("doctor")
    repaired = workbench("doctor", "--repair")
    after = workbench("doctor")

    assert [said.code for said in (before, repaired, after)] == [3, 0, 0]
    assert f"{journal}: bytes" in before.out
    assert "workbench doctor --repair" in before.out + before.err
    assert list(journal.parent.glob("journal.damaged-*"))
    assert workbench(*BATCH).summary["executed"] == 0


def test_a_journal_cut_in_its_last_record_is_read_to_there(workbench):
    first = workbench(*BATCH)
    journal = home(workbench) / "journal"
    journal.write_bytes(journal.read_bytes()[:-7])

    second = workbench(*BATCH)

    assert second.code == 0
    assert done(second) == done(first)


def test_a_journal_of_a_newer_version_is_left_alone(workbench):
    from nodegraph.journal.lines import line

    journal = home(workbench) / "journal"
    journal.write_bytes(line(b"#journal\t99\t0011223344556677"))
    before = journal.read_bytes()

    said = workbench("batch", PRESET, "board")

    told_once(said, 3, "the journal has format 99", "update")
    assert journal.read_bytes() == before


def test_a_picture_that_is_gone_from_the_records_is_made_again(workbench):
    first = workbench(*BATCH)
    for file in (home(workbench) / "media").rglob("*.*"):
        file.unlink()
    for file in done(first).values():
        file.unlink()

    second = workbench(*BATCH)

    assert second.code == 0
    assert done(second) == done(first)


# Two at once


def test_a_second_writer_is_told_who_writes_and_readers_are_let_in(workbench):
    workbench(*BATCH)
    with Project(workbench.folder, write=True):
        writer = workbench("batch", PRESET, "board")
        readers = [
            workbench(*verb)
            for verb in (
                ("shots", "list"),
                ("queue", "list"),
                ("lineage", "verify"),
                ("batch", PRESET, "board", "--dry-run"),
            )
        ]

    told_once(writer, 7, f"process {os.getpid()} on host {platform.node()}")
    assert [said.code for said in readers] == [0, 0, 0, 0]


# No room

LIMITS = [1, 3, 6, 8]
"""Kilobytes at which another thing has no room: a drawing, a record, a result."""


@posix
@pytest.mark.parametrize("kilobytes", LIMITS)
def test_a_full_disk_is_told_and_loses_nothing(workbench, kilobytes):
    full = workbench.limited(*BATCH, kilobytes=kilobytes)

    assert full.code in (3, 4)
    assert "Traceback" not in full.err
    for error in [*failed(full).values(), *full.err.splitlines()]:
        assert "is full: free some space" in error or "File too large" in error
    assert workbench("lineage", "verify").code == 0

    after = workbench(*BATCH)

    assert after.code == 0
    assert len(done(after)) == 3
    assert done(full).items() <= done(after).items()


@posix
def test_a_shot_too_large_for_the_disk_fails_alone(workbench):
    draw(workbench.folder / "board", "b.png", size=(200, 200))

    said = workbench.limited(*BATCH, kilobytes=64)

    assert said.code == 4
    assert failed(said).keys() == {"b"}
    assert "free some space" in failed(said)["b"]
    assert ended(said).keys() - failed(said).keys() == done(said).keys()
    assert len(done(said)) == 3


def test_nothing_is_sent_or_kept_about_the_machine(workbench):
    assert workbench("doctor").code == 0  # it loads every library there is
