"""A picture in the making: shapes, textures and blending in panel pixels, at any scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Colour = tuple[float, float, float]
Point = tuple[float, float]

SUBPIXEL = 4


def rgb(code: str) -> Colour:
    """The colour of a code such as `#e8b48c`, channels 0..1."""
    red, green, blue = (int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with a share (0..1) of `second` in it."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def ramp(start: float, end: float, values: Array | float) -> Array:
    """Smooth step: 0 at `start`, 1 at `end`; runs down where `end` is less."""
    t = np.clip((np.asarray(values) - start) / (end - start), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


@dataclass(frozen=True)
class Canvas:
    """`pixels` is float32 (height*scale, width*scale, 3), RGB 0..1, painted in place."""

    width: int
    height: int
    scale: float
    pixels: Array

    @property
    def whole(self) -> tuple[Array, Array]:
        """Panel coordinates x and y of every pixel."""
        return grid(self, Area(0, 0, self.pixels.shape[1], self.pixels.shape[0]))


class Area(NamedTuple):
    """A rectangle of device pixels."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class Patch:
    """A mask (0..1) that covers one area of a canvas."""

    mask: Array
    area: Area


def blank(width: int, height: int, scale: float = 2) -> Canvas:
    """An empty canvas of `width` x `height` panel pixels."""
    shape = (round(height * scale), round(width * scale), 3)
    return Canvas(width, height, scale, np.zeros(shape, np.float32))


def area_of(canvas: Canvas, box: tuple[float, float, float, float]) -> Area:
    """The device pixels under a panel box (left, top, right, bottom), cut at the edge."""
    high, wide = canvas.pixels.shape[:2]
    left, top, right, bottom = (round(side * canvas.scale) for side in box)
    left, top = min(max(left, 0), wide - 1), min(max(top, 0), high - 1)
    return Area(
        left, top, min(max(right, left + 1), wide), min(max(bottom, top + 1), high)
    )


def grid(canvas: Canvas, area: Area) -> tuple[Array, Array]:
    """Panel coordinates x and y of the pixel centres in `area`, float32."""
    x = (np.arange(area.left, area.right, dtype=np.float32) + 0.5) / canvas.scale
    y = (np.arange(area.top, area.bottom, dtype=np.float32) + 0.5) / canvas.scale
    xs, ys = np.meshgrid(x, y)
    return xs, ys


def view(canvas: Canvas, area: Area) -> Array:
    """The canvas's own pixels in `area`."""
    return canvas.pixels[area.top : area.bottom, area.left : area.right]


def paint(
    canvas: Canvas, patch: Patch, colour: Colour | Array, share: float = 1
) -> None:
    """Cover the patch with a colour, or with a picture of the patch's size."""
    target = view(canvas, patch.area)
    cover = (patch.mask * share)[..., None]
    target += (np.asarray(colour, np.float32) - target) * cover


def shine(
    canvas: Canvas, patch: Patch, colour: Colour | Array, share: float = 1
) -> None:
    """Add light to the patch; bright parts saturate softly (screen blending)."""
    target = view(canvas, patch.area)
    light = (patch.mask * share)[..., None] * np.asarray(colour, np.float32)
    target += light * np.clip(1 - target, 0, 1)


def wash(canvas: Canvas, colours: Sequence[tuple[float, Colour]]) -> None:
    """Fill the canvas from top to bottom with colours at given heights (panel pixels)."""
    _, ys = canvas.whole
    heights = [height for height, _ in colours]
    for channel in range(3):
        levels = [colour[channel] for _, colour in colours]
        canvas.pixels[..., channel] = np.interp(ys, heights, levels)


