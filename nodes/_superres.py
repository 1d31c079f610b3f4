"""Super-resolution by an ONNX model of the user's: tile by tile, without seams."""

import functools
import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nodes._sessions import first_line, session, stamp

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._pixels import Pixels

CORE = 224
"""Pixels of a tile's edge that are its own, where the model takes any size."""

MARGIN = 16
"""Pixels a tile sees beyond its own, so that its border does not show."""

MULTIPLE = 8
"""Tiles are padded to multiples of this: models that fold pixels need 2, 4 or 8."""

TYPES = {"tensor(float)": "float32", "tensor(float16)": "float16"}

EXPECTED = "one input and one output of shape 1 x 3 x height x width, RGB, 0 to 1"


class Model(NamedTuple):
    """A super-resolution model that was found usable."""

    run: Callable[["NDArray[np.float32]"], "NDArray[np.float32]"]
    """From (height, width, 3) to scale times that, 0 to 1."""
    scale: int
    tile: tuple[int | None, int | None]
    """Height and width it insists on, None where it takes any."""


class Span(NamedTuple):
    """Along one axis: what a tile sees and which part of that is its own."""

    start: int
    stop: int
    own_start: int
    own_stop: int


def load(path: str) -> Model:
    """The model in the file, kept per process until the file changes.

    Raises ValueError where it cannot be read, is no super-resolution model, or
    enlarges by no whole number.
    """
    size, modified = stamp(path)
    return _loaded(path, size, modified)


@functools.lru_cache(maxsize=2)
def _loaded(path: str, size: int, modified: int) -> Model:
    opened = session(path)
    tile = _check_ports(path, opened)
    run = functools.partial(_run, opened)
    return Model(run, _scale(path, run, tile), tile)


def _check_ports(path: str, opened: Any) -> tuple[int | None, int | None]:
    """The tile's height and width where the model fixes them."""
    inputs, outputs = opened.get_inputs(), opened.get_outputs()
    found = "; ".join(
        [f"input {port.name} {port.type} {port.shape}" for port in inputs]
        + [f"output {port.name} {port.type} {port.shape}" for port in outputs]
    )
    refusal = ValueError(
        f"the model {Path(path).name} has {found}: super-resolution needs {EXPECTED}"
    )
    if len(inputs) != 1 or len(outputs) != 1 or inputs[0].type not in TYPES:
        raise refusal
    shape = inputs[0].shape
    if len(shape) != 4 or not _may_be(shape[0], 1) or not _may_be(shape[1], 3):
        raise refusal
    height, width = (edge if isinstance(edge, int) else None for edge in shape[2:])
    if min(height or 8, width or 8) < 8:
        raise refusal
    return height, width


def _may_be(edge: object, wanted: int) -> bool:
    return not isinstance(edge, int) or edge in (wanted, -1)


def _run(opened: Any, tile: "NDArray[np.float32]") -> "NDArray[np.float32]":
    import numpy as np

    port = opened.get_inputs()[0]
    batch = np.ascontiguousarray(tile.transpose(2, 0, 1)[None], TYPES[port.type])
    [result] = opened.run(None, {port.name: batch})
    if result.ndim != 4 or result.shape[:2] != (1, 3):
        raise ValueError(
            f"the model turns {list(batch.shape)} into {list(result.shape)}: "
            f"super-resolution needs {EXPECTED}"
        )
    return np.asarray(result[0].transpose(1, 2, 0), np.float32)


def _scale(path: str, run: Any, tile: tuple[int | None, int | None]) -> int:
    """How many times the model enlarges, from a trial on a small grey tile."""
    import numpy as np

    height, width = tile[0] or 64, tile[1] or 64
    try:
        result = run(np.full((height, width, 3), 0.5, np.float32))
    except ValueError:
        raise
    except Exception as error:  # noqa: BLE001 (onnxruntime raises types of its own)
        raise ValueError(
            f"the model {Path(path).name} fails on a tile of {width} x {height} "
            f"({first_line(error)}): super-resolution needs {EXPECTED}"
        ) from None
    scale = int(result.shape[0]) // height
    if scale < 1 or result.shape[:2] != (height * scale, width * scale):
        raise ValueError(
            f"the model {Path(path).name} turns {width} x {height} pixels into "
            f"{result.shape[1]} x {result.shape[0]}: super-resolution needs the same "
            "whole factor for both edges"
        )
    return scale


