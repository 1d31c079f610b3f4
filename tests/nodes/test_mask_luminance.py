"""The Mask luminance node."""

import numpy as np
import pytest
from pictures import filled, frozen

from nodegraph import Context, Image
from nodes.mask_luminance import mask_luminance


def ramp() -> Image:
    """All 256 greys in one row."""
    return Image(frozen(np.arange(256)[None, :, None].repeat(3, axis=2)))


def test_the_mask_is_as_large_as_the_picture(any_image):
    mask = mask_luminance(Context(), any_image)

    assert mask.pixels.shape == any_image.pixels.shape[:2]
    assert mask.pixels.dtype == np.uint8
    assert mask.pixels.flags.c_contiguous


def test_both_bounds_belong_to_the_range():
    mask = mask_luminance(Context(), ramp(), 0.2, 0.6, 0).pixels[0]

    assert np.flatnonzero(mask).tolist() == list(range(51, 154))
    assert set(mask) == {0, 255}


@pytest.mark.parametrize("level", range(0, 256, 15))
def test_a_range_of_one_level_takes_that_level_alone(level):
    mask = mask_luminance(Context(), ramp(), level / 255, level / 255, 0).pixels[0]

    assert np.flatnonzero(mask).tolist() == [level]


def test_beyond_the_range_the_mask_falls_over_its_softness():
    mask = mask_luminance(Context(), ramp(), 0.4, 0.6, 0.2).pixels[0].astype(int)

    assert (mask[102:154] == 255).all()
    assert mask[50] == 0
    assert mask[205] == 0
    assert abs(mask[128 - 51] - 128) <= 4
    assert (np.diff(mask[:102]) >= 0).all()
    assert (np.diff(mask[154:]) <= 0).all()


def test_the_whole_range_takes_every_pixel(picture):
    assert (mask_luminance(Context(), picture(9, 7), 0, 1, 0).pixels == 255).all()


def test_green_is_lighter_than_red_and_red_than_blue():
    lightest = mask_luminance(Context(), filled(1, 1, 0, 255, 0), 0.7, 1, 0)
    middle = mask_luminance(Context(), filled(1, 1, 255, 0, 0), 0.2, 0.3, 0)
    darkest = mask_luminance(Context(), filled(1, 1, 0, 0, 255), 0, 0.1, 0)

    assert lightest.pixels[0, 0] == middle.pixels[0, 0] == darkest.pixels[0, 0] == 255


def test_inverting_takes_the_other_pixels():
    mask = mask_luminance(Context(), ramp(), 0.3, 0.5, 0.1).pixels

    inverted = mask_luminance(Context(), ramp(), 0.3, 0.5, 0.1, invert=True).pixels

    assert np.abs(255 - mask.astype(int) - inverted).max() <= 1


@pytest.mark.parametrize("invert", (False, True))
def test_transparent_pixels_are_never_in_the_mask(invert):
    pixels = np.full((1, 3, 4), 255 if not invert else 0)
    pixels[0, :, 3] = (0, 128, 255)

    mask = mask_luminance(Context(), Image(frozen(pixels)), invert=invert).pixels

    assert mask.tolist() == [[0, 128, 255]]


def test_a_range_that_no_pixel_meets_is_said_to_be_no_mask():
    context = Context()

    mask = mask_luminance(context, filled(5, 5, 0, 0, 0), 0.5, 1, 0.1)

    assert not mask.pixels.any()
    assert context.said["outcome"] == "no_mask"


def test_a_range_upside_down_is_refused():
    with pytest.raises(ValueError, match=r"low is 0\.8 and high is 0\.2: choose"):
        mask_luminance(Context(), ramp(), 0.8, 0.2)
