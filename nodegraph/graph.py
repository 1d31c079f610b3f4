"""The document: nodes and the links between them, as one immutable value."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from nodegraph.node import NodeType

Types = Mapping[str, NodeType]


class GraphError(ValueError):
    """The change would break the graph; the message is fit to show the user."""


class UnknownNodeError(GraphError):
    """No node bears the name; the message tells those there are."""


class Endpoint(NamedTuple):
    """A port of one node."""

    node: str
    port: str


class Edge(NamedTuple):
    """A link that carries an output to an input."""

    source: Endpoint
    target: Endpoint


@dataclass(frozen=True)
class Node:
    """One use of a node type in a graph.  `id` never changes; `name` is its label."""

    id: str
    type: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    position: tuple[float, float] = (0.0, 0.0)
    bypass: bool = False
    """Hand the input on as if the node were not there."""
    mute: bool = False
    """Neither the node nor what needs it runs."""

    @property
    def label(self) -> str:
        """What the user calls it."""
        return self.name or self.id


class Frame(NamedTuple):
    """A titled box drawn behind some nodes."""

    id: str
    title: str
    position: tuple[float, float]
    size: tuple[float, float]
    color: str = "#3a3f44"


class Note(NamedTuple):
    """Text on the canvas."""

    id: str
    text: str
    position: tuple[float, float]
    size: tuple[float, float] = (240.0, 120.0)


@dataclass(frozen=True)
class Graph:
    """Nodes by id and the edges that join them, in the order they were made.

    Every change is a new graph.  The order of edges is that of the links of an input
    that takes many.
    """

    nodes: Mapping[str, Node] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    frames: tuple[Frame, ...] = ()
    notes: tuple[Note, ...] = ()

    @classmethod
    def of(
        cls,
        nodes: Iterable[Node],
        edges: Iterable[Edge] = (),
        types: Types | None = None,
    ) -> "Graph":
        """A graph of these nodes and edges; raises `GraphError` as `connect` does."""
        graph = cls({node.id: node for node in nodes}, tuple(edges))
        for problem in graph.problems(types or {}):
            raise GraphError(problem)
        return graph

    def put(self, node: Node) -> "Graph":
        """Add the node, or replace the one with its id."""
        for other in self.nodes.values():
            if other.label == node.label and other.id != node.id:
                raise GraphError(f"there is a node called {node.label!r} already")
        return replace(self, nodes={**self.nodes, node.id: node})

    def remove(self, node_id: str) -> "Graph":
        """Take the node out, with every edge that touches it."""
        self.node(node_id)
        nodes = {key: node for key, node in self.nodes.items() if key != node_id}
        edges = (e for e in self.edges if node_id not in (e.source.node, e.target.node))
        return replace(self, nodes=nodes, edges=tuple(edges))

    def connect(self, edge: Edge, types: Types | None = None) -> "Graph":
        """Link two ports; a link already at the target gives way, unless it takes many.

        Raises `GraphError` where the link would close a loop, names a node or a port
        that is not there, or joins types that do not fit.
        """
        if problem := misfit(self, edge, types or {}):
            raise GraphError(problem)
        if edge.source.node in _after(self, edge.target.node):
            source, target = (self.nodes[end.node].label for end in edge)
            raise GraphError(f"linking {source!r} to {target!r} would close a loop")
        many = takes_many(self, edge.target, types or {}, unknown=False)
        kept = (
            e for e in self.edges if e != edge and (many or e.target != edge.target)
        )
        return replace(self, edges=(*kept, edge))

    def disconnect(self, edge: Edge) -> "Graph":
        """Take the edge out."""
        return replace(self, edges=tuple(e for e in self.edges if e != edge))

    def set(self, node_id: str, **settings: Any) -> "Graph":
        """Change settings of one node."""
        node = self.node(node_id)
        changed = replace(node, settings={**node.settings, **settings})
        return replace(self, nodes={**self.nodes, node_id: changed})

    def node(self, node_id: str) -> Node:
        """The node with this id; raises `GraphError` where there is none."""
        if node_id not in self.nodes:
            raise GraphError(f"there is no node {node_id!r}")
        return self.nodes[node_id]

    def named(self, name: str) -> Node:
        """The node the user calls `name`, in any case, or whose id it is.

        Raises `UnknownNodeError` naming those there are.
        """
        nodes = self.nodes.values()
        called = {node.label.casefold(): node for node in nodes}
        called |= {node.id: node for node in nodes}
        called |= {node.label: node for node in nodes}
        if node := called.get(name) or called.get(name.casefold()):
            return node
        known = ", ".join(sorted(node.label for node in nodes))
        raise UnknownNodeError(
            f"there is no node {name!r}: choose one of {known or '(none)'}"
        )

    def order(self) -> list[str]:
        """The ids of all nodes, each after those it needs; raises on a loop."""
        needs: dict[str, list[str]] = {node_id: [] for node_id in self.nodes}
        for edge in self.edges:
            needs[edge.target.node].append(edge.source.node)
        try:
            return list(TopologicalSorter(needs).static_order())
        except CycleError:
            labels = " → ".join(self.nodes[i].label for i in self._loop())
            raise GraphError(f"{labels} is a loop") from None

    def _loop(self) -> list[str]:
        """The nodes of a loop, the first again at the end."""
        import networkx as nx

        pairs = nx.find_cycle(
            nx.DiGraph((e.source.node, e.target.node) for e in self.edges)
        )
        return [pairs[0][0], *(pair[1] for pair in pairs)]

    def problems(self, types: Types) -> list[str]:
        """All that is wrong with nodes and links, a sentence each."""
        labels = Counter(node.label for node in self.nodes.values())
        twice = sorted(label for label, count in labels.items() if count > 1)
        found = [f"two nodes are called {label!r}" for label in twice]
        found += filter(None, (misfit(self, edge, types) for edge in self.edges))
        found += _linked_twice(self, types)
        if any(end.node not in self.nodes for edge in self.edges for end in edge):
            return found
        try:
            self.order()
        except GraphError as error:
            found.append(str(error))
        return found


def _linked_twice(graph: Graph, types: Types) -> list[str]:
    seen: set[Endpoint] = set()
    twice = []
    for edge in graph.edges:
        if edge.target in seen and not takes_many(
            graph, edge.target, types, unknown=True
        ):
            node, port = edge.target
            label = graph.nodes[node].label if node in graph.nodes else node
            twice.append(f"{label!r}: {port!r} has more than one link")
        seen.add(edge.target)
    return twice


def takes_many(graph: Graph, target: Endpoint, types: Types, *, unknown: bool) -> bool:
    """Whether the target takes any number of links; `unknown` where nobody knows."""
    node = graph.nodes.get(target.node)
    if node is None or node.type not in types:
        return unknown
    port = types[node.type].input(target.port)
    return port is not None and port.many


def misfit(graph: Graph, edge: Edge, types: Types) -> str:
    """Why the edge cannot be; empty if it can.  Unknown node types are let pass."""
    for end in edge:
        if end.node not in graph.nodes:
            return f"a link names the node {end.node!r}, which is not there"
    source, target = (graph.nodes[end.node] for end in edge)
    out, into = None, None
    if source.type in types:
        out = types[source.type].output(edge.source.port)
        if out is None:
            return f"{source.label!r} has no output {edge.source.port!r}"
    if target.type in types:
        into = types[target.type].input(edge.target.port)
        if into is None:
            return f"{target.label!r} has no input {edge.target.port!r}"
    if out and into and (refusal := into.refusal(out)):
        return f"cannot link {source.label!r} to {target.label!r}: {refusal}"
    return ""


def _after(graph: Graph, node_id: str) -> set[str]:
    """The node and every node that needs it."""
    followers: dict[str, list[str]] = {}
    for edge in graph.edges:
        followers.setdefault(edge.source.node, []).append(edge.target.node)
    found, waiting = {node_id}, [node_id]
    while waiting:
        new = [n for n in followers.get(waiting.pop(), ()) if n not in found]
        found.update(new)
        waiting.extend(new)
    return found
