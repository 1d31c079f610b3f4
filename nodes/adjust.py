"""Exposure, contrast and colour of a picture."""

from typing import TYPE_CHECKING, Annotated

from nodegraph import Context, Image, Slider, node
from nodes._pixels import REC709, apply_lut

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._pixels import Pixels

NO_GAIN = (1.0, 1.0, 1.0)


@node("Colour")
def adjust(
    context: Context,
    image: Image,
    exposure: Annotated[float, Slider(-4, 4)] = 0.0,
    contrast: Annotated[float, Slider(-1, 1)] = 0.0,
    saturation: Annotated[float, Slider(-1, 1)] = 0.0,
    temperature: Annotated[float, Slider(-1, 1)] = 0.0,
    tint: Annotated[float, Slider(-1, 1)] = 0.0,
    gamma: Annotated[float, Slider(0.2, 5)] = 1.0,
    black: Annotated[int, Slider(0, 254)] = 0,
    white: Annotated[int, Slider(1, 255)] = 255,
) -> Image:
    """Give the picture with another exposure, contrast and colour.

    exposure: in stops, -4 to 4; 1 doubles the light.
    contrast: -1 gives flat grey, 1 makes everything four times as steep, around
        middle grey.
    saturation: -1 gives shades of grey, 1 doubles the distance from grey.
    temperature: -1 is cool, 1 is warm, at equal brightness.
    tint: -1 is green, 1 is magenta, at equal brightness.
    gamma: 0.2 to 5; above 1 lightens the middle, black and white stay.
    black, white: values that become 0 and 255; `black` must be below `white`.

    They act in this order: black and white, exposure with temperature and tint in
    linear light, gamma, contrast, saturation.  Transparency stays.  With every
    setting neutral the picture is handed on as it is.
    """
    if black >= white:
        raise ValueError(
            f"black is {black} and white is {white}: choose a black below white"
        )
    gains = _gains(exposure, temperature, tint)
    neutral = (gains, contrast, gamma, black, white) == (NO_GAIN, 0, 1, 0, 255)
    if neutral and not saturation:
        return image
    pixels = image.pixels
    if not neutral:
        pixels = apply_lut(pixels, _lut(gains, contrast, gamma, black, white))
    if saturation:
        pixels = _saturated(pixels, 1 + saturation)
    _say_if_unchanged(context, image, pixels)
    return Image(pixels)


def _gains(exposure: float, temperature: float, tint: float) -> tuple[float, ...]:
    """What multiplies linear R, G and B; temperature and tint keep the luminance."""
    if not (exposure or temperature or tint):
        return NO_GAIN
    shift = (2 ** (temperature / 2), 2 ** (-tint / 2), 2 ** (-temperature / 2))
    level = sum(weight * gain for weight, gain in zip(REC709, shift, strict=True))
    return tuple(2**exposure * gain / level for gain in shift)


def _lut(
    gains: tuple[float, ...], contrast: float, gamma: float, black: int, white: int
) -> "NDArray[np.uint8]":
    """Everything that acts on each channel alone, as a table of shape (256, 3)."""
    import numpy as np

    values = np.clip((np.arange(256.0) - black) / (white - black), 0, 1)
    if gains != NO_GAIN:
        light = np.clip(_linear(values)[:, None] * np.array(gains), 0, 1)
        values = _display(light)
    else:
        values = np.repeat(values[:, None], 3, 1)
    values = values ** (1 / gamma)
    slope = 1 + contrast * (3 if contrast > 0 else 1)
    values = (values - 0.5) * slope + 0.5
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def _linear(values: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """sRGB to linear light, both 0 to 1 (IEC 61966-2-1)."""
    import numpy as np

    return np.where(
        values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4
    )


def _display(light: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Linear light to sRGB, both 0 to 1 (IEC 61966-2-1)."""
    import numpy as np

    return np.where(
        light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055
    )


def _saturated(pixels: "Pixels", factor: float) -> "Pixels":
    """Every colour moved away from its grey of equal luminance, or towards it."""
    import cv2
    import numpy as np

    channels = pixels.shape[2]
    matrix = np.eye(channels, dtype=np.float32)
    matrix[:3, :3] = factor * np.eye(3) + (1 - factor) * np.array(REC709)
    return np.asarray(cv2.transform(pixels, matrix), np.uint8).reshape(pixels.shape)


def _say_if_unchanged(context: Context, image: Image, pixels: "Pixels") -> None:
    import numpy as np

    if np.array_equal(image.pixels, pixels):
        context.outcome(
            "unchanged",
            "every pixel came out as it was: the picture has no values that these "
            "settings change",
        )
