"""What a person asks to run, from the words of a command line to its exit code."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nodegraph import trust
from nodegraph.assignments import Assignment
from nodegraph.batch import Request
from nodegraph.board.folder import read
from nodegraph.cli import printing
from nodegraph.cli.errors import CommandError
from nodegraph.cli.graphs import load_graph
from nodegraph.cli.report import SHOWN, report
from nodegraph.cli.watch import Heard, Watch
from nodegraph.place import FOLDER
from nodegraph.project import Project
from nodegraph.registry import Registry, discover


@dataclass(frozen=True)
class Ask:
    """What a person asked to run, and how to show it."""

    project: Path
    graph: str = ""
    settings: Sequence[str] = ()
    inputs: Sequence[str] = ()
    out: Path | None = None
    as_json: bool = False
    dry: bool = False
    strict: bool = False
    board: Path | None = None
    match: Sequence[str] = ()
    recursive: bool = False
    workers: int | None = None
    retry_failed: bool = False


def carry_out(ask: Ask) -> int:
    """Run what was asked, show how it goes, sum it up; gives the exit code.

    With `as_json` the last line is the summary, whatever happened.
    """
    watch, out = Watch(ask.as_json), ask.project
    try:
        out = _run(ask, watch)
    except KeyboardInterrupt:
        watch.interrupted = True
    except BrokenPipeError:
        raise
    except Exception:
        if ask.as_json:
            printing.line(watch.summary.line())
        raise
    if ask.as_json:
        printing.line(watch.summary.line())
    else:
        report(watch, Path(ask.graph).stem, out, dry=ask.dry)
    return watch.code(strict=ask.strict, dry=ask.dry)


def _run(ask: Ask, watch: Watch) -> Path:
    """Run it, and give the folder of the pictures."""
    registry = discover(trust.status(ask.project))
    for problem in registry.problems:
        printing.warn(str(problem))
    request = _request(ask, registry)
    with _opened(ask, request) as project:
        project.registry = registry
        project.workers = ask.workers or project.workers
        for text in project.store.database.damage:
            printing.warn(f"{text} (`workbench doctor` tells more)")
        if project.queue.paused and not ask.dry:
            printing.warn("the queue is paused: `workbench queue resume` lets it go on")
        return _run_in(project, request, watch)


def _run_in(project: Project, request: Request, watch: Watch) -> Path:
    said: Heard = Heard()
    prepared = project.prepare(request, said.put)
    _tell(prepared.notes)
    out = project.out_of(prepared.job.run)
    if request.dry:
        watch.forecast(project, prepared)
    else:
        out.mkdir(parents=True, exist_ok=True)
        watch.carry_out(project, prepared, said)
    return out


def _tell(notes: Sequence[str]) -> None:
    """What a person should know before the run; of much alike, some."""
    for note in notes[:SHOWN]:
        printing.say(f"note: {note}")
    if len(notes) > SHOWN:
        printing.say(f"note: and {len(notes) - SHOWN} more like these")


def _request(ask: Ask, registry: Registry) -> Request:
    return Request(
        load_graph(ask.graph, ask.project, registry.types),
        board=ask.board,
        recursive=ask.recursive,
        match=tuple(ask.match),
        inputs=_inputs(ask.inputs),
        settings=tuple(map(Assignment.parse, ask.settings)),
        out=str(ask.out) if ask.out else "",
        retry_failed=ask.retry_failed,
        dry=ask.dry,
    )


def _inputs(texts: Sequence[str]) -> dict[str, Path]:
    """The picture for each Source node; raises `CommandError` where one has two."""
    pictures: dict[str, Path] = {}
    for node, path in map(_input, texts):
        if node in pictures:
            raise CommandError(
                f"{node!r} is given two pictures, {pictures[node].name} and "
                f"{path.name}: give one, or a folder of them with `workbench batch`"
            )
        pictures[node] = path
    return pictures


def _input(text: str) -> tuple[str, Path]:
    node, equals, path = text.partition("=")
    if not (node and equals and path):
        raise CommandError(f"{text!r} is no input: write NODE=PATH")
    return node, Path(path)


@contextmanager
def _opened(ask: Ask, request: Request) -> Iterator[Project]:
    """The project, open as the request needs it; made only for a board that is one."""
    if (ask.project / FOLDER).is_dir():
        with Project(ask.project, write=not ask.dry) as project:
            yield project
        return
    if request.board is not None:
        read(request.board, recursive=request.recursive, match=request.match)
    if not ask.dry:
        with Project(ask.project, write=True) as project:
            yield project
        return
    with tempfile.TemporaryDirectory(prefix="workbench-") as nowhere:
        home = Path(nowhere) / FOLDER
        with Project(ask.project, write=True, home=home) as project:
            yield project
