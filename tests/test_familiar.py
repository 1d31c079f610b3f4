"""Rules of the pictures a worker keeps in memory between units."""

import numpy as np
import pytest

from nodegraph.values import Image
from nodegraph.work.familiar import Familiar


class Shelf:
    """Loads pictures of 300 bytes and counts."""

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def load(self, name: str) -> Image:
        self.loaded.append(name)
        return Image(np.zeros((10, 10, 3), np.uint8))


def ask(familiar: Familiar, shelf: Shelf, names: str) -> None:
    for name in names:
        familiar.get(name, lambda name=name: shelf.load(name))


def test_what_every_unit_asks_for_is_loaded_twice_at_most():
    familiar, shelf = Familiar(), Shelf()

    ask(familiar, shelf, "aaaa")

    assert shelf.loaded == ["a", "a"]


def test_pictures_asked_for_once_displace_nothing():
    familiar, shelf = Familiar(most=300), Shelf()

    ask(familiar, shelf, "aabcdea")

    assert shelf.loaded == ["a", "a", "b", "c", "d", "e"]


def test_the_picture_used_longest_ago_leaves_when_room_ends():
    familiar, shelf = Familiar(most=600), Shelf()
    ask(familiar, shelf, "aabba")
    shelf.loaded.clear()

    ask(familiar, shelf, "cc")
    ask(familiar, shelf, "ab")

    assert shelf.loaded == ["c", "c", "b"]


def test_a_picture_larger_than_the_room_is_not_kept_and_not_lost():
    familiar, shelf = Familiar(most=200), Shelf()

    ask(familiar, shelf, "aaa")

    assert shelf.loaded == ["a", "a", "a"]


def test_a_kept_picture_cannot_be_changed_by_a_node():
    familiar, shelf = Familiar(), Shelf()
    ask(familiar, shelf, "aa")

    kept = familiar.get("a", lambda: shelf.load("a"))

    with pytest.raises(ValueError, match="read-only"):
        kept.pixels[0, 0] = 1
