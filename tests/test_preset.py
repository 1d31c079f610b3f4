"""Presets: what is read, what is refused and where, what survives."""

import json
import os
import random
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph import Choice, Color, Image, Mask, Role, Slider, node
from nodegraph.graph import Edge, Endpoint, Frame, Graph, Node, Note
from nodegraph.preset import file as preset
from nodegraph.preset.file import Exposed, Preset, PresetError


@node("Input", role=Role.SOURCE)
def source(file: str = "") -> Image: ...


@node("Filter")
def blur(
    image: Image, mask: Mask | None = None, radius: Annotated[float, Slider(0, 50)] = 2
) -> Image: ...


@node("Layout")
def sheet(images: list[Image], edge: Annotated[str, Color()] = "#ffffff") -> Image: ...


@node("Colour")
def look(
    image: Image, mood: Annotated[str, Choice(("day", "night"))] = "day"
) -> Image: ...


@node("Mask")
def shape(image: Image) -> Mask: ...


@node("Output", role=Role.OUTPUT)
def output(value: Image, name: str = "") -> Image: ...


TYPES = {t.name: t for t in (source, blur, sheet, look, shape, output)}
LINK = [["in", "result"], ["soft", "image"]]


def document(**changes):
    nodes = [
        {"id": "in", "type": "source", "position": [0, 0]},
        {"id": "soft", "type": "blur", "settings": {"radius": 3}},
    ]
    return deepcopy({"format": 2, "nodes": nodes, "edges": [LINK]} | changes)


def told(content, types=TYPES):
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    return [tuple(problem) for problem in preset.validate(text, types)]


def places(content):
    return [place for place, _ in told(content)]


@pytest.fixture
def full():
    """A preset with everything a preset can hold."""
    nodes = [
        Node("in", "source", {"file": "über.png"}, "Panel", (0.0, 0.5)),
        Node("soft", "blur", {"radius": 3, "mode": None}, position=(200, 0), mute=True),
        Node("odd", "not_installed", {"deep": [{"a": [1, 2.5, True, "x"]}]}),
        Node("out", "output", bypass=True),
    ]
    edges = [
        Edge(Endpoint("soft", "result"), Endpoint("out", "value")),
        Edge(Endpoint("in", "result"), Endpoint("soft", "image")),
    ]
    frame = Frame("f", "Look", (0.0, 0.0), (10.0, 20.0), "#112233")
    note = Note("n", "warmer\nhere", (1.5, -2.0))
    graph = Graph({n.id: n for n in nodes}, tuple(edges), (frame,), (note,))
    return Preset(
        graph,
        "night",
        "Night look",
        "Two lines\nof help",
        (Exposed("soft", "radius", "Weichheit"),),
        {"Shot 10/ß": {"soft": {"radius": 9}}},
    )


def test_what_is_saved_is_read_again_with_frames_notes_and_overrides(tmp_path, full):
    preset.save(full, tmp_path / "night.json")

    assert preset.load(tmp_path / "night.json") == full


def test_settings_of_unknown_node_types_survive_load_and_save(full):
    settings = {"z": 1, "a": [{"b": None}, 0.1, 1e-300, -0.0, 2**63, "\u2028 ü"]}
    graph = full.graph.put(Node("odd", "not_installed", settings))

    again = preset.loads(preset.dumps(replace(full, graph=graph)), "x", TYPES)

    kept = again.graph.nodes["odd"].settings
    assert json.dumps(kept, sort_keys=True) == json.dumps(settings, sort_keys=True)


def test_a_preset_is_called_as_its_file(tmp_path, full):
    preset.save(full, tmp_path / "two words.json")

    assert preset.load(tmp_path / "two words.json").name == "two words"


def test_one_changed_setting_changes_one_line(full):
    moved = replace(full, graph=full.graph.set("soft", radius=4))

    before, after = preset.dumps(full).split("\n"), preset.dumps(moved).split("\n")

    assert len([1 for a, b in zip(before, after, strict=True) if a != b]) == 1


def test_nodes_are_written_by_id_and_edges_in_their_order(full):
    content = json.loads(preset.dumps(full))

    assert [n["id"] for n in content["nodes"]] == ["in", "odd", "out", "soft"]
    assert content["edges"][1] == LINK
    assert preset.dumps(full).endswith("}\n")


def test_what_could_not_be_read_again_is_not_written(tmp_path, full):
    path = tmp_path / "night.json"
    path.write_text("old")
    bad = (float("nan"), 10**30, object(), {"\ud800": 1}, {1: 2}, "\udfff")
    deep = []
    for _ in range(100):
        deep = [deep]

    for value in (*bad, deep):
        graph = full.graph.put(Node("odd", "x", {"value": value}))
        with pytest.raises(PresetError):
            preset.save(replace(full, graph=graph), path)

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_graph_with_a_loop_is_not_written(full):
    back = Edge(Endpoint("soft", "result"), Endpoint("soft", "mask"))
    looped = replace(full.graph, edges=(*full.graph.edges, back))

    with pytest.raises(PresetError, match="loop"):
        preset.dumps(replace(full, graph=looped))


