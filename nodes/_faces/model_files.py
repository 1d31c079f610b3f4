"""What an ONNX file is good for, told by its shapes and weights, never by its name."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nodes._sessions import graph, stamp

Models = Mapping[str, str]
"""Which file serves which kind: `{"yunet": "/models/face.onnx"}`."""

KINDS = {
    "scrfd": "finds faces and their five points",
    "yunet": "finds faces and their five points",
    "arcface": "tells people apart (512 numbers)",
    "sface": "tells people apart (128 numbers)",
    "inswapper": "gives a face another identity",
}
"""The kinds of model that faces use, and what each does."""

SCRFD_WIDTHS = [1, 1, 1, 4, 4, 4, 10, 10, 10]
YUNET_WIDTHS = sorted([1, 1, 4, 10] * 3)
LATENT = 512


class Ports(NamedTuple):
    """The shapes of a model: integers, or None where any size goes."""

    inputs: list[tuple[int | None, ...]]
    outputs: list[tuple[int | None, ...]]
    last_weights: tuple[int, ...]


def identify(path: str | Path) -> str | None:
    """Which of `KINDS` a file is, or None where it is another ONNX model.

    Raises ValueError where the file cannot be read or is no ONNX model.
    """
    return kind_of(ports(path))


def kind_of(ports: Ports) -> str | None:
    """Which of `KINDS` has these shapes.

    SCRFD gives nine arrays, scores then boxes then points; YuNet twelve; the swapper
    takes a crop and 512 numbers and its last weights are the matrix between the two.
    """
    inputs, outputs = ports.inputs, ports.outputs
    widths = [shape[-1] if shape else None for shape in outputs]
    if len(inputs) == 2:
        return "inswapper" if _is_swapper(ports) else None
    if len(inputs) != 1 or not _is_picture(inputs[0]):
        return None
    if widths == SCRFD_WIDTHS:
        return "scrfd"
    if len(widths) == 12 and sorted(w or 0 for w in widths) == YUNET_WIDTHS:
        return "yunet"
    if len(outputs) == 1 and inputs[0][2:] == (112, 112) and len(outputs[0]) == 2:
        return {512: "arcface", 128: "sface"}.get(widths[0] or 0)
    return None


def _is_picture(shape: tuple[int | None, ...]) -> bool:
    return len(shape) == 4 and shape[1] in (3, None)


def _is_swapper(ports: Ports) -> bool:
    crop, latent = sorted(ports.inputs, key=len, reverse=True)
    return (
        _is_picture(crop)
        and latent[-1:] == (LATENT,)
        and isinstance(crop[2], int)
        and crop[2] == crop[3]
        and len(ports.outputs) == 1
        and ports.last_weights == (LATENT, LATENT)
    )


def ports(path: str | Path) -> Ports:
    """The shapes of a model file; raises ValueError where it is none."""
    size, modified = stamp(path)
    return _ports(str(path), size, modified)


@functools.lru_cache(maxsize=64)
def _ports(path: str, size: int, modified: int) -> Ports:
    held = graph(path)
    if not held.output:
        raise ValueError(f"{Path(path).name} is no ONNX model: choose a complete file")
    weights = {item.name for item in held.initializer}
    last = tuple(held.initializer[-1].dims) if held.initializer else ()
    return Ports(
        [_shape(item) for item in held.input if item.name not in weights],
        [_shape(item) for item in held.output],
        last,
    )


def _shape(item: Any) -> tuple[int | None, ...]:
    dims = item.type.tensor_type.shape.dim
    return tuple(int(d.dim_value) if d.dim_value > 0 else None for d in dims)
