"""Failure is data, and a death too: each holds back only what needs it."""

from collections.abc import Callable
from typing import Any

from desk import CHAIN, DONE, FORK, Desk, failing
from engine import SOON, graph
from fakes import FakeJob, file_of, plainly

from nodegraph import Held
from nodegraph.lineage import Attempt, Settled, Status
from nodegraph.workers.pool import WorkerDied

# Failure is data


def test_a_failed_task_holds_back_only_what_needs_it(
    make_desk: Callable[..., Desk],
) -> None:
    heard = make_desk(failing("a")).run(FORK, 2)

    assert heard.statuses("a", "s0") == ["pending", "processing", "failed"]
    assert heard.statuses("b", "s0") == ["pending", "failed"]
    assert heard.statuses("c", "s0") == DONE
    assert heard.last("a").error == "it does not work: try another"
    assert heard.last("b").error == "not run: 'a' failed"


def test_a_failure_holds_back_what_waits_in_other_units(
    make_desk: Callable[..., Desk],
) -> None:
    links = ("logo>mark.image", "source>soft.image", "soft>mix.a", "mark>mix.b")
    made = graph("source logo:source mark:titled soft mix", *links, logo={"file": "l"})
    heard = make_desk(failing("mark")).run(made, 2)

    assert heard.statuses("soft", "s0") == heard.statuses("soft", "s1") == DONE
    assert heard.last("mix", "s0").error == "not run: 'mark' failed"
    assert heard.last("mix", "s1").status is Status.FAILED


def test_shots_fail_each_for_itself(make_desk: Callable[..., Desk]) -> None:
    def play(job: FakeJob, index: int, task: Any) -> None:
        if task.shot == "s1":
            raise ValueError("not this one")

    heard = make_desk(play).run(CHAIN, 3)

    assert [heard.last("c", shot).status for shot in ("s0", "s1", "s2")] == [
        "completed",
        "failed",
        "completed",
    ]


def test_a_recorded_failure_is_told_again_without_running(
    make_desk: Callable[..., Desk],
) -> None:
    bench = make_desk(failing("b"))
    bench.run(CHAIN)
    bench.pool.orders.clear()

    heard = bench.run(CHAIN)

    assert bench.pool.orders == []
    assert heard.statuses("b") == ["failed*"]
    assert heard.last("b").error == "it does not work: try another"
    assert heard.statuses("c") == ["failed"]


def test_what_failed_runs_again_when_asked_to(make_desk: Callable[..., Desk]) -> None:
    bench = make_desk(failing("b"))
    bench.run(CHAIN)
    bench.pool.play = plainly
    bench.pool.orders.clear()

    heard = bench.run(CHAIN, retry_failed=True)

    assert bench.pool.orders == [["b", "c"]]
    assert heard.statuses("c") == DONE


def test_a_result_stays_though_what_it_was_made_from_failed_since(auto: Desk) -> None:
    key = auto.run(CHAIN).last("a").task.key
    auto.store.rows[Settled, key] = Settled(key, Status.FAILED, "failed", "gone")

    heard = auto.run(CHAIN)

    assert heard.statuses("a") == ["failed*"]
    assert heard.statuses("b") == heard.statuses("c") == ["completed*"]


def test_what_holds_is_held_until_a_person_decides(
    make_desk: Callable[..., Desk],
) -> None:
    bench = make_desk(failing("b", error=Held("choose a face", "ambiguous")))
    bench.run(CHAIN)

    heard = bench.run(CHAIN)

    assert heard.statuses("b") == ["held*"]
    assert (heard.last("b").outcome, heard.last("b").error) == (
        "ambiguous",
        "choose a face",
    )
    assert heard.last("c").error == "not run: 'b' needs you first"
    bench.pool.play = plainly
    assert bench.run(CHAIN, retry_failed=True).statuses("c") == DONE


def test_what_ran_into_a_changed_node_type_is_refused_and_not_run(
    auto: Desk,
) -> None:
    from dataclasses import replace

    auto.run(CHAIN, 1)
    made = auto.job(CHAIN, 2)
    stale = [
        replace(
            each,
            tasks=tuple(replace(task, refusal="queue again") for task in each.tasks),
        )
        for each in made.plans
    ]
    auto.pool.orders.clear()
    auto.submit(replace(made, plans=stale)).result(SOON)

    assert auto.pool.orders == []
    assert auto.heard.statuses("c", "s0") == ["completed*"]
    assert auto.heard.statuses("a", "s1") == ["failed"]
    assert auto.heard.last("a", "s1").error == "queue again"


