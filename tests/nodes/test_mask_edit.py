"""The Mask edit node."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import frozen, mask_of, noise_mask, pictures_and_mask

from nodegraph import Cancelled, Context, Mask
from nodes.mask_edit import COMBINES, mask_edit


def dot(width: int = 61, height: int = 51) -> Mask:
    """One pixel of 255 in the middle."""
    pixels = np.zeros((height, width))
    pixels[height // 2, width // 2] = 255
    return Mask(frozen(pixels))


def box(value: int = 255) -> Mask:
    """A block of 20 x 20 in the middle of 60 x 60."""
    pixels = np.zeros((60, 60))
    pixels[20:40, 20:40] = value
    return Mask(frozen(pixels))


def test_every_step_keeps_the_size(size):
    result = mask_edit(
        Context(), noise_mask(*size), noise_mask(*size, 9), "difference", 9, -3, 8, True
    )

    assert result.pixels.shape == size[::-1]
    assert result.pixels.dtype == np.uint8
    assert result.pixels.flags.c_contiguous


def test_nothing_asked_changes_nothing(size):
    context, mask = Context(), noise_mask(*size)

    assert np.array_equal(mask_edit(context, mask).pixels, mask.pixels)


FORMULAS = {
    "union": lambda a, b: max(a, b),
    "intersect": lambda a, b: min(a, b),
    "subtract": lambda a, b: min(a, 255 - b),
    "difference": lambda a, b: abs(a - b),
}


@pytest.mark.parametrize("combine", COMBINES)
@given(pictures_and_mask(), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_two_masks_combine_pixel_by_pixel(combine, drawn, seed):
    _, mask = drawn
    other = noise_mask(mask.width, mask.height, seed)

    result = mask_edit(Context(), mask, other, combine).pixels

    pairs = zip(mask.pixels.ravel(), other.pixels.ravel(), strict=True)
    wanted = [FORMULAS[combine](int(a), int(b)) for a, b in pairs]
    assert result.ravel().tolist() == wanted


def test_masks_of_different_sizes_are_refused_naming_both():
    with pytest.raises(ValueError, match=r"mask is 7x5 but other is 5x7: "):
        mask_edit(Context(), mask_of(7, 5), mask_of(5, 7))


def test_the_threshold_hardens_and_takes_its_own_value():
    mask = Mask(frozen([[0, 99, 100, 101, 255]]))

    result = mask_edit(Context(), mask, threshold=100).pixels

    assert result.tolist() == [[0, 0, 255, 255, 255]]


@pytest.mark.parametrize("radius", (1, 2, 7, 16, 17, 50, 200))
def test_growing_reaches_a_disc_of_that_radius(radius):
    side = 2 * radius + 21
    rows, columns = np.indices((side, side)) - side // 2
    away = np.hypot(rows, columns)

    grown = mask_edit(Context(), dot(side, side), grow=radius).pixels

    assert (grown[away <= 0.98 * radius - 1] == 255).all()
    assert (grown[away >= 1.03 * radius + 1] == 0).all()
    assert grown[side // 2, side // 2 + radius] == 255
    assert grown[side // 2, side // 2 + radius + 1] == 0


@pytest.mark.parametrize("by", (1, 5, 23))
def test_shrinking_is_growing_what_lies_outside(by):
    mask = noise_mask(40, 30)

    shrunk = mask_edit(Context(), mask, grow=-by).pixels

    outside = mask_edit(Context(), mask, grow=by, invert=False)
    assert (shrunk <= mask.pixels).all()
    assert (outside.pixels >= mask.pixels).all()
    inverse = Mask(frozen(255 - mask.pixels))
    assert np.array_equal(255 - shrunk, mask_edit(Context(), inverse, grow=by).pixels)


def test_the_pictures_own_edge_does_not_shrink():
    assert (mask_edit(Context(), mask_of(9, 7), grow=-3).pixels == 255).all()


def test_growing_keeps_the_values_of_a_soft_mask():
    assert set(np.unique(mask_edit(Context(), box(90), grow=6).pixels)) == {0, 90}


def test_feather_softens_over_its_width_half_of_it_inside():
    pixels = np.zeros((9, 200))
    pixels[:, 100:] = 255
    row = mask_edit(Context(), Mask(frozen(pixels)), feather=40).pixels[4].astype(int)

    assert row[79] <= 8
    assert row[120] >= 247
    assert abs(row[99] + row[100] - 255) <= 2
    assert row[90] > 20
    assert (np.diff(row) >= 0).all()


def test_the_steps_come_in_the_order_the_help_names():
    other = mask_of(60, 60, 40)
    together = mask_edit(Context(), box(90), other, "subtract", 80, 4, 12, True)

    mask = mask_edit(Context(), box(90), other, "subtract")
    mask = mask_edit(Context(), mask, threshold=80)
    mask = mask_edit(Context(), mask, grow=4)
    mask = mask_edit(Context(), mask, feather=12)
    mask = mask_edit(Context(), mask, invert=True)
    assert np.array_equal(together.pixels, mask.pixels)
    assert len(np.unique(mask.pixels)) > 10


@pytest.mark.parametrize(("by", "outcome"), ((-11, "no_mask"), (-5, None)))
def test_a_mask_shrunk_to_nothing_is_said_to_be_no_mask(by, outcome):
    context = Context()

    result = mask_edit(context, box(), grow=by)

    assert context.said.get("outcome") == outcome
    assert result.pixels.any() == (outcome is None)


def test_it_stops_between_steps_when_cancelled():
    with pytest.raises(Cancelled):
        mask_edit(Context(cancelled=lambda: True), box(), grow=40)
