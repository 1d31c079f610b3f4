"""Settings given when queueing: for every shot, or for single ones."""

import pytest
from studio import Studio, chain, soft

from nodegraph.assignments import Assignment
from nodegraph.graph import Node, UnknownNodeError
from nodegraph.lineage import Override
from nodegraph.plan import UnknownSettingError
from nodegraph.preset.file import Preset, dumps
from nodegraph.shots import UnknownShotError

OWN_NODE = """
from nodegraph import Image, node

def decided(settings):
    auto = settings["engine"] == "auto"
    return {**settings, "engine": "found" if auto else settings["engine"]}

@node(category="Own", resolve=decided)
def own(image: Image, engine: str = "auto", on: bool = False, count: int = 3) -> Image:
    "Give the picture back."
    return image
"""


@pytest.fixture
def board(studio: Studio) -> Studio:
    """Two panels."""
    studio.draw("a.png", 1)
    studio.draw("b.png", 2)
    return studio


def made_with(studio: Studio, ran: object) -> dict[str, dict[str, object]]:
    """The settings of the last node, by shot."""
    with studio.opened(write=False) as project:
        return {
            row.shot: dict(project.store.asset(row.asset).recipe.settings)
            for row in ran.rows
        }


def radii(studio: Studio, ran: object) -> list[object]:
    return [settings["radius"] for settings in made_with(studio, ran).values()]


def recorded(studio: Studio) -> list[Override]:
    with studio.opened(write=False) as project:
        return list(project.store.all(Override))


# how they are written ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Soft.radius=3", ("Soft", "radius", "", "3")),
        ("Soft.radius@a=3", ("Soft", "radius", "a", "3")),
        ("v1.2.radius@one/a-1=3", ("v1.2", "radius", "one/a-1", "3")),
        ("T.text=a=b@c.d", ("T", "text", "", "a=b@c.d")),
        ("T.text@a@b=", ("T", "text", "a@b", "")),
    ],
)
def test_a_setting_is_node_setting_shot_and_value(
    text: str, expected: tuple[str, ...]
) -> None:
    assert Assignment.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", "x", "x=1", "a.b", ".b=1", "a.=1", "@s=1", "a@s.b=1"]
)
def test_what_is_no_setting_is_refused(text: str) -> None:
    with pytest.raises(UnknownSettingError, match=r"NODE\.SETTING=VALUE"):
        Assignment.parse(text)


# for every shot ---------------------------------------------------------------------


def test_a_setting_without_a_shot_holds_for_this_call_alone(board: Studio) -> None:
    first = board.run(soft(), sets=["Soft.radius=2"])
    second = board.run(soft())

    assert radii(board, first) == [2.0, 2.0]
    assert radii(board, second) == [1.0, 1.0]
    assert recorded(board) == []


