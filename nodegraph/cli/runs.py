"""The verbs that run presets: `run`, `batch`, `demo`."""

from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer

from nodegraph.cli.asked import Ask, carry_out
from nodegraph.cli.options import AsJson, ProjectFolder, project_folder
from nodegraph.files import write_whole

GraphName = Annotated[
    str, typer.Argument(metavar="GRAPH", help="A preset's name, or the file of one.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NODE.SETTING[@SHOT]=VALUE",
        help="Change a setting, for one shot only with @SHOT; may be repeated.",
    ),
]
Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="NODE=PATH",
        help="The picture of a Source node; may be repeated.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR",
        help="Where pictures go; else out/PRESET in the project.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Tell what would run; write nothing.")
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Exit 4 also where a node passed a shot through."),
]
BoardPath = Annotated[
    Path,
    typer.Argument(
        metavar="BOARD", help="A folder of drawings, or a .storyboarder file."
    ),
]
Match = Annotated[
    list[str] | None,
    typer.Option(
        "--match", metavar="GLOB", help="Only shots that fit; may be repeated."
    ),
]
Recursive = Annotated[
    bool, typer.Option("--recursive", help="Take in the folders below, as sequences.")
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, help="Worker processes; else one per core."),
]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Run again what failed before.")
]
DemoOut = Annotated[
    Path,
    typer.Option("--out", metavar="DIR", help="Where it goes; a project of its own."),
]
DEMO = "film-look"


def run(
    graph: GraphName,
    settings: Settings = None,
    inputs: Inputs = None,
    out: Out = None,
    json: AsJson = False,
    dry_run: DryRun = False,
    strict: Strict = False,
    project: ProjectFolder = None,
) -> int:
    """Run a preset on single pictures, each given with --input."""
    folder = project_folder(project)
    given = (settings or (), inputs or (), out, json, dry_run, strict)
    return carry_out(Ask(folder, graph, *given))


def batch(
    graph: GraphName,
    board: BoardPath,
    match: Match = None,
    recursive: Recursive = False,
    workers: Workers = None,
    retry_failed: RetryFailed = False,
    settings: Settings = None,
    inputs: Inputs = None,
    out: Out = None,
    json: AsJson = False,
    dry_run: DryRun = False,
    strict: Strict = False,
    project: ProjectFolder = None,
) -> int:
    """Run a preset on every shot of a storyboard."""
    folder = project_folder(project)
    given = (settings or (), inputs or (), out, json, dry_run, strict)
    shots = (board, match or (), recursive, workers, retry_failed)
    return carry_out(Ask(folder, graph, *given, *shots))


def demo(out: DemoOut = Path("workbench-demo"), json: AsJson = False) -> int:
    """Run the sample storyboard through a shipped preset: pictures, contact sheet."""
    with as_file(files("assets").joinpath("sample", "board")) as drawings:
        board = _laid_out(drawings, out / "sample")
    return carry_out(Ask(out, DEMO, board=board, recursive=True, as_json=json))


def _laid_out(drawings: Path, board: Path) -> Path:
    """The sample inside the demo's project, to try things on; what is there stays."""
    for drawing in drawings.rglob("*.png"):
        copy = board / drawing.relative_to(drawings)
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            write_whole(copy, drawing.read_bytes())
    return board
