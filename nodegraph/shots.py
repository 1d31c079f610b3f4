"""Panels become shots: known again when they are renamed or redrawn."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from nodegraph.board.folder import read
from nodegraph.board.panel import BoardError, Panel, from_file, problem_of
from nodegraph.filenames import safe
from nodegraph.lineage import Shot
from nodegraph.sources import Entered
from nodegraph.store import ProjectStore


class UnknownShotError(ValueError):
    """No shot bears the name, or several do."""


def named_shot(name: str, shots: Iterable[Shot]) -> Shot:
    """The shot of this name, of this sequence and name, or of this id.

    One that is on its board goes before one that is not.
    """
    shots = list(shots)
    found = [shot for shot in shots if name in (shot.path, shot.id)]
    found = found or [shot for shot in shots if shot.name == name]
    found = [shot for shot in found if not shot.omitted] or found
    if len(found) == 1:
        return found[0]
    if found:
        boards = len({shot.board for shot in found}) > 1
        choices = ", ".join(
            f"{shot.path} of {shot.board}" if boards else shot.path for shot in found
        )
        remedy = "say which with --board" if boards else "say its sequence too"
        raise UnknownShotError(
            f"several shots are called {name!r}: {choices}; {remedy}"
        )
    raise UnknownShotError(
        f"there is no shot {name!r}: `workbench shots list` names those there are"
    )


def alone(
    path: Path, store: ProjectStore, board_id: Callable[[Path], str]
) -> tuple[Panel, str]:
    """The panel that a picture is without its board being read, and its board.

    Where the project knows the picture from a board, it is that board's panel.
    """
    for folder in path.parents:
        board = board_id(folder)
        for shot in store.by(Shot, "board", board):
            if shot.source == str(path) and not shot.omitted:
                problem = problem_of(path)
                told = (shot.number, shot.dialogue, shot.duration, problem)
                return Panel(shot.name, shot.sequence, path, *told), board
    return _of_folder(path), board_id(path.parent)


def _of_folder(path: Path) -> Panel:
    """The panel that its folder, taken for a board, would have there."""
    with suppress(BoardError):
        for panel in read(path.parent).panels:
            if panel.path == path and not panel.number:
                return panel
    return replace(from_file(path), name=safe(path.stem))


def places(
    panels: Sequence[Panel], known: Iterable[Shot], *, recursive: bool
) -> dict[str, int]:
    """The names on a board, of which these are all panels, and their places.

    What lies in folders below counts too where those were not looked into.
    """
    found = {panel.label: index for index, panel in enumerate(panels)}
    for shot in () if recursive else known:
        if shot.sequence and shot.path not in found and Path(shot.source).exists():
            found[shot.path] = shot.index
    return found


def recognise(
    panels: Sequence[Panel],
    entered: Sequence[Entered],
    known: Sequence[Shot],
    board: str,
    everyone: Mapping[str, int],
) -> list[Shot]:
    """The panels as shots, each under the id it had before if it is known.

    It is known by its name, or else by its drawing if the name it had is gone from
    the board, of which `everyone` gives all labels and their places.  A panel that is
    not in it keeps its place.
    """
    registry = _Registry(known, board, everyone)
    return [
        registry.shot(panel, one) for panel, one in zip(panels, entered, strict=True)
    ]


def record(
    store: ProjectStore,
    shots: Sequence[Shot],
    known: Sequence[Shot],
    everyone: Mapping[str, int] | None,
) -> None:
    """Keep what has changed; shots whose names are gone from `everyone` are omitted."""
    ids = {shot.id for shot in shots}
    before = {shot.id: shot for shot in known}
    changed = [shot for shot in shots if before.get(shot.id) != shot]
    if everyone is not None:
        others = (shot for shot in known if shot.id not in ids and not shot.omitted)
        moved = ((shot, _placed(shot, everyone)) for shot in others)
        changed += [after for shot, after in moved if after != shot]
    if changed:
        with store.record():
            store.put(*changed)


def _placed(shot: Shot, everyone: Mapping[str, int]) -> Shot:
    """A shot that was not asked for, where the board has it now."""
    place = everyone.get(shot.path)
    omitted = place is None
    return replace(shot, index=shot.index if place is None else place, omitted=omitted)


class _Registry:
    """The recorded shots of one board, and which of them have been met again."""

    def __init__(
        self, known: Sequence[Shot], board: str, everyone: Mapping[str, int]
    ) -> None:
        # of two with one name, the one on the board counts
        self._by_path = {
            shot.path: shot for shot in sorted(known, key=lambda s: not s.omitted)
        }
        self._board, self._everyone = board, everyone
        self._ids = {shot.id for shot in known}
        self._taken: set[str] = set()
        self._gone: dict[str, list[Shot]] = {}
        for shot in sorted(known, key=lambda s: s.omitted):
            if shot.path not in everyone:
                self._gone.setdefault(shot.digest, []).append(shot)

    def shot(self, panel: Panel, entered: Entered) -> Shot:
        before = self._by_path.get(panel.label)
        if before is None or (before.omitted and before.digest != entered.asset):
            before = self._renamed(entered.asset) or before
        if before is None or before.id in self._taken:
            before = Shot(self._new_id(panel.label), "", board=self._board)
        self._taken.add(before.id)
        place = self._everyone.get(panel.label)
        return replace(
            before,
            name=panel.name,
            sequence=panel.sequence,
            index=before.index if place is None else place,
            digest=entered.asset or before.digest,
            source=str(panel.path),
            number=panel.number,
            dialogue=panel.dialogue,
            duration=panel.duration,
            problem=panel.problem or entered.problem,
            omitted=False,
        )

    def _renamed(self, digest: str) -> Shot | None:
        gone = self._gone.get(digest, ()) if digest else ()
        return next((shot for shot in gone if shot.id not in self._taken), None)

    def _new_id(self, label: str) -> str:
        number = 0
        while True:
            text = f"{self._board}\0{label}\0{number}"
            id_ = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
            if id_ not in self._ids:
                self._ids.add(id_)
                return id_
            number += 1
