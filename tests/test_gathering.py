"""What runs once a run: over the shots that completed, in their order."""

import pytest
from engine import (
    by_node,
    entries,
    graph,
    laid_out,
    newer,
    plans,
    shots,
)

from nodegraph.gathering import gather
from nodegraph.plan import (
    PlanError,
    ShotPlan,
    as_queued,
    plan,
)

SIMPLE = ("source soft", "source>soft.image")
BOARD = ("source soft sheet", "source>soft.image", "soft>sheet.images")


def everything(asset: str) -> bool:
    return True


# Once a run


def test_pictures_are_gathered_in_the_order_of_the_shots() -> None:
    layout = laid_out(graph(*BOARD))
    planned = plans(layout, 3)

    assert [by_node(each).keys() for each in planned] == [{"soft"}] * 3
    [sheet] = gather(layout, planned, everything).tasks
    assert sheet.shot is None
    assert sheet.recipe.inputs["images"] == tuple(
        by_node(each)["soft"].key for each in planned
    )
    assert sheet.recipe.settings["names"] == ["panel-0", "panel-1", "panel-2"]
    assert sheet.sources == ("drawing-0", "drawing-1", "drawing-2")
    assert sheet.parent == by_node(planned[0])["soft"].key


def test_shots_without_a_result_are_left_out_and_named() -> None:
    layout = laid_out(graph(*BOARD))
    planned = plans(layout, 3)
    lost = by_node(planned[1])["soft"].key
    planned[0] = ShotPlan(planned[0].shot, problem="it is no picture")

    [sheet] = gather(layout, planned, lambda asset: asset != lost).tasks

    assert sheet.recipe.inputs["images"] == (by_node(planned[2])["soft"].key,)
    assert sheet.recipe.settings["names"] == ["panel-2"]
    assert sheet.recipe.settings["missing"] == ["panel-0", "panel-1"]
    assert sheet.refusal == ""


def test_where_no_shot_completed_there_is_nothing_to_gather() -> None:
    layout = laid_out(graph(*BOARD))

    [sheet] = gather(layout, plans(layout, 2), lambda asset: False).tasks

    assert "no shot has completed" in sheet.refusal


def test_what_follows_a_sheet_runs_once_too() -> None:
    links = (*BOARD[1:], "sheet>titled.image")
    layout = laid_out(graph("source soft sheet titled", *links))
    planned = plans(layout, 2)

    once = gather(layout, planned, everything)

    assert [task.node for task in once.tasks] == ["sheet", "titled"]
    assert by_node(once)["titled"].recipe.settings["name"] == ""
    assert by_node(once)["titled"].recipe.settings["recipe"] == once.tasks[0].key
    assert layout.wide == {"sheet", "titled"}
    assert layout.gathered == {"soft"}


def test_names_stand_beside_their_own_pictures_among_shared_ones() -> None:
    links = ("logo>sheet.images", *BOARD[1:], "source>sheet.images")
    made = graph("source logo:source soft sheet", *links, logo={"file": "l.png"})
    layout = laid_out(made)
    planned = plans(layout, 2)

    [sheet] = gather(layout, planned, everything).tasks

    softs = [by_node(each)["soft"].key for each in planned]
    assert sheet.recipe.inputs["images"] == (
        "logo.png",
        softs[0],
        "drawing-0",
        softs[1],
        "drawing-1",
    )
    assert sheet.recipe.settings["names"] == [
        "",
        "panel-0",
        "panel-0",
        "panel-1",
        "panel-1",
    ]


def test_a_sheet_may_take_what_all_shots_share() -> None:
    links = (*BOARD[1:], "logo>mark.image", "mark>sheet.logo")
    made = graph("source logo:source mark:soft soft sheet", *links, logo={"file": "l"})
    layout = laid_out(made)
    planned = plans(layout, 3)
    planned[0] = ShotPlan(planned[0].shot, problem="it is no picture")

    [sheet] = gather(layout, planned, everything).tasks

    assert sheet.recipe.inputs["logo"] == by_node(planned[1])["mark"].key
    assert sheet.refusal == ""


@pytest.mark.parametrize("link", ["source>sheet.logo", "soft>sheet.logo"])
def test_a_sheet_may_not_take_one_picture_that_each_shot_has_its_own_of(
    link: str,
) -> None:
    with pytest.raises(PlanError, match=r"'sheet' runs once for all shots, but 'logo'"):
        laid_out(graph(BOARD[0], *BOARD[1:], link))


def test_what_follows_a_sheet_may_not_take_a_shots_own_picture() -> None:
    links = (*BOARD[1:], "sheet>mix.a", "soft>mix.b")
    with pytest.raises(PlanError, match="'mix' runs once for all shots, but 'b'"):
        laid_out(graph("source soft sheet mix", *links))


def test_a_shot_that_has_its_own_of_what_others_share_is_said_before_work() -> None:
    links = (*BOARD[1:], "logo>mark.image", "mark>sheet.logo")
    made = graph("source logo:source mark:soft soft sheet", *links, logo={"file": "l"})
    layout = laid_out(made)
    one, two = shots(2)
    own = plan(layout, two, entries(layout, two), {"mark": {"radius": 7.0}})

    [sheet] = gather(
        layout, [plan(layout, one, entries(layout, one)), own], everything
    ).tasks

    assert "'sheet' runs once for all shots, but 'logo'" in sheet.refusal


def test_a_sheet_of_shared_pictures_alone_needs_no_shot() -> None:
    made = graph("logo:source sheet", "logo>sheet.images", logo={"file": "l.png"})
    layout = laid_out(made)

    [sheet] = gather(layout, plans(layout, 2), lambda asset: False).tasks

    assert sheet.recipe.inputs == {"images": ("logo.png",)}
    assert sheet.recipe.settings["names"] == [""]
    assert sheet.refusal == ""


# Node types that changed since


def test_a_changed_node_type_keeps_old_results_and_refuses_new_work() -> None:
    links = (*BOARD[1:], "sheet>end.image")
    made = graph("source soft sheet end:soft", *links)
    before = laid_out(made)
    after = as_queued(laid_out(made, newer("soft")), before.versions)

    old, new = plans(before, 2), plans(after, 2)
    assert [t.key for each in old for t in each.tasks] == [
        t.key for each in new for t in each.tasks
    ]
    text = "node 'soft' changed from v1 to v2: queue again"
    assert [t.refusal for each in new for t in each.tasks] == [text, text]
    once = gather(after, new, everything)
    assert [task.refusal for task in once.tasks] == ["", text]


def test_a_changed_node_type_is_other_work_when_queued_anew() -> None:
    [old] = plans(laid_out(graph(*SIMPLE)))
    [new] = plans(laid_out(graph(*SIMPLE), newer("soft")))

    assert old.tasks[0].key != new.tasks[0].key
