"""The verbs about presets: `preset list`, `show`, `validate`, `save`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodegraph.cli import printing, typer_app
from nodegraph.cli.columns import columns, counted, pairs
from nodegraph.cli.errors import INVALID, CommandError
from nodegraph.cli.graphs import (
    FOLDER,
    graph_file,
    load_graph,
    preset_files,
    shipped_presets,
)
from nodegraph.cli.options import AsJson, ProjectFolder, project_folder
from nodegraph.filenames import printable

if TYPE_CHECKING:
    from nodegraph.node import NodeType
    from nodegraph.preset.file import Exposed, Preset

app = typer_app("List, show, check and save presets.")
Types = Mapping[str, "NodeType"]

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="A preset's name, or the file of one.")
]
Graph = Annotated[
    str, typer.Argument(metavar="GRAPH", help="A preset's name, or the file of one.")
]
As = Annotated[
    str, typer.Option("--as", metavar="NAME", help="What the new preset is called.")
]
Title = Annotated[str | None, typer.Option("--title", help="A title for people.")]
Description = Annotated[
    str | None, typer.Option("--description", help="What it does, in a sentence.")
]
Expose = Annotated[
    list[str] | None,
    typer.Option(
        "--expose",
        metavar="NODE.SETTING=LABEL",
        help="Offer a setting to the preset's users; may be repeated.",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NODE.SETTING=VALUE",
        help="Change a setting; may be repeated.",
    ),
]
WithOverrides = Annotated[
    bool,
    typer.Option("--with-overrides", help="Keep what was set for single shots too."),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace the preset of that name.")
]


@app.command("list")
def list_(json: AsJson = False, project: ProjectFolder = None) -> None:
    """List the shipped presets and those of the project."""
    folder = project_folder(project)
    types = _types(folder)
    rows = []
    for name in preset_files(folder):
        if preset := _readable(name, folder, types):
            rows.append(_brief(name, preset, types))
    if json:
        printing.document(rows)
    else:
        header = ("PRESET", "TITLE", "NEEDS", "DESCRIPTION")
        columns(header, map(_row, rows))


def _types(folder: Path) -> Types:
    from nodegraph import trust
    from nodegraph.registry import discover

    registry = discover(trust.status(folder))
    for problem in registry.problems:
        printing.warn(str(problem))
    return registry.types


def _readable(name: str, folder: Path, types: Types) -> "Preset | None":
    """The preset; one that cannot be read is told and left out."""
    from nodegraph.preset.file import PresetError

    try:
        return load_graph(name, folder, types)
    except PresetError as error:
        printing.warn(str(error))
        return None


def _brief(name: str, preset: "Preset", types: Types) -> dict[str, Any]:
    return {
        "name": name,
        "title": preset.title,
        "description": preset.description,
        "inputs": _inputs(preset, types),
    }


def _inputs(preset: "Preset", types: Types) -> list[str]:
    """The Source nodes whose picture must be given."""
    from nodegraph.node import Role

    return [
        node.label
        for node in preset.graph.nodes.values()
        if node.type in types
        and types[node.type].role is Role.SOURCE
        and not node.settings.get("file")
    ]


def _row(brief: Mapping[str, Any]) -> tuple[str, ...]:
    needs = ", ".join(brief["inputs"])
    return brief["name"], brief["title"], needs, brief["description"]


@app.command()
def show(name: Name, json: AsJson = False, project: ProjectFolder = None) -> None:
    """Show what a preset needs, what it does and which settings it offers."""
    folder = project_folder(project)
    types = _types(folder)
    preset = load_graph(name, folder, types)
    facts = _facts(preset, types, graph_file(name, folder))
    if json:
        printing.document(facts)
        return
    pairs(
        (
            ("preset", facts["name"]),
            ("title", facts["title"]),
            ("description", facts["description"]),
            ("needs", ", ".join(facts["inputs"])),
            ("file", facts["file"]),
        )
    )
    for title, header, rows in (
        (
            "settings",
            ("LABEL", "SETTING", "VALUE"),
            map(_setting_row, facts["settings"]),
        ),
        ("nodes", ("NAME", "NODE"), ((n["name"], n["type"]) for n in facts["nodes"])),
    ):
        if facts[title]:
            printing.show("")
            columns(header, rows)


def _facts(preset: "Preset", types: Types, file: Path) -> dict[str, Any]:
    nodes = preset.graph.nodes.values()
    return {
        **_brief(preset.name, preset, types),
        "settings": [_setting(preset, each, types) for each in preset.exposed],
        "nodes": [{"id": n.id, "name": n.label, "type": n.type} for n in nodes],
        "file": str(file),
    }


def _setting(preset: "Preset", exposed: "Exposed", types: Types) -> dict[str, Any]:
    node = preset.graph.nodes.get(exposed.node)
    type_ = types.get(node.type) if node else None
    port = type_.input(exposed.setting) if type_ else None
    default = port.default if port is not None and port.is_setting else None
    return {
        "label": exposed.label,
        "node": node.label if node else exposed.node,
        "setting": exposed.setting,
        "value": node.settings.get(exposed.setting, default) if node else None,
    }


def _setting_row(setting: Mapping[str, Any]) -> tuple[str, ...]:
    place = f"{setting['node']}.{setting['setting']}"
    return setting["label"], place, str(setting["value"])


@app.command()
def validate(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A preset's file.")],
    json: AsJson = False,
    project: ProjectFolder = None,
) -> int:
    """Tell every problem of a preset, each with its place."""
    from nodegraph.preset.file import validate as problems_of

    folder = project_folder(project)
    path = Path(file)
    if not path.exists() and file in (known := preset_files(folder)):
        path = known[file]
    problems = problems_of(path, _types(folder))
    if json:
        rows = [problem._asdict() for problem in problems]
        printing.document({"valid": not problems, "problems": rows})
    else:
        for problem in problems:
            printing.show(printable(str(problem)))
        count = f"has {counted(len(problems), 'problem')}" if problems else "is valid"
        printing.say(f"{file} {count}")
    return INVALID if problems else 0


@app.command()
def save(
    graph: Graph,
    name: As,
    title: Title = None,
    description: Description = None,
    expose: Expose = None,
    settings: Set = None,
    with_overrides: WithOverrides = False,
    force: Force = False,
    project: ProjectFolder = None,
) -> None:
    """Save a graph as a preset of the project."""
    from nodegraph.preset.file import save as write

    folder = project_folder(project)
    path = _path(folder, name, force)
    types = _types(folder)
    preset = load_graph(graph, folder, types)
    changed = replace(
        preset,
        name=name,
        title=preset.title if title is None else title,
        description=preset.description if description is None else description,
        graph=_assigned(preset, settings or (), types),
        overrides=_overrides(preset, folder) if with_overrides else {},
    )
    changed = replace(changed, exposed=_exposed(changed, expose or ()))
    _refuse_flaws(changed, types)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(changed, path)
    printing.say(f"saved: {path}")
    if name in shipped_presets():
        printing.say(
            f"note: in this project {name!r} now means this file, not the shipped one"
        )


def _path(folder: Path, name: str, force: bool) -> Path:
    """Where the preset goes; raises `CommandError` for no name or one that is taken."""
    from nodegraph.filenames import PRESET_LONGEST, fold, safe

    if not name or safe(name, PRESET_LONGEST) != name:
        raise CommandError(
            f"{name!r} is no name for a preset: take letters, digits, - and _, at most "
            f"{PRESET_LONGEST}"
        )
    path = folder / FOLDER / f"{name}.json"
    if force and path.exists():
        return path
    for other in path.parent.glob("*.json"):
        if fold(other.stem) == fold(name):
            raise CommandError(
                f"there is a preset {other.stem!r}: give another name, or "
                f"`--as {other.stem} --force` to replace it"
            )
    return path


def _assigned(preset: "Preset", settings: Sequence[str], types: Types) -> Any:
    from nodegraph.assignments import Assignment, assigned

    given = [Assignment.parse(text) for text in settings]
    for each in given:
        if each.shot:
            raise CommandError(
                f"{each.node}.{each.setting}@{each.shot}: a preset is for every shot; "
                "leave @SHOT out"
            )
    return assigned(preset.graph, given, types)


def _exposed(preset: "Preset", texts: Sequence[str]) -> "tuple[Exposed, ...]":
    """The settings offered: those of the graph, then the new ones in their place."""
    from nodegraph.preset.file import Exposed

    found = {(each.node, each.setting): each for each in preset.exposed}
    for text in texts:
        place, _, label = text.partition("=")
        node, dot, setting = place.rpartition(".")
        if not (dot and node and setting and label):
            raise CommandError(f"{text!r} offers no setting: write NODE.SETTING=LABEL")
        id_ = preset.graph.named(node).id
        found[id_, setting] = Exposed(id_, setting, label)
    return tuple(found.values())


def _overrides(preset: "Preset", folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """What was set for single shots of this preset, by the shots' names."""
    from nodegraph.lineage import Override, Shot
    from nodegraph.place import home_of
    from nodegraph.store import ProjectStore

    kept = {
        shot: {node: dict(own) for node, own in nodes.items()}
        for shot, nodes in preset.overrides.items()
    }
    with ProjectStore(home_of(folder), write=False) as store:
        for each in store.all(Override):
            shot = store.get(Shot, each.shot)
            if each.graph == preset.name and shot is not None:
                nodes = kept.setdefault(shot.name, {})
                nodes.setdefault(each.node, {}).update(each.settings)
    return kept


def _refuse_flaws(preset: "Preset", types: Types) -> None:
    """Raise `PresetError` where the preset could not be used; nothing is written."""
    from nodegraph.preset.file import PresetError, dumps
    from nodegraph.preset.file import validate as problems_of

    if problems := problems_of(dumps(preset), types):
        raise PresetError(preset.name, problems)
