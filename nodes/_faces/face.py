"""A face in a picture: its five points, its box, which way it looks."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Points = NDArray[np.float32]

POINTS = ("left eye", "right eye", "nose", "left mouth corner", "right mouth corner")
"""The order of the five points; left and right as seen in the picture."""

NOSE_REACH = 0.5
"""How far the tip of the nose stands out, in distances from eyes to mouth.

Chosen so that the estimate of yaw agrees with the eye on heads turned 0 to 55 degrees.
"""


class Box(NamedTuple):
    """A rectangle in pixels, fractions allowed."""

    left: float
    top: float
    width: float
    height: float


class Refusal(NamedTuple):
    """Why a face, or a picture, cannot be worked on: an outcome and a sentence."""

    outcome: str
    reason: str


@dataclass(frozen=True, eq=False)
class Face:
    """One face of a picture; `points` has shape (5, 2), float32, x and y in pixels."""

    points: "Points"
    box: Box
    score: float
    """How sure the detector is, 0 to 1; its own scale, not comparable with another's."""
    detector: str
    yaw: float
    """Degrees turned to the side, an estimate; above 0 to the right of the picture."""
    seen: int = 5
    """How many of the five points were really seen, not placed by proportion."""

    @property
    def eye_distance(self) -> float:
        """Between the eyes, in pixels."""
        across = self.points[1] - self.points[0]
        return math.hypot(float(across[0]), float(across[1]))

    @property
    def roll(self) -> float:
        """Degrees tilted in the picture's plane; above 0 clockwise, -180 to 180."""
        across = self.points[1] - self.points[0]
        return math.degrees(math.atan2(float(across[1]), float(across[0])))

    @property
    def centre(self) -> tuple[float, float]:
        """The mean of the five points."""
        x, y = self.points.mean(0)
        return float(x), float(y)


def face_at(
    points: Any,
    detector: str,
    score: float = 1.0,
    *,
    box: Box | None = None,
    seen: int = 5,
    yaw: float | None = None,
) -> Face:
    """A face from its five points in any array-like form; the rest follows from them.

    Raises ValueError where there are not five points of two finite numbers each.
    """
    import numpy as np

    array = np.array(points, np.float32, copy=True)
    if array.shape != (5, 2) or not bool(np.isfinite(array).all()):
        raise ValueError(
            f"a face is set by five points of x and y ({', '.join(POINTS)}): "
            f"got {np.shape(points)}; set all five"
        )
    array.setflags(write=False)
    return Face(
        points=array,
        box=box or box_around(array),
        score=float(score),
        detector=detector,
        yaw=yaw_of(array) if yaw is None else float(yaw),
        seen=seen,
    )


def box_around(points: "Points") -> Box:
    """The box of a face: from brow to chin, wider than the points by half."""
    eyes, mouth = (points[0] + points[1]) / 2, (points[3] + points[4]) / 2
    across = points[1] - points[0]
    reach = max(math.hypot(*across), math.hypot(*(mouth - eyes)))
    x, y = (eyes + mouth) / 2
    side = 2.4 * reach
    return Box(float(x) - side / 2, float(y) - side / 2, side, side)


def yaw_of(points: "Points") -> float:
    """How far the nose stands off the line from eyes to mouth, as degrees of yaw."""
    eyes, mouth = (points[0] + points[1]) / 2, (points[3] + points[4]) / 2
    down_x, down_y = (float(v) for v in mouth - eyes)
    length = math.hypot(down_x, down_y)
    if length == 0:
        return 0.0
    nose_x, nose_y = (float(v) for v in points[2] - eyes)
    aside = (nose_x * down_y - nose_y * down_x) / length**2
    return math.degrees(math.asin(max(-1.0, min(1.0, aside / NOSE_REACH))))


def moved(face: Face, matrix: Any, detector: str = "") -> Face:
    """The face after an affine `matrix` of shape (2, 3) that turns, scales and shifts."""
    import numpy as np

    matrix = np.asarray(matrix, np.float64)
    points = face.points @ matrix[:, :2].T + matrix[:, 2]
    scale = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))
    middle = (face.box.left + face.box.width / 2, face.box.top + face.box.height / 2)
    x, y = matrix[:, :2] @ np.array(middle) + matrix[:, 2]
    width, height = face.box.width * scale, face.box.height * scale
    box = Box(float(x) - width / 2, float(y) - height / 2, width, height)
    return face_at(
        points,
        detector or face.detector,
        face.score,
        box=box,
        seen=face.seen,
        yaw=face.yaw,
    )
