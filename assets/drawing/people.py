"""A whole person before the camera, drawn from back to front."""

from dataclasses import dataclass

import numpy as np

from assets.drawing.body import draw_body
from assets.drawing.canvas import (
    Canvas,
    mix,
    noise,
    paint,
    rgb,
)
from assets.drawing.cast import Look, Pose
from assets.drawing.features import draw_face, landmarks
from assets.drawing.hair import cap, draw_behind, draw_cap, draw_locks, shadow
from assets.drawing.head import Head, head
from assets.drawing.light import Light, model


@dataclass(frozen=True)
class Seen:
    """A face in a panel: who, and five points in panel pixels, image left first."""

    character: str
    points: tuple[tuple[float, float], ...]


def draw_person(canvas: Canvas, look: Look, pose: Pose, light: Light) -> Seen:
    """Paint a person and say where the face is."""
    if not pose.away:
        draw_behind(canvas, look, pose, light)
    draw_body(canvas, look, pose, light)
    this = head(canvas, look.face, pose)
    _ears(canvas, this, look, light)
    field = noise(canvas, (0.045 * pose.r, 0.045 * pose.r), 3)
    area = this.area
    grain = field[area.top : area.bottom, area.left : area.right]
    hair = cap(canvas, this, look)
    draw_face(canvas, this, look, light, grain, shadow(this, hair))
    draw_cap(canvas, this, hair, look, light)
    draw_locks(canvas, look, pose, light)
    if pose.away:
        _ears(canvas, this, look, light)
        draw_behind(canvas, look, pose, light)
    return Seen(look.name, tuple(landmarks(this, canvas, look)))


def _ears(canvas: Canvas, this: Head, look: Look, light: Light) -> None:
    pose = this.pose
    tone = mix(look.skin, look.blush, 0.25)
    for side in (-1, 1):
        hidden = side * np.sin(pose.yaw) > 0.30
        if hidden or look.hairstyle == "long":
            continue
        x = side * (0.985 - 0.10 * abs(np.sin(pose.yaw))) - 0.10 * np.sin(pose.yaw)
        y = 0.08 - 0.4 * np.sin(pose.pitch)
        mask = _blob(this, x, y, 0.15, 0.27)
        model(canvas, this.patch(mask), tone, light, 0.07 * pose.r)
        paint(
            canvas,
            this.patch(_blob(this, x, y - 0.02, 0.075, 0.16, 0.3)),
            mix(look.skin, (0.2, 0.05, 0.06), 0.55),
            0.45,
        )
        if look.earrings:
            _ring(canvas, this, x + side * 0.05, y + 0.46, light)


def _blob(
    this: Head, x: float, y: float, wide: float, high: float, soft: float = 0.1
) -> np.ndarray:
    far = np.hypot((this.x - x) / wide, (this.y - y) / high)
    return np.clip((1 + soft - far) / (2 * soft), 0, 1).astype(np.float32)


def _ring(canvas: Canvas, this: Head, x: float, y: float, light: Light) -> None:
    far = np.abs(np.hypot((this.x - x) / 0.17, (this.y - y) / 0.20) - 1)
    mask = np.clip((0.20 - far) / 0.10, 0, 1).astype(np.float32)
    model(canvas, this.patch(mask), rgb("#f0c04f"), light, 0.04 * this.pose.r)


def draw_people(canvas: Canvas, light: Light, *cast: tuple[Look, Pose]) -> list[Seen]:
    """Paint several people, the farthest first."""
    return [draw_person(canvas, look, pose, light) for look, pose in cast]
