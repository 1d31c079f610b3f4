"""Take noise and grain out of a picture."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from nodegraph import Choice, Context, Image, Mask, Slider, node
from nodes._bands import in_bands
from nodes._gaussian import gaussian
from nodes._masks import mixed, through
from nodes._pixels import luminance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

METHODS = ("bilateral", "median", "nlmeans")
PATCH, WINDOW = 7, 15
"""Sides of what non-local means compares and of where it searches, in pixels."""


@node(category="Filter", estimate=lambda settings: 15)
def denoise(
    context: Context,
    image: Image,
    mask: Mask | None = None,
    strength: Annotated[float, Slider(0, 1)] = 0.5,
    method: Annotated[str, Choice(METHODS)] = "bilateral",
    keep_detail: Annotated[float, Slider(0, 1)] = 0.3,
) -> Image:
    """Give the picture with less noise.

    `strength`, 0 to 1; 0 leaves every pixel as it is.  `method`: `bilateral` smooths
    areas and keeps edges, quickly; `median` takes out specks and thin scratches
    (squares of 3, 5 or 7 pixels as strength rises by thirds); `nlmeans` averages
    patches that look alike, the best on film grain and the slowest.  `keep_detail`, 0
    to 1, brings the original back along edges, where smoothing hurts most.  `mask`
    limits the effect.

    Edges of the picture are mirrored.  Alpha stays as it is; transparent pixels
    neither lend colour nor change.
    """
    if strength == 0:
        return image
    return through(
        context,
        image,
        mask,
        lambda pixels: _denoised(context, pixels, strength, method, keep_detail),
    )


def _denoised(
    context: Context, pixels: "Pixels", strength: float, method: str, detail: float
) -> "Pixels":
    import numpy as np

    kernel, reach = _kernel(method, strength)
    rgb = _visible(pixels)
    smooth = in_bands(kernel, rgb, rows=96, reach=reach, progress=context.progress)
    if detail > 0:
        smooth = mixed(smooth, rgb, _edges(smooth, detail))
    if pixels.shape[2] == 3:
        return smooth
    result = pixels.copy()
    seen = pixels[:, :, 3] > 0
    np.copyto(result[:, :, :3], smooth, where=seen[:, :, None])
    return result


def _kernel(method: str, strength: float) -> tuple[Callable[["Pixels"], Any], int]:
    """The filter of contiguous RGB and how many pixels away it looks."""
    import cv2

    if method == "median":
        side = 3 if strength <= 1 / 3 else 5 if strength <= 2 / 3 else 7
        return lambda rgb: cv2.medianBlur(rgb, side), side // 2
    if method == "bilateral":
        return lambda rgb: cv2.bilateralFilter(rgb, 9, 100 * strength, 4), 4
    return lambda rgb: _nlmeans(rgb, 16 * strength), PATCH // 2 + WINDOW // 2


def _nlmeans(rgb: "Pixels", strength: float) -> Any:
    import cv2

    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    smooth = cv2.fastNlMeansDenoisingColored(
        bgr, None, strength, strength, PATCH, WINDOW
    )
    return cv2.cvtColor(smooth, cv2.COLOR_BGR2RGB)


def _visible(pixels: "Pixels") -> "Pixels":
    """RGB where transparent pixels take the colours of the visible ones nearby."""
    import numpy as np

    rgb = np.ascontiguousarray(pixels[:, :, :3])
    if pixels.shape[2] == 3 or bool(pixels[:, :, 3].all()):
        return rgb
    seen = pixels[:, :, 3:] > 0
    colour = gaussian(np.where(seen, rgb, 0).astype(np.float32), 4)
    weight = gaussian(seen.astype(np.float32), 4).reshape(seen.shape)
    fill = colour.reshape(rgb.shape) / np.maximum(weight, np.float32(1e-6))
    return np.where(seen, rgb, np.clip(fill + 0.5, 0, 255).astype(np.uint8))


def _edges(rgb: "Pixels", detail: float) -> "Pixels":
    """A mask of the edges: `detail` x 255 where lightness jumps by a quarter or more."""
    import cv2
    import numpy as np

    light = luminance(rgb)
    across = cv2.Sobel(light, cv2.CV_16S, 1, 0)
    down = cv2.Sobel(light, cv2.CV_16S, 0, 1)
    return np.asarray(
        cv2.addWeighted(
            cv2.convertScaleAbs(across),
            detail,
            cv2.convertScaleAbs(down),
            detail,
            0,
        ),
        np.uint8,
    )
