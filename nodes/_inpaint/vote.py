"""Let all patches over a pixel say what it should be."""

from typing import TYPE_CHECKING

from nodes._inpaint.match import Match, Places, around
from nodes._inpaint.pyramid import PATCH

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Layers = NDArray[np.float32]
    Flags = NDArray[np.uint8]
    Floats = NDArray[np.float32]

FADE = 1.3
"""How much less a patch counts with every pixel that it lies deeper in the hole."""

DEEPEST = 60.0
"""The depth in pixels from which on all count alike, so that none counts nothing."""

SHIFT = 6.0
"""The most by which a patch may change its colour, in levels of 255."""


def trust(hole: "Flags", at: Places) -> "Floats":
    """How much each wanted patch counts: its centre's depth in the hole decides."""
    import cv2
    import numpy as np

    depth = cv2.distanceTransform(hole, cv2.DIST_L2, 3).ravel()[at.wanted]
    return np.asarray(FADE ** -np.minimum(depth, DEEPEST), np.float32)


def voted(layers: "Layers", at: Places, match: Match, trusted: "Floats") -> "Layers":
    """`layers` with every pixel under a wanted patch as these have it on average.

    A patch counts by `trusted` and by how well it fits (Wexler et al., Space-Time
    Completion of Video, 2007).
    """
    import numpy as np

    height, width, channels = layers.shape
    counted = np.dstack((layers, np.ones((height, width), np.float32)))
    flat = counted.reshape(-1, channels + 1)
    scale = max(float(np.percentile(match.cost, 75)), 1e-3)
    fit = np.exp(-np.minimum(match.cost / (2 * scale), 20))
    weight = (trusted * fit)[:, None]
    total = np.zeros_like(flat)
    shift = _shift(layers, at, match)
    for step in around(width):
        votes = flat.take(match.near + step, axis=0)
        votes += shift
        votes *= weight
        total[at.wanted + step] += votes
    mean = total / np.maximum(total[:, channels:], 1e-30)
    mixed = np.where(total[:, channels:] > 0, mean, flat)[:, :channels]
    return np.ascontiguousarray(mixed).reshape(layers.shape)


def _shift(layers: "Layers", at: Places, match: Match) -> "Floats":
    """By how much each patch is to be lighter or darker where it is copied to."""
    import cv2
    import numpy as np

    channels = layers.shape[2]
    mean = cv2.blur(np.ascontiguousarray(layers[:, :, :3]), (PATCH, PATCH))
    flat = mean.reshape(-1, 3)
    shift = np.zeros((len(at.wanted), channels + 1), np.float32)
    shift[:, :3] = np.clip(flat[at.wanted] - flat[match.near], -SHIFT, SHIFT)
    return shift
