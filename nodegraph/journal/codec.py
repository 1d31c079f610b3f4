"""Documents as JSON bytes: exact, quick, and cheap to import where few are read."""

import json
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any


def encode(document: dict[str, Any]) -> bytes:
    """JSON without spaces; TypeError or ValueError for what JSON cannot hold."""
    try:
        raw = _dumps()(document)
    except TypeError as error:
        if "surrogate" not in str(error):
            raise
        return _encode_odd_text(document)
    nulls = raw.count(b"null")
    if nulls and nulls != list(document.values()).count(None):
        _refuse_nan(document.values())  # it would be written as null
    return raw


@cache
def _dumps() -> Callable[[object], bytes]:
    import orjson

    return orjson.dumps


def _encode_odd_text(value: object) -> bytes:
    """For file names that are not text in any encoding."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def _refuse_nan(values: Iterable[object]) -> None:
    for value in values:
        if isinstance(value, float):
            if value - value != 0:
                raise ValueError(f"{value} cannot be recorded: numbers must be finite")
        elif isinstance(value, dict):
            _refuse_nan(value.values())
        elif isinstance(value, list | tuple):
            _refuse_nan(value)


def decode(raw: bytes) -> Any:
    """The value that `encode` was given; a new one at each call."""
    return json.loads(raw)


@cache
def quick_decoder() -> Callable[[bytes], Any]:
    """As `decode`, four times as fast, but slow to import."""
    import orjson

    return partial(_decode_quickly, orjson.loads)


def _decode_quickly(loads: Callable[[bytes], Any], raw: bytes) -> Any:
    try:
        return loads(raw)
    except ValueError:  # odd text, see above
        return decode(raw)


def token(value: object) -> bytes:
    """One value as it lies in a document's JSON: what an index goes by."""
    if type(value) is str and value.isprintable() and not _needs_escape(value):
        return b'"%b"' % value.encode()
    return encode({"": value})[4:-1]


def _needs_escape(text: str) -> bool:
    return '"' in text or "\\" in text
