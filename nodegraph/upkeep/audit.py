"""Is everything there that the records speak of, and is it what it was?"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nodegraph.identities import SUFFIX as IDENTITY
from nodegraph.identities import Identities
from nodegraph.lineage import Asset, Export, Settled, Status, Take, recipe_of
from nodegraph.media.folder import Media
from nodegraph.store import ProjectStore

if TYPE_CHECKING:
    from nodegraph.project import Project

_THREADS = 8  # hashing lets other threads run
_SHORT = 12
Place = tuple[str, str, str]
"""Digest and suffix of a file, and whose identity it is (empty for most)."""


@dataclass(frozen=True)
class Audit:
    """What was looked at, and what is wrong with it, a sentence each."""

    assets: int
    checked: int
    """Files that were read."""
    evicted: int
    """Pictures given up for room: made again when they are needed."""
    purged: int
    """Pictures made from a character that was removed."""
    problems: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As `lineage verify --json` gives it."""
        return {
            "assets": self.assets,
            "checked": self.checked,
            "evicted": self.evicted,
            "purged": self.purged,
            "problems": list(self.problems),
        }


@dataclass(frozen=True)
class Auditor:
    """Compares the records with the files; `quick` looks at sizes, not at content."""

    store: ProjectStore
    media: Media
    identities: Identities
    quick: bool = False

    def audit(self) -> Audit:
        """Look at everything once; what is wrong, again after news from a writer."""
        result = self._look()
        if result.problems and self.store.database.refresh():
            result = self._look()
        return result

    def _look(self) -> Audit:
        assets = {asset.id: asset for asset in self.store.all(Asset)}
        flaws = self.flaws(assets.values())
        problems = [
            *self.store.database.damage,
            *(text for a in assets.values() for text in _of_asset(a, assets, flaws)),
            *_of_tasks(self.store, assets),
            *_of_results(self.store, assets),
        ]
        evicted = sum(asset.evicted for asset in assets.values())
        return Audit(len(assets), len(flaws), evicted, 0, tuple(problems))

    def flaws(self, assets: Iterable[Asset]) -> dict[Place, str | None]:
        """What is wrong with each file that should be there; None for a sound one."""
        places = {place_of(a): a.size for a in assets if a.is_file and not a.evicted}
        with ThreadPoolExecutor(_THREADS) as threads:
            found = threads.map(self._flaw, places, places.values())
            return dict(zip(places, found, strict=True))

    def _flaw(self, place: Place, size: int) -> str | None:
        sha256, suffix, reference = place
        if self.quick:
            return self._quick_flaw(place, size)
        if reference:
            return self.identities.verify(reference, sha256)
        return self.media.verify(sha256, suffix)

    def _quick_flaw(self, place: Place, size: int) -> str | None:
        sha256, suffix, reference = place
        path = (
            self.identities.path(reference, sha256)
            if reference
            else self.media.path(sha256, suffix)
        )
        try:
            there = path.stat().st_size
        except FileNotFoundError:
            return "is missing"
        except OSError as error:
            return f"cannot be read ({error.strerror})"
        return None if there == size else "has other content than it had"


def auditor(project: "Project", *, quick: bool = False) -> Auditor:
    """The auditor of a project."""
    return Auditor(project.store, project.media, project.identities, quick)


def place_of(asset: Asset) -> Place:
    """Which file an asset lies in."""
    is_identity = asset.suffix == IDENTITY
    return asset.sha256, asset.suffix, str(asset.value) if is_identity else ""


def _of_asset(
    asset: Asset, assets: dict[str, Asset], flaws: dict[Place, str | None]
) -> Iterator[str]:
    name = f"picture {asset.id[:_SHORT]}"
    if asset.name:
        name += f" ({asset.name})"
    if flaw := flaws.get(place_of(asset)) if asset.is_file else None:
        yield f"{name}: its file {asset.sha256}{asset.suffix} {flaw}"
    if asset.recipe is not None and asset.recipe.key != recipe_of(asset.id):
        yield f"{name}: its record does not belong to its id"
    wanted = dict.fromkeys((*asset.parents, *asset.sources, asset.parent))
    for other in wanted:
        if other is not None and other not in assets:
            yield f"{name}: {other[:_SHORT]}, which it was made from, has no record"


def _of_tasks(store: ProjectStore, assets: dict[str, Asset]) -> Iterator[str]:
    """A task that was carried out has given something, and nothing else has."""
    made: dict[str, bool] = {}
    for asset in assets.values():
        if asset.recipe is not None:
            key = recipe_of(asset.id)
            made[key] = made.get(key, False) or asset.evicted
    done = set(store.ids(Settled, "status", Status.COMPLETED))
    for key in sorted(done - made.keys()):
        yield f"task {key[:_SHORT]}: it was carried out, but what it gave has no record"
    for key in sorted(made.keys() - done):
        if not made[key]:  # one that was given up may fail when it is made again
            yield f"picture {key[:_SHORT]}: there is no record that it was finished"


def _of_results(store: ProjectStore, assets: dict[str, Asset]) -> Iterator[str]:
    for take in store.all(Take):
        if take.asset not in assets:
            yield f"take {take.number} of shot {take.shot}: its picture has no record"
    for export in store.all(Export):
        if export.asset not in assets:
            yield f"file {export.id}: the picture it is a copy of has no record"
