"""Arithmetic on pixels that several nodes share: alpha, look-up tables, colour."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

REC709 = (0.2126, 0.7152, 0.0722)
"""Weights of R, G and B in luminance for the primaries of sRGB (ITU-R BT.709)."""


def spread(pixels: "Pixels", kernel: Callable[[Any], Any]) -> "Pixels":
    """`pixels` after a kernel that mixes neighbours, such as a blur or a resize.

    The kernel gets an array (height, width, channels) and gives one of any size with
    as many channels.  Without alpha, or where alpha is 255 throughout, that is uint8
    RGB; with alpha it is float32, four channels of 0 to 255, colour premultiplied, so
    that colour hidden under transparency never bleeds into what is seen.
    """
    import numpy as np

    if pixels.shape[2] == 3:
        return np.ascontiguousarray(kernel(pixels))
    if bool((pixels[:, :, 3] == 255).all()):
        rgb = kernel(np.ascontiguousarray(pixels[:, :, :3]))
        return opaque(rgb)
    return unpremultiply(kernel(premultiply(pixels)))


def premultiply(pixels: "Pixels") -> "NDArray[np.float32]":
    """RGBA of 0 to 255 as float32, every colour multiplied by alpha / 255.

    Nothing is lost: `unpremultiply` gives back every colour whose alpha is not 0.
    Floats, because a kernel that overshoots must do so in colour and alpha alike.
    """
    import cv2
    import numpy as np

    *colours, alpha = cv2.split(pixels)
    planes = [
        cv2.multiply(plane, alpha, scale=1 / 255, dtype=cv2.CV_32F) for plane in colours
    ]
    return np.asarray(cv2.merge([*planes, alpha.astype(np.float32)]), np.float32)


def unpremultiply(wide: "NDArray[np.float32]") -> "Pixels":
    """The inverse of `premultiply`: uint8 RGBA; black where alpha rounds to 0."""
    import cv2
    import numpy as np

    *colours, weight = cv2.split(wide)
    weight = np.maximum(weight, np.float32(0.25))
    planes = [
        cv2.divide(plane, weight, scale=255, dtype=cv2.CV_8U) for plane in colours
    ]
    alpha = np.rint(np.clip(wide[:, :, 3], 0, 255)).astype(np.uint8)
    result = np.asarray(cv2.merge([*planes, alpha]), np.uint8)
    result[alpha == 0] = 0
    return result


def opaque(rgb: "Pixels") -> "Pixels":
    """RGB with an alpha of 255 throughout."""
    import cv2
    import numpy as np

    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA), np.uint8)


def flatten(pixels: "Pixels", colour: tuple[int, int, int]) -> "Pixels":
    """RGB: the picture laid over an opaque `colour`; `pixels` itself without alpha."""
    import numpy as np

    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[:, :, 3:].astype(np.uint16)
    ground = np.array(colour, np.uint16) * (255 - alpha)
    return ((pixels[:, :, :3] * alpha + ground + 127) // 255).astype(np.uint8)


def apply_lut(pixels: "Pixels", lut: "NDArray[np.uint8]") -> "Pixels":
    """Look every colour up in a table of shape (256,) or (256, 3); alpha stays."""
    import cv2
    import numpy as np

    channels = pixels.shape[2]
    table = np.empty((1, 256, channels), np.uint8)
    table[0, :, :3] = lut if lut.ndim == 2 else lut[:, None]
    if channels == 4:
        table[0, :, 3] = np.arange(256)
    return np.asarray(cv2.LUT(pixels, table), np.uint8).reshape(pixels.shape)


def luminance(pixels: "Pixels") -> "Pixels":
    """The lightness of each colour: shape (height, width), 0 to 255, alpha ignored.

    ITU-R BT.709 weights on the sRGB values as they are (luma, not linear light).
    """
    import cv2
    import numpy as np

    weights = np.array([(*REC709, 0.0)[: pixels.shape[2]]], np.float32)
    return np.asarray(cv2.transform(pixels, weights), np.uint8).reshape(
        pixels.shape[:2]
    )


def lab_of(rgb: "Pixels") -> "NDArray[np.float32]":
    """CIE L*a*b* of sRGB, float32 of the same shape: L* 0 to 100."""
    import cv2
    import numpy as np

    scaled = rgb.astype(np.float32) * np.float32(1 / 255)
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB), np.float32)


def rgb_of(colour: str) -> tuple[int, int, int]:
    """The three channels of `#rrggbb`, or of `#rrggbbaa` without its alpha."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
