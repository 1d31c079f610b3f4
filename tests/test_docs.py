"""README and CONTRIBUTING are true: their commands run, their links lead somewhere."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from nodegraph import cli
from nodegraph.cli import errors
from nodegraph.registry import discover
from nodegraph.settings import ProjectSettings

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
PATIENCE = 120.0
"""Seconds that a quoted command may take before the test gives up on it."""

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
_SPAN = re.compile(r"`(?:\.venv/bin/)?workbench ([^`]+)`")
_PLACE = re.compile(r"`([\w/]+\.(?:py|json))`")
_SECONDS = re.compile(r"\d+\.\d s\b")
_PLACEHOLDERS = {"COMMAND", "…"}


class Block(NamedTuple):
    """A fenced block, and the text from the block before up to it."""

    kind: str
    text: str
    before: str


@dataclass
class Tour:
    """What came of the commands of the tour, in the order they stand there."""

    project: Path
    said: dict[str, str]
    codes: dict[str, int]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def section(document: str, title: str) -> str:
    """What stands under a heading of the second rank."""
    parts = re.split(r"^## (.+)$", read(document), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[title]


def blocks(text: str) -> Iterator[Block]:
    end = 0
    for found in _FENCE.finditer(text):
        yield Block(found[1], found[2], text[end : found.start()])
        end = found.end()


def file_of(block: Block) -> str:
    """The file that a block is the content of: the last that is named before it."""
    return str(_PLACE.findall(block.before)[-1])


def run(words: list[str], folder: Path, **environment: str) -> tuple[int, str]:
    """Exit code and all that was said."""
    done = subprocess.run(
        words,
        check=False,
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    return done.returncode, done.stdout


def take_tour(folder: Path, configuration: Path) -> Tour:
    """Do what the README's tour says, in `folder`."""
    tour = Tour(folder / "workbench-demo", {}, {})
    for block in blocks(section("README.md", "A tour")):
        if block.kind in ("python", "json"):
            path = tour.project / file_of(block)
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.text, "utf-8")
        elif block.kind == "sh":
            for line in block.text.splitlines():
                words = shlex.split(line)
                if words[0] == "cd":
                    folder = folder / words[1]
                    continue
                tour.codes[line], tour.said[line] = run(
                    [sys.executable, "-m", "nodegraph", *answered(words)],
                    folder,
                    WORKBENCH_CONFIG=str(configuration),
                )
    return tour


def answered(words: list[str]) -> list[str]:
    """The words after `workbench`; at a terminal `trust` would ask."""
    assert words[0] == "workbench", f"the tour calls {words[0]}"
    return [*words[1:], "--yes"] if words[1:] == ["trust"] else words[1:]


@pytest.mark.slow
def test_the_tour_runs_says_and_leaves_what_the_readme_tells(tmp_path: Path) -> None:
    tour = take_tour(tmp_path, tmp_path / "configuration")

    failed = {line: tour.said[line] for line, code in tour.codes.items() if code}
    assert failed == {}
    assert len(tour.codes) >= 15
    assert [told for told in promised() if not says(tour, *told)] == []
    assert_results(tour.project)


def promised() -> list[tuple[str, str]]:
    """The commands whose answer the tour shows, each with the answer."""
    found, command = [], ""
    for block in blocks(section("README.md", "A tour")):
        if block.kind == "sh":
            command = block.text.splitlines()[-1]
        elif block.kind == "text":
            found.append((command, block.text))
    assert found
    return found


def says(tour: Tour, command: str, answer: str) -> bool:
    """Whether the command gave that answer, but for how long it took."""
    return _SECONDS.sub("… s", answer) in _SECONDS.sub("… s", tour.said[command])


def assert_results(project: Path) -> None:
    harbour = project / "out" / "film-look" / "sc010-harbour"
    delivered = (project.parent / "final").rglob("*.png")

    for version in ("v001", "v002"):
        assert (harbour / f"panel-1_film-look_picture_{version}.png").is_file()
    assert [p.name for p in delivered] == ["panel-6_film-look_picture_v003.png"]
    assert (project / "presets" / "warm-look.json").is_file()
    assert len(list((project / "out" / "wide").rglob("*.png"))) == 12


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a node needs around it, with CONTRIBUTING's node in it."""
    folder = tmp_path_factory.mktemp("house")
    for name in ("nodes", "tests/nodes"):
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=unwanted)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for block in blocks(section("CONTRIBUTING.md", "How to add a node")):
        if block.kind == "python":
            path = folder / file_of(block)
            assert not path.exists(), f"{path.name} ships: choose another example"
            path.write_text(block.text, "utf-8")
    return folder


