"""The verbs about runs: `queue list`, `pause`, `resume`, `cancel`, `retry`, `first`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodegraph.cli import printing, typer_app
from nodegraph.cli.columns import columns, counted, pairs
from nodegraph.cli.errors import LOCKED, UNEXPECTED, CommandError
from nodegraph.cli.options import AsJson, ProjectFolder, project_folder
from nodegraph.lock import holder
from nodegraph.place import home_of

if TYPE_CHECKING:
    from nodegraph.backlog import Entry, Overview, TaskEntry
    from nodegraph.lineage import Run, Task
    from nodegraph.store import ProjectStore

app = typer_app("See what runs; pause, resume, cancel, retry.")

RunId = Annotated[
    str | None, typer.Argument(metavar="RUN", help="A run, to list its tasks.")
]
Id = Annotated[str, typer.Argument(metavar="ID", help="The id of a run or of a task.")]
PAUSED = "the queue is paused: `workbench queue resume` lets it go on"


@app.command("list")
def list_(
    run: RunId = None, json: AsJson = False, project: ProjectFolder = None
) -> None:
    """List the runs, or the tasks of one."""
    from nodegraph.backlog import overview
    from nodegraph.store import ProjectStore

    folder = project_folder(project)
    home = home_of(folder)
    with ProjectStore(home, write=False) as store:
        if run is not None:
            _list_tasks(store, folder, run, json)
            return
        queue = overview(store, home)
    if json:
        runs = [{**each.as_json(), "paused": queue.paused} for each in queue.runs]
        printing.document(runs)
    else:
        _show_runs(queue)


def _show_runs(queue: "Overview") -> None:
    header = ("RUN", "PRESET", "STATE", "SHOTS", "RESULTS", "QUEUED")
    columns(header, map(_row, queue.runs))
    if queue.paused:
        printing.say(PAUSED)


def _row(entry: "Entry") -> tuple[str, ...]:
    results = _counts(entry.results)
    if entry.ended:
        results = f"tasks: {_counts(entry.ended)}"
    age = _age(entry.created)
    return entry.id, entry.preset, entry.state, str(entry.shots), results, age


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _age(created: str) -> str:
    """How long ago, as a person says it."""
    from datetime import UTC, datetime

    try:
        seconds = (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds()
    except (ValueError, TypeError):
        return ""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{counted(int(seconds // size), unit)} ago"
    return "just now"


def _list_tasks(
    store: "ProjectStore", folder: Path, run_id: str, as_json: bool
) -> None:
    from nodegraph.backlog import entry, tasks

    run = _run(store, run_id)
    what = entry(store, run, holder(home_of(folder)))
    found = tasks(store, run, _planned(run, folder))
    if as_json:
        rows = [task.as_json() for task in found]
        printing.document({**what.as_json(), "tasks": rows})
        return
    pairs(
        (
            ("run", f"{what.id} ({what.preset})"),
            ("state", what.state),
            ("shots", str(what.shots)),
            ("results", _counts(what.results)),
            ("pictures", what.out),
        )
    )
    printing.show("")
    columns(("SHOT", "NODE", "STATUS", "RESULT", "TASK"), map(_task_row, found))


def _task_row(task: "TaskEntry") -> tuple[str, ...]:
    result = task.error or task.outcome or ""
    return task.shot or "", task.node, task.status, result, task.id


def _run(store: "ProjectStore", id_: str) -> "Run":
    from nodegraph.lineage import Run

    run = store.get(Run, id_)
    if run is None:
        known = sorted(store.keys(Run), key=lambda key: (len(key), key))
        there = f"the last is {known[-1]}" if known else "there is none"
        raise CommandError(f"there is no run {id_!r}: {there}")
    return run


def _planned(run: "Run", folder: Path) -> "list[Task]":
    """The tasks a run consists of, as far as its node types are still there."""
    from nodegraph import batch, trust
    from nodegraph.graph import GraphError
    from nodegraph.plan import PlanError
    from nodegraph.preset import PresetError
    from nodegraph.registry import discover

    types = discover(trust.status(folder)).types
    try:
        job = batch.again(run, types, lambda event: None)
    except (GraphError, PlanError, PresetError) as error:
        printing.warn(f"only tasks that have ended are listed: {error}")
        return []
    return [task for plan in job.plans for task in plan.tasks]


@app.command()
def pause(project: ProjectFolder = None) -> None:
    """Start nothing new; what runs goes on to its end."""
    home = home_of(project_folder(project))
    if _ask(home, "pause") is None:
        from nodegraph.project import Project

        with Project(home.parent, write=True) as opened:
            opened.set_paused(True)
    printing.say("paused: nothing new starts until `workbench queue resume`")


@app.command()
def resume(json: AsJson = False, project: ProjectFolder = None) -> int:
    """Let the queue go on; without a process that does, carry it out here."""
    home = home_of(project_folder(project))
    if _ask(home, "resume") is not None:
        printing.say("the queue goes on")
        return 0
    from nodegraph.cli.resuming import resume_all

    return resume_all(home.parent, as_json=json)


@app.command()
def cancel(id_: Id, project: ProjectFolder = None) -> None:
    """Stop a run, or a task and what needs it; what is done is kept."""
    home = home_of(project_folder(project))
    answer = _ask(home, "cancel", id_)
    if answer is None:
        from nodegraph.project import Project

        with Project(home.parent, write=True) as opened:
            done = opened.cancel_recorded(id_) or opened.cancel_failure(id_)
    else:
        done = answer["ok"]
    if not done:
        _refuse(home, id_, "has ended: there is nothing to cancel")
    printing.say(f"{id_} is cancelled")


@app.command()
def first(id_: Id, project: ProjectFolder = None) -> None:
    """Put a run, or the shot that needs a task, before all others."""
    home = home_of(project_folder(project))
    answer = _ask(home, "first", id_)
    if answer is None:
        from nodegraph.project import Project

        with Project(home.parent, write=True) as opened:
            done = opened.put_first(id_)
    else:
        done = answer["ok"]
    if not done:
        _refuse(
            home, id_, "is no run that waits, nor a task of one that is carried out"
        )
    printing.say(f"{id_} goes first")


@app.command()
def retry(id_: Id, json: AsJson = False, project: ProjectFolder = None) -> int:
    """Run a failed task, or all that failed in a run, once more."""
    home = home_of(project_folder(project))
    answer = _ask(home, "retry", id_)
    if answer is None:
        from nodegraph.cli.resuming import retry_one

        return retry_one(home.parent, id_, as_json=json)
    if not answer["ok"]:
        _refuse(home, id_, "is not part of what is carried out now", LOCKED)
    printing.say(f"{id_} runs again")
    return 0


def _ask(home: Path, verb: str, id_: str = "") -> dict[str, Any] | None:
    """The answer of the process that writes the project; None where there is none."""
    writer = holder(home)
    if writer is None:
        return None
    from nodegraph.inbox import PATIENCE, NoAnswer, ask

    try:
        answer = ask(home / "inbox", {"verb": verb, "id": id_})
    except NoAnswer:
        raise CommandError(
            f"{writer} writes {home.parent} and has not answered in {PATIENCE:g} s: "
            "try again when it is done",
            LOCKED,
        ) from None
    if "error" in answer:
        raise CommandError(str(answer["error"]), UNEXPECTED)
    return answer


def _refuse(home: Path, id_: str, reason: str, code: int = 2) -> None:
    """Say why nothing came of a request: the id is unknown, or `reason` holds."""
    from nodegraph.lineage import Run, Settled
    from nodegraph.store import ProjectStore

    with ProjectStore(home, write=False) as store:
        if store.get(Run, id_) is None and store.get(Settled, id_) is None:
            raise CommandError(
                f"there is no run or task {id_!r}: `workbench queue list` has them"
            )
    raise CommandError(f"{id_} {reason}", code)
