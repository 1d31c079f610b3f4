"""What a run says as JSON: a line for every change of a task, a summary at the end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nodegraph.lineage import Shot, Status
from nodegraph.results.manifest import Row
from nodegraph.scheduler.running import SETTLED, TaskEvent

WORST_FIRST = (Status.FAILED, Status.HELD, Status.CANCELLED, Status.COMPLETED)
Kinds = dict[Status, list[Row]]


def task_line(event: TaskEvent, shots: Mapping[str, str]) -> dict[str, Any]:
    """A task's change of status; `shots` gives the name of a shot by its id."""
    task = event.task
    return {
        "event": "task",
        "id": task.key,
        "node": task.label,
        "type": task.recipe.node,
        "shot": shots.get(task.shot or "") or None,
        "status": str(event.status),
        "outcome": event.outcome,
        "cached": event.cached,
        "error": event.error,
    }


def shot_names(shots: Iterable[Shot]) -> dict[str, str]:
    """The name that each shot has in messages, by its id."""
    return {shot.id: shot.path for shot in shots}


@dataclass
class Tally:
    """The recipes of a run that were carried out, and those whose end was known."""

    executed: set[str] = field(default_factory=set)
    cached: set[str] = field(default_factory=set)
    replayed: set[str] = field(default_factory=set)
    """Of those known: the ones that had failed or been held before."""
    _began: set[str] = field(default_factory=set)

    def hear(self, event: TaskEvent) -> None:
        """Take in a change of status."""
        key = event.task.key
        if event.status is Status.PROCESSING:
            self._began.add(key)
        elif event.status in SETTLED and event.cached:
            self.cached.add(key)
            if event.status is not Status.COMPLETED:
                self.replayed.add(key)
        elif event.status in SETTLED - {Status.CANCELLED} and key in self._began:
            self.executed.add(key)


@dataclass(frozen=True)
class Summary:
    """What became of a run."""

    rows: Sequence[Row] = ()
    executed: int = 0
    cached: int = 0
    seconds: float = 0.0

    @property
    def shots(self) -> Kinds:
        """The rows that tell what became of each shot, by the shot's status.

        A shot is as good as the worst of its results; what is made once a run, such as
        a contact sheet, is no shot.
        """
        worst: dict[str, Row] = {}
        for row in self.rows:
            if row.shot is not None:
                before = worst.setdefault(row.shot, row)
                if _badness(row) > _badness(before):
                    worst[row.shot] = row
        kinds: Kinds = {status: [] for status in WORST_FIRST}
        for row in worst.values():
            kinds[row.status].append(row)
        return kinds

    @property
    def bad(self) -> list[Row]:
        """The results that are not there, those of the run as a whole last."""
        bad = [row for row in self.rows if row.status is not Status.COMPLETED]
        return sorted(bad, key=lambda row: row.shot is None)

    def line(self) -> dict[str, Any]:
        """The summary as the last JSON line."""
        kinds = self.shots
        return {
            "event": "summary",
            "shots": sum(map(len, kinds.values())),
            "completed": len(kinds[Status.COMPLETED]),
            "passed": sum(row.passed for row in kinds[Status.COMPLETED]),
            "failed": len(kinds[Status.FAILED]),
            "held": len(kinds[Status.HELD]),
            "cancelled": len(kinds[Status.CANCELLED]),
            "executed": self.executed,
            "cached": self.cached,
            "seconds": round(self.seconds, 3),
            "outputs": [_output(row) for row in self.rows],
        }


def _badness(row: Row) -> tuple[int, bool]:
    return -WORST_FIRST.index(row.status), row.passed


def _output(row: Row) -> dict[str, Any]:
    return {
        "shot": row.shot or None,
        "file": str(row.file) if row.file else None,
        "asset": row.asset,
        "outcome": row.outcome,
        "status": str(row.status),
        "error": row.error,
    }
