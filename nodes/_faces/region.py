"""The part of a picture that work on one face touches, at a size fit for work."""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Face, Pixels, Points

LEAST_EYES = 48.0
"""Smaller faces are enlarged until their eyes are this many pixels apart."""


class Region(NamedTuple):
    """A rectangle of whole pixels and how many times enlarged it is worked on."""

    left: int
    top: int
    width: int
    height: int
    zoom: float

    @property
    def size(self) -> tuple[int, int]:
        """Width and height at which the work is done."""
        return (
            max(1, round(self.width * self.zoom)),
            max(1, round(self.height * self.zoom)),
        )

    @property
    def place(self) -> tuple[slice, slice]:
        """Its rows and columns, to index the picture with."""
        rows = slice(self.top, self.top + self.height)
        return rows, slice(self.left, self.left + self.width)

    @property
    def matrix(self) -> "NDArray[np.float64]":
        """From places in the picture to places in the work, shape (2, 3)."""
        import numpy as np

        across, down = self.size[0] / self.width, self.size[1] / self.height
        return np.array(
            [
                [across, 0, (0.5 - self.left) * across - 0.5],
                [0, down, (0.5 - self.top) * down - 0.5],
            ]
        )


def region_of(
    face: "Face", width: int, height: int, reach: float = 1.6
) -> Region | None:
    """What work on `face` touches of a picture, or None where the face lies outside.

    `reach` goes from the face's centre to each side, in the larger of eye distance and
    the way from eyes to mouth: `mask.reach` says how far a mask goes.
    """
    points = face.points
    eyes, mouth = (points[0] + points[1]) / 2, (points[3] + points[4]) / 2
    long = max(face.eye_distance, math.hypot(*(mouth - eyes)))
    x, y = (float(v) for v in (eyes + mouth) / 2)
    left, top = (
        max(0, math.floor(x - reach * long)),
        max(0, math.floor(y - reach * long)),
    )
    right = min(width, math.ceil(x + reach * long))
    bottom = min(height, math.ceil(y + reach * long))
    if right <= left or bottom <= top or long == 0:
        return None
    zoom = max(1.0, LEAST_EYES / max(face.eye_distance, 1.0))
    return Region(left, top, right - left, bottom - top, zoom)


def cut(rgb: "Pixels", region: Region) -> "Pixels":
    """The region's RGB pixels at its working size."""
    import cv2
    import numpy as np

    part = np.ascontiguousarray(rgb[region.place][:, :, :3])
    if region.size == (region.width, region.height):
        return part
    return np.asarray(
        cv2.resize(part, region.size, interpolation=cv2.INTER_CUBIC), np.uint8
    )


def within(points: "Points", region: Region) -> "Points":
    """Points of the picture as places in the work."""
    import numpy as np

    matrix = region.matrix
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float32)


def back(work: Any, region: Region) -> Any:
    """An array of the working size at the region's own size in the picture."""
    import cv2

    if region.size == (region.width, region.height):
        return work
    size = (region.width, region.height)
    return cv2.resize(work, size, interpolation=cv2.INTER_AREA)
