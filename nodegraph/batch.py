"""One graph, many shots: from what the user asked to a job the scheduler carries out."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nodegraph.assignments import (
    Assignment,
    Changes,
    assigned,
    decided,
    keep,
    own_settings,
    persons,
)
from nodegraph.board.folder import Board, Panel, read
from nodegraph.graph import Graph, GraphError, Node, Types
from nodegraph.lineage import Recipe, Run, Shot
from nodegraph.node import MissingError, Port, Role
from nodegraph.plan import (
    Layout,
    ShotPlan,
    Step,
    UnsettledError,
    as_queued,
    lay_out,
    plan,
)
from nodegraph.preset import file as presets
from nodegraph.preset.document import content_of
from nodegraph.preset.file import Preset
from nodegraph.scheduler.running import Event, Job
from nodegraph.shots import alone, places, recognise, record
from nodegraph.sources import Entered, Sources, absolute
from nodegraph.store import ProjectStore, of_row, to_row


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
    entries, notes = _entered_pictures(graph, pictures, sources, entry)
    picture = None if board else _picture(entry, pictures, graph)
    shots, said = _shots(request, board, picture, store, sources, board_id)
    own = persons(request.preset.name, graph, types, request.settings, shots, store)
    asked = own_settings(request.preset, own, shots)
    changes = decided(asked, graph, layout.graph, types, digest)
    if not request.dry:
        keep(own, store)
    run = _run(request, layout, shots, entries, changes, sources, store)
    known = next(iter(store.by(Run, "fingerprint", run.fingerprint)), None)
    if known is not None:
        run = replace(run, id=known.id, created=known.created, place=known.place)
    plans = plan_shots(layout, shots, entries, changes)
    job = Job(run, layout, plans, types, publish, request.retry_failed)
    told = (*(board.skipped if board else ()), *notes, *said)
    return Prepared(job, told, known is None or known.state != "finished")


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


def again(
    run: Run,
    types: Types,
    publish: Callable[[Event], None],
    sources: Sources | None = None,
) -> Job:
    """The job of a recorded run, as it was queued.

    Tasks without a result fail and say so where their node type has changed since or,
    as far as `sources` can tell, a file they use.
    """
    graph = presets.loads(json.dumps(dict(run.graph)), run.preset).graph
    layout = as_queued(lay_out(graph, types, entry=run.entry), run.versions)
    lost = _lost_files(run.files, sources) if sources else {}
    if lost:
        steps = [replace(s, refusal=s.refusal or _first(s, lost)) for s in layout.steps]
        layout = replace(layout, steps=tuple(steps))
    shots = [of_row(Shot, row) for row in run.shots]
    plans = plan_shots(layout, shots, run.entries, run.changes)
    return Job(run, layout, [_refusing(p, lost) for p in plans], types, publish)


def _lost_files(files: Mapping[str, str], sources: Sources) -> dict[str, str]:
    """For the digest of each file that is no longer what it was, a sentence."""
    return {
        digest: f"the file {path} changed since: queue again"
        for digest, path in files.items()
        if not sources.is_still(Path(path), digest)
    }


def _refusing(each: ShotPlan, lost: Mapping[str, str]) -> ShotPlan:
    """The plan with every task refused that needs a file of `lost`."""
    if not lost:
        return each
    tasks = [
        replace(t, refusal=t.refusal or _first(t.recipe, lost)) for t in each.tasks
    ]
    return replace(each, tasks=tuple(tasks))


def _first(what: Step | Recipe, lost: Mapping[str, str]) -> str:
    values = (value for value in what.settings.values() if isinstance(value, str))
    return next((lost[value] for value in values if value in lost), "")


def _digest(sources: Sources, node: Node, port: Port, value: str) -> str:
    """The content's digest of a file named in a setting."""
    path = Path(value).expanduser()
    place = f"the file {value!r} for {port.name!r}"
    if not path.is_file():
        raise MissingError(f"{place} is not there: give the path of one")
    try:
        return sources.digest(path)
    except OSError as error:
        raise InputError(
            f"{node.label!r}: {place} cannot be read ({error.strerror})"
        ) from None


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
    graph: Graph, pictures: Mapping[str, Path], sources: Sources, entry: str
) -> tuple[dict[str, str], list[str]]:
    """The assets that enter at Source nodes other than the shots' own, and remarks."""
    others = {n: absolute(path) for n, path in pictures.items() if n != entry}
    entered = sources.enter(list(others.values()))
    assets, notes = {}, []
    for node, one in zip(others, entered, strict=True):
        label = graph.nodes[node].label
        if one.problem:
            raise InputError(f"{label!r}: {one.problem}")
        assets[node] = one.asset
        notes += [f"{label}: {text}" for text in one.warnings]
    return assets, notes


def _picture(entry: str, pictures: Mapping[str, Path], graph: Graph) -> Path | None:
    """The picture that makes the only shot, absolute, if one enters."""
    if not entry:
        return None
    path = absolute(pictures[entry])
    if not path.exists():
        raise InputError(
            f"{graph.nodes[entry].label!r}: there is no file {str(path)!r}: "
            "give the path of a picture"
        )
    return path


def _shots(
    request: Request,
    board: Board | None,
    picture: Path | None,
    store: ProjectStore,
    sources: Sources,
    board_id: Callable[[Path], str],
) -> tuple[list[Shot], list[str]]:
    """The shots of the board, or of one picture, brought in, and what to say of them.

    A graph without any picture makes one nameless shot.
    """
    if board is not None:
        panels, root = board.panels, board_id(board.root)
    elif picture is not None:
        panel, root = alone(picture, store, board_id)
        panels = (panel,)
    else:
        return [Shot("run", "")], []
    entered = _brought_in(panels, sources)
    known = store.by(Shot, "board", root)
    everyone = _everyone(request, board, known, panels)
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
    request: Request,
    board: Board | None,
    known: Sequence[Shot],
    panels: Sequence[Panel],
) -> dict[str, int]:
    """Every panel of the board and its place, those not asked for too."""
    if request.board is None or board is None:
        there = (shot for shot in known if Path(shot.source).exists())
        return {shot.path: shot.index for shot in there}
    if request.match:
        panels = _board_of(request, request.board, ()).panels
    return places(panels, known, recursive=request.recursive)


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
    drawn = [{**row, "source": ""} for row in rows]  # where a drawing lies may change
    facts = [document, layout.versions, drawn, dict(entries), changes, request.out]
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
