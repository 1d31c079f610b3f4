"""The built-in engine on photographs and drawings: figures, refusals, controls."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from photographs import Photograph, nearest, photograph

from nodes._faces import measure
from nodes._faces.appearance import Appearance
from nodes._faces.classic import Classic
from nodes._faces.compose import Blend
from nodes._faces.face import face_at, moved
from nodes._faces.source import Source
from nodes._faces.swap import swap

LIKE = Appearance()
SAMPLE = Path(__file__).parents[2] / "assets" / "sample"


def swapped(target, photo, blend=None, rgb=None):
    rgb = target.rgb if rgb is None else rgb
    reference = LIKE.vector(photo.rgb, photo.face)
    source = Source(photo.rgb, photo.face)
    return swap(rgb, target.face, source, Classic(), blend or Blend(), LIKE, reference)


@pytest.fixture(scope="module")
def pairs(astronaut, group):
    """Every photograph laid on every other of a like pose."""
    people = [astronaut, *group]
    return [
        (target, photo, swapped(target, photo))
        for target in people
        for photo in people
        if target is not photo and abs(target.face.yaw - photo.face.yaw) <= 30
    ]


def test_every_swap_of_photographs_leaves_the_outside_alone(pairs):
    assert len(pairs) >= 16
    for target, _, result in pairs:
        assert measure.outside(target.rgb, result.pixels, result.mask).kept
        assert result.mask.any()


def test_the_light_of_photographs_is_kept(pairs):
    kept = [result.light.kept for _, _, result in pairs]

    assert np.mean(kept) >= 0.95


def test_every_swap_of_photographs_comes_nearer_the_reference(pairs):
    gains = [result.gain.gained for _, _, result in pairs]

    assert min(gains) > 0
    assert np.mean(np.array(gains) >= measure.GAIN) >= 0.95


def test_a_swap_comes_nearer_its_reference_than_anybody_else(pairs, astronaut, group):
    people = [astronaut, *group]
    for target, photo, result in pairs:
        for other in people:
            if other in (target, photo):
                continue
            vector = LIKE.vector(other.rgb, other.face)
            theirs = measure.gain(LIKE, target.rgb, result.pixels, target.face, vector)
            assert result.gain.gained > theirs.gained


def test_the_pose_of_photographs_hardly_drifts(pairs, yunet):
    from nodes._faces.yunet import Yunet

    detector = Yunet(yunet)
    drifts = []
    for target, _, result in pairs:
        before = nearest(detector.find(target.rgb), target.face)
        after = nearest(detector.find(result.pixels), target.face)
        drifts.append(measure.drift(before, after))

    assert np.mean(np.array(drifts) <= measure.DRIFT_WARN) >= 0.9
    assert max(drifts) <= measure.DRIFT_FAIL


def test_the_light_of_the_photo_fails_the_light_check(pairs):
    kept = [
        swapped(target, photo, Blend(light=0)).light.kept for target, photo, _ in pairs
    ]

    assert np.mean(kept) <= 0.3


def test_half_the_light_of_the_shot_lies_between(astronaut, group):
    shifts = [
        swapped(astronaut, group[1], Blend(light=share)).light.shift
        for share in (1, 0.5, 0)
    ]

    assert shifts == sorted(shifts)
    assert shifts[2] > shifts[0] + 1


def test_doing_nothing_fails_the_gain_check(astronaut, group):
    reference = LIKE.vector(group[0].rgb, group[0].face)
    gain = measure.gain(LIKE, astronaut.rgb, astronaut.rgb, astronaut.face, reference)

    assert gain.gained == 0
    assert gain.gained < measure.GAIN


def test_copying_the_whole_picture_fails_the_lock(astronaut, group):
    result = swapped(astronaut, group[1])
    copy = cv2.resize(group[1].rgb, (512, 512))

    found = measure.outside(astronaut.rgb, copy, result.mask)

    assert not found.kept
    assert found.share > 0.5


def test_another_size_fails_the_lock(astronaut):
    mask = np.zeros((512, 512), np.uint8)

    assert not measure.outside(astronaut.rgb, astronaut.rgb[1:], mask).kept


def test_a_lost_face_has_drifted_without_end(astronaut):
    assert measure.drift(astronaut.face, None) > measure.DRIFT_FAIL


def test_a_swap_is_the_same_again(astronaut, group):
    one, other = (swapped(astronaut, group[1]) for _ in range(2))

    assert np.array_equal(one.pixels, other.pixels)
    assert np.array_equal(one.mask, other.mask)


def test_alpha_is_kept_and_changes_no_colour(astronaut, group):
    ramp = np.tile(np.linspace(1, 255, 512).astype(np.uint8), (512, 1))
    rgba = np.dstack((astronaut.rgb, ramp))
    rgba.setflags(write=False)

    plain, result = swapped(astronaut, group[1]), swapped(astronaut, group[1], rgb=rgba)

    assert np.array_equal(result.pixels[..., 3], ramp)
    assert np.array_equal(result.pixels[..., :3], plain.pixels)


def test_a_grey_shot_stays_grey(astronaut, group):
    grey = np.repeat(cv2.cvtColor(astronaut.rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    result = swapped(astronaut, group[1], rgb=grey)

    spread = result.pixels.max(2).astype(int) - result.pixels.min(2)
    assert result.outcome == "swapped"
    assert spread.max() <= 6


def test_a_face_turned_away_is_refused_and_not_mangled(turned, astronaut):
    result = swapped(turned, astronaut)

    assert result.outcome == "refused_pose"
    assert "degrees" in result.message
    assert result.pixels is turned.rgb
    assert not result.mask.any()


def test_a_photo_of_another_pose_is_refused(astronaut, turned):
    result = swapped(astronaut, turned)

    assert result.outcome == "refused_pose"
    assert "photo" in result.message


def test_outlying_points_are_refused(astronaut, group):
    wrong = astronaut.face.points.copy()
    wrong[3] = (20, 300)
    result = swapped(photograph(astronaut.rgb, wrong), group[1])

    assert result.outcome == "refused_pose"
    assert "points" in result.message


def test_a_face_without_eyes_seen_is_refused(astronaut, group):
    hidden = face_at(astronaut.face.points, "haar", seen=1)
    result = swap(
        astronaut.rgb, hidden, Source(group[1].rgb, group[1].face), Classic(), Blend()
    )

    assert result.outcome == "refused_pose"
    assert "by hand" in result.message


def test_a_face_too_small_is_refused(astronaut, group):
    scale = 9 / astronaut.face.eye_distance
    small = cv2.resize(astronaut.rgb, None, fx=scale, fy=scale)
    face = moved(astronaut.face, [[scale, 0, 0], [0, scale, 0]])
    result = swapped(photograph(small, face.points), group[1])

    assert result.outcome == "too_small"
    assert "pixels apart" in result.message


def test_a_small_face_is_swapped_with_a_warning(astronaut, group):
    scale = 16 / astronaut.face.eye_distance
    small = cv2.resize(astronaut.rgb, None, fx=scale, fy=scale, interpolation=3)
    face = moved(astronaut.face, [[scale, 0, 0], [0, scale, 0]])
    result = swapped(photograph(small, face.points), group[1])

    assert result.outcome == "swapped"
    assert "small" in result.message
    assert measure.outside(small, result.pixels, result.mask).kept


def test_a_face_outside_the_picture_is_no_face(astronaut, group):
    face = moved(astronaut.face, [[1, 0, 2000], [0, 1, 0]])
    result = swapped(photograph(astronaut.rgb, face.points), group[1])

    assert result.outcome == "no_face"


@pytest.mark.parametrize(
    "crop", [(slice(0, 130), slice(0, 512)), (slice(0, 512), slice(222, 512))]
)
def test_a_face_cut_by_the_border_is_swapped_as_far_as_it_shows(astronaut, group, crop):
    rows, columns = crop
    part = np.ascontiguousarray(astronaut.rgb[rows, columns])
    face = moved(astronaut.face, [[1, 0, -columns.start], [0, 1, -rows.start]])
    result = swapped(photograph(part, face.points), group[1])

    assert result.mask.any()
    assert measure.outside(part, result.pixels, result.mask).kept


def test_a_large_face_from_a_small_photo_is_soft(astronaut, group):
    small = cv2.resize(group[1].rgb, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    face = moved(group[1].face, [[0.4, 0, 0], [0, 0.4, 0]])
    result = swapped(astronaut, photograph(small, face.points))

    assert result.outcome == "soft"
    assert result.enlarged > 1.5


def test_strength_0_is_unchanged_and_says_so(astronaut, group):
    result = swapped(astronaut, group[1], Blend(strength=0))

    assert result.outcome == "unchanged"
    assert np.array_equal(result.pixels, astronaut.rgb)


def test_a_face_laid_on_itself_brings_no_gain(astronaut):
    result = swapped(astronaut, astronaut)

    assert result.outcome in {"unchanged", "low_identity"}


def sample() -> tuple[dict[str, Photograph], list[tuple[str, Photograph]]]:
    """The sample's characters by name, and the faces of its board that are not tiny."""
    places = json.loads((SAMPLE / "faces.json").read_text("utf-8"))
    people, panels = {}, []
    for name, faces in places.items():
        rgb = cv2.cvtColor(cv2.imread(str(SAMPLE / name)), cv2.COLOR_BGR2RGB)
        for face in faces:
            shown = photograph(rgb, face["points"])
            if name.startswith("characters/"):
                people[face["character"]] = shown
            elif shown.face.eye_distance > 40:
                panels.append((face["character"], shown))
    return people, panels


