"""Make a mask from the pixels of one colour."""

from typing import TYPE_CHECKING, Annotated, Any

from nodegraph import Color, Context, Image, Mask, Slider, node
from nodes._bands import in_bands
from nodes._masks import covered, speak_of
from nodes._pixels import lab_of, rgb_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]


@node(category="Mask", estimate=lambda settings: 2)
def mask_color(
    context: Context,
    image: Image,
    color: Annotated[str, Color()] = "#00ff00",
    tolerance: Annotated[float, Slider(0, 150)] = 20.0,
    softness: Annotated[float, Slider(0, 150)] = 10.0,
    invert: bool = False,
) -> Mask:
    """Give a mask of the pixels that look like `color`.

    `tolerance` and `softness`, 0 to 150, are distances in CIELAB (CIE 1976, delta E;
    about 2 is just visible, black to white is 100): up to `tolerance` the mask is 255,
    then it falls to 0 over `softness` (0 cuts hard).  `invert` takes all other pixels
    instead.  Transparent pixels are never in the mask, half-transparent ones by half;
    an alpha written in `color` counts for nothing.
    """
    import numpy as np

    wanted = lab_of(np.array([[rgb_of(color)]], np.uint8))

    def band(rgb: "Pixels") -> Any:
        away = np.sqrt(((lab_of(rgb) - wanted) ** 2).sum(axis=2))
        # Round-off: the very colour asked for must lie within a tolerance of 0.
        beyond = away - np.float32(tolerance + 0.01)
        share = np.clip(1 - beyond / np.float32(max(softness, 1e-6)), 0, 1)
        return np.rint(255 * (1 - share if invert else share)).astype(np.uint8)

    return speak_of(
        context,
        Mask(covered(in_bands(band, image.rgb), image)),
        f"no pixel is like {color}: pick the colour from the picture or raise tolerance",
    )
