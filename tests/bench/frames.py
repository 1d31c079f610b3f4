"""Synthetic frames, the four steps they go through, and whole processes, timed."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 1920, 1080
STEPS: dict[str, dict[str, Any]] = {
    "resize": {"mode": "exact", "width": 1280, "height": 720},
    "sharpen": {"amount": 0.8, "radius": 1.5},
    "adjust": {"exposure": 0.2, "contrast": 0.15, "saturation": 0.2},
    "blend": {"mode": "soft_light", "opacity": 0.6},
}
"""Node types in their order, each with its settings."""

NICE = 10
"""Of every worker measured, ours and others': what else runs slows all alike."""
WORKERS = os.cpu_count() or 1


def photograph(width: int = WIDTH, height: int = HEIGHT) -> Any:
    """Waves of colour with the grain of a sensor (sigma 2), RGB."""
    import numpy as np

    y, x = np.mgrid[:height, :width].astype(np.float32)[:, :, :, None]
    waves = 127 + 80 * np.sin(x / 211 + y / 307 + np.arange(3))
    waves += 30 * np.sin(x / 37 - y / 53)
    grain = np.random.default_rng(0).normal(0, 2, waves.shape)
    return np.clip(waves + grain, 0, 255).astype(np.uint8)


def drawing(width: int = WIDTH, height: int = HEIGHT) -> Any:
    """Flat shapes and smooth lines, as a storyboard panel has, RGB."""
    import cv2
    import numpy as np

    rng = np.random.default_rng(0)
    panel = np.full((height, width, 3), 244, np.uint8)
    for number in range(60):
        points = rng.integers(0, (width, height), (5, 2)).astype(np.int32)
        if number % 3 == 0:
            colour = tuple(int(v) for v in rng.integers(0, 255, 3))
            cv2.fillPoly(panel, [points], colour, cv2.LINE_AA)
        else:
            ink = (20, 20, 30)
            cv2.polylines(panel, [points], False, ink, 1 + number % 6, cv2.LINE_AA)
    return panel


CONTENTS: dict[str, Callable[[int, int], Any]] = {
    "photograph": photograph,
    "drawing": drawing,
}


def write_board(
    folder: Path, content: str, count: int, width: int = WIDTH, height: int = HEIGHT
) -> Path:
    """A folder of that many PNG frames, no two alike."""
    import cv2
    import numpy as np

    folder.mkdir(parents=True)
    base = CONTENTS[content](width, height)

    def write(index: int) -> None:
        pixels = np.roll(base, (index * 7 % height, index * 13 % width), (0, 1))
        pixels[0, 0] = index % 256, index // 256, 0
        options = [cv2.IMWRITE_PNG_COMPRESSION, 1]
        done = cv2.imwrite(
            str(folder / f"f{index:04}.png"), pixels[:, :, ::-1], options
        )
        assert done

    with ThreadPoolExecutor(WORKERS) as threads:
        list(threads.map(write, range(count)))
    return folder


def write_overlay(path: Path, width: int, height: int) -> Path:
    """The picture that is laid over every frame."""
    import cv2

    assert cv2.imwrite(str(path), photograph(width, height)[::-1])
    return path


def write_preset(path: Path, steps: Mapping[str, Mapping[str, Any]]) -> Path:
    """These steps as a preset: Shot, each step, Output; Overlay feeds the blend."""
    nodes: list[dict[str, Any]] = [
        {"id": "shot", "type": "source", "name": "Shot"},
        {"id": "overlay", "type": "source", "name": "Overlay"},
    ]
    edges, before, port = [], "shot", "image"
    for type_, settings in steps.items():
        nodes.append({"id": type_, "type": type_, "name": type_, "settings": settings})
        port = "base" if type_ == "blend" else "image"
        edges.append([[before, "result"], [type_, port]])
        before = type_
    edges.append([["overlay", "result"], ["blend", "top"]])
    nodes.append({"id": "file", "type": "output", "name": "File"})
    edges.append([[before, "result"], ["file", "value"]])
    path.write_text(json.dumps({"format": 2, "nodes": nodes, "edges": edges}))
    return path


def seconds_of(command: Sequence[str], **options: Any) -> float:
    """How long a whole process takes, from its start to its end."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)
    return time.perf_counter() - began


def workbench(*words: str) -> list[str]:
    """The command line of the installed `workbench`."""
    return [str(Path(sys.executable).with_name("workbench")), *words]


def batch(preset: Path, board: Path, overlay: Path, project: Path) -> list[str]:
    """The command line of our batch."""
    options = ("--input", f"Overlay={overlay}", "--project", str(project))
    return workbench("batch", str(preset), str(board), *options, "--json")


def summary_of(command: Sequence[str]) -> tuple[float, dict[str, Any]]:
    """Seconds of a whole batch, and the last line it said."""
    began = time.perf_counter()
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    summary: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return seconds, summary
