"""`workbench run`: presets by name and by file, single pictures, exit codes."""

import json
import os
from pathlib import Path

import pytest
from commands import chain, draw, untrusted

from nodegraph.graph import Edge, Endpoint, Graph, Node
from nodegraph.preset import file as preset
from nodegraph.preset.file import Preset

TASK = ["event", "id", "node", "type", "shot", "status", "outcome", "cached", "error"]
SUMMARY = [
    "event",
    "shots",
    "completed",
    "passed",
    "failed",
    "held",
    "cancelled",
    "executed",
    "cached",
    "seconds",
    "outputs",
]
OUTPUT = ["shot", "file", "asset", "outcome", "status", "error"]
INPUT = ("--input", "Shot=board/a-1.png")


def test_json_has_the_keys_of_the_contract_in_their_order(workbench, soft):
    said = workbench("run", soft, *INPUT, "--json")

    assert said.code == 0
    assert {tuple(task) for task in said.tasks} == {tuple(TASK)}
    assert list(said.summary) == SUMMARY
    assert [list(each) for each in said.summary["outputs"]] == [OUTPUT]


def test_a_task_is_told_at_every_change_of_its_status(workbench, soft):
    said = workbench("run", soft, *INPUT, "--json")

    soft_ones = [task for task in said.tasks if task["node"] == "Soft"]
    assert [t["status"] for t in soft_ones] == ["pending", "processing", "completed"]
    assert {(t["type"], t["shot"], t["error"]) for t in soft_ones} == {
        ("blur", "a-1", None)
    }
    assert [t["outcome"] for t in soft_ones] == [None, None, "done"]


def test_a_preset_is_found_by_the_name_the_project_gives_it(workbench, soft):
    (workbench.folder / "presets").mkdir()
    Path(soft).replace(workbench.folder / "presets" / "film-look.json")

    said = workbench("run", "film-look", *INPUT)

    assert (said.code, said.err) == (0, "")
    assert "out/film-look/a-1_film-look_v001.png" in said.out.replace(os.sep, "/")


def test_a_shipped_preset_is_found_by_its_name(workbench):
    draw(workbench.folder, "one.png")

    said = workbench("run", "contact-sheet", "--input", "Shot=one.png", "--dry-run")

    assert said.code == 0, said.err


def test_an_unknown_preset_is_refused_with_those_there_are(workbench):
    said = workbench("run", "contact-sheat")

    assert said.code == 2
    assert said.err.count("\n") == 1
    assert "did you mean contact-sheet?" in said.err
    assert "film-look" in said.err


def test_a_name_that_is_none_leaves_the_folder_as_it_was(workbench):
    workbench("run", "nothing")

    assert list(workbench.folder.iterdir()) == []


def test_a_board_that_is_none_leaves_the_folder_as_it_was(workbench, soft):
    said = workbench("batch", soft, "nowhere")

    assert said.code == 3
    assert not (workbench.folder / ".workbench").exists()


def test_a_setting_may_be_changed(workbench, soft):
    first = workbench("run", soft, *INPUT, "--json")
    second = workbench("run", soft, *INPUT, "--set", "Soft.radius=5", "--json")

    assert first.summary["executed"] == second.summary["executed"] == 2
    assert second.summary["outputs"][0]["file"].endswith("a-1_soft_v002.png")


def test_the_same_recipe_is_the_same_file(workbench, soft):
    first = workbench("run", soft, *INPUT, "--json")
    second = workbench("run", soft, *INPUT, "--json")

    assert (second.summary["executed"], second.summary["cached"]) == (0, 2)
    assert second.summary["outputs"] == first.summary["outputs"]
    assert [t["cached"] for t in second.tasks] == [True, True]


def test_a_file_that_is_gone_is_made_again(workbench, soft):
    first = workbench("run", soft, *INPUT, "--json")
    file = workbench.folder / "out" / "soft" / "a-1_soft_v001.png"
    before = file.read_bytes()
    file.unlink()

    second = workbench("run", soft, *INPUT, "--json")

    assert second.summary["outputs"] == first.summary["outputs"]
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--set", "Nobody.radius=1"), "'Nobody'"),
        (("--set", "Soft.width=1"), "'width'"),
        (("--set", "Soft.radius=much"), "radius"),
        (("--set", "radius"), "NODE.SETTING=VALUE"),
        (("--set", "Soft.radius@nobody=1"), "'nobody'"),
        (("--input", "Nobody=board/a-1.png"), "'Nobody'"),
        (("--input", "Shot"), "NODE=PATH"),
        (("--shot",), "--shot"),
        ((), "--input Shot=PATH"),
    ],
)
def test_wrong_usage_is_told_on_one_line(workbench, soft, words, named):
    given = () if not words or words[0] == "--input" else INPUT

    said = workbench("run", soft, *given, *words)

    assert said.code == 2, said.err
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert named in said.err


