"""Carry out recipes inside a worker process: values stay in memory between nodes."""

import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from nodegraph.channel import channel
from nodegraph.context import Cancelled, Context, Held
from nodegraph.custom import CustomFile
from nodegraph.identities import SUFFIX as IDENTITY
from nodegraph.identities import Identities
from nodegraph.lineage import Kind, Status, Task
from nodegraph.media import Media, MediaError, decode
from nodegraph.node import File, MissingError, NodeType, Port
from nodegraph.problem import words
from nodegraph.registry import discover
from nodegraph.values import Encoded, Identity, Image, Mask, Reference, name_of

SMALL = 1024
"""The most bytes of text that travel along an edge: they lie in the record."""


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


@cache
def node_types(custom: tuple[CustomFile, ...]) -> Mapping[str, NodeType]:
    """Every node type there is, found once per process."""
    return discover(custom).types


def carry_out(bench: Bench, order: Order) -> None:
    """Run the tasks in order; report each as it finishes.

    A task that fails holds back only those that need it.  Raises `Cancelled`.
    """
    link, types = channel(), node_types(bench.custom)
    values: dict[str, Any] = {}
    uses = Counter(a for task in order.tasks for a in task.recipe.parents)
    lost: set[str] = set()
    for index, task in enumerate(order.tasks):
        type_ = types[task.recipe.node]
        began = time.monotonic()
        link.step(index, began + (type_.deadline or order.deadline))
        if lost.isdisjoint(task.recipe.parents):
            context = Context(_reporter(index), link.cancelled)
            try:
                made = _one(bench, order, task, type_, values, uses, context)
                link.report(Done(index, made, context.said, time.monotonic() - began))
                continue
            except Cancelled:
                raise
            except BaseException as error:  # noqa: BLE001 (a node's failure becomes data here)
                link.report(failure(index, error, time.monotonic() - began))
        lost.update(task.recipe.makes(port.name) for port in type_.outputs)


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


def _one(
    bench: Bench,
    order: Order,
    task: Task,
    type_: NodeType,
    values: dict[str, Any],
    uses: Counter[str],
    context: Context,
) -> tuple[Made, ...]:
    arguments = dict(_arguments(bench, order, task, type_, values))
    if type_.context:
        arguments[type_.context] = context
    results = checked(type_.function(**arguments), type_)
    _tell_unchanged(task, results, values, context)
    made = keep(bench, task, results)
    for port, value in results.items():
        values[task.recipe.makes(port)] = value
    _forget(task, values, uses)
    return made


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
            yield port.name, _value(bench, order, ids, port, values)
        elif ids is not None:
            yield port.name, [_value(bench, order, i, port, values) for i in ids]
        elif port.name in task.recipe.settings:
            value = task.recipe.settings[port.name]
            is_file = isinstance(port.widget, File) and value
            yield port.name, order.files[value] if is_file else value


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
            values[asset] = bench.media.load(
                given.sha256, given.suffix, port.type, given.name
            )
    return values[asset]


def _forget(task: Task, values: dict[str, Any], uses: Counter[str]) -> None:
    """Let go of every value that no later task of the order needs."""
    for asset in task.recipe.parents:
        uses[asset] -= 1
        if not uses[asset]:
            values.pop(asset, None)
    for asset in [a for a in values if not uses[a]]:
        del values[asset]


def checked(result: Any, type_: NodeType) -> dict[str, Any]:
    """The outputs by port; raises `TypeError` where one is not what was declared.

    An `async` node may give an image as the bytes it received.
    """
    many = len(type_.outputs) > 1 or type_.outputs[0].name != "result"
    parts = result if many else (result,)
    if not isinstance(parts, tuple) or len(parts) != len(type_.outputs):
        names = ", ".join(port.name for port in type_.outputs)
        raise TypeError(f"the node returned a {type(result).__name__}, not ({names})")
    pairs = zip(type_.outputs, parts, strict=True)
    return {
        port.name: value
        if type_.is_async and isinstance(value, Encoded)
        else _conforming(port, value)
        for port, value in pairs
    }


def _conforming(port: Port, value: Any) -> Any:
    import numpy as np

    if isinstance(value, np.generic):
        value = value.item()
    wanted = port.type
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise TypeError(
            f"the node returned a {name_of(type(value))} as {port.name!r}, "
            f"which is a {name_of(wanted)}"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"the node returned {value} as {port.name!r}")
    if isinstance(value, str) and len(value.encode()) > SMALL:
        raise ValueError(f"{port.name!r} is longer than {SMALL} bytes of text")
    if isinstance(value, Image | Mask):
        _check_pixels(port, value)
    return value


def _check_pixels(port: Port, value: Image | Mask) -> None:
    import numpy as np

    pixels = value.pixels
    shaped = (
        pixels.ndim == 3 and pixels.shape[2] in (3, 4)
        if isinstance(value, Image)
        else pixels.ndim == 2
    )
    if pixels.dtype != np.uint8 or not shaped or not pixels.size:
        raise TypeError(
            f"the node returned pixels of shape {pixels.shape} and type {pixels.dtype} "
            f"as {port.name!r}: give uint8 of shape (height, width, 3 or 4), masks "
            "(height, width)"
        )


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


def references(
    media: Media, task: Task, type_: NodeType, given: Mapping[str, Given]
) -> dict[str, Any]:
    """The arguments of an `async` node: settings, small values, files by reference."""

    def value(asset: str) -> Any:
        if not given[asset].sha256:
            return given[asset].value
        path = media.path(given[asset].sha256, given[asset].suffix)
        return Reference(given[asset].sha256, str(path))

    arguments = dict(task.recipe.settings)
    for port in type_.inputs:
        if ids := task.recipe.inputs.get(port.name):
            arguments[port.name] = (
                value(ids) if isinstance(ids, str) else [value(i) for i in ids]
            )
    return arguments


def keep(bench: Bench, task: Task, results: Mapping[str, Any]) -> tuple[Made, ...]:
    """Write the outputs to the media folder, pictures with a thumbnail."""
    return tuple(
        _kept(bench, port, value, port in task.keep) for port, value in results.items()
    )


def _kept(bench: Bench, port: str, value: Any, final: bool) -> Made:
    if isinstance(value, Encoded):
        value = Image(decode(value.data).pixels, value)
    if isinstance(value, Identity):
        stored = bench.identities.save(value)
        return Made(port, Kind.IDENTITY, *stored, value=value.reference)
    if not isinstance(value, Image | Mask):
        return Made(port, Kind.VALUE, value=value)
    stored = bench.media.save(value, final=final)
    bench.media.thumbnail(value, stored.sha256)
    kind = Kind.REFINED if isinstance(value, Image) else Kind.MASK
    return Made(port, kind, *stored)
