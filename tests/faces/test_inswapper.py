"""The inswapper engine, through insightface's own code, on generated models."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from photographs import photograph

from nodes._faces import measure
from nodes._faces.compose import Blend
from nodes._faces.describe import Arcface
from nodes._faces.inswapper import Inswapper
from nodes._faces.scrfd import Scrfd
from nodes._faces.source import Source
from nodes._faces.swap import swap


@pytest.fixture(scope="module")
def arcface(models):
    return Arcface(models["arcface"])


def swapped(models, arcface, target, photo, blend=None):
    vector = arcface.vector(photo.rgb, photo.face)
    engine = Inswapper(models["inswapper"])
    return swap(
        target.rgb,
        target.face,
        Source(vector=vector),
        engine,
        blend or Blend(light=0),
        arcface,
        vector,
    )


def test_a_drawn_face_gets_the_identity_through_insightface(
    models, arcface, drawn, other_drawn
):
    [face] = Scrfd(models["scrfd"]).find(drawn.rgb)
    result = swapped(models, arcface, photograph(drawn.rgb, face.points), other_drawn)

    assert result.gain.identity
    assert result.gain.gained > 0.03
    assert measure.outside(drawn.rgb, result.pixels, result.mask).kept


def test_a_photograph_gets_the_identity(models, arcface, astronaut, group):
    for person in group[:2]:
        result = swapped(models, arcface, astronaut, person)

        assert result.gain.gained > 0.03
        assert measure.outside(astronaut.rgb, result.pixels, result.mask).kept


def test_the_light_of_the_shot_is_kept(models, arcface, astronaut, group):
    result = swapped(models, arcface, astronaut, group[1], Blend())

    assert result.light.kept


def test_a_swap_prints_nothing_on_stdout(models, arcface, astronaut, group, capfd):
    swapped(models, arcface, astronaut, group[0])

    assert capfd.readouterr().out == ""


def test_a_large_face_is_soft_and_is_told_so(models, arcface, astronaut, group):
    large = cv2.resize(astronaut.rgb, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    target = photograph(large, astronaut.face.points * 4 + 1.5)
    result = swapped(models, arcface, target, group[0])

    assert result.outcome == "soft"
    assert result.enlarged > 3
    assert measure.outside(large, result.pixels, result.mask).kept


def test_a_large_face_is_swapped_like_a_small_one(models, arcface, astronaut, group):
    small = swapped(models, arcface, astronaut, group[0])
    large = cv2.resize(astronaut.rgb, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    target = photograph(large, astronaut.face.points * 4 + 1.5)
    result = swapped(models, arcface, target, group[0])

    again = cv2.resize(result.pixels, (512, 512), interpolation=cv2.INTER_AREA)
    inside = small.mask > 200
    off = np.abs(again[inside].astype(int) - small.pixels[inside])
    assert off.mean() < 4


def test_a_turned_face_is_taken_that_the_built_in_engine_refuses(
    models, arcface, turned, astronaut
):
    result = swapped(models, arcface, turned, astronaut)

    assert result.mask.any()
    assert result.outcome != "refused_pose"


@pytest.mark.parametrize("vector", [None, np.ones(128, np.float32)])
def test_an_identity_of_another_model_is_refused(models, astronaut, vector):
    with pytest.raises(ValueError, match="512"):
        swap(
            astronaut.rgb,
            astronaut.face,
            Source(vector=vector),
            Inswapper(models["inswapper"]),
            Blend(),
        )


def test_swaps_at_the_same_time_give_the_same(models, arcface, astronaut, group):
    alone = swapped(models, arcface, astronaut, group[0])
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(swapped, models, arcface, astronaut, group[0]) for _ in range(6)
        ]
        together = [job.result() for job in jobs]

    assert all(np.array_equal(alone.pixels, one.pixels) for one in together)
