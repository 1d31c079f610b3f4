"""The command in an empty folder, and what it can be called on."""

from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Workbench, chain, draw, untrusted
from inside import Inside

from nodegraph.graph import Node


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Inside:
    """The command, called in this process on the project `film`."""
    return Inside(tmp_path / "film", capsys)


@pytest.fixture
def workbench(tmp_path: Path) -> Workbench:
    """The command in an empty folder; each call starts at most two workers."""
    folder = tmp_path / "here"
    folder.mkdir()
    configuration = {"WORKBENCH_CONFIG": str(tmp_path / "configuration")}
    return Workbench(folder, {**configuration, "COLUMNS": "100"})


@pytest.fixture
def trusted(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], None]:
    """Write a node file into the project and allow it to run."""
    for name, value in workbench.environment.items():
        monkeypatch.setenv(name, value)

    def write(name: str, text: str) -> None:
        from nodegraph import trust

        untrusted(workbench, name, text)
        trust.trust(workbench.folder)

    return write


@pytest.fixture
def soft(workbench: Workbench) -> str:
    """The preset `soft`, which blurs and shrinks, and a board of three shots."""
    blur = Node("blur", "blur", {"radius": 2.0}, name="Soft")
    shrink = Node("shrink", "resize", {"mode": "scale", "scale": 0.5}, name="Small")
    draw(workbench.folder / "board", "a-1.png", "a-2.png", "a-10.png")
    return str(chain(workbench.folder / "soft.json", blur, shrink))
