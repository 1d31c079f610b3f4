"""Fill holes with an ONNX inpainting model of the user's, tried before it is trusted."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nodes._inpaint.contract import Contract, contract_of
from nodes._sessions import first_line, session, stamp

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Flags = NDArray[np.uint8]
    Floats = NDArray[np.float32]

SIDE = 512
"""Edge of what a model sees where it takes any size: what they were trained on."""

KEPT, CHANGED = 0.12, 0.05
"""A model that fills moves known pixels by less on average, and hole pixels by more."""


class Model(NamedTuple):
    """A model that passed its trial, and what the trial showed.

    `marks_hole`: 1 in its mask means the hole.  `low` and `high` are what it gives for
    black and for white.
    """

    session: Any
    contract: Contract
    marks_hole: bool
    low: float
    high: float

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of what it sees."""
        return self.contract.size or (SIDE, SIDE)


def load(path: str) -> Model:
    """The model in the file, kept in this process until the file changes.

    Raises ValueError where it cannot be read, is no inpainting model, or does not fill
    the hole of a small trial picture.
    """
    size, modified = stamp(path)
    return _loaded(path, size, modified)


@functools.lru_cache(maxsize=2)
def _loaded(path: str, size: int, modified: int) -> Model:
    contract = contract_of(path)
    opened = session(path)
    picture, hole = _trial(contract.size or (SIDE, SIDE))
    for marks_hole in (contract.marks_hole, not contract.marks_hole):
        model = Model(opened, contract, marks_hole, 0, 1)
        raw = _tried(model, picture, hole, path)
        low, high = _range(raw)
        model = model._replace(low=low, high=high)
        if _fills(_scaled(model, raw), picture, hole):
            return model
    raise ValueError(
        f"the model {Path(path).name} does not fill the hole of a trial picture and "
        "keep the rest: choose another inpainting model"
    )


def _trial(size: tuple[int, int]) -> tuple["Pixels", "Flags"]:
    """A soft bright picture with a square of another colour amid it, and that square."""
    import numpy as np

    height, width = size
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j][:, :, :, None]
    wave = 0.7 + 0.1 * np.sin(9 * x + np.arange(3)) + 0.15 * (y - 0.5)
    picture = np.rint(wave * 255).astype(np.uint8)
    picture[0, 0] = 255
    hole = np.zeros(size, np.uint8)
    hole[height // 3 : -(height // 3), width // 3 : -(width // 3)] = 1
    picture[hole > 0] = (0, 20, 90)
    return picture, hole


def _tried(model: Model, picture: "Pixels", hole: "Flags", path: str) -> "Floats":
    try:
        raw = _run(model, picture, hole)
    except Exception as error:  # noqa: BLE001 (onnxruntime raises types of its own)
        raise ValueError(
            f"the model {Path(path).name} fails on a trial picture ({first_line(error)}): choose "
            "another inpainting model"
        ) from None
    if raw.shape != picture.shape:
        raise ValueError(
            f"the model {Path(path).name} gives {list(raw.shape)} for a picture of "
            f"{list(picture.shape)}: choose another inpainting model"
        )
    return raw


def _range(raw: "Floats") -> tuple[float, float]:
    """What stands for black and white: -1 to 1, 0 to 1 or 0 to 255."""
    if float(raw.max()) > 1.5:
        return 0.0, 255.0
    return (-1.0, 1.0) if float(raw.min()) < -0.1 else (0.0, 1.0)


def _fills(result: "Pixels", picture: "Pixels", hole: "Flags") -> bool:
    import cv2
    import numpy as np

    near = cv2.dilate(hole, np.ones((9, 9), np.uint8))
    off = np.abs(result.astype(np.float32) - picture).mean(2) / 255
    kept, changed = float(off[near == 0].mean()), float(off[hole > 0].mean())
    return kept < KEPT and changed > CHANGED + 2 * kept


def _run(model: Model, picture: "Pixels", hole: "Flags") -> "Floats":
    """What the model gives for a picture of its own size, (height, width, 3)."""
    import numpy as np

    contract = model.contract
    marked = hole if model.marks_hole else 1 - hole
    mask, image = marked[None, None], picture.transpose(2, 0, 1)[None]
    if contract.type == "uint8":
        feed: dict[str, Any] = {
            contract.image: image,
            contract.mask: mask * np.uint8(255),
        }
    elif contract.mask:
        feed = {contract.image: image / np.float32(255), contract.mask: mask}
    else:
        seen = (image / np.float32(127.5) - 1) * (1 - hole)
        feed = {contract.image: np.concatenate((mask - np.float32(0.5), seen), 1)}
    asked = {k: np.ascontiguousarray(v, contract.type) for k, v in feed.items()}
    [result] = model.session.run([contract.output], asked)
    return np.asarray(result[0].transpose(1, 2, 0), np.float32)


def _scaled(model: Model, raw: "Floats") -> "Pixels":
    import numpy as np

    level = (raw - model.low) * np.float32(255 / (model.high - model.low))
    return np.asarray(np.rint(np.clip(level, 0, 255)), np.uint8)


def imagined(model: Model, rgb: "Pixels", hole: "Flags") -> "Pixels":
    """A part of a picture as the model fills it, at the part's own size.

    What the model gives for the rest is in it as well: paste the hole only.
    """
    import cv2
    import numpy as np

    height, width = hole.shape
    side = max(height, width)
    below, right = side - height, side - width
    rows, columns = model.size
    way = cv2.INTER_AREA if side > min(rows, columns) else cv2.INTER_CUBIC
    square = cv2.copyMakeBorder(rgb, 0, below, 0, right, cv2.BORDER_REPLICATE)
    marked = cv2.copyMakeBorder(hole * 255, 0, below, 0, right, cv2.BORDER_CONSTANT)
    seen = np.asarray(cv2.resize(square, (columns, rows), interpolation=way), np.uint8)
    part = cv2.resize(marked, (columns, rows), interpolation=cv2.INTER_AREA)
    small = cv2.dilate((part > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
    result = _scaled(model, _run(model, seen, np.asarray(small, np.uint8)))
    back = cv2.INTER_CUBIC if side > min(rows, columns) else cv2.INTER_AREA
    large = cv2.resize(result, (side, side), interpolation=back)
    return np.ascontiguousarray(large[:height, :width])
