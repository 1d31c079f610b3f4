"""What a face looks like, without a model: it does not recognise people.

On photographs the same person and different people are hardly told apart (area under
the curve .57).  It shows that a photo's features arrived in a picture, no more.
"""

from typing import TYPE_CHECKING, Any

from nodes._faces.align import aligned

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Face, Pixels

    Gray = NDArray[np.uint8]
    Vector = NDArray[np.float32]

INNER = (slice(24, 104), slice(16, 96))
"""Of the aligned crop: brows to chin, without hair and background."""

CELLS = 8


class Appearance:
    """Local patterns, edge directions and pixels of the aligned face, together."""

    name = "appearance"
    is_identity = False

    def vector(self, rgb: "Pixels", face: "Face") -> "Vector":
        """A vector of length 1 for this face."""
        import cv2
        import numpy as np

        crop = cv2.cvtColor(aligned(rgb, face.points), cv2.COLOR_RGB2GRAY)
        gray = np.asarray(crop[INNER], np.uint8)
        parts = (_patterns(gray), _edges(gray), _evened(gray))
        return np.concatenate(parts).astype(np.float32) / np.float32(len(parts) ** 0.5)


def _unit(values: Any) -> "Vector":
    import numpy as np

    flat = np.ravel(values).astype(np.float32)
    return flat / max(float(np.linalg.norm(flat)), 1e-9)


def _patterns(gray: "Gray") -> "Vector":
    """Histograms of local binary patterns (Ojala 2002: 8 neighbours, radius 2)."""
    import cv2
    import numpy as np

    soft = cv2.GaussianBlur(gray, (0, 0), 1.2).astype(np.float32)
    centre = soft[2:-2, 2:-2]
    code = np.zeros(centre.shape, np.uint8)
    ring = ((-2, 0), (-1, 1), (0, 2), (1, 1), (2, 0), (1, -1), (0, -2), (-1, -1))
    rows, columns = soft.shape
    for bit, (down, across) in enumerate(ring):
        other = soft[2 + down : rows - 2 + down, 2 + across : columns - 2 + across]
        code |= ((other >= centre).astype(np.uint8)) << np.uint8(bit)
    kinds = _uniform()[code]
    cells = [
        np.bincount(cell.ravel(), minlength=59) / cell.size
        for row in np.array_split(kinds, CELLS)
        for cell in np.array_split(row, CELLS, axis=1)
    ]
    return _unit(np.sqrt(np.concatenate(cells)))


def _uniform() -> "NDArray[np.intp]":
    """The 58 patterns with at most two changes around the ring; all others are one."""
    import numpy as np

    kinds, following = np.full(256, 58, np.intp), 0
    for code in range(256):
        turned = (code >> 1) | ((code & 1) << 7)
        if (code ^ turned).bit_count() <= 2:
            kinds[code] = following
            following += 1
    return kinds


def _edges(gray: "Gray") -> "Vector":
    import cv2

    size = (gray.shape[1], gray.shape[0])
    return _unit(cv2.HOGDescriptor(size, (16, 16), (8, 8), (8, 8), 9).compute(gray))


def _evened(gray: "Gray") -> "Vector":
    """The pixels themselves, local mean and contrast evened out."""
    import cv2
    import numpy as np

    soft = cv2.GaussianBlur(gray.astype(np.float32), (0, 0), 1.5)
    rest = soft - cv2.GaussianBlur(soft, (0, 0), 10)
    spread = np.sqrt(np.maximum(cv2.GaussianBlur(rest * rest, (0, 0), 10), 0))
    return _unit(rest / (spread + 3))
