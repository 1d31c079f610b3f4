"""The Blur node."""

import cv2
import numpy as np
import pytest
from pictures import cut_out, filled, frozen, mask_of, noise_mask

from nodegraph import Context, Image
from nodes._gaussian import gaussian
from nodes.blur import blur


@pytest.mark.parametrize("radius", (0.3, 3.0, 60.0, 200.0))
def test_size_and_channels_stay(any_image, whole, radius):
    result = blur(Context(), any_image, radius=radius)

    whole(result)
    assert result.pixels.shape == any_image.pixels.shape
    again = blur(Context(), any_image, radius=radius)
    assert np.array_equal(result.pixels, again.pixels)


def test_a_radius_of_0_changes_no_pixel(any_image):
    context = Context()

    assert np.array_equal(blur(context, any_image, radius=0).pixels, any_image.pixels)
    assert context.said == {}


@pytest.mark.parametrize("radius", (2.0, 11.9, 12.0, 40.0, 200.0))
def test_a_hard_edge_becomes_the_gaussian_of_that_radius(radius):
    pixels = np.zeros((120, 201, 3), np.uint8)
    pixels[:, 70:] = 255
    exact = cv2.GaussianBlur(
        pixels.astype(np.float64), (0, 0), radius, borderType=cv2.BORDER_REFLECT
    )

    result = blur(Context(), Image(frozen(pixels)), radius=radius)

    assert np.abs(result.pixels - exact).max() <= 2


@pytest.mark.parametrize("radius", (3.0, 50.0))
def test_edges_of_the_picture_neither_darken_nor_brighten(radius):
    image = filled(31, 19, 200, 90, 10)

    assert np.array_equal(blur(Context(), image, radius=radius).pixels, image.pixels)


@pytest.mark.parametrize("radius", (1.0, 3.0, 30.0))
def test_hidden_colours_leave_no_fringe(radius):
    result = blur(Context(), cut_out(), radius=radius).pixels

    seen = result[result[..., 3] > 16]
    assert len(seen) > 20
    assert np.abs(seen[:, :3].astype(int) - (220, 120, 40)).max() <= 3
    assert 0 < result[4, 10, 3] < 255


def test_a_mask_limits_the_blur(picture):
    image, mask = picture(33, 21), noise_mask(33, 21)
    full = blur(Context(), image, radius=2).pixels

    result = blur(Context(), image, mask, radius=2).pixels

    assert np.array_equal(result[mask.pixels == 0], image.pixels[mask.pixels == 0])
    assert np.array_equal(result[mask.pixels == 255], full[mask.pixels == 255])
    low, high = np.minimum(image.pixels, full), np.maximum(image.pixels, full)
    assert ((low <= result) & (result <= high)).all()


def test_an_empty_mask_passes_the_picture_through(picture):
    context, image = Context(), picture(7, 5, 4)

    assert blur(context, image, mask_of(7, 5, 0)) is image
    assert context.said["outcome"] == "no_mask"


def test_a_picture_of_one_colour_is_said_to_be_unchanged():
    context = Context()

    blur(context, filled(9, 9, 10, 20, 30))

    assert context.said["outcome"] == "unchanged"


def test_a_blur_that_changed_pixels_says_nothing_of_it(picture):
    context = Context()

    blur(context, picture(9, 9))

    assert context.said == {}


def test_a_mask_of_another_size_is_refused_naming_both(picture):
    with pytest.raises(ValueError, match=r"mask is 5x7 .* picture is 7x5"):
        blur(Context(), picture(7, 5), mask_of(5, 7))


@pytest.mark.parametrize("sigma", (2, 30))
def test_a_wide_blur_keeps_the_kind_of_its_array(sigma):
    for dtype in (np.uint8, np.uint16, np.float32):
        for shape in ((40, 30), (40, 30, 4)):
            result = gaussian(np.full(shape, 200, dtype), sigma)

            assert result.dtype == dtype
            assert result.shape == shape
            assert np.allclose(result, 200, atol=0.01)
