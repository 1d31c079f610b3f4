"""A preset: a graph as JSON, with a few of its settings exposed under a user's label."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from nodegraph.filenames import printable
from nodegraph.files import plain, write_whole
from nodegraph.graph import Graph, Types
from nodegraph.preset import strictjson
from nodegraph.preset.document import SHAPE, Document, content_of
from nodegraph.preset.findings import advice, structure
from nodegraph.preset.strictjson import MOST
from nodegraph.problem import Problem

FORMAT = 2
"""The format this version writes; older ones are migrated when read."""

Settings = Mapping[str, Any]
_SHOWN = 300


class PresetError(ValueError):
    """A preset cannot be read or written; one line with the first problem.

    `problems` are all of them.
    """

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        """Speak of the preset called `name`; at least one problem is needed."""
        self.problems = tuple(problems)
        more = len(self.problems) - 1
        tail = f" (and {more} more: see `workbench preset validate`)" if more else ""
        super().__init__(f"{_short(name)}: {self.problems[0]}{tail}")


@dataclass(frozen=True)
class Exposed:
    """A setting that the user of a preset sees, under a label of its own."""

    node: str
    setting: str
    label: str


@dataclass(frozen=True)
class Preset:
    """A graph with what a person needs to choose and use it."""

    graph: Graph
    name: str
    """The stem of its file: how the command line and output names call it."""
    title: str = ""
    description: str = ""
    exposed: tuple[Exposed, ...] = ()
    overrides: Mapping[str, Mapping[str, Settings]] = field(default_factory=dict)
    """Settings of single shots, by the shot's name and the node's id; only where the
    preset was saved with them."""


def load(path: Path, types: Types | None = None) -> Preset:
    """The preset in a file; raises `PresetError`, as `loads` does."""
    path = Path(path)
    try:
        return loads(_bytes_of(path), path.stem, types)
    except OSError as error:
        raise PresetError(str(path), [_unreadable(error)]) from None
    except PresetError as error:
        raise PresetError(str(path), error.problems) from None


def loads(text: bytes | str, name: str, types: Types | None = None) -> Preset:
    """The preset in a JSON text.

    Node types that `types` does not know pass with all their settings.  Raises
    `PresetError` where the text is no preset, is of a newer format, has a loop or a
    link to nothing or, as far as `types` tells, joins ports that do not fit.
    """
    document, problems = _inspect(text, types or {}, structure)
    if problems:
        raise PresetError(name, problems)
    return _preset(document, name)


def validate(source: Path | str | bytes, types: Types) -> list[Problem]:
    """Every problem of a preset, each with its place; `source` is a path or the text.

    Besides what `loads` refuses: node types and settings that `types` does not know,
    values out of range, inputs that nothing is linked to, exposed settings that do not
    exist, and a graph without a result.
    """
    try:
        text = _bytes_of(source) if isinstance(source, Path) else source
    except OSError as error:
        return [_unreadable(error)]
    return _inspect(text, types, structure, advice)[1]


def save(preset: Preset, path: Path) -> None:
    """Write the preset to `path`, whole or not at all, in an order for small diffs.

    Raises `PresetError` where it could not be read again, and `OSError`.
    """
    write_whole(Path(path), dumps(preset).encode())


def dumps(preset: Preset) -> str:
    """The preset as JSON text; raises `PresetError` where it could not be read again."""
    try:
        text = strictjson.write(_content(preset))
    except (TypeError, ValueError, RecursionError) as error:
        message = f"has a setting that is no JSON value: {error}"
        raise PresetError(preset.name, [_told(Problem("", message))]) from None
    if problems := _inspect(text, {}, structure)[1]:
        raise PresetError(preset.name, problems)
    return text


def _bytes_of(path: Path) -> bytes:
    with plain(path).open("rb") as file:
        return file.read(strictjson.LARGEST + 1)


def _unreadable(error: OSError) -> Problem:
    return _told(Problem("", f"cannot be read: {error.strerror or error}"))


def _told(problem: Problem) -> Problem:
    """The problem as a person may be shown it: short, on one line."""
    return Problem(_short(problem.place), _short(problem.message))


def _short(text: str) -> str:
    text = printable(text[:_SHOWN])
    return text if len(text) < _SHOWN else text[:_SHOWN] + "…"


Check = Callable[[Document, Types], Iterator[Problem]]


def _inspect(
    text: bytes | str, types: Types, *checks: Check
) -> tuple[Document, list[Problem]]:
    """The document in the present format and what is wrong with it, at most `MOST`."""
    content, flaws = _content_of(text)
    misshapen = list(islice(SHAPE(content, ""), MOST)) if content else []
    document = Document(content, whole=not misshapen)
    found: Iterator[Problem] = iter(())
    if content:
        found = chain(misshapen, *(check(document, types) for check in checks))
    known = {flaw.place for flaw in flaws}
    others = (problem for problem in found if problem.place not in known)
    return document, [_told(p) for p in islice(chain(flaws, others), MOST)]


def _content_of(text: bytes | str) -> tuple[dict[str, Any], list[Problem]]:
    """The content in the present format, empty where it has none, and its flaws."""
    content, flaws = strictjson.read(text)
    if not isinstance(content, dict):
        message = "is no preset: a preset is a JSON object"
        return {}, flaws or [Problem("", message)]
    if problem := _format_problem(content.get("format")):
        return {}, [*flaws, problem]
    for number in range(content["format"], FORMAT):
        content = MIGRATIONS[number](content)
    return content, flaws


def _format_problem(number: Any) -> Problem | None:
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        return Problem("format", f"is no preset's format: there is 1 to {FORMAT}")
    if number > FORMAT:
        message = f"made by a newer version (format {number}): update the workbench"
        return Problem("format", message)
    return None


def _from_sketch(document: dict[str, Any]) -> dict[str, Any]:
    """Format 1 kept in a source the id of a picture that only its project knew.

    Now a source has a file, to be chosen where it was such a picture.
    """
    nodes = document.get("nodes")
    if isinstance(nodes, list):
        nodes = [_source_from_sketch(node) for node in nodes]
        document = {**document, "nodes": nodes}
    return {**document, "format": 2}


def _source_from_sketch(node: Any) -> Any:
    settings = node.get("settings") if isinstance(node, dict) else None
    if not isinstance(settings, dict) or node.get("type") != "source":
        return node
    kept = {key: value for key, value in settings.items() if key != "image"}
    return {**node, "settings": kept}


MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: _from_sketch,
}
"""For each older format, the function that makes the next one of it."""


def _preset(document: Document, name: str) -> Preset:
    """Of a document without problems."""
    return Preset(
        document.graph,
        name,
        document.content.get("title", ""),
        document.content.get("description", ""),
        tuple(Exposed(**value) for value in document.exposed.values()),
        document.overrides,
    )


def _content(preset: Preset) -> dict[str, Any]:
    content: dict[str, Any] = {"format": FORMAT}
    if preset.title:
        content["title"] = preset.title
    if preset.description:
        content["description"] = preset.description
    if preset.exposed:
        content["exposed"] = [asdict(exposed) for exposed in preset.exposed]
    content |= content_of(preset.graph)
    if preset.overrides:
        content["overrides"] = preset.overrides
    return content
