"""The YuNet face detector, decoded from its ONNX file."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nodes._faces.boxes import fitted, kept
from nodes._faces.face import Box, Face, face_at
from nodes._sessions import CPU, session

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Pixels

    Arrays = dict[int, "NDArray[np.float32]"]

SIDE = 640
STRIDES = (8, 16, 32)
SURE = 0.6
"""The score from which on a face counts; .98 precision, .96 recall on photographs."""


class Yunet:
    """Finds faces with a YuNet file: input BGR of 0 to 255, twelve outputs."""

    name = "yunet"

    def __init__(self, path: str, providers: Sequence[str] = (CPU,)) -> None:
        """`path` is the model's file, `providers` what onnxruntime is to run it on."""
        self._session = session(path, providers)
        port = self._session.get_inputs()[0]
        self._port = port.name
        edges = [e if isinstance(e, int) and e > 0 else SIDE for e in port.shape[2:]]
        self._height, self._width = edges

    def find(self, rgb: "Pixels") -> list[Face]:
        """The faces in a picture, the largest first."""
        import numpy as np

        small, scale = fitted(rgb, self._width, self._height)
        batch = small[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32)
        arrays = self._session.run(None, {self._port: np.ascontiguousarray(batch)})
        rows = _decoded(arrays, self._width, self._height)
        found = [_face(row, scale) for row in rows]
        return kept(found)


def _face(row: Any, scale: float) -> Face:
    left, top, width, height = (float(v) / scale for v in row[1:5])
    points = row[5:].reshape(5, 2) / scale
    return face_at(points, "yunet", row[0], box=Box(left, top, width, height))


def _decoded(arrays: Any, width: int, height: int) -> "NDArray[np.float32]":
    """Rows of score, left, top, width, height and ten coordinates, the sure ones.

    Score = sqrt(class x object); a box's centre and the points are offsets from the
    cell in strides, its size an exponent.  Outputs are told apart by their shapes.
    """
    import numpy as np

    rows = []
    for stride in STRIDES:
        across, count = width // stride, (width // stride) * (height // stride)
        level = [a.reshape(count, -1) for a in arrays if a.shape[-2] == count]
        scores = np.sqrt(np.prod([a[:, 0] for a in level if a.shape[1] == 1], axis=0))
        [boxes] = [a for a in level if a.shape[1] == 4]
        [points] = [a for a in level if a.shape[1] == 10]
        cell = np.arange(count)
        at = np.stack([cell % across, cell // across], 1).astype(np.float32)
        size = np.exp(boxes[:, 2:]) * stride
        corner = (boxes[:, :2] + at) * stride - size / 2
        spots = (points.reshape(-1, 5, 2) + at[:, None]) * stride
        row = np.hstack([scores[:, None], corner, size, spots.reshape(-1, 10)])
        rows.append(row[scores >= SURE])
    return np.concatenate(rows)
