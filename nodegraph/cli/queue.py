"""The verbs about runs: `queue list`, `pause`, `resume`, `cancel`, `retry`, `first`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodegraph.cli import printing, typer_app
from nodegraph.cli.columns import columns, pairs
from nodegraph.cli.errors import LOCKED, UNEXPECTED, CommandError
from nodegraph.cli.listing import counts, list_runs
from nodegraph.cli.options import AsJson, ProjectFolder, project_folder
from nodegraph.journal.lock import holder
from nodegraph.place import home_of

if TYPE_CHECKING:
    from nodegraph.lineage import Run, Task
    from nodegraph.reports.tasklist import TaskEntry

app = typer_app("See what runs; pause, resume, cancel, retry.")

RunId = Annotated[
    str | None, typer.Argument(metavar="RUN", help="A run, to list its tasks.")
]
Id = Annotated[str, typer.Argument(metavar="ID", help="The id of a run or of a task.")]


@app.command("list")
def list_(
    run: RunId = None, json: AsJson = False, project: ProjectFolder = None
) -> None:
    """List the runs, or the tasks of one."""
    folder = project_folder(project)
    if run is None:
        list_runs(folder, json)
    else:
        _list_tasks(folder, run, json)


def _list_tasks(folder: Path, run_id: str, as_json: bool) -> None:
    from nodegraph.lineage import Run
    from nodegraph.reports.backlog import overview
    from nodegraph.reports.tasklist import tasks
    from nodegraph.store import ProjectStore

    home = home_of(folder)
    queue = overview(home)
    entry = queue.run(run_id)
    with ProjectStore(home, write=False) as store:
        run = store.get(Run, run_id)
        if run is None or entry is None:
            raise CommandError(_no_run(run_id, [each.id for each in queue.runs]))
        found = tasks(store, run, _planned(run, folder))
    if as_json:
        rows = [task.as_json() for task in found]
        printing.document({**entry.as_json(), "tasks": rows})
        return
    pairs(
        (
            ("run", f"{entry.id} ({entry.preset})"),
            ("state", entry.state),
            ("shots", str(entry.shots)),
            ("results", counts(entry.results)),
            ("pictures", entry.out),
        )
    )
    printing.show("")
    columns(("SHOT", "NODE", "STATUS", "RESULT", "TASK"), map(_task_row, found))


def _no_run(id_: str, known: list[str]) -> str:
    last = max(known, key=lambda key: (len(key), key), default="")
    there = f"the last is {last}" if last else "there is none"
    return f"there is no run {id_!r}: {there}"


def _task_row(task: "TaskEntry") -> tuple[str, ...]:
    result = task.error or task.outcome or ""
    return task.shot or "", task.node, task.status, result, task.id


def _planned(run: "Run", folder: Path) -> "list[Task]":
    """The tasks a run consists of, as far as its node types are still there."""
    from nodegraph import batch, trust
    from nodegraph.graph import GraphError
    from nodegraph.plan import PlanError
    from nodegraph.preset.file import PresetError
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
        _say_left(home)
        return 0
    from nodegraph.cli.resuming import resume_all

    return resume_all(home.parent, as_json=json)


def _say_left(home: Path) -> None:
    """Tell which runs the process that writes does not carry out."""
    from nodegraph.reports.backlog import INTERRUPTED, QUEUED, overview

    left = [e.id for e in overview(home).runs if e.state in (INTERRUPTED, QUEUED)]
    if left:
        printing.say(
            f"still waiting: {', '.join(left)}; resume again when that process is done"
        )


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
