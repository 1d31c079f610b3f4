"""What the store keeps of a task's end."""

from collections.abc import Mapping
from typing import Any

from nodegraph.context import outcome_of
from nodegraph.lineage import Asset, Attempt, Settled, Status, Store, Task
from nodegraph.scheduler.running import Running
from nodegraph.work.carry import Done, Failed, Made

DEATHS = 2
"""A task that has died with its worker this often is not tried again."""


def charge(store: Store, key: str, reason: str) -> str:
    """Record that a task died with its worker; gives why it has failed, if it has."""
    before = store.attempt(key)
    deaths = (before.deaths if before else 0) + 1
    final = deaths >= DEATHS
    with store.record(wait=False):
        store.put(Attempt(key, 0 if final else deaths, reason))
    text = f"its worker died {deaths} times, the last time: {reason}"
    return text if final else ""


def records(
    running: Running, task: Task, message: Done | Failed
) -> list[Asset | Settled]:
    """The assets of a task and how it went: all of it, or nothing, is to be kept."""
    seconds = round(message.seconds, 4)
    if isinstance(message, Failed):
        end = (message.status, message.outcome, message.error)
        return [settled(running, task, *end, seconds)]
    outcome = outcome_of(message.said)
    end = (Status.COMPLETED, outcome, "")
    assets = (_asset(running, task, made, message.said) for made in message.made)
    return [*assets, settled(running, task, *end, seconds)]


def settled(
    running: Running,
    task: Task,
    status: Status,
    outcome: str,
    error: str = "",
    seconds: float = 0.0,
) -> Settled:
    """The record that says how a task ended."""
    return Settled(
        task.key,
        status,
        outcome,
        error,
        task.recipe.node,
        task.label,
        task.shot,
        running.id,
        seconds,
    )


def _asset(running: Running, task: Task, made: Made, said: Mapping[str, Any]) -> Asset:
    return Asset(
        task.recipe.makes(made.port),
        made.type,
        made.sha256,
        made.suffix,
        made.size,
        made.width,
        made.height,
        recipe=task.recipe,
        parent=task.parent,
        sources=task.sources,
        value=made.value,
        outcome=outcome_of(said),
        message=said.get("message", ""),
        notes=said.get("notes", {}),
        certificate=said.get("certificate"),
        models=running.models(task),
        shot=task.shot,
        run=running.id,
        encoded=made.encoded,
    )
