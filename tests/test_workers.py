"""The pool of worker processes: what a job may do, and what nobody else notices of it."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, wait
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
import pytest
import worker_jobs as jobs

from nodegraph.workers.pool import JobError, WorkerDied, WorkerPool, channel

SOON = 30  # seconds after which a test takes something for hung
TESTS = Path(__file__).parent


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    pool = WorkerPool(2)
    yield pool
    pool.shutdown(cancel_futures=True)


def until(happened: Callable[[], Any]) -> None:
    end = time.monotonic() + SOON
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)


def workers() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children()
        if alive(child.pid) and _is_worker(child)
    ]


def _is_worker(child: psutil.Process) -> bool:
    try:
        return "--multiprocessing-fork" in child.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def written_pid(file: Path) -> int:
    until(lambda: file.exists() and file.read_text())
    return int(file.read_text())


def program(tmp_path: Path, body: str, *flags: str) -> "subprocess.Popen[str]":
    """Start a program of its own that uses a pool, as a user's script would."""
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(body))
    return subprocess.Popen(
        [sys.executable, *flags, script, tmp_path],
        env=os.environ | {"PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output(process: "subprocess.Popen[str]") -> tuple[str, str]:
    out, err = process.communicate(timeout=SOON)
    return out, err


# What a job gives


def test_a_job_gives_its_result(pool: WorkerPool) -> None:
    assert pool.submit(jobs.echo, {"a": [1]}).result(SOON) == {"a": [1]}


def test_an_exception_arrives_with_its_traceback(pool: WorkerPool) -> None:
    error = pool.submit(jobs.raise_, KeyError, "nose").exception(SOON)

    assert isinstance(error, KeyError)
    assert error.args == ("nose",)
    assert "in raise_" in str(error.__cause__)


@pytest.mark.parametrize(
    ("error", "args", "type", "message"),
    [
        (jobs.Odd, ("left", "right"), "Odd", "left and right"),
        (jobs.Locked, ("shut",), "Locked", "shut"),
        (jobs.Speechless, (), "Speechless", ""),
        (SystemExit, (3,), "SystemExit", "3"),
        (StopIteration, (), "StopIteration", ""),
        (KeyboardInterrupt, (), "KeyboardInterrupt", ""),
    ],
)
def test_an_exception_that_cannot_travel_arrives_in_words(
    pool: WorkerPool, error: type, args: tuple[Any, ...], type: str, message: str
) -> None:
    arrived = pool.submit(jobs.raise_, error, *args).exception(SOON)

    assert isinstance(arrived, JobError)
    assert (arrived.type, arrived.message) == (type, message)
    assert str(arrived).startswith(type)
    assert "in raise_" in arrived.traceback


def test_a_result_that_cannot_leave_its_worker_is_an_error_naming_the_function(
    pool: WorkerPool,
) -> None:
    error = pool.submit(jobs.a_lock).exception(SOON)

    assert "a_lock() returned cannot leave its worker" in str(error)


def test_a_result_that_cannot_be_read_is_an_error(pool: WorkerPool) -> None:
    error = pool.submit(jobs.unreadable).exception(SOON)

    assert isinstance(error, JobError)
    assert "this class is not known here" in str(error)
    assert pool.submit(jobs.echo, 1).result(SOON) == 1


def test_large_values_go_both_ways(pool: WorkerPool) -> None:
    large = bytes(8_000_000)
    made = [pool.submit(jobs.echo, large) for _ in range(4)]

    assert all(job.result(SOON) == large for job in made)


def test_a_function_that_cannot_be_named_is_an_error_of_its_future(
    pool: WorkerPool,
) -> None:
    assert "lambda" in str(pool.submit(lambda: 1).exception(SOON))
    assert not workers()


def test_running_out_of_memory_is_an_error_like_another(pool: WorkerPool) -> None:
    before = pool.submit(jobs.pid).result(SOON)
    error = pool.submit(jobs.raise_, MemoryError).exception(SOON)

    assert isinstance(error, MemoryError)
    assert pool.submit(jobs.pid).result(SOON) == before


def test_jobs_are_carried_out_in_the_order_they_came(tmp_path: Path) -> None:
    file = tmp_path / "order"
    with WorkerPool(1) as pool:
        for letter in "abcdefgh":
            pool.submit(jobs.note, file, letter)

    assert file.read_text() == "abcdefgh"


def test_it_stands_in_where_an_executor_is_asked_for(pool: WorkerPool) -> None:
    async def main() -> int:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(pool, jobs.echo, 7)

    assert asyncio.run(main()) == 7
    assert list(pool.map(jobs.echo, [1, 2, 3])) == [1, 2, 3]


# Processes


def test_no_process_is_started_before_there_is_a_job() -> None:
    with WorkerPool(2) as pool:
        assert pool.free == 2
        assert not workers()


def test_a_process_is_kept_for_the_next_job(pool: WorkerPool) -> None:
    assert len({pool.submit(jobs.pid).result(SOON) for _ in range(5)}) == 1


def test_processes_can_be_started_ahead_but_no_more_than_allowed(
    pool: WorkerPool,
) -> None:
    pool.prestart(5)

    until(lambda: len(workers()) == 2)
    assert {pool.submit(jobs.pid).result(SOON)} < {child.pid for child in workers()}
    assert len(workers()) == 2


def test_free_counts_what_would_not_have_to_wait(
    pool: WorkerPool, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    waiting = []
    counts = [pool.free]
    for _ in range(3):
        waiting.append(pool.submit(jobs.wait_for, gate))
        counts.append(pool.free)
    gate.touch()
    wait(waiting, SOON)

    assert counts == [2, 1, 0, 0]
    assert pool.free == 2


def test_workers_yield_to_the_window_and_share_the_cores() -> None:
    with WorkerPool(2, nice=5, warm=("json.tool", "no_such_module")) as pool:
        found = pool.submit(jobs.surroundings).result(SOON)

    assert found["nice"] == min(19, os.nice(0) + 5)
    assert found["threads"] == str(max(1, (os.cpu_count() or 1) // 2))
    assert found["cv2"] == found["threads"]
    assert "json.tool" in found["modules"]
    assert not {"numpy", "cv2", "typer", "pytest"} & found["modules"]


def test_workers_never_run_the_main_module_again(tmp_path: Path) -> None:
    out, err = output(
        program(
            tmp_path,
            """
            print("main")
            import worker_jobs
            from nodegraph.workers.pool import WorkerPool
            with WorkerPool(2) as pool:
                print(pool.submit(worker_jobs.echo, "worked").result())
            """,
        )
    )

    assert (out, err) == ("main\nworked\n", "")


def test_what_a_worker_prints_goes_to_standard_error(tmp_path: Path) -> None:
    out, err = output(
        program(
            tmp_path,
            """
            import worker_jobs
            from nodegraph.workers.pool import WorkerPool
            with WorkerPool(1) as pool:
                pool.submit(worker_jobs.print_loudly).result()
            """,
        )
    )

    assert out == ""
    for words in ("from python", "from the descriptor", "from C", "from a child"):
        assert words in err


# Deaths


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("segfault", "segmentation fault"),
        ("kill_self", "killed (often: out of memory)"),
        ("exit_3", "exited with code 3"),
        ("terminate_self", "ended by another program"),
        ("lose_connection", "closed its connection"),
    ],
)
def test_a_worker_that_dies_disturbs_nobody_and_says_why(
    pool: WorkerPool, tmp_path: Path, how: str, reason: str
) -> None:
    gate = tmp_path / "gate"
    neighbour = pool.submit(jobs.wait_for, gate)
    victim = pool.submit(jobs.die_on_step, 3, how)
    queued = pool.submit(jobs.echo, "after")

    error = victim.exception(SOON)
    assert isinstance(error, WorkerDied)
    assert (error.reason, error.step) == (reason, 3)
    assert reason in str(error)
    assert queued.result(SOON) == "after"
    assert not neighbour.done()
    gate.touch()
    assert neighbour.result(SOON) == "seen"


def test_a_program_that_a_job_left_running_does_not_hide_its_death(
    pool: WorkerPool, tmp_path: Path
) -> None:
    error = pool.submit(jobs.leave_a_child_and_die, tmp_path / "pid").exception(SOON)
    os.kill(written_pid(tmp_path / "pid"), signal.SIGKILL)

    assert isinstance(error, WorkerDied)
    assert error.reason == "killed (often: out of memory)"


@pytest.mark.parametrize("how", ["sleep_in_python", "sleep_in_c", "spin"])
def test_a_job_past_its_deadline_is_killed(
    pool: WorkerPool, tmp_path: Path, how: str
) -> None:
    error = pool.submit(jobs.late, how, tmp_path / "pid").exception(SOON)

    assert isinstance(error, WorkerDied)
    assert (error.reason, error.step) == ("ran over its deadline of 0.2 s", 3)
    assert not alive(written_pid(tmp_path / "pid"))
    assert pool.submit(jobs.echo, "after").result(SOON) == "after"


def test_a_deadline_ends_with_its_job(pool: WorkerPool) -> None:
    first = pool.submit(jobs.in_time).result(SOON)

    assert first == "done"
    assert pool.submit(jobs.sleep_in_python, 0.3).exception(SOON) is None


def test_a_death_before_any_step_counts_against_the_first(pool: WorkerPool) -> None:
    pool.submit(jobs.die_on_step, 3, "echo").result(SOON)
    error = pool.submit(jobs.kill_self).exception(SOON)

    assert isinstance(error, WorkerDied)
    assert error.step == 0


def test_the_place_of_a_dead_worker_is_taken_by_a_new_one(pool: WorkerPool) -> None:
    deaths = [pool.submit(jobs.kill_self) for _ in range(6)]
    wait(deaths, SOON)

    assert all(isinstance(death.exception(), WorkerDied) for death in deaths)
    assert pool.free == 2
    assert pool.submit(jobs.echo, "after").result(SOON) == "after"


def test_an_idle_worker_may_die_unnoticed(pool: WorkerPool) -> None:
    for _ in range(20):
        os.kill(pool.submit(jobs.pid).result(SOON), signal.SIGKILL)

    assert pool.submit(jobs.echo, "after").result(SOON) == "after"


def test_an_idle_worker_that_died_is_replaced_only_when_there_is_work(
    pool: WorkerPool,
) -> None:
    pool.prestart(2)
    wait([pool.submit(jobs.sleep_in_python, 0.3) for _ in range(2)], SOON)
    for worker in workers():
        worker.kill()
    until(lambda: not workers())
    time.sleep(0.3)

    assert not workers()
    assert pool.submit(jobs.echo, "after").result(SOON) == "after"


def test_workers_that_cannot_start_fail_the_jobs_instead_of_starting_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deadly.py").write_text("import os; os._exit(9)")
    monkeypatch.syspath_prepend(tmp_path)
    with WorkerPool(2, warm=("deadly",)) as pool:
        error = pool.submit(jobs.echo).exception(SOON)

    assert "no process can be started: exited with code 9" in str(error)


def test_a_system_that_allows_no_process_fails_the_jobs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(**_: Any) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("nodegraph.workers.pool.start", refuse)
    with WorkerPool(2) as pool:
        made = [pool.submit(jobs.echo) for _ in range(2)]
        errors = [str(job.exception(SOON)) for job in made]

    assert all("no process can be started" in error for error in errors)
    assert all("Too many open files" in error for error in errors)


@pytest.mark.skipif(sys.platform == "win32", reason="keeps no traceback of a crash")
def test_a_crash_leaves_its_place_to_be_read_and_the_terminal_clean(
    tmp_path: Path,
) -> None:
    out, err = output(
        program(
            tmp_path,
            """
            import worker_jobs
            from nodegraph.workers.pool import WorkerPool
            with WorkerPool(1) as pool:
                print(pool.submit(worker_jobs.segfault).exception().last_words)
            """,
            "-X",
            "dev",
        )
    )

    assert "worker_jobs.py" in out
    assert "in segfault" in out
    assert err == ""


def test_ctrl_c_is_for_the_parent_alone(pool: WorkerPool) -> None:
    assert pool.submit(jobs.interrupt_self).result(SOON) == "still here"


@pytest.mark.skipif(sys.platform == "win32", reason="has no process groups like these")
def test_ctrl_c_while_workers_start_kills_none_and_prints_nothing(
    tmp_path: Path,
) -> None:
    out, err = output(
        program(
            tmp_path,
            """
            import os, signal, time, worker_jobs
            from nodegraph.workers.pool import WorkerPool
            os.setpgid(0, 0)
            signal.signal(signal.SIGINT, lambda *_: None)
            with WorkerPool(2) as pool:
                made = [pool.submit(worker_jobs.echo, i) for i in range(2)]
                while not all(job.done() for job in made):
                    os.killpg(0, signal.SIGINT)
                    time.sleep(0.002)
                print([job.result() for job in made])
            """,
        )
    )

    assert (out, err) == ("[0, 1]\n", "")


# Reports


def test_reports_arrive_in_order_and_before_the_result(pool: WorkerPool) -> None:
    got: list[Any] = []
    job = pool.submit(jobs.report_all, list(range(1000)), report=got.extend)
    seen: list[int] = []
    job.add_done_callback(lambda _: seen.append(len(got)))

    assert job.result(SOON) == "reported"
    until(lambda: seen)
    assert seen == [1000]
    assert got == list(range(1000))


def test_reports_arrive_even_before_submitting_is_over(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Connection.send_bytes

    def slow(self: Connection, data: bytes) -> None:
        send(self, data)
        time.sleep(0.02)  # the worker is done by now

    pool.submit(jobs.echo).result(SOON)
    monkeypatch.setattr(Connection, "send_bytes", slow)
    got: list[Any] = []
    for i in range(5):
        pool.submit(jobs.report_all, [i], report=got.extend).result(SOON)

    assert got == list(range(5))


def test_a_report_is_what_it_was_when_it_was_made(pool: WorkerPool) -> None:
    got: list[Any] = []
    pool.submit(jobs.report_changing, report=got.extend).result(SOON)

    assert got == [[1]]


def test_a_report_that_cannot_be_sent_is_an_error_of_its_job(pool: WorkerPool) -> None:
    error = pool.submit(jobs.report_a_lock, report=print).exception(SOON)

    assert isinstance(error, TypeError)
    assert "in report_a_lock" in str(error.__cause__)


def test_a_report_that_cannot_be_read_ends_its_job(pool: WorkerPool) -> None:
    error = pool.submit(jobs.report_unreadable, report=print).exception(SOON)

    assert isinstance(error, WorkerDied)
    assert "cannot be read" in error.reason
    assert pool.submit(jobs.echo, "after").result(SOON) == "after"


def test_reports_sent_before_a_death_arrive(pool: WorkerPool, tmp_path: Path) -> None:
    got: list[Any] = []
    job = pool.submit(jobs.report_then_die, tmp_path / "go", report=got.extend)
    until(lambda: got)
    (tmp_path / "go").touch()

    assert isinstance(job.exception(SOON), WorkerDied)
    assert got == ["before"]


def test_no_report_arrives_after_the_end(pool: WorkerPool) -> None:
    got: list[Any] = []
    job = pool.submit(jobs.report_too_late, report=got.extend)
    at_end: list[int] = []
    job.add_done_callback(lambda _: at_end.append(len(got)))
    job.result(SOON)
    time.sleep(0.1)  # the job's thread goes on reporting

    assert at_end == [len(got)]


def test_a_listener_that_fails_disturbs_nobody(
    pool: WorkerPool, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: list[Any]) -> None:
        raise RuntimeError("not now")

    assert pool.submit(jobs.report_all, [1], report=fail).result(SOON) == "reported"
    assert "not now" in caplog.text


def test_outside_a_worker_the_channel_leads_nowhere() -> None:
    channel().report(object())
    channel().step(1, 0.0)

    assert channel().cancelled() is False


# Cancelling


def test_a_waiting_job_is_cancelled_at_once(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with WorkerPool(1) as pool:
        running = pool.submit(jobs.wait_for, gate)
        waiting = pool.submit(jobs.note, tmp_path / "note", "x")
        stopped = waiting.cancel()
        gate.touch()

    assert stopped
    assert waiting.cancelled()
    assert running.result(SOON) == "seen"
    assert not (tmp_path / "note").exists()


def test_a_running_job_that_listens_stops_and_its_process_lives(
    tmp_path: Path,
) -> None:
    with WorkerPool(1) as pool:
        job = pool.submit(jobs.until_cancelled, tmp_path / "pid")
        pid = written_pid(tmp_path / "pid")
        stopped = job.cancel()

        assert stopped
        with pytest.raises(CancelledError):
            job.result(SOON)
        assert job.cancelled()
        assert pool.submit(jobs.pid).result(SOON) == pid


def test_a_running_job_that_does_not_listen_is_killed(
    pool: WorkerPool, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    neighbour = pool.submit(jobs.wait_for, gate)
    job = pool.submit(jobs.deaf, tmp_path / "pid")
    pid = written_pid(tmp_path / "pid")
    job.cancel()

    with pytest.raises(CancelledError):
        job.result(SOON)
    assert not alive(pid)
    assert pool.submit(jobs.echo, "after").result(SOON) == "after"
    assert not neighbour.done()
    gate.touch()
    assert neighbour.result(SOON) == "seen"


def test_a_request_to_stop_is_for_one_job_only(tmp_path: Path) -> None:
    with WorkerPool(1) as pool:
        first = pool.submit(jobs.until_cancelled, tmp_path / "first")
        written_pid(tmp_path / "first")
        first.cancel()
        second = pool.submit(jobs.until_cancelled, tmp_path / "second")
        written_pid(tmp_path / "second")
        time.sleep(0.1)

        assert second.running()
        second.cancel()
        wait([second], SOON)
        assert second.cancelled()


def test_a_job_that_has_ended_cannot_be_cancelled(pool: WorkerPool) -> None:
    job = pool.submit(jobs.echo, 1)
    job.result(SOON)

    assert job.cancel() is False
    assert job.result() == 1


# Endings


def test_shutting_down_carries_out_what_was_submitted(tmp_path: Path) -> None:
    pool = WorkerPool(2)
    made = [pool.submit(jobs.echo, i) for i in range(20)]
    pool.shutdown()

    assert [job.result(0) for job in made] == list(range(20))
    assert not workers()


@pytest.mark.parametrize("how", ["sleep_in_python", "sleep_in_c", "spin"])
def test_shutting_down_with_cancel_waits_for_no_job(how: str) -> None:
    pool = WorkerPool(2)
    made = [pool.submit(getattr(jobs, how)) for _ in range(4)]
    until(lambda: made[0].running())
    pool.shutdown(cancel_futures=True)

    assert all(job.cancelled() for job in made)
    assert not workers()


def test_a_pool_that_is_shut_down_takes_no_job() -> None:
    pool = WorkerPool(1)
    pool.shutdown()
    pool.shutdown()

    with pytest.raises(RuntimeError, match="shut down"):
        pool.submit(jobs.echo)


def test_a_pool_may_be_shut_down_from_a_callback() -> None:
    pool = WorkerPool(1)
    job = pool.submit(jobs.echo, 1)
    job.add_done_callback(lambda _: pool.shutdown(cancel_futures=True))

    assert job.result(SOON) == 1
    until(lambda: not workers())


def test_a_pool_of_none_is_refused() -> None:
    with pytest.raises(ValueError, match="allow 1 worker or more"):
        WorkerPool(0)


@pytest.mark.skipif(sys.platform == "win32", reason="counts handles, not files")
def test_a_pool_leaves_no_file_and_no_thread_behind() -> None:
    def live_and_die() -> tuple[int, int]:
        pool = WorkerPool(2)
        wait([pool.submit(jobs.kill_self), pool.submit(jobs.echo)], SOON)
        pool.submit(jobs.echo).result(SOON)
        pool.shutdown()
        return psutil.Process().num_fds(), threading.active_count()

    first = live_and_die()

    assert live_and_die() == first


@pytest.mark.parametrize("how", ["echo", "sleep_in_c", "kill_self"])
def test_a_program_ends_cleanly_without_shutting_down(tmp_path: Path, how: str) -> None:
    process = program(
        tmp_path,
        f"""
        import time, worker_jobs
        from nodegraph.workers.pool import WorkerPool
        pool = WorkerPool(2)
        jobs = [pool.submit(worker_jobs.{how}) for _ in range(3)]
        while not jobs[0].running() and not jobs[0].done():
            time.sleep(0.001)
        """,
        "-X",
        "dev",
        "-W",
        "error",
    )

    assert output(process) == ("", "")
    assert process.returncode == 0


@pytest.mark.parametrize("how", ["sleep_in_python", "spin", "sleep_in_c"])
def test_no_worker_outlives_a_killed_parent(tmp_path: Path, how: str) -> None:
    process = program(
        tmp_path,
        f"""
        import os, pathlib, signal, sys, time, worker_jobs
        from nodegraph.workers.pool import WorkerPool
        pool = WorkerPool(3)
        idle = [pool.submit(worker_jobs.pid) for _ in range(20)]
        print(*{{job.result() for job in idle}})
        file = pathlib.Path(sys.argv[1]) / "pid"
        busy = pool.submit(worker_jobs.alone, file, "{how}")
        while not (file.exists() and file.read_text()):
            time.sleep(0.005)
        time.sleep(0.1)
        print(*[w.process.pid for w in pool._workers], flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    out, _ = output(process)
    pids = {int(word) for word in out.split()}

    assert pids
    until(lambda: not any(alive(pid) for pid in pids))


@pytest.mark.parametrize("how", ["sleep_in_python", "spin"])
def test_a_worker_sees_its_parent_die_without_the_kernels_help(
    tmp_path: Path, how: str
) -> None:
    process = program(
        tmp_path,
        f"""
        import os, pathlib, signal, sys, time, worker_jobs
        from nodegraph.workers.pool import WorkerPool
        file = pathlib.Path(sys.argv[1]) / "pid"
        WorkerPool(1).submit(worker_jobs.without_kernel_help, file, "{how}")
        while not (file.exists() and file.read_text()):
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    output(process)

    until(lambda: not alive(written_pid(tmp_path / "pid")))
