"""The pool of worker processes, and what happens when one of them dies."""

import atexit
import logging
import os
import pickle
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from itertools import count
from multiprocessing import Pipe, resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, cast

from nodegraph import system
from nodegraph.workers.channel import (
    READY,
    REPORTS,
    STOP,
    Channel,
    channel,
    read_reports,
)
from nodegraph.workers.process import (
    GRACE,
    REAP,
    JobError,
    Worker,
    WorkerDied,
    end,
    outcome,
    start,
)

__all__ = ["Channel", "Job", "JobError", "WorkerDied", "WorkerPool", "channel"]

Report = Callable[[list[Any]], None]

_TICK = 0.1  # seconds between two looks at the deadlines
_BACK_OFF = 10.0  # seconds until others are tried, while some work
_STILLBIRTHS = 3  # processes in a row that may die before they are ready

_log = logging.getLogger(__name__)


class Job(Future[Any]):
    """A call that waits for a worker, or is carried out by one."""

    def __init__(
        self, pool: "WorkerPool", serial: int, payload: bytes, report: Report | None
    ) -> None:
        """Made by `WorkerPool.submit`."""
        super().__init__()
        self.serial = serial
        self.payload = payload
        self.report = report
        self.worker: Worker | None = None
        self.kill_at: float | None = None
        self.over = False
        self.taken_back = False  # from a process that died before it began
        self._pool = pool

    def cancel(self) -> bool:
        """Stop the job; gives `False` when it had ended before.

        A waiting job ends at once.  A running one is asked to stop through
        `channel().cancelled()`; half a second later its process is killed.  Whatever
        it still returns is dropped: the future ends cancelled.
        """
        return self._pool._cancel(self)

    def running(self) -> bool:
        """Whether a worker carries it out at this moment."""
        return self.worker is not None and not self.over

    def end_cancelled(self) -> None:
        """End as cancelled; for the pool."""
        super().cancel()
        self.set_running_or_notify_cancel()


class _Bell:
    """Wakes the pool's thread; both its methods are called under the pool's lock."""

    def __init__(self) -> None:
        self.ear, self._hand = Pipe(duplex=False)
        self._rung = False

    def ring(self) -> None:
        if not self._rung:
            self._rung = True
            self._hand.send_bytes(b"!")

    def hush(self) -> None:
        self.ear.recv_bytes()
        self._rung = False

    def close(self) -> None:
        self.ear.close()
        self._hand.close()


