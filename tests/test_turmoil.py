"""Runs that share work while workers die, tasks fail, disks lag and people interfere."""

import random
import threading
import time
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from desk import Desk
from engine import SOON, Heard, graph
from fakes import FakeJob, Memory, Pool

from nodegraph.lineage import Asset, Settled, Status
from nodegraph.scheduler.running import TaskEvent
from nodegraph.workers.pool import WorkerDied

FORKED = graph(
    "source logo:source a:soft b:soft c:soft mark:titled d:mix e:titled sheet",
    *("source>a.image", "a>b.image", "b>c.image", "logo>mark.image"),
    *("b>d.a", "mark>d.b", "source>e.image", "d>sheet.images"),
    logo={"file": "logo.png"},
)
ENDS = {"completed", "failed", "cancelled", "held"}


class Lagging(Memory):
    """Acknowledges now and then, from a thread of its own, in order."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__(delay=True)
        self.dice, self.stop = dice, threading.Event()
        self.thread = threading.Thread(target=self._lag)
        self.thread.start()

    def _lag(self) -> None:
        while not self.stop.is_set():
            time.sleep(self.dice.random() / 300)
            self.let_go()
            self.delay = True

    def close(self) -> None:
        self.stop.set()
        self.thread.join()
        self.let_go()


class Troubled:
    """Plays tasks: some die once, some always fail, all take their time."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.done: Counter[str] = Counter()
        self.died: set[str] = set()
        self.lock = threading.Lock()

    def __call__(self, job: FakeJob, index: int, task: Any) -> None:
        with self.lock:
            nap, fate = self.dice.random() / 200, self.dice.random()
        time.sleep(nap)
        with self.lock:
            if fate < 0.1 and task.key not in self.died:
                self.died.add(task.key)
                raise WorkerDied("killed by SIGKILL")
            if task.shot == "s3" and task.node == "b":
                raise ValueError("not this one")
            self.done[task.key] += 1


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_work_is_done_once_and_every_run_ends(seed: int) -> None:
    dice = random.Random(seed)
    store, play = Lagging(dice), Troubled(dice)
    desk = Desk(Pool(3, play), store)
    ears = [Heard() for _ in range(3)]
    runs = [
        desk.submit(FORKED, 8, heard=ear, id_=f"run-{number}", place=float(number))
        for number, ear in enumerate(ears)
    ]
    for run in runs:
        run.result(SOON)
    desk.scheduler.close()
    store.close()

    for ear in ears:
        check_order(ear)
        assert ear.last("c", "s1").status is Status.COMPLETED
        assert ear.last("d", "s3").error == "not run: 'b' failed"
        assert ear.last("sheet").status is Status.COMPLETED
    assert set(play.done.values()) == {1}


@pytest.mark.parametrize("seed", range(6))
def test_whoever_interferes_leaves_records_that_hold(seed: int) -> None:
    dice = random.Random(seed)
    store, play = Lagging(dice), Troubled(dice)
    desk = Desk(Pool(3, play), store, options={"memory": 1e8})
    ears = [Heard() for _ in range(3)]
    runs = [
        desk.submit(FORKED, 6, heard=ear, id_=f"run-{number}")
        for number, ear in enumerate(ears)
    ]
    for _ in range(60):
        interfere(desk, dice, ears[0])
        time.sleep(dice.random() / 200)
    desk.scheduler.resume()
    for run in runs:
        run.result(SOON)
    desk.scheduler.close()
    store.close()

    for (kind, key), end in store.rows.items():
        if kind is Settled and end.status is Status.COMPLETED:
            assert (Asset, key) in store.rows
    last = Desk(Pool(3, lambda *_: None), store)
    heard = last.run(FORKED, 6, retry_failed=True)
    last.scheduler.close()
    ends = {e.task.key: e.status for e in heard.events if isinstance(e, TaskEvent)}
    assert set(ends.values()) == {Status.COMPLETED}


def interfere(desk: Desk, dice: random.Random, ear: Heard) -> None:
    tasks = [event.task.key for event in ear.events if isinstance(event, TaskEvent)]
    id_ = dice.choice(tasks) if tasks and dice.random() < 0.8 else "run-1"
    scheduler = desk.scheduler
    dice.choice(
        [
            *[lambda: scheduler.cancel(id_), lambda: scheduler.retry(id_)] * 2,
            *[lambda: scheduler.first(id_), scheduler.pause, scheduler.resume],
        ]
    )()


def check_order(ear: Heard) -> None:
    """Pending, then at work, then one end; and nothing after it."""
    lives: dict[str, list[str]] = {}
    for event in ear.events:
        if isinstance(event, TaskEvent):
            lives.setdefault(event.task.key, []).append(event.status)
    for life in lives.values():
        assert life[-1] in ENDS
        assert not ENDS.intersection(life[:-1])
        assert all(before != now for before, now in pairwise(life)), life
