"""Planning: every id is known before any work, and what a machine decides is decided."""

import os
import random
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import pytest
from engine import (
    TYPES,
    by_node,
    digest,
    entries,
    graph,
    laid_out,
    plans,
    shots,
    with_type,
)

from nodegraph import FromShot, Image, MissingError
from nodegraph.graph import Edge, Endpoint, Graph, Node
from nodegraph.lineage import Recipe
from nodegraph.plan import (
    PlanError,
    UnknownSettingError,
    decide,
    plan,
)

SIMPLE = ("source soft", "source>soft.image")


# Recipes and their keys


def test_every_id_is_known_before_any_work() -> None:
    [planned] = plans(laid_out(graph(*SIMPLE)))

    [task] = planned.tasks
    assert task.recipe.inputs == {"image": "drawing-0"}
    assert planned.made[Endpoint("soft", "result")] == task.key


def test_equal_work_has_equal_keys_whatever_the_order_of_settings() -> None:
    one = Recipe("soft", "1", {"a": 1, "b": {"c": 1, "d": 2}}, {"x": "1", "y": "2"})
    other = Recipe("soft", "1", {"b": {"d": 2, "c": 1}, "a": 1}, {"y": "2", "x": "1"})

    assert one.key == other.key


@pytest.mark.parametrize(
    "changed",
    [
        Recipe("soften", "1", {"a": 1}, {"x": "1"}),
        Recipe("soft", "2", {"a": 1}, {"x": "1"}),
        Recipe("soft", "1", {"a": 2}, {"x": "1"}),
        Recipe("soft", "1", {"a": 1}, {"x": "2"}),
        Recipe("soft", "1", {"a": 1}, {"y": "1"}),
        Recipe("soft", "1", {"a": 1}, {"x": ("1",)}),
    ],
)
def test_whatever_changes_the_result_changes_the_key(changed: Recipe) -> None:
    assert changed.key != Recipe("soft", "1", {"a": 1}, {"x": "1"}).key


def test_keys_are_equal_in_every_process() -> None:
    code = (
        "from nodegraph.lineage import Recipe;"
        "print(Recipe('soft', '1', {'ä': 0.1, 'b': True}, {'x': ('1', '2')}).key)"
    )
    keys = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[1],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert keys == {Recipe("soft", "1", {"ä": 0.1, "b": True}, {"x": ("1", "2")}).key}


def test_a_recipe_survives_its_row() -> None:
    recipe = Recipe("sheet", "1", {"title": "a"}, {"images": ("1", "2"), "logo": "3"})

    assert Recipe.of_row(recipe.as_row()) == recipe


def test_a_changed_setting_changes_what_follows_and_nothing_else() -> None:
    links = ("source>soft.image", "soft>end.image", "source>other.image")
    nodes = "source soft end:soft other:level"
    [before] = plans(laid_out(graph(nodes, *links)))
    [after] = plans(laid_out(graph(nodes, *links, soft={"radius": 2})))

    old, new = by_node(before), by_node(after)
    assert {name for name in old if old[name].key != new[name].key} == {"soft", "end"}


def test_a_number_typed_with_or_without_a_point_is_the_same() -> None:
    [one] = plans(laid_out(graph(*SIMPLE, soft={"radius": 2})))
    [other] = plans(laid_out(graph(*SIMPLE, soft={"radius": 2.0})))

    assert one.tasks[0].key == other.tasks[0].key


def test_equal_nodes_of_a_graph_share_one_recipe() -> None:
    links = ("source>one.image", "source>two.image", "one>mix.a", "two>mix.b")
    [planned] = plans(laid_out(graph("source one:soft two:soft mix", *links)))

    tasks = by_node(planned)
    assert tasks["one"].key == tasks["two"].key
    assert tasks["mix"].recipe.parents == (tasks["one"].key,)


def test_shots_with_equal_drawings_share_their_recipes() -> None:
    layout = laid_out(graph(*SIMPLE))
    first, second = shots(2)
    twins = [
        plan(layout, shot, entries(layout, shot))
        for shot in (first, replace(second, digest=first.digest))
    ]

    assert twins[0].tasks[0].key == twins[1].tasks[0].key


def test_a_chain_of_10000_nodes_is_planned_without_recursion() -> None:
    count = 10_000
    nodes = [Node("source", "source"), *(Node(f"n{i}", "soft") for i in range(count))]
    random.Random(1).shuffle(nodes)
    names = ["source", *(f"n{i}" for i in range(count))]
    edges = [
        Edge(Endpoint(a, "result"), Endpoint(b, "image")) for a, b in pairwise(names)
    ]
    random.Random(2).shuffle(edges)

    [planned] = plans(laid_out(Graph.of(nodes, edges)))

    assert len({task.key for task in planned.tasks}) == count
    assert [task.node for task in planned.tasks] == names[1:]


# What the signature says


def test_an_input_that_may_stay_unlinked_is_no_part_of_the_recipe_then() -> None:
    links = ("source>mix.a", "source>mix.b")
    [planned] = plans(laid_out(graph("source mix", *links)))

    assert planned.tasks[0].recipe.inputs == {"a": "drawing-0", "b": "drawing-0"}
    assert planned.tasks[0].recipe.settings == {"amount": 0.5}


