"""JSON as the standard has it, every departure named with its place."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any

from nodegraph.problem import Problem

LARGEST = 8 * 2**20
"""Bytes of a document that are read at most."""
DEEPEST = 64
"""Levels of lists and objects within each other."""
LONGEST_NUMBER = 100
"""Characters of a number; a double never needs more than 25."""
MOST = 1000
"""Problems that are told of one document."""

_TOO_DEEP = Problem("", f"is nested deeper than {DEEPEST} levels")
_UNUSUAL = re.compile(r"[0-9]{19}|[eE][+-]?[0-9]{3}")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_SHOWN = 40


class _Flaw:
    """Stands in a document where a value cannot be used."""

    def __init__(self, message: str) -> None:
        self.message = message


class _Object(dict[str, Any]):
    """An object in which some keys stand more than once."""

    repeated: tuple[str, ...] = ()


def read(text: bytes | str) -> tuple[Any, list[Problem]]:
    """The value a JSON document holds, and all that is not strict JSON in it.

    Refused are other encodings than UTF-8, `NaN` and `Infinity`, numbers beyond a
    double or 64 bits, keys that stand twice, lone surrogates, more than `DEEPEST`
    levels and more than `LARGEST` bytes.  A byte order mark is let pass.  The value is
    of use only where there are no problems.
    """
    if len(text) > LARGEST:
        return None, [Problem("", f"is larger than {LARGEST // 2**20} MB")]
    try:
        text = text.decode("utf-8") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        where = f"byte {error.start}"
        return None, [Problem(where, "is no UTF-8 text: save the file as UTF-8")]
    text = text.removeprefix("\ufeff")
    # Python's own readers of numbers are ten times as fast, and right for most.
    numbers = (_float, _int) if _UNUSUAL.search(text) else (None, None)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=numbers[0],
            parse_int=numbers[1],
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        return None, [Problem(where, f"is no JSON: {error.msg}")]
    except RecursionError:
        return None, [_TOO_DEEP]
    return value, list(islice(_flaws(value, "", DEEPEST), MOST))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    marked, times = _Object(value), Counter(key for key, _ in pairs)
    marked.repeated = tuple(key for key in times if times[key] > 1)
    return marked


@cache
def _constant(name: str) -> _Flaw:
    return _Flaw(f"{name} is no JSON number")


def _float(digits: str) -> "float | _Flaw":
    if len(digits) > LONGEST_NUMBER:
        return _Flaw("is a number of too many digits")
    value = float(digits)
    return value if math.isfinite(value) else _Flaw(f"{digits} is too large a number")


def _int(digits: str) -> "int | _Flaw":
    if len(digits) > LONGEST_NUMBER:
        return _Flaw("is a number of too many digits")
    value = int(digits)
    if -(2**63) <= value < 2**64:
        return value
    return _Flaw(f"{digits} is too large a whole number")


def _flaws(value: Any, place: str, levels: int) -> Iterator[Problem]:
    if isinstance(value, _Flaw):
        yield Problem(place, value.message)
    elif isinstance(value, str):
        if _is_broken(value):
            yield Problem(place, "holds half a character (a lone surrogate)")
    elif isinstance(value, dict | list):
        if levels == 0:
            yield _TOO_DEEP
        elif isinstance(value, dict):
            yield from _flaws_of_object(value, place, levels - 1)
        else:
            for index, item in enumerate(value):
                if not isinstance(item, int | float):
                    yield from _flaws(item, f"{place}[{index}]", levels - 1)


def _flaws_of_object(
    value: dict[str, Any], place: str, levels: int
) -> Iterator[Problem]:
    for key in getattr(value, "repeated", ()):
        yield Problem(inside(place, key), "stands there more than once")
    for key, item in value.items():
        if _is_broken(key):
            message = "has half a character (a lone surrogate) in its name"
            yield Problem(inside(place, key), message)
        yield from _flaws(item, inside(place, key), levels)


def _is_broken(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def inside(place: str, key: str) -> str:
    """The place of an object's member: `nodes[3].settings` and `radius` joined."""
    if _WORD.fullmatch(key):
        return f"{place}.{key}" if place else key
    short = key if len(key) <= _SHOWN else key[:_SHOWN] + "…"
    return f"{place}[{short!a}]"


def write(value: Any, width: int = 88) -> str:
    """`value` as JSON for people and version control: two spaces, one item a line.

    Lists of texts, numbers or pairs of them lie on one line of under `width`
    characters.  Raises `ValueError` or `TypeError` where `value` is no JSON value.
    """
    return _written(value, "", width) + "\n"


def _written(value: Any, indent: str, width: int) -> str:
    if isinstance(value, dict) and value:
        within = indent + "  "
        members = (
            f"{within}{_key(key)}: {_written(item, within, width)}"
            for key, item in value.items()
        )
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if isinstance(value, list | tuple) and value:
        return _listed(value, indent, width)
    return _plain(value)


def _listed(value: Sequence[Any], indent: str, width: int) -> str:
    if not isinstance(value[0], dict):
        line = _plain(value)
        if len(indent) + len(line) < width and not re.match(r"\[\[\[|.*\{", line):
            return line
    within = indent + "  "
    items = (within + _written(item, within, width) for item in value)
    return "[\n" + ",\n".join(items) + f"\n{indent}]"


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"the key {key!r} is no text")
    return _plain(key)


_plain: Callable[[Any], str] = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False
).encode
