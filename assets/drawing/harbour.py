"""A harbour: sky, hills, cranes, boats and water at any hour."""

from dataclasses import dataclass

import numpy as np

from assets.drawing.canvas import (
    Canvas,
    Colour,
    Point,
    blur,
    curve,
    glow,
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
from assets.drawing.light import Light
from assets.drawing.quay import HULLS, draw_boat, draw_crane


@dataclass(frozen=True)
class Hour:
    """The colours of a time of day; `sun` is its place in panel pixels."""

    zenith: Colour
    middle: Colour
    low: Colour
    sun: Point
    sun_colour: Colour
    cloud: Colour
    cloud_shade: Colour
    far: Colour
    near: Colour
    water: Colour
    deep: Colour
    windows: float = 0


MORNING = Hour(
    rgb("#5fa8c9"), rgb("#a9d3d9"), rgb("#f6e7c9"), (760, 90), rgb("#fff3cf"),
    rgb("#fffaf0"), rgb("#a9bfcb"), rgb("#9fbcc4"), rgb("#5d8790"), rgb("#8cc3c6"),
    rgb("#2b6b7c"),
)  # fmt: skip
GOLDEN = Hour(
    rgb("#5f7fae"), rgb("#eab188"), rgb("#ffdd96"), (640, 215), rgb("#fff0b8"),
    rgb("#ffc48a"), rgb("#a4708a"), rgb("#c78f88"), rgb("#6d5470"), rgb("#f0b781"),
    rgb("#4b5578"), 0.25,
)  # fmt: skip
DUSK = Hour(
    rgb("#2c3a6e"), rgb("#8a6a9a"), rgb("#f19c7a"), (300, 300), rgb("#ffc98f"),
    rgb("#e08d88"), rgb("#5a4a7d"), rgb("#6a5684"), rgb("#37345c"), rgb("#b9788c"),
    rgb("#2b2f57"), 0.8,
)  # fmt: skip
NIGHT = Hour(
    rgb("#0d1436"), rgb("#1d2a5c"), rgb("#4a4a82"), (770, 90), rgb("#dfe6ff"),
    rgb("#43508c"), rgb("#161d47"), rgb("#28305f"), rgb("#141a3c"), rgb("#2d3a70"),
    rgb("#0c1130"), 1.0,
)  # fmt: skip


def draw_sky(canvas: Canvas, hour: Hour, horizon: float, seed: int = 1) -> None:
    """Paint the sky down to the horizon: gradient, sun and clouds."""
    wash(canvas, [(0, hour.zenith), (horizon * 0.62, hour.middle), (horizon, hour.low)])
    shine(canvas, glow(canvas, hour.sun, 420, 2.2), hour.sun_colour, 0.55)
    shine(canvas, glow(canvas, hour.sun, 130, 2), hour.sun_colour, 0.7)
    paint(canvas, oval(canvas, hour.sun, (25, 25), 1.2), hour.sun_colour, 0.95)
    _clouds(canvas, hour, horizon, seed)


def _clouds(canvas: Canvas, hour: Hour, horizon: float, seed: int) -> None:
    _, ys = canvas.whole
    field = noise(canvas, (230, 62), seed, 5)
    height = ramp(0.02, 0.5, ys / horizon) * ramp(1.0, 0.72, ys / horizon)
    body = ramp(0.20, 0.75, field * 0.85 + 0.42 * height - 0.12)
    step = max(round(9 * canvas.scale), 1)
    above = np.vstack([field[:1].repeat(step, 0), field[:-step]])
    bright = ramp(-0.35, 0.5, field - above)[..., None]
    colour = (
        np.asarray(hour.cloud_shade) * (1 - bright) + np.asarray(hour.cloud) * bright
    )
    paint(canvas, whole(canvas, body * ramp(1.0, 0.85, ys / horizon)), colour, 0.85)


def draw_hills(canvas: Canvas, hour: Hour, horizon: float, seed: int = 2) -> None:
    """Paint three ridges, paler with distance, and the town along the shore."""
    rng = np.random.default_rng(seed)
    for layer, (tall, colour) in enumerate(
        [
            (92, mix(hour.far, hour.low, 0.55)),
            (64, mix(hour.far, hour.low, 0.20)),
            (34, mix(hour.far, hour.near, 0.55)),
        ]
    ):
        knots = np.arange(-60, canvas.width + 150, 95 - 20 * layer)
        ridge = [
            (float(x), horizon - tall * float(rng.uniform(0.25, 1))) for x in knots
        ]
        outline = [
            *curve(ridge, closed=False),
            (canvas.width + 90, horizon + 2),
            (-60, horizon + 2),
        ]
        patch = shape(canvas, outline, 0.6)
        paint(canvas, patch, colour)
    _town(canvas, hour, horizon, rng)


def _town(canvas: Canvas, hour: Hour, horizon: float, rng: np.random.Generator) -> None:
    x = -10.0
    while x < canvas.width:
        wide, tall = float(rng.uniform(16, 34)), float(rng.uniform(12, 34))
        tint = mix(
            rgb(str(rng.choice(["#e9d8b6", "#d98f6c", "#c9c2b4", "#b86b58"]))),
            hour.near,
            0.52,
        )
        top = horizon - tall
        body = [(x, horizon + 1), (x, top), (x + wide, top), (x + wide, horizon + 1)]
        paint(canvas, shape(canvas, body), tint)
        roof = [(x - 2, top), (x + wide / 2, top - wide * 0.36), (x + wide + 2, top)]
        paint(canvas, shape(canvas, roof), mix(hour.near, rgb("#8a3f34"), 0.42))
        for column in range(int(wide // 8)):
            lit = rng.random() < 0.25 + 0.6 * hour.windows
            pane = [
                (x + 4 + column * 8, top + 5),
                (x + 7 + column * 8, top + 5),
                (x + 7 + column * 8, top + 10),
                (x + 4 + column * 8, top + 10),
            ]
            warm = mix(hour.near, rgb("#ffd27a"), hour.windows if lit else 0.1)
            paint(canvas, shape(canvas, pane), warm)
        x += wide + float(rng.choice([0, 0, 6, 22]))


def draw_water(canvas: Canvas, hour: Hour, horizon: float, seed: int = 3) -> None:
    """Paint water below the horizon: a blurred mirror, wavelets and the sun's path."""
    _, ys = canvas.whole
    below = ramp(horizon - 0.6, horizon + 0.6, ys)
    depth = np.clip((ys - horizon) / (canvas.height - horizon), 0, 1)[..., None]
    tone = np.asarray(hour.water) * (1 - depth) + np.asarray(hour.deep) * depth
    line = round(horizon * canvas.scale)
    rows = canvas.pixels.shape[0] - line
    mirror = np.resize(canvas.pixels[line - 1 :: -1], canvas.pixels[:].shape)[:rows]
    mirror = blur(np.ascontiguousarray(mirror), 7 * canvas.scale)
    full = tone.astype(np.float32) * np.ones_like(canvas.pixels)
    full[line:] += (mirror - full[line:]) * (0.55 * (1 - 0.5 * depth[line:]))
    paint(canvas, whole(canvas, below), full)
    _wavelets(canvas, hour, horizon, seed)


def _wavelets(canvas: Canvas, hour: Hour, horizon: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    reach = canvas.height - horizon
    for _ in range(620):
        near = float(rng.uniform(0, 1)) ** 1.7
        y = horizon + 2 + near * reach
        x = float(rng.uniform(-20, canvas.width + 20))
        long = (8 + 62 * near) * float(rng.uniform(0.5, 1.4))
        path = [
            (x - long / 2, y),
            (x, y + (0.3 + 2.4 * near) * float(rng.normal())),
            (x + long / 2, y),
        ]
        patch = stroke(
            canvas,
            curve(path, closed=False, steps=5),
            0.7 + 3.2 * near,
            0.3 + 0.7 * near,
        )
        if rng.random() < 0.5:
            paint(canvas, patch, mix(hour.water, hour.low, 0.5), 0.32)
        else:
            paint(canvas, patch, hour.deep, 0.26)


def draw_glints(
    canvas: Canvas,
    x: float,
    horizon: float,
    colour: Colour,
    strength: float,
    count: int,
) -> None:
    """Paint a light's broken path on the water below (x, horizon)."""
    rng = np.random.default_rng(round(x) + count)
    reach = canvas.height - horizon
    for _ in range(count):
        near = float(rng.uniform(0, 1)) ** 1.3
        y = horizon + 2 + near * reach
        middle = x + float(rng.normal()) * (9 + 46 * near)
        long = (5 + 30 * near) * float(rng.uniform(0.4, 1.3))
        patch = oval(canvas, (middle, y), (long, 0.5 + 1.7 * near), 0.4 + 0.6 * near)
        shine(canvas, patch, colour, strength * float(rng.uniform(0.4, 1)))


def draw_harbour(
    canvas: Canvas, hour: Hour, horizon: float, light: Light, seed: int = 1
) -> None:
    """Paint sky, hills, cranes and water, with a few boats at anchor."""
    draw_sky(canvas, hour, horizon, seed)
    draw_hills(canvas, hour, horizon, seed + 1)
    steel = mix(hour.near, rgb("#c2483a"), 0.38)
    draw_crane(
        canvas, canvas.width * 0.82, horizon + 2, 170, mix(steel, hour.low, 0.28), -1
    )
    draw_crane(canvas, canvas.width * 0.93, horizon + 3, 215, steel, -1)
    draw_water(canvas, hour, horizon, seed + 2)
    draw_glints(canvas, hour.sun[0], horizon, hour.sun_colour, 0.7, 130)
    for number, (x, y, size) in enumerate(
        [(0.14, 10, 62), (0.33, 6, 44), (0.64, 16, 78)]
    ):
        hull = mix(rgb(HULLS[number]), hour.near, 0.3)
        draw_boat(
            canvas,
            x * canvas.width,
            horizon + y,
            size,
            hull,
            light,
            1 - 2 * (number % 2),
        )