class WorkerPool(Executor):
    """Runs functions in spawned processes, kept warm, whose deaths it outlives.

    A function has to be importable by name: no worker runs the program's main
    module again.  One daemon thread starts the processes, reads what they say and
    calls `report` and the callbacks of futures.
    """

    def __init__(
        self, workers: int, *, nice: int = 10, warm: tuple[str, ...] = ()
    ) -> None:
        """Allow `workers` processes, `nice` steps below us, that import `warm` first.

        No process is started before the first `submit` or `prestart`.
        """
        if workers < 1:
            raise ValueError(f"a pool of {workers} cannot work: allow 1 worker or more")
        self._size = workers
        self._nice = nice
        self._warm = warm
        self._threads = max(1, (os.cpu_count() or 1) // workers)
        self._lock = threading.Lock()
        self._queue: OrderedDict[int, Job] = OrderedDict()
        self._workers: list[Worker] = []
        self._serials = count(1)
        self._floor = 0  # processes to have, even with nothing to do
        self._stillborn = 0
        self._next_start = 0.0
        self._at_exit = partial(self.shutdown, cancel_futures=True)
        self._closing = False
        self._dozing = False
        self._bell: _Bell | None = None
        self._thread: threading.Thread | None = None

    @property
    def free(self) -> int:
        """How many jobs could be submitted now that would not wait for another."""
        with self._lock:
            return max(0, self._size - len(self._queue) - self._busy())

    def submit(  # type: ignore[override] # `report` is ours, not the function's
        self,
        function: Callable[..., Any],
        /,
        *args: Any,
        report: Report | None = None,
        **kwargs: Any,
    ) -> Job:
        """Carry out `function(*args, **kwargs)` in a worker, first come first served.

        `report` is called with lists of what the function said through
        `channel().report`, on the pool's thread, never after the future has ended.
        The future ends with the result; with the function's exception, or a
        `JobError` where that cannot travel; with `WorkerDied`; or cancelled.
        """
        serial = next(self._serials)
        try:
            payload = pickle.dumps((function, args, kwargs), pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # noqa: BLE001 - any class may refuse in its own way
            job = Job(self, serial, b"", report)
            job.over = True
            job.set_exception(error)
            return job
        job = Job(self, serial, payload, report)
        with self._lock:
            self._open()
            self._queue[serial] = job
            self._hand_out()
            if self._queue or self._dozing:
                self._ring()
        return job

    def prestart(self, n: int) -> None:
        """Begin to start `n` processes, no more than the pool allows; waits for none."""
        with self._lock:
            self._open()
            self._floor = max(self._floor, min(n, self._size))
            self._ring()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more jobs; end the processes once the jobs have ended.

        With `cancel_futures` all jobs are cancelled, running ones too, which takes a
        second at most; else they are carried out first, however long they take.
        """
        with self._lock:
            self._closing = True
            jobs = [*self._queue.values(), *(w.job for w in self._workers if w.job)]
            self._ring()
        if cancel_futures:
            for job in jobs:
                job.cancel()
        thread = self._thread
        if wait and thread is not None and thread is not threading.current_thread():
            thread.join()

    def _open(self) -> None:
        if self._closing:
            raise RuntimeError("the worker pool is shut down: make a new one")
        if self._thread is None:
            self._bell = _Bell()
            self._thread = threading.Thread(target=self._supervise, daemon=True)
            self._thread.start()
            atexit.register(self._at_exit)

    def _busy(self) -> int:
        return sum(worker.job is not None for worker in self._workers)

    def _ring(self) -> None:
        if self._bell is not None:
            self._bell.ring()

    def _hand_out(self) -> None:
        for worker in self._workers:
            while self._queue and worker.ready and worker.job is None:
                serial, job = next(iter(self._queue.items()))
                if worker.give(job):
                    del self._queue[serial]

    def _cancel(self, job: Job) -> bool:
        with self._lock:
            if job.over:
                return job.cancelled()
            if job.worker is not None:
                job.kill_at = job.kill_at or time.monotonic() + GRACE
                job.worker.cell[STOP] = job.serial
                return True
            del self._queue[job.serial]
            job.over = True
        job.end_cancelled()
        return True

    def _supervise(self) -> None:
        if sys.platform != "win32":
            # Starting this helper would lift the block that comes next.
            resource_tracker.ensure_running()
        system.hold_interrupts_in_this_thread()
        try:
            quiet = False
            while not self._finished():
                self._start_missing()
                quiet = self._watch(quiet)
        finally:
            self._dismiss()

    def _finished(self) -> bool:
        with self._lock:
            return self._closing and not self._queue and not self._busy()

    def _watch(self, quiet: bool) -> bool:
        """Wait for something to happen, and deal with it; gives whether nothing did."""
        bell = cast(_Bell, self._bell)  # made before this thread
        with self._lock:
            patience = self._patience(quiet)
            voices = {worker.pipe: worker for worker in self._workers}
        heard = wait([bell.ear, *voices], patience)
        for voice in heard:
            if voice is bell.ear:
                with self._lock:
                    bell.hush()
                    self._dozing = False
            else:
                self._listen(voices[cast(Connection, voice)])
        self._look_at_clock()
        return not heard

    def _patience(self, quiet: bool) -> float | None:
        self._dozing = quiet and not self._queue and not self._busy()
        if self._dozing:
            return None
        now = time.monotonic()
        return min([_TICK, *(max(0.0, w.next_moment() - now) for w in self._workers)])

    def _look_at_clock(self) -> None:
        now = time.monotonic()
        for worker in list(self._workers):
            if worker.verdict:
                if now >= worker.killed_at + REAP:
                    self._bury(worker)
            elif reason := worker.overdue(now):
                worker.kill(reason)

    def _listen(self, worker: Worker) -> None:
        try:
            data = worker.pipe.recv_bytes()
        except (EOFError, OSError):
            return self._bury(worker)
        kind, body = data[:1], memoryview(data)[1:]
        if kind == REPORTS:
            self._pass_on(worker, body)
        elif kind == READY:
            with self._lock:
                worker.ready, self._stillborn = True, 0
                self._hand_out()
        else:
            self._end(worker, *outcome(kind, body))

    def _pass_on(self, worker: Worker, body: memoryview) -> None:
        job = worker.job
        if job is None or job.report is None:
            return
        try:
            reports = read_reports(body)
        except Exception as error:  # noqa: BLE001 - unpickling runs foreign code
            worker.kill(f"it reported what cannot be read here: {error}")
            return
        try:
            job.report(reports)
        except Exception:  # noqa: BLE001 - treated like a callback of a future
            _log.exception("reports of job %d were not taken", job.serial)

    def _end(self, worker: Worker, result: Any, error: Exception | None) -> None:
        with self._lock:
            job, worker.job = worker.job, None
            if job is not None:
                job.over = True
            if not worker.verdict:
                self._hand_out()
        if job is None:
            return
        if job.kill_at is not None:
            job.end_cancelled()
        elif error is not None:
            job.set_exception(error)
        else:
            job.set_result(result)

    def _bury(self, worker: Worker) -> None:
        death = worker.reap()
        with self._lock:
            if worker.job is not None:
                self._floor = max(self._floor, len(self._workers))
            elif worker.ready:
                self._floor = min(self._floor, len(self._workers) - 1)
            else:
                self._stillborn += 1
            worker.ready = False
            self._workers.remove(worker)
            if not worker.began():
                self._take_back(worker)
        self._end(worker, None, death)
        self._give_up_if_none_starts(death.reason)

    def _take_back(self, worker: Worker) -> None:
        job = worker.job
        if job is None or job.taken_back or job.kill_at is not None:
            return
        worker.job, job.worker, job.taken_back = None, None, True
        self._queue[job.serial] = job
        self._queue.move_to_end(job.serial, last=False)

    def _start_missing(self) -> None:
        with self._lock:
            wanted = self._busy() + len(self._queue)
            if not self._closing:
                wanted = max(wanted, self._floor)
            missing = min(wanted, self._size) - len(self._workers)
            if self._workers and time.monotonic() < self._next_start:
                return
        for _ in range(missing):
            try:
                worker = start(nice=self._nice, threads=self._threads, warm=self._warm)
            except OSError as error:  # no more processes or open files are allowed
                self._stillborn += 1
                return self._give_up_if_none_starts(str(error))
            with self._lock:
                self._workers.append(worker)

    def _give_up_if_none_starts(self, reason: str) -> None:
        if self._stillborn < _STILLBIRTHS:
            return
        self._stillborn = 0
        with self._lock:
            self._floor = 0
            if self._workers:  # go on with fewer for now
                self._next_start = time.monotonic() + _BACK_OFF
                return
            jobs = self._drop_jobs()
        for job in jobs:
            job.set_exception(WorkerDied(f"no process can be started: {reason}"))

    def _drop_jobs(self) -> list[Job]:
        jobs = [*self._queue.values(), *(w.job for w in self._workers if w.job)]
        self._queue.clear()
        for job in jobs:
            job.over = True
        return jobs

    def _dismiss(self) -> None:
        with self._lock:
            self._closing = True
            jobs, workers = self._drop_jobs(), self._workers
            self._workers = []
        for job in jobs:  # none, unless this thread is failing
            job.set_exception(WorkerDied("its pool has ended"))
        end(workers)
        with self._lock:
            bell, self._bell = cast(_Bell, self._bell), None
            bell.close()
        atexit.unregister(self._at_exit)
