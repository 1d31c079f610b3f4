"""One worker process as its pool sees it: started, given jobs, killed, taken away."""

import math
import multiprocessing
import os
import pickle
import sys
import threading
import time
from collections.abc import Iterable, Iterator, MutableSequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, TypeGuard

from nodegraph import system
from nodegraph.problem import words
from nodegraph.workers.channel import (
    BEGAN,
    CELL_SIZE,
    DEADLINE,
    RESULT,
    SERIAL_BYTES,
    STEP,
    TAKEN,
    Failure,
    serve,
)

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

    from nodegraph.workers.pool import Job

GRACE = 0.5  # seconds from asking a process to stop to killing it
REAP = 1.0  # seconds that the system is given to take a killed process away
_BIRTH = 120.0  # seconds that a process may take to start: cold disks are slow
_LAST_WORDS = 65536  # bytes of a crash's traceback: all that a pipe holds
_POLL = 0.001  # seconds between two looks at a process that ends

_starting = threading.Lock()


class WorkerDied(Exception):
    """The process that carried out a job is gone; nothing is known of the result."""

    def __init__(self, reason: str, step: int = 0, last_words: str = "") -> None:
        """Keep why it ended, in the user's words, and the `step` the job was on.

        `last_words` is the traceback of a crash, innermost call first, where the
        system let the process write one.
        """
        super().__init__(reason, step, last_words)
        self.reason = reason
        self.step = step
        self.last_words = last_words

    def __str__(self) -> str:
        """Say what happened, in one line."""
        return f"the worker process died: {self.reason}"


class JobError(Exception):
    """An exception in a worker that could not travel as it was."""

    def __init__(self, type: str, message: str, traceback: str = "") -> None:
        """Keep the name of its class, what it said and where it was raised."""
        super().__init__(type, message, traceback)
        self.type = type
        self.message = message
        self.traceback = traceback

    def __str__(self) -> str:
        """Name the class of the exception, then what it said."""
        return f"{self.type}: {self.message}" if self.message else self.type


class RemoteTraceback(Exception):
    """The cause of a worker's exception: where it was raised there, as text."""

    def __str__(self) -> str:
        """Give the traceback as the worker wrote it."""
        return f"\n{self.args[0]}"


@dataclass(eq=False)
class Worker:
    """One process of the pool, its pipe and the memory it shares with us."""

    process: "SpawnProcess"
    pipe: Connection
    cell: MutableSequence[float]
    crashes: Connection
    born: float
    ready: bool = False
    job: "Job | None" = None
    verdict: str = ""  # why we killed it
    killed_at: float = 0.0
    step: int = 0  # that it was on when we did

    def give(self, job: "Job") -> bool:
        """Start `job`; gives `False` if the process is no more."""
        self.cell[STEP] = 0.0
        self.job, job.worker = job, self  # before its first report can come back
        try:
            self.pipe.send_bytes(job.serial.to_bytes(SERIAL_BYTES, "big") + job.payload)
        except OSError:
            self.job, job.worker, self.ready = None, None, False
            return False
        return True

    def began(self) -> bool:
        """Whether its job was begun, and not only sent to a process about to die."""
        return self.job is not None and self.cell[TAKEN] == self.job.serial

    def next_moment(self) -> float:
        """When to look at it again, in seconds of `time.monotonic()`."""
        if self.verdict:
            return self.killed_at + REAP
        if not self.ready:
            return self.born + _BIRTH
        moments = [math.inf]
        if self.job is not None:
            moments.append(self.cell[DEADLINE] or math.inf)
            moments.append(self.job.kill_at or math.inf)
        return min(moments)

    def overdue(self, now: float) -> str:
        """Why the process has to be killed now, or an empty text."""
        if self.job is None:
            slow = not self.ready and now >= self.born + _BIRTH
            return f"could not start within {_BIRTH:g} s" if slow else ""
        if self.job.kill_at and now >= self.job.kill_at:
            return "cancelled"
        deadline, began = self.cell[DEADLINE], self.cell[BEGAN]
        if deadline and now >= deadline:
            return f"ran over its deadline of {round(deadline - began, 1):g} s"
        return ""

    def kill(self, verdict: str) -> None:
        """End the process; its pipe still gives all that it sent."""
        self.step = int(self.cell[STEP])
        self.verdict, self.killed_at = verdict, time.monotonic()
        self.process.kill()

    def gone_by(self, moment: float) -> bool:
        """Wait for the process to end, until `moment` of `time.monotonic()` at most.

        `Process.join` would wait for ever for one that lives but closed its files.
        """
        while self.process.is_alive():
            if time.monotonic() >= moment:
                return False
            time.sleep(_POLL)
        return True

    def reap(self) -> WorkerDied:
        """Take the process away; gives why it ended."""
        self.pipe.close()
        if not self.verdict:
            self.step = int(self.cell[STEP])
            if not self.gone_by(time.monotonic() + GRACE):
                self.kill("closed its connection")
        self.gone_by(time.monotonic() + REAP)
        reason = self.verdict or system.exit_reason(self.process.exitcode)
        with suppress(ValueError):  # the system does not let go of it: leave it be
            self.process.close()
        return WorkerDied(reason, self.step, self._last_words())

    def _last_words(self) -> str:
        with self.crashes, suppress(OSError):
            if sys.platform != "win32" and self.crashes.poll():
                return os.read(self.crashes.fileno(), _LAST_WORDS).decode(
                    errors="replace"
                )
        return ""