@pytest.mark.parametrize("name", ["nowhere.png", "text.png", "board"])
def test_a_picture_that_is_none_fails_by_name(workbench, soft, name):
    (workbench.folder / "text.png").write_text("no picture", "utf-8")

    said = workbench("run", soft, "--input", f"Shot={name}")

    assert said.code in (3, 4)
    assert name in said.out + said.err
    assert "Traceback" not in said.err


def test_a_loop_is_refused(workbench):
    nodes = [Node("one", "blur"), Node("two", "blur")]
    graph = Graph({node.id: node for node in nodes}, loop("one", "two"))
    content = json.loads(preset.dumps(Preset(Graph({n.id: n for n in nodes}), "l")))
    content["edges"] = [[list(end) for end in edge] for edge in graph.edges]
    (workbench.folder / "loop.json").write_text(json.dumps(content), "utf-8")

    said = workbench("run", "loop.json")

    assert said.code == 3
    assert "loop" in said.err


def loop(one: str, two: str) -> tuple[Edge, ...]:
    return (
        Edge(Endpoint(one, "result"), Endpoint(two, "image")),
        Edge(Endpoint(two, "result"), Endpoint(one, "image")),
    )


def test_a_link_between_types_that_do_not_fit_is_refused(workbench):
    wrong = Edge(Endpoint("shot", "result"), Endpoint("soft", "mask"))
    chain(workbench.folder / "wrong.json", Node("soft", "blur"), more=[wrong])

    said = workbench("run", "wrong.json")

    assert said.code == 3
    assert "'soft'" in said.err


def test_a_node_type_that_is_not_there_is_missing(workbench, soft):
    chain(workbench.folder / "new.json", Node("new", "invented"))

    said = workbench("run", "new.json", *INPUT)

    assert said.code == 5
    assert "'invented'" in said.err
    assert said.err.count("\n") == 1


def test_a_node_type_that_is_not_trusted_says_so(workbench, soft):
    untrusted(workbench, "invented", "raise SystemExit('it ran')")
    chain(workbench.folder / "new.json", Node("new", "invented"))

    said = workbench("run", "new.json", *INPUT)

    assert said.code == 5
    assert "invented.py: is not trusted: " in said.err.splitlines()[0]
    assert "workbench trust" in said.err.splitlines()[-1]


def test_a_setting_of_a_node_that_is_not_trusted_says_that(workbench, soft):
    untrusted(workbench, "invented", "raise SystemExit('it ran')")
    chain(workbench.folder / "new.json", Node("new", "invented"))

    said = workbench("run", "new.json", *INPUT, "--set", "new.strength=1")

    assert said.code == 5
    assert "workbench trust" in said.err.splitlines()[-1]


def test_a_model_file_that_is_not_there_is_missing(workbench):
    draw(workbench.folder, "one.png")
    up = Node("up", "upscale", {"model": "gone.onnx"}, name="Up")
    chain(workbench.folder / "up.json", up)

    said = workbench("run", "up.json", *INPUT)

    assert said.code == 5
    assert "'Up': the file 'gone.onnx' for 'model' is not there" in said.err


def test_a_node_takes_one_picture(workbench, soft):
    said = workbench("run", soft, *INPUT, "--input", "Shot=board/other.png")

    assert said.code == 2
    assert "'Shot' is given two pictures, a-1.png and other.png" in said.err


def test_pictures_that_should_go_into_a_file_are_refused(workbench, soft):
    (workbench.folder / "taken").touch()

    said = workbench("run", soft, *INPUT, "--out", "taken")

    assert said.code == 3
    assert "taken" in said.err
    assert "name a folder" in said.err


def test_a_summary_ends_the_json_of_what_cannot_run(workbench):
    said = workbench("run", "nothing", "--json")

    assert said.code == 2
    assert list(said.summary) == SUMMARY
    assert said.summary["shots"] == 0


