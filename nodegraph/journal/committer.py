"""Group commit: records that wait together share one write and one sync."""

import sys
import threading
from collections import deque
from collections.abc import Callable

Done = Callable[[Exception | None], None]
Append = Callable[[bytes], None]


class Ticket:
    """One record on its way to the disk; `error` is set if it did not get there."""

    __slots__ = ("data", "done", "error", "on_done")

    def __init__(self, data: bytes, on_done: tuple[Done, ...] = ()) -> None:
        """`data` is whole lines; each of `on_done` is told how it ended."""
        self.data = data
        self.on_done = on_done
        self.done = False
        self.error: Exception | None = None


class Committer:
    """Takes records from any thread and acknowledges them in the order they came.

    Whoever waits for a record writes everything queued so far itself; records that no
    one waits for are written by a thread of the committer's own.  After a failed write
    nothing more is taken until `restart`: what is in memory is ahead of the disk.
    """

    def __init__(self, append: Append) -> None:
        """`append` writes and syncs whole lines, or raises OSError."""
        self.error: Exception | None = None
        self._append = append
        self._queue: deque[Ticket] = deque()
        self._finished: deque[Ticket] = deque()
        self._writing = threading.Lock()
        self._telling = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, ticket: Ticket, *, wait: bool) -> None:
        """Queue a record; with `wait`, the caller promises to call `wait` next."""
        if self.error is not None:
            raise self.error
        self._queue.append(ticket)
        if wait:
            return
        if self._thread is None:
            self._start()
        if not self._wake.is_set():
            self._wake.set()

    def wait(self, ticket: Ticket) -> None:
        """Return when the record is on the disk; raise why it is not."""
        if not ticket.done:
            self.flush()
        if ticket.error is not None:
            raise ticket.error

    def flush(self) -> None:
        """Write all that is queued, then tell the outcome of each in order.

        Callbacks run here without any lock held; one may record, but not close.
        """
        with self._writing:
            group = [self._queue.popleft() for _ in range(len(self._queue))]
            if group:
                self._write(group)
        while self._finished and self._telling.acquire(blocking=False):
            try:
                self._tell()
            finally:
                self._telling.release()

    def restart(self) -> None:
        """Take records again: the journal was mended and memory read from it."""
        self.error = None

    def close(self) -> None:
        """Write what is queued and end the thread."""
        self._closed = True
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self.flush()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait()
            self._wake.clear()
            self.flush()

    def _write(self, group: list[Ticket]) -> None:
        trouble: Exception | None = InterruptedError("writing was interrupted")
        try:
            data = b"".join([ticket.data for ticket in group])
            if data and self.error is None:
                self._append(data)
            trouble = self.error
        except OSError as error:
            trouble = error
        finally:
            self.error = trouble
            for ticket in group:
                ticket.error, ticket.done = trouble, True
            self._finished.extend(group)

    def _tell(self) -> None:
        while self._finished:
            ticket = self._finished.popleft()
            for on_done in ticket.on_done:
                _call(on_done, ticket.error)


def _call(on_done: Done, error: Exception | None) -> None:
    try:
        on_done(error)
    except Exception:  # noqa: BLE001 -- a listener's fault must not silence the others
        sys.excepthook(*sys.exc_info())
