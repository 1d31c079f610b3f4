"""Results as files for people: names, versions and takes."""

import hashlib
import os
import re
from bisect import bisect_left
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from nodegraph.filenames import (
    UnsafePathError,
    fold,
    inside,
    next_version,
    output_name,
)
from nodegraph.files import holds, write_new
from nodegraph.journal.lines import JournalError
from nodegraph.lineage import (
    Asset,
    Export,
    Kind,
    Shot,
    Status,
    Take,
    recipe_of,
    result_name,
)
from nodegraph.media.folder import Media, MediaError
from nodegraph.plan import Layout, Result, ShotPlan
from nodegraph.results.copies import copy_for_people
from nodegraph.results.manifest import ManifestError, Row, entries_in, worst
from nodegraph.scheduler.running import TaskEvent
from nodegraph.store import ProjectStore
from nodegraph.values import Encoded

_WORST_FIRST = (Status.FAILED, Status.HELD, Status.CANCELLED)


@dataclass(frozen=True)
class Exporter:
    """Writes the results of one preset into an output folder, never over a file."""

    store: ProjectStore
    media: Media
    out: Path
    preset: str
    layout: Layout
    run: str = ""
    dry: bool = False
    _listings: dict[Path, list[str]] = field(default_factory=dict, repr=False)

    def rows(self, plan: ShotPlan, ends: Mapping[str, TaskEvent]) -> list[Row]:
        """Write what a plan has given, and say what became of each of its results."""
        shot = plan.shot if plan.shot.id else None
        if plan.problem:
            return [_row(plan.shot, Status.FAILED, error=plan.problem)]
        wide = self.layout.wide
        mine = [r for r in self.layout.results if (r.origin.node in wide) != bool(shot)]
        if shot and not mine:
            return [self._gathered(plan, shot, ends)]
        return [self._row_of(result, plan, shot, ends) for result in mine]

    def _gathered(
        self, plan: ShotPlan, shot: Shot, ends: Mapping[str, TaskEvent]
    ) -> Row:
        """What became of a shot that only lends a picture to results of the run."""
        nodes = self.layout.gathered
        asset = next((a for end, a in plan.made.items() if end.node in nodes), None)
        bad = [end for end in ends.values() if end.status is not Status.COMPLETED]
        if bad:
            cause = _cause(bad[-1], ends)
            error = _sentence(cause)
            return _row(shot, bad[-1].status, asset, None, cause.outcome, error)
        if len(ends) < len({task.key for task in plan.tasks}):
            return _row(shot, Status.CANCELLED, asset, error="not run")
        outcome = worst(end.outcome for end in ends.values()) or "done"
        return _row(shot, Status.COMPLETED, asset, None, outcome)

    def _row_of(
        self,
        result: Result,
        plan: ShotPlan,
        shot: Shot | None,
        ends: Mapping[str, TaskEvent],
    ) -> Row:
        asset_id = plan.made[result.origin]
        end = ends.get(recipe_of(asset_id))
        if end is not None and end.status is not Status.COMPLETED:
            cause = _cause(end, ends)
            outcome, error = cause.outcome, _sentence(cause)
            return _row(shot, end.status, asset_id, None, outcome, error)
        asset = self.store.asset(asset_id)
        if asset is None:
            return _row(shot, Status.CANCELLED, asset_id, error="not run")
        outcome = "done"
        if any(end.outcome != "done" for end in ends.values()):
            path = _path(asset_id, ends)
            outcome = worst(ends[key].outcome for key in path) or "done"
        try:
            file = None if self.dry else self._export(asset, result, shot)
        except JournalError:
            raise
        except (OSError, MediaError) as error:
            return _row(
                shot, Status.FAILED, asset_id, error=_unwritten(error, self.out)
            )
        return _row(shot, Status.COMPLETED, asset_id, file, outcome)

    def _export(self, asset: Asset, result: Result, shot: Shot | None) -> Path | None:
        """The result's file, written if it is not there, and its take made current."""
        known, is_there = self._known(asset, result, shot)
        if known is not None and is_there:
            self._make_current(asset, result, shot)
            return Path(known.id)
        if asset.type not in (Kind.BASE, Kind.REFINED, Kind.MASK):
            return None
        file = copy_for_people(self.store, self.media, asset, shot)
        while True:
            export, is_there = self._claim(file, asset, result, shot)
            path = Path(export.id)
            path.parent.mkdir(parents=True, exist_ok=True)
            if is_there or holds(path, file.data):
                return path
            with suppress(FileExistsError):  # another program was faster
                write_new(path, file.data)
                return path

    def _known(
        self, asset: Asset, result: Result, shot: Shot | None
    ) -> tuple[Export | None, bool]:
        """The file that was written of this result, and whether it is still there.

        One of another size is no longer ours.
        """
        name = result_name(self.preset, result.name)
        folder = str(self._folder(shot))
        shot_id = shot.id if shot else None
        gone = None
        for export in self._exports_of(asset, shot):
            here = os.path.dirname(export.id) == folder  # noqa: PTH120 (fast path)
            mine = (export.asset, export.shot, export.result)
            if here and mine == (asset.id, shot_id, name):
                size = _size(export.id)
                if size == export.size:
                    return export, True
                gone = export if size is None else gone
        return gone, False

    def _exports_of(self, asset: Asset, shot: Shot | None) -> list[Export]:
        """Few, and that of the asset for the shot among them."""
        if shot is not None and shot.name:
            return self.store.by(Export, "shot", shot.id)
        return self.store.by(Export, "asset", asset.id)

    def _claim(
        self, file: Encoded, asset: Asset, result: Result, shot: Shot | None
    ) -> tuple[Export, bool]:
        """Say which file and take it is before it is written, or that it is there."""
        digest = hashlib.sha256(file.data).hexdigest()
        shot_id = shot.id if shot else None
        name = result_name(self.preset, result.name)
        with self.store.record():
            self._make_current(asset, result, shot)
            known, is_there = self._known(asset, result, shot)
            if known is not None and is_there:  # another run was faster
                return known, True
            version, path = (
                (known.version, known.id)
                if known
                else self._listed(file, asset, shot) or self._next(file, result, shot)
            )
            size = len(file.data)
            export = Export(path, asset.id, shot_id, digest, size, name, version)
            self.store.put(export)
        return export, False

    def _listed(
        self, file: Encoded, asset: Asset, shot: Shot | None
    ) -> tuple[int, str] | None:
        """The very file, where the manifest has it and the records do not: the folder
        was moved, or the project's records are gone."""
        name = self._manifest.get((_label(shot), asset.id))
        version = re.search(r"_v([0-9]{1,9})\.[^.]+$", name or "")
        if name is None or version is None:
            return None
        try:
            path = inside(self.out, name)
        except UnsafePathError:
            return None
        at_home = path.parent == self._folder(shot)
        mine = at_home and holds(path, file.data)
        return (int(version[1]), str(path)) if mine else None

    @cached_property
    def _manifest(self) -> dict[tuple[str | None, str], str]:
        """The files that the manifest lists, by shot and asset."""
        with suppress(ManifestError):
            return {
                (entry.get("shot"), str(entry.get("asset"))): str(entry["file"])
                for entry in entries_in(self.out)
                if entry.get("file")
            }
        return {}

    def _next(
        self, file: Encoded, result: Result, shot: Shot | None
    ) -> tuple[int, str]:
        """The first free version and its path; what was ever written counts too."""
        folder = self._folder(shot)
        name, output = shot.name if shot else "", result.name or None
        taken = self._alike(folder, output_name(name, self.preset, output, "x", 0))
        taken += [
            Path(export.id).name
            for export in self.store.by(Export, "shot", shot.id if shot else None)
            if Path(export.id).parent == folder
        ]
        version = next_version(taken, name, self.preset, output)
        while True:
            named = output_name(name, self.preset, output, file.suffix, version)
            path = str(folder / named)
            if self.store.get(Export, path) is None:
                return version, path
            version += 1

    def _alike(self, folder: Path, first: str) -> list[str]:
        """The names in a folder that begin as `first`, a version's, does.

        A folder is read once: whatever comes into it later is met when writing.
        """
        names = self._listings.get(folder)
        if names is None:
            found = (
                [entry.name for entry in os.scandir(folder)] if folder.is_dir() else []
            )
            names = self._listings[folder] = sorted(map(fold, found))
        series = fold(first.rpartition("_v")[0])
        start = bisect_left(names, series)
        end = bisect_left(names, series + "_v\U0010ffff", start)
        return names[start:end]

    def _folder(self, shot: Shot | None) -> Path:
        return (
            self.out.joinpath(*shot.sequence.split("/"))
            if (shot and shot.sequence)
            else self.out
        )

    def _make_current(self, asset: Asset, result: Result, shot: Shot | None) -> None:
        """Make the asset the current take of its result, a new one if need be."""
        if shot is None or not shot.name or self._is_current(asset, result, shot):
            return
        with self.store.record():
            takes = self.store.by(Take, "shot", shot.id)
            same = [
                t for t in takes if (t.preset, t.output) == (self.preset, result.name)
            ]
            mine = next((take for take in same if take.asset == asset.id), None)
            if mine is None:
                number = 1 + max((take.number for take in takes), default=0)
                mine = Take(
                    f"{shot.id}/{number}",
                    shot.id,
                    self.preset,
                    result.name,
                    number,
                    asset.id,
                    self.run,
                )
            stale = [replace(take, current=False) for take in same if take.current]
            self.store.put(*stale, replace(mine, current=True))

    def _is_current(self, asset: Asset, result: Result, shot: Shot) -> bool:
        key = asset.id, self.preset, result.name
        return any(
            take.current and (take.asset, take.preset, take.output) == key
            for take in self.store.by(Take, "shot", shot.id)
        )


