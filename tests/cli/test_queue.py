"""`workbench queue`: what it tells, and what it does with and without a writer."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from commands import chain, draw
from small_projects import Small

from nodegraph.graph import Node
from nodegraph.journal.lock import holder
from nodegraph.lineage import Queue, Run, Settled, Status
from nodegraph.project import Project

SLOW = """
import time
from nodegraph import Image, node

@node("Test")
def slow(image: Image, seconds: float = 0.0) -> Image:
    time.sleep(seconds)
    return Image(255 - image.pixels)
"""
PICKY = """
from pathlib import Path
from nodegraph import Image, node

@node("Test")
def picky(image: Image, file: str = "") -> Image:
    if not Path(file).exists():
        raise ValueError("the brush is dry: wet it")
    return Image(255 - image.pixels)
"""
HOLDS_THE_LOCK = """
import sys, time
from pathlib import Path
from nodegraph.store import ProjectStore
with ProjectStore(Path(sys.argv[1]), write=True):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def small(call):
    """Fills the project and lets it go."""

    @contextmanager
    def opened():
        with Project(call.project, write=True) as project:
            yield Small(project)

    with opened():
        return opened


# What it tells


def test_runs_are_listed_with_their_state_and_results(call, small):
    with small() as fill:
        fill.run("run-1", counts={"completed": 2, "failed": 1})
        fill.run("run-2", state="queued")

    lines = call("queue", "list").out.splitlines()

    assert lines[0].split() == ["RUN", "PRESET", "STATE", "SHOTS", "RESULTS", "QUEUED"]
    assert lines[1].split()[:3] == ["run-1", "look", "finished"]
    assert "2 completed, 1 failed" in lines[1]
    assert lines[2].split()[:3] == ["run-2", "look", "queued"]


def test_the_list_as_json_has_every_run(call, small):
    with small() as fill:
        fill.run("run-1", counts={"completed": 2})
        fill.put(Queue(paused=True))

    [run] = json.loads(call("queue", "list", "--json").out)

    assert run["id"] == "run-1"
    assert run["state"] == "finished"
    assert run["results"] == {"completed": 2}
    assert run["paused"] is True


def test_a_paused_queue_says_how_it_goes_on(call, small):
    with small() as fill:
        fill.put(Queue(paused=True))

    assert "queue resume" in call("queue", "list").err


def test_an_unknown_run_is_a_wrong_usage(call, small):
    with small() as fill:
        fill.run("run-1")
        fill.run("run-12")

    said = call("queue", "list", "run-7")

    assert said.code == 2
    assert "the last is run-12" in said.err


WRITING = [("pause",), ("resume",), ("cancel", "x"), ("retry", "x"), ("first", "x")]


@pytest.mark.parametrize("words", [("list",), *WRITING])
def test_without_a_project_nothing_is_created(call, words):
    call.project.mkdir()

    said = call("queue", *words)

    assert said.code == 3
    assert list(call.project.iterdir()) == []


def test_listing_loads_no_heavy_library(call, small):
    with small() as fill:
        fill.run("run-1", state="queued")
    code = (
        "import sys, os\n"
        "from nodegraph.cli import main\n"
        "main(['queue', 'list', '--project', sys.argv[1]])\n"
        "os.write(2, ' '.join(sys.modules).encode())"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, call.project],
        capture_output=True,
        text=True,
        check=True,
    )

    heavy = {"numpy", "networkx", "cv2", "PIL", "onnxruntime", "psutil", "rich"}
    assert "run-1" in done.stdout
    assert not heavy & set(done.stderr.split())


# Without a process that carries it out


@pytest.mark.parametrize("verb", ["cancel", "retry", "first"])
def test_an_id_that_is_none_is_a_wrong_usage(call, small, verb):
    with small() as fill:
        fill.run("run-1")

    said = call("queue", verb, "run-9")

    assert said.code == 2
    assert "run-9" in said.err


