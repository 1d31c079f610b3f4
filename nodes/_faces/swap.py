"""Give one face of a picture a new identity: engine, compositor and figures together."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nodes._faces.compose import Blend, compose
from nodes._faces.describe import Descriptor
from nodes._faces.engines import Swapper
from nodes._faces.face import Face, Refusal
from nodes._faces.limits import SMALL_EYES, refusal
from nodes._faces.mask import reach
from nodes._faces.measure import Gain, Light, gain, light
from nodes._faces.region import region_of
from nodes._faces.source import Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nodes._faces.face import Pixels

OUTSIDE = Refusal("no_face", "the face lies outside the picture: set its points on it")
NOTHING = Refusal(
    "unchanged", "not one pixel changed: raise the strength or grow the mask"
)


@dataclass(frozen=True, eq=False)
class Swap:
    """What became of one face.

    `outcome` is `swapped`, `soft` (the engine gave fewer pixels than the face has),
    `low_identity` (it came no nearer the reference), `unchanged`, or the refusal's.
    """

    pixels: "Pixels"
    mask: "Pixels"
    outcome: str
    message: str = ""
    enlarged: float = 0.0
    light: Light | None = None
    gain: Gain | None = None

    def facts(self) -> dict[str, object]:
        """The figures as JSON values, for the lineage."""
        facts: dict[str, object] = {"outcome": self.outcome, "message": self.message}
        facts["enlarged"] = round(self.enlarged, 3)
        if self.light is not None:
            facts["light"] = {**_rounded(self.light._asdict()), "kept": self.light.kept}
        if self.gain is not None:
            word = "identity" if self.gain.identity else "appearance"
            facts[word] = {
                "before": round(self.gain.before, 4),
                "after": round(self.gain.after, 4),
            }
        return facts


def _rounded(figures: dict[str, float | None]) -> dict[str, float | None]:
    return {k: None if v is None else round(v, 4) for k, v in figures.items()}


def swap(
    pixels: "Pixels",
    face: Face,
    source: Source,
    swapper: Swapper,
    blend: Blend,
    descriptor: Descriptor | None = None,
    reference: "NDArray[np.float32] | None" = None,
) -> Swap:
    """The picture with a new face, or as it was with the reason.

    `pixels` is RGB or RGBA and is not written to.  With a `descriptor` and the
    `reference` vector of the character the likeness is measured too.
    """
    import numpy as np

    why = refusal(face, swapper.limits, source.face)
    height, width = pixels.shape[:2]
    region = region_of(face, width, height, reach(blend.mask))
    if why is not None or region is None:
        return _kept(pixels, why or OUTSIDE)
    patch = swapper.patch(pixels, face, region, source)
    new, mask = compose(pixels, face, region, patch, blend)
    if not mask.any() or np.array_equal(new, pixels):
        return _kept(pixels, NOTHING)
    lit = light(pixels, new, mask, face.eye_distance)
    nearer = None
    if descriptor is not None and reference is not None:
        nearer = gain(descriptor, pixels, new, face, reference)
    outcome, message = _said(face, patch.enlarged, patch.soft, nearer)
    return Swap(new, mask, outcome, message, patch.enlarged, lit, nearer)


def _kept(pixels: "Pixels", why: Refusal) -> Swap:
    import numpy as np

    return Swap(pixels, np.zeros(pixels.shape[:2], np.uint8), *why)


def _said(
    face: Face, enlarged: float, soft: bool, nearer: Gain | None
) -> tuple[str, str]:
    if nearer is not None and nearer.gained <= 0:
        word = "identity" if nearer.identity else "appearance"
        return "low_identity", (
            f"the face came no nearer the reference ({word} {nearer.before:.2f} before, "
            f"{nearer.after:.2f} after): raise the strength or choose another photo"
        )
    if soft:
        return "soft", (
            f"the face is {enlarged:.1f} times as large as what it was made from: use a "
            "larger photo or restore the face afterwards"
        )
    if face.eye_distance < SMALL_EYES:
        return "swapped", (
            f"the face is small (eyes {face.eye_distance:.0f} pixels apart): look at it"
        )
    return "swapped", ""
