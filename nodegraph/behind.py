"""Calls that keep their order while the caller goes on, one behind."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

Call = Callable[[], None]


class OneBehind:
    """Carries out calls one after another; a slow one while the caller works on.

    No more than one is ever under way, so that what it holds in memory is bounded.
    Leaving the `with` block waits for it.  What a call raises is raised by the next.
    """

    def __init__(self) -> None:
        """No thread is started before the first slow call."""
        self._thread: ThreadPoolExecutor | None = None
        self._last: Future[None] | None = None

    def __enter__(self) -> Self:
        """The queue itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for the last call; end the thread."""
        try:
            self._wait()
        finally:
            if self._thread is not None:
                self._thread.shutdown()

    def call(self, function: Call, *, slow: bool) -> None:
        """Carry it out after all before it; where it is `slow`, return meanwhile."""
        self._wait()
        if not slow:
            function()
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="behind")
        self._last = self._thread.submit(function)

    def _wait(self) -> None:
        last, self._last = self._last, None
        if last is not None:
            last.result()
