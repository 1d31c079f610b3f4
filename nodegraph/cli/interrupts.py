"""Ctrl-C and SIGTERM: the first asks to stop, the second stops at once."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

INTERRUPTED = 130
_NAMES = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last is Windows' own


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

    Nothing recorded is lost then: records are whole or not there.
    """
    calls = iter((act,))

    def handler(number: int, frame: FrameType | None) -> None:
        next(calls, _end)()

    before = {name: _set(name, handler) for name in _NAMES if hasattr(signal, name)}
    try:
        yield
    finally:
        for name, old in before.items():
            _set(name, old)


def _set(name: str, handler: Any) -> Any:
    try:
        return signal.signal(getattr(signal, name), handler or signal.SIG_DFL)
    except ValueError:
        return None  # not on the main thread: whoever called us hears the signals


def _end() -> None:
    os._exit(INTERRUPTED)
