"""Turn a typed function into a node type.

A parameter without a default is an input that must be linked.  A parameter with a
default is a setting with a widget, which a link of its type may also feed; one of type
`Mask | None` is an input that may stay unlinked; `list[T]` takes any number of links.
The return annotation names the output; a `NamedTuple` gives one output per field.
"""

import inspect
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import (
    Annotated,
    Any,
    NamedTuple,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from nodegraph.context import Context
from nodegraph.values import Identity, Image, Mask, fits, is_small, name_of

Settings = Mapping[str, Any]
Resolve = Callable[[Settings], Settings]
Estimate = Callable[[Settings], float]
Account = Callable[[Settings], str]


class NodeTypeError(TypeError):
    """The function cannot be a node; the message says what to change."""


class SettingError(ValueError):
    """A setting's value cannot be used; the message names it and what fits."""


class MissingError(RuntimeError):
    """Something that has to be installed or given is not there: a model, a key."""


class Slider(NamedTuple):
    """Show a number as a slider between two bounds, both included."""

    min: float
    max: float


class Number(NamedTuple):
    """Show a number as a field, within bounds where they are given."""

    min: float = -math.inf
    max: float = math.inf


class Choice(NamedTuple):
    """Show text as a list of options."""

    options: tuple[str, ...]


class Text(NamedTuple):
    """Show text as a field, with room for several lines if asked."""

    multiline: bool = False


class Color(NamedTuple):
    """Show a colour: text of the form `#rrggbb` or, with alpha, `#rrggbbaa`."""


class File(NamedTuple):
    """Show a file to choose.  The recipe keeps its sha256; the node gets its path."""

    suffixes: tuple[str, ...] = ()
    kind: str = "file"
    """`model` where the file is one: lineage lists it as such."""


class Toggle(NamedTuple):
    """Show a switch."""


class FromShot(NamedTuple):
    """Fill the parameter from the shot when planning; the user sees no widget.

    `field` is `name`, `sequence`, `number`, `dialogue`, `index` or `duration`, or
    `recipe` for the key of the recipe that made the first input.  For a node with a
    `list[T]` input the value is the list of all items' values, in order, and
    `missing` names the shots that gave none.
    """

    field: str


Widget = Slider | Number | Choice | Text | Color | File | Toggle
WIDGETS = (Slider, Number, Choice, Text, Color, File, Toggle)
FIELDS = ("name", "sequence", "number", "dialogue", "index", "duration", "recipe")
GATHERED = (*FIELDS[:-1], "missing")
REQUIRED: Any = inspect.Parameter.empty
LARGEST_WHOLE = 2**63
"""Whole numbers stay under it, so that records of any kind can hold them."""


class Role(StrEnum):
    """What a node type is to the planner."""

    WORK = "work"
    """Has a recipe and runs."""
    SOURCE = "source"
    """Where a file enters; makes no recipe."""
    PASS = "pass"  # noqa: S105 (a word, no password)
    """Hands its input on; makes no recipe."""
    OUTPUT = "output"
    """Hands its input on and marks it as a result."""


@dataclass(frozen=True)
class Port:
    """A named, typed place on a node: an input, a setting or an output."""

    name: str
    type: Any
    default: Any = REQUIRED
    widget: Widget | None = None
    many: bool = False
    from_shot: str = ""

    @property
    def required(self) -> bool:
        """Whether a link must supply the value."""
        return self.default is REQUIRED

    @property
    def is_setting(self) -> bool:
        """Whether the user may type the value: small, with a default."""
        return not self.required and is_small(self.type) and not self.from_shot

    def refusal(self, source: "Port") -> str:
        """Why a link from output `source` may not end here; empty if it may."""
        if self.from_shot:
            return f"{self.name!r} is filled from the shot and takes no link"
        if isinstance(self.widget, File):
            return f"{self.name!r} is a file to choose and takes no link"
        if fits(source.type, self.type):
            return ""
        return (
            f"{self.name!r} takes a {name_of(self.type)}, not a {name_of(source.type)}"
        )

    def check(self, value: Any) -> Any:
        """The value in the port's own type; raises `SettingError` naming what fits."""
        value = _as_type(self, value)
        widget = self.widget
        if (
            isinstance(widget, Slider | Number)
            and not widget.min <= value <= widget.max
        ):
            raise SettingError(
                f"{self.name} is {value}: choose a number from {widget.min:g} to "
                f"{widget.max:g}"
            )
        if isinstance(widget, Choice) and value not in widget.options:
            raise SettingError(
                f"{self.name} is {value!r}: choose one of {', '.join(widget.options)}"
            )
        if isinstance(widget, Color) and not _is_color(value):
            raise SettingError(f"{self.name} is {value!r}: write a colour as #rrggbb")
        return value


def _as_type(port: Port, value: Any) -> Any:
    number = _number(value)
    if port.type is float and math.isfinite(number):
        return number
    if port.type is int and number.is_integer() and abs(number) < LARGEST_WHOLE:
        return int(value)
    if port.type in (str, bool) and isinstance(value, port.type):
        return value
    raise SettingError(f"{port.name} is {value!r}: give a {name_of(port.type)}")


def _number(value: Any) -> float:
    """The value as a number; not a number where it is none, or too large for one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def _is_color(text: str) -> bool:
    digits = text[1:]
    return (
        text[:1] == "#"
        and len(digits) in (6, 8)
        and all(c in "0123456789abcdefABCDEF" for c in digits)
    )


@dataclass(frozen=True)
class NodeType:
    """A function together with the ports read from its signature."""

    function: Callable[..., Any]
    category: str
    version: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    context: str | None = None
    role: Role = Role.WORK
    resolve: Resolve | None = None
    estimate: Estimate | None = None
    account: Account | None = None
    deadline: float | None = None

    @property
    def name(self) -> str:
        """The name presets and lineage records know this type by."""
        return self.function.__name__

    @property
    def label(self) -> str:
        """The name the user reads."""
        return self.name.replace("_", " ").capitalize()

    @property
    def help(self) -> str:
        """What it does, from the docstring."""
        return inspect.getdoc(self.function) or ""

    @property
    def is_async(self) -> bool:
        """Whether it waits on a network instead of computing in a worker."""
        return inspect.iscoroutinefunction(self.function)

    @cached_property
    def gathers(self) -> bool:
        """Whether it takes the results of many shots at once."""
        return any(port.many for port in self.inputs)

    @cached_property
    def settings(self) -> Mapping[str, Port]:
        """The ports whose value the user may type, by name."""
        return {port.name: port for port in self.inputs if port.is_setting}

    @cached_property
    def from_shot(self) -> tuple[Port, ...]:
        """The ports that are filled from the shot."""
        return tuple(port for port in self.inputs if port.from_shot)

    def input(self, name: str) -> Port | None:
        """The input or setting of this name."""
        return next((port for port in self.inputs if port.name == name), None)

    def output(self, name: str) -> Port | None:
        """The output of this name."""
        return next((port for port in self.outputs if port.name == name), None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself, so that a test needs no engine."""
        return self.function(*args, **kwargs)


def node(
    category: str,
    *,
    version: int = 1,
    role: Role = Role.WORK,
    resolve: Resolve | None = None,
    estimate: Estimate | None = None,
    account: Account | None = None,
    deadline: float | None = None,
) -> Callable[[Callable[..., Any]], NodeType]:
    """Declare the decorated function as a node type.

    `version` rises whenever the same settings give another result.  The hooks are
    plain functions of the settings, called when planning: `resolve` gives the settings
    with everything decided (`auto`, seeds) or raises `SettingError` or `MissingError`,
    and a file's digest tells it by `.path` where the file lies;
    `estimate` gives the peak working memory as a multiple of the input's pixels in
    bytes (4 where there is none); `account` names the service account whose limits the
    task shares.  `deadline` is the seconds one call may take, if not the project's.
    """

    def declare(function: Callable[..., Any]) -> NodeType:
        inputs, context = _inputs(function)
        outputs = _outputs(function)
        return NodeType(
            function,
            category,
            str(version),
            inputs,
            outputs,
            context,
            role,
            resolve,
            estimate,
            account,
            deadline,
        )

    return declare


def _inputs(function: Callable[..., Any]) -> tuple[tuple[Port, ...], str | None]:
    hints = get_type_hints(function, include_extras=True)
    ports, context = [], None
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in (
            parameter.POSITIONAL_OR_KEYWORD,
            parameter.KEYWORD_ONLY,
        ):
            raise NodeTypeError(f"{function.__name__}: {name!r} must be a named value")
        if name not in hints:
            raise NodeTypeError(f"{function.__name__}: give parameter {name!r} a type")
        if hints[name] is Context:
            context = name
        else:
            ports.append(_port(function.__name__, name, hints[name], parameter.default))
    gathers = any(port.many for port in ports)
    for port in ports:
        _check_port(function.__name__, port, gathers)
    return tuple(ports), context


def _port(owner: str, name: str, hint: Any, default: Any) -> Port:
    widget, from_shot = None, ""
    if get_origin(hint) is Annotated:
        hint, *extras = get_args(hint)
        widget = next((e for e in extras if isinstance(e, WIDGETS)), None)
        from_shot = next((e.field for e in extras if isinstance(e, FromShot)), "")
    if get_origin(hint) in (Union, types.UnionType):
        kinds = [arg for arg in get_args(hint) if arg is not types.NoneType]
        if len(kinds) != 1 or default is not None:
            raise NodeTypeError(f"{owner}: {name!r} may be `T | None = None` at most")
        [hint] = kinds
    many = get_origin(hint) is list and not from_shot
    if many:
        [hint] = get_args(hint)
    if widget is None and default is not REQUIRED and not from_shot:
        widget = _usual_widget(hint)
    return Port(name, hint, default, widget, many, from_shot)


def _usual_widget(type_: Any) -> Widget | None:
    usual: dict[Any, Widget] = {
        float: Number(),
        int: Number(),
        str: Text(),
        bool: Toggle(),
    }
    return usual.get(type_)


def _check_port(owner: str, port: Port, gathers: bool) -> None:
    if port.from_shot:
        known = GATHERED if gathers else FIELDS
        if port.from_shot not in known:
            raise NodeTypeError(
                f"{owner}: {port.name!r} asks the shot for {port.from_shot!r}; "
                f"there is {', '.join(known)}"
            )
        if port.required:
            raise NodeTypeError(f"{owner}: give {port.name!r} a default")
        return
    if (
        port.type is not Any
        and port.type not in (Image, Mask, Identity)
        and not (is_small(port.type))
    ):
        raise NodeTypeError(
            f"{owner}: {port.name!r} is a {name_of(port.type)}; an edge carries Image, "
            "Mask, Identity, float, int, str or bool"
        )
    if port.is_setting:
        try:
            port.check(port.default)
        except SettingError as error:
            raise NodeTypeError(f"{owner}: the default of {error}") from None


def _outputs(function: Callable[..., Any]) -> tuple[Port, ...]:
    hint = get_type_hints(function).get("return")
    if hint is None:
        raise NodeTypeError(f"{function.__name__}: annotate what it returns")
    if fields := getattr(hint, "_fields", None):
        hints = get_type_hints(hint)
        return tuple(_output(function.__name__, name, hints[name]) for name in fields)
    return (_output(function.__name__, "result", hint),)


def _output(owner: str, name: str, type_: Any) -> Port:
    port = Port(name, type_)
    _check_port(owner, port, gathers=False)
    return port
