import contextlib
import io
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from picture_files import (
    BAD,
    EPS,
    GOOD,
    PNG,
    RGB,
    chunk,
    header_only,
    png,
    saved,
)
from PIL import Image as Pillow
from PIL import ImageOps, PngImagePlugin

from nodegraph.media.folder import MediaError, decode, probe

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")


@pytest.mark.parametrize("name", GOOD)
def test_every_readable_kind_becomes_the_colours_it_shows(name: str) -> None:
    data, first, _, off = GOOD[name]

    pixels = decode(data, name=name).pixels

    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous and not pixels.flags.writeable
    assert pixels.shape[2] == len(first)
    assert np.abs(pixels[0, 0].astype(int) - first).max() <= off


@pytest.mark.parametrize("name", GOOD)
def test_a_look_at_the_header_tells_size_and_losses(name: str, tmp_path: Path) -> None:
    data, _, warning, _ = GOOD[name]
    path = tmp_path / name
    path.write_bytes(data)

    found = probe(path)

    assert (found.height, found.width) == decode(path).pixels.shape[:2]
    assert warning in "; ".join(found.warnings)
    assert bool(found.warnings) == bool(warning)


@pytest.mark.parametrize("name", BAD)
def test_every_unusable_file_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    data, reason = BAD[name]
    path = tmp_path / name
    path.write_bytes(data)

    with pytest.raises(MediaError, match=reason) as refused:
        decode(path)

    assert str(refused.value).startswith(name)
    assert ": " in str(refused.value)
    assert str(refused.value).isprintable()


BODIES = ("cut", "short", "flipped", "text-bombs")


@pytest.mark.parametrize("name", [n for n in BAD if not n.startswith(BODIES)])
def test_what_a_header_shows_is_refused_before_queueing(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(BAD[name][0])

    with pytest.raises(MediaError, match=BAD[name][1]):
        probe(path)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.symlink_to(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def dangling(path: Path) -> None:
    path.symlink_to(path.with_name("gone.png"))


def listening(path: Path) -> None:
    with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)


def linked_pipe(path: Path) -> None:
    os.mkfifo(path.with_suffix(".fifo"))
    path.symlink_to(path.with_suffix(".fifo"))


@posix
@pytest.mark.timeout(20)
@pytest.mark.parametrize("door", [probe, decode])
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (pipe, "is a pipe"),
        (linked_pipe, "is a pipe"),
        (endless, "is a device"),
        (listening, "is a socket"),
        (loop, "cannot be read"),
        (dangling, "cannot be read"),
        (Path.mkdir, "is a folder"),
        (lambda path: None, "cannot be read"),
    ],
)
def test_what_is_no_regular_file_is_refused_without_waiting(
    door: Callable[[Path], Any],
    make: Callable[[Path], None],
    reason: str,
    tmp_path: Path,
) -> None:
    make(tmp_path / "panel.png")

    with pytest.raises(MediaError, match=f"panel.png {reason}"):
        door(tmp_path / "panel.png")


@posix
def test_a_link_to_a_picture_is_as_good_as_the_picture(tmp_path: Path) -> None:
    (tmp_path / "real.png").write_bytes(PNG)
    (tmp_path / "link.png").symlink_to("real.png")

    assert probe(tmp_path / "link.png").width == 64


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything"
)
def test_a_file_without_permission_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(PNG)
    (tmp_path / "secret.png").chmod(0)

    with pytest.raises(MediaError, match="cannot be read"):
        probe(tmp_path / "secret.png")


def test_a_file_too_long_to_be_a_picture_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "film.png").open("wb") as file:
        file.truncate(5 << 30)

    with pytest.raises(MediaError, match="5120 MB"):
        decode(tmp_path / "film.png")


def test_the_pixel_limit_is_ours_and_not_that_of_pillow(tmp_path: Path) -> None:
    path = tmp_path / "wall.png"
    path.write_bytes(header_only(20_000, 20_000))

    assert probe(path, limit=400_000_000).width == 20_000
    with pytest.raises(MediaError, match="more than"):
        decode(saved(Pillow.new("L", (11, 10)), "PNG"), limit=100)
    assert decode(saved(Pillow.new("L", (10, 10)), "PNG"), limit=100).width == 10


