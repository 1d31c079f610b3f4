"""Make a mask from a picture's transparency."""

from nodegraph import Context, Image, Mask, node
from nodes._masks import speak_of


@node(category="Mask", estimate=lambda settings: 1)
def mask_alpha(context: Context, image: Image, invert: bool = False) -> Mask:
    """Give the picture's alpha as a mask: 255 where it is opaque, 0 where it is not.

    `invert` gives its transparency instead.  A picture without alpha is opaque
    throughout.
    """
    import numpy as np

    alpha = image.alpha
    if alpha is None:
        alpha = np.full((image.height, image.width), 255, np.uint8)
    return speak_of(
        context,
        Mask(255 - alpha if invert else np.ascontiguousarray(alpha)),
        "the picture has no transparency"
        if invert
        else "the picture is transparent throughout",
    )
