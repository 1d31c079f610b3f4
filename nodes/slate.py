"""Burn the shot's name into a picture."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

from nodegraph import Choice, Color, Context, FromShot, Image, Slider, node
from nodes._pixels import rgb_of
from nodes._text import clean, font, shortened, write

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from PIL.ImageDraw import ImageDraw

    from nodes._pixels import Pixels

INK, DIM, GROUND = (248, 248, 248), (202, 204, 209), (14, 15, 18)

SMALLEST = 8
"""Font size in pixels below which nobody can read it."""

TEXT_SHARE = 0.5
"""Font size as a share of a line's height."""

SHRINK = 0.7
"""A line shrinks to this before it is split or cut short."""

FAINT = 0.6
"""Below this opacity the ground cannot carry the text, which gets an outline."""


class Line(NamedTuple):
    """What stands on one line: from the left, and at the right end."""

    name: str
    text: str
    key: str


@node("Board")
def slate(
    context: Context,
    image: Image,
    text: str = "",
    position: Annotated[str, Choice(("bottom", "top"))] = "bottom",
    size: Annotated[float, Slider(0.02, 0.2)] = 0.045,
    opacity: Annotated[float, Slider(0, 1)] = 0.75,
    accent: Annotated[str, Color()] = "#f2b134",
    name: Annotated[str, FromShot("name")] = "",
    recipe: Annotated[str, FromShot("recipe")] = "",
) -> Image:
    """Give the picture with a bar that names the shot, a text, and how it was made.

    text: anything, such as the production or the date; may stay empty.
    position: along the `bottom` or the `top` edge.
    size: the bar's height as a share of the picture's, 0.02 to 0.2.
    opacity: of the bar, 0 to 1; below 0.6 the letters get an outline.
    accent: the colour of the mark before the name.

    The shot's name comes from the board.  The six digits at the right are the first
    of the key of the recipe that made the picture: they lead back to it in its
    history.  What is too long shrinks, then takes a second line, then loses its
    middle.  Outside the bar no pixel changes.  Latin, Greek, Cyrillic, Arabic and
    Hebrew letters are drawn; signs the font lacks, such as Chinese ones, show as boxes.
    """
    line = Line(clean(name), clean(text), clean(recipe)[:6])
    lines, height = _lines(line, image.width, image.height, size)
    if not any(line) or height // len(lines) * TEXT_SHARE < SMALLEST:
        reason = "there is nothing to write" if not any(line) else "it is too small"
        context.outcome("unchanged", f"no slate on this picture: {reason}")
        return image
    top = 0 if position == "top" else image.height - height
    pixels = image.pixels.copy()
    pixels[top : top + height] = _bar(
        image.pixels[top : top + height], lines, opacity, rgb_of(accent)
    )
    return Image(pixels)


def _lines(
    line: Line, width: int, height: int, size: float
) -> tuple[tuple[Line, ...], int]:
    """The lines to draw and the height of the bar in pixels."""
    step = min(height, max(round(height * size), round(SMALLEST / TEXT_SHARE) + 2))
    too_long = _needed(line, _least(step)) > width
    if line.text and (line.name or line.key) and too_long and 2 * step <= height / 2:
        return (Line(line.name, "", line.key), Line("", line.text, "")), 2 * step
    return (line,), step


def _needed(line: Line, points: int) -> float:
    """The width in pixels of a line with all its gaps."""
    wide = font("bold", points).getlength(line.name)
    wide += font("regular", points).getlength(line.text)
    wide += font("mono", points).getlength(line.key)
    parts = sum(map(bool, line))
    return wide + points * (3.1 + 1.6 * (parts - 1))


def _bar(
    strip: "Pixels",
    lines: tuple[Line, ...],
    opacity: float,
    accent: tuple[int, int, int],
) -> "Pixels":
    import numpy as np
    from PIL import Image as Pillow
    from PIL import ImageDraw

    under = Pillow.fromarray(strip)
    shade = Pillow.new("RGBA", under.size, (*GROUND, round(255 * opacity)))
    bar = Pillow.alpha_composite(under.convert("RGBA"), shade).convert(under.mode)
    draw = ImageDraw.Draw(bar)
    step = bar.height / len(lines)
    stroke = GROUND if opacity < FAINT else None
    for index, line in enumerate(lines):
        _draw_line(draw, bar, line, (index * step, step), stroke)
    _draw_mark(draw, bar.height / len(lines), bar.height, accent)
    return np.array(bar)


def _draw_mark(
    draw: "ImageDraw", step: float, height: int, accent: tuple[int, int, int]
) -> None:
    """An upright stroke at the left, as high as the lines of text."""
    thick = max(1, round(step * 0.07))
    left, inset = round(step * 0.42), round(step * 0.24)
    draw.rectangle((left, inset, left + thick - 1, height - 1 - inset), fill=accent)


def _draw_line(
    draw: "ImageDraw",
    bar: "Picture",
    line: Line,
    place: tuple[float, float],
    stroke: tuple[int, int, int] | None,
) -> None:
    """Name and text from the left, the key at the right; the text gives way first."""
    top, step = place
    points = _points(line, step, bar.width)
    middle, gap = top + step / 2, points * 1.1
    left, right = step * 0.42 + points * 0.75, bar.width - step * 0.42
    quiet = INK if stroke else DIM
    mono, bold, plain = (font(face, points) for face in ("mono", "bold", "regular"))
    if line.key and mono.getlength(line.key) <= right - left:
        write(draw, (right, middle), line.key, mono, quiet, "r", stroke)
        right -= mono.getlength(line.key) + gap
    name = shortened(line.name, bold, right - left)
    write(draw, (left, middle), name, bold, INK, "l", stroke)
    if name:
        left += bold.getlength(name) + gap
    text = shortened(line.text, plain, right - left)
    write(draw, (left, middle), text, plain, quiet if name else INK, "l", stroke)


def _points(line: Line, step: float, width: int) -> int:
    """The largest font size at which the line fits, within `SHRINK` of the usual."""
    usual, least = max(SMALLEST, round(step * TEXT_SHARE)), _least(step)
    fitting = (p for p in range(usual, least, -1) if _needed(line, p) <= width)
    return next(fitting, least)


def _least(step: float) -> int:
    """The smallest font size that a line of this height shrinks to."""
    return max(SMALLEST, round(step * TEXT_SHARE * SHRINK))
