"""The Mask color node."""

import numpy as np
import pytest
from pictures import filled, frozen
from skimage.color import rgb2lab

from nodegraph import Context, Image
from nodes.mask_color import mask_color


def test_the_mask_is_as_large_as_the_picture(any_image):
    mask = mask_color(Context(), any_image, tolerance=60, softness=30)

    assert mask.pixels.shape == any_image.pixels.shape[:2]
    assert mask.pixels.dtype == np.uint8
    assert mask.pixels.flags.c_contiguous


@pytest.mark.parametrize("color", ("#000000", "#ffffff", "#b4501e", "#12AbfF80"))
def test_the_very_colour_is_in_the_mask_even_without_tolerance(color):
    rgb = tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))

    mask = mask_color(Context(), filled(37, 2, *rgb), color, 0, 0)

    assert (mask.pixels == 255).all()


def test_the_mask_follows_the_distance_in_lab(picture):
    image = picture(40, 30)
    wanted = rgb2lab(np.array([[[180, 80, 30]]], np.uint8))
    away = np.linalg.norm(rgb2lab(image.pixels) - wanted, axis=2)

    mask = mask_color(Context(), image, "#b4501e", 40, 50).pixels

    share = np.clip(1 - (away - 40) / 50, 0, 1)
    # OpenCV reads the sRGB curve from a table: a few tenths of a unit.
    assert np.abs(mask / 255 - share).max() < 0.02
    assert len(np.unique(mask)) > 50


def test_without_softness_the_mask_knows_only_0_and_255(picture):
    mask = mask_color(Context(), picture(40, 30), "#808080", 50, 0).pixels

    assert set(np.unique(mask)) == {0, 255}


def test_inverting_takes_all_other_pixels(picture):
    image = picture(20, 10)

    mask = mask_color(Context(), image, "#808080", 30, 40).pixels
    inverted = mask_color(Context(), image, "#808080", 30, 40, invert=True).pixels

    assert np.abs(255 - mask.astype(int) - inverted).max() <= 1


@pytest.mark.parametrize("color", ("#00ff00", "#ff0000"))
def test_transparent_pixels_are_never_in_the_mask(color):
    pixels = np.full((1, 3, 4), (0, 255, 0, 0))
    pixels[0, :, 3] = (0, 128, 255)

    mask = mask_color(
        Context(), Image(frozen(pixels)), color, invert=color == "#ff0000"
    ).pixels

    assert mask.tolist() == [[0, 128, 255]]


def test_a_colour_the_picture_has_not_is_said_to_be_no_mask():
    context = Context()

    mask = mask_color(context, filled(5, 5, 255, 0, 0), "#0000ff")

    assert not mask.pixels.any()
    assert context.said["outcome"] == "no_mask"
    assert "#0000ff" in context.said["message"]
