"""What is being carried out at this moment, until its end is on the disk."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

from nodegraph.lineage import Task
from nodegraph.scheduler.running import Running
from nodegraph.scheduler.units import Unit

AnyJob = Future[Any] | asyncio.Task[None]


class Flying:
    """The recipes and units in flight; a recipe is never in two units at once."""

    def __init__(self, release: Callable[[str], None]) -> None:
        """`release` is called with the key of each recipe that is no longer in flight."""
        self._release = release
        self._units: dict[str, Unit] = {}
        self._recording: set[str] = set()
        self._jobs: dict[Unit, tuple[Running, AnyJob]] = {}
        self._bytes: dict[Unit, float] = {}

    def __contains__(self, key: object) -> bool:
        """Whether the recipe with this key is in flight."""
        return key in self._units

    @property
    def bytes(self) -> float:
        """What the workers' units take, as estimated."""
        return sum(self._bytes.values())

    @property
    def calls(self) -> list[asyncio.Task[None]]:
        """Those that wait on a network."""
        jobs = (job for _, job in self._jobs.values())
        return [job for job in jobs if isinstance(job, asyncio.Task)]

    def claim(self, unit: Unit) -> None:
        """Take the unit's recipes, before anything is said of them."""
        self._units.update((task.key, unit) for task in unit.tasks)

    def add(self, running: Running, unit: Unit, job: AnyJob, need: float = 0.0) -> None:
        """The unit is on its way."""
        self._jobs[unit] = (running, job)
        if need:
            self._bytes[unit] = need

    def land(self, unit: Unit) -> None:
        """The unit is on its way no more; what it has ended is still being recorded."""
        self._jobs.pop(unit, None)
        self._bytes.pop(unit, None)
        for task in unit.tasks:
            if self._units.get(task.key) is unit and task.key not in self._recording:
                self._let_go(task.key)

    def pass_over(self, unit: Unit, index: int) -> None:
        """A task gave nothing: what needs it is passed over, and may run elsewhere."""
        unit.failed.add(unit.tasks[index].key)
        for later in range(index + 1, len(unit.tasks)):
            key = unit.tasks[later].key
            if unit.lacks_input(later) and self._units.get(key) is unit:
                self._let_go(key)

    def record(self, unit: Unit, tasks: Iterable[Task]) -> None:
        """The ends of these are being recorded."""
        for task in tasks:
            self._units.setdefault(task.key, unit)
            self._recording.add(task.key)

    def is_recording(self, key: str) -> bool:
        """Whether the recipe's end is known and only not on the disk yet."""
        return key in self._recording

    def recorded(self, tasks: Iterable[Task]) -> None:
        """The ends of these are on the disk, or will never be."""
        for task in tasks:
            self._recording.discard(task.key)
            self._let_go(task.key)

    def cut_off(self, running: Running, keys: set[str] | None = None) -> None:
        """Stop the run's units, or those that carry out one of these tasks."""
        for unit, (owner, job) in list(self._jobs.items()):
            if owner is running and (
                keys is None or any(task.key in keys for task in unit.tasks)
            ):
                unit.stopping = True
                job.cancel()

    def _let_go(self, key: str) -> None:
        self._units.pop(key, None)
        self._release(key)
