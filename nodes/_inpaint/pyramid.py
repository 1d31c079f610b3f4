"""A picture with a hole, and smaller copies of it down to where the hole is narrow."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Layers = NDArray[np.float32]
    Flags = NDArray[np.uint8]

PATCH = 7
"""Side of the squares that are compared and copied, in pixels."""

REACH = PATCH // 2

NARROW = 4.0
"""A hole that reaches no further from its border needs no smaller copy."""


SMALLEST = 56
"""A copy with an edge no longer than this is not made smaller: it needs patches."""


class Level(NamedTuple):
    """One copy: RGB of 0 to 255 and two planes of texture; hole and source are 0 or 1.

    `layers` has shape (height, width, 5).  What a hole holds means nothing yet.
    `source` says what may be copied; what is neither is only looked at.
    """

    layers: "Layers"
    hole: "Flags"
    source: "Flags"


def pyramid(rgb: "Layers", hole: "Flags", source: "Flags") -> list[Level]:
    """The picture and its reductions by two, the largest first.

    `rgb` is float32 (height, width, 3).
    """
    import cv2

    depth, height, width = 1, *hole.shape
    reach = float(cv2.distanceTransform(hole, cv2.DIST_L2, 3).max())
    while reach > NARROW and min(height, width) > SMALLEST:
        depth, reach, height, width = depth + 1, reach / 2, height // 2, width // 2
    levels = [Level(_layered(rgb, hole, depth), hole, source)]
    while len(levels) < depth:
        levels.append(_reduced(levels[-1]))
    return levels


def _layered(rgb: "Layers", hole: "Flags", depth: int) -> "Layers":
    """RGB with the strength of texture across and down as further planes.

    They are means of the differences of neighbours, over as much as one pixel of the
    smallest copy stands for (Newson et al., Video Inpainting of Complex Scenes, 2014).
    """
    import cv2
    import numpy as np

    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    near = cv2.dilate(hole, np.ones((3, 3), np.uint8))
    weight = (near == 0).astype(np.float32)
    side = 2 ** (depth - 1) + 1
    area = cv2.boxFilter(weight, -1, (side, side), normalize=False)
    planes = [rgb]
    for axis in ((1, 0), (0, 1)):
        slope = np.abs(cv2.Sobel(gray, cv2.CV_32F, *axis, ksize=1)) * 0.5
        total = cv2.boxFilter(slope * weight, -1, (side, side), normalize=False)
        planes.append((total / np.maximum(area, 1))[:, :, None])
    return np.concatenate(planes, axis=2, dtype=np.float32)


def _reduced(level: Level) -> Level:
    import cv2
    import numpy as np

    known = (1 - level.hole).astype(np.float32)
    area = cv2.pyrDown(known)
    total = cv2.pyrDown(level.layers * known[:, :, None])
    layers = total / np.maximum(area, 1e-3)[:, :, None]
    size = (area.shape[1], area.shape[0])
    hole = cv2.resize(level.hole * 255, size, interpolation=cv2.INTER_AREA) > 102
    source = cv2.resize(level.source * 255, size, interpolation=cv2.INTER_AREA) > 152
    return Level(
        np.asarray(layers, np.float32),
        hole.astype(np.uint8),
        (source & ~hole).astype(np.uint8),
    )
