"""Inpaint with models: LaMa and MI-GAN contracts, in small models built here."""

import os
import socket

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from pictures import frozen

from nodegraph import Context, Image, Mask, SettingError
from nodes._inpaint import model as models
from nodes._inpaint.contract import contract_of
from nodes.inpaint import inpaint, resolve

COLOUR = np.array([0.2, 0.6, 0.4], np.float32)
"""What the models here paint into a hole."""

F, B = TensorProto.FLOAT, TensorProto.UINT8


def node(kind, inputs, output, **attributes):
    return helper.make_node(kind, inputs.split(), [output], **attributes)


def save(path, nodes, constants, ports, output):
    """A model file; `ports` and `output` are (name, type, shape)."""
    inputs = [helper.make_tensor_value_info(*port) for port in ports]
    result = helper.make_tensor_value_info(*output)
    tensors = [numpy_helper.from_array(v, k) for k, v in constants.items()]
    graph = helper.make_graph(nodes, "test", inputs, [result], tensors)
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return str(path)


def scalar(value):
    return np.array(value, np.float32)


def lama(path, edge=64, hole=1, scale=255.0, shift=0.0, swapped=False, kind=F):
    """hole x colour + (1 - hole) x image, then x scale + shift."""
    type_ = np.float16 if kind == TensorProto.FLOAT16 else np.float32
    nodes = [
        node("Sub", "one mask", "inverse"),
        node("Mul", "colour " + ("mask" if hole else "inverse"), "painted"),
        node("Mul", "image " + ("inverse" if hole else "mask"), "kept"),
        node("Add", "painted kept", "unit"),
        node("Mul", "unit scale", "scaled"),
        node("Add", "scaled shift", "output"),
    ]
    constants = {
        "one": np.array(1, type_),
        "colour": COLOUR.reshape(1, 3, 1, 1).astype(type_),
        "scale": np.array(scale, type_),
        "shift": np.array(shift, type_),
    }
    edges = [edge, edge] if edge else ["height", "width"]
    ports = [
        ("image", kind, ["batch", 3, *edges]),
        ("mask", kind, ["batch", 1, *edges]),
    ]
    ports = ports[::-1] if swapped else ports
    return save(path, nodes, constants, ports, ("output", kind, ["batch", 3, *edges]))


def migan(path, edge=0, hole=0):
    """The pipeline of bytes: 0 in the mask is the hole (or 255, where `hole`)."""
    nodes = [
        node("Greater", "mask half", "marked"),
        node(
            "Where", "marked colour image" if hole else "marked image colour", "result"
        ),
    ]
    constants = {
        "half": np.array(127, np.uint8),
        "colour": np.rint(COLOUR * 255).astype(np.uint8).reshape(1, 3, 1, 1),
    }
    edges = [edge, edge] if edge else ["height", "width"]
    ports = [("image", B, [1, 3, *edges]), ("mask", B, [1, 1, *edges])]
    return save(path, nodes, constants, ports, ("result", B, [1, 3, *edges]))


def raw_migan(path, edge=64):
    """Four channels, mask - 0.5 and masked image of -1 to 1; gives -1 to 1."""
    nodes = [
        node("Split", "input sizes", "mask", axis=1),
        node("Add", "mask half", "keep"),
        node("Sub", "one keep", "hole"),
        node("Mul", "colour hole", "painted"),
        node("Add", "seen painted", "output"),
    ]
    nodes[0].output.append("seen")
    constants = {
        "sizes": np.array([1, 3], np.int64),
        "half": scalar(0.5),
        "one": scalar(1),
        "colour": (COLOUR * 2 - 1).reshape(1, 3, 1, 1),
    }
    ports = [("input", F, [1, 4, edge, edge])]
    return save(path, nodes, constants, ports, ("output", F, [1, 3, edge, edge]))


CONTRACTS = {
    "lama": lama,
    "lama of any size": lambda path: lama(path, edge=0),
    "lama of 0 to 1": lambda path: lama(path, scale=1.0),
    "lama of -1 to 1": lambda path: lama(path, scale=2.0, shift=-1.0),
    "lama whose mask is inverted": lambda path: lama(path, hole=0),
    "lama with its inputs swapped": lambda path: lama(path, swapped=True),
    "lama of half floats": lambda path: lama(path, scale=1.0, kind=TensorProto.FLOAT16),
    "migan": migan,
    "migan of one size": lambda path: migan(path, edge=64),
    "migan whose mask is inverted": lambda path: migan(path, hole=1),
    "raw migan": raw_migan,
}