def test_the_example_of_a_node_passes_its_tests_and_those_of_every_node(
    house: Path,
) -> None:
    quoted = next(b for b in blocks(read("CONTRIBUTING.md")) if b.kind == "sh")
    _, *words = shlex.split(quoted.text.splitlines()[0])
    assert words[:2] == ["-m", "pytest"]

    code, said = run_in(house, *words, "-p", "no:cacheprovider")

    assert code == 0, said


def test_the_example_of_a_node_needs_no_other_change_to_run(house: Path) -> None:
    board = ROOT / "assets" / "sample" / "board" / "sc010-harbour"
    only = ("--match", "panel-1*", "--project", "project")
    graph = house / "few.json"
    wide = next(b for b in blocks(read("README.md")) if b.kind == "json")
    graph.write_text(wide.text.replace("letterbox", "posterize"), "utf-8")

    code, said = run_in(house, "-m", "nodegraph", "batch", graph, board, *only)

    assert code == 0, said
    assert (house / "project/out/few/panel-1_few_v001.png").is_file()


@pytest.mark.parametrize("words", (("check",), ("format", "--check")))
def test_the_example_of_a_node_is_written_as_the_house_is(
    house: Path, words: tuple[str, ...]
) -> None:
    examples = ("nodes/posterize.py", "tests/nodes/test_posterize.py")

    code, said = run_in(house, "-m", "ruff", *words, "--no-cache", *examples)

    assert code == 0, said


def run_in(house: Path, *words: str | Path) -> tuple[int, str]:
    """Call Python so that it takes the nodes from the copy."""
    return run([sys.executable, *map(str, words)], house, PYTHONPATH=str(house))


def command_lines() -> list[str]:
    """What follows `workbench` wherever a document quotes a command."""
    found = set()
    for name in DOCUMENTS:
        text = read(name)
        found |= set(_SPAN.findall(_FENCE.sub("", text)))
        for block in blocks(text):
            lines = block.text.splitlines() if block.kind == "sh" else []
            found |= {
                line.partition("workbench ")[2]
                for line in lines
                if re.match(r"(\.venv/bin/)?workbench ", line)
            }
    return sorted(found)


@pytest.mark.parametrize("line", command_lines())
def test_every_quoted_command_is_one_that_there_is(line: str) -> None:
    words = [word for word in shlex.split(line) if word not in ("-v", "…")]
    if not words or words[0] in _PLACEHOLDERS:
        return
    assert words[0] in cli.VERBS

    command = cli._command(words[0], cli.VERBS[words[0]])
    parse(command, words)


def parse(command: Any, words: list[str]) -> None:
    """Read the words as the command would; a word for a value stands for itself."""
    if "--help" in words or len(words) == 1:
        return
    name, rest = words[0], words[1:]
    if hasattr(command, "commands"):
        assert rest[0] in command.commands, f"{name} has no {rest[0]}"
        command, rest = command.commands[rest[0]], rest[1:]
    if rest:
        command.make_context(name, rest)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_to_a_file_that_is_there(name: str) -> None:
    links = _LINK.findall(_FENCE.sub("", read(name)))
    here = [link for link in links if not link.startswith(("https://", "mailto:"))]

    assert [link for link in here if not (ROOT / link).exists()] == []


def test_the_readme_names_every_preset_and_node_that_ships() -> None:
    shipped = section("README.md", "What ships")
    presets = {Path(str(p)).stem for p in files("presets").iterdir()} - {"__init__"}
    names = {name for name in presets if name[0] not in "_."} | set(discover().types)

    rows = [line.split("|")[1] for line in shipped.splitlines() if "|" in line]
    named = {name for row in rows for name in re.findall(r"`([\w-]+)`", row)}

    assert named == names


def test_the_map_names_every_folder_of_the_engine_and_only_what_there_is() -> None:
    engine = ROOT / "nodegraph"
    folders = {f"{path.parent.name}/" for path in engine.glob("*/__init__.py")}
    named = set(re.findall(r"`([\w/.]+)`", section("CONTRIBUTING.md", "Map")))

    assert folders - named == set()
    assert {n for n in named if not any((r / n).exists() for r in (ROOT, engine))} == (
        set()
    )


def test_the_readme_tells_every_exit_code() -> None:
    table = section("README.md", "Exit codes")
    known = [value for name, value in vars(errors).items() if name.isupper()]

    told = [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)]

    assert told == [0, *sorted(code for code in known if isinstance(code, int))]


def test_the_readme_tells_every_setting_of_a_project() -> None:
    line = next(
        line
        for line in section("README.md", "Where things lie").splitlines()
        if "settings.toml" in line
    )

    assert [f.name for f in fields(ProjectSettings) if f.name not in line] == []


def test_the_changelog_tells_of_the_version_that_is_installed() -> None:
    versions = re.findall(r"^## (\d\S*)", read("CHANGELOG.md"), re.MULTILINE)

    assert versions[0] == tomllib.loads(read("pyproject.toml"))["project"]["version"]
