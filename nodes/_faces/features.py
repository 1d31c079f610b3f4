"""Five points of an upright face without a model: eyes found, mouth found, nose placed.

Eyes come from OpenCV's eye cascades and the centre of the iris, the mouth is the
strongest thin dark bar below them; what is not found is placed by proportion.  On 32
frontal faces the eyes were .08 eye distances off on average, all five points .11.
"""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from nodes._faces.cascade_files import cascade

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Box, Points

    Gray = NDArray[np.uint8]
    Plane = NDArray[np.float32]

USUAL = ((0.31, 0.393), (0.69, 0.393), (0.505, 0.629), (0.335, 0.793), (0.665, 0.793))
"""Where the points lie in a frontal Haar box, in parts of its sides, on average."""

EYES = (
    ("eye_tree_eyeglasses", 1.3),
    ("eye", 1.0),
    ("lefteye_2splits", 0.8),
    ("righteye_2splits", 0.8),
)
"""The cascades for eyes and how far each is trusted."""

SIDE = 200
"""Features are sought in the box enlarged or reduced to this many pixels."""

IRIS = 17
"""Half the window of pixels, of `SIDE`, in which an iris is centred."""

UNIT = 48
"""Pixels between the eyes in the upright patch where the mouth is sought."""

MOUTH_DOWN = 1.045
"""How far below the eyes the mouth lies on average, in eye distances."""


def five_points(gray: "Gray", box: "Box") -> tuple["Points", int]:
    """The five points of the face in `box`, and how many eyes were really seen."""
    import numpy as np

    face = _enlarged(gray, box)
    eyes, seen = _eyes(face)
    eyes = _centred(face, eyes, seen)
    points = np.vstack([eyes, _below(face, eyes)]) / SIDE
    points = points * (box.width, box.height) + (box.left, box.top)
    return points.astype(np.float32), len(seen)


