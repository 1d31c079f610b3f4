"""`workbench batch`: boards, what fails alone, what is kept, what goes on."""

import json
import os
import signal
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from commands import chain, draw

from nodegraph.graph import Edge, Endpoint, Node

SLOW = """
import time
from nodegraph import Image, node

@node("Test")
def slow(image: Image, seconds: float = 0.0) -> Image:
    time.sleep(seconds)
    return Image(255 - image.pixels)
"""
PICKY = """
from nodegraph import Context, Image, MissingError, node

@node("Test")
def picky(context: Context, image: Image, mood: str = "fine") -> Image:
    if mood == "broken":
        raise ValueError("the brush is dry: wet it")
    if mood == "missing":
        raise MissingError("model 'moods' is not installed: get it")
    if mood == "asks":
        context.hold("which of the two?", "ambiguous")
    if mood == "blind":
        context.outcome("no_face", "no face was found")
    return Image(255 - image.pixels)
"""


def adds_up(summary):
    parts = ("completed", "failed", "held", "cancelled")
    return summary["shots"] == sum(summary[part] for part in parts)


@pytest.fixture
def picky(workbench, trusted):
    """The preset `picky` over three shots; a shot's mood can be set."""
    trusted("picky", PICKY)
    draw(workbench.folder / "board", "a.png", "b.png", "c.png")
    return chain(workbench.folder / "picky.json", Node("mood", "picky", name="Mood"))


def test_shots_come_in_natural_order(workbench, soft):
    said = workbench("batch", soft, "board", "--json")

    assert said.code == 0, said.err
    assert [o["shot"] for o in said.summary["outputs"]] == ["a-1", "a-2", "a-10"]


def test_the_summary_counts_shots_and_recipes(workbench, soft):
    said = workbench("batch", soft, "board", "--json")

    counts = {k: v for k, v in said.summary.items() if k not in ("outputs", "seconds")}
    assert counts == {
        "event": "summary",
        "shots": 3,
        "completed": 3,
        "passed": 0,
        "failed": 0,
        "held": 0,
        "cancelled": 0,
        "executed": 6,
        "cached": 0,
    }


def test_a_second_call_carries_out_nothing(workbench, soft):
    first = workbench("batch", soft, "board", "--json")
    second = workbench("batch", soft, "board", "--json")

    assert (second.summary["executed"], second.summary["cached"]) == (0, 6)
    assert second.summary["outputs"] == first.summary["outputs"]
    assert Counter(t["status"] for t in second.tasks) == {"completed": 6}


def test_the_manifest_tells_of_every_shot(workbench, soft):
    said = workbench("batch", soft, "board", "--json")

    out = workbench.folder / "out" / "soft"
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert manifest["format"] == 1
    assert [entry["shot"] for entry in manifest["entries"]] == ["a-1", "a-2", "a-10"]
    keys = ["shot", "source", "file", "asset", "recipe", "outcome", "status", "error"]
    for entry, output in zip(manifest["entries"], said.summary["outputs"], strict=True):
        assert list(entry) == keys
        assert entry["file"] == f"{entry['shot']}_soft_v001.png"
        assert str(out / entry["file"]) == output["file"]
        assert (out / entry["source"]).resolve().parent.name == "board"
        assert entry["recipe"] == entry["asset"] == output["asset"]


def test_a_corrupt_panel_fails_alone(workbench, soft):
    good = (workbench.folder / "board" / "a-1.png").read_bytes()
    (workbench.folder / "board" / "a-3.png").write_bytes(good[:60])
    (workbench.folder / "board" / "a-4.png").write_bytes(b"")

    said = workbench("batch", soft, "board", "--json")

    assert said.code == 4
    assert adds_up(said.summary)
    assert (said.summary["completed"], said.summary["failed"]) == (3, 2)
    bad = [o for o in said.summary["outputs"] if o["status"] == "failed"]
    assert [o["shot"] for o in bad] == ["a-3", "a-4"]
    assert all(o["shot"] in o["error"] for o in bad)
    entries = json.loads(
        (workbench.folder / "out" / "soft" / "manifest.json").read_text("utf-8")
    )["entries"]
    assert len(entries) == 5


