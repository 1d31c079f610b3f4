"""Tables for a terminal: aligned columns of plain text."""

from collections.abc import Iterable, Sequence
from unicodedata import combining, east_asian_width

from nodegraph.cli.printing import show
from nodegraph.filenames import printable

_GAP = "  "


def columns(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below a header, if there is one; each cell on one line."""
    table = [tuple(map(printable, row)) for row in rows]
    if header:
        table.insert(0, tuple(header))
    widths = [max(map(width, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (_filled(cell, to) for cell, to in zip(row, widths, strict=True))
        show(_GAP.join(cells).rstrip())


def pairs(rows: Iterable[tuple[str, str]]) -> None:
    """Print names and what they stand for, one a line; what is empty is left out."""
    told = [(name, printable(text)) for name, text in rows if text]
    to = max((width(name) for name, _ in told), default=0)
    for name, text in told:
        show(f"{_filled(name, to)}{_GAP}{text}")


def width(text: str) -> int:
    """How many places a text takes on a terminal."""
    if text.isascii():
        return len(text)
    wide = sum(east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(map(bool, map(combining, text)))


def _filled(text: str, to: int) -> str:
    return text + " " * (to - width(text))


def counted(number: int, thing: str) -> str:
    """A number of things: `1 shot`, `2 shots`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def size(number: float) -> str:
    """A number of bytes as a person reads it."""
    for unit in ("B", "KB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"
