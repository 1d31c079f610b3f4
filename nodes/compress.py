"""Make the result a small file, by quality or by size."""

from collections.abc import Callable
from typing import Annotated

from nodegraph import Choice, Color, Context, Encoded, Image, Number, Slider, node
from nodes._encode import as_decoded, encode, without_alpha

KILOBYTE = 1000
"""In bytes; a file under a limit so counted is also under one counted by 1024."""


@node("Format")
def compress(
    context: Context,
    image: Image,
    mode: Annotated[str, Choice(("quality", "size"))] = "quality",
    quality: Annotated[int, Slider(1, 100)] = 80,
    size_kb: Annotated[float, Number(0.1, 1_000_000)] = 500.0,
    format: Annotated[str, Choice(("jpeg", "webp", "avif"))] = "jpeg",
    ground: Annotated[str, Color()] = "#ffffff",
) -> Image:
    """Give the picture as a small file; exporting writes exactly that file.

    mode: `quality` compresses as `quality` says; `size` takes the highest quality
        whose file is no larger than `size_kb`.
    quality: 1 to 100, for mode `quality`.
    size_kb: the most the file may take, in kilobytes of 1000 bytes, for mode `size`.
    format: jpeg opens everywhere; webp and avif are smaller and keep transparency.
    ground: the colour under transparent parts, for jpeg, which has no transparency.

    The nodes after it see the picture as the file shows it.  The quality taken and
    the size reached are kept with the result.  Where even quality 1 is too large the
    node fails and names the size it reached.
    """
    pixels, covered = without_alpha(image, format, ground)
    if covered:
        context.note("flattened", ground)
    if mode == "quality":
        encoded = encode(pixels, format, quality)
    else:
        quality, encoded = best_under(
            int(size_kb * KILOBYTE), lambda q: encode(pixels, format, q), context
        )
    context.note("quality", quality)
    context.note("bytes", len(encoded.data))
    return as_decoded(encoded)


def best_under(
    limit: int, attempt: Callable[[int], Encoded], context: Context
) -> tuple[int, Encoded]:
    """The highest quality whose file has at most `limit` bytes, by bisection.

    Every size is that of a real file.  Raises ValueError where quality 1 is too large.
    """
    low, high = 1, 100
    best: tuple[int, Encoded] | None = None
    smallest = -1
    for step in range(7):
        context.progress(step / 7)
        if low > high:
            break
        quality = (low + high) // 2
        encoded = attempt(quality)
        smallest = len(encoded.data)
        if smallest <= limit:
            best, low = (quality, encoded), quality + 1
        else:
            high = quality - 1
    if best is None:
        raise ValueError(
            f"size_kb asks for {limit / KILOBYTE:g} KB but quality 1 still takes "
            f"{smallest / KILOBYTE:g} KB: allow more, resize the picture first, or "
            "choose webp or avif"
        )
    return best
