"""What several test files need."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from fakes import Pool, plainly
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


@pytest.fixture
def make_desk() -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def build(play: Any = None, workers: int = 2, **options: Any) -> Desk:
        bench = options.pop("bench", None)
        made.append(Desk(Pool(workers, play), options=options, bench=bench))
        return made[-1]

    yield build
    for each in made:
        each.scheduler.close()


@pytest.fixture
def by_hand(make_desk: Callable[..., Desk]) -> Desk:
    """Jobs are carried out by the test."""
    return make_desk()


@pytest.fixture
def auto(make_desk: Callable[..., Desk]) -> Desk:
    """Jobs carry themselves out."""
    return make_desk(plainly)