def _enlarged(gray: "Gray", box: "Box") -> "Gray":
    import cv2
    import numpy as np

    across, down = SIDE / box.width, SIDE / box.height
    matrix = np.array([[across, 0, -box.left * across], [0, down, -box.top * down]])
    face = cv2.warpAffine(
        gray,
        matrix,
        (SIDE, SIDE),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(face, np.uint8)


class _Sight(NamedTuple):
    """One place where a cascade sees an eye, in parts of the box, and its weight."""

    weight: float
    x: float
    y: float


def _eyes(face: "Gray") -> tuple["Plane", list[int]]:
    """Both eyes in pixels of `face`, and which (0 left, 1 right) were found."""
    import numpy as np

    sights = _sights(face)
    eyes = np.array(USUAL[:2], np.float32)
    usual = eyes.copy()
    seen = [index for index in (0, 1) if sights[index]]
    for index in seen:
        eyes[index] = _agreed(sights[index])
    if len(seen) == 1:
        known = seen[0]
        eyes[1 - known] = eyes[known] + usual[1 - known] - usual[known]
    across = eyes[1] - eyes[0]
    apart, tilt = math.hypot(*across), math.atan2(across[1], across[0])
    if len(seen) == 2 and (abs(tilt) > 0.5 or not 0.24 < apart < 0.52):
        eyes, seen = usual, []
    return eyes * SIDE, seen


def _sights(face: "Gray") -> tuple[list[_Sight], list[_Sight]]:
    """What the cascades see near where each eye usually lies."""
    import cv2

    upper = cv2.equalizeHist(face)[: int(SIDE * 0.62)]
    sights: tuple[list[_Sight], list[_Sight]] = ([], [])
    for name, trust in EYES:
        for left, top, width, height in cascade(name).detectMultiScale(
            upper, 1.08, 3, minSize=(24, 24), maxSize=(90, 90)
        ):
            x, y = (left + width / 2) / SIDE, (top + height / 2 * 1.04) / SIDE
            for index in (0, 1):
                off = ((x - USUAL[index][0]) / 0.085) ** 2
                off += ((y - USUAL[index][1]) / 0.075) ** 2
                if off < 7:
                    sights[index].append(_Sight(trust * math.exp(-off / 2), x, y))
    return sights


def _agreed(sights: list[_Sight]) -> tuple[float, float]:
    """The mean of all sights near the best one."""
    best = max(sights)
    near = [s for s in sights if math.hypot(s.x - best.x, s.y - best.y) < 0.06]
    total = sum(s.weight for s in near)
    return (
        sum(s.weight * s.x for s in near) / total,
        sum(s.weight * s.y for s in near) / total,
    )


def _centred(face: "Gray", eyes: "Plane", seen: list[int]) -> "Plane":
    """The eyes, those seen moved half way to the centre of the iris."""
    import numpy as np

    eyes = eyes.copy()
    for index in seen:
        left, top = (round(float(v)) - IRIS for v in eyes[index])
        if min(left, top) < 0 or max(left, top) + 2 * IRIS >= SIDE:
            continue
        window = face[top : top + 2 * IRIS, left : left + 2 * IRIS]
        centre = _iris(window)
        if centre is not None:
            iris = np.array([left + centre[0], top + centre[1]], np.float32)
            eyes[index] = (eyes[index] + iris) / 2
    return eyes


def _iris(window: "Gray") -> tuple[float, float] | None:
    """The point that most gradients point away from, darker than its surroundings.

    Timm and Barth, Accurate eye centre localisation by means of gradients, 2011.
    """
    import cv2
    import numpy as np

    soft = cv2.GaussianBlur(window, (0, 0), 1).astype(np.float32)
    across, down = cv2.Sobel(soft, 5, 1, 0), cv2.Sobel(soft, 5, 0, 1)
    steep = np.hypot(across, down)
    rows, columns = np.nonzero(steep > steep.mean() + 0.5 * steep.std())
    if len(columns) < 8:
        return None
    across = (across / np.maximum(steep, 1e-6))[rows, columns]
    down = (down / np.maximum(steep, 1e-6))[rows, columns]
    y, x = np.mgrid[: soft.shape[0], : soft.shape[1]].astype(np.float32)
    to_x, to_y = columns[:, None] - x.ravel(), rows[:, None] - y.ravel()
    length = np.hypot(to_x, to_y) + 1e-6
    along = (to_x * across[:, None] + to_y * down[:, None]) / length
    votes = (np.maximum(0, along) ** 2).mean(0).reshape(soft.shape)
    near = ((x / soft.shape[1] - 0.5) / 0.28) ** 2
    near += ((y / soft.shape[0] - 0.5) / 0.25) ** 2
    votes = votes * (255 - soft) * np.exp(-near)
    row, column = np.unravel_index(int(votes.argmax()), votes.shape)
    return float(column), float(row)


def _below(face: "Gray", eyes: "Plane") -> "Plane":
    """Nose and mouth corners: along and across the line between the eyes."""
    import numpy as np

    across = eyes[1] - eyes[0]
    unit = math.hypot(*across)
    right = across / unit
    down = np.array([-right[1], right[0]], np.float32)
    middle = (eyes[0] + eyes[1]) / 2
    aside, below = _mouth(_patch(face, middle, right, down, unit))
    nose = (1.2 * aside, 0.61 * below / MOUTH_DOWN)
    places = (nose, (aside - 0.43, below), (aside + 0.43, below))
    rows = [middle + unit * (x * right + y * down) for x, y in places]
    return np.array(rows, np.float32)


def _patch(face: "Gray", middle: Any, right: Any, down: Any, unit: float) -> "Plane":
    """The face upright, its eyes `UNIT` apart on the first row around the middle."""
    import cv2
    import numpy as np

    turn = np.array([right, down]).T * (unit / UNIT)
    shift = np.asarray(middle) - turn @ np.array([UNIT, 0])
    matrix = np.hstack([turn, shift[:, None]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (2 * UNIT, 2 * UNIT)
    patch = cv2.warpAffine(
        face, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(patch, np.float32)


def _mouth(patch: "Plane") -> tuple[float, float]:
    """How far aside and below the eyes the mouth lies, in eye distances."""
    import cv2
    import numpy as np

    fine = cv2.GaussianBlur(patch, (0, 0), sigmaX=1.5, sigmaY=1.2)
    dark = np.maximum(cv2.GaussianBlur(patch, (0, 0), 6) - fine, 0)
    bar = cv2.GaussianBlur(dark, (0, 0), sigmaX=16, sigmaY=1.2)
    y, x = np.mgrid[: patch.shape[0], : patch.shape[1]].astype(np.float32) / UNIT
    x -= 1
    likely = np.exp(-((x / 0.14) ** 2) / 2 - ((y - MOUTH_DOWN) / 0.12) ** 2 / 2)
    score = bar * likely
    if float(score.max()) <= 0.6:
        return 0.0, MOUTH_DOWN
    row, column = np.unravel_index(int(score.argmax()), score.shape)
    aside, below = float(x[row, column]), float(y[row, column])
    return 0.8 * aside, MOUTH_DOWN + 0.8 * (below - MOUTH_DOWN)
