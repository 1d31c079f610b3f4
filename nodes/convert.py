"""Give the result a file format."""

from typing import Annotated

from nodegraph import Choice, Color, Context, Image, Slider, node
from nodes._encode import FORMATS, as_decoded, encode, without_alpha


@node("Format")
def convert(
    context: Context,
    image: Image,
    format: Annotated[str, Choice(tuple(FORMATS))] = "png",
    quality: Annotated[int, Slider(1, 100)] = 90,
    lossless: bool = False,
    ground: Annotated[str, Color()] = "#ffffff",
) -> Image:
    """Give the picture in another file format; exporting writes exactly that file.

    format: png and tiff lose nothing; jpeg, webp and avif are smaller.
    quality: 1 to 100, for jpeg, webp and avif; from 90 on jpeg and avif keep colour
        at full resolution.
    lossless: webp without any loss; the other formats do not heed it.
    ground: the colour under transparent parts, for jpeg, which has no transparency.

    The nodes after it see the picture as the file shows it, losses included.  The
    file carries no metadata and is the same each time.  webp holds at most 16383
    pixels an edge, jpeg 65500, avif 65536.
    """
    pixels, covered = without_alpha(image, format, ground)
    if covered:
        context.note("flattened", ground)
    encoded = encode(pixels, format, quality, lossless)
    context.note("bytes", len(encoded.data))
    return as_decoded(encoded)