def curve(points: Sequence[Point], closed: bool = True, steps: int = 12) -> list[Point]:
    """A smooth line through `points` (Catmull-Rom, `steps` a span)."""
    p = np.asarray(points, np.float64)
    around = np.vstack([p[-1:], p, p[:2]]) if closed else np.vstack([p[:1], p, p[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    spans = []
    for a, b, c, d in zip(around, around[1:], around[2:], around[3:], strict=False):
        bend = (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
        spans.append(0.5 * (2 * b + (c - a) * t + bend))
    line = np.vstack([*spans, p[-1:]]) if not closed else np.vstack(spans)
    return [(float(x), float(y)) for x, y in line]


def _around(canvas: Canvas, points: Sequence[Point], margin: float) -> Area:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    box = (min(xs) - margin, min(ys) - margin, max(xs) + margin, max(ys) + margin)
    return area_of(canvas, box)


def _device(canvas: Canvas, points: Sequence[Point], area: Area) -> Array:
    moved = np.asarray(points, np.float64) * canvas.scale - (area.left, area.top) - 0.5
    return np.asarray(np.round(moved * 2**SUBPIXEL), np.int32)


def shape(canvas: Canvas, points: Sequence[Point], soft: float = 0) -> Patch:
    """The inside of a polygon; its edge blurred by `soft` panel pixels."""
    area = _around(canvas, points, 3 * soft + 2)
    mask = np.zeros((area.bottom - area.top, area.right - area.left), np.uint8)
    cv2.fillPoly(mask, [_device(canvas, points, area)], 255, cv2.LINE_AA, SUBPIXEL)
    return Patch(blur(mask.astype(np.float32) / 255, soft * canvas.scale), area)


def stroke(
    canvas: Canvas, points: Sequence[Point], width: float, soft: float = 0
) -> Patch:
    """A line through `points`, `width` panel pixels wide."""
    area = _around(canvas, points, 3 * soft + width + 2)
    mask = np.zeros((area.bottom - area.top, area.right - area.left), np.uint8)
    wide = max(round(width * canvas.scale), 1)
    thin = min(width * canvas.scale, 1.0)
    path = _device(canvas, points, area)
    cv2.polylines(mask, [path], False, 255, wide, cv2.LINE_AA, SUBPIXEL)
    return Patch(blur(mask.astype(np.float32) / 255 * thin, soft * canvas.scale), area)


def oval(canvas: Canvas, centre: Point, size: Point, soft: float = 0) -> Patch:
    """An upright ellipse with half axes `size`; `soft` blurs its edge."""
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    xs = centre[0] + size[0] * np.cos(turn)
    ys = centre[1] + size[1] * np.sin(turn)
    return shape(canvas, list(zip(xs.tolist(), ys.tolist(), strict=True)), soft)


def glow(canvas: Canvas, centre: Point, radius: float, power: float = 2) -> Patch:
    """A round falling light: 1 in the middle, 0 at `radius`."""
    x, y = centre
    area = area_of(canvas, (x - radius, y - radius, x + radius, y + radius))
    xs, ys = grid(canvas, area)
    far = np.sqrt((xs - x) ** 2 + (ys - y) ** 2) / radius
    return Patch(np.clip(1 - far, 0, 1) ** power, area)


def whole(canvas: Canvas, mask: Array) -> Patch:
    """A patch over all of the canvas."""
    high, wide = canvas.pixels.shape[:2]
    return Patch(mask, Area(0, 0, wide, high))


def blur(picture: Array, sigma: float) -> Array:
    """`picture` blurred by `sigma` device pixels; untouched below a third of one."""
    if sigma < 0.33:
        return picture
    small = max(int(sigma / 4), 1)
    if small == 1:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma))
    size = (max(picture.shape[1] // small, 1), max(picture.shape[0] // small, 1))
    less = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    less = cv2.GaussianBlur(less, (0, 0), sigma / small)
    full = (picture.shape[1], picture.shape[0])
    return np.asarray(cv2.resize(less, full, interpolation=cv2.INTER_LINEAR))


def defocus(canvas: Canvas, sigma: float) -> None:
    """Put all that is painted so far out of focus by `sigma` panel pixels."""
    canvas.pixels[:] = blur(canvas.pixels, sigma * canvas.scale)


def noise(canvas: Canvas, size: Point, seed: int, octaves: int = 1) -> Array:
    """Smooth random field over the canvas, about -1..1; `size` of a blob in panel pixels.

    The field is made on a grid of panel coordinates, so it is the same at every scale.
    """
    rng = np.random.default_rng(seed)
    high, wide = canvas.pixels.shape[:2]
    total = np.zeros((high, wide), np.float32)
    for octave in range(octaves):
        step_x, step_y = size[0] / 2**octave, size[1] / 2**octave
        cells = (int(canvas.height / step_y) + 4, int(canvas.width / step_x) + 4)
        coarse = rng.uniform(-1, 1, cells).astype(np.float32)
        total += _sample(canvas, coarse, step_x, step_y) * 0.5**octave
    return total


def _sample(canvas: Canvas, coarse: Array, step_x: float, step_y: float) -> Array:
    high, wide = canvas.pixels.shape[:2]
    grown = cv2.resize(
        coarse,
        None,
        fx=step_x * canvas.scale,
        fy=step_y * canvas.scale,
        interpolation=cv2.INTER_CUBIC,
    )
    left, top = round(step_x * canvas.scale), round(step_y * canvas.scale)
    return np.asarray(grown[top : top + high, left : left + wide])
