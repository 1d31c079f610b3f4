"""A project, boards to run over it, and one worker within this process: no waiting."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import nodegraph.project
import nodegraph.workers.channel
from nodegraph.assignments import Assignment
from nodegraph.batch import Prepared, Request
from nodegraph.graph import Edge, Endpoint, Graph, Node
from nodegraph.lineage import Shot, Take
from nodegraph.preset.file import Preset
from nodegraph.project import Project
from nodegraph.results.manifest import Row

PATIENCE = 60.0
"""Seconds a run may take before a test gives up on it."""
LONG_AGO = 1_600_000_000


class Reporting(nodegraph.workers.channel.Channel):
    """Hands on what a node says while it runs."""

    def __init__(self, report: Callable[[list[Any]], None]) -> None:
        self._report = report

    def report(self, message: Any) -> None:
        self._report([message])


class Inline:
    """A pool of one worker, which is a thread."""

    def __init__(self, *_: object, **__: object) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._busy = 0

    @property
    def free(self) -> int:
        return 1 - self._busy

    def prestart(self, count: int) -> None:
        pass

    def submit(
        self, function: Any, *args: Any, report: Any = None, **_: Any
    ) -> "Future[Any]":
        self._busy += 1
        return self._thread.submit(self._run, function, args, report)

    def _run(self, function: Any, args: Any, report: Any) -> Any:
        before = nodegraph.workers.channel._channel
        if report is not None:
            nodegraph.workers.channel._channel = Reporting(report)
        try:
            return function(*args)
        finally:
            nodegraph.workers.channel._channel = before
            self._busy -= 1

    def shutdown(self, **_: object) -> None:
        self._thread.shutdown(wait=True)


@dataclass
class Ran:
    """What came of one call."""

    prepared: Prepared
    rows: list[Row] = field(default_factory=list)
    executed: int = 0
    cached: int = 0

    @property
    def files(self) -> list[str]:
        """The names of the results' files."""
        return [row.file.name for row in self.rows if row.file]

    @property
    def run(self) -> str:
        """The run's id."""
        return self.prepared.job.run.id


@dataclass
class Studio:
    """A project folder with boards in it, opened anew for every call."""

    folder: Path

    def draw(
        self,
        name: str,
        seed: int | None = None,
        board: str = "board",
        when: int = LONG_AGO,
    ) -> Path:
        """A drawing, always the same for the same seed, last written long ago."""
        path = self.folder / board / name
        path.parent.mkdir(parents=True, exist_ok=True)
        own = int.from_bytes(name.encode()[-12:]) if seed is None else seed
        path.write_bytes(picture(own))
        os.utime(path, (when, when))
        return path

    def node_file(self, text: str) -> None:
        """A trusted node file of the project's own."""
        from nodegraph import trust

        path = self.folder / "custom_nodes" / "own.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        trust.trust(self.folder)

    @contextmanager
    def opened(self, *, write: bool = True) -> Iterator[Project]:
        """The project."""
        with Project(self.folder, write=write) as project:
            yield project

    def prepare(self, preset: Preset, **asked: Any) -> Prepared:
        """What a call would do, without doing it."""
        with self.opened() as project:
            return project.prepare(self.request(preset, **asked), lambda event: None)

    def request(
        self,
        preset: Preset,
        board: str | None = "board",
        sets: Sequence[str] = (),
        **asked: Any,
    ) -> Request:
        """`sets` are settings as the user writes them."""
        path = self.folder / board if board else None
        settings = tuple(map(Assignment.parse, sets))
        return Request(preset, board=path, settings=settings, **asked)

    def run(self, preset: Preset, **asked: Any) -> Ran:
        """Carry out a call to its end."""
        with self.opened() as project:
            return carry_out(project, self.request(preset, **asked))

    def shots(self) -> dict[str, Shot]:
        """Every shot on its board, by sequence and name."""
        with self.opened(write=False) as project:
            return {s.path: s for s in project.store.all(Shot) if not s.omitted}

    def takes(self, name: str) -> list[Take]:
        """The takes of a shot, in the order of their numbers."""
        with self.opened(write=False) as project:
            takes = project.store.by(Take, "shot", self.shots()[name].id)
        return sorted(takes, key=lambda take: take.number)


def carry_out(project: Project, request: Request) -> Ran:
    """Carry out a request in an open project."""
    prepared = project.prepare(request, lambda event: None)
    live = project.start(prepared)
    rows = live.done.result(PATIENCE)
    return Ran(prepared, rows, live.counts["executed"], live.counts["cached"])


def picture(seed: int, size: tuple[int, int] = (8, 12)) -> bytes:
    """A PNG file of noise."""
    import cv2

    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    return bytes(cv2.imencode(".png", pixels)[1])


def pixels(data: bytes | Path) -> np.ndarray:
    """What a picture file shows, RGB."""
    import io

    from PIL import Image

    raw = data.read_bytes() if isinstance(data, Path) else data
    with Image.open(io.BytesIO(raw)) as image:
        return np.asarray(image.convert("RGB"))


def chain(*nodes: Node, name: str = "look", overrides: Any = None) -> Preset:
    """A source, these nodes one after another, and an output."""
    ends = [Node("in", "source", name="In"), *nodes, Node("out", "output", name="Out")]
    return Preset(wired(*ends), name, overrides=overrides or {})


def wired(*nodes: Node) -> Graph:
    """These nodes one after another."""
    ports = {"output": "value", "contact_sheet": "images"}
    edges = [
        Edge(Endpoint(a.id, "result"), Endpoint(b.id, ports.get(b.type, "image")))
        for a, b in pairwise(nodes)
    ]
    return Graph.of(nodes, edges)


def soft(radius: float = 1.0, **rest: Any) -> Preset:
    """The preset `look`: a blur."""
    return chain(Node("blur", "blur", {"radius": radius}, name="Soft"), **rest)
