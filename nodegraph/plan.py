"""From a graph to the tasks that carry it out: every id is known before any work."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from nodegraph.graph import Endpoint, Graph, Node
from nodegraph.lineage import Recipe, Shot, Task
from nodegraph.node import File, MissingError, NodeType, Port, Role, SettingError
from nodegraph.values import Image, fits

Digest = Callable[[Node, Port, str], str]
Types = Mapping[str, NodeType]
Inputs = dict[str, str | tuple[str, ...]]


class PlanError(ValueError):
    """The graph cannot be run as it is; the message names node, cause and remedy."""


class UnknownSettingError(PlanError):
    """A node has no setting of this name."""


class UnsettledError(PlanError):
    """The user has to say which picture enters where; the message tells how."""


class UnknownTypeError(PlanError):
    """A node's type is not installed, or its file is not trusted."""


class Result(NamedTuple):
    """What a graph is run for: an output, under the name its files carry."""

    name: str
    """Empty where the graph has one result only."""
    origin: Endpoint


@dataclass(frozen=True)
class Step:
    """A node that makes a recipe, with its links followed to where values arise."""

    node: Node
    type: NodeType
    links: Mapping[str, tuple[Endpoint, ...]]
    settings: Mapping[str, Any]
    varies: bool
    """Whether it differs from shot to shot."""
    wide: bool
    """Whether it runs once a run: it takes the results of all shots, or follows one."""

    @cached_property
    def parent_port(self) -> str:
        """The first linked image input, else the first linked one; empty if none is."""
        linked = [port for port in self.type.inputs if port.name in self.links]
        images = [port for port in linked if port.type is Image]
        return next((port.name for port in (*images, *linked)), "")


@dataclass(frozen=True)
class Layout:
    """A graph made ready to plan any number of shots: checked, in order, followed."""

    graph: Graph
    """With every needed setting decided."""
    steps: tuple[Step, ...]
    results: tuple[Result, ...]
    sources: tuple[Node, ...]
    """The Source nodes that are needed."""
    entry: str
    """The Source node that each shot's drawing enters; empty where there is none."""

    @property
    def versions(self) -> dict[str, str]:
        """The version of every node type used."""
        return {step.type.name: step.type.version for step in self.steps}

    @cached_property
    def wide(self) -> frozenset[str]:
        """The ids of the nodes that run once a run."""
        return frozenset(step.node.id for step in self.steps if step.wide)

    @cached_property
    def gathered(self) -> frozenset[str]:
        """The ids of the nodes whose results of all shots are taken together."""
        links = [end for step in self.steps if step.wide for end in step.links.values()]
        return frozenset(end.node for ends in links for end in ends) - self.wide

    @cached_property
    def kept(self) -> Mapping[str, frozenset[str]]:
        """For each node, the outputs that are results."""
        kept: dict[str, set[str]] = {}
        for result in self.results:
            kept.setdefault(result.origin.node, set()).add(result.origin.port)
        return {node: frozenset(ports) for node, ports in kept.items()}


@dataclass(frozen=True)
class ShotPlan:
    """The tasks of one shot, in order, and where each value of it will be."""

    shot: Shot
    tasks: tuple[Task, ...] = ()
    made: Mapping[Endpoint, str] = field(default_factory=dict)
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The drawings at the root of each asset."""
    problem: str = ""
    """Why the shot cannot be planned; empty for most."""


def decide(node: Node, type_: NodeType, digest: Digest) -> dict[str, Any]:
    """The node's settings, complete and checked, as its recipe will hold them."""
    known = type_.settings
    for name in node.settings:
        if name not in known:
            raise UnknownSettingError(
                f"{node.label!r} has no setting {name!r}: "
                f"it has {', '.join(known) or 'none'}"
            )
    settings = {}
    try:
        for name, port in known.items():
            settings[name] = port.check(node.settings.get(name, port.default))
            if isinstance(port.widget, File) and settings[name]:
                settings[name] = digest(node, port, settings[name])
        return dict(type_.resolve(settings)) if type_.resolve else settings
    except SettingError as error:
        raise PlanError(f"{node.label!r}: {error}") from None
    except MissingError as error:
        raise MissingError(f"{node.label!r}: {error}") from None