@pytest.fixture(params=CONTRACTS, ids=lambda name: name.replace(" ", "-"))
def contract(request, tmp_path):
    """The kind and the file of a model of each contract, under a name that says none."""
    path = CONTRACTS[request.param](tmp_path / "a.onnx")
    return "migan" if "migan" in request.param else "lama", path


def photograph(width=150, height=110, channels=3):
    y, x = np.mgrid[:height, :width][:, :, :, None]
    wave = 128 + 60 * np.sin(x / 17 + np.arange(channels)) + 40 * np.cos(y / 23)
    return np.clip(wave, 0, 255).astype(np.uint8)


def hole(width=150, height=110, rows=slice(40, 70), columns=slice(50, 85)):
    pixels = np.zeros((height, width))
    pixels[rows, columns] = 255
    return Mask(frozen(pixels))


def test_a_model_is_told_by_its_shapes_and_fills_the_hole_only(contract):
    kind, path = contract
    settings = {"engine": "auto", "model": path}
    image, mask, context = Image(frozen(photograph())), hole(), Context()

    result = inpaint(context, image, mask, **settings, grow=0, feather=0)

    inside = mask.pixels > 0
    assert resolve(settings)["engine"] == kind
    assert np.array_equal(result.pixels[~inside], image.pixels[~inside])
    assert np.abs(result.pixels[inside] - COLOUR * 255).max() <= 2
    assert context.said["certificate"]["outside"] == (~inside).sum()


@pytest.mark.parametrize(
    ("size", "rows", "columns"),
    [
        ((31, 7), slice(0, 7), slice(4, 9)),
        ((513, 64), slice(0, 20), slice(480, 513)),
        ((9, 200), slice(150, 200), slice(0, 9)),
        ((401, 301), slice(1, 300), slice(1, 400)),
    ],
)
def test_holes_at_the_border_and_pictures_of_any_shape_are_filled(
    tmp_path, size, rows, columns
):
    image = Image(frozen(photograph(*size, 4) | np.uint8([0, 0, 0, 255])))
    mask = hole(*size, rows, columns)
    path = lama(tmp_path / "a.onnx")

    result = inpaint(
        Context(), image, mask, engine="lama", model=path, grow=0, feather=0
    )

    inside = mask.pixels > 0
    assert np.array_equal(result.pixels[~inside], image.pixels[~inside])
    assert np.abs(result.rgb[inside] - COLOUR * 255).max() <= 12


def test_a_feathered_fill_fades_into_the_picture(tmp_path):
    path = lama(tmp_path / "a.onnx")
    image, mask = Image(frozen(photograph())), hole()

    result = inpaint(Context(), image, mask, model=path, grow=2, feather=6)

    off = np.abs(result.pixels.astype(int) - image.pixels).max(2)
    assert off[60, 44:48].all()
    assert np.abs(result.pixels[60, 44] - COLOUR * 255).max() > 5
    assert not off[60, :41].any()


def test_an_engine_given_the_other_ones_model_is_refused_when_planning(tmp_path):
    path = migan(tmp_path / "lama.onnx")

    with pytest.raises(SettingError, match="is for engine 'migan', not 'lama'"):
        resolve({"engine": "lama", "model": path})


def test_a_digest_with_its_path_is_looked_into_when_planning(tmp_path):
    class Found(str):
        path = lama(tmp_path / "a.onnx")

    settings = resolve({"engine": "auto", "model": Found("sha256:00")})

    assert settings == {"engine": "lama", "model": "sha256:00"}


def port(kind, channels, name="image"):
    return (name, kind, [1, channels, 64, 64])


