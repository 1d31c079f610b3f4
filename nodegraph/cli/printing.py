"""Data goes to stdout, whatever else there is to say to stderr."""

import sys
from typing import Any


def show(text: str) -> None:
    """Print what was asked for, as it is; may be several lines."""
    sys.stdout.write(text + "\n")


def document(value: Any) -> None:
    """Print one JSON document, for `--json` of the reading verbs."""
    import json

    show(json.dumps(value, indent=2))


def line(value: Any) -> None:
    """Print one JSON value on a line of its own, and send it off at once."""
    import json

    show(json.dumps(value, separators=(",", ":")))
    sys.stdout.flush()


def say(text: str) -> None:
    """Tell the person something, on one line of stderr, fit for any terminal."""
    from nodegraph.filenames import printable

    sys.stderr.write(printable(text) + "\n")
    sys.stderr.flush()


def warn(text: str) -> None:
    """Tell the person of something that may not be as they expect."""
    say(f"warning: {text}")
