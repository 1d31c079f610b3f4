"""Picture files of any origin become 8-bit sRGB pixels, or one clear refusal."""

import io
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from nodegraph import system
from nodegraph.filenames import printable
from nodegraph.media.colour import Profile
from nodegraph.media.formats import (
    FORMATS,
    MOST_BYTES,
    MediaError,
    boundary,
    kind_of,
    opened,
    reader,
)
from nodegraph.values import Image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image as pillow
    from PIL import ImageFile

    from nodegraph.values import Pixels

LIMIT = 100_000_000
"""Pixels a picture may have by its header, unless the caller says otherwise."""

_OPAQUE = frozenset({"1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr"})
_WITH_ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})


@dataclass(frozen=True)
class Probe:
    """What the header of a picture file says; `width` and `height` as it is shown."""

    width: int
    height: int
    mode: str
    bits: int
    """Per channel, in the file."""
    format: str
    """A key of `FORMATS`."""
    frames: int
    profile: str
    """The name of the colour profile that results are given back; empty for most."""
    warnings: tuple[str, ...]
    """What the picture loses on its way in, in plain words."""

    @property
    def suffix(self) -> str:
        """What the file's name should end in, whatever it does end in."""
        return FORMATS[self.format].suffix


def probe(path: Path, limit: int = LIMIT, name: str = "") -> Probe:
    """What the header of the file at `path` says, without decoding its pixels.

    Raises `MediaError` for all that is no usable picture as far as a header tells:
    a damaged body shows only in `decode`.
    """
    name = printable(name or path.name)
    with boundary(name), opened(path) as file:
        return _look(file, name, limit)[1]


def decode(source: Path | bytes, limit: int = LIMIT, name: str = "") -> Image:
    """The picture in a file, or in the bytes of one, as read-only 8-bit sRGB.

    EXIF orientation is applied, alpha kept, a colour profile converted, 16 bits a
    channel rounded to 8.  `limit` counts pixels.  Raises `MediaError`, and nothing
    else, for whatever cannot be read whole; it calls the picture `name`.
    """
    if isinstance(source, bytes):
        name = printable(name or "the picture")
    else:
        name = printable(name or source.name)
    with boundary(name):
        if not isinstance(source, bytes):
            with opened(source) as file:
                source = file.read(MOST_BYTES + 1)
        return _decode(source, name, limit)


def _look(file: BinaryIO, name: str, limit: int) -> "tuple[ImageFile.ImageFile, Probe]":
    """Open a picture without decoding it, refuse what will not work, describe it."""
    head = file.read(32)
    kind = kind_of(head, name)
    file.seek(0)
    chunks = _chunks(file, name) if kind == "PNG" else frozenset()
    if kind == "PSD" and head[22:24] != b"\0\x08" and head[22:24] != b"\0\x01":
        raise MediaError(
            f"{name} is a Photoshop file of {head[23]} bits a channel: "
            "save it with 8, or export it as PNG"
        )
    picture = reader(kind)(file)
    if picture.width * picture.height > limit:
        raise MediaError(
            f"{name} has {picture.width}x{picture.height} pixels, more than "
            f"{limit / 1e6:g} megapixels: make it smaller"
        )
    if b"eXIf" in chunks and "exif" not in picture.info:
        picture.load()
    bits = _bits(picture, kind, head)
    _refuse_depth(picture, name, bits)
    return picture, _described(picture, kind, bits)


def _chunks(file: BinaryIO, name: str) -> frozenset[bytes]:
    """The types of a PNG's chunks; Pillow would not miss the last one."""
    found = set()
    file.seek(8)
    while b"IEND" not in found:
        head = file.read(8)
        if len(head) < 8:
            raise MediaError(f"{name} is cut off before its end: export it again")
        found.add(head[4:])
        file.seek(int.from_bytes(head[:4], "big") + 4, os.SEEK_CUR)
    file.seek(0)
    return frozenset(found)


def _bits(picture: "ImageFile.ImageFile", kind: str, head: bytes) -> int:
    """Bits a channel in the file; Pillow's mode hides 16-bit colour."""
    if kind == "PNG":
        return head[24]
    if kind == "TIFF":
        bits = _tag(picture, 258, 1)
        return int(max(bits)) if isinstance(bits, tuple) else int(bits)
    return 1 if picture.mode == "1" else 8


def _tag(picture: "ImageFile.ImageFile", number: int, default: Any) -> Any:
    """A field of a TIFF file's first page, or of anything else, the default."""
    return getattr(picture, "tag_v2", {}).get(number, default)


def _refuse_depth(picture: "ImageFile.ImageFile", name: str, bits: int) -> None:
    """Refuse number formats that cannot be brought to 8 bits knowingly."""
    sample = _tag(picture, 339, 1)
    sample = sample[0] if isinstance(sample, tuple) else sample
    if sample == 3 or picture.mode == "F":
        raise MediaError(
            f"{name} holds floating-point numbers: export it with 8 or 16 bits"
        )
    if bits not in (1, 2, 4, 8, 16) or sample == 2 or not _is_known(picture.mode):
        raise MediaError(
            f"{name} holds {bits}-bit {picture.mode} pixels, which are not read: "
            "export it as RGB with 8 or 16 bits"
        )
    plain = _tag(picture, 262, 2) in (0, 1, 2) and _tag(picture, 284, 1) == 1
    if bits == 16 and not plain:
        raise MediaError(
            f"{name} holds 16-bit pixels as CMYK or in separate planes: "
            "export it as RGB, or with 8 bits"
        )