def enlarge(model: Model, rgb: "Pixels", progress: Callable[[float], None]) -> "Pixels":
    """The picture, `model.scale` times as large; `progress` hears of every tile.

    Neighbouring tiles see the same pixels around their border and are crossfaded
    there; what the outermost pixels of a tile became is not used.
    """
    import numpy as np

    scale, (height, width) = model.scale, rgb.shape[:2]
    rows, columns = spans(height, model.tile[0]), spans(width, model.tile[1])
    result = np.empty((height * scale, width * scale, 3), np.uint8)
    carried = np.zeros((0, width * scale, 3), np.float32)
    for index, row in enumerate(rows):
        strip = np.zeros(((row.stop - row.start) * scale, width * scale, 3), np.float32)
        strip[: len(carried)] = carried
        for position, column in enumerate(columns):
            part = rgb[row.start : row.stop, column.start : column.stop]
            weight = np.outer(_weights(row, scale), _weights(column, scale))
            place = slice(column.start * scale, column.stop * scale)
            strip[:, place] += _tile(model, part) * weight[:, :, None]
            progress((index * len(columns) + position + 1) / len(rows) / len(columns))
        last = index + 1 == len(rows)
        done = (row.stop if last else rows[index + 1].start) * scale
        ready = strip[: done - row.start * scale]
        result[row.start * scale : done] = np.rint(np.clip(ready, 0, 1) * 255)
        carried = strip[len(ready) :]
    return result


def spans(length: int, tile: int | None) -> list[Span]:
    """Tiles along an axis; the parts of their own meet, what they see overlaps."""
    margin = MARGIN if tile is None else min(MARGIN, tile // 4)
    core = CORE if tile is None else tile - 2 * margin
    if length <= core + 2 * margin:
        return [Span(0, length, 0, length)]
    count = math.ceil(length / core)
    bounds = [round(length * i / count) for i in range(count + 1)]
    return [
        Span(max(0, a - margin), min(length, b + margin), a, b)
        for a, b in itertools.pairwise(bounds)
    ]


def _weights(span: Span, scale: int) -> "NDArray[np.float32]":
    """1 inside, falling to 0 across the border with each neighbour; sums to 1.

    The ramp takes the middle half of the overlap, so the outer quarters go unused.
    """
    import numpy as np

    at = span.start + (np.arange((span.stop - span.start) * scale) + 0.5) / scale
    weight = np.ones(len(at))
    if span.start < span.own_start:
        reach = (span.own_start - span.start) / 2
        weight *= np.clip((at - span.own_start) / (2 * reach) + 0.5, 0, 1)
    if span.own_stop < span.stop:
        reach = (span.stop - span.own_stop) / 2
        weight *= np.clip((span.own_stop - at) / (2 * reach) + 0.5, 0, 1)
    return weight.astype(np.float32)


def _tile(model: Model, part: "Pixels") -> "NDArray[np.float32]":
    """One tile through the model, padded with its own border to a size it takes."""
    import cv2
    import numpy as np

    height, width = part.shape[:2]
    below = (model.tile[0] or math.ceil(height / MULTIPLE) * MULTIPLE) - height
    right = (model.tile[1] or math.ceil(width / MULTIPLE) * MULTIPLE) - width
    padded = cv2.copyMakeBorder(part, 0, below, 0, right, cv2.BORDER_REPLICATE)
    result = model.run(padded.astype(np.float32) / np.float32(255))
    return result[: height * model.scale, : width * model.scale]
