"""Carry out runs: each unit of work as soon as what it needs is there."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError, Future
from functools import partial
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

from nodegraph.context import Cancelled, Context, outcome_of
from nodegraph.lineage import Asset, Attempt, Settled, Status, Store, Task
from nodegraph.running import Files, Job, ProgressEvent, Running
from nodegraph.units import Unit
from nodegraph.work import (
    Advanced,
    Bench,
    Done,
    Failed,
    Given,
    Made,
    Order,
    carry_out,
    checked,
    failure,
    keep,
    references,
    sentence,
)
from nodegraph.workers import WorkerDied, WorkerPool

DEATHS = 2
"""A task that has died with its worker this often is not tried again."""
UNKNOWN_SIZE = 1920 * 1080 * 4
"""Bytes taken for a picture whose size is not known yet."""
USUAL_WORKING_MEMORY = 4.0
"""Multiples of the picture's bytes, where a node type declares no estimate."""
Message = Done | Failed | Advanced


class _Waiting(NamedTuple):
    """A unit that can start, in the order in which units do."""

    place: float
    rank: tuple[int, int]
    serial: int
    running: Running
    unit: Unit


class Scheduler:
    """Runs jobs on worker processes, on a thread of its own.

    Its public methods may be called from any thread.
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
        self._accounts: dict[str, asyncio.Semaphore] = {}
        self._runs: dict[str, Running] = {}
        self._ready: list[_Waiting] = []
        self._jobs: dict[Unit, tuple[Running, Future[Any] | asyncio.Task[None]]] = {}
        self._bytes: dict[Unit, float] = {}
        self._flying: set[str] = set()
        self._paused = False
        self._serial = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="scheduler", daemon=True
        )
        self._thread.start()

    def submit(self, job: Job) -> "Future[None]":
        """Carry out the job; the future ends when every task of it has settled."""
        running = Running(job, self._store, self._files, self._push)
        self._call(running, self._start, running)
        return running.future

    def pause(self) -> None:
        """Start nothing more; what runs goes on to its end."""
        self._ask(self._set_paused, True)

    def resume(self) -> None:
        """Go on after a pause."""
        self._ask(self._set_paused, False)

    def cancel(self, id_: str, *, record: bool = True) -> bool:
        """Stop a run, or one task and what needs it; False where there is no such.

        Without `record` the tasks count as interrupted: nothing is written of them.
        """
        return bool(self._ask(self._cancel, id_, record))

    def retry(self, id_: str) -> bool:
        """Try a task again, or all of a live run, that failed, hold or were cancelled."""
        return bool(self._ask(self._retry, id_))

    def first(self, id_: str) -> bool:
        """Put a run, or the shot that needs a task, before all others."""
        return bool(self._ask(self._first, id_))

    @property
    def paused(self) -> bool:
        """Whether nothing new is started."""
        return self._paused

    def close(self) -> None:
        """Stop at once: what runs is cut off, what is done is kept."""
        if self._thread.is_alive():
            self._ask(self._stop)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    # On the scheduler's thread

    def _call(
        self, running: Running, function: Callable[..., None], *args: Any
    ) -> None:
        """Have the scheduler's thread call `function`, for the sake of `running`."""
        try:
            self._loop.call_soon_threadsafe(self._guard, running, function, *args)
        except RuntimeError:
            return  # closed: whatever arrives now is made again by the next run

    def _guard(
        self, running: Running, function: Callable[..., None], *args: Any
    ) -> None:
        """Call; an error of our own ends the run instead of hanging whoever waits."""
        try:
            function(*args)
            running.go_on()
            self._dispatch()
        except Exception as error:  # noqa: BLE001 (handed to whoever waits for the run)
            if not running.future.done():
                running.future.set_exception(error)
        if running.future.done():
            self._runs.pop(running.id, None)

    def _ask(self, function: Callable[..., Any], *args: Any) -> Any:
        answer: Future[Any] = Future()

        def call() -> None:
            try:
                answer.set_result(function(*args))
            except Exception as error:  # noqa: BLE001 (handed to the thread that asked)
                answer.set_exception(error)

        self._loop.call_soon_threadsafe(call)
        return answer.result()

    def _start(self, running: Running) -> None:
        self._runs[running.id] = running
        running.start()
        if self._ready:
            self._pool.prestart(len(self._ready))

    def _set_paused(self, paused: bool) -> None:
        self._paused = paused
        self._dispatch()

    def _stop(self) -> None:
        self._paused = True
        self._ready.clear()
        for _, job in self._jobs.values():
            job.cancel()
        for running in self._runs.values():
            if not running.future.done():
                running.future.set_exception(CancelledError())

    def _cancel(self, id_: str, record: bool) -> bool:
        found = False
        for running in list(self._runs.values()):
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
        keys = {task.key for task in tasks}
        for unit, (owner, job) in list(self._jobs.items()):
            if owner is running and any(task.key in keys for task in unit.tasks):
                job.cancel()
        if record and keys:
            with self._store.record(wait=False):
                for task in tasks:
                    self._store.put(
                        _settled(running, task, Status.CANCELLED, "cancelled")
                    )
        for task in tasks:
            running.settle(task.key, Status.CANCELLED)

    def _retry(self, id_: str) -> bool:
        for running in list(self._runs.values()):
            keys = tuple(running.ends) if running.id == id_ else (id_,)
            if again := [key for key in keys if running.came_to_nothing(key)]:
                self._guard(running, running.reopen, again)
                return True
        return False

    def _first(self, id_: str) -> bool:
        front = min((waiting.place for waiting in self._ready), default=0.0) - 1
        found = False
        for running in self._runs.values():
            keys = running.tasks_of_shot(id_) if running.has(id_) else set()
            if running.id == id_:
                running.place = front
                keys = {task.key for task in running.unsettled()}
            found = found or bool(keys)
            self._ready = [
                w._replace(place=front)
                if w.running is running and any(t.key in keys for t in w.unit.tasks)
                else w
                for w in self._ready
            ]
        heapify(self._ready)
        return found

    # Units on their way

    def _push(self, running: Running, unit: Unit) -> None:
        self._serial += 1
        item = _Waiting(running.place, unit.rank, self._serial, running, unit)
        heappush(self._ready, item)

    def _dispatch(self) -> None:
        """Start what can start now, in order, while there are workers and memory."""
        later = []
        while self._ready and not self._paused:
            item = heappop(self._ready)
            tasks = item.running.left(item.unit.tasks)
            if any(task.key in self._flying for task in tasks):
                later.append(item)
            elif tasks and not self._send(item.running, item.unit, tasks):
                later.append(item)
                if not item.unit.waits:
                    break
        for item in later:
            heappush(self._ready, item)

    def _send(self, running: Running, unit: Unit, tasks: tuple[Task, ...]) -> bool:
        """Start the unit; False where there is no room now."""
        need = self._estimate(running, tasks)
        if not unit.waits:
            full = bool(self._bytes) and sum(self._bytes.values()) + need > self._memory
            if full or self._pool.free <= 0:
                return False
            self._bytes[unit] = need
        unit.tasks = tasks
        self._flying.update(task.key for task in tasks)
        self._say_started(running, unit, 0)
        if unit.waits:
            wait = self._loop.create_task(self._wait_for(running, unit))
            self._jobs[unit] = (running, wait)
            return True
        order = Order(tasks, self._given(tasks), running.job.run.files, self._deadline)
        job = self._pool.submit(
            carry_out,
            self._bench,
            order,
            report=partial(self._call, running, self._report, running, unit),
        )
        self._jobs[unit] = (running, job)
        job.add_done_callback(partial(self._call, running, self._end, running, unit))
        return True

    def _estimate(self, running: Running, tasks: tuple[Task, ...]) -> float:
        size = UNKNOWN_SIZE
        for source in tasks[0].sources:
            if (asset := self._store.asset(source)) and asset.width:
                size = max(size, asset.width * asset.height * 4)
        types = running.job.types
        factors = [
            estimate(task.recipe.settings)
            for task in tasks
            if (estimate := types[task.recipe.node].estimate)
        ]
        return size * (2 + max(factors, default=USUAL_WORKING_MEMORY))

    def _given(self, tasks: tuple[Task, ...]) -> dict[str, Given]:
        """The values that the tasks need and that were made before."""
        own = {task.key for task in tasks}
        given = {}
        for task in tasks:
            for id_ in task.recipe.parents:
                if id_.partition(".")[0] not in own and id_ not in given:
                    asset = self._store.asset(id_)
                    if asset is None:
                        raise LookupError(f"asset {id_} has no record")
                    given[id_] = Given(
                        asset.sha256, asset.suffix, asset.value, asset.name
                    )
        return given

    async def _wait_for(self, running: Running, unit: Unit) -> None:
        """Carry out a task that waits on a network."""
        began = self._loop.time()
        message: Message | None = None
        try:
            message = await self._call_service(running, unit, unit.tasks[0])
        except asyncio.CancelledError:
            message = None
        except Exception as error:  # noqa: BLE001 (a node's failure becomes data here)
            message = failure(0, error, self._loop.time() - began)
        if message is not None:
            self._guard(running, self._report, running, unit, [message])
        self._guard(running, self._end, running, unit, None)

    async def _call_service(self, running: Running, unit: Unit, task: Task) -> Done:
        type_ = running.job.types[task.recipe.node]
        account = type_.account(task.recipe.settings) if type_.account else type_.name
        gate = self._accounts.setdefault(
            account, asyncio.Semaphore(self._account_limit)
        )
        began = self._loop.time()
        context = Context(
            report=lambda f: self._report(running, unit, [Advanced(0, f)]),
            call=self._compute,
        )
        given = self._given((task,))
        arguments = references(self._bench.media, task, type_, given)
        if type_.context:
            arguments[type_.context] = context
        async with gate:
            limit = type_.deadline or self._deadline
            result = await asyncio.wait_for(type_.function(**arguments), limit)
        made = await self._compute(keep, self._bench, task, checked(result, type_))
        return Done(0, made, context.said, self._loop.time() - began)

    async def _compute(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.wrap_future(self._pool.submit(function, *args))

    # What comes back

    def _report(self, running: Running, unit: Unit, messages: list[Message]) -> None:
        records: list[Asset | Settled] = []
        ends: list[tuple[Task, Done | Failed]] = []
        for message in messages:
            task = unit.tasks[message.step]
            self._say_started(running, unit, message.step)
            if isinstance(message, Advanced):
                running.job.publish(ProgressEvent(running.id, task, message.fraction))
                continue
            unit.reported.add(message.step)
            if isinstance(message, Failed):
                unit.failed.add(task.key)
            ends.append((task, message))
            records += _records(running, task, message)
        if ends:
            done = partial(self._call, running, self._acknowledge, running, ends)
            with self._store.record(wait=False, done=done):
                self._store.put(*records)
            self._say_next(running, unit)

    def _say_started(self, running: Running, unit: Unit, index: int) -> None:
        if index not in unit.started:
            unit.started.add(index)
            running.say(unit.tasks[index], Status.PROCESSING)

    def _say_next(self, running: Running, unit: Unit) -> None:
        """The worker goes on with the first task that has all it needs."""
        for index in range(max(unit.reported) + 1, len(unit.tasks)):
            if not unit.lacks_input(index):
                self._say_started(running, unit, index)
                return

    def _acknowledge(
        self,
        running: Running,
        ends: list[tuple[Task, Done | Failed]],
        error: Exception | None,
    ) -> None:
        """What ended is on the disk: now it counts."""
        if error is not None:
            raise error
        for task, message in ends:
            self._flying.discard(task.key)
            if isinstance(message, Done):
                outcome = outcome_of(message.said)
                error = message.said.get("message")
                running.settle(task.key, Status.COMPLETED, outcome, error)
            else:
                running.settle(task.key, message.status, message.outcome, message.error)

    def _end(self, running: Running, unit: Unit, job: "Future[Any] | None") -> None:
        """A unit's worker is free again, whatever became of the unit."""
        self._jobs.pop(unit, None)
        self._bytes.pop(unit, None)
        left = running.left(
            task for i, task in enumerate(unit.tasks) if i not in unit.reported
        )
        self._flying.difference_update(task.key for task in unit.tasks)
        error = None if job is None or job.cancelled() else job.exception()
        if isinstance(error, WorkerDied):
            self._count_death(running, unit, left, error)
        elif error is not None and not isinstance(error, Cancelled):
            self._fail(running, unit, left, sentence(error))
        running.queue(running.left(left))

    def _count_death(
        self, running: Running, unit: Unit, left: tuple[Task, ...], death: WorkerDied
    ) -> None:
        """Charge the task that was running; the second death is its end."""
        running_then = unit.tasks[death.step]
        victim = running_then if running_then in left else next(iter(left), None)
        if victim is None:
            return
        before = self._store.attempt(victim.key)
        deaths = (before.deaths if before else 0) + 1
        final = deaths >= DEATHS
        with self._store.record(wait=False):
            attempt = Attempt(victim.key, 0 if final else deaths, death.reason)
            self._store.put(attempt)
        if final:
            text = f"its worker died {deaths} times, the last time: {death.reason}"
            self._fail(running, unit, (victim,), text)

    def _fail(
        self, running: Running, unit: Unit, left: tuple[Task, ...], text: str
    ) -> None:
        if left:
            index = unit.tasks.index(left[0])
            failed = Failed(index, Status.FAILED, text, "failed", 0.0)
            self._report(running, unit, [failed])


def _records(
    running: Running, task: Task, message: Done | Failed
) -> list[Asset | Settled]:
    """What the store keeps of a task's end: its assets and how it went, in one go."""
    seconds = round(message.seconds, 4)
    if isinstance(message, Failed):
        end = (message.status, message.outcome, message.error)
        return [_settled(running, task, *end, seconds)]
    outcome = outcome_of(message.said)
    end = (Status.COMPLETED, outcome, "")
    assets = (_asset(running, task, made, message.said) for made in message.made)
    return [*assets, _settled(running, task, *end, seconds)]


def _settled(
    running: Running,
    task: Task,
    status: Status,
    outcome: str,
    error: str = "",
    seconds: float = 0.0,
) -> Settled:
    return Settled(
        task.key,
        status,
        outcome,
        error,
        task.recipe.node,
        task.label,
        task.shot,
        running.id,
        seconds,
    )


def _asset(running: Running, task: Task, made: Made, said: Mapping[str, Any]) -> Asset:
    return Asset(
        task.recipe.makes(made.port),
        made.type,
        made.sha256,
        made.suffix,
        made.size,
        made.width,
        made.height,
        recipe=task.recipe,
        parent=task.parent,
        sources=task.sources,
        value=made.value,
        outcome=outcome_of(said),
        message=said.get("message", ""),
        notes=said.get("notes", {}),
        certificate=said.get("certificate"),
        models=running.models(task),
        shot=task.shot,
        run=running.id,
    )
