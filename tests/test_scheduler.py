"""The scheduler: what runs when, and what counts when."""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from itertools import pairwise
from typing import Any

import pytest
from desk import CHAIN, DONE, Desk
from engine import SOON, TYPES, Heard, graph, job, laid_out, with_type
from fakes import plainly

from nodegraph import Image
from nodegraph.gathering import gather
from nodegraph.graph import Edge, Endpoint, Graph, Node
from nodegraph.lineage import Status
from nodegraph.scheduler.orders import estimate
from nodegraph.scheduler.running import TaskEvent
from nodegraph.work.carry import Advanced

# From pending to the end


def test_every_task_is_pending_then_processing_then_completed(auto: Desk) -> None:
    heard = auto.run(CHAIN, 3)

    for node in "abc":
        for shot in ("s0", "s1", "s2"):
            assert heard.statuses(node, shot) == DONE


def test_a_shot_is_told_when_its_last_task_has_settled(by_hand: Desk) -> None:
    done = by_hand.submit(CHAIN)
    job = by_hand.pool.job()
    job.did("a", "b")
    by_hand.rest()
    before = list(by_hand.heard.shots)
    job.did("c")
    job.end()
    done.result(SOON)

    assert (before, by_hand.heard.shots) == ([], ["s0"])


def test_a_second_run_does_nothing(auto: Desk) -> None:
    auto.run(CHAIN, 3)
    writes, orders = auto.store.writes, len(auto.pool.orders)

    heard = auto.run(CHAIN, 3)

    assert (auto.store.writes, len(auto.pool.orders)) == (writes, orders)
    assert all(heard.statuses(node, "s0") == ["completed*"] for node in "abc")
    assert sorted(heard.shots) == ["s0", "s1", "s2"]


def test_only_what_changed_runs_again(auto: Desk) -> None:
    auto.run(CHAIN)
    auto.pool.orders.clear()

    auto.run(CHAIN.set("c", radius=3.0))

    assert auto.pool.orders == [["c"]]


def test_what_a_task_gave_is_recorded_with_its_end(auto: Desk) -> None:
    heard = auto.run(CHAIN)

    task = heard.last("b").task
    asset = auto.store.asset(task.key)
    assert asset is not None
    assert (asset.recipe, asset.parent, asset.sources) == (
        task.recipe,
        heard.last("a").task.key,
        ("drawing-0",),
    )
    end = auto.store.settled(task.key)
    assert end is not None
    assert (end.status, end.node, end.label, end.shot, end.run) == (
        Status.COMPLETED,
        "soft",
        "b",
        "s0",
        "run-1",
    )


def test_nothing_is_said_to_be_done_before_it_is_on_the_disk(by_hand: Desk) -> None:
    by_hand.store.delay = True
    done = by_hand.submit(CHAIN)
    by_hand.pool.job().finish()
    by_hand.rest()
    before = by_hand.heard.statuses("a"), done.done()
    by_hand.store.let_go()
    done.result(SOON)

    assert before == (["pending", "processing"], False)
    assert by_hand.heard.statuses("a") == DONE


def test_what_is_recorded_late_is_not_done_twice_meanwhile(by_hand: Desk) -> None:
    by_hand.store.delay = True
    done = by_hand.submit(CHAIN)
    job = by_hand.pool.job()
    job.did("a")
    job.failed("b", ValueError("no"))
    job.end(ValueError("and then the worker fell over"))
    by_hand.rest()

    assert by_hand.pool.is_idle
    by_hand.store.let_go()
    done.result(SOON)
    assert by_hand.pool.orders == [["a", "b", "c"]]


def test_progress_is_told_while_a_task_runs_and_not_after(by_hand: Desk) -> None:
    done = by_hand.submit(CHAIN)
    job = by_hand.pool.job()
    job.say(Advanced(0, 0.5))
    job.did("a")
    job.say(Advanced(0, 0.9))
    job.did("b", "c")
    job.end()
    done.result(SOON)

    assert by_hand.heard.progress == [("a", 0.5)]


def test_the_task_at_work_is_told_before_it_says_anything(by_hand: Desk) -> None:
    by_hand.submit(CHAIN)
    job = by_hand.pool.job()
    job.did("a")
    by_hand.rest()

    assert by_hand.heard.statuses("b") == ["pending", "processing"]
    assert by_hand.heard.statuses("c") == ["pending"]


# Memory


def test_a_unit_waits_until_its_memory_is_free(make_desk: Callable[..., Desk]) -> None:
    bench = make_desk(workers=4, memory=1.0)
    done = bench.submit(CHAIN, 2)
    first = bench.pool.job()
    bench.rest()
    assert bench.pool.is_idle
    first.finish()
    bench.pool.job().finish()

    done.result(SOON)


def test_memory_is_counted_by_the_size_of_the_drawing(
    make_desk: Callable[..., Desk],
) -> None:
    megapixels = 20
    bench = make_desk(workers=4, memory=megapixels * 1e6 * 4 * 6 * 2.5)
    made = bench.job(CHAIN, 3)
    bench.store.bring_in(made.plans, size=int((megapixels * 1e6) ** 0.5))
    bench.submit(made)
    bench.pool.job(), bench.pool.job()
    bench.rest()

    assert bench.pool.is_idle


