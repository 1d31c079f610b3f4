"""Who a face is, or looks like: a vector of length 1 to compare faces by."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from nodes._faces import insight
from nodes._faces.align import aligned
from nodes._faces.face import Face
from nodes._sessions import CPU, session

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Pixels

    Vector = NDArray[np.float32]


class Descriptor(Protocol):
    """Turns a face into a vector of length 1; faces alike have a high dot product."""

    name: str
    is_identity: bool
    """Whether its scores tell people apart: only then may they be called identity."""

    def vector(self, rgb: "Pixels", face: Face) -> "Vector":
        """The vector of one face of a picture."""


SAME_PERSON = {"arcface": 0.35, "sface": 0.363}
"""From which dot product on two faces count as one person's.

SFace: the threshold that OpenCV publishes with the model.  ArcFace (w600k_r50): the
usual lower bound for pairs of one person; not measured here.
"""


class Arcface:
    """Identity by insightface's ArcFace: 512 numbers."""

    name = "arcface"
    is_identity = True

    def __init__(self, path: str, providers: Sequence[str] = (CPU,)) -> None:
        """`path` is the model's file, `providers` what onnxruntime is to run it on."""
        self._model = insight.arcface(path, providers)

    def vector(self, rgb: "Pixels", face: Face) -> "Vector":
        """The identity of one face of a picture."""
        import numpy as np

        crop = aligned(rgb, face.points, self._model.input_size[0])
        return _unit(self._model.get_feat(np.ascontiguousarray(crop[:, :, ::-1])))


class Sface:
    """Identity by OpenCV's SFace: 128 numbers from RGB of 0 to 255."""

    name = "sface"
    is_identity = True

    def __init__(self, path: str, providers: Sequence[str] = (CPU,)) -> None:
        """`path` is the model's file, `providers` what onnxruntime is to run it on."""
        insight.require("sface", path)
        self._session = session(path, providers)

    def vector(self, rgb: "Pixels", face: Face) -> "Vector":
        """The identity of one face of a picture."""
        import numpy as np

        batch = aligned(rgb, face.points).transpose(2, 0, 1)[None].astype(np.float32)
        port = self._session.get_inputs()[0].name
        [result] = self._session.run(None, {port: np.ascontiguousarray(batch)})
        return _unit(result)


def _unit(values: Any) -> "Vector":
    import numpy as np

    flat = np.ravel(values).astype(np.float32)
    return flat / np.float32(max(float(np.linalg.norm(flat)), 1e-9))


def averaged(vectors: Sequence["Vector"], least: float) -> tuple["Vector", list[int]]:
    """One vector of length 1 for several photos of a person, and which were left out.

    A photo is left out where its dot product with the mean of the others is below
    `least`, the worst one first, as long as two stay.  Raises ValueError without any.
    """
    import numpy as np

    if not vectors:
        raise ValueError("a reference needs at least one photo with a face: add one")
    kept, dropped = list(range(len(vectors))), []
    while len(kept) > 2:
        total = np.sum([vectors[i] for i in kept], 0)
        scores = {i: float(_unit(total - vectors[i]) @ vectors[i]) for i in kept}
        worst = min(kept, key=lambda i: scores[i])
        if scores[worst] >= least:
            break
        kept.remove(worst)
        dropped.append(worst)
    return _unit(np.sum([vectors[i] for i in kept], 0)), sorted(dropped)
