"""One run under way: which of its tasks have settled, and which units wait for them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import NamedTuple, Protocol

from nodegraph.gathering import gather
from nodegraph.lineage import Asset, Run, Settled, Status, Store, Task, recipe_of
from nodegraph.node import File, NodeType
from nodegraph.plan import Layout, ShotPlan
from nodegraph.units import Unit, cut, union

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
    ) -> None:
        """Nothing starts before `start`."""
        self.job, self.place = job, job.run.place
        self.future: Future[None] = Future()
        self.ends: dict[str, TaskEvent] = {}
        """How each settled task ended, by key."""
        self._store, self._files, self._ready = store, files, ready
        self._tasks: dict[str, Task] = {}
        self._owners: dict[str, list[int]] = {}
        self._followers: dict[str, list[str]] = {}
        self._waiting: dict[str, list[Unit]] = {}
        self._plans: list[ShotPlan] = []
        self._open: dict[int, int] = {}
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
        while not any(self._open.values()) and not self.future.done():
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

    def tasks_of_shot(self, key: str) -> set[str]:
        """The keys of all tasks of the first shot that needs this one."""
        plan = self._plans[self._owners[key][0]]
        return {task.key for task in plan.tasks}

    def say(self, task: Task, status: Status) -> None:
        """Publish a status on the way."""
        self.job.publish(TaskEvent(self.id, self._tasks[task.key], status))

    def queue(self, tasks: Iterable[Task]) -> None:
        """Cut the tasks into units and hand over those that need not wait."""
        keys = {task.key for task in tasks}
        ordered = [task for key, task in self._tasks.items() if key in keys]
        for unit in cut(ordered, self._owners, self.job.types):
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
                waiting += self._followers.get(key, ())
                needs = map(recipe_of, self._tasks[key].recipe.parents)
                waiting += filter(self.came_to_nothing, needs)
        tasks = [task for key, task in self._tasks.items() if key in again]
        for task in tasks:
            if self.ends.pop(task.key, None) is not None:
                for plan in self._owners[task.key]:
                    self._open[plan] += 1
            self.say(task, Status.PENDING)
        self.queue(tasks)

    def _settle(
        self,
        key: str,
        status: Status,
        outcome: str | None,
        error: str | None,
        cached: bool,
    ) -> None:
        if key in self.ends:
            return
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
                self._end_plan(self._plans[index])

    def _end_plan(self, plan: ShotPlan) -> None:
        ends = {task.key: self.ends[task.key] for task in plan.tasks}
        self.job.publish(ShotEvent(self.id, plan, ends))

    def _add(self, plans: Sequence[ShotPlan]) -> None:
        start = len(self._plans)
        self._plans += plans
        tasks, owners = union([plan.tasks for plan in plans])
        for key, task in tasks.items():
            shared = len(owners[key]) > 1
            self._tasks[key] = replace(task, shot=None) if shared else task
            self._owners[key] = [start + index for index in owners[key]]
            for need in {recipe_of(asset) for asset in task.recipe.parents}:
                self._followers.setdefault(need, []).append(key)
        for index, plan in enumerate(plans, start):
            self._open[index] = len({task.key for task in plan.tasks})
        todo = self._settle_known(tasks)
        for plan in plans:
            if not plan.tasks:
                self._end_plan(plan)
        self.queue(self.left(todo))

    def _settle_known(self, tasks: Mapping[str, Task]) -> list[Task]:
        """Settle every task whose end is recorded; give those to carry out."""
        records = {key: self._record(key) for key in tasks}
        wanted = self._wanted(tasks, records)
        for key, task in tasks.items():
            record = records[key]
            if task.refusal:
                self.settle(key, Status.FAILED, "failed", task.refusal)
            elif record is not None and key not in wanted:
                error = record.error or None
                self.settle(key, record.status, record.outcome, error, cached=True)
            elif key not in self.ends:
                self.say(task, Status.PENDING)
        return [tasks[key] for key in tasks if key in wanted]

    def _record(self, key: str) -> Settled | None:
        """How the recipe ended; None where that does not count any more."""
        record = self._store.settled(key)
        if record is None or record.status is Status.CANCELLED:
            return None
        if self.job.retry_failed and record.status is not Status.COMPLETED:
            return None
        return record

    def _wanted(
        self, tasks: Mapping[str, Task], records: Mapping[str, Settled | None]
    ) -> set[str]:
        """The tasks to carry out: those without a result, and those whose file is
        asked for by such a one, or as a result of the graph, but is not there."""
        wanted: set[str] = set()
        gathered = self.job.layout.gathered
        for key in reversed(list(tasks)):
            task, record = tasks[key], records[key]
            if record is None:
                wanted.add(key)
            elif record.status is Status.COMPLETED:
                asked = not wanted.isdisjoint(self._followers.get(key, ()))
                asked = asked or bool(task.keep) or task.node in gathered
                if asked and not self._is_there(task):
                    wanted.add(key)
        return wanted

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