def test_other_files_are_mentioned_once(workbench, soft):
    (workbench.folder / "board" / "notes.txt").write_text("later", "utf-8")

    said = workbench("batch", soft, "board")

    assert said.code == 0
    assert said.err.count("notes.txt") == 1
    assert "notes.txt" not in said.out


def test_a_folder_below_is_a_sequence(workbench, soft):
    draw(workbench.folder / "board" / "night", "a-1.png", size=(30, 20))

    flat = workbench("batch", soft, "board", "--json")
    deep = workbench("batch", soft, "board", "--recursive", "--json")

    assert flat.summary["shots"] == 3
    shots = [output["shot"] for output in deep.summary["outputs"]]
    assert sorted(shots) == ["a-1", "a-10", "a-2", "night/a-1"]
    assert (workbench.folder / "out" / "soft" / "night" / "a-1_soft_v001.png").exists()


def test_match_keeps_the_shots_that_fit(workbench, soft):
    said = workbench("batch", soft, "board", "--match", "a-1*", "--json")

    assert [o["shot"] for o in said.summary["outputs"]] == ["a-1", "a-10"]


def test_a_setting_may_be_changed_for_one_shot_and_stays(workbench, soft):
    workbench("batch", soft, "board")
    changed = workbench("batch", soft, "board", "--set", "Soft.radius@a-2=7", "--json")
    again = workbench("batch", soft, "board", "--json")

    assert (changed.summary["executed"], changed.summary["cached"]) == (2, 4)
    files = [Path(o["file"]).name for o in changed.summary["outputs"]]
    assert files == ["a-1_soft_v001.png", "a-2_soft_v002.png", "a-10_soft_v001.png"]
    assert again.summary["executed"] == 0
    assert again.summary["outputs"] == changed.summary["outputs"]


def test_a_renamed_panel_is_known(workbench, soft):
    workbench("batch", soft, "board")
    board = workbench.folder / "board"
    (board / "a-2.png").rename(board / "b-7.png")

    said = workbench("batch", soft, "board", "--json")

    assert said.summary["executed"] == 0


def test_a_failed_shot_is_reported_again_until_it_is_retried(workbench, picky):
    words = ("batch", picky, "board", "--set", "Mood.mood@b=broken", "--json")
    first, second = workbench(*words), workbench(*words)
    third = workbench(*words, "--retry-failed")

    assert [s.code for s in (first, second, third)] == [4, 4, 4]
    assert [s.summary["executed"] for s in (first, second, third)] == [3, 0, 1]
    for said in (first, second, third):
        bad = said.summary["outputs"][1]
        assert (bad["shot"], bad["status"], bad["outcome"]) == ("b", "failed", "failed")
        assert bad["error"] == "'Mood': the brush is dry: wet it"
        assert adds_up(said.summary)


def test_a_person_is_told_what_failed_why_and_how_to_go_on(workbench, picky):
    words = ("batch", picky, "board", "--set", "Mood.mood@b=broken")
    workbench(*words)

    said = workbench(*words)

    assert "2 of 3 shots done" in said.out
    assert "failed: b: 'Mood': the brush is dry: wet it" in said.out
    assert "--retry-failed" in said.out


def test_of_many_failures_ten_are_told(workbench, picky):
    names = [f"d-{number}.png" for number in range(12)]
    draw(workbench.folder / "many", *names)

    said = workbench("batch", picky, "many", "--set", "Mood.mood=broken")

    assert said.out.count("failed: ") == 10
    assert "and 2 more: see" in said.out
    assert "manifest.json" in said.out


def test_what_needs_a_person_is_held(workbench, picky):
    words = ("batch", picky, "board", "--set", "Mood.mood@c=asks")

    said = workbench(*words, "--json")

    assert said.code == 4
    assert (said.summary["held"], said.summary["completed"]) == (1, 2)
    assert said.summary["outputs"][2]["outcome"] == "ambiguous"
    assert "needs you: c: 'Mood': which of the two?" in workbench(*words).out
    assert "needs you: 'Mood': which of the two?" in workbench("shots", "list").out


def test_a_shot_that_was_passed_through_counts_as_done_unless_strict(workbench, picky):
    words = ("batch", picky, "board", "--set", "Mood.mood@a=blind")

    easy, strict = workbench(*words, "--json"), workbench(*words, "--json", "--strict")

    assert (easy.code, strict.code) == (0, 4)
    assert easy.summary["passed"] == strict.summary["passed"] == 1
    assert strict.summary["outputs"][0]["outcome"] == "no_face"
    assert "a (no_face)" in workbench(*words).out


