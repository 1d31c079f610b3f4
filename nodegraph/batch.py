"""One graph, many shots: from what the user asked to a job the scheduler carries out."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from nodegraph import preset as presets
from nodegraph.board import Board, Panel, read
from nodegraph.graph import Graph, GraphError, Node
from nodegraph.lineage import Override, Run, Shot
from nodegraph.node import NodeType, Port, Role, SettingError
from nodegraph.plan import (
    Layout,
    ShotPlan,
    UnknownSettingError,
    UnsettledError,
    decide,
    lay_out,
    plan,
    resolve,
)
from nodegraph.preset import Preset
from nodegraph.running import Event, Job
from nodegraph.sources import Sources
from nodegraph.store import ProjectStore, of_row, to_row

Types = Mapping[str, NodeType]
Changes = dict[str, dict[str, dict[str, Any]]]


class InputError(ValueError):
    """A picture that a graph waits for cannot be used, or none is given."""


class Assignment(NamedTuple):
    """`--set NODE.SETTING[@SHOT]=VALUE`, as the user wrote it."""

    node: str
    setting: str
    shot: str
    value: str

    @classmethod
    def parse(cls, text: str) -> "Assignment":
        """Read one; raises `UnknownSettingError` where it has another form."""
        place, equals, value = text.partition("=")
        place, _, shot = place.partition("@")
        node, dot, setting = place.rpartition(".")
        if not (equals and dot and node and setting):
            raise UnknownSettingError(
                f"{text!r} is no setting: write NODE.SETTING=VALUE"
            )
        return cls(node, setting, shot, value)


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
    graph = _with_settings(request, types)
    entry, pictures = _entry(graph, types, request)
    board = _board(request)
    entries = _entered_pictures(graph, types, pictures, sources, entry)
    panels = board.panels if board else _picture_panels(entry, pictures, graph)
    shots, notes = _shots(request, panels, store, sources, board, board_id)
    graph = resolve(
        graph, types, lambda node, port, value: _digest(sources, node, port, value)
    )
    layout = lay_out(graph, types, entry)
    changes = _changes(request, graph, types, shots, store, sources)
    run = _run(request, graph, layout, shots, entries, changes, sources, store)
    known = next((r for r in store.all(Run) if r.fingerprint == run.fingerprint), None)
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
    layout = lay_out(graph, types, run.entry)
    shots = [of_row(Shot, row) for row in run.shots]
    plans = plan_shots(layout, shots, run.entries, run.changes)
    stale = {
        name: (run.versions[name], type_.version)
        for name, type_ in types.items()
        if name in run.versions and type_.version != run.versions[name]
    }
    return Job(run, layout, [_refusing(p, stale) for p in plans], types, publish)


def _refusing(each: ShotPlan, stale: Mapping[str, tuple[str, str]]) -> ShotPlan:
    if not stale:
        return each
    tasks = []
    for task in each.tasks:
        if task.recipe.node in stale:
            old, new = stale[task.recipe.node]
            text = (
                f"node {task.recipe.node!r} changed from v{old} to v{new}: queue again"
            )
            task = replace(task, refusal=text)
        tasks.append(task)
    return replace(each, tasks=tuple(tasks))


# The graph and its settings


def _with_settings(request: Request, types: Types) -> Graph:
    graph = request.preset.graph
    for each in request.settings:
        if not each.shot:
            node = graph.named(each.node)
            graph = graph.set(node.id, **{each.setting: _typed(node, each, types)})
    return graph


def _typed(node: Node, each: Assignment, types: Types) -> Any:
    """The value as the setting's type; text stays text."""
    type_ = types.get(node.type)
    port = type_.input(each.setting) if type_ else None
    if type_ is None or port is None or not port.is_setting:
        known = [p.name for p in type_.inputs if p.is_setting] if type_ else []
        raise UnknownSettingError(
            f"{node.label!r} has no setting {each.setting!r}: "
            f"it has {', '.join(known) or 'none'}"
        )
    try:
        return port.check(_parsed(port, each.value))
    except SettingError as error:
        raise UnknownSettingError(f"{node.label!r}: {error}") from None


