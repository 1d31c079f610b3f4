"""Panels become shots: known again when they are renamed or redrawn."""

import hashlib
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace

from nodegraph.lineage import Shot
from nodegraph.panel import Panel
from nodegraph.sources import Entered
from nodegraph.store import ProjectStore


class UnknownShotError(ValueError):
    """No shot bears the name, or several do."""


def named_shot(name: str, shots: Iterable[Shot]) -> Shot:
    """The shot of this name, of this sequence and name, or of this id."""
    shots = list(shots)
    found = [shot for shot in shots if name in (shot.path, shot.id)]
    found = found or [shot for shot in shots if shot.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        choices = ", ".join(shot.path for shot in found)
        raise UnknownShotError(f"several shots are called {name!r}: {choices}")
    raise UnknownShotError(
        f"there is no shot {name!r}: `workbench shots list` names those there are"
    )


def recognise(
    panels: Sequence[Panel],
    entered: Sequence[Entered],
    known: Sequence[Shot],
    board: str,
    everyone: Mapping[str, int],
) -> list[Shot]:
    """The panels as shots, each under the id it had before if it is known.

    It is known by its name, or else by its drawing if the name it had is gone from
    the board, of which `everyone` gives all labels and their places.
    """
    registry = _Registry(known, board)
    pairs = zip(panels, entered, strict=True)
    return [registry.shot(panel, one, everyone) for panel, one in pairs]


def record(
    store: ProjectStore,
    shots: Sequence[Shot],
    known: Sequence[Shot],
    everyone: Container[str] | None,
) -> None:
    """Keep what has changed; shots whose names are gone from `everyone` are omitted."""
    ids = {shot.id for shot in shots}
    before = {shot.id: shot for shot in known}
    changed = [shot for shot in shots if before.get(shot.id) != shot]
    if everyone is not None:
        changed += [
            replace(shot, omitted=True)
            for shot in known
            if shot.path not in everyone and shot.id not in ids and not shot.omitted
        ]
    if changed:
        with store.record():
            store.put(*changed)


class _Registry:
    """The recorded shots of one board, and which of them have been met again."""

    def __init__(self, known: Sequence[Shot], board: str) -> None:
        self._by_path = {shot.path: shot for shot in known}
        self._board = board
        self._ids = {shot.id for shot in known}
        self._taken: set[str] = set()

    def shot(self, panel: Panel, entered: Entered, everyone: Mapping[str, int]) -> Shot:
        before = self._by_path.get(panel.label)
        before = before or self._renamed(entered.asset, everyone)
        before = before or Shot(self._new_id(panel.label), "", board=self._board)
        self._taken.add(before.id)
        return replace(
            before,
            name=panel.name,
            sequence=panel.sequence,
            index=everyone[panel.label],
            digest=entered.asset or before.digest,
            source=str(panel.path),
            number=panel.number,
            dialogue=panel.dialogue,
            duration=panel.duration,
            problem=panel.problem or entered.problem,
            omitted=False,
        )

    def _renamed(self, digest: str, everyone: Container[str]) -> Shot | None:
        for shot in self._by_path.values() if digest else ():
            gone = shot.path not in everyone and shot.id not in self._taken
            if gone and shot.digest == digest:
                return shot
        return None

    def _new_id(self, label: str) -> str:
        number = 0
        while True:
            text = f"{self._board}\0{label}\0{number}"
            id_ = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
            if id_ not in self._ids:
                self._ids.add(id_)
                return id_
            number += 1
