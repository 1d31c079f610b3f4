"""Stand-ins at the seams of the engine: a store, files, a pool of workers."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Queue
from typing import Any

from engine import SOON

from nodegraph.lineage import Asset, Attempt, Kind, Settled, Task, recipe_of
from nodegraph.plan import ShotPlan
from nodegraph.work.carry import Done, Made, carry_out, failure
from nodegraph.workers.pool import WorkerDied

# A store and its files


@dataclass
class Memory:
    """A store in memory; `delay` keeps what was recorded from being acknowledged."""

    rows: dict[tuple[type, str], Any] = field(default_factory=dict)
    durable: set[tuple[type, str]] = field(default_factory=set)
    delay: bool = False
    error: Exception | None = None
    fails_late: Exception | None = None
    writes: int = 0
    _open: list[Any] = field(default_factory=list)
    _held: list[Callable[[], None]] = field(default_factory=list)
    _lock: Any = field(default_factory=threading.RLock)

    @contextmanager
    def record(
        self,
        *,
        wait: bool = True,
        done: Callable[[Exception | None], None] | None = None,
    ) -> Iterator[None]:
        with self._lock:
            self._open = []
            yield
            if self.error is not None:
                raise self.error
            self.writes += 1
            keys = [(type(record), record.id) for record in self._open]
            self.rows.update(zip(keys, self._open, strict=True))

        def acknowledge() -> None:
            self.durable.update(keys)
            if done is not None:
                done(self.fails_late)

        if self.delay and not wait:
            self._held.append(acknowledge)
        else:
            acknowledge()

    def put(self, *records: Any) -> None:
        self._open += records

    def let_go(self) -> None:
        """Acknowledge all that waits for it, and no longer delay."""
        self.delay = False
        held, self._held = self._held, []
        for acknowledge in held:
            acknowledge()

    def asset(self, id_: str) -> Asset | None:
        return self.rows.get((Asset, id_))

    def settled(self, key: str) -> Settled | None:
        return self.rows.get((Settled, key))

    def attempt(self, key: str) -> Attempt | None:
        return self.rows.get((Attempt, key))

    def children(self, id_: str) -> list[Asset]:
        return []

    def bring_in(self, planned: Sequence[ShotPlan], size: int = 16) -> None:
        """Know the drawings that the plans begin with."""
        for each in planned:
            for id_ in [i for ids in each.sources.values() for i in ids]:
                drawing = Asset(id_, Kind.BASE, width=size, height=size)
                self.rows.setdefault((Asset, id_), drawing)


@dataclass
class Files:
    """Media files: all there but for those that are `gone`, by asset id."""

    gone: set[str] = field(default_factory=set)

    def has(self, asset: Asset) -> bool:
        return asset.id not in self.gone


# A pool


class FakeJob(Future[Any]):
    """A call that a test carries out by hand, or a thread of `Pool` plays."""

    def __init__(self, pool: "Pool", order: Any, report: Any) -> None:
        super().__init__()
        self.pool, self.order, self.report = pool, order, report
        self.asked_to_stop = False
        self.stopped = threading.Event()

    @property
    def nodes(self) -> list[str]:
        return [task.node for task in self.order.tasks]

    def cancel(self) -> bool:
        self.asked_to_stop = True
        self.stopped.set()
        return not self.done()

    def say(self, *messages: Any) -> None:
        self.report(list(messages))

    def did(self, *nodes: str) -> None:
        """Say that these tasks are done."""
        for index, task in enumerate(self.order.tasks):
            if task.node in nodes:
                self.say(Done(index, made(task), {}, 0.0))

    def failed(self, name: str, error: BaseException) -> None:
        self.say(failure(self.nodes.index(name), error, 0.0))

    def end(self, error: BaseException | None = None) -> None:
        """The worker is free again."""
        self.pool.running.discard(self)
        if self.asked_to_stop:
            super().cancel()
            self.set_running_or_notify_cancel()
        elif error is not None:
            self.set_exception(error)
        else:
            self.set_result(None)

    def die(self, name: str, reason: str = "killed by SIGKILL") -> None:
        self.end(WorkerDied(reason, self.nodes.index(name)))

    def finish(self) -> None:
        """All that it was ordered to do is done."""
        self.did(*self.nodes)
        self.end()


def file_of(asset: str) -> str:
    """The digest of the file that an asset lies in."""
    return hashlib.sha256(asset.encode()).hexdigest()


def made(task: Task) -> tuple[Made, ...]:
    """What every task gives: a file per output."""
    kinds = {"level": (("result", Kind.VALUE),), "split": _PARTS}
    return tuple(
        Made(port, kind, value=1.0)
        if kind is Kind.VALUE
        else Made(port, kind, file_of(task.recipe.makes(port)), ".png")
        for port, kind in kinds.get(task.recipe.node, (("result", Kind.REFINED),))
    )


_PARTS = (("light", Kind.REFINED), ("dark", Kind.MASK))
Play = Callable[[FakeJob, int, Task], Any]


def plainly(job: FakeJob, index: int, task: Task) -> None:
    """Every task is carried out at once and works."""


class Pool:
    """Worker processes without processes.

    With `play`, each job is a thread that calls it for each task: what it raises is how
    the task ends.  Without, `job()` gives the next job to be carried out by the test.
    """

    def __init__(self, workers: int = 2, play: Play | None = None) -> None:
        self.size, self.play = workers, play
        self.running: set[FakeJob] = set()
        self.ran: list[str] = []
        self.orders: list[list[str]] = []
        self._jobs: Queue[FakeJob] = Queue()

    @property
    def free(self) -> int:
        return max(0, self.size - len(self.running))

    @property
    def is_idle(self) -> bool:
        return self._jobs.empty()

    def prestart(self, n: int) -> None:
        pass

    def submit(self, function: Any, /, *args: Any, report: Any = None) -> Future[Any]:
        if function is not carry_out:
            job = Future[Any]()
            threading.Thread(target=_call, args=(job, function, args)).start()
            return job
        fake = FakeJob(self, args[1], report)
        self.running.add(fake)
        self.orders.append(fake.nodes)
        if self.play is None:
            self._jobs.put(fake)
        else:
            threading.Thread(target=self._carry_out, args=(fake,)).start()
        return fake

    def job(self) -> FakeJob:
        """The next that was submitted."""
        return self._jobs.get(timeout=SOON)

    def _carry_out(self, job: FakeJob) -> None:
        assert self.play is not None
        lost: set[str] = set()
        for index, task in enumerate(job.order.tasks):
            if job.asked_to_stop:
                break
            if not lost.isdisjoint(map(recipe_of, task.recipe.parents)):
                lost.add(task.key)
                continue
            self.ran.append(task.key)
            try:
                self.play(job, index, task)
                job.say(Done(index, made(task), {}, 0.0))
            except WorkerDied as error:
                return job.end(WorkerDied(error.reason, index))
            except Exception as error:  # noqa: BLE001 (as a worker does)
                lost.add(task.key)
                job.say(failure(index, error, 0.0))
        job.end()


def _call(job: Future[Any], function: Any, args: Any) -> None:
    try:
        job.set_result(function(*args))
    except BaseException as error:  # noqa: BLE001 (as a worker does)
        job.set_exception(error)
