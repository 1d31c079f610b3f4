"""Eyes, brows, nose and mouth: the colours of a face before any light falls on it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from assets.drawing.canvas import Array, Canvas, Colour, mix, paint, ramp
from assets.drawing.cast import Look
from assets.drawing.head import EYE, MOUTH, Head, directions, find, hollows
from assets.drawing.light import Light, gloss, lit, rim

INK: Colour = (0.11, 0.07, 0.07)


@dataclass(frozen=True)
class Skin:
    """The colours of one face while they are being put on; float32 RGB 0..1."""

    head: Head
    colour: Array

    def put(self, mask: Array, colour: Colour | Array, share: float = 1) -> None:
        """Cover with a colour where `mask` (0..1) says so, on the front only."""
        cover = (mask * self.head.front * share)[..., None]
        self.colour[:] += (np.asarray(colour, np.float32) - self.colour) * cover


def mouth_line(u: Array | float, look: Look, smile: float) -> Array:
    """Height v of the closed mouth at u: corners rise with a smile."""
    u = np.asarray(u)
    return np.asarray(MOUTH + 0.04 * smile - 1.15 * smile * u**2 + 0.12 * u**2)


def mouth_width(smile: float) -> float:
    """Half width of the mouth."""
    return 0.285 + 0.09 * smile


def landmarks(this: Head, canvas: Canvas, look: Look) -> list[tuple[float, float]]:
    """Eyes, nose tip and mouth corners in panel pixels, image left first."""
    wide = mouth_width(this.pose.smile)
    corner = float(mouth_line(wide, look, this.pose.smile))
    places = [(-EYE[0], EYE[1]), EYE, (0.0, 0.34), (-wide, corner), (wide, corner)]
    return [find(this, canvas, u, v) for u, v in places]


def _complexion(skin: Skin, look: Look) -> None:
    this = skin.head
    side, v = np.abs(this.u), this.v
    cheek = np.exp(-(((side - 0.50) / 0.22) ** 2) - ((v - 0.27) / 0.17) ** 2)
    tip = np.exp(-((this.u / 0.14) ** 2) - ((v - 0.33) / 0.11) ** 2)
    skin.put(cheek * 0.40 + tip * 0.26, look.blush)
    skin.put(ramp(0.75, 1.25, v), mix(look.skin, look.blush, 0.4), 0.3)
    if look.freckles:
        _freckles(skin, look)


def _freckles(skin: Skin, look: Look) -> None:
    this, rng = skin.head, np.random.default_rng(17)
    for _ in range(46):
        u, v = float(rng.normal(0, 0.34)), float(rng.normal(0.19, 0.08))
        size = float(rng.uniform(0.010, 0.019))
        far = np.hypot(this.u - u, this.v - v) / max(size, 0.7 / this.unit)
        skin.put(ramp(1.4, 0.5, far), mix(look.skin, look.hair, 0.6), look.freckles)


class _Eye(NamedTuple):
    """One eye's own coordinates (outwards, down) and the edges of its lids."""

    across: Array
    down: Array
    upper: Array
    lower: Array
    wide: float


def _eye_at(this: Head, look: Look, side: int) -> _Eye:
    pose, size = this.pose, look.face.eye
    across = (this.u - side * EYE[0]) * side
    down = this.v - EYE[1] + 0.10 * across
    wide, high = 0.205 * size, 0.108 * size * (1 - 0.3 * pose.laugh)
    t = np.clip(np.abs(across) / wide, 0, 1)
    upper = -high * (1 - t**2.3) * (1 + 0.12 * pose.brows)
    lower = 0.72 * high * (1 - t**2) * (1 - 0.25 * pose.smile)
    return _Eye(across, np.asarray(down), np.asarray(upper), np.asarray(lower), wide)


def _draw_eye(skin: Skin, look: Look, side: int) -> None:
    eye = _eye_at(skin.head, look, side)
    soft = max(0.012, 1.0 / skin.head.unit)
    below, above = eye.down - eye.upper, eye.down - eye.lower
    inside = ramp(-soft, soft, below) * ramp(soft, -soft, above)
    inside = inside * (np.abs(eye.across) < eye.wide)
    skin.put(inside, mix((0.93, 0.90, 0.87), look.skin, 0.16))
    gaze = 0.05 * skin.head.pose.gaze
    _iris(skin, look, inside, eye.across * side - gaze, eye.down + 0.012)
    skin.put(inside * ramp(0.05, -0.01, below), INK, 0.5)
    _lids(skin, look, eye)


