"""Turn, scale and crop a face so that its points lie where a model expects them."""

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Pixels, Points

    Matrix = NDArray[np.float64]

TEMPLATE = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)
"""Where ArcFace expects the five points in its crop of 112 x 112 pixels."""

TEMPLATE_EYES = 35.24
"""The distance of the template's eyes in pixels."""

COARSE = 0.6
"""Below this scale the picture is softened first, or fine detail would alias."""


def similarity(source: Any, target: Any) -> "Matrix":
    """The turn, scale and shift, shape (2, 3), that brings `source` nearest `target`.

    Least squares over all points (Umeyama 1991), never a mirror image.
    """
    import numpy as np

    a, b = np.asarray(source, np.float64), np.asarray(target, np.float64)
    mean_a, mean_b = a.mean(0), b.mean(0)
    a, b = a - mean_a, b - mean_b
    spread = float((a * a).sum())
    if spread == 0:
        return np.array([[1, 0, 0], [0, 1, 0]], np.float64)
    cos = float((a * b).sum()) / spread
    sin = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / spread
    turn = np.array([[cos, -sin], [sin, cos]])
    return np.hstack([turn, (mean_b - turn @ mean_a)[:, None]])


def oddness(points: "Points") -> float:
    """How unlike a face seen from the front five points lie, in eye distances.

    The root mean square of what a similarity to the template leaves over.
    """
    import numpy as np

    template = np.array(TEMPLATE, np.float64)
    matrix = similarity(points, template)
    rest = points @ matrix[:, :2].T + matrix[:, 2] - template
    return math.sqrt(float((rest**2).sum(1).mean())) / TEMPLATE_EYES


def aligned(rgb: "Pixels", points: "Points", size: int = 112) -> "Pixels":
    """The face upright in a square of `size` pixels, its points on the template's."""
    import numpy as np

    template = np.array(TEMPLATE) * (size / 112)
    return warped(rgb, similarity(points, template), (size, size))


def scale_of(matrix: "Matrix") -> float:
    """By how much an affine matrix enlarges lengths, on average."""
    import numpy as np

    return math.sqrt(abs(float(np.linalg.det(np.asarray(matrix)[:, :2]))))


def warped(
    rgb: "Pixels", matrix: "Matrix", size: tuple[int, int], *, cubic: bool = False
) -> "Pixels":
    """The picture under an affine matrix, of width and height `size`, edges repeated.

    Only the part of `rgb` that is seen is read, softened first where it shrinks.
    """
    import cv2
    import numpy as np

    part, matrix = _seen(rgb, matrix, size)
    scale = scale_of(matrix)
    if scale < COARSE:
        soft = cv2.GaussianBlur(part, (0, 0), 0.5 / max(scale, 1e-3))
        part = np.asarray(soft, np.uint8)
    flags = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    result = cv2.warpAffine(
        part, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(result, np.uint8)


def _seen(
    rgb: "Pixels", matrix: "Matrix", size: tuple[int, int]
) -> tuple["Pixels", "Matrix"]:
    """The rectangle of `rgb` that the result shows, and the matrix from there."""
    import cv2
    import numpy as np

    back = cv2.invertAffineTransform(np.asarray(matrix, np.float64))
    corners = np.array([(0, 0), (size[0], 0), (0, size[1]), size], np.float64)
    corners = corners @ back[:, :2].T + back[:, 2]
    margin = 4 + 3 / max(scale_of(matrix), 1e-3)
    height, width = rgb.shape[:2]
    left, top = np.clip(np.floor(corners.min(0) - margin), 0, (width - 1, height - 1))
    right, bottom = np.clip(
        np.ceil(corners.max(0) + margin), (left + 1, top + 1), (width, height)
    )
    part = np.ascontiguousarray(rgb[int(top) : int(bottom), int(left) : int(right), :3])
    shifted = np.array(matrix, np.float64)
    shifted[:, 2] += shifted[:, :2] @ np.array([left, top])
    return part, shifted
