"""Faces without a model: OpenCV's Haar cascades, and the picture turned a little."""

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from nodes._faces.boxes import kept
from nodes._faces.cascade_files import cascade
from nodes._faces.face import Box, Face, face_at, moved
from nodes._faces.features import five_points

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Pixels

    Gray = NDArray[np.uint8]

SIDE = 640
"""Faces are sought on a copy whose longer edge has at most this many pixels."""

TURNS = (0, -15, 15, -30, 30)
"""Degrees by which the picture is turned, one after the other, until a face shows."""

PROFILE_YAW = 75.0
"""What a face counts as turned that only the profile cascade knows."""

_ONE_AT_A_TIME = threading.Lock()


class _Hit(NamedTuple):
    """A box that a cascade gave; `score` above 1 where the stricter one agreed."""

    box: Box
    score: float
    profile: bool = False


class Haar:
    """Finds faces with the cascades that come inside OpenCV: frontal ones mostly.

    Of 35 frontal faces in photographs it finds 33, of the turned and tilted half; dark
    skin and drawings it often misses.
    """

    name = "haar"

    def __init__(self, turns: Sequence[int] = TURNS) -> None:
        """`turns` are the degrees to try, such as (0, 90, -90, 180) for scans."""
        self._turns = tuple(turns)

    def find(self, rgb: "Pixels") -> list[Face]:
        """The faces in a picture, the largest first."""
        gray, scale = _shrunk(rgb)
        with _ONE_AT_A_TIME:
            for turn in self._turns:
                faces = _found(gray, turn)
                if faces:
                    sure = [face for face in faces if face.seen > 1] or faces
                    back = [[1 / scale, 0, 0], [0, 1 / scale, 0]]
                    return kept(moved(face, back) for face in sure)
        return []


def _shrunk(rgb: "Pixels") -> tuple["Gray", float]:
    import cv2
    import numpy as np

    height, width = rgb.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    gray = cv2.cvtColor(np.ascontiguousarray(rgb[:, :, :3]), cv2.COLOR_RGB2GRAY)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    return np.asarray(gray, np.uint8), scale


def _found(gray: "Gray", turn: int) -> list[Face]:
    """The faces upright in the picture turned by `turn` degrees, where they really are."""
    import cv2

    turned, matrix = _turned(gray, turn)
    back = cv2.invertAffineTransform(matrix)
    faces = []
    for hit in _upright(turned):
        points, eyes = five_points(turned, hit.box)
        if eyes == 0 and (turn or hit.score < 1):
            continue
        yaw = PROFILE_YAW if hit.profile else None
        score = min(1.0, (hit.score + eyes) / 4)
        face = face_at(points, "haar", score, box=hit.box, seen=1 + eyes, yaw=yaw)
        faces.append(moved(face, back))
    return faces


def _turned(gray: "Gray", turn: int) -> tuple["Gray", Any]:
    import cv2
    import numpy as np

    height, width = gray.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn, 1)
    if turn == 0:
        return gray, matrix
    size = (width, height)
    if abs(turn) == 90:
        shift = np.array([height - width, width - height], np.float64) / 2
        matrix[:, 2] = matrix[:, 2] + shift
        size = (height, width)
    turned = cv2.warpAffine(gray, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8), matrix


def _upright(gray: "Gray") -> list[_Hit]:
    """Frontal faces; only where there is none, profiles."""
    import cv2
    import numpy as np

    least = max(20, int(min(gray.shape) * 0.05))
    strict = _run("frontalface_alt2", gray, 4, least)
    hits = [_Hit(box, 2.0) for box in strict]
    hits += [_Hit(box, 0.5) for box in _run("frontalface_default", gray, 7, least)]
    if hits:
        return _apart(hits)
    width = gray.shape[1]
    profiles = _run("profileface", gray, 4, least)
    mirrored = np.asarray(cv2.flip(gray, 1), np.uint8)
    for box in _run("profileface", mirrored, 4, least):
        profiles.append(box._replace(left=width - box.left - box.width))
    return _apart(_Hit(box, 1.0, profile=True) for box in profiles)


def _run(name: str, gray: "Gray", neighbours: int, least: int) -> list[Box]:
    boxes = cascade(name).detectMultiScale(
        gray, 1.1, neighbours, minSize=(least, least)
    )
    return [Box(*(float(v) for v in box)) for box in boxes]


def _apart(hits: Iterable[_Hit]) -> list[_Hit]:
    """One hit for each face: the best of those whose centres lie close together."""
    chosen: list[_Hit] = []
    for hit in sorted(hits, key=lambda hit: (-hit.score, hit.box)):
        if all(_far(hit.box, other.box) for other in chosen):
            chosen.append(hit)
    return chosen


def _far(one: Box, other: Box) -> bool:
    across = one.left + one.width / 2 - other.left - other.width / 2
    down = one.top + one.height / 2 - other.top - other.height / 2
    return float(across**2 + down**2) > (0.5 * max(one.width, other.width)) ** 2
