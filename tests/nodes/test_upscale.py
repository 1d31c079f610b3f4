"""Upscale: Lanczos, and super-resolution models built here."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from nodegraph import Cancelled, Context, Image, MissingError
from nodes import _superres
from nodes.upscale import resolve, upscale


def save(path, nodes, weights, shape, out, kind=TensorProto.FLOAT, inputs=1):
    """A model file with the inputs x, x1, … and the output y."""
    ports = [
        helper.make_tensor_value_info("x" if i == 0 else f"x{i}", kind, shape)
        for i in range(inputs)
    ]
    result = helper.make_tensor_value_info("y", kind, out)
    tensors = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "test", ports, [result], tensors)
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return str(path)


def nearest(path, factors=(2, 2), edge=None, kind=TensorProto.FLOAT):
    """Repeats every pixel."""
    scales = np.array([1, 1, *factors], np.float32)
    resize = helper.make_node(
        "Resize",
        ["x", "", "scales"],
        ["y"],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    edges = [edge or "h", edge or "w"]
    out = [f * edge if edge else "?" for f in factors]
    weights = {"scales": scales}
    return save(path, [resize], weights, [1, 3, *edges], [1, 3, *out], kind)


def smoothing(path, edge=None):
    """A 9 x 9 convolution with zeros beyond the border, then pixels twice as dense."""
    kernel = np.zeros((12, 3, 9, 9), np.float32)
    ramp = np.linspace(0.5, 1.5, 81, dtype=np.float32).reshape(9, 9) / 81
    for out in range(12):
        kernel[out, out // 4] = np.rot90(ramp, out % 4)
    nodes = [
        helper.make_node("Conv", ["x", "k"], ["c"], pads=[4, 4, 4, 4]),
        helper.make_node("DepthToSpace", ["c"], ["y"], blocksize=2, mode="CRD"),
    ]
    edges = [edge or "h", edge or "w"]
    out = [2 * edge if edge else "?"] * 2
    return save(path, nodes, {"k": kernel}, [1, 3, *edges], [1, 3, *out])


@pytest.fixture
def double(tmp_path):
    """A model that repeats every pixel twice along both axes."""
    return nearest(tmp_path / "nearest.onnx")


def repeated(pixels, times):
    return pixels.repeat(times, 0).repeat(times, 1)


def test_lanczos_gives_the_factor_asked_for(any_image, whole):
    result = upscale(Context(), any_image, 2.5)

    whole(result)
    assert result.width == round(any_image.width * 2.5)
    assert result.height == round(any_image.height * 2.5)
    assert result.pixels.shape[2] == any_image.pixels.shape[2]


def test_factor_1_hands_the_picture_on_as_it_is(any_image):
    assert upscale(Context(), any_image, 1.0) is any_image


def test_a_model_draws_every_pixel_of_any_size(any_image, double, whole):
    result = upscale(Context(), any_image, 2.0, "model", double)

    whole(result)
    assert result.pixels.shape[2] == any_image.pixels.shape[2]
    visible = repeated(any_image.pixels, 2)
    if any_image.alpha is None:
        assert np.array_equal(result.pixels, visible)
    else:
        seen = visible[:, :, 3] > 0
        assert np.array_equal(result.rgb[seen], visible[:, :, :3][seen])


@pytest.mark.parametrize("edge", [None, 16, 64])
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (64, 64), (130, 33), (601, 260)])
def test_tiles_cover_the_picture_without_a_gap(tmp_path, picture, edge, size):
    path = nearest(tmp_path / "n.onnx", edge=edge)
    image = picture(*size)

    result = upscale(Context(), image, 2.0, "model", path)

    assert np.array_equal(result.pixels, repeated(image.pixels, 2))


@pytest.mark.parametrize("edge", [None, 64])
def test_seams_between_tiles_do_not_show(tmp_path, picture, edge):
    image = picture(500, 300)
    path = smoothing(tmp_path / "s.onnx", edge)
    whole = smoothing(tmp_path / "whole.onnx")
    run = _superres.load(whole).run
    untiled = np.rint(run(image.pixels.astype(np.float32) / 255) * 255)

    tiled = upscale(Context(), image, 2.0, "model", path).pixels

    inner = slice(16, -16), slice(16, -16)
    assert np.abs(tiled[inner] - untiled[inner]).max() <= 1


def test_crossfades_of_neighbours_sum_to_1():
    for length in (257, 300, 449, 1000, 1921):
        for tile in (None, 16, 64, 100):
            total = np.zeros(length * 3)
            for span in _superres.spans(length, tile):
                part = slice(span.start * 3, span.stop * 3)
                total[part] += _superres._weights(span, 3)
                assert span.stop - span.start <= (tile or 256)

            assert np.abs(total - 1).max() < 1e-6


def test_a_model_of_another_scale_is_resampled_to_the_factor(tmp_path, picture):
    path, context = nearest(tmp_path / "n4.onnx", (4, 4)), Context()

    result = upscale(context, picture(33, 21), 2.0, "model", path)

    assert (result.width, result.height) == (66, 42)
    assert context.said["notes"]["model_scale"] == 4


def test_a_model_of_half_floats_is_fed_half_floats(tmp_path, picture):
    path = nearest(tmp_path / "half.onnx", kind=TensorProto.FLOAT16)
    image = picture(9, 7)

    result = upscale(Context(), image, 2.0, "model", path)

    assert np.array_equal(result.pixels, repeated(image.pixels, 2))


def test_colour_hidden_under_transparency_does_not_reach_the_model(tmp_path):
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[:, :, 1] = 255
    pixels[12:28, 12:28] = (200, 60, 60, 255)
    path = smoothing(tmp_path / "s.onnx")

    result = upscale(Context(), Image(pixels), 2.0, "model", path)

    seen = result.pixels[result.pixels[:, :, 3] > 128].astype(int)
    assert np.abs(seen[:, :3] - (200, 60, 60)).max() <= 6


def test_progress_is_reported_for_every_tile(double, picture):
    heard = []

    upscale(Context(report=heard.append), picture(500, 300), 2.0, "model", double)

    assert heard == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1])


def test_a_model_can_be_cancelled_between_tiles(double, picture):
    with pytest.raises(Cancelled):
        context = Context(cancelled=lambda: True)
        upscale(context, picture(500, 300), 2.0, "model", double)


def test_a_model_is_loaded_once_until_its_file_changes(tmp_path):
    path = nearest(tmp_path / "n.onnx")
    first = _superres.load(path)

    assert _superres.load(path) is first
    nearest(tmp_path / "n.onnx", (3, 3), edge=64)
    assert _superres.load(path).scale == 3


def test_a_model_takes_no_more_threads_than_its_worker_may(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")

    [opened] = _superres.load(nearest(tmp_path / "n.onnx")).run.args

    assert opened.get_session_options().intra_op_num_threads == 3


SETTINGS = {"factor": 2.0, "model": "", "engine": "auto"}


def test_auto_is_lanczos_without_a_model_and_the_model_with_one():
    assert resolve(SETTINGS)["engine"] == "lanczos"
    assert resolve({**SETTINGS, "model": "m.onnx"})["engine"] == "model"


def test_a_model_that_is_not_used_is_no_part_of_the_recipe():
    settings = {**SETTINGS, "model": "m.onnx", "engine": "lanczos"}

    assert resolve(settings)["model"] == ""


def test_a_large_factor_asks_for_the_memory_of_its_result():
    lanczos = upscale.estimate({**SETTINGS, "factor": 4.0})

    assert lanczos >= 16
    assert upscale.estimate({**SETTINGS, "factor": 4.0, "model": "m"}) > lanczos


def test_a_model_that_was_not_chosen_is_missed_before_the_run():
    with pytest.raises(MissingError, match="choose an ONNX super-resolution file"):
        resolve({**SETTINGS, "engine": "model"})


def test_a_file_that_is_no_model_is_refused_by_name(tmp_path, picture):
    path = tmp_path / "text.onnx"
    path.write_text("no model")

    with pytest.raises(ValueError, match=r"text\.onnx cannot be opened"):
        upscale(Context(), picture(7, 5), 2.0, "model", str(path))


def test_a_model_file_that_is_gone_is_named(tmp_path, picture):
    with pytest.raises(ValueError, match=r"gone\.onnx cannot be read"):
        upscale(Context(), picture(7, 5), 2.0, "model", str(tmp_path / "gone.onnx"))


def identity(path, shape, kind=TensorProto.FLOAT, inputs=1):
    node = helper.make_node("Identity", ["x"], ["y"])
    return save(path, [node], {}, shape, shape, kind, inputs)


@pytest.mark.parametrize(
    ("shape", "kind", "inputs", "named"),
    [
        ([1, 1, "h", "w"], TensorProto.FLOAT, 1, r"\[1, 1, 'h', 'w'\]"),
        ([1, 3, "h"], TensorProto.FLOAT, 1, r"\[1, 3, 'h'\]"),
        ([1, 3, "h", "w"], TensorProto.UINT8, 1, r"tensor\(uint8\)"),
        ([1, 3, "h", "w"], TensorProto.FLOAT, 2, r"input x1 "),
        ([1, 3, 4, 4], TensorProto.FLOAT, 1, r"\[1, 3, 4, 4\]"),
    ],
)
def test_a_model_of_another_kind_is_refused_by_its_shapes(
    tmp_path, picture, shape, kind, inputs, named
):
    path = identity(tmp_path / "odd.onnx", shape, kind, inputs)

    with pytest.raises(ValueError, match=rf"odd\.onnx has .*{named}.* needs one input"):
        upscale(Context(), picture(7, 5), 2.0, "model", path)


def test_a_model_that_stretches_is_refused_by_its_sizes(tmp_path, picture):
    path = nearest(tmp_path / "wide.onnx", (1, 2))

    with pytest.raises(ValueError, match="turns 64 x 64 pixels into 128 x 64"):
        upscale(Context(), picture(7, 5), 2.0, "model", path)


def test_more_than_100_megapixels_are_refused_by_number():
    large = Image(np.zeros((4000, 4000, 3), np.uint8))

    with pytest.raises(ValueError, match="12000 x 12000 is 144 megapixels"):
        upscale(Context(), large, 3.0)
