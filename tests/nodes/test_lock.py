"""The Lock node: outside the mask nothing changes, and that is proved."""

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from pictures import filled, frozen, mask_of, noise_mask, pictures_and_mask

import nodes.lock
from nodegraph import Context, Image
from nodes.lock import lock


def rgba(image: Image) -> np.ndarray:
    """Four channels; opaque where the picture has three."""
    if image.alpha is not None:
        return image.pixels
    return np.dstack((image.pixels, np.full(image.pixels.shape[:2], 255, np.uint8)))


@given(pictures_and_mask(2))
@settings(max_examples=150, deadline=None)
def test_outside_the_mask_every_pixel_is_the_originals_bit_for_bit(drawn):
    original, changed, mask = drawn
    result = lock(Context(), original, changed, mask)

    outside, inside = mask.pixels == 0, mask.pixels == 255
    assert np.array_equal(rgba(result)[outside], rgba(original)[outside])
    assert np.array_equal(rgba(result)[inside], rgba(changed)[inside])


@given(pictures_and_mask(2))
@settings(max_examples=60, deadline=None)
def test_the_certificate_can_be_computed_again_by_anybody(drawn):
    original, changed, mask = drawn
    context = Context()
    lock(context, original, changed, mask)

    outside = rgba(original)[mask.pixels == 0]
    assert context.said["certificate"] == {
        "outside": len(outside),
        "inside": mask.pixels.size - len(outside),
        "changed": 0,
        "sha256": sha256(outside.tobytes()).hexdigest(),
        "size": [original.width, original.height],
    }


@given(pictures_and_mask(2))
@settings(max_examples=60, deadline=None)
def test_an_original_with_alpha_keeps_it_and_one_without_gains_it_only_if_needed(drawn):
    original, changed, mask = drawn
    result = lock(Context(), original, changed, mask)

    if original.alpha is not None:
        assert result.alpha is not None
    elif result.alpha is not None:
        assert (result.alpha[mask.pixels > 0] < 255).any()


def test_sizes_and_channels(any_image, picture, whole):
    changed = picture(any_image.width, any_image.height, 3, seed=8)
    mask = noise_mask(any_image.width, any_image.height)

    result = lock(Context(), any_image, changed, mask)

    whole(result)
    assert result.pixels.shape == any_image.pixels.shape


@pytest.mark.parametrize("value", (1, 64, 128, 254))
def test_between_the_two_mix_in_proportion(value):
    result = lock(
        Context(),
        filled(3, 3, 0, 100, 255),
        filled(3, 3, 255, 100, 0),
        mask_of(3, 3, value),
    )

    assert result.pixels[1, 1].tolist() == [value, 100, 255 - value]


def test_transparent_pixels_lend_no_colour_to_the_mix():
    result = lock(
        Context(),
        filled(3, 3, 200, 50, 10, 255),
        filled(3, 3, 0, 255, 0, 0),
        mask_of(3, 3, 128),
    )

    assert result.pixels[1, 1].tolist() == [200, 50, 10, 127]


def test_an_empty_mask_gives_the_original_and_says_so(picture):
    context, original = Context(), picture(7, 5, 4)

    result = lock(context, original, picture(7, 5, 3, seed=2), mask_of(7, 5, 0))

    assert result is original
    assert context.said["outcome"] == "no_mask"
    assert context.said["certificate"]["outside"] == 35


def test_a_change_that_changed_nothing_is_said_to_be_unchanged(picture):
    context, original = Context(), picture(7, 5)

    lock(context, original, Image(original.pixels), noise_mask(7, 5))

    assert context.said["outcome"] == "unchanged"


def test_a_change_inside_the_mask_says_nothing_more(picture):
    context = Context()

    lock(context, picture(7, 5), picture(7, 5, 3, seed=2), noise_mask(7, 5))

    assert set(context.said) == {"certificate"}


def test_a_change_outside_the_mask_only_is_undone_and_said_to_be_unchanged():
    mask = np.zeros((5, 7))
    mask[2, 2:5] = 255
    changed = np.full((5, 7, 3), 10)
    changed[0] = 250
    context, original = Context(), filled(7, 5, 10, 10, 10)

    result = lock(
        context, original, Image(frozen(changed)), type(mask_of(1, 1))(frozen(mask))
    )

    assert np.array_equal(result.pixels, original.pixels)
    assert context.said["outcome"] == "unchanged"


@pytest.mark.parametrize("channels", (3, 4))
def test_a_fault_in_the_mixing_is_found_and_nothing_is_certified(
    picture, monkeypatch, channels
):
    def faulty(original, changed, mask):
        result = original.copy()
        result[0, 0] ^= 1
        return result

    monkeypatch.setattr(nodes.lock, "mixed", faulty)
    mask = np.full((5, 7), 255)
    mask[0, 0] = 0
    context, image = Context(), picture(7, 5, channels)

    with pytest.raises(RuntimeError, match="let 1 pixels outside the mask change"):
        lock(context, image, image, type(mask_of(1, 1))(frozen(mask)))

    assert context.said == {}


def test_pictures_of_different_sizes_are_refused_naming_both(picture):
    with pytest.raises(ValueError, match=r"changed is 9x5 but original is 7x5: resize"):
        lock(Context(), picture(7, 5), picture(9, 5), mask_of(7, 5))


def test_a_mask_of_another_size_is_refused_naming_both(picture):
    with pytest.raises(ValueError, match=r"mask is 5x7 .* picture is 7x5"):
        lock(Context(), picture(7, 5), picture(7, 5), mask_of(5, 7))
