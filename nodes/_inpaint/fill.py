"""Fill all holes of a picture with an engine, each on its own part of it."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from nodes._inpaint.areas import Hole, holes
from nodes._inpaint.model import imagined, load
from nodes._inpaint.patchfill import patched
from nodes._inpaint.smooth import carried

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Flags = NDArray[np.uint8]

    Engine = Callable[[Pixels, Flags, Flags, Callable[[float], None]], Pixels]

THIN = 3.0
"""Half the thickness up to which patches are not worth while: 6 pixels in all."""

RADIUS = 5
"""How far Telea and Navier-Stokes look, in pixels."""


def filled(
    pixels: "Pixels",
    area: "Flags",
    engine: "Engine",
    margin: float,
    progress: Callable[[float], None],
) -> "Pixels":
    """A copy of `pixels` whose colours are new where `area` is 1.

    Each hole is seen with `margin` times its longer edge around it; if nothing there is
    known, the whole picture is.  Transparent pixels are not known.  What an engine fills
    the next hole may see, but never copies.
    """
    import numpy as np

    known = 1 - area
    if pixels.shape[2] == 4:
        known &= (pixels[:, :, 3] > 0).astype(np.uint8)
    result, left = pixels.copy(), area.copy()
    whole, done = max(1, int(area.sum())), 0
    for hole in holes(area, margin):
        place, own = hole.place, hole.own
        if not known[place].any():
            place, own = (slice(None), slice(None)), _in_whole(hole, area.shape)
        rgb = _seen(result[place], known[place], left[place])
        count = int(hole.own.sum())
        tell = functools.partial(_tell, progress, done / whole, count / whole)
        new = engine(rgb, own, known[place], tell)
        np.copyto(result[place][:, :, :3], new, where=own[:, :, None] > 0)
        left[place][own > 0] = 0
        done += count
        progress(done / whole)
    return result


def _tell(
    progress: Callable[[float], None], before: float, share: float, part: float
) -> None:
    progress(before + share * part)


def _in_whole(hole: Hole, shape: tuple[int, ...]) -> "Flags":
    """The hole alone in the whole picture."""
    import numpy as np

    own = np.zeros(shape, np.uint8)
    own[hole.place] = hole.own
    return own


def _seen(pixels: "Pixels", known: "Flags", left: "Flags") -> "Pixels":
    """RGB to look at: what is transparent or still open is a smooth surface."""
    import numpy as np

    rgb = np.ascontiguousarray(pixels[:, :, :3])
    blank = left > 0
    if pixels.shape[2] == 4:
        blank = blank | (pixels[:, :, 3] == 0)
    smooth = carried(rgb.astype(np.float32), known.astype(np.float32))
    even = np.rint(np.clip(smooth, 0, 255)).astype(np.uint8)
    return np.where(blank[:, :, None], even, rgb)


def by_patches(seed: int) -> "Engine":
    """Patches from the picture itself; Telea where a hole is thin."""
    import cv2

    quick = by_diffusion("telea")

    def fill(
        rgb: "Pixels", hole: "Flags", known: "Flags", tell: Callable[[float], None]
    ) -> "Pixels":
        border = cv2.copyMakeBorder(hole, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        if float(cv2.distanceTransform(border, cv2.DIST_L2, 3).max()) <= THIN:
            return quick(rgb, hole, known, tell)
        return patched(rgb, hole, known, seed, tell)

    return fill


def by_diffusion(method: str) -> "Engine":
    """OpenCV's `telea` or `ns`: colours carried inwards, quick, without texture."""
    import cv2
    import numpy as np

    flag = {"telea": cv2.INPAINT_TELEA, "ns": cv2.INPAINT_NS}[method]

    def fill(
        rgb: "Pixels", hole: "Flags", known: "Flags", tell: Callable[[float], None]
    ) -> "Pixels":
        return np.asarray(cv2.inpaint(rgb, hole, RADIUS, flag), np.uint8)

    return fill


def by_model(path: str) -> "Engine":
    """A LaMa or MI-GAN file of the user's."""
    model = load(path)

    def fill(
        rgb: "Pixels", hole: "Flags", known: "Flags", tell: Callable[[float], None]
    ) -> "Pixels":
        return imagined(model, rgb, hole)

    return fill
