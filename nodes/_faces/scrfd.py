"""The SCRFD face detector of insightface."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nodes._faces import insight
from nodes._faces.boxes import fitted, kept
from nodes._faces.face import Box, Face, face_at
from nodes._sessions import CPU

if TYPE_CHECKING:
    from nodes._faces.face import Pixels


class Scrfd:
    """Finds faces with an SCRFD file that gives five points."""

    name = "scrfd"

    def __init__(self, path: str, providers: Sequence[str] = (CPU,)) -> None:
        """`path` is the model's file, `providers` what onnxruntime is to run it on."""
        self._model = insight.scrfd(path, providers)

    def find(self, rgb: "Pixels") -> list[Face]:
        """The faces in a picture, the largest first."""
        import numpy as np

        width, height = self._model.input_size
        small, scale = fitted(rgb, width, height)
        with insight.quiet():
            rows, points = self._model.detect(np.ascontiguousarray(small[:, :, ::-1]))
        found = []
        for row, five in zip(rows / scale, points / scale, strict=True):
            left, top, right, bottom = (float(v) for v in row[:4])
            box = Box(left, top, right - left, bottom - top)
            found.append(face_at(five, "scrfd", row[4] * scale, box=box))
        return kept(found)
