"""Worker processes: our pool beside pebble and the standard one; prints ratios.

Run it as `python tests/bench/bench_workers.py`; rounds are interleaved and figures are
medians.  Nothing is asserted: a machine under load gives other times.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, wait
from pathlib import Path
from statistics import median
from typing import Any

ROUNDS = 5
WORKERS = 4
SERIAL, BURST = 500, 2000  # calls in a round: one at a time, all at once
REPORTS = 1000
JOBS, SECONDS = 40, 0.25  # of the survival test: 2.5 s on 4 workers

Pool = Any  # an Executor, or pebble's pool, which is submitted to differently
Submit = Callable[..., Any]


def own() -> tuple[Pool, Submit]:
    """Our pool."""
    from nodegraph.workers.pool import WorkerPool

    pool = WorkerPool(WORKERS)
    return pool, pool.submit


def standard() -> tuple[Pool, Submit]:
    """The standard library's pool, spawning like ours."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(WORKERS, mp_context=context)
    return pool, pool.submit


def pebble() -> tuple[Pool, Submit]:
    """The pool of the package `pebble`, spawning like ours."""
    from pebble import ProcessPool

    context = multiprocessing.get_context("spawn")
    pool = ProcessPool(max_workers=WORKERS, context=context)

    def submit(function: Callable[..., Any], *args: Any) -> Any:
        return pool.schedule(function, args=args)

    return pool, submit


POOLS = {"own": own, "pebble": pebble, "standard": standard}


def noop(value: int) -> int:
    return value


def report_many() -> float:
    """Seconds that one report costs the code that makes it."""
    from nodegraph.workers.pool import channel

    way_out = channel()
    began = time.perf_counter()
    for index in range(REPORTS):
        way_out.report((index, 0.5))
    return (time.perf_counter() - began) / REPORTS


def one_at_a_time(submit: Submit) -> float:
    """Seconds for a call that waits for the one before."""
    began = time.perf_counter()
    for index in range(SERIAL):
        submit(noop, index).result()
    return (time.perf_counter() - began) / SERIAL


def all_at_once(submit: Submit) -> float:
    """Seconds a call when all are submitted before the first result is asked for."""
    began = time.perf_counter()
    wait([submit(noop, index) for index in range(BURST)])
    return (time.perf_counter() - began) / BURST


def close(pool: Pool) -> None:
    """Shut a pool down, whichever it is."""
    if isinstance(pool, Executor):
        pool.shutdown()
    else:
        pool.close()
        pool.join()


def calls() -> None:
    """Print what a call that does nothing costs, and the ratio to the standard pool."""
    made = {name: make() for name, make in POOLS.items()}
    for measure in (one_at_a_time, all_at_once):
        costs: dict[str, list[float]] = {name: [] for name in made}
        for _, submit in made.values():
            measure(submit)  # until all processes are there
        for _ in range(ROUNDS):
            for name, (_, submit) in made.items():
                costs[name].append(measure(submit))
        for name, found in costs.items():
            ratio = median(found) / median(costs["standard"])
            say(measure.__name__, name, f"{median(found) * 1e6:7.1f} us  x{ratio:.2f}")
    for pool, _ in made.values():
        close(pool)


def reports() -> None:
    """Print what one report costs: to the worker, and until the pool's user has it."""
    pool, submit = own()
    got: list[Any] = []
    submit(report_many).result()
    inside, outside = [], []
    for _ in range(ROUNDS):
        got.clear()
        began = time.perf_counter()
        inside.append(submit(report_many, report=got.extend).result())
        outside.append((time.perf_counter() - began) / REPORTS)
        assert len(got) == REPORTS
    close(pool)
    say("report", "own", f"{median(inside) * 1e6:7.2f} us in the worker")
    say(
        "report", "own", f"{median(outside) * 1e6:7.2f} us until received, job included"
    )


def sleep_and_tell(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def survival(name: str) -> None:
    """Print how many of 40 jobs finish when one of 4 workers is killed meanwhile."""
    pool, submit = POOLS[name]()
    wait([submit(sleep_and_tell, 0.05) for _ in range(WORKERS * 2)])
    victim = submit(sleep_and_tell, 0.0).result()
    began = time.perf_counter()
    made = [submit(sleep_and_tell, SECONDS) for _ in range(JOBS)]
    time.sleep(1.0)
    os.kill(victim, signal.SIGKILL)
    wait(made)
    seconds = time.perf_counter() - began
    done = sum(job.exception() is None for job in made)
    usable = True
    try:
        submit(noop, 1).result(5)
    except Exception:  # noqa: BLE001 - whatever a broken pool raises
        usable = False
    verdict = "usable" if usable else "broken"
    say("one killed", name, f"{done} of {JOBS} done, {seconds:.2f} s, then {verdict}")
    close(pool)


def orphans(name: str, busy: bool) -> None:
    """Print how many processes are left 3 s after their parent was killed."""
    import psutil

    command = [sys.executable, __file__, "parent", name, "busy" if busy else "idle"]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    parent.stdout.readline()
    children = psutil.Process(parent.pid).children(recursive=True)
    parent.kill()
    parent.wait()
    time.sleep(3.0)
    left = [child for child in children if _runs(child)]
    state = "busy" if busy else "idle"
    say("orphans", name, f"{len(left)} of {len(children)} left, parent killed {state}")
    for child in left:
        child.kill()


def _runs(process: Any) -> bool:
    import psutil

    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def be_parent(name: str, busy: bool) -> None:
    """Hold a pool, idle or busy, until killed."""
    _, submit = POOLS[name]()
    wait([submit(sleep_and_tell, 0.1) for _ in range(WORKERS * 2)])
    if busy:
        _ = [submit(sleep_and_tell, 30.0) for _ in range(WORKERS)]
        time.sleep(0.3)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    time.sleep(60)


def say(what: str, who: str, result: str) -> None:
    """Print one line of the table."""
    print(f"{what:14} {who:10} {result}", flush=True)


def main() -> None:
    """Print all comparisons."""
    calls()
    reports()
    for name in POOLS:
        survival(name)
    for name in POOLS:
        for busy in (True, False):
            orphans(name, busy)


if __name__ == "__main__":
    # Under its own name, so that workers can import what they are to do.
    sys.path.insert(0, str(Path(__file__).parent))
    import bench_workers

    if sys.argv[1:2] == ["parent"]:
        bench_workers.be_parent(sys.argv[2], sys.argv[3] == "busy")
    else:
        bench_workers.main()
