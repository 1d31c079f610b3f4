"""The proof that nothing outside a mask changed."""

from hashlib import sha256
from typing import TYPE_CHECKING

from nodes._pixels import opaque

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Pixels


def certificate(
    before: "Pixels", after: "Pixels", mask: "Pixels"
) -> dict[str, int | str | list[int]]:
    """The facts of a composition lock, the same that the Lock node writes.

    `outside` pixels have a mask of 0, `changed` of them differ, `sha256` is of their
    RGBA bytes in reading order in `after`; `size` is width and height.
    """
    free = mask == 0
    old, new = _whole(before)[free], _whole(after)[free]
    return {
        "outside": len(new),
        "inside": int(free.size - len(new)),
        "changed": int((old != new).sum()),
        "sha256": sha256(new.tobytes()).hexdigest(),
        "size": [int(mask.shape[1]), int(mask.shape[0])],
    }


def _whole(pixels: "Pixels") -> "NDArray[np.uint32]":
    """Each pixel as one number: its RGBA bytes; opaque where there is no alpha."""
    import numpy as np

    rgba = pixels if pixels.shape[2] == 4 else opaque(pixels)
    return np.ascontiguousarray(rgba).view(np.uint32)[:, :, 0]
