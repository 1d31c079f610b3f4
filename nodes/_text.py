"""Text on pictures: fonts that ship with the product, and names cut to fit."""

import functools
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

FACES = {
    "regular": "DejaVuSans.ttf",
    "bold": "DejaVuSans-Bold.ttf",
    "mono": "DejaVuSansMono.ttf",
}

CAPITAL = 0.729
"""Height of a capital letter of DejaVu Sans, as a share of the font's size."""

JOINERS = "\u200c\u200d"
"""Invisible, but Arabic and Indic letters need them."""


@functools.lru_cache(maxsize=32)
def font(face: str, size: int) -> "FreeTypeFont":
    """One of `FACES` at a size in pixels."""
    import io
    from importlib.resources import files

    from PIL import ImageFont

    data = files("assets").joinpath("fonts", FACES[face]).read_bytes()
    return ImageFont.truetype(io.BytesIO(data), size)


def clean(text: str) -> str:
    """One printable line: no line breaks, no control or direction characters."""
    shown = (_shown(character) for character in unicodedata.normalize("NFC", text))
    return " ".join("".join(shown).split())


def _shown(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Cc":
        return " "
    if kind == "Cs":
        return "\ufffd"
    return "" if kind == "Cf" and character not in JOINERS else character


def shortened(text: str, face: "FreeTypeFont", room: float) -> str:
    """The text, or as much of its start and end as fits `room` pixels around a “…”.

    Names differ mostly at their ends, so the middle goes; empty where even “…” is
    too wide.
    """
    if face.getlength(text) <= room:
        return text
    low, high, best = 0, len(text) - 1, ""
    while low <= high:
        kept = (low + high) // 2
        attempt = _without_middle(text, kept)
        if face.getlength(attempt) <= room:
            best, low = attempt, kept + 1
        else:
            high = kept - 1
    return best


def _without_middle(text: str, kept: int) -> str:
    end = kept // 2
    return text[: kept - end].rstrip() + "…" + text[len(text) - end :].lstrip()


def write(
    draw: "ImageDraw",
    at: tuple[float, float],
    text: str,
    face: "FreeTypeFont",
    fill: tuple[int, ...],
    anchor: str = "l",
    stroke: tuple[int, ...] | None = None,
) -> None:
    """Draw a line with its capitals centred on height `at[1]`.

    `anchor` is l, m or r for text that starts, is centred or ends at `at[0]`;
    `stroke` is the colour of an outline.
    """
    baseline = round(at[1] + face.size * CAPITAL / 2)
    draw.text(
        (round(at[0]), baseline),
        text,
        fill=fill,
        font=face,
        anchor=anchor + "s",
        stroke_width=max(1, round(face.size / 12)) if stroke else 0,
        stroke_fill=stroke,
    )
