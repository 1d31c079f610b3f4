"""A folder with everything in it put together: store, media, node types, scheduler."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

from nodegraph import batch, system, trust
from nodegraph.filenames import safe
from nodegraph.identities import SUFFIX as IDENTITY
from nodegraph.identities import Identities
from nodegraph.inbox import Inbox
from nodegraph.journal.lock import holder
from nodegraph.lineage import Asset, Export, Queue, Run, Settled, Shot, Status
from nodegraph.media.folder import Media
from nodegraph.place import FOLDER, home_of
from nodegraph.registry import Registry, discover
from nodegraph.results.exports import Exporter
from nodegraph.results.manifest import Row, entries_in, write_manifest
from nodegraph.scheduler.running import Event, Job, ShotEvent, TaskEvent
from nodegraph.scheduler.scheduler import Scheduler
from nodegraph.settings import ProjectSettings, read_settings
from nodegraph.sources import Sources, absolute
from nodegraph.store import ProjectStore
from nodegraph.work.carry import Bench
from nodegraph.workers.pool import WorkerPool

Listener = Callable[[Event], None]
KEPT_BYTES = 16 << 20
"""Of freed memory that is used again for the next file instead of being returned."""
WARM = ("cv2", "nodegraph.work.carry", "zstandard", "PIL.PngImagePlugin")
"""What workers import before their first unit, the slowest first."""


@dataclass(frozen=True)
class ProjectFiles:
    """Where the files of assets lie: pictures in media, identities apart."""

    media: Media
    identities: Identities

    def has(self, asset: Asset) -> bool:
        """Whether the asset's file lies where it should."""
        return self.path(asset).exists()

    def path(self, asset: Asset) -> Path:
        """Where the asset's file lies or would lie."""
        if asset.suffix == IDENTITY:
            return self.identities.path(str(asset.value), asset.sha256)
        return self.media.path(asset.sha256, asset.suffix)


class Live:
    """A run under way.  `done` ends when all is carried out, exported and recorded."""

    def __init__(self, project: "Project", job: Job, exporter: Exporter) -> None:
        """Made by `Project.start`."""
        self.job, self.run = job, job.run
        self.done: Future[list[Row]] = Future()
        self.rows: dict[int, list[Row]] = {}
        self.counts = {"executed": 0, "cached": 0}
        self._project, self._exporter = project, exporter
        self._exports: list[Future[None]] = []
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="export")
        self._places = {id(plan): i for i, plan in enumerate(job.plans)}
        self._listener = job.publish

    def begin(self) -> None:
        """Hand the job to the scheduler."""
        job = replace(self.job, publish=self._hear)
        future = self._project.scheduler.submit(job)
        future.add_done_callback(
            lambda ended: threading.Thread(target=self._end, args=(ended,)).start()
        )

    def interrupt(self) -> None:
        """Stop; what is done is kept, what is not counts as never begun."""
        self._project.scheduler.cancel(self.run.id, record=False)

    def _hear(self, event: Event) -> None:
        if isinstance(event, ShotEvent):
            self._exports.append(self._threads.submit(self._export, event))
        elif isinstance(event, TaskEvent) and event.status is Status.COMPLETED:
            self.counts["cached" if event.cached else "executed"] += 1
        self._listener(event)

    def _export(self, event: ShotEvent) -> None:
        place = self._places.get(id(event.plan), len(self._places))
        self.rows[place] = self._exporter.rows(event.plan, event.ends)

    def _end(self, ended: "Future[None]") -> None:
        try:
            self._threads.shutdown(wait=True)
            ended.result()
            for export in self._exports:
                export.result()
            rows = [row for place in sorted(self.rows) for row in self.rows[place]]
            self._project.finish(self, rows)
        except BaseException as error:  # noqa: BLE001 (handed to whoever waits)
            self._project.live.pop(self.run.id, None)
            self.done.set_exception(error)
        else:
            self.done.set_result(rows)


