"""The twelve panels of "The Last Lantern" and the portraits of its cast."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assets.drawing import harbour_sequence as harbour
from assets.drawing import market_sequence as market
from assets.drawing.canvas import (
    Canvas,
    Colour,
    blank,
    glow,
    noise,
    paint,
    rgb,
    shine,
    wash,
    whole,
)
from assets.drawing.cast import Look, Pose
from assets.drawing.lamps import STUDIO
from assets.drawing.people import Seen, draw_people

WIDTH, HEIGHT = 960, 540
SUN: Colour = (1.0, 0.98, 0.95)
NEON: Colour = (1.0, 0.98, 1.0)
BACKDROPS = {"mira": "#c9dcd8", "teo": "#e6d8c2", "nia": "#f0d9c0"}

Drawn = tuple[Canvas, list[Seen]]


@dataclass(frozen=True)
class Panel:
    """A panel: its file below `board/`, its drawing, and the tint of its print."""

    file: str
    draw: Callable[[Canvas], list[Seen]]
    tint: Colour = (1, 1, 1)


PANELS: Sequence[Panel] = (
    Panel("sc010-harbour/panel-1.png", harbour.arrival),
    Panel("sc010-harbour/panel-2.png", harbour.ashore),
    Panel("sc010-harbour/panel-3.png", harbour.boatman),
    Panel("sc010-harbour/panel-4.png", harbour.bargain, SUN),
    Panel("sc010-harbour/panel-5.png", harbour.pier, SUN),
    Panel("sc010-harbour/panel-6.png", harbour.workshop),
    Panel("sc020-night-market/panel-7.png", market.street, NEON),
    Panel("sc020-night-market/panel-8.png", market.stallkeeper, NEON),
    Panel("sc020-night-market/panel-9.png", market.over_shoulder, NEON),
    Panel("sc020-night-market/panel-10.png", market.laughter, NEON),
    Panel("sc020-night-market/panel-11.png", market.together, NEON),
    Panel("sc020-night-market/panel-12.png", market.last_lantern),
)


def draw_panel(panel: Panel, scale: float = 2) -> Drawn:
    """The painted panel and the faces in it; `scale` is the supersampling."""
    canvas = blank(WIDTH, HEIGHT, scale)
    return canvas, panel.draw(canvas)


def draw_portrait(look: Look, scale: float = 2) -> Drawn:
    """A frontal portrait, 512 x 512, in soft light before a plain wall."""
    canvas = blank(512, 512, scale)
    back = rgb(BACKDROPS[look.name])
    wash(canvas, [(0, back), (512, back)])
    shine(canvas, glow(canvas, (256, 200), 360, 1.4), (1, 1, 0.97), 0.45)
    wall = np.abs(noise(canvas, (70, 70), 4, 3)) * 0.2
    paint(canvas, whole(canvas, wall), rgb("#8d8577"), 0.25)
    height = 262 if look.hairstyle == "puff" else 225
    return canvas, draw_people(
        canvas, STUDIO, (look, Pose(256, height, 100, smile=0.4))
    )
