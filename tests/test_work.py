"""Rules of carrying out a unit: results are kept in order, one behind the nodes."""

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nodegraph.identities import Identities
from nodegraph.lineage import Recipe, Status, Task
from nodegraph.media.folder import Disk, Media
from nodegraph.values import Image
from nodegraph.work.carry import Bench, Done, Failed, Given, Order, carry_out
from nodegraph.workers import channel as channels
from nodegraph.workers.channel import Channel


class Heard(Channel):
    """Keeps how tasks ended."""

    def __init__(self) -> None:
        self.reports: list[Any] = []

    def report(self, message: Any) -> None:
        if isinstance(message, Done | Failed):
            self.reports.append(message)


class Small(Disk):
    """A disk that is full for files of more than 20 KB."""

    def write(self, descriptor: int, data: bytes | memoryview) -> None:
        if len(data) > 20_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().write(descriptor, data)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    heard = Heard()
    monkeypatch.setattr(channels, "_channel", heard)
    return heard


@pytest.fixture
def drawing(tmp_path: Path) -> Given:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)
    stored = Media(tmp_path / "media").save(Image(pixels), final=True)
    return Given(stored.sha256, stored.suffix)


def bench(folder: Path, disk: Disk | None = None) -> Bench:
    media = Media(folder / "media", disk or Disk())
    return Bench(media, Identities(folder / "identities"))


def blurred(image: str, radius: float) -> Task:
    recipe = Recipe("blur", "1", {"radius": radius}, {"image": image})
    return Task(recipe, "blur", "blur", parent=image)


def resized(image: str, **size: int) -> Task:
    recipe = Recipe("resize", "1", {"mode": "exact", **size}, {"image": image})
    return Task(recipe, "resize", "resize", parent=image)


def chain(source: str, count: int) -> list[Task]:
    """Blurs of blurs."""
    tasks: list[Task] = []
    for number in range(count):
        before = tasks[-1].recipe.makes("result") if tasks else source
        tasks.append(blurred(before, 1.0 + number))
    return tasks


def order(tasks: list[Task], drawing: Given) -> Order:
    return Order(tuple(tasks), {drawing.sha256: drawing}, {}, 60.0)


def test_every_task_is_reported_in_order_with_its_files_there(tmp_path, heard, drawing):
    place = bench(tmp_path)

    carry_out(place, order(chain(drawing.sha256, 5), drawing))

    assert [done.step for done in heard.reports] == [0, 1, 2, 3, 4]
    for done in heard.reports:
        [made] = done.made
        assert place.media.verify(made.sha256, made.suffix) is None
        assert place.media.thumb(made.sha256).is_file()


def test_what_cannot_be_kept_fails_with_all_that_needs_it_and_nothing_else(
    tmp_path, heard, drawing
):
    source = drawing.sha256
    large = resized(source, width=480, height=320)
    tasks = [blurred(source, 1.0), large, blurred(large.key, 2.0), blurred(source, 9.0)]

    carry_out(bench(tmp_path, Small()), order(tasks, drawing))

    first, second, other = heard.reports
    assert (first.step, second.step, other.step) == (0, 1, 3)
    assert isinstance(first, Done)
    assert (second.status, "is full" in second.error) == (Status.FAILED, True)
    assert isinstance(other, Done)


def test_a_failing_node_is_reported_after_what_was_kept_before_it(
    tmp_path, heard, drawing
):
    failing = resized(drawing.sha256, width=0, height=0)
    tasks = [*chain(drawing.sha256, 2), failing, blurred(failing.key, 2.0)]

    carry_out(bench(tmp_path), order(tasks, drawing))

    assert [(end.step, type(end)) for end in heard.reports] == [
        (0, Done),
        (1, Done),
        (2, Failed),
    ]
