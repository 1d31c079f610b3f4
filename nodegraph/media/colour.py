"""The colour profile inside a picture: its way to sRGB, and back in the results."""

import io
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nodegraph.filenames import printable
from nodegraph.media.formats import boundary, kind_of, opened, reader

if TYPE_CHECKING:
    from PIL import Image as pillow
    from PIL import ImageCms

    from nodegraph.values import Pixels

_MOST_BYTES = 1 << 20
"""Larger profiles in a PNG are refused by readers, Pillow among them."""

_GREY_ENOUGH = 2
"""Levels that channels may lie apart in a picture that counts as grey: rounding."""

_KEPT = "which results stay"
_BACK = "and back on export unless a node set the file's format"
_BACK_GREY = "and back on export if grey, unless a node set the file's format"


class Profile(NamedTuple):
    """What a picture's colour profile means for it: the way to sRGB, and what is lost.

    `name` and `icc` are those of a profile that results are given back, else empty.
    """

    transform: "ImageCms.ImageCmsTransform | None" = None
    loss: str = ""
    name: str = ""
    icc: bytes = b""

    @classmethod
    def of(cls, picture: "pillow.Image") -> "Profile":
        """The profile of an opened picture, damaged and foreign ones ignored."""
        icc = picture.info.get("icc_profile")
        if icc:
            return _read(icc, base_mode(picture))
        if picture.mode != "CMYK":
            return cls()
        return cls(loss=f"CMYK without a profile: estimated as sRGB, {_KEPT}")

    def applied(self, picture: "pillow.Image") -> "pillow.Image":
        """The colours of a decoded 8-bit picture in sRGB, mode RGB, without alpha."""
        mode = base_mode(picture)
        if picture.mode in ("RGBa", "La"):  # premultiplied: no direct conversion
            picture = picture.convert("RGBA" if mode == "RGB" else "LA")
        base = picture.convert(mode)
        if self.transform is None:
            return base.convert("RGB")
        return _moved(base, self.transform)


def base_mode(picture: "pillow.Image") -> str:
    """The mode of the colours alone, as a profile understands them."""
    if picture.mode in ("1", "L", "LA", "La") or picture.mode.startswith("I;16"):
        return "L"
    return "CMYK" if picture.mode == "CMYK" else "RGB"


@lru_cache(maxsize=16)
def profile_of(path: Path) -> bytes:
    """The profile that results of the drawing at `path` are given back, or none.

    Only the file's head is read, once for a file of that name, whose content must
    never change.  Raises `MediaError` where the file cannot be read.
    """
    name = printable(path.name)
    with boundary(name), opened(path) as file:
        kind = kind_of(file.read(32), name)
        file.seek(0)
        return Profile.of(reader(kind)(file)).icc


def in_profile(pixels: "Pixels", icc: bytes) -> "Pixels | None":
    """sRGB pixels, (height, width, 3 or 4), as a profile tells the same colours.

    For a profile of greys they are grey: (height, width), or with alpha (height,
    width, 2).  None where a profile of greys cannot tell the colours that are there,
    or where none leads from sRGB to it.  Alpha stays as it is.
    """
    import numpy as np

    mode = _mode_in(icc)
    way = _way_back(icc, mode)
    if way is None or (mode == "L" and not _is_grey(pixels)):
        return None
    if isinstance(way, bytes):
        moved = np.frombuffer(way, np.uint8)[pixels[:, :, 1]]
    else:
        moved = _moved_array(pixels[:, :, :3], way)
    return moved if pixels.shape[2] == 3 else np.dstack((moved, pixels[:, :, 3]))


def _mode_in(icc: bytes) -> str:
    """The mode of the pictures that a profile is made for, by its header."""
    return {b"RGB ": "RGB", b"GRAY": "L"}.get(icc[16:20], "")


