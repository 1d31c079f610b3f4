"""Find for every patch around a hole one like it among those that are whole."""

from typing import TYPE_CHECKING, NamedTuple

from nodes._inpaint.pyramid import PATCH, REACH, Level

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Layers = NDArray[np.float32]
    Flat = NDArray[np.intp]
    Floats = NDArray[np.float32]
    Flags = NDArray[np.uint8]

COMPONENTS = 20
"""Numbers that stand for a patch's colours: its strongest components."""

FEATURES = COMPONENTS + 4
"""All that a patch is described by: colours, texture, place."""

SAMPLE = 3000
"""Patches that the components are taken from."""

TEXTURE = 30.0
"""What a difference in texture counts beside one in colour."""

DISTANCE = 1.2
"""What a pixel of distance counts, so that of two alike the nearer is copied."""

ABOUT = 12
"""Pixels about a place found in a smaller copy where a better one is looked for."""

CHUNK = 16384
"""Patches that are described at a time."""

FAR = 1e9
"""What a place that may not be copied is described as: unlike everything."""


class Places(NamedTuple):
    """Centres of patches as positions in the flattened picture.

    `wanted` (count,) touch the hole; `order` (height x width,) is the number of each
    among them, or -1; `whole` (count,) may be copied.
    """

    wanted: "Flat"
    order: "Flat"
    whole: "Flat"
    shape: tuple[int, int]


class Index(NamedTuple):
    """What can be copied, described: `row` (height x width,) leads to `features`.

    Row -1, the last, stands for all that may not be copied.
    """

    features: "Floats"
    row: "Flat"
    basis: "Floats"
    mean: "Floats"
    distance: float
    """What a pixel of distance counts in this copy."""


class Match(NamedTuple):
    """For each wanted patch the place of the one like it, and how unlike it still is."""

    near: "Flat"
    cost: "Floats"


class Effort(NamedTuple):
    """How often better places are looked for, and how far away at first, in pixels."""

    rounds: int
    reach: int


THOROUGH = Effort(3, 256)
"""Where nothing is known yet."""

BRIEF = Effort(1, ABOUT)
"""Where a smaller copy has found places already."""


def places(level: Level) -> Places | None:
    """Where patches are wanted and where whole ones lie; None where there are none."""
    import cv2
    import numpy as np

    shape = level.hole.shape
    if min(shape) < PATCH:
        return None
    square = np.ones((PATCH, PATCH), np.uint8)
    inner = np.zeros(shape, np.uint8)
    inner[REACH : shape[0] - REACH, REACH : shape[1] - REACH] = 1
    whole = np.flatnonzero(cv2.erode(level.source, square) * inner)
    wanted = np.flatnonzero(cv2.dilate(level.hole, square) * inner)
    if not len(whole) or not len(wanted):
        return None
    order = np.full(shape[0] * shape[1], -1, np.intp)
    order[wanted] = np.arange(len(wanted))
    return Places(wanted, order, whole, (int(shape[0]), int(shape[1])))


def around(width: int) -> "Flat":
    """The steps from a patch's centre to each of its pixels, flattened."""
    import numpy as np

    step = np.arange(-REACH, REACH + 1)
    return (step[:, None] * width + step).ravel()


def index(
    layers: "Layers", at: Places, scale: int, rng: "np.random.Generator"
) -> Index:
    """Describe all whole patches of a picture by their principal components.

    `scale` is how many pixels of the largest copy one of this one stands for.
    """
    import numpy as np

    some = rng.choice(at.whole, min(SAMPLE, len(at.whole)), replace=False)
    sample = _patches(layers, some)
    mean = sample.mean(0)
    sample = sample - mean
    _, vectors = np.linalg.eigh(sample.T @ sample)
    basis = np.ascontiguousarray(vectors[:, : -COMPONENTS - 1 : -1])
    row = np.full(at.order.shape, len(at.whole), np.intp)
    row[at.whole] = np.arange(len(at.whole))
    features = np.full((len(at.whole) + 1, FEATURES), FAR, np.float32)
    made = Index(features, row, basis, mean, DISTANCE * scale)
    features[:-1] = described(layers, at.whole, made)
    return made


