"""Which rows have which value in one field, read from their bytes.

Fields with an index come first in a document's JSON, so that their values are found
without decoding it.  Where they do not (another version wrote it) it is decoded.
"""

import re
from collections.abc import Iterable

from nodegraph.journal.codec import decode, token

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_ANY = rb'(?>%b|\[(?>%b|[^\[\]{}"])*+\]|[^,\[\]{}"]++)' % (_STRING, _STRING)
_VALUE = rb'(?>"[^"\\]*+"|\["[^"\\]*+"\]|%b)' % _ANY  # the usual forms first, for speed


class Index:
    """Over one field of the rows of one table, given as the operations that put them.

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
        grouped: dict[bytes, list[bytes]] = {}
        match, simple = self._match, not self._each
        for key, put in rows:
            found = match(put)
            value = found[1] if found else None
            if simple and value is not None and b"\\" not in value:
                values: Iterable[bytes] = (value,)
            else:
                values = self._values(put)
            for value in values:
                if value in grouped:
                    grouped[value].append(key)
                else:
                    grouped[value] = [key]
        self._keys = {value: dict.fromkeys(keys) for value, keys in grouped.items()}

    def add(self, key: bytes, put: bytes) -> None:
        """Take in one row."""
        for value in self._values(put):
            if value in self._keys:
                self._keys[value][key] = None
            else:
                self._keys[value] = {key: None}

    def discard(self, key: bytes, put: bytes) -> None:
        """Forget one row, given as it was when added."""
        for value in self._values(put):
            known = self._keys.get(value)
            if known is not None:
                known.pop(key, None)
                if not known:
                    del self._keys[value]

    def _values(self, put: bytes) -> Iterable[bytes]:
        match = self._match(put)
        found = match[1] if match else None
        if found is None:
            return self._decoded(put) if self._name in put else ()
        if b"\\" in found:
            return self._decoded(put)
        if not self._each or found[:1] != b"[":
            return (found,)
        inner = found[1:-1]
        if inner.count(b'"') == 2 * (inner.count(b",") + 1):  # strings without commas
            return inner.split(b",")
        return self._decoded(put)

    def _decoded(self, put: bytes) -> Iterable[bytes]:
        document = decode(put[put.rindex(b"\t") :])
        if self.field not in document:
            return ()
        value = document[self.field]
        many = self._each and isinstance(value, list)
        return [token(part) for part in value] if many else [token(value)]


def _pattern(field: str, fields: tuple[str, ...]) -> re.Pattern[bytes]:
    """Matches the start of a row, with the raw value of `field` in group 1."""
    parts = [rb"[^\t]*+\t[^\t]*+\t\{"]
    for name in fields:
        value = b"(%b)" % _VALUE if name == field else _VALUE
        key = re.escape(name.removesuffix("*").encode())
        parts.append(rb'(?:"%b":%b,?)?+' % (key, value))
        if name == field:
            break
    return re.compile(b"".join(parts), re.DOTALL)
