"""The Sharpen node."""

import numpy as np
import pytest
from hypothesis import given, settings
from pictures import cut_out, filled, frozen, mask_of, noise_mask, pictures

from nodegraph import Context, Image
from nodes.sharpen import sharpen


def edge() -> Image:
    """Dark grey on the left, light grey on the right."""
    pixels = np.full((9, 20, 3), 80, np.uint8)
    pixels[:, 10:] = 170
    return Image(frozen(pixels))


def test_size_and_channels_stay(any_image, whole):
    result = sharpen(Context(), any_image, amount=2, radius=3, threshold=4)

    whole(result)
    assert result.pixels.shape == any_image.pixels.shape


@given(pictures())
@settings(max_examples=40, deadline=None)
def test_alpha_and_hidden_colours_stay(images):
    [image] = images
    result = sharpen(Context(), image, amount=3, radius=2)

    if image.alpha is not None:
        assert np.array_equal(result.alpha, image.alpha)
        hidden = image.alpha == 0
        assert np.array_equal(result.pixels[hidden], image.pixels[hidden])


@pytest.mark.parametrize("nothing", ({"amount": 0}, {"radius": 0}))
def test_no_amount_or_no_radius_changes_no_pixel(any_image, nothing):
    context = Context()

    result = sharpen(context, any_image, **nothing)

    assert np.array_equal(result.pixels, any_image.pixels)
    assert context.said == {}


def test_an_edge_gains_contrast_and_flat_areas_stay():
    result = sharpen(Context(), edge(), amount=1, radius=1).pixels[4, :, 0]

    assert result[9] < 80
    assert result[10] > 170
    assert (result[:5] == 80).all()
    assert (result[15:] == 170).all()


def test_halos_stop_at_black_and_white():
    result = sharpen(Context(), edge(), amount=5, radius=6).pixels

    assert result[4, 9, 0] == 0
    assert result[4, 10, 0] == 255


def test_pixels_below_the_threshold_are_left_alone():
    pixels = np.full((9, 30, 3), 100, np.uint8)
    pixels[:, 10:] = 106
    pixels[:, 20:] = 220
    image = Image(frozen(pixels))

    result = sharpen(Context(), image, amount=2, radius=1, threshold=5).pixels

    assert np.array_equal(result[:, :15], pixels[:, :15])
    assert result[4, 20, 0] > 220


def test_hidden_colours_leave_no_fringe():
    result = sharpen(Context(), cut_out(), amount=3, radius=3).pixels

    assert np.array_equal(result, cut_out().pixels)


def test_a_mask_limits_the_effect(picture):
    image, mask = picture(33, 21, 4), noise_mask(33, 21)

    result = sharpen(Context(), image, mask).pixels

    outside = mask.pixels == 0
    assert np.array_equal(result[outside], image.pixels[outside])
    assert not np.array_equal(result, image.pixels)


def test_a_picture_of_one_colour_is_said_to_be_unchanged():
    context = Context()

    sharpen(context, filled(9, 9, 10, 20, 30))

    assert context.said["outcome"] == "unchanged"


def test_an_empty_mask_passes_the_picture_through(picture):
    context, image = Context(), picture(7, 5)

    assert sharpen(context, image, mask_of(7, 5, 0)) is image
    assert context.said["outcome"] == "no_mask"
