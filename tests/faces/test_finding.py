"""Faces are found, or set by hand; and it is said which one is meant."""

import cv2
import numpy as np
import pytest
from models import drawn_face
from photographs import nearest

from nodes._faces.align import TEMPLATE, oddness, similarity
from nodes._faces.cascades import Haar
from nodes._faces.face import face_at, moved, yaw_of
from nodes._faces.find import chosen, faces_of
from nodes._faces.measure import drift
from nodes._faces.scrfd import Scrfd
from nodes._faces.yunet import Yunet


class Never:
    """A detector that must not be asked."""

    name = "never"

    def find(self, rgb):
        raise AssertionError("the detector was asked")


class Blind:
    """A detector that finds nothing."""

    name = "blind"

    def find(self, rgb):
        return []


def test_the_built_in_detector_finds_a_frontal_face_and_its_points(haar, astronaut):
    [face] = haar.find(astronaut.rgb)

    assert face.detector == "haar"
    assert face.seen == 3
    assert drift(astronaut.face, face) < 0.12


def test_the_built_in_detector_finds_a_tilted_face(haar, astronaut):
    x, y = astronaut.face.centre
    turn = cv2.getRotationMatrix2D((x, y), -18, 1)
    tilted = cv2.warpAffine(astronaut.rgb, turn, (512, 512), borderMode=1)

    face = nearest(haar.find(tilted), moved(astronaut.face, turn))

    assert face is not None
    assert face.roll == pytest.approx(astronaut.face.roll + 18, abs=6)


def test_a_picture_without_a_face_shows_none(haar):
    assert haar.find(np.full((120, 160, 3), 128, np.uint8)) == []


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (1, 513), (30, 2)])
def test_a_tiny_picture_shows_no_face(haar, shape, models):
    picture = np.zeros((*shape, 3), np.uint8)

    assert haar.find(picture) == []
    assert Scrfd(models["scrfd"]).find(picture) == []


def test_a_turned_face_of_the_built_in_detector_has_no_eyes(haar, turned):
    x, y, side = 860, 50, 180
    part = np.ascontiguousarray(turned.rgb[y : y + side, x : x + side])

    assert all(face.seen < 2 for face in haar.find(part))


def test_yunet_finds_everybody(yunet, group_rgb, group):
    faces = Yunet(yunet).find(group_rgb)

    assert len(faces) == 6
    for person in group:
        found = nearest(faces, person.face)
        assert found is not None
        assert drift(person.face, found) < 0.05


@pytest.mark.parametrize("shape", [(200, 200), (1500, 900), (300, 1400)])
def test_yunet_finds_a_face_in_any_size_of_picture(yunet, astronaut, shape):
    scale = min(shape) / 512
    small = cv2.resize(astronaut.rgb, None, fx=scale, fy=scale)
    picture = np.zeros((*shape, 3), np.uint8)
    picture[: small.shape[0], : small.shape[1]] = small
    wanted = moved(astronaut.face, [[scale, 0, 0], [0, scale, 0]])

    found = nearest(Yunet(yunet).find(picture), wanted)

    assert found is not None
    assert drift(wanted, found) < 0.15


def test_scrfd_finds_drawn_faces_through_insightface(models):
    left, one = drawn_face((640, 360), (150, 180), 50)
    right, other = drawn_face((640, 360), (460, 190), 50, -10)
    left[:, 320:] = right[:, 320:]

    faces = Scrfd(models["scrfd"]).find(left)

    assert len(faces) == 2
    for points in (one, other):
        found = nearest(faces, face_at(points, "hand"))
        assert found is not None
        assert np.abs(found.points - points).max() < 2
        assert 0 < found.score <= 1


def test_points_set_by_hand_go_before_every_detector(astronaut):
    [face] = faces_of(astronaut.rgb, Never(), points=astronaut.face.points.tolist())

    assert np.array_equal(face.points, astronaut.face.points)
    assert face.detector == "hand"


def test_a_box_set_by_hand_gives_the_face_found_in_it(haar, astronaut):
    [face] = faces_of(astronaut.rgb, haar, box=(180, 60, 100, 110))

    assert drift(astronaut.face, face) < 0.15
    assert face.detector == "hand"


