"""Work that goes on behind its caller, its results settled in order."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")
_MOST = 2  # one packs while the other waits for the disk; and memory stays bounded


class Behind(Generic[T]):
    """Does work on threads of its own, little of it at a time.

    What work gives goes to `settle` in the order in which it was handed over.  Leaving
    the `with` block waits for all.  What either raises, the caller gets later.
    """

    def __init__(self, settle: Callable[[T], None]) -> None:
        """No thread is started before there is slow work."""
        self._settle = settle
        self._threads: ThreadPoolExecutor | None = None
        self._pending: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        """The work itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for all work; end the threads."""
        try:
            self._wait(0)
        finally:
            if self._threads is not None:
                self._threads.shutdown()

    def do(self, work: Callable[[], T], *, slow: bool) -> None:
        """Do it; where it is `slow`, return meanwhile."""
        if not slow:
            self._wait(0)
            self._settle(work())
            return
        self._wait(_MOST - 1)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_MOST, thread_name_prefix="behind")
        before = self._pending[-1] if self._pending else None
        self._pending.append(self._threads.submit(self._do, work, before))

    def _do(self, work: Callable[[], T], before: "Future[None] | None") -> None:
        result = work()
        if before is not None:
            before.result()
        self._settle(result)

    def _wait(self, most: int) -> None:
        """Return when no more than that many are pending."""
        while len(self._pending) > most:
            self._pending.popleft().result()
