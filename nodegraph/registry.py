"""Find node types: packs named by entry points, then a trusted project's own files."""

import contextlib
import pkgutil
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from nodegraph import custom
from nodegraph.custom import CustomFile
from nodegraph.node import NodeType
from nodegraph.problem import Problem, words
from nodegraph.system import stdout_as_stderr

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "nodegraph.nodes"
"""The entry points that name packs: packages whose public modules hold node types."""
_FIRST = "nodes"


@dataclass(frozen=True)
class Registry:
    """The node types there are, by name, and what could not be loaded."""

    types: Mapping[str, NodeType]
    problems: tuple[Problem, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    """Where each type comes from: a file."""


class _Found(NamedTuple):
    """A module that may hold node types, or why it could not be loaded."""

    place: str
    module: ModuleType | None = None
    cause: str = ""
    mark: str = ""


def discover(files: Sequence[CustomFile] = ()) -> Registry:
    """Every node type that is installed or that a project's own files hold.

    Of `files` only those run whose bytes are the ones that were trusted; they become
    modules `custom_nodes.<stem>`, importable by that name in this process.  What is
    broken, not trusted or named like a type found before is a problem, never an error.
    """
    types: dict[str, NodeType] = {}
    origins: dict[str, str] = {}
    problems: list[Problem] = []
    for found in (*_packs(), *_custom(files)):
        if found.module is None:
            problems.append(Problem(found.place, found.cause))
            continue
        for type_ in collect(found.module):
            other = types.get(type_.name)
            if other is None:
                types[type_.name] = _marked(type_, found.mark)
                origins[type_.name] = found.place
            elif other.function is not type_.function:
                message = (
                    f"{type_.name!r} is left out: {origins[type_.name]} has a node "
                    "type of that name; rename the function"
                )
                problems.append(Problem(found.place, message))
    return Registry(types, tuple(problems), origins)


def collect(module: ModuleType) -> list[NodeType]:
    """The node types that a module holds, in the order they stand there."""
    return [value for value in vars(module).values() if isinstance(value, NodeType)]


def _marked(type_: NodeType, mark: str) -> NodeType:
    return replace(type_, version=f"{type_.version}+{mark}") if mark else type_


def _packs() -> Iterator[_Found]:
    for entry in _entries():
        place = f"entry point {entry.name} = {entry.value}"
        pack = _import(entry.module, place)
        if pack.module is None:
            yield pack
        elif hasattr(pack.module, "__path__"):
            yield from _modules(pack.module)
        else:
            yield _Found(str(pack.module.__file__), pack.module)


def _entries() -> "Iterable[EntryPoint]":
    """Each pack once, our own first: no other takes a built-in's name."""
    from importlib.metadata import entry_points

    found = {entry.value: entry for entry in entry_points(group=GROUP)}
    return sorted(found.values(), key=lambda e: (e.value != _FIRST, e.name, e.value))


def _modules(package: ModuleType) -> Iterator[_Found]:
    """The public modules of a package; an underscore leads the name of shared code."""
    for info in pkgutil.iter_modules(package.__path__):
        if not info.name.startswith("_"):
            folder = Path(getattr(info.module_finder, "path", ""))
            file = folder / info.name / "__init__.py" if info.ispkg else None
            place = str(file or folder / f"{info.name}.py")
            yield _import(f"{package.__name__}.{info.name}", place)


def _custom(files: Sequence[CustomFile]) -> Iterator[_Found]:
    checked = [(file, *_checked(file)) for file in files]
    good = [(file, content) for file, content, cause in checked if not cause]
    shared = [file for file, _ in good if file.is_shared]
    custom.offer({file.module: (file.path, content) for file, content in good})
    for file, _, cause in checked:
        if cause:
            yield _Found(str(file.path), cause=cause)
        elif not file.is_shared:
            found = _import(file.module, str(file.path))
            yield found._replace(mark=custom.mark(file, shared))


def _checked(file: CustomFile) -> tuple[bytes, str]:
    """The file's bytes, or why it must not run."""
    if file.objection:
        return b"", file.objection
    try:
        content = custom.read(file.path)
    except OSError as error:
        return b"", f"cannot be read: {error.strerror or error}"
    if custom.digest(content) != file.sha256:
        return b"", replace(file, trusted=False, changed=True).objection
    return content, ""


def _import(name: str, place: str) -> _Found:
    """The module; somebody else's code runs here, so anything may go wrong."""
    try:
        with contextlib.redirect_stdout(sys.stderr), stdout_as_stderr():
            return _Found(place, import_module(name))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the failure becomes data
        return _Found(place, cause=f"is not loaded: {_cause(error, place)}")


def _cause(error: BaseException, place: str) -> str:
    """What went wrong, on one line, with the line of the file where there is one."""
    if isinstance(error, SyntaxError):
        line, text = error.lineno, error.msg
    else:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == place]
        line, text = (lines or [None])[-1], words(error).partition("\n")[0]
    cause = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"line {line}: {cause}" if line else cause
