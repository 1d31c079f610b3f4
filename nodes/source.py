"""Where a picture enters the graph."""

from typing import Annotated

from nodegraph import File, Image, Role, node

IMAGE_SUFFIXES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".webp",
    ".tif",
    ".tiff",
    ".bmp",
    ".gif",
    ".avif",
    ".psd",
)


@node("Input", role=Role.SOURCE)
def source(file: Annotated[str, File(IMAGE_SUFFIXES)] = "") -> Image:
    """Give the picture in a file; a board's drawings enter here, one after another.

    file: PNG, JPEG, WebP, TIFF, BMP, GIF (first frame), AVIF or PSD (flattened), at
        most 100 megapixels.  Leave it empty where a batch shall fill in each shot.

    The original is copied when a run is queued and never written to.
    """
    raise ValueError(
        f"the source {file!r} was not imported: run it through a project, "
        "which reads the file when the run is queued"
    )
