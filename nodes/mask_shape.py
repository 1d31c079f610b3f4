"""Draw a mask: an ellipse, a rectangle or a gradient."""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from nodegraph import Choice, Context, Image, Mask, Number, Slider, node
from nodes._bands import in_bands
from nodes._masks import speak_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Floats = NDArray[np.float32]

SHAPES = ("ellipse", "rectangle", "rounded", "linear", "radial")


@dataclass(frozen=True)
class _Shape:
    """A shape in pixels: centre, size and angle in degrees."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    angle: float
    corner: float

    def within(self, across: int, down: int) -> "_Shape":
        """This shape, given in shares of a picture's size, in pixels."""
        length = self.width * across
        if self.kind == "linear":
            turn = math.radians(self.angle)
            length = self.width * (
                abs(across * math.cos(turn)) + abs(down * math.sin(turn))
            )
        return replace(
            self,
            x=self.x * across,
            y=self.y * down,
            width=length,
            height=self.height * down,
        )


@node(category="Mask")
def mask_shape(
    context: Context,
    image: Image,
    shape: Annotated[str, Choice(SHAPES)] = "ellipse",
    unit: Annotated[str, Choice(("relative", "px"))] = "relative",
    x: Annotated[float, Number(-100_000, 100_000)] = 0.5,
    y: Annotated[float, Number(-100_000, 100_000)] = 0.5,
    width: Annotated[float, Number(0, 100_000)] = 0.5,
    height: Annotated[float, Number(0, 100_000)] = 0.5,
    angle: Annotated[float, Slider(-180, 180)] = 0.0,
    corner: Annotated[float, Slider(0, 1)] = 0.25,
    feather: Annotated[float, Slider(0, 500)] = 0.0,
    antialiased: bool = True,
    invert: bool = False,
) -> Mask:
    """Give a mask in the form of a shape, as large as `image`.

    `shape`: `ellipse`, `rectangle`, `rounded` (a rectangle with round corners),
    `linear` (a ramp from 0 to 255, `width` long) or `radial` (255 in the centre, 0 at
    the ellipse's edge).  `x`, `y` are the centre, `width`, `height` the size: with unit
    `relative` shares of the picture's width and height (0.5 is the middle or half; a
    ramp of 1 runs across the whole picture at any angle), with `px` pixels from the top
    left corner.  A shape may hang over the picture; a size of 0 gives an empty mask
    (a ramp has no height).  `angle`, -180 to 180 degrees, turns it clockwise
    about its centre.  `corner`, 0 to 1, is how round `rounded` is; at 1 the shorter
    side is half a circle.

    `feather`, 0 to 500 pixels, is the width of the soft edge, half of it inside;
    gradients have none.  `antialiased` smooths a hard edge over one pixel; without it
    every value is 0 or 255.  `invert` swaps inside and outside.
    """
    placed = _Shape(shape, x, y, width, height, angle, corner)
    if unit == "relative":
        placed = placed.within(image.width, image.height)
    softness = max(feather, 1.0 if antialiased else 0.0)
    pixels = _drawn(placed, image.width, image.height, softness)
    return speak_of(
        context,
        Mask(255 - pixels if invert else pixels),
        "the shape covers no pixel: move it into the picture or make it larger",
    )


def _drawn(shape: _Shape, width: int, height: int, softness: float) -> "Pixels":
    import numpy as np

    if not (shape.width and (shape.height or shape.kind == "linear")):
        return np.zeros((height, width), np.uint8)
    columns = np.arange(width, dtype=np.float32) + np.float32(0.5 - shape.x)

    def band(rows: "Floats") -> Any:
        u, v = _turned(columns[None, :], rows, shape.angle)
        share = _share(shape, u, v, softness)
        return np.rint(255 * share).astype(np.uint8)

    rows = np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5 - shape.y)
    return in_bands(band, rows)


def _turned(
    columns: "Floats", rows: "Floats", angle: float
) -> tuple["Floats", "Floats"]:
    """Coordinates along the shape's own width and height."""
    import numpy as np

    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    along = columns * np.float32(cos) + rows * np.float32(sin)
    return along, rows * np.float32(cos) - columns * np.float32(sin)


def _share(shape: _Shape, u: "Floats", v: "Floats", softness: float) -> Any:
    """How much of each pixel the shape covers, 0 to 1."""
    import numpy as np

    if shape.kind == "linear":
        return np.clip(u / shape.width + 0.5, 0, 1)
    if shape.kind == "radial":
        return np.clip(1 - np.hypot(2 * u / shape.width, 2 * v / shape.height), 0, 1)
    distance = _distance(shape, u, v)
    if softness == 0:
        return (distance < 0).astype(np.float32)
    share = np.clip(0.5 - distance / np.float32(softness), 0, 1)
    return share if softness <= 1 else share * share * (3 - 2 * share)


def _distance(shape: _Shape, u: "Floats", v: "Floats") -> Any:
    """Pixels to the shape's edge, negative inside.

    Exact for rectangles; to first order for ellipses: with f the scaled radius,
    f (f - 1) / |grad f^2 / 2|.
    """
    import numpy as np

    half_width, half_height = shape.width / 2, shape.height / 2
    if shape.kind == "ellipse":
        scaled = np.hypot(u / half_width, v / half_height)
        slope = np.hypot(u / half_width**2, v / half_height**2)
        centre = -min(half_width, half_height)
        safe = np.where(slope == 0, 1, slope)
        return np.where(slope == 0, centre, scaled * (scaled - 1) / safe)
    rounding = shape.corner if shape.kind == "rounded" else 0.0
    radius = rounding * min(half_width, half_height)
    beside = np.abs(u) - (half_width - radius)
    above = np.abs(v) - (half_height - radius)
    outside = np.hypot(np.maximum(beside, 0), np.maximum(above, 0))
    return outside + np.minimum(np.maximum(beside, above), 0) - radius
