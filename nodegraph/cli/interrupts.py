"""Ctrl-C and SIGTERM: the first asks to stop, the second stops at once."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

INTERRUPTED = 130
_NAMES = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last is Windows' own


_came: list[int] = []
"""The signals that have come, of the whole process."""


@contextmanager
def as_keyboard_interrupt() -> Iterator[None]:
    """Within, either signal raises `KeyboardInterrupt`, and the next one ends us."""

    def act() -> None:
        raise KeyboardInterrupt

    with heard(act):
        yield


@contextmanager
def heard(act: Callable[[], None]) -> Iterator[None]:
    """Within, the first signal calls `act` on the main thread; the next one ends us.

    Nothing recorded is lost then: records are whole or not there.  Once a signal came,
    the next one ends us afterwards too: we are on our way out.
    """

    def handler(number: int, frame: FrameType | None) -> None:
        _came.append(number)
        if len(_came) > 1:
            os._exit(INTERRUPTED)
        act()

    before = {name: _set(name, handler) for name in _NAMES if hasattr(signal, name)}
    try:
        yield
    finally:
        for name, old in before.items() if not _came else ():
            _set(name, old)


def _set(name: str, handler: Any) -> Any:
    try:
        return signal.signal(getattr(signal, name), handler or signal.SIG_DFL)
    except ValueError:
        return None  # not on the main thread: whoever called us hears the signals
