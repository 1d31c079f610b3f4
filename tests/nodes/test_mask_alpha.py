"""The Mask alpha node."""

import numpy as np
from pictures import filled

from nodegraph import Context
from nodes.mask_alpha import mask_alpha


def test_the_mask_is_the_pictures_alpha(size, picture):
    image = picture(*size, 4)

    mask = mask_alpha(Context(), image)

    assert np.array_equal(mask.pixels, image.alpha)
    assert mask.pixels.flags.c_contiguous


def test_inverting_gives_the_transparency(picture):
    image = picture(7, 5, 4)

    assert np.array_equal(
        mask_alpha(Context(), image, invert=True).pixels, 255 - image.alpha
    )


def test_a_picture_without_alpha_is_opaque_throughout(size, picture):
    mask = mask_alpha(Context(), picture(*size))

    assert mask.pixels.shape == size[::-1]
    assert (mask.pixels == 255).all()


def test_no_transparency_at_all_is_said_to_be_no_mask(picture):
    context = Context()

    mask = mask_alpha(context, picture(7, 5), invert=True)

    assert not mask.pixels.any()
    assert context.said["outcome"] == "no_mask"


def test_a_picture_that_is_transparent_throughout_is_said_to_be_no_mask():
    context = Context()

    mask_alpha(context, filled(3, 3, 9, 9, 9, 0))

    assert context.said["outcome"] == "no_mask"
