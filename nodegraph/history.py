"""Undo and redo: the graphs before and after this one."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from nodegraph.graph import Graph

DEEPEST = 200
"""Steps that can be taken back."""


class Change(NamedTuple):
    """A graph, and the words for the Edit menu that say how it came about."""

    label: str
    graph: Graph


@dataclass(frozen=True)
class History:
    """The present graph with its past and, after an undo, its future."""

    present: Change
    past: tuple[Change, ...] = ()
    future: tuple[Change, ...] = ()
    saved: Graph | None = None
    """The graph as it lies on the disk; None where it never was saved."""
    gesture: str = ""
    """The drag that goes on, into whose step the next change may fold."""

    @classmethod
    def opened(cls, graph: Graph, label: str = "Open") -> "History":
        """The start: a graph just read from the disk."""
        return cls(Change(label, graph), saved=graph)

    @property
    def is_dirty(self) -> bool:
        """Whether the present graph differs from the saved one."""
        return self.present.graph != self.saved

    def record(self, label: str, graph: Graph, gesture: str = "") -> "History":
        """Make `graph` the present; what was undone before is gone.

        Changes that follow each other with the same `gesture`, such as
        `blur.radius`, are one step, until `settle` ends it: a slider's drag.  A graph
        equal to the present one makes no step.
        """
        if graph == self.present.graph:
            return self
        goes_on = bool(gesture) and gesture == self.gesture
        past = self.past if goes_on else (*self.past, self.present)[-DEEPEST:]
        return History(Change(label, graph), past, (), self.saved, gesture)

    def settle(self) -> "History":
        """The drag has ended: the next change is a step of its own."""
        return replace(self, gesture="")

    def mark_saved(self) -> "History":
        """The present graph is on the disk now."""
        return replace(self, saved=self.present.graph, gesture="")

    def undo(self) -> "History":
        """Step back, or stay at the start."""
        if not self.past:
            return self.settle()
        future = (self.present, *self.future)
        return History(self.past[-1], self.past[:-1], future, self.saved)

    def redo(self) -> "History":
        """Step forward, or stay at the end."""
        if not self.future:
            return self.settle()
        past = (*self.past, self.present)
        return History(self.future[0], past, self.future[1:], self.saved)