class Project:
    """One project, open for writing or for reading beside a writer."""

    def __init__(self, folder: Path, *, write: bool, home: Path | None = None) -> None:
        """Open the project in `folder`; with `write` it is made where there is none.

        `home` is where its records lie, if not in the folder itself.  Raises `Locked`,
        `NoProjectError`, `SettingsError` or `JournalError`.
        """
        self.folder = folder.absolute()
        self.home = (home or self.folder / FOLDER).absolute()
        if not write and home is None:
            home_of(self.folder)
        self.writes = write
        if write:
            system.spare_the_collector()
            system.keep_freed_memory(KEPT_BYTES)
        self.settings: ProjectSettings = read_settings(self.home)
        self.store = ProjectStore(self.home, write=write)
        self.media = Media(self.home / "media")
        self.identities = Identities(self.home / "identities")
        self.files = ProjectFiles(self.media, self.identities)
        self._scheduler: Scheduler | None = None
        self._pool: WorkerPool | None = None
        self._inbox: Inbox | None = None
        self.workers = self.settings.workers or os.cpu_count() or 1
        self.live: dict[str, Live] = {}

    def __enter__(self) -> Self:
        """The project itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Stop what runs, keep what is done, let others write."""
        if self._inbox is not None:
            self._inbox.close()
        if self._scheduler is not None:
            self._scheduler.close()
        wait([live.done for live in list(self.live.values())])
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self.store.close()

    @cached_property
    def registry(self) -> Registry:
        """The node types there are, the project's trusted ones among them."""
        return discover(trust.status(self.folder))

    @property
    def scheduler(self) -> Scheduler:
        """The scheduler, started when first asked for, with the inbox beside it."""
        if self._scheduler is None:
            import psutil

            self._pool = WorkerPool(self.workers, warm=WARM)
            custom = tuple(trust.status(self.folder))
            self._scheduler = Scheduler(
                self.store,
                self.files,
                self._pool,
                Bench(self.media, self.identities, custom),
                deadline=self.settings.deadline,
                memory=psutil.virtual_memory().total / 2,
            )
            self._inbox = Inbox(self.home / "inbox", self._answer)
            if self.queue.paused:
                self._scheduler.pause()
        return self._scheduler

    @property
    def queue(self) -> Queue:
        """What holds for the queue as a whole."""
        return self.store.get(Queue, Queue.id) or Queue()

    def board_id(self, folder: Path) -> str:
        """The name by which the project knows a folder: within it, if it lies there."""
        folder = absolute(folder)
        for place, home in ((folder, self.folder), (folder.resolve(), self._real)):
            if place.is_relative_to(home):
                return place.relative_to(home).as_posix()
        return str(folder.resolve())

    @cached_property
    def _real(self) -> Path:
        return self.folder.resolve()

    def out(self, preset: str) -> Path:
        """Where the results of a preset go unless the user says otherwise."""
        return self.folder / "out" / safe(preset)

    def out_of(self, run: Run) -> Path:
        """Where the results of a run go; they move with the project."""
        return self.folder / run.out

    def _kept(self, out: Path) -> str:
        """The folder as a run's record names it: within the project, if it lies there."""
        inside = out.is_relative_to(self.folder)
        return out.relative_to(self.folder).as_posix() if inside else str(out)

    def prepare(self, request: batch.Request, listener: Listener) -> batch.Prepared:
        """Bring in what the request names, and plan it; nothing is queued yet.

        Raises as `batch.prepare`, and `ManifestError`.
        """
        sources = Sources(
            self.store,
            self.media,
            self.settings.pixels,
            request.dry,
            expect=self._call_workers,
        )
        out = absolute(
            Path(request.out) if request.out else self.out(request.preset.name)
        )
        entries_in(out)
        request = replace(
            request,
            out=self._kept(out),
            exclude=(*request.exclude, self.folder / "out", self.home),
            results=self._results_beside(request.board),
        )
        return batch.prepare(
            request, self.store, sources, self.registry.types, listener, self.board_id
        )

    def _results_beside(self, board: Path | None) -> frozenset[str]:
        """The paths of earlier results, which are no drawings of a board.

        None for a board in the place of the project's results: it is meant.
        """
        if board is None or board.absolute().is_relative_to(self.folder / "out"):
            return frozenset()
        return frozenset(map(os.path.normpath, self.store.keys(Export)))

    def _call_workers(self, drawings: int) -> None:
        """Have workers start while drawings are copied: there will be work for them."""
        if not self.scheduler.paused and self._pool is not None:
            self._pool.prestart(drawings)

    def start(self, prepared: batch.Prepared) -> Live:
        """Record the run and carry it out; one that is under way goes on as it is."""
        if (live := self.live.get(prepared.job.run.id)) is not None:
            return live
        if prepared.is_new:
            writer = holder(self.home) or ""
            run = replace(prepared.job.run, state="queued", writer=writer)
            with self.store.record(wait=False):  # it goes before all its tasks' records
                self.store.put(run)
        return self._begin(prepared.job)

    def again(self, run: Run, listener: Listener) -> Job:
        """The job of a run that was recorded before, without what has changed since."""
        sources = Sources(self.store, self.media, self.settings.pixels, dry=True)
        return batch.again(run, self.registry.types, listener, sources)

    def resume(self, run: Run, listener: Listener) -> Live:
        """Go on with a run that was recorded before."""
        return self.start(batch.Prepared(self.again(run, listener)))

    def finish(self, live: Live, rows: list[Row]) -> None:
        """Write the run's end into its record, and the manifest."""
        self.live.pop(live.run.id, None)
        counts = Counter(str(row.status) for row in rows)
        ended = str(Status.CANCELLED) not in counts
        before = self.store.get(Run, live.run.id)
        if before is not None:
            state = "finished" if ended else before.state
            after = replace(before, state=state, counts=dict(counts), writer="")
            if after != before:
                with self.store.record(wait=False):
                    self.store.put(after)
        try:
            write_manifest(self.out_of(live.run), rows, partial(self._order, live.run))
        finally:
            self.store.database.flush()

    def _order(self, run: Run) -> list[str]:
        """The names of all shots of the run's board, as they follow each other."""
        boards = dict.fromkeys(str(row.get("board", "")) for row in run.shots)
        shots = [
            shot for board in boards for shot in self.store.by(Shot, "board", board)
        ]
        shots.sort(key=lambda shot: (shot.omitted, shot.index))
        return [shot.path for shot in shots]

    def _begin(self, job: Job) -> Live:
        exporter = Exporter(
            self.store,
            self.media,
            self.out_of(job.run),
            job.run.preset,
            job.layout,
            job.run.id,
        )
        live = Live(self, job, exporter)
        self.live[job.run.id] = live
        live.begin()
        return live

    # What other processes ask

    def _answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        verb, id_ = str(request.get("verb")), str(request.get("id", ""))
        if verb in ("pause", "resume"):
            self.set_paused(verb == "pause")
            return {"ok": True}
        if verb == "cancel":
            is_live = self.scheduler.cancel(id_)
            return {"ok": self.cancel_recorded(id_) or is_live}
        if verb == "retry":
            return {"ok": self.scheduler.retry(id_)}
        if verb == "first":
            is_live = self.scheduler.first(id_)
            return {"ok": self.put_first(id_) or is_live}
        return {"ok": False}

    def set_paused(self, paused: bool) -> None:
        """Start nothing new, or go on; this outlasts the process."""
        with self.store.record():
            self.store.put(Queue(paused=paused))
        if self._scheduler is not None:
            (self._scheduler.pause if paused else self._scheduler.resume)()

    def cancel_recorded(self, id_: str) -> bool:
        """Let a run count as cancelled that is not finished; False if there is none."""
        run = self.store.get(Run, id_)
        if run is None or run.state != "queued":
            return False
        with self.store.record():
            self.store.put(replace(run, state="cancelled", writer=""))
        return True

    def cancel_failure(self, key: str) -> bool:
        """Let a task that failed or is held count as cancelled; False if it did not."""
        end = self.store.settled(key)
        if end is None or end.status is Status.COMPLETED:
            return False
        with self.store.record():
            self.store.put(replace(end, status=Status.CANCELLED))
        return True

    def put_first(self, id_: str) -> bool:
        """Place an unfinished run before all others; False if there is none."""
        run = self.store.get(Run, id_)
        if run is None or run.state != "queued":
            return False
        front = min(each.place for each in self.store.by(Run, "state", "queued"))
        if run.place > front:
            with self.store.record():
                self.store.put(replace(run, place=front - 1))
        return True

    def forget_failure(self, key: str) -> Settled | None:
        """Let a failed, held or cancelled task run again; gives how it had ended."""
        end = self.store.settled(key)
        if end is None or end.status is Status.COMPLETED:
            return None
        with self.store.record():
            self.store.remove(Settled, [key])
        return end
