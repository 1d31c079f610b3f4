"""What goes to the client: of every shot the take a person picked, under its name."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from nodegraph.filenames import (
    fold,
    natural,
    next_version,
    output_name,
    printable,
    safe,
)
from nodegraph.files import holds, write_whole
from nodegraph.lineage import Asset, Export, Shot, Status, Take
from nodegraph.media.folder import Media, MediaError
from nodegraph.results.copies import copy_for_people
from nodegraph.results.manifest import Row, write_manifest
from nodegraph.store import ProjectStore
from nodegraph.values import Encoded

OMIT, APPROVED = "omit", "approved"


class DeliveryError(ValueError):
    """A picture cannot be delivered; the message says why and what helps."""


class Choice(NamedTuple):
    """A shot, and the takes of it that count: none where there is nothing yet."""

    shot: Shot
    takes: tuple[Take, ...] = ()


@dataclass(frozen=True)
class Delivered:
    """What was delivered, a row for each picture, and how many were there before."""

    rows: tuple[Row, ...]
    manifest: Path
    kept: int = 0

    @property
    def missing(self) -> list[Row]:
        """The shots that gave no picture."""
        return [row for row in self.rows if row.status is not Status.COMPLETED]


@dataclass(frozen=True)
class Delivery:
    """Copies takes into a folder, never over a file.

    With `keep_names` each picture is called as the drawing it was made from.
    """

    store: ProjectStore
    media: Media
    out: Path
    keep_names: bool = False
    _given: dict[str, str] = field(default_factory=dict)
    """Which shot has which name in this delivery, case and Unicode form aside."""

    def deliver(self, choices: Iterable[Choice]) -> Delivered:
        """Copy the takes and write the list; a shot that fails harms no other.

        Raises `DeliveryError` where the folder cannot be written at all.
        """
        rows: list[Row] = []
        kept = 0
        for choice in choices:
            for row, is_new in self._rows(choice):
                rows.append(row)
                kept += row.file is not None and not is_new
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            manifest = write_manifest(self.out, rows)
        except OSError as error:
            raise DeliveryError(
                f"{printable(str(self.out))} cannot be written "
                f"({error.strerror or error}): name another folder with --out"
            ) from None
        return Delivered(tuple(rows), manifest, kept)

    def _rows(self, choice: Choice) -> Iterator[tuple[Row, bool]]:
        shot, takes = choice
        if not takes:
            error = shot.problem or "has no take yet: run a preset on it"
            yield _row(shot, None, Status.FAILED, error=error), False
        elif self.keep_names and len(takes) > 1:
            names = ", ".join(f"{t.number} ({t.result})" for t in takes)
            error = f"several takes count: {names}; run `workbench shots set --take`"
            yield _row(shot, None, Status.FAILED, error=error), False
        else:
            for take in takes:
                yield self._copied(shot, take)

    def _copied(self, shot: Shot, take: Take) -> tuple[Row, bool]:
        asset = self.store.asset(take.asset)
        if asset is None:
            error = f"take {take.number} has no record: run `workbench lineage verify`"
            return _row(shot, None, Status.FAILED, error=error), False
        try:
            file = copy_for_people(self.store, self.media, asset, shot)
            path, is_new = self._written(shot, take, file)
        except (MediaError, DeliveryError) as error:
            return _row(shot, asset, Status.FAILED, error=str(error)), False
        except OSError as error:
            text = f"{self.out} cannot be written ({error.strerror or error})"
            return _row(shot, asset, Status.FAILED, error=text), False
        return _row(shot, asset, Status.COMPLETED, file=path), is_new

    def _written(self, shot: Shot, take: Take, file: Encoded) -> tuple[Path, bool]:
        """Where the picture lies, and whether it was not there before."""
        folder = self.out.joinpath(*shot.sequence.split("/"))
        folder.mkdir(parents=True, exist_ok=True)
        if self.keep_names:
            path = folder / self._stem(shot, file.suffix)
        else:
            path = self._version(folder, shot, take, file)
        if not path.exists():
            write_whole(path, file.data)
            return path, True
        if not holds(path, file.data):
            raise DeliveryError(
                f"{path.name} is another picture there: deliver into an empty folder"
            )
        return path, False

    def _stem(self, shot: Shot, suffix: str) -> str:
        """The drawing's own name, or the shot's where another shot has that."""
        for name in (Path(shot.source).stem or shot.name, shot.name):
            file = safe(name) + suffix
            key = fold(f"{shot.sequence}/{file}")
            if self._given.setdefault(key, shot.id) == shot.id:
                return file
        raise FileExistsError(
            f"two shots would be called {file}: leave --keep-names out"
        )

    def _version(self, folder: Path, shot: Shot, take: Take, file: Encoded) -> Path:
        """The file that holds the picture already, or the next free version."""
        output = take.output or None

        def path(version: int) -> Path:
            name = output_name(shot.name, take.preset, output, file.suffix, version)
            return folder / name

        taken = [entry.name for entry in os.scandir(folder)]
        after = next_version(taken, shot.name, take.preset, output)
        for version in reversed(range(1, min(after, _MOST))):
            if holds(path(version), file.data):
                return path(version)
        number = self._number(shot, take)
        return path(max(number, after))

    def _number(self, shot: Shot, take: Take) -> int:
        """The version under which the take was written when it was made."""
        found = [
            export.version
            for export in self.store.by(Export, "asset", take.asset)
            if (export.shot, export.result) == (shot.id, take.result)
        ]
        return min(found, default=1)


_MOST = 1000
"""Versions that are compared with a picture before it gets another."""


def choices(
    shots: Iterable[Shot], takes: Iterable[Take], *, approved: bool = False
) -> list[Choice]:
    """Of every shot on its board the takes picked, else the current ones, in order.

    Left out are shots to omit and, with `approved`, those not approved.
    """
    by_shot: dict[str, list[Take]] = {}
    for take in takes:
        by_shot.setdefault(take.shot, []).append(take)
    wanted = [
        shot
        for shot in in_order(shots)
        if not shot.omitted
        and shot.status != OMIT
        and (shot.status == APPROVED or not approved)
    ]
    return [Choice(shot, counting(shot, by_shot.get(shot.id, ()))) for shot in wanted]


def counting(shot: Shot, takes: Iterable[Take]) -> tuple[Take, ...]:
    """The takes of a shot that a person picked; where none was, the current ones."""
    takes = list(takes)
    picked = [take for take in takes if shot.pick.get(take.result) == take.number]
    return tuple(picked or (take for take in takes if take.current))


def in_order(shots: Iterable[Shot]) -> list[Shot]:
    """Shots as they follow each other: board by board, as on the board."""
    return sorted(shots, key=lambda s: (natural(s.board), s.index, natural(s.path)))


def _row(
    shot: Shot,
    asset: Asset | None,
    status: Status,
    *,
    file: Path | None = None,
    error: str | None = None,
) -> Row:
    outcome = asset.outcome if asset and status is Status.COMPLETED else None
    name = asset.id if asset else None
    return Row(shot.path, shot.source or None, file, name, outcome, status, error)
