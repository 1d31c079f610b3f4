"""What a node returned, and what it said: is it what was declared, can it be kept?"""

import math
from collections.abc import Mapping
from typing import Any

from nodegraph.journal.codec import decode, encode
from nodegraph.node import LARGEST_WHOLE, NodeType, Port
from nodegraph.values import Encoded, Identity, Image, Mask, name_of

SMALL = 1024
"""The most bytes of text that travel along an edge: they lie in the record."""
_ANYTHING = (Image, Mask, Identity, float, int, str, bool)


def checked(result: Any, type_: NodeType) -> dict[str, Any]:
    """The outputs by port; raises `TypeError` where one is not what was declared.

    An `async` node may give an image as the bytes it received.
    """
    many = len(type_.outputs) > 1 or type_.outputs[0].name != "result"
    parts = result if many else (result,)
    if not isinstance(parts, tuple) or len(parts) != len(type_.outputs):
        names = ", ".join(port.name for port in type_.outputs)
        raise TypeError(f"the node returned a {type(result).__name__}, not ({names})")
    pairs = zip(type_.outputs, parts, strict=True)
    return {
        port.name: value
        if type_.is_async and port.type is Image and isinstance(value, Encoded)
        else _conforming(port, value)
        for port, value in pairs
    }


def _conforming(port: Port, value: Any) -> Any:
    import numpy as np

    if isinstance(value, np.generic):
        value = value.item()
    wanted = port.type if port.type is not Any else _ANYTHING
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise TypeError(
            f"the node returned a {name_of(type(value))} as {port.name!r}, "
            f"which is a {name_of(port.type)}"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"the node returned {value} as {port.name!r}")
    if isinstance(value, int) and abs(value) >= LARGEST_WHOLE:
        raise ValueError(f"the node returned too large a number as {port.name!r}")
    if isinstance(value, str) and len(value.encode()) > SMALL:
        raise ValueError(f"{port.name!r} is longer than {SMALL} bytes of text")
    if isinstance(value, Image | Mask):
        _check_pixels(port, value)
    return value


def _check_pixels(port: Port, value: Image | Mask) -> None:
    import numpy as np

    pixels = value.pixels
    shaped = (
        pixels.ndim == 3 and pixels.shape[2] in (3, 4)
        if isinstance(value, Image)
        else pixels.ndim == 2
    )
    if pixels.dtype != np.uint8 or not shaped or not pixels.size:
        raise TypeError(
            f"the node returned pixels of shape {pixels.shape} and type {pixels.dtype} "
            f"as {port.name!r}: give uint8 of shape (height, width, 3 or 4), masks "
            "(height, width)"
        )


def plain(said: Mapping[str, Any]) -> dict[str, Any]:
    """What a node said, as JSON; raises `TypeError` for what no record can hold."""
    for name, value in {**said.get("notes", {}), **said}.items():
        try:
            encode({"": value})
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"the node said {name!r}, which cannot be recorded: {error}; give "
                "numbers, text, or lists and dictionaries of them"
            ) from None
    return dict(decode(encode(dict(said)))) if said else {}
