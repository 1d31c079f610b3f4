"""Pictures and masks that property tests draw, and plain ones with a known look."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nodegraph import Image, Mask

SIDES = st.integers(1, 9)


def frozen(pixels) -> np.ndarray:
    """A copy that refuses to be written to, as arrays that nodes share must be."""
    array = np.array(pixels, np.uint8)
    array.setflags(write=False)
    return array


def filled(width: int, height: int, *color: int) -> Image:
    """A picture of one colour, three channels or four."""
    return Image(frozen(np.full((height, width, len(color)), color)))


def mask_of(width: int, height: int, value: int = 255) -> Mask:
    """A mask of one value."""
    return Mask(frozen(np.full((height, width), value)))


def noise_mask(width: int, height: int, seed: int = 3) -> Mask:
    """A mask of all values, a third of them 0 and a third 255."""
    random = np.random.default_rng(seed)
    return Mask(frozen(np.clip(random.integers(-255, 511, (height, width)), 0, 255)))


def cut_out(width: int = 21, height: int = 17) -> Image:
    """An orange block, opaque, amid transparent pixels whose hidden colour is green."""
    pixels = np.full((height, width, 4), (0, 255, 0, 0))
    pixels[5:-5, 6:-6] = (220, 120, 40, 255)
    return Image(frozen(pixels))


def pixels_of(width: int, height: int, channels: int) -> st.SearchStrategy:
    """Any picture's pixels of that size."""
    return hnp.arrays(np.uint8, (height, width, channels)).map(frozen)


@st.composite
def pictures(draw, count: int = 1):
    """As many pictures as asked for, of one size, each with alpha or without."""
    width, height = draw(SIDES), draw(SIDES)
    channels = [draw(st.sampled_from((3, 4))) for _ in range(count)]
    return [Image(draw(pixels_of(width, height, depth))) for depth in channels]


@st.composite
def pictures_and_mask(draw, count: int = 1):
    """Pictures of one size and a mask of that size."""
    images = draw(pictures(count))
    value = st.one_of(st.sampled_from((0, 255)), st.integers(0, 255))
    shape = images[0].pixels.shape[:2]
    return *images, Mask(draw(hnp.arrays(np.uint8, shape, elements=value).map(frozen)))
