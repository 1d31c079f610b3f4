"""One graph, many shots: from what the user asked to a job the scheduler carries out."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nodegraph import preset as presets
from nodegraph.assignments import (
    Assignment,
    Changes,
    assigned,
    decided,
    keep,
    own_settings,
)
from nodegraph.board import Board, Panel, read
from nodegraph.document import content_of
from nodegraph.graph import Graph, GraphError, Node
from nodegraph.lineage import Run, Shot
from nodegraph.node import NodeType, Port, Role
from nodegraph.panel import from_file
from nodegraph.plan import (
    Layout,
    ShotPlan,
    UnsettledError,
    as_queued,
    lay_out,
    plan,
)
from nodegraph.preset import Preset
from nodegraph.running import Event, Job
from nodegraph.shots import recognise, record
from nodegraph.sources import Entered, Sources
from nodegraph.store import ProjectStore, of_row, to_row

Types = Mapping[str, NodeType]


class InputError(ValueError):
    """A picture that a graph waits for cannot be used, or none is given."""


@dataclass(frozen=True)
class Request:
    """What the user asked for: a graph over a board, or over pictures named one by one.

    `inputs` gives a picture for each Source node named; the board goes to the one whose
    file is not set, or to `entry`.
    """

    preset: Preset
    board: Path | None = None
    entry: str | None = None
    recursive: bool = False
    match: tuple[str, ...] = ()
    inputs: Mapping[str, Path] = field(default_factory=dict)
    settings: tuple[Assignment, ...] = ()
    out: str = ""
    exclude: tuple[Path, ...] = ()
    results: frozenset[str] = frozenset()
    retry_failed: bool = False
    dry: bool = False


@dataclass(frozen=True)
class Prepared:
    """A job ready to run, and what the user should hear before it does."""

    job: Job
    notes: tuple[str, ...] = ()
    is_new: bool = True
    """Whether the run has no record yet."""


def prepare(
    request: Request,
    store: ProjectStore,
    sources: Sources,
    types: Types,
    publish: Callable[[Event], None],
    board_id: Callable[[Path], str],
) -> Prepared:
    """Bring in the drawings, decide every setting and plan every shot.

    `board_id` gives the name by which the project knows a folder.  Raises `PlanError`,
    `GraphError`, `InputError`, `MissingError` or `BoardError` before anything is queued.
    """
    graph = assigned(request.preset.graph, request.settings, types)
    entry, pictures = _entry(graph, types, request)

    def digest(node: Node, port: Port, value: str) -> str:
        return _digest(sources, node, port, value)

    layout = lay_out(graph, types, digest, entry)
    board = None
    if request.board is not None:
        board = _board_of(request, request.board, request.match)
    entries = _entered_pictures(graph, types, pictures, sources, entry)
    panels = board.panels if board else _picture_panels(entry, pictures, graph)
    shots, notes = _shots(request, panels, store, sources, board, board_id)
    own = own_settings(request.preset, graph, types, request.settings, shots, store)
    if not request.dry:
        keep(request.preset.name, request.settings, own, graph, shots, store)
    changes = decided(own, graph, layout.graph, types, digest)
    run = _run(request, layout, shots, entries, changes, sources, store)
    known = next(iter(store.by(Run, "fingerprint", run.fingerprint)), None)
    if known is not None:
        run = replace(run, id=known.id, created=known.created, place=known.place)
    plans = plan_shots(layout, shots, entries, changes)
    job = Job(run, layout, plans, types, publish, request.retry_failed)
    said = (*(board.skipped if board else ()), *notes)
    return Prepared(job, said, known is None or known.state != "finished")


def plan_shots(
    layout: Layout,
    shots: Sequence[Shot],
    entries: Mapping[str, str],
    changes: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> list[ShotPlan]:
    """The plan of every shot; one whose drawing cannot be used carries its problem."""
    plans = []
    for shot in shots:
        if shot.problem:
            plans.append(ShotPlan(shot, problem=shot.problem))
            continue
        own = {**entries, layout.entry: shot.digest} if layout.entry else entries
        plans.append(plan(layout, shot, own, changes.get(shot.id)))
    return plans


def again(run: Run, types: Types, publish: Callable[[Event], None]) -> Job:
    """The job of a recorded run, as it was queued.

    Tasks of a node type that has changed since fail, and say so.
    """
    graph = presets.loads(json.dumps(dict(run.graph)), run.preset).graph
    layout = as_queued(lay_out(graph, types, entry=run.entry), run.versions)
    shots = [of_row(Shot, row) for row in run.shots]
    plans = plan_shots(layout, shots, run.entries, run.changes)
    return Job(run, layout, plans, types, publish)


def _digest(sources: Sources, node: Node, port: Port, value: str) -> str:
    """The content's digest of a file named in a setting."""
    path = Path(value).expanduser()
    if not path.is_file():
        raise InputError(
            f"{node.label!r}: there is no file {value!r} for {port.name!r}: "
            "give the path of one"
        )
    return sources.digest(path)


# The pictures


