"""The verbs about where pictures come from: `lineage show|tree|verify|export`."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodegraph.cli import printing, typer_app
from nodegraph.cli.columns import counted, pairs
from nodegraph.cli.errors import INVALID
from nodegraph.cli.options import AsJson, ProjectFolder, open_project
from nodegraph.filenames import printable

if TYPE_CHECKING:
    from nodegraph.lineage import Asset
    from nodegraph.project import Project
    from nodegraph.reports.ancestry import Relative

app = typer_app("Show how pictures were made; check them all.")

Target = Annotated[
    str,
    typer.Argument(
        metavar="ASSET_OR_FILE",
        help="A picture's id, the beginning of one, or a file: a result, a drawing.",
    ),
]
MaybeTarget = Annotated[
    str | None,
    typer.Argument(
        metavar="[ASSET_OR_FILE]", help="Only this picture and what it was made from."
    ),
]
Strip = Annotated[
    bool, typer.Option("--strip", help="Leave out people's names, paths and notes.")
]
SHORT = 12
"""Characters of an id that a table shows."""
KINDS = {
    "image_base": "drawing",
    "image_refined": "picture",
    "video": "video",
    "mask": "mask",
    "identity": "identity",
    "value": "value",
}


@app.command()
def show(asset: Target, json: AsJson = False, project: ProjectFolder = None) -> None:
    """Show how a picture was made, from what, by which models and settings."""
    from nodegraph.reports.ancestry import facts, find

    with open_project(project) as opened:
        found = find(opened.store, asset)
        path = _file(opened, found)
        if json:
            printing.document(facts(opened.store, found, path))
        else:
            pairs(_told(opened, found, path))


def _file(project: "Project", asset: "Asset") -> Path | None:
    """Where the asset's file lies; None where it has none, or gave it up."""
    if not asset.is_file:
        return None
    path = project.files.path(asset)
    return path if path.exists() else None


def _told(
    project: "Project", asset: "Asset", path: Path | None
) -> Iterator[tuple[str, str]]:
    from nodegraph.reports.ancestry import engines, operation, shot_of

    store = project.store
    shot = shot_of(store, asset)
    yield KINDS[asset.type], asset.id
    yield "how it was made", operation(asset) if asset.recipe else "brought in"
    yield "name", asset.name
    parents = (store.asset(id_) for id_ in asset.parents)
    yield "made from", ", ".join(_named(each) for each in parents if each)
    yield "shot", shot.path if shot else ""
    yield "engines", ", ".join(engines(store, asset))
    yield "models", ", ".join(f"{k}: {v}" for k, v in asset.models.items())
    yield "result", " · ".join(filter(None, (asset.outcome, asset.message)))
    yield "verified", _certificate(asset)
    yield "value", "" if asset.value is None else str(asset.value)
    yield "size", f"{asset.width} × {asset.height}" if asset.width else ""  # noqa: RUF001 (the sign for it)
    yield "notes", " · ".join(f"{k} {v}" for k, v in asset.notes.items())
    if asset.is_file:
        yield "file", str(path or "given up for room: made again when it is needed")


def _named(asset: "Asset") -> str:
    from nodegraph.reports.ancestry import operation

    return f"{operation(asset)} ({asset.id[:SHORT]})"


def _certificate(asset: "Asset") -> str:
    """The lock certificate as a sentence."""
    if not asset.certificate:
        return ""
    facts: dict[str, Any] = dict(asset.certificate)
    if "changed" in facts:
        return f"{counted(int(facts['changed']), 'pixel')} changed outside the mask"
    return ", ".join(f"{name} {value}" for name, value in facts.items())


@app.command()
def tree(asset: Target, json: AsJson = False, project: ProjectFolder = None) -> None:
    """Show what a picture was made from, up to the drawings, and what was made of it."""
    from nodegraph.reports.ancestry import (
        ancestors,
        descendants,
        downward,
        find,
        upward,
    )

    with open_project(project) as opened:
        store = opened.store
        found = find(store, asset)
        if json:
            above, below = ancestors(store, found), descendants(store, found)
            printing.document(
                {
                    **_node(found, 0),
                    "ancestors": [_node(*each) for each in above],
                    "descendants": [_node(*each) for each in below],
                }
            )
            return
        printing.show(printable(_named(found)))
        _show_branch("made from", upward(store, found))
        _show_branch("made of it", downward(store, found))


def _node(asset: "Asset", steps: int) -> dict[str, Any]:
    from nodegraph.reports.ancestry import operation

    return {
        "id": asset.id,
        "type": str(asset.type),
        "label": operation(asset),
        "parents": list(asset.parents),
        "steps": steps,
    }


def _show_branch(title: str, branch: "Iterable[tuple[Relative, bool]]") -> None:
    begun = False
    for (asset, steps), is_again in branch:
        if not begun:
            printing.show(f"{title}:")
            begun = True
        again = " (as above)" if is_again else ""
        printing.show(f"{'  ' * min(steps, 40)}{printable(_named(asset))}{again}")


@app.command()
def verify(json: AsJson = False, project: ProjectFolder = None) -> int:
    """Read every picture again and check that all it was made from is there."""
    from nodegraph.upkeep.audit import auditor

    with open_project(project) as opened:
        found = auditor(opened).audit()
    if json:
        printing.document(found.as_json())
    else:
        evicted = f", {found.evicted} given up for room" if found.evicted else ""
        state = (
            counted(len(found.problems), "problem") if found.problems else "all sound"
        )
        files = counted(found.checked, "file")
        printing.show(
            f"{counted(found.assets, 'picture')}, {files} read{evicted}: {state}"
        )
        for problem in found.problems:
            printing.show(printable(f"  {problem}"))
    if found.problems:
        printing.say("`workbench doctor --repair` mends what can be mended")
    return INVALID if found.problems else 0


@app.command()
def export(
    asset: MaybeTarget = None, strip: Strip = False, project: ProjectFolder = None
) -> None:
    """Print the lineage as one JSON document, whole or of one picture."""
    from nodegraph.reports.ancestry import find
    from nodegraph.reports.ledger import document

    with open_project(project) as opened:
        store = opened.store
        found = None if asset is None else find(store, asset)
        printing.document(document(store, found, strip=strip))
