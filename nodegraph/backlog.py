"""The queue as the records tell it: which runs there are and how far each has come."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nodegraph.lineage import Queue, Run, Settled, Status, Task
from nodegraph.lock import holder
from nodegraph.store import ProjectStore

RUNNING, INTERRUPTED, QUEUED = "running", "interrupted", "queued"


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


def overview(store: ProjectStore, home: Path) -> Overview:
    """The queue of the project whose records lie in `home`."""
    writer = holder(home)
    runs = sorted(store.all(Run), key=lambda run: (run.place, run.id))
    entries = tuple(entry(store, run, writer) for run in runs)
    queue = store.get(Queue, Queue.id)
    return Overview(entries, queue is not None and queue.paused, writer)


def entry(store: ProjectStore, run: Run, writer: str | None) -> Entry:
    """What there is to say of a run while `writer` holds the project."""
    is_open = run.state == QUEUED
    ended = _ended(store, run.id) if is_open else {}
    return Entry(
        run.id,
        run.preset,
        _state(run, writer, bool(ended)) if is_open else run.state,
        sum(bool(shot["name"]) for shot in run.shots),
        ended,
        dict(run.counts),
        run.created,
        run.board,
        run.out,
    )


def _state(run: Run, writer: str | None, has_begun: bool) -> str:
    if writer is not None and run.writer == writer:
        return RUNNING
    return INTERRUPTED if run.writer or run.counts or has_begun else QUEUED


def _ended(store: ProjectStore, run: str) -> dict[str, int]:
    """How many tasks of a run have ended how, without reading their records."""
    own = store.ids(Settled, "run", run)
    ended: dict[str, int] = {}
    left = len(own)
    for status in (Status.FAILED, Status.HELD, Status.CANCELLED):
        count = len(set(store.ids(Settled, "status", status)).intersection(own))
        left -= count
        if count:
            ended[str(status)] = count
    return {str(Status.COMPLETED): left} | ended if left else ended


class TaskEntry(NamedTuple):
    """A task of a run."""

    id: str
    node: str
    type: str
    shot: str | None
    status: str
    outcome: str | None
    error: str | None

    def as_json(self) -> dict[str, Any]:
        """As `queue list RUN --json` gives it."""
        return self._asdict()


def tasks(store: ProjectStore, run: Run, planned: Iterable[Task]) -> list[TaskEntry]:
    """Every task of a run, in the order planned; last those only known from records."""
    names = _shot_names(run.shots)
    found: dict[str, TaskEntry] = {}
    for task in planned:
        end = store.settled(task.key)
        if task.key not in found:
            shot = names.get(task.shot or "")
            found[task.key] = _entry(task.label, task.recipe.node, task.key, shot, end)
    for end in store.by(Settled, "run", run.id):
        if end.id not in found:
            shot = names.get(end.shot or "")
            found[end.id] = _entry(end.label, end.node, end.id, shot, end)
    return list(found.values())


def _entry(
    node: str, type_: str, key: str, shot: str | None, end: Settled | None
) -> TaskEntry:
    if end is None:
        return TaskEntry(key, node, type_, shot, str(Status.PENDING), None, None)
    outcome, error = end.outcome or None, end.error or None
    return TaskEntry(key, node, type_, shot, str(end.status), outcome, error)


def _shot_names(rows: Sequence[Any]) -> dict[str, str]:
    """The names of a run's shots, with their sequence, by id."""
    return {
        row["id"]: "/".join(filter(None, (row.get("sequence", ""), row["name"])))
        for row in rows
    }
