"""Pictures to file bytes and back: the same bytes each time, no metadata."""

import io
from typing import TYPE_CHECKING, Any, NamedTuple

from nodegraph import Encoded, Image
from nodes._pixels import flatten, rgb_of

if TYPE_CHECKING:
    from nodes._pixels import Pixels


class Format(NamedTuple):
    """What a file format can hold."""

    suffix: str
    longest: int
    """The most pixels an edge may have."""
    has_alpha: bool = True


FORMATS = {
    "png": Format(".png", 2**31 - 1),
    "jpeg": Format(".jpg", 65500, has_alpha=False),
    "webp": Format(".webp", 16383),
    "tiff": Format(".tif", 2**31 - 1),
    "avif": Format(".avif", 65536),
}
"""Limits: libjpeg's JPEG_MAX_DIMENSION, WebP's 14 bits, AV1's 16 bits."""

FULL_COLOUR = 90
"""From this quality on JPEG and AVIF keep colour at full resolution (4:4:4)."""


def encode(
    pixels: "Pixels", format: str, quality: int = 90, lossless: bool = False
) -> Encoded:
    """The picture as a file; `quality` 1 to 100, `lossless` for WebP alone.

    Raises ValueError where the format cannot hold a picture of that size.  Alpha must
    be gone before JPEG (see `without_alpha`).
    """
    from PIL import Image as Pillow

    _check_size(pixels, format)
    if format == "png":
        return Encoded(_png(pixels), FORMATS[format].suffix)
    stream = io.BytesIO()
    options = _options(format, quality, lossless)
    Pillow.fromarray(pixels).save(stream, format.upper(), **options)
    return Encoded(stream.getvalue(), FORMATS[format].suffix)


def decode(data: bytes) -> "Pixels":
    """The pixels of a file that `encode` made: RGB, or RGBA where it holds alpha."""
    import numpy as np
    from PIL import Image as Pillow

    with Pillow.open(io.BytesIO(data)) as file:
        return np.array(file.convert("RGBA" if "A" in file.mode else "RGB"))


def as_decoded(encoded: Encoded) -> Image:
    """The picture that the file shows, together with the file."""
    return Image(decode(encoded.data), encoded)


def without_alpha(image: Image, format: str, ground: str) -> tuple["Pixels", bool]:
    """The pixels as `format` can hold them, and whether `ground` shows through."""
    if image.alpha is None or FORMATS[format].has_alpha:
        return image.pixels, False
    return flatten(image.pixels, rgb_of(ground)), bool((image.alpha < 255).any())


def _png(pixels: "Pixels") -> bytes:
    """Run lengths at level 1: about as small as Pillow's level 6, in a seventh of time."""
    import cv2

    has_alpha = pixels.shape[2] == 4
    order = cv2.COLOR_RGBA2BGRA if has_alpha else cv2.COLOR_RGB2BGR
    options = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    options += [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    _, data = cv2.imencode(".png", cv2.cvtColor(pixels, order), options)
    return bytes(data)


def _options(format: str, quality: int, lossless: bool) -> dict[str, Any]:
    subsampling = "4:4:4" if quality >= FULL_COLOUR else "4:2:0"
    options: dict[str, dict[str, Any]] = {
        "jpeg": {"quality": quality, "optimize": True, "subsampling": subsampling},
        "webp": {"quality": quality, "method": 4},
        "tiff": {"compression": "tiff_adobe_deflate"},
        # One thread: more may divide the picture otherwise and give other bytes.
        "avif": {"quality": quality, "subsampling": subsampling, "max_threads": 1},
    }
    if format == "webp" and lossless:
        return {"lossless": True, "exact": True, "quality": 75, "method": 4}
    return options[format]


def _check_size(pixels: "Pixels", format: str) -> None:
    height, width = pixels.shape[:2]
    longest = FORMATS[format].longest
    if max(width, height) > longest:
        raise ValueError(
            f"{format} holds at most {longest} pixels an edge and the picture is "
            f"{width} x {height}: resize it first, or convert to png or tiff"
        )
