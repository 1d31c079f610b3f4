"""The sample storyboard: what demo, README and face nodes rely on."""

import json
import math
import os
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from assets.draw_sample import SAMPLE, write_faces
from assets.drawing.canvas import Canvas, blank, noise, rgb
from assets.drawing.cast import CAST, MIRA, Pose
from assets.drawing.lamps import DAY
from assets.drawing.panels import HEIGHT, PANELS, WIDTH, draw_panel, draw_portrait
from assets.drawing.paper import finish
from assets.drawing.people import Seen, draw_person

FACES: dict[str, list[dict[str, Any]]] = json.loads(
    (SAMPLE / "faces.json").read_text(encoding="utf-8")
)
BOARD = {name: faces for name, faces in FACES.items() if name.startswith("board/")}
KNOWN_FACES = [(name, face) for name, faces in FACES.items() for face in faces]


def _natural(name: str) -> list[int | str]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _grey(name: str) -> Any:
    return np.asarray(Image.open(SAMPLE / name).convert("L"))


def _holds(box: Any, points: Any) -> bool:
    x, y, wide, high = box
    middle_x, middle_y = np.mean(points, axis=0)
    off = max(abs(x + wide / 2 - middle_x) / wide, abs(y + high / 2 - middle_y) / high)
    return bool(off < 0.35)


def test_the_board_has_at_least_ten_panels_in_two_sequences() -> None:
    sequences = {Path(name).parent.name for name in BOARD}

    assert len(BOARD) >= 10
    assert len(sequences) == 2


def test_the_board_holds_the_drawn_panels_and_nothing_else() -> None:
    files = {
        path.relative_to(SAMPLE / "board").as_posix()
        for path in (SAMPLE / "board").rglob("*.*")
    }

    assert files == {panel.file for panel in PANELS}
    assert {f"board/{file}" for file in files} == set(BOARD)


def test_panels_need_natural_order() -> None:
    told = [panel.file for panel in PANELS]

    assert told == sorted(told, key=_natural)
    assert told != sorted(told)


def test_every_picture_is_plain_rgb_of_its_size() -> None:
    for name in FACES:
        with Image.open(SAMPLE / name) as picture:
            size = (WIDTH, HEIGHT) if name in BOARD else (512, 512)
            assert (picture.mode, picture.size) == ("RGB", size), name


def test_the_sample_stays_under_five_megabytes() -> None:
    total = sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file())

    assert total < 5_000_000


def test_every_character_has_a_portrait_and_three_panels_at_least() -> None:
    for look in CAST:
        on_board = [
            f for faces in BOARD.values() for f in faces if f["character"] == look.name
        ]

        assert [f["character"] for f in FACES[f"characters/{look.name}.png"]] == [
            look.name
        ]
        assert len(on_board) >= 3, look.name


def test_some_panels_show_no_face() -> None:
    empty = [name for name, faces in BOARD.items() if not faces]

    assert 1 <= len(empty) < len(BOARD) / 2


@pytest.mark.parametrize(("name", "face"), KNOWN_FACES)
def test_points_lie_in_the_picture_and_image_left_comes_first(
    name: str, face: dict[str, Any]
) -> None:
    with Image.open(SAMPLE / name) as picture:
        wide, high = picture.size
    left_eye, right_eye, nose, left_mouth, right_mouth = face["points"]

    assert all(0 < x < wide and 0 < y < high for x, y in face["points"])
    assert left_eye[0] < right_eye[0] and left_mouth[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])


@pytest.fixture(scope="module")
def portrait() -> tuple[str, Canvas, list[Seen]]:
    """One of the portraits, drawn anew: its file, the paint, the face."""
    return (f"characters/{CAST[2].name}.png", *draw_portrait(CAST[2]))


def test_points_are_those_of_the_drawing(
    portrait: tuple[str, Canvas, list[Seen]], tmp_path: Path
) -> None:
    name, _, seen = portrait

    write_faces({name: seen}, tmp_path / "faces.json")

    assert json.loads((tmp_path / "faces.json").read_text("utf-8"))[name] == FACES[name]


def test_points_follow_a_head_that_turns_and_rolls() -> None:
    def drawn(pose: Pose) -> Any:
        canvas = blank(200, 200, 1)
        return np.asarray(draw_person(canvas, MIRA, pose, DAY).points)

    ahead = drawn(Pose(100, 90, 40))
    turned = drawn(Pose(100, 90, 40, yaw=0.4))
    rolled = drawn(Pose(100, 90, 40, roll=0.3))

    (x0, y0), (x1, y1) = rolled[:2]
    assert turned[2, 0] > ahead[2, 0] + 8
    assert math.atan2(y1 - y0, x1 - x0) == pytest.approx(0.3, abs=0.06)


@pytest.mark.parametrize(
    "panel", [PANELS[0], PANELS[4]], ids=lambda panel: panel.draw.__name__
)
def test_the_same_panel_is_drawn_twice_bit_for_bit(panel: Any) -> None:
    first, faces = draw_panel(panel, scale=0.5)
    second, again = draw_panel(panel, scale=0.5)

    assert np.array_equal(finish(first, panel.tint), finish(second, panel.tint))
    assert faces == again


def test_the_shipped_portrait_is_what_the_script_draws(
    portrait: tuple[str, Canvas, list[Seen]],
) -> None:
    """Other library versions may round differently, never draw differently."""
    name, canvas, _ = portrait
    drawn = finish(canvas, seed=len(PANELS)).astype(int)
    with Image.open(SAMPLE / name) as picture:
        shipped = np.asarray(picture).astype(int)

    assert np.abs(drawn - shipped).mean() < 1


def test_texture_is_the_same_at_every_scale() -> None:
    fine = noise(blank(64, 64, 4), (16, 16), 1)
    coarse = noise(blank(64, 64, 1), (16, 16), 1)

    assert np.abs(fine.reshape(64, 4, 64, 4).mean((1, 3)) - coarse).max() < 0.05


def test_colour_codes_are_red_green_blue() -> None:
    assert rgb("#ff8000") == (1.0, 128 / 255, 0.0)


def test_the_built_in_detector_finds_every_face_and_nothing_else() -> None:
    cascades = Path(cv2.__file__).parent / "data"
    cascade = cv2.CascadeClassifier(str(cascades / "haarcascade_frontalface_alt2.xml"))

    for name, faces in FACES.items():
        boxes = cascade.detectMultiScale(_grey(name), 1.1, 4, minSize=(28, 28))
        found = [f for f in faces if any(_holds(box, f["points"]) for box in boxes)]
        assert (len(found), len(boxes)) == (len(faces), len(faces)), name


def test_a_neural_detector_agrees_with_the_points() -> None:
    """YuNet's five points, within a fifth of the distance between the eyes."""
    model = os.environ.get("WORKBENCH_YUNET", "")
    if not Path(model).is_file():
        pytest.skip("set WORKBENCH_YUNET to a YuNet face detection model (.onnx)")

    for name, faces in FACES.items():
        picture = np.asarray(Image.open(SAMPLE / name).convert("RGB"))[..., ::-1].copy()
        size = (picture.shape[1], picture.shape[0])
        _, rows = cv2.FaceDetectorYN.create(model, "", size, 0.6).detect(picture)
        seen = [row[4:14].reshape(5, 2) for row in (rows if rows is not None else [])]
        for face in faces:
            points = np.asarray(face["points"])
            apart = np.linalg.norm(points[0] - points[1])
            nearest = min((np.abs(s - points).mean() for s in seen), default=np.inf)
            assert nearest < 0.2 * apart, (name, face["character"])
