"""The verb that checks machine and project: `doctor`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodegraph.cli import printing
from nodegraph.cli.columns import columns
from nodegraph.cli.errors import INVALID, MISSING
from nodegraph.cli.options import AsJson, ProjectFolder, project_folder
from nodegraph.filenames import printable
from nodegraph.place import FOLDER, home_of

if TYPE_CHECKING:
    from nodegraph.upkeep.doctor import Finding

Repair = Annotated[
    bool, typer.Option("--repair", help="Mend what can be mended without loss.")
]


def doctor(
    repair: Repair = False, json: AsJson = False, project: ProjectFolder = None
) -> int:
    """Check this machine and the project, and say what helps."""
    from nodegraph.upkeep.doctor import machine

    folder = project_folder(project)
    if project is not None or repair:
        home_of(folder)
    done = _repaired(folder) if repair else []
    is_project = (folder / FOLDER).is_dir()
    place = folder / FOLDER if is_project else folder
    findings = list(machine(place, is_project=is_project))
    if is_project:
        findings += _project(folder)
    if json:
        rows = [finding._asdict() for finding in findings]
        printing.document({"findings": rows, "repaired": done})
    else:
        _tell(findings, done, is_project)
    return _code(findings)


def _repaired(folder: Path) -> list[str]:
    from nodegraph.project import Project
    from nodegraph.upkeep.repair import repair

    with Project(folder, write=True) as project:
        return repair(project)


def _project(folder: Path) -> "list[Finding]":
    """What there is to say of a project, that it cannot be opened among it."""
    from nodegraph.journal.lines import JournalError
    from nodegraph.project import Project
    from nodegraph.settings import SettingsError
    from nodegraph.upkeep.doctor import Finding, Level, project_findings

    try:
        with Project(folder, write=False) as project:
            return list(project_findings(project))
    except SettingsError as error:
        return [Finding(Level.WRONG, "settings", str(error), "correct the file")]
    except JournalError as error:
        return [Finding(Level.WRONG, "journal", str(error))]


def _tell(findings: "list[Finding]", done: list[str], is_project: bool) -> None:
    for text in done:
        printing.say(f"mended: {text}")
    columns(
        (),
        ((level.upper(), about, text) for level, about, text, _ in findings),
    )
    remedies = dict.fromkeys((about, remedy) for _, about, _, remedy in findings)
    for about, remedy in remedies:
        if remedy:
            printing.show(printable(f"{about}: {remedy}"))
    if not is_project:
        printing.say("there is no project here: only the machine was checked")


def _code(findings: "list[Finding]") -> int:
    from nodegraph.upkeep.doctor import Level

    levels = {finding.level for finding in findings}
    if Level.MISSING in levels:
        return MISSING
    return INVALID if Level.WRONG in levels else 0
