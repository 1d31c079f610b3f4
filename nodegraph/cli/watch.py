"""Runs watched from the terminal: carried out or forecast, shown, summed up."""

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from nodegraph.cli import errors, printing
from nodegraph.cli.events import Summary, Tally, shot_names, task_line
from nodegraph.cli.interrupts import INTERRUPTED, heard
from nodegraph.cli.progress import Meter
from nodegraph.lineage import Status
from nodegraph.results.exports import Exporter
from nodegraph.results.manifest import Row
from nodegraph.scheduler.running import Event, Running, ShotEvent, TaskEvent

if TYPE_CHECKING:
    from nodegraph.batch import Prepared
    from nodegraph.plan import Layout
    from nodegraph.project import Live, Project

_TICK = 0.1
_STOP, _END = "stop", "end"
Heard = SimpleQueue[Event | str]
"""What a run says, and the signals that arrive meanwhile."""


@dataclass
class Watch:
    """What has become of the runs of one command so far."""

    as_json: bool = False
    tally: Tally = field(default_factory=Tally)
    rows: list[Row] = field(default_factory=list)
    waiting: int = 0
    """Tasks that a dry run would carry out."""
    interrupted: bool = False
    is_unheard: bool = False
    """Whether nobody reads our output any more."""
    began: float = field(default_factory=time.monotonic)

    @property
    def summary(self) -> Summary:
        """What there is to say at the end, or has been until now."""
        seconds = time.monotonic() - self.began
        tally = self.tally
        return Summary(self.rows, len(tally.executed), len(tally.cached), seconds)

    def code(self, *, strict: bool, dry: bool) -> int:
        """The exit code that the rows amount to."""
        if self.interrupted:
            return INTERRUPTED
        ignored = {Status.COMPLETED, Status.CANCELLED} if dry else {Status.COMPLETED}
        bad = [row for row in self.rows if row.status not in ignored]
        if bad:
            missing = all(row.outcome == "missing" for row in bad)
            return errors.MISSING if missing else errors.INCOMPLETE
        passed = any(row.passed for row in self.rows)
        return errors.INCOMPLETE if strict and passed else 0

    def carry_out(self, project: "Project", prepared: "Prepared", said: Heard) -> None:
        """Carry out what was prepared with `said.put` as its listener."""
        names = shot_names(plan.shot for plan in prepared.job.plans)
        preset = prepared.job.run.preset
        meter = Meter(preset, len(names), beside_data=self.as_json)
        with heard(lambda: said.put(_STOP)), meter:
            live = project.start(prepared)
            live.done.add_done_callback(lambda _: said.put(_END))
            while (event := _next(said, meter)) != _END:
                if isinstance(event, str):
                    self._stop(live)
                else:
                    self._hear(event, live, names, meter)
        if live.done.exception() is not None:
            self.rows += [row for rows in list(live.rows.values()) for row in rows]
        self.rows += live.done.result()
        if self.is_unheard:
            raise BrokenPipeError

    def _hear(
        self, event: Event, live: "Live", names: dict[str, str], meter: Meter
    ) -> None:
        if isinstance(event, ShotEvent) and event.plan.shot.id:
            meter.shot_done()
        if isinstance(event, TaskEvent):
            self.tally.hear(event)
            try:
                self._show(event, names)
            except BrokenPipeError:
                errors.close_stdout()
                self.is_unheard = True
                live.interrupt()

    def _show(self, event: TaskEvent, names: dict[str, str]) -> None:
        if self.as_json:
            printing.line(task_line(event, names))

    def _stop(self, live: "Live") -> None:
        self.interrupted = True
        printing.say("stopping: what is done is kept (once more: stop at once)")
        live.interrupt()

    def forecast(self, project: "Project", prepared: "Prepared") -> None:
        """Tell what would run and what is known, without running or writing anything."""
        job = prepared.job
        names = shot_names(plan.shot for plan in job.plans)
        pending: set[str] = set()
        wide: list[Row] = []

        def publish(event: Event) -> None:
            if isinstance(event, TaskEvent):
                if event.status is Status.PENDING:
                    pending.add(event.task.key)
                self.tally.hear(event)
                self._show(event, names)
            elif isinstance(event, ShotEvent) and not event.plan.shot.id:
                wide.extend(exporter.rows(event.plan, event.ends))

        run, layout = job.run, job.layout
        exporter = Exporter(
            project.store,
            project.media,
            project.out_of(run),
            run.preset,
            layout,
            dry=True,
        )
        job = replace(job, publish=publish)
        running = Running(job, project.store, project.files, lambda *_: None)
        running.start()
        for plan in job.plans:
            keys = running.ends.keys() & {task.key for task in plan.tasks}
            self.rows += exporter.rows(plan, {key: running.ends[key] for key in keys})
        self.rows += wide or _not_run(layout)
        self.waiting += len(pending) + (0 if wide or not pending else len(layout.wide))


def _not_run(layout: "Layout") -> list[Row]:
    """A row for each result that a run makes once for all shots, not known yet."""
    wide = [result for result in layout.results if result.origin.node in layout.wide]
    end = Status.CANCELLED
    return [Row(None, None, None, None, None, end, "not run") for _ in wide]


def _next(said: Heard, meter: Meter) -> Event | str:
    """What is said next; the meter moves while nothing is."""
    while True:
        meter.tick()
        with suppress(Empty):
            return said.get(timeout=_TICK)
