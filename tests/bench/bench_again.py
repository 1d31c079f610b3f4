"""A batch that ran before: unchanged, and with its last setting changed; prints ratios.

    python tests/bench/bench_again.py [--shots 1000] [--frames 64] [--rounds 5]

Unchanged: many small shots, against the first run and 0.5 s + 1 ms a shot.  Changed:
full HD frames, against a plain process pool that decodes what the last node needs,
runs it, and encodes, hashes and flushes the result.  Medians count.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

import frames

HERE = Path(__file__).parent


def unchanged(work: Path, shots: int, rounds: int) -> float:
    """The first run, then the same again; gives the seconds of that."""
    size = {"width": 48, "height": 27}
    steps = {**frames.STEPS, "resize": {"mode": "exact", **size}}
    board = frames.write_board(work / "small", "drawing", shots, 64, 36)
    overlay = frames.write_overlay(work / "small.png", **size)
    preset = frames.write_preset(work / "again.json", steps)
    command = frames.batch(preset, board, overlay, work / "project")
    first, _ = frames.summary_of(command)
    runs = [frames.summary_of(command) for _ in range(rounds)]
    again = median(seconds for seconds, _ in runs)
    executed = {summary["executed"] for _, summary in runs}
    goal = 0.5 + shots / 1000
    print(
        f"{shots} small shots, nothing changed: executed {sorted(executed)}, "
        f"{again:.2f} s = {again / goal:.2f} x (0.5 s + 1 ms a shot), "
        f"{again / first:.1%} of the first run's {first:.2f} s"
    )
    return again


def changed(work: Path, count: int, rounds: int) -> float:
    """Only the blend's opacity is another one each time; gives the first run's seconds."""
    board = frames.write_board(work / "board", "photograph", count)
    size = {edge: frames.STEPS["resize"][edge] for edge in ("width", "height")}
    overlay = frames.write_overlay(work / "overlay.png", **size)
    project, plain = work / "large", work / "plain"
    preset = frames.write_preset(work / "first.json", frames.STEPS)
    first = frames.seconds_of(frames.batch(preset, board, overlay, project))
    inputs = inputs_of_last(project, work / "inputs")
    ratios, executed = [], set()
    for turn in range(rounds):
        last = {"mode": "soft_light", "opacity": round(0.3 + turn / 50, 2)}
        preset = frames.write_preset(
            work / "changed.json", {**frames.STEPS, "blend": last}
        )
        seconds, summary = frames.summary_of(
            frames.batch(preset, board, overlay, project)
        )
        executed.add(summary["executed"])
        words = [str(inputs), str(overlay), str(plain), json.dumps({"blend": last})]
        other = frames.seconds_of([sys.executable, str(HERE / "plain_pool.py"), *words])
        shutil.rmtree(plain)
        ratios.append((seconds / other, seconds, other))
    ratio, own, other = sorted(ratios)[len(ratios) // 2]
    print(
        f"{count} frames, the last node's setting changed: executed {sorted(executed)}, "
        f"{own:.2f} s = {ratio:.2f} x a plain pool that does only that ({other:.2f} s)"
    )
    return first


def inputs_of_last(project: Path, folder: Path) -> Path:
    """Copies of what the blend takes as its base."""
    from nodegraph.lineage import Asset
    from nodegraph.place import FOLDER
    from nodegraph.store import ProjectStore

    folder.mkdir()
    with ProjectStore(project / FOLDER, write=False) as store:
        assets = [a for a in store.all(Asset) if a.recipe and a.recipe.node == "adjust"]
    for asset in assets:
        name = asset.sha256 + asset.suffix
        source = project / FOLDER / "media" / name[:2] / name
        shutil.copyfile(source, folder / name)
    return folder


def main() -> None:
    """Measure, then print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shots", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        again = unchanged(Path(folder), given.shots, given.rounds)
        first = changed(Path(folder), given.frames, given.rounds)
    full = first * given.shots / given.frames
    print(
        f"{given.shots} shots unchanged take {again / full:.1%} of a first run over as many "
        f"full HD frames, {full:.0f} s by the {given.frames} measured"
    )


if __name__ == "__main__":
    main()