@pytest.mark.parametrize(
    "ports",
    [
        [port(F, 3)],
        [port(F, 3), port(F, 3, "mask")],
        [port(F, 3), port(B, 1, "mask")],
        [port(TensorProto.INT64, 3), port(TensorProto.INT64, 1, "mask")],
        [("image", F, [1, 3, 8, 8]), ("mask", F, [1, 1, 8, 8])],
        [port(F, 3), port(F, 1, "mask"), port(F, 1, "third")],
    ],
)
def test_a_model_of_another_kind_is_refused_by_its_shapes(tmp_path, ports):
    nodes = [node("Identity", "image", "output")]
    output = ("output", ports[0][1], ports[0][2])
    path = save(tmp_path / "odd.onnx", nodes, {}, ports, output)

    with pytest.raises(SettingError, match=r"odd\.onnx takes image \[1, 3, .*(LaMa)"):
        resolve({"engine": "auto", "model": path})


def test_a_file_that_is_no_model_is_refused_by_name(tmp_path):
    path = tmp_path / "text.onnx"
    path.write_text("no model")

    with pytest.raises(SettingError, match=r"text\.onnx is no ONNX model"):
        resolve({"engine": "auto", "model": str(path)})


def idle(path):
    """The ports of LaMa, but the picture comes out as it went in."""
    nodes = [node("Identity", "image", "output")]
    ports = [port(F, 3), port(F, 1, "mask")]
    return save(path, nodes, {}, ports, ("output", F, [1, 3, 64, 64]))


def destroying(path):
    """The ports of LaMa, but nothing of the picture is kept."""
    nodes = [
        node("Mul", "image zero", "black"),
        node("Add", "black colour", "output"),
    ]
    constants = {"zero": scalar(0), "colour": COLOUR.reshape(1, 3, 1, 1)}
    ports = [port(F, 3), port(F, 1, "mask")]
    return save(path, nodes, constants, ports, ("output", F, [1, 3, 64, 64]))


@pytest.mark.parametrize("make", (idle, destroying))
def test_a_model_that_fills_nothing_or_keeps_nothing_fails_its_trial(tmp_path, make):
    path = make(tmp_path / "bad.onnx")

    with pytest.raises(
        ValueError, match=r"bad\.onnx does not fill the hole of a trial"
    ):
        inpaint(Context(), Image(frozen(photograph())), hole(), model=path)


def test_a_model_of_another_output_size_fails_its_trial(tmp_path):
    nodes = [node("MaxPool", "image", "output", kernel_shape=[2, 2], strides=[2, 2])]
    ports = [port(F, 3), port(F, 1, "mask")]
    path = save(tmp_path / "half.onnx", nodes, {}, ports, ("output", F, [1, 3, 32, 32]))

    with pytest.raises(ValueError, match=r"gives \[32, 32, 3\] for .* \[64, 64, 3\]"):
        inpaint(Context(), Image(frozen(photograph())), hole(), model=path)


def test_a_hole_takes_at_most_six_tenths_of_what_a_model_sees(tmp_path, monkeypatch):
    seen = []
    imagined = models.imagined

    def watched(model, rgb, own):
        rows, columns = own.any(1).sum(), own.any(0).sum()
        seen.append(max(rows, columns) / max(own.shape))
        return imagined(model, rgb, own)

    monkeypatch.setattr("nodes._inpaint.fill.imagined", watched)
    mask = hole(601, 501, slice(0, 120), slice(500, 601))
    image = Image(frozen(photograph(601, 501)))

    inpaint(Context(), image, mask, model=lama(tmp_path / "a.onnx"), margin=0.4)

    assert seen
    assert max(seen) <= 0.6


def test_a_model_is_tried_once_until_its_file_changes(tmp_path):
    path = lama(tmp_path / "a.onnx")
    first = models.load(path)

    assert models.load(path) is first
    lama(tmp_path / "a.onnx", edge=80)
    assert models.load(path).size == (80, 80)


def test_a_model_runs_in_as_many_threads_as_the_worker_may_use(tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, "OMP_NUM_THREADS", "3")

    opened = models.load(lama(tmp_path / "a.onnx")).session

    assert opened.get_session_options().intra_op_num_threads == 3


def test_no_connection_is_opened(tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)

    inpaint(
        Context(), Image(frozen(photograph())), hole(), model=lama(tmp_path / "a.onnx")
    )


def test_the_contract_says_what_the_mask_should_mean(tmp_path):
    assert contract_of(lama(tmp_path / "l.onnx")).marks_hole
    assert not contract_of(migan(tmp_path / "m.onnx")).marks_hole
