"""Measure a finished swap: nothing outside, the light, the likeness, the pose."""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from nodes._faces.light import BROAD, smooth
from nodes._pixels import lab_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.describe import Descriptor
    from nodes._faces.face import Face, Pixels

    Vector = NDArray[np.float32]

LIGHT_SHIFT = 3.0
"""The most that L* may move on average for the light to count as kept."""
LIGHT_LIKENESS = 0.75
"""The least correlation of the light before and after."""
COLOUR_SHIFT = 3.0
"""The most that a* and b* may move on average."""
FLAT = 2.0
"""Below this standard deviation of L* light has no shape that could be compared."""
ENOUGH = 64.0
"""The eye distance in pixels at which light is measured."""
GAIN = 0.04
"""The least gain of appearance that a swap must bring."""
DRIFT_WARN, DRIFT_FAIL = 0.15, 0.25
"""How far the points may move on average, in eye distances."""


class Outside(NamedTuple):
    """What differs where the mask is 0; a lock holds when both are 0."""

    largest: int
    share: float

    @property
    def kept(self) -> bool:
        """Whether not one byte differs."""
        return self.largest == 0


class Light(NamedTuple):
    """The light of a face before and after, in CIELAB under a broad Gaussian.

    `likeness` is Pearson's r of L*, None where the light is too even to compare.
    """

    shift: float
    likeness: float | None
    colour: float

    @property
    def kept(self) -> bool:
        """Whether all figures are within their thresholds."""
        alike = self.likeness is None or self.likeness >= LIGHT_LIKENESS
        return alike and self.shift <= LIGHT_SHIFT and self.colour <= COLOUR_SHIFT


class Gain(NamedTuple):
    """Cosines to the reference before and after; `identity` says what they mean."""

    before: float
    after: float
    identity: bool

    @property
    def gained(self) -> float:
        """How much nearer the reference the face came."""
        return self.after - self.before


def outside(before: "Pixels", after: "Pixels", mask: "Pixels") -> Outside:
    """What differs where the mask is 0, alpha included; all of one size."""
    import numpy as np

    if before.shape != after.shape:
        return Outside(255, 1.0)
    free = mask == 0
    if not free.any():
        return Outside(0, 0.0)
    off = np.abs(before[free].astype(np.int16) - after[free]).max(1)
    return Outside(int(off.max()), float((off > 0).mean()))


def light(before: "Pixels", after: "Pixels", mask: "Pixels", unit: float) -> Light:
    """How the light within the mask changed; `unit` is the eye distance in pixels.

    Large faces are measured on a reduced copy: light is broad.
    """
    import numpy as np

    rows, columns = _around(mask)
    inside = (mask[rows, columns] > 127).astype(np.float32)
    scale = min(1.0, ENOUGH / max(unit, 1.0))
    weight = _reduced(inside, scale)
    chosen = weight > 0.5
    if not chosen.any():
        return Light(0.0, None, 0.0)
    one, other = (
        smooth(
            lab_of(_reduced(picture[rows, columns, :3], scale)),
            weight,
            BROAD * unit * scale,
        )[chosen]
        for picture in (before, after)
    )
    shift = float(np.abs(one[:, 0] - other[:, 0]).mean())
    colour = float(np.hypot(*(one[:, 1:] - other[:, 1:]).T).mean())
    return Light(shift, _correlation(one[:, 0], other[:, 0]), colour)


def _reduced(array: Any, scale: float) -> Any:
    import cv2
    import numpy as np

    if scale == 1:
        return array
    height, width = array.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    whole = np.ascontiguousarray(array)
    return cv2.resize(whole, size, interpolation=cv2.INTER_AREA)


def _around(mask: "Pixels") -> tuple[slice, slice]:
    import cv2

    left, top, width, height = cv2.boundingRect(mask)
    return slice(top, top + height), slice(left, left + width)


def _correlation(one: Any, other: Any) -> float | None:
    import numpy as np

    if float(one.std()) <= FLAT:
        return None
    if float(other.std()) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def gain(
    descriptor: "Descriptor",
    before: "Pixels",
    after: "Pixels",
    face: "Face",
    reference: "Vector",
) -> Gain:
    """How much nearer `reference` (a vector of length 1) the face came.

    Both are described on the points of the face before: points found anew would hide
    that they moved.
    """
    old, new = descriptor.vector(before, face), descriptor.vector(after, face)
    return Gain(float(old @ reference), float(new @ reference), descriptor.is_identity)


def drift(before: "Face", after: "Face | None") -> float:
    """How far the points moved on average, in eye distances; infinite if none is left."""
    import numpy as np

    if after is None:
        return math.inf
    off = np.linalg.norm(after.points - before.points, axis=1)
    return float(off.mean()) / before.eye_distance
