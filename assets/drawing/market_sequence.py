"""Sequence 20, the night market: three people and the last lantern."""

from collections.abc import Sequence
from dataclasses import replace

from assets.drawing.canvas import Canvas, defocus, oval, paint, rgb
from assets.drawing.cast import MIRA, NIA, TEO, Pose
from assets.drawing.harbour import NIGHT, draw_glints, draw_harbour
from assets.drawing.harbour_sequence import planks
from assets.drawing.lamps import DIM, LAMPS, LAMPS_RIGHT, MOON
from assets.drawing.light import Light
from assets.drawing.market import draw_bokeh, draw_lantern, draw_market, draw_string
from assets.drawing.people import Seen, draw_people, draw_person
from assets.drawing.props import draw_raised_lantern

AMBER = rgb("#ffb347")
CROWD = (
    replace(TEO, hair=rgb("#5a4636")),
    replace(MIRA, hair=rgb("#2b2024")),
    replace(NIA, hair=rgb("#33261f")),
    replace(TEO, hair=rgb("#1d1a1e"), outfit="jacket"),
    replace(MIRA, hair=rgb("#6b4a2a"), outfit="sweater"),
)
PASSERS_BY = (
    (122, 458, 10.0), (196, 452, 9.4), (352, 470, 11.5), (424, 462, 10.6), (590, 446, 8.8),
    (655, 456, 10.0), (800, 470, 11.6), (880, 512, 14.5),
)  # fmt: skip
FLOATING = (
    (480, 214, 26, "#ffb347"), (330, 150, 17, "#ff8a55"), (620, 128, 19, "#ffd66b"),
    (250, 236, 13, "#ffc58a"), (720, 214, 14, "#ff7d4a"), (150, 96, 12, "#ffd66b"),
    (545, 66, 12, "#ffb347"), (410, 72, 10, "#ffc58a"), (840, 150, 11, "#ffb347"),
    (80, 190, 8, "#ff8a55"), (900, 70, 8, "#ffd66b"), (690, 50, 7, "#ff8a55"),
)  # fmt: skip


def _brighter(light: Light) -> Light:
    """The same lamps, nearer."""
    return replace(light, key_colour=(1.02, 0.77, 0.53), sky=(0.44, 0.40, 0.52))


def draw_crowd(canvas: Canvas, places: Sequence[tuple[float, float, float]]) -> None:
    """Paint passers-by from behind at (x, feet, half head width)."""
    for number, (x, feet, r) in enumerate(places):
        light = replace(DIM, rim_from=(1 if number % 2 else -1, -0.5))
        spot = oval(canvas, (x, feet), (3.2 * r, 0.7 * r), 0.3 * r)
        paint(canvas, spot, (0.05, 0.03, 0.1), 0.6)
        pose = Pose(x, feet - 11.2 * r, r, yaw=3.14)
        draw_person(canvas, CROWD[number % len(CROWD)], pose, light)


def street(canvas: Canvas) -> list[Seen]:
    """Wide: the night market, the crowd from behind."""
    draw_market(canvas, 400, 1.0, 40)
    draw_crowd(canvas, PASSERS_BY)
    return []


def stallkeeper(canvas: Canvas) -> list[Seen]:
    """Medium: Nia before her stall, a lantern in her hand."""
    draw_market(canvas, 470, 1.9, -140)
    defocus(canvas, 4.5)
    draw_bokeh(canvas, 16, (12, 30), (20, 260), 4)
    draw_string(canvas, (-20, 20), (980, -10), 46, 6, 26, 5)
    light = _brighter(LAMPS)
    nia = Pose(590, 268, 92, yaw=-0.24, roll=0.05, smile=0.8, gaze=-0.4, turn=-0.3)
    seen = draw_people(canvas, light, (NIA, replace(nia, brows=0.3)))
    draw_raised_lantern(canvas, NIA, light, (400, 590), (318, 400), 34, AMBER)
    return seen


def over_shoulder(canvas: Canvas) -> list[Seen]:
    """Over Teo's shoulder: Mira holds the lantern."""
    draw_market(canvas, 450, 1.7, 60)
    defocus(canvas, 4.2)
    draw_bokeh(canvas, 18, (12, 30), (10, 240), 9)
    mira = Pose(590, 235, 86, yaw=-0.20, roll=0.06, smile=0.5, gaze=-0.4, turn=-0.2)
    seen = draw_people(canvas, LAMPS_RIGHT, (MIRA, replace(mira, brows=0.8)))
    draw_raised_lantern(canvas, MIRA, LAMPS_RIGHT, (768, 600), (782, 424), 30, AMBER)
    dark = replace(
        DIM, key=(0.6, -0.3, 0.3), sky=(0.24, 0.22, 0.34), rim_from=(1, -0.2)
    )
    draw_person(canvas, TEO, Pose(195, 240, 146, yaw=3.60, roll=0.03), dark)
    return seen


def laughter(canvas: Canvas) -> list[Seen]:
    """Close-up: Nia laughs among the lights."""
    draw_market(canvas, 520, 2.4, 30)
    defocus(canvas, 9)
    draw_bokeh(canvas, 34, (16, 46), (0, 520), 22)
    nia = Pose(430, 292, 140, yaw=0.18, roll=0.13, smile=0.9, laugh=0.8, turn=0.2)
    return draw_people(canvas, _brighter(LAMPS_RIGHT), (NIA, replace(nia, brows=0.6)))


def together(canvas: Canvas) -> list[Seen]:
    """Medium three-shot under the lanterns."""
    draw_market(canvas, 450, 1.5, -60)
    defocus(canvas, 3.6)
    draw_bokeh(canvas, 14, (10, 24), (20, 220), 15)
    draw_string(canvas, (-20, 10), (980, 10), 44, 7, 24, 8)
    teo = Pose(735, 212, 74, yaw=-0.30, roll=0.03, smile=0.5, gaze=-0.4, turn=-0.4)
    mira = Pose(228, 232, 72, yaw=0.30, roll=-0.05, smile=0.7, gaze=0.4, turn=0.4)
    nia = Pose(480, 276, 78, yaw=0.02, roll=0.02, smile=0.85, laugh=0.5, brows=0.3)
    return draw_people(canvas, _brighter(LAMPS), (TEO, teo), (MIRA, mira), (NIA, nia))


def last_lantern(canvas: Canvas) -> list[Seen]:
    """Wide: seen from behind, they let the lanterns go over the dark water."""
    draw_harbour(canvas, NIGHT, 300, MOON, 66)
    for x, y, size, paper in FLOATING:
        draw_lantern(canvas, x, y, size, rgb(paper))
        draw_glints(canvas, x, 300, rgb(paper), 0.028 * size, 14)
    planks(canvas, 470, NIGHT)
    for look, x, y, r in (
        (MIRA, 366, 318, 26),
        (TEO, 594, 306, 27),
        (NIA, 480, 330, 26),
    ):
        draw_person(canvas, look, Pose(x, y, r, yaw=3.14), MOON)
    return []
