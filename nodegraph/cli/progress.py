"""How far a run has come, on stderr: a bar on a terminal, else a line now and then."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from nodegraph.cli.printing import say

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 0.4
"""Seconds before a bar appears: what is done by then needs none."""
EVERY = 10.0
"""Seconds between two lines where there is no terminal."""


class Meter:
    """Shots done of all, how many a second, and how long the rest will take."""

    def __init__(self, what: str, shots: int, *, beside_data: bool = False) -> None:
        """Measure the run of the preset `what` over so many shots.

        With `beside_data` there are lines on stdout meanwhile: no bar moves among them.
        """
        self._what, self._shots, self._done = what, shots, 0
        self._began = self._said = time.monotonic()
        is_mixed = beside_data and sys.stdout.isatty()
        self._on_terminal = sys.stderr.isatty() and not is_mixed
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        """The meter itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def shot_done(self) -> None:
        """One more shot has settled."""
        self._done += 1
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self._done)

    def tick(self) -> None:
        """Show how far it is; to be called several times a second."""
        now = time.monotonic()
        if self._on_terminal:
            if self._bar is None and now - self._began > PATIENCE:
                self._bar = _bar(self._what, self._shots, self._done)
        elif now - self._said > EVERY and self._done < self._shots:
            self._said = now
            say(self._line(now - self._began))

    def _line(self, seconds: float) -> str:
        text = f"{self._what}: {self._done} of {self._shots} shots"
        if not self._done:
            return text
        rate = self._done / seconds
        left = _duration((self._shots - self._done) / rate)
        return f"{text}, {_rate(rate)}, about {left} left"


def _rate(shots: float) -> str:
    return f"{shots:.1f} a second" if shots >= 1 else f"{shots * 60:.1f} a minute"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _bar(what: str, shots: int, done: int) -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Speed(ProgressColumn):
        """Shots a second, or a minute where they take long."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(_rate(speed) if speed else "")

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("shots"),
        Speed(),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True, highlight=False),
        transient=True,
        redirect_stdout=False,
    )
    bar.add_task(what, total=shots, completed=done)
    bar.start()
    return bar
