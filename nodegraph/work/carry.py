"""Carry out recipes inside a worker process: values stay in memory between nodes."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache, partial
from typing import Any, NamedTuple

from nodegraph.context import Cancelled, Context, Held
from nodegraph.custom import CustomFile
from nodegraph.identities import SUFFIX as IDENTITY
from nodegraph.identities import Identities
from nodegraph.lineage import Kind, Status, Task, recipe_of
from nodegraph.media.folder import Media, MediaError, decode
from nodegraph.node import File, MissingError, NodeType, Port
from nodegraph.problem import words
from nodegraph.registry import discover
from nodegraph.values import Encoded, Identity, Image, Mask, Reference
from nodegraph.work.behind import Behind
from nodegraph.work.conform import checked, plain
from nodegraph.work.familiar import Familiar
from nodegraph.workers.channel import channel

LONGEST = 500
"""The most characters of an error that are kept."""
_READ_ONLY = "assignment destination is read-only"  # NumPy's words for it


class Given(NamedTuple):
    """A value made before: its file, or the small value itself."""

    sha256: str
    suffix: str
    value: Any = None
    name: str = ""
    """What the person's own file was called."""


class Order(NamedTuple):
    """Everything a worker needs to carry out tasks, besides the project's media."""

    tasks: tuple[Task, ...]
    given: Mapping[str, Given]
    files: Mapping[str, str]
    """Where the files of `File` settings are, by the digest in the settings."""
    deadline: float
    """The seconds one task may take, unless its node type says otherwise."""


class Bench(NamedTuple):
    """Where a worker works: the project's files, and its trusted node files."""

    media: Media
    identities: Identities
    custom: tuple[CustomFile, ...] = ()


class Made(NamedTuple):
    """One output as it was kept."""

    port: str
    type: Kind
    sha256: str = ""
    suffix: str = ""
    size: int = 0
    width: int = 0
    height: int = 0
    value: Any = None
    encoded: bool = False
    """Whether the node gave it as the file that it is."""


class Done(NamedTuple):
    """A task has been carried out, and its files lie on the disk."""

    step: int
    made: tuple[Made, ...]
    said: Mapping[str, Any]
    seconds: float


class Failed(NamedTuple):
    """A task came to nothing, or holds for a person."""

    step: int
    status: Status
    error: str
    outcome: str
    seconds: float


class Advanced(NamedTuple):
    """A task has come this far, 0 to 1."""

    step: int
    fraction: float


_familiar = Familiar()


@cache
def node_types(custom: tuple[CustomFile, ...]) -> Mapping[str, NodeType]:
    """Every node type there is, found once per process."""
    return discover(custom).types


class Computed(NamedTuple):
    """What a node gave, not kept yet."""

    step: int
    results: Mapping[str, Any]
    said: Mapping[str, Any]
    began: float


def carry_out(bench: Bench, order: Order) -> None:
    """Run the tasks in order; report each once its results are kept.

    A task that fails holds back only those that need it.  While files are written the
    next node works already.  Raises `Cancelled`.
    """
    values: dict[str, Any] = {}
    uses = Counter(a for task in order.tasks for a in task.recipe.parents)
    lost: set[str] = set()
    with Behind(partial(_settle, order, lost)) as behind:
        for index, task in enumerate(order.tasks):
            if _is_lost(task, lost):
                lost.add(task.key)
            else:
                came = _computed(bench, order, index, values)
                end = partial(_kept_or_failed, bench, task, came)
                behind.do(end, slow=_has_files(came))
            _forget(task, values, uses)


def _is_lost(task: Task, lost: set[str]) -> bool:
    return not lost.isdisjoint(map(recipe_of, task.recipe.parents))


def _has_files(came: Computed | Failed) -> bool:
    return isinstance(came, Computed) and any(
        isinstance(value, Image | Mask | Identity) for value in came.results.values()
    )


