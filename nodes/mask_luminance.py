"""Make a mask from how light or dark a picture is."""

from typing import Annotated

from nodegraph import Context, Image, Mask, Slider, node
from nodes._masks import covered, speak_of
from nodes._pixels import luminance


@node(category="Mask")
def mask_luminance(
    context: Context,
    image: Image,
    low: Annotated[float, Slider(0, 1)] = 0.5,
    high: Annotated[float, Slider(0, 1)] = 1.0,
    softness: Annotated[float, Slider(0, 1)] = 0.1,
    invert: bool = False,
) -> Mask:
    """Give a mask of the pixels whose lightness lies between `low` and `high`.

    0 is black, 1 white; both bounds belong to it.  Beyond them the mask falls to 0 over
    `softness` (0 to 1; 0 cuts hard).  Lightness is the luma of ITU-R BT.709.  `invert`
    takes the other pixels instead.  Transparent pixels are never in the mask,
    half-transparent ones by half.  Raises `ValueError` where `low` is above `high`.
    """
    import cv2
    import numpy as np

    if low > high:
        raise ValueError(
            f"low is {low:g} and high is {high:g}: choose a low that is not above high"
        )
    level = np.arange(256) / 255
    beyond = np.maximum(low - level, level - high)
    share = np.clip(1 - beyond / max(softness, 1e-9), 0, 1)
    table = np.rint(255 * (1 - share if invert else share)).astype(np.uint8)
    pixels = np.asarray(cv2.LUT(luminance(image.pixels), table), np.uint8)
    return speak_of(
        context,
        Mask(covered(pixels.reshape(image.pixels.shape[:2]), image)),
        f"no pixel is between {low:g} and {high:g} light: widen the range",
    )