def _parsed(port: Port, text: str) -> Any:
    if port.type is str:
        return text
    if port.type is bool:
        words = {"true": True, "yes": True, "on": True, "1": True}
        words |= {"false": False, "no": False, "off": False, "0": False}
        return words.get(text.strip().lower(), text)
    try:
        return float(text) if port.type is float else int(text)
    except ValueError:
        return text


def _digest(sources: Sources, node: Node, port: Port, value: str) -> str:
    """The content's digest of a file named in a setting."""
    path = Path(value).expanduser()
    if not path.is_file():
        raise InputError(
            f"{node.label!r}: there is no file {value!r} for {port.name!r}: "
            "give the path of one"
        )
    return sources.digest(path)


def _changes(
    request: Request,
    graph: Graph,
    types: Types,
    shots: Sequence[Shot],
    store: ProjectStore,
    sources: Sources,
) -> Changes:
    """Settings of single shots: the preset's, those recorded, those asked for now."""
    changes: Changes = {}
    for shot in shots:
        for node_id, settings in request.preset.overrides.get(shot.name, {}).items():
            changes.setdefault(shot.id, {}).setdefault(node_id, {}).update(settings)
        for kept in store.by(Override, "shot", shot.id):
            if kept.graph == request.preset.name and kept.node in graph.nodes:
                own = changes.setdefault(shot.id, {}).setdefault(kept.node, {})
                own.update(kept.settings)
    for each in request.settings:
        if each.shot:
            _change(each, request, graph, types, shots, store, changes)
    return {
        shot: {
            node_id: _decided(graph.nodes[node_id], settings, types, sources)
            for node_id, settings in own.items()
            if node_id in graph.nodes and settings
        }
        for shot, own in changes.items()
    }


def _change(
    each: Assignment,
    request: Request,
    graph: Graph,
    types: Types,
    shots: Sequence[Shot],
    store: ProjectStore,
    changes: Changes,
) -> None:
    """Take in `--set NODE.SETTING@SHOT=VALUE` and record it; no value takes it back."""
    node = graph.named(each.node)
    shot = named_shot(each.shot, shots)
    own = changes.setdefault(shot.id, {}).setdefault(node.id, {})
    if each.value:
        own[each.setting] = _typed(node, each, types)
    else:
        own.pop(each.setting, None)
    if request.dry:
        return
    key = Override.key(request.preset.name, node.id, shot.id)
    kept = Override(key, request.preset.name, node.id, shot.id, dict(own), shot.digest)
    with store.record():
        if own:
            store.put(kept)
        elif store.get(Override, key) is not None:
            store.remove(Override, [key])


def _decided(
    node: Node, settings: Mapping[str, Any], types: Types, sources: Sources
) -> dict[str, Any]:
    """What changes in the node's decided settings by these."""
    type_ = types[node.type]
    changed = replace(node, settings={**node.settings, **settings})
    decided = decide(
        changed,
        type_,
        lambda node, port, value: (
            value
            if value == node.settings.get(port.name) and value in sources.files
            else _digest(sources, node, port, value)
        ),
    )
    return {k: v for k, v in decided.items() if v != node.settings.get(k)}


