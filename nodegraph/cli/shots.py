"""The verbs about shots: `shots list`, `shots set`, `shots deliver`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodegraph.cli import printing, typer_app
from nodegraph.cli.columns import columns, counted
from nodegraph.cli.errors import INCOMPLETE, INVALID, CommandError
from nodegraph.cli.options import AsJson, ProjectFolder, project_folder
from nodegraph.filenames import printable
from nodegraph.place import FOLDER, home_of

if TYPE_CHECKING:
    from nodegraph.reports.shotlist import Standing
    from nodegraph.results.delivery import Delivered
    from nodegraph.store import ProjectStore

app = typer_app("List shots, give them a status, deliver them.")

BoardName = Annotated[
    str | None,
    typer.Option("--board", metavar="BOARD", help="Only shots of this storyboard."),
]
ShotName = Annotated[
    str,
    typer.Argument(
        metavar="SHOT", help="A shot's name, with its sequence where that is needed."
    ),
]
NewStatus = Annotated[
    str | None,
    typer.Option(
        "--status", metavar="S", help="to do, review, approved, redo or omit."
    ),
]
TakeNumber = Annotated[
    int | None,
    typer.Option("--take", metavar="N", help="Pick this take for its result."),
]
Note = Annotated[
    str | None, typer.Option("--note", metavar="TEXT", help="A remark; '' removes it.")
]
Approved = Annotated[
    bool, typer.Option("--approved", help="Only shots with the status approved.")
]
KeepNames = Annotated[
    bool, typer.Option("--keep-names", help="Call each picture as its drawing.")
]
Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Where the pictures go.")
]


@app.command("list")
def list_(
    board: BoardName = None, json: AsJson = False, project: ProjectFolder = None
) -> None:
    """List the shots with their takes, status and notes."""
    from nodegraph.reports.shotlist import standings
    from nodegraph.store import ProjectStore

    folder = project_folder(project)
    with ProjectStore(home_of(folder), write=False) as store:
        rows = standings(store, _board(store, folder, board))
    if json:
        printing.document([row.as_json() for row in rows])
    else:
        header = ("SHOT", "STATUS", "TAKE", "PICK", "RESULT", "NOTE")
        columns(header, map(_row, rows))


def _board(store: "ProjectStore", folder: Path, name: str | None) -> str | None:
    """The name by which the project knows the board a person names."""
    from nodegraph.lineage import Shot

    if name is None:
        return None
    given = [name.rstrip("/"), str(Path(name).absolute())]
    if Path(name).absolute().is_relative_to(folder.absolute()):
        given.append(Path(name).absolute().relative_to(folder.absolute()).as_posix())
    for each in given:
        if store.ids(Shot, "board", each):
            return each
    known = sorted({printable(shot.board) for shot in store.all(Shot)})
    raise CommandError(
        f"there is no board {name!r}: there is {', '.join(known) or 'none'}"
    )


def _row(row: "Standing") -> tuple[str, ...]:
    shot = row.shot
    many = len({take.result for take in row.takes}) > 1
    takes = (
        f"{take.number} ({take.result})" if many else str(take.number)
        for take in row.takes
        if take.current
    )
    picks = (f"{n} ({name})" if many else str(n) for name, n in shot.pick.items())
    kind = "needs you" if row.held else "failed"
    result = f"{kind}: {row.problem}" if row.problem else (row.outcome or "")
    status = "gone from the board" if shot.omitted else shot.status
    return shot.path, status, ", ".join(takes), ", ".join(picks), result, shot.note


@app.command("set")
def set_(
    shot: ShotName,
    status: NewStatus = None,
    take: TakeNumber = None,
    note: Note = None,
    board: BoardName = None,
    project: ProjectFolder = None,
) -> None:
    """Give a shot a status or a note, or pick one of its takes."""
    from nodegraph.lineage import Shot, Take
    from nodegraph.reports.shotlist import Mark, MarkError, marked
    from nodegraph.shots import named_shot
    from nodegraph.store import ProjectStore

    mark = Mark(status, take, note)
    if mark == Mark():
        raise CommandError("nothing to set: give --status, --take or --note")
    folder = project_folder(project)
    with ProjectStore(home_of(folder), write=True) as store:
        of = _board(store, folder, board)
        shots = store.all(Shot) if of is None else store.by(Shot, "board", of)
        found = named_shot(shot, shots)
        takes = store.by(Take, "shot", found.id)
        try:
            after = marked(found, mark, takes, _user())
        except MarkError as error:
            raise CommandError(str(error)) from None
        with store.record():
            store.put(after)
    printing.say(f"{after.path}: {', '.join(_said(mark))}")


def _said(mark: tuple[object, ...]) -> list[str]:
    names = ("status", "take", "note")
    return [f"{n} {v}" for n, v in zip(names, mark, strict=True) if v is not None]


def _user() -> str:
    """Who sits at the machine; empty where the system does not know."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


@app.command()
def deliver(
    out: Out,
    approved: Approved = False,
    keep_names: KeepNames = False,
    json: AsJson = False,
    project: ProjectFolder = None,
) -> int:
    """Copy the picked take of every shot, else its current one, into a folder."""
    from nodegraph.lineage import Shot, Take
    from nodegraph.media.folder import Media
    from nodegraph.results.delivery import Delivery, choices
    from nodegraph.store import ProjectStore

    home = home_of(project_folder(project))
    out = out.absolute()
    if FOLDER in out.parts:
        raise CommandError(f"{out} belongs to the workbench: name another folder")
    with ProjectStore(home, write=False) as store:
        chosen = choices(store.all(Shot), store.all(Take), approved=approved)
        if not chosen:
            what = "approved shot" if approved else "shot"
            raise CommandError(
                f"there is no {what} to deliver: see `workbench shots list`", INVALID
            )
        delivery = Delivery(store, Media(home / "media"), out, keep_names)
        done = delivery.deliver(chosen)
    _tell(done, json)
    return INCOMPLETE if done.missing else 0


def _tell(done: "Delivered", as_json: bool) -> None:
    if as_json:
        import json

        printing.document(json.loads(done.manifest.read_bytes()))
    else:
        count = len(done.rows) - len(done.missing)
        kept = f", {done.kept} of them there before" if done.kept else ""
        printing.show(
            printable(f"{counted(count, 'picture')} in {done.manifest.parent}{kept}")
        )
        printing.show(printable(f"list: {done.manifest}"))
    for row in done.missing:
        printing.say(f"missing: {row.shot}: {row.error}")
