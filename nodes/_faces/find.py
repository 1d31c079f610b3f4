"""The faces of a shot: set by hand or found, and which of them are meant."""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from nodes._faces.engines import Detector
from nodes._faces.face import Box, Face, Refusal, face_at, moved
from nodes._faces.features import five_points

if TYPE_CHECKING:
    from nodes._faces.face import Pixels

WHICH = ("largest", "all", "nearest", "only")
"""Which face is meant: `nearest` to a point, `only` refuses where there are several."""

HAND = "hand"


class Chosen(NamedTuple):
    """The faces that are meant; or none, and why."""

    faces: list[Face]
    refusal: Refusal | None = None


def faces_of(
    rgb: "Pixels", detector: Detector, *, points: Any = None, box: Any = None
) -> list[Face]:
    """The face a person set by its five points or its box, else those found.

    `box` is left, top, width, height in pixels: the points are sought in it and, where
    nothing is found, placed by proportion.  Raises ValueError for bad points or boxes.
    """
    if points is not None:
        return [face_at(points, HAND)]
    if box is not None:
        return [_in_box(rgb, detector, _checked(box, rgb))]
    return detector.find(rgb)


def chosen(
    faces: list[Face], which: str = "largest", point: tuple[float, float] | None = None
) -> Chosen:
    """The faces that `which` of `WHICH` means; `faces` are the largest first."""
    if which not in WHICH:
        raise ValueError(f"no choice of faces is {which!r}: choose {', '.join(WHICH)}")
    if not faces:
        return Chosen(
            [], Refusal("no_face", "no face was found: set its points by hand")
        )
    if which == "all":
        return Chosen(faces)
    if which == "only" and len(faces) > 1:
        reason = f"{len(faces)} faces were found: say which one is meant"
        return Chosen([], Refusal("ambiguous", reason))
    if which == "nearest":
        if point is None:
            raise ValueError("the nearest face needs a point: set x and y")
        x, y = point
        return Chosen(
            [min(faces, key=lambda f: math.hypot(f.centre[0] - x, f.centre[1] - y))]
        )
    return Chosen(faces[:1])


def _checked(box: Any, rgb: "Pixels") -> Box:
    try:
        result = Box(*(float(v) for v in box))
    except (TypeError, ValueError):
        raise ValueError(
            f"a face's box is left, top, width, height in pixels: got {box!r}"
        ) from None
    height, width = rgb.shape[:2]
    inside = result.left < width and result.top < height
    inside = (
        inside and result.left + result.width > 0 and result.top + result.height > 0
    )
    if not inside or min(result.width, result.height) < 1:
        raise ValueError(
            f"the box {box!r} lies outside the picture of {width}x{height}: set it on "
            "the face"
        )
    return result


def _in_box(rgb: "Pixels", detector: Detector, box: Box) -> Face:
    """What the detector finds around the middle of the box, else points placed in it."""
    import cv2
    import numpy as np

    height, width = rgb.shape[:2]
    left, top = (
        max(0, int(box.left - box.width / 2)),
        max(0, int(box.top - box.height / 2)),
    )
    right = min(width, math.ceil(box.left + 1.5 * box.width))
    bottom = min(height, math.ceil(box.top + 1.5 * box.height))
    part = np.ascontiguousarray(rgb[top:bottom, left:right, :3])
    shift = [[1, 0, left], [0, 1, top]]
    found = [moved(face, shift, HAND) for face in detector.find(part)]
    meant = [face for face in found if _holds(box, face)]
    if meant:
        return meant[0]
    gray = np.asarray(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), np.uint8)
    inner = box._replace(left=box.left - left, top=box.top - top)
    points, eyes = five_points(gray, inner)
    points = points + np.array([left, top], np.float32)
    return face_at(points, HAND, 1.0, box=box, seen=1 + eyes)


def _holds(box: Box, face: Face) -> bool:
    x, y = face.centre
    return (
        box.left <= x <= box.left + box.width and box.top <= y <= box.top + box.height
    )
