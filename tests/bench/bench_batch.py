"""A batch of full HD frames beside plain process pools; prints ratios.

    python tests/bench/bench_batch.py [--frames 64] [--rounds 5] [--content photograph]

PNG, resize, sharpen, adjust, blend, PNG, each side a whole process with its start-up.
Ours is `workbench batch`: every node's result kept with lineage and thumbnail, sources
copied, results exported.  Rounds are interleaved; medians count.  Nothing is asserted.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import frames

HERE = Path(__file__).parent
SIDES = ("own", "same kernels, all kept", "Pillow, level 6")


def measured(content: str, count: int, rounds: int, work: Path) -> None:
    """Measure one kind of content, then print."""
    board = frames.write_board(work / content, content, count)
    overlay = frames.write_overlay(
        work / "overlay.png", *(frames.STEPS["resize"][e] for e in ("width", "height"))
    )
    preset = frames.write_preset(work / "bench.json", frames.STEPS)
    steps, out = json.dumps(frames.STEPS), work / "out"
    plain = [sys.executable, str(HERE / "plain_pool.py"), str(board), str(overlay)]
    pillow = [sys.executable, str(HERE / "pillow_pool.py"), str(board), str(overlay)]
    commands = {
        "own": frames.batch(preset, board, overlay, out),
        "same kernels, all kept": [*plain, str(out), steps],
        "Pillow, level 6": [*pillow, str(out)],
    }
    times: dict[str, list[float]] = {name: [] for name in SIDES}
    work_done: dict[str, list[float]] = {name: [] for name in SIDES}
    kernels = []
    for _ in range(rounds):
        for name, command in commands.items():
            before = processor_seconds()
            times[name].append(frames.seconds_of(command))
            work_done[name].append(processor_seconds() - before)
            shutil.rmtree(out)
        alone = [*plain, str(out), steps, str(min(8, count))]
        said = subprocess.run(alone, check=True, capture_output=True, text=True).stdout
        kernels.append(float(said) * count / frames.WORKERS)
    report(content, count, times, kernels)
    own = median(work_done["own"])
    for name in SIDES[1:]:
        each = median(work_done[name])
        print(
            f"  processor time, own / {name}: {own / each:.2f} ({own:.1f} s, {each:.1f} s)"
        )


def processor_seconds() -> float:
    """Of all processes that have ended, user and system, on every core."""
    times = os.times()
    return times.children_user + times.children_system


def report(
    content: str, count: int, times: dict[str, list[float]], kernels: list[float]
) -> None:
    """Ratios within each round, their median and range."""
    print(f"{content}: {count} frames, {frames.WORKERS} workers, {len(kernels)} rounds")
    own = times["own"]
    others = {**times, "kernels' processor time / cores": kernels}
    for name, seconds in others.items():
        ratios = sorted(a / b for a, b in zip(own, seconds, strict=True))
        print(
            f"  {name:32}{median(seconds):6.2f} s   own / it {median(ratios):5.2f} "
            f"({ratios[0]:.2f} to {ratios[-1]:.2f})"
        )


def main() -> None:
    """Measure each kind of content."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--content", choices=frames.CONTENTS, action="append")
    given = parser.parse_args()
    for content in given.content or frames.CONTENTS:
        with tempfile.TemporaryDirectory() as folder:
            measured(content, given.frames, given.rounds, Path(folder))


if __name__ == "__main__":
    main()
