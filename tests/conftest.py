"""What several test files need."""

from pathlib import Path

import pytest
from studio import Inline, Studio

import nodegraph.project


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """A project folder, and no worker processes."""
    monkeypatch.setenv("WORKBENCH_CONFIG", str(tmp_path / "configuration"))
    monkeypatch.setattr(nodegraph.project, "WorkerPool", Inline)
    folder = tmp_path / "here"
    folder.mkdir()
    return Studio(folder)
