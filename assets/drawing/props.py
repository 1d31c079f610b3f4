"""Things people hold: a lantern on a stick, in a raised hand."""

import numpy as np

from assets.drawing.canvas import (
    Canvas,
    Colour,
    Point,
    curve,
    glow,
    noise,
    paint,
    rgb,
    shape,
    shine,
    stroke,
)
from assets.drawing.cast import Look
from assets.drawing.light import Light, model
from assets.drawing.market import draw_lantern

SLEEVES = {"raincoat": "#e0a92e", "sweater": "#33507c", "jacket": "#2f7d5b"}


def draw_raised_lantern(
    canvas: Canvas,
    look: Look,
    light: Light,
    elbow: Point,
    hand: Point,
    size: float,
    paper: Colour,
) -> None:
    """Paint a forearm from `elbow` to `hand` with a lantern on a stick; `size` is
    the half width of the fist, in panel pixels."""
    lean = 1 if hand[0] > elbow[0] else -1
    tip = (hand[0] + lean * size * 2.3, hand[1] - size * 4.0)
    butt = (hand[0] - lean * size * 0.75, hand[1] + size * 1.3)
    model(
        canvas,
        stroke(canvas, [butt, tip], size * 0.26),
        rgb("#8a5a34"),
        light,
        size * 0.1,
    )
    _forearm(canvas, look, light, elbow, hand, size)
    lantern = (tip[0], tip[1] + size * 2.1)
    paint(canvas, stroke(canvas, [tip, lantern], 1.2), rgb("#2a1a20"))
    draw_lantern(canvas, lantern[0], lantern[1], size * 1.45, paper)
    shine(canvas, glow(canvas, lantern, size * 9, 2.2), paper, 0.22)


def _forearm(
    canvas: Canvas, look: Look, light: Light, elbow: Point, hand: Point, size: float
) -> None:
    along = np.asarray(hand) - np.asarray(elbow)
    along = along / np.linalg.norm(along)
    across = np.asarray((-along[1], along[0]))

    def at(forward: float, side: float, start: Point) -> Point:
        x, y = np.asarray(start) + along * forward * size + across * side * size
        return float(x), float(y)

    fist = curve(
        [
            at(f, s, hand)
            for f, s in (
                (-1.0, -0.62),
                (0.1, -0.86),
                (0.82, -0.6),
                (0.95, 0.2),
                (0.6, 0.8),
                (-0.4, 0.85),
                (-1.0, 0.55),
            )
        ]
    )
    model(canvas, shape(canvas, fist), look.skin, light, size * 0.4)
    for finger in (-0.3, 0.08, 0.45):
        line = curve(
            [
                at(finger, -0.75, hand),
                at(finger + 0.1, 0.0, hand),
                at(finger + 0.02, 0.5, hand),
            ],
            closed=False,
        )
        paint(
            canvas,
            stroke(canvas, line, size * 0.09, size * 0.04),
            (0.16, 0.07, 0.07),
            0.5,
        )
    thumb = curve(
        [
            at(-0.5, 0.35, hand),
            at(0.1, 0.55, hand),
            at(0.55, 0.2, hand),
            at(0.5, 0.55, hand),
            at(-0.2, 0.95, hand),
        ]
    )
    model(canvas, shape(canvas, thumb), look.skin, light, size * 0.2)
    sleeve = curve(
        [
            at(-0.75, -1.0, hand),
            at(-0.7, 1.0, hand),
            at(-2.5, 1.25, hand),
            at(-0.5, 1.7, elbow),
            at(-0.5, -1.7, elbow),
            at(-2.5, -1.25, hand),
        ]
    )
    patch = shape(canvas, sleeve)
    area = patch.area
    folds = noise(canvas, (size * 1.3, size * 0.8), 77, 2)[
        area.top : area.bottom, area.left : area.right
    ]
    cloth = np.asarray(rgb(SLEEVES[look.outfit])) * (1 + 0.12 * folds)[..., None]
    model(canvas, patch, cloth, light, size * 0.7)
    cuff = curve(
        [at(-0.70, -1.05, hand), at(-0.62, 0.0, hand), at(-0.70, 1.05, hand)],
        closed=False,
    )
    model(
        canvas,
        stroke(canvas, cuff, size * 0.42),
        np.asarray(rgb(SLEEVES[look.outfit])) * 0.85,
        light,
        size * 0.16,
    )
