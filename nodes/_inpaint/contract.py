"""Which inpainting model a file holds, told by its ports, never by its name."""

import functools
from pathlib import Path
from typing import Any, NamedTuple

from nodes._sessions import graph, stamp

EXPECTED = (
    "an inpainting model takes a picture of 3 channels and a mask of 1, both in floats "
    "(LaMa) or both in bytes (MI-GAN), or both as 4 channels of floats (MI-GAN)"
)

LEAST = 16
"""A model that sees fewer pixels along an edge has no use here."""

FLOATS = {1: "float32", 10: "float16"}
BYTES = {2: "uint8"}
"""Element types of ONNX by number."""


class Port(NamedTuple):
    """An input or output: its name, element type by number, shape (None: any)."""

    name: str
    type: int
    shape: tuple[int | None, ...]


class Contract(NamedTuple):
    """How a model wants to be asked.

    `mask` is empty where picture and mask go in together, as four channels.  `type`
    names numpy's element type, `size` is height and width or None where any goes.
    """

    kind: str
    image: str
    mask: str
    output: str
    type: str
    size: tuple[int, int] | None

    @property
    def marks_hole(self) -> bool:
        """Whether 1 in the mask should mean the hole, as the model's authors say."""
        return self.kind == "lama"


def contract_of(path: str | Path) -> Contract:
    """How the model in a file is asked.

    Raises ValueError where the file cannot be read or is no inpainting model.
    """
    size, modified = stamp(path)
    return _contract(str(path), size, modified)


@functools.lru_cache(maxsize=16)
def _contract(path: str, size: int, modified: int) -> Contract:
    inputs, outputs = _ports(path)
    found = _paired(inputs, outputs) or _packed(inputs, outputs)
    if found is None or (found.size and min(found.size) < LEAST):
        seen = ", ".join(f"{port.name} {list(port.shape)}" for port in inputs)
        raise ValueError(f"the model {Path(path).name} takes {seen}: {EXPECTED}")
    return found


def _paired(inputs: list[Port], outputs: list[Port]) -> Contract | None:
    if len(inputs) != 2 or not _gives_picture(outputs):
        return None
    image, mask = sorted(inputs, key=lambda port: -(_channels(port) or 0))
    if (_channels(image), _channels(mask)) != (3, 1) or image.type != mask.type:
        return None
    kind = {**dict.fromkeys(FLOATS, "lama"), **dict.fromkeys(BYTES, "migan")}
    if image.type not in kind:
        return None
    type_ = {**FLOATS, **BYTES}[image.type]
    size = _size(image)
    return Contract(
        kind[image.type], image.name, mask.name, outputs[0].name, type_, size
    )


def _packed(inputs: list[Port], outputs: list[Port]) -> Contract | None:
    if len(inputs) != 1 or not _gives_picture(outputs):
        return None
    [port] = inputs
    if _channels(port) != 4 or port.type not in FLOATS:
        return None
    type_ = FLOATS[port.type]
    return Contract("migan", port.name, "", outputs[0].name, type_, _size(port))


def _gives_picture(outputs: list[Port]) -> bool:
    return bool(outputs) and _channels(outputs[0]) in (3, None)


def _channels(port: Port) -> int | None:
    """How many channels, None where any go; 0 where it is no picture."""
    return port.shape[1] if len(port.shape) == 4 else 0


def _size(port: Port) -> tuple[int, int] | None:
    height, width = port.shape[2:]
    return (height, width) if height and width else None


def _ports(path: str) -> tuple[list[Port], list[Port]]:
    held = graph(path)
    weights = {item.name for item in held.initializer}
    inputs = [_port(item) for item in held.input if item.name not in weights]
    return inputs, [_port(item) for item in held.output]


def _port(item: Any) -> Port:
    tensor = item.type.tensor_type
    shape = tuple(int(d.dim_value) or None for d in tensor.shape.dim)
    return Port(item.name, int(tensor.elem_type), shape)
