"""A project opened, run, stopped, asked by others, and opened again."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from studio import PATIENCE, Studio, carry_out, chain, soft

import nodegraph.project
from nodegraph.graph import Node
from nodegraph.inbox import ask
from nodegraph.journal.lock import Locked
from nodegraph.lineage import Asset, Queue, Run, Settled, Status
from nodegraph.place import NoProjectError
from nodegraph.project import Live, Project
from nodegraph.results.exports import Exporter
from nodegraph.results.manifest import ManifestError
from nodegraph.scheduler.running import Event, ShotEvent, TaskEvent
from nodegraph.workers.pool import WorkerPool

GATE = """
import time
from pathlib import Path
from nodegraph import Context, Image, node

@node(category="Own")
def gate(context: Context, image: Image, folder: str = "", wait: bool = True) -> Image:
    "Wait until a file is there."
    Path(folder, "waiting").touch()
    for _ in range(3000):
        if not wait or Path(folder, "open").exists():
            return image
        context.check()
        time.sleep(0.01)
    raise ValueError("nobody opened the gate")
"""


def quiet(event: Event) -> None:
    pass


def until(said: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not said():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


@pytest.fixture
def board(studio: Studio) -> Studio:
    """Three panels."""
    for number in (1, 2, 3):
        studio.draw(f"p-{number}.png", number)
    return studio


@pytest.fixture
def gated(board: Studio) -> Studio:
    """A node that waits for a file."""
    board.node_file(GATE)
    return board


def gate(studio: Studio, **settings: Any) -> Any:
    told = {"folder": str(studio.folder), **settings}
    return chain(Node("gate", "gate", told, name="Gate"), name="gated")


def open_gate(studio: Studio) -> None:
    (studio.folder / "open").touch()


def started(studio: Studio, project: Project, preset: Any, **asked: Any) -> Live:
    return project.start(project.prepare(studio.request(preset, **asked), quiet))


def waiting(studio: Studio, project: Project, **asked: Any) -> Live:
    """A run that stands at the gate."""
    live = started(studio, project, gate(studio), **asked)
    until((studio.folder / "waiting").exists)
    return live


def run_of(project: Project, id_: str = "run-1") -> Run:
    run = project.store.get(Run, id_)
    assert run is not None
    return run


# opening ----------------------------------------------------------------------------


def test_reading_needs_a_project_and_makes_none(tmp_path: Path) -> None:
    with pytest.raises(NoProjectError, match="--project"):
        Project(tmp_path, write=False)

    assert list(tmp_path.iterdir()) == []


def test_a_second_writer_is_refused_and_the_first_goes_on(board: Studio) -> None:
    with board.opened() as project:
        with pytest.raises(Locked):
            Project(board.folder, write=True)
        assert carry_out(project, board.request(soft())).executed == 3


def test_others_read_beside_the_writer(gated: Studio) -> None:
    with gated.opened() as project:
        live = waiting(gated, project)
        with gated.opened(write=False) as reader:
            assert run_of(reader).state == "queued"
            assert run_of(reader).writer
        open_gate(gated)
        live.done.result(PATIENCE)

    with gated.opened(write=False) as reader:
        assert run_of(reader).state == "finished"
        assert run_of(reader).writer == ""


def test_records_can_lie_elsewhere(board: Studio, tmp_path: Path) -> None:
    with Project(board.folder, write=True, home=tmp_path / "records") as project:
        carry_out(project, board.request(soft()))

    assert not (board.folder / ".workbench").exists()
    assert (tmp_path / "records/journal").exists()


def test_a_board_is_known_by_its_place_in_the_project(
    board: Studio, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(board.folder)
    (board.folder / "away").symlink_to(tmp_path / "far")
    with board.opened() as project:
        assert project.board_id(board.folder / "board") == "board"
        assert project.board_id(board.folder / "x/../board") == "board"
        assert project.board_id(tmp_path / "link/board") == "board"
        assert project.board_id(board.folder / "away") == "away"
        assert project.board_id(tmp_path / "far/../far") == str(tmp_path / "far")
        assert project.board_id(board.folder) == "."


def test_results_go_to_a_folder_named_after_the_preset(board: Studio) -> None:
    with board.opened() as project:
        assert project.out("a/b") == board.folder / "out/a_b"


# running ----------------------------------------------------------------------------


def test_a_run_says_what_happens_and_counts_it(board: Studio) -> None:
    events: list[Event] = []
    with board.opened() as project:
        prepared = project.prepare(board.request(soft()), events.append)
        live = project.start(prepared)
        assert project.live == {"run-1": live} or live.done.done()
        rows = live.done.result(PATIENCE)
        assert project.live == {}

    ended = [e for e in events if isinstance(e, TaskEvent) and e.status == "completed"]
    assert len(ended) == len(rows) == 3
    assert len([e for e in events if isinstance(e, ShotEvent)]) == 3
    assert live.counts == {"executed": 3, "cached": 0}


def test_two_runs_at_once_both_end(board: Studio) -> None:
    with board.opened() as project:
        lives = [
            started(board, project, soft(radius, name=f"look{radius:g}"))
            for radius in (1.0, 2.0)
        ]
        rows = [live.done.result(PATIENCE) for live in lives]

    assert [len(each) for each in rows] == [3, 3]
    names = {row.file.name for each in rows for row in each}
    assert len(names) == 6


def test_two_runs_of_the_same_work_do_it_once(board: Studio) -> None:
    with board.opened() as project:
        lives = [started(board, project, soft(), match=m) for m in ((), ("p-*",), ())]
        all_, other, same = (live.done.result(PATIENCE) for live in lives)
        assert project.store.count(Settled) == 3

    assert lives[0] is lives[2] or lives[0].done.done()
    assert all_ == other == same


def test_runs_that_export_the_same_at_once_write_it_once(
    board: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever comes first: the other finds its file."""
    both, came = threading.Barrier(2), set()
    real = Exporter._claim

    def together(self: Exporter, *rest: Any) -> Any:
        if rest[-1].name == "p-1" and self.run not in came:
            came.add(self.run)
            both.wait(PATIENCE)
        return real(self, *rest)

    monkeypatch.setattr(Exporter, "_claim", together)
    (board.folder / "board/p-2.png").unlink()
    with board.opened() as project:
        lives = [started(board, project, soft(), match=m) for m in (("p-1",), ())]
        rows = [live.done.result(PATIENCE) for live in lives]

    assert rows[0][0] == rows[1][0]
    assert len(board.takes("p-1")) == 1
    assert sorted(path.name for path in (board.folder / "out/look").iterdir()) == [
        "manifest.json",
        "p-1_look_v001.png",
        "p-3_look_v001.png",
    ]


