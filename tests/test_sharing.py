"""Work that runs share, pictures that are gone, and what is made once a run."""

import threading
from collections.abc import Callable
from typing import Any

from desk import CHAIN, DONE, Desk, failing
from engine import SOON, Heard, graph
from fakes import FakeJob, plainly

from nodegraph.lineage import Status

# Two runs


def test_two_runs_that_share_recipes_do_the_work_once(by_hand: Desk) -> None:
    other = Heard()
    first = by_hand.submit(CHAIN)
    second = by_hand.submit(CHAIN, heard=other, id_="run-2")
    job = by_hand.pool.job()
    by_hand.rest()
    assert by_hand.pool.is_idle
    job.finish()
    first.result(SOON)
    second.result(SOON)

    assert by_hand.pool.orders == [["a", "b", "c"]]
    assert other.statuses("c") == ["pending", "completed*"]


def test_a_run_takes_over_what_another_was_cancelled_at(by_hand: Desk) -> None:
    other = Heard()
    first = by_hand.submit(CHAIN)
    second = by_hand.submit(CHAIN, heard=other, id_="run-2")
    job = by_hand.pool.job()
    job.did("a")
    by_hand.scheduler.cancel("run-1")
    job.end()
    by_hand.pool.job().finish()
    first.result(SOON)
    second.result(SOON)

    assert by_hand.pool.orders == [["a", "b", "c"], ["b", "c"]]
    assert other.statuses("a") == ["pending", "completed*"]
    assert other.statuses("c") == DONE


def test_a_failure_counts_in_every_run_that_waits_for_it(by_hand: Desk) -> None:
    other = Heard()
    by_hand.submit(CHAIN)
    second = by_hand.submit(CHAIN, heard=other, id_="run-2")
    job = by_hand.pool.job()
    job.failed("a", ValueError("no"))
    job.end()
    second.result(SOON)

    assert other.statuses("a") == ["pending", "failed*"]
    assert other.last("c").error == "not run: 'a' failed"


def test_a_run_begun_while_a_result_is_being_recorded_waits_for_it(
    by_hand: Desk,
) -> None:
    by_hand.store.delay = True
    by_hand.submit(CHAIN)
    by_hand.pool.job().finish()
    other = Heard()
    second = by_hand.submit(CHAIN, heard=other, id_="run-2")
    by_hand.rest()
    before = other.statuses("a"), second.done()
    by_hand.store.let_go()
    second.result(SOON)

    assert before == (["pending"], False)
    assert other.statuses("a") == ["pending", "completed*"]
    assert len(by_hand.pool.orders) == 1


def test_one_run_asked_for_twice_ends_twice(by_hand: Desk) -> None:
    first = by_hand.submit(CHAIN)
    second = by_hand.submit(CHAIN)
    job = by_hand.pool.job()
    job.did("a")
    by_hand.scheduler.cancel("run-1")
    first.result(SOON)
    second.result(SOON)


# What is not there any more


def test_a_result_that_is_gone_is_made_again_with_what_it_needs(auto: Desk) -> None:
    heard = auto.run(CHAIN)
    auto.files.gone = {heard.last(node).task.key for node in "bc"}
    auto.pool.orders.clear()

    heard = auto.run(CHAIN)

    assert auto.pool.orders == [["b", "c"]]
    assert heard.statuses("a") == ["completed*"]


def test_an_intermediate_that_is_gone_is_made_only_when_asked_for(
    auto: Desk,
) -> None:
    heard = auto.run(CHAIN)
    auto.files.gone = {heard.last(node).task.key for node in "ab"}
    auto.pool.orders.clear()

    auto.run(CHAIN)
    nothing = list(auto.pool.orders)
    auto.run(CHAIN.set("c", radius=3.0))

    assert nothing == []
    assert auto.pool.orders == [["a", "b", "c"]]


def test_what_a_retry_needs_and_is_gone_is_made_again(
    make_desk: Callable[..., Desk],
) -> None:
    bench = make_desk(failing("c"))
    heard = bench.run(CHAIN)
    bench.files.gone = {heard.last(node).task.key for node in "ab"}
    bench.pool.orders.clear()
    bench.pool.play = plainly
    gate = threading.Event()

    def slow(job: FakeJob, index: int, task: Any) -> None:
        assert gate.wait(SOON)

    bench.pool.play = slow
    done = bench.submit(graph_with_more(), heard=bench.heard)
    bench.rest()
    assert bench.scheduler.retry(bench.key("c"))
    gate.set()
    done.result(SOON)

    assert ["a", "b", "c"] in bench.pool.orders
    assert bench.heard.last("c").status is Status.COMPLETED


def graph_with_more() -> Any:
    """As the chain, with work beside it that takes its time."""
    return graph(
        "source a:soft b:soft c:soft d:titled",
        *("source>a.image", "a>b.image", "b>c.image", "source>d.image"),
    )


# Once a run


BOARD = graph("source soft sheet", "source>soft.image", "soft>sheet.images")


def test_a_sheet_is_made_when_all_shots_have_settled(by_hand: Desk) -> None:
    done = by_hand.submit(BOARD, 2)
    one, other = by_hand.pool.job(), by_hand.pool.job()
    one.finish()
    by_hand.rest()
    assert by_hand.pool.is_idle
    other.failed("soft", ValueError("no"))
    other.end()
    last = by_hand.pool.job()
    last.finish()
    done.result(SOON)

    [task] = last.order.tasks
    assert task.recipe.inputs["images"] == (by_hand.key("soft", "s0"),)
    assert task.recipe.settings["missing"] == ["panel-1"]
    assert by_hand.heard.shots[-1] == ""


def test_a_sheet_that_is_there_asks_for_none_of_its_pictures(auto: Desk) -> None:
    heard = auto.run(BOARD, 2)
    auto.files.gone = {heard.last("soft", shot).task.key for shot in ("s0", "s1")}
    auto.pool.orders.clear()

    auto.run(BOARD, 2)

    assert auto.pool.orders == []


def test_a_sheet_that_changed_has_its_pictures_made_again(auto: Desk) -> None:
    heard = auto.run(BOARD, 3)
    auto.files.gone = {heard.last("soft", shot).task.key for shot in ("s0", "s2")}
    auto.pool.orders.clear()

    heard = auto.run(BOARD, 2)

    assert auto.pool.orders == [["soft"], ["sheet"]]
    assert heard.last("sheet").status is Status.COMPLETED


def test_a_sheet_of_nothing_fails_and_says_so(make_desk: Callable[..., Desk]) -> None:
    heard = make_desk(failing("soft")).run(BOARD, 2)

    assert "no shot has completed" in (heard.last("sheet").error or "")


def test_a_stopped_run_makes_no_sheet(by_hand: Desk) -> None:
    done = by_hand.submit(BOARD, 2)
    by_hand.pool.job().finish()
    by_hand.rest()
    by_hand.scheduler.cancel("run-1", record=False)
    done.result(SOON)

    assert by_hand.heard.last("sheet").status is Status.CANCELLED
    assert ["sheet"] not in by_hand.pool.orders
