"""Crop: a part of the picture, its pixels as they were."""

import numpy as np
import pytest

from nodegraph import Context
from nodes.crop import ASPECTS, crop


def test_a_rectangle_keeps_its_pixels(picture, whole):
    for channels in (3, 4):
        image = picture(64, 48, channels)

        result = crop(Context(), image, "pixels", x=3, y=5, width=20, height=11)

        whole(result)
        assert np.array_equal(result.pixels, image.pixels[5:16, 3:23])


def test_the_result_shares_no_memory_with_its_input(picture):
    image = picture(64, 48)

    result = crop(Context(), image, "pixels", width=20, height=48)

    assert not np.shares_memory(result.pixels, image.pixels)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_an_aspect_keeps_the_largest_part_of_those_proportions(
    any_image, aspect, whole
):
    result = crop(Context(), any_image, aspect=aspect)

    whole(result)
    wanted = ASPECTS[aspect]
    assert result.width == any_image.width or result.height == any_image.height
    assert (
        abs(result.width - result.height * wanted) <= max(1, wanted)
        or 1 in result.pixels.shape[:2]
    )


def test_the_anchor_chooses_the_part(picture):
    image = picture(64, 48)

    left = crop(Context(), image, aspect="1:1", anchor="left")
    right = crop(Context(), image, aspect="1:1", anchor="bottom right")
    centre = crop(Context(), image, aspect="1:1")

    assert np.array_equal(left.pixels, image.pixels[:, :48])
    assert np.array_equal(right.pixels, image.pixels[:, 16:])
    assert np.array_equal(centre.pixels, image.pixels[:, 8:56])


def test_what_lies_outside_is_left_out_and_said(picture):
    context, image = Context(), picture(64, 48)

    result = crop(context, image, "pixels", x=-10, y=40, width=30, height=30)

    assert np.array_equal(result.pixels, image.pixels[40:48, 0:20])
    assert context.said["notes"]["clamped"] == [20, 8]


def test_a_size_of_0_reaches_to_the_edge(picture):
    image = picture(64, 48)

    result = crop(Context(), image, "pixels", x=60, y=47)

    assert np.array_equal(result.pixels, image.pixels[47:, 60:])


@pytest.mark.parametrize("x, y", [(64, 0), (0, 48), (-20, 0), (0, -20), (900, 900)])
def test_a_rectangle_wholly_outside_is_refused_by_number(picture, x, y):
    with pytest.raises(ValueError, match=rf"x {x}, y {y}, 20 wide .* 64 x 48"):
        crop(Context(), picture(64, 48), "pixels", x=x, y=y, width=20, height=20)


def test_the_whole_picture_is_handed_on_as_it_is(any_image):
    assert crop(Context(), any_image, "pixels") is any_image
