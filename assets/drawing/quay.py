"""What stands and floats at a quay: cranes, boats, gulls, planks and posts."""

from collections.abc import Sequence

import numpy as np

from assets.drawing.canvas import (
    Canvas,
    Colour,
    Point,
    curve,
    mix,
    noise,
    paint,
    rgb,
    shape,
    shine,
    stroke,
)
from assets.drawing.light import Light, model

HULLS = ("#b8473a", "#2f6f86", "#e3d5bb", "#3d4f63", "#d99a3c")


def draw_crane(
    canvas: Canvas, x: float, foot: float, size: float, colour: Colour, flip: int = 1
) -> None:
    """Paint a harbour crane standing at (x, foot), `size` panel pixels tall."""

    def at(px: float, py: float) -> Point:
        return x + flip * px * size, foot - py * size

    def beam(points: list[Point], wide: float) -> None:
        paint(
            canvas,
            stroke(canvas, [at(*p) for p in points], max(wide * size, 0.8)),
            colour,
        )

    for leg in (-0.14, 0.14):
        beam([(leg * 1.3, 0), (leg, 0.55)], 0.026)
    beam([(-0.15, 0.30), (0.15, 0.30)], 0.020)
    beam([(-0.18, 0.02), (0.14, 0.30)], 0.012)
    beam([(0.18, 0.02), (-0.14, 0.30)], 0.012)
    beam([(-0.42, 0.56), (0.95, 0.56)], 0.034)
    beam([(-0.42, 0.60), (0.95, 0.60)], 0.012)
    for step in np.arange(-0.4, 0.95, 0.09):
        beam([(float(step), 0.56), (float(step) + 0.045, 0.60)], 0.008)
    beam([(-0.02, 0.56), (0.05, 0.92), (0.12, 0.56)], 0.020)
    beam([(0.05, 0.92), (0.90, 0.585)], 0.008)
    beam([(0.05, 0.92), (-0.40, 0.585)], 0.008)
    beam([(0.66, 0.56), (0.66, 0.22)], 0.006)
    house = [at(-0.40, 0.50), at(-0.22, 0.50), at(-0.22, 0.62), at(-0.40, 0.62)]
    paint(canvas, shape(canvas, house), colour)
    load = [at(0.56, 0.12), at(0.76, 0.12), at(0.76, 0.22), at(0.56, 0.22)]
    paint(canvas, shape(canvas, load), mix(colour, rgb("#d9703c"), 0.55))


CABIN = [(-0.36, -0.10), (-0.34, -0.36), (-0.06, -0.36), (-0.02, -0.10)]
ROOF = [(-0.39, -0.355), (-0.37, -0.40), (-0.03, -0.40), (-0.01, -0.355)]
HULL = [
    (-0.48, -0.15), (0.1, -0.11), (0.58, -0.22), (0.46, -0.04), (0.36, 0.03),
    (-0.42, 0.03),
]  # fmt: skip
BAND = [
    (-0.485, -0.15), (0.1, -0.11), (0.58, -0.22), (0.565, -0.185), (0.1, -0.07),
    (-0.48, -0.112),
]  # fmt: skip
MIRROR = [(-0.46, 0.0), (0.5, 0.0), (0.40, 0.16), (0.1, 0.20), (-0.36, 0.15)]
ROPES = ([(0.0, -0.72), (0.55, -0.20)], [(0.0, -0.72), (-0.46, -0.14)])
NIGHT_WATER: Colour = (0.05, 0.08, 0.16)