def named_shot(name: str, shots: Iterable[Shot]) -> Shot:
    """The shot of this name, or of this sequence and name; raises `InputError`."""
    found = [shot for shot in shots if name in (shot.path, shot.id)]
    found = found or [shot for shot in shots if shot.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        choices = ", ".join(shot.path for shot in found)
        raise UnknownSettingError(f"several shots are called {name!r}: {choices}")
    raise UnknownSettingError(f"there is no shot {name!r}: `workbench shots list`")


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


def _board(request: Request) -> Board | None:
    if request.board is None:
        return None
    return read(
        request.board,
        recursive=request.recursive,
        match=request.match,
        exclude=request.exclude,
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
    from nodegraph.panel import from_file

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
    usable = [panel for panel in panels if not panel.problem]
    entered = dict(
        zip(
            (p.label for p in usable),
            sources.enter([p.path for p in usable]),
            strict=True,
        )
    )
    recognise = _Recogniser(store.by(Shot, "board", root), root)
    everyone = _everyone(request, panels, board)
    shots, notes = [], []
    for index, panel in enumerate(panels):
        one = entered.get(panel.label)
        problem = panel.problem or (one.problem if one else "")
        digest = one.asset if one else ""
        notes += [f"{panel.label}: {text}" for text in (one.warnings if one else ())]
        shots.append(recognise.shot(panel, index, digest, problem, everyone))
    if not request.dry:
        _record(store, recognise, shots, everyone if board else None)
    return shots, notes


def _everyone(
    request: Request, panels: Sequence[Panel], board: Board | None
) -> set[str]:
    """The labels of all panels of the board, those not asked for too."""
    if board is None or not request.match:
        return {panel.label for panel in panels}
    everything = read(
        board.root if request.board is None else request.board,
        recursive=request.recursive,
        exclude=request.exclude,
    )
    return {panel.label for panel in everything.panels}


class _Recogniser:
    """Tells which recorded shot a panel is: by name, or by content where it is new."""

    def __init__(self, known: Sequence[Shot], board: str) -> None:
        self.known = {shot.path: shot for shot in known}
        self._board = board
        self._ids = {shot.id for shot in known}
        self._taken: set[str] = set()

    def shot(
        self, panel: Panel, index: int, digest: str, problem: str, everyone: set[str]
    ) -> Shot:
        """The panel as a shot, under the id it had before if it is known."""
        before = self.known.get(panel.label) or self._renamed(digest, everyone)
        before = before or Shot(self._new_id(panel.label), "", board=self._board)
        self._taken.add(before.id)
        return replace(
            before,
            name=panel.name,
            sequence=panel.sequence,
            index=index,
            digest=digest or before.digest,
            source=str(panel.path),
            number=panel.number,
            dialogue=panel.dialogue,
            duration=panel.duration,
            problem=problem,
            omitted=False,
        )

    def _renamed(self, digest: str, everyone: set[str]) -> Shot | None:
        """A shot with the same drawing whose name is gone from the board."""
        for shot in self.known.values():
            gone = shot.path not in everyone and shot.id not in self._taken
            if digest and gone and shot.digest == digest:
                return shot
        return None

    def _new_id(self, label: str) -> str:
        number = 0
        while True:
            text = f"{self._board}\0{label}\0{number}"
            id_ = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
            if id_ not in self._ids:
                self._ids.add(id_)
                return id_
            number += 1


def _record(
    store: ProjectStore,
    recognise: _Recogniser,
    shots: Sequence[Shot],
    everyone: set[str] | None,
) -> None:
    ids = {shot.id for shot in shots}
    before = {shot.id: shot for shot in recognise.known.values()}
    changed = [shot for shot in shots if before.get(shot.id) != shot]
    if everyone is not None:
        changed += [
            replace(shot, omitted=True)
            for shot in before.values()
            if shot.path not in everyone and shot.id not in ids and not shot.omitted
        ]
    if changed:
        with store.record():
            store.put(*changed)


# The run


def _run(
    request: Request,
    graph: Graph,
    layout: Layout,
    shots: Sequence[Shot],
    entries: Mapping[str, str],
    changes: Changes,
    sources: Sources,
    store: ProjectStore,
) -> Run:
    document = json.loads(presets.dumps(Preset(graph, request.preset.name)))
    rows = [_shot_row(shot) for shot in shots]
    facts = [document, layout.versions, rows, dict(entries), changes, request.out]
    text = json.dumps(facts, sort_keys=True)
    numbers = [int(r.id.removeprefix("run-")) for r in store.all(Run)]
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
