"""Nodes that go wrong in every way take no other shot with them."""

import os
import re

import pytest
from commands import Said, chain, draw, untrusted
from guarded import PRESET, SIZE, Guarded, done, failed, guarded, manifest, told_once

from nodegraph.graph import Node

MISBEHAVE = '''
"""Goes wrong as the shot's name says."""

import ctypes, os, signal, sys, time
from typing import Annotated
from nodegraph import FromShot, Image, node


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no words")


class Beyond(BaseException):
    pass


def memory():
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
    return bytearray(2**33)


def forever():
    return forever()


def raising(error):
    raise error


def unlock(image):
    image.pixels.flags.writeable = True


WAYS = {
    "raises": lambda image: raising(RuntimeError("out\\nof ideas")),
    "mute": lambda image: raising(Mute()),
    "beyond": lambda image: raising(Beyond("all bounds")),
    "ctrl-c": lambda image: raising(KeyboardInterrupt()),
    "stops": lambda image: raising(StopIteration()),
    "talks": lambda image: raising(ValueError("x" * 100_000)),
    "odd": lambda image: raising(ValueError("\\udcff \\x1b[31m \\u202e")),
    "exits": lambda image: sys.exit(3),
    "leaves": lambda image: os._exit(0),
    "killed": lambda image: os.kill(os.getpid(), signal.SIGKILL),
    "crashes": lambda image: ctypes.string_at(0),
    "hangs": lambda image: time.sleep(1000),
    "recurses": lambda image: forever(),
    "memory": lambda image: memory(),
    "number": lambda image: 3,
    "nothing": lambda image: None,
    "flat": lambda image: Image(image.pixels[..., 0]),
    "floats": lambda image: Image(image.pixels / 2),
    "paints": lambda image: image.pixels.fill(0),
    "unlocks": lambda image: unlock(image),
    "closes": lambda image: os.closerange(3, 256),
}


@node(category="Test", deadline=2.0)
def misbehave(image: Image, shot: Annotated[str, FromShot("name")] = "") -> Image:
    """Go wrong."""
    print("said by print")
    os.write(1, b"said by write\\n")
    os.system("echo said by a program")
    return WAYS.get(shot, lambda image: Image(255 - image.pixels))(image)
'''
WAYS = {
    "raises": "RuntimeError: out of ideas",
    "mute": "Mute$",
    "beyond": "Beyond: all bounds",
    "ctrl-c": "KeyboardInterrupt$",
    "stops": "StopIteration$",
    "talks": "x{400,600}…$",
    "odd": "\udcff \x1b",
    "exits": "SystemExit: 3",
    "leaves": "its worker died 2 times, the last time: exited with code 0",
    "killed": "its worker died 2 times, the last time: killed",
    "crashes": "its worker died 2 times, the last time: segmentation fault",
    "hangs": "its worker died 2 times, the last time: ran over its deadline",
    "recurses": "RecursionError",
    "memory": "out of memory",
    "number": "returned a whole number as 'result', which is a picture",
    "nothing": "returned a NoneType as 'result', which is a picture",
    "flat": r"pixels of shape \(18, 32\) .*: give uint8 of shape",
    "floats": "type float64 as 'result': give uint8",
    "paints": "the node changes the picture it was given: it has to work on a copy",
    "unlocks": "WRITEABLE",
    "closes": "its worker died 2 times",
}
posix = pytest.mark.skipif(os.name == "nt", reason="they use what only POSIX has")


@pytest.fixture(scope="module")
def said(place: Guarded) -> Said:
    """What a run says in which each shot goes wrong in another way."""
    draw(place.folder / "board", *(f"{way}.png" for way in WAYS), size=SIZE)
    place.trust("misbehave", MISBEHAVE)
    chain(place.folder / "wrong.json", Node("bad", "misbehave", name="Bad"))
    return place("batch", "wrong.json", "board", "--json", "--workers", 4)


@posix
@pytest.mark.parametrize("way", WAYS)
def test_a_node_that_goes_wrong_is_told_on_one_short_line(said, way):
    error = failed(said)[way]

    assert re.search(WAYS[way], error)
    assert error.startswith("'Bad': ")
    assert "\n" not in error
    assert len(error) < 700


@posix
def test_the_other_shots_never_notice(said):
    assert said.code == 4
    assert done(said).keys() == {"a-1", "a-2", "a-10"}
    assert said.summary["executed"] == len(WAYS) + 3


@posix
def test_what_a_node_prints_stays_out_of_the_json(said):
    for way in ("print", "write", "a program"):
        assert f"said by {way}" in said.err
    assert {line["event"] for line in said.lines} == {"task", "summary"}