def _computed(
    bench: Bench, order: Order, index: int, values: dict[str, Any]
) -> Computed | Failed:
    """Run the node of one task; raises `Cancelled` where somebody cancelled it."""
    link, task, began = channel(), order.tasks[index], time.monotonic()
    try:
        type_ = _type(bench, task)
        link.step(index, time.monotonic() + (type_.deadline or order.deadline))
        context = Context(_reporter(index), link.cancelled)
        results = _results(bench, order, task, type_, values, context)
        return Computed(index, results, plain(context.said), began)
    except BaseException as error:
        if isinstance(error, Cancelled) and link.cancelled():
            raise
        return failure(index, error, time.monotonic() - began)


def _kept_or_failed(bench: Bench, task: Task, came: Computed | Failed) -> Done | Failed:
    if isinstance(came, Failed):
        return came
    try:
        made = keep(bench, task, came.results)
    except BaseException as error:  # noqa: BLE001 (what cannot be kept fails as data)
        return failure(came.step, error, time.monotonic() - came.began)
    return Done(came.step, made, came.said, time.monotonic() - came.began)


def _settle(order: Order, lost: set[str], ended: Done | Failed) -> None:
    """Report how a task ended, unless what it needs could not be kept meanwhile."""
    task = order.tasks[ended.step]
    if _is_lost(task, lost):
        lost.add(task.key)
        return
    if isinstance(ended, Failed):
        lost.add(task.key)
    channel().report(ended)


def _type(bench: Bench, task: Task) -> NodeType:
    name = task.recipe.node
    if (type_ := node_types(bench.custom).get(name)) is None:
        raise MissingError(
            f"the worker finds no node type {name!r}: if its file changed, read it and "
            "run `workbench trust`"
        )
    return type_


def _reporter(index: int) -> Any:
    link = channel()
    return lambda fraction: link.report(Advanced(index, fraction))


def failure(index: int, error: BaseException, seconds: float) -> Failed:
    """How a task ended whose node raised `error`."""
    if isinstance(error, Held):
        return Failed(index, Status.HELD, str(error), error.outcome, seconds)
    if isinstance(error, MissingError):
        return Failed(index, Status.FAILED, str(error), "missing", seconds)
    return Failed(index, Status.FAILED, sentence(error), "failed", seconds)