def _iris(skin: Skin, look: Look, inside: Array, dx: Array, dy: Array) -> None:
    far = np.sqrt(dx**2 + dy**2) / (0.098 * look.face.eye)
    soft = max(0.09, 1.0 / (0.1 * skin.head.unit))
    disc = ramp(1 + soft, 1 - soft, far) * inside
    bright = np.clip(0.75 + 4.5 * dy, 0.5, 1.45)[..., None]
    skin.put(disc, np.asarray(look.iris, np.float32) * bright)
    skin.put(disc * ramp(0.72, 1.0, far), mix(look.iris, INK, 0.8), 0.8)
    skin.put(ramp(0.50 + soft, 0.50 - soft, far) * inside, INK)


def _lids(skin: Skin, look: Look, eye: _Eye) -> None:
    over, wide = eye.upper - eye.down, eye.wide
    near = ramp(wide * 1.18, wide * 0.98, np.abs(eye.across))
    lash = 0.022 + 0.014 * ramp(-wide, wide, eye.across)
    skin.put(ramp(1.5, 0.6, np.abs(over - 0.010) / lash) * near, INK, 0.94)
    crease = ramp(0.022, 0.006, np.abs(over - 0.062)) * near
    skin.put(crease, mix(look.skin, INK, 0.55), 0.5)
    lid = ramp(0.0, 0.02, over) * ramp(0.075, 0.04, over) * near
    skin.put(lid, mix(look.skin, look.blush, 0.5), 0.4)
    edge = ramp(0.022, 0.004, np.abs(eye.down - eye.lower)) * near
    skin.put(edge, mix(look.skin, INK, 0.6), 0.5)


def _brow(skin: Skin, look: Look, side: int) -> None:
    this = skin.head
    along = np.clip((this.u * side - 0.14) / 0.46, 0, 1)
    arch = -0.315 - 0.09 * np.sin(along * 2.3) + 0.05 * along**2
    arch -= 0.045 * skin.head.pose.brows
    thick = look.face.brow * (0.35 + 1.0 * np.sin(np.pi * (0.18 + 0.80 * along)))
    ends = ramp(0.11, 0.17, this.u * side) * ramp(0.63, 0.56, this.u * side)
    hairs = 0.94 + 0.06 * np.sin(side * this.u * 110 + this.v * 90)
    brow = ramp(1.25, 0.5, np.abs(this.v - arch) / thick) * ends * hairs
    skin.put(brow, mix(look.hair, INK, 0.35), 0.9)


def _nose(skin: Skin, look: Look) -> None:
    this, n = skin.head, look.face.nose
    dark = mix(look.skin, INK, 0.72)
    side = np.abs(this.u) / n
    nostril = np.sqrt(((side - 0.085) / 0.055) ** 2 + ((this.v - 0.425) / 0.028) ** 2)
    skin.put(ramp(1.25, 0.55, nostril), dark, 0.8)
    under = np.exp(-((this.u / (0.15 * n)) ** 2) - ((this.v - 0.455) / 0.032) ** 2)
    skin.put(under, mix(look.skin, look.blush, 0.6), 0.55)
    wing = np.abs(np.hypot((side - 0.13) / 0.075, (this.v - 0.385) / 0.08) - 1)
    outer = ramp(0.15, 0.20, side) * ramp(0.28, 0.36, this.v)
    skin.put(ramp(0.3, 0.05, wing) * outer, dark, 0.4)


