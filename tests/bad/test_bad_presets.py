"""Presets that are none: one line with the file and the place, and nothing is made."""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from commands import Said
from guarded import PRESET, Guarded, posix
from inside import Inside

Text = Callable[[str], str | bytes]
FLAWS: dict[str, tuple[Text, int, str]] = {
    "nan": (lambda text: text.replace("2.0", "NaN"), 3, "NaN is no JSON number"),
    "endless": (lambda text: text.replace("2.0", "1e999"), 3, "too large a number"),
    "digits": (lambda text: text.replace("2.0", "9" * 5000), 3, "too many digits"),
    "twice": (
        lambda text: text.replace('"radius"', '"radius": 1.0, "radius"'),
        3,
        "nodes[0].settings.radius: stands there more than once",
    ),
    "deep": (lambda _: "[" * 100_000 + "]" * 100_000, 3, "nested deeper than 64"),
    "deep-setting": (
        lambda text: text.replace("2.0", "[" * 100_000 + "]" * 100_000),
        3,
        "nested deeper than 64",
    ),
    "half-character": (lambda t: t.replace("Soft", "\\udcff"), 3, "nodes[0].name"),
    "empty": (lambda _: "", 3, "is no JSON"),
    "words": (lambda _: "just words", 3, "is no JSON"),
    "bytes": (lambda _: b"\x89PNG\xff\xfe", 3, "is no UTF-8 text"),
    "wide": (lambda text: text.encode("utf-16"), 3, "save the file as UTF-8"),
    "cut": (lambda text: text[: len(text) // 2], 3, "is no JSON"),
    "list": (lambda _: "[]", 3, "a preset is a JSON object"),
    "huge": (lambda _: " " * 9_000_000, 3, "larger than 8 MB"),
    "newer": (lambda text: text.replace("2,", "99,", 1), 3, "update the workbench"),
    "text-radius": (lambda t: t.replace("2.0", '"much"'), 3, "'Soft': radius is"),
    "truth": (lambda text: text.replace("2.0", "true"), 3, "give a number"),
    "range": (lambda text: text.replace("2.0", "1e9"), 3, "from 0 to 200"),
    "unknown-node": (lambda t: t.replace('"blur",\n', '"blurr",\n'), 3, "'blur'"),
    "unknown-type": (lambda t: t.replace('"type": "blur"', '"type": "x"'), 5, "'x'"),
    "unknown-setting": (
        lambda text: text.replace('"radius"', '"width"'),
        2,
        "'Soft' has no setting 'width': it has radius",
    ),
}


def changed(change: Callable[[dict[str, Any]], Any]) -> Text:
    """The preset with its content changed."""

    def text(before: str) -> str:
        content = json.loads(before)
        change(content)
        return json.dumps(content)

    return text


def linked(source: str, target: str, port: str) -> Text:
    """The preset with one link more."""
    edge = [[source, "result"], [target, port]]
    return changed(lambda content: content["edges"].append(edge))


FLAWS |= {
    "loop": (
        changed(lambda c: c["edges"].__setitem__(0, [["blur", "result"]] * 2)),
        3,
        "edges[0]",
    ),
    "round": (
        changed(
            lambda c: (
                c["nodes"].append({"id": "two", "type": "blur", "position": [0, 0]}),
                c["edges"].__setitem__(0, [["two", "result"], ["blur", "image"]]),
                c["edges"].append([["blur", "result"], ["two", "image"]]),
            )
        ),
        3,
        "loop",
    ),
    "nowhere": (linked("blur", "nobody", "image"), 3, "'nobody'"),
    "wrong-type": (linked("shot", "blur", "mask"), 3, "takes a mask, not a picture"),
    "taken": (linked("shot", "blur", "image"), 3, "edges[2]"),
    "no-nodes": (changed(lambda c: c.update(nodes=[], edges=[])), 2, "Source node"),
    "null": (changed(lambda c: c.update(nodes=None)), 3, "nodes: is null"),
    "surprise": (changed(lambda c: c.update(surprise=1)), 3, "surprise: is not known"),
}


@pytest.fixture
def call(
    place: Guarded, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """The command in this process, in the folder of `place`."""
    monkeypatch.chdir(place.folder)
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    return Inside(place.folder, capsys).bare


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_preset_that_is_none_is_one_line_and_nothing_is_made(place, call, flaw):
    change, code, message = FLAWS[flaw]
    text = change((place.folder / PRESET).read_text("utf-8"))
    file = place.folder / f"{flaw}.json"
    file.write_bytes(text.encode() if isinstance(text, str) else text)

    said = call("batch", file.name, "board", "--json")

    assert said.code == code, said.err
    assert said.err.count("\n") == 1
    assert message in said.err
    assert file.name in said.err or "'Soft'" in said.err or flaw == "no-nodes"
    assert said.summary["shots"] == 0
    assert not (place.folder / "out").exists()


@posix
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "round"])
def test_a_preset_that_is_no_plain_file_is_not_waited_for(place, call, kind):
    file = place.folder / f"{kind}-file.json"
    {
        "pipe": os.mkfifo,
        "device": lambda path: path.symlink_to("/dev/zero"),
        "folder": os.mkdir,
        "round": lambda path: path.symlink_to(path.name),
    }[kind](file)

    said = call("batch", file.name, "board")

    assert said.code in (2, 3)
    assert said.err.count("\n") == 1
    assert file.name in said.err


def test_every_problem_of_a_preset_is_told_at_once(place, call):
    text = (place.folder / PRESET).read_text("utf-8")
    text = text.replace("2.0", "NaN").replace('"type": "output"', '"type": "x"')
    (place.folder / "two.json").write_text(text, "utf-8")

    said = call("preset", "validate", "two.json", "--json")

    told = json.loads(said.out)
    assert said.code == 3
    assert told["valid"] is False
    assert [problem["place"] for problem in told["problems"]] == [
        "nodes[0].settings.radius",
        "nodes[1].type",
    ]


def test_a_byte_order_mark_is_no_flaw(place, call):
    text = (place.folder / PRESET).read_text("utf-8")
    (place.folder / "marked.json").write_text(text, "utf-8-sig")

    assert call("batch", "marked.json", "board", "--dry-run").code == 0
