"""What code in a worker process may say to the process that waits for its result."""

import faulthandler
import io
import os
import pickle
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, MutableSequence
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection, wait
from multiprocessing.process import parent_process
from typing import Any, NamedTuple

from nodegraph import system
from nodegraph.problem import words

# Kinds of message from a worker: the first byte.
READY, REPORTS, RESULT, FAILURE = b"K", b"R", b"V", b"E"
# The cell that a worker shares with its pool, an array of doubles: the serial number
# of the job that is asked to stop; the step being run, when it began and when it has
# to be over, in seconds of time.monotonic() (a deadline of 0 means none); the serial
# number of the last job that was begun.
STOP, STEP, BEGAN, DEADLINE, TAKEN = range(5)
CELL_SIZE = 5
SERIAL_BYTES = 8

_TURN = 0.0005  # seconds a computing job may keep its reports from being sent
_GATHER = 0.003  # seconds during which reports collect before they are sent
_KEPT_BYTES = 128 << 20  # enough for what the nodes of a 4K picture hold at a time
_THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)


class Failure(NamedTuple):
    """An exception on its way out of a worker: pickled where that works, and in words."""

    pickled: bytes | None
    type: str
    message: str
    traceback: str


class Channel:
    """The way out of a function; this one leads nowhere, for code outside a worker."""

    def report(self, message: Any) -> None:
        """Send a picklable `message` to the `report` callback of the job."""

    def cancelled(self) -> bool:
        """Whether somebody asked the running job to stop."""
        return False

    def step(self, index: int, deadline: float | None) -> None:
        """Say that step `index` begins, and when it has to be over.

        `deadline` is a moment of `time.monotonic()`, or `None`.  A worker that is
        past it is killed; `WorkerDied.step` tells the step, however a worker died.
        """


class _WorkerChannel(Channel):
    """The way out of a worker, open while a job runs."""

    def __init__(
        self, send: Callable[[bytes], None], cell: MutableSequence[float]
    ) -> None:
        self._send = send
        self._cell = cell
        self._serial = 0  # of the running job
        self._reports: list[bytes] = []
        self._lock = threading.Lock()
        self._filled = threading.Event()
        self._sender: threading.Thread | None = None

    def open(self, serial: int) -> None:
        """Speak for the job with this serial number from now on."""
        self._serial = serial
        self._cell[TAKEN] = serial

    def close(self, last: bytes) -> None:
        """Send what is left, then `last`; reports that come later are dropped."""
        with self._lock:
            self._serial = 0
            self._cell[DEADLINE] = 0.0
            self._flush()
            self._send(last)

    def report(self, message: Any) -> None:
        # Pickled here, so that it arrives as it was when it was reported.
        pickled = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        with self._lock:
            if not self._serial:
                return
            self._reports.append(pickled)
            if len(self._reports) == 1:
                self._wake_sender()

    def cancelled(self) -> bool:
        return self._serial == self._cell[STOP] != 0

    def step(self, index: int, deadline: float | None) -> None:
        # In an order that never shows a step together with another one's deadline.
        self._cell[DEADLINE] = 0.0
        self._cell[STEP] = index
        self._cell[BEGAN] = time.monotonic()
        self._cell[DEADLINE] = deadline or 0.0

    def _wake_sender(self) -> None:
        self._filled.set()
        if self._sender is None:
            self._sender = threading.Thread(target=self._send_gathered, daemon=True)
            self._sender.start()

    def _send_gathered(self) -> None:
        with suppress(OSError):  # the pool is gone
            while self._filled.wait():
                self._filled.clear()
                time.sleep(_GATHER)
                with self._lock:
                    self._flush()

    def _flush(self) -> None:
        if self._reports:
            batch, self._reports = self._reports, []
            self._send(REPORTS + b"".join(batch))


_channel = Channel()


def channel() -> Channel:
    """The way out of the job that this process runs; a silent one outside a worker."""
    return _channel


def read_reports(data: memoryview) -> list[Any]:
    """The messages of one batch, whose kind byte has been taken off."""
    return list(_pickles(data))


def _pickles(data: memoryview) -> Iterator[Any]:
    stream = io.BytesIO(data)
    while stream.tell() < len(data):
        yield pickle.load(stream)  # noqa: S301 - our own worker wrote it


def serve(
    pipe: Connection,
    cell: MutableSequence[float],
    crash: Connection,
    *,
    nice: int,
    threads: int,
    warm: tuple[str, ...],
) -> None:
    """Be a worker: carry out the jobs that come through `pipe` until it closes.

    `cell` is the memory shared with the pool, `crash` where a crash leaves its
    traceback, `threads` how many of them a library may use for one call: with all
    cores in each worker they would only wait for one another.  It reaches OpenCV,
    OpenMP and BLAS through the environment, before anything imports them; an ONNX
    session has to be told `int(os.environ["OMP_NUM_THREADS"])` by its node.
    """
    _settle_in(nice, threads)
    if sys.platform != "win32":  # there a connection is no file
        faulthandler.enable(crash.fileno(), all_threads=False)
        # A program started by a job must not hold the pipe open after our death.
        os.set_inheritable(pipe.fileno(), False)
    for name in warm:
        try:
            import_module(name)
        except Exception:  # noqa: BLE001, S112 - the job that needs it says so, once
            continue
    global _channel
    _channel = way_out = _WorkerChannel(pipe.send_bytes, cell)
    with suppress(EOFError, OSError):  # the pool is shut down
        pipe.send_bytes(READY)
        while True:
            data = pipe.recv_bytes()
            way_out.open(int.from_bytes(data[:SERIAL_BYTES], "big"))
            way_out.close(_answer(data[SERIAL_BYTES:]))
    _leave()


def _leave() -> None:
    """End at once: taking an interpreter with all its libraries apart takes longer."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(0)


def _settle_in(nice: int, threads: int) -> None:
    parent = parent_process()
    if parent is not None and parent.pid is not None:
        system.die_with_parent(parent.pid)
        threading.Thread(
            target=_end_with_parent, args=(parent.sentinel,), daemon=True
        ).start()
    system.leave_interrupts_to_parent()
    system.send_stdout_to_stderr()
    sys.setswitchinterval(_TURN)
    system.lower_priority(nice)
    system.die_first_when_memory_ends()
    system.keep_freed_memory(_KEPT_BYTES)
    for name in _THREAD_LIMITS:
        os.environ.setdefault(name, str(threads))


def _end_with_parent(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def _answer(payload: bytes) -> bytes:
    try:
        function, args, kwargs = pickle.loads(payload)  # noqa: S301 - the pool wrote it
        return RESULT + _packed(function(*args, **kwargs), function)
    except BaseException as error:  # noqa: BLE001 - a task's run: failure becomes data
        return FAILURE + pickle.dumps(_failure(error), pickle.HIGHEST_PROTOCOL)


def _packed(result: Any, function: Any) -> bytes:
    try:
        return pickle.dumps(result, pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        name = getattr(function, "__qualname__", repr(function))
        message = f"what {name}() returned cannot leave its worker: {error}"
        raise pickle.PicklingError(message) from error


def _failure(error: BaseException) -> Failure:
    return Failure(
        _pickled(error),
        type(error).__qualname__,
        words(error),
        "".join(traceback.format_exception(error)),
    )


def _pickled(error: BaseException) -> bytes | None:
    try:
        str(error)  # one that cannot speak would raise where it is shown
        return pickle.dumps(error, pickle.HIGHEST_PROTOCOL)
    except Exception:  # noqa: BLE001 - any class may refuse in its own way
        return None
