"""The verb that lets a project's own node files run: `trust`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodegraph.cli import printing
from nodegraph.cli.columns import columns, counted
from nodegraph.cli.errors import INVALID, CommandError
from nodegraph.cli.interrupts import INTERRUPTED
from nodegraph.cli.options import ProjectFolder, project_folder
from nodegraph.filenames import printable

if TYPE_CHECKING:
    from nodegraph.custom import CustomFile

Folder = Annotated[
    Path | None,
    typer.Argument(metavar="[DIR]", help="The project whose node files they are."),
]
Yes = Annotated[
    bool, typer.Option("--yes", help="You have read the files: do not ask again.")
]
ListOnly = Annotated[bool, typer.Option("--list", help="Only show the files.")]


def trust(
    folder: Folder = None,
    yes: Yes = False,
    list_: ListOnly = False,
    project: ProjectFolder = None,
) -> int | None:
    """Show a project's own node files, and allow them to run as they are now.

    A node file can do whatever you can: read it before.  One that changes asks again.
    """
    from nodegraph import trust as trusted

    where = folder or project_folder(project)
    if not where.is_dir():
        raise CommandError(f"there is no folder {where}: name a project", INVALID)
    files = trusted.status(where)
    if not files:
        printing.say(f"{where} has no node files of its own: there is nothing to trust")
        return None
    columns(("FILE", "SHA256", "STATE"), map(_row, files))
    asked = [file for file in files if not (file.trusted or file.refused)]
    if list_ or not asked:
        return None
    if not (yes or _confirmed(len(asked))):
        printing.say("nothing was trusted")
        return None
    trusted.trust(where, files)
    printing.say(f"{counted(len(asked), 'file')} trusted")
    return None


def _row(file: "CustomFile") -> tuple[str, str, str]:
    return file.path.name, file.sha256[:12] or "-", _state(file)


def _state(file: "CustomFile") -> str:
    if file.refused:
        return f"refused: {file.refused}"
    if file.trusted:
        return "trusted"
    return "changed since it was trusted" if file.changed else "not trusted"


def _confirmed(count: int) -> bool:
    """Whether the person says yes; where nobody can be asked, an error says how to."""
    if not sys.stdin.isatty():
        raise CommandError(
            "there is no terminal to ask on: read the files, then add --yes"
        )
    question = f"Let {counted(count, 'file')} run, with all that you may do here?"
    try:
        return typer.confirm(printable(question), err=True)
    except typer.Abort:
        sys.stderr.write("\n")  # the question's line is still open
        printing.say("nothing was trusted")
        raise typer.Exit(INTERRUPTED) from None