@pytest.mark.parametrize("verb", ["cancel", "first"])
def test_a_run_that_has_ended_is_left_as_it_is(call, small, verb):
    with small() as fill:
        fill.run("run-1", state="finished")

    assert call("queue", verb, "run-1").code == 2

    [run] = json.loads(call("queue", "list", "--json").out)
    assert run["state"] == "finished"


def test_a_waiting_run_is_cancelled(call, small):
    with small() as fill:
        fill.run("run-1", state="queued")

    assert call("queue", "cancel", "run-1").code == 0

    [run] = json.loads(call("queue", "list", "--json").out)
    assert run["state"] == "cancelled"


def test_a_failed_task_is_cancelled(call, small):
    with small() as fill:
        fill.put(Settled("a" * 32, Status.FAILED))

    assert call("queue", "cancel", "a" * 32).code == 0

    with Project(call.project, write=False) as project:
        assert project.store.settled("a" * 32).status is Status.CANCELLED


def test_a_waiting_run_goes_first(call, small):
    with small() as fill:
        fill.run("run-1", state="queued", place=1.0)
        fill.run("run-2", state="queued", place=2.0)

    assert call("queue", "first", "run-2").code == 0

    runs = json.loads(call("queue", "list", "--json").out)
    assert [run["id"] for run in runs] == ["run-2", "run-1"]


def test_a_pause_outlasts_the_process(call, small):
    assert call("queue", "pause").code == 0

    with Project(call.project, write=False) as project:
        assert project.queue.paused


def test_resuming_nothing_ends_the_pause_and_says_so(call, small):
    call("queue", "pause")

    said = call("queue", "resume")

    assert said.code == 0
    assert "nothing waits" in said.err
    with Project(call.project, write=False) as project:
        assert not project.queue.paused


def test_a_task_that_is_done_is_not_retried(call, small):
    with small() as fill:
        fill.run("run-1")
        fill.put(Settled("a" * 32, Status.COMPLETED, run="run-1"))

    said = call("queue", "retry", "a" * 32)

    assert said.code == 2
    assert "has not failed" in said.err


def test_a_run_that_can_no_longer_be_planned_harms_no_other(call, small):
    with small() as fill:
        soft = chain(call.project / "soft.json", Node("n", "blur")).read_text()
        for id_, text in (
            ("run-1", soft.replace("blur", "was_uninstalled")),
            ("run-2", soft),
        ):
            run = fill.run(id_, state="queued", out=str(call.project / "out"))
            fill.put(Run(**{**vars(run), "graph": json.loads(text), "entry": "shot"}))

    said = call("queue", "resume")

    assert said.code != 0
    assert "was_uninstalled" in said.err
    assert said.out == ""
    runs = json.loads(call("queue", "list", "--json").out)
    assert [run["state"] for run in runs] == ["queued", "finished"]


# With real runs


def until(condition, seconds=60.0):
    """Wait for what another process does; what it is at last."""
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def runs(workbench):
    said = workbench("queue", "list", "--json")
    return json.loads(said.out) if said.code == 0 else []


def settled(workbench):
    """How each task that has ended did so."""
    if not (workbench.folder / ".workbench" / "journal").exists():
        return []
    with Project(workbench.folder, write=False) as project:
        return [end.status for end in project.store.all(Settled)]


def one_has_ended(workbench):
    return lambda: settled(workbench)


@pytest.fixture
def slow(workbench, trusted):
    """The preset `slow` over eight shots; each takes its time."""
    trusted("slow", SLOW)
    draw(workbench.folder / "board", *(f"{n}.png" for n in range(8)))
    node = Node("wait", "slow", {"seconds": 0.5}, name="Wait")
    return chain(workbench.folder / "slow.json", node)


@pytest.fixture
def live(workbench, slow):
    """A batch under way, with one worker."""
    words = ("batch", slow, "board", "--workers", "1", "--json")
    with workbench.started(*words) as process:
        assert until(one_has_ended(workbench))
        yield process


def summary(process):
    out, err = process.communicate(timeout=60)
    assert out, err
    return json.loads(out.splitlines()[-1])


