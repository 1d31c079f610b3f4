"""Pixels become the files this program writes: PNG, intermediate frames, thumbnails."""

import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from nodegraph.filenames import printable
from nodegraph.media.formats import MediaError, boundary, opened

if TYPE_CHECKING:
    from nodegraph.values import Pixels

FRAME = ".frame"
"""The suffix of intermediate results."""

THUMB = ".jpg"
"""The suffix of thumbnails: what every user interface can show."""

THUMB_SIDE = 256
"""The longest side of a thumbnail, in pixels."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}
_KEYWORD = b"workbench"
_MOST_TEXT = 16 << 20
_MAGIC, _VERSION = b"\x89AWF", 1
_DAMAGED = "is damaged: delete it and run again, it is made anew"
_HEAD = struct.Struct("<4sBBHIII")


def png(pixels: "Pixels", profile: bytes = b"") -> bytes:
    """A PNG file of grey (height, width), grey with alpha, RGB or RGBA pixels, uint8.

    `profile` is the ICC profile that says what the colours mean; none is sRGB.
    Flat drawings and photographs want opposite ways of packing, so both are tried on
    a sample of the rows and the smaller wins: in `tests/bench/bench_media.py` 2 to 16
    times as fast as Pillow's default on both, and about as small or smaller.
    """
    import numpy as np

    height, width, channels = _shape(pixels)
    rows = np.ascontiguousarray(pixels).reshape(height, width * channels)
    sample = _sample(rows, 4)
    flat = len(_flat(sample, 1)) <= len(_smooth(sample, channels))
    data = _flat(rows, 6) if flat else _smooth(rows, channels)
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPE[channels], 0, 0, 0)
    parts = [_chunk(b"IHDR", head), _chunk(b"IDAT", data), _chunk(b"IEND", b"")]
    if profile:
        named = b"ICC profile\0\0" + zlib.compress(profile)
        parts.insert(1, _chunk(b"iCCP", named))
    return _SIGNATURE + b"".join(parts)


def _shape(pixels: "Pixels") -> tuple[int, int, int]:
    """Height, width, channels."""
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    return pixels.shape[0], pixels.shape[1], channels


def _sample(rows: "Pixels", tall: int) -> "Pixels":
    """Eight bands of `tall` rows from top to bottom; all rows where there are few."""
    step = rows.shape[0] // 8
    if step <= 2 * tall:
        return rows
    bands = rows[: step * 8].reshape(8, step, -1)[:, :tall]
    return bands.reshape(8 * tall, -1)


def _flat(rows: "Pixels", level: int) -> bytes:
    """PNG's compressed rows, unfiltered: best where colours repeat."""
    import numpy as np

    lines = np.zeros((rows.shape[0], rows.shape[1] + 1), np.uint8)
    lines[:, 1:] = rows
    return zlib.compress(lines.data, level)


def _smooth(rows: "Pixels", channels: int) -> bytes:
    """PNG's compressed rows as differences from the mean of left and above."""
    import numpy as np

    lines = np.full((rows.shape[0], rows.shape[1] + 1), 3, np.uint8)
    above, left = np.zeros_like(rows), np.zeros_like(rows)
    above[1:] = rows[:-1]
    left[:, channels:] = rows[:, :-channels]
    # (above + left) // 2 without a ninth bit
    lines[:, 1:] = rows - ((above & left) + ((above ^ left) >> 1))
    packer = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_RLE)
    return packer.compress(lines.data) + packer.flush()


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(data, zlib.crc32(kind))
    return b"".join(
        (struct.pack(">I", len(data)), kind, data, struct.pack(">I", check))
    )


def with_provenance(data: bytes, suffix: str, text: str) -> bytes:
    """The encoded picture with `text` inside, its pixels and their bytes untouched.

    Only PNG takes it, as an iTXt chunk; any other suffix gives `data` back.
    """
    if suffix != ".png" or not data.startswith(_SIGNATURE):
        return data
    chunk = _chunk(b"iTXt", _KEYWORD + b"\0\0\0\0\0" + text.encode())
    after_header = len(_SIGNATURE) + 25
    return data[:after_header] + chunk + data[after_header:]


def provenance(path: Path) -> str | None:
    """The text that `with_provenance` left in a file, or None.

    Raises `MediaError` where the file cannot be read.
    """
    with boundary(printable(path.name)), opened(path) as file:
        if file.read(8) != _SIGNATURE:
            return None
        while len(head := file.read(8)) == 8:
            size, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind != b"iTXt" or size > _MOST_TEXT:
                file.seek(size + 4, 1)
                continue
            data, check = file.read(size), file.read(4)
            key, _, rest = data.partition(b"\0")
            if key == _KEYWORD and _chunk(kind, data)[-4:] == check:
                return rest[4:].decode()
        return None