def test_a_dry_run_writes_nothing(workbench, soft):
    before = sorted(workbench.folder.rglob("*"))

    said = workbench("run", soft, *INPUT, "--dry-run", "--json")

    assert said.code == 0, said.err
    assert [task["status"] for task in said.tasks] == ["pending", "pending"]
    assert said.summary["executed"] == 0
    assert sorted(workbench.folder.rglob("*")) == before


def test_a_dry_run_tells_what_is_known(workbench, soft):
    workbench("run", soft, *INPUT)
    before = {path: path.stat().st_mtime_ns for path in workbench.folder.rglob("*")}

    said = workbench("run", soft, *INPUT, "--set", "Small.scale=0.25", "--dry-run")

    assert "1 task would run for 1 shot" in said.out
    assert "1 known from before" in said.out
    after = {path: path.stat().st_mtime_ns for path in workbench.folder.rglob("*")}
    assert after == before


def test_pictures_go_where_they_are_asked_to(workbench, soft):
    workbench("run", soft, *INPUT, "--out", "there")

    assert sorted(p.name for p in (workbench.folder / "there").iterdir()) == [
        "a-1_soft_v001.png",
        "manifest.json",
    ]


def test_a_project_may_be_named(workbench, soft):
    workbench("run", soft, *INPUT, "--project", "elsewhere")

    assert (workbench.folder / "elsewhere" / "out" / "soft").is_dir()
    assert not (workbench.folder / ".workbench").exists()


def test_the_nearest_folder_upward_is_the_project(workbench, soft):
    (workbench.folder / ".workbench").mkdir()
    below = workbench.folder / "board"

    said = type(workbench)(below, workbench.environment)(
        "run", soft, "--input", "Shot=a-1.png"
    )

    assert said.code == 0, said.err
    assert (workbench.folder / "out" / "soft" / "a-1_soft_v001.png").exists()


def test_a_node_file_that_is_broken_is_a_warning(workbench, soft, trusted):
    trusted("broken", "raise RuntimeError('out of ideas')")

    said = workbench("run", soft, *INPUT)

    assert said.code == 0
    assert said.err.count("out of ideas") == 1
    assert "broken.py" in said.err


def test_a_second_writer_is_refused_and_told_who_writes(workbench, soft):
    from nodegraph.project import Project

    with Project(workbench.folder, write=True):
        said = workbench("run", soft, *INPUT)

    assert said.code == 7
    assert str(os.getpid()) in said.err


def test_settings_that_cannot_be_read_are_named(workbench, soft):
    workbench("run", soft, *INPUT)
    settings = workbench.folder / ".workbench" / "settings.toml"
    settings.write_text("workers = many\n", "utf-8")

    said = workbench("run", soft, *INPUT)

    assert said.code == 3
    assert "settings.toml" in said.err
    assert said.err.count("\n") == 1


def test_a_damaged_journal_is_told_and_what_it_lost_is_made_again(workbench, soft):
    first = workbench("run", soft, *INPUT, "--json")
    journal = workbench.folder / ".workbench" / "journal"
    content = bytearray(journal.read_bytes())
    content[len(content) // 3] ^= 1
    journal.write_bytes(content)

    said = workbench("run", soft, *INPUT, "--json")

    assert said.code == 0
    assert "journal" in said.err
    assert said.summary["outputs"] == first.summary["outputs"]


def test_what_a_node_lacks_is_found_before_the_run(workbench, soft, trusted):
    trusted("lacking", LACKING)
    graph = chain(workbench.folder / "lacking.json", Node("face", "lacking"))

    said = workbench("run", graph, *INPUT, "--json")

    assert said.code == 5
    assert "'face': model 'moods' is not installed: get it" in said.err
    assert said.tasks == []


LACKING = """
from nodegraph import Image, MissingError, node

def resolve(settings):
    raise MissingError("model 'moods' is not installed: get it")

@node("Test", resolve=resolve)
def lacking(image: Image) -> Image:
    return image
"""


def test_a_setting_out_of_range_is_refused(workbench, soft):
    said = workbench("run", soft, *INPUT, "--set", "Soft.radius=-1")

    assert said.code == 2
    assert "'Soft'" in said.err
    assert "radius" in said.err


def test_an_unexpected_error_is_one_line_without_verbose(workbench, soft):
    graph = workbench.folder / "board"

    said = workbench("run", graph)
    loud = workbench("-v", "run", graph)

    assert said.code == loud.code == 2
    assert "Traceback" not in said.err
    assert "Traceback" in loud.err
