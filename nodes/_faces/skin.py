"""Where a face shows bare skin: likely, surely, and with what skin surrounds."""

import math
from typing import TYPE_CHECKING

from nodes._gaussian import gaussian

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Points

    Plane = NDArray[np.float32]
    Lab = NDArray[np.float32]

FINE, COARSE = 64.0, 32.0
"""The eye distances in pixels at which skin is sought: no finer map is needed."""


def skin(lab: "Lab", points: "Points") -> "Plane":
    """How likely each pixel of CIELAB is this face's bare skin, 0 to 1.

    The colour is learnt from cheeks and nose: the median there, and as tolerance the
    median deviation, at least 10 in L* and 3.5 in a* and b*.
    """
    import numpy as np

    unit = _unit(points)
    scale = min(1.0, FINE / unit)
    small = _resized(lab, scale)
    sample = small[_cheeks(small.shape[:2], points * np.float32(scale))]
    if len(sample) == 0:
        return np.ones(lab.shape[:2], np.float32)
    usual = np.median(sample, 0)
    tolerance = np.median(np.abs(sample - usual), 0) * 1.5 + (10, 3.5, 3.5)
    off = (small - usual) * (1 / (2.6 * tolerance)).astype(np.float32)
    likely = np.exp(-np.einsum("ijk,ijk->ij", off, off))
    return _enlarged(np.asarray(likely, np.float32), lab.shape[:2])


def surely(likely: "Plane", points: "Points") -> "Plane":
    """A likelihood made a soft yes or no.

    Gaps as narrow as a wrinkle, a nostril or the end of a brow are closed.
    """
    import numpy as np

    scale = min(1.0, FINE / _unit(points))
    unit = _unit(points) * scale
    whole = _closed(_resized(likely, scale), max(3, round(0.08 * unit)))
    sure = np.clip(1.8 * gaussian(whole, 0.1 * unit) - 0.5, 0, 1)
    return _enlarged(np.asarray(sure, np.float32), likely.shape)


def filled(likely: "Plane", points: "Points") -> "Plane":
    """A likelihood of skin with the features that skin surrounds, such as an eye."""
    import numpy as np

    scale = min(1.0, COARSE / _unit(points))
    unit = _unit(points) * scale
    whole = _closed(_resized(likely, scale), round(0.4 * unit))
    soft = np.clip(2.8 * gaussian(whole, 0.05 * unit) - 1.3, 0, 1)
    return _enlarged(np.asarray(soft, np.float32), likely.shape)


def _unit(points: "Points") -> float:
    return max(math.hypot(*(points[1] - points[0])), 1.0)


def _cheeks(shape: tuple[int, ...], points: "Points") -> "NDArray[np.bool_]":
    import cv2
    import numpy as np

    unit = _unit(points)
    spot = np.zeros(shape, np.uint8)
    x, y = (round(float(v)) for v in points.mean(0))
    axes = (max(2, int(unit * 0.5)), max(2, int(unit * 0.3)))
    roll = math.degrees(math.atan2(*(points[1] - points[0])[::-1]))
    cv2.ellipse(spot, (x, y), axes, roll, 0, 360, 255, -1)
    return spot > 0


def _closed(plane: "Plane", edge: int) -> "Plane":
    import cv2
    import numpy as np

    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (edge | 1, edge | 1))
    return np.asarray(cv2.morphologyEx(plane, cv2.MORPH_CLOSE, disc), np.float32)


def _resized(plane: "Plane", scale: float) -> "Plane":
    import cv2
    import numpy as np

    if scale == 1:
        return plane
    height, width = plane.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def _enlarged(plane: "Plane", shape: tuple[int, ...]) -> "Plane":
    import cv2
    import numpy as np

    if plane.shape == shape:
        return np.asarray(plane, np.float32)
    size = (shape[1], shape[0])
    large = cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, np.float32)
