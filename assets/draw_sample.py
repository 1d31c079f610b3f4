"""Draw the sample storyboard: `python assets/draw_sample.py [FOLDER]`."""

import json
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from assets.drawing.canvas import Canvas, Colour
from assets.drawing.cast import CAST
from assets.drawing.panels import PANELS, draw_panel, draw_portrait
from assets.drawing.paper import finish
from assets.drawing.people import Seen

SAMPLE = Path(__file__).parent / "sample"
PLAIN: Colour = (1, 1, 1)


def save(canvas: Canvas, path: Path, tint: Colour, seed: int) -> None:
    """Print a canvas to a PNG file, as small as it gets without loss."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(finish(canvas, tint, seed)).save(path, optimize=True)


def record(seen: list[Seen]) -> list[dict[str, Any]]:
    """The faces of one picture as JSON values."""
    return [{"character": face.character, "points": face.points} for face in seen]


def write_faces(faces: dict[str, list[Seen]], path: Path) -> None:
    """Write who is where: five points a face, image left first, in pixels.

    The points are left eye, right eye, nose tip, left and right corner of the mouth.
    """
    lines = [f"  {json.dumps(k)}: {json.dumps(record(v))}" for k, v in faces.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def draw(folder: Path) -> None:
    """Draw all panels and portraits below `folder`, and `faces.json` beside them."""
    faces: dict[str, list[Seen]] = {}
    for number, panel in enumerate(PANELS):
        canvas, faces[f"board/{panel.file}"] = draw_panel(panel)
        save(canvas, folder / "board" / panel.file, panel.tint, number)
    for look in CAST:
        canvas, faces[f"characters/{look.name}.png"] = draw_portrait(look)
        save(canvas, folder / "characters" / f"{look.name}.png", PLAIN, len(PANELS))
    write_faces(faces, folder / "faces.json")


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE)