@posix
def test_postscript_never_reaches_ghostscript(tmp_path: Path) -> None:
    (tmp_path / "panel.png").write_bytes(EPS)
    fake = tmp_path / "bin" / "gs"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\necho ran >> '{tmp_path}/marker'\n")
    fake.chmod(0o755)
    folders = [str(fake.parent), os.environ.get("PATH", "")]

    def run(code: str) -> bool:
        """Whether Ghostscript was called meanwhile."""
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "panel.png")],
            env=os.environ | {"PATH": os.pathsep.join(folders)},
            cwd=Path(__file__).parent.parent,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=False,  # the control may fail
        )
        return (tmp_path / "marker").exists()

    ours = (
        "import sys, pathlib; from nodegraph.media.folder import *\n"
        "for door in probe, decode, lambda p: decode(p.read_bytes()):\n"
        "    try: door(pathlib.Path(sys.argv[1]))\n"
        "    except MediaError: pass\n"
        "    else: raise SystemExit('accepted')\n"
    )
    careless = "import sys, PIL.Image; PIL.Image.open(sys.argv[1]).load()"
    assert shutil.which("gs", path=str(fake.parent))
    assert not run(ours)
    assert run(careless), "the trap itself does not work"


def test_a_hostile_name_stays_one_visible_line(tmp_path: Path) -> None:
    name = "two\nlines\u202e.png"
    (tmp_path / name).write_bytes(b"no")

    with pytest.raises(MediaError) as refused:
        probe(tmp_path / name)

    assert str(refused.value).isprintable()


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_stands_upright(
    format: str, orientation: int, tmp_path: Path
) -> None:
    photo = Pillow.linear_gradient("L").resize((24, 16)).rotate(30).convert("RGB")
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "photo"
    path.write_bytes(saved(photo, format, exif=exif))
    with Pillow.open(path) as file:
        upright = np.asarray(ImageOps.exif_transpose(file).convert("RGB"))

    found = probe(path)

    assert np.array_equal(decode(path).pixels, upright)
    assert (found.height, found.width) == upright.shape[:2]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_of_16_bits_stands_upright_too(orientation: int) -> None:
    deep = np.arange(6 * 4, dtype=np.uint16).reshape(4, 6) * 2570
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    shallow = Pillow.fromarray((deep // 257).astype(np.uint8))
    data = saved(shallow, "PNG", exif=exif)
    with Pillow.open(io.BytesIO(data)) as file:
        upright = np.asarray(ImageOps.exif_transpose(file))
    turned = chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep)

    pixels = decode(png(rows, 6, 4, 16, 0, turned)).pixels

    assert np.array_equal(pixels[:, :, 0], upright)


def test_a_turn_written_after_the_pixels_is_found_too(tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    late = chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    data = saved(RGB, "PNG")
    (tmp_path / "late.png").write_bytes(data[:-12] + late + data[-12:])

    found = probe(tmp_path / "late.png")

    assert (found.width, found.height) == (4, 6)
    assert decode(tmp_path / "late.png").width == 4


def test_16_bits_are_rounded_to_the_nearest_of_8() -> None:
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    data = cv2.imencode(".png", every)[1].tobytes()

    pixels = decode(data).pixels

    assert np.array_equal(pixels[:, :, 0], np.rint(every / 257).astype(np.uint8))


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["RGB", "RGBA"]))
def test_a_plain_png_keeps_every_pixel(width: int, height: int, mode: str) -> None:
    noise = random.Random(width * 41 + height).randbytes(width * height * len(mode))
    picture = Pillow.frombytes(mode, (width, height), noise)

    assert decode(saved(picture, "PNG")).pixels.tobytes() == noise


def test_metadata_of_a_source_stays_outside() -> None:
    told = PngImagePlugin.PngInfo()
    told.add_text("secret", "value")

    image = decode(saved(RGB, "PNG", pnginfo=told))

    assert image.encoded is None


def mutated(data: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 2, 4, 16))):
        place = chance.randrange(len(damaged))
        match chance.randrange(4):
            case 0:
                damaged[place] = chance.randrange(256)
            case 1:
                damaged[place : place + 4] = chance.choice(
                    (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff")
                )
            case 2:
                del damaged[place : place + chance.randrange(1, 40)]
            case 3:
                damaged[place:place] = chance.randbytes(chance.randrange(1, 9))
        if not damaged:
            break
    return bytes(damaged)


def test_damage_of_any_kind_gives_a_picture_or_a_media_error() -> None:
    chance = random.Random(7)
    seeds = [good.data for good in GOOD.values()]
    end, accepted, refused = time.monotonic() + 3, 0, 0

    while time.monotonic() < end:
        try:
            image = decode(mutated(chance.choice(seeds), chance), limit=1_000_000)
        except MediaError as error:
            assert str(error).isprintable()
            refused += 1
        else:
            assert image.pixels.shape[2] in (3, 4)
            accepted += 1

    assert accepted and refused
