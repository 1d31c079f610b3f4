"""Tiny ONNX models with the shapes of real ones, made of seeded random numbers.

They go through insightface's own code.  The detector fires on five marker colours, the
recogniser projects a thumbnail, the swapper brings that thumbnail to another face's.
"""

import functools
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MARKERS = (
    (0, 0, 255),
    (0, 255, 255),
    (255, 0, 255),
    (0, 255, 0),
    (255, 255, 0),
)
"""RGB of left eye, right eye, nose, left and right mouth corner."""

OPSET, IR = 13, 8
THUMB = 14 * 14 * 3


class Builder:
    """Nodes and weights of a graph that is being put together."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def op(self, kind: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        name = name or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(kind, list(inputs), [name], name=f"n_{name}", **attributes)
        )
        return name

    def weight(self, values: Any, name: str = "") -> str:
        name = name or f"weight_{len(self.weights)}"
        array = np.ascontiguousarray(values)
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def number(self, value: float) -> str:
        return self.weight(np.float32(value))

    def save(self, path: Path, inputs: dict, outputs: dict) -> Path:
        graph = helper.make_graph(
            self.nodes, "test", _infos(inputs), _infos(outputs), self.weights
        )
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset)
        model.ir_version = IR
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, path)
        return path


def _infos(shapes: dict) -> list[Any]:
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    ]


@functools.cache
def projection(width: int = 512) -> np.ndarray:
    """A thumbnail's numbers to `width`, orthonormal."""
    random = np.random.default_rng(20260101)
    return np.linalg.qr(random.standard_normal((THUMB, width)))[0].astype(np.float32)


def recogniser(path: Path, width: int = 512) -> Path:
    """ArcFace's shapes, or with a width of 128 SFace's."""
    b = Builder()
    small = b.op("AveragePool", "data", kernel_shape=[8, 8], strides=[8, 8])
    mean = b.op("ReduceMean", small, axes=[2, 3], keepdims=1)
    centred = b.op("Sub", small, mean)
    flat = b.op("Reshape", centred, b.weight(np.int64([-1, THUMB])))
    b.op("MatMul", flat, b.weight(projection(width)), name="embedding")
    return b.save(path, {"data": ["N", 3, 112, 112]}, {"embedding": ["N", width]})


def swapper(path: Path, gain: float = 4.0, share: float = 0.7) -> Path:
    """INSwapper's shapes: low frequencies become those the identity decodes to."""
    b = Builder()
    y, x = np.mgrid[:128, :128].astype(np.float32)
    egg = np.clip((1.15 - ((x - 64) / 46) ** 2 - ((y - 66) / 58) ** 2) / 0.3, 0, 1)
    decoded = b.op("MatMul", "source", b.weight(projection().T.copy()))
    thumb = b.op("Reshape", decoded, b.weight(np.int64([1, 3, 14, 14])))
    thumb = b.op("Mul", thumb, b.number(gain))
    large = b.op(
        "Resize",
        thumb,
        b.weight(np.float32([])),
        b.weight(np.float32([1, 1, 8, 8])),
        mode="linear",
        coordinate_transformation_mode="half_pixel",
    )
    placed = b.op(
        "Pad", large, b.weight(np.int64([0, 0, 0, 8, 0, 0, 16, 8])), mode="edge"
    )
    low = b.op(
        "AveragePool",
        "target",
        kernel_shape=[17, 17],
        strides=[1, 1],
        pads=[8] * 4,
        count_include_pad=0,
    )
    wanted = b.op("Add", placed, b.op("ReduceMean", low, axes=[2, 3], keepdims=1))
    change = b.op("Mul", b.op("Sub", wanted, low), b.weight(egg[None, None]))
    mixed = b.op("Add", "target", b.op("Mul", change, b.number(share)))
    b.op("Clip", mixed, b.number(0), b.number(1), name="output")
    b.weight(np.eye(512, dtype=np.float32), "emap")
    return b.save(
        path,
        {"target": [1, 3, 128, 128], "source": [1, 512]},
        {"output": [1, 3, 128, 128]},
    )


def detector(path: Path) -> Path:
    """SCRFD's shapes: a face is where all five markers lie around the nose's."""
    b = Builder()
    maps = _marker_maps(b)
    mass, across, down = _moments(b, maps)
    total = b.op("Add", mass, b.number(1e-4))
    x, y = b.op("Div", across, total), b.op("Div", down, total)
    sources = {
        "score": (_score(b, mass, x, y), 1),
        "bbox": (_box(b, x, y), 4),
        "kps": (_interleaved(b, x, y), 10),
    }
    outputs = {}
    for kind, (source, width) in sources.items():
        for stride in (8, 16, 32):
            name = f"{kind}_{stride}"
            _level(b, name, source if stride == 16 else None, stride, width)
            outputs[name] = [f"rows_{stride}", width]
    return b.save(path, {"input.1": [1, 3, "height", "width"]}, outputs)


def _marker_maps(b: Builder) -> str:
    """For each marker colour, how near each pixel comes to it, at a quarter's size."""
    maps = []
    for colour in MARKERS:
        wanted = (np.float32(colour) - 127.5) / 128
        off = b.op("Abs", b.op("Sub", "input.1", b.weight(wanted.reshape(1, 3, 1, 1))))
        far = b.op("ReduceSum", off, b.weight(np.int64([1])), keepdims=1)
        far = b.op("Div", far, b.number(0.9))
        maps.append(b.op("Relu", b.op("Sub", b.number(1), far)))
    joined = b.op("Concat", *maps, axis=1)
    return b.op("AveragePool", joined, kernel_shape=[4, 4], strides=[4, 4])


