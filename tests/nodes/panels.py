"""The sample's portraits and panels, and the faces that were drawn on them."""

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from nodegraph import Image

SAMPLE = Path(__file__).parents[2] / "assets" / "sample"
SEQUENCES = ("board/sc010-harbour", "board/sc020-night-market", "characters")


@functools.cache
def known() -> dict[str, list[dict[str, Any]]]:
    """The faces of every picture of the sample, by its path there."""
    return json.loads((SAMPLE / "faces.json").read_text("utf-8"))


def path_of(name: str) -> str:
    """Where in the sample a panel or a portrait lies: `panel-3`, `nia`."""
    return next(
        f"{folder}/{name}.png"
        for folder in SEQUENCES
        if (SAMPLE / folder / f"{name}.png").is_file()
    )


@functools.cache
def shown(name: str, alpha: bool = False) -> Image:
    """A panel or a portrait, never writable; with `alpha` half transparent in places."""
    with Pillow.open(SAMPLE / path_of(name)) as file:
        pixels = np.asarray(file.convert("RGBA" if alpha else "RGB")).copy()
    if alpha:
        pixels[:, ::2, 3] = 128
        pixels[:40, :, 3] = 0
    pixels.setflags(write=False)
    return Image(pixels)


def five(name: str, index: int = 0) -> str:
    """The five points of a drawn face, as a setting holds them."""
    return " ".join(f"{x},{y}" for x, y in known()[path_of(name)][index]["points"])


def centre(name: str, index: int = 0) -> tuple[int, int]:
    """The middle of a drawn face."""
    x, y = np.mean(known()[path_of(name)][index]["points"], axis=0)
    return round(float(x)), round(float(y))