# Workers that die


def test_a_task_whose_worker_died_is_tried_once_more(by_hand: Desk) -> None:
    done = by_hand.submit(CHAIN)
    job = by_hand.pool.job()
    job.did("a")
    job.die("b")
    by_hand.pool.job().finish()
    done.result(SOON)

    assert by_hand.pool.orders == [["a", "b", "c"], ["b", "c"]]
    assert by_hand.heard.statuses("a") == DONE
    assert by_hand.heard.statuses("b") == ["pending", "processing", *DONE]
    assert by_hand.heard.statuses("c") == DONE


def test_the_values_it_needs_are_read_from_their_records(by_hand: Desk) -> None:
    by_hand.submit(CHAIN)
    job = by_hand.pool.job()
    job.did("a")
    job.die("b")

    given = by_hand.pool.job().order.given
    key = by_hand.key("a")
    assert given[key].sha256 == file_of(key)


def test_a_task_that_dies_twice_has_failed_and_others_go_on(by_hand: Desk) -> None:
    by_hand.store.delay = True
    done = by_hand.submit(FORK)
    by_hand.pool.job().die("a", "segmentation fault")
    by_hand.pool.job().die("a", "segmentation fault")
    last = by_hand.pool.job()
    last.finish()
    by_hand.rest()
    assert by_hand.pool.is_idle
    by_hand.store.let_go()
    done.result(SOON)

    assert last.nodes == ["c"]
    text = "its worker died 2 times, the last time: segmentation fault"
    assert by_hand.heard.last("a").error == text
    assert by_hand.heard.last("c").status is Status.COMPLETED


def test_a_death_is_charged_to_the_task_that_was_running(by_hand: Desk) -> None:
    by_hand.submit(CHAIN)
    job = by_hand.pool.job()
    job.did("a")
    job.die("b")
    by_hand.pool.job()

    attempts = [row for (kind, _), row in by_hand.store.rows.items() if kind is Attempt]
    assert [(each.id, each.deaths) for each in attempts] == [(by_hand.key("b"), 1)]


def test_a_death_is_never_charged_to_what_could_not_run(by_hand: Desk) -> None:
    by_hand.store.delay = True
    done = by_hand.submit(FORK)
    job = by_hand.pool.job()
    job.failed("a", ValueError("no"))
    job.die("a")
    by_hand.pool.job().finish()
    by_hand.store.let_go()
    done.result(SOON)

    attempts = [row for (kind, _), row in by_hand.store.rows.items() if kind is Attempt]
    assert [each.id for each in attempts] == [by_hand.key("c")]
    assert by_hand.heard.last("b").error == "not run: 'a' failed"


def test_a_task_that_kills_is_not_met_again_at_every_start(
    make_desk: Callable[..., Desk],
) -> None:
    def deadly(job: FakeJob, index: int, task: Any) -> None:
        if task.node == "b":
            raise WorkerDied("killed by SIGKILL")

    first = make_desk()
    first.submit(CHAIN)
    job = first.pool.job()
    job.did("a")
    job.die("b")
    first.pool.job()
    first.scheduler.close()
    second = first.again()
    second.pool.play = deadly
    heard = second.run(CHAIN)
    third = second.again()
    last = third.run(CHAIN)
    second.scheduler.close()
    third.scheduler.close()

    assert len(second.pool.ran) == 1
    assert "died 2 times" in (heard.last("b").error or "")
    assert last.statuses("b") == ["failed*"]
    assert third.pool.orders == []


def test_after_a_retry_a_task_may_die_twice_again(by_hand: Desk) -> None:
    done = by_hand.submit(CHAIN)
    by_hand.pool.job().die("a")
    by_hand.pool.job().die("a")
    done.result(SOON)
    done = by_hand.submit(CHAIN, retry_failed=True)
    by_hand.pool.job().die("a")
    by_hand.pool.job().finish()
    done.result(SOON)

    assert by_hand.heard.last("c").status is Status.COMPLETED


def test_what_a_worker_cannot_even_begin_fails_and_the_rest_goes_on(
    by_hand: Desk,
) -> None:
    done = by_hand.submit(FORK)
    by_hand.pool.job().end(TypeError("cannot pickle"))
    by_hand.pool.job().finish()
    done.result(SOON)

    assert by_hand.heard.last("a").error == "TypeError: cannot pickle"
    assert by_hand.heard.last("c").status is Status.COMPLETED
