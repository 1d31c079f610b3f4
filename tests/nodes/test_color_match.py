"""Colour match: the colours of another picture."""

import cv2
import numpy as np
import pytest

from nodegraph import Context, Image
from nodes.color_match import color_match

METHODS = ("mean and spread", "histogram")


def lab(rgb):
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


@pytest.fixture
def cold(picture):
    """A muted blue picture, larger than a band of rows."""
    noise = cv2.GaussianBlur(picture(201, 301).pixels, (0, 0), 2)
    return Image((noise * (0.3, 0.5, 0.6) + (10, 20, 60)).astype(np.uint8))


@pytest.fixture
def warm(picture):
    """A bright orange picture."""
    noise = cv2.GaussianBlur(picture(97, 63, seed=2).pixels, (0, 0), 2)
    return Image((noise * (0.5, 0.4, 0.2) + (110, 60, 20)).astype(np.uint8))


def test_mean_and_spread_become_those_of_the_reference(cold, warm):
    result = color_match(Context(), cold, warm)

    got, wanted = lab(result.pixels), lab(warm.pixels)
    assert np.abs(got.mean((0, 1)) - wanted.mean((0, 1))).max() < 0.5
    assert np.abs(got.std((0, 1)) - wanted.std((0, 1))).max() < 0.5


def test_the_histogram_becomes_that_of_the_reference(cold, warm):
    result = color_match(Context(), cold, warm, "histogram")

    for share in (5, 25, 50, 75, 95):
        got = np.percentile(result.pixels, share, axis=(0, 1))
        wanted = np.percentile(warm.pixels, share, axis=(0, 1))
        assert np.abs(got - wanted).max() <= 3


@pytest.mark.parametrize("method", METHODS)
def test_strength_0_hands_the_picture_on_as_it_is(any_image, warm, method):
    assert color_match(Context(), any_image, warm, method, 0.0) is any_image


@pytest.mark.parametrize(
    ("method", "space"), [("mean and spread", lab), ("histogram", np.float32)]
)
def test_half_the_strength_goes_half_the_way(cold, warm, method, space):
    start, half, end = (
        space(color_match(Context(), cold, warm, method, s).pixels).mean((0, 1))
        for s in (0.0, 0.5, 1.0)
    )

    assert np.abs(half - (start + end) / 2).max() < 2


@pytest.mark.parametrize("method", METHODS)
def test_luminance_can_stay(cold, warm, method):
    result = color_match(Context(), cold, warm, method, 0.5, keep_luminance=True)

    change = np.abs(lab(result.pixels)[..., 0] - lab(cold.pixels)[..., 0])
    assert np.percentile(change, 95) < 1
    assert not np.array_equal(result.pixels, cold.pixels)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("keep", [False, True])
def test_any_size_with_or_without_alpha_can_be_matched(
    any_image, warm, method, keep, whole
):
    result = color_match(Context(), any_image, warm, method, 1.0, keep)

    whole(result)
    assert result.pixels.shape == any_image.pixels.shape
    if any_image.alpha is not None:
        assert np.array_equal(result.alpha, any_image.alpha)


@pytest.mark.parametrize("method", METHODS)
def test_a_picture_matched_to_itself_stays_and_says_so(cold, method):
    context = Context()

    result = color_match(context, cold, cold, method)

    assert np.array_equal(result.pixels, cold.pixels)
    assert context.said["outcome"] == "unchanged"


@pytest.mark.parametrize("method", METHODS)
def test_hidden_colours_are_not_measured(cold, warm, method):
    hidden = np.zeros((63, 97, 1), np.uint8)
    poison = np.dstack((np.full((63, 97, 3), 255, np.uint8), hidden))
    seen = np.dstack((warm.pixels, np.full((63, 97, 1), 255, np.uint8)))
    reference = Image(np.vstack((seen, poison)))

    result = color_match(Context(), cold, reference, method)

    expected = color_match(Context(), cold, warm, method)
    assert np.array_equal(result.pixels, expected.pixels)


def test_a_reference_that_shows_nothing_is_refused(cold):
    with pytest.raises(ValueError, match="transparent throughout: choose"):
        color_match(Context(), cold, Image(np.zeros((5, 7, 4), np.uint8)))


def test_a_picture_that_shows_nothing_passes_and_says_so(warm):
    context = Context()
    nothing = Image(np.zeros((5, 7, 4), np.uint8))

    assert color_match(context, nothing, warm) is nothing
    assert context.said["outcome"] == "unchanged"


def test_flat_colour_takes_the_mean_and_no_noise(warm):
    flat = Image(np.full((9, 9, 3), 90, np.uint8))

    result = color_match(Context(), flat, warm)

    assert len(np.unique(result.pixels.reshape(-1, 3), axis=0)) == 1
    gap = lab(result.pixels)[0, 0] - lab(warm.pixels).mean((0, 1))
    assert np.abs(gap).max() < 1
