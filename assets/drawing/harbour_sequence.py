"""Sequence 10, the harbour: Mira arrives and finds the lantern maker."""

from dataclasses import replace

from assets.drawing.canvas import Canvas, defocus, mix, rgb
from assets.drawing.cast import MIRA, NIA, TEO, Pose
from assets.drawing.harbour import GOLDEN, MORNING, Hour, draw_harbour
from assets.drawing.lamps import DAY, LATE, SUNSET
from assets.drawing.people import Seen, draw_people
from assets.drawing.quay import (
    HULLS,
    draw_boat,
    draw_crane,
    draw_gulls,
    draw_pier,
    draw_post,
)
from assets.drawing.room import WARM, draw_room

WHITE, DARK = rgb("#f8f6ee"), rgb("#5d4a66")


def planks(canvas: Canvas, top: float, hour: Hour) -> None:
    """Paint the pier in the colours of an hour."""
    draw_pier(canvas, top, mix(rgb("#a57c55"), hour.near, 0.34), hour.low)


def arrival(canvas: Canvas) -> list[Seen]:
    """Wide: the harbour in the morning, nobody near."""
    draw_harbour(canvas, MORNING, 285, DAY, 1)
    draw_boat(canvas, 330, 400, 250, rgb(HULLS[0]), DAY)
    draw_boat(canvas, 690, 352, 130, rgb(HULLS[4]), DAY, -1)
    planks(canvas, 492, MORNING)
    draw_post(canvas, 96, 420, 520, 34, DAY)
    draw_post(canvas, 842, 432, 524, 30, DAY)
    flock = [
        (480, 120, 40),
        (545, 92, 30),
        (430, 160, 24),
        (250, 70, 20),
        (612, 150, 18),
    ]
    draw_gulls(canvas, flock, WHITE)
    return []


def ashore(canvas: Canvas) -> list[Seen]:
    """Medium: Mira comes ashore."""
    draw_harbour(canvas, MORNING, 300, DAY, 21)
    draw_gulls(canvas, [(720, 110, 44), (800, 80, 30), (650, 150, 24)], WHITE)
    defocus(canvas, 2.4)
    mira = Pose(385, 225, 92, yaw=0.22, roll=0.05, smile=0.65, turn=0.3)
    return draw_people(canvas, DAY, (MIRA, replace(mira, gaze=0.3, brows=0.3)))


def boatman(canvas: Canvas) -> list[Seen]:
    """Close-up: Teo looks up from his boat."""
    draw_harbour(canvas, MORNING, 330, DAY, 33)
    draw_boat(canvas, 210, 430, 330, rgb(HULLS[1]), DAY)
    defocus(canvas, 3.6)
    light = replace(DAY, key=(0.5, -0.5, 0.7), rim_from=(-1, -0.3))
    teo = Pose(560, 250, 142, yaw=-0.30, roll=-0.07, smile=0.55, turn=-0.4)
    return draw_people(canvas, light, (TEO, replace(teo, gaze=-0.4, brows=0.2)))


def bargain(canvas: Canvas) -> list[Seen]:
    """Medium two-shot: the two talk on the quay in the late light."""
    draw_harbour(canvas, GOLDEN, 300, LATE, 41)
    draw_crane(canvas, 455, 304, 250, rgb("#8a4a55"))
    defocus(canvas, 2.2)
    teo = Pose(645, 205, 84, yaw=-0.42, roll=0.04, smile=0.4, gaze=-0.5, turn=-0.6)
    mira = Pose(300, 238, 82, yaw=0.42, roll=-0.06, smile=0.7, gaze=0.5, turn=0.6)
    mira = replace(mira, laugh=0.45, brows=0.5)
    return draw_people(canvas, LATE, (TEO, teo), (MIRA, mira))


def pier(canvas: Canvas) -> list[Seen]:
    """Wide: two small figures on the pier, the sun going down."""
    draw_harbour(canvas, GOLDEN, 268, SUNSET, 52)
    draw_boat(canvas, 170, 352, 190, rgb(HULLS[3]), SUNSET)
    planks(canvas, 432, GOLDEN)
    draw_post(canvas, 860, 372, 470, 30, SUNSET)
    draw_gulls(canvas, [(340, 110, 34), (390, 84, 24), (300, 150, 20)], DARK)
    teo = Pose(528, 288, 19, yaw=-0.30, smile=0.4, turn=-0.3)
    mira = Pose(410, 302, 18, yaw=0.30, smile=0.5, turn=0.3)
    return draw_people(canvas, SUNSET, (TEO, teo), (MIRA, mira))


def workshop(canvas: Canvas) -> list[Seen]:
    """Medium: Nia in her workshop, dusk in the window."""
    draw_room(canvas)
    defocus(canvas, 1.3)
    near = replace(WARM, key_colour=(0.95, 0.72, 0.50), sky=(0.46, 0.42, 0.54))
    light = replace(near, rim=(0.45, 0.40, 0.75), rim_from=(1, -0.2))
    nia = Pose(440, 262, 90, yaw=0.16, roll=-0.05, smile=0.6, turn=0.2)
    return draw_people(canvas, light, (NIA, replace(nia, gaze=0.2, brows=0.2)))
