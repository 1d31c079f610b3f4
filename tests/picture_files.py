"""Picture files of every kind, whole and broken, each small and built here."""

import io
import struct
import zlib
from typing import Any, NamedTuple

from PIL import Image as Pillow
from PIL import ImageCms


def saved(image: Pillow.Image, format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.copy().save(stream, format, **options)  # saving marks the image
    return stream.getvalue()


def animation(format: str, **options: Any) -> bytes:
    """Three frames, the first of the colour 200, 100, 50."""
    first, *rest = (
        Pillow.new("RGB", (6, 4), c) for c in ((200, 100, 50), "red", "blue")
    )
    return saved(first, format, save_all=True, append_images=rest, **options)


def chunk(kind: bytes, data: bytes) -> bytes:
    return (
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data))
    )


def png(
    rows: bytes, width: int, height: int, bits: int, colour: int, *extra: bytes
) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", head),
            *extra,
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        )
    )


def tiff(
    pixels: bytes, width: int, height: int, bits: tuple[int, ...], **tags: int
) -> bytes:
    """An uncompressed little-endian TIFF of one strip, its fields as given."""
    names = {"photometric": 262, "planar": 284, "extra": 338, "sample": 339}
    strip = 8 + len(bits) * 2
    fields = {
        256: (4, 1, width),
        257: (4, 1, height),
        258: (3, len(bits), 8 if len(bits) > 2 else bits[0]),
        259: (3, 1, 1),
        262: (3, 1, 2 if len(bits) > 2 else 1),
        273: (4, 1, strip),
        277: (3, 1, len(bits)),
        278: (4, 1, height),
        279: (4, 1, len(pixels)),
    } | {names[name]: (3, 1, value) for name, value in tags.items()}
    table = b"".join(
        struct.pack("<HHII", number, *value) for number, value in sorted(fields.items())
    )
    head = struct.pack("<2sHI", b"II", 42, strip + len(pixels))
    depths = struct.pack(f"<{len(bits)}H", *bits)
    return b"".join(
        (head, depths, pixels, struct.pack("<H", len(fields)), table, bytes(4))
    )


def psd(mode: int, channels: bytes, bits: int = 8, version: int = 1) -> bytes:
    """A flat Photoshop file of 2x2 pixels, each channel of one value."""
    head = struct.pack(">4sH6xHIIHH", b"8BPS", version, len(channels), 2, 2, bits, mode)
    body = b"".join(bytes([value]) * 4 for value in channels)
    return head + bytes(12) + struct.pack(">H", 0) + body


RGB = Pillow.new("RGB", (6, 4), (200, 100, 50))
RGBA = Pillow.new("RGBA", (6, 4), (200, 100, 50, 128))
GREY = Pillow.new("L", (6, 4), 100)
PALETTE = Pillow.new("P", (6, 4))
PALETTE.putpalette([10, 20, 30, 200, 100, 50])
DEEP = struct.pack("<3H", 51400, 25700, 12850) * 24
"""24 pixels of the colour 200, 100, 50 in 16 bits a channel."""


def deep_rows(*values: int) -> bytes:
    return (b"\0" + struct.pack(f">{len(values)}H", *values) * 6) * 4


def linear_profile() -> bytes:
    """A matrix profile like sRGB's but without a curve, written by hand."""
    primaries = {
        b"wtpt": (0.9642, 1.0, 0.8249),
        b"rXYZ": (0.4361, 0.2225, 0.0139),
        b"gXYZ": (0.3851, 0.7169, 0.0971),
        b"bXYZ": (0.1431, 0.0606, 0.7141),
    }
    tags = {
        name: b"XYZ \0\0\0\0"
        + b"".join(struct.pack(">i", round(v * 65536)) for v in xyz)
        for name, xyz in primaries.items()
    }
    curve = b"curv\0\0\0\0\0\0\0\0"
    tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    tags[b"desc"] = b"desc\0\0\0\0\0\0\0\x07Linear\0" + bytes(78) + bytes(3)
    tags[b"cprt"] = b"text\0\0\0\0none\0\0\0\0"
    offset, table, body = 132 + 12 * len(tags), b"", b""
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += struct.pack(">4sII", name, offset + len(body), len(data))
        body += data
    head = struct.pack(
        ">I4sI4s4s4s12s4s", offset + len(body), b"", 0x02100000, b"mntr", b"RGB ",
        b"XYZ ", bytes(12), b"acsp",
    )  # fmt: skip
    head += bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
