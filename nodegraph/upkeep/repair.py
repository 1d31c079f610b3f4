"""Mend a project: what can be made good without losing anything more."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nodegraph.lineage import Asset, Found, Settled, Status, recipe_of
from nodegraph.media.folder import MediaError
from nodegraph.upkeep.audit import auditor, place_of
from nodegraph.upkeep.sweep import can_remake, sweeper

if TYPE_CHECKING:
    from nodegraph.project import Project


def repair(project: "Project") -> list[str]:
    """Mend what can be mended; what was done, a sentence each.

    The project is open for writing.  Reads every picture.
    """
    was_damaged = project.store.database.lost > 0
    done = _set_damage_aside(project)
    flawed = _flawed(project)
    done += _bring_drawings_again(project, flawed)
    types = project.registry.types
    done += _give_up(project, [each for each in flawed if can_remake(each, types)])
    done += _match_tasks(project)
    return done + ([_KEPT] if was_damaged else _sweep(project))


_KEPT = (
    "files without a record were left where they are, for their records may be among "
    "the lost; `workbench gc` removes them"
)


def _set_damage_aside(project: "Project") -> list[str]:
    database = project.store.database
    count = database.lost
    if not count:
        return []
    database.compact()
    parts = "part" if count == 1 else "parts"
    text = f"{count} unreadable {parts} of the journal set aside as journal.damaged-*"
    return [f"{text}; what was recorded there is lost"]


def _flawed(project: "Project") -> list[Asset]:
    """The assets whose file is missing or not what it was."""
    assets = list(project.store.all(Asset))
    flaws = auditor(project).flaws(assets)
    return [each for each in assets if each.is_file and flaws.get(place_of(each))]


def _bring_drawings_again(project: "Project", flawed: Iterable[Asset]) -> list[str]:
    """Copy drawings anew from where they were found, if they still lie there."""
    wanted = {asset.id for asset in flawed if asset.recipe is None}
    brought: set[str] = set()
    for found in project.store.all(Found) if wanted else ():
        if found.digest in wanted - brought and found.suffix:
            try:
                copy = project.media.import_source(
                    Path(found.id), project.settings.pixels
                )
            except (OSError, MediaError):
                continue
            brought.add(copy.sha256)
    count = len(wanted & brought)
    return [f"{count} drawings were copied into the project again"] if count else []


def _give_up(project: "Project", lost: list[Asset]) -> list[str]:
    """Pictures that can be made again count as evicted; what is left of them goes."""
    if not lost:
        return []
    with project.store.record():
        project.store.put(*(replace(asset, evicted=True) for asset in lost))
    for asset in lost:
        project.media.remove(asset.sha256, asset.suffix)
    text = "missing or damaged pictures are made again when they are needed"
    return [f"{len(lost)} {text}"]


def _match_tasks(project: "Project") -> list[str]:
    """A task without a result counts as never run, a result as that of a task."""
    store = project.store
    made = {recipe_of(asset.id): asset for asset in store.all(Asset) if asset.recipe}
    completed = set(store.ids(Settled, "status", Status.COMPLETED))
    empty = sorted(completed - made.keys())
    unsaid = [made[key] for key in sorted(made.keys() - set(store.keys(Settled)))]
    if empty or unsaid:
        with store.record():
            store.remove(Settled, empty)
            store.put(*map(_end_of, unsaid))
    told = {
        "tasks whose result had no record run again when they are needed": len(empty),
        "pictures got back the record that they were finished": len(unsaid),
    }
    return [f"{count} {text}" for text, count in told.items() if count]


def _end_of(asset: Asset) -> Settled:
    node = asset.recipe.node if asset.recipe else ""
    return Settled(
        recipe_of(asset.id),
        Status.COMPLETED,
        asset.outcome,
        node=node,
        shot=asset.shot,
        run=asset.run,
    )


def _sweep(project: "Project") -> list[str]:
    sweep = sweeper(project)
    cleared = sweep.clear(replace(sweep.waste(), evictable=()))
    if not cleared.strays:
        return cleared.problems
    return [f"{cleared.strays} files without a record were removed", *cleared.problems]
