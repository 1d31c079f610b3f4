"""Node types that misbehave, each in its own way."""

import ctypes
import os
import signal
import time
from typing import Annotated, Any, NamedTuple

import numpy as np

from nodegraph import Cancelled, Context, Image, Mask, Slider, node


@node("Odd")
def fine(image: Image, amount: float = 1.0) -> Image:
    """Works."""
    return Image(255 - image.pixels)


@node("Odd")
def same(image: Image) -> Image:
    """Gives what it was given."""
    return Image(image.pixels.copy())


@node("Odd")
def says(image: Image, text: str = "") -> Image:
    """Writes to stdout."""
    print(text or "hello", flush=True)
    os.write(1, b"hello again\n")
    return Image(255 - image.pixels)


@node("Odd")
def scribbles(image: Image) -> Image:
    """Changes what it was given."""
    image.pixels[:] = 0
    return image


class Two(NamedTuple):
    dark: Image
    mask: Mask


@node("Odd")
def two(image: Image) -> Two:
    """Gives two things."""
    return Two(Image(image.pixels // 2), Mask(image.pixels[:, :, 0] // 1))


GIVES: dict[str, Any] = {
    "text": lambda: "a picture",
    "none": lambda: None,
    "array": lambda: np.zeros((2, 2, 3), np.uint8),
    "floats": lambda: Image(np.zeros((2, 2, 3))),  # type: ignore[arg-type]
    "grey": lambda: Image(np.zeros((2, 2), np.uint8)),
    "nothing": lambda: Image(np.zeros((0, 2, 3), np.uint8)),
    "list": lambda: Image([[1]]),  # type: ignore[arg-type]
    "mask": lambda: Mask(np.zeros((2, 2), np.uint8)),
}


@node("Odd")
def gives(image: Image, what: str = "text") -> Image:
    """Gives what is no picture."""
    return GIVES[what]()  # type: ignore[no-any-return]


NUMBERS: dict[str, Any] = {
    "nan": lambda: float("nan"),
    "inf": lambda: np.float32("inf"),
    "bool": lambda: True,
    "text": lambda: "1",
    "whole": lambda: 3,
    "numpy": lambda: np.float64(2.5),
}


@node("Odd")
def numbers(image: Image, what: str = "nan") -> float:
    """Gives numbers that are none."""
    return NUMBERS[what]()  # type: ignore[no-any-return]


@node("Odd")
def counts(image: Image) -> int:
    """Gives a number that no record holds."""
    return 10**30


@node("Odd")
def talks(image: Image, length: int = 10) -> str:
    """Gives a text."""
    return "x" * length


@node("Odd")
def measured(image: Image, amount: Annotated[float, Slider(0, 1)] = 0.5) -> float:
    """Takes a number within bounds."""
    return amount


class Speechless(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def _endless() -> Any:
    return _endless()


RAISES: dict[str, Any] = {
    "exit": lambda: SystemExit(3),
    "interrupt": lambda: KeyboardInterrupt(),
    "cancelled": lambda: Cancelled(),
    "memory": lambda: MemoryError(),
    "speechless": lambda: Speechless(),
    "lines": lambda: ValueError("two\nlines"),
    "endless": _endless,
}


@node("Odd")
def raises(image: Image, what: str = "exit") -> Image:
    """Raises."""
    raise RAISES[what]()


@node("Odd")
def remarks(context: Context, image: Image, what: str = "numpy") -> Image:
    """Says what no record holds."""
    odd = {"numpy": np.float32(1), "set": {1}, "nan": float("nan"), "fine": [1, "a"]}
    context.note("remark", odd[what])
    return Image(255 - image.pixels)


@node("Odd", deadline=0.5)
def hangs(image: Image) -> Image:
    """Never ends."""
    time.sleep(60)
    return image


@node("Odd")
def waits(context: Context, image: Image, file: str = "") -> Image:
    """Waits until the file is there, and may be cancelled."""
    context.progress(0.25)
    while not os.path.exists(file):  # noqa: PTH110
        context.check()
        time.sleep(0.01)
    return Image(255 - image.pixels)


@node("Odd")
def dies(image: Image, how: str = "segfault", once: str = "") -> Image:
    """Takes its process with it; with `once` only where that file is not there."""
    if once and os.path.exists(once):  # noqa: PTH110
        return Image(255 - image.pixels)
    if once:
        with open(once, "w"):  # noqa: PTH123
            pass
    if how == "segfault":
        ctypes.string_at(0)
    if how == "exit":
        os._exit(9)
    os.kill(os.getpid(), signal.SIGKILL)
    return image
