"""Faces are told apart, or only said to look alike."""

import cv2
import numpy as np
import pytest

from nodes._faces.appearance import Appearance
from nodes._faces.describe import Arcface, Sface, averaged
from nodes._faces.face import moved


@pytest.fixture(params=["arcface", "sface", "appearance"])
def descriptor(request, models):
    made = {
        "arcface": lambda: Arcface(models["arcface"]),
        "sface": lambda: Sface(models["sface"]),
        "appearance": Appearance,
    }
    return made[request.param]()


def test_a_description_has_length_one_and_is_the_same_again(descriptor, astronaut):
    one = descriptor.vector(astronaut.rgb, astronaut.face)

    assert one.dtype == np.float32
    assert float(np.linalg.norm(one)) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(one, descriptor.vector(astronaut.rgb, astronaut.face))


def test_a_face_is_described_alike_when_its_picture_is_turned(
    descriptor, astronaut, group
):
    turn = cv2.getRotationMatrix2D(astronaut.face.centre, 20, 1.4)
    picture = cv2.warpAffine(astronaut.rgb, turn, (512, 512))
    one = descriptor.vector(astronaut.rgb, astronaut.face)
    same = descriptor.vector(picture, moved(astronaut.face, turn))
    other = descriptor.vector(group[1].rgb, group[1].face)

    assert float(one @ same) > 0.85
    assert float(one @ same) > float(one @ other) + 0.1


def test_appearance_is_never_called_identity(descriptor):
    assert descriptor.is_identity == (descriptor.name != "appearance")


def test_a_face_at_the_border_is_described(descriptor, astronaut):
    part = np.ascontiguousarray(astronaut.rgb[90:200, 200:300])
    face = moved(astronaut.face, [[1, 0, -200], [0, 1, -90]])

    assert np.isfinite(descriptor.vector(part, face)).all()


def unit(*values: float) -> np.ndarray:
    array = np.array(values, np.float32)
    return array / np.linalg.norm(array)


def test_photos_of_a_person_are_averaged_without_the_outlier():
    mean, dropped = averaged(
        [unit(1, 0.1, 0), unit(-0.2, 0, 1), unit(1, -0.1, 0), unit(1, 0, 0.1)], 0.5
    )

    assert dropped == [1]
    assert float(np.linalg.norm(mean)) == pytest.approx(1)
    assert float(mean @ unit(1, 0, 0)) > 0.99


def test_two_photos_are_both_kept():
    assert averaged([unit(1, 0), unit(0, 1)], 0.5)[1] == []


def test_a_reference_without_photos_is_refused():
    with pytest.raises(ValueError, match="photo"):
        averaged([], 0.5)
