"""Where shots stand, and what a person may say of them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from small_projects import Small

from nodegraph.lineage import Settled, Status
from nodegraph.project import Project
from nodegraph.reports.shotlist import Mark, MarkError, marked, standing, standings


@pytest.fixture
def small(tmp_path):
    with Project(tmp_path, write=True) as project:
        yield Small(project)


def stands(small, shot):
    return standing(small.project.store, shot)


def with_take(small, run="run-1", **fields):
    drawing = small.drawing()
    shot = small.shot(drawing, "a")
    take = small.take(shot, small.picture(drawing, **fields), run=run)
    return shot, take


def failure(shot, run, error="the brush is dry"):
    return Settled(
        f"{run}{error}"[:32].ljust(32, "0"),
        Status.FAILED,
        error=error,
        label="Soft",
        shot=shot.id,
        run=run,
    )


def test_shots_come_board_by_board_in_their_order_those_gone_last(small):
    drawing = small.drawing()
    for board, name, index, gone in (
        ("b-10", "x", 0, False),
        ("b-2", "late", 1, False),
        ("b-2", "gone", 0, True),
        ("b-2", "early", 0, False),
    ):
        small.shot(drawing, name, board=board, index=index, omitted=gone)

    names = [row.shot.name for row in standings(small.project.store)]

    assert names == ["early", "late", "x", "gone"]


def test_one_board_is_listed_alone(small):
    drawing = small.drawing()
    small.shot(drawing, "a", board="one")
    small.shot(drawing, "b", board="two")

    assert [r.shot.name for r in standings(small.project.store, "two")] == ["b"]


def test_the_outcome_is_the_worst_on_the_way_to_the_take(small):
    drawing = small.drawing()
    shot = small.shot(drawing, "a")
    blind = small.picture(drawing, outcome="no_face")
    small.take(shot, small.picture(blind))

    assert stands(small, shot).outcome == "no_face"


def test_a_drawing_that_cannot_be_used_is_the_problem(small):
    shot = small.shot(small.drawing(), "a", problem="is no picture")

    assert stands(small, shot).problem == "is no picture"


def test_a_failure_without_a_take_is_told(small):
    shot = small.shot(small.drawing(), "a")
    small.put(failure(shot, "run-1"))

    assert stands(small, shot).problem == "'Soft': the brush is dry"


def test_a_failure_after_the_take_is_told(small):
    shot, _ = with_take(small, run="run-9")
    small.put(failure(shot, "run-10"))

    assert stands(small, shot).problem == "'Soft': the brush is dry"


def test_a_failure_before_the_take_is_forgotten(small):
    shot, _ = with_take(small, run="run-10")
    small.put(failure(shot, "run-9"))

    assert stands(small, shot).problem is None


def test_json_says_which_take_is_current_and_which_picked(small):
    shot, take = with_take(small)
    small.put(replace(take, current=False))
    newer = small.take(shot, small.picture(small.drawing()), 2)
    shot = replace(shot, pick={"look": 1})

    row = stands(small, shot).as_json()

    assert (row["take"], row["pick"]) == (2, {"look": 1})
    assert row["takes"] == [
        {
            "number": 1,
            "result": "look",
            "asset": take.asset,
            "current": False,
            "picked": True,
        },
        {
            "number": 2,
            "result": "look",
            "asset": newer.asset,
            "current": True,
            "picked": False,
        },
    ]


# Marks


def test_a_mark_changes_what_it_says_and_nothing_else(small):
    shot = small.shot(small.drawing(), "a", note="old", status="redo")

    after = marked(shot, Mark(status="approved"), (), "ada")

    assert after == replace(shot, status="approved", by="ada", changed=after.changed)


def test_a_mark_tells_who_and_when_in_universal_time(small):
    shot = small.shot(small.drawing(), "a")

    after = marked(shot, Mark(note="darker"), (), "ada")

    when = datetime.fromisoformat(after.changed)
    assert (after.by, after.note) == ("ada", "darker")
    assert when.utcoffset() == UTC.utcoffset(None)
    assert abs((datetime.now(UTC) - when).total_seconds()) < 60


@pytest.mark.parametrize("status", ["to do", "review", "approved", "redo", "omit"])
def test_every_status_of_the_contract_can_be_given(small, status):
    shot = small.shot(small.drawing(), "a")

    assert marked(shot, Mark(status=status), (), "").status == status


def test_another_status_is_refused_naming_those_there_are(small):
    shot = small.shot(small.drawing(), "a")

    with pytest.raises(MarkError, match="'to do', 'review'"):
        marked(shot, Mark(status="done"), (), "")


def test_a_take_becomes_the_pick_of_its_own_result(small):
    shot, take = with_take(small)
    shot = replace(shot, pick={"sheet": 7})

    assert marked(shot, Mark(take=1), [take], "").pick == {"sheet": 7, "look": 1}


def test_a_take_that_is_none_of_the_shot_is_refused(small):
    shot, take = with_take(small)

    with pytest.raises(MarkError, match="a has no take 2: there is 1"):
        marked(shot, Mark(take=2), [take], "")


def test_a_mark_is_not_part_of_any_recipe(small):
    shot, take = with_take(small)

    small.put(marked(shot, Mark("approved", 1, "good"), [take], "ada"))

    asset = small.project.store.asset(take.asset)
    assert asset.recipe.key == take.asset
