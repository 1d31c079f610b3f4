"""The three people of the story, and how a person can stand before the camera."""

from dataclasses import dataclass, field
from math import cos

from assets.drawing.canvas import Colour, rgb


@dataclass(frozen=True)
class Face:
    """Proportions of a face; lengths in half face widths."""

    length: float = 1.28
    jaw: float = 0.22
    eye: float = 1.0
    nose: float = 1.0
    lips: float = 1.0
    brow: float = 0.045


@dataclass(frozen=True)
class Look:
    """A character: what stays the same in every panel."""

    name: str
    skin: Colour
    blush: Colour
    lip: Colour
    hair: Colour
    iris: Colour
    hairstyle: str
    outfit: str
    face: Face = field(default_factory=Face)
    freckles: float = 0
    beard: float = 0
    earrings: bool = False


@dataclass(frozen=True)
class Pose:
    """Where a head is and what it does.

    `x`, `y` (centre) and `r` (half face width) are panel pixels. Angles are radians:
    `yaw` to image right, `pitch` down, `roll` clockwise. `smile`, `laugh` 0..1;
    `gaze` and `brows` -1..1; `turn` is how far the shoulders are turned, -1..1.
    """

    x: float
    y: float
    r: float
    yaw: float = 0
    pitch: float = 0
    roll: float = 0
    smile: float = 0.3
    laugh: float = 0
    gaze: float = 0
    brows: float = 0
    turn: float = 0

    @property
    def away(self) -> bool:
        """Whether the back of the head is seen."""
        return cos(self.yaw) < 0


MIRA = Look(
    name="mira",
    skin=rgb("#f3b999"),
    blush=rgb("#e8836f"),
    lip=rgb("#c8605a"),
    hair=rgb("#a8502e"),
    iris=rgb("#4f8f86"),
    hairstyle="long",
    outfit="raincoat",
    face=Face(length=1.27, jaw=0.24, eye=1.16, nose=0.85, lips=0.95, brow=0.036),
    freckles=0.55,
)
TEO = Look(
    name="teo",
    skin=rgb("#c98f66"),
    blush=rgb("#b5603f"),
    lip=rgb("#a25a48"),
    hair=rgb("#2c1f1d"),
    iris=rgb("#6b4526"),
    hairstyle="short",
    outfit="sweater",
    face=Face(length=1.31, jaw=0.16, eye=1.02, nose=1.1, lips=0.9, brow=0.058),
    beard=0.8,
)
NIA = Look(
    name="nia",
    skin=rgb("#7d4e35"),
    blush=rgb("#8c3d2c"),
    lip=rgb("#8a3f3c"),
    hair=rgb("#241a1c"),
    iris=rgb("#3d2516"),
    hairstyle="puff",
    outfit="jacket",
    face=Face(length=1.25, jaw=0.20, eye=1.13, nose=1.12, lips=1.3, brow=0.044),
    earrings=True,
)
CAST = (MIRA, TEO, NIA)
