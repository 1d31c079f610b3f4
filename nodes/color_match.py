"""Give a picture the colours of another."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from nodegraph import Choice, Context, Image, Slider, node
from nodes._pixels import apply_lut, lab_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._pixels import Pixels

STEEPEST = 4.0
"""The most that the spread of a channel is widened: more only shows noise."""

SAMPLES = 1_000_000
"""About as many pixels are measured; more tell no more about a picture's colour."""

BAND = 128
"""Rows worked on at a time, so that floats of a whole picture are never held."""


@node("Colour")
def color_match(
    context: Context,
    image: Image,
    reference: Image,
    method: Annotated[str, Choice(("mean and spread", "histogram"))] = (
        "mean and spread"
    ),
    strength: Annotated[float, Slider(0, 1)] = 1.0,
    keep_luminance: bool = False,
) -> Image:
    """Give `image` the colours of `reference`; its drawing and transparency stay.

    method: `mean and spread` moves and widens the colours as a whole, in CIE Lab,
        softly; `histogram` gives each of red, green and blue the reference's
        distribution, strongly.
    strength: 0 leaves the picture as it is, 1 matches fully.
    keep_luminance: change hue and saturation alone; light and dark stay.

    Only visible pixels are measured.  A reference with none is refused.
    """
    if strength == 0:
        return image
    wanted = _sample(reference)
    if not len(wanted):
        raise ValueError(
            "the reference of color_match is transparent throughout: choose a picture "
            "that shows something"
        )
    present = _sample(image)
    if not len(present):
        context.outcome("unchanged", "the picture is transparent throughout")
        return image
    if method == "histogram":
        rgb = _by_histogram(image.pixels, present, wanted, strength)
        if keep_luminance:
            rgb = _with_lightness(rgb, image.pixels)
    else:
        rgb = _by_statistics(image.pixels, present, wanted, strength, keep_luminance)
    return _finished(context, image, rgb)


def _finished(context: Context, image: Image, rgb: "Pixels") -> Image:
    import numpy as np

    if np.array_equal(rgb, image.rgb):
        context.outcome("unchanged", "the picture has the reference's colours already")
        return image
    return image.with_rgb(rgb)


def _sample(image: Image) -> "Pixels":
    """Evenly chosen pixels that can be seen, shape (n, 3)."""
    step = max(1, round((image.width * image.height / SAMPLES) ** 0.5))
    pixels = image.pixels[::step, ::step].reshape(-1, image.pixels.shape[2])
    if image.alpha is not None:
        pixels = pixels[pixels[:, 3] >= 128]
    return pixels[:, :3]


def _rgb(lab: Any) -> "Pixels":
    """The inverse of `lab_of`; colours outside sRGB are clipped."""
    import cv2
    import numpy as np

    values = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return np.asarray(np.rint(np.clip(values, 0, 1) * 255), np.uint8)


def _by_statistics(
    pixels: "Pixels",
    present: "Pixels",
    wanted: "Pixels",
    strength: float,
    keep_luminance: bool,
) -> "Pixels":
    """Each Lab channel moved to the reference's mean and standard deviation.

    Reinhard et al., "Color Transfer between Images", 2001, in CIE Lab.
    """
    import numpy as np

    mean, spread = _moments(present)
    goal, goal_spread = _moments(wanted)
    ratio = np.where(spread > 0.01, goal_spread / np.maximum(spread, 0.01), 1.0)
    slope = 1 + strength * (np.clip(ratio, 0, STEEPEST) - 1)
    offset = mean + strength * (goal - mean) - slope * mean
    if keep_luminance:
        slope[0], offset[0] = 1, 0
    if bool((slope == 1).all()) and not offset.any():
        return pixels[:, :, :3]
    slope, offset = slope.astype(np.float32), offset.astype(np.float32)
    return _in_bands(lambda band: _rgb(lab_of(band) * slope + offset), pixels[:, :, :3])


def _moments(sample: "Pixels") -> tuple["NDArray[np.float64]", "NDArray[np.float64]"]:
    import cv2
    import numpy as np

    mean, deviation = cv2.meanStdDev(lab_of(sample[None]))
    return np.asarray(mean[:, 0], np.float64), np.asarray(deviation[:, 0], np.float64)


def _by_histogram(
    pixels: "Pixels", present: "Pixels", wanted: "Pixels", strength: float
) -> "Pixels":
    """Each channel through the table that maps its distribution to the reference's."""
    import numpy as np

    lut = np.empty((256, 3), np.uint8)
    values = np.arange(256)
    for channel in range(3):
        here = _ranks(present[:, channel])
        there = _ranks(wanted[:, channel])
        matched = np.interp(here, there, values)
        lut[:, channel] = np.rint(values + strength * (matched - values))
    return apply_lut(pixels, lut)[:, :, :3]


def _ranks(values: "Pixels") -> "NDArray[np.float64]":
    """The share of pixels below each of 256 values, plus half of those that have it."""
    import numpy as np

    share = np.bincount(values, minlength=256) / len(values)
    return np.cumsum(share) - share / 2


def _with_lightness(rgb: "Pixels", original: "Pixels") -> "Pixels":
    """The colours of `rgb` with the lightness of `original`."""

    def swap(band: "Pixels", light: "Pixels") -> "Pixels":
        lab = lab_of(band)
        lab[:, :, 0] = lab_of(light)[:, :, 0]
        return _rgb(lab)

    return _in_bands(swap, rgb, original[:, :, :3])


def _in_bands(work: Callable[..., "Pixels"], *pictures: "Pixels") -> "Pixels":
    """`work` on some rows of every picture at a time."""
    import numpy as np

    result = np.empty(pictures[0].shape, np.uint8)
    for top in range(0, len(result), BAND):
        rows = slice(top, top + BAND)
        result[rows] = work(*(picture[rows] for picture in pictures))
    return result
