"""Room on the disk: what has no record goes, and so do the oldest intermediates."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nodegraph.files import SCRATCH
from nodegraph.identities import SUFFIX as IDENTITY
from nodegraph.identities import Identities
from nodegraph.journal.lines import JournalError
from nodegraph.lineage import Asset, Export, Kind, Take
from nodegraph.media.folder import Media, MediaFile
from nodegraph.node import NodeType
from nodegraph.store import ProjectStore
from nodegraph.upkeep.audit import Place, place_of

if TYPE_CHECKING:
    from nodegraph.project import Project

GIGABYTE = 1_000_000_000


class Stray(NamedTuple):
    """A file that no record speaks of."""

    path: Path
    size: int


@dataclass(frozen=True)
class Waste:
    """What can go: files without a record, and intermediates over the limit."""

    strays: tuple[Stray, ...] = ()
    evictable: tuple[MediaFile, ...] = ()
    intermediates: int = 0
    """Bytes of all intermediate pictures there are."""

    @property
    def bytes(self) -> int:
        """What removing all of it gives back."""
        return sum(s.size for s in self.strays) + sum(f.size for f in self.evictable)


@dataclass
class Cleared:
    """What was removed, and what could not be, a sentence each."""

    strays: int = 0
    evicted: int = 0
    bytes: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Sweeper:
    """Frees room in the folder `home` of a project whose lock is held.

    `limit` is the bytes of intermediates that may stay.  Only what `types` can make
    again, from what stays, is an intermediate; results of services never are.
    """

    home: Path
    store: ProjectStore
    media: Media
    identities: Identities
    types: Mapping[str, NodeType]
    limit: float

    def waste(self) -> Waste:
        """What can go; raises `JournalError` while the journal is damaged."""
        refuse_damage(self.store)
        assets = list(self.store.all(Asset))
        files = {(f.sha256, f.suffix): f for f in self.media.files()}
        known = {(a.sha256, a.suffix) for a in assets if a.is_file and not a.evicted}
        strays = [Stray(f.path, f.size) for p, f in files.items() if p not in known]
        strays += map(_stray, self._other_strays(assets))
        spare = _spare(self.store, assets, self.types)
        kept = [files[place] for place in spare if place in files]
        excess = tuple(_oldest_over(kept, self.limit))
        total = sum(file.size for file in kept)
        return Waste(tuple(strays), excess, total)

    def clear(self, waste: Waste) -> Cleared:
        """Remove what `waste` names; the records of evicted pictures are marked first."""
        cleared = Cleared()
        for stray in waste.strays:
            if self._remove(stray.path, cleared):
                cleared.strays += 1
                cleared.bytes += stray.size
        self._mark(waste.evictable)
        for file in waste.evictable:
            if self._remove(file.path, cleared):
                cleared.evicted += 1
                cleared.bytes += file.size
        return cleared

    def _mark(self, files: Iterable[MediaFile]) -> None:
        """Before the file goes: a crash in between leaves a file too many, not a gap."""
        with self.store.record():
            for file in files:
                for asset in self.store.by(Asset, "sha256", file.sha256):
                    if asset.suffix == file.suffix:
                        self.store.put(replace(asset, evicted=True))

    def _other_strays(self, assets: Iterable[Asset]) -> Iterator[Path]:
        """Scratch, thumbnails of nothing, identities of nobody."""
        yield from self.media.leftovers()
        places = [place_of(asset) for asset in assets if asset.is_file]
        digests = {sha256 for sha256, _, _ in places}
        for path in self.media.thumbs.glob("[0-9a-f][0-9a-f]/*"):
            if path.stem not in digests:
                yield path
        own = {self._identity(place) for place in places if place[1] == IDENTITY}
        yield from (path for path in self.identities.files() if path not in own)
        yield from self.home.glob(f".*{SCRATCH}")

    def _identity(self, place: Place) -> Path:
        return self.identities.path(place[2], place[0])

    def _remove(self, path: Path, cleared: Cleared) -> bool:
        """Delete a file, unless a link has led out of the project's own folder."""
        parent = os.path.realpath(path.parent)
        if not Path(parent).is_relative_to(os.path.realpath(self.home)):
            cleared.problems.append(
                f"{path} lies outside {self.home}: it was left alone"
            )
            return False
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            cleared.problems.append(
                f"{path} cannot be removed ({error.strerror}): check its permissions"
            )
            return False
        return True


def sweeper(project: "Project") -> Sweeper:
    """The sweeper of a project that is open for writing."""
    return Sweeper(
        project.home,
        project.store,
        project.media,
        project.identities,
        project.registry.types,
        project.settings.cache_gb * GIGABYTE,
    )


def refuse_damage(store: ProjectStore) -> None:
    """Raise `JournalError` where records are lost: their pictures look like strays."""
    if store.database.lost:
        raise JournalError(
            "the journal is damaged, so pictures without a record cannot be told from "
            "those whose record was lost: run `workbench doctor --repair` first"
        )


def _stray(path: Path) -> Stray:
    try:
        return Stray(path, path.lstat().st_size)
    except OSError:
        return Stray(path, 0)


def _spare(
    store: ProjectStore, assets: Iterable[Asset], types: Mapping[str, NodeType]
) -> set[tuple[str, str]]:
    """The files of intermediates, by digest and suffix, that nothing else lies in."""
    results = {take.asset for take in store.all(Take)}
    results |= {export.asset for export in store.all(Export)}
    spare: set[tuple[str, str]] = set()
    kept: set[tuple[str, str]] = set()
    for asset in assets:
        if asset.is_file and not asset.evicted:
            is_spare = asset.id not in results and can_remake(asset, types)
            (spare if is_spare else kept).add((asset.sha256, asset.suffix))
    return spare - kept


def can_remake(asset: Asset, types: Mapping[str, NodeType]) -> bool:
    """Whether the picture is the work of a machine that can be done again here.

    Drawings, masks and identities are not, nor is what a service was asked for, nor
    what a node type made that is gone or has changed since.
    """
    recipe = asset.recipe
    if recipe is None or asset.type in (Kind.MASK, Kind.IDENTITY):
        return False
    type_ = types.get(recipe.node)
    if type_ is None or type_.version != recipe.version:
        return False
    return not (type_.is_async or type_.account)


def _oldest_over(files: Iterable[MediaFile], limit: float) -> Iterator[MediaFile]:
    """The oldest files, until what is left fits into `limit` bytes."""
    ordered = sorted(files, key=lambda file: (file.changed, file.sha256))
    left = sum(file.size for file in ordered)
    for file in ordered:
        if left <= limit:
            return
        left -= file.size
        yield file
