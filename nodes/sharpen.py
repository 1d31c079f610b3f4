"""Sharpen a picture with an unsharp mask."""

from typing import TYPE_CHECKING, Annotated

from nodegraph import Context, Image, Mask, Slider, node
from nodes._gaussian import gaussian
from nodes._masks import through
from nodes._pixels import spread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]


@node(category="Filter", estimate=lambda settings: 12)
def sharpen(
    context: Context,
    image: Image,
    mask: Mask | None = None,
    amount: Annotated[float, Slider(0, 5)] = 0.8,
    radius: Annotated[float, Slider(0, 50)] = 1.5,
    threshold: Annotated[int, Slider(0, 255)] = 0,
) -> Image:
    """Give the picture with its edges accentuated by an unsharp mask.

    What a Gaussian blur takes away is added again, `amount` times (0 to 5; 1 doubles
    the contrast of fine detail).  `radius`, 0 to 50 pixels, is the blur's standard
    deviation: small for fine lines, large for local contrast.  A pixel that differs
    from its surroundings by no more than `threshold` levels (0 to 255) in every
    channel is left alone, which spares flat areas and grain.  An amount or radius of 0
    leaves every pixel as it is.  `mask` limits the effect.

    Colours stop at black and white; edges of the picture are mirrored; alpha stays as
    it is, and transparent pixels neither lend colour nor change.
    """
    if amount == 0 or radius == 0:
        return image
    return through(
        context,
        image,
        mask,
        lambda pixels: _sharpened(pixels, amount, radius, threshold),
    )


def _sharpened(
    pixels: "Pixels", amount: float, radius: float, threshold: int
) -> "Pixels":
    import cv2
    import numpy as np

    soft = spread(pixels, lambda array: gaussian(array, radius))
    sharp = cv2.addWeighted(pixels, 1 + amount, soft, -amount, 0)
    if threshold:
        change = cv2.absdiff(pixels[:, :, :3], soft[:, :, :3])
        quiet = cv2.inRange(change, (0, 0, 0), (threshold,) * 3)
        sharp = cv2.copyTo(pixels, quiet, sharp)
    result = np.asarray(sharp, np.uint8).reshape(pixels.shape)
    if pixels.shape[2] == 4:
        result[:, :, 3] = pixels[:, :, 3]
        hidden = pixels[:, :, 3] == 0
        result[hidden] = pixels[hidden]
    return result
