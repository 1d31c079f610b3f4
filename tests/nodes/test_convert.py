"""Convert: a format for the result."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from nodegraph import Context, Image
from nodes._encode import FORMATS
from nodes.convert import convert

KINDS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP", "tiff": "TIFF", "avif": "AVIF"}


def read(data):
    with Pillow.open(io.BytesIO(data)) as file:
        return np.array(file.convert("RGBA" if "A" in file.mode else "RGB"))


@pytest.mark.parametrize("format", FORMATS)
def test_later_nodes_see_what_the_file_shows(any_image, format, whole):
    result = convert(Context(), any_image, format, 70)

    whole(result)
    assert np.array_equal(result.pixels, read(result.encoded.data))
    assert result.pixels.shape[:2] == any_image.pixels.shape[:2]


@pytest.mark.parametrize("format", FORMATS)
def test_the_file_is_of_the_format_asked_for(picture, format):
    result = convert(Context(), picture(7, 5), format)

    with Pillow.open(io.BytesIO(result.encoded.data)) as file:
        assert file.format == KINDS[format]
    assert result.encoded.suffix == FORMATS[format].suffix


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_picture_gives_the_same_bytes_without_metadata(picture, format):
    first = convert(Context(), picture(65, 43, 4), format).encoded
    again = convert(Context(), picture(65, 43, 4), format).encoded

    assert first == again
    with Pillow.open(io.BytesIO(first.data)) as file:
        assert not dict(file.getexif()) or format == "tiff"
        assert not {"icc_profile", "exif", "xmp", "comment"} & set(file.info)


@pytest.mark.parametrize(
    ("format", "lossless"), [("png", False), ("tiff", False), ("webp", True)]
)
def test_a_lossless_format_keeps_every_pixel(any_image, format, lossless):
    result = convert(Context(), any_image, format, 1, lossless)

    assert np.array_equal(result.pixels, any_image.pixels)


@pytest.mark.parametrize("format", ["webp", "avif"])
def test_transparency_survives_where_the_format_has_it(picture, format):
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[8:24, 8:24] = (200, 100, 50, 255)

    result = convert(Context(), Image(pixels), format)

    assert result.alpha[0, 0] == 0
    assert result.alpha[16, 16] == 255


def test_jpeg_lays_transparency_on_the_ground_colour_and_says_so():
    context = Context()
    pixels = np.zeros((16, 16, 4), np.uint8)

    result = convert(context, Image(pixels), "jpeg", 95, ground="#ff0000")

    assert np.abs(result.pixels.astype(int) - (255, 0, 0)).max() <= 2
    assert context.said["notes"]["flattened"] == "#ff0000"


def test_an_opaque_alpha_channel_is_dropped_for_jpeg_without_a_word(picture):
    context = Context()
    pixels = np.dstack((picture(8, 8).pixels, np.full((8, 8), 255, np.uint8)))

    result = convert(context, Image(pixels), "jpeg")

    assert result.pixels.shape == (8, 8, 3)
    assert "flattened" not in context.said["notes"]


@pytest.mark.parametrize("format", ["jpeg", "webp", "avif"])
def test_less_quality_makes_a_smaller_file(picture, format):
    image = picture(96, 96)

    low, high = (convert(Context(), image, format, q).encoded.data for q in (20, 95))

    assert len(low) < len(high)


def test_an_edge_the_format_cannot_hold_is_refused_by_number():
    long = Image(np.zeros((1, 16384, 3), np.uint8))

    with pytest.raises(ValueError, match=r"webp holds at most 16383 .* 16384 x 1"):
        convert(Context(), long, "webp")
