"""Carry out runs: each unit of work as soon as what it needs is there."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import Any

from nodegraph.context import Cancelled, Context, outcome_of
from nodegraph.lineage import Asset, Settled, Status, Store, Task
from nodegraph.scheduler.endings import charge, records, settled
from nodegraph.scheduler.flying import AnyJob, Flying
from nodegraph.scheduler.orders import account, estimate, given
from nodegraph.scheduler.ready import WORKERS, Lane, Ready, Waiting
from nodegraph.scheduler.running import Files, Job, Running
from nodegraph.scheduler.services import call
from nodegraph.scheduler.thread import LoopThread
from nodegraph.scheduler.units import Unit
from nodegraph.work.carry import (
    Advanced,
    Bench,
    Done,
    Failed,
    Order,
    carry_out,
    failure,
    sentence,
)
from nodegraph.workers.pool import WorkerDied, WorkerPool

_PATIENCE = 1.0  # seconds that services have to end when we close
Message = Done | Failed | Advanced
Ends = list[tuple[Task, Done | Failed]]


class Scheduler:
    """Runs jobs on worker processes, on a thread of its own.

    Its public methods may be called from any thread, and raise `RuntimeError` once it
    is closed.
    """

    def __init__(
        self,
        store: Store,
        files: Files,
        pool: WorkerPool,
        bench: Bench,
        *,
        deadline: float = 600.0,
        memory: float = float("inf"),
        account_limit: int = 4,
    ) -> None:
        """Work with `pool`.

        `deadline` is the seconds one task may take, `memory` bounds the estimated bytes
        of what runs at the same time, `account_limit` the calls of one account.
        """
        self._store, self._files, self._pool, self._bench = store, files, pool, bench
        self._deadline, self._memory = deadline, memory
        self._account_limit = account_limit
        self._calls: Counter[Lane] = Counter()
        self._runs: list[Running] = []
        self._front = 0.0
        self._ready = Ready()
        self._flying = Flying(self._ready.release)
        self._paused = False
        self._thread = LoopThread("scheduler")

    def submit(self, job: Job) -> "Future[None]":
        """Carry out the job; the future ends when every task of it has settled."""
        running = Running(job, self._store, self._files, self._push, self._flying)
        self._thread.post(partial(self._guard, running, self._start, running))
        return running.future

    def pause(self) -> None:
        """Start nothing more; what runs goes on to its end."""
        self._thread.ask(self._set_paused, True)

    def resume(self) -> None:
        """Go on after a pause."""
        self._thread.ask(self._set_paused, False)

    def cancel(self, id_: str, *, record: bool = True) -> bool:
        """Stop a run, or one task and what needs it; False where there is no such.

        Without `record` the tasks count as interrupted: nothing is written of them.
        """
        return bool(self._thread.ask(self._cancel, id_, record))

    def retry(self, id_: str) -> bool:
        """Try a task again, or all of a live run, that failed, hold or were cancelled."""
        return bool(self._thread.ask(self._retry, id_))

    def first(self, id_: str) -> bool:
        """Put a run, or the shot that needs a task, before all others."""
        return bool(self._thread.ask(self._first, id_))

    @property
    def paused(self) -> bool:
        """Whether nothing new is started."""
        return self._paused

    def close(self) -> None:
        """Stop at once: what runs is cut off, what is done is kept."""
        self._thread.close(self._stop)

    # On the scheduler's thread

    def _call(
        self, running: Running, function: Callable[..., None], *args: Any
    ) -> None:
        """Have the scheduler's thread call `function`, for the sake of `running`."""
        try:
            self._thread.post(partial(self._guard, running, function, *args))
        except RuntimeError:
            return  # closed: whatever arrives now is made again by the next run

    def _guard(
        self, running: Running, function: Callable[..., None], *args: Any
    ) -> None:
        """Call; an error of our own ends the run instead of hanging whoever waits."""
        try:
            function(*args)
            running.go_on()
        except Exception as error:  # noqa: BLE001 (handed to whoever waits for the run)
            self._break_off(running, error)
        self._runs = [each for each in self._runs if not each.future.done()]
        self._dispatch()

    def _break_off(self, running: Running, error: Exception) -> None:
        if not running.future.done():
            running.future.set_exception(error)
        self._flying.cut_off(running)

    def _start(self, running: Running) -> None:
        self._runs.append(running)
        self._front = min(self._front, running.place)
        running.start()
        self._pool.prestart(self._ready.count(WORKERS))

    def _set_paused(self, paused: bool) -> None:
        self._paused = paused
        self._dispatch()

    async def _stop(self) -> None:
        self._paused = True
        self._ready.clear()
        for running in self._runs:
            if not running.future.done():
                running.future.set_exception(CancelledError())
            self._flying.cut_off(running)
        if calls := self._flying.calls:
            await asyncio.wait(calls, timeout=_PATIENCE)

    def _cancel(self, id_: str, record: bool) -> bool:
        found = False
        for running in self._runs:
            if running.id == id_:
                running.stopped = True
                tasks = running.unsettled()
            elif running.has(id_):
                tasks = running.left(running.with_followers(id_))
            else:
                continue
            found = True
            self._guard(running, self._cancel_tasks, running, tasks, record)
        return found

    def _cancel_tasks(
        self, running: Running, tasks: Iterable[Task], record: bool
    ) -> None:
        """End the tasks, but for those that have ended and are only being recorded."""
        tasks = [t for t in tasks if not self._flying.is_recording(t.key)]
        self._flying.cut_off(running, {task.key for task in tasks})
        kept = [task for task in tasks if record and not self._is_done(task)]
        if kept:
            end = (Status.CANCELLED, "cancelled")
            with self._store.record():
                self._store.put(*(settled(running, task, *end) for task in kept))
        for task in tasks:
            running.settle(task.key, Status.CANCELLED)

    def _is_done(self, task: Task) -> bool:
        """Whether there is a result, though its file may be gone."""
        end = self._store.settled(task.key)
        return end is not None and end.status is Status.COMPLETED

    def _retry(self, id_: str) -> bool:
        found = False
        for running in self._runs:
            keys = tuple(running.ends) if running.id == id_ else (id_,)
            if again := [key for key in keys if running.came_to_nothing(key)]:
                self._guard(running, running.reopen, again)
                found = True
        return found

    def _first(self, id_: str) -> bool:
        self._front -= 1
        found = [running.put_first(id_, self._front) for running in self._runs]
        self._ready.reorder()
        return any(found)

    # Units on their way

    def _push(self, running: Running, unit: Unit) -> None:
        types, tasks = running.job.types, unit.tasks
        need = estimate(self._store, types, tasks)
        lane = account(types, tasks[0]) if unit.waits else WORKERS
        self._ready.push(running, unit, lane, need)

    def _dispatch(self) -> None:
        """Start what can start now, in order, while there are workers and memory."""
        for lane in self._ready.lanes:
            while not self._paused and self._has_room(lane):
                item = self._ready.pop(lane)
                if item is None:
                    break
                if not self._begin(lane, item):
                    self._ready.put_back(lane, item)
                    break

    def _has_room(self, lane: Lane) -> bool:
        calls = self._calls[lane]
        return self._pool.free > 0 if lane is WORKERS else calls < self._account_limit

    def _begin(self, lane: Lane, item: Waiting) -> bool:
        """Start the unit, or set it aside; False where there is no memory for it yet."""
        running, unit = item.running, item.unit
        tasks = () if running.future.done() else running.due(unit)
        flying = next((task.key for task in tasks if task.key in self._flying), None)
        if flying is not None:
            self._ready.park(lane, item, flying)
        elif tasks:
            taken = self._flying.bytes
            if lane is WORKERS and taken and taken + item.need > self._memory:
                return False
            unit.tasks = tasks
            try:
                self._send(lane, item)
            except Exception as error:  # noqa: BLE001 (handed to whoever waits for the run)
                self._flying.land(unit)
                self._break_off(running, error)
        return True

    def _send(self, lane: Lane, item: Waiting) -> None:
        running, unit = item.running, item.unit
        needed = given(self._store, unit.tasks)
        order = Order(unit.tasks, needed, running.job.run.files, self._deadline)
        self._flying.claim(unit)
        self._say_started(running, unit, 0)
        if unit.waits:
            self._calls[lane] += 1
            wait = self._thread.loop.create_task(self._wait_for(running, unit, order))
            self._flying.add(running, unit, wait)
            wait.add_done_callback(partial(self._end_call, running, unit, lane))
            return
        report = partial(self._call, running, self._report, running, unit)
        job = self._pool.submit(carry_out, self._bench, order, report=report)
        self._flying.add(running, unit, job, item.need)
        job.add_done_callback(partial(self._call, running, self._end, running, unit))

    async def _wait_for(self, running: Running, unit: Unit, order: Order) -> None:
        """Carry out a task that waits on a network."""
        type_ = running.job.types[order.tasks[0].recipe.node]
        report = partial(self._call, running, self._report, running, unit)
        context = Context(lambda f: report([Advanced(0, f)]), call=self._compute)
        try:
            message = await call(self._bench, order, type_, context)
        except asyncio.CancelledError as error:
            if unit.stopping:
                raise
            message = failure(0, error, 0.0)  # the node's own doing
        self._guard(running, self._report, running, unit, [message])

    def _end_call(
        self, running: Running, unit: Unit, lane: Lane, task: "asyncio.Task[None]"
    ) -> None:
        self._calls[lane] -= 1
        self._guard(running, self._end, running, unit, task)

    async def _compute(self, function: Callable[..., Any], *args: Any) -> Any:
        try:
            return await asyncio.wrap_future(self._pool.submit(function, *args))
        finally:
            self._thread.loop.call_soon(self._dispatch)

    # What comes back

    def _report(self, running: Running, unit: Unit, messages: list[Message]) -> None:
        ends: Ends = []
        for message in messages:
            index, task = message.step, unit.tasks[message.step]
            if index in unit.reported:
                continue
            self._say_started(running, unit, index)
            if isinstance(message, Advanced):
                running.say_progress(task, message.fraction)
            elif isinstance(message, Done) or not unit.stopping:
                unit.reported.add(index)
                if isinstance(message, Failed):
                    self._flying.pass_over(unit, index)
                ends.append((task, message))
        if ends:
            self._record(running, unit, ends)
            self._say_next(running, unit, after=messages[-1].step)

    def _record(self, running: Running, unit: Unit, ends: Ends) -> None:
        self._flying.record(unit, [task for task, _ in ends])
        kept: list[Asset | Settled] = []
        done = partial(self._call, running, self._acknowledge, running, ends)
        try:
            for task, message in ends:
                kept += records(running, task, message)
            with self._store.record(wait=False, done=done):
                self._store.put(*kept)
        except Exception as error:  # noqa: BLE001 (raised again: nothing may stay in flight)
            self._acknowledge(running, ends, error)

    def _say_started(self, running: Running, unit: Unit, index: int) -> None:
        if index not in unit.started:
            unit.started.add(index)
            running.say(unit.tasks[index], Status.PROCESSING)

    def _say_next(self, running: Running, unit: Unit, *, after: int) -> None:
        """The worker goes on with the first task that has all it needs."""
        for index in range(after + 1, len(unit.tasks)):
            if not unit.lacks_input(index):
                self._say_started(running, unit, index)
                return

    def _acknowledge(
        self, running: Running, ends: Ends, error: Exception | None
    ) -> None:
        """What ended is on the disk: now it counts, in every run that waits for it."""
        try:
            if error is not None:
                raise error
            for task, message in ends:
                self._settle_everywhere(running, task.key, message)
        finally:  # only now may another run look whether it is left to do
            self._flying.recorded([task for task, _ in ends])

    def _settle_everywhere(
        self, running: Running, key: str, message: Done | Failed
    ) -> None:
        if isinstance(message, Done):
            said = message.said.get("message")
            end = (Status.COMPLETED, outcome_of(message.said), said)
        else:
            end = (message.status, message.outcome, message.error)
        for each in self._runs:
            if each.has(key):
                settle = partial(each.settle, cached=each is not running)
                self._guard(each, settle, key, *end)

    def _end(self, running: Running, unit: Unit, job: AnyJob) -> None:
        """A unit's worker is free again, whatever became of the unit."""
        self._flying.land(unit)
        if running.future.done():
            return
        error = None if job.cancelled() else job.exception()
        left = self._unended(running, unit)
        if isinstance(error, WorkerDied):
            self._count_death(running, unit, left, error)
        elif error is not None and not isinstance(error, Cancelled):
            self._fail(running, unit, left[:1], sentence(error))
        again = self._unended(running, unit)
        for index in unit.started.intersection(again):
            running.say(unit.tasks[index], Status.PENDING)
        running.queue(unit.tasks[index] for index in again)

    def _unended(self, running: Running, unit: Unit) -> list[int]:
        """The tasks, by index, that it was to carry out and has not, though they had
        all that they need."""
        due = {task.key for task in running.due(unit)}
        return [
            index
            for index, task in enumerate(unit.tasks)
            if task.key in due
            and not self._flying.is_recording(task.key)
            and not unit.lacks_input(index)
        ]

    def _count_death(
        self, running: Running, unit: Unit, left: list[int], death: WorkerDied
    ) -> None:
        """Charge the task that was running; the second death is its end."""
        if not left:
            return
        victim = death.step if death.step in left else left[0]
        key = unit.tasks[victim].key
        if text := charge(self._store, key, death.reason):
            self._fail(running, unit, [victim], text)

    def _fail(self, running: Running, unit: Unit, left: list[int], text: str) -> None:
        ends = [Failed(index, Status.FAILED, text, "failed", 0.0) for index in left]
        self._report(running, unit, list(ends))