def draw_boat(
    canvas: Canvas,
    x: float,
    y: float,
    size: float,
    hull: Colour,
    light: Light,
    flip: int = 1,
) -> None:
    """Paint a fishing boat `size` panel pixels long, its waterline at (x, y)."""

    def at(points: Sequence[Point]) -> list[Point]:
        return [(x + flip * px * size, y + py * size) for px, py in points]

    mirror = shape(canvas, at(MIRROR), 0.035 * size)
    paint(canvas, mirror, mix(hull, NIGHT_WATER, 0.6), 0.55)
    for rope in ROPES:
        line = stroke(canvas, at(rope), max(size * 0.006, 0.5))
        paint(canvas, line, (0.2, 0.18, 0.2), 0.7)
    mast = stroke(canvas, at([(0.0, -0.1), (0.0, -0.74)]), size * 0.022)
    paint(canvas, mast, rgb("#5a4334"))
    model(canvas, shape(canvas, at(CABIN)), rgb("#efe6d4"), light, 0.04 * size)
    for left in (-0.31, -0.21, -0.12):
        right = left + 0.06
        pane = [(left, -0.31), (right, -0.31), (right + 0.005, -0.23), (left, -0.23)]
        paint(canvas, shape(canvas, at(pane)), rgb("#3b5566"))
    model(canvas, shape(canvas, at(ROOF)), hull, light, 0.02 * size)
    model(canvas, shape(canvas, at(HULL)), hull, light, 0.07 * size)
    paint(canvas, shape(canvas, at(BAND)), rgb("#f4ead6"), 0.9)
    foam = stroke(
        canvas, at([(-0.44, 0.035), (0.38, 0.035)]), 0.016 * size, 0.008 * size
    )
    paint(canvas, foam, (0.95, 0.97, 0.96), 0.28)


def draw_gulls(
    canvas: Canvas, places: Sequence[tuple[float, float, float]], colour: Colour
) -> None:
    """Paint gulls at (x, y, wing span)."""
    for x, y, span in places:
        wing = [
            (x - span / 2, y + span * 0.05),
            (x - span * 0.22, y - span * 0.15),
            (x, y + span * 0.05),
            (x + span * 0.24, y - span * 0.17),
            (x + span / 2, y),
        ]
        paint(
            canvas,
            stroke(canvas, curve(wing, closed=False), max(span * 0.055, 1)),
            colour,
        )


def draw_pier(canvas: Canvas, top: float, wood: Colour, shine_colour: Colour) -> None:
    """Paint a plank floor from height `top` to the bottom edge, in perspective."""
    wide = canvas.width
    floor = [
        (-40, top),
        (wide + 40, top),
        (wide + 40, canvas.height + 5),
        (-40, canvas.height + 5),
    ]
    patch = shape(canvas, floor)
    area = patch.area
    grain = noise(canvas, (150, 5), 19, 2)[
        area.top : area.bottom, area.left : area.right
    ]
    paint(canvas, patch, np.asarray(wood) * (1 + 0.13 * grain)[..., None])
    for share in np.linspace(0, 1, 9) ** 1.6:
        y = top + float(share) * (canvas.height - top)
        gap = stroke(canvas, [(-10, y), (wide + 10, y)], 0.8 + 2.2 * float(share))
        paint(canvas, gap, mix(wood, (0.1, 0.07, 0.1), 0.7), 0.7)
    shine(
        canvas, stroke(canvas, [(-10, top), (wide + 10, top)], 2.2), shine_colour, 0.4
    )
    under = [(-40, top + 2), (wide + 40, top + 2), (wide + 40, top + 9), (-40, top + 9)]
    paint(canvas, shape(canvas, under, 1), mix(wood, (0.1, 0.07, 0.1), 0.5), 0.5)


def draw_post(
    canvas: Canvas, x: float, top: float, foot: float, wide: float, light: Light
) -> None:
    """Paint a mooring post with a rope around it."""
    post = [
        (x - wide / 2, top),
        (x + wide / 2, top),
        (x + wide / 2, foot),
        (x - wide / 2, foot),
    ]
    model(canvas, shape(canvas, post, 0.5), rgb("#6d5140"), light, wide * 0.35)
    for turn in range(3):
        y = top + wide * (0.7 + 0.26 * turn)
        rope = curve(
            [(x - wide * 0.56, y - 2), (x, y + wide * 0.12), (x + wide * 0.56, y - 2)],
            closed=False,
        )
        model(
            canvas,
            stroke(canvas, rope, wide * 0.22),
            rgb("#d8bd8a"),
            light,
            wide * 0.08,
        )
