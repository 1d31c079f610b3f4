"""What a swap is fed with: a character's photo and face, or its identity vector."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Face, Pixels


@dataclass(frozen=True, eq=False)
class Source:
    """A character, for one swap: engines take from it what they need."""

    photo: "Pixels | None" = None
    face: "Face | None" = None
    """The face in `photo`."""
    vector: "NDArray[np.float32] | None" = None
    """The identity for engines that take one; shape (512,) for `inswapper`."""
