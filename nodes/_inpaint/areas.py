"""Where a mask makes holes, and how much of the picture around each is looked at."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Flags = NDArray[np.uint8]

TOGETHER = 9
"""Holes whose gap is narrower, in pixels, count as one."""

LEAST = 24
"""Pixels of the picture around a hole that are always looked at."""


class Hole(NamedTuple):
    """One connected hole; `own` is 1 where it lies within its part of the picture."""

    rows: slice
    columns: slice
    own: "Flags"

    @property
    def place(self) -> tuple[slice, slice]:
        """Its part of the picture, to index an array with."""
        return self.rows, self.columns


def weight_of(mask: "Pixels", grow: float, feather: float, strength: float) -> "Pixels":
    """How much of the fill shows in each pixel: 0 none, 255 nothing else.

    The mask is widened by `grow` pixels and then fades out over `feather` more.
    """
    import cv2
    import numpy as np

    wide = mask.astype(np.float32)
    if (grow or feather) and mask.any():
        peak = np.float32(mask.max())
        core = (wide * 2 > peak).astype(np.uint8)
        away = cv2.distanceTransform(1 - core, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        ramp = np.clip((grow + feather + 1 - away) / (feather + 1), 0, 1)
        wide = np.maximum(wide, ramp.reshape(mask.shape) * peak)
    return np.asarray(np.rint(wide * np.float32(strength)), np.uint8)


def holes(area: "Flags", margin: float) -> list[Hole]:
    """The connected parts of `area` (0 or 1), the smallest first.

    Each lies in a square of picture, with `margin` times its longer edge around it, as
    far as the picture goes.
    """
    import cv2
    import numpy as np

    square = np.ones((TOGETHER, TOGETHER), np.uint8)
    joined = cv2.dilate(area, square).reshape(area.shape)
    _, labels = cv2.connectedComponents(joined)
    inside = np.flatnonzero(area)
    numbers = labels.ravel()[inside]
    order = np.argsort(numbers, kind="stable")
    _, starts = np.unique(numbers[order], return_index=True)
    parts = np.split(inside[order], starts[1:])
    return [
        _hole(part, area.shape, margin) for part in sorted(parts, key=len) if len(part)
    ]


def _hole(part: "NDArray[np.intp]", shape: tuple[int, ...], margin: float) -> Hole:
    import numpy as np

    y, x = np.divmod(part, shape[1])
    top, bottom = int(y.min()), int(y.max()) + 1
    left, right = int(x.min()), int(x.max()) + 1
    longer = max(bottom - top, right - left)
    side = longer + 2 * max(LEAST, round(longer * margin))
    rows = _span(top, bottom, side, shape[0])
    columns = _span(left, right, side, shape[1])
    own = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    own[y - rows.start, x - columns.start] = 1
    return Hole(rows, columns, own)


def _span(start: int, stop: int, side: int, length: int) -> slice:
    """`side` pixels around the middle, moved to lie within the picture if they can."""
    first = min(max(0, (start + stop - side) // 2), max(0, length - side))
    return slice(first, min(length, first + side))
