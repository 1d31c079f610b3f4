"""Cancel, interrupt, pause, first, retry: while everything runs."""

from collections.abc import Callable

import pytest
from desk import CHAIN, DONE, FORK, Desk
from engine import SOON, graph

from nodegraph.lineage import Status
from nodegraph.work.carry import Advanced

# Cancelled, interrupted, paused, first


def test_a_cancelled_run_runs_again_when_asked_for(by_hand: Desk) -> None:
    done = by_hand.submit(CHAIN, 2)
    job = by_hand.pool.job()
    job.did("a")
    by_hand.rest()

    assert by_hand.scheduler.cancel("run-1")
    done.result(SOON)
    assert by_hand.heard.statuses("a", "s0") == DONE
    assert by_hand.heard.last("b", "s0").status is Status.CANCELLED
    assert by_hand.heard.last("c", "s1").status is Status.CANCELLED
    assert job.asked_to_stop
    second = by_hand.again()
    assert second.run(CHAIN, 2).last("c", "s1").status is Status.COMPLETED
    assert len(second.pool.ran) == 5
    second.scheduler.close()


@pytest.mark.parametrize(("record", "kept"), [(True, Status.CANCELLED), (False, None)])
def test_an_interruption_leaves_no_record_and_a_cancel_does(
    by_hand: Desk, record: bool, kept: Status | None
) -> None:
    done = by_hand.submit(CHAIN)
    by_hand.pool.job()
    by_hand.scheduler.cancel("run-1", record=record)
    done.result(SOON)

    end = by_hand.store.settled(by_hand.key("b"))
    assert (end and end.status) == kept


def test_one_task_is_cancelled_and_the_rest_of_its_unit_goes_on(
    by_hand: Desk,
) -> None:
    done = by_hand.submit(FORK)
    job = by_hand.pool.job()
    job.did("a")
    by_hand.rest()
    by_hand.scheduler.cancel(by_hand.key("c"))
    job.end()
    last = by_hand.pool.job()
    last.finish()
    done.result(SOON)

    assert last.nodes == ["b"]
    assert by_hand.heard.statuses("c") == ["pending", "processing", "cancelled"]
    assert by_hand.heard.last("b").status is Status.COMPLETED


def test_a_node_that_fails_because_it_was_cut_off_has_not_failed(
    by_hand: Desk,
) -> None:
    done = by_hand.submit(FORK)
    job = by_hand.pool.job()
    by_hand.scheduler.cancel(by_hand.key("c"))
    job.failed("a", RuntimeError("somebody closed my file"))
    job.end()
    by_hand.pool.job().finish()
    done.result(SOON)

    assert by_hand.heard.last("b").status is Status.COMPLETED
    assert by_hand.heard.last("c").status is Status.CANCELLED


def test_what_has_ended_is_not_cancelled_while_it_is_recorded(by_hand: Desk) -> None:
    by_hand.store.delay = True
    done = by_hand.submit(CHAIN)
    job = by_hand.pool.job()
    job.did("a")
    by_hand.rest()
    by_hand.scheduler.cancel("run-1")
    by_hand.store.let_go()
    done.result(SOON)

    assert by_hand.heard.statuses("a") == DONE
    end = by_hand.store.settled(by_hand.key("a"))
    assert end is not None
    assert end.status is Status.COMPLETED


def test_nothing_is_said_of_a_task_after_its_end(by_hand: Desk) -> None:
    done = by_hand.submit(FORK)
    job = by_hand.pool.job()
    by_hand.scheduler.cancel(by_hand.key("b"))
    job.say(Advanced(job.nodes.index("b"), 0.5))
    job.did("a", "b")
    job.end()
    by_hand.pool.job().finish()
    done.result(SOON)

    assert by_hand.heard.statuses("b") == ["pending", "cancelled"]
    assert by_hand.heard.progress == []


def test_what_is_not_there_cannot_be_cancelled(by_hand: Desk) -> None:
    assert not by_hand.scheduler.cancel("run-7")


