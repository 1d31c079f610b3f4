"""From paint to a finished picture: grade, vignette, paper grain, eight bits."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from assets.drawing.canvas import Canvas, Colour, noise, ramp

LEVEL = 2


def finish(
    canvas: Canvas, tint: Colour = (1, 1, 1), seed: int = 0
) -> NDArray[np.uint8]:
    """The picture as uint8 RGB (height, width, 3) at panel size, on grained paper.

    Values are kept to every `LEVEL`th of the 256: invisible under the grain, and
    the PNG is a third smaller.
    """
    size = (canvas.width, canvas.height)
    small = cv2.resize(np.clip(canvas.pixels, 0, 1), size, interpolation=cv2.INTER_AREA)
    sheet = Canvas(canvas.width, canvas.height, 1, small)
    _grade(sheet, tint)
    _grain(sheet, seed)
    levels = np.rint(np.clip(sheet.pixels, 0, 1) * (255 / LEVEL)) * LEVEL
    return np.asarray(np.minimum(levels, 255), np.uint8)


def _grade(sheet: Canvas, tint: Colour) -> None:
    """A gentle film curve, the panel's tint, corners a little darker."""
    xs, ys = sheet.whole
    far = np.hypot(xs / sheet.width - 0.5, ys / sheet.height - 0.5)
    picture: NDArray[Any] = sheet.pixels
    curved = picture + 0.10 * (picture - 0.5) * (1 - np.abs(2 * picture - 1))
    faded = 0.018 + 0.972 * curved
    corner = 1 - 0.20 * ramp(0.36, 0.76, far)
    sheet.pixels[:] = faded * np.asarray(tint, np.float32) * corner[..., None]


def _grain(sheet: Canvas, seed: int) -> None:
    """Watercolour paper: a coarse tooth and fine fibres, equal in all channels."""
    tooth = noise(sheet, (3.2, 3.2), 900 + seed)
    fibre = noise(sheet, (26, 5), 950 + seed, 2)
    sheet.pixels[:] += (0.010 * tooth + 0.006 * fibre)[..., None]
