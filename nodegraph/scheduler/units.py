"""Which tasks travel to a worker together: one shot as far as it needs no one else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nodegraph.lineage import Task, recipe_of
from nodegraph.node import NodeType


@dataclass(eq=False)
class Unit:
    """Tasks carried out one after another in one worker, values kept in memory.

    `needs` are the recipes of other units that must be settled before.  `rank` orders
    units that are ready: earlier shots first, and of one shot the later stage first.
    """

    tasks: tuple[Task, ...]
    needs: frozenset[str] = frozenset()
    rank: tuple[int, int] = (0, 0)
    waits: bool = False
    """It is a single task that waits on a network, and takes no worker."""
    missing: set[str] = field(default_factory=set)
    """Of `needs`, those that have not settled yet."""
    reported: set[int] = field(default_factory=set)
    """The tasks, by index, whose end is known."""
    started: set[int] = field(default_factory=set)
    """The tasks, by index, of which it was said that they run."""
    failed: set[str] = field(default_factory=set)
    """The recipes in it that gave nothing."""
    stopping: bool = False
    """Whether we cut it off: what it has not ended is no failure."""

    def lacks_input(self, index: int) -> bool:
        """Whether the task needs one of the unit's that gave nothing."""
        task = self.tasks[index]
        if self.failed.isdisjoint(map(recipe_of, task.recipe.parents)):
            return False
        self.failed.add(task.key)
        return True


def union(
    plans: Iterable[Sequence[Task]],
) -> tuple[dict[str, Task], dict[str, list[int]]]:
    """All tasks by key, each once, and which plans need each; plan order is kept.

    Where equal nodes give one task, it keeps what any of them has to keep.
    """
    tasks: dict[str, Task] = {}
    owners: dict[str, list[int]] = {}
    for index, each in enumerate(plans):
        for task in each:
            known = tasks.setdefault(task.key, task)
            if not task.keep <= known.keep:
                tasks[task.key] = replace(known, keep=known.keep | task.keep)
            own = owners.setdefault(task.key, [])
            if not own or own[-1] != index:  # a graph may hold equal nodes
                own.append(index)
    return tasks, owners


def cut(
    tasks: Iterable[Task],
    owners: Mapping[str, Sequence[int]],
    types: Mapping[str, NodeType],
) -> list[Unit]:
    """Units of these tasks, given in an order where each follows what it needs.

    A cut falls before and after tasks that wait on a network or take many results, and
    between tasks of one shot and those that several shots share.
    """
    stages: dict[str, tuple[object, int]] = {}
    members: dict[tuple[object, int], list[Task]] = {}
    for task in tasks:
        group = _group(task, owners[task.key], types)
        stage = 0
        for asset in task.recipe.parents:
            before = stages.get(recipe_of(asset))
            if before is not None:
                stage = max(stage, before[1] + (before[0] != group))
        stages[task.key] = (group, stage)
        members.setdefault((group, stage), []).append(task)
    return [_unit(own, stage, owners, types) for (_, stage), own in members.items()]


def _group(task: Task, owners: Sequence[int], types: Mapping[str, NodeType]) -> object:
    if _stands_alone(task, types):
        return task.key
    return (owners[0], len(owners))


def _stands_alone(task: Task, types: Mapping[str, NodeType]) -> bool:
    type_ = types.get(task.recipe.node)
    return type_ is not None and (type_.is_async or type_.gathers)


def _unit(
    tasks: list[Task],
    stage: int,
    owners: Mapping[str, Sequence[int]],
    types: Mapping[str, NodeType],
) -> Unit:
    own = {task.key for task in tasks}
    needs = {recipe_of(a) for task in tasks for a in task.recipe.parents}
    return Unit(
        tuple(tasks),
        frozenset(needs - own),
        (owners[tasks[0].key][0], -stage),
        waits=tasks[0].recipe.node in types and types[tasks[0].recipe.node].is_async,
    )