COLOUR, CLEAR = (200, 100, 50), (200, 100, 50, 128)


class Good(NamedTuple):
    """A file, its first pixel when decoded, and what `probe` must warn of."""

    data: bytes
    first: tuple[int, ...]
    warning: str = ""
    off: int = 0


GOOD = {
    "plain.png": Good(saved(RGB, "PNG"), COLOUR),
    "alpha.png": Good(saved(RGBA, "PNG"), CLEAR),
    "grey.png": Good(saved(GREY, "PNG"), (100, 100, 100)),
    "grey-alpha.png": Good(saved(RGBA.convert("LA"), "PNG"), (124, 124, 124, 128), "", 1),
    "bits.png": Good(saved(Pillow.new("1", (6, 4), 1), "PNG"), (255, 255, 255)),
    "palette.png": Good(saved(PALETTE, "PNG"), (10, 20, 30), "palette"),
    "palette-clear.png": Good(
        saved(PALETTE, "PNG", transparency=b"\x40\xff"), (10, 20, 30, 64), "palette"
    ),
    "colour-key.png": Good(
        saved(RGB, "PNG", transparency=COLOUR), (200, 100, 50, 0)
    ),
    "grey-4.png": Good(png(b"\0\x88\x88\x88" * 4, 6, 4, 4, 0), (136, 136, 136)),
    "deep-grey.png": Good(
        png(deep_rows(25700), 6, 4, 16, 0), (100, 100, 100), "16 bits a channel"
    ),
    "deep-grey-key.png": Good(
        png(deep_rows(25700), 6, 4, 16, 0, chunk(b"tRNS", struct.pack(">H", 25700))),
        (100, 100, 100, 0),
        "16 bits",
    ),
    "deep.png": Good(
        png(deep_rows(51400, 25700, 12850), 6, 4, 16, 2), COLOUR, "reduced to 8"
    ),
    "deep-rounds-up.png": Good(
        png(deep_rows(51399, 25829, 12721), 6, 4, 16, 2), (200, 101, 49), "16 bits"
    ),
    "deep-key.png": Good(
        png(
            deep_rows(51400, 25700, 12850), 6, 4, 16, 2,
            chunk(b"tRNS", struct.pack(">3H", 51400, 25700, 12850)),
        ),
        (200, 100, 50, 0),
        "16 bits",
    ),
    "deep-alpha.png": Good(
        png(deep_rows(51400, 25700, 12850, 32896), 6, 4, 16, 6), CLEAR, "16 bits"
    ),
    "deep-grey-alpha.png": Good(
        png(deep_rows(25700, 32896), 6, 4, 16, 4), (100, 100, 100, 128), "16 bits"
    ),
    "animated.png": Good(
        animation("PNG"), COLOUR,
        "only the first of 3 frames",
    ),
    "photo.jpg": Good(saved(RGB, "JPEG", quality=95), COLOUR, "", 2),
    "grey.jpg": Good(saved(GREY, "JPEG"), (100, 100, 100), "", 1),
    "cmyk.jpg": Good(
        saved(Pillow.new("CMYK", (6, 4), (0, 100, 200, 0)), "JPEG", quality=95),
        (255, 155, 55), "CMYK without a profile", 3,
    ),
    "phone.mpo": Good(
        animation("MPO"), COLOUR, "", 2
    ),
    "lossless.webp": Good(saved(RGBA, "WEBP", lossless=True, exact=True), CLEAR),
    "animated.webp": Good(
        animation("WEBP", lossless=True),
        COLOUR, "only the first of 3 frames",
    ),
    "plain.tif": Good(saved(RGB, "TIFF"), COLOUR),
    "pages.tif": Good(
        animation("TIFF"), COLOUR,
        "only the first of 3 frames",
    ),
    "cmyk.tif": Good(
        saved(Pillow.new("CMYK", (6, 4), (0, 100, 200, 0)), "TIFF"),
        (255, 155, 55), "CMYK without a profile",
    ),
    "video-colour.tif": Good(saved(RGB.convert("YCbCr"), "TIFF"), COLOUR, "", 2),
    "deep.tif": Good(tiff(DEEP, 6, 4, (16,) * 3), COLOUR, "16 bits"),
    "deep-grey.tif": Good(
        tiff(struct.pack("<H", 25700) * 24, 6, 4, (16,)), (100, 100, 100), "16 bits"
    ),
    "deep-negative.tif": Good(
        tiff(struct.pack("<H", 25700) * 24, 6, 4, (16,), photometric=0),
        (155, 155, 155), "16 bits",
    ),
    "deep-straight.tif": Good(
        tiff(struct.pack("<4H", 51400, 25700, 12850, 32896) * 24, 6, 4, (16,) * 4, extra=2),
        CLEAR, "16 bits",
    ),
    "deep-premultiplied.tif": Good(
        tiff(struct.pack("<4H", 25700, 12850, 6425, 32896) * 24, 6, 4, (16,) * 4, extra=1),
        (199, 100, 50, 128), "16 bits", 1,
    ),
    "plain.bmp": Good(saved(RGB, "BMP"), COLOUR),
    "still.gif": Good(saved(PALETTE, "GIF"), (10, 20, 30), "palette"),
    "clear.gif": Good(
        saved(PALETTE, "GIF", transparency=0), (10, 20, 30, 0), "palette"
    ),
    "animated.gif": Good(
        animation("GIF"), COLOUR,
        "only the first of 3 frames",
    ),
    "new.avif": Good(saved(RGB, "AVIF", quality=95), COLOUR, "", 4),
    "flat.psd": Good(psd(3, bytes(COLOUR)), COLOUR, "layers are flattened"),
    "cmyk.psd": Good(psd(4, bytes((255, 155, 55, 255))), (255, 155, 55), "CMYK"),
    "same-profile.png": Good(saved(RGB, "PNG", icc_profile=SRGB_PROFILE), COLOUR),
    "linear-profile.png": Good(
        saved(RGB, "PNG", icc_profile=linear_profile()), (228, 168, 122),
        "colour profile Linear: converted to sRGB", 1,
    ),
    "linear-profile-clear.png": Good(
        saved(RGBA, "PNG", icc_profile=linear_profile()), (228, 168, 122, 128),
        "converted to sRGB", 1,
    ),
    "deep-linear-profile.png": Good(
        png(
            deep_rows(51400, 25700, 12850), 6, 4, 16, 2,
            chunk(b"iCCP", b"x\0\0" + zlib.compress(linear_profile())),
        ),
        (228, 168, 122), "converted to sRGB", 1,
    ),
    "damaged-profile.png": Good(
        saved(RGB, "PNG", icc_profile=SRGB_PROFILE[:200]), COLOUR, "profile is damaged"
    ),
    "foreign-profile.png": Good(
        saved(GREY, "PNG", icc_profile=SRGB_PROFILE), (100, 100, 100), "foreign"
    ),
    "damaged-exif.jpg": Good(
        saved(RGB, "JPEG", quality=95, exif=b"Exif\0\0II*\0\xff\xff\xff\x7f"), COLOUR,
        "", 2,
    ),
    "archive-behind.png": Good(saved(RGB, "PNG") + b"PK\5\6" + bytes(18), COLOUR),
    "really-a.jpg": Good(saved(RGB, "PNG"), COLOUR),
}  # fmt: skip


