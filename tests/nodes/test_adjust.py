"""Adjust: exposure, contrast and colour."""

import numpy as np
import pytest

from nodegraph import Context, Image
from nodes.adjust import adjust

GREYS = Image(np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 256, 3))

STRONG = {
    "exposure": 0.7,
    "contrast": 0.4,
    "saturation": -0.5,
    "temperature": 0.6,
    "tint": -0.4,
    "gamma": 1.4,
    "black": 12,
    "white": 240,
}


def test_neutral_settings_hand_the_picture_on_as_it_is(any_image):
    assert adjust(Context(), any_image) is any_image


@pytest.mark.parametrize("setting", STRONG)
def test_each_setting_changes_colour_and_leaves_transparency(any_image, setting, whole):
    result = adjust(Context(), any_image, **{setting: STRONG[setting]})

    whole(result)
    assert result.pixels.shape == any_image.pixels.shape
    assert not np.array_equal(result.rgb, any_image.rgb)
    if any_image.alpha is not None:
        assert np.array_equal(result.alpha, any_image.alpha)


def test_the_same_settings_give_the_same_pixels(any_image):
    first, again = (adjust(Context(), any_image, **STRONG) for _ in range(2))

    assert np.array_equal(first.pixels, again.pixels)


def test_one_stop_doubles_the_light():
    def light(value):
        return ((value / 255 + 0.055) / 1.055) ** 2.4

    result = adjust(Context(), GREYS, exposure=1.0)

    assert light(result.pixels[0, 100, 0]) == pytest.approx(2 * light(100), rel=0.02)


def test_contrast_turns_around_middle_grey():
    more = adjust(Context(), GREYS, contrast=0.5).pixels[0, :, 0].astype(int)
    none = adjust(Context(), GREYS, contrast=-1).pixels[0, :, 0]

    assert more[60] < 60 and more[200] > 200
    assert more[127] == 126 and more[128] == 129
    assert set(none.tolist()) == {128}


def test_saturation_at_its_end_is_grey_of_the_same_luminance(picture):
    image = Image(np.array([[(255, 0, 0), (0, 255, 0), (0, 0, 255)]], np.uint8))

    result = adjust(Context(), image, saturation=-1)

    assert result.pixels.tolist() == [[[54] * 3, [182] * 3, [18] * 3]]


def test_saturation_leaves_greys_grey():
    for saturation in (-0.7, 0.8):
        result = adjust(Context(), GREYS, saturation=saturation)

        assert np.array_equal(result.pixels, GREYS.pixels)


def test_temperature_and_tint_shift_colour_at_equal_brightness():
    warm = adjust(Context(), GREYS, temperature=0.5).pixels[0, 120].astype(float)
    cool = adjust(Context(), GREYS, temperature=-0.5).pixels[0, 120]
    magenta = adjust(Context(), GREYS, tint=0.5).pixels[0, 120]

    assert warm[0] > 120 > warm[2]
    assert cool[0] < 120 < cool[2]
    assert magenta[1] < 120 < magenta[0]
    linear = ((warm / 255 + 0.055) / 1.055) ** 2.4
    grey = ((120 / 255 + 0.055) / 1.055) ** 2.4
    assert linear @ (0.2126, 0.7152, 0.0722) == pytest.approx(grey, rel=0.01)


def test_gamma_keeps_black_and_white():
    result = adjust(Context(), GREYS, gamma=2.0).pixels[0, :, 0]

    assert (result[0], result[255]) == (0, 255)
    assert result[64] == 128


def test_black_and_white_points_reach_the_ends():
    result = adjust(Context(), GREYS, black=50, white=200).pixels[0, :, 0]

    assert (result[50], result[200]) == (0, 255)
    assert result[125] == 128
    assert (np.diff(result.astype(int)) >= 0).all()


def test_a_black_that_is_no_darker_than_white_is_refused():
    with pytest.raises(ValueError, match="black is 200 and white is 100"):
        adjust(Context(), GREYS, black=200, white=100)


def test_a_change_that_changes_nothing_says_so():
    context = Context()
    darkness = Image(np.zeros((5, 7, 3), np.uint8))

    adjust(context, darkness, exposure=1.0)

    assert context.said["outcome"] == "unchanged"


def test_a_change_that_shows_says_nothing(picture):
    context = Context()

    adjust(context, picture(7, 5), exposure=1.0)

    assert "outcome" not in context.said