def lay_out(
    graph: Graph,
    types: Types,
    digest: Digest | None = None,
    entry: str | None = None,
) -> Layout:
    """Make a graph ready to plan its shots.

    With `digest`, which gives the identity of a file's content, every needed setting is
    decided first: defaults, files, what hooks choose; without, the graph's settings
    are taken as decided.  `entry` is the id of the Source node each shot's drawing
    enters; where it is None that is the one whose file is not set.  Raises `PlanError`,
    or `MissingError` where something is not installed.
    """
    followed = _Followed(graph, types)
    nodes = {i: graph.nodes[i] for i in followed.needed}
    if digest is not None:
        for node_id, node in nodes.items():
            type_ = types.get(node.type)
            if type_ is not None and type_.role is not Role.SOURCE:
                settings = decide(node, type_, digest)
                if settings != node.settings:
                    nodes[node_id] = replace(node, settings=settings)
    sources = [n for n in nodes.values() if followed.role(n.id) is Role.SOURCE]
    entry = _entry(sources) if entry is None else entry
    steps: dict[str, Step] = {}
    for node in nodes.values():
        if followed.role(node.id) is Role.WORK:
            steps[node.id] = _step(node, followed, steps, entry)
    decided = replace(graph, nodes={**graph.nodes, **nodes})
    return Layout(
        decided, tuple(steps.values()), followed.results, tuple(sources), entry
    )


def _entry(sources: Sequence[Node]) -> str:
    empty = [node.id for node in sources if not node.settings.get("file")]
    if len(empty) > 1:
        names = ", ".join(repr(n.label) for n in sources if n.id in empty)
        raise UnsettledError(
            f"several Source nodes wait for a picture: {names}; "
            "say which with --input NODE=PATH"
        )
    return empty[0] if empty else ""


def _step(
    node: Node, followed: "_Followed", steps: Mapping[str, Step], entry: str
) -> Step:
    type_ = followed.types.get(node.type)
    if type_ is None:
        raise UnknownTypeError(
            f"{node.label!r}: no node type {node.type!r} is installed"
        )
    links = followed.links(node.id)
    for port in type_.inputs:
        if port.required and port.name not in links:
            raise PlanError(f"{node.label!r}: link something to {port.name!r}")
    varies, wide = bool(type_.from_shot), type_.gathers
    for ends in links.values():
        for end in ends:
            before = steps.get(end.node)
            varies = (
                varies or end.node == entry or (before is not None and before.varies)
            )
            wide = wide or (before is not None and before.wide)
    return Step(node, type_, links, node.settings, varies, wide)


class _Followed:
    """The graph with its links followed through whatever makes no recipe."""

    def __init__(self, graph: Graph, types: Types) -> None:
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
            origins = [o for o in map(self.origin, into[name]) if o is not None]
            if origins:
                found[name] = tuple(origins)
        return found

    def origin(self, end: Endpoint) -> Endpoint | None:
        """Where the value at an output arises; None where a mute cuts it off."""
        if end.node in self._dead:
            return None
        return self._origins.get(end, end)

    def _follow(self, node: Node) -> None:
        type_ = self.types.get(node.type)
        if node.mute or self._starved(node, type_):
            self._dead.add(node.id)
        elif type_ is None:
            return
        elif type_.role in (Role.PASS, Role.OUTPUT) or node.bypass:
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
        names = [name for name, _ in ends]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise PlanError(f"two outputs are called {twice[0]!r}: rename one")
        return tuple(Result(name, origin) for name, origin in ends)

    def _first_origin(self, node: Node) -> Endpoint | None:
        type_ = self.types[node.type]
        return self.origin(Endpoint(node.id, type_.outputs[0].name))

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
                    found.append((name, self.origin(end)))
        return found

    def _needed(self) -> list[str]:
        if not self.results:
            raise PlanError("the graph gives nothing: add a node, or unmute one")
        waiting = [result.origin.node for result in self.results]
        needed = set(waiting)
        while waiting:
            for origins in self.links(waiting.pop()).values():
                new = {origin.node for origin in origins} - needed
                needed |= new
                waiting.extend(new)
        return [node_id for node_id in self._order if node_id in needed]


def _may_pass(port: Port, out: Port, type_: NodeType) -> bool:
    return type_.role is not Role.WORK or (not port.many and fits(port.type, out.type))


def plan(
    layout: Layout,
    shot: Shot,
    entries: Mapping[str, str],
    changes: Mapping[str, Mapping[str, Any]] | None = None,
) -> ShotPlan:
    """The tasks of one shot.

    `entries` gives the asset that enters at each Source node, `changes` the settings
    a person set for this shot only, per node id and already decided.
    """
    made = {Endpoint(node.id, "result"): entries[node.id] for node in layout.sources}
    roots: dict[str, tuple[str, ...]] = {a: (a,) for a in entries.values()}
    tasks = []
    for step in layout.steps:
        if step.wide:
            continue
        settings = {**step.settings, **(changes or {}).get(step.node.id, {})}
        inputs: Inputs = {name: made[ends[0]] for name, ends in step.links.items()}
        if step.type.from_shot:
            settings.update(_from_shot(step, shot, inputs))
        task = _task(step, layout, settings, inputs, roots, shot.id)
        tasks.append(task)
        _note(task, step, made, roots)
    return ShotPlan(shot, tuple(tasks), made, roots)


