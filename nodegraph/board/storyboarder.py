"""Storyboarder projects: a `.storyboarder` file and the drawings beside it."""

import json
import stat
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import NoReturn

from nodegraph.board.panel import (
    SUFFIXES,
    BoardError,
    Panel,
    entries,
    problem_of,
    shown,
    unreadable,
)
from nodegraph.filenames import UnsafePathError, fold, inside, printable, safe

SUFFIX = ".storyboarder"
IMAGES = "images"
"""The folder beside a `.storyboarder` file that holds all its drawings."""

_POSTER = "-posterframe"
_LARGEST = 64 * 2**20
_DAY = 86_400_000
_REMEDY = "open it in Storyboarder and save it again"


@dataclass(frozen=True)
class _Drawn:
    """One board of a Storyboarder file, checked."""

    url: str
    number: str
    dialogue: str
    duration: float | None


@dataclass(frozen=True)
class Project:
    """What a Storyboarder file shows, and the names of what else lies with it."""

    panels: tuple[Panel, ...]
    layers: tuple[str, ...] = ()
    thumbnails: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    """Poster frames of boards that were removed."""

    unflattened: tuple[str, ...] = ()
    """Drawings that stand for a missing poster frame, without their layers."""

    others: tuple[str, ...] = ()
    """Files that are no pictures."""


def read(scene: Path, sequence: str = "") -> Project:
    """The boards of the project file `scene` in its order, each by its poster frame.

    A panel is named by its board's drawing; names may still be equal.  A board whose
    drawing is missing or leads out of the project is a panel with a problem.  Raises
    `BoardError` for a file that is not what Storyboarder writes.
    """
    images = scene.parent / IMAGES
    drawn = _drawn(scene)
    names = _names(images, scene)
    known = {fold(name): name for name in names} | {name: name for name in names}
    panels = tuple(_panel(item, images, known, sequence) for item in drawn)
    used = {panel.path.name for panel in panels}
    return _sorted_out(panels, [name for name in names if name not in used])


def _names(images: Path, scene: Path) -> list[str]:
    try:
        return [entry.name for entry in entries(images)]
    except OSError as error:
        message = f"{shown(scene)}: its folder {IMAGES} cannot be read"
        cause = f"({error.strerror}): keep the two side by side"
        raise BoardError(f"{message} {cause}") from None


def _sorted_out(panels: tuple[Panel, ...], rest: Iterable[str]) -> Project:
    kinds: dict[str, list[str]] = defaultdict(list)
    for name in rest:
        kinds[_kind(PurePath(name))].append(name)
    kinds["unflattened"] = [
        panel.path.name
        for panel in panels
        if not panel.problem and not panel.path.stem.lower().endswith(_POSTER)
    ]
    return Project(panels, **{kind: tuple(names) for kind, names in kinds.items()})


def _kind(path: PurePath) -> str:
    """The field of `Project` for a file that no board shows."""
    if path.suffix.lower() not in SUFFIXES:
        return "others"
    if path.stem.lower().endswith("-thumbnail"):
        return "thumbnails"
    return "orphans" if path.stem.lower().endswith(_POSTER) else "layers"


def _panel(
    item: _Drawn, images: Path, known: Mapping[str, str], sequence: str
) -> Panel:
    """The panel of one board: its poster frame, or else the drawing it names."""
    stem = PurePath(item.url).stem
    candidates = [stem + _POSTER + suffix for suffix in (".jpg", ".jpeg", ".png")]
    at_hand = (known.get(n) or known.get(fold(n)) for n in [*candidates, item.url])
    name = next(filter(None, at_hand), None)
    path = images / (name or safe(candidates[0]))
    problem = _problem(item.url, candidates[0], images, name)
    told = (item.number, item.dialogue, item.duration)
    return Panel(stem, sequence, path, *told, problem)


def _problem(url: str, poster: str, images: Path, name: str | None) -> str:
    """Why a board's drawing cannot be used; `""` if it is a file of the project."""
    try:
        inside(images, url)
        inside(images, name or "")
    except UnsafePathError as error:
        return str(error)
    if name is None:
        missing = printable(f"neither {poster} nor {url} lies in {IMAGES}")
        return f"{missing}: {_REMEDY}"
    return problem_of(images / name)


def _drawn(scene: Path) -> list[_Drawn]:
    """The boards of a Storyboarder file in its order; raises `BoardError`."""
    document = _loaded(scene)
    if not isinstance(document, dict):
        _wrong(scene, "its content", "an object")
    boards = document.get("boards")
    if not isinstance(boards, list):
        _wrong(scene, "boards", "a list")
    usual = _seconds(document.get("defaultBoardTiming"), scene, "defaultBoardTiming")
    return [
        _item(board, usual, scene, f"boards[{i}]") for i, board in enumerate(boards)
    ]


def _loaded(scene: Path) -> object:
    try:
        status = scene.stat()
        is_file = stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST
        data = scene.read_bytes() if is_file else None
    except OSError as error:
        raise BoardError(unreadable(scene, error)) from None
    if data is None:
        message = f"{shown(scene)} is no file of at most 64 MB"
        raise BoardError(f"{message}: give a board that Storyboarder wrote")
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
    except RecursionError:
        cause = "nested too deep"
    except ValueError as error:
        cause = str(error)
    raise BoardError(f"{shown(scene)} is no valid JSON ({cause}): {_REMEDY}")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _item(board: object, usual: float | None, scene: Path, place: str) -> _Drawn:
    if not isinstance(board, dict):
        _wrong(scene, place, "an object")
    url = _text(board.get("url"), scene, f"{place}.url")
    if not 0 < len(url) <= 255:
        _wrong(scene, f"{place}.url", "the name of a drawing")
    duration = _seconds(board.get("duration"), scene, f"{place}.duration")
    return _Drawn(
        url,
        _text(board.get("shot"), scene, f"{place}.shot"),
        _text(board.get("dialogue"), scene, f"{place}.dialogue"),
        usual if duration is None else duration,
    )


def _text(value: object, scene: Path, place: str) -> str:
    """A text that any file can store; `""` where there is none."""
    if value is None:
        return ""
    if not isinstance(value, str):
        _wrong(scene, place, "a text")
    return value.encode("utf-8", "replace").decode("utf-8")


def _seconds(value: object, scene: Path, place: str) -> float | None:
    """Milliseconds as seconds; None where there are none."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        _wrong(scene, place, "a number of milliseconds")
    if not 0 <= value <= _DAY:
        _wrong(scene, place, "between 0 and a day, in milliseconds")
    return value / 1000


def _wrong(scene: Path, place: str, wanted: str) -> NoReturn:
    raise BoardError(f"{shown(scene)}: {place} is not {wanted}: {_REMEDY}")
