"""What the tests of the engine work on: node types, graphs, plans, runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, NamedTuple

from nodegraph import (
    File,
    FromShot,
    Image,
    MissingError,
    NodeType,
    Role,
    SettingError,
    Slider,
    node,
)
from nodegraph.graph import Edge, Endpoint, Graph, Node
from nodegraph.lineage import (
    Run,
    Shot,
    Task,
)
from nodegraph.plan import Layout, ShotPlan, lay_out, plan
from nodegraph.scheduler.running import Event, Job, ProgressEvent, ShotEvent, TaskEvent
from nodegraph.values import Mask

SOON = 20  # seconds after which a test takes something for hung


# Node types


@node("Test", role=Role.SOURCE)
def source(file: Annotated[str, File()] = "") -> Image:
    """Where a picture enters."""
    raise NotImplementedError


@node("Test", role=Role.PASS)
def reroute(value: Any) -> Any:
    """A bend."""
    raise NotImplementedError


@node("Test", role=Role.OUTPUT)
def output(value: Any, name: str = "") -> Any:
    """A result."""
    raise NotImplementedError


@node("Test")
def soft(image: Image, radius: float = 1.0) -> Image:
    """One in, one out."""
    raise NotImplementedError


@node("Test")
def level(image: Image) -> float:
    """A number of a picture."""
    raise NotImplementedError


class Parts(NamedTuple):
    light: Image
    dark: Mask


@node("Test")
def split(image: Image) -> Parts:
    """Several outputs."""
    raise NotImplementedError


@node("Test")
def mix(
    a: Image,
    b: Image,
    mask: Mask | None = None,
    amount: Annotated[float, Slider(0, 1)] = 0.5,
) -> Image:
    """Two in, and a mask that may be left out."""
    raise NotImplementedError


@node("Test")
def titled(
    image: Image,
    text: str = "",
    name: Annotated[str, FromShot("name")] = "",
    recipe: Annotated[str, FromShot("recipe")] = "",
) -> Image:
    """Knows the shot, and how its input was made."""
    raise NotImplementedError


@node("Test")
def sheet(
    images: list[Image],
    logo: Image | None = None,
    names: Annotated[Sequence[str], FromShot("name")] = (),
    missing: Annotated[Sequence[str], FromShot("missing")] = (),
) -> Image:
    """Takes the pictures of all shots."""
    raise NotImplementedError


@node("Test")
def tuned(image: Image, table: Annotated[str, File((".cube",))] = "") -> Image:
    """Needs a file."""
    raise NotImplementedError


@node("Test")
async def ask(image: Image, prompt: str = "") -> Image:
    """Waits on a network."""
    raise NotImplementedError


def _named(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    if settings["engine"] == "gone":
        raise MissingError("the model is not here: install it")
    if settings["engine"] == "bad":
        raise SettingError("engine is bad: choose another")
    chosen = "small" if settings["engine"] == "auto" else settings["engine"]
    return {**settings, "engine": chosen}


@node("Test", resolve=_named)
def faced(image: Image, engine: str = "auto") -> Image:
    """Lets the planner choose."""
    raise NotImplementedError


TYPES: dict[str, NodeType] = {
    each.name: each
    for each in (
        *(source, reroute, output, soft, level, split, mix),
        *(titled, sheet, tuned, ask, faced),
    )
}


# Graphs and plans


def graph(nodes: str, *links: str, **settings: Mapping[str, Any]) -> Graph:
    """`graph("shot:source soft:soft", "shot>soft.image", soft={"radius": 2})`.

    A node that is named like its type needs no colon; an output that is named
    `result` no name.
    """
    made = []
    for word in nodes.split():
        id_, _, type_ = word.partition(":")
        made.append(Node(id_, type_ or id_, settings.get(id_, {})))
    edges = []
    for link in links:
        start, end = (text.split(".") for text in link.split(">"))
        begin = Endpoint(start[0], start[1] if len(start) > 1 else "result")
        edges.append(Edge(begin, Endpoint(*end)))
    return Graph.of(made, edges)


def digest(node: Node, port: Any, value: str) -> str:
    """A file's digest that tells what it was made of."""
    return f"digest of {value}"


def laid_out(
    graph: Graph, types: Mapping[str, NodeType] = TYPES, entry: str | None = None
) -> Layout:
    """The graph decided and laid out."""
    return lay_out(graph, types, digest, entry)


def shots(count: int) -> list[Shot]:
    """Shots with a drawing each."""
    return [
        Shot(f"s{i}", f"panel-{i}", index=i, digest=f"drawing-{i}")
        for i in range(count)
    ]


def entries(layout: Layout, shot: Shot, **others: str) -> dict[str, str]:
    """What enters where: the shot's drawing, and `logo.png` and the like elsewhere."""
    found = {each.id: f"{each.id}.png" for each in layout.sources}
    found.update(others)
    if layout.entry in found:
        found[layout.entry] = shot.digest
    return found


def plans(layout: Layout, count: int = 1) -> list[ShotPlan]:
    """The plan of each of so many shots."""
    return [plan(layout, shot, entries(layout, shot)) for shot in shots(count)]


def by_node(planned: ShotPlan) -> dict[str, Task]:
    """The tasks of a plan, by the id of their node."""
    return {task.node: task for task in planned.tasks}


# Runs


@dataclass
class Heard:
    """What a run has said."""

    events: list[Event] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def statuses(self, node: str, shot: str | None = None) -> list[str]:
        """The life of a task, in order; a hit has a star."""
        return [
            event.status + "*" * event.cached
            for event in list(self.events)
            if isinstance(event, TaskEvent)
            and event.task.node == node
            and (shot is None or event.task.shot == shot)
        ]

    def last(self, node: str, shot: str | None = None) -> TaskEvent:
        return [
            event
            for event in self.events
            if isinstance(event, TaskEvent)
            and event.task.node == node
            and (shot is None or event.task.shot == shot)
        ][-1]

    @property
    def progress(self) -> list[tuple[str, float]]:
        return [
            (event.task.node, event.fraction)
            for event in self.events
            if isinstance(event, ProgressEvent)
        ]

    @property
    def shots(self) -> list[str]:
        return [e.plan.shot.id for e in self.events if isinstance(e, ShotEvent)]


def job(
    graph: Graph,
    count: int = 1,
    *,
    heard: Heard | None = None,
    id_: str = "run-1",
    place: float = 1.0,
    retry_failed: bool = False,
    types: Mapping[str, NodeType] = TYPES,
) -> Job:
    """A graph over so many shots, ready to be carried out."""
    layout = laid_out(graph, types)
    run = Run(id_, "test", {}, {}, (), place=place)
    return Job(run, layout, plans(layout, count), types, heard or Heard(), retry_failed)


def with_type(function: Callable[..., Any], **options: Any) -> dict[str, NodeType]:
    """The node types, with one more."""
    made = node("Test", **options)(function)
    return {**TYPES, made.name: made}


def newer(name: str) -> dict[str, NodeType]:
    """The node types, with one of them changed."""
    return {**TYPES, name: replace(TYPES[name], version="2")}
