"""All shots of a board on one sheet."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

from nodegraph import Color, Context, FromShot, Image, Number, Slider, node
from nodes._frames import resized
from nodes._pixels import flatten, luminance, rgb_of
from nodes._sheet import Item, Section, Sheet, arranged, sections
from nodes._text import clean, font, shortened, write

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from PIL.ImageDraw import ImageDraw

    from nodes._pixels import Pixels

MOST = 1000

Colour = tuple[int, int, int]


class Palette(NamedTuple):
    """The sheet's colours, most of them mixed from its background."""

    ground: Colour
    cell: Colour
    line: Colour
    ink: Colour
    dim: Colour
    alarm: Colour
    paper: Colour


@node("Board")
def contact_sheet(
    context: Context,
    images: list[Image],
    title: str = "",
    columns: Annotated[int, Slider(0, 40)] = 0,
    cell_width: Annotated[int, Number(16, 2048)] = 360,
    gap: Annotated[int, Slider(0, 120)] = 18,
    background: Annotated[str, Color()] = "#191a1d",
    paper: Annotated[str, Color()] = "#ffffff",
    labels: bool = True,
    group: bool = True,
    names: Annotated[Sequence[str], FromShot("name")] = (),
    sequences: Annotated[Sequence[str], FromShot("sequence")] = (),
    missing: Annotated[Sequence[str], FromShot("missing")] = (),
) -> Image:
    """Give one sheet with all pictures in the order of the board, named, for the wall.

    title: at the top; may stay empty.
    columns: pictures beside each other; 0 chooses as many as suit a landscape page.
    cell_width: of one picture, 16 to 2048 pixels.  Cells shrink until the sheet has
        at most 100 megapixels.
    gap: between pictures, 0 to 120 pixels.
    background: of the sheet; on a light one the writing is dark.
    paper: the ground under transparent pictures.
    labels: write name and number under each picture.
    group: a heading for each sequence, its shots below it.

    1 to 1000 pictures.  Pictures of other proportions than most are centred in their
    cells.  Shots that gave no picture stand at the end, each with its name in an
    empty frame.
    """
    if not 1 <= len(images) <= MOST:
        raise ValueError(
            f"a contact sheet takes 1 to {MOST} pictures and got {len(images)}: link "
            "at least one, or split the board"
        )
    parts = sections(
        _filled(names, len(images)),
        _filled(sequences, len(images)),
        [clean(name) for name in missing],
        group,
    )
    sheet = arranged(parts, columns, cell_width, _aspect(images), gap, labels)
    colours = _palette(background, rgb_of(paper))
    context.note("cell_width", sheet.cell_width)
    if missing:
        context.note("missing", list(missing))
    return Image(_drawn(context, sheet, images, clean(title), colours))


def _filled(texts: Sequence[str], count: int) -> list[str]:
    """One printable text for each picture, empty where there is none."""
    return [clean(text) for text in texts][:count] + [""] * (count - len(texts))


