"""The verb that frees room: `gc`."""

from typing import TYPE_CHECKING, Annotated

import typer

from nodegraph.cli import printing
from nodegraph.cli.columns import counted, size
from nodegraph.cli.errors import INVALID
from nodegraph.cli.options import AsJson, ProjectFolder, project_folder
from nodegraph.place import home_of

if TYPE_CHECKING:
    from nodegraph.upkeep.sweep import Cleared, Waste

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Tell what would go; remove nothing.")
]


def gc(
    dry_run: DryRun = False, json: AsJson = False, project: ProjectFolder = None
) -> int:
    """Remove files that no record speaks of, and the oldest intermediate pictures.

    Intermediate pictures stay up to cache_gb of the project's settings; one that went
    is made again when it is needed.  Nothing outside .workbench is touched.
    """
    from nodegraph.project import Project
    from nodegraph.upkeep.sweep import Cleared, sweeper

    folder = project_folder(project)
    home_of(folder)
    with Project(folder, write=True) as opened:
        sweep = sweeper(opened)
        waste = sweep.waste()
        before = opened.store.database.bytes
        cleared = Cleared()
        if not dry_run:
            cleared = sweep.clear(waste)
            opened.store.database.compact()
        saved = before - opened.store.database.bytes
    if json:
        printing.document(_document(waste, cleared, saved, dry_run))
    else:
        _tell(waste, cleared, saved, dry_run)
    for problem in cleared.problems:
        printing.warn(problem)
    return INVALID if cleared.problems else 0


def _document(
    waste: "Waste", cleared: "Cleared", saved: int, dry: bool
) -> dict[str, object]:
    strays, evicted = cleared.strays, cleared.evicted
    return {
        "dry_run": dry,
        "removed": len(waste.strays) if dry else strays,
        "evicted": len(waste.evictable) if dry else evicted,
        "bytes": waste.bytes if dry else cleared.bytes,
        "intermediates": waste.intermediates,
        "journal_bytes": saved,
        "problems": cleared.problems,
    }


def _tell(waste: "Waste", cleared: "Cleared", saved: int, dry: bool) -> None:
    strays = len(waste.strays) if dry else cleared.strays
    evicted = len(waste.evictable) if dry else cleared.evicted
    room = waste.bytes if dry else cleared.bytes + max(0, saved)
    would = "would be " if dry else ""
    printing.show(f"{counted(strays, 'file')} without a record {would}removed")
    printing.show(
        f"{counted(evicted, 'intermediate picture')} {would}given up: "
        "made again when needed"
    )
    printing.show(f"{size(room)} {would}freed")
