"""Necks, shoulders and clothes, drawn around a head."""

from collections.abc import Callable, Sequence

import numpy as np

from assets.drawing.canvas import (
    Array,
    Canvas,
    Colour,
    Patch,
    Point,
    blur,
    curve,
    grid,
    mix,
    noise,
    oval,
    paint,
    ramp,
    rgb,
    shape,
    stroke,
)
from assets.drawing.cast import Look, Pose
from assets.drawing.light import Light, model

NECK = {"raincoat": 0.40, "sweater": 0.55, "jacket": 0.43}
DARK: Colour = (0.10, 0.08, 0.14)


def at(pose: Pose, x: float, y: float) -> Point:
    """A point of the body, in half face widths about the head; it does not roll along."""
    base = pose.x - pose.r * (0.95 * np.sin(pose.roll) + 0.10 * np.sin(pose.yaw))
    slim = 1 - 0.18 * abs(pose.turn)
    near = 1 + 0.10 * pose.turn * np.sign(x)
    return float(base + pose.r * x * slim * near), float(pose.y + pose.r * y)


def _line(pose: Pose, points: Sequence[Point]) -> list[Point]:
    return [at(pose, x, y) for x, y in points]


def _both(half: Sequence[Point]) -> list[Point]:
    """A closed outline from its right half, top to bottom."""
    return [*half, *[(-x, y) for x, y in reversed(half)]]


def _form(
    canvas: Canvas, pose: Pose, points: Sequence[Point], soft: float = 0
) -> Patch:
    return shape(canvas, curve(_line(pose, points)), soft * pose.r)


TORSO = {
    "raincoat": [
        (0.0, 1.42), (0.62, 1.50), (1.25, 1.74), (1.80, 2.05), (2.02, 2.60), (2.08, 3.6),
        (2.2, 5.0), (2.42, 6.8), (2.44, 7.5), (1.2, 7.62), (0.0, 7.66),
    ],
    "sweater": [
        (0.0, 1.40), (0.70, 1.48), (1.50, 1.68), (2.05, 1.98), (2.25, 2.60), (2.22, 3.6),
        (2.10, 5.0), (2.05, 6.1), (1.95, 6.5), (1.0, 6.58), (0.0, 6.6),
    ],
    "jacket": [
        (0.0, 1.42), (0.60, 1.50), (1.22, 1.72), (1.72, 2.00), (1.92, 2.55), (1.86, 3.6),
        (1.88, 5.0), (2.10, 6.4), (2.12, 6.9), (1.1, 7.0), (0.0, 7.02),
    ],
}  # fmt: skip
SLEEVE = [
    (-0.42, -0.02), (0.10, 0.18), (0.46, 0.72), (0.66, 1.7), (0.76, 3.0), (0.70, 4.1),
    (0.30, 4.16), (0.02, 3.9), (0.0, 2.9), (-0.08, 1.7), (-0.30, 0.9),
]  # fmt: skip
SHOULDER = {"raincoat": (1.86, 2.12), "sweater": (2.12, 2.04), "jacket": (1.76, 2.06)}


def draw_neck(canvas: Canvas, look: Look, pose: Pose, light: Light) -> None:
    """Paint the neck, in the shadow of the chin."""
    wide = NECK[look.outfit]
    top = -0.95 * np.sin(pose.roll) * 0.5
    points = [
        (top - wide, 0.55), (top + wide, 0.55), (wide * 1.02, 1.4), (wide * 1.5, 1.95),
        (0, 2.35), (-wide * 1.5, 1.95), (-wide * 1.02, 1.4),
    ]  # fmt: skip
    tone = mix(look.skin, look.blush, 0.18)
    model(canvas, _form(canvas, pose, points), tone, light, 0.30 * pose.r)
    under = oval(
        canvas, at(pose, top, 0.98), (0.75 * pose.r, 0.62 * pose.r), 0.10 * pose.r
    )
    inside = _form(canvas, pose, points)
    _shade_within(canvas, inside, under, mix(look.skin, DARK, 0.78), 0.62)


