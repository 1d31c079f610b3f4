"""Work through a picture in bands of rows: small temporaries, and a place to stop."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]


def in_bands(
    kernel: Callable[..., Any],
    *arrays: "NDArray[Any]",
    rows: int = 64,
    reach: int = 0,
    progress: Callable[[float], None] | None = None,
) -> "Pixels":
    """What `kernel` gives for `arrays`, called for `rows` rows of them at a time.

    The arrays have the same height; the kernel gets a band of each and gives as many
    rows.  `reach` is how many rows above and below a result depends on: a band carries
    them along, so that the whole is what one call would have given.  `progress` hears
    the share of rows done after each band.
    """
    import numpy as np

    height = arrays[0].shape[0]
    parts = []
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        first, last = max(top - reach, 0), min(bottom + reach, height)
        band = kernel(*(array[first:last] for array in arrays))
        parts.append(band[top - first : bottom - first])
        if progress is not None:
            progress(bottom / height)
    return np.concatenate(parts)
