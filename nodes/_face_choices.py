"""What the face nodes' settings mean: points as text, engines named, what to do next."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nodegraph import Context, MissingError, SettingError
from nodes._faces import engines, insight
from nodes._faces.describe import Descriptor
from nodes._faces.engines import Detector, Swapper
from nodes._faces.face import POINTS, Face
from nodes._faces.find import Chosen, chosen, faces_of
from nodes._faces.model_files import KINDS, Models
from nodes._pixels import flatten

if TYPE_CHECKING:
    from nodes._faces.face import Pixels

DETECTORS = ("auto", *engines.NEEDS["detector"])
DESCRIPTORS = ("auto", *engines.NEEDS["descriptor"])
SWAPPERS = ("auto", *engines.NEEDS["swapper"])
THEN = ("pass", "hold", "fail")
"""What may follow an outcome short of success."""

SURE = 0.7
"""The score from which on a model's face counts.

On the sample's drawings YuNet gives faces .92 and more, lanterns .62 and .66.
"""

SCORED = ("scrfd", "yunet")
"""Detectors whose score says how sure they are, 0 to 1."""

Place = tuple[float, float]

_PLACE = re.compile(r"(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)")


def named(settings: Mapping[str, Any], tasks: Mapping[str, str]) -> dict[str, Any]:
    """The settings with each `auto` decided and only the model files that serve.

    `tasks` gives for each setting its task in `engines.NEEDS`; a model's file is the
    setting of its kind's name.  Raises MissingError where a file is not chosen,
    SettingError where it is a model of another kind.
    """
    files = models(**{kind: settings.get(kind, "") for kind in KINDS})
    result, used = dict(settings), set[str]()
    for setting, task in tasks.items():
        _check_files(setting, task, settings[setting], files)
        found = engines.resolve(task, settings[setting], files)
        result[setting] = found.name
        used.update(found.files)
    for kind in used:
        _check_kind(kind, files[kind])
    return {**result, **{k: "" for k in KINDS if k in result and k not in used}}


def _check_files(setting: str, task: str, asked: str, files: Models) -> None:
    choices = engines.NEEDS[task]
    missing = [kind for kind in choices.get(asked, ()) if kind not in files]
    if missing:
        kind, builtin = missing[0], list(choices)[-1]
        raise MissingError(
            f"{setting} {asked!r} needs a model file that {KINDS[kind]}: choose it in "
            f"the setting {kind!r}, or {setting} {builtin!r}, which needs none"
        )


def _check_kind(kind: str, file: str) -> None:
    """Look into a file, if its digest says where it lies."""
    path = getattr(file, "path", "")
    try:
        if path:
            insight.require(kind, path)
    except ValueError as error:
        raise SettingError(f"{kind}: {error}") from None


def places(text: str, count: int, setting: str) -> list[Place] | None:
    """The places `x,y x,y …` of a setting in pixels; None where it is empty.

    Raises SettingError where there are not `count` of them.
    """
    if not text.strip():
        return None
    found = [(float(x), float(y)) for x, y in _PLACE.findall(text)]
    if len(found) != count or _PLACE.sub("", text).strip(" ;\t\r\n"):
        wanted = " ".join(["x,y"] * count)
        what = f" ({', '.join(POINTS)})" if count == len(POINTS) else ""
        raise SettingError(
            f"{setting} is {text!r}: write it in pixels as {wanted}{what}"
        )
    return found


def check_place(which: str, point: str) -> None:
    """Raise SettingError where the nearest face is asked for, and not to what."""
    if places(point, 1, "point") is None and which == "nearest":
        raise SettingError(
            "which is 'nearest' but point is empty: write its place in pixels as x,y"
        )


def models(**files: str) -> Models:
    """The model files that are chosen, by kind."""
    return {kind: path for kind, path in files.items() if path}


def detector(asked: str, files: Models) -> Detector:
    """Who finds faces, for a setting and the files there are."""
    name = engines.resolve("detector", asked, files).name
    return engines.detector(name, files)


def descriptor(asked: str, files: Models) -> Descriptor:
    """Who describes faces, for a setting and the files there are."""
    name = engines.resolve("descriptor", asked, files).name
    return engines.descriptor(name, files)


def swapper(asked: str, files: Models) -> Swapper:
    """Who makes new faces, for a setting and the files there are."""
    name = engines.resolve("swapper", asked, files).name
    return engines.swapper(name, files)


def found(
    pixels: "Pixels", eye: Detector, points: str = "", sure: float = SURE
) -> list[Face]:
    """The face a person set by its points, else those the detector finds.

    What transparency hides is not seen, what a model is less than `sure` of left out.  Raises ValueError where the points lie off
    the picture.
    """
    by_hand = places(points, len(POINTS), "points")
    if by_hand is not None:
        _check_inside(by_hand, pixels)
    faces = faces_of(flatten(pixels, (255, 255, 255)), eye, points=by_hand)
    return [f for f in faces if f.detector not in SCORED or f.score >= sure]


def _check_inside(by_hand: Sequence[Place], pixels: "Pixels") -> None:
    height, width = pixels.shape[:2]
    x, y = (sum(values) / len(by_hand) for values in zip(*by_hand, strict=True))
    if not (0 <= x < width and 0 <= y < height):
        raise ValueError(
            f"the points lie outside the picture of {width}x{height}: set them on the "
            "face, in pixels of this picture"
        )


def meant(faces: list[Face], which: str, point: str) -> Chosen:
    """Those of the faces that the settings `which` and `point` mean."""
    place = places(point, 1, "point")
    result = chosen(faces, which, place[0] if place else None)
    if result.refusal is None or result.refusal.outcome != "ambiguous":
        return result
    where = ", ".join(f"{round(x)},{round(y)}" for x, y in (f.centre for f in faces))
    reason = (
        f"{len(faces)} faces were found (at {where}): choose the largest, all, or the "
        "nearest to a point"
    )
    return result._replace(refusal=result.refusal._replace(reason=reason))


def follow(context: Context, outcome: str, message: str, then: str) -> None:
    """Say an outcome short of success and do what the settings ask: `THEN`.

    Returns where the picture passes; holds for a person, or raises ValueError.
    """
    if then == "hold":
        context.hold(message, outcome)
    if then == "fail":
        raise ValueError(f"{outcome}: {message}")
    context.outcome(outcome, message)
