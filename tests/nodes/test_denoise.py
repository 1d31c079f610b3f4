"""The Denoise node."""

import numpy as np
import pytest
from pictures import cut_out, frozen, mask_of, noise_mask

from nodegraph import Cancelled, Context, Image
from nodes._bands import in_bands
from nodes.denoise import METHODS, _denoised, _kernel, denoise

each_method = pytest.mark.parametrize("method", METHODS)


def grainy(height: int = 60, width: int = 80) -> tuple[Image, np.ndarray]:
    """Two grey fields with grain, and the same without."""
    clean = np.full((height, width, 3), 90)
    clean[:, width // 2 :] = 170
    grain = np.random.default_rng(7).normal(0, 10, clean.shape)
    return Image(frozen(np.clip(clean + grain, 0, 255))), clean


@each_method
def test_size_and_channels_stay(any_image, whole, method):
    result = denoise(Context(), any_image, method=method)

    whole(result)
    assert result.pixels.shape == any_image.pixels.shape
    again = denoise(Context(), any_image, method=method)
    assert np.array_equal(result.pixels, again.pixels)


@each_method
def test_a_strength_of_0_changes_no_pixel(any_image, method):
    context = Context()

    result = denoise(context, any_image, strength=0, method=method)

    assert np.array_equal(result.pixels, any_image.pixels)
    assert context.said == {}


@each_method
def test_grain_is_less_than_half_of_what_it_was(method):
    image, clean = grainy()
    before = np.abs(image.pixels - clean).mean()

    result = denoise(Context(), image, strength=1, method=method, keep_detail=0)

    assert np.abs(result.pixels - clean).mean() < before / 2


@each_method
def test_more_strength_takes_more_grain(method):
    image, clean = grainy()
    weak, strong = (
        np.abs(denoise(Context(), image, None, much, method, 0).pixels - clean).mean()
        for much in (0.1, 1.0)
    )

    assert strong < weak


@each_method
def test_keeping_detail_brings_the_original_back_along_edges_only(method):
    image, _ = grainy()
    lost = denoise(Context(), image, None, 1, method, 0).pixels.astype(int)
    kept = denoise(Context(), image, None, 1, method, 1).pixels.astype(int)
    edge, field = np.s_[:, 39:41], np.s_[:, 5:33]

    off = np.abs(lost - image.pixels)
    back = np.abs(kept - image.pixels)
    assert back[edge].mean() < off[edge].mean() / 2
    assert np.abs(kept - lost)[field].mean() < 1


@each_method
def test_bands_leave_no_seam(method):
    pixels = grainy(height=230)[0].pixels
    kernel, _ = _kernel(method, 0.5)
    whole = kernel(pixels)

    assert np.array_equal(_denoised(Context(), pixels, 0.5, method, 0), whole)
    assert not np.array_equal(in_bands(kernel, pixels, rows=96), whole)


@each_method
def test_it_stops_between_bands_when_cancelled(picture, method):
    heard = []
    context = Context(report=heard.append, cancelled=lambda: len(heard) >= 1)

    with pytest.raises(Cancelled):
        denoise(context, picture(8, 400), method=method)

    assert len(heard) == 1


@each_method
def test_alpha_stays_and_hidden_colours_leave_no_fringe(method):
    image = cut_out()

    result = denoise(Context(), image, strength=1, method=method, keep_detail=0).pixels

    assert np.array_equal(result[..., 3], image.alpha)
    seen = image.alpha > 0
    assert np.abs(result[seen].astype(int) - image.pixels[seen]).max() <= 1
    assert np.array_equal(result[~seen], image.pixels[~seen])


def test_a_mask_limits_the_effect(picture):
    image, mask = picture(33, 21, 4), noise_mask(33, 21)

    result = denoise(Context(), image, mask).pixels

    outside = mask.pixels == 0
    assert np.array_equal(result[outside], image.pixels[outside])
    assert not np.array_equal(result, image.pixels)


def test_an_empty_mask_passes_the_picture_through(picture):
    context, image = Context(), picture(7, 5)

    assert denoise(context, image, mask_of(7, 5, 0)) is image
    assert context.said["outcome"] == "no_mask"