def _is_known(mode: str) -> bool:
    return mode in _OPAQUE | _WITH_ALPHA or mode.startswith("I;16")


def _described(picture: "ImageFile.ImageFile", kind: str, bits: int) -> Probe:
    frames = 1 if kind == "PSD" else int(getattr(picture, "n_frames", 1))
    profile = Profile.of(picture)
    size = picture.size[::-1] if _orientation(picture) > 4 else picture.size
    losses = (
        f"{bits} bits a channel: reduced to 8" if bits > 8 else "",
        f"only the first of {frames} frames is used" if frames > 1 else "",
        "layers are flattened" if kind == "PSD" else "",
        "a palette of 256 colours at most" if picture.mode in ("P", "PA") else "",
        profile.loss,
    )
    said = tuple(loss for loss in losses if loss)
    return Probe(*size, picture.mode, bits, kind, frames, profile.name, said)


def _orientation(picture: "ImageFile.ImageFile") -> int:
    """How the picture is turned in the file, EXIF's 1 to 8; 1 where that is damaged.

    Pillow turns a TIFF file on its own.
    """
    if hasattr(picture, "tag_v2"):
        return 1
    if picture.format == "PNG" and "exif" not in picture.info:
        return 1  # asking Pillow would decode the whole file
    try:
        turned = picture.getexif().get(0x0112, 1)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error):
        return 1
    return turned if turned in range(1, 9) else 1


def _decode(data: bytes, name: str, limit: int) -> Image:
    picture, header = _look(io.BytesIO(data), name, limit)
    profile, turned = Profile.of(picture), _orientation(picture)
    if header.bits == 16:
        flat: pillow.Image = _reduced(data, picture)
    else:
        _load(picture)
        flat = picture
    pixels = _turned(_pixels(flat, profile), turned)
    pixels.flags.writeable = False
    return Image(pixels)


def _load(picture: "ImageFile.ImageFile") -> None:
    """Decode the pixels; ValueError where the library only mutters of damage.

    libtiff gives whatever it can and tells of the rest on stderr, naming no file.
    """
    if picture.format != "TIFF":
        picture.load()
        return
    with system.overheard() as muttered:
        picture.load()
    if muttered:
        raise ValueError(muttered[0])


def _reduced(data: bytes, picture: "ImageFile.ImageFile") -> "pillow.Image":
    """A 16-bit PNG or TIFF with 8 bits, 65535 becoming 255, each value rounded.

    OpenCV reads it, as Pillow drops or clips the lower bits.
    """
    import cv2
    import numpy as np
    from PIL import Image as pillow

    if picture.format == "PNG":
        _check_chunks(memoryview(data))
        picture.load()  # where it is cut, OpenCV's library would say so on stderr
    # its own words on stderr would break the promise of one line
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    deep = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if deep is None or deep.dtype != np.uint16:
        raise ValueError("its 16-bit pixels cannot be read")
    flat = np.asarray(cv2.convertScaleAbs(deep, alpha=255 / 65535), np.uint8)
    if flat.ndim == 2:
        return _reduced_grey(flat, np.asarray(deep, np.uint16), picture)
    if flat.shape[2] == 3:
        return pillow.fromarray(cv2.cvtColor(flat, cv2.COLOR_BGR2RGB))
    rgba = cv2.cvtColor(flat, cv2.COLOR_BGRA2RGBA)
    premultiplied = _tag(picture, 338, (2,))[0] == 1
    mode = "RGBa" if premultiplied else "RGBA"
    size = rgba.shape[1], rgba.shape[0]
    return pillow.frombytes(mode, size, rgba.tobytes()).convert("RGBA")


def _check_chunks(data: memoryview) -> None:
    """Raise ValueError where a PNG's lengths or checksums are wrong.

    OpenCV would reserve up to 2 GB for a chunk of a wrong length.
    """
    place, kind = 8, b""
    while kind != b"IEND":
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        check = int.from_bytes(data[end - 4 : end], "big")
        if end > len(data) or zlib.crc32(data[place + 4 : end - 4]) != check:
            raise ValueError("a checksum is wrong")
        place, kind = end, bytes(data[place + 4 : place + 8])


def _reduced_grey(
    flat: "Pixels", deep: "NDArray[np.uint16]", picture: "ImageFile.ImageFile"
) -> "pillow.Image":
    """Grey with what OpenCV leaves out: TIFF's black for white, PNG's clear grey."""
    import numpy as np
    from PIL import Image as pillow

    grey = pillow.fromarray(255 - flat if _tag(picture, 262, 1) == 0 else flat)
    clear = picture.info.get("transparency")
    if isinstance(clear, int):
        grey.putalpha(pillow.fromarray(np.where(deep == clear, 0, 255).astype("u1")))
    return grey


def _pixels(picture: "pillow.Image", profile: Profile) -> "Pixels":
    """The array of an 8-bit picture of any mode, its colours in sRGB."""
    import numpy as np

    clear = picture.mode in _WITH_ALPHA or "transparency" in picture.info
    if profile.transform is None:
        return np.asarray(picture.convert("RGBA" if clear else "RGB"))
    colours = profile.applied(picture)
    if clear:
        colours.putalpha(picture.convert("RGBA").getchannel("A"))
    return np.asarray(colours)


def _turned(pixels: "Pixels", orientation: int) -> "Pixels":
    """Pixels as they should be shown, given EXIF's orientation 1 to 8."""
    import numpy as np

    if orientation > 4:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