def _shade_within(
    canvas: Canvas, inside: Patch, patch: Patch, colour: Colour, share: float
) -> None:
    """Paint `patch` only where `inside` is too."""
    full = np.zeros(canvas.pixels.shape[:2], np.float32)
    a = inside.area
    full[a.top : a.bottom, a.left : a.right] = inside.mask
    b = patch.area
    both = patch.mask * full[b.top : b.bottom, b.left : b.right]
    light = canvas.pixels[b.top : b.bottom, b.left : b.right].mean(-1, keepdims=True)
    paint(
        canvas, Patch(both, b), np.asarray(colour) * np.clip(light * 2, 0.15, 1), share
    )


def _cloth(canvas: Canvas, patch: Patch, base: Colour, pose: Pose, seed: int) -> Array:
    """A fabric's colour with soft folds running down from the shoulders."""
    folds = noise(canvas, (0.55 * pose.r, 1.8 * pose.r), seed, 2)
    weave = noise(canvas, (0.05 * pose.r, 0.05 * pose.r), seed + 1)
    area = patch.area
    crop = (slice(area.top, area.bottom), slice(area.left, area.right))
    shade = 1 + 0.11 * folds[crop] + 0.02 * weave[crop]
    return np.asarray(np.asarray(base, np.float32) * shade[..., None])


def _torso(
    canvas: Canvas, look: Look, pose: Pose, light: Light, base: Colour, seed: int
) -> Patch:
    patch = _form(canvas, pose, _both(TORSO[look.outfit]))
    model(canvas, patch, _cloth(canvas, patch, base, pose, seed), light, 0.50 * pose.r)
    return patch


def _sleeves(
    canvas: Canvas, look: Look, pose: Pose, light: Light, base: Colour, seed: int
) -> None:
    """Arms hanging at the sides, hands below."""
    x, y = SHOULDER[look.outfit]
    for side in (-1, 1):
        hand = oval(
            canvas, at(pose, side * (x + 0.46), y + 4.3), (0.30 * pose.r, 0.42 * pose.r)
        )
        model(canvas, hand, look.skin, light, 0.14 * pose.r)
        arm = _form(canvas, pose, [(side * (x + px), y + py) for px, py in SLEEVE])
        inner = [
            (side * (x - 0.18), y + 0.9),
            (side * (x - 0.02), y + 1.9),
            (side * x, y + 4.0),
        ]
        path = curve(_line(pose, inner), closed=False)
        _crease(canvas, pose, path, 0.22, 0.55)
        model(
            canvas, arm, _cloth(canvas, arm, base, pose, seed + 3), light, 0.30 * pose.r
        )


def _legs(canvas: Canvas, look: Look, pose: Pose, light: Light) -> None:
    """Trousers and boots; painted only where the picture reaches that far down."""
    if pose.y + 6 * pose.r > canvas.height:
        return
    cloth = mix(rgb("#3a3f58"), look.hair, 0.25)
    for side in (-1, 1):
        boot = [
            (side * 0.35, 10.6),
            (side * 1.15, 10.6),
            (side * 1.5, 11.2),
            (side * 0.3, 11.2),
        ]
        model(canvas, _form(canvas, pose, boot), rgb("#3b2a26"), light, 0.2 * pose.r)
        leg = [
            (side * 0.02, 5.8),
            (side * 1.45, 5.8),
            (side * 1.25, 8.4),
            (side * 1.12, 10.8),
            (side * 0.36, 10.8),
            (side * 0.2, 8.4),
        ]
        model(canvas, shape(canvas, _line(pose, leg)), cloth, light, 0.35 * pose.r)


def _crease(
    canvas: Canvas, pose: Pose, path: list[Point], wide: float, share: float
) -> None:
    patch = stroke(canvas, path, wide * pose.r, 0.06 * pose.r)
    a = patch.area
    under = canvas.pixels[a.top : a.bottom, a.left : a.right] * np.asarray(
        (0.5, 0.46, 0.56)
    )
    paint(canvas, patch, under, share)