def _mouth(skin: Skin, look: Look) -> None:
    this, pose = skin.head, skin.head.pose
    wide = mouth_width(pose.smile)
    t = np.clip(np.abs(this.u) / wide, 0, 1)
    line = mouth_line(this.u, look, pose.smile)
    gap = 0.17 * pose.laugh * (1 - t**2.2)
    full = look.face.lips * (1 - t**2.2)
    bow = 1 - 0.30 * np.exp(-((this.u / 0.055) ** 2))
    top, upper, lower = line - 0.085 * full * bow, line - 0.25 * gap, line + gap
    bottom = lower + 0.112 * full
    soft = max(0.012, 1.0 / this.unit)
    inside = ramp(wide * 1.02, wide * 0.94, np.abs(this.u))

    def band(above: Array, below: Array) -> Array:
        a, b = this.v - above, this.v - below
        return np.asarray(ramp(-soft, soft, a) * ramp(soft, -soft, b) * inside)

    skin.put(band(top, upper), mix(look.lip, INK, 0.12), 0.85)
    skin.put(band(lower, bottom), look.lip, 0.8)
    if pose.laugh:
        skin.put(band(upper, lower), (0.24, 0.07, 0.08))
        skin.put(band(upper, upper + 0.55 * gap), (0.93, 0.90, 0.86), 0.95)
    else:
        seam = ramp(0.026, 0.008, np.abs(this.v - line))
        skin.put(seam * ramp(wide * 1.08, wide, np.abs(this.u)), INK, 0.75)
    dimple = np.hypot((np.abs(this.u) - wide - 0.02) / 0.05, (this.v - line) / 0.06)
    skin.put(ramp(1.2, 0.2, dimple), mix(look.skin, INK, 0.5), 0.15 + 0.3 * pose.smile)


def _beard(skin: Skin, look: Look, grain: Array) -> None:
    this = skin.head
    side, v = np.abs(this.u), this.v
    edge = 0.80 - 0.75 * ramp(0.42, 0.98, side) ** 1.3 + 0.05 * grain
    jaw = ramp(-0.06, 0.10, v - edge)
    lip = np.exp(-((this.u / 0.25) ** 4) - ((v - 0.545 - 0.5 * this.u**2) / 0.055) ** 2)
    chin = np.exp(-((this.u / 0.10) ** 2) - ((v - 0.86) / 0.06) ** 2) * 0.7
    corner = np.exp(-(((side - 0.36) / 0.07) ** 2) - ((v - 0.68) / 0.16) ** 2) * 0.8
    beard = np.clip(jaw + lip * 0.9 + chin + corner, 0, 1)
    skin.put(beard * (0.86 + 0.14 * grain), mix(look.hair, look.skin, 0.12), look.beard)


def colours(this: Head, look: Look, grain: Array) -> Array:
    """The face's own colours; `grain` is noise (about -1..1) over the head's area."""
    base = np.full((*this.u.shape, 3), look.skin, np.float32)
    skin = Skin(this, base)
    _complexion(skin, look)
    if look.beard:
        _beard(skin, look, grain)
    _nose(skin, look)
    _mouth(skin, look)
    for side in (-1, 1):
        _draw_eye(skin, look, side)
        _brow(skin, look, side)
    return skin.colour


def draw_face(
    canvas: Canvas, this: Head, look: Look, light: Light, grain: Array, shadow: Array
) -> None:
    """Paint the lit face; `shadow` (0..1) is what the hair throws on it."""
    facing = directions(this)
    falling = lit(facing, light)
    warm = np.asarray((0.42, 0.60, 0.66), np.float32)
    falling = falling * (1 - warm * (hollows(this) * this.front)[..., None] * 0.75)
    falling = falling * (1 - warm * shadow[..., None] * 0.62)
    falling = falling * (
        1 - 0.22 * warm * ramp(0.55, 1.0, np.hypot(this.x, this.y / 1.3))[..., None]
    )
    falling = _warmed(falling)
    picture = colours(this, look, grain) * falling
    shiny = gloss(facing, light, 22) * this.front * (1 - shadow)
    picture += (shiny * 0.20)[..., None] * np.asarray(light.key_colour, np.float32)
    picture += rim(facing, light)
    paint(canvas, this.patch(this.mask), picture)
    _catchlights(canvas, this, look, light)


def _warmed(falling: Array) -> Array:
    """Light that went through skin: the darker, the redder."""
    dim = ramp(0.95, 0.35, falling.mean(-1))[..., None]
    return np.asarray(
        falling * (1 + dim * np.asarray((0.16, -0.02, -0.08), np.float32))
    )


def _catchlights(canvas: Canvas, this: Head, look: Look, light: Light) -> None:
    toward = -0.035 if light.key[0] < 0 else 0.035
    for side in (-1, 1):
        dx = this.u - side * EYE[0] - toward - 0.05 * this.pose.gaze
        dy = this.v - EYE[1] + 0.045
        spot = ramp(0.034, 0.014, np.hypot(dx, dy)) * this.front * this.mask
        paint(canvas, this.patch(spot), (1.0, 0.98, 0.94), 0.85)
