"""What travels along an edge: images, masks, identities, numbers and text."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, get_origin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]


class Encoded(NamedTuple):
    """An image as the bytes of a file that somebody asked for."""

    data: bytes
    suffix: str
    """With its dot, lower case: `.jpg`."""


class Reference(NamedTuple):
    """What an `async` node gets in place of pixels: which file, and where it lies."""

    sha256: str
    path: str


@dataclass(frozen=True, eq=False)
class Image:
    """An 8-bit sRGB picture.

    `pixels` has shape (height, width, 3) or, with alpha, (height, width, 4), type
    uint8, channels in the order R, G, B, A; alpha is straight, 255 opaque.  Treat the
    array as read-only: other nodes may hold it too.  `encoded` is set by a node whose
    very result is a file, such as Compress: exporting writes these bytes unchanged.
    """

    pixels: "Pixels"
    encoded: Encoded | None = None

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])

    @property
    def rgb(self) -> "Pixels":
        """The colours alone, shape (height, width, 3)."""
        return self.pixels[:, :, :3]

    @property
    def alpha(self) -> "Pixels | None":
        """Shape (height, width), or None where the picture is opaque throughout."""
        return self.pixels[:, :, 3] if self.pixels.shape[2] == 4 else None

    def with_rgb(self, rgb: "Pixels") -> "Image":
        """New colours of the same size; the alpha stays."""
        import numpy as np

        if self.alpha is None:
            return Image(np.ascontiguousarray(rgb))
        return Image(np.dstack((rgb, self.alpha)))


@dataclass(frozen=True, eq=False)
class Mask:
    """Where an operation acts: shape (height, width), uint8, 0 untouched, 255 fully."""

    pixels: "Pixels"

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])


class Portrait(NamedTuple):
    """A photo of a face, cut around it, for engines that copy its pixels."""

    pixels: "Pixels"
    """RGB, shape (height, width, 3)."""
    points: "NDArray[np.float32]"
    """Shape (5, 2), x and y in pixels: eyes, tip of the nose, corners of the mouth."""


@dataclass(frozen=True, eq=False)
class Identity:
    """What makes a face that person's: biometric, kept apart.

    `engine` names who made `vector`, of length 1 and shape (n,); where it is empty
    there are only `photos`.
    """

    reference: str
    engine: str
    vector: "NDArray[np.float32]"
    photos: tuple[Portrait, ...] = ()


def _plain(type_: Any) -> Any:
    """The class behind a type: `list[Image]` is a list of its item's type."""
    return get_origin(type_) or type_


NAMES: dict[Any, str] = {
    Image: "picture",
    Mask: "mask",
    Identity: "identity",
    float: "number",
    int: "whole number",
    str: "text",
    bool: "switch",
    Any: "anything",
}


def name_of(type_: Any) -> str:
    """The word for a type in messages to the user."""
    return NAMES.get(type_, getattr(_plain(type_), "__name__", str(type_)))


def fits(source: Any, target: Any) -> bool:
    """Whether a value of type `source` may travel to a place of type `target`.

    Whole numbers go where numbers are asked for; nothing else changes its type.
    """
    if target is Any or source is Any or source is target:
        return True
    if target is float:
        return source is int
    return (
        isinstance(source, type)
        and isinstance(target, type)
        and bool not in (source, target)
        and issubclass(source, target)
    )


def is_small(type_: Any) -> bool:
    """Whether values of this type lie in the record, not in a media file."""
    return type_ in (float, int, str, bool)