def _raincoat(canvas: Canvas, look: Look, pose: Pose, light: Light) -> None:
    """A mustard raincoat and a teal scarf."""
    coat, scarf = rgb("#e0a92e"), rgb("#2b8a8c")
    hood = _both([(0.0, 1.05), (0.85, 1.12), (1.28, 1.50), (1.30, 1.95), (0.7, 2.3)])
    model(canvas, _form(canvas, pose, hood), mix(coat, DARK, 0.22), light, 0.3 * pose.r)
    draw_neck(canvas, look, pose, light)
    _torso(canvas, look, pose, light, coat, 41)
    _sleeves(canvas, look, pose, light, coat, 41)
    if pose.away:
        back = _both([(0.0, 1.25), (0.95, 1.35), (1.25, 1.9), (0.8, 2.7), (0.0, 3.1)])
        model(canvas, _form(canvas, pose, back), coat, light, 0.35 * pose.r)
        return
    _crease(canvas, pose, _line(pose, [(0.22, 2.6), (0.24, 7.5)]), 0.05, 0.7)
    for y in (3.15, 4.05, 4.95, 5.85):
        button = oval(canvas, at(pose, 0.02, y), (0.11 * pose.r, 0.11 * pose.r))
        model(canvas, button, rgb("#7a4a22"), light, 0.06 * pose.r)
    _scarf(canvas, pose, light, scarf)


def _scarf(canvas: Canvas, pose: Pose, light: Light, wool: Colour) -> None:
    tail = [
        (-0.35, 2.1),
        (0.05, 2.1),
        (0.0, 3.0),
        (-0.08, 3.75),
        (-0.62, 3.7),
        (-0.5, 2.9),
    ]
    _knit(canvas, pose, _form(canvas, pose, tail), wool, light)
    wrap = [
        (-0.70, 1.18), (0.0, 1.36), (0.70, 1.18), (0.98, 1.56), (0.80, 2.06), (0.0, 2.34),
        (-0.80, 2.06), (-0.98, 1.56),
    ]  # fmt: skip
    _knit(canvas, pose, _form(canvas, pose, wrap), wool, light)
    fold = curve(_line(pose, [(-0.85, 1.62), (-0.1, 1.95), (0.8, 1.72)]), closed=False)
    _crease(canvas, pose, fold, 0.07, 0.6)


def _knit(canvas: Canvas, pose: Pose, patch: Patch, base: Colour, light: Light) -> None:
    """Paint a knitted piece: fine slanted ribs."""
    xs, ys = grid(canvas, patch.area)
    x, y = (xs - pose.x) / pose.r, (ys - pose.y) / pose.r
    rib = np.sin(x * 34 + 2.2 * np.sin(y * 6)) * np.clip(pose.r / 40 - 0.3, 0, 1)
    colour = np.asarray(base, np.float32) * (1 + 0.10 * rib)[..., None]
    model(canvas, patch, colour, light, 0.16 * pose.r)


def _sweater(canvas: Canvas, look: Look, pose: Pose, light: Light) -> None:
    """A fisherman's navy jumper with a rolled neck."""
    navy = rgb("#33507c")
    draw_neck(canvas, look, pose, light)
    torso = _form(canvas, pose, _both(TORSO["sweater"]))
    colour = _cloth(canvas, torso, navy, pose, 51)
    colour = colour * _cables(canvas, torso, pose)[..., None]
    model(canvas, torso, colour, light, 0.50 * pose.r)
    _sleeves(canvas, look, pose, light, navy, 51)
    roll = [
        (-0.66, 1.20), (0.0, 1.42), (0.66, 1.20), (0.82, 1.45), (0.78, 1.80), (0.0, 2.02),
        (-0.78, 1.80), (-0.82, 1.45),
    ]  # fmt: skip
    _knit(
        canvas, pose, _form(canvas, pose, roll), mix(navy, (0.8, 0.85, 1), 0.10), light
    )


