"""Model files are known by what is in them, opened once, and never fetched."""

import os
import shutil

import numpy as np
import pytest
from models import Builder, drawn_face, recogniser

from nodes._faces import insight
from nodes._faces.model_files import identify
from nodes._faces.scrfd import Scrfd
from nodes._faces.yunet import Yunet
from nodes._sessions import first_line, session, threads


@pytest.mark.parametrize("kind", ["scrfd", "arcface", "sface", "inswapper"])
def test_a_model_is_known_by_its_shapes_whatever_its_name(models, tmp_path, kind):
    path = tmp_path / "det_w600k_inswapper.onnx"
    shutil.copy(models[kind], path)

    assert identify(path) == kind


def test_yunet_is_known_by_its_shapes(yunet):
    assert identify(yunet) == "yunet"


def test_a_model_of_another_task_is_none_of_ours(tmp_path):
    b = Builder()
    b.op("Concat", "image", "mask", name="out", axis=1)
    ports = {"image": [1, 3, 512, 512], "mask": [1, 1, 512, 512]}
    inpainter = b.save(tmp_path / "w600k_r50.onnx", ports, {"out": [1, 4, 512, 512]})
    b = Builder()
    b.op("Relu", "face", name="out")
    shape = [1, 3, 512, 512]
    restorer = b.save(tmp_path / "det_10g.onnx", {"face": shape}, {"out": shape})

    assert identify(inpainter) is None
    assert identify(restorer) is None


def test_a_swapper_without_its_matrix_last_is_not_one(tmp_path):
    b = Builder()
    b.weight(np.eye(512, dtype=np.float32), "emap")
    b.op("Add", "target", b.op("ReduceMean", "source", keepdims=0), name="output")
    crop = [1, 3, 128, 128]
    b.weight(np.float32([1]), "unused")
    path = b.save(
        tmp_path / "x.onnx", {"target": crop, "source": [1, 512]}, {"output": crop}
    )

    assert identify(path) is None


def test_a_file_of_the_wrong_kind_is_refused_by_name(models):
    with pytest.raises(ValueError, match=r"b\.onnx holds arcface, not inswapper"):
        insight.inswapper(models["arcface"])


def test_a_damaged_file_is_refused_by_name(tmp_path):
    path = tmp_path / "half.onnx"
    path.write_bytes(b"\x08\x07 not a model")

    with pytest.raises(ValueError, match=r"half\.onnx"):
        identify(path)


def test_a_missing_file_is_refused_and_not_fetched(tmp_path):
    with pytest.raises(ValueError, match="cannot be read"):
        Scrfd(str(tmp_path / "buffalo_l.onnx"))
    assert list(tmp_path.iterdir()) == []


def test_a_session_is_opened_once_until_its_file_changes(tmp_path):
    path = recogniser(tmp_path / "a.onnx")
    first = session(path)

    assert session(path) is first

    recogniser(path, 128)
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))
    assert session(path) is not first
    assert session(path).get_outputs()[0].shape[-1] == 128


def test_threads_follow_the_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads() == 3

    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert threads() == 2


def test_an_error_without_words_is_told_by_its_kind():
    assert first_line(RuntimeError("no such node\nat graph.cc:12")) == "no such node"
    assert first_line(RuntimeError()) == "RuntimeError"


def test_an_unknown_provider_names_those_there_are(models):
    with pytest.raises(ValueError, match="CPUExecutionProvider"):
        session(models["arcface"], ["AbacusExecutionProvider"])


def test_a_session_says_what_it_runs_on(models):
    assert session(models["arcface"]).get_providers() == ["CPUExecutionProvider"]


def test_insightface_prints_nothing_on_stdout(models, capfd):
    insight.inswapper.__globals__["_loaded"].cache_clear()
    insight.inswapper(models["inswapper"])
    Scrfd(models["scrfd"]).find(drawn_face()[0])

    assert capfd.readouterr().out == ""


def test_yunet_reads_a_picture_that_nobody_may_write(yunet, astronaut):
    assert not astronaut.rgb.flags.writeable
    assert len(Yunet(yunet).find(astronaut.rgb)) == 1
