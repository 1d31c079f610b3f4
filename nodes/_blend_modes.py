"""The blend functions B(base, top) of the W3C's Compositing and Blending, level 1.

https://www.w3.org/TR/compositing-1/#blending: names and formulas are its own, but for
`add` and `subtract`, which are the sum and the difference stopped at white and black.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nodes._bands import in_bands

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

Floats = Any
"""An array of 0 to 1, the last axis R, G, B."""


def _multiply(base: Floats, top: Floats) -> Floats:
    return base * top


def _screen(base: Floats, top: Floats) -> Floats:
    return base + top - base * top


def _hard_light(base: Floats, top: Floats) -> Floats:
    import numpy as np

    return np.where(top <= 0.5, _multiply(base, 2 * top), _screen(base, 2 * top - 1))


def _overlay(base: Floats, top: Floats) -> Floats:
    return _hard_light(top, base)


def _soft_light(base: Floats, top: Floats) -> Floats:
    import numpy as np

    lifted = np.where(base <= 0.25, ((16 * base - 12) * base + 4) * base, np.sqrt(base))
    darker = base - (1 - 2 * top) * base * (1 - base)
    return np.where(top <= 0.5, darker, base + (2 * top - 1) * (lifted - base))


def _darken(base: Floats, top: Floats) -> Floats:
    import numpy as np

    return np.minimum(base, top)


def _lighten(base: Floats, top: Floats) -> Floats:
    import numpy as np

    return np.maximum(base, top)


def _color_dodge(base: Floats, top: Floats) -> Floats:
    import numpy as np

    lit = np.minimum(1, base / np.where(top == 1, 1, 1 - top))
    return np.where(base == 0, 0, np.where(top == 1, 1, lit))


def _color_burn(base: Floats, top: Floats) -> Floats:
    import numpy as np

    burnt = 1 - np.minimum(1, (1 - base) / np.where(top == 0, 1, top))
    return np.where(base == 1, 1, np.where(top == 0, 0, burnt))


def _difference(base: Floats, top: Floats) -> Floats:
    import numpy as np

    return np.abs(base - top)


def _exclusion(base: Floats, top: Floats) -> Floats:
    return base + top - 2 * base * top


def _add(base: Floats, top: Floats) -> Floats:
    import numpy as np

    return np.minimum(1, base + top)


def _subtract(base: Floats, top: Floats) -> Floats:
    import numpy as np

    return np.maximum(0, base - top)


def _normal(base: Floats, top: Floats) -> Floats:
    return top


def _lum(colour: Floats) -> Floats:
    red, green, blue = colour[..., 0], colour[..., 1], colour[..., 2]
    return (0.3 * red + 0.59 * green + 0.11 * blue)[..., None]


def _sat(colour: Floats) -> Floats:
    highest = colour.max(axis=-1, keepdims=True)
    return highest - colour.min(axis=-1, keepdims=True)


def _set_lum(colour: Floats, lum: Floats) -> Floats:
    """`SetLum` and `ClipColor`: that lightness, pulled towards grey to stay in range."""
    import numpy as np

    moved = colour + (lum - _lum(colour))
    low = moved.min(axis=-1, keepdims=True)
    high = moved.max(axis=-1, keepdims=True)
    below, above = low < 0, high > 1
    down = np.where(below, lum / np.where(below, lum - low, 1), 1)
    up = np.where(above, (1 - lum) / np.where(above, high - lum, 1), 1)
    return lum + (moved - lum) * down * up


def _set_sat(colour: Floats, sat: Floats) -> Floats:
    import numpy as np

    low, range_ = colour.min(axis=-1, keepdims=True), _sat(colour)
    return (colour - low) * np.where(
        range_ > 0, sat / np.where(range_ > 0, range_, 1), 0
    )


def _hue(base: Floats, top: Floats) -> Floats:
    return _set_lum(_set_sat(top, _sat(base)), _lum(base))


def _saturation(base: Floats, top: Floats) -> Floats:
    return _set_lum(_set_sat(base, _sat(top)), _lum(base))


def _color(base: Floats, top: Floats) -> Floats:
    return _set_lum(top, _lum(base))


def _luminosity(base: Floats, top: Floats) -> Floats:
    return _set_lum(base, _lum(top))


SEPARABLE: dict[str, Callable[[Floats, Floats], Floats]] = {
    "normal": _normal,
    "multiply": _multiply,
    "screen": _screen,
    "overlay": _overlay,
    "soft_light": _soft_light,
    "hard_light": _hard_light,
    "darken": _darken,
    "lighten": _lighten,
    "add": _add,
    "subtract": _subtract,
    "difference": _difference,
    "exclusion": _exclusion,
    "color_dodge": _color_dodge,
    "color_burn": _color_burn,
}
"""Each channel by itself: functions of arrays of 0 to 1."""

TOGETHER: dict[str, Callable[[Floats, Floats], Floats]] = {
    "hue": _hue,
    "saturation": _saturation,
    "color": _color,
    "luminosity": _luminosity,
}
"""The three channels at once: functions of arrays (…, 3) of 0 to 1."""

MODES = (*SEPARABLE, *TOGETHER)


def blended(base: "Pixels", top: "Pixels", mode: str, opacity: float = 1.0) -> "Pixels":
    """`top` blended onto `base`, both opaque RGB of one size: base + opacity x (B - base).

    Exact to half a level, but for the four modes of `TOGETHER` with an opacity between
    0 and 1, which round twice.
    """
    import cv2
    import numpy as np

    if mode in TOGETHER:
        full = in_bands(lambda b, t: _together(b, t, mode), base, top)
    elif mode == "normal":
        full = top
    else:
        table = _table(mode, opacity)
        return in_bands(lambda b, t: _looked_up(table, b, t), base, top, rows=32)
    if opacity == 1:
        return full
    return np.asarray(cv2.addWeighted(base, 1 - opacity, full, opacity, 0), np.uint8)


@lru_cache(maxsize=16)
def _table(mode: str, opacity: float) -> "Pixels":
    """The result for each of 256 x 256 pairs of levels, base first, then top."""
    import numpy as np

    top, base = np.meshgrid(np.arange(256) / 255, np.arange(256) / 255)
    result = base + opacity * (SEPARABLE[mode](base, top) - base)
    return np.asarray(np.floor(255 * result + 0.5), np.uint8).reshape(-1)


def _looked_up(table: "Pixels", base: "Pixels", top: "Pixels") -> "Pixels":
    import numpy as np

    place = base.astype(np.uint16)
    place <<= 8
    place |= top
    return np.take(table, place, mode="clip")


def _together(base: "Pixels", top: "Pixels", mode: str) -> Any:
    import numpy as np

    scale = np.float32(1 / 255)
    result = TOGETHER[mode](base * scale, top * scale)
    return np.clip(255 * result + 0.5, 0, 255).astype(np.uint8)
