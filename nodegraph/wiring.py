"""The links of a graph, followed through whatever makes no recipe."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from nodegraph.graph import Endpoint, Graph, Node
from nodegraph.node import NodeType, Port, Role
from nodegraph.values import fits


class PlanError(ValueError):
    """The graph cannot be run as it is; the message names node, cause and remedy."""


class UnknownTypeError(PlanError):
    """A node's type is not installed, or its file is not trusted."""


class Result(NamedTuple):
    """What a graph is run for: an output, under the name its files carry."""

    name: str
    """Empty where the graph has one result only."""
    origin: Endpoint


class Wiring:
    """What a graph is run for, which nodes that needs, and where their values arise."""

    def __init__(self, graph: Graph, types: Mapping[str, NodeType]) -> None:
        """Follow every link; raises `PlanError` where the graph gives nothing."""
        self.graph, self.types = graph, types
        self._into: dict[str, dict[str, list[Endpoint]]] = {}
        for edge in graph.edges:
            ports = self._into.setdefault(edge.target.node, {})
            ports.setdefault(edge.target.port, []).append(edge.source)
        self._order = graph.order()
        self._links: dict[str, dict[str, tuple[Endpoint, ...]]] = {}
        self._origins: dict[Endpoint, Endpoint | None] = {}
        self._dead: set[str] = set()
        for node_id in self._order:
            self._follow(graph.nodes[node_id])
        self.results = self._results()
        self.needed = self._needed()

    def role(self, node_id: str) -> Role:
        """What the node is to the planner; an unknown type works."""
        type_ = self.types.get(self.graph.nodes[node_id].type)
        return type_.role if type_ else Role.WORK

    def links(self, node_id: str) -> dict[str, tuple[Endpoint, ...]]:
        """For each linked input, in signature order, where its values arise."""
        if node_id not in self._links:
            self._links[node_id] = self._find_links(node_id)
        return self._links[node_id]

    def _find_links(self, node_id: str) -> dict[str, tuple[Endpoint, ...]]:
        """As `links`; whatever the node needs has been followed before."""
        into = self._into.get(node_id, {})
        type_ = self.types.get(self.graph.nodes[node_id].type)
        names = [port.name for port in type_.inputs] if type_ else list(into)
        found = {}
        for name in (name for name in names if name in into):
            origins = [o for o in map(self._origin, into[name]) if o is not None]
            if origins:
                found[name] = tuple(origins)
        return found

    def _origin(self, end: Endpoint) -> Endpoint | None:
        """Where the value at an output arises; None where a mute cuts it off."""
        if end.node in self._dead:
            return None
        return self._origins.get(end, end)

    def _follow(self, node: Node) -> None:
        type_ = self.types.get(node.type)
        if node.mute or self._starved(node, type_):
            self._dead.add(node.id)
        elif type_ is not None and _hands_on(node, type_):
            links = self.links(node.id)
            for out in type_.outputs:
                self._origins[Endpoint(node.id, out.name)] = next(
                    (
                        links[port.name][0]
                        for port in type_.inputs
                        if port.name in links and _may_pass(port, out, type_)
                    ),
                    None,
                )

    def _starved(self, node: Node, type_: NodeType | None) -> bool:
        """Whether a mute upstream took a required input away."""
        if type_ is None or not self._dead:
            return False
        live, into = self.links(node.id), self._into.get(node.id, {})
        return any(
            port.required and port.name in into and port.name not in live
            for port in type_.inputs
        )

    def _results(self) -> tuple[Result, ...]:
        outputs = [
            self.graph.nodes[node_id]
            for node_id in self._order
            if self.role(node_id) is Role.OUTPUT and node_id not in self._dead
        ]
        found = [
            (str(node.settings.get("name") or node.label), self._first_origin(node))
            for node in outputs
        ] or self._unconnected()
        ends = [(name, origin) for name, origin in found if origin is not None]
        if len(ends) == 1:
            return (Result("", ends[0][1]),)
        names = Counter(name for name, _ in ends)
        if twice := sorted(name for name, count in names.items() if count > 1):
            raise PlanError(f"two outputs are called {twice[0]!r}: rename one")
        return tuple(Result(name, origin) for name, origin in ends)

    def _first_origin(self, node: Node) -> Endpoint | None:
        type_ = self.types[node.type]
        return self._origin(Endpoint(node.id, type_.outputs[0].name))

    def _unconnected(self) -> list[tuple[str, Endpoint | None]]:
        used = {edge.source for edge in self.graph.edges}
        found: list[tuple[str, Endpoint | None]] = []
        for node_id in self._order:
            node = self.graph.nodes[node_id]
            type_ = self.types.get(node.type)
            if node_id in self._dead or type_ is None or type_.role is Role.SOURCE:
                continue
            for port in type_.outputs:
                end = Endpoint(node_id, port.name)
                alone = len(type_.outputs) == 1
                if end not in used:
                    name = node.label if alone else f"{node.label} {port.name}"
                    found.append((name, self._origin(end)))
        return found

    def _needed(self) -> list[str]:
        if not self.results:
            raise self._nothing()
        waiting = [result.origin.node for result in self.results]
        needed = set(waiting)
        while waiting:
            for origins in self.links(waiting.pop()).values():
                new = {origin.node for origin in origins} - needed
                needed |= new
                waiting.extend(new)
        return [node_id for node_id in self._order if node_id in needed]

    def _nothing(self) -> PlanError:
        live = (self.graph.nodes[i] for i in self._order if i not in self._dead)
        strange = next((node for node in live if node.type not in self.types), None)
        if strange is not None:
            return not_installed(strange)
        return PlanError("the graph gives nothing: add a node, or unmute one")


def not_installed(node: Node) -> UnknownTypeError:
    """What to say of a node whose type nobody knows."""
    return UnknownTypeError(
        f"{node.label!r}: no node type {node.type!r} is installed: install its "
        "package, or allow the project's own with `workbench trust`"
    )


def _hands_on(node: Node, type_: NodeType) -> bool:
    """Whether an input of the node goes on as its output; a Source has none."""
    if type_.role is Role.SOURCE:
        return False
    return node.bypass or type_.role is not Role.WORK


def _may_pass(port: Port, out: Port, type_: NodeType) -> bool:
    return type_.role is not Role.WORK or (not port.many and fits(port.type, out.type))
