"""A project with records and files as a run leaves them, made without any worker."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nodegraph.lineage import (
    Asset,
    Export,
    Kind,
    Recipe,
    Run,
    Settled,
    Shot,
    Status,
    Take,
)
from nodegraph.project import Project
from nodegraph.sources import Sources
from nodegraph.values import Image


def noise(seed: int, size: tuple[int, int] = (16, 24)) -> np.ndarray:
    """Pixels unlike those of any other seed."""
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


@dataclass
class Small:
    """Fills a project that is open for writing."""

    project: Project
    _seed: int = field(default=0)

    def drawing(self, name: str = "a.png") -> Asset:
        """A drawing of the board that was brought in."""
        import cv2

        path = self.project.folder / "board" / name
        path.parent.mkdir(exist_ok=True)
        self._seed += 1
        cv2.imwrite(str(path), noise(self._seed))
        [entered] = Sources(self.project.store, self.project.media, 10**8).enter([path])
        return self.project.store.asset(entered.asset)

    def picture(self, parent: Asset, node: str = "blur", **fields: object) -> Asset:
        """What a node made of an asset, and the record that it was done."""
        self._seed += 1
        settings = fields.pop("settings", {"radius": float(self._seed)})
        final = bool(fields.pop("final", False))
        version = str(fields.pop("version", self.version(node)))
        recipe = Recipe(node, version, settings, {"image": parent.id})
        stored = self.project.media.save(Image(noise(self._seed)), final=final)
        values = {
            "recipe": recipe,
            "parent": parent.id,
            "sources": parent.sources or (parent.id,),
            **fields,
        }
        asset = Asset(recipe.key, Kind.REFINED, *stored)
        asset = Asset(**{**vars_of(asset), **values})
        end = Settled(recipe.key, Status.COMPLETED, node=node, shot=asset.shot)
        self.put(asset, end)
        return asset

    def version(self, node: str) -> str:
        """The version that the node type has now."""
        type_ = self.project.registry.types.get(node)
        return type_.version if type_ else "1"

    def shot(self, drawing: Asset, name: str, **fields: object) -> Shot:
        """A shot of the board."""
        values = {
            "digest": drawing.id,
            "board": "board",
            "source": str(self.project.folder / "board" / drawing.name),
            **fields,
        }
        shot = Shot(f"id-{values.get('sequence', '')}{name}", name, **values)
        self.put(shot)
        return shot

    def take(self, shot: Shot, asset: Asset, number: int = 1, **fields: object) -> Take:
        """A take of a shot."""
        values = {"preset": "look", "output": "", **fields}
        take = Take(
            f"{shot.id}/{number}", shot.id, number=number, asset=asset.id, **values
        )
        self.put(take)
        return take

    def run(self, id_: str = "run-1", **fields: object) -> Run:
        """A run of nothing."""
        values = {"state": "finished", "created": "2026-01-02T03:04:05+00:00", **fields}
        run = Run(id_, "look", {"format": 2, "nodes": []}, {}, (), **values)
        self.put(run)
        return run

    def export(self, asset: Asset, path: Path, shot: Shot | None = None) -> Export:
        """A copy of an asset for people."""
        import hashlib

        data = self.project.media.export(asset.sha256, asset.suffix).data
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        shot_id = shot.id if shot else None
        export = Export(str(path), asset.id, shot_id, digest, len(data), "look", 1)
        self.put(export)
        return export

    def put(self, *records: object) -> None:
        """Record anything."""
        with self.project.store.record():
            self.project.store.put(*records)


def vars_of(asset: Asset) -> dict[str, object]:
    """The fields of an asset, by name."""
    from dataclasses import fields

    return {each.name: getattr(asset, each.name) for each in fields(asset)}
