"""Take something out of a picture and fill the hole it leaves."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from nodegraph import (
    Choice,
    Context,
    File,
    Image,
    Mask,
    MissingError,
    Number,
    SettingError,
    Slider,
    node,
)
from nodes._certificate import certify
from nodes._inpaint.areas import weight_of
from nodes._inpaint.contract import contract_of
from nodes._inpaint.fill import by_diffusion, by_model, by_patches, filled
from nodes._masks import check_mask, is_empty, mixed

if TYPE_CHECKING:
    from nodes._inpaint.fill import Engine, Pixels

MODELS = ("lama", "migan")
ENGINES = ("auto", *MODELS, "exemplar", "telea", "ns")


def resolve(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings with the engine named; raises MissingError where its model is absent.

    The model's file is looked at, if `model` says where it lies: a path, or a digest
    with a `path`.  Raises SettingError where it is of another kind than the engine.
    """
    engine, model = settings["engine"], settings["model"]
    if engine in MODELS and not model:
        raise MissingError(
            f"inpaint with engine {engine!r} has no model: choose its ONNX file, "
            "or engine 'exemplar'"
        )
    if engine == "auto":
        engine = _kind(model) if model else "exemplar"
    elif engine in MODELS and _path(model) and _kind(model) != engine:
        raise SettingError(
            f"the model is for engine {_kind(model)!r}, not {engine!r}: choose engine "
            f"{_kind(model)!r} or another model"
        )
    return {**settings, "engine": engine, "model": model if engine in MODELS else ""}


def _kind(model: str) -> str:
    path = _path(model)
    if not path:
        raise SettingError(
            "auto cannot look into the model: choose engine lama or migan"
        )
    try:
        return contract_of(path).kind
    except ValueError as error:
        raise SettingError(str(error)) from None


def _path(model: str) -> str:
    """Where the model lies; empty where there is only its digest."""
    path = str(getattr(model, "path", model))
    return "" if path.startswith("sha256:") else path


def estimate(settings: Mapping[str, Any]) -> float:
    """Peak memory as a multiple of the input's: descriptions of patches, a model."""
    return 60 if settings["model"] else 25


@node("Filter", resolve=resolve, estimate=estimate)
def inpaint(
    context: Context,
    image: Image,
    mask: Mask,
    engine: Annotated[str, Choice(ENGINES)] = "auto",
    model: Annotated[str, File((".onnx",), kind="model")] = "",
    grow: Annotated[int, Slider(0, 200)] = 4,
    feather: Annotated[int, Slider(0, 200)] = 4,
    margin: Annotated[float, Slider(0.4, 4)] = 1.0,
    strength: Annotated[float, Slider(0, 1)] = 1.0,
    seed: Annotated[int, Number(0, 2**32 - 1)] = 0,
) -> Image:
    """Give the picture with what is under the mask replaced by what could be behind it.

    engine: `exemplar` ("Patch fill") lays patches of the picture itself, so that
        textures, edges and lines go on; it invents nothing, and fills holes up to 6
        pixels thick by `telea`.  `telea` and `ns` ("Quick fill") carry colours inwards,
        without texture.  `lama` and `migan` let a model of yours imagine the rest.
        `auto` takes the model where one is chosen, else `exemplar`.
    model: an ONNX file of your own; what it is, is told by its inputs.  LaMa takes a
        picture and a mask in floats, MI-GAN both in bytes, or both as four channels.
        It is tried on a small picture first, and refused if it fills nothing.
    grow: 0 to 200 pixels by which the mask is widened, to take in soft edges.
    feather: 0 to 200 pixels beyond that over which the fill fades out.
    margin: 0.4 to 4, how much of the picture around a hole is looked at, as a multiple
        of its longer edge.  Less keeps patches near, and gives a model more detail.
    strength: 0 to 1, how much of the fill shows; 0 changes nothing.
    seed: any whole number; the same seed gives the same fill.  Only `exemplar` uses it.

    Beyond mask, grow and feather every pixel stays as it is, bit for bit: the result
    carries a lock certificate, as from Lock.  Alpha stays everywhere; transparent pixels
    lend no colour.  An empty mask hands the picture on; a mask that leaves nothing of
    it to go by is refused.
    """
    check_mask(mask, image)
    weight = weight_of(mask.pixels, grow, feather, strength)
    result = image
    if weight.any():
        work = resolve({"engine": engine, "model": model})
        new = _new(context, image, weight, _engine(work, seed), margin)
        result = Image(mixed(image.pixels, new, weight))
    differs = certify(context, image, result, weight, "inpaint")
    if is_empty(mask):
        context.outcome("no_mask", "the mask is empty: the picture passed through")
    elif not differs:
        why = "the fill is what was there" if strength else "the strength is 0"
        context.outcome("unchanged", why)
    return result


def _engine(settings: Mapping[str, Any], seed: int) -> "Engine":
    if settings["engine"] in MODELS:
        return by_model(settings["model"])
    if settings["engine"] == "exemplar":
        return by_patches(seed)
    return by_diffusion(settings["engine"])


def _new(
    context: Context, image: Image, weight: "Pixels", engine: "Engine", margin: float
) -> "Pixels":
    """The picture with all holes filled."""
    area = (weight > 0).astype("uint8")
    seen = area
    if image.alpha is not None:
        area = area * (image.alpha > 0)
        seen = seen | (image.alpha == 0)
    if not area.any():
        return image.pixels
    if seen.all():
        raise ValueError(
            "the mask, grown and feathered, leaves nothing of the picture to go by: "
            "make the mask, grow or feather smaller"
        )
    return filled(image.pixels, area, engine, margin, context.progress)
