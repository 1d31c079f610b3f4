"""Light on rounded things: a key light, the sky, the ground's bounce and a rim."""

from dataclasses import dataclass

import cv2
import numpy as np

from assets.drawing.canvas import Array, Canvas, Colour, Patch, blur, paint, ramp


@dataclass(frozen=True)
class Light:
    """Colours may exceed 1; directions point towards the light: x right, y down, z near."""

    key: tuple[float, float, float]
    key_colour: Colour
    sky: Colour
    ground: Colour
    rim: Colour = (0, 0, 0)
    rim_from: tuple[float, float] = (1, -0.4)


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-6))


def normals(depth: Array, unit: float) -> Array:
    """Surface directions of a depth map; `unit` is the device pixels of one depth unit."""
    down, right = np.gradient(depth * unit)
    return _unit(np.stack([-right, -down, np.ones_like(depth)], -1))


def lit(directions: Array, light: Light) -> Array:
    """How much light (RGB) falls on each surface direction.

    A Lambert term, half of it sharpened to the soft two-tone edge of gouache.
    """
    key = _unit(np.asarray(light.key, np.float32))
    facing = np.clip((directions * key).sum(-1) * 0.85 + 0.15, 0, 1)
    facing = 0.55 * facing + 0.45 * ramp(0.12, 0.62, facing)
    up = (1 - directions[..., 1:2]) / 2
    ambient = np.asarray(light.ground) * (1 - up) + np.asarray(light.sky) * up
    return np.asarray(ambient + facing[..., None] * np.asarray(light.key_colour))


def rim(directions: Array, light: Light, width: float = 2.2) -> Array:
    """Light (RGB) that only grazes edges turned towards `rim_from`."""
    side = _unit(np.asarray(light.rim_from, np.float32))
    edge = np.clip(1 - directions[..., 2], 0, 1) ** width
    turned = ramp(0, 0.7, directions[..., :2] @ side)
    return np.asarray((edge * turned)[..., None] * np.asarray(light.rim))


def gloss(directions: Array, light: Light, tight: float) -> Array:
    """Highlight strength 0..1 (Blinn-Phong, viewer straight ahead)."""
    key = _unit(np.asarray(light.key, np.float32))
    half = _unit(key + np.asarray((0, 0, 1), np.float32))
    return np.asarray(np.clip((directions * half).sum(-1), 0, 1) ** tight)


def inflate(mask: Array, roundness: float) -> Array:
    """Directions of a flat shape puffed up; `roundness` is the bevel in device pixels."""
    rim_width = round(2 * roundness) + 1
    sides = (rim_width,) * 4
    padded = cv2.copyMakeBorder(mask, *sides, cv2.BORDER_REPLICATE)
    height: Array = np.zeros_like(padded)
    for share in (1.0, 0.5, 0.25):
        height += blur(padded, max(roundness * share, 0.5)) * share
    inner = slice(rim_width, -rim_width)
    return normals(height * 0.9, roundness)[inner, inner]


def model(
    canvas: Canvas,
    patch: Patch,
    colour: Colour | Array,
    light: Light,
    roundness: float,
) -> None:
    """Paint a shape as a rounded body; `roundness` in panel pixels."""
    directions = inflate(patch.mask, roundness * canvas.scale)
    picture = np.asarray(colour, np.float32) * lit(directions, light)
    paint(canvas, patch, picture + rim(directions, light))
