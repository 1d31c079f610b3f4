"""What a node costs besides its own work: our engine beside plain pools; ratios.

Run it as `python tests/bench/bench_nodes.py`.  A layered graph of 1,000 nodes that add
numbers goes through the real scheduler and worker processes, its lineage on the disk,
beside the standard pool and Dask with one task a node, which record nothing.  Rounds
are interleaved and figures are medians.  Nothing is asserted.
"""

import asyncio
import logging
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

ROUNDS = 5
NODES, WIDTH = 1000, 10
CHAIN = 10_000
WORKERS = min(4, os.cpu_count() or 1)

NODE_FILE = '''
from nodegraph import node


@node("Bench")
def number(value: float = 0.0) -> float:
    """Give a number."""
    return value


@node("Bench")
def add(a: float = 0.0, b: float = 0.0, offset: float = 0.0) -> float:
    """Give a sum."""
    return a + b + offset
'''


def number(value: float) -> float:
    return value


def add(a: float, b: float, offset: float) -> float:
    return a + b + offset


def layered(count: int, salt: float) -> list[tuple[tuple[int, ...], float]]:
    """For each node the nodes it adds up, and the offset it adds."""
    found: list[tuple[tuple[int, ...], float]] = []
    for index in range(count):
        layer, column = divmod(index, WIDTH)
        below = (layer - 1) * WIDTH
        needs = (below + column, below + (column + 1) % WIDTH) if layer else ()
        found.append((needs, index + salt))
    return found


def chained(count: int, salt: float) -> list[tuple[tuple[int, ...], float]]:
    """Each node adds to the one before."""
    return [((i - 1,) if i else (), i + salt) for i in range(count)]


def graph_of(nodes: list[tuple[tuple[int, ...], float]]) -> Any:
    """The same as a graph of ours."""
    from nodegraph.graph import Edge, Endpoint, Graph, Node

    made, edges = [], []
    for index, (needs, offset) in enumerate(nodes):
        type_, setting = ("add", "offset") if needs else ("number", "value")
        made.append(Node(f"n{index}", type_, {setting: offset}))
        for port, need in zip("ab", needs, strict=False):
            source = Endpoint(f"n{need}", "result")
            edges.append(Edge(source, Endpoint(f"n{index}", port)))
    return Graph.of(made, edges)


@contextmanager
def ours() -> Iterator[Callable[[Any], tuple[float, float]]]:
    """A project of ours with warm workers; gives seconds of planning and of the run."""
    from nodegraph import trust
    from nodegraph.batch import Request
    from nodegraph.preset.file import Preset
    from nodegraph.project import Project

    with tempfile.TemporaryDirectory() as folder:
        os.environ["WORKBENCH_CONFIG"] = str(Path(folder, "configuration"))
        Path(folder, "custom_nodes").mkdir()
        Path(folder, "custom_nodes", "bench.py").write_text(NODE_FILE)
        trust.trust(Path(folder))
        with Project(Path(folder), write=True) as project:

            def run(nodes: Any) -> tuple[float, float]:
                graph = graph_of(nodes)
                began = time.perf_counter()
                request = Request(Preset(graph, "bench"))
                prepared = project.prepare(request, lambda event: None)
                planned = time.perf_counter()
                live = project.start(prepared)
                rows = live.done.result()
                assert all(row.status == "completed" for row in rows)
                assert live.counts["executed"] == len(nodes)
                return planned - began, time.perf_counter() - planned

            run(layered(WIDTH, -0.5))
            yield run


async def _through_pool(pool: ProcessPoolExecutor, nodes: Any) -> None:
    loop = asyncio.get_running_loop()
    results: list[asyncio.Task[float]] = []

    async def one(needs: tuple[int, ...], offset: float) -> float:
        values = [await results[need] for need in needs]
        if not values:
            return await loop.run_in_executor(pool, number, offset)
        return await loop.run_in_executor(pool, add, values[0], values[-1], offset)

    for needs, offset in nodes:
        results.append(asyncio.create_task(one(needs, offset)))
    await asyncio.gather(*results)


@contextmanager
def standard() -> Iterator[Callable[[Any], float]]:
    """The standard process pool, one task a node."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        waiting: list[Future[float]] = [
            pool.submit(number, 1.0) for _ in range(4 * WORKERS)
        ]
        for each in waiting:
            each.result()

        def run(nodes: Any) -> float:
            began = time.perf_counter()
            asyncio.run(_through_pool(pool, nodes))
            return time.perf_counter() - began

        yield run


@contextmanager
def dask() -> Iterator[Callable[[Any], float]]:
    """Dask on processes of this machine, one task a node."""
    from dask.distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # it closes noisily
    with (
        LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):

        def run(nodes: Any) -> float:
            began = time.perf_counter()
            results: list[Any] = []
            for needs, offset in nodes:
                values = [results[need] for need in needs]
                task = (
                    client.submit(add, values[0], values[-1], offset, pure=False)
                    if values
                    else client.submit(number, offset, pure=False)
                )
                results.append(task)
            client.gather(results)
            return time.perf_counter() - began

        run(layered(WIDTH, -0.5))
        yield run


def main() -> None:
    """Measure, then print."""
    times: dict[str, list[float]] = {"own, planning too": [], "own, once planned": []}
    with ours() as own, standard() as pool:
        for turn in range(ROUNDS):
            planning, running = own(layered(NODES, (turn + 1) / 64))
            times["own, planning too"].append(planning + running)
            times["own, once planned"].append(running)
            seconds = pool(layered(NODES, (turn + 1) / 64))
            times.setdefault("standard pool", []).append(seconds)
        chains = {
            n: median(sum(own(chained(n, 0.1 + t + n / 7))) for t in range(3))
            for n in (NODES, CHAIN)
        }
    try:
        with dask() as other:
            times["dask.distributed"] = [
                other(layered(NODES, (turn + 1) / 64)) for turn in range(ROUNDS)
            ]
    except ImportError:
        print("dask.distributed is not installed: make bench installs it")
    _show(times, {n: seconds / n for n, seconds in chains.items()})


def _show(times: dict[str, list[float]], chains: dict[int, float]) -> None:
    print(f"{NODES} nodes in layers of {WIDTH}, {WORKERS} workers, median of {ROUNDS}")
    middle = {name: median(seconds) for name, seconds in times.items()}
    others = [name for name in middle if not name.startswith("own")]
    for name, seconds in middle.items():
        ratios = [
            f"{seconds / middle[o]:.2f} x {o}" for o in others if name not in others
        ]
        print(
            f"  {name:18} {seconds / NODES * 1e6:6.0f} us a node   {', '.join(ratios)}"
        )
    small, large = chains[NODES], chains[CHAIN]
    print(
        f"a chain, planning too: {small * 1e6:.0f} us a node at {NODES:,}, "
        f"{large * 1e6:.0f} at {CHAIN:,}: {large / small:.2f} x"
    )


if __name__ == "__main__":
    main()
