"""The skull and the skin of a head: a turned ellipsoid with a modelled face."""

from dataclasses import dataclass

import numpy as np

from assets.drawing.canvas import Area, Array, Canvas, Patch, area_of, blur, grid, ramp
from assets.drawing.cast import Face, Pose
from assets.drawing.light import normals

REACH = 2.1
EYE = (0.37, -0.10)
NOSE = (0.0, 0.32)
MOUTH = 0.68


@dataclass(frozen=True)
class Head:
    """Per pixel of `area`: place in the picture and place on the face.

    `x`, `y` are head-upright picture coordinates, `u`, `v` (and depth `w`) the same
    point in the frame of the turned face; all in half face widths. `front` is 1 on
    the side of the face, 0 at the back of the head.
    """

    area: Area
    unit: float
    x: Array
    y: Array
    u: Array
    v: Array
    w: Array
    depth: Array
    mask: Array
    front: Array
    face: Face
    pose: Pose

    def patch(self, mask: Array) -> Patch:
        """`mask` placed where the head is."""
        return Patch(np.asarray(mask, np.float32), self.area)


def upright(canvas: Canvas, area: Area, pose: Pose) -> tuple[Array, Array]:
    """Coordinates of `area` about the head's centre, without its roll, in face widths."""
    xs, ys = grid(canvas, area)
    x, y = (xs - pose.x) / pose.r, (ys - pose.y) / pose.r
    c, s = np.cos(pose.roll), np.sin(pose.roll)
    return np.asarray(c * x + s * y), np.asarray(c * y - s * x)


def turned(x: Array, y: Array, z: Array, pose: Pose) -> tuple[Array, Array, Array]:
    """A point seen at x, y with depth z, in the frame of the turned face."""
    c, s = np.cos(pose.yaw), np.sin(pose.yaw)
    u, w = x * c - z * s, x * s + z * c
    c, s = np.cos(pose.pitch), np.sin(pose.pitch)
    return np.asarray(u), np.asarray(y * c - w * s), np.asarray(y * s + w * c)


def _hill(
    u: Array, v: Array, at: tuple[float, float], size: tuple[float, float]
) -> Array:
    return np.asarray(
        np.exp(-(((u - at[0]) / size[0]) ** 2) - ((v - at[1]) / size[1]) ** 2)
    )


def relief(u: Array, v: Array, face: Face) -> Array:
    """Height of the face above the ellipsoid, in half face widths."""
    n, side = face.nose, np.abs(u)
    height = 0.13 * _hill(u, v, (0, 0.08), (0.13, 0.26))
    height += 0.20 * _hill(u, v, NOSE, (0.15 * n, 0.13))
    height += 0.09 * _hill(side, v, (0.14 * n, 0.37), (0.075, 0.07))
    height += 0.06 * _hill(side, v, (0.45, 0.26), (0.26, 0.24))
    height -= 0.13 * _hill(side, v, (0.36, -0.10), (0.24, 0.15))
    height += 0.05 * _hill(side, v, (0.34, -0.33), (0.30, 0.10))
    height += 0.05 * _hill(u, v, (0, MOUTH), (0.30, 0.16)) * face.lips
    height -= 0.035 * _hill(u, v, (0, 0.86), (0.25, 0.05))
    return np.asarray(height + 0.07 * _hill(u, v, (0, 1.04), (0.26, 0.16)))


def head(canvas: Canvas, face: Face, pose: Pose) -> Head:
    """The head of a pose, ready to be coloured."""
    reach = REACH * pose.r
    box = (pose.x - reach, pose.y - reach, pose.x + reach, pose.y + reach)
    area = area_of(canvas, box)
    x, y = upright(canvas, area, pose)
    unit = pose.r * canvas.scale
    bulge, edge = _skull(x, y, face, pose)
    depth, front = bulge, np.ones_like(bulge)
    for _ in range(4):
        u, v, w = turned(x, y, depth, pose)
        front = ramp(0.05, 0.35, w)
        depth = bulge + relief(u, v, face) * front
    mask = ramp(1.2 / unit, -1.2 / unit, edge)
    u, v, w = turned(x, y, depth, pose)
    return Head(area, unit, x, y, u, v, w, depth, mask, front, face, pose)


def _skull(x: Array, y: Array, face: Face, pose: Pose) -> tuple[Array, Array]:
    """Depth of the bare ellipsoid, and the signed distance to its outline."""
    lean = np.sin(pose.yaw) * 0.17 * ramp(0.1, 1.3, y) * np.sign(np.cos(pose.yaw))
    jaw = 1 - face.jaw * ramp(0.25, 1.25, y) - 0.04 * ramp(-0.2, -1.2, y)
    length = face.length * (1 - 0.06 * np.sin(pose.pitch))
    q = np.abs((x - lean) / jaw) ** 2.15 + np.abs(y / length) ** 2.15
    cheek = 1 + 0.05 * np.exp(-(((y - 0.3) / 0.3) ** 2))
    return np.sqrt(np.clip(1 - q / cheek**2, 0, 1)), np.sqrt(q) - cheek


def directions(this: Head) -> Array:
    """Surface directions of the face, smoothed by a breath."""
    return normals(blur(this.depth, 0.012 * this.unit), this.unit)


def hollows(this: Head) -> Array:
    """0..1: how deep a point lies below what is around it (ambient occlusion)."""
    raised = relief(this.u, this.v, this.face) * this.front
    below = blur(raised, 0.10 * this.unit) - raised
    return np.asarray(np.clip(below * 9, 0, 1))


def find(this: Head, canvas: Canvas, u: float, v: float) -> tuple[float, float]:
    """The panel pixel at which the face point (u, v) is seen."""
    far = (this.u - u) ** 2 + (this.v - v) ** 2 + 9 * (1 - this.front * (this.mask > 0))
    row, column = np.unravel_index(int(far.argmin()), far.shape)
    x = (this.area.left + int(column) + 0.5) / canvas.scale
    y = (this.area.top + int(row) + 0.5) / canvas.scale
    return round(x, 1), round(y, 1)
