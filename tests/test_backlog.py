"""What the records tell of the queue."""

from dataclasses import replace

import pytest
from small_projects import Small

from nodegraph.journal.lock import holder
from nodegraph.lineage import Queue, Recipe, Settled, Status, Task
from nodegraph.project import Project
from nodegraph.reports.backlog import overview
from nodegraph.reports.tasklist import tasks


@pytest.fixture
def small(tmp_path):
    with Project(tmp_path, write=True) as project:
        yield Small(project)


def queue(small):
    return overview(small.project.home)


def state(small):
    [entry] = queue(small).runs
    return entry.state


def test_a_run_that_nobody_has_begun_is_queued(small):
    small.run(state="queued")

    assert state(small) == "queued"


def test_a_run_that_the_writer_carries_out_is_running(small):
    small.run(state="queued", writer=holder(small.project.home))

    assert state(small) == "running"


def test_a_run_whose_process_is_gone_is_interrupted(small):
    small.run(state="queued", writer="process 1 on host gone")

    assert state(small) == "interrupted"


def test_a_run_with_tasks_that_nobody_carries_out_is_interrupted(small):
    small.run(state="queued")
    small.put(Settled("a" * 32, Status.COMPLETED, run="run-1"))

    assert state(small) == "interrupted"


@pytest.mark.parametrize("end", ["finished", "cancelled"])
def test_a_run_that_has_ended_stays_so(small, end):
    small.run(state=end, writer=holder(small.project.home))

    assert state(small) == end


def test_runs_come_in_the_order_in_which_they_are_carried_out(small):
    small.run("run-1", place=1.0)
    small.run("run-2", place=2.0)
    small.run("run-3", place=0.0)

    assert [entry.id for entry in queue(small).runs] == ["run-3", "run-1", "run-2"]


def test_tasks_are_counted_by_how_they_ended(small):
    small.run(state="queued")
    ends = [Status.COMPLETED, Status.COMPLETED, Status.FAILED, Status.HELD]
    for number, status in enumerate(ends):
        small.put(Settled(f"{number}" * 32, status, run="run-1"))
    small.put(Settled("9" * 32, Status.FAILED, run="run-2"))

    [entry] = queue(small).runs

    assert entry.ended == {"completed": 2, "failed": 1, "held": 1}


def test_a_paused_queue_says_so(small):
    assert not queue(small).paused

    small.put(Queue(paused=True))

    assert queue(small).paused


def shots(*names):
    return tuple({"id": f"id-{name}", "name": name, "sequence": "s"} for name in names)


def planned(radius, shot):
    recipe = Recipe("blur", "1", {"radius": radius}, {"image": "x"})
    return Task(recipe, "b", "Soft", shot=shot)


def test_tasks_are_those_planned_with_what_became_of_them(small):
    run = replace(small.run(), shots=shots("a", "b"))
    done, todo = planned(1.0, "id-a"), planned(2.0, "id-b")
    small.put(Settled(done.key, Status.FAILED, "failed", "dry", shot="id-a"))

    found = tasks(small.project.store, run, [done, todo])

    assert [(t.shot, t.status, t.error) for t in found] == [
        ("s/a", "failed", "dry"),
        ("s/b", "pending", None),
    ]


def test_a_task_that_several_shots_need_is_listed_once(small):
    run = replace(small.run(), shots=shots("a"))
    task = planned(1.0, "id-a")

    assert len(tasks(small.project.store, run, [task, task])) == 1


def test_tasks_that_are_only_recorded_are_listed_too(small):
    run = replace(small.run(), shots=shots("a"))
    small.put(Settled("a" * 32, Status.COMPLETED, label="Sheet", run="run-1"))

    [found] = tasks(small.project.store, run, [])

    assert (found.node, found.status, found.shot) == ("Sheet", "completed", None)


# What is done to it without a process that carries it out


def test_a_run_can_be_put_first(small):
    small.run("run-1", state="queued", place=1.0)
    small.run("run-2", state="queued", place=2.0)

    assert small.project.put_first("run-2")

    assert [entry.id for entry in queue(small).runs] == ["run-2", "run-1"]


def test_a_run_that_has_ended_is_neither_put_first_nor_cancelled(small):
    small.run("run-1", state="finished")

    assert not small.project.put_first("run-1")
    assert not small.project.cancel_recorded("run-1")


def test_a_run_can_be_cancelled(small):
    small.run("run-1", state="queued")

    assert small.project.cancel_recorded("run-1")

    assert state(small) == "cancelled"


def test_a_failure_can_be_cancelled_and_a_result_cannot(small):
    small.put(Settled("a" * 32, Status.FAILED), Settled("b" * 32, Status.COMPLETED))

    assert small.project.cancel_failure("a" * 32)
    assert not small.project.cancel_failure("b" * 32)
    assert small.project.store.settled("a" * 32).status is Status.CANCELLED
