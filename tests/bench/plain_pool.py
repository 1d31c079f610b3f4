"""The plain script that our batch is measured against: same kernels, all results kept.

    python plain_pool.py BOARD OVERLAY OUT STEPS [PASSES]

STEPS are node types and their settings as JSON.  Every result is hashed, written beside,
flushed, and renamed to its hash; nothing else is recorded, and no thumbnail made.
With PASSES it works alone, keeps nothing, and prints the processor seconds of the
kernels a frame, decoding and the final encoding among them, on average of that many.
"""

import hashlib
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
from frames import NICE

from nodegraph.context import Context
from nodegraph.media.encode import FRAME, frame, png, unframe
from nodegraph.media.folder import decode
from nodegraph.values import Image


@cache
def overlay_of(path: str) -> Image:
    return decode(Path(path))


def settle_in() -> None:
    os.nice(NICE)
    cv2.setNumThreads(1)


def step(type_: str, image: Image, overlay: str, settings: dict[str, Any]) -> Image:
    """One node's work on a picture."""
    node = getattr(import_module(f"nodes.{type_}"), type_)
    pictures = (image, overlay_of(overlay)) if type_ == "blend" else (image,)
    said = (Context(),) if node.context else ()
    result: Image = node.function(*said, *pictures, **settings)
    return result


def keep(data: bytes, suffix: str, out: Path) -> None:
    name = hashlib.sha256(data).hexdigest()
    scratch = out / f"{name}{suffix}.{os.getpid()}.part"
    with scratch.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(out / (name + suffix))


def loaded(path: Path) -> Image:
    if path.suffix == FRAME:
        return Image(unframe(path.read_bytes()))
    return decode(path)


def carry_out(
    path: Path, overlay: str, out: Path | None, steps: dict[str, Any]
) -> None:
    """A frame through all steps."""
    image = loaded(path)
    *others, last = steps
    for type_ in others:
        image = step(type_, image, overlay, steps[type_])
        if out is not None:
            keep(frame(image.pixels), FRAME, out)
    image = step(last, image, overlay, steps[last])
    data = png(image.pixels)
    if out is not None:
        keep(data, ".png", out)


def main(board: str, overlay: str, out: str, steps_: str, passes: str = "") -> None:
    """All frames of a folder."""
    steps = json.loads(steps_)
    paths = sorted(Path(board).iterdir())
    if passes:
        cv2.setNumThreads(1)
        carry_out(paths[0], overlay, None, steps)
        began = time.process_time()
        for path in paths[: int(passes)]:
            carry_out(path, overlay, None, steps)
        print((time.process_time() - began) / min(int(passes), len(paths)))
        return
    Path(out).mkdir(parents=True)
    with ProcessPoolExecutor(os.cpu_count(), initializer=settle_in) as pool:
        jobs = [pool.submit(carry_out, p, overlay, Path(out), steps) for p in paths]
        for job in jobs:
            job.result()


if __name__ == "__main__":
    main(*sys.argv[1:])