def test_an_optional_mask_that_is_linked_is_an_input() -> None:
    links = ("source>split.image", "source>mix.a", "split.light>mix.b")
    [planned] = plans(
        laid_out(graph("source split mix", *links, "split.dark>mix.mask"))
    )

    inputs = by_node(planned)["mix"].recipe.inputs
    split = by_node(planned)["split"].key
    assert inputs == {
        "a": "drawing-0",
        "b": f"{split}.light",
        "mask": f"{split}.dark",
    }


def test_a_link_takes_the_place_of_a_setting() -> None:
    links = ("source>level.image", "source>soft.image", "level>soft.radius")
    made = graph("source level soft", *links, soft={"radius": 9})
    [planned] = plans(laid_out(made))

    recipe = by_node(planned)["soft"].recipe
    assert recipe.settings == {}
    assert recipe.inputs["radius"] == by_node(planned)["level"].key


def test_a_required_input_without_a_link_is_refused_by_its_name() -> None:
    with pytest.raises(PlanError, match=r"'mix': link something to 'b'"):
        laid_out(graph("source mix", "source>mix.a"))


def test_the_parent_is_the_first_linked_picture_of_the_signature() -> None:
    links = ("source>split.image", "split.dark>mix.mask", "split.light>mix.b")
    [planned] = plans(laid_out(graph("source split mix", *links, "source>mix.a")))

    task = by_node(planned)["mix"]
    assert task.parent == "drawing-0"
    assert task.recipe.parents == (
        "drawing-0",
        f"{by_node(planned)['split'].key}.light",
        f"{by_node(planned)['split'].key}.dark",
    )


def test_the_drawings_at_the_root_are_known_of_every_task() -> None:
    links = ("source>mix.a", "logo>mix.b", "mix>soft.image")
    made = graph("source logo:source mix soft", *links, logo={"file": "logo.png"})
    [planned] = plans(laid_out(made))

    assert by_node(planned)["soft"].sources == ("drawing-0", "logo.png")


def test_an_unknown_setting_is_refused_naming_those_there_are() -> None:
    with pytest.raises(UnknownSettingError, match="no setting 'size': it has radius"):
        laid_out(graph(*SIMPLE, soft={"size": 1}))


def test_a_setting_out_of_bounds_is_refused_by_node_and_setting() -> None:
    links = ("source>mix.a", "source>mix.b")
    with pytest.raises(
        PlanError, match=r"'mix': amount is 2.0: choose a number from 0"
    ):
        laid_out(graph("source mix", *links, mix={"amount": 2}))


def test_what_the_shot_says_enters_the_recipe() -> None:
    links = ("source>soft.image", "soft>titled.image")
    [one, other] = plans(laid_out(graph("source soft titled", *links)), 2)

    settings = by_node(other)["titled"].recipe.settings
    assert settings["name"] == "panel-1"
    assert settings["recipe"] == by_node(other)["soft"].key
    assert by_node(one)["titled"].key != by_node(other)["titled"].key


def test_a_shot_that_does_not_know_leaves_the_default() -> None:
    def timed(
        image: Image, seconds: Annotated[float, FromShot("duration")] = 2.0
    ) -> Image:
        raise NotImplementedError

    types = with_type(timed)
    layout = laid_out(graph("source timed", "source>timed.image"), types)
    shot = shots(1)[0]

    def seconds(duration: float | None) -> Any:
        known = replace(shot, duration=duration)
        [task] = plan(layout, known, entries(layout, shot)).tasks
        return task.recipe.settings["seconds"]

    assert (seconds(None), seconds(1.5)) == (2.0, 1.5)


# What planning decides


def test_a_hook_decides_and_the_recipe_holds_what_it_chose() -> None:
    layout = laid_out(graph("source faced", "source>faced.image"))

    assert layout.steps[0].settings == {"engine": "small"}
    assert layout.graph.node("faced").settings == {"engine": "small"}


@pytest.mark.parametrize(
    ("engine", "error", "said"),
    [
        ("gone", MissingError, "'faced': the model is not here: install it"),
        ("bad", PlanError, "'faced': engine is bad: choose another"),
    ],
)
def test_what_a_hook_objects_to_names_the_node(
    engine: str, error: type[Exception], said: str
) -> None:
    made = graph("source faced", "source>faced.image", faced={"engine": engine})

    with pytest.raises(error, match=said):
        laid_out(made)


def test_a_node_that_nothing_needs_is_not_decided() -> None:
    links = ("source>faced.image", "source>output.value")
    layout = laid_out(graph("source faced output", *links, faced={"engine": "gone"}))

    assert layout.steps == ()


def test_a_file_enters_the_recipe_by_its_content() -> None:
    made = graph("source tuned", "source>tuned.image", tuned={"table": "/a/x.cube"})
    [planned] = plans(laid_out(made))

    assert planned.tasks[0].recipe.settings == {"table": "digest of /a/x.cube"}


def test_a_file_that_is_not_given_has_no_digest() -> None:
    settings = decide(Node("t", "tuned"), TYPES["tuned"], digest)

    assert settings == {"table": ""}


def test_what_is_set_for_one_shot_changes_that_shot_alone() -> None:
    layout = laid_out(graph(*SIMPLE))
    first, second = shots(2)
    own = {"soft": {"radius": 5.0}}

    changed = plan(layout, first, entries(layout, first), own)
    plain = plan(layout, second, entries(layout, second))

    assert changed.tasks[0].recipe.settings == {"radius": 5.0}
    assert plain.tasks[0].recipe.settings == {"radius": 1.0}
