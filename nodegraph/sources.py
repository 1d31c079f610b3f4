"""Drawings enter the project: hashed, copied once, and remembered while unchanged."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from nodegraph.lineage import Asset, Found, Kind
from nodegraph.media import Media, MediaError, probe
from nodegraph.store import ProjectStore

DIGEST = "sha256:"
_THREADS = 8  # enough to keep a disk busy while others hash
_BLOCK = 1 << 20


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

    def enter(self, paths: Sequence[Path]) -> list[Entered]:
        """The drawings at these paths, in order; one that is bad harms no other."""
        known = [self._known(path) for path in paths]
        new = [path for path, found in zip(paths, known, strict=True) if not found]
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

    def digest(self, path: Path) -> str:
        """The digest of a file that stays where it is, such as a model."""
        name = str(path.absolute())
        found, stamp = self.store.get(Found, name), _stamp(path)
        if found is None or found.stamp != stamp:
            found = Found(name, stamp, _hash(path))
            if not self.dry:
                with self.store.record():
                    self.store.put(found)
        self.files[DIGEST + found.digest] = name
        return DIGEST + found.digest

    def _known(self, path: Path) -> Found | None:
        """What is remembered of an unchanged file whose copy is still there."""
        found = self.store.get(Found, str(path))
        if found is None or not found.suffix:
            return None
        try:
            same = found.stamp == _stamp(path)
        except OSError:
            return None
        there = same and self.media.path(found.digest, found.suffix).exists()
        return found if there else None

    def _bring(self, path: Path) -> Found | MediaError:
        try:
            stamp = _stamp(path)
            seen = probe(path, self.limit)
            if self.dry:
                facts = (_hash(path), seen.suffix, 0, seen.width, seen.height)
            else:
                facts = self.media.import_source(path, self.limit)
        except MediaError as error:
            return error
        except OSError as error:
            return MediaError(f"{path.name} cannot be read ({error.strerror})")
        return Found(str(path), stamp, *facts, warnings=seen.warnings)

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
    )


def _stamp(path: Path) -> tuple[int, ...]:
    state = path.stat()
    return (state.st_size, state.st_mtime_ns, state.st_ino, state.st_dev)


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
