"""Undo and redo: what a step is, and what counts as saved."""

import pytest

from nodegraph.graph import Graph, Node
from nodegraph.history import DEEPEST, Change, History

EMPTY = Graph()
BLUR = EMPTY.put(Node("b", "blur"))


@pytest.fixture
def opened():
    return History.opened(BLUR)


def dragged(history, values, gesture="b.radius"):
    for radius in values:
        graph = history.present.graph.set("b", radius=radius)
        history = history.record("Radius", graph, gesture)
    return history


def radius(history):
    return history.present.graph.nodes["b"].settings.get("radius")


def test_undo_then_redo_returns_to_the_same_graph():
    history = History.opened(EMPTY).record("Add blur", BLUR)

    assert history.undo().present == Change("Open", EMPTY)
    assert history.undo().redo().present == Change("Add blur", BLUR)


def test_undo_at_the_start_and_redo_at_the_end_stay(opened):
    assert opened.undo().present == opened.present
    assert opened.redo().present == opened.present


def test_a_change_after_an_undo_ends_what_was_undone(opened):
    history = dragged(opened, [1], "").undo()

    history = dragged(history, [2], "")

    assert history.redo().present == history.present
    assert radius(history.undo()) is None


def test_a_slider_s_drag_is_one_step(opened):
    history = dragged(opened, [1, 2, 3])

    assert radius(history) == 3
    assert history.undo().present.graph == BLUR


def test_two_drags_of_one_slider_are_two_steps(opened):
    history = dragged(dragged(opened, [1, 2]).settle(), [3, 4])

    assert radius(history.undo()) == 2


def test_changes_without_a_gesture_are_steps_of_their_own(opened):
    history = dragged(opened, [1, 2], "")

    assert radius(history.undo()) == 1


def test_another_gesture_ends_the_one_before(opened):
    history = dragged(dragged(opened, [1, 2]), [3, 4], "b.sigma")

    assert radius(history.undo()) == 2


@pytest.mark.parametrize("step", [History.undo, History.redo], ids=["undo", "redo"])
def test_a_drag_ends_with_undo_or_redo(opened, step):
    history = step(dragged(opened, [1, 2]))

    again = dragged(history, [7])

    assert again.undo().present == history.present


def test_a_change_that_changes_nothing_is_no_step(opened):
    history = dragged(opened, [1], "")

    assert history.record("Radius", history.present.graph) is history
    assert history.undo().record("Open", BLUR).redo().present == history.present


def test_as_many_steps_are_kept_as_is_promised(opened):
    history = dragged(opened, range(DEEPEST + 50), "")

    for _ in range(DEEPEST * 2):
        history = history.undo()

    assert radius(history) == 49
    assert len(history.future) == DEEPEST


def test_a_graph_just_opened_is_clean_and_a_new_one_is_dirty(opened):
    assert not opened.is_dirty
    assert History(Change("New", EMPTY)).is_dirty


def test_a_change_makes_dirty_and_saving_or_undoing_makes_clean(opened):
    changed = dragged(opened, [1])

    assert changed.is_dirty
    assert not changed.undo().is_dirty
    assert not changed.mark_saved().is_dirty


def test_undoing_what_was_saved_makes_dirty_until_redone(opened):
    saved = dragged(opened, [1]).mark_saved()

    assert saved.undo().is_dirty
    assert not saved.undo().redo().is_dirty


def test_a_setting_typed_back_by_hand_is_clean(opened):
    saved = dragged(opened, [1], "").mark_saved()

    assert not dragged(saved, [2, 1], "").is_dirty


def test_saving_in_a_drag_keeps_the_saved_graph_as_a_step(opened):
    history = dragged(dragged(opened, [1, 2]).mark_saved(), [3])

    assert not history.undo().is_dirty
