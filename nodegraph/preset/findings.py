"""What is wrong with a preset beyond its shape: links, loops, names, settings."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from nodegraph.graph import Endpoint, Graph, GraphError, Node, Types, misfit, takes_many
from nodegraph.node import NodeType, Role, SettingError
from nodegraph.preset.document import Document
from nodegraph.preset.strictjson import inside
from nodegraph.problem import Problem


def structure(document: Document, types: Types) -> Iterator[Problem]:
    """What no graph may have: equal ids or names, links that cannot be, a loop."""
    for part in ("nodes", "frames", "notes"):
        ids = document.ids(part)
        yield from _twice(ids, part, "id", "is the id of {} too: give another")
    labels = {index: node.label for index, node in document.nodes.items()}
    yield from _twice(labels, "nodes", "name", "is what {} is called too: rename one")
    yield from _links(document, types)
    yield from _loop(document.graph)


def _loop(graph: Graph) -> Iterator[Problem]:
    known = (e for e in graph.edges if all(end.node in graph.nodes for end in e))
    try:
        replace(graph, edges=tuple(known)).order()
    except GraphError as error:
        yield Problem("edges", str(error))


def _twice(
    texts: Mapping[int, str], part: str, member: str, message: str
) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, text in texts.items():
        other = first.setdefault(text, index)
        if other != index:
            place = f"{part}[{index}].{member}"
            yield Problem(place, f"{text!r} {message.format(f'{part}[{other}]')}")


def _links(document: Document, types: Types) -> Iterator[Problem]:
    graph = document.graph
    misshapen = set(document.ids("nodes").values()) - graph.nodes.keys()
    seen: set[Endpoint] = set()
    for index, edge in document.edges.items():
        if any(end.node in misshapen for end in edge):
            continue  # the node's own problem is told
        place = f"edges[{index}]"
        many = takes_many(graph, edge.target, types, unknown=True)
        if problem := misfit(graph, edge, types):
            yield Problem(place, problem)
        elif edge.target in seen and not many:
            node, port = edge.target
            yield Problem(place, f"{port!r} of {node!r} has another link already")
        else:
            seen.add(edge.target)


def advice(document: Document, types: Types) -> Iterator[Problem]:
    """What keeps a sound graph from running, or from being used as it was meant."""
    linked = {edge.target for edge in document.graph.edges}
    for index, node in document.nodes.items():
        place = f"nodes[{index}]"
        if node.type not in types:
            message = f"no node type {node.type!r} is installed"
            yield Problem(f"{place}.type", message)
            continue
        type_ = types[node.type]
        yield from _settings(node.settings, type_, f"{place}.settings")
        if not node.mute:
            yield from _unlinked(node, type_, linked, place)
    yield from _outputs(document, types)
    yield from _exposed(document, types)
    yield from _overrides(document, types)


def _settings(
    settings: Mapping[str, Any], type_: NodeType, place: str
) -> Iterator[Problem]:
    known = type_.settings
    for name, value in settings.items():
        if name not in known:
            there = ", ".join(known) or "none"
            message = f"{type_.label} has no such setting: there is {there}"
            yield Problem(inside(place, name), message)
            continue
        try:
            known[name].check(value)
        except SettingError as error:
            yield Problem(inside(place, name), str(error))


def _unlinked(
    node: Node, type_: NodeType, linked: set[Endpoint], place: str
) -> Iterator[Problem]:
    for port in type_.inputs:
        if port.required and Endpoint(node.id, port.name) not in linked:
            yield Problem(place, f"link something to {port.name!r} of {node.label!r}")


def _outputs(document: Document, types: Types) -> Iterator[Problem]:
    """Two results may not be exported under one name, and there must be one."""
    outputs = {
        index: str(node.settings.get("name") or node.label)
        for index, node in document.nodes.items()
        if not node.mute and _role(node, types) is Role.OUTPUT
    }
    yield from _twice(
        outputs, "nodes", "settings.name", "is the name of {}'s result too: rename one"
    )
    nodes = document.nodes.values()
    if all(node.mute or _role(node, types) is Role.SOURCE for node in nodes):
        yield Problem("nodes", "the graph gives nothing: add a node, or unmute one")


def _role(node: Node, types: Types) -> Role:
    return types[node.type].role if node.type in types else Role.WORK


def _exposed(document: Document, types: Types) -> Iterator[Problem]:
    for index, exposed in document.exposed.items():
        place = f"exposed[{index}]"
        node = document.graph.nodes.get(exposed["node"])
        if node is None:
            message = f"there is no node {exposed['node']!r}"
            yield Problem(f"{place}.node", message)
        elif node.type in types:
            port = types[node.type].input(exposed["setting"])
            if port is None or not port.is_setting:
                message = f"{node.label!r} has no setting {exposed['setting']!r}"
                yield Problem(f"{place}.setting", message)


def _overrides(document: Document, types: Types) -> Iterator[Problem]:
    for shot, nodes in document.overrides.items():
        for node_id, settings in nodes.items():
            place = inside(inside("overrides", shot), node_id)
            node = document.graph.nodes.get(node_id)
            if node is None:
                yield Problem(place, f"there is no node {node_id!r}")
            elif node.type in types:
                yield from _settings(settings, types[node.type], place)
