"""Prove that a node changed nothing outside its mask, and let anybody prove it again."""

from hashlib import sha256
from typing import TYPE_CHECKING

from nodegraph import Context, Image
from nodes._masks import with_alpha

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]


def certify(
    context: Context, original: Image, result: Image, mask: "Pixels", name: str
) -> bool:
    """Attach a lock certificate of two pictures of one size; gives whether they differ.

    It names how many pixels lie `outside`, where the mask is 0, how many of them
    `changed` (0, or there is no certificate) and the `sha256` of their RGBA bytes in
    reading order.  Raises RuntimeError, in the name of the node, where any changed.
    """
    before, after = _whole(original), _whole(result)
    outside = mask == 0
    kept = after[outside]
    changed = int((before[outside] != kept).sum())
    if changed:
        raise RuntimeError(
            f"{name} let {changed} pixels outside the mask change: "
            "this is a fault of the node, please report it"
        )
    context.certify(
        outside=len(kept),
        inside=int(outside.size - len(kept)),
        changed=changed,
        sha256=sha256(kept.tobytes()).hexdigest(),
        size=[original.width, original.height],
    )
    return bool((before != after).any())


def _whole(image: Image) -> "NDArray[np.uint32]":
    """Each pixel as one number: its RGBA bytes; opaque where there is no alpha."""
    import numpy as np

    pixels = np.ascontiguousarray(with_alpha(image.pixels))
    return pixels.view(np.uint32)[:, :, 0]
