"""Hair: a cap that turns with the head, and what falls behind and before it."""

from dataclasses import dataclass, replace

import numpy as np

from assets.drawing.canvas import (
    Array,
    Canvas,
    Patch,
    Point,
    blur,
    curve,
    grid,
    mix,
    noise,
    paint,
    ramp,
    rgb,
    shape,
)
from assets.drawing.cast import Look, Pose
from assets.drawing.head import Head, turned
from assets.drawing.light import Light, gloss, inflate, lit, normals, rim


@dataclass(frozen=True)
class Cut:
    """A haircut: the cap's half axes and centre in half face widths, strands or curls."""

    wide: float
    high: float
    up: float
    strands: float
    curls: float = 0
    square: float = 2


CORAL = rgb("#e2604a")
CUTS = {
    "long": Cut(1.13, 1.40, -0.15, 30),
    "short": Cut(1.06, 1.37, -0.17, 30, 0.45, 2.3),
    "puff": Cut(1.045, 1.34, -0.13, 26, 0.7),
}


def hairline(around: Array, style: str) -> Array:
    """Height v above which hair grows, by angle around the head (0 is the nose)."""
    side = np.abs(around)
    if style == "long":
        parted = np.abs(around - 0.30) / 0.95
        return np.asarray(-0.90 + 0.46 * parted**1.8 + 3 * ramp(0.86, 1.12, side))
    if style == "short":
        temple = -0.80 - 0.08 * np.exp(-(((side - 0.5) / 0.2) ** 2))
        return np.asarray(
            temple + 0.95 * ramp(0.76, 1.10, side) + 0.75 * ramp(1.4, 1.9, side)
        )
    crown = -0.76 + 0.10 * side**2
    return np.asarray(
        crown + 0.72 * ramp(0.72, 1.15, side) + 0.6 * ramp(1.3, 1.9, side)
    )


def _threads(values: Array, seed: int) -> Array:
    """One-dimensional noise 0..1 looked up at any position."""
    table = np.random.default_rng(seed).uniform(0, 1, 512).astype(np.float32)
    return np.asarray(np.interp(np.mod(values, 511), np.arange(512), table))


@dataclass(frozen=True)
class Cap:
    """The cap of hair over one head: mask, directions and own colour per pixel."""

    mask: Array
    facing: Array
    colour: Array


def _local(canvas: Canvas, this: Head, field: Array) -> Array:
    area = this.area
    return field[area.top : area.bottom, area.left : area.right]


def cap(canvas: Canvas, this: Head, look: Look) -> Cap:
    """The cap of hair that belongs on a head."""
    cut, pose = CUTS[look.hairstyle], this.pose
    grow = noise(canvas, (0.16 * pose.r, 0.16 * pose.r), 5)
    ragged = 1 + (0.008 + 0.012 * cut.curls) * _local(canvas, this, grow)
    x = this.x + 0.08 * np.sin(pose.yaw) * ramp(0.5, -0.5, this.y)
    across = np.abs(x / _width(this.y, look.hairstyle)) ** cut.square
    q = across + np.abs((this.y - cut.up) / cut.high) ** cut.square
    q = q / np.asarray(ragged) ** 2
    depth = 1.15 * np.sqrt(np.clip(1 - q, 0, 1))
    u, v, w = turned(x, this.y, depth, pose)
    around = np.arctan2(u, w)
    strand = _strands(around, v, look.hairstyle)
    line = hairline(around, look.hairstyle) + 0.07 * (strand - 0.5)
    soft = 0.05 + 0.10 * ramp(1.7, 2.3, np.abs(around))
    mask = ramp(1.5 / this.unit, -1.5 / this.unit, np.sqrt(q) - 1)
    grown = np.maximum(ramp(1, -1, (v - line) / soft), _temple(this, v, line))
    if not pose.away:
        end = 1.0 if look.hairstyle == "long" else 0.5
        grown = grown * ramp(end, 0.45 * end, v)
    mask = mask * grown
    curl = _local(canvas, this, noise(canvas, (0.085 * pose.r, 0.085 * pose.r), 7, 2))
    lift = 0.06 * strand * (1 - cut.curls) + 0.035 * cut.curls * curl
    facing = normals(blur(depth + lift * mask, 0.01 * this.unit), this.unit)
    colour = _hair_colour(look, strand, curl * cut.curls)
    if look.hairstyle == "puff":
        colour = _banded(colour, this, u, v, w)
    return Cap(mask, facing, colour)


