"""Everything recorded, typed: what is kept of assets, tasks, runs, shots and takes."""

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar, cast, get_origin, get_type_hints

from nodegraph.journal.tables import Database, JournalTable
from nodegraph.lineage import (
    Asset,
    Attempt,
    Export,
    Found,
    Kind,
    Override,
    Queue,
    Recipe,
    Run,
    Settled,
    Shot,
    Status,
    Take,
)

T = TypeVar("T")

TABLES: dict[type, str] = {
    Asset: "assets",
    Attempt: "attempts",
    Export: "exports",
    Found: "files",
    Override: "settings",
    Queue: "queue",
    Run: "runs",
    Settled: "tasks",
    Shot: "shots",
    Take: "takes",
}
INDEXES: dict[str, tuple[str, ...]] = {
    "assets": ("parents*", "sha256", "shot", "type"),
    "exports": ("asset", "shot"),
    "runs": ("state", "fingerprint"),
    "settings": ("shot",),
    "shots": ("board",),
    "takes": ("shot", "asset"),
    "tasks": ("status", "run", "shot"),
}


class ProjectStore:
    """The records of one project.

    One process may open it for writing, any number for reading beside it.  Satisfies
    `nodegraph.lineage.Store`.
    """

    def __init__(self, folder: Path, *, write: bool) -> None:
        """Open the store in `folder`; raises `Locked` or `JournalError`."""
        self.database = Database.open(folder, write=write, indexes=INDEXES)
        self._tables = {kind: self.database.table(TABLES[kind]) for kind in TABLES}

    def __enter__(self) -> Self:
        """The store itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Write what is queued, then let go of the file and the lock."""
        self.database.close()

    def record(
        self,
        *,
        wait: bool = True,
        done: Callable[[Exception | None], None] | None = None,
    ) -> AbstractContextManager[None]:
        """A transaction, as `lineage.Store` says."""
        return self.database.record(wait=wait, done=done)

    def put(self, *records: Any) -> None:
        """Write records of any kind, inside `record()`."""
        for record in records:
            self._table(type(record)).put(_key(record.id), to_row(record))

    def remove(self, kind: type, ids: Iterable[str]) -> None:
        """Take records out, inside `record()`."""
        self._table(kind).remove(doc_ids=cast(Any, list(map(_key, ids))))

    def get(self, kind: type[T], id_: str) -> T | None:
        """The record with this id, if there is one."""
        row = self._table(kind).get(doc_id=_key(id_))
        return None if row is None else of_row(kind, row)

    def all(self, kind: type[T]) -> Iterator[T]:
        """Every record of a kind, in the order they were first made."""
        return (of_row(kind, row) for row in self._table(kind))

    def by(self, kind: type[T], field: str, value: object) -> list[T]:
        """The records whose indexed `field` is `value`, or holds it."""
        return [of_row(kind, row) for row in self._table(kind).by(field, value)]

    def ids(self, kind: type, field: str, value: object) -> list[str]:
        """The ids of what `by` gives, without reading the records."""
        return list(map(_id, self._table(kind).ids(field, value)))

    def keys(self, kind: type) -> list[str]:
        """The ids of all records of a kind, without reading the records."""
        return list(map(_id, self._table(kind).keys()))

    def count(self, kind: type) -> int:
        """How many records of a kind there are."""
        return len(self._table(kind))

    def asset(self, asset_id: str) -> Asset | None:
        """The asset with this id, if it was ever made."""
        return self.get(Asset, asset_id)

    def settled(self, key: str) -> Settled | None:
        """How the recipe with this key ended, if it did."""
        return self.get(Settled, key)

    def attempt(self, key: str) -> Attempt | None:
        """How often the task with this key has died with its worker, if it did."""
        return self.get(Attempt, key)

    def children(self, asset_id: str) -> list[Asset]:
        """The assets made from this one."""
        return self.by(Asset, "parents", asset_id)

    def _table(self, kind: type) -> JournalTable:
        return self._tables[kind]


_QUOTED = "\x1a"  # what cannot be printed is quoted, so no plain id begins with it


def _key(id_: str) -> str:
    """An id as a table takes it: a path may hold line breaks, or be no text at all."""
    return id_ if id_.isprintable() else _QUOTED + json.dumps(id_)


def _id(key: str) -> str:
    """The id that `_key` gave."""
    return str(json.loads(key[1:])) if key[:1] == _QUOTED else key


def to_row(record: Any) -> dict[str, Any]:
    """The record as JSON, indexed fields first, what is as by default left out."""
    defaults = _defaults(cast(Hashable, type(record)))
    row = {k: v for k, v in vars(record).items() if v != defaults.get(k, MISSING)}
    if recipe := row.get("recipe"):
        row["recipe"] = recipe.as_row()
        row["parents"] = list(recipe.parents)
    return row


def of_row(kind: type[T], row: Mapping[str, Any]) -> T:
    """The record that `to_row` gave."""
    values: dict[str, Any] = {}
    types = _types(cast(Hashable, kind))
    for name, value in row.items():
        if (convert := types.get(name)) is not None:
            values[name] = convert(value)
    return kind(**values)


@cache
def _defaults(kind: Any) -> dict[str, Any]:
    """The defaults of a record's fields, but where an index has to find them."""
    defaults = {}
    for each in fields(kind):
        default = each.default
        if default is MISSING and each.default_factory is not MISSING:
            default = each.default_factory()
        if not (default and each.name in INDEXES.get(TABLES[kind], ())):
            defaults[each.name] = default
    return defaults


def _same(value: Any) -> Any:
    return value


@cache
def _types(kind: Any) -> dict[str, Callable[[Any], Any]]:
    """How to make a field's value from its JSON."""
    convert: dict[str, Callable[[Any], Any]] = {}
    for name, hint in get_type_hints(kind).items():
        if get_origin(hint) is tuple:
            convert[name] = tuple
        elif hint in (Kind, Status):
            convert[name] = hint
        elif hint == Recipe | None:
            convert[name] = Recipe.of_row
        else:
            convert[name] = _same
    return convert
