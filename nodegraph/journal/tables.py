"""TinyDB over the journal: its tables and queries, at the same cost at any size.

Documents are kept as bytes and decoded anew whenever one is handed out, so that nobody
can change what is stored except by recording it.
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, cast

from tinydb import TinyDB
from tinydb.storages import Storage
from tinydb.table import Document, Table

from nodegraph.journal.committer import Done
from nodegraph.journal.draft import Draft, RowsView
from nodegraph.journal.recorder import Changes, Record, Recorder
from nodegraph.journal.rows import Fields, Image, Rows, key_of


class JournalStorage(Storage):
    """TinyDB's storage over a journal."""

    def __init__(
        self,
        folder: Path,
        *,
        write: bool,
        indexes: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """As `Recorder`."""
        self.recorder = Recorder(folder, write=write, indexes=indexes)

    def read(self) -> dict[str, Any] | None:
        """Every table that has rows, by name."""
        tables = self.recorder.image.tables.items()
        return {
            name: RowsView(rows, self.recorder.image)
            for name, rows in tables
            if rows.puts
        } or None

    def write(self, data: Mapping[str, Any]) -> None:
        """Make the tables those of `data`, inside a record."""
        changes = self.recorder.recording()
        for name, rows in list(self.recorder.image.tables.items()):
            if name not in data and rows.puts:
                changes.clear(rows)
        for name, documents in data.items():
            rows = self.recorder.image.rows(name)
            if not (isinstance(documents, RowsView) and documents.rows is rows):
                changes.clear(rows)
                for key, document in documents.items():
                    _put(changes, rows, key, document)

    def close(self) -> None:
        """Write what is queued, then let go of the file and the lock."""
        self.recorder.close()


class JournalTable(Table):
    """TinyDB's table with text ids, secondary indexes and constant cost."""

    document_id_class = str  # type: ignore[assignment]  # the hook is declared for int
    _storage: JournalStorage
    _next_id: Any  # declared as None alone by TinyDB

    def __init__(self, storage: JournalStorage, name: str) -> None:
        """TinyDB's query cache stays empty: it would hand out a document twice."""
        super().__init__(storage, name, cache_size=0)

    @property
    def _image(self) -> Image:
        return self._storage.recorder.image

    @property
    def _rows(self) -> Rows:
        return self._image.rows(self._name)

    def put(self, key: str, document: Fields) -> None:
        """Store `document` under `key`, in the place of what was there."""
        changes, rows = self._storage.recorder.recording(), self._rows
        _put(changes, rows, key, document)
        self._next_id = None

    def by(self, field: str, value: object) -> list[Document]:
        """The documents whose indexed `field` is `value`, or holds it (`field*`).

        Values are equal if their JSON is: 1 is neither 1.0 nor true.  KeyError for a
        field without an index.
        """
        puts, keys = self._rows.puts, self._rows.by(field, value)
        read = self._image.decoder(len(keys))
        return [Document(read(puts[key]), _id(key)) for key in keys if key in puts]

    def ids(self, field: str, value: object) -> list[str]:
        """The ids of what `by` gives, without decoding anything."""
        return [key.decode() for key in self._rows.by(field, value)]

    def keys(self) -> list[str]:
        """Every id, in the order the documents were added."""
        return list(self._read_table())

    def insert(self, document: Fields) -> str:  # type: ignore[override]  # int there
        """Add a document: a `Document` under its id, another under the next number."""
        return self.insert_multiple([document])[0]

    def insert_multiple(self, documents: Iterable[Fields]) -> list[str]:  # type: ignore[override]  # int there
        """Add documents; ValueError, and nothing is added, if an id is taken."""
        keys: list[str] = []

        def add(table: MutableMapping[str, Any]) -> None:
            for document in documents:
                key = self._key_for(document, table)
                table[key] = dict(document)
                keys.append(key)

        self._update_table(add)
        return keys

    def _key_for(self, document: Fields, table: MutableMapping[str, Any]) -> str:
        if not isinstance(document, Mapping):
            raise ValueError("Document is not a Mapping")  # noqa: TRY004 -- as TinyDB
        if not isinstance(document, Document):
            return self._free_number(table)
        self._next_id = None
        key = str(document.doc_id)
        if key in table:
            raise ValueError(f"Document with ID {key} already exists")
        return key

    def _free_number(self, table: MutableMapping[str, Any]) -> str:
        number = self._next_id or 1
        if self._next_id is None:
            numbers = [int(key) for key in self._rows.puts if key.isdigit()]
            number = max(numbers, default=0) + 1
        while str(number) in table:
            number += 1
        self._next_id = number + 1
        return str(number)

    def get(
        self,
        cond: Any = None,
        doc_id: Any = None,
        doc_ids: Iterable[Any] | None = None,
    ) -> Any:
        """As TinyDB's; several documents come in the order of `doc_ids`."""
        if doc_id is not None or doc_ids is None:
            return super().get(cond, doc_id)
        table = self._read_table()
        keys = dict.fromkeys(str(key) for key in doc_ids)
        return [Document(table[key], _id(key)) for key in keys if key in table]

    def _read_table(self) -> Any:
        return RowsView(self._rows, self._image)

    def _update_table(self, updater: Callable[[Any], None]) -> None:
        changes = self._storage.recorder.recording()
        draft = Draft(self._rows, self._image.decoder())
        updater(draft)
        draft.save(changes)


def _put(changes: Changes, rows: Rows, name: str, document: Fields) -> None:
    key = key_of(name)
    changes.put(rows, key, rows.operation(key, document))


def _id(key: bytes | str) -> Any:
    """An id as TinyDB's `Document` is declared to take it, which is for int only."""
    return key.decode() if isinstance(key, bytes) else key


class Database(TinyDB):
    """All tables of one folder's journal.

    One process writes, any number read beside it.  Memory shows a record at once to
    the process that makes it; what others are told of must wait for `done`, which
    comes when the record is on the disk.  After a failed write nothing more can be
    recorded until `recover`, which brings memory back to what is on the disk.
    """

    table_class = JournalTable  # type: ignore[assignment]  # declared too narrowly
    default_storage_class = JournalStorage  # type: ignore[assignment]  # as above
    _storage: JournalStorage

    @property
    def _recorder(self) -> Recorder:
        return self._storage.recorder

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        write: bool,
        indexes: Mapping[str, Iterable[str]] | None = None,
    ) -> "Database":
        """The database in `folder`.

        Raises Locked if another process writes it and JournalError if it cannot be
        read.  `indexes` is as for `JournalStorage`.
        """
        return cls(folder, write=write, indexes=indexes)

    def table(self, name: str, **kwargs: Any) -> JournalTable:
        """The table of this name; it need not exist."""
        return cast(JournalTable, super().table(name, **kwargs))

    def record(self, *, wait: bool = True, done: Done | None = None) -> Record:
        """A context in which tables may change; all of it is written, or nothing.

        Records of different threads follow one another; one inside another is part of
        the outer one.  With `wait` the context ends when the record is on the disk, or
        raises JournalError.  `done(error)` is called then, from any thread, in the
        order of the records; `error` is None for an acknowledged one.
        """
        return Record(self._recorder, wait, done)

    def flush(self) -> None:
        """Return when everything recorded so far is on the disk, or raise."""
        with self.record():
            self._recorder.recording().on_done.append(_nothing)

    def refresh(self) -> bool:
        """Take in what another process recorded since; True if anything was."""
        return self._recorder.refresh()

    def recover(self) -> None:
        """After a failed write: memory is again what is on the disk."""
        self._recorder.recover()

    def compact(self, *, forget: bool = False) -> None:
        """Rewrite the journal without what was replaced or removed.

        With `forget` copies of damaged parts go too: nothing removed is left.
        """
        self._recorder.compact()
        if forget:
            self._recorder.journal.forget_evidence()

    @property
    def bytes(self) -> int:
        """The size of the journal."""
        return self._recorder.size

    @property
    def lost(self) -> int:
        """How many regions of the journal cannot be read; records were in them."""
        return self._recorder.lost

    @property
    def damage(self) -> list[str]:
        """What a person should know about the file, in sentences; empty if sound."""
        return self._recorder.damage


def _nothing(error: Exception | None) -> None:
    """Tell nobody."""