def test_only_what_is_missing_makes_the_exit_code_of_what_is_missing(workbench, picky):
    some = ("batch", picky, "board", "--set", "Mood.mood@a=missing")

    assert workbench(*some).code == 5
    assert workbench(*some, "--set", "Mood.mood@b=broken").code == 4


def test_a_contact_sheet_is_no_shot(workbench):
    draw(workbench.folder / "board", "a.png", "b.png")
    sheet = chain(workbench.folder / "sheet.json", Node("all", "contact_sheet"))

    said = workbench("batch", sheet, "board", "--json")

    assert said.code == 0, said.err
    assert said.summary["shots"] == 2
    wide = [o for o in said.summary["outputs"] if o["shot"] is None]
    assert [Path(o["file"]).name for o in wide] == ["sheet_v001.png"]
    assert [t["shot"] for t in said.tasks if t["type"] == "contact_sheet"][-1] is None


def test_a_contact_sheet_that_fails_fails_the_run(workbench, picky):
    graph = chain(
        workbench.folder / "sheet.json",
        Node("mood", "picky", {"mood": "broken"}, name="Mood"),
        Node("all", "contact_sheet"),
    )

    said = workbench("batch", graph, "board", "--json")

    assert said.code == 4
    wide = said.summary["outputs"][-1]
    assert (wide["shot"], wide["status"], wide["file"]) == (None, "failed", None)
    assert "no shot has completed" in wide["error"]


def test_a_contact_sheet_is_made_of_the_shots_there_are(workbench, picky):
    graph = chain(
        workbench.folder / "sheet.json",
        Node("mood", "picky", name="Mood"),
        Node("all", "contact_sheet"),
    )

    said = workbench("batch", graph, "board", "--set", "Mood.mood@b=broken", "--json")

    assert said.code == 4
    by_shot = {output["shot"]: output for output in said.summary["outputs"]}
    assert {shot: o["status"] for shot, o in by_shot.items()} == {
        "a": "completed",
        "b": "failed",
        "c": "completed",
        None: "completed",
    }
    assert Path(by_shot[None]["file"]).is_file()


def test_a_board_enters_the_one_source_that_is_open(workbench, soft):
    blend = Node("mix", "blend", {"opacity": 0.5})
    paper = Node("paper", "source", name="Paper")
    link = Edge(Endpoint("paper", "result"), Endpoint("mix", "top"))
    graph = chain(workbench.folder / "mix.json", blend, others=[paper], more=[link])
    draw(workbench.folder, "paper.png")

    open_, settled = (
        workbench("batch", graph, "board", "--json", *words)
        for words in ((), ("--input", "Paper=paper.png"))
    )

    assert open_.code == 2
    assert "'Shot'" in open_.err
    assert "'Paper'" in open_.err
    assert settled.code == 0, settled.err
    assert settled.summary["completed"] == 3


def test_workers_are_one_or_more(workbench, soft):
    assert workbench("batch", soft, "board", "--workers", 0).code == 2
    assert workbench("batch", soft, "board", "--workers", 1).code == 0


def test_of_many_notes_ten_are_told(workbench, soft):
    from PIL import Image

    deep = workbench.folder / "deep"
    deep.mkdir()
    for number in range(12):
        pixels = np.full((4, 4), 1000 * number, np.uint16)
        Image.fromarray(pixels).save(deep / f"d-{number}.png")

    said = workbench("batch", soft, "deep", "--dry-run")

    assert said.err.count("16 bits") == 10
    assert said.err.splitlines()[-1] == "note: and 2 more like these"


def test_a_folder_that_cannot_be_written_is_named(workbench, soft):
    (workbench.folder / "taken").write_text("a file", "utf-8")

    said = workbench("batch", soft, "board", "--out", "taken/here")

    assert said.code == 3
    assert "taken" in said.err
    assert "Traceback" not in said.err


def test_hostile_names_are_printed_harmlessly(workbench, soft):
    (workbench.folder / "board" / "x\x1b[31m\n.png").write_text("none", "utf-8")

    said = workbench("batch", soft, "board")

    assert said.code == 4
    assert "\x1b" not in said.out + said.err


