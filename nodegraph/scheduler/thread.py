"""An event loop on a thread of its own, which other threads ask to do things."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any


class LoopThread:
    """Runs a loop until it is closed; its methods may be called from other threads."""

    def __init__(self, name: str) -> None:
        """Start the thread; it holds up no exit of the program."""
        self.loop = asyncio.new_event_loop()
        self._name = name
        self._closed = self._ended = False
        self._posting = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def post(self, function: Callable[[], None]) -> None:
        """Have `function` called there, in turn; `RuntimeError` once it is closed."""
        with self._posting:
            if self._closed:
                raise RuntimeError(
                    f"the {self._name} is closed: open the project again"
                )
            self.loop.call_soon_threadsafe(function)

    def ask(self, function: Callable[..., Any], *args: Any) -> Any:
        """What `function` gives or raises there; `RuntimeError` once it is closed."""
        answer: Future[Any] = Future()

        def reply() -> None:
            try:
                answer.set_result(function(*args))
            except Exception as error:  # noqa: BLE001 (handed to the thread that asked)
                answer.set_exception(error)

        self.post(reply)
        return answer.result()

    def close(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Take nothing more, carry out `last` after all that was posted, and end."""
        with self._posting:
            if self._closed:
                return
            self._closed = True
            done = asyncio.run_coroutine_threadsafe(last(), self.loop)
        try:
            done.result()
        finally:
            self._ended = True
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()
            self.loop.close()

    def _run(self) -> None:
        while not self._ended:
            # Raised by tasks that others began on the loop: not meant for us.
            with suppress(SystemExit, KeyboardInterrupt):
                self.loop.run_forever()
