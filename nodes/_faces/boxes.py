"""Boxes of faces: fitting a picture to a detector, and one box for each face."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nodes._faces.face import Box, Face

if TYPE_CHECKING:
    from nodes._faces.face import Pixels

OVERLAP = 0.4
"""Of two boxes that share more than this part of their union one is left out."""


def fitted(rgb: "Pixels", width: int, height: int) -> tuple["Pixels", float]:
    """The picture shrunk or enlarged into the top left of a frame, and its scale."""
    import cv2
    import numpy as np

    rows, columns = rgb.shape[:2]
    scale = min(width / columns, height / rows)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    frame = np.zeros((height, width, 3), np.uint8)
    small = cv2.resize(np.ascontiguousarray(rgb[:, :, :3]), size, interpolation=how)
    frame[: size[1], : size[0]] = small[:height, :width]
    return frame, scale


def kept(faces: Iterable[Face]) -> list[Face]:
    """The best of faces that overlap, the largest first."""
    chosen: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(shared(face.box, other.box) <= OVERLAP for other in chosen):
            chosen.append(face)
    return sorted(chosen, key=lambda face: -face.box.width * face.box.height)


def shared(one: Box, other: Box) -> float:
    """How much of their union two boxes share, 0 to 1."""
    width = min(one.left + one.width, other.left + other.width) - max(
        one.left, other.left
    )
    height = min(one.top + one.height, other.top + other.height) - max(
        one.top, other.top
    )
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (one.width * one.height + other.width * other.height - both)
