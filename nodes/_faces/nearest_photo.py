"""Which of a character's photos suits a shot: the one nearest in pose and light."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from nodes._faces.align import aligned
from nodes._faces.face import Face
from nodes._gaussian import gaussian
from nodes._pixels import lab_of

if TYPE_CHECKING:
    from nodes._faces.face import Pixels

YAW_STEP, LIGHT_STEP = 15.0, 12.0
"""Degrees of yaw and units of L* across a face that count the same."""

INNER = (slice(36, 104), slice(22, 90))
"""Of the aligned crop of 112 pixels: brows to chin, without hair and background."""


class Slope(NamedTuple):
    """How much lighter a face is on its right and its lower side, in L*."""

    across: float
    down: float


def slope(rgb: "Pixels", face: Face) -> Slope:
    """Where the light on a face comes from, along the face's own axes.

    Four times the mean of L* weighted by its place, -1 to 1 from side to side: 0 under
    even light.
    """
    import numpy as np

    lightness = gaussian(lab_of(aligned(rgb, face.points))[:, :, 0], 8)[INNER]
    even = lightness - lightness.mean()
    place = np.linspace(-1, 1, even.shape[0])
    return Slope(
        4 * float((even * place[None, :]).mean()),
        4 * float((even * place[:, None]).mean()),
    )


def nearest_photo(
    rgb: "Pixels", face: Face, photos: Sequence[tuple["Pixels", Face]]
) -> int:
    """The index of the photo to lay on `face` of `rgb`; the first of equal ones.

    Raises ValueError where there is none.
    """
    if not photos:
        raise ValueError("the character has no photo with a face: add one")
    wanted = slope(rgb, face)

    def distance(index: int) -> float:
        photo, own = photos[index]
        given = slope(photo, own)
        light = abs(given.across - wanted.across) + abs(given.down - wanted.down)
        return abs(own.yaw - face.yaw) / YAW_STEP + light / LIGHT_STEP

    return min(range(len(photos)), key=distance)
