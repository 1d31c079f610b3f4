"""Units of work: one shot as far as it needs no one else, never in a circle."""

from collections.abc import Sequence
from graphlib import TopologicalSorter
from itertools import pairwise

import pytest
from engine import TYPES, graph, laid_out, plans
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.lineage import Recipe, Task, recipe_of
from nodegraph.scheduler.units import Unit, cut, union

KINDS = ("soft", "ask", "sheet")


def units(plans: Sequence[Sequence[Task]]) -> list[Unit]:
    tasks, owners = union(plans)
    return cut(tasks.values(), owners, TYPES)


def nodes(units: Sequence[Unit]) -> list[tuple[str, ...]]:
    return [tuple(task.node for task in unit.tasks) for unit in units]


def chain(*types: str, count: int = 1) -> list[Unit]:
    """The units of a chain of nodes over so many shots."""
    names = [f"n{i}:{name}" for i, name in enumerate(types)]
    ends = ["source", *(f"n{i}" for i in range(len(types)))]
    links = [f"{a}>{b}.image" for a, b in pairwise(ends)]
    planned = plans(laid_out(graph(" ".join(["source", *names]), *links)), count)
    return units([each.tasks for each in planned])


def test_a_shot_goes_through_the_graph_in_one_unit() -> None:
    assert nodes(chain("soft", "titled", "soft", count=2)) == [("n0", "n1", "n2")] * 2


def test_a_unit_ends_where_a_network_is_waited_for() -> None:
    found = chain("soft", "ask", "soft", "soft")

    assert nodes(found) == [("n0",), ("n1",), ("n2", "n3")]
    assert [unit.waits for unit in found] == [False, True, False]
    assert [len(unit.needs) for unit in found] == [1, 1, 1]


def test_what_several_shots_share_is_a_unit_of_its_own() -> None:
    links = ("logo>mark.image", "source>mix.a", "mark>mix.b")
    made = graph("source logo:source mark:soft mix", *links, logo={"file": "l.png"})
    found = units([each.tasks for each in plans(laid_out(made), 3)])

    assert nodes(found) == [("mark",), ("mix",), ("mix",), ("mix",)]


def test_work_before_and_after_what_is_shared_stays_apart() -> None:
    links = ("source>soft.image", "soft>mix.a", "logo>mark.image", "mark>mix.b")
    made = graph(
        "source logo:source soft mark:soft mix", *links, logo={"file": "l.png"}
    )
    found = units([each.tasks for each in plans(laid_out(made), 2)])

    assert sorted(nodes(found)) == [("mark",), ("mix",), ("mix",), ("soft",), ("soft",)]


def test_earlier_shots_come_first_and_of_one_shot_the_later_stage() -> None:
    found = chain("soft", "ask", "soft", count=2)

    ranks = {tuple(t.shot for t in u.tasks) + nodes([u])[0]: u.rank for u in found}
    assert ranks["s0", "n2"] < ranks["s0", "n0"] < ranks["s1", "n2"]


def test_equal_nodes_give_one_task_that_keeps_what_either_keeps() -> None:
    plain = Task(Recipe("soft", "1"), "a", "a")
    kept = Task(Recipe("soft", "1"), "b", "b", keep=frozenset({"result"}))

    tasks, owners = union([[plain, kept]])

    assert [task.keep for task in tasks.values()] == [{"result"}]
    assert list(owners.values()) == [[0]]


def test_what_lacks_the_input_of_a_failed_task_is_told_without_running() -> None:
    [unit] = chain("soft", "soft", "soft")
    unit.failed.add(unit.tasks[0].key)

    assert [unit.lacks_input(i) for i in (1, 2)] == [True, True]


def task(number: int, kind: str, needs: Sequence[Task]) -> Task:
    inputs = {f"i{index}": need.key for index, need in enumerate(needs)}
    return Task(Recipe(kind, "1", {"n": number}, inputs), f"n{number}", f"n{number}")


@st.composite
def boards(draw: st.DrawFn) -> list[list[Task]]:
    """Plans of a few shots: a random graph, some of its nodes shared at random."""
    count = draw(st.integers(1, 9))
    shots = draw(st.integers(1, 4))
    shape = [
        (
            draw(st.sampled_from(KINDS)),
            draw(st.sets(st.integers(0, i - 1), max_size=3)) if i else set(),
            draw(st.sets(st.integers(0, shots - 1))),
        )
        for i in range(count)
    ]
    made: list[list[Task]] = [[] for _ in range(shots)]
    for number, (kind, needs, sharing) in enumerate(shape):
        for shot in range(shots):
            # Shots that share have the same number where all they need is the same.
            own = number if shot in sharing else number + 100 * (shot + 1)
            parents = [made[shot][need] for need in sorted(needs)]
            made[shot].append(task(own, kind, parents))
    return made


@given(boards())
def test_every_task_runs_once_after_all_it_needs(plans: list[list[Task]]) -> None:
    found = units(plans)

    owner = {task.key: unit for unit in found for task in unit.tasks}
    assert sum(len(unit.tasks) for unit in found) == len(owner)
    assert owner.keys() == {task.key for plan in plans for task in plan}
    order = TopologicalSorter(
        {unit: {owner[key] for key in unit.needs} for unit in found}
    )
    done: set[str] = set()
    for unit in order.static_order():
        assert unit.needs <= done
        for each in unit.tasks:
            assert {recipe_of(a) for a in each.recipe.parents} <= done
            done.add(each.key)
    assert done == owner.keys()


@given(boards(), st.data())
def test_what_is_left_of_a_run_is_cut_without_a_circle_too(
    plans: list[list[Task]], data: st.DataObject
) -> None:
    tasks, owners = union(plans)
    keys = list(tasks)
    left = data.draw(st.sets(st.sampled_from(keys)))
    found = cut([tasks[key] for key in keys if key in left], owners, TYPES)

    owner = {task.key: unit for unit in found for task in unit.tasks}
    assert owner.keys() == left
    TopologicalSorter(
        {unit: {owner[n] for n in unit.needs if n in owner} for unit in found}
    ).prepare()


@pytest.mark.parametrize("kind", ["ask", "sheet"])
def test_what_waits_or_gathers_is_alone_in_its_unit(kind: str) -> None:
    first = task(1, kind, [])
    second = task(2, kind, [first])
    third = task(3, "soft", [second])

    assert [len(unit.tasks) for unit in units([[first, second, third]])] == [1, 1, 1]