@pytest.mark.skipif(os.name == "nt", reason="there are no such permissions")
def test_saving_again_keeps_the_file_s_permissions_and_its_link(tmp_path, full):
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    preset.save(full, real)
    real.chmod(0o640)
    link.symlink_to(real)

    preset.save(full, link)

    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640


def test_the_team_s_first_format_is_still_read():
    sketch = {
        "format": 1,
        "nodes": [
            {
                "id": "soft",
                "type": "blur",
                "settings": {"radius": 2.0},
                "position": [200, 0],
            },
            {
                "id": "in",
                "type": "source",
                "settings": {"image": "9f2c"},
                "position": [0, 0],
            },
        ],
        "edges": [LINK],
    }

    read = preset.loads(json.dumps(sketch), "soften", TYPES)

    assert read.graph.nodes["soft"].settings == {"radius": 2.0}
    assert read.graph.nodes["in"].settings == {}
    assert told(sketch) == []
    assert json.loads(preset.dumps(read))["format"] == 2


def test_there_is_a_migration_from_every_older_format():
    assert set(preset.MIGRATIONS) == set(range(1, preset.FORMAT))


def test_a_newer_format_says_what_to_do():
    with pytest.raises(PresetError) as error:
        preset.loads('{"format": 3, "nodes": 7}', "new")

    assert str(error.value) == (
        "new: format: made by a newer version (format 3): update the workbench"
    )


@pytest.mark.parametrize("number", [0, -1, "2", 2.0, True, None, [], {}])
def test_a_format_is_a_number(number):
    assert places(document(format=number)) == ["format"]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('{"format": 2, "nodes": [NaN]}', "nodes[0]", "NaN is no JSON number"),
        ('{"format": 2, "nodes": [-Infinity]}', "nodes[0]", "-Infinity is no"),
        ('{"format": 2, "nodes": [1e999]}', "nodes[0]", "too large"),
        ('{"format": 2, "nodes": [' + "9" * 99 + "]}", "nodes[0]", "too large"),
        ('{"format": 2, "nodes": [' + "9" * 9999 + "]}", "nodes[0]", "too many digits"),
        ('{"format": 2, "nodes": [0.' + "1" * 9999 + "]}", "nodes[0]", "too many"),
        ('{"format": 2, "nodes": [], "nodes": []}', "nodes", "more than once"),
        ('{"format": 2, "nodes": ["\\ud800"]}', "nodes[0]", "lone surrogate"),
        ('{"format": 2, "nodes": [{"\\udc00": 1}]}', "nodes[0]", "lone surrogate"),
        ("[" * 100_000, "", "nested deeper than 64"),
        ('{"a":' * 100_000, "", "nested deeper than 64"),
        ("[" * 65 + "]" * 65, "", "nested deeper than 64"),
        ("[]", "", "a preset is a JSON object"),
        ("", "line 1 column 1", "is no JSON"),
        ('{"format": 2,\n}', "line 2 column 1", "is no JSON"),
        (b'{"a": "\xff"}', "byte 7", "no UTF-8"),
        ('{"format": 2}'.encode("utf-16"), "byte 0", "no UTF-8"),
        (" " * (2**23 + 1), "", "larger than 8 MB"),
    ],
    ids=str,
)
def test_what_is_not_strict_json_is_named_with_its_place(text, place, message):
    found = told(text)

    assert found[0][0].startswith(place)
    assert message in found[0][1]
    with pytest.raises(PresetError):
        preset.loads(text, "x")


def test_one_flaw_is_told_once():
    text = json.dumps(document()).replace('"radius": 3', '"radius": NaN')

    assert told(text) == [("nodes[1].settings.radius", "NaN is no JSON number")]


def test_flaws_of_the_text_do_not_hide_other_problems():
    text = json.dumps(document(edges=[])).replace('"radius": 3', '"radius": NaN')

    assert [place for place, _ in told(text)] == [
        "nodes[1].settings.radius",
        "nodes[1]",
    ]


def test_nesting_up_to_the_limit_is_read():
    deep = "[" * 58 + "]" * 58
    text = json.dumps(document(nodes=[{"id": "a", "type": "x", "settings": {"d": 0}}]))
    text = text.replace('"d": 0', f'"d": {deep}').replace(json.dumps([LINK]), "[]")

    assert preset.loads(text, "deep").graph.nodes["a"].settings == {
        "d": json.loads(deep)
    }


def test_a_byte_order_mark_is_let_pass():
    assert told(b"\xef\xbb\xbf" + json.dumps(document()).encode()) == []