def _is_grey(pixels: "Pixels") -> bool:
    import numpy as np

    green = pixels[:, :, 1]
    apart = (
        np.maximum(green, other) - np.minimum(green, other)
        for other in (pixels[:, :, 0], pixels[:, :, 2])
    )
    return all(int(each.max()) <= _GREY_ENOUGH for each in apart)


@lru_cache(maxsize=16)
def _read(icc: bytes, mode: str) -> Profile:
    """What to do about a profile; the panels of a board mostly share one."""
    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        name = printable(ImageCms.getProfileName(profile).strip()) or "unnamed"
        transform = _to_srgb(profile, mode)
    except (OSError, ImageCms.PyCMSError, ValueError, TypeError):
        return Profile(loss="its colour profile is damaged or foreign: ignored")
    if transform is None:
        return Profile()
    kind = "CMYK, " if mode == "CMYK" else ""
    said = f"{kind}colour profile {name}: converted to sRGB, "
    if _mode_in(icc) != mode or _way_back(icc, mode) is None:
        return Profile(transform, said + _KEPT)
    said += _BACK if mode == "RGB" else _BACK_GREY
    return Profile(transform, said, name, icc)


def _to_srgb(
    profile: "ImageCms.ImageCmsProfile", mode: str
) -> "ImageCms.ImageCmsTransform | None":
    """From a profile to sRGB; None where that changes no colour by more than 1."""
    from PIL import Image as pillow
    from PIL import ImageChops, ImageCms

    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    if mode == "CMYK":
        return ImageCms.buildTransform(profile, srgb, mode, "RGB")
    transform = _faithful(profile, srgb, mode, "RGB")
    steps = bytes(range(0, 256, 15))
    if mode == "RGB":
        steps = bytes(v for r in steps for g in steps for b in steps for v in (r, g, b))
    sample = pillow.frombytes(mode, (len(steps) // len(mode), 1), steps)
    moved = _moved(sample, transform)
    apart = ImageChops.difference(moved, sample.convert("RGB"))
    return transform if max(apart.tobytes()) > 1 else None


@lru_cache(maxsize=16)
def _way_back(icc: bytes, mode: str) -> "ImageCms.ImageCmsTransform | bytes | None":
    """From sRGB to a profile: of colours a transform, of greys the 256 levels there.

    None where there is no such way, as for a scanner's profile.
    """
    from PIL import Image as pillow
    from PIL import ImageCms

    if len(icc) > _MOST_BYTES or not mode:
        return None
    exact = ImageCms.Flags.NOOPTIMIZE if mode == "L" else ImageCms.Flags.NONE
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        transform = _faithful(srgb, profile, "RGB", mode, exact)
    except (OSError, ImageCms.PyCMSError, ValueError, TypeError):
        return None
    if mode == "RGB":
        return transform
    ramp = bytes(level for level in range(256) for _ in range(3))
    return _moved(pillow.frombytes("RGB", (256, 1), ramp), transform).tobytes()


def _faithful(
    source: "ImageCms.ImageCmsProfile",
    target: "ImageCms.ImageCmsProfile",
    source_mode: str,
    target_mode: str,
    flags: int = 0,
) -> "ImageCms.ImageCmsTransform":
    """A transform that keeps every colour both profiles have, there and back.

    Relative colorimetric: white stays white; black point compensation: black black.
    """
    from PIL import ImageCms

    return ImageCms.buildTransform(
        source,
        target,
        source_mode,
        target_mode,
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION | flags,
    )


def _moved(
    picture: "pillow.Image", transform: "ImageCms.ImageCmsTransform"
) -> "pillow.Image":
    from PIL import ImageCms

    moved = ImageCms.applyTransform(picture, transform)
    if moved is None:  # only where the call was told to work in place
        raise TypeError("the colour profile gave no picture")
    return moved


def _moved_array(rgb: "Pixels", transform: "ImageCms.ImageCmsTransform") -> "Pixels":
    import numpy as np
    from PIL import Image as pillow

    picture = pillow.fromarray(np.ascontiguousarray(rgb))
    return np.asarray(_moved(picture, transform))
