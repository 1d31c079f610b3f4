"""A storyboard folder, or a Storyboarder project, as panels in their order."""

import itertools
import os
import stat
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from nodegraph.board import storyboarder
from nodegraph.board.panel import (
    SUFFIXES,
    BoardError,
    Panel,
    entries,
    from_file,
    listed,
    shown,
    unreadable,
)
from nodegraph.filenames import fold, printable, safe

__all__ = ["Board", "BoardError", "Panel", "read"]


@dataclass(frozen=True)
class Board:
    """The panels of a folder or project, in their order."""

    root: Path
    panels: tuple[Panel, ...]
    skipped: tuple[str, ...] = ()
    """What was left out: one sentence for each kind."""


@dataclass
class _Found:
    """What has been met so far: panels, and the names of what was passed by."""

    panels: list[Panel] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    layers: list[str] = field(default_factory=list)
    thumbnails: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    unflattened: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)

    def add(self, project: storyboarder.Project) -> None:
        """Take in the boards of a project and what it left out."""
        self.panels += project.panels
        self.others += project.others
        self.layers += project.layers
        self.thumbnails += project.thumbnails
        self.orphans += project.orphans
        self.unflattened += project.unflattened

    def pass_by(self, results: Container[str]) -> None:
        """Leave out pictures at these paths, unless there are no others."""
        drawings = [p for p in self.panels if str(p.path) not in results]
        if drawings:
            self.results = [p.path.name for p in self.panels if str(p.path) in results]
            self.panels = drawings


def read(
    path: Path,
    *,
    recursive: bool = False,
    match: Sequence[str] = (),
    exclude: Sequence[Path] = (),
    results: Container[str] = (),
) -> Board:
    """The board at `path`: a folder, a `.storyboarder` file or its `images` folder.

    A folder gives its pictures in natural order, with `recursive` those of its folders
    too; a folder that holds a `.storyboarder` file gives the boards of that file.
    `match` keeps the panels whose path within the board, file name or name fits one of
    the globs, in any case; names do not depend on it.  Folders in `exclude` are passed
    by; so are pictures at the paths in `results`, unless there are no others.  No
    picture is opened.  Raises `BoardError`.
    """
    start = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    scene = _scene_at(start)
    found = _Found()
    if scene is None:
        _walk(start, recursive, exclude, found)
    else:
        found.add(storyboarder.read(scene))
    found.pass_by(results)
    root = scene.parent if scene else start
    panels = _matching(_named(found.panels), root, match)
    if not panels:
        raise BoardError(_nothing(path, found, match))
    return Board(root, panels, tuple(_sentences(found)))


def _scene_at(start: Path) -> Path | None:
    """The Storyboarder file that `start` is, or stands for as its `images` folder."""
    try:
        mode = start.stat().st_mode
    except OSError as error:
        raise BoardError(unreadable(start, error)) from None
    if stat.S_ISDIR(mode):
        return _scene_beside(start)
    if start.suffix.lower() == storyboarder.SUFFIX:
        return start
    message = f"{shown(start)} is no board: give the folder that holds the drawings"
    raise BoardError(f"{message}, or a {storyboarder.SUFFIX} file")


def _scene_beside(folder: Path) -> Path | None:
    if folder.name != storyboarder.IMAGES:
        return None
    try:
        beside = _by_kind(entries(folder.parent))
    except OSError:
        return None
    return _only(beside["scene"], folder.parent)


def _only(scenes: Sequence[Path], folder: Path) -> Path | None:
    if len(scenes) < 2:
        return scenes[0] if scenes else None
    names = listed([scene.name for scene in scenes])
    message = f"{shown(folder)} holds {len(scenes)} boards ({names})"
    raise BoardError(f"{message}: name the one you mean")


# Folders


def _walk(root: Path, recursive: bool, exclude: Iterable[Path], found: _Found) -> None:
    """Add `root` and, with `recursive`, all below; each real folder once."""
    seen = {_identity(folder) for folder in exclude} - {_identity(root), None}
    waiting = [(root, "")]
    while waiting:
        folder, sequence = waiting.pop()
        identity = _identity(folder)
        if identity and identity in seen:
            continue
        seen.add(identity)
        below = _add_folder(folder, sequence, found, root)
        if not recursive:
            found.folders += [b.name for b in below if _identity(b) not in seen]
            return
        waiting += [(b, _joined(sequence, b.name)) for b in reversed(below)]


