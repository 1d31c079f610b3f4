"""Filling a hole of 200 x 200 in a 1080p frame: ours beside named others; ratios.

    python tests/bench/bench_inpaint.py [--rounds 5]

Ours is the inpaint node with `exemplar`, certificate and all.  The others are OpenCV's
Telea on the same hole, and scikit-image's biharmonic fill on the hole reduced to 64
pixels: quicker, but both give a smooth blob.  What cannot be told from time alone is
printed beside it: `texture` is how much neighbouring pixels differ in the fill, as a
share of what they did there before (1 is right); `rim` is how much the picture jumps at
the hole's border, as a multiple of what it did there (1 is right).  Nothing is asserted.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from skimage import data
from skimage.restoration import inpaint_biharmonic

from nodegraph import Context, Image, Mask
from nodes.inpaint import inpaint

WIDTH, HEIGHT = 1920, 1080
TOP, LEFT, SIDE = 640, 220, 200
SMALL = 64
"""Edge of the hole that biharmonic is given: it solves for all its pixels at once."""

Pixels = Any
Way = Callable[[Pixels, Pixels], Pixels]


def frame(name: str) -> Pixels:
    """A photograph of the library's at 1080p."""
    picture = getattr(data, name)()
    rgb = picture if picture.ndim == 3 else np.dstack([picture] * 3)
    return cv2.resize(rgb, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def ours(pixels: Pixels, mask: Pixels) -> Pixels:
    context = Context()
    hole = {"engine": "exemplar", "grow": 0, "feather": 0}
    return inpaint(context, Image(pixels), Mask(mask), **hole).pixels


def telea(pixels: Pixels, mask: Pixels) -> Pixels:
    return cv2.inpaint(pixels, mask, 5, cv2.INPAINT_TELEA)


def biharmonic(pixels: Pixels, mask: Pixels) -> Pixels:
    part = slice(TOP - 40, TOP + SIDE + 40), slice(LEFT - 40, LEFT + SIDE + 40)
    scale = SMALL / SIDE
    small = cv2.resize(
        pixels[part], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
    )
    size = (small.shape[1], small.shape[0])
    hole = cv2.resize(mask[part], size, interpolation=cv2.INTER_AREA) > 0
    solved = inpaint_biharmonic(small, hole, channel_axis=-1)
    even = np.rint(np.clip(solved, 0, 1) * 255).astype(np.uint8)
    size = (pixels[part].shape[1], pixels[part].shape[0])
    large = cv2.resize(even, size, interpolation=cv2.INTER_CUBIC)
    result = pixels.copy()
    np.copyto(result[part], large, where=mask[part][:, :, None] > 0)
    return result


WAYS: dict[str, Way] = {"exemplar": ours, "Telea": telea, "biharmonic": biharmonic}


def steps(pixels: Pixels) -> tuple[float, float]:
    """How much neighbours differ within the hole, and across its border."""
    rows, columns = slice(TOP, TOP + SIDE), slice(LEFT, LEFT + SIDE)
    wide = pixels.astype(np.float32)
    within = np.abs(np.diff(wide[rows, columns], axis=1)).mean()
    sides = [
        wide[rows, LEFT - 1] - wide[rows, LEFT],
        wide[rows, LEFT + SIDE - 1] - wide[rows, LEFT + SIDE],
        wide[TOP - 1, columns] - wide[TOP, columns],
        wide[TOP + SIDE - 1, columns] - wide[TOP + SIDE, columns],
    ]
    return float(within), float(np.abs(np.concatenate(sides)).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[TOP : TOP + SIDE, LEFT : LEFT + SIDE] = 255
    for name in ("coffee", "grass", "rocket"):
        before = frame(name)
        spoiled = np.where(mask[:, :, None] > 0, np.uint8([255, 0, 255]), before)
        results = {way: fill(spoiled, mask) for way, fill in WAYS.items()}
        seconds: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(rounds):
            for way, fill in WAYS.items():
                began = time.perf_counter()
                fill(spoiled, mask)
                seconds[way].append(time.perf_counter() - began)
        texture, rim = steps(before)
        mine = statistics.median(seconds["exemplar"])
        print(f"{name}, {WIDTH} x {HEIGHT}, hole {SIDE} x {SIDE}")
        for way, result in results.items():
            assert np.array_equal(result[mask == 0], spoiled[mask == 0])
            took = statistics.median(seconds[way])
            inside, across = steps(result)
            print(
                f"  {way:<11}{took * 1000:7.0f} ms   exemplar takes {mine / took:5.1f} x"
                f"   texture {inside / texture:4.2f}   rim {across / rim:4.2f}"
            )


if __name__ == "__main__":
    main()
