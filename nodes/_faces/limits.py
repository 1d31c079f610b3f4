"""Which faces an engine can work on, and the word for each that it cannot."""

from dataclasses import dataclass

from nodes._faces.align import oddness
from nodes._faces.face import Face, Refusal

LEAST_EYES = 10.0
"""Below this eye distance in pixels a face holds too little to be worked on."""

SMALL_EYES = 24.0
"""Below this one a result is worth a warning."""

ODD = 0.35
"""Points further than this from any frontal face (see `align.oddness`) are outliers.

Photographed faces up to 50 degrees of yaw and drawn heads lie at .06 to .23.
"""


@dataclass(frozen=True)
class Limits:
    """The most yaw an engine takes, and the most that photo and face may differ in it."""

    yaw: float
    apart: float = 180.0


def refusal(face: Face, limits: Limits, photo: Face | None = None) -> Refusal | None:
    """Why this face cannot be worked on, or None.  `photo` is the face laid onto it."""
    if face.eye_distance < LEAST_EYES:
        return Refusal(
            "too_small",
            f"its eyes are {face.eye_distance:.0f} pixels apart, at least "
            f"{LEAST_EYES:.0f} are needed: use a larger picture",
        )
    return _pose(face, limits) or _difference(face, photo, limits)


def _pose(face: Face, limits: Limits) -> Refusal | None:
    if face.seen < 2 and face.detector != "hand":
        return Refusal(
            "refused_pose",
            "no eyes were seen (turned away, glasses or a mask): set its five points "
            "by hand",
        )
    if oddness(face.points) > ODD:
        return Refusal(
            "refused_pose",
            "its five points do not lie like a face's: set them by hand",
        )
    if abs(face.yaw) > limits.yaw:
        return Refusal(
            "refused_pose",
            f"it is turned about {abs(face.yaw):.0f} degrees, this engine takes "
            f"{limits.yaw:.0f}: choose a shot where the face shows more from the front",
        )
    return None


def _difference(face: Face, photo: Face | None, limits: Limits) -> Refusal | None:
    if photo is None or abs(face.yaw - photo.yaw) <= limits.apart:
        return None
    return Refusal(
        "refused_pose",
        f"it and the photo are turned {abs(face.yaw - photo.yaw):.0f} degrees apart, "
        f"this engine takes {limits.apart:.0f}: add a photo of a like pose",
    )
