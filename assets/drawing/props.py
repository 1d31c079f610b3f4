"""Things people hold: a lantern on a stick, in a raised hand."""

from dataclasses import dataclass

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

TWINE = rgb("#2a1a20")
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
    tip = (hand[0] + lean * size * 3.2, hand[1] - size * 3.5)
    butt = (hand[0] - lean * size * 0.75, hand[1] + size * 1.3)
    lantern = (tip[0], tip[1] + size * 2.1)
    shine(canvas, glow(canvas, lantern, size * 9, 2.2), paper, 0.22)
    draw_lantern(canvas, lantern[0], lantern[1], size * 1.45, paper)
    paint(canvas, stroke(canvas, [tip, (tip[0], tip[1] + size * 0.6)], 1.4), TWINE)
    stick = stroke(canvas, [butt, tip], size * 0.24)
    model(canvas, stick, rgb("#6b4026"), light, size * 0.1)
    _forearm(canvas, look, light, _Arm(elbow, hand, size))


FIST = [
    (-1.0, -0.62), (0.1, -0.86), (0.82, -0.6), (0.95, 0.2), (0.6, 0.8), (-0.4, 0.85),
    (-1.0, 0.55),
]  # fmt: skip
THUMB = [(-0.5, 0.35), (0.1, 0.55), (0.55, 0.2), (0.5, 0.55), (-0.2, 0.95)]


@dataclass(frozen=True)
class _Arm:
    """A forearm's own directions: along to the hand, across; `size` is the fist's."""

    elbow: Point
    hand: Point
    size: float

    def at(self, forward: float, side: float, start: Point | None = None) -> Point:
        """The panel point so many fists along and across from `start` (the hand)."""
        along = np.subtract(self.hand, self.elbow)
        along = along / np.linalg.norm(along)
        across = np.asarray((-along[1], along[0]))
        moved = (along * forward + across * side) * self.size
        x, y = np.asarray(start or self.hand) + moved
        return float(x), float(y)


def _forearm(canvas: Canvas, look: Look, light: Light, arm: _Arm) -> None:
    size = arm.size
    fist = curve([arm.at(*point) for point in FIST])
    model(canvas, shape(canvas, fist), look.skin, light, size * 0.4)
    for finger in (-0.3, 0.08, 0.45):
        bend = [(finger, -0.75), (finger + 0.1, 0.0), (finger + 0.02, 0.5)]
        line = curve([arm.at(*point) for point in bend], closed=False)
        gap = stroke(canvas, line, size * 0.09, size * 0.04)
        paint(canvas, gap, (0.16, 0.07, 0.07), 0.5)
    thumb = curve([arm.at(*point) for point in THUMB])
    model(canvas, shape(canvas, thumb), look.skin, light, size * 0.2)
    _sleeve(canvas, rgb(SLEEVES[look.outfit]), light, arm)


def _sleeve(canvas: Canvas, base: Colour, light: Light, arm: _Arm) -> None:
    size, elbow = arm.size, arm.elbow
    wrist = [arm.at(-0.75, -1.0), arm.at(-0.7, 1.0), arm.at(-2.5, 1.25)]
    bend = [arm.at(-0.5, 1.7, elbow), arm.at(-0.5, -1.7, elbow), arm.at(-2.5, -1.25)]
    patch = shape(canvas, curve([*wrist, *bend]))
    area = patch.area
    folds = noise(canvas, (size * 1.3, size * 0.8), 77, 2)
    fold = folds[area.top : area.bottom, area.left : area.right]
    cloth = np.asarray(base) * (1 + 0.12 * fold)[..., None]
    model(canvas, patch, cloth, light, size * 0.7)
    hem = [arm.at(-0.70, -1.05), arm.at(-0.62, 0.0), arm.at(-0.70, 1.05)]
    cuff = stroke(canvas, curve(hem, closed=False), size * 0.42)
    model(canvas, cuff, np.asarray(base) * 0.85, light, size * 0.16)