def gather(
    layout: Layout, plans: Sequence[ShotPlan], available: Callable[[str], bool]
) -> ShotPlan:
    """The tasks that run once a run, over the shots whose results are `available`."""
    first = plans[0].made if plans else {}
    steady = {step.node.id for step in layout.steps if not step.varies}
    steady |= {node.id for node in layout.sources if node.id != layout.entry}
    made = {end: asset for end, asset in first.items() if end.node in steady}
    roots: dict[str, tuple[str, ...]] = {}
    for each in plans:
        roots.update(each.sources)
    tasks = []
    for step in (step for step in layout.steps if step.wide):
        inputs, shots, missing = _gathered(step, plans, made, layout, available)
        settings = dict(step.settings)
        settings.update(
            _from_shots(step, shots, missing)
            if step.type.gathers
            else _from_shot(step, Shot("", ""), inputs)
        )
        task = _task(step, layout, settings, inputs, roots, None)
        if missing and not shots:
            task = replace(
                task, refusal="no shot has completed: there is nothing to gather"
            )
        tasks.append(task)
        _note(task, step, made, roots)
    return ShotPlan(Shot("", ""), tuple(tasks), made, roots)


def _gathered(
    step: Step,
    plans: Sequence[ShotPlan],
    made: Mapping[Endpoint, str],
    layout: Layout,
    available: Callable[[str], bool],
) -> tuple[Inputs, list[Shot], list[Shot]]:
    inputs: Inputs = {}
    shots: list[Shot] = []
    missing: list[Shot] = []
    for port in step.type.inputs:
        ends = step.links.get(port.name, ())
        if not ends:
            continue
        if not port.many:
            inputs[port.name] = _one(step, port, ends[0], made, plans)
            continue
        steady = [made[end] for end in ends if end in made]
        varying = [end for end in ends if end not in made]
        items, shots, missing = list(steady), [], []
        for each in plans if varying else ():
            ids = [each.made[end] for end in varying if end in each.made]
            good = bool(ids) and not each.problem and all(map(available, ids))
            (shots if good else missing).append(each.shot)
            items += ids if good else []
        inputs[port.name] = tuple(items)
    return inputs, shots, missing


def _one(
    step: Step,
    port: Port,
    end: Endpoint,
    made: Mapping[Endpoint, str],
    plans: Sequence[ShotPlan],
) -> str:
    if end in made:
        return made[end]
    if len(plans) == 1 and end in plans[0].made:
        return plans[0].made[end]
    raise PlanError(
        f"{step.node.label!r} runs once for all shots, but {port.name!r} is linked to a "
        "picture that each shot has its own of: link something that all shots share"
    )


def _from_shot(
    step: Step, shot: Shot, inputs: Mapping[str, str | tuple[str, ...]]
) -> Iterable[tuple[str, Any]]:
    for port in step.type.from_shot:
        if port.from_shot == "recipe":
            yield port.name, inputs.get(step.parent_port, "")
        else:
            yield port.name, _field(shot, port)


def _field(shot: Shot, port: Port) -> Any:
    value = getattr(shot, port.from_shot)
    return port.default if value is None else value


def _from_shots(
    step: Step, shots: Sequence[Shot], missing: Sequence[Shot]
) -> Iterable[tuple[str, Any]]:
    for port in step.type.inputs:
        if port.from_shot == "missing":
            yield port.name, [shot.path for shot in missing]
        elif port.from_shot:
            yield port.name, [getattr(shot, port.from_shot) for shot in shots]


def _task(
    step: Step,
    layout: Layout,
    settings: dict[str, Any],
    inputs: Inputs,
    roots: Mapping[str, tuple[str, ...]],
    shot: str | None,
) -> Task:
    for name in inputs:
        settings.pop(name, None)
    recipe = Recipe(step.type.name, step.type.version, settings, inputs)
    parent = inputs.get(step.parent_port)
    if isinstance(parent, tuple):
        parent = parent[0] if parent else None
    sources: dict[str, None] = {}
    for asset in recipe.parents:
        sources.update(dict.fromkeys(roots.get(asset, ())))
    keep = layout.kept.get(step.node.id, frozenset())
    return Task(
        recipe, step.node.id, step.node.label, shot, parent, tuple(sources), keep
    )


def _note(
    task: Task,
    step: Step,
    made: dict[Endpoint, str],
    roots: dict[str, tuple[str, ...]],
) -> None:
    for port in step.type.outputs:
        asset = task.recipe.makes(port.name)
        made[Endpoint(step.node.id, port.name)] = asset
        roots[asset] = task.sources
