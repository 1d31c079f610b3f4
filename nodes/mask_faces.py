"""Make a mask of a picture's faces, anew for each shot."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from nodegraph import Choice, Context, File, Image, Mask, Slider, Text, node
from nodes import _face_choices as choices
from nodes._faces.face import POINTS, Face
from nodes._faces.find import WHICH
from nodes._faces.mask import SHAPES, MaskShape, face_mask, reach
from nodes._faces.region import region_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def resolve(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings with the detector named; raises MissingError where its model is absent."""
    choices.places(settings["points"], len(POINTS), "points")
    choices.check_place(settings["which"], settings["point"])
    return choices.named(settings, {"detector": "detector"})


@node("Mask", resolve=resolve, estimate=lambda settings: 12)
def mask_faces(
    context: Context,
    image: Image,
    shape: Annotated[str, Choice(tuple(SHAPES))] = "face",
    grow: Annotated[float, Slider(0.5, 2)] = 1.0,
    feather: Annotated[float, Slider(0, 1)] = 0.22,
    which: Annotated[str, Choice(WHICH)] = "all",
    point: Annotated[str, Text()] = "",
    points: Annotated[str, Text()] = "",
    invert: bool = False,
    detector: Annotated[str, Choice(choices.DETECTORS)] = "auto",
    sure: Annotated[float, Slider(0, 1)] = choices.SURE,
    scrfd: Annotated[str, File((".onnx",), kind="model")] = "",
    yunet: Annotated[str, File((".onnx",), kind="model")] = "",
    on_no_face: Annotated[str, Choice(choices.THEN)] = "pass",
    on_other: Annotated[str, Choice(choices.THEN)] = "hold",
) -> Mask:
    """Give a mask that is 255 on the picture's faces and 0 elsewhere.

    shape: `face` from brow to chin, `features` eyes, nose and mouth alone, `head` with
        hair and ears.
    grow: 0.5 to 2, how many times as large that is.
    feather: 0 to 1, the part of the way from edge to centre over which it rises.
    which: `all` faces, the `largest`, the one `nearest` to `point`, or the `only` one,
        where several are `ambiguous`.
    point: for `nearest`, its place in pixels as `x,y`.
    points: the face set by hand where no detector finds it: left eye, right eye, tip of
        the nose, left and right corner of the mouth as seen in the picture, in pixels,
        as `x,y x,y x,y x,y x,y`.
    invert: everything but the faces.
    detector: who finds faces: `haar` is built in, `scrfd` and `yunet` need their model;
        `auto` takes the best whose file is chosen.
    sure: 0 to 1, how sure `scrfd` or `yunet` must be that it is a face.
    scrfd, yunet: ONNX files of your own, where you have them.
    on_no_face: where no face is found the mask is empty (with `invert` full); `pass`
        counts the shot as passed, `hold` waits for a person, `fail` fails the shot.
    on_other: the same where it is ambiguous which face is meant.
    """
    import numpy as np

    files = choices.models(scrfd=scrfd, yunet=yunet)
    faces = choices.found(image.pixels, choices.detector(detector, files), points, sure)
    context.note("faces_found", len(faces))
    them, refusal = choices.meant(faces, which, point)
    if refusal is not None:
        then = on_no_face if refusal.outcome == "no_face" else on_other
        choices.follow(context, *refusal, then)
    pixels = np.zeros((image.height, image.width), np.uint8)
    for face in them:
        _lay(pixels, face, MaskShape(shape, grow, feather))
    return Mask(255 - pixels if invert else pixels)


def _lay(mask: "NDArray[np.uint8]", face: Face, look: MaskShape) -> None:
    """Add one face's mask where it lies; nothing where it lies outside."""
    import numpy as np

    height, width = mask.shape
    region = region_of(face, width, height, math.sqrt(2) * reach(look))
    if region is None:
        return
    points = face.points - np.array([region.left, region.top], np.float32)
    own = face_mask((region.width, region.height), points, look, face.yaw)
    rows = slice(region.top, region.top + region.height)
    columns = slice(region.left, region.left + region.width)
    place = mask[rows, columns]
    np.maximum(place, np.rint(own * 255).astype(np.uint8), out=place)
