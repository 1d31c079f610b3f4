"""A character's Master Reference: the identity that a face node gives to others."""

from collections.abc import Mapping
from typing import Annotated, Any

from nodegraph import (
    Choice,
    Context,
    File,
    Identity,
    Image,
    Portrait,
    SettingError,
    Text,
    node,
)
from nodes import _face_choices as choices
from nodes._faces.describe import Descriptor
from nodes._faces.face import POINTS
from nodes._identity import described, face_of, portrait, sharpness

TASKS = {"detector": "detector", "descriptor": "descriptor"}


def resolve(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings with engines named; raises MissingError where a model is absent."""
    if not settings["name"].strip():
        raise SettingError("name is empty: write the character's name")
    for setting in ("points", "points_2", "points_3"):
        choices.places(settings[setting], len(POINTS), setting)
    return choices.named(settings, TASKS)


@node("Input", resolve=resolve, estimate=lambda settings: 12)
def reference(
    context: Context,
    photo: Image,
    photo_2: Image | None = None,
    photo_3: Image | None = None,
    name: str = "Master Reference",
    points: Annotated[str, Text()] = "",
    points_2: Annotated[str, Text()] = "",
    points_3: Annotated[str, Text()] = "",
    detector: Annotated[str, Choice(choices.DETECTORS)] = "auto",
    descriptor: Annotated[str, Choice(choices.DESCRIPTORS)] = "auto",
    scrfd: Annotated[str, File((".onnx",), kind="model")] = "",
    yunet: Annotated[str, File((".onnx",), kind="model")] = "",
    arcface: Annotated[str, File((".onnx",), kind="model")] = "",
    sface: Annotated[str, File((".onnx",), kind="model")] = "",
) -> Identity:
    """Give a character's identity, made from one to three photos or drawings of it.

    name: the character's, under which the identity is kept in the project.
    points, points_2, points_3: where a detector fails, the five points of the face in
        each photo: left eye, right eye, tip of the nose, left and right corner of the
        mouth as seen in the picture, in pixels, as `x,y x,y x,y x,y x,y`.
    detector: who finds the face: `haar` is built in and finds frontal ones mostly;
        `scrfd` and `yunet` need their model; `auto` takes the best whose file is chosen.
    descriptor: who describes it: `arcface` and `sface` tell people apart and need their
        model; `appearance` is built in and does not; `auto` takes the best there is.
    scrfd, yunet, arcface, sface: ONNX files of your own, only where you have them.

    Each photo shows one face, sharp, from the front (up to 40 degrees aside), its eyes
    at least 24 pixels apart; more than one face, a small, turned or blurred one is
    refused with the remedy.  Where an identity model finds that one of three photos
    shows somebody else, that one is left out and named.  Computed once, however many
    shots use it.  The identity is biometric: it stays in the project's own folder.
    """
    models = choices.models(scrfd=scrfd, yunet=yunet, arcface=arcface, sface=sface)
    eye = choices.detector(detector, models)
    given = zip((photo, photo_2, photo_3), (points, points_2, points_3), strict=True)
    photos = []
    for number, (image, five) in enumerate(given, 1):
        context.progress(number / 5)
        if image is not None:
            place = "photo" if number == 1 else f"photo_{number}"
            photos.append(portrait(image, place, eye, five))
    return _identity(context, name, photos, choices.descriptor(descriptor, models))


def _identity(
    context: Context, name: str, photos: list[Portrait], describer: Descriptor
) -> Identity:
    """The photos that show one person, and what describes them."""
    vector, others = described(photos, describer)
    kept = [photo for index, photo in enumerate(photos) if index not in others]
    context.note("descriptor", describer.name)
    context.note("photos", [_figures(photo) for photo in kept])
    if others:
        left_out = [index + 1 for index in others]
        context.note("left_out", left_out)
        which = ", ".join(map(str, left_out))
        context.outcome(
            "done", f"photo {which} shows somebody else than the others: left out"
        )
    return Identity(name, describer.name, vector, tuple(kept))


def _figures(photo: Portrait) -> dict[str, float]:
    face = face_of(photo)
    return {
        "eye_distance": round(face.eye_distance, 1),
        "yaw": round(face.yaw, 1),
        "sharpness": round(sharpness(photo.pixels, face), 3),
    }
