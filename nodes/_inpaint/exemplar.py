"""Fill a hole with patches from elsewhere in the picture, so that texture continues."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from nodes._inpaint.match import (
    BRIEF,
    DISTANCE,
    THOROUGH,
    Effort,
    Index,
    Match,
    Places,
    carried_over,
    cost_of,
    described,
    index,
    matched,
    narrowed,
    places,
)
from nodes._inpaint.pyramid import Level, pyramid
from nodes._inpaint.rings import laid_out, most_alike, peeled
from nodes._inpaint.smooth import carried
from nodes._inpaint.vote import trust, voted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Layers = NDArray[np.float32]
    Flags = NDArray[np.uint8]
    Flat = NDArray[np.intp]
    Floats = NDArray[np.float32]

TURNS = (2, 4, 5, 6, 8, 10)
"""How often a copy's hole is filled anew, the largest copy first."""

EXACT = 6_000_000
"""Up to so many pairs of patches all are compared with all."""

GUESSED = 0.4
"""What a pixel at the rim of a hole counts then, beside a known one."""


class Filled(NamedTuple):
    """A level whose hole is filled: its layers, and where each patch came from.

    `rim` is what the patches say of the hole and of the known pixels at its rim.
    """

    layers: "Layers"
    rim: "Layers"
    at: Places
    match: Match


class Canvas(NamedTuple):
    """A level with all that is needed to fill it; `scale` is 1, 2, 4, …"""

    level: Level
    at: Places
    scale: int
    turns: int
    rng: "np.random.Generator"
    progress: Callable[[float], None]


def solved(
    rgb: "Layers",
    hole: "Flags",
    source: "Flags",
    seed: int,
    progress: Callable[[float], None],
) -> Filled | None:
    """The hole filled by patches; None where no whole patch is left to copy.

    `rgb` is float32 (height, width, 3), 0 to 255, and means something wherever `hole`
    is 0; only what `source` marks is copied.  The smallest of several reduced copies is
    filled first, each then starts the next (after Wexler et al., 2007, with the texture
    of Newson et al., 2014, and PatchMatch).
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    levels = pyramid(rgb, hole, source)
    turns = [TURNS[min(i, len(TURNS) - 1)] for i in range(len(levels))]
    efforts = [count * 0.25**i for i, count in enumerate(turns)]
    above: Filled | None = None
    for number in range(len(levels) - 1, -1, -1):
        at = places(levels[number])
        if at is None:
            above = None
            continue
        tell = _part(progress, efforts, number)
        canvas = Canvas(levels[number], at, 2**number, turns[number], rng, tell)
        above = _begun(canvas) if above is None else _continued(canvas, above)
    return above


def _part(
    progress: Callable[[float], None], efforts: list[float], number: int
) -> Callable[[float], None]:
    """Progress of one level as that of the whole; the last in the list comes first."""
    whole, before = sum(efforts), sum(efforts[number + 1 :])
    return lambda part: progress((before + efforts[number] * part) / whole)


def _begun(canvas: Canvas) -> Filled:
    """The smallest copy, filled from several starts: the one that agrees best."""
    import numpy as np

    level, at, scale, rng = canvas.level, canvas.at, canvas.scale, canvas.rng
    smooth = carried(level.layers, (1 - level.hole).astype(np.float32))
    starts = [
        peeled(level, smooth, at, DISTANCE * scale, rng),
        peeled(level, smooth, at, 0.0, rng),
        smooth,
    ]
    by, tries = index(smooth, at, scale, rng), []
    for number, start in enumerate(starts):
        tell = _part(canvas.progress, [1.0] * len(starts), len(starts) - 1 - number)
        near = rng.choice(at.whole, len(at.wanted))
        part = canvas._replace(progress=tell)
        tries.append(_settled(part, start, by, near, THOROUGH))
    return min(tries, key=lambda filled: float(filled.match.cost.mean()))


def _continued(canvas: Canvas, above: Filled) -> Filled:
    """The next larger copy, starting from the one before it."""
    import cv2
    import numpy as np

    level, at = canvas.level, canvas.at
    size = (level.hole.shape[1], level.hole.shape[0])
    large = cv2.resize(above.layers, size, interpolation=cv2.INTER_CUBIC)
    layers = np.where(level.hole[:, :, None] > 0, large, level.layers)
    lot = canvas.rng.choice(at.whole, len(at.wanted))
    near = carried_over(above.match.near, above.at, at, lot)
    if len(at.wanted) * len(at.whole) > EXACT:
        at = narrowed(at, near)
    by = index(layers, at, canvas.scale, canvas.rng)
    return _settled(canvas._replace(at=at), layers, by, near, BRIEF)


def _settled(
    canvas: Canvas, layers: "Layers", by: Index, near: "Flat", effort: Effort
) -> Filled:
    """Match and vote by turns until patches and picture agree."""
    import numpy as np

    level, at = canvas.level, canvas.at
    trusted = trust(level.hole, at)
    exact = len(at.wanted) * len(at.whole) <= EXACT
    weight = _weight(level.hole)
    match, rim = Match(near, trusted), layers
    sources = laid_out(layers, at.whole) if exact else None
    for turn in range(canvas.turns):
        wanted = described(layers, at.wanted, by)
        if sources is not None:
            near = most_alike(layers, weight, at.wanted, sources, by.distance)
            match = Match(near, cost_of(near, wanted, by))
        else:
            match = matched(match.near, wanted, at, by, canvas.rng, effort)
        rim = voted(layers, at, match, trusted)
        layers = np.where(level.hole[:, :, None] > 0, rim, layers)
        canvas.progress((turn + 1) / canvas.turns)
    return Filled(layers, rim, at, match)


def _weight(hole: "Flags") -> "Floats":
    """What each pixel counts where patches are compared: most where it is known."""
    import cv2
    import numpy as np

    depth = cv2.distanceTransform(hole, cv2.DIST_L2, 3)
    weight = np.where(hole > 0, GUESSED * 1.1 ** -np.minimum(depth, 60), 1)
    return np.asarray(weight, np.float32)
