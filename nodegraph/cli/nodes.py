"""The verb that lists node types and explains one: `nodes`."""

import math
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodegraph.cli import printing
from nodegraph.cli.columns import columns
from nodegraph.cli.errors import CommandError, unknown
from nodegraph.cli.options import AsJson, ProjectFolder, project_folder
from nodegraph.filenames import printable

if TYPE_CHECKING:
    from nodegraph.node import NodeType, Port
    from nodegraph.registry import Registry

Name = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="A node, to explain it.")
]


def nodes(
    name: Name = None, json: AsJson = False, project: ProjectFolder = None
) -> None:
    """List the nodes there are, or explain one."""
    from nodegraph import trust
    from nodegraph.registry import discover

    registry = discover(trust.status(project_folder(project)))
    for problem in registry.problems:
        printing.warn(str(problem))
    if name is not None:
        _explain(_named(name, registry), registry, json)
    elif json:
        printing.document([_brief(each, registry) for each in _ordered(registry)])
    else:
        _list(registry)


def _ordered(registry: "Registry") -> "list[NodeType]":
    return sorted(registry.types.values(), key=lambda t: (t.category, t.name))


def _named(name: str, registry: "Registry") -> "NodeType":
    plain = name.strip().lower().replace(" ", "_").replace("-", "_")
    found = registry.types.get(name) or registry.types.get(plain)
    if found is None:
        raise CommandError(unknown("node", name, sorted(registry.types)))
    return found


def _list(registry: "Registry") -> None:
    for category, group in groupby(_ordered(registry), key=lambda t: t.category):
        printing.show(printable(category))
        columns((), (("", each.name, _first_line(each)) for each in group))


def _first_line(type_: "NodeType") -> str:
    return type_.help.strip().partition("\n")[0]


def _brief(type_: "NodeType", registry: "Registry") -> dict[str, Any]:
    return {
        "name": type_.name,
        "label": type_.label,
        "category": type_.category,
        "summary": _first_line(type_),
        "version": type_.version,
        "origin": registry.origins.get(type_.name),
    }


def _explain(type_: "NodeType", registry: "Registry", as_json: bool) -> None:
    inputs = [p for p in type_.inputs if not p.is_setting and not p.from_shot]
    settings = [port for port in type_.inputs if port.is_setting]
    if as_json:
        details = {
            "help": type_.help,
            "inputs": [_input(port) for port in inputs],
            "settings": [_setting(port) for port in settings],
            "outputs": [{"name": p.name, "type": _type(p)} for p in type_.outputs],
        }
        printing.document({**_brief(type_, registry), **details})
        return
    origin = registry.origins.get(type_.name, "")
    head = f"{type_.label} ({type_.name}) v{type_.version}, {type_.category}"
    printing.show(printable(head))
    for line in ("", *type_.help.splitlines(), ""):
        printing.show(printable(line))
    rows = [("input", p.name, _type(p), _need(p)) for p in inputs]
    rows += [("setting", p.name, _type(p), _range(p)) for p in settings]
    rows += [("output", p.name, _type(p), "") for p in type_.outputs]
    columns(("", "NAME", "TYPE", "VALUES"), rows)
    for line in ("", f"from {origin}") if origin else ():
        printing.show(printable(line))


def _type(port: "Port") -> str:
    from nodegraph.values import name_of

    return f"{name_of(port.type)}s" if port.many else name_of(port.type)


def _need(port: "Port") -> str:
    if port.many:
        return "any number of links"
    return "must be linked" if port.required else "may be linked"


def _range(port: "Port") -> str:
    """Which values there are, and the one that holds if nothing is said."""
    told = _setting(port)
    default = told["default"]
    text = "on" if default is True else "off" if default is False else str(default)
    parts = [f"{text or 'empty'} unless said"]
    if told["options"]:
        parts.append(", ".join(told["options"]))
    low, high = told["min"], told["max"]
    if low is not None and high is not None:
        parts.append(f"{low:g} to {high:g}")
    elif low is not None:
        parts.append(f"{low:g} or more")
    elif high is not None:
        parts.append(f"{high:g} or less")
    return "; ".join(reversed(parts))


def _input(port: "Port") -> dict[str, Any]:
    return {
        "name": port.name,
        "type": _type(port),
        "required": port.required,
        "many": port.many,
    }


def _setting(port: "Port") -> dict[str, Any]:
    """A setting with its bounds and options; null for those it has not."""
    widget = port.widget
    bounds = (getattr(widget, "min", None), getattr(widget, "max", None))
    low, high = (b if b is not None and math.isfinite(b) else None for b in bounds)
    return {
        "name": port.name,
        "type": _type(port),
        "default": port.default,
        "min": low,
        "max": high,
        "options": list(getattr(widget, "options", ())),
        "widget": type(widget).__name__.lower(),
    }
