"""Which folder is a project: the one that has a `.workbench` in it."""

from pathlib import Path

FOLDER = ".workbench"


class NoProjectError(FileNotFoundError):
    """There is no project where one was looked for."""


def find(start: Path) -> Path | None:
    """The nearest folder upward that is a project."""
    start = start.absolute()
    for folder in (start, *start.parents):
        if (folder / FOLDER).is_dir():
            return folder
    return None


def home_of(folder: Path) -> Path:
    """Where the records of an existing project lie; raises `NoProjectError`."""
    home = folder.absolute() / FOLDER
    if not home.is_dir():
        raise NoProjectError(
            f"there is no project in {folder}: run a preset there first, or say "
            "where it is with --project"
        )
    return home
