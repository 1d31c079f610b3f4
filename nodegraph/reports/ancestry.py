"""Where a picture comes from and what was made of it: questions to the lineage."""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from nodegraph.filenames import printable
from nodegraph.lineage import Asset, Export, Found, Shot
from nodegraph.store import ProjectStore

SHORTEST = 6
"""Characters of an id that are enough to name it, where no other begins so."""
_SHOWN = 5
_HASH = re.compile(r"[0-9a-f]{64}")


class UnknownAssetError(LookupError):
    """Nothing in the lineage has this id, or is this file."""


class Relative(NamedTuple):
    """An asset on the way to or from another, so many steps away."""

    asset: Asset
    steps: int


def find(store: ProjectStore, text: str) -> Asset:
    """The asset of this id, of this beginning of an id, or of this file.

    A file is known by where it lies, as a result or a drawing that has not changed
    since, else by its content.  Raises `UnknownAssetError`.
    """
    asset = store.asset(text) or _at(store, Path(text).absolute())
    return asset or _beginning(store, text)


def _at(store: ProjectStore, path: Path) -> Asset | None:
    """The asset in a file; None where there is neither file nor record of one."""
    known = store.get(Export, str(path)) or store.get(Export, os.path.realpath(path))
    if known is not None:
        return store.asset(known.asset)
    if not path.is_file():
        return None
    found = store.get(Found, str(path))
    if found is not None and _is_unchanged(path, found) and store.asset(found.digest):
        return store.asset(found.digest)
    return _with_content(store, path)


def _is_unchanged(path: Path, found: Found) -> bool:
    state = path.stat()
    return found.stamp[:2] == (state.st_size, state.st_mtime_ns)


def _with_content(store: ProjectStore, path: Path) -> Asset:
    """The asset whose file or whose copy for people holds the same bytes."""
    digests = [_sha256(path)]
    if _HASH.fullmatch(path.stem):
        digests.append(path.stem)  # a thumbnail has the name of its picture
    for digest in digests:
        if asset := store.asset(digest):
            return asset
        if assets := store.by(Asset, "sha256", digest):
            return assets[0]
        for export in store.all(Export):
            if export.sha256 == digest and (asset := store.asset(export.asset)):
                return asset
    raise UnknownAssetError(
        f"{printable(str(path))} is no picture of this project: its content is in no "
        "record; name a result, a drawing that was run, or an id"
    )


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnknownAssetError(
            f"{printable(str(path))} cannot be read ({error.strerror}): "
            "check its permissions"
        ) from None


def _beginning(store: ProjectStore, text: str) -> Asset:
    long_enough = len(text) >= SHORTEST
    keys = [k for k in store.keys(Asset) if k.startswith(text)] if long_enough else []
    asset = store.asset(keys[0]) if len(keys) == 1 else None
    if asset is not None:
        return asset
    name = repr(printable(text))
    if keys:
        more = ", …" if len(keys) > _SHOWN else ""
        raise UnknownAssetError(
            f"several pictures begin with {name}: {', '.join(keys[:_SHOWN])}{more}; "
            "give more of the id"
        )
    raise UnknownAssetError(
        f"there is no picture {name}: give an id, its first {SHORTEST} characters or "
        "more, or a file of the project"
    )


# One asset


def facts(store: ProjectStore, asset: Asset, path: Path | None) -> dict[str, Any]:
    """What `lineage show --json` says of an asset; `path` is where its file lies."""
    return {
        "id": asset.id,
        "type": str(asset.type),
        "parentId": asset.parent,
        "parents": list(asset.parents),
        "sourceIds": list(asset.sources),
        "pipelineInfo": pipeline(asset),
        "engines": engines(store, asset),
        "file": str(path) if path is not None else None,
        "sha256": asset.sha256 or None,
        "outcome": asset.outcome,
        "certificate": dict(asset.certificate) if asset.certificate else None,
    }


def pipeline(asset: Asset) -> dict[str, Any] | None:
    """How the asset was made; None for a drawing that was brought in."""
    recipe = asset.recipe
    if recipe is None:
        return None
    return {
        "node": recipe.node,
        "version": recipe.version,
        "engine": recipe.settings.get("engine"),
        "models": dict(asset.models),
        "settings": dict(recipe.settings),
        "inputs": dict(recipe.inputs),
    }


def engines(store: ProjectStore, asset: Asset) -> list[str]:
    """The engines used on the way to an asset, the first used first, each once."""
    way = [*reversed(list(ancestors(store, asset))), Relative(asset, 0)]
    used = (
        each.asset.recipe.settings.get("engine") for each in way if each.asset.recipe
    )
    return list(dict.fromkeys(str(engine) for engine in used if engine))


def operation(asset: Asset) -> str:
    """How it was made, in a person's words: `Blur v1 · radius 3`."""
    recipe = asset.recipe
    if recipe is None:
        return asset.name or "drawing"
    label = recipe.node.replace("_", " ").capitalize()
    settings = (f"{k.replace('_', ' ')} {_said(v)}" for k, v in recipe.settings.items())
    return " · ".join((f"{label} v{recipe.version}", *settings))


def _said(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, bool):
        return "on" if value else "off"
    text = str(value) or "(empty)"
    return text if len(text) <= 40 else text[:39] + "…"


def shot_of(store: ProjectStore, asset: Asset) -> Shot | None:
    """The shot that an asset belongs to; None where several share it."""
    if asset.shot is not None:
        return store.get(Shot, asset.shot)
    drawn = [shot for shot in store.all(Shot) if shot.digest == asset.id]
    return drawn[0] if len(drawn) == 1 else None


# Its relatives


def ancestors(store: ProjectStore, asset: Asset) -> Iterator[Relative]:
    """Everything an asset was made from, each once, the nearest first."""
    return _relatives(asset, lambda each: _parents(store, each))


def descendants(store: ProjectStore, asset: Asset) -> Iterator[Relative]:
    """Everything that was made from an asset, each once, the nearest first."""
    return _relatives(asset, lambda each: store.children(each.id))


def _parents(store: ProjectStore, asset: Asset) -> list[Asset]:
    return [found for id_ in asset.parents if (found := store.asset(id_))]


def _relatives(
    asset: Asset, step: Callable[[Asset], Iterable[Asset]]
) -> Iterator[Relative]:
    seen, near = {asset.id}, [asset]
    steps = 0
    while near:
        steps += 1
        far = []
        for each in near:
            for other in step(each):
                if other.id not in seen:
                    seen.add(other.id)
                    far.append(other)
                    yield Relative(other, steps)
        near = far


def branch(
    asset: Asset, step: Callable[[Asset], Iterable[Asset]]
) -> Iterator[tuple[Relative, bool]]:
    """The relatives as a tree, each below the one it hangs on.

    One that hangs on several is told again at each, and then marked True: what hangs
    on it was told before.
    """
    seen: set[str] = set()
    waiting = [Relative(each, 1) for each in reversed(list(step(asset)))]
    while waiting:
        relative = waiting.pop()
        again = relative.asset.id in seen
        yield relative, again
        if not again:
            seen.add(relative.asset.id)
            nearer = list(step(relative.asset))
            waiting += [Relative(each, relative.steps + 1) for each in reversed(nearer)]


def upward(store: ProjectStore, asset: Asset) -> Iterator[tuple[Relative, bool]]:
    """`branch` over what the asset was made from."""
    return branch(asset, lambda each: _parents(store, each))


def downward(store: ProjectStore, asset: Asset) -> Iterator[tuple[Relative, bool]]:
    """`branch` over what was made from the asset."""
    return branch(asset, lambda each: store.children(each.id))
