"""Pictures that the tests of node types share: odd sizes, alpha, never writable."""

from collections.abc import Callable

import numpy as np
import pytest

from nodegraph import Image

SIZES = ((7, 5), (1, 1), (1, 513), (513, 1), (64, 48))
"""Width and height."""


@pytest.fixture
def picture() -> Callable[..., Image]:
    """A maker of noisy pictures whose array refuses to be written to."""

    def make(width: int, height: int, channels: int = 3, seed: int = 1) -> Image:
        random = np.random.default_rng(seed)
        pixels = random.integers(0, 256, (height, width, channels), np.uint8)
        pixels.setflags(write=False)
        return Image(pixels)

    return make


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Width and height, odd ones among them."""
    return request.param


@pytest.fixture(params=(3, 4), ids=("rgb", "rgba"))
def any_image(
    request: pytest.FixtureRequest,
    size: tuple[int, int],
    picture: Callable[..., Image],
) -> Image:
    """One noisy picture of each size, without and with alpha."""
    return picture(*size, request.param)


@pytest.fixture
def whole() -> Callable[[Image], None]:
    """A check that a picture is what every node promises to give."""

    def check(image: Image) -> None:
        assert image.pixels.dtype == np.uint8
        assert image.pixels.ndim == 3
        assert image.pixels.shape[2] in (3, 4)
        assert image.pixels.flags.c_contiguous

    return check