def test_the_last_of_several_values_counts(board: Studio) -> None:
    ran = board.run(soft(), sets=["Soft.radius=2", "Soft.radius=3"])

    assert radii(board, ran) == [3.0, 3.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("yes", True), ("TRUE", True), ("off", False), ("0", False)],
)
def test_a_switch_is_set_by_words(board: Studio, text: str, expected: bool) -> None:
    board.node_file(OWN_NODE)
    preset = chain(Node("own", "own", name="Own"))

    ran = board.run(preset, sets=[f"Own.on={text}", "Own.count=7", "Own.engine=1"])

    assert made_with(board, ran)["a"] == {"engine": "1", "on": expected, "count": 7}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Soft.radius=wide", "radius is 'wide': give a number"),
        ("Soft.radius=-1", "choose a number from 0"),
        ("Soft.radius=nan", "radius"),
        ("Soft.radius@a=wide", "radius is 'wide'"),
        ("Soft.colour=red", "'Soft' has no setting 'colour': it has radius"),
        ("Soft.colour@a=", "'Soft' has no setting 'colour'"),
        ("Soft.image=x", "'Soft' has no setting 'image'"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(
    board: Studio, text: str, said: str
) -> None:
    with pytest.raises(UnknownSettingError, match=said):
        board.run(soft(), sets=[text])
    assert recorded(board) == []


def test_a_node_or_shot_that_is_not_there_is_refused(board: Studio) -> None:
    with pytest.raises(UnknownNodeError, match="Sift"):
        board.run(soft(), sets=["Sift.radius=1"])
    with pytest.raises(UnknownShotError, match="no shot 'c'"):
        board.run(soft(), sets=["Soft.radius@c=1"])
    with pytest.raises(UnknownShotError, match="no shot 'b'"):
        board.run(soft(), sets=["Soft.radius@b=1"], match=("a",))


@pytest.mark.parametrize("text", ["In.file@a=x.png", "Out.name@a=x"])
def test_what_holds_for_all_shots_cannot_be_set_for_one(
    board: Studio, text: str
) -> None:
    with pytest.raises(UnknownSettingError, match="for all shots alike"):
        board.run(soft(), sets=[text])


# for single shots -------------------------------------------------------------------


def test_a_setting_for_a_shot_is_recorded_and_used_from_then_on(
    board: Studio,
) -> None:
    first = board.run(soft(), sets=["Soft.radius@b=5"])
    second = board.run(soft())

    assert radii(board, first) == radii(board, second) == [1.0, 5.0]
    assert second.executed == 0
    [kept] = recorded(board)
    assert (kept.graph, kept.node, kept.settings) == ("look", "blur", {"radius": 5.0})
    assert kept.shot == board.shots()["b"].id
    assert kept.drawing == board.shots()["b"].digest


def test_it_goes_before_what_is_set_for_every_shot(board: Studio) -> None:
    board.run(soft(), sets=["Soft.radius@b=5"])

    ran = board.run(soft(), sets=["Soft.radius=2"])

    assert radii(board, ran) == [2.0, 5.0]


def test_an_empty_value_takes_it_back(board: Studio) -> None:
    board.run(soft(), sets=["Soft.radius@b=5"])

    ran = board.run(soft(), sets=["Soft.radius@b="])

    assert radii(board, ran) == [1.0, 1.0]
    assert recorded(board) == []
    assert board.run(soft(), sets=["Soft.radius@b="]).executed == 0


def test_taking_back_one_leaves_the_others(board: Studio) -> None:
    board.node_file(OWN_NODE)
    preset = chain(Node("own", "own", name="Own"))
    board.run(preset, sets=["Own.count@b=5", "Own.engine@b=fast"])

    ran = board.run(preset, sets=["Own.engine@b="])

    assert [kept.settings for kept in recorded(board)] == [{"count": 5}]
    assert made_with(board, ran)["b"] == {"engine": "found", "on": False, "count": 5}


def test_it_belongs_to_its_preset_and_node(board: Studio) -> None:
    two = chain(
        Node("blur", "blur", {"radius": 1.0}, name="Soft"),
        Node("more", "blur", {"radius": 1.0}, name="More"),
        name="other",
    )
    board.run(soft(), sets=["Soft.radius@b=5"])

    assert radii(board, board.run(two)) == [1.0, 1.0]
    assert radii(board, board.run(two, sets=["More.radius@a=4"])) == [4.0, 1.0]
    assert radii(board, board.run(soft())) == [1.0, 5.0]


def test_a_dry_run_uses_it_and_records_nothing(board: Studio) -> None:
    board.run(soft())
    with board.opened() as project:
        asked = board.request(soft(), sets=["Soft.radius@b=5"], dry=True)
        plans = project.prepare(asked, lambda event: None).job.plans

    assert [plan.tasks[0].recipe.settings["radius"] for plan in plans] == [1.0, 5.0]
    assert recorded(board) == []


def test_what_a_machine_decides_it_decides_for_single_shots_too(
    board: Studio,
) -> None:
    board.node_file(OWN_NODE)
    preset = chain(Node("own", "own", {"engine": "slow"}, name="Own"))

    ran = board.run(preset, sets=["Own.engine@b=auto"])

    made = made_with(board, ran)
    assert made["a"]["engine"] == "slow"
    assert made["b"]["engine"] == "found"


def test_what_is_equal_to_the_graph_is_the_same_recipe(board: Studio) -> None:
    board.run(soft())

    ran = board.run(soft(), sets=["Soft.radius@b=1"])

    assert (ran.executed, ran.cached) == (0, 2)


def test_of_a_node_that_was_taken_out_nothing_is_left_to_do(board: Studio) -> None:
    board.run(soft(), sets=["Soft.radius@b=5"])

    ran = board.run(chain(Node("other", "blur", {"radius": 2.0}, name="Other")))

    assert radii(board, ran) == [2.0, 2.0]
    assert len(recorded(board)) == 1


# in presets -------------------------------------------------------------------------


def overriding(name: str, radius: float) -> Preset:
    return soft(overrides={name: {"blur": {"radius": radius}}})


def test_a_preset_may_bring_settings_for_single_shots(board: Studio) -> None:
    ran = board.run(overriding("b", 4.0))

    assert radii(board, ran) == [1.0, 4.0]
    assert recorded(board) == []


def test_a_persons_setting_goes_before_the_presets(board: Studio) -> None:
    board.run(overriding("b", 4.0), sets=["Soft.radius@b=5"])
    changed = board.run(overriding("b", 3.0))
    back = board.run(overriding("b", 3.0), sets=["Soft.radius@b="])

    assert radii(board, changed) == [1.0, 5.0]
    assert radii(board, back) == [1.0, 3.0]


def test_a_presets_own_settings_are_not_recorded_as_a_persons(board: Studio) -> None:
    board.node_file(OWN_NODE)
    node = Node("own", "own", name="Own")
    brought = {"b": {"own": {"count": 8}}}
    board.run(chain(node, overrides=brought), sets=["Own.engine@b=fast"])

    ran = board.run(chain(node))

    assert [kept.settings for kept in recorded(board)] == [{"engine": "fast"}]
    assert made_with(board, ran)["b"]["count"] == 3


def test_a_preset_may_name_a_shot_of_a_sequence(studio: Studio) -> None:
    studio.draw("a.png", 1, board="board/one")
    studio.draw("a.png", 2, board="board/two")

    ran = studio.run(overriding("two/a", 4.0), recursive=True)

    assert made_with(studio, ran)["one/a"]["radius"] == 1.0
    assert made_with(studio, ran)["two/a"]["radius"] == 4.0


def test_what_is_set_for_single_shots_never_travels_in_a_preset(
    board: Studio,
) -> None:
    preset = soft()
    board.run(preset, sets=["Soft.radius@b=5"])

    assert "overrides" not in dumps(preset)
    with board.opened(write=False) as project:
        from nodegraph.lineage import Run

        [run] = project.store.all(Run)
    assert "overrides" not in run.graph
    assert run.changes == {board.shots()["b"].id: {"blur": {"radius": 5.0}}}
