"""What became of every shot: a list in the output folder, for people and programs."""

import json
import os
import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from nodegraph.files import plain, write_whole
from nodegraph.lineage import Status, recipe_of

MANIFEST = "manifest.json"
FORMAT = 1
SEVERITY = ("done", "swapped", "unchanged", "soft", "no_mask", "no_face")
"""Outcomes of completed tasks, the worst last; one not listed is worse than all."""
PASSED = frozenset({"no_face", "no_mask", "ambiguous", "too_small", "refused_pose"})
"""Outcomes that say a face or mask node did nothing."""


class ManifestError(OSError):
    """The manifest cannot be written, or its place is taken by a file that is none."""


class Row(NamedTuple):
    """What became of one result of one shot, or of the run as a whole."""

    shot: str | None
    source: str | None
    file: Path | None
    asset: str | None
    outcome: str | None
    status: Status
    error: str | None

    @property
    def passed(self) -> bool:
        """Whether it came through though a face or mask node did nothing."""
        return self.status is Status.COMPLETED and self.outcome in PASSED


def worst(outcomes: Iterable[str | None]) -> str | None:
    """The most severe outcome; None where there is none."""
    known = [outcome for outcome in outcomes if outcome]
    rank = {name: index for index, name in enumerate(SEVERITY)}
    return max(known, key=lambda name: rank.get(name, len(SEVERITY)), default=None)


def write_manifest(
    out: Path, rows: Sequence[Row], order: Callable[[], Iterable[str]] = tuple
) -> Path:
    """Say in the output folder what became of every shot; earlier ones stay listed.

    `order` gives the names of all shots as they follow each other on the board.
    Raises `ManifestError`.
    """
    path = out / MANIFEST
    entries = [_entry(row, str(out)) for row in rows]
    mine = set(map(_whose, entries))
    old = [entry for entry in entries_in(out) if _whose(entry) not in mine]
    if old:
        entries = _in_order([*old, *entries], order())
    lines = ",\n".join(map(json.dumps, entries))
    data = f'{{"format": {FORMAT}, "entries": [\n{lines}\n]}}\n'.encode()
    try:
        if not path.exists() or path.read_bytes() != data:
            out.mkdir(parents=True, exist_ok=True)
            write_whole(path, data)
    except OSError as error:
        raise ManifestError(
            f"{path} cannot be written: {error.strerror or error}: make room there or "
            "choose another folder with --out"
        ) from error
    return path


def _whose(entry: Mapping[str, Any]) -> tuple[object, str]:
    """Which shot of which board: several boards may have their results in a folder."""
    return entry.get("shot"), str(entry.get("source") or "").rpartition("/")[0]


def _in_order(
    entries: Iterable[dict[str, Any]], order: Iterable[str]
) -> list[dict[str, Any]]:
    """Shots as on the board, those of other boards before, what is no shot's last."""
    places = {name: index for index, name in enumerate(order)}
    last = len(places)

    def place(entry: Mapping[str, Any]) -> int:
        name = entry.get("shot")
        return last if name is None else places.get(name, -1)

    return sorted(entries, key=place)


def entries_in(out: Path) -> list[dict[str, Any]]:
    """What the manifest in a folder lists; `ManifestError` for a file of another use."""
    path = out / MANIFEST
    entries = _entries(path)
    if entries is None:
        raise ManifestError(
            f"{path} is no list of this program: move it away or choose another folder "
            "with --out"
        )
    return entries


def _entries(path: Path) -> list[dict[str, Any]] | None:
    """The entries of a manifest, none where there is no file; None if it is no manifest."""
    try:
        content = json.loads(plain(path).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, ValueError, RecursionError):
        return None
    entries = content.get("entries") if isinstance(content, dict) else None
    if not isinstance(entries, list) or content.get("format") != FORMAT:
        return None
    return [entry for entry in entries if isinstance(entry, dict)]


def _entry(row: Row, out: str) -> dict[str, Any]:
    return {
        "shot": row.shot or None,
        "source": _relative(row.source, out) if row.source else None,
        "file": _relative(str(row.file), out) if row.file else None,
        "asset": row.asset,
        "recipe": recipe_of(row.asset) if row.asset else None,
        "outcome": row.outcome,
        "status": str(row.status),
        "error": row.error,
    }


def _relative(path: str, out: str) -> str:
    folder, name = os.path.split(path)
    return posixpath.join(_way(folder, out), name)


@lru_cache(maxsize=64)
def _way(folder: str, out: str) -> str:
    """How one gets from one folder to another; empty where they are the same."""
    try:
        way = os.path.relpath(folder, out)
    except ValueError:
        return Path(folder).as_posix()  # on another drive
    return "" if way == os.curdir else Path(way).as_posix()
