"""What keeping pictures costs: intermediate formats, PNG, thumbnails; prints figures.

    python tests/bench/bench_media.py [--rounds 5] [--workers 4]

Everything a ratio compares is measured alternately in one run; medians count.  A cost
is encode + SHA-256 + write + fsync + rename + fsync of the folder + decode.
"""

import argparse
import hashlib
import io
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import zstandard
from frames import HEIGHT, WIDTH, drawing, photograph
from PIL import Image as Pillow

from nodegraph.media.decode import decode
from nodegraph.media.encode import frame, png, thumbnail, unframe
from nodegraph.media.folder import Media
from nodegraph.values import Image


def gradient() -> Any:
    """A rendered sky: smooth and without grain."""
    y, x = np.mgrid[:HEIGHT, :WIDTH][:, :, :, None]
    return (127 + 80 * np.sin(x / 211 + y / 307 + np.arange(3))).astype(np.uint8)


CONTENTS = {"photograph": photograph, "drawing": drawing, "gradient": gradient}


class Way(NamedTuple):
    """A file format: pixels to bytes, and back given the shape."""

    encode: Callable[[Any], bytes]
    decode: Callable[[bytes, tuple[int, ...]], Any]


def packed(level: int) -> Way:
    """Zstandard over the pixels as they are."""
    return Way(
        lambda pixels: zstandard.ZstdCompressor(level=level).compress(pixels.data),
        lambda data, shape: np.frombuffer(
            zstandard.ZstdDecompressor().decompress(data), np.uint8
        ).reshape(shape),
    )


def stepped() -> Way:
    """Zstandard over each row's difference from the one above, whatever it shows."""

    def encode(pixels: Any) -> bytes:
        steps = pixels.copy()
        steps[1:] -= pixels[:-1]
        return zstandard.ZstdCompressor(level=1).compress(steps.data)

    def decode_(data: bytes, shape: tuple[int, ...]) -> Any:
        rows = packed(1).decode(data, shape).copy()
        for above, row in itertools.pairwise(rows):
            row += above
        return rows

    return Way(encode, decode_)


def opencv(suffix: str, *options: int) -> Way:
    """OpenCV's writer and reader, colours swapped both ways."""
    return Way(
        lambda pixels: cv2.imencode(
            suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options
        )[1].tobytes(),
        lambda data, shape: cv2.cvtColor(
            cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED),
            cv2.COLOR_BGR2RGB,
        ),
    )


def pillow(level: int) -> Way:
    """Pillow's PNG."""

    def encode(pixels: Any) -> bytes:
        stream = io.BytesIO()
        Pillow.fromarray(pixels).save(stream, "PNG", compress_level=level)
        return stream.getvalue()

    return Way(encode, lambda data, shape: decode(data).pixels)


LEVEL, STRATEGY = cv2.IMWRITE_PNG_COMPRESSION, cv2.IMWRITE_PNG_STRATEGY
INTERMEDIATES = {
    "ours: zstd 1, rows or steps": Way(frame, lambda data, shape: unframe(data)),
    "row steps + zstd 1": stepped(),
    "raw": Way(
        lambda pixels: pixels.tobytes(),
        lambda data, shape: np.frombuffer(data, np.uint8).reshape(shape),
    ),
    "zstd 1": packed(1),
    "zstd -1": packed(-1),
    "zstd -5": packed(-5),
    "BMP": opencv(".bmp"),
    "TIFF, uncompressed": opencv(".tif", cv2.IMWRITE_TIFF_COMPRESSION, 1),
    "cv2 PNG 1 RLE": opencv(".png", LEVEL, 1, STRATEGY, 3),
}
RESULTS = {
    "ours: tried on a sample": Way(png, lambda data, shape: decode(data).pixels),
    "cv2 PNG 1": opencv(".png", LEVEL, 1, STRATEGY, 0),
    "cv2 PNG 1 RLE": opencv(".png", LEVEL, 1, STRATEGY, 3),
    "cv2 PNG 1 Huffman": opencv(".png", LEVEL, 1, STRATEGY, 2),
    "Pillow PNG 1": pillow(1),
    "Pillow PNG 6": pillow(6),
}


def keep(data: bytes, folder: Path) -> None:
    """Write a file as durably as media does."""
    scratch, target = folder / f"{os.getpid()}.part", folder / f"{os.getpid()}.kept"
    with scratch.open("wb", buffering=0) as file:
        file.write(data)
        os.fsync(file.fileno())
    scratch.replace(target)
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def once(way: Way, pixels: Any, folder: Path) -> tuple[list[float], int]:
    """Milliseconds to encode, hash, keep and decode; bytes.  Checks the pixels."""
    times = [time.perf_counter()]
    data = way.encode(pixels)
    times.append(time.perf_counter())
    hashlib.sha256(data).hexdigest()
    times.append(time.perf_counter())
    keep(data, folder)
    times.append(time.perf_counter())
    back = way.decode(data, pixels.shape)
    times.append(time.perf_counter())
    if not np.array_equal(back, pixels):
        raise SystemExit("a format changed the pixels")
    return [1000 * (b - a) for a, b in itertools.pairwise(times)], len(data)