def test_without_a_terminal_nothing_is_coloured(workbench, picky):
    words = ("batch", picky, "board", "--set", "Mood.mood@b=broken")

    said = workbench(*words, NO_COLOR="1", FORCE_COLOR="")

    assert "\x1b" not in said.out + said.err


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="a terminal of Unix is needed")
@pytest.mark.parametrize("plain", [False, True])
def test_no_color_is_respected_on_a_terminal(workbench, picky, plain):
    words = ("batch", picky, "board", "--set", "Mood.mood@b=broken")

    shown = on_terminal(workbench, *words, **({"NO_COLOR": "1"} if plain else {}))

    assert "failed: b" in shown
    assert ("\x1b[31m" in shown) is not plain


def on_terminal(workbench, *words, **environment):
    """What the command shows on a terminal."""
    import subprocess
    import sys
    import threading

    ours, theirs = os.openpty()
    shown = bytearray()

    def read():
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:
                return
            if not part:
                return
            shown.extend(part)

    reader = threading.Thread(target=read)
    env = {**os.environ, **workbench.environment, "TERM": "xterm", **environment}
    if "NO_COLOR" not in environment:
        env.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "nodegraph", *map(str, words)],
        cwd=workbench.folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    reader.start()
    process.wait(120)
    reader.join(10)
    os.close(ours)
    return shown.decode()


@pytest.fixture
def slow(workbench, trusted):
    """The preset `slow` over eight shots, each a while in the making."""
    trusted("slow", SLOW)
    draw(workbench.folder / "board", *(f"s-{number}.png" for number in range(8)))
    node = Node("slow", "slow", {"seconds": 0.4})
    return chain(workbench.folder / "slow.json", node, Node("all", "contact_sheet"))


def until_one_is_done(process):
    """Read events until a task has completed; gives the lines."""
    lines = []
    for line in process.stdout:
        lines.append(json.loads(line))
        if lines[-1]["event"] == "task" and lines[-1]["status"] == "completed":
            break
    return lines


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix are sent")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_done_when_it_is_stopped_is_kept(workbench, slow, number):
    words = ("batch", slow, "board", "--workers", 2, "--json")
    with workbench.started(*words) as process:
        lines = until_one_is_done(process)
        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=60)
    lines += map(json.loads, out.splitlines())

    assert process.returncode == 130, err
    stopped = lines[-1]
    assert adds_up(stopped)
    assert stopped["shots"] == 8
    assert stopped["cancelled"] > 0
    done = stopped["executed"]
    assert 0 < done < 8
    sheet = {t["status"] for t in lines if t.get("node") == "all"}
    assert sheet == {"pending", "cancelled"}

    rest = workbench(*words)
    assert rest.code == 0, rest.err
    assert (rest.summary["executed"], rest.summary["cached"]) == (9 - done, done)
    assert rest.summary["completed"] == 8


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix are sent")
def test_what_was_done_before_a_kill_is_not_done_again(workbench, slow):
    words = ("batch", slow, "board", "--workers", 2, "--json")
    with workbench.started(*words) as process:
        until_one_is_done(process)
        os.killpg(process.pid, signal.SIGKILL)

    rest = workbench(*words)

    assert rest.code == 0, rest.err
    assert rest.summary["cached"] >= 1
    assert rest.summary["executed"] + rest.summary["cached"] == 9


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix are sent")
def test_a_second_ctrl_c_ends_at_once(workbench, soft, trusted):
    trusted("stubborn", STUBBORN)
    with workbench.started("batch", soft, "board") as process:
        assert process.stderr.readline() == "asleep\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline() == "still\n"
        process.send_signal(signal.SIGINT)
        process.wait(30)

    assert process.returncode == 130


STUBBORN = """
import sys, time
try:
    print("asleep", file=sys.stderr, flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("still", file=sys.stderr, flush=True)
    time.sleep(60)
"""


def test_a_paused_queue_is_told(workbench, slow):
    from nodegraph.project import Project

    with Project(workbench.folder, write=True) as project:
        project.set_paused(True)
    with workbench.started("batch", slow, "board") as process:
        warning = process.stderr.readline()

    assert "the queue is paused" in warning
