"""Find the graph a person names: a file, a project's preset or a shipped one."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from nodegraph.cli.errors import CommandError, unknown

if TYPE_CHECKING:
    from nodegraph.node import NodeType
    from nodegraph.preset.file import Preset

FOLDER = "presets"
"""Of a project, for presets of its own."""


def preset_files(project: Path) -> dict[str, Path]:
    """Every preset there is, by name; a project's own go before the shipped ones."""
    return shipped_presets() | _presets_in(project / FOLDER)


def shipped_presets() -> dict[str, Path]:
    """The presets that came with the product, by name."""
    return _presets_in(Path(str(files("presets"))))


def _presets_in(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted(folder.glob("*.json"))}


def graph_file(name: str, project: Path) -> Path:
    """The file of a graph; raises `CommandError` naming the presets there are."""
    path = Path(name)
    if path.exists() and not path.is_dir():
        return path
    known = preset_files(project)
    if name not in known:
        kind = "file" if path.suffix or path.name != name else "preset"
        raise CommandError(unknown(kind, name, known))
    return known[name]


def load_graph(name: str, project: Path, types: "Mapping[str, NodeType]") -> "Preset":
    """The preset a person names, its links checked; raises `PresetError` too."""
    from nodegraph.preset.file import load

    return load(graph_file(name, project), types)