def _cables(canvas: Canvas, patch: Patch, pose: Pose) -> Array:
    """Twisted columns of a knitted front, as a factor about 1."""
    xs, ys = grid(canvas, patch.area)
    centre = at(pose, 0, 0)[0]
    x, y = (xs - centre) / pose.r, (ys - pose.y) / pose.r
    column = np.abs(np.mod(x + 0.42, 0.84) - 0.42)
    twist = np.abs(column - 0.12 * np.abs(np.sin(y * 4.2)))
    cable = ramp(0.09, 0.02, twist) * ramp(1.75, 1.45, np.abs(x)) * ramp(1.9, 2.2, y)
    rib = np.sin(x * 60) * ramp(0.20, 0.28, column)
    return np.asarray(
        1 + 0.16 * blur(cable, 0.02 * pose.r * canvas.scale) + 0.035 * rib
    )


def _jacket(canvas: Canvas, look: Look, pose: Pose, light: Light) -> None:
    """A green jacket over a cream blouse, its collar edged with gold."""
    green, gold = rgb("#2f7d5b"), rgb("#e2b04a")
    _torso(canvas, look, pose, light, green, 61)
    _sleeves(canvas, look, pose, light, green, 61)
    if not pose.away:
        vee = _both(
            [
                (0.0, 2.10),
                (0.34, 1.78),
                (0.66, 1.62),
                (0.62, 2.2),
                (0.34, 3.6),
                (0.0, 4.4),
            ]
        )
        model(canvas, _form(canvas, pose, vee), rgb("#f1e6d2"), light, 0.2 * pose.r)
        chest = _both(
            [(0.0, 1.5), (0.40, 1.45), (0.52, 1.75), (0.27, 2.25), (0.0, 2.62)]
        )
        model(
            canvas,
            _form(canvas, pose, chest),
            mix(look.skin, look.blush, 0.18),
            light,
            0.12 * pose.r,
        )
    draw_neck(canvas, look, pose, light)
    if pose.away:
        collar = _both(
            [(0.0, 1.32), (0.62, 1.26), (0.92, 1.62), (0.7, 2.0), (0.0, 2.1)]
        )
        model(canvas, _form(canvas, pose, collar), gold, light, 0.15 * pose.r)
        return
    _lapels(canvas, pose, light, gold, mix(green, DARK, 0.25))
    for bead in np.linspace(-1, 1, 13):
        y = 2.22 - 0.42 * bead**2
        spot = oval(
            canvas, at(pose, 0.46 * float(bead), float(y)), (0.05 * pose.r,) * 2
        )
        model(canvas, spot, rgb("#d9573f"), light, 0.03 * pose.r)


def _lapels(
    canvas: Canvas, pose: Pose, light: Light, edge: Colour, cloth: Colour
) -> None:
    outer = [
        (0.46, 1.34), (0.66, 1.36), (0.96, 1.66), (1.10, 2.25), (0.88, 3.2), (0.12, 4.6),
        (0.42, 3.2), (0.56, 2.2), (0.48, 1.66),
    ]  # fmt: skip
    inner = [
        (0.58, 1.40), (0.66, 1.42), (0.90, 1.70), (1.02, 2.25), (0.80, 3.15), (0.26, 4.3),
        (0.52, 3.2), (0.66, 2.2), (0.60, 1.66),
    ]  # fmt: skip
    for side in (-1, 1):
        for outline, colour, round_ in ((outer, edge, 0.08), (inner, cloth, 0.10)):
            form = _form(canvas, pose, [(side * x, y) for x, y in outline])
            model(canvas, form, colour, light, round_ * pose.r)


OUTFITS: dict[str, Callable[[Canvas, Look, Pose, Light], None]] = {
    "raincoat": _raincoat,
    "sweater": _sweater,
    "jacket": _jacket,
}


def draw_body(canvas: Canvas, look: Look, pose: Pose, light: Light) -> None:
    """Paint neck, shoulders and clothes, and the legs where they are in the picture."""
    _legs(canvas, look, pose, light)
    OUTFITS[look.outfit](canvas, look, pose, light)
