"""Carry values smoothly from where they are known to where they are not."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

TRACE = 1e-6
"""A weight under which a pixel of a reduced copy counts as unknown."""


def carried(values: "Plane", known: "Plane") -> "Plane":
    """`values` where `known` is 1, and a smooth surface through them where it is 0.

    `values` has shape (height, width, channels), `known` (height, width); both are
    float32.  Pull-push: reduced copies of the known values, by factors of two, are
    enlarged again into what lacks any (Gortler et al., The Lumigraph, 1996).  Zero
    throughout where nothing is known.
    """
    import numpy as np

    means, weights = values * known[:, :, None], known
    pulled = [(means, weights)]
    while weights.min() <= 0 and max(weights.shape) > 1:
        sums = _halved(means * weights[:, :, None])
        counts = _halved(weights[:, :, None])
        means = np.where(counts > TRACE, sums / np.maximum(counts, TRACE), 0)
        weights = np.minimum(4 * counts[:, :, 0], 1) * (counts[:, :, 0] > TRACE)
        pulled.append((means, weights))
    surface = pulled[-1][0]
    for means, weights in reversed(pulled[:-1]):
        below = _doubled(surface, weights.shape)
        surface = below + (means - below) * weights[:, :, None]
    return np.asarray(surface, np.float32)


def _halved(array: "Plane") -> "Plane":
    import cv2
    import numpy as np

    height, width, channels = array.shape
    half = np.asarray(cv2.pyrDown(array), np.float32)
    return half.reshape((height + 1) // 2, (width + 1) // 2, channels)


def _doubled(array: "Plane", shape: Any) -> "Plane":
    import cv2
    import numpy as np

    height, width = shape
    if array.shape[:2] == (height, width):
        return array
    whole = cv2.pyrUp(array, dstsize=(width, height))
    return np.asarray(whole, np.float32).reshape(height, width, array.shape[2])
