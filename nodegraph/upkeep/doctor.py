"""Is this machine fit, is the project sound: what is wrong, and what helps."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nodegraph.files import write_whole
from nodegraph.journal.lock import holder
from nodegraph.lineage import Asset, Run
from nodegraph.upkeep.audit import auditor
from nodegraph.upkeep.sweep import GIGABYTE

if TYPE_CHECKING:
    from nodegraph.project import Project

LITTLE = 2 * GIGABYTE
TOO_LITTLE = GIGABYTE // 10
"""Bytes free on the disk below which a person should know, and nothing can run."""
PYTHON = (3, 11)
APT = "sudo apt-get install -y libgl1 libglib2.0-0"
_LIBRARIES = {
    "cv2": "opencv-python",
    "numpy": "numpy",
    "PIL": "pillow",
    "onnxruntime": "onnxruntime",
    "networkx": "networkx",
    "orjson": "orjson",
    "zstandard": "zstandard",
}
"""What work needs, and the package that brings it."""
_FEW = 10
"""Problems of one kind that are told one by one."""
_SYSTEM = ("libGL", "libgthread", "libglib", "libSM", "libXext", "libxcb")


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; nothing is wrong."""
    WRONG = "wrong"
    """The project or its settings cannot be relied on."""
    MISSING = "missing"
    """The machine lacks something."""


class Finding(NamedTuple):
    """One thing that was looked at."""

    level: Level
    about: str
    text: str
    remedy: str = ""


# The machine


def machine(folder: Path, *, is_project: bool = False) -> Iterator[Finding]:
    """What the product needs of the machine.

    `folder` is where the records of a project are or, without one, could be.
    """
    yield _python()
    for module, package in _LIBRARIES.items():
        yield library(module, package)
    yield disk_space(folder)
    is_tried = is_project or os.access(folder, os.W_OK)
    yield durable(folder if is_tried else Path(tempfile.gettempdir()))


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < PYTHON:
        remedy = f"install Python {'.'.join(map(str, PYTHON))} or newer"
        return Finding(Level.MISSING, "Python", version, remedy)
    return Finding(Level.OK, "Python", version)


def library(module: str, package: str) -> Finding:
    """Whether a library can be loaded."""
    try:
        found = import_module(module)
    except Exception as error:  # noqa: BLE001 (a broken library may raise anything)
        text = f"cannot be loaded: {str(error).partition(chr(10))[0]}"
        return Finding(Level.MISSING, package, text, _library_remedy(package, error))
    version = getattr(found, "__version__", "")
    return Finding(Level.OK, package, str(version) or "there")


def _library_remedy(package: str, error: Exception) -> str:
    if any(name in str(error) for name in _SYSTEM):
        return f"install the system's libraries: {APT}"
    return f'install it again: "{sys.executable}" -m pip install --force-reinstall {package}'


def disk_space(folder: Path) -> Finding:
    """Whether there is room for pictures."""
    free = shutil.disk_usage(_existing(folder)).free
    text = f"{free / GIGABYTE:.1f} GB free"
    if free < LITTLE:
        level = Level.MISSING if free < TOO_LITTLE else Level.NOTE
        return Finding(level, "disk", text, "free some space, or run `workbench gc`")
    return Finding(Level.OK, "disk", text)


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())


def durable(folder: Path) -> Finding:
    """Whether what is written in a folder can be made to survive a power cut."""
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=folder) as scratch:
            write_whole(Path(scratch) / "probe", b"probe")
    except OSError as error:
        text = f"{folder} cannot be written and flushed: {error.strerror or error}"
        remedy = "make it writable, or use a project on a local disk"
        return Finding(Level.MISSING, "writing", text, remedy)
    return Finding(Level.OK, "writing", "files are flushed to the disk")


# The project


def project_findings(project: "Project") -> Iterator[Finding]:
    """What there is to say of a project, open for reading or writing."""
    yield from _journal(project)
    yield from _lock(project)
    yield from _runs(project)
    yield from _node_files(project)
    yield from _records(project)


def _journal(project: "Project") -> Iterator[Finding]:
    store, damage = project.store, project.store.database.damage
    lost = store.database.lost
    for text in damage:
        remedy = "`workbench doctor --repair` sets the unreadable parts aside"
        level = Level.WRONG if lost else Level.NOTE
        yield Finding(level, "journal", text, remedy if lost else "")
    if not damage:
        text = f"{store.count(Asset)} pictures, {store.database.bytes / 1e6:.1f} MB"
        yield Finding(Level.OK, "journal", text)


def _lock(project: "Project") -> Iterator[Finding]:
    who = None if project.writes else holder(project.home)
    if who is not None:
        yield Finding(Level.NOTE, "lock", f"{who} writes this project now")


def _runs(project: "Project") -> Iterator[Finding]:
    open_ = [run.id for run in project.store.by(Run, "state", "queued")]
    if open_:
        text = f"not finished: {', '.join(open_)}"
        yield Finding(
            Level.NOTE, "queue", text, "`workbench queue resume` goes on with them"
        )


def _node_files(project: "Project") -> Iterator[Finding]:
    for problem in project.registry.problems:
        yield Finding(Level.NOTE, "nodes", str(problem))


def _records(project: "Project") -> Iterator[Finding]:
    audit = auditor(project, quick=True).audit()
    problems = [p for p in audit.problems if p not in project.store.database.damage]
    for text in problems[:_FEW]:
        yield Finding(Level.WRONG, "lineage", text, "`workbench doctor --repair`")
    if more := problems[_FEW:]:
        text = f"and {len(more)} more: `workbench lineage verify` lists all"
        yield Finding(Level.WRONG, "lineage", text)
    if not problems:
        text = (
            f"{audit.checked} files are there (`workbench lineage verify` reads them)"
        )
        yield Finding(Level.OK, "lineage", text)
