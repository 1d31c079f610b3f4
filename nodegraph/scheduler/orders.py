"""What carrying out tasks takes: values made before, memory, a service's account."""

from collections.abc import Mapping, Sequence

from nodegraph.lineage import Store, Task, recipe_of
from nodegraph.node import NodeType
from nodegraph.work.carry import Given

UNKNOWN_SIZE = 1920 * 1080 * 4
"""Bytes taken for a picture whose size is not known yet."""
USUAL_WORKING_MEMORY = 4.0
"""Multiples of the picture's bytes, where a node type declares no estimate."""
HELD = 2
"""Pictures that a worker holds besides: what goes in and what comes out."""


def given(store: Store, tasks: Sequence[Task]) -> dict[str, Given]:
    """The values that the tasks need and that were made before.

    Raises `LookupError` where one of them has no record.
    """
    own = {task.key for task in tasks}
    found: dict[str, Given] = {}
    for task in tasks:
        for id_ in task.recipe.parents:
            if recipe_of(id_) not in own and id_ not in found:
                asset = store.asset(id_)
                if asset is None:
                    raise LookupError(f"asset {id_} has no record")
                found[id_] = Given(asset.sha256, asset.suffix, asset.value, asset.name)
    return found


def estimate(
    store: Store, types: Mapping[str, NodeType], tasks: Sequence[Task]
) -> float:
    """The bytes that carrying out the tasks takes at its peak, roughly.

    A node that takes many pictures is given all of them at once.
    """
    size = UNKNOWN_SIZE
    for source in tasks[0].sources:
        if (asset := store.asset(source)) and asset.width:
            size = max(size, asset.width * asset.height * 4)
    held, working = HELD, [0.0]
    for task in tasks:
        type_ = types[task.recipe.node]
        if type_.gathers:
            held = max(held, len(task.recipe.parents))
        settings = task.recipe.settings
        working.append(
            type_.estimate(settings) if type_.estimate else USUAL_WORKING_MEMORY
        )
    return size * (held + max(working))


def account(types: Mapping[str, NodeType], task: Task) -> str:
    """The service account whose limits the task shares."""
    type_ = types[task.recipe.node]
    return type_.account(task.recipe.settings) if type_.account else type_.name
