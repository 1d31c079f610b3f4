"""Enlarge a picture, with a super-resolution model if there is one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from nodegraph import (
    Choice,
    Context,
    File,
    Image,
    MissingError,
    SettingError,
    Slider,
    node,
)
from nodes._frames import check_size, resampling, resized
from nodes._pixels import spread
from nodes._superres import Model, enlarge, load

if TYPE_CHECKING:
    from nodes._pixels import Pixels

REMEDY = "choose a smaller factor"


def resolve(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings with the engine named; raises MissingError where its model is absent."""
    engine, model = settings["engine"], settings["model"]
    if engine == "auto":
        engine = "model" if model else "lanczos"
    if engine == "model" and not model:
        raise MissingError(
            "upscale with engine 'model' has no model: choose an ONNX "
            "super-resolution file, or engine 'lanczos'"
        )
    if engine not in ("lanczos", "model"):
        raise SettingError(f"engine is {engine!r}: choose auto, lanczos or model")
    return {**settings, "engine": engine, "model": model if engine == "model" else ""}


def estimate(settings: Mapping[str, Any]) -> float:
    """Peak memory as a multiple of the input's: floats of it and of the result."""
    return resampling(float(settings["factor"])) + (16 if settings["model"] else 0)


@node("Size", resolve=resolve, estimate=estimate)
def upscale(
    context: Context,
    image: Image,
    factor: Annotated[float, Slider(1, 8)] = 2.0,
    engine: Annotated[str, Choice(("auto", "lanczos", "model"))] = "auto",
    model: Annotated[str, File((".onnx",), kind="model")] = "",
) -> Image:
    """Give the picture `factor` times as large.

    factor: 1 to 8, for both edges; 1 with Lanczos hands the picture on as it is.
    engine: `lanczos` resamples; `model` lets a super-resolution model draw the
        detail; `auto` takes the model where one is chosen.
    model: an ONNX file of your own with one input and one output of shape
        1 x 3 x height x width, RGB from 0 to 1 in 32 or 16 bit floats, that enlarges
        both edges by a whole number.

    A large picture goes through the model in tiles that overlap and are blended.
    Where the model enlarges by another number than `factor`, its result is resampled
    to it.  Transparency is always resampled.  More than 100 megapixels are refused.
    """
    engine = resolve({"engine": engine, "model": model})["engine"]
    width, height = round(image.width * factor), round(image.height * factor)
    check_size(width, height, REMEDY)
    if engine == "model":
        return _by_model(context, image, load(model), (width, height))
    if factor == 1:
        return image
    return Image(resized(image.pixels, width, height))


def _by_model(
    context: Context, image: Image, model: Model, size: tuple[int, int]
) -> Image:
    import numpy as np

    grown = (image.width * model.scale, image.height * model.scale)
    check_size(*grown, f"the model enlarges {model.scale} times; resize down first")
    context.note("model_scale", model.scale)
    rgb = enlarge(model, _visible(image.pixels), context.progress)
    rgb = rgb if grown == size else resized(rgb, *size)
    if image.alpha is None:
        return Image(rgb)
    alpha = resized(image.pixels, *size)[:, :, 3]
    return Image(np.dstack((rgb, alpha)))


def _visible(pixels: "Pixels") -> "Pixels":
    """RGB for a model to look at: near an edge, hidden colour is like the seen one."""
    import cv2
    import numpy as np

    if pixels.shape[2] == 3:
        return pixels
    around = spread(pixels, lambda wide: cv2.GaussianBlur(wide, (0, 0), 4))
    hidden = pixels[:, :, 3:] == 0
    return np.where(hidden, around[:, :, :3], pixels[:, :, :3])
