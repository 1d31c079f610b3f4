"""The Mask shape node."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import filled

from nodegraph import Context
from nodes.mask_shape import SHAPES, mask_shape

each_shape = pytest.mark.parametrize("shape", SHAPES)
HARD = {"antialiased": False, "feather": 0}


def drawn(across: int, down: int, shape: str, **settings) -> np.ndarray:
    image = filled(across, down, 0, 0, 0)
    return mask_shape(Context(), image, shape, **settings).pixels


@each_shape
def test_the_mask_is_as_large_as_the_picture(any_image, shape):
    mask = mask_shape(Context(), any_image, shape, feather=3, angle=20)

    assert mask.pixels.shape == any_image.pixels.shape[:2]
    assert mask.pixels.dtype == np.uint8
    assert mask.pixels.flags.c_contiguous


def test_a_hard_rectangle_covers_its_pixels_and_no_others():
    mask = drawn(20, 10, "rectangle", unit="px", x=8, y=5, width=6, height=4, **HARD)

    wanted = np.zeros((10, 20), np.uint8)
    wanted[3:7, 5:11] = 255
    assert np.array_equal(mask, wanted)


def test_relative_and_pixels_say_the_same():
    relative = drawn(40, 20, "ellipse", x=0.25, y=0.5, width=0.5, height=0.3)

    pixels = drawn(40, 20, "ellipse", unit="px", x=10, y=10, width=20, height=6)

    assert np.array_equal(relative, pixels)


@pytest.mark.parametrize("antialiased", (True, False))
def test_an_ellipse_covers_its_area(antialiased):
    mask = drawn(200, 160, "ellipse", width=0.8, height=0.5, antialiased=antialiased)

    area = np.pi * (0.8 * 200 / 2) * (0.5 * 160 / 2)
    assert abs(mask.sum() / 255 - area) < 0.005 * area


@pytest.mark.parametrize(
    ("corner", "area"),
    ((0, 100 * 60), (0.5, 6000 - (4 - np.pi) * 15**2), (1, 6000 - (4 - np.pi) * 900)),
)
def test_rounded_corners_take_away_their_area(corner, area):
    mask = drawn(
        200, 100, "rounded", unit="px", x=100, y=50, width=100, height=60, corner=corner
    )

    assert abs(mask.sum() / 255 - area) < 0.005 * area


@pytest.mark.parametrize("shape", ("ellipse", "rectangle", "rounded"))
def test_hard_masks_know_only_0_and_255_and_smooth_ones_more(shape):
    settings = {"angle": 17, "width": 0.63, "height": 0.41}

    assert set(np.unique(drawn(90, 70, shape, **settings, **HARD))) == {0, 255}
    assert len(np.unique(drawn(90, 70, shape, **settings))) > 20


@pytest.mark.parametrize("shape", ("ellipse", "rectangle", "rounded"))
def test_the_soft_edge_is_as_wide_as_feather_half_of_it_inside(shape):
    row = drawn(
        200, 200, shape, unit="px", x=100, y=100, width=100, height=100, feather=20
    )[100].astype(int)

    assert (row[:39] == 0).all()
    assert (row[61:139] == 255).all()
    assert abs(row[49] + row[50] - 255) <= 4
    assert (np.diff(row[:100]) >= 0).all()
    assert 0 < row[42] < row[57] < 255


def test_turning_is_clockwise():
    mask = drawn(99, 99, "rectangle", width=0.9, height=0.1, angle=45)

    assert mask[20, 20] == 255
    assert mask[78, 78] == 255
    assert mask[20, 78] == 0


def test_a_quarter_turn_swaps_the_sides():
    settings = {"unit": "px", "x": 20, "y": 20}
    upright = drawn(40, 40, "ellipse", width=10, height=30, **settings)

    turned = drawn(40, 40, "ellipse", width=30, height=10, angle=90, **settings)

    assert np.abs(upright.astype(int) - turned).max() <= 1


def test_a_linear_gradient_rises_evenly_along_its_width():
    mask = drawn(256, 3, "linear", width=1)

    assert np.array_equal(mask[0], np.rint((np.arange(256) + 0.5) / 256 * 255))
    assert (mask == mask[0]).all()


def test_a_linear_gradient_turned_by_90_degrees_rises_over_the_height():
    mask = drawn(5, 256, "linear", width=1, angle=90)

    assert np.array_equal(mask[:, 2], np.rint((np.arange(256) + 0.5) / 256 * 255))
    assert np.abs(mask.astype(int) - mask[:, :1]).max() <= 1


def test_a_slanted_linear_gradient_rises_from_corner_to_corner():
    mask = drawn(160, 90, "linear", width=1, angle=30)

    assert mask[0, 0] <= 2
    assert mask[-1, -1] >= 253
    assert mask[0, -1] > 0
    assert mask[-1, 0] < 255


def test_a_radial_gradient_falls_from_the_centre_to_the_rim():
    mask = drawn(101, 51, "radial", width=1, height=1)

    assert mask[25, 50] == 255
    assert (np.diff(mask[25, 50:].astype(int)) <= 0).all()
    assert abs(int(mask[25, 75]) - 128) <= 3
    assert mask[0, 0] == 0


@each_shape
@given(st.integers(1, 40), st.integers(1, 40), st.floats(0, 30), st.floats(-180, 180))
@settings(max_examples=15, deadline=None)
def test_inverting_swaps_inside_and_outside(shape, width, height, feather, angle):
    settings = {"feather": feather, "angle": angle}

    inverted = drawn(width, height, shape, invert=True, **settings)

    assert np.array_equal(inverted, 255 - drawn(width, height, shape, **settings))


@each_shape
@pytest.mark.parametrize("nowhere", ({"width": 0}, {"x": 40.0}))
def test_a_shape_that_covers_nothing_is_said_to_be_no_mask(shape, nowhere):
    context = Context()
    if shape == "linear" and "x" in nowhere:
        nowhere = {"x": 40.0, "angle": 0.0}

    mask = mask_shape(context, filled(9, 7, 0, 0, 0), shape, **nowhere)

    assert not mask.pixels.any()
    assert context.said["outcome"] == "no_mask"


def test_a_shape_that_covers_something_says_nothing():
    context = Context()

    mask_shape(context, filled(9, 7, 0, 0, 0))

    assert context.said == {}


def test_tall_pictures_are_drawn_without_seams():
    tall = drawn(9, 513, "ellipse", width=3, height=0.9, feather=30)

    assert np.abs(np.diff(tall[:, 4].astype(int))).max() < 16
    assert np.array_equal(tall, tall[::-1])
