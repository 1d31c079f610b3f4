"""Exit codes: what each error is told as, on one line, and with which code."""

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from nodegraph.cli.interrupts import INTERRUPTED
from nodegraph.cli.printing import say

UNEXPECTED = 1
USAGE = 2
"""Wrong usage, or an unknown preset, node, setting, shot or id."""
INVALID = 3
"""A picture, graph, setting file or store that cannot be used."""
INCOMPLETE = 4
"""A shot failed, was held or was cancelled."""
MISSING = 5
"""A model, key, display, node type or trust is missing."""
SERVICE = 6
"""An external service failed."""
LOCKED = 7

VERBOSE: ContextVar[bool] = ContextVar("verbose", default=False)


class CommandError(Exception):
    """What a verb refuses; one line that names the thing and the remedy."""

    def __init__(self, message: str, code: int = USAGE) -> None:
        """`code` is the exit code."""
        super().__init__(message)
        self.code = code


@dataclass
class Result:
    """The exit code of a command that `boundary` watches over."""

    code: int = 0


@contextmanager
def boundary() -> Iterator[Result]:
    """Within, an error becomes one line on stderr and the exit code."""
    result = Result()
    try:
        yield result
    except BrokenPipeError:
        close_stdout()
        result.code = UNEXPECTED
    except KeyboardInterrupt:
        result.code = INTERRUPTED
        say("stopped")
    except Exception as error:  # noqa: BLE001 (the outermost place: told, not thrown)
        result.code = told(error)


def told(error: Exception) -> int:
    """Say the error on stderr; gives its exit code."""
    code = code_of(error)
    if VERBOSE.get():
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    say(f"workbench: {message_of(error, code)}")
    return code


def message_of(error: Exception, code: int) -> str:
    """The error on one line."""
    show = getattr(error, "format_message", None)  # what typer raises
    text = str(show() if show else error) or type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename} cannot be used: " if error.filename else ""
        text = f"{place}{error.strerror}: {_remedy(error.errno)}"
    if code == UNEXPECTED:
        text = (
            f"unexpected {type(error).__name__}: {text} (`workbench -v …` shows where)"
        )
    return " ".join(text.split())


def _remedy(number: int | None) -> str:
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "free some space"
    if number in (errno.EEXIST, errno.ENOTDIR):
        return "a file has that name; name a folder"
    return "check the path and its rights"


def code_of(error: Exception) -> int:
    """The exit code by which the contract knows the error."""
    own = getattr(error, "code", None)
    if isinstance(error, CommandError):
        return error.code
    if isinstance(own, int) and hasattr(error, "exit_code"):
        return own
    names = {each.__name__ for each in type(error).__mro__}
    for code, known in _CODES.items():
        if names & known:
            return code
    return UNEXPECTED


_CODES: dict[int, frozenset[str]] = {
    USAGE: frozenset(
        {
            "MarkError",
            "UnknownAssetError",
            "UnknownNodeError",
            "UnknownSettingError",
            "UnknownShotError",
            "UnsettledError",
            "UsageError",
        }
    ),
    MISSING: frozenset({"MissingError", "UnknownTypeError"}),
    LOCKED: frozenset({"Locked", "NoAnswer"}),
    INVALID: frozenset(
        {
            "BoardError",
            "DeliveryError",
            "GraphError",
            "InputError",
            "MediaError",
            "OSError",
            "PlanError",
            "PresetError",
            "SettingError",
            "SettingsError",
            "UnsafePathError",
        }
    ),
}
"""By name along the class's bases, the first that fits: naming the classes themselves
would load the whole engine for `--help`."""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """The message for a name that is none of those known, with the nearest of them."""
    import difflib

    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"there is no {kind} {name!r}: {guess}there are {', '.join(names) or 'none'}"


def close_stdout() -> None:
    """Whoever read our output has gone: let the rest go nowhere, quietly."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
