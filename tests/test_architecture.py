"""The arrows between modules: each imports what stands below it, never above."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

LAYERS = (
    {"__main__"},
    {"cli"},
    {"editor"},
    {"upkeep"},
    {"project", "reports"},
    {"batch", "results"},
    {"scheduler"},
    {"assignments", "shots", "sources", "trust", "work"},
    {"identities", "inbox", "store"},
    {"board", "journal", "media", "workers"},
    {"gathering"},
    {"plan"},
    {"history", "preset", "registry", "wiring"},
    {"custom", "graph", "lineage"},
    {"node"},
    {"context", "values"},
    {"filenames", "files", "place", "problem", "settings", "system"},
)
"""From top to bottom; a new module or package of `nodegraph` is given its place here.
Those of one layer may import each other, but not in a circle."""

DOORS = {
    "PIL": {"media.colour", "media.decode", "editor"},
    "cv2": {"media.decode", "media.encode", "media.folder"},
    "dearpygui": {"editor"},
    "filelock": {"journal.lock"},
    "insightface": set(),
    "networkx": {"graph"},
    "onnxruntime": set(),
    "orjson": {"journal.codec"},
    "platformdirs": {"trust"},
    "psutil": {"project", "system"},
    "rich": {"cli"},
    "tinydb": {"journal.tables"},
    "typer": {"cli"},
    "zstandard": {"media.encode"},
}
"""The modules of `nodegraph` that a library is known to."""

HEAVY = (
    "PIL",
    "cv2",
    "dearpygui",
    "insightface",
    "networkx",
    "numpy",
    "onnxruntime",
    "skimage",
)
"""Loaded by what needs them when it needs them, never by a mere import."""

MODELS = {"insightface", "onnxruntime"}
"""Behind shared code of `nodes`."""

ROOT = Path(__file__).parents[1]
ENGINE = sorted(
    path
    for path in (ROOT / "nodegraph").rglob("*.py")
    if path != ROOT / "nodegraph" / "__init__.py"
)
NODES = sorted((ROOT / "nodes").rglob("*.py"))


class Import(NamedTuple):
    """One imported module, such as `nodegraph.plan`, and whether a function does it."""

    name: str
    line: int
    lazy: bool


def imports(path: Path) -> list[Import]:
    """All that a file imports when it runs; types alone do not count."""
    return list(_within(ast.parse(path.read_text("utf-8")), lazy=False))


def _within(item: ast.AST, lazy: bool) -> Iterator[Import]:
    if isinstance(item, ast.If) and "TYPE_CHECKING" in ast.unparse(item.test):
        for other in item.orelse:
            yield from _within(other, lazy)
        return
    if isinstance(item, ast.Import):
        for alias in item.names:
            yield Import(alias.name, item.lineno, lazy)
    elif isinstance(item, ast.ImportFrom):
        assert item.level == 0, f"line {item.lineno}: name the whole module"
        for alias in item.names:
            yield Import(f"{item.module}.{alias.name}", item.lineno, lazy)
    lazy = lazy or isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)
    for child in ast.iter_child_nodes(item):
        yield from _within(child, lazy)


def module_of(path: Path) -> str:
    """The part of `nodegraph` that a file belongs to: a module or a package."""
    return path.relative_to(ROOT / "nodegraph").with_suffix("").parts[0]


def dotted(path: Path) -> str:
    """The file's place within `nodegraph`, such as `media.decode`."""
    return ".".join(path.relative_to(ROOT / "nodegraph").with_suffix("").parts)


def layer(module: str) -> int:
    """How far from the top a module stands."""
    for rank, names in enumerate(LAYERS):
        if module in names:
            return rank
    pytest.fail(f"give nodegraph/{module} a place in LAYERS", pytrace=False)


def engine_imports(path: Path) -> Iterator[tuple[str, Import]]:
    """The parts of `nodegraph` that a file imports, itself left out."""
    for item in imports(path):
        package, _, rest = item.name.partition(".")
        if package == "nodegraph" and rest:
            module = rest.partition(".")[0]
            place = ROOT / "nodegraph" / module
            is_module = place.is_dir() or place.with_suffix(".py").exists()
            if is_module and module != module_of(path):
                yield module, item


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", ENGINE, ids=shown)
def test_imports_point_down(path):
    here = layer(module_of(path))

    for module, item in engine_imports(path):
        assert here <= layer(module), f"line {item.line} imports {module} from above"


def test_no_modules_import_each_other_in_a_circle():
    arrows = {}
    for path in ENGINE:
        found = {module for module, _ in engine_imports(path)}
        arrows.setdefault(module_of(path), set()).update(found)

    assert list(TopologicalSorter(arrows).static_order())


def test_every_layer_names_modules_once():
    names = [name for layer in LAYERS for name in layer]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", ENGINE, ids=shown)
def test_a_library_is_known_to_few_modules(path):
    for item in imports(path):
        library = item.name.partition(".")[0]
        if library in DOORS:
            doors = DOORS[library]
            known = {module_of(path), dotted(path)} & doors
            assert known, f"line {item.line} imports {library}"


@pytest.mark.parametrize("path", ENGINE, ids=shown)
def test_the_engine_does_not_know_the_nodes(path):
    assert not [i for i in imports(path) if i.name.partition(".")[0] == "nodes"]


@pytest.mark.parametrize("path", [*ENGINE, *NODES], ids=shown)
def test_heavy_libraries_load_where_they_are_used(path):
    loaded = {i.name.partition(".")[0] for i in imports(path) if not i.lazy}

    if not path.is_relative_to(ROOT / "nodegraph" / "editor"):
        assert not loaded & set(HEAVY)


@pytest.mark.parametrize("path", NODES, ids=shown)
def test_models_run_behind_shared_code_of_the_nodes(path):
    used = {i.name.partition(".")[0] for i in imports(path)} & MODELS

    parts = path.relative_to(ROOT).parts
    assert not used or any(part.startswith("_") for part in parts)


@pytest.mark.parametrize("path", NODES, ids=shown)
def test_a_node_needs_nothing_of_the_engine_but_its_front(path):
    import nodegraph

    for item in imports(path):
        package, _, name = item.name.partition(".")
        if package == "nodegraph":
            assert name in nodegraph.__all__, f"line {item.line} imports {item.name}"


@pytest.mark.parametrize("module", ["nodegraph", "nodegraph.cli", "nodegraph.registry"])
def test_importing_loads_no_heavy_library(module):
    path = ROOT / module.replace(".", "/")
    if not (path.is_dir() or path.with_suffix(".py").exists()):
        pytest.skip(f"{module} is not part of this version")

    assert not loaded_by(f"import {module}") & set(HEAVY)


def test_planning_knows_every_node_type_without_a_heavy_library():
    code = "from nodegraph.registry import discover; assert discover().types"

    assert not loaded_by(code) & set(HEAVY)


def loaded_by(code: str) -> set[str]:
    """The modules in a fresh process that has run `code`."""
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.split())
