"""What nodes with a mask share: sizes that must agree, mixing, the word on no mask."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from nodegraph import Context, Image, Mask
from nodes._bands import in_bands
from nodes._pixels import opaque, premultiply, unpremultiply

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]


def size_of(thing: Image | Mask) -> str:
    """Width and height as a person writes them: `1920x1080`."""
    return f"{thing.width}x{thing.height}"


def check_mask(mask: Mask, image: Image) -> None:
    """Raise `ValueError` unless the mask is as large as the picture."""
    if mask.pixels.shape != image.pixels.shape[:2]:
        raise ValueError(
            f"the mask is {size_of(mask)} but the picture is {size_of(image)}: "
            "make the mask from this very picture, or resize the picture before it"
        )


def is_empty(mask: Mask) -> bool:
    """Whether the mask lets nothing through."""
    return not mask.pixels.any()


def speak_of(context: Context, mask: Mask, why: str) -> Mask:
    """The mask itself, after saying `no_mask` and `why` where it is empty."""
    if is_empty(mask):
        context.outcome("no_mask", why)
    return mask


def through(
    context: Context,
    image: Image,
    mask: Mask | None,
    change: Callable[["Pixels"], "Pixels"],
) -> Image:
    """The picture after `change`, within the mask where there is one.

    Says `no_mask` where the mask is empty and `unchanged` where every pixel came out
    as it went in.
    """
    import numpy as np

    if mask is not None:
        check_mask(mask, image)
        if is_empty(mask):
            context.outcome("no_mask", "the mask is empty: the picture passed through")
            return image
    pixels = change(image.pixels)
    if mask is not None:
        pixels = mixed(image.pixels, pixels, mask.pixels)
    if np.array_equal(pixels, image.pixels):
        context.outcome("unchanged", "every pixel came out as it went in")
    return Image(np.ascontiguousarray(pixels))


def mixed(original: "Pixels", changed: "Pixels", mask: "Pixels") -> "Pixels":
    """From `original` where the mask is 0 to `changed` where it is 255, bit for bit.

    Between, colours mix in proportion, weighted by alpha: transparent pixels lend
    none.  Where only one of the two has alpha, the other counts as opaque and the
    result has alpha.
    """
    import numpy as np

    if original.shape[2] != changed.shape[2]:
        original, changed = with_alpha(original), with_alpha(changed)
    plain = original.shape[2] == 3 or np.array_equal(original[..., 3], changed[..., 3])
    return in_bands(_lerp if plain else _lerp_alpha, original, changed, mask)


def with_alpha(pixels: "Pixels") -> "Pixels":
    """RGBA: the array itself where it has alpha, else a copy that is opaque."""
    return pixels if pixels.shape[2] == 4 else opaque(pixels)


def _lerp(original: "Pixels", changed: "Pixels", mask: "Pixels") -> "Pixels":
    """Both ends are exact: `blendLinear` divides 255 x value by 255.00001 and rounds."""
    import cv2
    import numpy as np

    weight = mask.astype(np.float32)
    result = cv2.blendLinear(original, changed, np.float32(255) - weight, weight)
    return np.asarray(result, np.uint8)


def _lerp_alpha(original: "Pixels", changed: "Pixels", mask: "Pixels") -> "Pixels":
    import numpy as np

    weight = mask[:, :, None] * np.float32(1 / 255)
    wide = premultiply(original) * (1 - weight) + premultiply(changed) * weight
    result = unpremultiply(wide)
    result[mask == 0] = original[mask == 0]
    result[mask == 255] = changed[mask == 255]
    return result


def covered(mask: "Pixels", image: Image) -> "Pixels":
    """The mask less what the picture's transparency hides."""
    import cv2
    import numpy as np

    if image.alpha is None:
        return mask
    hidden = cv2.multiply(mask, np.ascontiguousarray(image.alpha), scale=1 / 255)
    return np.asarray(hidden, np.uint8).reshape(mask.shape)
