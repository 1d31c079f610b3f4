"""The lineage as one JSON document, for archives and for people outside."""

from collections.abc import Iterable
from typing import Any

from nodegraph.lineage import Asset, Export, Kind, Shot, Take
from nodegraph.reports.ancestry import ancestors, pipeline
from nodegraph.store import ProjectStore

FORMAT = 1
_PRIVATE = {
    "assets": ("name", "message", "notes"),
    "shots": ("source", "board", "note", "by", "changed"),
    "takes": (),
    "files": ("file",),
}
"""What says who worked, where, and what they remarked, by part of the document."""


def document(
    store: ProjectStore, asset: Asset | None = None, *, strip: bool = False
) -> dict[str, Any]:
    """The lineage of the project, or of one asset and all that it was made from.

    With `strip` the names of people, paths and notes are left out.  Texts among the
    settings stay: without them a recipe is not what it was.
    """
    assets = list(store.all(Asset)) if asset is None else _line(store, asset)
    ids = {each.id for each in assets}
    takes = [take for take in store.all(Take) if take.asset in ids]
    exports = [export for export in store.all(Export) if export.asset in ids]
    parts = {
        "assets": [_asset(each) for each in assets],
        "shots": [_shot(each) for each in _shots(store, asset, assets, takes)],
        "takes": [_take(each) for each in takes],
        "files": [_file(each) for each in exports],
    }
    if strip:
        parts = {name: _without(rows, _PRIVATE[name]) for name, rows in parts.items()}
        _forget_characters(parts["assets"])
    return {"format": FORMAT, "asset": asset.id if asset else None, **parts}


def _line(store: ProjectStore, asset: Asset) -> list[Asset]:
    """The asset after all that it was made from, the drawings first."""
    return [asset, *(each.asset for each in ancestors(store, asset))][::-1]


def _shots(
    store: ProjectStore,
    asset: Asset | None,
    assets: Iterable[Asset],
    takes: Iterable[Take],
) -> list[Shot]:
    if asset is None:
        return list(store.all(Shot))
    ids = {each.shot for each in assets if each.shot} | {take.shot for take in takes}
    return [shot for id_ in sorted(ids) if (shot := store.get(Shot, id_))]


def _without(
    rows: list[dict[str, Any]], names: tuple[str, ...]
) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k not in names} for row in rows]


def _forget_characters(assets: list[dict[str, Any]]) -> None:
    """The value of an identity is whose it is."""
    for row in assets:
        if row["type"] == Kind.IDENTITY:
            row["value"] = None


def _asset(asset: Asset) -> dict[str, Any]:
    return {
        "id": asset.id,
        "type": str(asset.type),
        "parentId": asset.parent,
        "parents": list(asset.parents),
        "sourceIds": list(asset.sources),
        "pipelineInfo": pipeline(asset),
        "sha256": asset.sha256 or None,
        "suffix": asset.suffix or None,
        "size": [asset.width, asset.height] if asset.width else None,
        "bytes": asset.size,
        "value": asset.value,
        "outcome": asset.outcome,
        "certificate": asset.certificate,
        "shot": asset.shot,
        "evicted": asset.evicted,
        "name": asset.name or None,
        "message": asset.message,
        "notes": dict(asset.notes),
    }


def _shot(shot: Shot) -> dict[str, Any]:
    return {
        "id": shot.id,
        "name": shot.name,
        "sequence": shot.sequence,
        "index": shot.index,
        "drawing": shot.digest or None,
        "status": shot.status,
        "pick": dict(shot.pick),
        "source": shot.source,
        "board": shot.board,
        "note": shot.note,
        "by": shot.by,
        "changed": shot.changed,
    }


def _take(take: Take) -> dict[str, Any]:
    return {
        "shot": take.shot,
        "result": take.result,
        "number": take.number,
        "asset": take.asset,
        "current": take.current,
    }


def _file(export: Export) -> dict[str, Any]:
    return {
        "file": export.id,
        "asset": export.asset,
        "sha256": export.sha256,
        "version": export.version,
    }