def header_only(width: int, height: int) -> bytes:
    return png(b"", width, height, 8, 2)


PNG = saved(Pillow.effect_noise((64, 64), 80).convert("RGB"), "PNG")
JPEG = saved(Pillow.effect_noise((64, 64), 80).convert("RGB"), "JPEG")
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
FTYP = b"\0\0\0\x18ftyp"
CUT = "damaged|cut off"

BAD = {
    "zero.png": (b"", r"is empty \(0 bytes\)"),
    "one-byte.png": (b"\x89", "no picture of a known kind"),
    "text.png": (b"just words, no picture at all\n" * 9, "no picture"),
    "page.png": (b"<!doctype html><p>404 not found", "no picture"),
    "eps.png": (EPS, "is PostScript"),
    "dos-eps.png": (b"\xc5\xd0\xd3\xc6" + bytes(26) + EPS, "is PostScript"),
    "document.png": (b"%PDF-1.7\n", "is a PDF"),
    "drawing.png": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is SVG"),
    "drawing-xxe.png": (b"\xef\xbb\xbf<?xml version='1.0'?><!DOCTYPE x>", "is XML"),
    "light.exr": (b"v/1\x01" + bytes(60), "is OpenEXR"),
    "light.hdr": (b"#?RADIANCE\n", "Radiance"),
    "phone.heic": (FTYP + b"heic\0\0\0\0mif1heic", "is HEIC"),
    "phone.heif": (FTYP + b"mif1\0\0\0\0mif1heic", "is HEIC"),
    "film.mp4": (FTYP + b"isom\0\0\0\0isomiso2", "is a film"),
    "next.jxl": (b"\xff\x0a" + bytes(20), "JPEG XL"),
    "big.psb": (psd(3, bytes(COLOUR), version=2), "large document"),
    "deep.psd": (psd(3, bytes(COLOUR) * 2, bits=16), "16 bits a channel"),
    "raster.ppm": (b"P6 60000 60000 255\n", "no picture of a known kind"),
    "cut-head.png": (PNG[:20], CUT),
    "cut-half.png": (PNG[: len(PNG) // 2], CUT),
    "no-end.png": (PNG[:-12], "cut off before its end"),
    "short-rows.png": (png(bytes(100), 64, 64, 8, 2), CUT),
    "flipped.png": (PNG[:900] + bytes([PNG[900] ^ 255]) + PNG[901:], CUT),
    "cut-half.jpg": (JPEG[: len(JPEG) // 2], CUT),
    "cut-head.jpg": (JPEG[:12], CUT),
    "cut.webp": (saved(RGB, "WEBP")[:-30], CUT),
    "cut.tif": (saved(RGB, "TIFF")[:60], CUT),
    "cut-deep.tif": (tiff(DEEP[:20], 6, 400, (16,) * 3), CUT),
    "cut-deep.png": (png(deep_rows(1, 2, 3)[:40], 6, 4, 16, 2), CUT),
    "cut-deep-huge-chunk.png": (
        png(
            deep_rows(1, 2, 3), 6, 4, 16, 2,
            chunk(b"tRNS", bytes(6)).replace(b"\0\0\0\6", b"\0\0\0\x18"),
        ),
        CUT,
    ),
    "cut.bmp": (saved(RGB, "BMP")[:-30], CUT),
    "cut.gif": (saved(PALETTE, "GIF")[:-8], CUT),
    "cut.avif": (saved(RGB, "AVIF")[:-40], CUT),
    "cut.psd": (psd(3, bytes(COLOUR))[:-3], CUT),
    "bomb.png": (header_only(20_000, 20_000), "more than 100 megapixels"),
    "wide-bomb.png": (header_only(2**31 - 1, 1), "more than 100 megapixels"),
    "over.png": (header_only(10_001, 10_000), "more than 100 megapixels"),
    "bomb.tif": (tiff(b"", 2**32 - 1, 2**32 - 1, (8,) * 3), "megapixels"),
    "bomb.bmp": (
        b"BM" + struct.pack("<IIIIiiHHIIIIII", 99, 0, 54, 40, 9999, -99999, 1, 24, *[0] * 6),
        "megapixels",
    ),
    "bomb.gif": (
        saved(PALETTE, "GIF")[:6] + b"\xff" * 4 + saved(PALETTE, "GIF")[10:],
        "65535x65535 pixels",
    ),
    "text-bomb.png": (
        png(
            b"\0" * 4, 1, 1, 8, 2,
            chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(100_000_000), 1)),
        ),
        "too large",
    ),
    "text-bombs.png": (
        png(
            b"\0" * 4, 1, 1, 8, 2,
            *[chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(1_000_000)))] * 80,
        ),
        "Too much memory",
    ),
    "empty.bmp": (
        b"BM" + struct.pack("<IIIIiiHHIIIIII", 99, 0, 54, 40, 0, 0, 1, 24, *[0] * 6), "damaged"
    ),
    "float.tif": (
        tiff(struct.pack("<f", 0.5) * 24, 6, 4, (32,), sample=3), "floating-point"
    ),
    "whole.tif": (tiff(struct.pack("<I", 5) * 24, 6, 4, (32,), sample=1), "32-bit"),
    "signed.tif": (tiff(struct.pack("<h", 5) * 24, 6, 4, (16,), sample=2), "holds 16-bit I"),
    "planes.tif": (tiff(DEEP, 6, 4, (16,) * 3, planar=2), "separate planes"),
    "deep-cmyk.tif": (
        tiff(struct.pack("<4H", 1, 2, 3, 4) * 24, 6, 4, (16,) * 4, photometric=5),
        "16-bit pixels as CMYK",
    ),
    "lab.tif": (saved(Pillow.new("LAB", (6, 4)), "TIFF"), "LAB pixels"),
}  # fmt: skip
