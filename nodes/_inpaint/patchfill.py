"""Lay a fill of patches into the full picture: its real pixels, and no seam."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from nodes._inpaint.exemplar import Filled, solved
from nodes._inpaint.smooth import carried

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Flags = NDArray[np.uint8]
    Floats = NDArray[np.float32]

HOLE, WHOLE = 60_000, 600_000
"""Pixels of a hole, and of all that is looked at, that are worked on at full size."""

SEAM = 12.0
"""Pixels over which a difference at the rim fades into the hole."""

TINT = 25.0
"""The most that the colour of copied pixels is shifted, in levels of 255."""


def patched(
    rgb: "Pixels",
    hole: "Flags",
    known: "Flags",
    seed: int,
    progress: Callable[[float], None],
) -> "Pixels":
    """`rgb` with the hole filled by patches from where `known` is 1.

    All have one height and width; flags are 0 or 1.  A large hole is worked out on a
    reduced copy, real pixels are then copied from where its patches came.  Where no
    whole patch of 7 x 7 known pixels is left the fill is a smooth surface.
    """
    import numpy as np

    smooth = carried(rgb.astype(np.float32), known.astype(np.float32))
    wide = np.where(known[:, :, None] > 0, rgb.astype(np.float32), smooth)
    size = _working_size(hole)
    filled = solved(*_reduced(wide, hole, known, size), seed, progress)
    if filled is None:
        return _rounded(smooth)
    mean = np.ascontiguousarray(filled.rim[:, :, :3])
    if size != (hole.shape[1], hole.shape[0]):
        mean = _copied(wide, known, filled, mean)
    return _rounded(_without_seam(wide, hole, known, mean, hole.shape[1] / size[0]))


def _working_size(hole: "Flags") -> tuple[int, int]:
    height, width = hole.shape
    least = max(int(hole.sum()) / HOLE, height * width / WHOLE, 1) ** 0.5
    return max(1, round(width / least)), max(1, round(height / least))


def _reduced(
    wide: "Floats", hole: "Flags", known: "Flags", size: tuple[int, int]
) -> tuple["Floats", "Flags", "Flags"]:
    """All three at the working size; a pixel is known only where all it shows is."""
    import cv2
    import numpy as np

    if size == (hole.shape[1], hole.shape[0]):
        return wide, hole, known
    area = cv2.INTER_AREA
    small = cv2.resize(wide, size, interpolation=area)
    open_ = cv2.resize(hole.astype(np.float32), size, interpolation=area) > 0.01
    whole = cv2.resize(known.astype(np.float32), size, interpolation=area) > 0.99
    return (
        np.asarray(small, np.float32),
        open_.astype(np.uint8),
        (whole & ~open_).astype(np.uint8),
    )


def _copied(wide: "Floats", known: "Flags", filled: Filled, mean: "Floats") -> "Floats":
    """The pixels that the patches stand for at full size, in the colours of `mean`."""
    import cv2
    import numpy as np

    height, width = known.shape
    rows, columns, found = _origins(filled, (height, width))
    real = (found > 0) & (known[rows, columns] > 0)
    base = cv2.resize(mean, (width, height), interpolation=cv2.INTER_CUBIC)
    copy = np.where(real[:, :, None], wide[rows, columns], base)
    sigma = max(1.0, 1.2 * width / filled.at.shape[1])
    tint = cv2.GaussianBlur(base - copy, (0, 0), sigma)
    return np.where(real[:, :, None], copy + np.clip(tint, -TINT, TINT), base)


def _origins(
    filled: Filled, shape: tuple[int, int]
) -> tuple["NDArray[np.intp]", "NDArray[np.intp]", "Flags"]:
    """For each pixel the row and column it comes from, and whether there is one."""
    import cv2
    import numpy as np

    (height, width), (low, narrow) = shape, filled.at.shape
    offsets = np.zeros((low * narrow, 3), np.float32)
    here, there = filled.at.wanted, filled.match.near
    offsets[here, 0] = (there // narrow - here // narrow) * (height / low)
    offsets[here, 1] = (there % narrow - here % narrow) * (width / narrow)
    offsets[here, 2] = 1
    plane = offsets.reshape(low, narrow, 3)
    large = cv2.resize(plane, (width, height), interpolation=cv2.INTER_NEAREST)
    step = np.rint(large).astype(np.intp)
    rows = np.clip(step[:, :, 0] + np.arange(height)[:, None], 0, height - 1)
    columns = np.clip(step[:, :, 1] + np.arange(width), 0, width - 1)
    return rows, columns, step[:, :, 2].astype(np.uint8)


def _without_seam(
    wide: "Floats", hole: "Flags", known: "Flags", mean: "Floats", scale: float
) -> "Floats":
    """The fill shifted to meet its surroundings, ever less towards the middle."""
    import cv2
    import numpy as np

    rim = cv2.dilate(hole, np.ones((5, 5), np.uint8)).reshape(hole.shape)
    ring = ((rim > 0) & (known > 0)).astype(np.float32)
    shift = carried(wide - mean, ring)
    depth = cv2.distanceTransform(hole, cv2.DIST_L2, 3).reshape(hole.shape)
    fade = np.exp(-depth / np.float32(SEAM * scale))[:, :, None]
    return np.asarray(mean + shift * fade, np.float32)


def _rounded(values: "Floats") -> "Pixels":
    import numpy as np

    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)