def test_a_pause_starts_nothing_and_lets_what_runs_end(by_hand: Desk) -> None:
    done = by_hand.submit(CHAIN, 4)
    jobs = [by_hand.pool.job(), by_hand.pool.job()]
    by_hand.scheduler.pause()
    for each in jobs:
        each.finish()
    by_hand.rest()

    assert by_hand.scheduler.paused
    assert by_hand.pool.is_idle
    assert by_hand.heard.shots == ["s0", "s1"]
    by_hand.scheduler.resume()
    by_hand.pool.job().finish()
    by_hand.pool.job().finish()
    done.result(SOON)


def test_first_puts_a_run_before_all_others(make_desk: Callable[..., Desk]) -> None:
    bench = make_desk(workers=1)
    bench.submit(CHAIN, 2)
    other = CHAIN.set("a", radius=9.0)
    second = bench.submit(other, 2, id_="run-2", place=2.0)
    assert bench.scheduler.first("run-2")
    bench.pool.job().finish()
    for _ in range(2):
        bench.pool.job().finish()

    second.result(SOON)
    assert len(bench.pool.orders) >= 3


def test_first_puts_the_shot_of_a_task_before_others(
    make_desk: Callable[..., Desk],
) -> None:
    bench = make_desk(workers=1)
    bench.submit(CHAIN, 4)
    bench.pool.job()
    assert bench.scheduler.first(bench.key("c", "s3"))
    next(iter(bench.pool.running)).finish()

    assert bench.pool.job().order.tasks[0].shot == "s3"


# Again


def test_a_failed_task_of_a_live_run_is_tried_again(
    make_desk: Callable[..., Desk],
) -> None:
    bench = make_desk(workers=2)
    done = bench.submit(CHAIN, 2)
    one, other = bench.pool.job(), bench.pool.job()
    one.failed("a", ValueError("no"))
    one.end()
    bench.rest()
    assert bench.scheduler.retry(bench.key("a", "s0"))
    bench.pool.job().finish()
    other.finish()
    done.result(SOON)

    assert bench.heard.statuses("a", "s0") == ["pending", "processing", "failed", *DONE]
    assert bench.heard.statuses("c", "s0") == ["pending", "failed", *DONE]
    assert sorted(bench.heard.shots) == ["s0", "s0", "s1"]


def test_a_retry_while_its_unit_still_runs_does_nothing_twice(by_hand: Desk) -> None:
    done = by_hand.submit(FORK)
    job = by_hand.pool.job()
    job.failed("a", ValueError("no"))
    by_hand.rest()
    by_hand.scheduler.retry(by_hand.key("a"))
    again = by_hand.pool.job()
    job.did("c")
    job.end()
    again.did("a")
    by_hand.rest()
    assert by_hand.pool.is_idle
    again.did("b")
    again.end()
    done.result(SOON)

    assert again.nodes == ["a", "b"]
    assert by_hand.pool.orders == [["a", "c", "b"], ["a", "b"]]


def test_a_unit_cut_before_a_retry_leaves_alone_what_is_queued_again(
    make_desk: Callable[..., Desk],
) -> None:
    links = (
        *("source>a.image", "source>b.image", "logo>mark.image"),
        *("a>x.a", "mark>x.b", "b>y.a", "mark>y.b"),
    )
    made = graph(
        "source logo:source a:soft b:titled mark:soft x:mix y:mix",
        *links,
        logo={"file": "l.png"},
    )
    bench = make_desk(workers=4)
    done = bench.submit(made, 2)
    jobs = [bench.pool.job() for _ in range(3)]
    mark = next(each for each in jobs if each.nodes == ["mark"])
    jobs.remove(mark)
    for each in jobs:
        each.failed("a", ValueError("no"))
        each.did("b")
        each.end()
    bench.rest()
    for each in jobs:
        assert bench.scheduler.retry(each.order.tasks[each.nodes.index("a")].key)
    mark.finish()
    last = [bench.pool.job() for _ in range(4)]
    for each in last:
        each.finish()
    done.result(SOON)

    assert sorted(each.nodes for each in last) == [["a", "x"]] * 2 + [["y"]] * 2
    assert all(bench.heard.last(n, "s0").status == "completed" for n in "abxy")


def test_what_is_neither_failed_nor_there_cannot_be_tried_again(auto: Desk) -> None:
    assert not auto.scheduler.retry("nothing")
