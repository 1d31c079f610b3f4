"""The queue as the journal tells it: which runs there are and how far each has come.

Only what concerns runs is taken from the journal, so that a long one is no hindrance.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nodegraph.journal.lines import HEADER, Reader
from nodegraph.journal.lock import holder
from nodegraph.journal.rows import Image

RUNNING, INTERRUPTED, QUEUED = "running", "interrupted", "queued"
_TABLES = (b"runs\t", b"queue\t")
_STATUS = re.compile(rb'"status":"(\w+)"').search


class Entry(NamedTuple):
    """A run in the queue."""

    id: str
    preset: str
    state: str
    """`queued`, `running`, `interrupted`, `finished` or `cancelled`."""
    shots: int
    ended: dict[str, int]
    """How many of its tasks have ended how; only of runs that have not finished."""
    results: dict[str, int]
    """How many of its results have ended how, when it was last left."""
    created: str
    board: str
    out: str

    def as_json(self) -> dict[str, Any]:
        """As `queue list --json` gives it."""
        return self._asdict()


class Overview(NamedTuple):
    """The whole queue, in the order in which it is carried out."""

    runs: tuple[Entry, ...]
    paused: bool
    writer: str | None
    """The process that carries it out, if there is one."""

    def run(self, id_: str) -> Entry | None:
        """The run with this id, if there is one."""
        return next((entry for entry in self.runs if entry.id == id_), None)


def overview(home: Path) -> Overview:
    """The queue of the project whose records lie in `home`; raises `JournalError`."""
    glance, writer = _Glance(), holder(home)
    Reader(home / "journal").refresh(glance)
    runs = sorted(glance.rows("runs"), key=lambda run: (run.get("place", 0), run["id"]))
    entries = tuple(_entry(run, glance, writer, home.parent) for run in runs)
    paused = any(queue.get("paused") for queue in glance.rows("queue"))
    return Overview(entries, paused, writer)


class _Glance:
    """What a journal says of runs; the rest is kept as it lies there."""

    def __init__(self) -> None:
        self._image = Image({})
        self._records: list[bytes] = []

    def clear(self) -> None:
        """Forget everything."""
        self._image.clear()
        self._records.clear()

    def apply(self, payloads: list[bytes]) -> None:
        """Take in the next records."""
        self._records += payloads
        self._image.apply([each for each in payloads if _concerns_runs(each)])

    def rows(self, table: str) -> Iterable[dict[str, Any]]:
        """The rows of a table."""
        puts = list(self._image.rows(table).puts.values())
        return map(self._image.decoder(len(puts)), puts)

    def ended(self, run: str) -> dict[str, int]:
        """How many tasks have ended how in a run."""
        mark = b'"run":"%b"' % run.encode()
        ends: dict[bytes, str] = {}
        for record in self._records:
            if mark in record:
                ends.update(_ends(record))
        return dict(Counter(ends.values()))


def _concerns_runs(record: bytes) -> bool:
    return any(table in record for table in _TABLES) or record.startswith(HEADER)


def _ends(record: bytes) -> Iterable[tuple[bytes, str]]:
    """The tasks whose end a record tells, with their status."""
    parts = record.split(b"\t")
    for place, part in enumerate(parts):
        if part == b"+tasks" and (found := _STATUS(parts[place + 2])):
            yield parts[place + 1], found[1].decode()


def _entry(
    run: Mapping[str, Any], glance: _Glance, writer: str | None, folder: Path
) -> Entry:
    state = run.get("state", QUEUED)
    ended = glance.ended(run["id"]) if state == QUEUED else {}
    return Entry(
        run["id"],
        run["preset"],
        _state(run, writer, has_begun=bool(ended)) if state == QUEUED else state,
        sum(bool(shot["name"]) for shot in run["shots"]),
        ended,
        dict(run.get("counts", {})),
        run.get("created", ""),
        run.get("board", ""),
        str(folder / run.get("out", "")),
    )


def _state(run: Mapping[str, Any], writer: str | None, *, has_begun: bool) -> str:
    last = run.get("writer", "")
    if writer is not None and last == writer:
        return RUNNING
    return INTERRUPTED if last or run.get("counts") or has_begun else QUEUED
