"""Drawings enter the project: hashed, copied once, and remembered while unchanged."""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from nodegraph.lineage import Asset, Found, Kind
from nodegraph.media.folder import Media, MediaError, probe
from nodegraph.store import ProjectStore

DIGEST = "sha256:"
_THREADS = 3  # one waits for the disk while others hash; more only wait for each other
_LARGEST = (1 << 63) - 1
_SETTLED = 2_000_000_000
"""Nanoseconds after which another writing gives another time on any file system; the
coarsest, FAT, counts in steps of two seconds."""


class Located(str):
    """A digest that says, while planning, where its file lies."""

    path: str

    @classmethod
    def at(cls, digest: str, path: str) -> "Located":
        """The digest of the file at `path`."""
        located = cls(digest)
        located.path = path
        return located


class Entered(NamedTuple):
    """A drawing that entered, as an asset's id; or the problem that kept it out."""

    asset: str = ""
    warnings: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Sources:
    """Brings files of the user's into a project; with `dry` they are only looked at."""

    store: ProjectStore
    media: Media
    limit: int
    dry: bool = False
    files: dict[str, str] = field(default_factory=dict)
    """Where the files that stay where they are lie, by digest."""
    expect: Callable[[int], None] = lambda count: None
    """Told how many new drawings are about to be copied."""

    def enter(self, paths: Sequence[Path]) -> list[Entered]:
        """The drawings at these paths, in order; one that is bad harms no other."""
        known = [self._known(path) for path in paths]
        new = [path for path, found in zip(paths, known, strict=True) if not found]
        fresh: dict[Path, Found | MediaError] = {}
        if new:
            if not self.dry:
                self.expect(len(new))
            with ThreadPoolExecutor(_THREADS) as threads:
                fresh = dict(zip(new, threads.map(self._bring, new), strict=True))
        good = [found for found in fresh.values() if isinstance(found, Found)]
        if good and not self.dry:
            with self.store.record():
                self.store.put(*good)
                self.store.put(*(a for a in map(_asset, good) if self._is_new(a)))
        return [
            _entered(found or fresh[path])
            for path, found in zip(paths, known, strict=True)
        ]

    def digest(self, path: Path) -> "Located":
        """The digest of a file that stays where it is, such as a model."""
        name = str(path.absolute())
        found, stamp = self.store.get(Found, name), _stamp(path)
        if found is None or found.stamp != stamp:
            found = Found(name, _lasting(stamp), _hash(path))
            if not self.dry:
                with self.store.record():
                    self.store.put(found)
        self.files[DIGEST + found.digest] = name
        return Located.at(DIGEST + found.digest, name)

    def is_still(self, path: Path, digest: str) -> bool:
        """Whether a file that stays where it is has the content it had."""
        try:
            return self.digest(path) == digest
        except OSError:
            return False

    def _known(self, path: Path) -> Found | None:
        """What is remembered of an unchanged file whose copy is still there."""
        found = self.store.get(Found, str(path))
        if found is None or not found.suffix:
            return None
        try:
            same = found.stamp == _stamp(path)
        except OSError:
            return None
        return found if same and self._has_copy(found) else None

    def _has_copy(self, found: Found) -> bool:
        return self.media.path(found.digest, found.suffix).exists()

    def _bring(self, path: Path) -> Found | MediaError:
        try:
            stamp = _lasting(_stamp(path))
            seen = probe(path, self.limit)
            if (touched := self._touched(path)) is not None:
                return replace(touched, stamp=stamp)
            if self.dry:
                facts = (_hash(path), seen.suffix, 0, seen.width, seen.height)
            else:
                facts = self.media.import_source(path, self.limit)
        except MediaError as error:
            return error
        except OSError as error:
            return MediaError(f"{path.name} cannot be read ({error.strerror})")
        return Found(
            str(path), stamp, *facts, warnings=seen.warnings, profile=seen.profile
        )

    def _touched(self, path: Path) -> Found | None:
        """What is remembered of a file that may have been written, if it has not."""
        found = self.store.get(Found, str(path))
        if found is None or not found.suffix or not self._has_copy(found):
            return None
        return found if _hash(path) == found.digest else None

    def _is_new(self, asset: Asset) -> bool:
        return self.store.asset(asset.id) is None


def _entered(found: Found | MediaError) -> Entered:
    if isinstance(found, MediaError):
        return Entered(problem=str(found))
    return Entered(found.digest, found.warnings)


def _asset(found: Found) -> Asset:
    return Asset(
        found.digest,
        Kind.BASE,
        found.digest,
        found.suffix,
        found.size,
        found.width,
        found.height,
        name=Path(found.id).name,
        profile=found.profile,
    )


def absolute(path: Path) -> Path:
    """The path from the root, without `..` in it; links are not followed."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links


def _stamp(path: Path) -> tuple[int, ...]:
    state = path.stat()
    inode = state.st_ino & _LARGEST  # wider on some systems than a record holds
    return (state.st_size, state.st_mtime_ns, inode, state.st_dev & _LARGEST)


def _lasting(stamp: tuple[int, ...]) -> tuple[int, ...]:
    """The stamp, or none for a file written so lately that it may change unnoticed."""
    is_settled = time.time_ns() - stamp[1] > _SETTLED
    return stamp if is_settled else ()


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