def test_a_sound_preset_has_no_problems(full):
    assert told(document()) == []


def test_every_problem_is_told_at_once_with_its_place():
    nodes = [
        {"id": "in", "type": "source"},
        {"id": "soft", "type": "blur", "settings": {"radius": 99, "radios": 1}},
        {"id": "odd", "type": "not_installed", "settings": {"any": 1}},
        {"id": "in", "type": "look", "settings": {"mood": "noon"}},
        {"id": "bad", "type": 7, "color": "red"},
        {"id": "shape", "type": "shape", "name": "soft"},
    ]
    edges = [
        LINK,
        [["gone", "result"], ["soft", "mask"]],
        [["soft", "result"], ["shape", "image"]],
        [["in", "result"], ["soft", "image"]],
        [["soft", "pixels"], ["odd", "image"]],
        [["shape", "result"], ["soft", "mask"]],
        [["bad", "result"], ["odd", "image"]],
        "wire",
    ]
    exposed = [
        {"node": "gone", "setting": "radius", "label": ""},
        {"node": "soft", "setting": "image", "label": ""},
    ]
    overrides = {"s 1": {"soft": {"radius": -1}, "gone": {}}}
    content = document(nodes=nodes, edges=edges, exposed=exposed, overrides=overrides)

    found = places(content | {"extra": 1})

    assert sorted(found) == sorted(
        [
            "extra",
            "nodes[1].settings.radius",
            "nodes[1].settings.radios",
            "nodes[2].type",
            "nodes[3].id",
            "nodes[3].name",
            "nodes[3]",
            "nodes[3].settings.mood",
            "nodes[4].type",
            "nodes[4].color",
            "nodes[5].name",
            "edges",
            "edges[1]",
            "edges[3]",
            "edges[4]",
            "edges[7]",
            "exposed[0].node",
            "exposed[1].setting",
            "overrides['s 1'].soft.radius",
            "overrides['s 1'].gone",
        ]
    )


def test_the_error_is_one_line_with_the_first_problem_and_how_many_more():
    content = document(edges=[[["in", "result"], ["gone\nnode", "x"]], 5, 6])

    with pytest.raises(PresetError) as error:
        preset.loads(json.dumps(content), "my\nlook", TYPES)

    assert str(error.value).startswith(r"my\nlook: edges[1]: is 5: give a list of two")
    assert str(error.value).endswith("(and 2 more: see `workbench preset validate`)")
    assert len(error.value.problems) == 3
    assert all("\n" not in str(problem) for problem in error.value.problems)


def test_a_loop_names_the_nodes_on_it():
    edges = [LINK, [["soft", "result"], ["in", "file"]]]

    assert told(document(edges=edges), {})[0][1].count("soft") == 1
    with pytest.raises(PresetError, match=r"edges: .*is a loop"):
        preset.loads(json.dumps(document(edges=edges)), "x")


def test_a_link_that_does_not_fit_is_refused_where_the_types_are_known():
    content = json.dumps(document(edges=[[["in", "result"], ["soft", "mask"]]]))

    with pytest.raises(PresetError, match=r"edges\[0\].*takes a mask, not a picture"):
        preset.loads(content, "x", TYPES)
    assert preset.loads(content, "x").graph.edges


def test_an_unfinished_graph_can_be_opened():
    content = document(edges=[])

    assert preset.loads(json.dumps(content), "x", TYPES).graph.edges == ()
    assert told(content) == [("nodes[1]", "link something to 'image' of 'soft'")]


def test_an_input_of_many_takes_many_links():
    nodes = [{"id": "a", "type": "source"}, {"id": "s", "type": "sheet"}]
    link = [["a", "result"], ["s", "images"]]

    assert told(document(nodes=nodes, edges=[link, link])) == []


def test_a_muted_node_needs_no_links():
    nodes = [*document()["nodes"], {"id": "m", "type": "look", "mute": True}]

    assert told(document(nodes=nodes)) == []


@pytest.mark.parametrize(
    "nodes",
    [
        [],
        [{"id": "in", "type": "source"}],
        [{"id": "out", "type": "output", "mute": True}],
    ],
    ids=["none", "source", "muted"],
)
def test_a_graph_that_gives_nothing_is_a_problem(nodes):
    assert ("nodes", "the graph gives nothing: add a node, or unmute one") in told(
        document(nodes=nodes, edges=[])
    )


def test_two_results_may_not_have_one_name():
    nodes = [
        *document()["nodes"],
        {"id": "a", "type": "output", "settings": {"name": "final"}},
        {"id": "final", "type": "output"},
    ]
    edges = [LINK, *([["soft", "result"], [name, "value"]] for name in ("a", "final"))]

    assert places(document(nodes=nodes, edges=edges)) == ["nodes[3].settings.name"]


