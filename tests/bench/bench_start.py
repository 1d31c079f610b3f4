"""How soon the command line answers, and what it loads to do so; prints ratios.

    python tests/bench/bench_start.py [--rounds 11]

Every figure is a whole process beside `python -c pass`, interleaved; medians count.
"""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from statistics import median

import frames

from nodegraph.lineage import (
    Asset,
    Found,
    Kind,
    Recipe,
    Run,
    Settled,
    Shot,
    Status,
    Take,
)
from nodegraph.place import FOLDER
from nodegraph.store import ProjectStore

SIZES = (1_000, 100_000)
SHOTS_A_RUN = 100
HEAVY = ("numpy", "networkx", "cv2", "onnxruntime", "insightface", "dearpygui")
NODES = ("resize", "sharpen", "adjust", "blend")
PLAIN = [sys.executable, "-c", "pass"]
Record = Asset | Found | Settled | Shot | Take


def records_of(number: int, run: str) -> list[Record]:
    """What a shot through four nodes leaves behind, 13 records less the export."""
    name, digest = f"s{number:06}", sha256(b"%d" % number).hexdigest()
    shot = Shot(digest[:12], name, index=number, digest=digest, board="board")
    size = (digest, ".png", 3_000_000, 1920, 1080)
    found: list[Record] = [
        Found(f"/board/{name}.png", (3_000_000, number, number, 1), *size),
        Asset(digest, Kind.BASE, *size, name=f"{name}.png"),
        shot,
    ]
    before = digest
    for node in NODES:
        recipe = Recipe(node, "1", {"amount": 0.5, "mode": "fit"}, {"image": before})
        base = Asset(recipe.key, Kind.REFINED, *size, recipe=recipe, parent=before)
        found.append(replace(base, sources=(digest,), shot=shot.id, run=run))
        found.append(
            Settled(recipe.key, Status.COMPLETED, "done", "", node, node, shot.id, run)
        )
        before = recipe.key
    return [*found, Take(f"{shot.id}/1", shot.id, "bench", "", 1, before, run)]


def fill(project: Path, size: int) -> Path:
    """A project with that many records, and a run for every hundred shots."""
    with ProjectStore(project / FOLDER, write=True) as store:
        number = count = 0
        while count < size:
            run = f"run-{1 + number // SHOTS_A_RUN}"
            records = records_of(number, run)
            with store.record(wait=False):
                store.put(*records[: size - count])
                if number % SHOTS_A_RUN == 0:
                    store.put(_run(run, number))
            count += len(records) + (number % SHOTS_A_RUN == 0)
            number += 1
    return project


def _run(run: str, first: int) -> Run:
    shots = tuple(
        {"id": f"{n:012}", "name": f"s{n:06}", "index": n, "digest": f"{n:064}"}
        for n in range(first, first + SHOTS_A_RUN)
    )
    graph = {"format": 2, "nodes": [{"id": node, "type": node} for node in NODES]}
    versions = dict.fromkeys(NODES, "1")
    return Run(
        run, "bench", graph, versions, shots, state="finished", place=float(first)
    )


def loaded(words: list[str]) -> list[str]:
    """Which heavy libraries a command loads."""
    command = [sys.executable, "-X", "importtime", "-m", "nodegraph", *words]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    names = {line.rpartition("|")[2].strip() for line in said.splitlines()}
    return [name for name in HEAVY if name in names]


def main() -> None:
    """Measure, then print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        words = {"--help": ["--help"]}
        for size in SIZES:
            project = fill(Path(folder, str(size)), size)
            words[f"queue list, {size:,} records"] = [
                "queue",
                "list",
                "--project",
                str(project),
            ]
        plain: list[float] = []
        times: dict[str, list[float]] = {name: [] for name in words}
        for _ in range(rounds):
            plain.append(frames.seconds_of(PLAIN))
            for name, each in words.items():
                times[name].append(frames.seconds_of(frames.workbench(*each)))
        print(f"python -c pass: {median(plain) * 1e3:.0f} ms")
        for name, each in words.items():
            ratio = median(a / b for a, b in zip(times[name], plain, strict=True))
            heavy = ", ".join(loaded(each)) or "none"
            print(
                f"  workbench {name:30}{median(times[name]) * 1e3:6.0f} ms  "
                f"{ratio:5.1f} x   loads of {len(HEAVY)} heavy libraries: {heavy}"
            )


if __name__ == "__main__":
    main()
