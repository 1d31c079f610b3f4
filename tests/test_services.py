"""Nodes that wait on a network: many at once, on the scheduler's thread, no worker."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import pytest
from engine import SOON, Heard, graph, job, with_type
from fakes import Files, Memory, Pool, plainly

from nodegraph import Context, Encoded, File, Image
from nodegraph.identities import Identities
from nodegraph.lineage import Asset, Kind, Status
from nodegraph.media.folder import Media
from nodegraph.scheduler.scheduler import Scheduler
from nodegraph.values import Reference
from nodegraph.work.carry import Bench
from nodegraph.workers.pool import WorkerDied

ASKED = graph("source ask", "source>ask.image")
DONE = ["pending", "processing", "completed"]


class Desk:
    """A scheduler with real media, and an `ask` node of the test's own."""

    def __init__(self, folder: Path, ask: Any, **options: Any) -> None:
        self.heard = Heard()
        hooks = {k: options.pop(k) for k in ("account", "deadline") if k in options}
        self.types = with_type(ask, **hooks)
        self.bench = Bench(Media(folder / "media"), Identities(folder / "identities"))
        self.store, self.pool = Memory(), Pool(options.pop("workers", 2), plainly)
        pool: Any = self.pool  # which is all of a WorkerPool that is asked for
        self.scheduler = Scheduler(self.store, Files(), pool, self.bench, **options)

    def submit(self, graph: Any = ASKED, count: int = 1, **options: Any) -> Any:
        made = job(graph, count, heard=self.heard, types=self.types, **options)
        self.store.bring_in(made.plans)
        return self.scheduler.submit(made)

    def run(self, graph: Any = ASKED, count: int = 1, **options: Any) -> Heard:
        self.submit(graph, count, **options).result(SOON)
        return self.heard


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def build(ask: Any, **options: Any) -> Desk:
        made.append(Desk(tmp_path, ask, **options))
        return made[-1]

    yield build
    for each in made:
        each.scheduler.close()


def png() -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (8, 6, 3), np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


def picture() -> Image:
    return Image(np.zeros((4, 4, 3), np.uint8))


