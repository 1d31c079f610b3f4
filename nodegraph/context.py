"""What a running node may say: progress, what really happened, that a person must choose."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


class Cancelled(Exception):
    """Somebody cancelled the task while its node was running."""


class Held(Exception):
    """The node cannot go on without a person; the message says what is asked."""

    def __init__(self, message: str, outcome: str = "held") -> None:
        """Hold with `message` for the user and the outcome that caused it."""
        super().__init__(message)
        self.outcome = outcome


def _ignore(fraction: float) -> None:
    """Drop the report: nobody is watching."""


def _never() -> bool:
    """Nobody cancels."""
    return False


@dataclass(frozen=True)
class Context:
    """Handed to a node that declares a parameter of this type.

    What is said through it lands in `said`: the engine keeps that with the result,
    in its lineage.  A test makes one with `Context()` and reads `said` afterwards.
    """

    report: Callable[[float], None] = _ignore
    cancelled: Callable[[], bool] = _never
    call: Callable[..., Any] | None = None
    said: dict[str, Any] = field(default_factory=dict)

    def progress(self, fraction: float) -> None:
        """Report the share of work done, 0 to 1; raise `Cancelled` if stopped."""
        self.check()
        self.report(min(1.0, max(0.0, float(fraction))))

    def check(self) -> None:
        """Raise `Cancelled` if somebody asked to stop."""
        if self.cancelled():
            raise Cancelled

    def outcome(self, name: str, message: str = "") -> None:
        """Say what really happened, such as `no_mask` or `unchanged`, and why."""
        self.said["outcome"] = name
        if message:
            self.said["message"] = message

    def hold(self, message: str, outcome: str = "held") -> None:
        """Stop here until a person has decided; always raises `Held`."""
        raise Held(message, outcome)

    def note(self, name: str, value: Any) -> None:
        """Keep a JSON value with the result, in its lineage."""
        self.said.setdefault("notes", {})[name] = value

    def certify(self, **facts: Any) -> None:
        """Attach a lock certificate: the facts that prove what did not change."""
        self.said["certificate"] = dict(facts)

    async def compute(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run CPU work of an `async` node in a worker process; gives its result.

        `function` must be importable by name and its arguments picklable.
        """
        if self.call is None:
            return function(*args)
        return await self.call(function, *args)


def outcome_of(said: Mapping[str, Any]) -> str:
    """The outcome that a node spoke of, or `done` where it said nothing."""
    return str(said.get("outcome", "done"))