def _aspect(images: Sequence[Image]) -> float:
    """The proportions of most pictures, 1:3 to 3:1."""
    found = sorted(image.width / image.height for image in images)
    return min(3.0, max(1 / 3, found[len(found) // 2]))


def _palette(background: str, paper: Colour) -> Palette:
    import numpy as np

    ground = rgb_of(background)
    is_dark = int(luminance(np.array([[ground]], np.uint8))[0, 0]) < 128
    far = (255, 255, 255) if is_dark else (0, 0, 0)
    alarm = (242, 177, 52) if is_dark else (166, 84, 0)
    cell, line, ink, dim = (_mixed(ground, far, s) for s in (0.05, 0.17, 0.93, 0.6))
    return Palette(ground, cell, line, ink, dim, alarm, paper)


def _mixed(near: Colour, far: Colour, share: float) -> Colour:
    red, green, blue = (
        round(a + (b - a) * share) for a, b in zip(near, far, strict=True)
    )
    return red, green, blue


def _drawn(
    context: Context,
    sheet: Sheet,
    images: Sequence[Image],
    title: str,
    palette: Palette,
) -> "Pixels":
    import numpy as np
    from PIL import Image as Pillow
    from PIL import ImageDraw

    canvas = Pillow.new("RGB", (sheet.width, sheet.height), palette.ground)
    draw = ImageDraw.Draw(canvas)
    _draw_title(draw, sheet, title, palette)
    for what, left, top in sheet.places():
        if isinstance(what, Section):
            _draw_heading(draw, sheet, what, top, palette)
        elif what.picture is None:
            _draw_missing(draw, sheet, what, (left, top), palette)
        else:
            context.progress(what.picture / len(images))
            _draw_picture(canvas, sheet, images[what.picture], (left, top), palette)
            _draw_label(draw, sheet, what, (left, top), palette)
    return np.array(canvas)


def _draw_title(draw: "ImageDraw", sheet: Sheet, title: str, palette: Palette) -> None:
    middle = sheet.margin + sheet.title_font * 0.55
    left, right = sheet.margin, sheet.width - sheet.margin
    small = font("regular", max(sheet.font, round(sheet.title_font * 0.5)))
    counts = _counts(sheet)
    if title:
        large = font("bold", sheet.title_font)
        kept = shortened(title, large, right - left)
        write(draw, (left, middle), kept, large, palette.ink)
        left += round(large.getlength(kept)) + sheet.title_font
        if small.getlength(counts) <= right - left:
            write(draw, (right, middle), counts, small, palette.dim, "r")
        return
    kept = shortened(counts, small, right - left)
    write(draw, (left, middle), kept, small, palette.dim)


def _counts(sheet: Sheet) -> str:
    """How much is on the sheet, in words."""
    shown = [section for section in sheet.sections if not section.is_missing]
    shots = sum(len(section.items) for section in shown)
    lost = sum(len(section.items) for section in sheet.sections) - shots
    words = [f"{shots} shot" + "s" * (shots != 1)]
    if len(shown) > 1:
        words.append(f"{len(shown)} sequences")
    if lost:
        words.append(f"{lost} missing")
    return "  ·  ".join(words)


def _draw_heading(
    draw: "ImageDraw", sheet: Sheet, section: Section, top: int, palette: Palette
) -> None:
    """The sequence's name, a thin line, and how many shots it has."""
    face = font("bold", round(sheet.font * 1.15))
    small = font("regular", sheet.font)
    left, right = sheet.margin, sheet.width - sheet.margin
    middle = top + sheet.heading * 0.42
    count = str(len(section.items))
    colour = palette.alarm if section.is_missing else palette.ink
    kept = shortened(section.title, face, (right - left) * 0.8)
    write(draw, (left, middle), kept, face, colour)
    write(draw, (right, middle), count, small, palette.dim, "r")
    start = left + face.getlength(kept) + sheet.font
    end = right - small.getlength(count) - sheet.font
    if start < end:
        thick = max(1, round(sheet.font / 14))
        draw.line((start, middle, end, middle), palette.line, thick)


def _draw_picture(
    canvas: "Picture",
    sheet: Sheet,
    image: Image,
    corner: tuple[int, int],
    palette: Palette,
) -> None:
    """The picture as large as its cell allows, in its middle."""
    from PIL import Image as Pillow

    width, height = sheet.cell_width, sheet.cell_height
    factor = min(width / image.width, height / image.height)
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    cell = (corner[0], corner[1], corner[0] + width, corner[1] + height)
    if size != (width, height):
        canvas.paste(palette.cell, cell)
    pixels = flatten(resized(image.pixels, *size), palette.paper)
    left = corner[0] + (width - size[0]) // 2
    top = corner[1] + (height - size[1]) // 2
    canvas.paste(Pillow.fromarray(pixels), (left, top))


def _draw_label(
    draw: "ImageDraw",
    sheet: Sheet,
    item: Item,
    corner: tuple[int, int],
    palette: Palette,
) -> None:
    """Name at the left, number on the board at the right."""
    if not sheet.has_labels or item.picture is None:
        return
    middle = corner[1] + sheet.cell_height + sheet.label * 0.5
    right = corner[0] + sheet.cell_width
    face, small = font("regular", sheet.font), font("mono", round(sheet.font * 0.85))
    number = f"{item.picture + 1:02d}"
    room = sheet.cell_width - small.getlength(number) - sheet.font
    if room > 2 * sheet.font:
        write(draw, (right, middle), number, small, palette.dim, "r")
    else:
        room = sheet.cell_width
    kept = shortened(item.name, face, room)
    write(draw, (corner[0], middle), kept, face, palette.ink)


def _draw_missing(
    draw: "ImageDraw",
    sheet: Sheet,
    item: Item,
    corner: tuple[int, int],
    palette: Palette,
) -> None:
    """An empty frame of dashes with the shot's name in it."""
    left, top = corner
    right, bottom = left + sheet.cell_width - 1, top + sheet.cell_height - 1
    _draw_dashes(draw, (left, top, right, bottom), sheet.font, palette.alarm)
    face = font("regular", sheet.font)
    kept = shortened(item.name, face, sheet.cell_width - sheet.font)
    middle = (left + right) / 2, (top + bottom) / 2
    write(draw, middle, kept, face, palette.alarm, "m")


def _draw_dashes(
    draw: "ImageDraw", box: tuple[int, int, int, int], font: int, colour: Colour
) -> None:
    left, top, right, bottom = box
    dash, thick = max(2, font // 2), max(1, font // 12)
    for x in range(left, right, 2 * dash):
        end = min(x + dash, right)
        draw.rectangle((x, top, end, top + thick - 1), colour)
        draw.rectangle((x, bottom - thick + 1, end, bottom), colour)
    for y in range(top, bottom, 2 * dash):
        end = min(y + dash, bottom)
        draw.rectangle((left, y, left + thick - 1, end), colour)
        draw.rectangle((right - thick + 1, y, right, end), colour)