def test_a_setting_filled_by_a_link_s_input_is_no_setting():
    nodes = [*document()["nodes"]]
    nodes[1] = {"id": "soft", "type": "blur", "settings": {"image": "x.png"}}

    assert told(document(nodes=nodes)) == [
        ("nodes[1].settings.image", "Blur has no such setting: there is radius")
    ]


def test_problems_of_a_hostile_file_are_told_up_to_a_limit():
    text = '{"format": 2, "nodes": [' + "1," * 500_000 + "1]}"

    assert len(told(text)) == 1000


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path):
    missing = tmp_path / "gone.json"

    with pytest.raises(PresetError, match=r"gone\.json: cannot be read: No such file"):
        preset.load(missing)
    with pytest.raises(PresetError, match="no plain file"):
        preset.load(tmp_path)
    assert "No such file" in preset.validate(missing, TYPES)[0].message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")

    with pytest.raises(PresetError, match="no plain file"):
        preset.load(tmp_path / "pipe.json")


def test_ten_thousand_nodes_in_a_chain_are_read_without_recursion(tmp_path):
    chain = [Node(f"n{i}", "blur") for i in range(10_000)]
    edges = tuple(
        Edge(Endpoint(f"n{i}", "result"), Endpoint(f"n{i + 1}", "image"))
        for i in range(9_999)
    )
    long = Preset(Graph({n.id: n for n in chain}, edges), "long")
    preset.save(long, tmp_path / "long.json")

    assert preset.load(tmp_path / "long.json", TYPES) == long


def test_a_killed_save_leaves_the_old_preset(tmp_path, full):
    path = tmp_path / "night.json"
    preset.save(full, path)
    code = (
        "import os, sys; from pathlib import Path; from nodegraph import files; "
        "os.fsync = lambda fd: os._exit(9); "
        "files.write_whole(Path(sys.argv[1]), b'half')"
    )

    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)

    assert done.returncode == 9
    assert preset.load(path) == full


WORDS = """in soft gone id type name settings position nodes edges frames notes exposed
overrides node setting label size title text format bypass radius result image blur
source sheet"""
NAMES = st.sampled_from(WORDS.split())
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | NAMES


def nested(inner):
    return st.lists(inner, max_size=4) | st.dictionaries(
        NAMES | st.text(), inner, max_size=4
    )


JSON = LEAF | nested(LEAF | nested(LEAF | nested(LEAF)))
fuzzed = settings(deadline=None, max_examples=int(os.environ.get("FUZZ", "100")))


def refused_or_sound(text):
    """Read it; only a PresetError may come out, and what is read can be written."""
    preset.validate(text, TYPES)
    try:
        read = preset.loads(text, "fuzz", TYPES)
    except PresetError as error:
        assert str(error).isprintable()
        return
    assert preset.loads(preset.dumps(read), "fuzz", TYPES) == read


@fuzzed
@given(st.binary() | st.text())
def test_no_bytes_break_the_reader(text):
    refused_or_sound(text)


@fuzzed
@given(
    st.dictionaries(NAMES, JSON, max_size=6), st.sampled_from([1, 2, 2, 2, 3, "2", []])
)
def test_no_json_breaks_the_reader(content, number):
    refused_or_sound(json.dumps(content | {"format": number}))


@fuzzed
@given(st.integers(0, 2**32), st.lists(JSON, min_size=1, max_size=3))
def test_no_change_of_a_sound_preset_breaks_the_reader(seed, junk):
    content = document(
        frames=[{"id": "f", "title": "", "position": [0, 0], "size": [1, 1]}],
        notes=[{"id": "n", "text": "", "position": [0, 0]}],
        exposed=[{"node": "soft", "setting": "radius", "label": "Soft"}],
        overrides={"1": {"soft": {"radius": 1}}},
    )
    chance = random.Random(seed)
    for value in junk:
        put_somewhere(content, value, chance)
    refused_or_sound(json.dumps(content))


def put_somewhere(content, value, chance):
    """Replace one part of the document, however deep, by `value`."""
    at = content
    while True:
        key = chance.choice(list(at) if isinstance(at, dict) else range(len(at)))
        inner = at[key]
        if not isinstance(inner, list | dict) or not inner or chance.random() < 0.3:
            at[key] = value
            return
        at = inner


@fuzzed
@given(st.integers(0, 2**32))
def test_no_flipped_bytes_break_the_reader(seed):
    chance = random.Random(seed)
    text = bytearray(json.dumps(document()).encode())
    for _ in range(chance.randint(1, 4)):
        text[chance.randrange(len(text))] = chance.choice(b'{}[]",:0\xff\\u e')
    refused_or_sound(bytes(text))


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[1] / "presets").glob("*.json")), ids=str
)
def test_the_shipped_presets_are_sound(path):
    from nodegraph.registry import discover

    assert preset.validate(path, discover().types) == []