def _temple(this: Head, v: Array, line: Array) -> Array:
    """Hair seen past the far temple, where the face does not hide it."""
    return np.asarray((1 - this.mask) * ramp(0.7, 0.5, v - line))


def _banded(colour: Array, this: Head, u: Array, v: Array, w: Array) -> Array:
    """Hair with a coral band tied around it."""
    off = np.abs(v + 0.74 + 0.34 * w)
    soft = max(0.012, 1 / this.unit)
    weave = 1 + 0.16 * np.sin((u + v) * 40)
    band = np.asarray(CORAL, np.float32) * np.asarray(weave)[..., None]
    share = ramp(0.105 + soft, 0.105 - soft, off)[..., None]
    edge = 1 - 0.5 * ramp(0.16, 0.105, off)[..., None]
    return np.asarray(colour * edge * (1 - share) + band * share)


def _width(y: Array, style: str) -> Array:
    """Half width of the cap at height y: short hair lies close at the temples."""
    wide = CUTS[style].wide
    close = 0.0 if style == "long" else ramp(-0.5, 0.1, y)
    return np.asarray(wide + (0.985 - wide) * close, np.float32)


def _strands(around: Array, v: Array, style: str) -> Array:
    """Shade 0..1 of the strand at a place on the head: coarse and fine together."""
    sweep = 5.0 if style == "short" else 0.0
    along = around * CUTS[style].strands + 0.7 * np.sin(v * 2.6) + sweep * v + 90
    return 0.55 * _threads(along * 0.5, 11) + 0.45 * _threads(along * 1.3, 12)


def _hair_colour(look: Look, strand: Array, curl: Array) -> Array:
    shade = 0.74 + 0.46 * strand + 0.18 * curl
    return np.asarray(np.asarray(look.hair, np.float32) * shade[..., None])


def shadow(this: Head, on_top: Cap) -> Array:
    """What the cap throws on the face, 0..1."""
    drop = round(0.10 * this.unit)
    fallen = np.zeros_like(on_top.mask)
    fallen[drop:] = on_top.mask[: -drop or None]
    return blur(np.maximum(fallen, on_top.mask), 0.06 * this.unit)


def draw_cap(canvas: Canvas, this: Head, on_top: Cap, look: Look, light: Light) -> None:
    """Paint the cap of hair over the face."""
    patch = this.patch(on_top.mask)
    _draw_hair(canvas, patch, on_top.colour, on_top.facing, look, light)


def _draw_hair(
    canvas: Canvas, patch: Patch, colour: Array, facing: Array, look: Look, light: Light
) -> None:
    picture = colour * lit(facing, light)
    tone = np.asarray(mix(look.hair, (1, 0.93, 0.85), 0.45)) * np.asarray(
        light.key_colour
    )
    sheen = gloss(facing, light, 9) * colour.mean(-1) / max(np.mean(look.hair), 0.05)
    picture = picture + 0.22 * sheen[..., None] * tone + rim(facing, light, 1.6) * 1.2
    paint(canvas, patch, picture)


def _at(pose: Pose, x: float, y: float, follow: float) -> Point:
    """A point in half face widths about the head, following its roll in part."""
    c, s = np.cos(pose.roll * follow), np.sin(pose.roll * follow)
    return float(pose.x + pose.r * (c * x - s * y)), float(
        pose.y + pose.r * (s * x + c * y)
    )