def test_a_box_where_nothing_is_found_gets_points_by_proportion(astronaut):
    [face] = faces_of(astronaut.rgb, Blind(), box=(176, 66, 98, 98))

    assert drift(astronaut.face, face) < 0.2


@pytest.mark.parametrize(
    "box", [(600, 0, 50, 50), (-90, 0, 50, 50), (0, 0, 0, 9), (1, 2)]
)
def test_a_box_that_is_none_is_refused_by_its_numbers(astronaut, box):
    with pytest.raises(ValueError, match="box"):
        faces_of(astronaut.rgb, Blind(), box=box)


@pytest.mark.parametrize(
    "points", [[], [(1, 2)] * 4, [(1, 2, 3)] * 5, [(float("nan"), 1)] * 5]
)
def test_a_face_has_five_points(points):
    with pytest.raises(ValueError, match="five points"):
        face_at(points, "hand")


def test_the_largest_face_is_meant_unless_another_is_named(group_rgb, group):
    faces = sorted((p.face for p in group), key=lambda f: -f.box.width)

    assert chosen(faces).faces == faces[:1]
    assert chosen(faces, "all").faces == faces
    assert chosen(faces, "nearest", faces[2].centre).faces == [faces[2]]
    assert chosen(faces[:1], "only").faces == faces[:1]


def test_of_several_faces_the_only_one_is_ambiguous(group):
    result = chosen([p.face for p in group], "only")

    assert result.faces == []
    assert result.refusal.outcome == "ambiguous"
    assert "4 faces" in result.refusal.reason


def test_no_face_is_an_outcome_with_a_remedy():
    result = chosen([])

    assert result.refusal.outcome == "no_face"
    assert "by hand" in result.refusal.reason


def test_an_unknown_choice_names_those_there_are():
    with pytest.raises(ValueError, match="largest"):
        chosen([], "leftmost")


def test_yaw_changes_its_sign_in_a_mirror(turned):
    points = turned.face.points
    mirrored = np.array([-1, 1]) * points[[1, 0, 2, 4, 3]] + (2000, 0)

    assert yaw_of(points) == pytest.approx(-52, abs=8)
    assert yaw_of(mirrored) == pytest.approx(-yaw_of(points), abs=0.01)


def test_turning_the_picture_changes_roll_and_not_yaw(turned):
    turn = cv2.getRotationMatrix2D((500, 300), -40, 1.7)
    points = turned.face.points @ turn[:, :2].T + turn[:, 2]
    face = face_at(points, "hand")

    assert face.yaw == pytest.approx(turned.face.yaw, abs=0.1)
    assert face.roll == pytest.approx(turned.face.roll + 40, abs=0.1)
    assert face.eye_distance == pytest.approx(1.7 * turned.face.eye_distance, rel=1e-3)


def test_a_similarity_brings_points_back_exactly():
    template = np.array(TEMPLATE)
    turn = cv2.getRotationMatrix2D((3, 4), 33, 2.5)
    points = template @ turn[:, :2].T + turn[:, 2]

    matrix = similarity(points, template)

    assert np.allclose(points @ matrix[:, :2].T + matrix[:, 2], template, atol=1e-6)
    assert oddness(points.astype(np.float32)) < 1e-4


def test_points_in_a_wrong_order_are_odd(astronaut):
    assert oddness(astronaut.face.points) < 0.15
    assert oddness(astronaut.face.points[[3, 4, 2, 0, 1]]) > 0.35


def test_a_face_upside_down_is_found_when_looked_for_there(astronaut):
    picture = np.ascontiguousarray(astronaut.rgb[::-1, ::-1])
    wanted = moved(astronaut.face, [[-1, 0, 511], [0, -1, 511]])

    found = nearest(Haar((180,)).find(picture), wanted)

    assert found is not None
    assert abs(found.roll) > 160
    assert drift(wanted, found) < 0.2


def test_everybody_in_a_picture_is_found_who_looks_ahead(haar, group_rgb, group):
    faces = [face for face in haar.find(group_rgb) if face.seen >= 2]

    found = [nearest(faces, person.face) for person in group]
    assert sum(face is not None for face in found) >= 3
    for person, face in zip(group, found, strict=True):
        assert face is None or drift(person.face, face) < 0.25
