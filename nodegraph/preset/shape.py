"""The shape a JSON value has to have, and each place where it departs from it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nodegraph.preset.strictjson import inside
from nodegraph.problem import Problem

Shape = Callable[[Any, str], Iterator[Problem]]
"""Gives the problems of a value at a place; none where it fits."""


def text(value: Any, place: str) -> Iterator[Problem]:
    """Any text."""
    if not isinstance(value, str):
        yield _instead(value, place, "text")


def word(value: Any, place: str) -> Iterator[Problem]:
    """Text that is not empty."""
    if not isinstance(value, str) or not value:
        yield _instead(value, place, "text that is not empty")


def switch(value: Any, place: str) -> Iterator[Problem]:
    """True or false."""
    if not isinstance(value, bool):
        yield _instead(value, place, "true or false")


def number(value: Any, place: str) -> Iterator[Problem]:
    """A number, whole or not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield _instead(value, place, "a number")


def free(value: Any, place: str) -> Iterator[Problem]:
    """An object of any content."""
    if not isinstance(value, dict):
        yield _instead(value, place, "an object")


def anything(value: Any, place: str) -> Iterator[Problem]:
    """Whatever there is."""
    yield from ()


def pair(shape: Shape) -> Shape:
    """A list of exactly two values."""

    def check(value: Any, place: str) -> Iterator[Problem]:
        if not isinstance(value, list) or len(value) != 2:
            yield _instead(value, place, "a list of two")
            return
        for index, item in enumerate(value):
            yield from shape(item, f"{place}[{index}]")

    return check


def items(shape: Shape) -> Shape:
    """A list of any length."""

    def check(value: Any, place: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield _instead(value, place, "a list")
            return
        for index, item in enumerate(value):
            yield from shape(item, f"{place}[{index}]")

    return check


def members(shape: Shape) -> Shape:
    """An object of any keys whose values are alike."""

    def check(value: Any, place: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield _instead(value, place, "an object")
            return
        for key, item in value.items():
            yield from shape(item, inside(place, key))

    return check


def record(required: Mapping[str, Shape], optional: Mapping[str, Shape]) -> Shape:
    """An object with these members and no others."""
    known = {**required, **optional}

    def check(value: Any, place: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield _instead(value, place, "an object")
            return
        for key in required:
            if key not in value:
                yield Problem(inside(place, key), "is missing")
        for key, item in value.items():
            if key in known:
                yield from known[key](item, inside(place, key))
            else:
                message = f"is not known here: there is {', '.join(known)}"
                yield Problem(inside(place, key), message)

    return check


def _instead(value: Any, place: str, wanted: str) -> Problem:
    shown = repr(value) if isinstance(value, str | int | float) else _kind(value)
    return Problem(place, f"is {shown}: give {wanted}")


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else "null"
