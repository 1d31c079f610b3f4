"""A command that is watched: where it writes, and what it says."""

from pathlib import Path

import pytest
from guarded import Guarded, guarded


@pytest.fixture
def workbench(tmp_path: Path) -> Guarded:
    """The command in a folder of its own, with a preset and a board of three shots."""
    return guarded(tmp_path)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Guarded:
    """As `workbench`, the same for a whole module."""
    return guarded(tmp_path_factory.mktemp("bad"))
