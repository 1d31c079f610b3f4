"""Blur a picture, or the part of it under a mask."""

from typing import Annotated

from nodegraph import Context, Image, Mask, Slider, node
from nodes._gaussian import gaussian
from nodes._masks import through
from nodes._pixels import spread


@node(category="Filter", estimate=lambda settings: 12)
def blur(
    context: Context,
    image: Image,
    mask: Mask | None = None,
    radius: Annotated[float, Slider(0, 200)] = 4.0,
) -> Image:
    """Give the picture with a Gaussian blur.

    `radius`, 0 to 200 pixels, is the standard deviation: a hard edge becomes a ramp
    about four times as wide.  0 leaves every pixel as it is.  `mask` limits the blur:
    none where it is 0, all of it where it is 255.

    At the picture's edges what lies inside is mirrored, so that they do not darken.
    Transparent pixels lend no colour to their neighbours; alpha is blurred as well.
    """
    if radius == 0:
        return image
    return through(
        context,
        image,
        mask,
        lambda pixels: spread(pixels, lambda array: gaussian(array, radius)),
    )
