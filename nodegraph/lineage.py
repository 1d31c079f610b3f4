"""What was made, from what, by which recipe: the records and who keeps them."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Protocol

KEY_LENGTH = 32
"""Hex digits of a recipe's key: 128 bits, so that no two recipes ever share one."""


class Status(StrEnum):
    """The life of a task."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    HELD = "held"


class Kind(StrEnum):
    """What an asset is."""

    BASE = "image_base"
    REFINED = "image_refined"
    VIDEO = "video"
    MASK = "mask"
    IDENTITY = "identity"
    VALUE = "value"
    """A number, text or switch: small, kept in the record."""


@dataclass(frozen=True)
class Recipe:
    """An operation on assets: enough to make the result again.

    `inputs` maps a port to the id of the asset linked to it, or to the list of ids
    where the port takes many.
    """

    node: str
    version: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """Equal for equal work, on any machine: the sha256 of its canonical JSON."""
        parts = [self.node, self.version, dict(self.settings), dict(self.inputs)]
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:KEY_LENGTH]

    def makes(self, port: str) -> str:
        """The id of the asset made at `port`, known before the work.

        It is the key itself for a node's only output, `result`.
        """
        return self.key if port == "result" else f"{self.key}.{port}"

    @cached_property
    def parents(self) -> tuple[str, ...]:
        """The ids of all inputs, in the order of the signature, each once."""
        found: dict[str, None] = {}
        for value in self.inputs.values():
            found.update(dict.fromkeys((value,) if isinstance(value, str) else value))
        return tuple(found)

    def as_row(self) -> dict[str, Any]:
        """The recipe as JSON."""
        return {
            "node": self.node,
            "version": self.version,
            "settings": dict(self.settings),
            "inputs": dict(self.inputs),
        }

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> "Recipe":
        """The recipe that `as_row` gave."""
        inputs = {
            k: v if isinstance(v, str) else tuple(v) for k, v in row["inputs"].items()
        }
        return cls(row["node"], row["version"], row["settings"], inputs)


def recipe_of(asset_id: str) -> str:
    """The key of the recipe that made the asset, by the way ids are made."""
    return asset_id.partition(".")[0]


@dataclass(frozen=True)
class Asset:
    """A file the workbench knows, or a small value, and the recipe that made it.

    `id` is the sha256 of the original bytes for what was brought in, and tells the
    recipe and the output for what was made.  `sha256` is that of the media file, empty
    for a small value.  `outcome` is what really happened, `notes` what the node said.
    """

    id: str
    type: Kind
    sha256: str = ""
    suffix: str = ""
    size: int = 0
    width: int = 0
    height: int = 0
    recipe: Recipe | None = None
    parent: str | None = None
    sources: tuple[str, ...] = ()
    value: Any = None
    outcome: str = "done"
    message: str = ""
    notes: Mapping[str, Any] = field(default_factory=dict)
    certificate: Mapping[str, Any] | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    shot: str | None = None
    run: str | None = None
    evicted: bool = False
    profile: str = ""
    """Of a drawing: the colour profile that results are given back; empty for most."""
    encoded: bool = False
    """Whether the file itself is the result: given to people byte for byte."""

    @property
    def parents(self) -> tuple[str, ...]:
        """The assets this one was made from, all of them."""
        return self.recipe.parents if self.recipe else ()

    @property
    def is_file(self) -> bool:
        """Whether it lies in a media file."""
        return bool(self.sha256)


@dataclass(frozen=True)
class Task:
    """One recipe to carry out: where in the graph it stands and whom it serves.

    `sources` are the drawings at its root, `parent` the asset it changes, `keep` the
    outputs that are results of the graph, kept as finished pictures.
    """

    recipe: Recipe
    node: str
    label: str
    shot: str | None = None
    parent: str | None = None
    sources: tuple[str, ...] = ()
    keep: frozenset[str] = frozenset()
    refusal: str = ""
    """Why it cannot be carried out at all; empty for most."""

    @property
    def key(self) -> str:
        """The recipe's key: asking twice for the same work gives one task."""
        return self.recipe.key


@dataclass(frozen=True)
class Settled:
    """How a task ended: the record that says a recipe needs no more work."""

    id: str
    status: Status
    outcome: str = "done"
    error: str = ""
    node: str = ""
    label: str = ""
    shot: str | None = None
    run: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Attempt:
    """How often a task has died with its worker, and of what the last time."""

    id: str
    deaths: int
    reason: str


