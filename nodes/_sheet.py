"""Where everything stands on a contact sheet: arithmetic alone, no drawing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nodes._frames import LARGEST

PAGE = math.sqrt(2)
"""Width to height of a sheet whose columns are chosen here: that of A4 on its side."""

HEADER = 2.6
"""Height of a sequence's heading, in font sizes."""

LABEL = 2.0
"""Height of the line under a picture, in font sizes."""


class Item(NamedTuple):
    """One shot on the sheet."""

    name: str
    picture: int | None
    """Which of all it shows, from 0; None where there is none."""


class Section(NamedTuple):
    """Shots under one heading."""

    title: str
    items: tuple[Item, ...]
    is_missing: bool = False


class Place(NamedTuple):
    """An item or a heading and the corner of its cell."""

    what: Item | Section
    left: int
    top: int


@dataclass(frozen=True)
class Sheet:
    """A sheet of given columns and cells; every length is in pixels."""

    sections: tuple[Section, ...]
    columns: int
    cell_width: int
    aspect: float
    gap: int
    has_labels: bool

    @property
    def cell_height(self) -> int:
        """Of the picture's part of a cell."""
        return max(1, round(self.cell_width / self.aspect))

    @property
    def font(self) -> int:
        """Size of the names; everything else follows from it."""
        return max(7, min(28, round(self.cell_width * 0.046)))

    @property
    def margin(self) -> int:
        """Around the whole sheet."""
        return max(self.gap, self.font * 2)

    @property
    def label(self) -> int:
        """Height of the line under a picture."""
        return round(self.font * LABEL) if self.has_labels else 0

    @property
    def title_font(self) -> int:
        """Size of the title: it grows with the sheet."""
        return max(round(self.font * 1.5), min(round(self.width / 48), self.font * 4))

    @property
    def top(self) -> int:
        """Where the first section begins."""
        return self.margin + round(self.title_font * 2.1)

    @property
    def width(self) -> int:
        """Of the whole sheet."""
        cells = self.columns * (self.cell_width + self.gap) - self.gap
        return cells + 2 * self.margin

    @property
    def height(self) -> int:
        """Of the whole sheet."""
        return self._sections_end() + self.margin - self.gap

    def places(self) -> list[Place]:
        """Every heading and every cell, from the top."""
        found, y = [], self.top
        for section in self.sections:
            if section.title:
                found.append(Place(section, self.margin, y))
                y += self.heading
            for number, item in enumerate(section.items):
                row, column = divmod(number, self.columns)
                left = self.margin + column * (self.cell_width + self.gap)
                found.append(Place(item, left, y + row * self._row))
            y += self._rows(section) * self._row
        return found

    @property
    def heading(self) -> int:
        """Height of a section's heading."""
        return round(self.font * HEADER)

    @property
    def empty_cells(self) -> int:
        """At the ends of the last rows of shots that are there."""
        return sum(
            self._rows(section) * self.columns - len(section.items)
            for section in self.sections
            if not section.is_missing
        )

    @property
    def _row(self) -> int:
        return self.cell_height + self.label + self.gap

    def _rows(self, section: Section) -> int:
        return math.ceil(len(section.items) / self.columns)

    def _sections_end(self) -> int:
        headings = sum(bool(section.title) for section in self.sections)
        rows = sum(self._rows(section) for section in self.sections)
        return self.top + headings * self.heading + rows * self._row


def sections(
    names: Sequence[str], sequences: Sequence[str], missing: Sequence[str], group: bool
) -> tuple[Section, ...]:
    """Shots in their order, under their sequences if asked; the missing ones last."""
    grouped: dict[str, list[Item]] = {}
    for index, (name, sequence) in enumerate(zip(names, sequences, strict=True)):
        grouped.setdefault(sequence if group else "", []).append(Item(name, index))
    nameless = "No sequence" if len(grouped) > 1 else ""
    found = [Section(key or nameless, tuple(items)) for key, items in grouped.items()]
    if missing:
        lost = tuple(Item(name, None) for name in missing)
        found.append(Section("Missing", lost, is_missing=True))
    return tuple(found)


def arranged(
    parts: tuple[Section, ...],
    columns: int,
    cell_width: int,
    aspect: float,
    gap: int,
    has_labels: bool,
) -> Sheet:
    """The sheet; `columns` 0 chooses them, and cells shrink until `LARGEST` holds it.

    Raises ValueError where even cells of 16 pixels make it too large.
    """
    width = cell_width
    while True:
        sheet = Sheet(parts, columns or 1, width, aspect, gap, has_labels)
        sheet = sheet if columns else _paged(sheet)
        area = sheet.width * sheet.height
        if area <= LARGEST:
            return sheet
        if width <= 16:
            raise ValueError(
                f"the contact sheet would be {sheet.width} x {sheet.height}, more than "
                f"{LARGEST / 1e6:.0f} megapixels: choose a smaller gap or make several"
            )
        width = max(16, min(width - 1, int(width * math.sqrt(LARGEST / area))))


def _paged(sheet: Sheet) -> Sheet:
    """The same sheet with the columns that come nearest to a page, few cells empty."""
    most = max(len(section.items) for section in sheet.sections)
    total = sum(len(section.items) for section in sheet.sections)
    candidates = range(1, min(most, 4 * math.isqrt(total) + 1) + 1)
    tried = (
        Sheet(
            sheet.sections,
            n,
            sheet.cell_width,
            sheet.aspect,
            sheet.gap,
            sheet.label > 0,
        )
        for n in candidates
    )
    return min(tried, key=lambda s: _misfit(s, total))


def _misfit(sheet: Sheet, total: int) -> float:
    off_page = abs(math.log(sheet.width / sheet.height / PAGE))
    return off_page + 2 * sheet.empty_cells / (total + sheet.empty_cells)
