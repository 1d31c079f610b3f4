"""Working in bands of rows."""

import cv2
import numpy as np
import pytest

from nodes._bands import in_bands


@pytest.mark.parametrize("height", (1, 63, 64, 65, 200))
def test_bands_that_reach_far_enough_leave_no_seam(picture, height):
    pixels = picture(9, height).pixels

    def soften(band):
        return cv2.blur(band, (7, 7), borderType=cv2.BORDER_REFLECT)

    whole = soften(pixels)

    assert np.array_equal(in_bands(soften, pixels, rows=16, reach=3), whole)
    if height > 16:
        assert not np.array_equal(in_bands(soften, pixels, rows=16), whole)


def test_every_band_tells_how_far_it_got(picture):
    heard = []

    in_bands(lambda band: band, picture(3, 10).pixels, rows=4, progress=heard.append)

    assert heard == [0.4, 0.8, 1.0]