@dataclass(frozen=True)
class Shot:
    """One panel of a board: its id stays when it is renamed or redrawn."""

    id: str
    name: str
    sequence: str = ""
    index: int = 0
    digest: str = ""
    """The asset id of its current drawing."""
    board: str = ""
    source: str = ""
    """The drawing's file, as it was found."""
    number: str = ""
    dialogue: str = ""
    duration: float | None = None
    status: str = "to do"
    note: str = ""
    by: str = ""
    changed: str = ""
    pick: Mapping[str, int] = field(default_factory=dict)
    """The take a person chose, per result (preset and output)."""
    problem: str = ""
    """Why the drawing cannot be used; empty for most."""
    omitted: bool = False
    """No longer on the board."""

    @property
    def path(self) -> str:
        """Sequence and name, as the user writes it where a name alone is not enough."""
        return f"{self.sequence}/{self.name}" if self.sequence else self.name


SHOT_STATUSES = ("to do", "review", "approved", "redo", "omit")


@dataclass(frozen=True)
class Take:
    """One final result of a preset on a shot; numbers are the shot's own."""

    id: str
    shot: str
    preset: str
    output: str
    number: int
    asset: str
    run: str = ""
    current: bool = True

    @property
    def result(self) -> str:
        """What it is a take of: the preset, and its output where it has several."""
        return result_name(self.preset, self.output)


def result_name(preset: str, output: str) -> str:
    """What takes and copies of a result are filed under."""
    return f"{preset}/{output}" if output else preset


@dataclass(frozen=True)
class Export:
    """A copy of a result in an output folder; `id` is its path."""

    id: str
    asset: str
    shot: str | None
    sha256: str
    size: int
    result: str
    version: int


@dataclass(frozen=True)
class Run:
    """One request: a graph over one or many shots, as it was when queued."""

    id: str
    preset: str
    graph: Mapping[str, Any]
    """The graph with resolved settings, as a preset's JSON."""
    versions: Mapping[str, str]
    """Of each node type used."""
    shots: tuple[Mapping[str, Any], ...]
    entry: str = ""
    """The Source node that the shots' drawings enter."""
    entries: Mapping[str, str] = field(default_factory=dict)
    """The assets that enter at the other Source nodes."""
    changes: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    """Settings of single shots, by shot and node, already decided."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Where the files of `File` settings were, by digest."""
    out: str = ""
    """Where its results go: from the project's folder, if it lies there."""
    board: str = ""
    state: str = "queued"
    """`queued`, `finished`, `cancelled`."""
    writer: str = ""
    """Which process carried it out last, as `journal.lock.holder` names it."""
    created: str = ""
    place: float = 0.0
    """Lower runs first."""
    counts: Mapping[str, int] = field(default_factory=dict)
    fingerprint: str = ""
    """Equal for equal requests: asking again goes on with an unfinished one."""


@dataclass(frozen=True)
class Override:
    """Settings a person gave a node for one shot only, and the drawing they saw."""

    id: str
    graph: str
    """The preset's name."""
    node: str
    shot: str
    settings: Mapping[str, Any]
    drawing: str = ""

    @classmethod
    def key(cls, graph: str, node: str, shot: str) -> str:
        """The id of the settings for this graph, node and shot."""
        return f"{graph}/{node}/{shot}"


@dataclass(frozen=True)
class Found:
    """A file seen before: as long as size, times and inode stay, so does its digest."""

    id: str
    """Its absolute path."""
    stamp: tuple[int, ...]
    digest: str
    suffix: str = ""
    size: int = 0
    width: int = 0
    height: int = 0
    warnings: tuple[str, ...] = ()
    profile: str = ""
    """As that of its asset."""


@dataclass(frozen=True)
class Queue:
    """What holds for the queue as a whole."""

    id: str = "queue"
    paused: bool = False


class Store(Protocol):
    """Keeps records across restarts.

    `done` is called when a record is on the disk, with None, or with the error.
    """

    def record(
        self,
        *,
        wait: bool = True,
        done: Callable[[Exception | None], None] | None = None,
    ) -> AbstractContextManager[None]:
        """Open a transaction: all that is put inside is kept whole or not at all."""

    def put(self, *records: Any) -> None:
        """Write records of any kind, inside `record()`."""

    def asset(self, asset_id: str) -> Asset | None:
        """The asset with this id, if it was ever made."""

    def settled(self, key: str) -> Settled | None:
        """How the recipe with this key ended, if it did."""

    def attempt(self, key: str) -> Attempt | None:
        """How often the task with this key has died with its worker, if it did."""

    def children(self, asset_id: str) -> Iterable[Asset]:
        """The assets made from this one."""