def test_the_sample_board_takes_every_other_character():
    people, panels = sample()
    kept, gains = [], []
    for name, panel in panels:
        for other, photo in people.items():
            result = swapped(panel, photo)
            assert measure.outside(panel.rgb, result.pixels, result.mask).kept
            kept.append(result.light.kept)
            if other != name:
                gains.append(result.gain.gained)

    assert len(gains) >= 20
    assert np.mean(kept) >= 0.95
    assert min(gains) > 0


def test_the_figures_are_json_and_name_appearance_not_identity(astronaut, group):
    facts = swapped(astronaut, group[1]).facts()

    assert "appearance" in facts
    assert "identity" not in facts
    assert facts["light"]["kept"] is True


def test_a_photo_without_a_face_is_asked_for(astronaut):
    with pytest.raises(ValueError, match="photo"):
        swap(astronaut.rgb, astronaut.face, Source(), Classic(), Blend())


def test_even_light_is_not_compared():
    flat = np.full((60, 60, 3), 128, np.uint8)
    mask = np.full((60, 60), 255, np.uint8)

    assert measure.light(flat, flat, mask, 20).likeness is None
    assert measure.light(flat, flat, mask, 20).kept
    assert not measure.light(flat, flat + 40, mask, 20).kept


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_face_lying_or_upside_down_is_swapped_like_an_upright_one(
    astronaut, group, turns
):
    upright = swapped(astronaut, group[1])
    points, side = astronaut.face.points, astronaut.rgb.shape[0] - 1
    for _ in range(turns):
        points = np.stack([points[:, 1], side - points[:, 0]], 1)
    lying = photograph(np.rot90(astronaut.rgb, turns), points)

    result = swapped(lying, group[1])

    again = np.rot90(result.pixels, -turns)
    inside = upright.mask > 0
    off = np.abs(again[inside].astype(int) - upright.pixels[inside])
    assert result.outcome == "swapped"
    assert off.mean() < 2
