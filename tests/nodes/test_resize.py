"""Resize: fit, fill, exact, scale."""

import numpy as np
import pytest

from nodegraph import Image
from nodes._frames import ANCHORS, FILTERS
from nodes.resize import resize


def size(image):
    return image.width, image.height


@pytest.mark.parametrize("filter", FILTERS)
@pytest.mark.parametrize("scale", [0.37, 0.5, 2.6])
def test_scaling_multiplies_both_edges_and_never_loses_one(
    any_image, filter, scale, whole
):
    result = resize(any_image, "scale", scale=scale, filter=filter)

    whole(result)
    assert size(result) == (
        max(1, round(any_image.width * scale)),
        max(1, round(any_image.height * scale)),
    )
    assert result.pixels.shape[2] == any_image.pixels.shape[2]


@pytest.mark.parametrize("filter", FILTERS)
def test_one_edge_may_grow_while_the_other_shrinks(picture, filter, whole):
    for channels in (3, 4):
        image = picture(40, 10, channels)

        result = resize(image, "exact", 20, 30, filter=filter)

        whole(result)
        assert size(result) == (20, 30)


def test_fit_keeps_proportions_inside_the_frame(picture):
    assert size(resize(picture(400, 100), "fit", 200, 200)) == (200, 50)
    assert size(resize(picture(100, 400), "fit", 200, 200)) == (50, 200)


def test_fit_enlarges_only_if_allowed(picture):
    image = picture(40, 20)

    assert size(resize(image, "fit", 80, 80)) == (80, 40)
    assert resize(image, "fit", 80, 80, enlarge=False) is image


def test_fill_covers_the_frame_exactly(any_image, whole):
    result = resize(any_image, "fill", 32, 18)

    whole(result)
    assert size(result) == (32, 18)


@pytest.mark.parametrize("anchor", ANCHORS)
def test_fill_keeps_the_part_at_the_anchor(anchor):
    across, down = ANCHORS[anchor]
    steps = np.repeat(np.arange(0, 250, 10, dtype=np.uint8), 4)
    wide = Image(np.repeat(np.tile(steps, (20, 1))[:, :, None], 3, 2))
    tall = Image(np.ascontiguousarray(wide.pixels.transpose(1, 0, 2)))

    of_wide = resize(wide, "fill", 20, 20, anchor=anchor)
    of_tall = resize(tall, "fill", 20, 20, anchor=anchor)

    assert of_wide.pixels[0, 0, 0] == steps[round(80 * across)]
    assert of_tall.pixels[0, 0, 0] == steps[round(80 * down)]


def test_an_edge_of_0_follows_from_the_other(picture):
    image = picture(200, 100)

    assert size(resize(image, "exact", 50, 0)) == (50, 25)
    assert size(resize(image, "fit", 0, 50)) == (100, 50)


def test_two_edges_of_0_are_refused(picture):
    with pytest.raises(ValueError, match="width and height are both 0"):
        resize(picture(7, 5), "fit", 0, 0)


@pytest.mark.parametrize("mode", ["fit", "fill", "exact"])
def test_a_picture_of_that_size_already_is_handed_on_as_it_is(any_image, mode):
    image = any_image

    result = resize(image, mode, image.width, image.height)

    assert result is image


def test_scale_1_is_handed_on_as_it_is(any_image):
    assert resize(any_image, "scale", scale=1.0) is any_image


def test_more_than_100_megapixels_are_refused_by_number(picture):
    with pytest.raises(ValueError, match=r"20000 x 20000 is 400 megapixels"):
        resize(picture(7, 5), "exact", 20000, 20000)


def test_a_thin_picture_fills_a_frame_within_the_limit(picture):
    assert size(resize(picture(1, 513), "fill", 64, 36)) == (64, 36)


@pytest.mark.parametrize("filter", FILTERS)
@pytest.mark.parametrize("scale", [0.31, 0.5, 1.7])
def test_transparent_edges_get_no_fringes(filter, scale):
    pixels = np.zeros((61, 61, 4), np.uint8)
    pixels[:, :, 1] = 255
    pixels[20:41, 15:44] = (210, 40, 90, 255)

    result = resize(Image(pixels), "scale", scale=scale, filter=filter)

    seen = result.pixels[result.pixels[:, :, 3] > 16]
    assert len(seen) > 50
    assert np.abs(seen[:, :3].astype(int) - (210, 40, 90)).max() <= 2


@pytest.mark.parametrize("filter", ["auto", "lanczos", "cubic", "area"])
def test_shrinking_fine_detail_averages_it(filter):
    checks = np.indices((120, 120)).sum(0) % 2 * 255
    image = Image(np.repeat(checks[:, :, None], 3, 2).astype(np.uint8))

    result = resize(image, "scale", scale=0.25, filter=filter)

    inner = result.pixels[4:-4, 4:-4].astype(int)
    assert np.abs(inner - 127.5).max() <= 3


@pytest.mark.parametrize("filter", FILTERS)
def test_a_flat_colour_stays_that_colour(filter):
    for channels in (3, 4):
        flat = Image(np.full((13, 17, channels), 201, np.uint8))

        for width, height in ((5, 4), (40, 33), (40, 4)):
            result = resize(flat, "exact", width, height, filter=filter)

            assert np.abs(result.pixels.astype(int) - 201).max() <= 1


def test_nearest_invents_no_colour(picture):
    image = picture(9, 7, 4)

    result = resize(image, "scale", scale=3, filter="nearest")

    assert np.array_equal(result.pixels[1::3, 1::3], image.pixels)


def test_a_large_scale_asks_for_the_memory_of_its_result():
    settings = {"mode": "scale", "scale": 4.0}

    assert resize.estimate(settings) >= 16
    assert resize.estimate({**settings, "mode": "fit"}) < resize.estimate(settings)
