"""The tables in memory: rows as the bytes they were written in, indexed on demand.

A payload of the journal is a list of operations, three fields each, all separated by
tabs: `+table key document` puts a row, `-table key` drops one, `!table` empties a
table.  JSON escapes tabs and newlines, so that nothing needs decoding to be found.
Fields with an index come first in a document, so that an index is built without
decoding either.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Any

from nodegraph.lines import FORMAT, HEADER, JournalError

Fields = Mapping[str, Any]

_MANY = 2000  # rows from which on importing the faster decoder pays
_LINE_BYTES = 21  # a line's checksum, length, sign, tabs and newline
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_VALUE = rb'(?>%b|\[(?>%b|[^\[\]{}"])*+\]|[^,\[\]{}"]++)' % (_STRING, _STRING)


def encode(value: object) -> bytes:
    """JSON without spaces; TypeError or ValueError for what JSON cannot hold."""
    import orjson

    try:
        raw = orjson.dumps(value)
    except TypeError as error:
        if "surrogate" not in str(error):
            raise
        return _encode_odd_text(value)
    if b"null" in raw:
        _refuse_nan(value)  # it would be written as null
    return raw


def _encode_odd_text(value: object) -> bytes:
    """For file names that are not text in any encoding."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def _refuse_nan(value: object) -> None:
    if isinstance(value, float):
        if value - value != 0:
            raise ValueError(f"{value} cannot be recorded: a number must be finite")
    elif isinstance(value, dict):
        for part in value.values():
            _refuse_nan(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _refuse_nan(part)


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
    """The form in which `value` is looked up in an index: its JSON."""
    if type(value) is str and value.isprintable() and not _needs_escape(value):
        return b'"%b"' % value.encode()
    return encode(value)


def _needs_escape(text: str) -> bool:
    return '"' in text or "\\" in text


def key_of(name: str) -> bytes:
    """An id as it is written; ValueError for one that would break the line."""
    if "\t" in name or "\n" in name:
        raise ValueError(f"the id {name!r} holds a tab or a line break: leave it out")
    return name.encode()


class Index:
    """Which rows have which value in one field.

    A field declared as `parents*` holds a list: every element is indexed.
    """

    def __init__(self, field: str, fields: tuple[str, ...]) -> None:
        """`fields` are the table's indexed fields in their declared order."""
        self.field = field.removesuffix("*")
        self._each = field.endswith("*")
        self._match = _pattern(field, fields).match
        self._name = b'"%b":' % self.field.encode()
        self._keys: dict[bytes, dict[bytes, None]] = {}

    def keys(self, value: object) -> tuple[bytes, ...]:
        """The keys of the rows with this value."""
        return tuple(self._keys.get(token(value), ()))

    def build(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """Take in many rows."""
        for key, raw in rows:
            self.add(key, raw)

    def add(self, key: bytes, raw: bytes) -> None:
        """Take in one row."""
        for value in self._values(raw):
            known = self._keys.get(value)
            if known is None:
                self._keys[value] = {key: None}
            else:
                known[key] = None

    def discard(self, key: bytes, raw: bytes) -> None:
        """Forget one row, given as it was when added."""
        for value in self._values(raw):
            known = self._keys.get(value)
            if known is not None:
                known.pop(key, None)
                if not known:
                    del self._keys[value]

    def _values(self, raw: bytes) -> Iterable[bytes]:
        match = self._match(raw)
        found = match[1] if match else None
        if found is None:
            return self._decoded(raw) if self._name in raw else ()
        if b"\\" in found:
            return self._decoded(raw)
        if not self._each:
            return (found,)
        if found[:1] != b"[":
            return (found,)
        inner = found[1:-1]
        if inner.count(b'"') == 2 * (inner.count(b",") + 1):  # strings without commas
            return inner.split(b",")
        return self._decoded(raw)

    def _decoded(self, raw: bytes) -> Iterable[bytes]:
        document = decode(raw)
        if self.field not in document:
            return ()
        value = document[self.field]
        many = self._each and isinstance(value, list)
        return [token(part) for part in value] if many else [token(value)]


def _pattern(field: str, fields: tuple[str, ...]) -> re.Pattern[bytes]:
    """Matches the start of a document, with the raw value of `field` in group 1."""
    parts = []
    for name in fields:
        value = b"(%b)" % _VALUE if name == field else _VALUE
        key = re.escape(name.removesuffix("*").encode())
        parts.append(rb'(?:"%b":%b,?)?+' % (key, value))
        if name == field:
            break
    return re.compile(rb"\{" + b"".join(parts), re.DOTALL)


class Rows:
    """One table: raw documents by key, in the order they were added."""

    def __init__(self, name: bytes, fields: tuple[str, ...] = ()) -> None:
        """`fields` are those that `by` can look up."""
        self.name = name
        self.fields = fields
        self.raw: dict[bytes, bytes] = {}
        self._first = tuple(field.removesuffix("*") for field in fields)
        self._indexes: dict[str, Index] = {}

    def encode(self, document: Fields) -> bytes:
        """The document as it is written, indexed fields first."""
        if self._first:
            first = {name: document[name] for name in self._first if name in document}
            return encode(first | dict(document))
        return encode(dict(document))

    def by(self, field: str, value: object) -> tuple[bytes, ...]:
        """The keys of the rows whose `field` is `value`; KeyError without an index."""
        index = self._indexes.get(field)
        if index is None:
            index = self._build(field)
        return index.keys(value)

    def _build(self, field: str) -> Index:
        if field not in self._first:
            name = self.name.decode()
            raise KeyError(f"table '{name}' has no index on '{field}': declare it")
        index = Index(self.fields[self._first.index(field)], self.fields)
        index.build(list(self.raw.items()))
        self._indexes[field] = index
        return index

    @property
    def indexed(self) -> bool:
        """True once an index was built: rows must then come through `put`, `drop`."""
        return bool(self._indexes)

    def put(self, key: bytes, raw: bytes) -> bytes | None:
        """Add or replace a row; gives the one before."""
        before = self.raw.get(key)
        self.raw[key] = raw
        for index in self._indexes.values():
            if before is not None:
                index.discard(key, before)
            index.add(key, raw)
        return before

    def drop(self, key: bytes) -> bytes | None:
        """Remove a row if it is there; gives it."""
        before = self.raw.pop(key, None)
        if before is not None:
            for index in self._indexes.values():
                index.discard(key, before)
        return before

    def clear(self) -> dict[bytes, bytes]:
        """Remove all rows; gives them."""
        before, self.raw = self.raw, {}
        self._indexes.clear()
        return before

    @property
    def size(self) -> int:
        """What these rows take as lines of a journal."""
        each = len(self.name) + _LINE_BYTES
        return sum(map(len, self.raw)) + sum(
            map(len, self.raw.values()), each * len(self.raw)
        )

    def restore(self, raw: dict[bytes, bytes]) -> None:
        """Put back what `clear` gave."""
        self.raw = raw
        self._indexes.clear()


class Image:
    """All tables, replayed from a journal."""

    def __init__(self, indexes: Mapping[str, Iterable[str]]) -> None:
        """`indexes` names the indexed fields per table; set `hurry` for long work."""
        self._fields = {name: tuple(fields) for name, fields in indexes.items()}
        self.tables: dict[str, Rows] = {}
        self.hurry = False

    def decoder(self, count: int = 1) -> Callable[[bytes], Any]:
        """The quickest way to decode `count` documents, imports included."""
        if not self.hurry and count < _MANY:
            return decode
        self.hurry = True
        return quick_decoder()

    def rows(self, name: str) -> Rows:
        """The rows of a table, empty where nothing was stored yet."""
        rows = self.tables.get(name)
        if rows is None:
            rows = Rows(name.encode(), self._fields.get(name, ()))
            self.tables[name] = rows
        return rows

    def clear(self) -> None:
        """Forget every row."""
        for rows in self.tables.values():
            rows.clear()

    def apply(self, payloads: list[bytes]) -> None:
        """Carry out the operations of these records."""
        if not payloads:
            return
        parts = b"\t".join(payloads).split(b"\t")
        operations = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
        plain = self._plain()
        for operation, key, raw in operations:
            target = plain.get(operation)
            if target is None:
                self._carry_out(operation, key, raw)
                plain = self._plain()
            else:
                target[key] = raw

    def _plain(self) -> dict[bytes, dict[bytes, bytes]]:
        """Per table without an index yet, its put operation and where it goes."""
        rows = self.tables.values()
        return {b"+" + each.name: each.raw for each in rows if not each.indexed}

    def _carry_out(self, operation: bytes, key: bytes, raw: bytes) -> None:
        if operation == HEADER:
            if int(key) > FORMAT:
                raise JournalError(
                    f"the journal has format {int(key)}, this version reads {FORMAT}: "
                    "update Animator Workbench"
                )
            return
        rows = self.rows(operation[1:].decode())
        if operation[:1] == b"+":
            rows.put(key, raw)
        elif operation[:1] == b"-":
            rows.drop(key)
        else:
            rows.clear()

    def payloads(self) -> Iterator[bytes]:
        """One record per row: what a compacted journal holds."""
        for rows in self.tables.values():
            for key, raw in rows.raw.items():
                yield b"+%b\t%b\t%b" % (rows.name, key, raw)

    @property
    def size(self) -> int:
        """What a compacted journal would take, about."""
        return sum(rows.size for rows in self.tables.values())
