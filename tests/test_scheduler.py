"""The scheduler: what runs when, what counts when, and what nobody else notices."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any

import pytest
from engine import SOON, Heard, graph, job, with_type
from fakes import FakeJob, Files, Memory, Pool, file_of, plainly

from nodegraph import Held, Image
from nodegraph.lineage import Attempt, Settled, Status
from nodegraph.running import Job, TaskEvent
from nodegraph.scheduler import Scheduler
from nodegraph.work import Advanced
from nodegraph.workers import WorkerDied

CHAIN = graph("source a:soft b:soft c:soft", "source>a.image", "a>b.image", "b>c.image")
FORK = graph(
    "source a:soft b:soft c:titled", "source>a.image", "a>b.image", "source>c.image"
)
DONE = ["pending", "processing", "completed"]


@dataclass
class Bench_:
    """A scheduler and all that it works with."""

    pool: Pool
    store: Memory = field(default_factory=Memory)
    files: Files = field(default_factory=Files)
    heard: Heard = field(default_factory=Heard)
    options: dict[str, Any] = field(default_factory=dict)
    bench: Any = None

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(
            self.store, self.files, self.pool, self.bench, **self.options
        )

    def submit(self, graph: Any, count: int = 1, **options: Any) -> "Future[None]":
        made = graph if isinstance(graph, Job) else self.job(graph, count, **options)
        self.store.bring_in(made.plans)
        return self.scheduler.submit(made)

    def job(self, graph: Any, count: int = 1, **options: Any) -> Job:
        return job(graph, count, **{"heard": self.heard, **options})

    def run(self, graph: Any, count: int = 1, **options: Any) -> Heard:
        """Carry out, and give what was heard of it."""
        heard = options.setdefault("heard", Heard())
        self.submit(graph, count, **options).result(SOON)
        return heard

    def again(self, **options: Any) -> "Bench_":
        """The next process, on the same store."""
        pool = Pool(play=plainly)
        return Bench_(pool, self.store, self.files, options=options)

    def rest(self) -> None:
        """Return when the scheduler has done all that it was told of until now."""
        for _ in range(4):
            self.scheduler.first("nobody")

    def key(self, node: str, shot: str | None = None) -> str:
        return self.heard.last(node, shot).task.key


@pytest.fixture
def make() -> Iterator[Callable[..., Bench_]]:
    made: list[Bench_] = []

    def build(play: Any = None, workers: int = 2, **options: Any) -> Bench_:
        bench = options.pop("bench", None)
        made.append(Bench_(Pool(workers, play), options=options, bench=bench))
        return made[-1]

    yield build
    for each in made:
        each.scheduler.close()


@pytest.fixture
def by_hand(make: Callable[..., Bench_]) -> Bench_:
    """Jobs are carried out by the test."""
    return make()


@pytest.fixture
def auto(make: Callable[..., Bench_]) -> Bench_:
    """Jobs carry themselves out."""
    return make(plainly)


def failing(*nodes: str, error: Exception | None = None) -> Any:
    """Every task works but those of these nodes."""

    def play(job: FakeJob, index: int, task: Any) -> None:
        if task.node in nodes:
            raise error or ValueError("it does not work: try another")

    return play


# From pending to the end


def test_every_task_is_pending_then_processing_then_completed(auto: Bench_) -> None:
    heard = auto.run(CHAIN, 3)

    for node in "abc":
        for shot in ("s0", "s1", "s2"):
            assert heard.statuses(node, shot) == DONE


def test_a_shot_is_told_when_its_last_task_has_settled(by_hand: Bench_) -> None:
    done = by_hand.submit(CHAIN)
    job = by_hand.pool.job()
    job.did("a", "b")
    by_hand.rest()
    before = list(by_hand.heard.shots)
    job.did("c")
    job.end()
    done.result(SOON)

    assert (before, by_hand.heard.shots) == ([], ["s0"])


def test_a_second_run_does_nothing(auto: Bench_) -> None:
    auto.run(CHAIN, 3)
    writes, orders = auto.store.writes, len(auto.pool.orders)

    heard = auto.run(CHAIN, 3)

    assert (auto.store.writes, len(auto.pool.orders)) == (writes, orders)
    assert all(heard.statuses(node, "s0") == ["completed*"] for node in "abc")
    assert sorted(heard.shots) == ["s0", "s1", "s2"]


def test_only_what_changed_runs_again(auto: Bench_) -> None:
    auto.run(CHAIN)
    auto.pool.orders.clear()

    auto.run(CHAIN.set("c", radius=3.0))

    assert auto.pool.orders == [["c"]]


def test_what_a_task_gave_is_recorded_with_its_end(auto: Bench_) -> None:
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


def test_nothing_is_said_to_be_done_before_it_is_on_the_disk(by_hand: Bench_) -> None:
    by_hand.store.delay = True
    done = by_hand.submit(CHAIN)
    by_hand.pool.job().finish()
    by_hand.rest()
    before = by_hand.heard.statuses("a"), done.done()
    by_hand.store.let_go()
    done.result(SOON)

    assert before == (["pending", "processing"], False)
    assert by_hand.heard.statuses("a") == DONE


def test_what_is_recorded_late_is_not_done_twice_meanwhile(by_hand: Bench_) -> None:
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


def test_progress_is_told_while_a_task_runs_and_not_after(by_hand: Bench_) -> None:
    done = by_hand.submit(CHAIN)
    job = by_hand.pool.job()
    job.say(Advanced(0, 0.5))
    job.did("a")
    job.say(Advanced(0, 0.9))
    job.did("b", "c")
    job.end()
    done.result(SOON)

    assert by_hand.heard.progress == [("a", 0.5)]


def test_the_task_at_work_is_told_before_it_says_anything(by_hand: Bench_) -> None:
    by_hand.submit(CHAIN)
    job = by_hand.pool.job()
    job.did("a")
    by_hand.rest()

    assert by_hand.heard.statuses("b") == ["pending", "processing"]
    assert by_hand.heard.statuses("c") == ["pending"]


# Failure is data


def test_a_failed_task_holds_back_only_what_needs_it(
    make: Callable[..., Bench_],
) -> None:
    heard = make(failing("a")).run(FORK, 2)

    assert heard.statuses("a", "s0") == ["pending", "processing", "failed"]
    assert heard.statuses("b", "s0") == ["pending", "failed"]
    assert heard.statuses("c", "s0") == DONE
    assert heard.last("a").error == "it does not work: try another"
    assert heard.last("b").error == "not run: 'a' failed"


def test_a_failure_holds_back_what_waits_in_other_units(
    make: Callable[..., Bench_],
) -> None:
    links = ("logo>mark.image", "source>soft.image", "soft>mix.a", "mark>mix.b")
    made = graph("source logo:source mark:titled soft mix", *links, logo={"file": "l"})
    heard = make(failing("mark")).run(made, 2)

    assert heard.statuses("soft", "s0") == heard.statuses("soft", "s1") == DONE
    assert heard.last("mix", "s0").error == "not run: 'mark' failed"
    assert heard.last("mix", "s1").status is Status.FAILED


def test_shots_fail_each_for_itself(make: Callable[..., Bench_]) -> None:
    def play(job: FakeJob, index: int, task: Any) -> None:
        if task.shot == "s1":
            raise ValueError("not this one")

    heard = make(play).run(CHAIN, 3)

    assert [heard.last("c", shot).status for shot in ("s0", "s1", "s2")] == [
        "completed",
        "failed",
        "completed",
    ]


def test_a_recorded_failure_is_told_again_without_running(
    make: Callable[..., Bench_],
) -> None:
    bench = make(failing("b"))
    bench.run(CHAIN)
    bench.pool.orders.clear()

    heard = bench.run(CHAIN)

    assert bench.pool.orders == []
    assert heard.statuses("b") == ["failed*"]
    assert heard.last("b").error == "it does not work: try another"
    assert heard.statuses("c") == ["failed"]


def test_what_failed_runs_again_when_asked_to(make: Callable[..., Bench_]) -> None:
    bench = make(failing("b"))
    bench.run(CHAIN)
    bench.pool.play = plainly
    bench.pool.orders.clear()

    heard = bench.run(CHAIN, retry_failed=True)

    assert bench.pool.orders == [["b", "c"]]
    assert heard.statuses("c") == DONE


def test_a_result_stays_though_what_it_was_made_from_failed_since(auto: Bench_) -> None:
    key = auto.run(CHAIN).last("a").task.key
    auto.store.rows[Settled, key] = Settled(key, Status.FAILED, "failed", "gone")

    heard = auto.run(CHAIN)

    assert heard.statuses("a") == ["failed*"]
    assert heard.statuses("b") == heard.statuses("c") == ["completed*"]


def test_what_holds_is_held_until_a_person_decides(make: Callable[..., Bench_]) -> None:
    bench = make(failing("b", error=Held("choose a face", "ambiguous")))
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
    auto: Bench_,
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


def test_a_task_whose_worker_died_is_tried_once_more(by_hand: Bench_) -> None:
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


def test_the_values_it_needs_are_read_from_their_records(by_hand: Bench_) -> None:
    by_hand.submit(CHAIN)
    job = by_hand.pool.job()
    job.did("a")
    job.die("b")

    given = by_hand.pool.job().order.given
    key = by_hand.key("a")
    assert given[key].sha256 == file_of(key)


def test_a_task_that_dies_twice_has_failed_and_others_go_on(by_hand: Bench_) -> None:
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


def test_a_death_is_charged_to_the_task_that_was_running(by_hand: Bench_) -> None:
    by_hand.submit(CHAIN)
    job = by_hand.pool.job()
    job.did("a")
    job.die("b")
    by_hand.pool.job()

    attempts = [row for (kind, _), row in by_hand.store.rows.items() if kind is Attempt]
    assert [(each.id, each.deaths) for each in attempts] == [(by_hand.key("b"), 1)]


def test_a_death_is_never_charged_to_what_could_not_run(by_hand: Bench_) -> None:
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
    make: Callable[..., Bench_],
) -> None:
    def deadly(job: FakeJob, index: int, task: Any) -> None:
        if task.node == "b":
            raise WorkerDied("killed by SIGKILL")

    first = make()
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


def test_after_a_retry_a_task_may_die_twice_again(by_hand: Bench_) -> None:
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
    by_hand: Bench_,
) -> None:
    done = by_hand.submit(FORK)
    by_hand.pool.job().end(TypeError("cannot pickle"))
    by_hand.pool.job().finish()
    done.result(SOON)

    assert by_hand.heard.last("a").error == "TypeError: cannot pickle"
    assert by_hand.heard.last("c").status is Status.COMPLETED


# Cancelled, interrupted, paused, first


def test_a_cancelled_run_runs_again_when_asked_for(by_hand: Bench_) -> None:
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
    by_hand: Bench_, record: bool, kept: Status | None
) -> None:
    done = by_hand.submit(CHAIN)
    by_hand.pool.job()
    by_hand.scheduler.cancel("run-1", record=record)
    done.result(SOON)

    end = by_hand.store.settled(by_hand.key("b"))
    assert (end and end.status) == kept


def test_one_task_is_cancelled_and_the_rest_of_its_unit_goes_on(
    by_hand: Bench_,
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
    by_hand: Bench_,
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


def test_what_has_ended_is_not_cancelled_while_it_is_recorded(by_hand: Bench_) -> None:
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


def test_nothing_is_said_of_a_task_after_its_end(by_hand: Bench_) -> None:
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


def test_what_is_not_there_cannot_be_cancelled(by_hand: Bench_) -> None:
    assert not by_hand.scheduler.cancel("run-7")


def test_a_pause_starts_nothing_and_lets_what_runs_end(by_hand: Bench_) -> None:
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


def test_first_puts_a_run_before_all_others(make: Callable[..., Bench_]) -> None:
    bench = make(workers=1)
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
    make: Callable[..., Bench_],
) -> None:
    bench = make(workers=1)
    bench.submit(CHAIN, 4)
    bench.pool.job()
    assert bench.scheduler.first(bench.key("c", "s3"))
    next(iter(bench.pool.running)).finish()

    assert bench.pool.job().order.tasks[0].shot == "s3"


# Again


def test_a_failed_task_of_a_live_run_is_tried_again(
    make: Callable[..., Bench_],
) -> None:
    bench = make(workers=2)
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


def test_a_retry_while_its_unit_still_runs_does_nothing_twice(by_hand: Bench_) -> None:
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
    make: Callable[..., Bench_],
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
    bench = make(workers=4)
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


def test_what_is_neither_failed_nor_there_cannot_be_tried_again(auto: Bench_) -> None:
    assert not auto.scheduler.retry("nothing")


# Two runs


def test_two_runs_that_share_recipes_do_the_work_once(by_hand: Bench_) -> None:
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


def test_a_run_takes_over_what_another_was_cancelled_at(by_hand: Bench_) -> None:
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


def test_a_failure_counts_in_every_run_that_waits_for_it(by_hand: Bench_) -> None:
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
    by_hand: Bench_,
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


def test_one_run_asked_for_twice_ends_twice(by_hand: Bench_) -> None:
    first = by_hand.submit(CHAIN)
    second = by_hand.submit(CHAIN)
    job = by_hand.pool.job()
    job.did("a")
    by_hand.scheduler.cancel("run-1")
    first.result(SOON)
    second.result(SOON)


# What is not there any more


def test_a_result_that_is_gone_is_made_again_with_what_it_needs(auto: Bench_) -> None:
    heard = auto.run(CHAIN)
    auto.files.gone = {heard.last(node).task.key for node in "bc"}
    auto.pool.orders.clear()

    heard = auto.run(CHAIN)

    assert auto.pool.orders == [["b", "c"]]
    assert heard.statuses("a") == ["completed*"]


def test_an_intermediate_that_is_gone_is_made_only_when_asked_for(
    auto: Bench_,
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
    make: Callable[..., Bench_],
) -> None:
    bench = make(failing("c"))
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


def test_a_sheet_is_made_when_all_shots_have_settled(by_hand: Bench_) -> None:
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


def test_a_sheet_that_is_there_asks_for_none_of_its_pictures(auto: Bench_) -> None:
    heard = auto.run(BOARD, 2)
    auto.files.gone = {heard.last("soft", shot).task.key for shot in ("s0", "s1")}
    auto.pool.orders.clear()

    auto.run(BOARD, 2)

    assert auto.pool.orders == []


def test_a_sheet_that_changed_has_its_pictures_made_again(auto: Bench_) -> None:
    heard = auto.run(BOARD, 3)
    auto.files.gone = {heard.last("soft", shot).task.key for shot in ("s0", "s2")}
    auto.pool.orders.clear()

    heard = auto.run(BOARD, 2)

    assert auto.pool.orders == [["soft"], ["sheet"]]
    assert heard.last("sheet").status is Status.COMPLETED


def test_a_sheet_of_nothing_fails_and_says_so(make: Callable[..., Bench_]) -> None:
    heard = make(failing("soft")).run(BOARD, 2)

    assert "no shot has completed" in (heard.last("sheet").error or "")


def test_a_stopped_run_makes_no_sheet(by_hand: Bench_) -> None:
    done = by_hand.submit(BOARD, 2)
    by_hand.pool.job().finish()
    by_hand.rest()
    by_hand.scheduler.cancel("run-1", record=False)
    done.result(SOON)

    assert by_hand.heard.last("sheet").status is Status.CANCELLED
    assert ["sheet"] not in by_hand.pool.orders


# Memory


def test_a_unit_waits_until_its_memory_is_free(make: Callable[..., Bench_]) -> None:
    bench = make(workers=4, memory=1.0)
    done = bench.submit(CHAIN, 2)
    first = bench.pool.job()
    bench.rest()
    assert bench.pool.is_idle
    first.finish()
    bench.pool.job().finish()

    done.result(SOON)


def test_memory_is_counted_by_the_size_of_the_drawing(
    make: Callable[..., Bench_],
) -> None:
    megapixels = 20
    bench = make(workers=4, memory=megapixels * 1e6 * 4 * 6 * 2.5)
    made = bench.job(CHAIN, 3)
    bench.store.bring_in(made.plans, size=int((megapixels * 1e6) ** 0.5))
    bench.submit(made)
    bench.pool.job(), bench.pool.job()
    bench.rest()

    assert bench.pool.is_idle


# A store that fails


@pytest.mark.parametrize("late", [False, True])
def test_a_store_that_fails_ends_the_run_with_its_error(
    by_hand: Bench_, late: bool
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
    by_hand: Bench_,
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


def test_an_error_of_one_run_leaves_others_alone(make: Callable[..., Bench_]) -> None:
    bench = make(plainly)

    def broken(event: Any) -> None:
        raise RuntimeError("the window is gone")

    first = bench.submit(CHAIN, heard=broken)
    second = bench.submit(CHAIN.set("a", radius=2.0), id_="run-2")

    assert str(first.exception(SOON)) == "the window is gone"
    assert second.result(SOON) is None


def test_a_hook_that_raises_ends_its_own_run_alone(make: Callable[..., Bench_]) -> None:
    def odd(image: Image) -> Image: ...

    def estimate(settings: Any) -> float:
        raise RuntimeError("no estimate")

    bench = make(plainly)
    types = with_type(odd, estimate=estimate)
    made = job(graph_of_odd(types), types=types, heard=Heard())
    first = bench.submit(made)
    second = bench.submit(CHAIN, id_="run-2")

    assert str(first.exception(SOON)) == "no estimate"
    assert second.result(SOON) is None


def graph_of_odd(types: Any) -> Any:
    return graph("source odd", "source>odd.image")


# Opening and closing


def test_closing_stops_what_runs_and_keeps_what_is_done(by_hand: Bench_) -> None:
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


def test_a_closed_scheduler_refuses_and_never_hangs(by_hand: Bench_) -> None:
    by_hand.scheduler.close()
    by_hand.scheduler.close()

    with pytest.raises(RuntimeError, match="the scheduler is closed"):
        by_hand.submit(CHAIN)
    with pytest.raises(RuntimeError, match="the scheduler is closed"):
        by_hand.scheduler.pause()


def test_whoever_waits_for_a_run_cannot_break_it(by_hand: Bench_) -> None:
    done = by_hand.submit(CHAIN)

    assert not done.cancel()
    by_hand.pool.job().finish()
    done.result(SOON)


def test_requests_from_many_threads_at_once_harm_nothing(
    make: Callable[..., Bench_],
) -> None:
    bench = make(plainly, workers=4)
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
