"""One run under way: which of its tasks have settled, and which units wait for them."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import NamedTuple, Protocol

from nodegraph.gathering import gather
from nodegraph.lineage import Asset, Run, Settled, Status, Store, Task, recipe_of
from nodegraph.node import File, NodeType
from nodegraph.plan import Layout, ShotPlan
from nodegraph.scheduler.units import Unit, cut, union

SETTLED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.HELD})


class TaskEvent(NamedTuple):
    """A task has changed its status; what it says is on the disk."""

    run: str
    task: Task
    status: Status
    outcome: str | None = None
    cached: bool = False
    error: str | None = None


class ProgressEvent(NamedTuple):
    """A running task has come this far, 0 to 1."""

    run: str
    task: Task
    fraction: float


class ShotEvent(NamedTuple):
    """Every task of a plan has settled: of one shot, or of the run as a whole."""

    run: str
    plan: ShotPlan
    ends: Mapping[str, TaskEvent]
    """How each of its tasks ended, by key."""


Event = TaskEvent | ProgressEvent | ShotEvent


class Files(Protocol):
    """Says which media files are there."""

    def has(self, asset: Asset) -> bool:
        """Whether the asset's file lies where it should."""


@dataclass(frozen=True)
class Job:
    """A run with its plans, ready to be carried out.

    `publish` is called on the scheduler's thread and must return at once.
    """

    run: Run
    layout: Layout
    plans: Sequence[ShotPlan]
    types: Mapping[str, NodeType]
    publish: Callable[[Event], None]
    retry_failed: bool = False


