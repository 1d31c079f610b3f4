"""A night market: lanterns, stalls, a crowd, wet stones and lights out of focus."""

import numpy as np

from assets.drawing.canvas import (
    Canvas,
    Colour,
    Patch,
    Point,
    area_of,
    blur,
    glow,
    grid,
    mix,
    noise,
    oval,
    paint,
    ramp,
    rgb,
    shape,
    shine,
    stroke,
    wash,
    whole,
)
from assets.drawing.light import Light, model

PAPER = ("#ffb347", "#ff7d4a", "#ffd66b", "#f2604f", "#ffc58a")
AWNINGS = (("#c8453c", "#f3e3c3"), ("#2c7f7b", "#f0dfb8"), ("#d98a2e", "#f6e8cb"))
STALL_LIGHT = Light(
    (0, -0.6, 0.6), (0.9, 0.62, 0.36), (0.25, 0.2, 0.3), (0.3, 0.2, 0.18)
)


def draw_lantern(
    canvas: Canvas, x: float, y: float, size: float, paper: Colour
) -> None:
    """Paint a lit paper lantern, its middle at (x, y); `size` is its half width."""
    shine(canvas, glow(canvas, (x, y), size * 5.5, 2.4), paper, 0.55)
    body = oval(canvas, (x, y), (size, size * 1.12), 0.04 * size)
    xs, ys = grid(canvas, body.area)
    far = np.hypot((xs - x) / size, (ys - y) / (size * 1.12))
    hot = ramp(1.0, 0.0, far)[..., None]
    ribs = 1 - 0.10 * np.abs(np.sin((ys - y) / size * 7.5))[..., None] * np.clip(
        size / 9, 0, 1
    )
    edge = np.asarray(mix(paper, rgb("#b8341e"), 0.35))
    core = np.asarray(mix(paper, (1, 0.97, 0.86), 0.82))
    paint(canvas, body, (edge * (1 - hot) + core * hot) * ribs)
    for end in (-1, 1):
        rim = oval(canvas, (x, y + end * size * 1.08), (size * 0.42, size * 0.13))
        paint(canvas, rim, rgb("#4a2620"))
    tassel = [(x, y + size * 1.15), (x, y + size * 1.75)]
    paint(canvas, stroke(canvas, tassel, size * 0.12), rgb("#c8453c"))


def draw_string(
    canvas: Canvas,
    start: Point,
    end: Point,
    sag: float,
    count: int,
    size: float,
    seed: int,
) -> None:
    """Paint a sagging line with `count` lanterns from `start` to `end`."""
    rng = np.random.default_rng(seed)
    along = np.linspace(0, 1, 30)
    line = [_hang(start, end, sag, float(t)) for t in along]
    paint(canvas, stroke(canvas, line, max(size * 0.08, 0.8)), rgb("#2a1a26"))
    for number in range(count):
        x, y = _hang(start, end, sag, (number + 0.5) / count)
        grown = size * float(rng.uniform(0.85, 1.2))
        draw_lantern(
            canvas, x, y + grown * 1.3, grown, rgb(PAPER[int(rng.integers(len(PAPER)))])
        )


def _hang(start: Point, end: Point, sag: float, t: float) -> Point:
    x = start[0] + (end[0] - start[0]) * t
    return x, start[1] + (end[1] - start[1]) * t + sag * 4 * t * (1 - t)


def draw_bokeh(
    canvas: Canvas,
    count: int,
    sizes: tuple[float, float],
    band: tuple[float, float],
    seed: int,
) -> None:
    """Add lights out of focus between the heights of `band`; half widths in `sizes`."""
    rng = np.random.default_rng(seed)
    colours = (*PAPER, "#7fd0d6", "#ffe9b8", "#8fa0ff")
    for _ in range(count):
        x, y = float(rng.uniform(0, canvas.width)), float(rng.uniform(*band))
        size = float(rng.uniform(*sizes))
        colour = rgb(colours[int(rng.integers(len(colours)))])
        share = float(rng.uniform(0.18, 0.6))
        shine(
            canvas, oval(canvas, (x, y), (size, size), size * 0.06), colour, share * 0.8
        )
        area = area_of(canvas, (x - size, y - size, x + size, y + size))
        xs, ys = grid(canvas, area)
        far = np.hypot(xs - x, ys - y) / size
        ring = Patch(ramp(0.78, 0.92, far) * ramp(1.0, 0.95, far), area)
        shine(canvas, ring, colour, share * 0.5)


