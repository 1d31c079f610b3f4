"""The script an artist's assistant would write: Pillow, a process pool, final files only.

python pillow_pool.py BOARD OVERLAY OUT
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

from frames import NICE, STEPS
from PIL import Image, ImageChops, ImageEnhance, ImageFilter


@cache
def overlay_of(path: str) -> Image.Image:
    return Image.open(path).convert("RGB")


def settle_in() -> None:
    os.nice(NICE)


def carry_out(path: Path, overlay: str, out: Path) -> None:
    """A frame through resize, sharpen, adjust and blend, into a PNG of level 6."""
    size = STEPS["resize"]["width"], STEPS["resize"]["height"]
    image = Image.open(path).convert("RGB").resize(size, Image.Resampling.BOX)
    image = image.filter(ImageFilter.UnsharpMask(1.5, 80, 0))
    image = image.point([min(255, round(v * 1.07)) for v in range(256)] * 3)
    image = ImageEnhance.Contrast(image).enhance(1.15)
    image = ImageEnhance.Color(image).enhance(1.2)
    met = ImageChops.soft_light(image, overlay_of(overlay))
    Image.blend(image, met, 0.6).save(out / path.name, compress_level=6)


def main(board: str, overlay: str, out: str) -> None:
    """All frames of a folder."""
    Path(out).mkdir(parents=True)
    with ProcessPoolExecutor(os.cpu_count(), initializer=settle_in) as pool:
        paths = sorted(Path(board).iterdir())
        jobs = [pool.submit(carry_out, path, overlay, Path(out)) for path in paths]
        for job in jobs:
            job.result()


if __name__ == "__main__":
    main(*sys.argv[1:])