class Running:
    """The state of one run.  Units that can start are handed to `ready`."""

    def __init__(
        self,
        job: Job,
        store: Store,
        files: Files,
        ready: Callable[["Running", Unit], None],
        flying: Container[str] = (),
    ) -> None:
        """Nothing starts before `start`; what is `flying` is not known to be done."""
        self.job, self.place = job, job.run.place
        self.future: Future[None] = Future()
        self.future.set_running_or_notify_cancel()  # `cancel` would stop nothing
        self.ends: dict[str, TaskEvent] = {}
        """How each settled task ended, by key."""
        self._store, self._files, self._ready = store, files, ready
        self._flying = flying
        self._tasks: dict[str, Task] = {}
        self._owners: dict[str, list[int]] = {}
        self._followers: dict[str, list[str]] = {}
        self._waiting: dict[str, list[Unit]] = {}
        self._units: dict[str, Unit] = {}
        self._plans: list[ShotPlan] = []
        self._open: dict[int, int] = {}
        self._unfinished = 0
        self._order: dict[str, int] = {}
        self._places: dict[str, float] = {}
        self._gathered = not job.layout.wide
        self.stopped = False
        """Whether whatever has not settled, or is yet to be gathered, is cancelled."""

    @property
    def id(self) -> str:
        """The run's id."""
        return self.job.run.id

    def start(self) -> None:
        """Take up every shot: settle what is known, hand over what can start."""
        self._add(self.job.plans)
        self.go_on()

    def go_on(self) -> None:
        """Where all that was planned has settled, gather the shots, or end the run."""
        while not self._unfinished and not self.future.done():
            if self._gathered:
                self.future.set_result(None)
                return
            self._gathered = True
            self._add([gather(self.job.layout, self.job.plans, self._is_made)])
            for task in self.unsettled() if self.stopped else ():
                self.settle(task.key, Status.CANCELLED)

    def left(self, tasks: Iterable[Task]) -> tuple[Task, ...]:
        """Those of the tasks that have not settled."""
        return tuple(task for task in tasks if task.key not in self.ends)

    def due(self, unit: Unit) -> tuple[Task, ...]:
        """Those of the unit's tasks that it is to carry out: others may have been
        queued again in another unit."""
        return tuple(
            task
            for task in unit.tasks
            if task.key not in self.ends and self._units.get(task.key) is unit
        )

    def unsettled(self) -> tuple[Task, ...]:
        """All tasks that have not settled."""
        return self.left(self._tasks.values())

    def came_to_nothing(self, key: str) -> bool:
        """Whether a task has settled without a result."""
        end = self.ends.get(key)
        return end is not None and end.status is not Status.COMPLETED

    def has(self, key: str) -> bool:
        """Whether a task of this run has the key."""
        return key in self._tasks

    def with_followers(self, key: str) -> list[Task]:
        """The task with this key and all that need it."""
        return [self._tasks[each] for each in (key, *self._after(key))]

    def models(self, task: Task) -> dict[str, str]:
        """The model files the task uses, by setting: name and digest."""
        found = {}
        for port in self.job.types[task.recipe.node].inputs:
            is_model = isinstance(port.widget, File) and port.widget.kind == "model"
            if is_model and (digest := task.recipe.settings.get(port.name)):
                path = PurePath(self.job.run.files.get(digest, ""))
                found[port.name] = f"{path.name} {digest}".strip()
        return found

    def put_first(self, id_: str, place: float) -> bool:
        """Place the run, or the first shot that needs a task; False if it has neither."""
        if self.id == id_:
            self.place = place
            self._places.clear()
        elif id_ in self._tasks:
            plan = self._plans[self._owners[id_][0]]
            self._places.update((task.key, place) for task in plan.tasks)
        return self.id == id_ or id_ in self._tasks

    def place_of(self, unit: Unit) -> float:
        """Where the unit stands in the queue; lower starts first."""
        if not self._places:
            return self.place
        return min(self._places.get(task.key, self.place) for task in unit.tasks)

    def say(self, task: Task, status: Status) -> None:
        """Publish a status on the way; after the end there is none."""
        if task.key not in self.ends:
            self.job.publish(TaskEvent(self.id, self._tasks[task.key], status))

    def say_progress(self, task: Task, fraction: float) -> None:
        """Publish how far a task has come."""
        if task.key not in self.ends:
            self.job.publish(ProgressEvent(self.id, self._tasks[task.key], fraction))

    def queue(self, tasks: Iterable[Task]) -> None:
        """Cut the tasks into units and hand over those that need not wait."""
        keys = {task.key for task in tasks}
        ordered = [
            self._tasks[key] for key in sorted(keys, key=self._order.__getitem__)
        ]
        for unit in cut(ordered, self._owners, self.job.types):
            self._units.update((task.key, unit) for task in unit.tasks)
            unit.missing = {
                key for key in unit.needs if key in self._tasks and key not in self.ends
            }
            for key in unit.missing:
                self._waiting.setdefault(key, []).append(unit)
            if not unit.missing:
                self._ready(self, unit)

    def settle(
        self,
        key: str,
        status: Status,
        outcome: str | None = None,
        error: str | None = None,
        *,
        cached: bool = False,
    ) -> None:
        """Say how a task ended; where it came to nothing, so does what needs it."""
        if key in self.ends:
            return
        self._settle(key, status, outcome, error, cached)
        if status is Status.COMPLETED:
            return
        cause = f"not run: {self._tasks[key].label!r} {_VERB[status]}"
        for follower in self._after(key):
            if follower not in self.ends:
                self._settle(follower, status, None, cause, cached=False)

    def reopen(self, keys: Iterable[str]) -> None:
        """Forget how tasks and all that needs them ended, and queue them again.

        What else such a task waits for in vain is queued again too.
        """
        again: set[str] = set()
        waiting = list(keys)
        while waiting:
            key = waiting.pop()
            if key not in again:
                again.add(key)
                waiting += filter(self.came_to_nothing, self._followers.get(key, ()))
                waiting += filter(self.came_to_nothing, self._needs(key))
        self._open_again(again | self._gone(again))

    def _open_again(self, keys: Iterable[str]) -> None:
        tasks = [self._tasks[key] for key in sorted(keys, key=self._order.__getitem__)]
        for task in tasks:
            if self.ends.pop(task.key, None) is not None:
                for plan in self._owners[task.key]:
                    self._unfinished += not self._open[plan]
                    self._open[plan] += 1
            self.say(task, Status.PENDING)
        self._settle_refused(tasks)
        self.queue(self.left(tasks))

    def _settle_refused(self, tasks: Iterable[Task]) -> None:
        for task in tasks:
            if task.refusal:
                self.settle(task.key, Status.FAILED, "failed", task.refusal)

    def _settle(
        self,
        key: str,
        status: Status,
        outcome: str | None,
        error: str | None,
        cached: bool,
    ) -> None:
        event = TaskEvent(self.id, self._tasks[key], status, outcome, cached, error)
        self.ends[key] = event
        self.job.publish(event)
        for unit in self._waiting.pop(key, ()):
            unit.missing.discard(key)
            if not unit.missing:
                self._ready(self, unit)
        for index in self._owners[key]:
            self._open[index] -= 1
            if not self._open[index]:
                self._unfinished -= 1
                self._end_plan(self._plans[index])

    def _end_plan(self, plan: ShotPlan) -> None:
        ends = {task.key: self.ends[task.key] for task in plan.tasks}
        self.job.publish(ShotEvent(self.id, plan, ends))

    def _add(self, plans: Sequence[ShotPlan]) -> None:
        keys = self._take_up(plans)
        records = {key: self._record(key) for key in keys}
        wanted = {key for key, record in records.items() if self._lacks(key, record)}
        gone = set() if self.stopped else self._gone(wanted)
        self._settle_known(records, wanted | gone)
        for plan in plans:
            if not plan.tasks:
                self._end_plan(plan)
        todo = self.left(self._tasks[key] for key in keys)
        for task in todo:
            self.say(task, Status.PENDING)
        self.queue(todo)
        self._open_again(gone - records.keys())

    def _take_up(self, plans: Sequence[ShotPlan]) -> list[str]:
        """Note the tasks of more plans; gives their keys, each after those it needs."""
        start = len(self._plans)
        self._plans += plans
        tasks, owners = union([plan.tasks for plan in plans])
        for key, task in tasks.items():
            shared = len(owners[key]) > 1
            self._tasks[key] = replace(task, shot=None) if shared else task
            self._order[key] = len(self._order)
            self._owners[key] = [start + index for index in owners[key]]
            for need in {recipe_of(asset) for asset in task.recipe.parents}:
                self._followers.setdefault(need, []).append(key)
        for index, plan in enumerate(plans, start):
            self._open[index] = len({task.key for task in plan.tasks})
            self._unfinished += self._open[index] > 0
        return list(tasks)

    def _settle_known(
        self, records: Mapping[str, Settled | None], wanted: set[str]
    ) -> None:
        """Settle every task whose end is recorded, and what cannot be carried out.

        What has a result keeps it, even where something it needed then has failed since.
        """
        ends = [(k, r) for k, r in records.items() if r is not None and k not in wanted]
        for is_completed in (True, False):
            for key, end in ends:
                if (end.status is Status.COMPLETED) is is_completed:
                    error = end.error or None
                    self.settle(key, end.status, end.outcome, error, cached=True)
            self._settle_refused(self.left(self._tasks[key] for key in records))

    def _record(self, key: str) -> Settled | None:
        """How the recipe ended; None where that does not count any more, or not yet."""
        record = None if key in self._flying else self._store.settled(key)
        if record is None or record.status is Status.CANCELLED:
            return None
        if self.job.retry_failed and record.status is not Status.COMPLETED:
            return None
        return record

    def _lacks(self, key: str, record: Settled | None) -> bool:
        """Whether it has no result yet, or one of the graph's results is gone."""
        task = self._tasks[key]
        if record is None:
            return True
        completed = record.status is Status.COMPLETED
        return completed and bool(task.keep) and not self._is_there(task)

    def _gone(self, keys: set[str]) -> set[str]:
        """What these need, directly or not, that was made once but is not there."""
        found: set[str] = set()
        waiting = list(keys)
        while waiting:
            for need in self._needs(waiting.pop()) - keys - found:
                record = self._store.settled(need)
                completed = record is not None and record.status is Status.COMPLETED
                if completed and not self._is_there(self._tasks[need]):
                    found.add(need)
                    waiting.append(need)
        return found

    def _needs(self, key: str) -> set[str]:
        """The keys of the run's tasks that this one needs directly."""
        needs = {recipe_of(asset) for asset in self._tasks[key].recipe.parents}
        return {need for need in needs if need in self._tasks}

    def _is_there(self, task: Task) -> bool:
        for port in self.job.types[task.recipe.node].outputs:
            asset = self._store.asset(task.recipe.makes(port.name))
            if asset is None:
                return False
            if asset.is_file and not self._files.has(asset):
                return False
        return True

    def _is_made(self, asset: str) -> bool:
        end = self.ends.get(recipe_of(asset))
        return end is None or end.status is Status.COMPLETED

    def _after(self, key: str) -> list[str]:
        """The keys of all tasks that need this one, each once, nearest first."""
        found = {key: None}
        waiting = [key]
        while waiting:
            for follower in self._followers.get(waiting.pop(), ()):
                if follower not in found:
                    found[follower] = None
                    waiting.append(follower)
        return list(found)[1:]


_VERB = {
    Status.FAILED: "failed",
    Status.HELD: "needs you first",
    Status.CANCELLED: "was cancelled",
}
