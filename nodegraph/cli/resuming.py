"""Carry out recorded runs in the foreground, shown as `batch` shows its own."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nodegraph import batch
from nodegraph.cli import printing
from nodegraph.cli.errors import CommandError, told
from nodegraph.cli.report import report
from nodegraph.cli.watch import Heard, Watch
from nodegraph.graph import GraphError
from nodegraph.lineage import Run, Settled, Status
from nodegraph.plan import PlanError
from nodegraph.preset.file import PresetError
from nodegraph.project import Project


def resume_all(folder: Path, *, as_json: bool) -> int:
    """Go on with every run that is not finished; gives the exit code."""
    with Project(folder, write=True) as project:
        if project.queue.paused:
            project.set_paused(False)
        waiting = project.store.by(Run, "state", "queued")
        runs = sorted(waiting, key=lambda run: (run.place, run.id))
        if not runs and not as_json:
            printing.say("nothing waits: every run has finished")
        return _carry_out(project, runs, as_json=as_json)


def retry_one(folder: Path, id_: str, *, as_json: bool) -> int:
    """Run again what failed: one task, or all of a run; gives the exit code."""
    with Project(folder, write=True) as project:
        run = project.store.get(Run, id_)
        if run is not None:
            return _carry_out(project, [run], as_json=as_json, retry_failed=True)
        end = project.store.settled(id_)
        if end is None:
            raise CommandError(
                f"there is no run or task {id_!r}: `workbench queue list` has them"
            )
        return _carry_out(project, [_run_of(project, end)], as_json=as_json)


def _run_of(project: Project, end: Settled) -> Run:
    """The run of a task whose failure is forgotten."""
    run = project.store.get(Run, end.run or "")
    if end.status is Status.COMPLETED or run is None:
        raise CommandError(f"{end.id} has not failed: there is nothing to retry")
    project.forget_failure(end.id)
    return run


def _carry_out(
    project: Project, runs: Sequence[Run], *, as_json: bool, retry_failed: bool = False
) -> int:
    watch, refused = Watch(as_json), 0
    try:
        for problem in project.registry.problems:
            printing.warn(str(problem))
        for run in runs:
            if watch.interrupted:
                break
            refused = _carry_out_one(project, run, watch, retry_failed) or refused
    except KeyboardInterrupt:
        watch.interrupted = True
    finally:
        if as_json:
            printing.line(watch.summary.line())
    if watch.rows and not as_json:
        names = ", ".join(dict.fromkeys(run.preset for run in runs))
        report(watch, names, project.out_of(runs[-1]), dry=False)
    return watch.code(strict=False, dry=False) or refused


def _carry_out_one(project: Project, run: Run, watch: Watch, retry_failed: bool) -> int:
    """Carry out a run; one that cannot be planned any more is told, with its code."""
    said: Heard = Heard()
    try:
        job = project.again(run, said.put)
    except (GraphError, PlanError, PresetError) as error:
        return told(error)
    job = replace(job, retry_failed=retry_failed)
    project.out_of(run).mkdir(parents=True, exist_ok=True)
    watch.carry_out(project, batch.Prepared(job), said)
    return 0
