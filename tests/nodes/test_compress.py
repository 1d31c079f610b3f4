"""Compress: small files by quality or by size."""

import cv2
import numpy as np
import pytest

from nodegraph import Context, Encoded, Image
from nodes._encode import decode, encode
from nodes.compress import best_under, compress


@pytest.fixture
def soft(picture):
    """A picture that compresses as photographs do."""
    return Image(cv2.GaussianBlur(picture(201, 151).pixels, (0, 0), 1.5))


@pytest.mark.parametrize("format", ["jpeg", "webp", "avif"])
@pytest.mark.parametrize("size_kb", [4, 9])
def test_the_highest_quality_under_the_size_is_taken(soft, format, size_kb):
    context = Context()

    result = compress(context, soft, "size", size_kb=size_kb, format=format)

    quality = context.said["notes"]["quality"]
    assert len(result.encoded.data) <= size_kb * 1000
    assert result.encoded == encode(soft.pixels, format, quality)
    assert len(encode(soft.pixels, format, quality + 1).data) > size_kb * 1000


def test_a_generous_size_gives_the_best_quality(soft):
    context = Context()

    compress(context, soft, "size", size_kb=100_000)

    assert context.said["notes"]["quality"] == 100


@pytest.mark.parametrize("format", ["jpeg", "webp", "avif"])
def test_a_size_out_of_reach_fails_and_names_what_was_reached(soft, format):
    smallest = len(encode(soft.pixels, format, 1).data) / 1000

    with pytest.raises(ValueError, match=rf"0\.1 KB but quality 1 .* {smallest:g} KB"):
        compress(Context(), soft, "size", size_kb=0.1, format=format)


def test_the_exact_size_of_a_quality_finds_that_quality_whatever_it_is():
    for wanted in range(1, 101):
        quality, encoded = best_under(
            wanted, lambda q: Encoded(bytes(q), ".x"), Context()
        )

        assert (quality, len(encoded.data)) == (wanted, wanted)


def test_quality_and_size_are_kept_with_the_result(soft):
    context = Context()

    result = compress(context, soft, quality=61)

    assert context.said["notes"] == {
        "quality": 61,
        "bytes": len(result.encoded.data),
    }


@pytest.mark.parametrize("format", ["jpeg", "webp", "avif"])
def test_later_nodes_see_what_the_file_shows(any_image, format, whole):
    result = compress(Context(), any_image, quality=50, format=format)

    whole(result)
    assert np.array_equal(result.pixels, decode(result.encoded.data))


def test_jpeg_lays_transparency_on_the_ground_colour_and_says_so(picture):
    context = Context()

    compress(context, picture(9, 9, 4), ground="#00ff00")

    assert context.said["notes"]["flattened"] == "#00ff00"


def test_a_search_can_be_cancelled(soft):
    from nodegraph import Cancelled

    with pytest.raises(Cancelled):
        compress(Context(cancelled=lambda: True), soft, "size", size_kb=4)
