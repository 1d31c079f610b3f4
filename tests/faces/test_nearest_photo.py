"""Of a character's photos the one nearest in pose and light is used."""

import numpy as np
import pytest

from nodes._faces.nearest_photo import nearest_photo, slope


def lit_from(rgb: np.ndarray, face, side: int) -> np.ndarray:
    """The picture with its face half as bright on the side away from the light."""
    x = (np.arange(rgb.shape[1]) - face.centre[0]) / face.eye_distance
    gain = np.clip(0.75 + 0.25 * side * x, 0.4, 1.0)
    return (rgb * gain[None, :, None]).astype(np.uint8)


def test_light_from_the_right_is_told_from_light_from_the_left(astronaut):
    right = slope(lit_from(astronaut.rgb, astronaut.face, 1), astronaut.face)
    left = slope(lit_from(astronaut.rgb, astronaut.face, -1), astronaut.face)

    assert right.across > left.across + 10


def test_the_photo_of_like_light_is_taken(astronaut):
    face = astronaut.face
    photos = [(lit_from(astronaut.rgb, face, side), face) for side in (-1, 1)]

    for index, side in enumerate((-1, 1)):
        shot = (lit_from(astronaut.rgb, face, side) * 0.8).astype(np.uint8)
        assert nearest_photo(shot, face, photos) == index


def test_the_photo_of_like_pose_is_taken(astronaut, turned, group):
    photos = [(turned.rgb, turned.face), (astronaut.rgb, astronaut.face)]

    assert nearest_photo(group[1].rgb, group[1].face, photos) == 1
    assert nearest_photo(turned.rgb, turned.face, photos) == 0


def test_of_equal_photos_the_first_is_taken(astronaut):
    photo = (astronaut.rgb, astronaut.face)

    assert nearest_photo(*photo, [photo, photo]) == 0


def test_without_photos_one_is_asked_for(astronaut):
    with pytest.raises(ValueError, match="photo"):
        nearest_photo(astronaut.rgb, astronaut.face, [])
