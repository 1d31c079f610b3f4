"""Draw the README's pictures from a real run: `python assets/draw_readme.py [FOLDER]`."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ASSETS = Path(__file__).parent
README = ASSETS / "readme"
BOARD = ASSETS / "sample" / "board"
PANELS = ("panel-4", "panel-6", "panel-11")
"""Dusk, indoors and night."""
WIDTH, GAP, CAPTION = 1200, 12, 34
GROUND, INK = "#191a1d", "#b8bac0"
SHEET_WIDTH = 1000
QUALITY = 88

Panel = tuple[Path, Path]
"""A drawing and what the run made of it."""


def run_demo(folder: Path) -> Path:
    """Carry out the demo in `folder`; gives the folder of its pictures."""
    command = [sys.executable, "-m", "nodegraph", "demo", "--out", str(folder)]
    subprocess.run(command, check=True)  # noqa: S603 (our own command, fixed words)
    return folder / "out" / "film-look"


def panels(out: Path) -> list[Panel]:
    """The chosen drawings with their results, as the run's manifest tells them."""
    entries = json.loads((out / "manifest.json").read_text("utf-8"))["entries"]
    files = {Path(entry["file"]).name: entry["file"] for entry in entries}
    return [
        (next(BOARD.rglob(f"{name}.png")), out / files[_result(name)])
        for name in PANELS
    ]


def _result(panel: str) -> str:
    return f"{panel}_film-look_picture_v001.png"


def strip(shown: Sequence[Panel]) -> Image.Image:
    """The drawings in one row and, below, what was made of them."""
    width = (WIDTH - GAP * (len(shown) + 1)) // len(shown)
    rows = [[_fitted(path, width) for path in row] for row in zip(*shown, strict=True)]
    height = rows[0][0].height
    step = CAPTION + height
    picture = Image.new("RGB", (WIDTH, 2 * step + GAP), GROUND)
    for row, (name, images) in enumerate(
        zip(("drawn", "film-look"), rows, strict=True)
    ):
        _caption(picture, name, row * step)
        for column, image in enumerate(images):
            place = (GAP + column * (width + GAP), row * step + CAPTION)
            picture.paste(image, place)
    return picture


def _caption(picture: Image.Image, text: str, top: int) -> None:
    font = ImageFont.truetype(ASSETS / "fonts" / "DejaVuSans.ttf", 17)
    place = (GAP, top + CAPTION // 2)
    ImageDraw.Draw(picture).text(place, text, INK, font, anchor="lm")


def _fitted(path: Path, width: int) -> Image.Image:
    with Image.open(path) as image:
        height = round(image.height * width / image.width)
        size = (width, height)
        return image.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def draw(folder: Path) -> None:
    """Write both pictures of the README into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as project:
        out = run_demo(Path(project))
        sheet = _fitted(out / "film-look_sheet_v001.png", SHEET_WIDTH)
        _save(sheet, folder / "contact-sheet.jpg")
        _save(strip(panels(out)), folder / "before-after.jpg")


def _save(picture: Image.Image, path: Path) -> None:
    picture.save(path, quality=QUALITY, optimize=True, progressive=True)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else README)
