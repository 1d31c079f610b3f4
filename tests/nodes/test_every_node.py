"""What holds for every node type that ships, whoever wrote it."""

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import nodes
from nodegraph import NodeType

NAMES = sorted(
    module.name
    for module in pkgutil.iter_modules(nodes.__path__)
    if not module.name.startswith("_")
)
CATEGORIES = {
    "Input",
    "Output",
    "Format",
    "Size",
    "Colour",
    "Filter",
    "Composite",
    "Mask",
    "Board",
}
HEAVY = {"numpy", "cv2", "PIL", "onnxruntime", "networkx", "skimage", "dearpygui"}


@pytest.fixture(params=NAMES)
def node_type(request):
    """Every node type that ships, one after another."""
    return getattr(importlib.import_module(f"nodes.{request.param}"), request.param)


def test_a_file_holds_the_node_type_it_is_named_after(node_type):
    assert isinstance(node_type, NodeType)
    assert node_type.category in CATEGORIES


def test_the_help_speaks_of_every_setting(node_type):
    settings = [port.name for port in node_type.inputs if port.is_setting]

    assert node_type.help.splitlines()[0].endswith(".")
    assert [name for name in settings if name not in node_type.help] == []


def test_every_node_type_has_tests_of_its_own():
    here = Path(__file__).parent

    assert [n for n in NAMES if not (here / f"test_{n}.py").is_file()] == []


def test_planning_imports_no_heavy_library():
    lines = [f"import nodes.{name}" for name in NAMES]
    lines.append(f"import sys; print(sorted({HEAVY} & set(sys.modules)))")

    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.strip() == "[]"
