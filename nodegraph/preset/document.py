"""A preset's JSON document: its shape, and the nodes and links that stand in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nodegraph.graph import Edge, Endpoint, Frame, Graph, Node, Note
from nodegraph.preset import shape

_SPOT = shape.pair(shape.number)
_NODE = shape.record(
    {"id": shape.word, "type": shape.word},
    {
        "name": shape.text,
        "settings": shape.free,
        "position": _SPOT,
        "bypass": shape.switch,
        "mute": shape.switch,
    },
)
_EDGE = shape.pair(shape.pair(shape.word))
_FRAME = shape.record(
    {"id": shape.word, "title": shape.text, "position": _SPOT, "size": _SPOT},
    {"color": shape.text},
)
_NOTE = shape.record(
    {"id": shape.word, "text": shape.text, "position": _SPOT}, {"size": _SPOT}
)
_EXPOSED = shape.record(
    {"node": shape.word, "setting": shape.word, "label": shape.text}, {}
)
_OVERRIDES = shape.members(shape.members(shape.free))
SHAPE = shape.record(
    {"format": shape.anything, "nodes": shape.items(_NODE)},
    {
        "title": shape.text,
        "description": shape.text,
        "exposed": shape.items(_EXPOSED),
        "edges": shape.items(_EDGE),
        "frames": shape.items(_FRAME),
        "notes": shape.items(_NOTE),
        "overrides": _OVERRIDES,
    },
)
"""Of a whole document in the present format."""


@dataclass(frozen=True)
class Document:
    """What a JSON object says as a preset; a misshapen part of it is passed over."""

    content: Mapping[str, Any]
    whole: bool = False
    """Whether its shape was looked at and is right throughout."""

    @cached_property
    def nodes(self) -> dict[int, Node]:
        """The nodes by their index in the document."""
        return {i: _node(value) for i, value in self._parts("nodes", _NODE)}

    @cached_property
    def edges(self) -> dict[int, Edge]:
        """The links by their index in the document."""
        return {i: _edge(value) for i, value in self._parts("edges", _EDGE)}

    @cached_property
    def exposed(self) -> dict[int, Mapping[str, str]]:
        """The exposed settings by their index in the document."""
        return dict(self._parts("exposed", _EXPOSED))

    @cached_property
    def overrides(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Settings of single shots, by shot and node."""
        value = self.content.get("overrides", {})
        return value if self.whole or not any(_OVERRIDES(value, "")) else {}

    @cached_property
    def graph(self) -> Graph:
        """The graph; of nodes with one id only the first is in it."""
        nodes: dict[str, Node] = {}
        for node in self.nodes.values():
            nodes.setdefault(node.id, node)
        return Graph(
            nodes,
            tuple(self.edges.values()),
            tuple(Frame(**_paired(v)) for _, v in self._parts("frames", _FRAME)),
            tuple(Note(**_paired(v)) for _, v in self._parts("notes", _NOTE)),
        )

    def ids(self, part: str) -> dict[int, str]:
        """The ids under `part`, those of misshapen items too, by index."""
        values = self.content.get(part)
        if not isinstance(values, list):
            return {}
        return {
            index: value["id"]
            for index, value in enumerate(values)
            if isinstance(value, dict) and isinstance(value.get("id"), str)
        }

    def _parts(self, part: str, fits: shape.Shape) -> Iterator[tuple[int, Any]]:
        values = self.content.get(part)
        for index, value in enumerate(values if isinstance(values, list) else ()):
            if self.whole or not any(fits(value, "")):
                yield index, value


def _node(value: Mapping[str, Any]) -> Node:
    return Node(**_paired(value))


def _edge(value: list[list[str]]) -> Edge:
    source, target = value
    return Edge(Endpoint(*source), Endpoint(*target))


def _paired(value: Mapping[str, Any]) -> dict[str, Any]:
    """The members, with each pair as the tuple that frozen values hold."""
    pairs = ("position", "size")
    return {k: tuple(v) if k in pairs else v for k, v in value.items()}


def content_of(graph: Graph) -> dict[str, Any]:
    """The part of a document that holds the graph, in an order for small diffs."""
    content: dict[str, Any] = {
        "nodes": [_node_content(graph.nodes[key]) for key in sorted(graph.nodes)],
        "edges": [[list(end) for end in edge] for edge in graph.edges],
    }
    if graph.frames:
        content["frames"] = [frame._asdict() for frame in graph.frames]
    if graph.notes:
        content["notes"] = [note._asdict() for note in graph.notes]
    return content


def _node_content(node: Node) -> dict[str, Any]:
    content: dict[str, Any] = {"id": node.id, "type": node.type}
    if node.name:
        content["name"] = node.name
    if node.settings:
        content["settings"] = {k: node.settings[k] for k in sorted(node.settings)}
    content["position"] = list(node.position)
    flags = {"bypass": node.bypass, "mute": node.mute}
    return content | {flag: True for flag, is_set in flags.items() if is_set}
