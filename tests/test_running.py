"""Runs on real worker processes, with nodes that crash, hang and write where they may not."""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import odd_nodes
import pytest
from engine import SOON, TYPES, Heard, graph, job
from fakes import Files, Memory

from nodegraph.custom import CustomFile
from nodegraph.identities import Identities
from nodegraph.lineage import Asset, Kind, Status
from nodegraph.media.folder import Media
from nodegraph.node import NodeType
from nodegraph.scheduler.running import ProgressEvent
from nodegraph.scheduler.scheduler import Scheduler
from nodegraph.values import Image
from nodegraph.work.carry import Bench
from nodegraph.workers.pool import WorkerPool

FILE = Path(odd_nodes.__file__)
ODD = {t.name: t for t in vars(odd_nodes).values() if isinstance(t, NodeType)}
DONE = ["pending", "processing", "completed"]


class Shop:
    """A scheduler, real workers, real files, and records in memory."""

    def __init__(self, folder: Path) -> None:
        digest = hashlib.sha256(FILE.read_bytes()).hexdigest()
        custom = CustomFile(FILE, digest, trusted=True)
        media = Media(folder / "media")
        bench = Bench(media, Identities(folder / "identities"), (custom,))
        self.media, self.store, self.heard = media, Memory(), Heard()
        self.pool = WorkerPool(2)
        self.scheduler = Scheduler(self.store, Files(), self.pool, bench)
        pixels = np.random.default_rng(1).integers(0, 256, (8, 6, 3), np.uint8)
        self.drawing = media.save(Image(pixels), final=True)

    def submit(self, graph: Any, count: int = 1) -> Any:
        made = job(graph, count, heard=self.heard, types={**TYPES, **ODD})
        for each in made.plans:
            asset = Asset(each.shot.digest, Kind.BASE, *self.drawing)
            self.store.rows[Asset, asset.id] = asset
        return self.scheduler.submit(made)

    def run(self, graph: Any, count: int = 1) -> Heard:
        self.submit(graph, count).result(SOON * 3)
        return self.heard

    def pixels(self, node: str) -> Any:
        asset = self.store.asset(self.heard.last(node).task.key)
        assert asset is not None
        return self.media.load(asset.sha256, asset.suffix, Image).pixels


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.scheduler.close()
    shop.pool.shutdown(cancel_futures=True)


def beside(bad: str, **settings: Any) -> Any:
    """A node that misbehaves between two that work, and one that needs none of it."""
    links = ("source>a.image", "a>bad.image", "bad>z.image", "source>by.image")
    nodes = f"source a:fine bad:{bad} z:fine by:two"
    return graph(nodes, *links, bad=settings)


def test_values_pass_from_node_to_node_and_into_files(shop: Shop) -> None:
    shop.run(graph("source a:fine b:fine", "source>a.image", "a>b.image"))

    assert (shop.pixels("b") == 255 - shop.pixels("a")).all()


def test_what_a_node_writes_to_stdout_harms_nothing(shop: Shop) -> None:
    heard = shop.run(beside("says"))

    assert heard.statuses("z") == DONE


@pytest.mark.parametrize(
    ("how", "reason"),
    [("segfault", "segmentation fault"), ("kill", "killed"), ("exit", "code 9")],
)
def test_a_node_that_kills_its_process_twice_has_failed_with_the_reason(
    shop: Shop, how: str, reason: str
) -> None:
    heard = shop.run(beside("dies", how=how))

    error = heard.last("bad").error or ""
    assert error.startswith("its worker died 2 times, the last time: ")
    assert reason in error
    assert heard.last("a").status is Status.COMPLETED
    assert heard.last("z").error == "not run: 'bad' failed"
    assert heard.last("by").status is Status.COMPLETED


def test_a_node_that_dies_once_is_carried_out_again_from_its_records(
    shop: Shop, tmp_path: Path
) -> None:
    heard = shop.run(beside("dies", once=str(tmp_path / "once")))

    assert (tmp_path / "once").exists()
    assert heard.statuses("bad")[-2:] == heard.statuses("z")[-2:] == DONE[-2:]
    assert (shop.pixels("z") == 255 - shop.pixels("bad")).all()


def test_others_never_notice_a_death(shop: Shop) -> None:
    made = graph("source a:fine dies", "source>a.image", "source>dies.image")
    heard = shop.run(made, 6)

    assert all(heard.last("a", f"s{i}").status == "completed" for i in range(6))
    assert all("died 2 times" in heard.last("dies", f"s{i}").error for i in range(6))  # type: ignore[operator]


def test_a_node_that_hangs_is_ended_at_its_deadline(shop: Shop) -> None:
    heard = shop.run(beside("hangs"))

    assert "ran over its deadline of 0.5 s" in (heard.last("bad").error or "")
    assert heard.last("by").status is Status.COMPLETED


def test_a_running_node_is_cancelled_and_the_others_go_on(
    shop: Shop, tmp_path: Path
) -> None:
    done = shop.submit(beside("waits", file=str(tmp_path / "never")))
    wait_until(
        shop, lambda: any(isinstance(e, ProgressEvent) for e in shop.heard.events)
    )
    assert shop.heard.progress == [("bad", 0.25)]
    shop.scheduler.cancel(shop.heard.last("bad").task.key)
    done.result(SOON)

    assert shop.heard.last("bad").status is Status.CANCELLED
    assert shop.heard.last("z").status is Status.CANCELLED
    assert shop.heard.statuses("a") == DONE
    assert shop.heard.last("by").status is Status.COMPLETED


def test_a_worker_with_another_node_file_fails_the_tasks_and_says_why(
    shop: Shop, tmp_path: Path
) -> None:
    changed = tmp_path / "odd_nodes.py"
    changed.write_bytes(FILE.read_bytes() + b"\n# changed since\n")
    custom = replace(shop.scheduler._bench.custom[0], path=changed)
    shop.scheduler._bench = shop.scheduler._bench._replace(custom=(custom,))

    heard = shop.run(beside("fine"))

    assert heard.last("a").outcome == "missing"
    assert "run `workbench trust`" in (heard.last("a").error or "")


def wait_until(shop: Shop, happened: Callable[[], bool]) -> None:
    patience = time.monotonic() + 60
    while time.monotonic() < patience:
        if happened():
            return
        shop.scheduler.first("nobody")
    pytest.fail("it never happened")
