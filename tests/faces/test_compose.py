"""A face is laid in and nothing else changes."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes._faces.compose import Blend, Patch, compose
from nodes._faces.face import face_at, moved
from nodes._faces.mask import SHAPES, MaskShape, face_mask, oval, reach
from nodes._faces.measure import outside
from nodes._faces.region import cut, region_of

UPRIGHT = np.array([(-0.5, -0.5), (0.5, -0.5), (0, 0.05), (-0.4, 0.55), (0.4, 0.55)])


def noise(width, height, channels=3, seed=1):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels))
    pixels = pixels.astype(np.uint8)
    pixels.setflags(write=False)
    return pixels


def a_face(x, y, eyes):
    return face_at(UPRIGHT * eyes + (x, y), "hand")


def laid(pixels, face, blend=None, copied=True):
    """Pixels with a patch of other noise laid on the face, or None outside."""
    blend = blend or Blend()
    height, width = pixels.shape[:2]
    region = region_of(face, width, height, reach(blend.mask))
    if region is None:
        return None
    size = region.size
    valid = np.full((size[1], size[0]), 255, np.uint8)
    patch = Patch(noise(*size, seed=2), valid, 1.0, copied)
    return compose(pixels, face, region, patch, blend)


@given(
    st.integers(1, 90),
    st.integers(1, 70),
    st.sampled_from([3, 4]),
    st.floats(-30, 120),
    st.floats(-30, 100),
    st.floats(2, 60),
    st.sampled_from(sorted(SHAPES)),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_outside_the_mask_not_one_byte_changes(
    w, h, channels, x, y, eyes, shape, guard
):
    pixels = noise(w, h, channels)
    blend = Blend(mask=MaskShape(shape, guard=guard))

    result = laid(pixels, a_face(x, y, eyes), blend)

    if result is not None:
        assert result.pixels.shape == pixels.shape
        assert result.pixels.dtype == np.uint8
        assert outside(pixels, result.pixels, result.mask).largest == 0
        assert np.array_equal(result.pixels[..., 3:], pixels[..., 3:])


def test_a_face_outside_the_picture_has_no_region():
    assert region_of(a_face(900, 40, 30), 100, 80) is None


def test_inside_the_mask_the_face_is_new():
    pixels = noise(300, 240)
    result = laid(pixels, a_face(150, 120, 60), Blend(mask=MaskShape(guard=False)))

    changed = (result.pixels != pixels).any(2)
    assert result.mask[120, 150] == 255
    assert changed[result.mask == 255].mean() > 0.95


def test_strength_0_changes_nothing_and_half_lies_between():
    pixels = noise(200, 160)
    face = a_face(100, 80, 50)
    full, half, none = (
        laid(pixels, face, Blend(strength=s)).pixels.astype(int) for s in (1, 0.5, 0)
    )

    assert np.array_equal(none, pixels)
    middle = (full + pixels.astype(int)) / 2
    assert np.abs(half - middle).max() <= 2


def test_what_is_transparent_keeps_its_hidden_colour():
    pixels = noise(200, 160, 4).copy()
    pixels[:, :100, 3] = 0
    result = laid(pixels, a_face(100, 80, 50))

    assert np.array_equal(result.pixels[:, :100], pixels[:, :100])
    assert not np.array_equal(result.pixels[:, 100:], pixels[:, 100:])


def test_a_patch_without_pixels_leaves_its_edge_soft():
    pixels = np.full((240, 300, 3), 90, np.uint8)
    face = a_face(150, 120, 60)
    region = region_of(face, 300, 240)
    valid = np.full(region.size[::-1], 255, np.uint8)
    valid[:, : valid.shape[1] // 2] = 0
    patch = Patch(noise(*region.size), valid, 1.0)

    mask = compose(pixels, face, region, patch, Blend(mask=MaskShape(guard=False))).mask

    steps = np.abs(np.diff(mask.astype(int), axis=1))
    assert mask[120].max() == 255
    assert steps.max() < 64


def test_a_guard_of_ones_own_keeps_the_mask_off():
    pixels = noise(300, 240)

    def nothing_above(target, points):
        allowed = np.ones(target.shape[:2], np.float32)
        allowed[: int(points[0][1])] = 0
        return allowed

    face, look = a_face(150, 120, 60), MaskShape("head")
    guarded = laid(pixels, face, Blend(mask=look, guard=nothing_above)).mask
    free = laid(pixels, face, Blend(mask=MaskShape("head", guard=False))).mask

    assert free[30, 150] > 0
    assert guarded[30, 150] == 0
    assert guarded[120, 150] == 255


def test_hair_over_a_face_stays(astronaut):
    rgb = astronaut.rgb.copy()
    cv2.line(rgb, (150, 60), (215, 175), (20, 15, 10), 7)
    hair = (rgb != astronaut.rgb).any(2)

    kept = laid(rgb, astronaut.face).mask
    over = laid(rgb, astronaut.face, Blend(mask=MaskShape(guard=False))).mask

    edge = (over > 0) & (over < 255) & hair
    assert kept[edge].mean() < 0.6 * over[edge].mean()


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_holds_what_a_smaller_one_holds(shape):
    points = a_face(150, 120, 50).points
    small = face_mask((300, 240), points, MaskShape(shape, grow=0.8))
    large = face_mask((300, 240), points, MaskShape(shape, grow=1.2))

    assert (large >= small - 1e-6).all()
    assert large.sum() > small.sum()
    assert small[120, 150] == 1
    assert large[0, 0] == 0


def test_the_far_side_of_a_turned_face_is_narrower():
    points = a_face(150, 120, 50).points
    mask = oval((300, 240), points, SHAPES["face"], 0.2, yaw=25)

    assert mask[:, 151:].sum() < 0.8 * mask[:, :150].sum()


def test_an_unknown_shape_names_those_there_are():
    with pytest.raises(ValueError, match="features"):
        face_mask((9, 9), a_face(4, 4, 3).points, MaskShape("square"))


def test_a_small_face_is_worked_on_enlarged():
    region = region_of(a_face(100, 80, 16), 200, 160)

    assert region.zoom == 3
    work = cut(noise(200, 160), region)
    assert work.shape[1] == pytest.approx(3 * region.width, abs=1)


def test_a_face_moved_with_its_picture_gets_the_same_mask():
    pixels = np.full((240, 300, 3), 128, np.uint8)
    face = a_face(120, 110, 50)
    one = laid(pixels, face, Blend(mask=MaskShape(guard=False))).mask
    other = laid(
        pixels,
        moved(face, [[1, 0, 20], [0, 1, 10]]),
        Blend(mask=MaskShape(guard=False)),
    ).mask

    assert np.array_equal(one[:-10, :-20], other[10:, 20:])
