"""What serves is decided when planning, by the models that are chosen."""

import subprocess
import sys

import pytest

from nodegraph import MissingError
from nodes._faces.engines import NEEDS, descriptor, detector, resolve, swapper


@pytest.mark.parametrize(
    ("task", "installed", "name"),
    [
        ("detector", "scrfd yunet", "scrfd"),
        ("detector", "yunet", "yunet"),
        ("detector", "arcface", "haar"),
        ("descriptor", "arcface sface", "arcface"),
        ("descriptor", "sface", "sface"),
        ("descriptor", "", "appearance"),
        ("swapper", "inswapper arcface", "inswapper"),
        ("swapper", "inswapper", "classic"),
        ("swapper", "", "classic"),
    ],
)
def test_auto_takes_the_best_that_is_complete(task, installed, name):
    result = resolve(task, "auto", {kind: f"/{kind}" for kind in installed.split()})

    assert result.name == name
    assert set(result.files) == set(NEEDS[task][name])


@pytest.mark.parametrize("task", NEEDS)
def test_an_engine_asked_for_that_is_missing_is_an_error_with_the_remedy(task):
    best, builtin = next(iter(NEEDS[task])), list(NEEDS[task])[-1]

    with pytest.raises(
        MissingError, match=f"{best} needs .* choose its file, or {builtin}"
    ):
        resolve(task, best, {})


def test_an_engine_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="inswapper, classic"):
        resolve("swapper", "magic", {})


def test_what_was_resolved_is_what_serves(models):
    assert detector("scrfd", models).name == "scrfd"
    assert detector("haar", {}).name == "haar"
    assert descriptor("arcface", models).name == "arcface"
    assert descriptor("sface", models).name == "sface"
    assert descriptor("appearance", {}).name == "appearance"
    assert swapper("inswapper", models).name == "inswapper"
    assert swapper("classic", {}).name == "classic"


def test_planning_with_faces_loads_no_heavy_library():
    code = (
        "import nodes._faces.swap, nodes._faces.find, sys;"
        "print(*{'numpy','cv2','onnx','onnxruntime','insightface'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == ""