def _flowing(
    canvas: Canvas, patch: Patch, look: Look, pose: Pose, light: Light
) -> None:
    """Paint a mass of long hair: waves running down."""
    xs, ys = grid(canvas, patch.area)
    x, y = (xs - pose.x) / pose.r, (ys - pose.y) / pose.r
    wave = x * 11 + 0.7 * np.sin(y * 2.4 + np.sign(x)) + 60
    strand = 0.6 * _threads(wave, 23) + 0.4 * _threads(wave * 2.7, 29)
    facing = inflate(patch.mask, 0.22 * pose.r * canvas.scale)
    fold = normals(
        0.12 * blur(strand, 0.02 * pose.r * canvas.scale), pose.r * canvas.scale
    )
    facing = facing + fold * (0.7, 0.4, 0.2)
    facing /= np.linalg.norm(facing, axis=-1, keepdims=True)
    colour = _hair_colour(look, strand, np.zeros_like(strand))
    _draw_hair(canvas, patch, colour, facing, look, light)


BACK = [
    (0.0, -1.45), (0.75, -1.28), (1.14, -0.65), (1.22, 0.1), (1.20, 0.8), (1.34, 1.5),
    (1.20, 2.2), (0.9, 2.55), (0.0, 2.3), (-0.9, 2.55), (-1.20, 2.2), (-1.34, 1.5),
    (-1.20, 0.8), (-1.22, 0.1), (-1.14, -0.65), (-0.75, -1.28),
]  # fmt: skip
LOCK = [
    (0.97, -0.55), (1.13, -0.1), (1.17, 0.5), (1.26, 1.05), (1.24, 1.6), (1.36, 2.15),
    (1.12, 2.72), (0.86, 2.9), (0.98, 2.5), (0.84, 2.0), (0.90, 1.4), (0.86, 0.9),
    (0.98, 0.4), (1.0, 0.0),
]  # fmt: skip


def draw_behind(canvas: Canvas, look: Look, pose: Pose, light: Light) -> None:
    """Paint the hair that lies behind neck and shoulders, or the puff on top."""
    if look.hairstyle == "long":
        back = -0.12 * np.sin(pose.yaw)
        points = [_at(pose, x + back, y, 0.5 if y > 0 else 1) for x, y in BACK]
        patch = shape(canvas, curve(points))
        _flowing(
            canvas,
            patch,
            look,
            pose,
            light if pose.away else replace(light, rim=(0, 0, 0)),
        )
        paint(
            canvas,
            patch,
            mix(look.hair, (0.05, 0.02, 0.04), 0.75),
            0.0 if pose.away else 0.35,
        )
    if look.hairstyle == "puff":
        _puff(canvas, look, pose, light)


def _puff(canvas: Canvas, look: Look, pose: Pose, light: Light) -> None:
    r, lean = pose.r, -0.35 * np.sin(pose.yaw)
    turn = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    bumps = 1 + 0.035 * np.sin(turn * 11 + 1) + 0.025 * np.sin(turn * 17)
    xs, ys = lean + 0.82 * bumps * np.cos(turn), -1.62 + 0.64 * bumps * np.sin(turn)
    points = [_at(pose, float(x), float(y), 1) for x, y in zip(xs, ys, strict=True)]
    patch = shape(canvas, points, 0.012 * r)
    curls = noise(canvas, (0.10 * r, 0.10 * r), 31, 2)
    area = patch.area
    curl = curls[area.top : area.bottom, area.left : area.right]
    facing = inflate(patch.mask, 0.34 * r * canvas.scale)
    facing = facing + normals(0.05 * curl, r * canvas.scale) * (0.8, 0.8, 0.1)
    facing /= np.linalg.norm(facing, axis=-1, keepdims=True)
    colour = _hair_colour(look, 0.5 + 0.3 * curl, curl * 0.8)
    _draw_hair(canvas, patch, colour, facing, look, light)


def draw_locks(canvas: Canvas, look: Look, pose: Pose, light: Light) -> None:
    """Paint the locks that fall before the shoulders."""
    if look.hairstyle != "long" or pose.away:
        return
    shift = 0.06 * np.sin(pose.yaw)
    for side in (-1, 1):
        points = [
            _at(pose, side * x * 0.99 + shift, y, 1 - 0.55 * float(ramp(0, 2, y)))
            for x, y in LOCK
        ]
        _flowing(canvas, shape(canvas, curve(points), 0.01 * pose.r), look, pose, light)
