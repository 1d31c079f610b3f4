"""Lock a composition: outside the mask every pixel stays the original's."""

from nodegraph import Context, Image, Mask, node
from nodes._certificate import certify
from nodes._masks import check_mask, is_empty, mixed, size_of


@node(category="Composite", estimate=lambda settings: 6)
def lock(context: Context, original: Image, changed: Image, mask: Mask) -> Image:
    """Give `changed` inside the mask and `original`, bit for bit, outside it.

    Where the mask is 255 the pixels are the changed picture's, where it is 0 the
    original's, alpha included; between, the two mix in proportion.  All three must have
    the same size.  Where one picture has alpha and the other has not, the latter counts
    as opaque.  With an empty mask the original passes through.

    The result carries a lock certificate: after the work every pixel outside the mask
    was compared with the original's.  It names how many there are (`outside`), how many
    of them differ (`changed`, always 0) and the `sha256` of their RGBA bytes in reading
    order, which anybody can compute again from the original and the mask.
    """
    _check_sizes(original, changed, mask)
    result = original if is_empty(mask) else _locked(original, changed, mask)
    differs = certify(context, original, result, mask.pixels, "the lock")
    if is_empty(mask):
        context.outcome("no_mask", "the mask is empty: the original passed through")
    elif not differs:
        context.outcome("unchanged", "inside the mask, too, nothing changed")
    return result


def _check_sizes(original: Image, changed: Image, mask: Mask) -> None:
    if original.pixels.shape[:2] != changed.pixels.shape[:2]:
        raise ValueError(
            f"changed is {size_of(changed)} but original is {size_of(original)}: "
            "resize the changed picture to the original's size (exact) before the lock"
        )
    check_mask(mask, original)


def _locked(original: Image, changed: Image, mask: Mask) -> Image:
    """The mix, without alpha where the original has none and none came in."""
    import numpy as np

    pixels = mixed(original.pixels, changed.pixels, mask.pixels)
    if original.alpha is None and bool((pixels[:, :, 3:] == 255).all()):
        pixels = np.ascontiguousarray(pixels[:, :, :3])
    return Image(pixels)