def _moments(b: Builder, maps: str, window: int = 57) -> tuple[str, str, str]:
    """Mass and offsets in pixels of each marker around every sixteenth pixel."""
    half = window // 2
    offset = (np.arange(window, dtype=np.float32) - half) * 4 + 1.5
    down, across = np.meshgrid(offset, offset, indexing="ij")
    kernel = np.stack([np.ones_like(across), across, down] * 5)[:, None]
    moments = b.op(
        "Conv",
        maps,
        b.weight(kernel.astype(np.float32)),
        group=5,
        strides=[4, 4],
        pads=[half] * 4,
        kernel_shape=[window, window],
    )
    mass, x, y = (
        b.op("Gather", moments, b.weight(np.arange(first, 15, 3)), axis=1)
        for first in range(3)
    )
    return mass, x, y


def _one(b: Builder, source: str, index: int) -> str:
    return b.op("Gather", source, b.weight(np.int64([index])), axis=1)


def _score(b: Builder, mass: str, x: str, y: str) -> str:
    full = b.op("Min", b.op("Mul", mass, b.number(4)), b.number(1))
    least = b.op("ReduceMin", full, axes=[1], keepdims=1)
    far = b.op("Max", b.op("Abs", _one(b, x, 2)), b.op("Abs", _one(b, y, 2)))
    near = b.op("Sub", b.number(1.6), b.op("Div", far, b.number(14)))
    near = b.op("Clip", near, b.number(0), b.number(1))
    return b.op("Mul", least, near)


def _box(b: Builder, x: str, y: str) -> str:
    across = b.op("Sub", _one(b, x, 1), _one(b, x, 0))
    down = b.op("Sub", _one(b, y, 1), _one(b, y, 0))
    square = b.op("Add", b.op("Mul", across, across), b.op("Mul", down, down))
    half = b.op("Mul", b.op("Sqrt", square), b.number(1.35))
    middle = [b.op("ReduceMean", v, axes=[1], keepdims=1) for v in (x, y)]
    sides = [b.op("Sub", half, v) for v in middle]
    sides += [b.op("Add", half, v) for v in middle]
    return b.op("Concat", *sides, axis=1)


def _interleaved(b: Builder, x: str, y: str) -> str:
    parts = [_one(b, v, index) for index in range(5) for v in (x, y)]
    return b.op("Concat", *parts, axis=1)


def _level(b: Builder, name: str, source: str | None, stride: int, width: int) -> None:
    """One output of two equal anchors a cell; without a source it is silent."""
    if source is None:
        edge = [stride, stride]
        small = b.op("AveragePool", "input.1", kernel_shape=edge, strides=edge)
        some = b.op("Gather", small, b.weight(np.int64([0] * width)), axis=1)
        source = b.op("Mul", some, b.number(0))
    elif width > 1:
        source = b.op("Div", source, b.number(stride))
    last = b.op("Transpose", source, perm=[0, 2, 3, 1])
    rows = b.op("Reshape", last, b.weight(np.int64([-1, 1, width])))
    twice = b.op("Concat", rows, rows, axis=1)
    b.op("Reshape", twice, b.weight(np.int64([-1, width])), name=name)


def drawn_face(
    size: tuple[int, int] = (480, 360),
    centre: tuple[float, float] = (240, 180),
    eye: float = 64,
    angle: float = 0.0,
    skin: tuple[int, int, int] = (225, 180, 150),
    seed: int = 0,
    markers: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """A drawn face, RGB, and its true five points; `eye` pixels between the eyes."""
    random = np.random.default_rng(seed)
    picture = np.full((size[1], size[0], 3), (120, 110, 90), np.uint8)
    noise = random.normal(0, 4, picture.shape)
    picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    turn = cv2.getRotationMatrix2D((0, 0), -angle, 1)[:, :2]

    def at(x: float, y: float) -> tuple[int, int]:
        place = np.array(centre) + turn @ np.array([x, y]) * eye
        return round(float(place[0])), round(float(place[1]))

    def egg(x: float, y: float, half: float, tall: float, colour: Any) -> None:
        axes = (round(eye * half), round(eye * tall))
        cv2.ellipse(picture, at(x, y), axes, angle, 0, 360, colour, -1, cv2.LINE_AA)

    egg(0, -1, 1.15, 0.7, tuple(int(v) for v in random.integers(10, 120, 3)))
    egg(0, 0.2, 1.15, 1.55, skin)
    thin = max(2, round(eye / 12))
    for x in (-0.5, 0.5):
        egg(x, -0.3, 0.26, 0.16, (245, 245, 245))
        egg(x, -0.3, 0.12, 0.13, (60, 40, 30))
        cv2.line(picture, at(x - 0.25, -0.62), at(x + 0.25, -0.64), (70, 50, 40), thin)
    shade = tuple(int(v * 0.8) for v in skin)
    cv2.line(picture, at(0, -0.2), at(0.05, 0.25), shade, thin, cv2.LINE_AA)
    egg(0, 0.85, 0.42, 0.12, (190, 70, 70))
    points = [
        at(*p)
        for p in ((-0.5, -0.3), (0.5, -0.3), (0, 0.28), (-0.4, 0.85), (0.4, 0.85))
    ]
    if markers:
        for place, colour in zip(points, MARKERS, strict=True):
            cv2.circle(picture, place, max(3, round(eye / 12)), colour, -1)
    return picture, np.array(points, np.float32)
