"""Masks of a face: where a new face may lie, its soft edge, what keeps it off hair."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from nodes._faces.parts import zone
from nodes._faces.skin import skin, surely
from nodes._pixels import lab_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Pixels, Points

    Plane = NDArray[np.float32]
    Guard = Callable[[Pixels, Points], Plane]


class Oval(NamedTuple):
    """An egg around a face, in face units: a half width, a reach up and down.

    The unit is the larger of the eye distance and .9 of the way from eyes to mouth;
    `up` and `down` are measured from a point between eyes and mouth.
    """

    half: float
    up: float
    down: float


SHAPES = {
    "face": Oval(1.12, 1.32, 1.22),
    "features": Oval(0.85, 1.05, 0.9),
    "head": Oval(1.5, 2.2, 1.6),
}
"""From brow to chin; eyes, nose and mouth alone; with hair and ears."""

CORE = Oval(0.98, 1.08, 0.92)
"""What always belongs to the face, whatever the guard thinks of its colour."""


@dataclass(frozen=True)
class MaskShape:
    """How a face's mask looks: `shape` of `SHAPES`, `grow` times as large.

    `feather` is the part of the way from the edge to the centre over which the mask
    rises, 0 hard to 1; `guard` keeps the edge off hair, hands and what else is no skin.
    """

    shape: str = "face"
    grow: float = 1.0
    feather: float = 0.22
    guard: bool = True


def oval(
    size: tuple[int, int],
    points: "Points",
    shape: Oval,
    feather: float,
    yaw: float = 0.0,
    power: float = 2.0,
) -> "Plane":
    """An egg on the face, 1 inside falling softly to exactly 0 at its edge.

    `size` is width and height.  Of a face turned by `yaw` degrees the far side is
    narrower.  A `power` above 2 squares the egg towards its box.
    """
    import numpy as np

    eyes, mouth = (points[0] + points[1]) / 2, (points[3] + points[4]) / 2
    down = mouth - eyes
    length = max(math.hypot(*down), 1e-6)
    down = down / length
    unit = max(math.hypot(*(points[1] - points[0])), 0.9 * length)
    centre = eyes + 0.47 * length * down
    x = np.arange(size[0], dtype=np.float32)[None, :] - np.float32(centre[0])
    y = np.arange(size[1], dtype=np.float32)[:, None] - np.float32(centre[1])
    across, along = x * down[1] - y * down[0], x * down[0] + y * down[1]
    turn = math.sin(math.radians(max(-35.0, min(35.0, yaw))))
    right = shape.half * (1 - 0.9 * max(0.0, turn)) * unit
    left = shape.half * (1 - 0.9 * max(0.0, -turn)) * unit
    wide = np.maximum(across / np.float32(right), across / np.float32(-left))
    tall = np.maximum(
        along / np.float32(shape.down * unit), along / np.float32(-shape.up * unit)
    )
    inward = 1 - _length(wide, tall, power)
    rise = np.clip(inward / max(feather, 1e-3), 0, 1)
    return np.asarray(rise * rise * (3 - 2 * rise), np.float32)


def _length(wide: "Plane", tall: "Plane", power: float) -> "Plane":
    """The length of (wide, tall) in the norm of this power; 2 is the usual one."""
    import cv2
    import numpy as np

    if power == 2:
        return np.asarray(np.sqrt(wide * wide + tall * tall), np.float32)
    total = cv2.pow(wide, power) + cv2.pow(tall, power)
    return np.asarray(cv2.pow(total, 1 / power), np.float32)


def reach(look: MaskShape) -> float:
    """How far a mask goes from the face's centre, for `region.region_of`."""
    return 0.3 + look.grow * max(_edges(look))


def _edges(look: MaskShape) -> Oval:
    if look.shape not in SHAPES:
        raise ValueError(
            f"no mask has the shape {look.shape!r}: choose {', '.join(SHAPES)}"
        )
    return SHAPES[look.shape]


def face_mask(
    size: tuple[int, int], points: "Points", look: MaskShape, yaw: float = 0.0
) -> "Plane":
    """The mask that `look` asks for, without guard, of width and height `size`."""
    grown = Oval(*(look.grow * edge for edge in _edges(look)))
    return oval(size, points, grown, look.feather, yaw, 2.6)


def softened(valid: "Pixels", unit: float) -> "Plane":
    """Where there are pixels, 0 to 1, rising over a sixth of the eye distance `unit`."""
    import cv2
    import numpy as np

    if valid.min() == 255:
        return np.ones(valid.shape, np.float32)
    inside = cv2.copyMakeBorder(valid, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    far = cv2.distanceTransform((inside > 254).astype(np.uint8), cv2.DIST_L2, 3)
    rise = np.clip(far[1:-1, 1:-1] / (unit / 6), 0, 1)
    return np.asarray(rise * rise * (3 - 2 * rise), np.float32)


def bare(target: "Pixels", points: "Points") -> "Plane":
    """1 where a picture shows the skin of the face on `points`, falling to 0."""
    return surely(skin(lab_of(target), points), points)


def guarded(mask: "Plane", points: "Points", allowed: "Plane", yaw: float) -> "Plane":
    """The mask where it is allowed; eyes, nose and mouth always are."""
    import numpy as np

    size = (mask.shape[1], mask.shape[0])
    core = oval(size, points, CORE, 0.25, yaw, 3.0)
    core = np.maximum(core, zone(size, points))
    return np.asarray(mask * np.maximum(core, allowed), np.float32)