def _entry(graph: Graph, types: Types, request: Request) -> tuple[str, dict[str, Path]]:
    """The Source node that shots enter, and the pictures given for others."""
    sources = [
        node
        for node in graph.nodes.values()
        if node.type in types and types[node.type].role is Role.SOURCE
    ]
    pictures: dict[str, Path] = {}
    for name, path in request.inputs.items():
        node = graph.named(name)
        if node not in sources:
            raise GraphError(
                f"{name!r} is no Source node: a picture cannot enter there"
            )
        pictures[node.id] = path
    for node in sources:
        if node.id not in pictures and node.settings.get("file"):
            pictures[node.id] = Path(node.settings["file"]).expanduser()
    open_ = [node for node in sources if node.id not in pictures]
    if request.board is not None:
        return _board_entry(graph, sources, open_, request), pictures
    if open_:
        raise UnsettledError(
            f"{open_[0].label!r} waits for a picture: "
            f"give it with --input {open_[0].label}=PATH, or run a board with "
            "`workbench batch`"
        )
    given = [i for i in (graph.named(n).id for n in request.inputs)]
    return next(iter([*given, *(node.id for node in sources)]), ""), pictures


def _board_entry(
    graph: Graph, sources: Sequence[Node], open_: Sequence[Node], request: Request
) -> str:
    if request.entry:
        return graph.named(request.entry).id
    if len(open_) == 1:
        return open_[0].id
    names = ", ".join(repr(node.label) for node in (open_ or sources)) or "none"
    raise UnsettledError(
        f"the board has to enter one Source node, and {len(open_)} wait for a picture "
        f"({names}): settle the others with --input NODE=PATH"
    )


def _board_of(request: Request, path: Path, match: tuple[str, ...]) -> Board:
    return read(
        path,
        recursive=request.recursive,
        match=match,
        exclude=request.exclude,
        results=request.results,
    )


def _entered_pictures(
    graph: Graph,
    types: Types,
    pictures: Mapping[str, Path],
    sources: Sources,
    entry: str,
) -> dict[str, str]:
    """The assets that enter at Source nodes other than the shots' own."""
    others = {node: path.absolute() for node, path in pictures.items() if node != entry}
    entered = sources.enter(list(others.values()))
    for node, one in zip(others, entered, strict=True):
        if one.problem:
            raise InputError(f"{graph.nodes[node].label!r}: {one.problem}")
    return {n: one.asset for n, one in zip(others, entered, strict=True)}


def _picture_panels(
    entry: str, pictures: Mapping[str, Path], graph: Graph
) -> tuple[Panel, ...]:
    if not entry:
        return (Panel("", "", Path(), problem=""),)
    path = pictures[entry].absolute()
    if not path.exists():
        raise InputError(
            f"{graph.nodes[entry].label!r}: there is no file {str(path)!r}: "
            "give the path of a picture"
        )
    return (from_file(path),)


def _shots(
    request: Request,
    panels: Sequence[Panel],
    store: ProjectStore,
    sources: Sources,
    board: Board | None,
    board_id: Callable[[Path], str],
) -> tuple[list[Shot], list[str]]:
    """The shots of the board, their drawings brought in, and what to say of them."""
    if board is None and not panels[0].name:
        return [Shot("run", "")], []
    root = board_id(board.root if board else panels[0].path.parent)
    known = store.by(Shot, "board", root)
    entered = _brought_in(panels, sources)
    everyone = _everyone(request, panels, known)
    found = recognise(panels, entered, known, root, everyone)
    if not request.dry:
        record(store, found, known, everyone if board else None)
    notes = [
        f"{panel.label}: {text}"
        for panel, one in zip(panels, entered, strict=True)
        for text in one.warnings
    ]
    return found, notes


def _brought_in(panels: Sequence[Panel], sources: Sources) -> list[Entered]:
    usable = [panel.path for panel in panels if not panel.problem]
    entered = iter(sources.enter(usable))
    return [
        Entered(problem=panel.problem) if panel.problem else next(entered)
        for panel in panels
    ]


def _everyone(
    request: Request, panels: Sequence[Panel], known: Sequence[Shot]
) -> dict[str, int]:
    """Every panel of the board and its place, those not asked for too."""
    if request.board is None:
        places = {shot.path: shot.index for shot in known}
        return {panels[0].label: 0} | places
    if request.match:
        panels = _board_of(request, request.board, ()).panels
    return {panel.label: index for index, panel in enumerate(panels)}


# The run


def _run(
    request: Request,
    layout: Layout,
    shots: Sequence[Shot],
    entries: Mapping[str, str],
    changes: Changes,
    sources: Sources,
    store: ProjectStore,
) -> Run:
    document = {"format": presets.FORMAT, **content_of(layout.graph)}
    rows = [_shot_row(shot) for shot in shots]
    facts = [document, layout.versions, rows, dict(entries), changes, request.out]
    text = json.dumps(facts, sort_keys=True)
    numbers = [int(id_.removeprefix("run-")) for id_ in store.keys(Run)]
    number = 1 + max(numbers, default=0)
    return Run(
        f"run-{number}",
        request.preset.name,
        document,
        layout.versions,
        tuple(rows),
        layout.entry,
        dict(entries),
        changes,
        dict(sources.files),
        request.out,
        str(request.board or ""),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        place=float(number),
        fingerprint=hashlib.sha256(text.encode()).hexdigest(),
    )


def _shot_row(shot: Shot) -> dict[str, Any]:
    """The shot as it was when queued, without what a person says of it later."""
    plain = Shot(shot.id, shot.name)
    row = to_row(
        replace(
            shot,
            status=plain.status,
            note="",
            by="",
            changed="",
            pick={},
        )
    )
    return dict(row)
