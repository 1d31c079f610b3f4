"""Lay one picture over another."""

from typing import TYPE_CHECKING, Annotated

from nodegraph import Choice, Context, Image, Mask, Slider, node
from nodes._bands import in_bands
from nodes._blend_modes import MODES, blended
from nodes._masks import check_mask, is_empty, with_alpha
from nodes._pixels import spread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Weights = NDArray[np.float32]


@node(category="Composite", estimate=lambda settings: 6)
def blend(
    context: Context,
    base: Image,
    top: Image,
    mask: Mask | None = None,
    mode: Annotated[str, Choice(MODES)] = "normal",
    opacity: Annotated[float, Slider(0, 1)] = 1.0,
    fit: Annotated[str, Choice(("resize", "centre"))] = "resize",
) -> Image:
    """Give `base` with `top` laid over it; size and place are the base's.

    `mode` says how colours meet: `normal` covers; `multiply`, `darken` and
    `color_burn` darken; `screen`, `lighten`, `add` and `color_dodge` lighten;
    `overlay`, `soft_light` and `hard_light` add contrast; `difference`, `exclusion`
    and `subtract` compare; `hue`, `saturation`, `color` and `luminosity` take only that
    from the top.  `opacity`, 0 to 1, is how much of the top shows; at 0 every pixel is
    the base's.  `mask`, as large as the base, limits where it shows.

    A top of another size is fitted: `resize` stretches it to the base's size, `centre`
    lays it in the middle and cuts off what hangs over.

    Formulas: W3C, Compositing and Blending Level 1, in sRGB values as browsers do;
    alpha by its source-over, so transparent pixels of either picture lend no colour.
    """
    if mask is not None:
        check_mask(mask, base)
        if is_empty(mask):
            context.outcome("no_mask", "the mask is empty: the base passed through")
            return base
    if opacity == 0:
        return base
    over = _fitted(context, top, base, fit)
    pixels = _composed(base.pixels, over, _weights(over, mask, opacity), mode, opacity)
    if pixels.shape == base.pixels.shape and bool((pixels == base.pixels).all()):
        context.outcome("unchanged", "the top shows nowhere: every pixel is the base's")
    return Image(pixels)


def _fitted(context: Context, top: Image, base: Image, fit: str) -> "Pixels":
    """The top's pixels at the base's size; transparent where it does not reach."""
    if top.pixels.shape[:2] == base.pixels.shape[:2]:
        return top.pixels
    context.note(
        "top_fitted",
        {
            "by": fit,
            "from": [top.width, top.height],
            "to": [base.width, base.height],
        },
    )
    return _stretched(top, base) if fit == "resize" else _centred(top, base)


def _stretched(top: Image, base: Image) -> "Pixels":
    import cv2
    import numpy as np

    shrinks = top.width >= base.width and top.height >= base.height
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    size = (base.width, base.height)
    return spread(
        top.pixels, lambda array: np.asarray(cv2.resize(array, size, interpolation=how))
    )


def _centred(top: Image, base: Image) -> "Pixels":
    import numpy as np

    result = np.zeros((base.height, base.width, 4), np.uint8)
    rows, source_rows = _overlap(base.height, top.height)
    columns, source_columns = _overlap(base.width, top.width)
    result[rows, columns] = with_alpha(top.pixels)[source_rows, source_columns]
    return result


def _overlap(outer: int, inner: int) -> tuple[slice, slice]:
    """Where `inner` lies in `outer` when centred, and which part of it that is."""
    start = (outer - inner) // 2
    length = min(outer, inner)
    return (
        slice(max(start, 0), max(start, 0) + length),
        slice(max(-start, 0), max(-start, 0) + length),
    )


def _weights(top: "Pixels", mask: Mask | None, opacity: float) -> "Weights | None":
    """How much of the top shows, 0 to 1, shape (height, width); None if everywhere."""
    import numpy as np

    parts = [top[:, :, 3]] if top.shape[2] == 4 else []
    parts += [mask.pixels] if mask is not None else []
    if all(bool((part == 255).all()) for part in parts):
        return None
    weights = np.full(top.shape[:2], opacity, np.float32)
    for part in parts:
        weights *= part * np.float32(1 / 255)
    return weights


def _composed(
    base: "Pixels",
    top: "Pixels",
    weights: "Weights | None",
    mode: str,
    opacity: float,
) -> "Pixels":
    """The two laid together; the quick way where the base is opaque."""
    import numpy as np

    under = np.ascontiguousarray(base[:, :, :3])
    over = np.ascontiguousarray(top[:, :, :3])
    is_opaque = base.shape[2] == 3 or bool((base[:, :, 3] == 255).all())
    if is_opaque and weights is None:
        rgb = blended(under, over, mode, opacity)
        return rgb if base.shape[2] == 3 else with_alpha(rgb)
    if weights is None:
        weights = np.full(top.shape[:2], opacity, np.float32)
    met = blended(under, over, mode)
    if is_opaque:
        rgb = in_bands(_crossed, under, met, weights)
        return rgb if base.shape[2] == 3 else with_alpha(rgb)
    return in_bands(_source_over, base, over, met, weights)


def _crossed(base: "Pixels", met: "Pixels", weights: "Weights") -> "Pixels":
    import cv2
    import numpy as np

    rest = np.float32(1) - weights
    return np.asarray(cv2.blendLinear(base, met, rest, weights), np.uint8)


def _source_over(
    base: "Pixels", top: "Pixels", met: "Pixels", weights: "Weights"
) -> "Pixels":
    """Simple alpha compositing with blending; where the top has no weight, the base.

    With s, b the alphas of top and base: o = s + b (1 - s), and the colour is
    (s (1 - b) top + s b B + (1 - s) b base) / o.
    https://www.w3.org/TR/compositing-1/#generalformula
    """
    import numpy as np

    s = weights[:, :, None]
    b = base[:, :, 3:] * np.float32(1 / 255)
    o = s + b * (1 - s)
    colour = s * (1 - b) * top + s * b * met + (1 - s) * b * base[:, :, :3]
    result = base.copy()
    shown = weights > 0
    solid = np.maximum(o, np.float32(1e-6))
    full = np.concatenate((colour / solid, 255 * o), axis=2)
    result[shown] = np.minimum(full[shown] + np.float32(0.5), 255).astype(np.uint8)
    return result
