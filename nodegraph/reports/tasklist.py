"""The tasks of a run, those that have ended and those that wait."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nodegraph.lineage import Run, Settled, Status, Task
from nodegraph.store import ProjectStore


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
        if task.key not in found:
            end = store.settled(task.key)
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


def _shot_names(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The names of a run's shots, with their sequence, by id."""
    return {
        row["id"]: "/".join(filter(None, (row.get("sequence", ""), row["name"])))
        for row in rows
    }
