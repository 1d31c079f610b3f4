"""The colour profile inside a picture, and its way to sRGB."""

import io
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from nodegraph.filenames import printable

if TYPE_CHECKING:
    from PIL import Image as pillow
    from PIL import ImageCms


class Profile(NamedTuple):
    """A colour profile as far as it matters: its name, the way to sRGB, the loss."""

    name: str | None
    transform: "ImageCms.ImageCmsTransform | None"
    loss: str

    @classmethod
    def of(cls, picture: "pillow.Image") -> "Profile":
        """The profile of an opened picture, damaged and foreign ones ignored."""
        icc = picture.info.get("icc_profile")
        if not icc:
            bare = picture.mode == "CMYK"
            loss = "CMYK without a profile: its colours are estimated" if bare else ""
            return cls(None, None, loss)
        return _read(icc, base_mode(picture))

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
def _read(icc: bytes, mode: str) -> Profile:
    """What to do about a profile; the panels of a board mostly share one."""
    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        name = printable(ImageCms.getProfileName(profile).strip()) or "unnamed"
        transform = _to_srgb(profile, mode)
    except (OSError, ImageCms.PyCMSError, ValueError, TypeError):
        return Profile(None, None, "its colour profile is damaged or foreign: ignored")
    if transform is None:
        return Profile(name, None, "")
    kind = "CMYK, " if mode == "CMYK" else ""
    return Profile(name, transform, f"{kind}colour profile {name}: converted to sRGB")


def _to_srgb(
    profile: "ImageCms.ImageCmsProfile", mode: str
) -> "ImageCms.ImageCmsTransform | None":
    """From a profile to sRGB; None where that changes no colour by more than 1."""
    from PIL import Image as pillow
    from PIL import ImageChops, ImageCms

    srgb = ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(profile, srgb, mode, "RGB")
    if mode == "CMYK":
        return transform
    steps = bytes(range(0, 256, 15))
    if mode == "RGB":
        steps = bytes(v for r in steps for g in steps for b in steps for v in (r, g, b))
    sample = pillow.frombytes(mode, (len(steps) // len(mode), 1), steps)
    moved = _moved(sample, transform)
    apart = ImageChops.difference(moved, sample.convert("RGB"))
    return transform if max(apart.tobytes()) > 1 else None


def _moved(
    picture: "pillow.Image", transform: "ImageCms.ImageCmsTransform"
) -> "pillow.Image":
    from PIL import ImageCms

    moved = ImageCms.applyTransform(picture, transform)
    if moved is None:  # only where the call was told to work in place
        raise TypeError("the colour profile gave no picture")
    return moved
