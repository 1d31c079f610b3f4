"""What a picture file is: opened with care, known by its first bytes, else refused."""

import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

from nodegraph.filenames import printable

MOST_BYTES = 1 << 30
"""Bytes a file may have: 100 megapixels of 16-bit RGBA take 0.8 of it."""


class MediaError(ValueError):
    """A picture file cannot be used: one line with the file, the cause, the remedy."""


class Format(NamedTuple):
    """A file format that is read: its suffix and the class of Pillow that reads it."""

    suffix: str
    module: str
    reader: str


FORMATS = {
    "PNG": Format(".png", "PngImagePlugin", "PngImageFile"),
    "JPEG": Format(".jpg", "JpegImagePlugin", "JpegImageFile"),
    "WEBP": Format(".webp", "WebPImagePlugin", "WebPImageFile"),
    "TIFF": Format(".tif", "TiffImagePlugin", "TiffImageFile"),
    "BMP": Format(".bmp", "BmpImagePlugin", "BmpImageFile"),
    "GIF": Format(".gif", "GifImagePlugin", "GifImageFile"),
    "AVIF": Format(".avif", "AvifImagePlugin", "AvifImageFile"),
    "PSD": Format(".psd", "PsdImagePlugin", "PsdImageFile"),
}

SUFFIXES = frozenset(
    {*(f.suffix for f in FORMATS.values()), ".jpeg", ".tiff", ".apng", ".jfif"}
    | {".exr", ".heic", ".heif"}
)
"""Suffixes by which a file says that it is a picture, readable or not."""

_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"BM": "BMP",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"8BPS\0\1": "PSD",
}

_REFUSED = {
    b"v/1\x01": "is OpenEXR, whose light beyond white would be cut off here",
    b"%!PS": "is PostScript, a program and not a picture",
    b"\xc5\xd0\xd3\xc6": "is PostScript, a program and not a picture",
    b"%PDF": "is a PDF document",
    b"8BPS\0\2": "is a Photoshop large document",
    b"<svg": "is SVG, a drawing without pixels",
    b"<?xml": "is XML and not a picture with pixels",
    b"\xff\x0a": "is JPEG XL, which is not read yet",
    b"\0\0\0\x0cJXL ": "is JPEG XL, which is not read yet",
    b"#?RADIANCE": "is Radiance HDR, whose light beyond white would be cut off here",
}


@contextmanager
def boundary(name: str) -> Iterator[None]:
    """Turn whatever the libraries raise inside into a `MediaError` about `name`.

    Damaged files make Pillow raise OSError, SyntaxError, ValueError, TypeError,
    struct.error, EOFError and others, so all are caught.
    """
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        yield
    except MediaError:
        raise
    except MemoryError as error:
        raise MediaError(
            f"{name} needs more memory than there is: make it smaller"
        ) from error
    except Exception as error:
        raise MediaError(f"{name} {_cause(error)}") from error


def _cause(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return f"cannot be read ({error.strerror}): check the file and its permissions"
    text = printable(" ".join(str(error).split()))[:120] or type(error).__name__
    return f"is damaged or of an unknown kind ({text}): export it again as PNG"


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """Open a regular file for reading; a link to one will do, nothing else.

    A pipe or device is refused before it is opened, for opening alone may wait for
    ever; what replaces the file in between is caught by opening without waiting.
    """
    _check(path.name, path.stat())
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags), "rb") as file:  # noqa: PTH123 - a descriptor
        _check(path.name, os.fstat(file.fileno()))
        yield file


_KINDS = {
    stat.S_IFDIR: "is a folder",
    stat.S_IFIFO: "is a pipe",
    stat.S_IFSOCK: "is a socket",
    stat.S_IFCHR: "is a device",
    stat.S_IFBLK: "is a device",
}


def _check(name: str, state: os.stat_result) -> None:
    name = printable(name)
    if not stat.S_ISREG(state.st_mode):
        kind = _KINDS.get(stat.S_IFMT(state.st_mode), "is no file")
        raise MediaError(f"{name} {kind}: choose a picture file")
    if state.st_size == 0:
        raise MediaError(f"{name} is empty (0 bytes): export it again")
    if state.st_size > MOST_BYTES:
        raise MediaError(
            f"{name} has {state.st_size >> 20} MB, more than {MOST_BYTES >> 20} MB: "
            "export it as PNG"
        )


def kind_of(head: bytes, name: str) -> str:
    """The key of `FORMATS` for a file that begins with `head` (32 bytes will do).

    Raises `MediaError` with the reason for all that is not read.
    """
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    brands = head[8:32] if head[4:8] == b"ftyp" else b""
    if b"avif" in brands or b"avis" in brands:
        return "AVIF"
    raise MediaError(f"{name} {_unread(head, brands)}: export it as PNG")


def _unread(head: bytes, brands: bytes) -> str:
    """Why a file that begins like this is not read."""
    if not head:
        return "is empty"
    if any(brand in brands for brand in (b"hei", b"hev", b"mif1", b"msf1")):
        return "is HEIC, whose decoder is patented and not included"
    if brands:
        return "is a film and not a picture"
    head = head.lstrip(b"\xef\xbb\xbf \r\n\t")
    reasons = (why for magic, why in _REFUSED.items() if head.startswith(magic))
    return next(reasons, "is no picture of a known kind")


def reader(kind: str) -> Any:
    """The class that reads one format, so that no other format is ever tried.

    `PIL.Image.open` would also guess by content, EPS through Ghostscript included,
    and apply a pixel limit of its own.
    """
    format = FORMATS[kind]
    return getattr(import_module(f"PIL.{format.module}"), format.reader)