@posix
def test_the_list_names_each_failed_shot_with_its_reason(said, place):
    rows = manifest(place.folder / "out" / "wrong")
    errors = {row["shot"]: row["error"] for row in rows if row["status"] == "failed"}

    assert errors == failed(said)


@posix
def test_a_node_that_killed_its_workers_is_not_tried_at_every_start(said, place):
    again = place("batch", "wrong.json", "board", "--json")

    assert again.code == 4
    assert again.summary["executed"] == 0
    assert failed(again) == failed(said)


@posix
def test_the_records_of_a_wild_run_are_sound(said, place):
    assert place("lineage", "verify").code == 0


BROKEN = {
    "raises": ("raise RuntimeError('out of\\nideas')", "RuntimeError: out of"),
    "exits": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "beyond": ("class B(BaseException): pass\nraise B('all bounds')", "B: all bounds"),
    "mute": (
        "class M(Exception):\n    def __str__(self): raise self\nraise M",
        "line 3: M",
    ),
    "grammar": ("def (:", "SyntaxError"),
    "undeclared": (
        "from nodegraph import node\n@node(category='T')\ndef f(x): return x",
        "f",
    ),
    "binary": ("\0\0", "is not loaded"),
    "lost": ("import nobody_has_this", "ModuleNotFoundError"),
}
PRINTS = '''
import os
from nodegraph import Image, node
print("said while loading")
os.write(1, b"said by write while loading\\n")
os.system("echo said by a program while loading")


@node(category="Test")
def invert(image: Image) -> Image:
    """Invert."""
    return Image(255 - image.pixels)
'''


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Said:
    """What a run says beside node files that cannot be loaded."""
    workbench = guarded(tmp_path_factory.mktemp("files"))
    for name, (text, _) in BROKEN.items():
        workbench.trust(name, text)
    workbench.trust("prints", PRINTS)
    workbench.trust("prints_too", PRINTS.replace("255", "254"))
    chain(workbench.folder / "own.json", Node("own", "invert"))
    return workbench("batch", "own.json", "board", "--json")


@pytest.mark.parametrize("name", BROKEN)
def test_a_node_file_that_cannot_be_loaded_is_one_warning(loaded, name):
    lines = [line for line in loaded.err.splitlines() if f"{name}.py" in line]

    assert len(lines) == 1
    assert lines[0].startswith("warning: ")
    assert BROKEN[name][1] in lines[0]


def test_of_two_nodes_of_one_name_the_first_counts(loaded):
    lines = [line for line in loaded.err.splitlines() if "'invert'" in line]

    assert len(lines) == 1
    assert "prints_too.py" in lines[0]
    assert "prints.py" in lines[0]
    assert "rename the function" in lines[0]


def test_files_that_cannot_be_loaded_hold_up_nothing(loaded):
    assert loaded.code == 0
    assert done(loaded).keys() == {"a-1", "a-2", "a-10"}


def test_what_a_file_prints_while_loading_stays_out_of_the_json(loaded):
    for way in ("said", "said by write", "said by a program"):
        assert f"{way} while loading" in loaded.err
    assert loaded.summary["completed"] == 3


def test_a_node_file_nobody_trusts_does_not_run(workbench):
    mark = workbench.root / "it-ran"
    untrusted(workbench, "invert", f"open({str(mark)!r}, 'w')\n{PRINTS}")
    chain(workbench.folder / "own.json", Node("own", "invert"))

    said = workbench("batch", "own.json", "board")

    assert said.code == 5
    assert "invert.py" in said.err
    assert "workbench trust" in said.err.splitlines()[-1]
    assert not mark.exists()


def test_a_node_file_that_changed_since_asks_again(workbench):
    workbench.trust("invert", PRINTS)
    chain(workbench.folder / "own.json", Node("own", "invert"))
    first = workbench("batch", "own.json", "board")
    untrusted(workbench, "invert", PRINTS.replace("255", "254"))

    second = workbench("batch", "own.json", "board")

    assert (first.code, second.code) == (0, 5)
    assert "changed since it was trusted" in second.err


def test_a_node_type_nobody_has_is_told_before_anything_runs(workbench):
    chain(workbench.folder / "own.json", Node("own", "invert", name="Mine"))

    said = workbench("batch", "own.json", "board")

    told_once(said, 5, "'Mine'", "'invert'")
    assert not (workbench.folder / "out").exists()


def test_built_in_nodes_run_beside_untrusted_files(workbench):
    untrusted(workbench, "invert", PRINTS)

    assert workbench("batch", PRESET, "board").code == 0
