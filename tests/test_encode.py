import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image as Pillow

from nodegraph.media.encode import (
    frame,
    png,
    provenance,
    thumbnail,
    unframe,
    with_provenance,
)
from nodegraph.media.folder import MediaError


def noise(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).integers(0, 256, shape, dtype=np.uint8)


def photograph(height: int, width: int) -> Any:
    y, x = np.mgrid[:height, :width][:, :, :, None]
    waves = 127 + 90 * np.sin(x / 97 + y / 61 + np.arange(3))
    grain = np.random.default_rng(1).normal(0, 2, (height, width, 3))
    return np.clip(waves + grain, 0, 255).astype(np.uint8)


def rings(height: int, width: int) -> Any:
    y, x = np.mgrid[:height, :width]
    far = np.hypot(y - height / 2, x - width / 2)
    tones = np.array([(250, 245, 230), (20, 20, 30), (200, 80, 60)], np.uint8)
    return tones[(far // 23 % 3).astype(int)]


def turned(height: int, width: int) -> Any:
    """Not contiguous in memory, as nodes may give it."""
    return rings(width, height).transpose(1, 0, 2)[:, ::-1]


shapes = st.one_of(
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from((3, 4))),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.sampled_from(
        ((1, 3000, 3), (3000, 1, 4), (5, 700, 3), (300, 200, 4), (1000, 3), (700, 600))
    ),
)
pictures = shapes.flatmap(lambda shape: arrays(np.uint8, shape, fill=st.just(7)))


@given(pictures)
def test_an_intermediate_comes_back_bit_for_bit(pixels: Any) -> None:
    back = unframe(frame(pixels))

    assert back.shape == pixels.shape
    assert np.array_equal(back, pixels)
    assert not back.flags.writeable


@pytest.mark.parametrize("make", ["photograph", "rings", "turned"])
def test_an_intermediate_of_any_content_comes_back_bit_for_bit(make: str) -> None:
    makers = {"photograph": photograph, "rings": rings, "turned": turned}
    pixels = makers[make](300, 400)

    assert np.array_equal(unframe(frame(pixels)), pixels)
    with Pillow.open(io.BytesIO(png(pixels))) as file:
        assert np.array_equal(np.asarray(file), pixels)
    assert len(frame(pixels)) < 0.6 * pixels.nbytes


@given(pictures)
def test_other_programs_see_the_very_pixels_in_our_png(pixels: Any) -> None:
    with Pillow.open(io.BytesIO(png(pixels))) as file:
        assert np.array_equal(np.asarray(file), pixels)


@pytest.mark.parametrize("make", [photograph, rings])
def test_photographs_and_drawings_alike_become_about_as_small_as_pillows(
    make: Callable[[int, int], Any],
) -> None:
    pixels = make(600, 800)
    stream = io.BytesIO()
    Pillow.fromarray(pixels).save(stream, "PNG")

    assert len(png(pixels)) <= 1.2 * len(stream.getvalue())


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_intermediate_is_never_taken_for_a_picture(data: Any) -> None:
    whole = frame(noise(9, 11, 3))
    place = data.draw(st.integers(0, len(whole) - 1))
    kind = data.draw(st.sampled_from(("flip", "cut", "longer")))
    damaged = {
        "flip": whole[:place]
        + bytes([whole[place] ^ data.draw(st.integers(1, 255))])
        + whole[place + 1 :],
        "cut": whole[:place],
        "longer": whole + b"\0" * (place + 1),
    }[kind]

    try:
        pixels = unframe(damaged, "shot")
    except MediaError as error:
        assert str(error).startswith("shot ")
    else:  # bits that mean nothing, such as zstd's spare ones, may differ
        assert np.array_equal(pixels, unframe(whole))


def test_an_intermediate_of_a_newer_program_asks_for_an_update() -> None:
    newer = bytearray(frame(noise(2, 2, 3)))
    newer[4] += 1

    with pytest.raises(MediaError, match="update this program"):
        unframe(bytes(newer))


@pytest.mark.parametrize("size", [(1080, 1920), (999, 1337), (2, 3000)])
def test_a_thumbnail_shows_the_mean_of_what_it_covers(size: tuple[int, int]) -> None:
    pixels = photograph(*size)

    with Pillow.open(io.BytesIO(thumbnail(pixels))) as file:
        seen = np.asarray(file).astype(int)
        scaled = Pillow.fromarray(pixels).resize(file.size, Pillow.Resampling.BOX)

    assert np.abs(seen - np.asarray(scaled)).mean() < 4


def test_a_thumbnail_keeps_red_red_and_shows_squares_where_nothing_is() -> None:
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[:32] = 255, 0, 0, 255

    with Pillow.open(io.BytesIO(thumbnail(pixels))) as file:
        seen = np.asarray(file.convert("RGB")).astype(int)

    assert np.abs(seen[12, 12] - (255, 0, 0)).max() < 8
    assert np.abs(seen[52, 20] - seen[52, 28]).max() > 30
    assert np.ptp(seen[52, 20]) < 8


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_provenance_comes_back_and_changes_no_pixel(text: str) -> None:
    plain = png(noise(3, 5, 3))

    told = with_provenance(plain, ".png", text)

    with Pillow.open(io.BytesIO(told)) as file:
        assert np.array_equal(np.asarray(file), noise(3, 5, 3))
        assert file.text["workbench"] == text  # type: ignore[attr-defined]


def test_provenance_is_read_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "out.png"
    plain = png(noise(3, 5, 3))
    path.write_bytes(plain)
    assert provenance(path) is None

    path.write_bytes(with_provenance(plain, ".png", '{"node":"Größe"}'))
    assert provenance(path) == '{"node":"Größe"}'

    path.write_bytes(path.read_bytes().replace(b"node", b"nope"))
    assert provenance(path) is None, "its checksum is wrong"


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "TIFF"])
def test_provenance_leaves_other_formats_as_they_are(
    tmp_path: Path, format: str
) -> None:
    path = tmp_path / "out"
    Pillow.fromarray(noise(20, 30, 3)).save(path, format)

    assert with_provenance(path.read_bytes(), ".jpg", "{}") == path.read_bytes()
    assert provenance(path) is None
