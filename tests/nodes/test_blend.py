"""The Blend node."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import filled, frozen, mask_of, noise_mask, pictures, pictures_and_mask

from nodegraph import Context, Image
from nodes._blend_modes import MODES, SEPARABLE, TOGETHER, blended
from nodes.blend import blend

each_mode = pytest.mark.parametrize("mode", MODES)


def hard_light(b, s):
    return 2 * b * s if s <= 0.5 else b + (2 * s - 1) - b * (2 * s - 1)


def soft_light(b, s):
    if s <= 0.5:
        return b - (1 - 2 * s) * b * (1 - b)
    d = ((16 * b - 12) * b + 4) * b if b <= 0.25 else sqrt(b)
    return b + (2 * s - 1) * (d - b)


def color_dodge(b, s):
    if b == 0:
        return 0
    return 1 if s == 1 else min(1, b / (1 - s))


def color_burn(b, s):
    if b == 1:
        return 1
    return 0 if s == 0 else 1 - min(1, (1 - b) / s)


SPECIFICATION = {
    "normal": lambda b, s: s,
    "multiply": lambda b, s: b * s,
    "screen": lambda b, s: b + s - b * s,
    "overlay": lambda b, s: hard_light(s, b),
    "darken": min,
    "lighten": max,
    "color_dodge": color_dodge,
    "color_burn": color_burn,
    "hard_light": hard_light,
    "soft_light": soft_light,
    "difference": lambda b, s: abs(b - s),
    "exclusion": lambda b, s: b + s - 2 * b * s,
    "add": lambda b, s: min(1, b + s),
    "subtract": lambda b, s: max(0, b - s),
}
"""B(Cb, Cs) of one channel, as the W3C's text has it."""


def lum(c):
    return 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2]


def clip_color(c):
    level, lowest, highest = lum(c), min(c), max(c)
    if lowest < 0:
        c = [level + (v - level) * level / (level - lowest) for v in c]
    if highest > 1:
        c = [level + (v - level) * (1 - level) / (highest - level) for v in c]
    return c


def set_lum(c, level):
    return clip_color([v + level - lum(c) for v in c])


def sat(c):
    return max(c) - min(c)


def set_sat(c, s):
    if sat(c) == 0:
        return [0.0, 0.0, 0.0]
    low, mid, high = sorted(range(3), key=lambda i: c[i])
    result = [0.0, 0.0, 0.0]
    result[mid] = (c[mid] - c[low]) * s / (c[high] - c[low])
    result[high] = s
    return result


SPECIFICATION_TOGETHER = {
    "hue": lambda b, s: set_lum(set_sat(s, sat(b)), lum(b)),
    "saturation": lambda b, s: set_lum(set_sat(b, sat(s)), lum(b)),
    "color": lambda b, s: set_lum(s, lum(b)),
    "luminosity": lambda b, s: set_lum(b, lum(s)),
}


@pytest.mark.parametrize("mode", SEPARABLE)
def test_each_channel_follows_the_specification_to_half_a_level(mode):
    levels = (0, 1, 2, 63, 64, 100, 127, 128, 129, 200, 254, 255)
    base, top = (g.astype(np.uint8) for g in np.meshgrid(levels, levels))
    exact = [
        255 * SPECIFICATION[mode](int(b) / 255, int(s) / 255)
        for b, s in zip(base.flat, top.flat, strict=True)
    ]

    result = blended(np.dstack([base] * 3), np.dstack([top] * 3), mode)

    assert np.abs(result[..., 1].ravel() - exact).max() <= 0.5 + 1e-6


@pytest.mark.parametrize("mode", TOGETHER)
@given(st.lists(st.integers(0, 255), min_size=6, max_size=6))
@settings(max_examples=60, deadline=None)
def test_colour_modes_follow_the_specification_to_half_a_level(mode, levels):
    base, top = np.array(levels, np.uint8).reshape(2, 1, 1, 3)
    exact = SPECIFICATION_TOGETHER[mode](
        [v / 255 for v in levels[:3]], [v / 255 for v in levels[3:]]
    )

    result = blended(base, top, mode)[0, 0]

    assert np.abs(result - 255 * np.array(exact)).max() <= 0.51


def composited(base, top, mode, opacity):
    """One pixel by the W3C's general formula, with straight RGBA of 0 to 255."""
    cb, cs = [v / 255 for v in base[:3]], [v / 255 for v in top[:3]]
    ab, s = base[3] / 255, top[3] / 255 * opacity
    if mode in SPECIFICATION:
        met = [SPECIFICATION[mode](b, t) for b, t in zip(cb, cs, strict=True)]
    else:
        met = SPECIFICATION_TOGETHER[mode](cb, cs)
    mixed = [(1 - ab) * t + ab * m for t, m in zip(cs, met, strict=True)]
    out = s + ab * (1 - s)
    pairs = zip(mixed, cb, strict=True)
    colour = [(s * m + (1 - s) * ab * b) / out for m, b in pairs]
    return [255 * v for v in (*colour, out)]


@each_mode
@given(
    st.lists(st.integers(0, 255), min_size=8, max_size=8),
    st.sampled_from((0.1, 0.5, 1.0)),
)
@settings(max_examples=40, deadline=None)
def test_alpha_follows_the_general_formula(mode, levels, opacity):
    base, top = levels[:4], levels[4:]
    pixels = blend(
        Context(),
        filled(1, 1, *base),
        filled(1, 1, *top),
        mode=mode,
        opacity=opacity,
    ).pixels[0, 0]

    if top[3] == 0:
        assert pixels.tolist() == base
    else:
        exact = composited(base, top, mode, opacity)
        assert np.abs(pixels - exact).max() <= 1.05


