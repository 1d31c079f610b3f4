"""Photographs with a face known by hand, and which of the faces found is meant."""

from dataclasses import dataclass

import numpy as np

from nodes._faces.face import Face, face_at

ASTRONAUT = ((205, 97), (248, 103), (222, 127), (201, 141), (239, 146))
GROUP = (
    ((90, 320), (140, 309), (126, 341), (111, 365), (152, 355)),
    ((491, 326), (545, 329), (512, 359), (488, 378), (534, 381)),
    ((761, 400), (804, 398), (774, 427), (769, 447), (803, 445)),
    ((1149, 320), (1193, 318), (1169, 344), (1156, 366), (1193, 364)),
)
"""Of the six people those who look about straight ahead."""
TURNED = ((917, 121), (949, 115), (918, 148), (933, 174), (956, 168))
"""The one who turns away by about 50 degrees."""


@dataclass(frozen=True, eq=False)
class Photograph:
    """A picture, never writable, and one face in it."""

    rgb: np.ndarray
    face: Face


def photograph(rgb: np.ndarray, points: object) -> Photograph:
    rgb = rgb.copy()
    rgb.setflags(write=False)
    return Photograph(rgb, face_at(points, "hand"))


def nearest(faces: list[Face], face: Face) -> Face | None:
    """The face found closest to where `face` was, within its eye distance."""

    def far(other: Face) -> float:
        return float(np.hypot(*np.subtract(other.centre, face.centre)))

    close = [other for other in faces if far(other) < face.eye_distance]
    return min(close, key=far, default=None)