def _label(shot: Shot | None) -> str | None:
    """The shot's name in the manifest."""
    return (shot.path or None) if shot else None


def _size(path: str) -> int | None:
    """The bytes of what lies there; None where nothing does."""
    try:
        return os.lstat(path).st_size
    except (FileNotFoundError, NotADirectoryError):
        return None


def _row(
    shot: Shot | None,
    status: Status,
    asset: str | None = None,
    file: Path | None = None,
    outcome: str | None = None,
    error: str | None = None,
) -> Row:
    name, source = (shot.path, shot.source or None) if shot else (None, None)
    if outcome is None and status is Status.FAILED:
        outcome = "failed"
    return Row(name, source, file, asset, outcome, status, error)


def _path(asset_id: str, ends: Mapping[str, TaskEvent]) -> set[str]:
    """The keys of the recipes that lead to an asset, of those that ended here."""
    found: set[str] = set()
    waiting = [recipe_of(asset_id)]
    while waiting:
        key = waiting.pop()
        if key in ends and key not in found:
            found.add(key)
            waiting += map(recipe_of, ends[key].task.recipe.parents)
    return found


def _cause(end: TaskEvent, ends: Mapping[str, TaskEvent]) -> TaskEvent:
    """The first that went wrong on the way to `end`, which only waited for it."""
    cause: TaskEvent | None = end
    while cause is not None:
        end = cause
        before = (ends.get(recipe_of(asset)) for asset in end.task.recipe.parents)
        cause = next((e for e in before if e and e.status in _WORST_FIRST), None)
    return end


def _sentence(end: TaskEvent) -> str:
    """Why a task came to nothing, and which it is."""
    if end.error:
        return f"{end.task.label!r}: {end.error}"
    told = {Status.CANCELLED: "cancelled", Status.HELD: "waits for a decision"}
    return told.get(end.status, "failed")


def _unwritten(error: OSError | MediaError, out: Path) -> str:
    if isinstance(error, MediaError):
        return str(error)
    cause = error.strerror or str(error)
    return f"no file can be written to {out}: {cause}; make room there or use --out"