@each_mode
def test_size_and_channels_are_the_bases(any_image, picture, whole, mode):
    top = picture(any_image.width, any_image.height, 4, seed=5)

    result = blend(Context(), any_image, top, mode=mode, opacity=0.7)

    whole(result)
    assert result.pixels.shape == any_image.pixels.shape


@each_mode
@given(pictures(2))
@settings(max_examples=10, deadline=None)
def test_an_opacity_of_0_changes_no_pixel(mode, images):
    base, top = images

    result = blend(Context(), base, top, mode=mode, opacity=0)

    assert np.array_equal(result.pixels, base.pixels)


@each_mode
@given(pictures_and_mask(2))
@settings(max_examples=10, deadline=None)
def test_where_the_mask_is_0_every_pixel_is_the_bases(mode, drawn):
    base, top, mask = drawn

    result = blend(Context(), base, top, mask, mode)

    outside = mask.pixels == 0
    assert np.array_equal(result.pixels[outside], base.pixels[outside])


@each_mode
@given(pictures(2), st.floats(0.01, 1))
@settings(max_examples=10, deadline=None)
def test_the_quick_way_agrees_with_the_general_one(mode, images, opacity):
    base, top = (Image(frozen(image.rgb)) for image in images)
    quick = blend(Context(), base, top, mode=mode, opacity=opacity)
    half = mask_of(base.width, base.height)
    nearly = half.pixels.copy()
    nearly[0, 0] = 254
    general = blend(
        Context(), base, top, type(half)(frozen(nearly)), mode=mode, opacity=opacity
    )

    apart = np.abs(quick.pixels.astype(int) - general.pixels)
    assert apart.max() <= 2


def test_a_full_mask_is_as_good_as_none(picture):
    base, top = picture(9, 7, 4), picture(9, 7, 4, seed=2)

    with_mask = blend(Context(), base, top, mask_of(9, 7), opacity=0.4).pixels

    assert np.array_equal(with_mask, blend(Context(), base, top, opacity=0.4).pixels)


def test_an_opaque_top_covers_in_normal_mode(picture):
    base, top = picture(9, 7, 4), picture(9, 7, seed=2)

    result = blend(Context(), base, top)

    assert np.array_equal(result.rgb, top.pixels)
    assert (result.alpha == 255).all()


def test_a_transparent_base_lends_no_colour():
    clear = filled(3, 3, 0, 255, 0, 0)
    half = filled(3, 3, 200, 100, 50, 128)

    result = blend(Context(), clear, half, mode="multiply").pixels[1, 1]

    assert np.abs(result.astype(int) - (200, 100, 50, 128)).max() <= 1


def test_a_mask_acts_like_the_alpha_of_the_top(picture):
    base, top, mask = picture(21, 9), picture(21, 9, seed=2), noise_mask(21, 9)
    cut = Image(frozen(np.dstack((top.pixels, mask.pixels))))

    masked = blend(Context(), base, top, mask, "overlay").pixels

    assert np.array_equal(masked, blend(Context(), base, cut, None, "overlay").pixels)


@pytest.mark.parametrize("size", ((1, 1), (3, 9), (20, 2), (64, 48)))
@pytest.mark.parametrize("channels", (3, 4))
def test_a_top_of_another_size_is_stretched_and_noted(picture, size, channels):
    context, base = Context(), picture(7, 5)

    result = blend(context, base, filled(*size, *(9, 99, 199, 255)[:channels]))

    assert (result.pixels == (9, 99, 199)).all()
    assert context.said["notes"]["top_fitted"] == {
        "by": "resize",
        "from": list(size),
        "to": [7, 5],
    }


def test_stretching_leaves_no_fringe_of_hidden_colour():
    pixels = np.full((4, 4, 4), (0, 255, 0, 0))
    pixels[1:3, 1:3] = (200, 0, 0, 255)
    base = filled(31, 31, 100, 0, 0)

    result = blend(Context(), base, Image(frozen(pixels))).pixels

    assert result[..., 1].max() == 0
    assert result[15, 15, 0] == 200


def test_a_centred_top_lies_in_the_middle():
    base = filled(7, 5, 0, 0, 0)

    result = blend(Context(), base, filled(3, 1, 9, 9, 9), fit="centre").pixels

    assert (result[2, 2:5] == 9).all()
    assert result.sum() == 9 * 9


def test_a_centred_top_is_cut_where_it_hangs_over():
    top = np.zeros((5, 9, 3), np.uint8)
    top[2, 4] = 255
    base = filled(3, 11, 7, 7, 7)

    result = blend(Context(), base, Image(frozen(top)), fit="centre").pixels

    assert (result[5, 1] == 255).all()
    assert (result[:3] == 7).all()
    assert (result[8:] == 7).all()
    assert (result[3:8] != 7).all()


def test_an_empty_mask_passes_the_base_through(picture):
    context, base = Context(), picture(7, 5, 4)

    assert blend(context, base, picture(7, 5), mask_of(7, 5, 0)) is base
    assert context.said["outcome"] == "no_mask"


def test_a_top_that_shows_nowhere_is_said_to_change_nothing(picture):
    context, base = Context(), picture(7, 5)

    result = blend(context, base, filled(7, 5, 255, 0, 0, 0))

    assert np.array_equal(result.pixels, base.pixels)
    assert context.said["outcome"] == "unchanged"


def test_a_mask_of_another_size_is_refused_naming_both(picture):
    with pytest.raises(ValueError, match=r"mask is 5x7 .* picture is 7x5"):
        blend(Context(), picture(7, 5), picture(7, 5), mask_of(5, 7))
