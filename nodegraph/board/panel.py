"""One drawing of a board: what it is called, where it lies, why it cannot be used."""

import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nodegraph.filenames import natural, printable

SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff"}
    | {".bmp", ".gif", ".avif", ".psd", ".exr", ".heic", ".heif", ".svg"}
)
"""Files that claim to be pictures; whether they can be used, decoding shows."""

_CLUTTER = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "icon\r"})


class BoardError(ValueError):
    """A board that cannot be read; the message names it, the cause and the remedy."""


@dataclass(frozen=True)
class Panel:
    """One drawing of a board."""

    name: str
    """Safe as a file name; no other panel of the sequence has it, in any case."""

    sequence: str
    """The folder within the board, safe parts joined by `/`; `""` at its top."""

    path: Path
    """Where the drawing lies, absolute; with a `problem` it may not exist."""

    number: str = ""
    """The shot number of a Storyboarder project, such as `1A`."""

    dialogue: str = ""
    duration: float | None = None
    """Seconds, where the project tells."""

    problem: str = ""
    """Why the drawing cannot be used; such a file must not be opened."""

    @property
    def label(self) -> str:
        """Sequence and name: unlike any other on the board."""
        return f"{self.sequence}/{self.name}" if self.sequence else self.name


def from_file(path: Path, sequence: str = "") -> Panel:
    """The panel that a picture file of a folder is, named by its stem."""
    return Panel(path.stem, sequence, path, problem=problem_of(path))


def problem_of(path: Path) -> str:
    """Why this cannot be a picture, told without opening it; `""` for a file."""
    name = printable(path.name)
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP) and path.is_symlink():
            return f"{name} is a link that leads nowhere: restore or remove it"
        return f"{name} cannot be read ({error.strerror}): check its rights"
    if stat.S_ISREG(mode):
        return ""
    kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or device"
    return f"{name} is {kind}, no picture: rename it or move it away"


def entries(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder, without the hidden, in natural order of the stems."""
    with os.scandir(folder) as found:
        seen = [e for e in found if not e.name.startswith(".")]
    seen = [entry for entry in seen if entry.name.lower() not in _CLUTTER]
    return sorted(seen, key=lambda e: (natural(Path(e.name).stem)[0], natural(e.name)))


def listed(names: Sequence[str]) -> str:
    """The first three names, on one line."""
    more = ["…"] if len(names) > 3 else []
    return ", ".join([printable(name) for name in names[:3]] + more)


def unreadable(path: Path, error: OSError) -> str:
    """The sentence for a file or folder that the system refuses."""
    cause = error.strerror or str(error)
    return f"{shown(path)} cannot be read ({cause}): check the name and its rights"


def shown(path: Path) -> str:
    """A path on one line, whatever it holds."""
    return printable(str(path))