def compare(ways: dict[str, Way], pixels: Any, rounds: int, folder: Path) -> None:
    """Print a table of the ways, alternated round by round."""
    found: dict[str, list[list[float]]] = {name: [] for name in ways}
    sizes = {}
    for _ in range(rounds):
        for name, way in ways.items():
            times, sizes[name] = once(way, pixels, folder)
            found[name].append(times)
    print(f"  {'':28}encode   hash   keep decode    all ms   % of raw")
    for name, runs in found.items():
        parts = [statistics.median(column) for column in zip(*runs, strict=True)]
        cells = "".join(f"{part:7.1f}" for part in parts)
        share = 100 * sizes[name] / pixels.nbytes
        print(f"  {name:27}{cells}   {sum(parts):7.1f}   {share:6.1f}")


def save_many(name: str, content: str, folder: Path, count: int) -> None:
    """Encode, hash and keep again and again, in a worker process."""
    pixels, way = CONTENTS[content](), INTERMEDIATES[name]
    start = folder / "start"
    (folder / f"{os.getpid()}.ready").touch()
    while not start.exists():
        time.sleep(0.001)
    for _ in range(count):
        data = way.encode(pixels)
        hashlib.sha256(data).hexdigest()
        keep(data, folder)


def together(name: str, content: str, workers: int, count: int) -> float:
    """Milliseconds a save takes while every worker saves at once."""
    with tempfile.TemporaryDirectory() as place, ProcessPoolExecutor(workers) as pool:
        folder = Path(place)
        jobs = [
            pool.submit(save_many, name, content, folder, count) for _ in range(workers)
        ]
        while len(list(folder.glob("*.ready"))) < workers:
            time.sleep(0.01)
        begun = time.perf_counter()
        (folder / "start").touch()
        for job in jobs:
            job.result()
        return 1000 * (time.perf_counter() - begun) / (workers * count)


def under_load(workers: int, rounds: int) -> None:
    """Print what a save costs when all cores save to one disk."""
    print(f"\nSaves of {workers} processes at once, ms of wall time each")
    names = list(INTERMEDIATES)[:5]
    for content in ("photograph", "drawing"):
        found: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(rounds):
            for name in names:
                found[name].append(together(name, content, workers, 20))
        for name, times in found.items():
            print(f"  {content:12}{name:28}{statistics.median(times):6.2f}")


def timed(work: Callable[[], object], rounds: int) -> float:
    """Median milliseconds of a call."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times)


def whole(pixels: Any, rounds: int, folder: Path) -> None:
    """Print what the folder's own calls cost, thumbnail included."""
    media, numbers = Media(folder / "media"), iter(range(10_000))

    def fresh() -> Image:
        changed = pixels.copy()
        changed[0, 0] = np.frombuffer(next(numbers).to_bytes(3), np.uint8)
        return Image(changed)

    images = [fresh() for _ in range(2 * rounds)]
    for final in (False, True):
        batch = iter(images[:rounds] if final else images[rounds:])
        took = timed(lambda b=batch, f=final: media.save(next(b), final=f), rounds)  # type: ignore[misc]
        print(f"  save, final={final!s:5}      {took:7.1f} ms")
    kept = media.save(images[0], final=False)
    load = timed(lambda: media.load(kept.sha256, kept.suffix, Image), rounds)
    again = timed(lambda: media.save(images[0], final=False), rounds)
    small = timed(lambda: thumbnail(pixels), rounds)
    print(f"  save what is there     {again:7.1f} ms")
    print(f"  load an intermediate   {load:7.1f} ms")
    print(f"  make a thumbnail       {small:7.1f} ms, {len(thumbnail(pixels))} bytes")


def main(arguments: Iterable[str] | None = None) -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(list(arguments) if arguments is not None else None)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as place:
        for content, make in CONTENTS.items():
            pixels = make()
            print(f"\n{content}, {WIDTH}x{HEIGHT} RGB")
            compare(INTERMEDIATES, pixels, given.rounds, Path(place))
            print("  results")
            compare(RESULTS, pixels, given.rounds, Path(place))
            print("  media")
            whole(pixels, given.rounds, Path(place) / content)
    under_load(given.workers, given.rounds)


if __name__ == "__main__":
    main()