def test_an_interrupted_run_is_told_and_resumed(workbench, slow):
    with workbench.started("batch", slow, "board", "--workers", "1") as process:
        assert until(one_has_ended(workbench))
        assert [run["state"] for run in runs(workbench)] == ["running"]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    [interrupted] = runs(workbench)

    said = workbench("queue", "resume", "--json")

    assert interrupted["state"] == "interrupted"
    assert interrupted["ended"]["completed"] >= 1
    assert said.code == 0, said.err
    assert said.summary["completed"] == 8
    assert said.summary["cached"] == interrupted["ended"]["completed"]
    assert [run["state"] for run in runs(workbench)] == ["finished"]


@pytest.mark.skipif(os.name == "nt", reason="a process group is killed")
def test_a_project_that_moved_goes_on_where_it_is(workbench, slow):
    with workbench.started("batch", slow, "board", "--workers", "1") as process:
        assert until(one_has_ended(workbench))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    moved = workbench.folder.rename(workbench.folder.with_name("elsewhere"))
    workbench.folder.mkdir()

    said = workbench("trust", moved, "--yes")
    resumed = workbench("queue", "resume", "--json", "--project", moved)
    again = workbench(
        "batch", moved / slow.name, moved / "board", "--json", "--project", moved
    )

    assert resumed.code == 0, said.err + resumed.err
    assert all(moved in Path(out["file"]).parents for out in resumed.summary["outputs"])
    assert list(workbench.folder.iterdir()) == []
    assert again.summary["outputs"] == resumed.summary["outputs"]


@pytest.mark.skipif(os.name == "nt", reason="a process group is killed")
def test_after_a_move_the_same_command_goes_on_with_the_same_run(workbench, slow):
    with workbench.started("batch", slow, "board", "--workers", "1") as process:
        assert until(one_has_ended(workbench))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    moved = workbench.folder.rename(workbench.folder.with_name("elsewhere"))
    workbench.folder.mkdir()
    there = ("--project", moved)

    workbench("trust", moved, "--yes")
    said = workbench("batch", moved / slow.name, moved / "board", *there)

    assert said.code == 0, said.err
    listed = json.loads(workbench("queue", "list", "--json", *there).out)
    assert [run["state"] for run in listed] == ["finished"]


def test_a_live_run_is_cancelled(workbench, live):
    said = workbench("queue", "cancel", "run-1")

    assert said.code == 0, said.err
    assert summary(live)["cancelled"] > 0
    assert live.returncode == 4
    assert [run["state"] for run in runs(workbench)] == ["cancelled"]


def test_a_live_queue_is_paused_and_goes_on(workbench, live):
    assert workbench("queue", "pause").code == 0
    assert "paused" in workbench("queue", "list").err
    time.sleep(1.0)  # what runs goes on to its end
    before = len(settled(workbench))
    time.sleep(1.0)
    after = len(settled(workbench))
    assert workbench("queue", "resume").code == 0

    assert after == before
    assert summary(live)["completed"] == 8


def test_resuming_beside_a_process_tells_what_it_leaves(call, small):
    with small() as fill:
        fill.run("run-1", state="queued", writer="process 1 on host gone")
        fill.run("run-2", state="queued", writer=holder(fill.project.home))
        assert fill.project.scheduler is not None  # it listens from now on

        said = call("queue", "resume")

    assert said.code == 0
    assert "still waiting: run-1;" in said.err


def test_a_resumed_queue_stops_cleanly_and_goes_on(workbench, slow):
    with workbench.started("batch", slow, "board", "--workers", "1") as process:
        assert until(one_has_ended(workbench))
        process.kill()
    before = len(settled(workbench))
    with workbench.started("queue", "resume", "--json") as process:
        assert until(lambda: len(settled(workbench)) > before)
        process.send_signal(signal.SIGINT)
        stopped = summary(process)

    said = workbench("queue", "resume", "--json")

    assert process.returncode == 130
    assert stopped["cancelled"] > 0
    assert said.code == 0, said.err
    assert said.summary["completed"] == 8


