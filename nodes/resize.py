"""Change how many pixels a picture has."""

from collections.abc import Mapping
from typing import Annotated, Any

from nodegraph import Choice, Image, Number, node
from nodes._frames import (
    ANCHORS,
    FILTERS,
    anchored,
    check_size,
    cut,
    largest_within,
    resampling,
    resized,
)

REMEDY = "choose a smaller width, height or scale"


def estimate(settings: Mapping[str, Any]) -> float:
    """Peak memory as a multiple of the input's; a frame is taken to be as large."""
    is_scaled = settings["mode"] == "scale"
    return resampling(float(settings["scale"]) if is_scaled else 1.0)


@node("Size", estimate=estimate)
def resize(
    image: Image,
    mode: Annotated[str, Choice(("fit", "fill", "exact", "scale"))] = "fit",
    width: Annotated[int, Number(0, 65535)] = 1920,
    height: Annotated[int, Number(0, 65535)] = 1080,
    scale: Annotated[float, Number(0.001, 100)] = 0.5,
    enlarge: bool = True,
    anchor: Annotated[str, Choice(tuple(ANCHORS))] = "centre",
    filter: Annotated[str, Choice(FILTERS)] = "auto",
) -> Image:
    """Give the picture at another size.

    mode: `fit` keeps the proportions and lies within width x height; `fill` covers
        width x height and cuts off what protrudes; `exact` stretches to width x
        height; `scale` multiplies both edges by `scale`.
    width, height: in pixels; 0 lets the other one decide, with the proportions kept.
    scale: for mode `scale`; 0.5 halves both edges.
    enlarge: for mode `fit`, whether a picture smaller than the frame grows.
    anchor: for mode `fill`, which part of the picture stays.
    filter: `auto` averages when shrinking and takes Lanczos when enlarging; `lanczos`
        is crispest, `cubic` softer, `area` averages, `nearest` keeps hard pixels.

    An edge never becomes shorter than 1 pixel; more than 100 megapixels are refused.
    A picture that has the size already is handed on as it is.
    """
    wide, high = image.width, image.height
    if mode == "scale":
        target = _at_least_one(wide * scale, high * scale)
    else:
        target = _frame(image, width, height)
    if mode == "fit":
        target = _fitted(image, target, enlarge)
    check_size(*target, REMEDY)
    if target == (wide, high):
        return image
    pixels = image.pixels
    if mode == "fill":
        part = largest_within(wide, high, target[0] / target[1])
        left, top = anchored(wide - part[0], high - part[1], anchor)
        pixels = cut(pixels, left, top, *part)
    return Image(resized(pixels, *target, filter))


def _frame(image: Image, width: int, height: int) -> tuple[int, int]:
    """Width and height asked for, an edge of 0 filled in by the proportions."""
    if not width and not height:
        raise ValueError("width and height are both 0: set at least one of them")
    if not width:
        return _at_least_one(image.width * height / image.height, height)
    if not height:
        return _at_least_one(width, image.height * width / image.width)
    return width, height


def _fitted(image: Image, frame: tuple[int, int], enlarge: bool) -> tuple[int, int]:
    factor = min(frame[0] / image.width, frame[1] / image.height)
    if not enlarge:
        factor = min(factor, 1.0)
    return _at_least_one(image.width * factor, image.height * factor)


def _at_least_one(width: float, height: float) -> tuple[int, int]:
    return max(1, round(width)), max(1, round(height))