def sentence(error: BaseException) -> str:
    """What went wrong, on one line; a message meant for users needs no type's name."""
    text = " ".join(words(error).split())
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    if isinstance(error, MemoryError):
        return "out of memory: free some, or make the picture smaller"
    if isinstance(error, ValueError) and text == _READ_ONLY:
        return "the node changes the picture it was given: it has to work on a copy"
    if isinstance(error, ValueError | MediaError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _results(
    bench: Bench,
    order: Order,
    task: Task,
    type_: NodeType,
    values: dict[str, Any],
    context: Context,
) -> dict[str, Any]:
    arguments = dict(_arguments(bench, order, task, type_, values))
    if type_.context:
        arguments[type_.context] = context
    results = checked(type_.function(**arguments), type_)
    _tell_unchanged(task, results, values, context)
    for port, value in results.items():
        values[task.recipe.makes(port)] = _sealed(value)
    return results


def _sealed(value: Any) -> Any:
    """The value as later nodes get it: like a loaded one, no node can change it."""
    if isinstance(value, Image | Mask):
        value.pixels.setflags(write=False)
    return value


def _arguments(
    bench: Bench,
    order: Order,
    task: Task,
    type_: NodeType,
    values: dict[str, Any],
) -> Iterator[tuple[str, Any]]:
    for port in type_.inputs:
        ids = task.recipe.inputs.get(port.name)
        if isinstance(ids, str):
            value = _value(bench, order, ids, port, values)
            yield port.name, port.check(value) if port.is_setting else value
        elif ids is not None:
            yield port.name, [_value(bench, order, i, port, values) for i in ids]
        elif port.name in task.recipe.settings:
            yield port.name, _setting(order, task, port)


def _value(
    bench: Bench, order: Order, asset: str, port: Port, values: dict[str, Any]
) -> Any:
    if asset not in values:
        given = order.given[asset]
        if not given.sha256:
            values[asset] = given.value
        elif given.suffix == IDENTITY:
            values[asset] = bench.identities.load(given.value, given.sha256)
        else:
            load = partial(
                bench.media.load, given.sha256, given.suffix, port.type, given.name
            )
            key = given.sha256, given.suffix, port.type
            values[asset] = _familiar.get(key, load)
    return values[asset]


def _forget(task: Task, values: dict[str, Any], uses: Counter[str]) -> None:
    """Let go of every value that no later task of the order needs."""
    for asset in task.recipe.parents:
        uses[asset] -= 1
        if not uses[asset]:
            values.pop(asset, None)
    for asset in [a for a in values if not uses[a]]:
        del values[asset]


def _tell_unchanged(
    task: Task, results: Mapping[str, Any], values: Mapping[str, Any], context: Context
) -> None:
    """Where a node changed no pixel and said nothing, say so in its place."""
    before = values.get(task.parent or "")
    after = next((v for v in results.values() if isinstance(v, Image)), None)
    if "outcome" in context.said or not isinstance(before, Image) or after is None:
        return
    if after.encoded is None and _same(before, after):
        context.outcome("unchanged")


def _same(before: Image, after: Image) -> bool:
    import numpy as np

    a, b = before.pixels, after.pixels
    if a is b:
        return True
    if a.shape != b.shape or not np.array_equal(a[::61, ::61], b[::61, ::61]):
        return False
    return np.array_equal(a, b)


def references(bench: Bench, order: Order, type_: NodeType) -> dict[str, Any]:
    """The arguments of an `async` node: settings, small values, files by reference."""
    [task] = order.tasks

    def value(asset: str, port: Port) -> Any:
        given = order.given[asset]
        if not given.sha256:
            return port.check(given.value) if port.is_setting else given.value
        path = (
            bench.identities.path(given.value, given.sha256)
            if given.suffix == IDENTITY
            else bench.media.path(given.sha256, given.suffix)
        )
        return Reference(given.sha256, str(path))

    arguments = {}
    for port in type_.inputs:
        ids = task.recipe.inputs.get(port.name)
        if isinstance(ids, str):
            arguments[port.name] = value(ids, port)
        elif ids is not None:
            arguments[port.name] = [value(each, port) for each in ids]
        elif port.name in task.recipe.settings:
            arguments[port.name] = _setting(order, task, port)
    return arguments


def _setting(order: Order, task: Task, port: Port) -> Any:
    """The setting as the node gets it: of a file, where it lies."""
    value = task.recipe.settings[port.name]
    return order.files[value] if isinstance(port.widget, File) and value else value


def keep(bench: Bench, task: Task, results: Mapping[str, Any]) -> tuple[Made, ...]:
    """Write the outputs to the media folder, pictures with a thumbnail."""
    return tuple(
        _kept(bench, port, value, port in task.keep) for port, value in results.items()
    )


def _kept(bench: Bench, port: str, value: Any, final: bool) -> Made:
    encoded = isinstance(value, Image) and value.encoded is not None
    if isinstance(value, Encoded):  # a service's answer: nobody asked for its format
        value = Image(decode(value.data).pixels, value)
    if isinstance(value, Identity):
        stored = bench.identities.save(value)
        return Made(port, Kind.IDENTITY, *stored, value=value.reference)
    if not isinstance(value, Image | Mask):
        return Made(port, Kind.VALUE, value=value)
    stored = bench.media.save(value, final=final)
    bench.media.thumbnail(value, stored.sha256)
    kind = Kind.REFINED if isinstance(value, Image) else Kind.MASK
    return Made(port, kind, *stored, encoded=encoded)
