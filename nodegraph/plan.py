"""From a graph to the tasks that carry it out: every id is known before any work."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from nodegraph.graph import Endpoint, Graph, Node, Types
from nodegraph.lineage import Recipe, Shot, Task
from nodegraph.node import File, MissingError, NodeType, Port, Role, SettingError
from nodegraph.values import Image
from nodegraph.wiring import (
    PlanError,
    Result,
    UnknownTypeError,
    Wiring,
    not_installed,
)

__all__ = [
    "Digest",
    "Layout",
    "PlanError",
    "Result",
    "ShotPlan",
    "Step",
    "UnknownSettingError",
    "UnknownTypeError",
    "UnsettledError",
    "as_queued",
    "decide",
    "lay_out",
    "plan",
]

Digest = Callable[[Node, Port, str], str]
Inputs = dict[str, str | tuple[str, ...]]


class UnknownSettingError(PlanError):
    """A node has no setting of this name."""


class UnsettledError(PlanError):
    """The user has to say which picture enters where; the message tells how."""


@dataclass(frozen=True)
class Step:
    """A node that makes a recipe, with its links wiring to where values arise."""

    node: Node
    type: NodeType
    links: Mapping[str, tuple[Endpoint, ...]]
    settings: Mapping[str, Any]
    varies: bool
    """Whether it differs from shot to shot."""
    wide: bool
    """Whether it runs once a run: it takes the results of all shots, or follows one."""
    refusal: str = ""
    """Why its tasks must not be carried out; empty for most."""

    @cached_property
    def parent_port(self) -> str:
        """The first linked image input, else the first linked one; empty if none is."""
        linked = [port for port in self.type.inputs if port.name in self.links]
        images = [port for port in linked if port.type is Image]
        return next((port.name for port in (*images, *linked)), "")


@dataclass(frozen=True)
class Layout:
    """A graph made ready to plan any number of shots: checked, in order, wiring."""

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
        if type_.resolve:
            settings = dict(type_.resolve(settings))
    except SettingError as error:
        raise PlanError(f"{node.label!r}: {error}") from None
    except MissingError as error:
        raise MissingError(f"{node.label!r}: {error}") from None
    for name, port in known.items():
        if isinstance(port.widget, File):
            settings[name] = str(settings[name])  # without where it lies
    return settings


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
    wiring = Wiring(graph, types)
    nodes = {i: graph.nodes[i] for i in wiring.needed}
    if digest is not None:
        for node_id, node in nodes.items():
            type_ = types.get(node.type)
            if type_ is not None and type_.role is not Role.SOURCE:
                nodes[node_id] = replace(node, settings=decide(node, type_, digest))
    sources = [n for n in nodes.values() if wiring.role(n.id) is Role.SOURCE]
    entry = _entry(sources) if entry is None else entry
    steps: dict[str, Step] = {}
    for node in nodes.values():
        if wiring.role(node.id) is Role.WORK:
            steps[node.id] = _step(node, wiring, steps, entry)
    decided = replace(graph, nodes={**graph.nodes, **nodes})
    return Layout(decided, tuple(steps.values()), wiring.results, tuple(sources), entry)


def _entry(sources: Sequence[Node]) -> str:
    empty = [node.id for node in sources if not node.settings.get("file")]
    if len(empty) > 1:
        names = ", ".join(repr(n.label) for n in sources if n.id in empty)
        raise UnsettledError(
            f"several Source nodes wait for a picture: {names}; "
            "say which with --input NODE=PATH"
        )
    return empty[0] if empty else ""


def _step(node: Node, wiring: Wiring, steps: Mapping[str, Step], entry: str) -> Step:
    type_ = wiring.types.get(node.type)
    if type_ is None:
        raise not_installed(node)
    links = wiring.links(node.id)
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
    step = Step(node, type_, links, node.settings, varies, wide)
    if wide:
        _check_shared(step, steps, entry)
    return step


def _check_shared(step: Step, steps: Mapping[str, Step], entry: str) -> None:
    """What runs once for all shots takes single pictures only that all shots share."""
    for port in step.type.inputs:
        for end in () if port.many else step.links.get(port.name, ()):
            before = steps.get(end.node)
            if end.node == entry or (before and before.varies and not before.wide):
                raise PlanError(own_to_each_shot(step, port))


def own_to_each_shot(step: Step, port: Port) -> str:
    """Why the port of a node that runs once for all shots cannot be filled."""
    return (
        f"{step.node.label!r} runs once for all shots, but {port.name!r} is linked to "
        "what each shot has its own of: link something that all shots share"
    )


def as_queued(layout: Layout, versions: Mapping[str, str]) -> Layout:
    """The layout as it was when the node types had these versions.

    Results of then keep their recipes; what has none is refused where its node type
    has changed since.
    """
    return replace(layout, steps=tuple(_as_queued(s, versions) for s in layout.steps))


def _as_queued(step: Step, versions: Mapping[str, str]) -> Step:
    name, new = step.type.name, step.type.version
    old = versions.get(name, new)
    if old == new:
        return step
    text = f"node {name!r} changed from v{old} to v{new}: queue again"
    return replace(step, type=replace(step.type, version=old), refusal=text)


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
            settings.update(from_shot(step, shot, inputs))
        task = task_of(step, layout, settings, inputs, roots, shot.id)
        tasks.append(task)
        note(task, step, made, roots)
    return ShotPlan(shot, tuple(tasks), made, roots)


def from_shot(
    step: Step, shot: Shot, inputs: Mapping[str, str | tuple[str, ...]]
) -> Iterable[tuple[str, Any]]:
    """The settings that a shot fills in."""
    for port in step.type.from_shot:
        if port.from_shot == "recipe":
            yield port.name, inputs.get(step.parent_port, "")
        else:
            yield port.name, _field(shot, port)


def _field(shot: Shot, port: Port) -> Any:
    value = getattr(shot, port.from_shot)
    return port.default if value is None else value


def task_of(
    step: Step,
    layout: Layout,
    settings: dict[str, Any],
    inputs: Inputs,
    roots: Mapping[str, tuple[str, ...]],
    shot: str | None,
) -> Task:
    """The task of a step; `roots` tells the drawings at the root of each asset."""
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
        recipe,
        step.node.id,
        step.node.label,
        shot,
        parent,
        tuple(sources),
        keep,
        step.refusal,
    )


def note(
    task: Task,
    step: Step,
    made: dict[Endpoint, str],
    roots: dict[str, tuple[str, ...]],
) -> None:
    """Remember where the values of a task will be, and what lies at their root."""
    for port in step.type.outputs:
        asset = task.recipe.makes(port.name)
        made[Endpoint(step.node.id, port.name)] = asset
        roots[asset] = task.sources