class Together:
    """Counts how many calls there are at the same time."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.gate = threading.Event()

    async def wait(self) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        while not self.gate.is_set():
            await asyncio.sleep(0.001)
        self.now -= 1


def test_calls_of_one_account_run_at_once_up_to_its_limit(
    desk: Callable[..., Desk],
) -> None:
    together = Together()

    async def ask(image: Image) -> Image:
        await together.wait()
        return picture()

    made = desk(ask, account_limit=3)
    done = made.submit(count=8)
    while together.now < 3:
        made.scheduler.first("nobody")
    before = [made.heard.statuses("ask", f"s{i}") for i in range(8)]
    together.gate.set()
    done.result(SOON)

    assert together.most == 3
    assert before.count(["pending", "processing"]) == 3
    assert before.count(["pending"]) == 5
    assert all(made.heard.statuses("ask", f"s{i}") == DONE for i in range(8))


def test_accounts_do_not_wait_for_each_other(desk: Callable[..., Desk]) -> None:
    together = Together()

    async def ask(image: Image, prompt: str = "") -> Image:
        await together.wait()
        return picture()

    made = desk(ask, account=lambda settings: settings["prompt"], account_limit=1)
    first = made.submit(graph("source ask", "source>ask.image", ask={"prompt": "a"}))
    other = graph("source ask", "source>ask.image", ask={"prompt": "b"})
    second = made.submit(other, id_="run-2")
    while together.now < 2:
        made.scheduler.first("nobody")
    together.gate.set()

    first.result(SOON)
    second.result(SOON)


def test_a_call_needs_no_worker(desk: Callable[..., Desk]) -> None:
    async def ask(image: Image) -> float:
        return 1.0

    made = desk(ask)
    gate = threading.Event()
    made.pool.play = lambda *_: gate.wait(SOON)
    busy = graph("source soft", "source>soft.image")
    first = made.submit(busy, 5, id_="run-2", place=0.0)
    called = made.submit(count=3)
    while not made.heard.statuses("ask", "s2")[1:]:
        made.scheduler.first("nobody")
    gate.set()

    first.result(SOON)
    called.result(SOON)


def test_a_pause_begins_no_call_either(desk: Callable[..., Desk]) -> None:
    together = Together()

    async def ask(image: Image) -> float:
        await together.wait()
        return 1.0

    made = desk(ask, account_limit=1)
    done = made.submit(count=3)
    while not together.now:
        made.scheduler.first("nobody")
    made.scheduler.pause()
    together.gate.set()
    while "completed" not in made.heard.statuses("ask"):
        made.scheduler.first("nobody")
    before = made.heard.statuses("ask").count("processing")
    made.scheduler.resume()
    done.result(SOON)

    assert before == 1


def test_a_call_is_given_files_by_reference_and_never_pixels(
    desk: Callable[..., Desk],
) -> None:
    got: dict[str, Any] = {}

    async def ask(
        image: Image, strength: float = 1.0, table: Annotated[str, File()] = ""
    ) -> Image:
        got.update(image=image, strength=strength, table=table)
        return picture()

    made = desk(ask)
    links = ("source>level.image", "source>ask.image", "level>ask.strength")
    asked = job(
        graph("source level ask", *links, ask={"table": "x.cube"}), types=made.types
    )
    made.store.bring_in(asked.plans)
    drawing = "ab" * 32
    made.store.rows[Asset, "drawing-0"] = Asset("drawing-0", Kind.BASE, drawing, ".png")
    asked.run.files["digest of x.cube"] = "/tables/x.cube"  # type: ignore[index]
    made.scheduler.submit(asked).result(SOON)

    path = made.bench.media.path(drawing, ".png")
    assert got == {
        "image": Reference(drawing, str(path)),
        "strength": 1.0,
        "table": "/tables/x.cube",
    }


def test_a_call_may_give_the_very_file_it_received(desk: Callable[..., Desk]) -> None:
    data = png()

    async def ask(image: Image) -> Image:
        return Encoded(data, ".png")  # type: ignore[return-value]

    made = desk(ask)
    asset = made.store.asset(made.run().last("ask").task.key)

    assert asset is not None
    assert (asset.width, asset.height) == (6, 8)
    assert made.bench.media.path(asset.sha256, ".png").read_bytes() == data


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (Encoded(b"<html>quota</html>", ".png"), "picture"),
        ("text", "returned a text as 'result', which is a picture"),
        (None, "returned a NoneType"),
    ],
)
def test_a_call_that_gives_no_picture_has_failed(
    desk: Callable[..., Desk], given: Any, error: str
) -> None:
    async def ask(image: Image) -> Image:
        return given  # type: ignore[no-any-return]

    end = desk(ask).run().last("ask")

    assert end.status is Status.FAILED
    assert error in (end.error or "")


def test_only_a_picture_may_be_a_file(desk: Callable[..., Desk]) -> None:
    async def ask(image: Image) -> float:
        return Encoded(png(), ".png")  # type: ignore[return-value]

    end = desk(ask).run().last("ask")

    assert "which is a number" in (end.error or "")


def raise_later(error: BaseException) -> Any:
    async def ask(image: Image) -> float:
        await asyncio.sleep(0)
        raise error

    return ask


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no quota: add some"), "no quota: add some"),
        (KeyError("field"), "KeyError: 'field'"),
        (TimeoutError(), "TimeoutError"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (asyncio.CancelledError(), "CancelledError"),
        (WorkerDied("killed by SIGKILL"), "the worker process died: killed by SIGKILL"),
    ],
)
def test_whatever_a_call_raises_is_its_failure_and_happens_once(
    desk: Callable[..., Desk], error: BaseException, said: str
) -> None:
    heard = desk(raise_later(error)).run()

    assert heard.statuses("ask") == ["pending", "processing", "failed"]
    assert heard.last("ask").error == said


def test_a_call_over_its_deadline_has_failed_and_says_so(
    desk: Callable[..., Desk],
) -> None:
    ended = []

    async def ask(image: Image) -> float:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)
        return 1.0

    end = desk(ask, deadline=0.05).run().last("ask")

    assert end.error == "ran over its deadline of 0.05 s"
    assert ended == [True]


def test_a_cancelled_call_is_cut_off(desk: Callable[..., Desk]) -> None:
    ended = threading.Event()

    async def ask(image: Image) -> float:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return 1.0

    made = desk(ask, account_limit=1)
    done = made.submit(count=2)
    while made.heard.statuses("ask", "s0") != ["pending", "processing"]:
        made.scheduler.first("nobody")
    made.scheduler.cancel(made.heard.last("ask", "s0").task.key)
    assert ended.wait(SOON)
    made.scheduler.cancel("run-1")
    done.result(SOON)

    assert made.heard.last("ask", "s0").status is Status.CANCELLED


def test_a_call_cancelled_before_it_began_frees_its_place(
    desk: Callable[..., Desk],
) -> None:
    async def ask(image: Image) -> float:
        await asyncio.sleep(0)
        return 1.0

    made = desk(ask, account_limit=1)
    for number in range(20):
        done = made.submit(count=1, id_=f"run-{number}")
        made.scheduler.cancel(f"run-{number}", record=False)
        done.result(SOON)

    made.run(id_="run-99")
    assert made.heard.last("ask").status is Status.COMPLETED


def test_a_call_tells_its_progress_and_what_happened(
    desk: Callable[..., Desk],
) -> None:
    async def ask(context: Context, image: Image) -> float:
        context.progress(0.5)
        context.outcome("soft", "out of focus")
        context.note("seed", 7)
        return 1.0

    made = desk(ask)
    heard = made.run()

    assert heard.progress == [("ask", 0.5)]
    assert heard.last("ask").outcome == "soft"
    asset = made.store.asset(heard.last("ask").task.key)
    assert asset is not None
    assert (asset.message, asset.notes) == ("out of focus", {"seed": 7})


def doubled(number: int) -> int:
    return 2 * number


def test_a_call_has_its_work_done_by_a_worker(desk: Callable[..., Desk]) -> None:
    async def ask(context: Context, image: Image) -> float:
        return float(await context.compute(doubled, 21))

    made = desk(ask)
    asset = made.store.asset(made.run().last("ask").task.key)

    assert asset is not None
    assert asset.value == 42.0


def test_a_call_that_fails_is_told_again_without_calling(
    desk: Callable[..., Desk],
) -> None:
    made = desk(raise_later(ValueError("refused")))
    made.run()
    made.heard.events.clear()

    assert made.run().statuses("ask") == ["failed*"]


def test_closing_cuts_calls_off(desk: Callable[..., Desk]) -> None:
    ended = threading.Event()

    async def ask(image: Image) -> float:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return 1.0

    made = desk(ask)
    made.submit()
    while made.heard.statuses("ask") != ["pending", "processing"]:
        made.scheduler.first("nobody")
    made.scheduler.close()

    assert ended.is_set()


def test_what_a_call_left_behind_cannot_end_the_scheduler(
    desk: Callable[..., Desk],
) -> None:
    left: list[Any] = []

    async def later() -> None:
        raise SystemExit(3)

    async def ask(image: Image) -> float:
        left.append(asyncio.ensure_future(later()))
        await asyncio.sleep(0.01)
        return 1.0

    made = desk(ask)
    made.run()
    assert made.run(id_="run-2").last("ask").status is Status.COMPLETED
    assert isinstance(left[0].exception(), SystemExit)


def test_every_shot_goes_on_when_its_call_has_ended(desk: Callable[..., Desk]) -> None:
    async def ask(image: Image) -> Image:
        return picture()

    links = ("source>soft.image", "soft>ask.image", "ask>end.image")
    made = desk(ask)
    heard = made.run(graph("source soft ask end:soft", *links), 4)

    assert all(heard.statuses("end", f"s{i}") == DONE for i in range(4))