def draw_street(canvas: Canvas, ground: float, seed: int = 4) -> None:
    """Paint the night sky and the house fronts behind the stalls."""
    wash(
        canvas,
        [(0, rgb("#121a44")), (ground * 0.6, rgb("#3a2d63")), (ground, rgb("#7a4258"))],
    )
    rng = np.random.default_rng(seed)
    for _ in range(70):
        spot = (
            float(rng.uniform(0, canvas.width)),
            float(rng.uniform(0, ground * 0.5)),
        )
        shine(
            canvas,
            glow(canvas, spot, float(rng.uniform(0.8, 2.0)), 1),
            (0.9, 0.92, 1),
            0.7,
        )
    x = -30.0
    while x < canvas.width:
        wide, tall = (
            float(rng.uniform(80, 150)),
            float(rng.uniform(0.45, 0.80)) * ground,
        )
        middle = abs(x + wide / 2 - canvas.width / 2) / canvas.width
        _house(canvas, x, ground, wide, tall * (0.55 + 0.9 * middle), rng)
        x += wide + float(rng.uniform(-6, 10))


def _house(
    canvas: Canvas,
    x: float,
    ground: float,
    wide: float,
    tall: float,
    rng: np.random.Generator,
) -> None:
    wall = mix(rgb("#2c2350"), rgb("#54305a"), float(rng.uniform(0, 1)))
    top = ground - tall
    front = [(x, ground), (x, top), (x + wide, top), (x + wide, ground)]
    model(canvas, shape(canvas, front), wall, STALL_LIGHT, 12)
    paint(canvas, shape(canvas, front), wall, 0.55)
    roof = [
        (x - 8, top),
        (x + wide * 0.16, top - 26),
        (x + wide * 0.84, top - 26),
        (x + wide + 8, top),
    ]
    paint(canvas, shape(canvas, roof), rgb("#1b1738"))
    for row in range(int(tall // 46)):
        for column in range(int(wide // 34)):
            left, high = x + 12 + column * 34, top + 14 + row * 46
            pane = [
                (left, high),
                (left + 15, high),
                (left + 15, high + 22),
                (left, high + 22),
            ]
            lit = rng.random() < 0.5
            glass = (
                mix(rgb("#ffc46b"), wall, float(rng.uniform(0.1, 0.5)))
                if lit
                else rgb("#231c44")
            )
            paint(canvas, shape(canvas, pane), glass)
            if lit:
                shine(
                    canvas,
                    glow(canvas, (left + 7, high + 11), 34, 2),
                    rgb("#ff9a4a"),
                    0.25,
                )


def draw_stall(
    canvas: Canvas, x: float, ground: float, wide: float, kind: int, seed: int
) -> None:
    """Paint a lit stall standing on `ground`, `wide` panel pixels across from `x`."""
    rng = np.random.default_rng(seed)
    tall = wide * 0.80
    top, counter = ground - tall, ground - wide * 0.30
    inside = [(x, counter), (x, top), (x + wide, top), (x + wide, counter)]
    paint(canvas, shape(canvas, inside), rgb("#6d3424"))
    shine(
        canvas,
        glow(canvas, (x + wide / 2, top + wide * 0.3), wide * 0.62, 1.2),
        rgb("#ffb65c"),
        0.9,
    )
    _shelf(canvas, x, top + tall * 0.42, wide, rng)
    for post in (x + wide * 0.03, x + wide * 0.97):
        paint(
            canvas,
            stroke(canvas, [(post, top), (post, ground)], wide * 0.028),
            rgb("#43241f"),
        )
    _goods(canvas, x, counter, wide, rng)
    front = [
        (x - wide * 0.02, counter),
        (x + wide * 1.02, counter),
        (x + wide, ground),
        (x, ground),
    ]
    model(canvas, shape(canvas, front), rgb("#8a5433"), STALL_LIGHT, wide * 0.04)
    for plank in range(1, 6):
        px = x + wide * plank / 6
        paint(
            canvas,
            stroke(canvas, [(px, counter + 4), (px, ground)], wide * 0.008),
            rgb("#3d1f1c"),
            0.7,
        )
    _awning(canvas, x, top, wide, kind)


def _shelf(
    canvas: Canvas, x: float, y: float, wide: float, rng: np.random.Generator
) -> None:
    """A row of bottles and ribbons of many heights."""
    spot = 0.08
    while spot < 0.92:
        tall, half = (
            wide * float(rng.uniform(0.05, 0.12)),
            wide * float(rng.uniform(0.008, 0.017)),
        )
        colour = rgb(
            str(rng.choice(["#b84f38", "#2f7d76", "#e0b45a", "#8d4a62", "#f0e0bf"]))
        )
        middle = x + wide * spot
        outline = [
            (middle - half, y), (middle - half, y - tall * 0.62), (middle - half * 0.4, y - tall * 0.74),
            (middle - half * 0.4, y - tall), (middle + half * 0.4, y - tall),
            (middle + half * 0.4, y - tall * 0.74), (middle + half, y - tall * 0.62), (middle + half, y),
        ]  # fmt: skip
        model(canvas, shape(canvas, outline), colour, STALL_LIGHT, wide * 0.012)
        spot += 2 * half / wide + float(rng.uniform(0.006, 0.02))
    board = [(x + wide * 0.05, y), (x + wide * 0.95, y)]
    paint(canvas, stroke(canvas, board, wide * 0.018), rgb("#5a2d20"))


def _goods(
    canvas: Canvas, x: float, counter: float, wide: float, rng: np.random.Generator
) -> None:
    """Trays of fruit, side by side along the counter."""
    first = int(rng.integers(5))
    colours = ("#e8902f", "#c73f35", "#8fae4a", "#f0c24a", "#b6527a")
    for row in (2, 1, 0):
        for number in range(21 - row):
            px = x + wide * (0.06 + 0.044 * (number + 0.5 * row))
            py = counter - wide * (0.016 + 0.026 * row + 0.006 * float(rng.uniform()))
            colour = rgb(colours[(first + number // 5) % len(colours)])
            ball = oval(canvas, (px, py), (wide * 0.024, wide * 0.024))
            model(canvas, ball, colour, STALL_LIGHT, wide * 0.015)


def _awning(canvas: Canvas, x: float, top: float, wide: float, kind: int) -> None:
    stripes = 8
    deep, back = wide * 0.20, wide * 0.10
    for number in range(stripes):
        colour = rgb(AWNINGS[kind % len(AWNINGS)][number % 2])
        left, right = number / stripes, (number + 1) / stripes
        low_left, low_right = (
            x - back + (wide + 2 * back) * left,
            x - back + (wide + 2 * back) * right,
        )
        cloth = [
            (x + wide * left, top - deep * 0.75),
            (x + wide * right, top - deep * 0.75),
            (low_right, top + deep * 0.5),
            (low_left, top + deep * 0.5),
        ]
        paint(canvas, shape(canvas, cloth), np.asarray(colour) * (0.62, 0.55, 0.62))
        middle, half = (low_left + low_right) / 2, (low_right - low_left) / 2
        flap = oval(canvas, (middle, top + deep * 0.5), (half, deep * 0.26))
        paint(canvas, flap, np.asarray(colour) * (0.92, 0.72, 0.62))
    shade = shape(
        canvas,
        [
            (x, top + deep * 0.7),
            (x + wide, top + deep * 0.7),
            (x + wide, top + deep * 1.1),
            (x, top + deep * 1.1),
        ],
        deep * 0.12,
    )
    paint(canvas, shade, rgb("#3a1a1c"), 0.45)


def draw_stones(canvas: Canvas, ground: float, seed: int = 8) -> None:
    """Paint wet stones below `ground`, which mirror what stands above."""
    _, ys = canvas.whole
    line = round(ground * canvas.scale)
    rows = canvas.pixels.shape[0] - line
    source = np.ascontiguousarray(canvas.pixels[max(line - rows, 0) : line][::-1])
    mirror = np.repeat(source[-1:], rows, 0)
    mirror[: source.shape[0]] = source
    mirror = blur(mirror, 5 * canvas.scale)
    ripple = noise(canvas, (34, 7), seed, 3)[line:]
    depth = np.linspace(0, 1, rows)[:, None, None]
    stone = np.asarray(rgb("#2a2145")) * (1 - 0.4 * depth)
    shiny = np.clip(0.42 + 0.5 * ripple, 0.05, 0.9)[..., None] * (1 - 0.35 * depth)
    canvas.pixels[line:] = stone * (1 - shiny * 0.4) + mirror * shiny
    shade = whole(canvas, ramp(ground + 14, ground - 1, ys) * (ys >= ground))
    paint(canvas, shade, rgb("#1d1533"), 0.6)


def draw_market(
    canvas: Canvas, ground: float, zoom: float = 1, shift: float = 0
) -> None:
    """Paint the whole street of stalls; `zoom` brings it nearer, `shift` moves it."""
    draw_street(canvas, ground)
    wide = 215 * zoom
    for number in range(-1, int(canvas.width / wide) + 2):
        x = shift + number * wide * 1.16
        draw_stall(canvas, x, ground + 6 * (number % 2), wide, number % 3, 40 + number)
    draw_stones(canvas, ground + 6)
    lines = (
        (-20, 40, canvas.width * 0.55, 90, 60),
        (canvas.width * 0.38, 70, canvas.width + 30, 20, 66),
    )
    for number, (x0, y0, x1, y1, sag) in enumerate(lines):
        draw_string(canvas, (x0, y0), (x1, y1), sag, 7, 13 * zoom, 70 + number)
