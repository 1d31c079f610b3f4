"""Lay a new face into a picture: one mask, one light, and nothing changed outside."""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from nodes._faces.face import Face
from nodes._faces.light import relit, srgb_of, toned
from nodes._faces.mask import MaskShape, bare, face_mask, guarded, softened
from nodes._faces.parts import parts
from nodes._faces.region import Region, back, cut, within
from nodes._pixels import lab_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Pixels, Points
    from nodes._faces.mask import Guard

    Plane = NDArray[np.float32]

SOFT = 1.5
"""From this enlargement of an engine's pixels on a result is called soft."""


@dataclass(frozen=True, eq=False)
class Patch:
    """What an engine gives for one face: its new pixels, at the region's working size.

    `pixels` is RGB, `valid` (height, width) 0 to 255 where there are any; `enlarged`
    says how many times the engine's pixels were enlarged to fit the picture; `copied`
    that they come from another photo, with its light, its hair and its background.
    """

    pixels: "Pixels"
    valid: "Pixels"
    enlarged: float
    copied: bool = False

    @property
    def soft(self) -> bool:
        """Whether the picture shows more than the engine could give."""
        return self.enlarged > SOFT


@dataclass(frozen=True)
class Blend:
    """How a patch is laid in.

    `strength` 0 to 1; `light` 0 to 1: how far the light of the shot is kept, 1 in full.
    """

    strength: float = 1.0
    light: float = 1.0
    mask: MaskShape = field(default_factory=MaskShape)
    guard: "Guard | None" = None
    """Where the mask may lie; None stands for where the picture shows skin."""


class Composite(NamedTuple):
    """A whole picture with a new face, and where it may differ: uint8, 0 nowhere."""

    pixels: "Pixels"
    mask: "Pixels"


def compose(
    pixels: "Pixels", face: Face, region: Region, patch: Patch, blend: Blend
) -> Composite:
    """A copy of `pixels` with the patch laid on `face`; alpha stays.

    `pixels` is RGB or RGBA.  Where the mask is 0 every byte is the one before.
    """
    import numpy as np

    points = within(face.points, region)
    target = cut(pixels, region)
    weight = _weight(target, patch, points, face.yaw, blend)
    new = back(_lit(target, patch, weight, points, blend), region)
    part = np.rint(np.clip(back(weight, region), 0, 1) * 255).astype(np.uint8)
    result, mask = pixels.copy(), np.zeros(pixels.shape[:2], np.uint8)
    place = result[region.place]
    if place.shape[2] == 4:
        part[place[:, :, 3] == 0] = 0
    mask[region.place] = part
    _lay(place, new, part)
    return Composite(result, mask)


def _lay(place: "Pixels", new: "Plane", mask: "Pixels") -> None:
    """Mix `new` into the colours of `place`, exactly none where the mask is 0."""
    import numpy as np

    share = mask[:, :, None] * np.float32(1 / 255)
    old = place[:, :, :3].astype(np.float32)
    mixed = np.rint(old + (new - old) * share).astype(np.uint8)
    np.copyto(place[:, :, :3], mixed, where=mask[:, :, None] > 0)


def _weight(
    target: "Pixels", patch: Patch, points: "Points", yaw: float, blend: Blend
) -> "Plane":
    import numpy as np

    unit = math.hypot(*(points[1] - points[0]))
    size = (target.shape[1], target.shape[0])
    weight = face_mask(size, points, blend.mask, yaw) * softened(patch.valid, unit)
    if blend.mask.guard:
        guard = blend.guard or bare
        weight = guarded(weight, points, guard(target, points), yaw)
    return np.asarray(weight * np.float32(blend.strength), np.float32)


def _lit(
    target: "Pixels", patch: Patch, weight: "Plane", points: "Points", blend: Blend
) -> "Plane":
    """The patch under the light of the shot, RGB of 0 to 255."""
    import numpy as np

    if blend.light <= 0 and not patch.copied:
        return patch.pixels.astype(np.float32)
    inside = (weight > 0).astype(np.float32)
    face, shot = lab_of(patch.pixels), lab_of(target)
    if blend.light >= 1:
        return srgb_of(_kept(patch, face, shot, inside, points))
    plain = toned(face, shot, inside) if patch.copied else face
    if blend.light <= 0:
        return srgb_of(plain)
    kept = _kept(patch, face, shot, inside, points)
    return srgb_of(plain + (kept - plain) * np.float32(blend.light))


def _kept(
    patch: Patch, face: "Plane", shot: "Plane", inside: "Plane", points: "Points"
) -> "Plane":
    """The patch wholly under the light of the shot, CIELAB."""
    size = (inside.shape[1], inside.shape[0])
    free = parts(size, points) if patch.copied else None
    return relit(face, shot, inside, points, free)
