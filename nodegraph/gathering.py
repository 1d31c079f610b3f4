"""The tasks that run once a run, over the results of all its shots."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from nodegraph.graph import Endpoint
from nodegraph.lineage import Shot
from nodegraph.plan import (
    Inputs,
    Layout,
    ShotPlan,
    Step,
    from_shot,
    note,
    own_to_each_shot,
    task_of,
)

NO_SHOT = Shot("", "")
"""Stands for the run as a whole."""


def gather(
    layout: Layout, plans: Sequence[ShotPlan], available: Callable[[str], bool]
) -> ShotPlan:
    """The tasks that run once a run, over the shots whose results are `available`."""
    made = _shared(layout, plans)
    roots: dict[str, tuple[str, ...]] = {}
    for each in plans:
        roots.update(each.sources)
    tasks = []
    for step in (step for step in layout.steps if step.wide):
        gathered = _gathered(step, plans, made, available)
        settings = dict(step.settings)
        settings.update(
            _from_shots(step, gathered)
            if step.type.gathers
            else from_shot(step, NO_SHOT, gathered.inputs)
        )
        task = task_of(step, layout, settings, gathered.inputs, roots, None)
        tasks.append(replace(task, refusal=task.refusal or gathered.refusal))
        note(task, step, made, roots)
    return ShotPlan(NO_SHOT, tuple(tasks), made, roots)


def _shared(layout: Layout, plans: Sequence[ShotPlan]) -> dict[Endpoint, str]:
    """The values that are the same for every shot, and where they are."""
    good = [plan.made for plan in plans if not plan.problem]
    steady = {step.node.id for step in layout.steps if not step.varies}
    steady |= {node.id for node in layout.sources if node.id != layout.entry}
    ends = [end for end in (good[0] if good else ()) if end.node in steady]
    return {
        end: good[0][end]
        for end in ends
        if all(made[end] == good[0][end] for made in good)  # a shot may have its own
    }


class _Gathered(NamedTuple):
    """What enters a node that runs once a run."""

    inputs: Inputs
    items: list[Shot]
    """Whose each item is, of the last input that takes many."""
    missing: list[Shot]
    refusal: str


def _gathered(
    step: Step,
    plans: Sequence[ShotPlan],
    made: Mapping[Endpoint, str],
    available: Callable[[str], bool],
) -> _Gathered:
    inputs: Inputs = {}
    items: list[Shot] = []
    missing: list[Shot] = []
    refusal = ""
    for port in step.type.inputs:
        ends = step.links.get(port.name, ())
        if port.many and ends:
            ids, items, missing = _items(ends, plans, made, available)
            inputs[port.name] = tuple(ids)
            if missing and all(item is NO_SHOT for item in items):
                refusal = "no shot has completed: there is nothing to gather"
        elif ends and ends[0] in made:
            inputs[port.name] = made[ends[0]]
        elif ends:
            refusal = refusal or own_to_each_shot(step, port)
    return _Gathered(inputs, items, missing, refusal)


def _items(
    ends: Sequence[Endpoint],
    plans: Sequence[ShotPlan],
    made: Mapping[Endpoint, str],
    available: Callable[[str], bool],
) -> tuple[list[str], list[Shot], list[Shot]]:
    """The ids for an input that takes many, whose each is, and the shots without."""
    items = [made[end] for end in ends if end in made]
    owners, missing = [NO_SHOT] * len(items), []
    varying = [end for end in ends if end not in made]
    for each in plans if varying else ():
        ids = [each.made[end] for end in varying if end in each.made]
        if ids and not each.problem and all(map(available, ids)):
            items += ids
            owners += [each.shot] * len(ids)
        else:
            missing.append(each.shot)
    return items, owners, missing


def _from_shots(step: Step, gathered: _Gathered) -> Iterable[tuple[str, Any]]:
    for port in step.type.from_shot:
        if port.from_shot == "missing":
            yield port.name, [shot.path for shot in gathered.missing]
        else:
            yield port.name, [getattr(shot, port.from_shot) for shot in gathered.items]
