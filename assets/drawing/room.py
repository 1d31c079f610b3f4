"""A lantern maker's workshop with a window on the harbour."""

import numpy as np

from assets.drawing.canvas import (
    Canvas,
    Point,
    blank,
    curve,
    defocus,
    glow,
    grid,
    mix,
    noise,
    paint,
    rgb,
    shape,
    shine,
    stroke,
    wash,
    whole,
)
from assets.drawing.harbour import DUSK, draw_harbour
from assets.drawing.light import Light, model
from assets.drawing.market import PAPER, draw_lantern

WARM = Light((-0.6, -0.4, 0.6), (0.75, 0.52, 0.34), (0.36, 0.32, 0.42), (0.3, 0.2, 0.2))


def _box(left: float, top: float, right: float, bottom: float) -> list[Point]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def draw_room(canvas: Canvas) -> None:
    """Paint the wall, the window, shelves with lanterns and a hanging lamp."""
    wash(canvas, [(0, rgb("#6b4250")), (330, rgb("#a5684f")), (540, rgb("#6a4038"))])
    plaster = noise(canvas, (60, 46), 12, 3)
    paint(canvas, whole(canvas, np.clip(plaster * 0.5, 0, 1)), rgb("#c98b63"), 0.16)
    _window(canvas, 560, 70, 860, 360)
    _shelf(canvas, 30, 340, 178)
    _shelf(canvas, 30, 340, 330)
    for x, y, size, paper in ((470, 78, 30, 0), (385, 40, 21, 2), (905, 58, 24, 1)):
        paint(canvas, stroke(canvas, [(x, 0), (x, y - size)], 1.4), rgb("#2a1a20"))
        draw_lantern(canvas, x, y, size, rgb(PAPER[paper]))
    shine(canvas, glow(canvas, (250, 120), 520, 1.6), rgb("#ff9d4d"), 0.42)
    _bench(canvas)


def _window(
    canvas: Canvas, left: float, top: float, right: float, bottom: float
) -> None:
    outside = blank(round(right - left), round(bottom - top), canvas.scale)
    draw_harbour(outside, DUSK, 165, WARM, 80)
    defocus(outside, 1.2)
    pane = shape(canvas, _box(left, top, right, bottom))
    area = pane.area
    picture = np.zeros((*pane.mask.shape, 3), np.float32)
    row = round(top * canvas.scale) - area.top
    column = round(left * canvas.scale) - area.left
    high, wide = outside.pixels.shape[:2]
    picture[row : row + high, column : column + wide] = outside.pixels
    paint(canvas, pane, picture)
    wood = rgb("#6b4032")
    middle = (left + right) / 2
    bars = [
        _box(left - 12, top - 12, right + 12, top + 4),
        _box(left - 12, top - 12, left + 4, bottom + 12),
        _box(right - 4, top - 12, right + 12, bottom + 12),
        _box(middle - 4, top, middle + 4, bottom),
        _box(left, top + 96, right, top + 103),
    ]
    for bar in bars:
        model(canvas, shape(canvas, bar), wood, WARM, 3)
    model(
        canvas,
        shape(canvas, _box(left - 24, bottom - 2, right + 24, bottom + 16)),
        mix(wood, (1, 0.8, 0.6), 0.2),
        WARM,
        4,
    )
    for side, edge in ((-1, left), (1, right)):
        _curtain(canvas, edge + side * 16, top - 26, bottom + 70, side)


def _curtain(canvas: Canvas, x: float, top: float, bottom: float, side: int) -> None:
    drop = np.linspace(0, 1, 24)
    waist = np.exp(-(((drop - 0.62) / 0.16) ** 2))
    outer = [(x + side * 44.0, top + (bottom - top) * float(d)) for d in drop]
    inner = [
        (x - side * (46 - 44 * float(w)), top + (bottom - top) * float(d))
        for d, w in zip(drop, waist, strict=True)
    ]
    patch = shape(canvas, [*outer, *reversed(inner)], 0.8)
    xs, ys = grid(canvas, patch.area)
    gather = 1 + 0.9 * np.exp(-((((ys - top) / (bottom - top) - 0.62) / 0.2) ** 2))
    fold = np.sin((xs - x - side * 40) * 0.36 * gather + 0.6 * np.sin(ys * 0.02))
    cloth = np.asarray(rgb("#2f6a72")) * (0.92 + 0.24 * fold)[..., None]
    model(canvas, patch, cloth, WARM, 7)
    knot = top + (bottom - top) * 0.62
    tie = stroke(
        canvas,
        curve(
            [
                (x + side * 46, knot - 8),
                (x + side * 18, knot + 3),
                (x - side * 5, knot),
            ],
            closed=False,
        ),
        9,
    )
    model(canvas, tie, rgb("#e0b04f"), WARM, 3)


JAR = [
    (0.0, 0.0), (0.62, 0.0), (0.70, -0.06), (0.95, -0.34), (0.95, -0.52), (0.62, -0.74),
    (0.36, -0.80), (0.36, -0.92), (0.50, -0.97), (0.50, -1.0), (0.0, -1.0),
]  # fmt: skip


def _shelf(canvas: Canvas, left: float, right: float, y: float) -> None:
    rng = np.random.default_rng(round(y) + 2)
    x = left + 30
    while x < right - 24:
        wide, tall = float(rng.uniform(14, 24)), float(rng.uniform(36, 70))
        if rng.random() < 0.25:
            draw_lantern(
                canvas, x, y - 26, 18, rgb(PAPER[int(rng.integers(len(PAPER)))])
            )
        else:
            colour = rgb(
                str(rng.choice(["#c9543c", "#e3b65c", "#3e7f7c", "#efe0c4", "#8f5470"]))
            )
            half = [(px * wide, py * tall) for px, py in JAR]
            points = [(x + px, y + py) for px, py in half] + [
                (x - px, y + py) for px, py in reversed(half)
            ]
            model(canvas, shape(canvas, points, 0.6), colour, WARM, wide * 0.5)
        x += wide * 2 + float(rng.uniform(6, 18))
    model(canvas, shape(canvas, _box(left, y, right, y + 11)), rgb("#6b4032"), WARM, 3)
    paint(
        canvas,
        shape(canvas, _box(left + 4, y + 11, right, y + 26), 4),
        rgb("#2c171c"),
        0.5,
    )


def _bench(canvas: Canvas) -> None:
    top = [(-20, 470), (980, 470), (980, 560), (-20, 560)]
    model(canvas, shape(canvas, top), rgb("#7d4c35"), WARM, 6)
    for x, tint in (
        (196, "#f0e0c4"),
        (214, "#7fb0ab"),
        (706, "#f3d9a2"),
        (728, "#d9694a"),
    ):
        paper = stroke(canvas, [(x - 42, 474), (x + 42, 466)], 15)
        model(canvas, paper, rgb(tint), WARM, 6)
    for x, size, paper_kind in ((96, 36, 0), (884, 34, 4), (812, 24, 3)):
        draw_lantern(canvas, x, 474 - size * 1.15, size, rgb(PAPER[paper_kind]))
