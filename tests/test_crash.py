"""Killed at any moment: the next call goes on, and nothing is lost, torn or doubled."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest

from nodegraph.lineage import Asset, Export, Settled, Shot, Status, Take
from nodegraph.place import FOLDER
from nodegraph.project import Project

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(os.name == "nt", reason="has no process groups to kill"),
]
LONG = os.environ.get("WORKBENCH_LONG_TESTS") == "1"
SHOTS, KILLS = (200, 20) if LONG else (30, 6)
SOON = 60  # seconds after which a call is taken for hung
PRESET = {
    "format": 2,
    "nodes": [
        {"id": "shot", "type": "source", "position": [0, 0]},
        {"id": "calm", "type": "denoise", "position": [0, 0]},
        {"id": "big", "type": "resize", "position": [0, 0]},
        {"id": "sharp", "type": "sharpen", "position": [0, 0]},
        {"id": "sheet", "type": "contact_sheet", "position": [0, 0]},
        {
            "id": "panel",
            "type": "output",
            "position": [0, 0],
            "settings": {"name": "panel"},
        },
        {
            "id": "wall",
            "type": "output",
            "position": [0, 0],
            "settings": {"name": "wall"},
        },
    ],
    "edges": [
        [["shot", "result"], ["calm", "image"]],
        [["calm", "result"], ["big", "image"]],
        [["big", "result"], ["sharp", "image"]],
        [["sharp", "result"], ["panel", "value"]],
        [["sharp", "result"], ["sheet", "images"]],
        [["sheet", "result"], ["wall", "value"]],
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A board of small noisy drawings, no two alike, and a preset."""
    random_ = np.random.default_rng(1)
    (tmp_path / "board").mkdir()
    for number in range(SHOTS):
        pixels = random_.integers(0, 256, (180, 320, 3), np.uint8)
        cv2.imwrite(str(tmp_path / "board" / f"panel-{number}.png"), pixels)
    (tmp_path / "look.json").write_text(json.dumps(PRESET))
    return tmp_path


def call(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """The command, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "nodegraph", *arguments, "--project", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"WORKBENCH_CONFIG": str(folder / "configuration")},
    )


def batch(folder: Path) -> "subprocess.Popen[str]":
    look, board = folder / "look.json", folder / "board"
    return call(folder, "batch", str(look), str(board), "--json", "--workers", "3")


def document(folder: Path, *arguments: str) -> Any:
    process = call(folder, *arguments)
    out, err = process.communicate(timeout=SOON)
    assert process.returncode == 0, err
    return json.loads(out)


def kill_at_random(folder: Path, dice: random.Random) -> int:
    """Begin the batch and kill its group; gives how many tasks had been told done."""
    process = batch(folder)
    wanted = dice.randrange(2 + SHOTS * 3 // KILLS) if dice.random() < 0.8 else 0
    done = 0
    while done < wanted and (line := process.stdout.readline()):  # type: ignore[union-attr]
        event = json.loads(line)
        done += event.get("status") == "completed" and not event["cached"]
    time.sleep(dice.random() * (0.05 if wanted else 1.5))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=SOON)
    return done


def finish(folder: Path) -> dict[str, Any]:
    process = batch(folder)
    out, err = process.communicate(timeout=SOON * 10)
    assert process.returncode == 0, err
    return dict(json.loads(out.splitlines()[-1]))


def test_a_batch_killed_again_and_again_ends_with_every_shot_done_once(
    folder: Path,
) -> None:
    seed = random.randrange(10**6)
    dice = random.Random(seed)
    told = [kill_at_random(folder, dice) for _ in range(KILLS)]
    print(f"seed {seed}: killed after {told} tasks")
    summary = finish(folder)

    assert (summary["shots"], summary["completed"]) == (SHOTS, SHOTS)
    assert summary["cached"] >= sum(told)
    assert finish(folder)["executed"] == 0
    report = document(folder, "lineage", "verify", "--json")
    assert report["problems"] == []
    check_records(folder)
    collected = call(folder, "gc")
    collected.communicate(timeout=SOON)
    assert collected.returncode == 0
    check_files(folder)


def check_records(folder: Path) -> None:
    """Each shot has one take and one file, each recipe one end."""
    with Project(folder, write=False) as project:
        store = project.store
        ends = list(store.all(Settled))
        assert {end.status for end in ends} == {Status.COMPLETED}
        assert len(ends) == SHOTS * 3 + 1
        shots = {shot.id for shot in store.all(Shot)}
        assert len(shots) == SHOTS
        takes = Counter(take.shot for take in store.all(Take))
        assert takes == dict.fromkeys(shots, 1)
        exports = [Path(export.id) for export in store.all(Export)]
        assert len(exports) == SHOTS + 1
    on_disk = {path for path in (folder / "out").rglob("*.png") if path.is_file()}
    assert on_disk == set(exports)
    entries = json.loads((exports[0].parent / "manifest.json").read_text())["entries"]
    assert len({entry["file"] for entry in entries}) == SHOTS + 1


def check_files(folder: Path) -> None:
    """No media file is without a record, none half written."""
    with Project(folder, write=False) as project:
        known = {asset.sha256 for asset in project.store.all(Asset)}
        files = {
            path.stem
            for path in (folder / FOLDER / "media").rglob("*")
            if path.is_file()
        }
        assert files == known


def test_when_the_command_is_killed_no_worker_stays(folder: Path) -> None:
    process = batch(folder)
    for line in process.stdout:  # type: ignore[union-attr]
        if '"completed"' in line:
            break
    parent = psutil.Process(process.pid)
    workers = [p for p in parent.children(recursive=True) if is_worker(p)]
    parent.kill()

    _, alive = psutil.wait_procs(workers, timeout=2)
    for each in alive:
        each.kill()
    process.communicate(timeout=SOON)
    assert workers
    assert alive == []
    assert finish(folder)["completed"] == SHOTS


def is_worker(process: psutil.Process) -> bool:
    try:
        return "--multiprocessing-fork" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def test_a_polite_stop_ends_at_once_and_the_next_call_goes_on(folder: Path) -> None:
    process = batch(folder)
    for line in process.stdout:  # type: ignore[union-attr]
        if '"completed"' in line:
            break
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=SOON)
    summary = json.loads(out.splitlines()[-1])

    assert process.returncode == 130
    assert summary["event"] == "summary"
    assert summary["cancelled"] > 0
    after = finish(folder)
    assert after["completed"] == SHOTS
    assert after["cached"] >= summary["executed"]
