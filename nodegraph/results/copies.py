"""The copy of a result that a person gets: the bytes of its file, always the same."""

import json
from typing import Any

from nodegraph.lineage import Asset, Kind, Shot
from nodegraph.media.folder import Media, with_provenance
from nodegraph.store import ProjectStore
from nodegraph.values import Encoded

FORMAT = 1
"""Of what a picture says of itself."""


def copy_for_people(
    store: ProjectStore, media: Media, asset: Asset, shot: Shot | None
) -> Encoded:
    """The bytes of a result's file: always the same; raises `MediaError`.

    What a person asked for as a file, or gave as one, stays as it is.  Another has the
    colour profile of the shot's drawing, and says how it was made.
    """
    if asset.recipe is None or asset.encoded:
        return media.export(asset.sha256, asset.suffix)
    profile = _profile(store, media, asset, shot)
    data, suffix = media.export(asset.sha256, asset.suffix, profile)
    return Encoded(with_provenance(data, suffix, provenance(asset, shot)), suffix)


def _profile(
    store: ProjectStore, media: Media, asset: Asset, shot: Shot | None
) -> bytes:
    """The colour profile a shot's result is given back; empty for most, and for masks.

    It is that of the shot's drawing, for a take of an older one that of the first
    drawing it was made from.
    """
    if shot is None or asset.type is not Kind.REFINED or not asset.sources:
        return b""
    is_newest = shot.digest in asset.sources
    drawing = store.asset(shot.digest if is_newest else asset.sources[0])
    if drawing is None or not drawing.profile:
        return b""
    return media.profile(drawing.sha256, drawing.suffix, drawing.name)


def provenance(asset: Asset, shot: Shot | None) -> str:
    """What an exported picture says of itself, as JSON, the same at every export."""
    facts: dict[str, Any] = {
        "workbench": FORMAT,
        "asset": asset.id,
        "shot": shot.path if shot else None,
        "operation": asset.recipe.as_row() if asset.recipe else None,
        "sources": list(asset.sources),
        "outcome": asset.outcome,
    }
    return json.dumps(facts, sort_keys=True, ensure_ascii=False)
