"""Give the faces of a shot the identity of a character; light and composition stay."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from nodegraph import Choice, Context, File, Identity, Image, Mask, Slider, Text, node
from nodes import _face_choices as choices
from nodes._certificate import certify
from nodes._faces import engines
from nodes._faces.compose import Blend
from nodes._faces.describe import Descriptor
from nodes._faces.engines import Swapper
from nodes._faces.face import POINTS, Face
from nodes._faces.find import WHICH
from nodes._faces.mask import SHAPES, MaskShape
from nodes._faces.model_files import Models
from nodes._faces.nearest_photo import nearest_photo
from nodes._faces.source import Source
from nodes._faces.swap import Swap, swap
from nodes._identity import face_of, vector_of

if TYPE_CHECKING:
    from nodes._faces.describe import Vector
    from nodes._faces.face import Pixels

TASKS = {"engine": "swapper", "detector": "detector", "descriptor": "descriptor"}

DONE = ("swapped", "soft")
"""Outcomes of a face that is now the character's; `soft` says with fewer pixels."""


def resolve(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings with engines named; raises MissingError where a model is absent.

    Points and places that cannot be read are refused here, before any shot is begun.
    """
    choices.places(settings["points"], len(POINTS), "points")
    choices.check_place(settings["which"], settings["point"])
    return choices.named(settings, TASKS)


class Swapped(NamedTuple):
    """The picture, and the mask outside which it is as it was."""

    image: Image
    mask: Mask


class Cast(NamedTuple):
    """A character ready to be given to faces: from what, by whom, how it is judged."""

    identity: Identity
    vector: "Vector | None"
    """For engines that take one; None for those that copy a photo."""
    swapper: Swapper
    descriptor: Descriptor
    blend: Blend

    def source(self, pixels: "Pixels", face: Face) -> tuple[Source, int | None]:
        """What the engine takes for this face, and which photo that is, if one."""
        if self.vector is not None:
            return Source(vector=self.vector), None
        photos = [(photo.pixels, face_of(photo)) for photo in self.identity.photos]
        index = nearest_photo(pixels, face, photos)
        return Source(*photos[index]), index


@node("Composite", resolve=resolve, estimate=lambda settings: 30)
def face_swap(
    context: Context,
    image: Image,
    identity: Identity,
    which: Annotated[str, Choice(WHICH)] = "largest",
    point: Annotated[str, Text()] = "",
    points: Annotated[str, Text()] = "",
    strength: Annotated[float, Slider(0, 1)] = 1.0,
    keep_light: Annotated[float, Slider(0, 1)] = 1.0,
    shape: Annotated[str, Choice(tuple(SHAPES))] = "face",
    grow: Annotated[float, Slider(0.5, 1.5)] = 1.0,
    feather: Annotated[float, Slider(0, 1)] = 0.22,
    guard: bool = True,
    engine: Annotated[str, Choice(choices.SWAPPERS)] = "auto",
    detector: Annotated[str, Choice(choices.DETECTORS)] = "auto",
    sure: Annotated[float, Slider(0, 1)] = choices.SURE,
    descriptor: Annotated[str, Choice(choices.DESCRIPTORS)] = "auto",
    inswapper: Annotated[str, File((".onnx",), kind="model")] = "",
    arcface: Annotated[str, File((".onnx",), kind="model")] = "",
    sface: Annotated[str, File((".onnx",), kind="model")] = "",
    scrfd: Annotated[str, File((".onnx",), kind="model")] = "",
    yunet: Annotated[str, File((".onnx",), kind="model")] = "",
    on_no_face: Annotated[str, Choice(choices.THEN)] = "pass",
    on_other: Annotated[str, Choice(choices.THEN)] = "hold",
) -> Swapped:
    """Give faces of the picture a character's face; the shot's light and lines stay.

    which: the `largest` face, `all`, the one `nearest` to `point`, or the `only` one,
        where several are `ambiguous`.
    point: for `nearest`, its place in pixels as `x,y`.
    points: the face set by hand where no detector finds it, for a shot of its own
        mostly: left eye, right eye, tip of the nose, left and right corner of the mouth
        as seen in the picture, in pixels, as `x,y x,y x,y x,y x,y`.
    strength: 0 to 1, how much of the new face is mixed in; 0 hands the picture on.
    keep_light: 0 to 1, how far light and skin tone of the shot are kept.
    shape: what is replaced: `face` from brow to chin, `features` eyes, nose and mouth
        alone, `head` with its hair.
    grow: 0.5 to 1.5, how many times as large that is.
    feather: 0 to 1, the part of the way from edge to centre over which it fades in.
    guard: keep off hair, hands and what else is no skin.
    engine: `classic` is built in, a draft: it lays the features of the nearest photo
        onto faces seen from the front; `inswapper` needs its model and arcface; `auto`
        takes the best whose files are chosen.
    detector: who finds faces: `haar` is built in, `scrfd` and `yunet` need their model.
    sure: 0 to 1, how sure `scrfd` or `yunet` must be that it is a face.
    descriptor: who measures the likeness: `arcface` and `sface` tell people apart;
        `appearance`, built in, only says whether the photo's features arrived.
    inswapper, arcface, sface, scrfd, yunet: ONNX files of your own, where you have them.
    on_no_face: what follows where no face is found: `pass` hands the picture on and
        counts it as passed, `hold` waits for a person, `fail` fails the shot.
    on_other: the same for a face that is `ambiguous`, `too_small`, turned too far
        (`refused_pose`), `unchanged`, or no nearer the character (`low_identity`).

    Outside the mask, which is given too, every pixel is the picture's own, alpha
    everywhere; a certificate in the lineage proves it.  Beside it stand, for each face,
    what became of it, the likeness before and after, and how far the light moved.
    """
    files = choices.models(
        inswapper=inswapper, arcface=arcface, sface=sface, scrfd=scrfd, yunet=yunet
    )
    faces = choices.found(image.pixels, choices.detector(detector, files), points, sure)
    context.note("faces_found", len(faces))
    them, refusal = choices.meant(faces, which, point)
    if refusal is not None:
        then = on_no_face if refusal.outcome == "no_face" else on_other
        choices.follow(context, *refusal, then)
        return _as_it_was(image)
    cast = Cast(
        identity,
        _vector(identity, engine, files),
        choices.swapper(engine, files),
        choices.descriptor(descriptor, files),
        Blend(strength, keep_light, MaskShape(shape, grow, feather, guard)),
    )
    context.note("engine", cast.swapper.name)
    if strength == 0:
        context.outcome("unchanged", "strength is 0: the picture passed through")
        return _as_it_was(image)
    return _swapped(context, image, them, cast, (on_no_face, on_other))


def _swapped(
    context: Context,
    image: Image,
    faces: list[Face],
    cast: Cast,
    then: tuple[str, str],
) -> Swapped:
    """The picture with every face that could be swapped; says what became of each."""
    import numpy as np

    pixels, mask, swaps = image.pixels, np.zeros(image.pixels.shape[:2], np.uint8), []
    likeness = vector_of(cast.identity, cast.descriptor)
    for number, face in enumerate(faces):
        context.progress(number / len(faces))
        source, photo = cast.source(image.pixels, face)
        done = swap(
            pixels, face, source, cast.swapper, cast.blend, cast.descriptor, likeness
        )
        swaps.append((face, photo, done))
        pixels, mask = done.pixels, np.maximum(mask, done.mask)
    context.note("faces", [_facts(*each) for each in swaps])
    result = Image(pixels)
    if mask.any():
        certify(context, image, result, mask, "the face swap")
    _say(context, [done for _, _, done in swaps], then)
    return Swapped(result, Mask(mask))


def _vector(identity: Identity, engine: str, files: Models) -> "Vector | None":
    """What the engine takes in place of a photo; None where it copies one."""
    if "arcface" not in engines.resolve("swapper", engine, files).files:
        return None
    return vector_of(identity, choices.descriptor("arcface", files))


def _as_it_was(image: Image) -> Swapped:
    import numpy as np

    return Swapped(image, Mask(np.zeros((image.height, image.width), np.uint8)))


def _facts(face: Face, photo: int | None, done: Swap) -> dict[str, object]:
    x, y = face.centre
    facts: dict[str, object] = {
        "at": [round(x, 1), round(y, 1)],
        "eye_distance": round(face.eye_distance, 1),
        "yaw": round(face.yaw, 1),
        "detector": face.detector,
        "score": round(face.score, 2),
        **done.facts(),
    }
    return facts if photo is None else {**facts, "photo": photo + 1}


def _say(context: Context, swaps: list[Swap], then: tuple[str, str]) -> None:
    """The outcome of the whole: the first that is no success, else `soft`, `swapped`."""
    short = [done for done in swaps if done.outcome not in DONE]
    if not short:
        soft = [done for done in swaps if done.outcome == "soft"]
        told = next((d for d in (*soft, *swaps) if d.message), (soft or swaps)[0])
        context.outcome((soft or swaps)[0].outcome, told.message)
        return
    worst, count = short[0], len(swaps) - len(short)
    message = worst.message
    if len(swaps) > 1:
        message = f"{count} of {len(swaps)} faces were swapped; one not: {message}"
    choices.follow(
        context, worst.outcome, message, then[0 if worst.outcome == "no_face" else 1]
    )
