"""The real command in a process of its own, and small boards and presets for it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nodegraph.graph import Edge, Endpoint, Graph, Node
from nodegraph.preset import file as preset
from nodegraph.preset.file import Preset

PATIENCE = 120.0
"""Seconds that a command may take before the test gives up on it."""


@dataclass(frozen=True)
class Said:
    """What a command that has ended left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON lines on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """The task events."""
        return [line for line in self.lines if line["event"] == "task"]

    @property
    def summary(self) -> dict[str, Any]:
        """The last line."""
        return self.lines[-1]


@dataclass(frozen=True)
class Workbench:
    """The command, called in `folder` with a configuration of its own."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *words: object, **environment: str) -> Said:
        """Call it and wait for its end."""
        with self.started(*words, **environment) as process:
            out, err = process.communicate(timeout=PATIENCE)
        return Said(process.returncode, out, err)

    @contextmanager
    def started(
        self, *words: object, **environment: str
    ) -> "Iterator[subprocess.Popen[str]]":
        """Call it and go on, its output in pipes; at the end it is gone."""
        process = subprocess.Popen(
            [sys.executable, "-m", "nodegraph", *map(str, words)],
            cwd=self.folder,
            env={**os.environ, **self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()


def untrusted(workbench: Workbench, name: str, text: str) -> None:
    """Write a node file that nobody has allowed to run."""
    folder = workbench.folder / "custom_nodes"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(text, "utf-8")


def draw(folder: Path, *names: str, size: tuple[int, int] = (24, 16)) -> Path:
    """Pictures with these names in `folder`, each different from all others."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        random = np.random.default_rng(hash_of(name))
        pixels = random.integers(0, 256, (size[1], size[0], 3), np.uint8)
        Image.fromarray(pixels).save(folder / name)
    return folder


def hash_of(text: str) -> int:
    """A number that is the same for the same text in every process."""
    return int.from_bytes(text.encode()[:16].ljust(16, b"."))


def chain(
    path: Path, *nodes: Node, others: Sequence[Node] = (), more: Sequence[Edge] = ()
) -> Path:
    """Write a preset: a source, these nodes one after the other, an output.

    `others` are nodes beside the chain, `more` the links to them.
    """
    ends_of = Node("shot", "source", name="Shot"), Node("out", "output")
    every = [ends_of[0], *nodes, ends_of[1], *others]
    ends = [("shot", "result"), *((node.id, "result") for node in nodes)]
    into = [(node.id, first_input(node)) for node in nodes] + [("out", "value")]
    edges = [
        Edge(Endpoint(*source), Endpoint(*target))
        for source, target in zip(ends, into, strict=True)
    ]
    preset.save(Preset(Graph.of(every, [*edges, *more]), path.stem), path)
    return path


def first_input(node: Node) -> str:
    """The name of the input that a chain enters."""
    return {"contact_sheet": "images", "blend": "base"}.get(node.type, "image")
