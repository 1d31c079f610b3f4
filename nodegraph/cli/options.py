"""Options that several verbs share, and the project they speak of."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nodegraph.project import Project

ProjectFolder = Annotated[
    Path | None,
    typer.Option(
        "--project",
        metavar="DIR",
        help="The project; else the nearest folder upward that is one.",
    ),
]
"""For a verb's parameter `project: ProjectFolder = None`."""

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
"""For a verb's parameter `json: AsJson = False`."""


def project_folder(given: Path | None) -> Path:
    """The project's folder: the one given, the nearest upward, else the current."""
    from nodegraph.place import find

    return given or find(Path.cwd()) or Path.cwd()


def open_project(given: Path | None, *, write: bool = False) -> "Project":
    """The project, to be used in a `with`; raises `NoProjectError` or `Locked`.

    With `write` it is made where there is none.
    """
    from nodegraph.project import Project

    return Project(project_folder(given), write=write)