def test_a_sheet_counts_all_its_pictures(make_desk: Callable[..., Desk]) -> None:
    board = graph("source sheet", "source>sheet.images")
    desk = make_desk(plainly)
    planned = desk.job(board, 50).plans
    desk.store.bring_in(planned, size=4000)
    [sheet] = gather(laid_out(board), planned, lambda asset: True).tasks

    assert estimate(desk.store, TYPES, [sheet]) >= 50 * 4000 * 4000 * 4


def test_a_chain_of_10000_nodes_is_carried_out(make_desk: Callable[..., Desk]) -> None:
    names = ["source", *(f"n{i}" for i in range(10_000))]
    nodes = [Node(n, "soft" if n != "source" else n) for n in names]
    ends = [(Endpoint(a, "result"), Endpoint(b, "image")) for a, b in pairwise(names)]
    chain = Graph({node.id: node for node in nodes}, tuple(Edge(*e) for e in ends))
    desk = make_desk(plainly)

    heard = desk.run(chain)

    assert heard.statuses("n9999") == DONE
    assert len(desk.pool.ran) == 10_000


# A store that fails


@pytest.mark.parametrize("late", [False, True])
def test_a_store_that_fails_ends_the_run_with_its_error(
    by_hand: Desk, late: bool
) -> None:
    done = by_hand.submit(CHAIN, 9)
    job = by_hand.pool.job()
    error = OSError(28, "No space left on device")
    by_hand.store.error, by_hand.store.fails_late = (None if late else error), error
    job.did("a")

    assert done.exception(SOON) is error
    by_hand.rest()
    for each in list(by_hand.pool.running):
        assert each.asked_to_stop
        each.end()
    by_hand.rest()
    assert len(by_hand.pool.orders) == 2
    assert not [
        e
        for e in by_hand.heard.events
        if e.__class__ is TaskEvent and e[2] == "completed"
    ]


def test_after_a_failed_store_another_run_of_the_same_work_does_not_hang(
    by_hand: Desk,
) -> None:
    done = by_hand.submit(CHAIN)
    second = by_hand.submit(CHAIN, id_="run-2")
    job = by_hand.pool.job()
    by_hand.store.error = OSError("full")
    job.did("a")
    done.exception(SOON)
    by_hand.store.error = None
    job.end()
    by_hand.pool.job().finish()

    second.result(SOON)


def test_an_error_of_one_run_leaves_others_alone(
    make_desk: Callable[..., Desk],
) -> None:
    bench = make_desk(plainly)

    def broken(event: Any) -> None:
        raise RuntimeError("the window is gone")

    first = bench.submit(CHAIN, heard=broken)
    second = bench.submit(CHAIN.set("a", radius=2.0), id_="run-2")

    assert str(first.exception(SOON)) == "the window is gone"
    assert second.result(SOON) is None


def test_a_hook_that_raises_ends_its_own_run_alone(
    make_desk: Callable[..., Desk],
) -> None:
    def odd(image: Image) -> Image:
        raise NotImplementedError

    def estimate(settings: Any) -> float:
        raise RuntimeError("no estimate")

    bench = make_desk(plainly)
    types = with_type(odd, estimate=estimate)
    made = job(graph_of_odd(types), types=types, heard=Heard())
    first = bench.submit(made)
    second = bench.submit(CHAIN, id_="run-2")

    assert str(first.exception(SOON)) == "no estimate"
    assert second.result(SOON) is None


def graph_of_odd(types: Any) -> Any:
    return graph("source odd", "source>odd.image")


# Opening and closing


def test_closing_stops_what_runs_and_keeps_what_is_done(by_hand: Desk) -> None:
    done = by_hand.submit(CHAIN, 4)
    job = by_hand.pool.job()
    job.did("a")
    by_hand.rest()
    by_hand.scheduler.close()

    assert job.asked_to_stop
    with pytest.raises(CancelledError):
        done.result(SOON)
    job.end()
    second = by_hand.again()
    assert len(second.run(CHAIN, 4).shots) == 4
    assert len(second.pool.ran) == 11
    second.scheduler.close()


def test_a_closed_scheduler_refuses_and_never_hangs(by_hand: Desk) -> None:
    by_hand.scheduler.close()
    by_hand.scheduler.close()

    with pytest.raises(RuntimeError, match="the scheduler is closed"):
        by_hand.submit(CHAIN)
    with pytest.raises(RuntimeError, match="the scheduler is closed"):
        by_hand.scheduler.pause()


def test_whoever_waits_for_a_run_cannot_break_it(by_hand: Desk) -> None:
    done = by_hand.submit(CHAIN)

    assert not done.cancel()
    by_hand.pool.job().finish()
    done.result(SOON)


def test_requests_from_many_threads_at_once_harm_nothing(
    make_desk: Callable[..., Desk],
) -> None:
    bench = make_desk(plainly, workers=4)
    done = bench.submit(CHAIN, 60)
    asking = [
        threading.Thread(target=ask)
        for ask in (
            *(lambda: bench.scheduler.first("run-1"), bench.scheduler.pause),
            *(bench.scheduler.resume, lambda: bench.scheduler.retry("run-1")),
        )
        * 6
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(SOON)
    bench.scheduler.resume()
    done.result(SOON)

    assert len(set(bench.pool.ran)) == len(bench.pool.ran) == 180
    assert all(bench.heard.statuses(n, "s7") == DONE for n in "abc")
