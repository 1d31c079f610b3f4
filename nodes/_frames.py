"""Sizes of pictures: where a part lies in a whole, and how pixels change their number."""

from typing import TYPE_CHECKING, Any

from nodes._pixels import spread

if TYPE_CHECKING:
    from nodes._pixels import Pixels

LARGEST = 100_000_000
"""The most pixels a picture may have, the same limit as for files that come in."""

ANCHORS = {
    "centre": (0.5, 0.5),
    "top": (0.5, 0.0),
    "bottom": (0.5, 1.0),
    "left": (0.0, 0.5),
    "right": (1.0, 0.5),
    "top left": (0.0, 0.0),
    "top right": (1.0, 0.0),
    "bottom left": (0.0, 1.0),
    "bottom right": (1.0, 1.0),
}
"""Which part of a whole is kept: the share of the spare room left and above."""

FILTERS = ("auto", "lanczos", "cubic", "area", "nearest")


def check_size(width: int, height: int, remedy: str) -> None:
    """Raise ValueError where a picture of this size would exceed `LARGEST`."""
    if width * height > LARGEST:
        raise ValueError(
            f"{width} x {height} is {width * height / 1e6:,.0f} megapixels and at most "
            f"{LARGEST / 1e6:,.0f} are possible: {remedy}"
        )


def resampling(scale: float) -> float:
    """Peak memory of `resized` as a multiple of the input's bytes, alpha and all."""
    return 8 + 8 * scale**2


def anchored(spare_width: int, spare_height: int, anchor: str) -> tuple[int, int]:
    """Left and top of a part, given the room that it leaves in the whole."""
    across, down = ANCHORS[anchor]
    return round(spare_width * across), round(spare_height * down)


def largest_within(width: int, height: int, aspect: float) -> tuple[int, int]:
    """Width and height of the largest part with width / height near `aspect`."""
    if width > height * aspect:
        return max(1, round(height * aspect)), height
    return width, max(1, min(height, round(width / aspect)))


def cut(pixels: "Pixels", left: int, top: int, width: int, height: int) -> "Pixels":
    """A part of the picture, as an array of its own."""
    return pixels[top : top + height, left : left + width].copy()


def resized(
    pixels: "Pixels", width: int, height: int, filter: str = "auto"
) -> "Pixels":
    """The picture at another size in pixels; alpha leaves no fringes.

    `auto` averages areas when both edges shrink and takes Lanczos otherwise.  Shrinking
    with `lanczos` or `cubic` widens the kernel, so that nothing aliases.
    """
    import cv2
    import numpy as np

    shrinks = (width <= pixels.shape[1]) and (height <= pixels.shape[0])
    grows = (width >= pixels.shape[1]) and (height >= pixels.shape[0])
    size = (width, height)
    if filter == "nearest":
        exact = cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST_EXACT)
        return np.asarray(exact, np.uint8).reshape(height, width, pixels.shape[2])
    if filter == "area" or (filter == "auto" and shrinks):
        return spread(pixels, lambda wide: _cv(wide, size, cv2.INTER_AREA))
    if grows:
        kernel = cv2.INTER_CUBIC if filter == "cubic" else cv2.INTER_LANCZOS4
        return spread(pixels, lambda wide: _cv(wide, size, kernel))
    return spread(pixels, lambda wide: _antialiased(wide, size, filter))


def _cv(wide: Any, size: tuple[int, int], kernel: int) -> Any:
    import cv2

    resized = cv2.resize(wide, size, interpolation=kernel)
    return resized.reshape(size[1], size[0], wide.shape[2])


def _antialiased(wide: Any, size: tuple[int, int], filter: str) -> Any:
    """Pillow's resize, whose kernels grow with the reduction; OpenCV's do not."""
    import cv2
    import numpy as np
    from PIL import Image as Pillow

    sampling = Pillow.Resampling
    kernel = sampling.BICUBIC if filter == "cubic" else sampling.LANCZOS
    if wide.dtype == np.uint8:
        return np.array(Pillow.fromarray(wide).resize(size, kernel))
    planes = [Pillow.fromarray(plane) for plane in cv2.split(wide)]
    return cv2.merge([np.asarray(plane.resize(size, kernel)) for plane in planes])
