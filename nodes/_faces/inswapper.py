"""The inswapper engine: insightface's INSwapper on a file the user installed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nodes._faces import insight
from nodes._faces.align import TEMPLATE, scale_of, similarity
from nodes._faces.compose import Patch
from nodes._faces.face import Face
from nodes._faces.limits import Limits
from nodes._faces.region import Region, cut, within
from nodes._faces.source import Source
from nodes._sessions import CPU

if TYPE_CHECKING:
    from nodes._faces.face import Pixels, Points


class Inswapper:
    """Gives a face the identity of an ArcFace vector, in a crop of 128 pixels."""

    name = "inswapper"
    limits = Limits(yaw=60.0)

    def __init__(self, path: str, providers: Sequence[str] = (CPU,)) -> None:
        """`path` is the model's file, `providers` what onnxruntime is to run it on."""
        self._model = insight.inswapper(path, providers)

    def patch(
        self, pixels: "Pixels", face: Face, region: Region, source: Source
    ) -> Patch:
        """The face of the source's identity where `face` lies in the region."""
        import numpy as np

        if source.vector is None or source.vector.shape != (512,):
            raise ValueError(
                "inswapper needs an ArcFace identity of 512 numbers: make it with an "
                "arcface model"
            )
        points = within(face.points, region)
        small, shrunk = _reduced(cut(pixels, region), points, self._model.input_size[0])
        target = insight.known_face(points * np.float32(shrunk))
        wanted = insight.known_face(None, source.vector.astype(np.float32))
        with insight.quiet():
            bgr, matrix = self._model.get(
                np.ascontiguousarray(small[:, :, ::-1]),
                target,
                wanted,
                paste_back=False,
            )
        matrix = np.asarray(matrix, np.float64).copy()
        matrix[:, :2] *= shrunk
        return _placed(bgr[:, :, ::-1], matrix, region)


def _reduced(rgb: "Pixels", points: "Points", side: int) -> tuple["Pixels", float]:
    """The picture no more than twice as large as the crop needs, and by how much.

    insightface crops without softening: a large face would come out jagged.
    """
    import cv2
    import numpy as np

    scale = scale_of(similarity(points, np.array(TEMPLATE) * (side / 128)))
    shrunk = min(1.0, 2 * scale)
    if shrunk == 1:
        return rgb, 1.0
    size = (max(1, round(rgb.shape[1] * shrunk)), max(1, round(rgb.shape[0] * shrunk)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), size[0] / rgb.shape[1]


def _placed(crop: "Pixels", matrix: Any, region: Region) -> Patch:
    """The crop back where it was taken from; `matrix` leads from the region to it."""
    import cv2
    import numpy as np

    crop = np.ascontiguousarray(crop)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    face = cv2.warpAffine(
        crop, matrix, region.size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    whole = np.full(crop.shape[:2], 255, np.uint8)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    valid = cv2.warpAffine(whole, matrix, region.size, flags=flags)
    enlarged = 1 / max(scale_of(matrix), 1e-6) / region.zoom
    return Patch(np.asarray(face, np.uint8), np.asarray(valid, np.uint8), enlarged)
