"""Compare patches by what is known of them, and lay a hole in rings from its rim."""

from typing import TYPE_CHECKING, NamedTuple

from nodes._inpaint.match import TEXTURE, Places, around
from nodes._inpaint.pyramid import PATCH, REACH, Level

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Layers = NDArray[np.float32]
    Flat = NDArray[np.intp]
    Floats = NDArray[np.float32]

RINGS = 12
"""Rings that are laid; what is still open then stays as it is."""

MANY = 3000
"""Whole patches that a ring is compared with, at most."""

LESS = 0.8
"""What a ring counts beside the one before it."""

CHUNK = 400
"""Patches that are compared with all others at a time."""


class Sources(NamedTuple):
    """Patches to compare with: their centres, pixels and squares, a column each."""

    centres: "Flat"
    pixels: "Floats"
    squares: "Floats"


def peeled(
    level: Level,
    layers: "Layers",
    at: Places,
    distance: float,
    rng: "np.random.Generator",
) -> "Layers":
    """`layers` with the hole laid in rings, each pixel from the patch most alike.

    Only what is known, or laid already, is compared (Criminisi et al., Region Filling
    by Exemplar-Based Inpainting, 2004, with whole rings at a time).
    """
    import cv2
    import numpy as np

    layers, weight = layers.copy(), (1 - level.hole).astype(np.float32)
    some = np.sort(rng.choice(at.whole, min(MANY, len(at.whole)), replace=False))
    sources = laid_out(layers, some)
    square = np.ones((3, 3), np.uint8)
    flat = layers.reshape(-1, layers.shape[2])
    for ring in range(1, RINGS + 1):
        rim = cv2.dilate((weight > 0).astype(np.uint8), square) * (weight == 0)
        pixels = np.flatnonzero(rim)
        if not len(pixels):
            break
        centres = _inner(pixels, at.shape)
        near = most_alike(layers, weight, centres, sources, distance)
        flat[pixels] = flat[near + pixels - centres]
        weight.reshape(-1)[pixels] = LESS**ring
    return layers


def _inner(pixels: "Flat", shape: tuple[int, int]) -> "Flat":
    """For each pixel the nearest centre of a patch that lies within the picture."""
    import numpy as np

    y, x = np.divmod(pixels, shape[1])
    y = np.clip(y, REACH, shape[0] - REACH - 1)
    x = np.clip(x, REACH, shape[1] - REACH - 1)
    inner: Flat = y * shape[1] + x
    return inner


def laid_out(layers: "Layers", centres: "Flat") -> Sources:
    """The patches around these centres, ready to be compared with many."""
    import numpy as np

    flat = _evened(layers)
    there = flat[centres[:, None] + around(layers.shape[1])]
    squares = np.ascontiguousarray((there**2).sum(2).T)
    return Sources(centres, there.reshape(len(centres), -1).T, squares)


def _evened(layers: "Layers") -> "Floats":
    """One row a pixel; texture counts as in the features of a patch."""
    import numpy as np

    texture = TEXTURE / PATCH
    scales = np.array([1, 1, 1, texture, texture], np.float32)
    return np.asarray(layers.reshape(-1, 5) * scales, np.float32)


def most_alike(
    layers: "Layers",
    weight: "Floats",
    centres: "Flat",
    sources: Sources,
    distance: float,
) -> "Flat":
    """For each centre the source whose patch differs least, each pixel by its weight.

    All are compared with all: for small copies only.  `distance` is what a pixel of
    distance between the two counts.
    """
    import numpy as np

    flat, steps = _evened(layers), around(layers.shape[1])
    found = [centres[:0]]
    for start in range(0, len(centres), CHUNK):
        part = centres[start : start + CHUNK]
        counts = weight.reshape(-1)[part[:, None] + steps]
        wanted = flat[part[:, None] + steps] * counts[:, :, None]
        cost = wanted.reshape(len(part), -1) @ sources.pixels
        cost *= -2
        cost += counts @ sources.squares
        away = _squared_distance(part, sources.centres, layers.shape[1])
        cost += counts.mean(1, keepdims=True) * away * np.float32(distance**2)
        found.append(sources.centres[cost.argmin(1)])
    return np.concatenate(found)


def _squared_distance(one: "Flat", other: "Flat", width: int) -> "Floats":
    import numpy as np

    (y, x), (v, u) = (
        (np.asarray(part, np.float32) for part in np.divmod(places, width))
        for places in (one, other)
    )
    away = np.square(y[:, None] - v) + np.square(x[:, None] - u)
    return np.asarray(away, np.float32)
