"""Light on a face: low frequencies of colour, and one face under another's light."""

import math
from typing import TYPE_CHECKING, Any

from nodes._faces.skin import filled, skin, surely
from nodes._gaussian import gaussian

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Points
    from nodes._faces.parts import Parts

    Plane = NDArray[np.float32]
    Lab = NDArray[np.float32]

BROAD = 0.22
"""Light is what a Gaussian of this many eye distances leaves of a face."""

FLOOR = 0.15
"""How much what is not skin (brows, lips, hair) counts as lit surface, beside 1."""


SETTLE = 0.75
"""How much of what brows and lips still change of the broad light is taken back."""

CONTRAST = (0.7, 1.5)
"""How far the contrast of detail may be brought down or up with the light."""

CALM = (4.0, 2.0, 2.0)
"""How far detail of L*, a* and b* may go on bare skin."""


def srgb_of(lab: "Lab") -> "Plane":
    """sRGB of 0 to 255 as float32, what lies outside cut off."""
    import cv2
    import numpy as np

    rgb = cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_LAB2RGB)
    return np.asarray(np.clip(rgb, 0, 1) * np.float32(255), np.float32)


def smooth(values: "Plane", weight: "Plane", sigma: float) -> "Plane":
    """A Gaussian mean of `values` that counts each pixel by its weight.

    `values` has shape (height, width, channels), `weight` (height, width).
    """
    import numpy as np

    total = np.maximum(gaussian(weight, sigma), np.float32(1e-3))
    mean = gaussian(values * weight[:, :, None], sigma) / total[:, :, None]
    return np.asarray(mean, np.float32)


def relit(
    face: "Lab",
    target: "Lab",
    inside: "Plane",
    points: "Points",
    free: "Parts | None" = None,
) -> "Lab":
    """`face` with its own detail under the light and skin tone of `target`.

    Both lie on `points`; `inside` is 1 where both show the face.  The low frequencies
    of L*, a* and b* are the target's, the rest the face's: its contrast grows and
    shrinks with the light, as on a surface, its colour is no livelier than the
    target's.  `free` (eyes, nose and mouth) is for a face that comes from another
    photo: elsewhere strong detail is held down, and all of it where there is no skin,
    for there it is a strand of hair, the edge of a shadow or the background.
    """
    import numpy as np

    sigma = BROAD * math.hypot(*(points[1] - points[0]))
    bare_target, bare_face = skin(target, points), skin(face, points)
    light = smooth(target, inside * (FLOOR + (1 - FLOOR) * bare_target), sigma)
    own = smooth(face, inside * (0.02 + 0.98 * bare_face), sigma)
    detail = face - own
    brighter = (light[:, :, 0] + 16) / (own[:, :, 0] + 16)
    detail[:, :, 0] *= np.clip(brighter, *CONTRAST)
    detail[:, :, 1:] *= _liveliness(light, own, inside)
    if free is not None:
        beard = (1 - surely(bare_face, points)) * (1 - surely(bare_target, points))
        detail = _calmed(detail, free, bare_face, beard, points)
    result = light + detail
    result -= np.float32(SETTLE) * smooth(result - target, inside, sigma)
    result[:, :, 0] = np.clip(result[:, :, 0], 0, 100)
    return result


def _calmed(
    detail: "Lab", free: "Parts", bare: "Plane", beard: "Plane", points: "Points"
) -> "Lab":
    """The detail within limits: wide ones on the parts, narrow ones elsewhere.

    `beard` is where both faces show no skin: on the chin such detail stays too.
    """
    import numpy as np

    doubt = np.maximum(free.sure, filled(bare, points))
    whole, bright = free.whole * doubt, free.bright * doubt
    whole = np.maximum(whole, free.chin * beard)
    limit = np.array(CALM, np.float32) + np.float32(100) * whole[:, :, None]
    above = np.float32(CALM[0]) + np.float32(100) * bright
    limit[:, :, 0] = np.where(detail[:, :, 0] > 0, above, limit[:, :, 0])
    held = limit * np.tanh(detail / limit)
    trusted = np.maximum(whole, surely(bare, points) ** 2)
    return np.asarray(held * trusted[:, :, None], np.float32)


def _liveliness(light: "Lab", own: "Lab", inside: "Plane") -> float:
    """How colourful the target's skin is beside the face's, at most 1."""
    import numpy as np

    def chroma(values: "Lab") -> float:
        return float((np.hypot(values[:, :, 1], values[:, :, 2]) * inside).sum())

    return min(1.0, chroma(light) / max(chroma(own), 1e-3))


def toned(face: "Lab", target: "Lab", inside: "Plane") -> "Lab":
    """`face` with the target's mean colour and contrast only: its own light stays."""
    import numpy as np

    total = max(float(inside.sum()), 1e-3)

    def moments(values: "Lab") -> tuple[Any, Any]:
        mean = np.einsum("ijk,ij->k", values, inside) / total
        off = values - mean
        return mean, np.sqrt(np.einsum("ijk,ijk,ij->k", off, off, inside) / total)

    (own, spread), (wanted, wide) = moments(face), moments(target)
    gain = np.clip(wide / np.maximum(spread, 1e-3), 0.6, 1.6)
    result = np.asarray((face - own) * gain + wanted, np.float32)
    result[:, :, 0] = np.clip(result[:, :, 0], 0, 100)
    return result
