"""A character's identity from photos: are they fit for it, and what is kept of them."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nodegraph import Identity, Image, Portrait
from nodes._face_choices import found
from nodes._faces.align import aligned, oddness
from nodes._faces.describe import SAME_PERSON, Descriptor, averaged
from nodes._faces.engines import Detector
from nodes._faces.face import Face, face_at
from nodes._faces.limits import ODD, SMALL_EYES
from nodes._pixels import flatten

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Pixels

    Vector = NDArray[np.float32]

TURNED = 40.0
"""Degrees of yaw from which on a photo shows too little of one side."""

BLURRED = 0.05
"""Below this sharpness a photo lends no features.

Photographs and drawings with eyes 38 to 75 pixels apart lie at .12 to .20; softened by
a Gaussian of .04 eye distances at .03 to .06.
"""

AROUND = 3.2
"""How much of a photo is kept around a face, in the larger of eye distance and the way
from eyes to mouth: more than any mask reaches."""

LARGEST_EYES = 512.0
"""Larger faces are kept reduced to this eye distance in pixels."""

INNER = (slice(24, 104), slice(16, 96))
"""Of the aligned crop of 112 pixels: brows to chin."""

SUITS = "a photo from the front, evenly lit, one face, eyes at least 48 pixels apart"
"""What suits best, for messages."""


def portrait(
    image: Image, place: str, detector: Detector, points: str = ""
) -> Portrait:
    """The one face of a photo, cut out with its points.

    `place` names the photo in messages.  Raises ValueError with the remedy where there
    is no face or several, or where it is too small, turned or blurred.
    """
    faces = found(image.pixels, detector, points)
    own = "points" + place.removeprefix("photo")
    if not faces:
        raise ValueError(
            f"{place} shows no face that {detector.name} finds: choose {SUITS}, or set its "
            f"five points in {own!r}"
        )
    if len(faces) > 1:
        raise ValueError(
            f"{place} shows {len(faces)} faces ({_listed(faces)}): crop it to the one "
            f"that is meant, or set its five points in {own!r}"
        )
    rgb = flatten(image.pixels, (255, 255, 255))
    if why := unfit(rgb, faces[0], by_hand=bool(points.strip())):
        raise ValueError(f"{place}: the face {why}")
    return cut_out(rgb, faces[0])


def _listed(faces: Sequence[Face]) -> str:
    """Where each is, from the left: `at 120,80 of 60 pixels`."""
    ordered = sorted(faces, key=lambda face: face.centre)
    return "; ".join(
        f"at {face.centre[0]:.0f},{face.centre[1]:.0f} with eyes "
        f"{face.eye_distance:.0f} pixels apart"
        for face in ordered
    )


def unfit(rgb: "Pixels", face: Face, *, by_hand: bool = False) -> str:
    """Why a face cannot serve as a reference, as a sentence's end; empty if it can."""
    if face.eye_distance < SMALL_EYES:
        return (
            f"is too small (eyes {face.eye_distance:.0f} pixels apart, at least "
            f"{SMALL_EYES:.0f}): choose a larger photo"
        )
    if face.seen < 2 and not by_hand:
        return (
            "shows no eyes (turned away, glasses or a mask): choose another photo, or "
            "set its five points"
        )
    if oddness(face.points) > ODD:
        return "has points that do not lie like a face's: set all five"
    if abs(face.yaw) > TURNED:
        return (
            f"is turned about {abs(face.yaw):.0f} degrees, at most {TURNED:.0f}: "
            "choose a photo more from the front"
        )
    if sharpness(rgb, face) < BLURRED:
        return "is blurred: choose a sharper photo"
    return ""


def sharpness(rgb: "Pixels", face: Face) -> float:
    """How much of a face's contrast is fine detail, 0 to about .3."""
    import cv2
    import numpy as np

    gray = cv2.cvtColor(aligned(rgb, face.points), cv2.COLOR_RGB2GRAY)
    inner = gray.astype(np.float32)[INNER]
    fine = inner - cv2.GaussianBlur(inner, (0, 0), 1)
    return float(fine.std()) / max(float(inner.std()), 1e-3)


def cut_out(rgb: "Pixels", face: Face) -> Portrait:
    """What is kept of a photo: the face with hair and neck, and its points."""
    import cv2
    import numpy as np

    points = np.asarray(face.points, np.float64)
    eyes, mouth = (points[0] + points[1]) / 2, (points[3] + points[4]) / 2
    reach = AROUND * max(face.eye_distance, math.hypot(*(mouth - eyes)))
    x, y = (eyes + mouth) / 2
    height, width = rgb.shape[:2]
    left, top = max(0, math.floor(x - reach)), max(0, math.floor(y - reach))
    right, bottom = min(width, math.ceil(x + reach)), min(height, math.ceil(y + reach))
    part = np.ascontiguousarray(rgb[top:bottom, left:right])
    points = points - (left, top)
    scale = min(1.0, LARGEST_EYES / face.eye_distance)
    if scale < 1:
        old = (part.shape[1], part.shape[0])
        size = (max(1, round(old[0] * scale)), max(1, round(old[1] * scale)))
        part = np.asarray(
            cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8
        )
        points = (points + 0.5) * (np.array(size) / np.array(old)) - 0.5
    return Portrait(part, points.astype(np.float32))


def face_of(photo: Portrait) -> Face:
    """The face on a portrait, set by its kept points."""
    return face_at(photo.points, "hand")


def described(
    photos: Sequence[Portrait], descriptor: Descriptor
) -> tuple["Vector", list[int]]:
    """One vector for all photos, and which do not show the same person as the others.

    Without an identity model people are not told apart: then none is left out.
    """
    vectors = [descriptor.vector(photo.pixels, face_of(photo)) for photo in photos]
    return averaged(vectors, SAME_PERSON.get(descriptor.name, -1.0))


def vector_of(identity: Identity, descriptor: Descriptor) -> "Vector":
    """What the descriptor says of a character: as kept, else from the photos anew.

    Raises ValueError where the identity has neither.
    """
    if identity.engine == descriptor.name and identity.vector.size:
        return identity.vector
    return described(identity.photos, descriptor)[0]