def frame(pixels: "Pixels") -> bytes:
    """A lossless intermediate file of grey (height, width), RGB or RGBA pixels.

    A checked header, then zstd-1 with a checksum over the rows or over each row's
    difference from the one above it, whichever packs a sample smaller.  Of the ways in
    `tests/bench/bench_media.py` the cheapest in processor time and bytes to flush
    together: drawings shrink to a fifteenth, photographs to a half.
    """
    import numpy as np
    import zstandard

    height, width, channels = _shape(pixels)
    rows = np.ascontiguousarray(pixels).reshape(height, width * channels)
    packer = zstandard.ZstdCompressor(level=1, write_checksum=True)
    sample = _sample(rows, 8)
    plain, stepped = (len(packer.compress(s.data)) for s in (sample, _steps(sample)))
    steps = stepped < plain
    body = packer.compress((_steps(rows) if steps else rows).data)
    fields = _MAGIC, _VERSION, channels, int(steps), height, width
    return _HEAD.pack(*fields, zlib.crc32(_HEAD.pack(*fields, 0))) + body


def _steps(rows: "Pixels") -> "Pixels":
    """Every row minus the one above, modulo 256."""
    import numpy as np

    steps = np.empty_like(rows)
    steps[0] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=steps[1:])
    return steps


def unframe(data: bytes, name: str = "the intermediate") -> "Pixels":
    """The pixels that `frame` was given, bit for bit.

    Raises `MediaError` for anything that is not exactly what `frame` wrote.
    """
    import numpy as np
    import zstandard

    height, width, channels, steps = _unframed_head(data, name)
    size = height * width * channels
    payload = memoryview(data)[_HEAD.size :]
    try:
        if zstandard.frame_content_size(payload) != size:
            raise MediaError(f"{name} {_DAMAGED}")
        plain = zstandard.ZstdDecompressor().decompress(
            payload, max_output_size=size, allow_extra_data=False
        )
    except zstandard.ZstdError as error:
        raise MediaError(f"{name} {_DAMAGED}") from error
    rows = np.frombuffer(plain, np.uint8).reshape(height, -1)
    rows = _summed(rows) if steps else rows
    rows.flags.writeable = False
    return rows.reshape((height, width, channels)[: 3 if channels > 1 else 2])


def _unframed_head(data: bytes, name: str) -> tuple[int, int, int, int]:
    """Height, width, channels, and whether the rows are differences."""
    if len(data) < _HEAD.size or not data.startswith(_MAGIC):
        raise MediaError(f"{name} is no intermediate: delete it and run again")
    *fields, check = _HEAD.unpack_from(data)
    _, version, channels, steps, height, width = fields
    if version != _VERSION:
        raise MediaError(f"{name} has format {version}: update this program")
    if check != zlib.crc32(_HEAD.pack(*fields, 0)):
        raise MediaError(f"{name} {_DAMAGED}")
    return height, width, channels, steps


def _summed(steps: "Pixels") -> "Pixels":
    """Every row plus all rows above it, modulo 256."""
    import numpy as np

    if steps.shape[1] < 512:  # many short rows: one call beats a call each
        return np.add.accumulate(steps, axis=0, dtype=np.uint8)
    rows = np.empty_like(steps)
    rows[0] = steps[0]
    for above, step, row in zip(rows[:-1], steps[1:], rows[1:], strict=True):
        np.add(above, step, out=row)
    return rows


def thumbnail(pixels: "Pixels") -> bytes:
    """A JPEG of at most 256 pixels a side; what is transparent shows a chequerboard.

    Never enlarged; a side never vanishes.
    """
    import cv2
    import numpy as np

    height, width, channels = _shape(pixels)
    scale = min(1.0, THUMB_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    halved = _halved(np.ascontiguousarray(pixels))
    small: Pixels = np.asarray(
        cv2.resize(halved, size, interpolation=cv2.INTER_AREA), np.uint8
    )
    if channels == 4:
        small = _on_squares(small)
    if channels > 1:
        small = small[:, :, ::-1]
    done, data = cv2.imencode(THUMB, small, [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not done:
        raise MediaError("the thumbnail cannot be made: check the picture's size")
    return np.asarray(data).tobytes()


def _halved(pixels: "Pixels") -> "Pixels":
    """Halved as long as enough is left: OpenCV halves much faster than it scales.

    Of an odd side the last pixel goes.
    """
    import cv2
    import numpy as np

    while max(pixels.shape[:2]) >= 2 * THUMB_SIDE and min(pixels.shape[:2]) >= 2:
        height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
        even = pixels[: height * 2, : width * 2]
        half = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
        pixels = np.asarray(half, np.uint8)
    return pixels


def _on_squares(rgba: "Pixels") -> "Pixels":
    """RGBA over squares of two greys, 8 pixels wide."""
    import numpy as np

    y, x = np.ogrid[: rgba.shape[0], : rgba.shape[1]]
    ground = np.where((x // 8 + y // 8) % 2, 102, 153)[:, :, None]
    alpha = rgba[:, :, 3:].astype(np.int32)
    mixed = (rgba[:, :, :3] * alpha + ground * (255 - alpha) + 127) // 255
    return mixed.astype(np.uint8)
