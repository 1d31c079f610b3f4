"""Where eyes, brows, nose and mouth lie around five points."""

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Points

    Plane = NDArray[np.float32]
    Place = NDArray[np.float64]


class Parts(NamedTuple):
    """Soft maps of 0 to 1 over a picture, each of shape (height, width)."""

    whole: "Plane"
    """Eyes with their brows, nose and mouth."""
    bright: "Plane"
    """The same without brows: where there may be white of eyes, teeth and glints."""
    sure: "Plane"
    """The middle of each, which is the face's whatever its colour."""
    chin: "Plane"
    """Around and below the mouth: where a beard would be."""


class _Spot(NamedTuple):
    """An ellipse along the face, its half axes in eye distances."""

    centre: "Place"
    half: float
    tall: float


class _Frame(NamedTuple):
    """Right and down along a face, of length 1, and its eye distance in pixels."""

    right: "Place"
    down: "Place"
    unit: float


def parts(size: tuple[int, int], points: "Points") -> Parts:
    """The parts of the face on `points` in a picture of width and height `size`."""
    import numpy as np

    places = np.asarray(points, np.float64)
    frame = _frame(places)
    eyes, low = _eyes(places, frame), _low(places, frame)
    irises = [_Spot(eye, 0.3, 0.17) for eye in places[:2]]
    chin = low[1].centre + 0.1 * frame.unit * frame.down
    small = [_Spot(centre, 0.6 * half, 0.6 * tall) for centre, half, tall in low]
    return Parts(
        _painted(size, frame, eyes + low),
        _painted(size, frame, irises + low),
        _painted(size, frame, irises + small),
        _painted(size, frame, [_Spot(chin, 0.85, 0.65)]),
    )


def zone(size: tuple[int, int], points: "Points") -> "Plane":
    """`Parts.whole` alone: eyes with their brows, nose and mouth."""
    import numpy as np

    places = np.asarray(points, np.float64)
    frame = _frame(places)
    return _painted(size, frame, _eyes(places, frame) + _low(places, frame))


def _eyes(places: "Place", frame: _Frame) -> list[_Spot]:
    up = frame.unit * frame.down
    return [_Spot(eye - 0.11 * up, 0.38, 0.37) for eye in places[:2]]


def _low(places: "Place", frame: _Frame) -> list[_Spot]:
    """Nose and mouth."""
    smile = 0.3 + 0.5 * math.hypot(*(places[4] - places[3])) / frame.unit
    nose = places[2] - 0.12 * frame.unit * frame.down
    return [_Spot(nose, 0.36, 0.42), _Spot((places[3] + places[4]) / 2, smile, 0.34)]


def _frame(places: "Place") -> _Frame:
    right = places[1] - places[0]
    down = (places[3] + places[4] - places[0] - places[1]) / 2
    unit = max(math.hypot(*right), 1e-6)
    return _Frame(right / unit, down / max(math.hypot(*down), 1e-6), unit)


def _painted(size: tuple[int, int], frame: _Frame, spots: list[_Spot]) -> "Plane":
    """1 within three quarters of each ellipse, 0 from five quarters on."""
    import numpy as np

    result = np.zeros((size[1], size[0]), np.float32)
    for centre, half, tall in spots:
        far = 1.25 * max(half, tall) * frame.unit + 1
        left, top = (max(0, math.floor(float(v) - far)) for v in centre)
        right, bottom = (max(0, math.ceil(float(v) + far)) for v in centre)
        window = result[top:bottom, left:right]
        x = np.arange(left, left + window.shape[1], dtype=np.float32)[None, :]
        y = np.arange(top, top + window.shape[0], dtype=np.float32)[:, None]
        x, y = x - np.float32(centre[0]), y - np.float32(centre[1])
        wide, high = half * frame.unit, tall * frame.unit
        across = x * float(frame.right[0] / wide) + y * float(frame.right[1] / wide)
        along = x * float(frame.down[0] / high) + y * float(frame.down[1] / high)
        rise = np.clip(2.5 - 2 * np.sqrt(across * across + along * along), 0, 1)
        np.maximum(window, rise * rise * (3 - 2 * rise), out=window)
    return result
