"""Results as files for people: names, versions, takes and the manifest."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from nodegraph.filenames import next_version, output_name
from nodegraph.files import write_whole
from nodegraph.lineage import Asset, Export, Kind, Shot, Status, Take, recipe_of
from nodegraph.media import Media, MediaError, with_provenance
from nodegraph.plan import Layout, Result, ShotPlan
from nodegraph.running import TaskEvent
from nodegraph.store import ProjectStore
from nodegraph.values import Encoded

MANIFEST = "manifest.json"
FORMAT = 1
SEVERITY = ("done", "unchanged", "soft", "no_mask", "no_face")
"""Outcomes of completed tasks, the worst last; one not listed is worse than all."""
PASSED = frozenset({"no_face", "no_mask"})
"""Outcomes that say a face or mask node did nothing."""
_WORST_FIRST = (Status.FAILED, Status.HELD, Status.CANCELLED)


class Row(NamedTuple):
    """What became of one result of one shot, or of the run as a whole."""

    shot: str | None
    source: str | None
    file: Path | None
    asset: str | None
    outcome: str | None
    status: Status
    error: str | None

    @property
    def passed(self) -> bool:
        """Whether it came through though a face or mask node did nothing."""
        return self.status is Status.COMPLETED and self.outcome in PASSED


def worst(outcomes: Iterable[str | None]) -> str | None:
    """The most severe outcome; None where there is none."""
    known = [outcome for outcome in outcomes if outcome]
    rank = {name: index for index, name in enumerate(SEVERITY)}
    return max(known, key=lambda name: rank.get(name, len(SEVERITY)), default=None)


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
        except (OSError, MediaError) as error:
            return _row(
                shot, Status.FAILED, asset_id, error=_unwritten(error, self.out)
            )
        return _row(shot, Status.COMPLETED, asset_id, file, outcome)

    def _export(self, asset: Asset, result: Result, shot: Shot | None) -> Path | None:
        """The result's file, written if it is not there, and its take made current."""
        known = self._known(asset, result, shot)
        path = Path(known.id) if known else None
        if known is None or path is None or not path.exists():
            if asset.type not in (Kind.BASE, Kind.REFINED, Kind.MASK):
                return None
            known, data = self._prepared(asset, result, shot, known)
            with self.store.record():
                self.store.put(known)
                self._make_current(asset, result, shot)
            path = Path(known.id)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, data)
        elif shot is not None:
            with self.store.record():
                self._make_current(asset, result, shot)
        return path

    def _known(self, asset: Asset, result: Result, shot: Shot | None) -> Export | None:
        name = _result_name(self.preset, result)
        folder = str(self._folder(shot))
        shot_id = shot.id if shot else None
        for export in self.store.by(Export, "asset", asset.id):
            here = os.path.dirname(export.id) == folder  # noqa: PTH120 (fast path)
            if here and export.shot == shot_id and export.result == name:
                return export
        return None

    def _prepared(
        self,
        asset: Asset,
        result: Result,
        shot: Shot | None,
        known: Export | None,
    ) -> tuple[Export, bytes]:
        data, suffix = copy_for_people(self.media, asset, shot)
        version, path = (
            (known.version, known.id) if known else self._next(result, shot, suffix)
        )
        digest, shot_id = hashlib.sha256(data).hexdigest(), shot.id if shot else None
        name = _result_name(self.preset, result)
        return Export(path, asset.id, shot_id, digest, len(data), name, version), data

    def _next(self, result: Result, shot: Shot | None, suffix: str) -> tuple[int, str]:
        """The first free version and its path; what was ever written counts too."""
        folder = self._folder(shot)
        name, output = shot.name if shot else "", result.name or None
        taken = [entry.name for entry in os.scandir(folder)] if folder.is_dir() else []
        taken += [
            Path(export.id).name
            for export in self.store.by(Export, "shot", shot.id if shot else None)
            if Path(export.id).parent == folder
        ]
        version = next_version(taken, name, self.preset, output)
        file = output_name(name, self.preset, output, suffix, version)
        return version, str(folder / file)

    def _folder(self, shot: Shot | None) -> Path:
        return (
            self.out.joinpath(*shot.sequence.split("/"))
            if (shot and shot.sequence)
            else self.out
        )

    def _make_current(self, asset: Asset, result: Result, shot: Shot | None) -> None:
        """Make the asset the current take of its result, a new one if need be."""
        if shot is None:
            return
        takes = self.store.by(Take, "shot", shot.id)
        output = result.name
        same = [t for t in takes if (t.preset, t.output) == (self.preset, output)]
        mine = next((t for t in same if t.asset == asset.id), None)
        if mine is not None and mine.current:
            return
        if mine is None:
            number = 1 + max((take.number for take in takes), default=0)
            id_ = f"{shot.id}/{number}"
            mine = Take(id_, shot.id, self.preset, output, number, asset.id, self.run)
        stale = [replace(t, current=False) for t in same if t.current]
        self.store.put(*stale, replace(mine, current=True))


def _result_name(preset: str, result: Result) -> str:
    return f"{preset}/{result.name}" if result.name else preset


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
    return f"no file can be written to {out}: {cause}; make room or choose another"


def copy_for_people(media: Media, asset: Asset, shot: Shot | None) -> Encoded:
    """The bytes of a result's file: always the same; raises `MediaError`.

    What a person asked for as a file, or gave as one, stays as it is; another says how
    it was made.
    """
    data, suffix = media.export(asset.sha256, asset.suffix)
    is_asked = asset.recipe is None or asset.suffix == suffix != ".png"
    if not is_asked:
        data = with_provenance(data, suffix, provenance(asset, shot))
    return Encoded(data, suffix)


def provenance(asset: Asset, shot: Shot | None) -> str:
    """What an exported picture says of itself, as JSON, the same at every export."""
    facts: dict[str, Any] = {
        "workbench": FORMAT,
        "asset": asset.id,
        "shot": shot.path if shot else None,
        "operation": asset.recipe.as_row() if asset.recipe else None,
        "sources": list(asset.sources),
        "outcome": asset.outcome,
    }
    return json.dumps(facts, sort_keys=True, ensure_ascii=False)


def write_manifest(out: Path, rows: Sequence[Row]) -> Path:
    """Say in the output folder what became of every shot; earlier ones stay listed."""
    path = out / MANIFEST
    entries = [_entry(row, out) for row in rows]
    mine = {entry["shot"] for entry in entries}
    old = [e for e in _old_entries(path) if e.get("shot") not in mine]
    text = json.dumps({"format": FORMAT, "entries": [*old, *entries]}, indent=2)
    data = (text + "\n").encode("utf-8", "surrogatepass")
    if not path.exists() or path.read_bytes() != data:
        out.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    return path


def _old_entries(path: Path) -> list[dict[str, Any]]:
    try:
        entries = json.loads(path.read_bytes())["entries"]
        return [e for e in entries if isinstance(e, dict)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _entry(row: Row, out: Path) -> dict[str, Any]:
    return {
        "shot": row.shot,
        "source": _relative(Path(row.source), out) if row.source else None,
        "file": _relative(row.file, out) if row.file else None,
        "asset": row.asset,
        "recipe": recipe_of(row.asset) if row.asset else None,
        "outcome": row.outcome,
        "status": str(row.status),
        "error": row.error,
    }


def _relative(path: Path, out: Path) -> str:
    try:
        return Path(os.path.relpath(path, out)).as_posix()
    except ValueError:
        return str(path)  # on another drive
