"""The tables in memory: rows as the bytes they were written in.

An operation is three fields separated by tabs: `+table key document` puts a row,
`-table key` drops one, `!table` empties a table.  JSON escapes tabs and newlines, so
that nothing needs decoding to be found.  A payload of the journal is one operation, or
a star and several, all separated by tabs.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from nodegraph.journal.codec import decode, encode, quick_decoder
from nodegraph.journal.index import Index
from nodegraph.journal.lines import FORMAT, HEADER, JournalError

Fields = Mapping[str, Any]

_MANY = 2000  # rows from which on importing the faster decoder pays
_LATE = 5000  # rows that an index may lag behind
_LINE_BYTES = 18  # a line's checksum, length, space and newline


def key_of(name: str) -> bytes:
    """An id as it is written; ValueError for one that would break the line."""
    if "\t" in name or "\n" in name:
        raise ValueError(f"the id {name!r} holds a tab or a line break: leave it out")
    return name.encode()


def payload(operations: list[bytes]) -> bytes:
    """A record of these operations."""
    if len(operations) == 1:
        return operations[0]
    return b"\t".join((b"*", *operations))


class Rows:
    """One table: per key the operation that put the row, in the order of adding."""

    def __init__(self, name: bytes, fields: tuple[str, ...] = ()) -> None:
        """`fields` are those that `by` can look up."""
        self.name = name
        self.fields = fields
        self.puts: dict[bytes, bytes] = {}
        self._first = tuple(field.removesuffix("*") for field in fields)
        self._indexes: dict[str, Index] = {}
        self._late: list[tuple[bytes, bytes | None, bytes | None]] = []
        self._lock = threading.Lock()

    def operation(self, key: bytes, document: Fields) -> bytes:
        """What puts `document` under `key`; TypeError or ValueError as `encode`."""
        first = {name: document[name] for name in self._first if name in document}
        first.update(document)
        return b"+%b\t%b\t%b" % (self.name, key, encode(first))

    def by(self, field: str, value: object) -> tuple[bytes, ...]:
        """The keys of the rows whose `field` is `value`; KeyError without an index."""
        with self._lock:
            index = self._indexes.get(field)
            if index is None:
                index = self._build(field)
            self._catch_up()
            return index.keys(value)

    def _build(self, field: str) -> Index:
        if field not in self._first:
            name = self.name.decode()
            raise KeyError(f"table '{name}' has no index on '{field}': declare it")
        self._catch_up()
        index = Index(self.fields[self._first.index(field)], self.fields)
        index.build(zip(list(self.puts), list(self.puts.values()), strict=True))
        self._indexes[field] = index
        return index

    def _catch_up(self) -> None:
        for key, before, put in self._late:
            for index in self._indexes.values():
                if before is not None:
                    index.discard(key, before)
                if put is not None:
                    index.add(key, put)
        self._late.clear()

    @property
    def indexed(self) -> bool:
        """True once an index was built: rows must then come through `put`, `drop`."""
        return bool(self._indexes)

    def put(self, key: bytes, operation: bytes) -> bytes | None:
        """Add or replace a row; gives the one before."""
        with self._lock:
            before = self.puts.get(key)
            self.puts[key] = operation
            if self._indexes:
                self._note(key, before, operation)
        return before

    def drop(self, key: bytes) -> bytes | None:
        """Remove a row if it is there; gives it."""
        with self._lock:
            before = self.puts.pop(key, None)
            if before is not None and self._indexes:
                self._note(key, before, None)
        return before

    def _note(self, key: bytes, before: bytes | None, put: bytes | None) -> None:
        self._late.append((key, before, put))
        if len(self._late) > _LATE:
            self._catch_up()

    def clear(self) -> dict[bytes, bytes]:
        """Remove all rows; gives them."""
        before = self.puts
        self.restore({})
        return before

    def restore(self, puts: dict[bytes, bytes]) -> None:
        """Make `puts`, which `clear` gave, the rows."""
        with self._lock:
            self.puts = puts
            self._indexes.clear()
            self._late.clear()

    @property
    def size(self) -> int:
        """What these rows take as lines of a journal, in bytes."""
        return sum(map(len, self.puts.values()), _LINE_BYTES * len(self.puts))


class Image:
    """All tables, replayed from a journal."""

    def __init__(self, indexes: Mapping[str, Iterable[str]]) -> None:
        """`indexes` names the indexed fields per table; set `hurry` for long work."""
        self._fields = {name: tuple(fields) for name, fields in indexes.items()}
        self.tables: dict[str, Rows] = {}
        self.hurry = False

    def decoder(self, count: int = 1) -> Callable[[bytes], Any]:
        """What decodes the documents of `count` rows soonest, imports included."""
        if not self.hurry and count < _MANY:
            return _decode_row
        self.hurry = True
        loads = quick_decoder()
        return lambda put: loads(put[put.rindex(b"\t") + 1 :])

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
        start, size = b"\n", 1  # of the puts that go to `puts`: none yet
        puts: dict[bytes, bytes] = {}
        for record in payloads:
            if record[:size] != start:
                rows = self._rows_put_by(record)
                if rows is None:
                    self._carry_out(record)
                    start, size = b"\n", 1
                    continue
                start, puts = b"+%b\t" % rows.name, rows.puts
                size = len(start)
            puts[record[size : record.find(b"\t", size)]] = record

    def _rows_put_by(self, record: bytes) -> Rows | None:
        """The table that this one put goes to, unless an index has to hear of it."""
        if record[:1] != b"+":
            return None
        rows = self.rows(record[1 : record.find(b"\t")].decode())
        return None if rows.indexed else rows

    def _carry_out(self, record: bytes) -> None:
        parts = record.split(b"\t")
        if parts[0] == HEADER:
            _check_format(int(parts[1]))
            return
        if parts[0] == b"*":
            del parts[0]
        for sign, key, raw in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            rows = self.rows(sign[1:].decode())
            if sign[:1] == b"+":
                rows.put(key, b"\t".join((sign, key, raw)))
            elif sign[:1] == b"-":
                rows.drop(key)
            else:
                rows.clear()

    def payloads(self) -> Iterator[bytes]:
        """One record per row: what a compacted journal holds."""
        for rows in self.tables.values():
            yield from rows.puts.values()

    @property
    def size(self) -> int:
        """What a compacted journal would take, in bytes, about."""
        return sum(rows.size for rows in self.tables.values())


def _check_format(number: int) -> None:
    if number > FORMAT:
        raise JournalError(
            f"the journal has format {number}, this version reads {FORMAT}: "
            "update Animator Workbench"
        )


def _decode_row(put: bytes) -> Any:
    return decode(put[put.rindex(b"\t") + 1 :])
