"""`workbench demo`: the sample storyboard, without a display, a model or a network."""

from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_demo_shows_its_pictures_and_the_second_time_makes_none(workbench):
    first = workbench("demo", DISPLAY="", WAYLAND_DISPLAY="")
    second = workbench("demo", "--json")

    assert first.code == second.code == 0, first.err + second.err
    assert (second.summary["executed"], second.summary["failed"]) == (0, 0)
    assert second.summary["shots"] >= 10
    files = [Path(output["file"]) for output in second.summary["outputs"]]
    assert all(file.is_file() for file in files)
    assert len(files) == second.summary["shots"] + 1
    project = workbench.folder / "workbench-demo"
    assert all(file.is_relative_to(project / "out") for file in files)
    assert str(files[-1].relative_to(workbench.folder)) in first.out


@pytest.mark.slow
def test_the_demo_goes_where_it_is_asked_to(workbench):
    said = workbench("demo", "--out", "shown", "--json")

    assert said.code == 0, said.err
    assert [p.name for p in workbench.folder.iterdir()] == ["shown"]
    assert sorted(p.name for p in (workbench.folder / "shown").iterdir()) == [
        ".workbench",
        "out",
        "sample",
    ]