def described(layers: "Layers", centres: "Flat", by: Index) -> "Floats":
    """The features of the patches around these centres."""
    import numpy as np

    flat = layers.reshape(-1, layers.shape[2])
    result = np.empty((len(centres), FEATURES), np.float32)
    for start in range(0, len(centres), CHUNK):
        part = centres[start : start + CHUNK]
        rows = slice(start, start + len(part))
        result[rows, :COMPONENTS] = (_patches(layers, part) - by.mean) @ by.basis
        result[rows, COMPONENTS:-2] = flat[part, 3:] * np.float32(TEXTURE)
    y, x = np.divmod(centres, layers.shape[1])
    result[:, -2], result[:, -1] = y * by.distance, x * by.distance
    return result


def _patches(layers: "Layers", centres: "Flat") -> "Floats":
    """The colours of each patch, a row of `PATCH` x `PATCH` x 3."""
    import numpy as np

    height, width = layers.shape[:2]
    rgb = np.ascontiguousarray(layers[:, :, :3]).reshape(height, width * 3)
    windows = np.lib.stride_tricks.sliding_window_view(rgb, (PATCH, PATCH * 3))
    y, x = np.divmod(centres, width)
    found = windows[y - REACH, (x - REACH) * 3]
    return np.asarray(found, np.float32).reshape(len(centres), -1)


def carried_over(near: "Flat", old: Places, at: Places, lot: "Flat") -> "Flat":
    """The places found in the copy half as large; those drawn by `lot` where none fit."""
    import numpy as np

    (height, width), (low, narrow) = at.shape, old.shape
    y, x = np.divmod(at.wanted, width)
    base_y = np.clip(y // 2, REACH, low - REACH - 1)
    base_x = np.clip(x // 2, REACH, narrow - REACH - 1)
    number = old.order[base_y * narrow + base_x]
    from_y, from_x = np.divmod(near[number], narrow)
    y = np.clip(y + 2 * (from_y - base_y), 0, height - 1)
    x = np.clip(x + 2 * (from_x - base_x), 0, width - 1)
    found = y * width + x
    fits = (number >= 0) & _marked(at.whole, at.shape).ravel()[found].astype(bool)
    return np.where(fits, found, lot)


def narrowed(at: Places, near: "Flat") -> Places:
    """The same with only those whole patches that lie about places found before."""
    import cv2
    import numpy as np

    side = 2 * ABOUT + 1
    about = cv2.dilate(_marked(near, at.shape), np.ones((side, side), np.uint8))
    return at._replace(whole=at.whole[about.ravel()[at.whole] > 0])


def _marked(places: "Flat", shape: tuple[int, int]) -> "Flags":
    import numpy as np

    marked = np.zeros(shape, np.uint8)
    marked.reshape(-1)[places] = 1
    return marked


def matched(
    near: "Flat",
    wanted: "Floats",
    at: Places,
    by: Index,
    rng: "np.random.Generator",
    effort: Effort,
) -> Match:
    """Better places than `near`: what neighbours found, and others by lot.

    `wanted` describes the patches as they are now.  PatchMatch (Barnes et al., 2009),
    all patches at a time.
    """
    near = near.copy()
    cost = cost_of(near, wanted, by)
    width = at.shape[1]
    for _ in range(effort.rounds):
        for step in (1, -1, width, -width, 4, -4, 4 * width, -4 * width):
            number = at.order.take(at.wanted - step, mode="wrap")
            _offer(near[number] + step * (number >= 0), near, cost, wanted, by)
        radius = effort.reach
        while radius >= 1:
            _offer(_nearby(near, radius, at, rng), near, cost, wanted, by)
            radius //= 2
    return Match(near, cost)


def _nearby(near: "Flat", reach: int, at: Places, rng: "np.random.Generator") -> "Flat":
    import numpy as np

    height, width = at.shape
    y, x = np.divmod(near, width)
    y = y + rng.integers(-reach, reach + 1, len(near))
    x = x + rng.integers(-reach, reach + 1, len(near))
    found: Flat = np.clip(y, 0, height - 1) * width + np.clip(x, 0, width - 1)
    return found


def _offer(
    other: "Flat", near: "Flat", cost: "Floats", wanted: "Floats", by: Index
) -> None:
    """Take other places where they are better."""
    import numpy as np

    price = cost_of(other, wanted, by)
    np.copyto(near, other, where=price < cost)
    np.minimum(cost, price, out=cost)


def cost_of(places: "Flat", wanted: "Floats", by: Index) -> "Floats":
    """How unlike the wanted patches are those at `places`: squared distances."""
    import numpy as np

    off = by.features.take(by.row.take(places, mode="wrap"), axis=0)
    off -= wanted
    return np.asarray(np.einsum("ij,ij->i", off, off), np.float32)