def test_a_task_of_a_live_run_goes_first(workbench, live):
    listed = json.loads(workbench("queue", "list", "run-1", "--json").out)
    last = listed["tasks"][-1]

    assert last["status"] == "pending"
    assert workbench("queue", "first", "run-1").code == 0
    said = workbench("queue", "first", last["id"])

    assert said.code == 0, said.err
    out, _ = live.communicate(timeout=60)
    done = [json.loads(line) for line in out.splitlines()]
    order = [e["shot"] for e in done if e.get("status") == "completed" and "id" in e]
    assert order.index(last["shot"]) < len(order) - 1


def test_what_a_live_process_does_not_carry_out_is_told(workbench, live):
    unknown = workbench("queue", "cancel", "run-9")
    retried = workbench("queue", "retry", "run-1")

    assert unknown.code == 2
    assert retried.code == 7
    assert "not part of what is carried out" in retried.err


def test_a_writer_that_answers_nobody_is_named(workbench):
    home = workbench.folder / ".workbench"
    command = [sys.executable, "-c", HOLDS_THE_LOCK, str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "held\n"
            said = workbench("queue", "pause")
        finally:
            process.kill()

    assert said.code == 7
    assert f"process {process.pid}" in said.err
    assert not list((home / "inbox").glob("*"))


@pytest.fixture
def picky(workbench, trusted):
    """The preset `picky`, which fails until there is a file; two shots."""
    trusted("picky", PICKY)
    draw(workbench.folder / "board", "a.png", "b.png")
    wet = workbench.folder / "wet"
    node = Node("mood", "picky", {"file": str(wet)}, name="Mood")
    preset = chain(workbench.folder / "picky.json", node, Node("soft", "blur"))
    assert workbench("batch", preset, "board").code == 4
    return wet


def failures(workbench):
    listed = json.loads(workbench("queue", "list", "run-1", "--json").out)
    return [task for task in listed["tasks"] if task["status"] == "failed"]


def test_the_tasks_of_a_run_are_listed_with_their_errors(workbench, picky):
    first, _ = failures(workbench)

    said = workbench("queue", "list", "run-1").out

    assert (first["node"], first["type"], first["shot"]) == ("Mood", "picky", "a")
    assert "the brush is dry: wet it" in first["error"]
    assert first["id"] in said
    assert "pending" in said


def test_all_that_failed_in_a_run_is_retried(workbench, picky):
    picky.touch()

    said = workbench("queue", "retry", "run-1", "--json")

    assert said.code == 0, said.err
    assert said.summary["completed"] == 2


def test_one_failed_task_is_retried(workbench, picky):
    picky.touch()
    first, _ = failures(workbench)

    said = workbench("queue", "retry", first["id"], "--json")

    assert said.code == 4
    assert (said.summary["completed"], said.summary["failed"]) == (1, 1)
    assert [task["shot"] for task in failures(workbench)] == ["b"]


def test_a_live_run_retries_a_task_and_the_whole(workbench, trusted):
    trusted("picky", PICKY)
    trusted("slow", SLOW)
    draw(workbench.folder / "board", *(f"{n}.png" for n in range(4)))
    wet = workbench.folder / "wet"
    mood = Node("mood", "picky", {"file": str(wet)}, name="Mood")
    wait = Node("wait", "slow", {"seconds": 0.1}, name="Wait")
    preset = chain(workbench.folder / "both.json", mood, wait)
    # the other shots wait for nothing: one that takes long keeps the run alive
    long = ("--set", "Mood.file@3=/", "--set", "Wait.seconds@3=4")
    words = ("batch", preset, "board", "--workers", "2", "--json", *long)

    with workbench.started(*words) as process:
        failed = until(lambda: len(settled(workbench)) >= 3 and failures(workbench))
        wet.touch()
        one = workbench("queue", "retry", failed[0]["id"])
        rest = workbench("queue", "retry", "run-1")
        end = summary(process)

    assert (one.code, rest.code) == (0, 0), one.err + rest.err
    assert end["completed"] == 4
