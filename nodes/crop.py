"""Keep a part of a picture."""

from typing import Annotated

from nodegraph import Choice, Context, Image, Number, node
from nodes._frames import ANCHORS, anchored, cut, largest_within

ASPECTS = {
    "16:9": 16 / 9,
    "1.85:1": 1.85,
    "2:1": 2.0,
    "2.39:1": 2.39,
    "3:2": 3 / 2,
    "4:3": 4 / 3,
    "1:1": 1.0,
    "4:5": 4 / 5,
    "3:4": 3 / 4,
    "2:3": 2 / 3,
    "9:16": 9 / 16,
}


@node("Size")
def crop(
    context: Context,
    image: Image,
    mode: Annotated[str, Choice(("aspect", "pixels"))] = "aspect",
    aspect: Annotated[str, Choice(tuple(ASPECTS))] = "16:9",
    anchor: Annotated[str, Choice(tuple(ANCHORS))] = "centre",
    x: Annotated[int, Number(-65535, 65535)] = 0,
    y: Annotated[int, Number(-65535, 65535)] = 0,
    width: Annotated[int, Number(0, 65535)] = 0,
    height: Annotated[int, Number(0, 65535)] = 0,
) -> Image:
    """Give a part of the picture; its pixels stay as they are.

    mode: `aspect` keeps the largest part with the proportions of `aspect`; `pixels`
        keeps the rectangle given by x, y, width and height.
    aspect: width to height, for mode `aspect`.
    anchor: for mode `aspect`, which part stays.
    x, y: left and top edge in pixels, for mode `pixels`; 0 is the picture's corner.
    width, height: in pixels, for mode `pixels`; 0 reaches to the picture's edge.

    What lies outside the picture is left out, so the result may be smaller than
    asked; a rectangle wholly outside is refused.
    """
    if mode == "aspect":
        size = largest_within(image.width, image.height, ASPECTS[aspect])
        corner = anchored(image.width - size[0], image.height - size[1], anchor)
    else:
        corner, size = _clamped(image, x, y, width, height)
        asked = (width or size[0], height or size[1])
        if asked != size:
            context.note("clamped", list(size))
    if size == (image.width, image.height):
        return image
    return Image(cut(image.pixels, *corner, *size))


def _clamped(
    image: Image, x: int, y: int, width: int, height: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Corner and size of the rectangle's part that lies within the picture."""
    left, top = max(0, x), max(0, y)
    right = min(image.width, x + width) if width else image.width
    bottom = min(image.height, y + height) if height else image.height
    if right <= left or bottom <= top:
        raise ValueError(
            f"the crop from x {x}, y {y}, {width or 'full'} wide and "
            f"{height or 'full'} high lies outside the picture of "
            f"{image.width} x {image.height}: choose x under {image.width} and y "
            f"under {image.height}"
        )
    return (left, top), (right - left, bottom - top)
