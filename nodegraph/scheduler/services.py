"""Carry out a task that waits on a network."""

import asyncio
import time

from nodegraph.context import Context
from nodegraph.node import NodeType
from nodegraph.work.carry import (
    Bench,
    Done,
    Failed,
    Made,
    Order,
    failure,
    keep,
    references,
)
from nodegraph.work.conform import checked, plain
from nodegraph.workers.pool import WorkerDied


async def call(
    bench: Bench, order: Order, type_: NodeType, context: Context
) -> Done | Failed:
    """How the only task of the order ended; `context.compute` leads to a worker.

    Raises `asyncio.CancelledError`, whoever was the cause.
    """
    began = time.monotonic()
    try:
        made = await _made(bench, order, type_, context)
    except WorkerDied as error:
        return failure(0, ValueError(str(error)), time.monotonic() - began)
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001 (a node's failure becomes data here)
        return failure(0, error, time.monotonic() - began)
    return Done(0, made, plain(context.said), time.monotonic() - began)


async def _made(
    bench: Bench, order: Order, type_: NodeType, context: Context
) -> tuple[Made, ...]:
    [task] = order.tasks
    arguments = references(bench, order, type_)
    if type_.context:
        arguments[type_.context] = context
    limit = type_.deadline or order.deadline
    clock = asyncio.timeout(limit)
    try:
        async with clock:
            result = await type_.function(**arguments)
    except TimeoutError:
        if clock.expired():
            raise ValueError(f"ran over its deadline of {limit:g} s") from None
        raise
    results = checked(result, type_)
    plain(context.said)
    made: tuple[Made, ...] = await context.compute(keep, bench, task, results)
    return made
