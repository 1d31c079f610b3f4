"""The Gaussian blur that blur, sharpen and mask edges share."""

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDE = 12.0
"""From this standard deviation on a smaller copy is blurred instead, for speed."""
WORKING = 6.0
"""The standard deviation on that smaller copy: what shrinking loses lies far below."""


def gaussian(array: "NDArray[Any]", sigma: float) -> "NDArray[Any]":
    """`array` blurred with standard deviation `sigma` in pixels; edges are reflected.

    Takes uint8, uint16 or float32 of shape (height, width) or (height, width, channels)
    and gives the same.  Above `WIDE` the result is within two levels of 255 of the
    exact one.
    """
    import cv2
    import numpy as np

    if sigma <= 0:
        return array
    if sigma < WIDE:
        return np.asarray(_blurred(array, sigma, sigma)).reshape(array.shape)
    height, width = array.shape[:2]
    factor = sigma / WORKING
    small = (max(1, round(width / factor)), max(1, round(height / factor)))
    reduced = cv2.resize(array, small, interpolation=cv2.INTER_AREA).astype("float32")
    reduced = _blurred(
        reduced, _remaining(sigma, width, small[0]), _remaining(sigma, height, small[1])
    )
    return _enlarged(reduced, array)


def _blurred(array: "NDArray[Any]", across: float, down: float) -> Any:
    import cv2

    return cv2.GaussianBlur(
        array, (0, 0), across, sigmaY=down, borderType=cv2.BORDER_REFLECT
    )


def _remaining(sigma: float, size: int, small: int) -> float:
    """What is left to blur: area shrinking adds a variance of 1/12, enlarging 1/6."""
    scaled = sigma * small / size
    return math.sqrt(max(0.1, scaled**2 - 1 / 12 - 1 / 6))


def _enlarged(reduced: "NDArray[Any]", like: "NDArray[Any]") -> "NDArray[Any]":
    import cv2
    import numpy as np

    size = (like.shape[1], like.shape[0])
    full: Any = cv2.resize(reduced, size, interpolation=cv2.INTER_LINEAR)
    if like.dtype != np.float32:
        full += np.float32(0.5)
    return np.asarray(full, like.dtype).reshape(like.shape)