def start(*, nice: int, threads: int, warm: tuple[str, ...]) -> Worker:
    """Start a worker process; it says `READY` through its pipe when it can work.

    The calling thread has to live as long as the process.  `OSError` where the
    system allows no more processes or open files.
    """
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    crashes, crash = spawn.Pipe(duplex=False)
    try:
        cell = spawn.RawArray("d", CELL_SIZE)
        process = spawn.Process(
            target=serve,
            args=(theirs, cell, crash),
            kwargs={"nice": nice, "threads": threads, "warm": warm},
            name="worker",
            daemon=True,  # has no children, and holds up no exit
        )
        with _main_module_left_alone():
            process.start()
    except OSError:
        ours.close()
        crashes.close()
        raise
    finally:
        theirs.close()  # else its death would not close the pipe
        crash.close()
    return Worker(process, ours, cell, crashes, time.monotonic())


@contextmanager
def _main_module_left_alone() -> Iterator[None]:
    """Keep a spawned process from running the program's main module once more.

    It does so to find functions defined there, except where the module is a package's
    `__main__`.  A worker needs none of them, and would pay for the imports of the
    `workbench` script, or begin the user's own script anew.
    """
    main = sys.modules["__main__"]
    with _starting:
        spec = main.__spec__
        main.__spec__ = ModuleSpec("nodegraph.__main__", None)
        try:
            yield
        finally:
            main.__spec__ = spec


def end(workers: Iterable[Worker]) -> None:
    """End the processes: idle ones are let out, the others, and the slow, are killed."""
    workers = list(workers)
    for worker in workers:
        if worker.ready and worker.job is None:
            worker.pipe.close()
        elif not worker.verdict:
            worker.kill("its pool has ended")
    last_call = time.monotonic() + GRACE
    for worker in workers:
        if not worker.verdict and not worker.gone_by(last_call):
            worker.kill("its pool has ended")
    for worker in workers:
        worker.reap()


def outcome(kind: bytes, body: memoryview) -> tuple[Any, Exception | None]:
    """What a worker's last message about a job says: a result, or an exception."""
    try:
        content = pickle.loads(body)  # noqa: S301 - our own worker wrote it
    except Exception as error:  # noqa: BLE001 - unpickling runs foreign code
        message = f"the result cannot be read here: {words(error)}"
        return None, JobError(type(error).__qualname__, message)
    return (content, None) if kind == RESULT else (None, _exception(content))


def _exception(failure: Failure) -> Exception:
    error = _unpickled(failure)
    error.__cause__ = RemoteTraceback(failure.traceback)
    return error


def _unpickled(failure: Failure) -> Exception:
    with suppress(Exception):  # unpickling runs foreign code
        error = pickle.loads(failure.pickled or b"")  # noqa: S301 - our own worker wrote it
        if _travelled_well(error, failure):
            return error
    return JobError(failure.type, failure.message, failure.traceback)


def _travelled_well(error: Any, failure: Failure) -> TypeGuard[Exception]:
    # SystemExit and its like would end the thread that asks for the result, and
    # asyncio refuses StopIteration.
    return (
        isinstance(error, Exception)
        and not isinstance(error, StopIteration)
        and type(error).__qualname__ == failure.type
        and words(error) == failure.message
    )
