"""What the coordinating process holds in memory after 50 shots and after many more.

    python tests/bench/bench_memory.py [--shots 1000] [--rounds 3]

The resident set of `workbench batch` itself, its workers left out, is read while shots
come out; small frames, since pixels never enter that process.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from statistics import median

import frames
import psutil

FEW = 50


def measured(command: list[str], shots: int) -> tuple[float, float, float]:
    """Megabytes after 50 shots, after all, and the most seen."""
    few = last = most = 0.0
    done: set[str] = set()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        coordinator = psutil.Process(process.pid)
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] != "task" or event["status"] != "completed":
                continue
            if event["type"] == "blend":
                done.add(event["id"])
                last = coordinator.memory_info().rss / 2**20
                most = max(most, last)
                few = few or (last if len(done) == FEW else 0.0)
    assert process.returncode == 0
    assert len(done) == shots
    return few, last, most


def main() -> None:
    """Measure, then print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shots", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    size = {"width": 48, "height": 27}
    steps = {**frames.STEPS, "resize": {"mode": "exact", **size}}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        overlay = frames.write_overlay(work / "overlay.png", **size)
        preset = frames.write_preset(work / "bench.json", steps)
        found = []
        for turn in range(given.rounds):
            sides = []
            for shots in (FEW, given.shots):
                place = work / f"{turn}-{shots}"
                board = frames.write_board(place / "board", "drawing", shots, 64, 36)
                command = frames.batch(preset, board, overlay, place / "project")
                sides.append(measured(command, shots))
            found.append((sides[0][1], *sides[1]))
    alone, few, last, most = (median(column) for column in zip(*found, strict=True))
    print(f"the coordinating process, MB, median of {given.rounds}:")
    print(f"  a batch of {FEW} shots: {alone:.0f} at its end")
    print(
        f"  a batch of {given.shots}: {few:.0f} after {FEW}, {last:.0f} at its end, most {most:.0f}"
    )
    print(
        f"  it grows by {last - few:.0f}, and by {last - alone:.0f} over the small batch"
    )


if __name__ == "__main__":
    main()
