"""Bring one face onto another: an affine map of the features, then a small flow."""

import math
from typing import TYPE_CHECKING, Any

from nodes._faces.align import scale_of, similarity, warped
from nodes._gaussian import gaussian

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Pixels, Points

    Plane = NDArray[np.float32]
    Matrix = NDArray[np.float64]

STRETCH = 1.3
"""The most an affine map may stretch one way more than the other."""

FLOW_EYES = 64.0
"""Optical flow is sought on a copy whose eyes are this many pixels apart."""

FLOW_REACH = 0.12
"""No pixel moves further than this part of the eye distance."""


def onto(source: "Points", target: "Points") -> "Matrix":
    """The affine map that brings eyes and the middle of the mouth onto the target's.

    Where that would stretch or mirror the face, the nearest similarity instead.
    """
    import cv2
    import numpy as np

    def three(points: "Points") -> Any:
        mouth = (points[3] + points[4]) / 2
        return np.array([points[0], points[1], mouth], np.float32)

    matrix = np.asarray(
        cv2.getAffineTransform(three(source), three(target)), np.float64
    )
    large, small = np.linalg.svd(matrix[:, :2])[1]
    if small <= 0 or large / small > STRETCH or np.linalg.det(matrix[:, :2]) <= 0:
        return similarity(source, target)
    return matrix


def brought(
    rgb: "Pixels", source: "Points", target: "Points", size: tuple[int, int]
) -> tuple["Pixels", "Pixels", float]:
    """The picture with its face on the target's points, and where it has pixels.

    The third value is how many times the picture was enlarged.
    """
    import cv2
    import numpy as np

    matrix = onto(source, target)
    face = warped(rgb, matrix, size, cubic=True)
    whole = np.full(rgb.shape[:2], 255, np.uint8)
    valid = np.asarray(cv2.warpAffine(whole, matrix, size), np.uint8)
    return face, valid, scale_of(matrix)


def flowed(
    face: "Pixels",
    target: "Pixels",
    inside: "Plane",
    unit: float,
    share: float,
    roll: float = 0.0,
) -> "Pixels":
    """`face` with its features moved a `share` of the way onto the target's.

    The flow is smooth, at most `FLOW_REACH` eye distances (`unit` pixels each) long and
    kept only where it brings the two nearer.  Of a face tilted by `roll` degrees it is
    sought upright, or a face that lies would get another one.
    """
    import cv2
    import numpy as np

    wanted, own = _texture(target, unit), _texture(face, unit)
    flow = _upright_flow(wanted, own, inside, unit, round(roll / 90) % 4)
    flow = flow * np.float32(share)
    y, x = np.mgrid[: face.shape[0], : face.shape[1]].astype(np.float32)
    moved = np.asarray(
        cv2.remap(
            face,
            x + flow[:, :, 0],
            y + flow[:, :, 1],
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT,
        ),
        np.uint8,
    )
    where = inside > 0.5
    if not where.any():
        return face
    nearer = _alike(_texture(moved, unit)[where], wanted[where])
    return moved if nearer > _alike(own[where], wanted[where]) else face


def _upright_flow(
    wanted: "Plane", own: "Plane", inside: "Plane", unit: float, quarters: int
) -> "Plane":
    """The flow, sought with everything turned back by so many quarter turns."""
    import numpy as np

    one, other, where = (np.rot90(p, quarters) for p in (wanted, own, inside))
    flow = np.rot90(_flow(one, other, where, unit), -quarters)
    for _ in range(quarters):
        flow = np.stack([-flow[:, :, 1], flow[:, :, 0]], 2)
    return flow


def _alike(one: "Plane", other: "Plane") -> float:
    import numpy as np

    one, other = one - one.mean(), other - other.mean()
    length = math.sqrt(float((one * one).sum() * (other * other).sum()))
    return float(np.dot(one, other)) / length if length else 0.0


def _texture(rgb: "Pixels", unit: float) -> "Plane":
    """Brightness with its local mean removed and its local contrast evened out."""
    import cv2
    import numpy as np

    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    rest = gray - gaussian(gray, 0.35 * unit)
    spread = np.sqrt(np.maximum(gaussian(rest * rest, 0.35 * unit), 0))
    return np.asarray(rest / (spread + 4), np.float32)


def _flow(wanted: "Plane", own: "Plane", inside: "Plane", unit: float) -> "Plane":
    """Where each pixel of the target is found in the face, in pixels, smooth."""
    import cv2
    import numpy as np

    scale = min(1.0, FLOW_EYES / unit)
    height, width = wanted.shape
    size = (max(16, round(width * scale)), max(16, round(height * scale)))

    def prepared(texture: "Plane") -> "Pixels":
        soft = gaussian(texture, max(0.6, 0.03 * unit))
        small = cv2.resize(soft, size, interpolation=cv2.INTER_AREA)
        return np.asarray(np.clip(small * 40 + 128, 0, 255), np.uint8)

    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    still = np.zeros((size[1], size[0], 2), np.float32)
    found = search.calc(prepared(wanted), prepared(own), still)
    flow = np.asarray(cv2.resize(found, (width, height)), np.float32)
    flow = gaussian(flow * np.float32(1 / scale), 0.14 * unit)
    flow = flow * gaussian(inside, 0.1 * unit)[:, :, None]
    length = np.maximum(np.linalg.norm(flow, axis=2, keepdims=True), 1e-6)
    return np.asarray(flow * np.minimum(1, FLOW_REACH * unit / length), np.float32)