def test_a_run_that_is_on_is_not_started_twice(gated: Studio) -> None:
    with gated.opened() as project:
        live = waiting(gated, project)
        assert started(gated, project, gate(gated)) is live
        open_gate(gated)
        live.done.result(PATIENCE)


def test_an_export_that_breaks_ends_the_run_with_its_error(
    board: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a slip of ours")

    with board.opened() as project:
        monkeypatch.setattr(Exporter, "_row_of", broken)
        live = started(board, project, soft())

        with pytest.raises(ZeroDivisionError, match="a slip of ours"):
            live.done.result(PATIENCE)
        assert project.live == {}
        monkeypatch.undo()
        assert carry_out(project, board.request(soft())).files


def test_a_full_disk_fails_the_shots_and_says_what_helps(
    board: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nodegraph.results import exports

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exports, "write_new", full)

    ran = board.run(soft())

    assert [row.status for row in ran.rows] == [Status.FAILED] * 3
    for row in ran.rows:
        assert "No space left on device" in row.error
        assert str(board.folder / "out/look") in row.error
        assert "make room" in row.error
    with board.opened(write=False) as project:
        assert run_of(project).counts == {"failed": 3}


def test_a_manifest_that_cannot_be_written_ends_the_run_that_is_recorded(
    board: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nodegraph.results import manifest

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(manifest, "write_whole", full)
    with board.opened() as project:
        live = started(board, project, soft())
        with pytest.raises(ManifestError, match=r"manifest\.json.*make room"):
            live.done.result(PATIENCE)
        assert run_of(project).state == "finished"


def test_an_interrupted_run_keeps_what_is_done_and_goes_on(gated: Studio) -> None:
    preset = gate(gated, wait=False)
    with gated.opened() as project:
        live = started(gated, project, preset, sets=["Gate.wait@p-2=yes"])
        until((gated.folder / "out/gated/p-1_gated_v001.png").exists)
        live.interrupt()
        open_gate(gated)  # a thread, unlike a process, cannot be ended
        rows = live.done.result(PATIENCE)
        run = run_of(project)

    assert [row.status for row in rows] == [
        Status.COMPLETED,
        Status.CANCELLED,
        Status.CANCELLED,
    ]
    assert (run.state, run.writer) == ("queued", "")
    assert run.counts == {"completed": 1, "cancelled": 2}
    with gated.opened() as project:
        live = project.resume(run_of(project), quiet)
        rows = live.done.result(PATIENCE)
        assert run_of(project).state == "finished"
        assert run_of(project).counts == {"completed": 3}
    assert live.counts == {"executed": 2, "cached": 1}
    assert [row.status for row in rows] == [Status.COMPLETED] * 3


def test_closing_ends_a_run_at_once_and_loses_nothing(gated: Studio) -> None:
    project = Project(gated.folder, write=True)
    live = waiting(gated, project)
    threading.Timer(0.2, open_gate, (gated,)).start()  # the thread cannot be killed

    project.close()

    assert live.done.done()
    with pytest.raises(CancelledError):
        live.done.result()
    with gated.opened() as project:
        assert run_of(project).state == "queued"
        assert len(carry_out(project, gated.request(gate(gated))).files) == 3
        assert run_of(project).state == "finished"


def test_closing_waits_for_the_files_that_are_being_written(
    board: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on = threading.Event(), threading.Event()
    real = Exporter._export

    def slow(self: Exporter, *rest: Any) -> Path | None:
        began.set()
        go_on.wait(PATIENCE)
        return real(self, *rest)

    monkeypatch.setattr(Exporter, "_export", slow)
    project = Project(board.folder, write=True)
    live = started(board, project, soft())
    assert began.wait(PATIENCE)
    threading.Timer(0.2, go_on.set).start()

    project.close()

    assert live.done.done()
    assert not [row for rows in live.rows.values() for row in rows if row.error]


def test_closing_twice_or_unused_is_nothing(board: Studio) -> None:
    project = Project(board.folder, write=True)
    project.close()
    project.close()

    with board.opened():
        pass


# the queue --------------------------------------------------------------------------


def test_other_processes_are_answered_while_a_run_is_on(gated: Studio) -> None:
    inbox = gated.folder / ".workbench/inbox"
    with gated.opened() as project:
        live = waiting(gated, project)
        assert ask(inbox, {"verb": "pause"}, PATIENCE) == {"ok": True}
        assert project.scheduler.paused
        assert ask(inbox, {"verb": "first", "id": "run-1"}, PATIENCE) == {"ok": True}
        assert ask(inbox, {"verb": "first", "id": "none"}, PATIENCE) == {"ok": False}
        assert ask(inbox, {"verb": "dance"}, PATIENCE) == {"ok": False}
        assert ask(inbox, {"verb": "resume"}, PATIENCE) == {"ok": True}
        answer = ask(inbox, {"verb": "cancel", "id": "run-1"}, PATIENCE)
        open_gate(gated)
        rows = live.done.result(PATIENCE)

        assert answer == {"ok": True}
        assert {row.status for row in rows} == {Status.CANCELLED}
        assert run_of(project).state == "cancelled"
        assert run_of(project).counts == {"cancelled": 3}


def test_a_pause_outlasts_the_process(board: Studio) -> None:
    with board.opened() as project:
        project.set_paused(True)
    with board.opened() as project:
        assert project.queue == Queue(paused=True)
        live = started(board, project, soft())
        time.sleep(0.05)
        assert not live.done.done()

        project.set_paused(False)
        assert len(live.done.result(PATIENCE)) == 3
        assert project.queue == Queue()


def test_what_happened_to_a_run_meanwhile_is_not_undone_by_its_end(
    gated: Studio,
) -> None:
    with gated.opened() as project:
        live = waiting(gated, project)
        with project.store.record():
            project.store.put(replace(run_of(project), place=-7.0))
        open_gate(gated)
        live.done.result(PATIENCE)

        assert run_of(project).place == -7.0
        assert run_of(project).state == "finished"


def recorded(board: Studio, project: Project, *states: str) -> None:
    run = project.prepare(board.request(soft()), quiet).job.run
    with project.store.record():
        for number, state in enumerate(states, 1):
            project.store.put(
                replace(run, id=f"run-{number}", state=state, place=float(number))
            )


def test_an_unfinished_run_can_be_cancelled_and_put_first(board: Studio) -> None:
    with board.opened() as project:
        recorded(board, project, "queued", "finished", "queued", "cancelled")

        assert project.put_first("run-3")
        assert run_of(project, "run-3").place < run_of(project, "run-1").place
        assert project.put_first("run-3")
        assert not project.put_first("run-2")
        assert project.cancel_recorded("run-1")
        assert not project.cancel_recorded("run-1")
        assert not project.cancel_recorded("run-2")
        assert not project.cancel_recorded("run-9")
        states = [run.state for run in project.store.all(Run)]
    assert states == ["cancelled", "finished", "queued", "cancelled"]


def test_asking_for_a_cancelled_run_again_queues_it(board: Studio) -> None:
    with board.opened() as project:
        recorded(board, project, "cancelled")

        ran = carry_out(project, board.request(soft()))

        assert ran.run == "run-1"
        assert run_of(project).state == "finished"


def test_a_failure_can_be_forgotten_but_no_result(board: Studio) -> None:
    crop = chain(Node("c", "crop", {"mode": "pixels", "x": 99}, name="Crop"))
    with board.opened() as project:
        good = carry_out(project, board.request(soft()))
        bad = carry_out(project, board.request(crop))

        assert project.forget_failure(good.rows[0].asset) is None
        assert project.forget_failure("none") is None
        ended = project.forget_failure(bad.rows[0].asset)
        again = carry_out(project, board.request(crop))

    assert ended is not None and ended.status is Status.FAILED
    assert again.cached == 0
    assert [row.status for row in again.rows] == [Status.FAILED] * 3


# files ------------------------------------------------------------------------------


def test_a_result_whose_picture_is_gone_is_made_again(board: Studio) -> None:
    first = board.run(soft())
    with board.opened() as project:
        asset = project.store.asset(first.rows[0].asset)
        assert asset is not None and project.files.has(asset)
        project.media.remove(asset.sha256, asset.suffix)
        first.rows[0].file.unlink()

    again = board.run(soft())

    assert (again.executed, again.cached) == (1, 2)
    assert again.files == first.files


def test_the_way_to_a_picture_is_made_again_where_it_was_cleared_away(
    board: Studio,
) -> None:
    two = chain(
        Node("one", "blur", {"radius": 1.0}, name="One"),
        Node("two", "blur", {"radius": 2.0}, name="Two"),
    )
    first = board.run(two)
    with board.opened() as project:
        for asset in list(project.store.all(Asset)):
            if asset.suffix == ".frame":
                project.media.remove(asset.sha256, asset.suffix)
    known = board.run(two)
    more = chain(*(two.graph.nodes[id_] for id_ in ("one",)), name="other")

    other = board.run(more)

    assert (known.executed, known.cached) == (0, 6)
    assert known.rows == first.rows
    assert other.executed == 3


# the real thing ---------------------------------------------------------------------


def test_a_board_runs_on_real_worker_processes(
    board: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodegraph.project, "WorkerPool", WorkerPool)
    with board.opened() as project:
        project.workers = 1
        first = carry_out(project, board.request(soft(), sets=["Soft.radius@p-2=3"]))

    with board.opened() as project:
        project.workers = 1
        again = carry_out(project, board.request(soft()))

    assert (first.executed, again.executed, again.cached) == (3, 0, 3)
    assert first.files == again.files == [f"p-{n}_look_v001.png" for n in (1, 2, 3)]