def _identity(folder: Path) -> tuple[int, int] | None:
    """Equal for equal folders, whatever they are called; None if out of reach."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _joined(sequence: str, name: str) -> str:
    return f"{sequence}/{safe(name)}" if sequence else safe(name)


def _add_folder(folder: Path, sequence: str, found: _Found, root: Path) -> list[Path]:
    """Add what lies in one folder; gives the folders in it, in their order."""
    try:
        kinds = _by_kind(entries(folder))
    except OSError as error:
        if folder == root:
            raise BoardError(unreadable(root, error)) from None
        found.unreadable.append(folder.relative_to(root).as_posix())
        return []
    found.others += [path.name for path in kinds["other"]]
    found.links += [path.name for path in kinds["link"]]
    scene = _only(kinds["scene"], folder)
    if scene is None:
        found.panels += [from_file(path, sequence) for path in kinds["picture"]]
        return kinds["folder"]
    found.add(storyboarder.read(scene, sequence))
    found.beside += [path.name for path in kinds["picture"]]
    return [path for path in kinds["folder"] if path.name != storyboarder.IMAGES]


def _by_kind(found: Iterable[os.DirEntry[str]]) -> defaultdict[str, list[Path]]:
    kinds: defaultdict[str, list[Path]] = defaultdict(list)
    for entry in found:
        kinds[_kind(entry)].append(Path(entry.path))
    return kinds


def _kind(entry: os.DirEntry[str]) -> str:
    suffix = PurePath(entry.name).suffix.lower()
    if suffix in SUFFIXES:
        return "picture"
    if _is_link(entry) and _is_folder(entry.path):
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "scene" if suffix == storyboarder.SUFFIX else "other"


def _is_link(entry: os.DirEntry[str]) -> bool:
    """A symbolic link, or its like on Windows where Python can tell."""
    return entry.is_symlink() or getattr(entry, "is_junction", bool)()


def _is_folder(path: str) -> bool:
    """Whether links lead to a folder; a loop of links does not."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir() raises on a loop in 3.11


# Names


def _named(panels: Sequence[Panel]) -> list[Panel]:
    """The panels under safe names of their own, whichever of them comes first."""
    plain = [safe(panel.name) for panel in panels]
    keys = [_key(panel, name) for panel, name in zip(panels, plain, strict=True)]
    times = Counter(keys)
    taken = Counter({key: 1 for key in keys if times[key] == 1})
    return [
        replace(panel, name=name if times[key] == 1 else _apart(panel, taken))
        for panel, name, key in zip(panels, plain, keys, strict=True)
    ]


def _key(panel: Panel, name: str) -> tuple[str, str]:
    return fold(panel.sequence), fold(name)


def _apart(panel: Panel, taken: Counter[tuple[str, str]]) -> str:
    """The stem with the file's suffix, then `-2`, `-3` …: the first not `taken`."""
    stem = f"{panel.name}-{panel.path.suffix[1:].lower()}"
    first = _key(panel, safe(stem))
    for number in itertools.count(taken[first] + 1):
        name = safe(stem if number == 1 else f"{stem}-{number}")
        if not taken[_key(panel, name)]:
            break
    taken[_key(panel, name)] = 1
    taken[first] = number
    return name


def _matching(
    panels: Sequence[Panel], root: Path, match: Sequence[str]
) -> tuple[Panel, ...]:
    globs = [fold(glob) for glob in match]
    return tuple(
        panel
        for panel in panels
        if not globs
        or any(fnmatchcase(n, g) for n in _called(panel, root) for g in globs)
    )


def _called(panel: Panel, root: Path) -> tuple[str, ...]:
    relative = panel.path.relative_to(root).as_posix()
    return fold(relative), fold(panel.path.name), fold(panel.name)


# Sentences


def _sentences(found: _Found) -> Iterable[str]:
    said = (
        ("file is no picture", "files are no pictures", found.others),
        (
            "picture lies beside the board",
            "pictures lie beside the board",
            found.beside,
        ),
        (
            "poster frame belongs to no board",
            "poster frames belong to no board",
            found.orphans,
        ),
        (
            "board has no poster frame, its drawing is used without its layers",
            "boards have no poster frame, their drawings are used without their layers",
            found.unflattened,
        ),
        (
            "linked folder is not followed",
            "linked folders are not followed",
            found.links,
        ),
        ("folder cannot be read", "folders cannot be read", found.unreadable),
        (
            "picture is a result of an earlier run and left out",
            "pictures are results of earlier runs and left out",
            found.results,
        ),
        (
            "folder is left out, --recursive takes it in",
            "folders are left out, --recursive takes them in",
            found.folders,
        ),
    )
    if found.layers or found.thumbnails:
        layers = _counted(len(found.layers), "layer", "layers")
        thumbnails = _counted(len(found.thumbnails), "thumbnail", "thumbnails")
        yield f"{layers} and {thumbnails} left out"
    for one, many, names in said:
        if names:
            yield f"{_counted(len(names), one, many)}: {listed(names)}"


def _nothing(path: Path, found: _Found, match: Sequence[str]) -> str:
    if found.panels:
        first = found.panels[0].path.name
        asked = listed(match)
        return f"no picture of {shown(path)} matches {asked}: one is {printable(first)}"
    remedy = "give the folder that holds the drawings"
    if found.folders:
        remedy += f", or add --recursive for those in {listed(found.folders)}"
    return f"{shown(path)} holds no pictures: {remedy}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
