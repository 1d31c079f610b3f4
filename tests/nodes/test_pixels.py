"""The arithmetic that nodes share."""

import cv2
import numpy as np

from nodes._pixels import (
    apply_lut,
    flatten,
    luminance,
    premultiply,
    rgb_of,
    spread,
    unpremultiply,
)


def test_premultiplying_and_back_loses_no_visible_colour():
    colour, alpha = np.meshgrid(np.arange(256), np.arange(256))
    pixels = np.dstack((colour, 255 - colour, colour, alpha)).astype(np.uint8)

    back = unpremultiply(premultiply(pixels))

    seen = pixels[:, :, 3] > 0
    assert np.array_equal(back[seen], pixels[seen])
    assert not back[~seen].any()


def test_hidden_colour_never_bleeds_into_what_is_seen():
    pixels = np.zeros((9, 9, 4), np.uint8)
    pixels[:, :, 1] = 255
    pixels[3:6, 3:6] = (200, 10, 60, 255)

    blurred = spread(pixels, lambda wide: cv2.GaussianBlur(wide, (0, 0), 1.0))

    seen = blurred[blurred[:, :, 3] > 8]
    assert len(seen) > 9
    assert np.abs(seen[:, :3].astype(int) - (200, 10, 60)).max() <= 1


def test_an_opaque_alpha_channel_changes_no_colour(picture):
    rgb = picture(31, 17).pixels
    rgba = np.dstack((rgb, np.full(rgb.shape[:2], 255, np.uint8)))

    def blur(pixels):
        return cv2.GaussianBlur(pixels, (5, 5), 0)

    assert np.array_equal(spread(rgba, blur)[:, :, :3], spread(rgb, blur))
    assert (spread(rgba, blur)[:, :, 3] == 255).all()


def test_overshoot_stays_within_a_byte():
    wide = np.array([[[300, -9, 200, 280], [9, 0, 0, 1], [-5, -5, -5, -5]]], np.float32)

    narrow = unpremultiply(wide)

    assert narrow[0].tolist() == [[255, 0, 182, 255], [255, 0, 0, 1], [0, 0, 0, 0]]


def test_a_table_leaves_alpha_alone(picture):
    image = picture(7, 5, 4)

    result = apply_lut(image.pixels, 255 - np.arange(256, dtype=np.uint8))

    assert np.array_equal(result[:, :, :3], 255 - image.rgb)
    assert np.array_equal(result[:, :, 3], image.alpha)


def test_a_table_may_differ_per_channel(picture):
    image = picture(1, 513)
    lut = np.stack([np.arange(256), np.zeros(256), 255 - np.arange(256)], 1)

    result = apply_lut(image.pixels, lut.astype(np.uint8))

    assert np.array_equal(result[:, :, 0], image.pixels[:, :, 0])
    assert not result[:, :, 1].any()
    assert np.array_equal(result[:, :, 2], 255 - image.pixels[:, :, 2])


def test_luminance_of_grey_is_that_grey():
    grey = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 256, 3)

    assert np.array_equal(luminance(grey)[0], np.arange(256))


def test_luminance_weighs_green_most_and_ignores_alpha():
    pixels = np.array([[(255, 0, 0, 9), (0, 255, 0, 9), (0, 0, 255, 9)]], np.uint8)

    assert luminance(pixels)[0].tolist() == [54, 182, 18]


def test_flattening_lays_a_picture_on_a_colour():
    pixels = np.array([[(255, 0, 0, 0), (255, 0, 0, 128), (9, 8, 7, 255)]], np.uint8)

    result = flatten(pixels, rgb_of("#0000ff"))

    assert result.tolist() == [[[0, 0, 255], [128, 0, 127], [9, 8, 7]]]
