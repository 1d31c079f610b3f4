"""A table as TinyDB's own methods want it: a mapping to read, and one to change."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from nodegraph.journal.recorder import Changes
from nodegraph.journal.rows import Image, Rows, key_of

_GONE = object()


class RowsView(Mapping[str, Any]):
    """A table's documents by id, each decoded when asked for."""

    def __init__(self, rows: Rows, image: Image) -> None:
        """A view of `rows`; `image` decodes."""
        self.rows = rows
        self._image = image

    def __getitem__(self, key: str) -> Any:
        """A copy of the document; KeyError."""
        return self._image.decoder()(self.rows.puts[key.encode()])

    def __contains__(self, key: object) -> bool:
        """Whether there is such an id."""
        return isinstance(key, str) and key.encode() in self.rows.puts

    def __iter__(self) -> Iterator[str]:
        """The ids, as they are now."""
        return map(bytes.decode, tuple(self.rows.puts))

    def __len__(self) -> int:
        """How many documents."""
        return len(self.rows.puts)

    def items(self) -> Any:
        """All pairs, as they are now."""
        rows = tuple(self.rows.puts.items())
        read = self._image.decoder(len(rows))
        return ((key.decode(), read(put)) for key, put in rows)


class Draft(MutableMapping[str, Any]):
    """A table as one TinyDB call wants it: documents to change, saved at the end."""

    def __init__(self, rows: Rows, decode: Callable[[bytes], Any]) -> None:
        """Nothing is changed before `save`."""
        self._rows = rows
        self._decode = decode
        self._touched: dict[str, Any] = {}
        self._cleared = False

    def __getitem__(self, key: str) -> Any:
        """The document, to be changed in place; KeyError."""
        if key not in self._touched:
            if self._cleared:
                raise KeyError(key)
            self._touched[key] = self._decode(self._rows.puts[key.encode()])
        if self._touched[key] is _GONE:
            raise KeyError(key)
        return self._touched[key]

    def __contains__(self, key: object) -> bool:
        """Whether there is such an id."""
        if key in self._touched:
            return self._touched[str(key)] is not _GONE
        known = not self._cleared and isinstance(key, str)
        return known and str(key).encode() in self._rows.puts

    def __setitem__(self, key: str, document: Any) -> None:
        """Add or replace a document."""
        self._touched[key] = document

    def __delitem__(self, key: str) -> None:
        """Remove a document; KeyError."""
        if key not in self:
            raise KeyError(key)
        self._touched[key] = _GONE

    def __iter__(self) -> Iterator[str]:
        """The ids, new ones last."""
        known = () if self._cleared else map(bytes.decode, tuple(self._rows.puts))
        for key in known:
            if self._touched.get(key) is not _GONE:
                yield key
        for key, document in list(self._touched.items()):
            added = self._cleared or key.encode() not in self._rows.puts
            if added and document is not _GONE:
                yield key

    def __len__(self) -> int:
        """How many documents."""
        return sum(1 for _ in self)

    def clear(self) -> None:
        """Remove every document."""
        self._touched.clear()
        self._cleared = True

    def save(self, changes: Changes) -> None:
        """Record what differs; TypeError or ValueError before anything is changed."""
        puts, drops = [], []
        for name, document in self._touched.items():
            key = key_of(name)
            if document is _GONE:
                drops.append(key)
                continue
            put = self._rows.operation(key, document)
            if self._cleared or put != self._rows.puts.get(key):
                puts.append((key, put))
        if self._cleared:
            changes.clear(self._rows)
        for key in drops:
            changes.drop(self._rows, key)
        for key, put in puts:
            changes.put(self._rows, key, put)
