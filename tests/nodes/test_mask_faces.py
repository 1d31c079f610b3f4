"""The Mask faces node."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from models import detector, drawn_face
from panels import centre, five, shown

from nodegraph import Context, Image, MissingError, SettingError
from nodegraph.context import Held
from nodes._faces.scrfd import Scrfd
from nodes.mask_faces import mask_faces, resolve


def settings(**changes: object) -> dict:
    """The node's settings as planning has them."""
    given = {name: port.default for name, port in mask_faces.settings.items()}
    return {**given, **changes}


def at(mask, place) -> int:
    x, y = place
    return int(mask.pixels[y, x])


def test_it_is_full_on_every_face_and_nothing_elsewhere():
    context = Context()

    mask = mask_faces(context, shown("panel-4"))

    assert mask.pixels.shape == (540, 960)
    assert mask.pixels.dtype == np.uint8
    assert [at(mask, centre("panel-4", index)) for index in (0, 1)] == [255, 255]
    assert at(mask, (40, 40)) == 0
    assert np.mean(mask.pixels > 0) < 0.1
    assert context.said["notes"]["faces_found"] == 2
    assert "outcome" not in context.said


def test_the_nearest_face_alone_can_be_chosen():
    x, y = centre("panel-4", 0)

    mask = mask_faces(Context(), shown("panel-4"), which="nearest", point=f"{x},{y}")

    assert at(mask, centre("panel-4", 0)) == 255
    assert at(mask, centre("panel-4", 1)) == 0


def test_features_lie_within_the_face_and_the_face_within_the_head():
    masks = [
        mask_faces(Context(), shown("panel-3"), shape=shape).pixels > 0
        for shape in ("features", "face", "head")
    ]

    for small, large in pairwise(masks):
        assert (large | ~small).all()
        assert large.sum() > 1.2 * small.sum()


def test_growing_and_feathering_do_what_they_say():
    plain, grown, hard = (
        mask_faces(Context(), shown("panel-3"), **asked).pixels
        for asked in ({}, {"grow": 1.5}, {"feather": 0.0})
    )

    assert (grown > 0).sum() > 1.8 * (plain > 0).sum()
    soft = [np.count_nonzero((mask > 0) & (mask < 255)) for mask in (plain, hard)]
    assert soft[0] > 5 * soft[1]


def test_no_shape_is_cut_off_at_the_rectangle_it_is_worked_on():
    for roll in range(0, 360, 30):
        turn = np.radians(roll)
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        face = np.array([(-30, -30), (30, -30), (0, 0), (-22, 30), (22, 30)])
        text = " ".join(f"{x:.2f},{y:.2f}" for x, y in face @ matrix.T + 300)
        image = Image(np.zeros((600, 600, 3), np.uint8))

        mask = mask_faces(Context(), image, shape="head", feather=0.0, points=text)

        area = np.count_nonzero(mask.pixels)
        rows, columns = np.nonzero(mask.pixels)
        assert area == pytest.approx(np.pi * 90 * 114, rel=0.35)
        assert 0 < rows.min() < rows.max() < 599
        assert 0 < columns.min() < columns.max() < 599
        corners = np.count_nonzero(mask.pixels[rows.min()])
        assert corners < 120


def test_a_face_over_the_edge_of_the_picture_is_cut_there():
    image = Image(shown("panel-3").pixels[:, 520:].copy())

    mask = mask_faces(
        Context(), image, points="0,240 56,234 10,300 0,346 56,340", feather=0.0
    )

    assert at(mask, (0, 300)) == 255


def test_without_a_face_the_mask_is_empty_and_says_so(any_image):
    context = Context()

    mask = mask_faces(context, any_image)

    assert mask.pixels.shape == any_image.pixels.shape[:2]
    assert not mask.pixels.any()
    assert context.said["outcome"] == "no_face"


def test_everything_but_the_faces_can_be_asked_for():
    mask = mask_faces(Context(), shown("panel-3"))
    other = mask_faces(Context(), shown("panel-3"), invert=True)
    empty = mask_faces(Context(), shown("panel-1"), invert=True)

    assert np.array_equal(other.pixels, 255 - mask.pixels)
    assert (empty.pixels == 255).all()


def test_a_shot_without_a_face_can_hold_or_fail():
    with pytest.raises(Held, match="no face was found") as held:
        mask_faces(Context(), shown("panel-1"), on_no_face="hold")
    with pytest.raises(ValueError, match="no_face: no face was found"):
        mask_faces(Context(), shown("panel-1"), on_no_face="fail")

    assert held.value.outcome == "no_face"


def test_several_faces_where_only_one_may_be_hold_unless_they_may_pass():
    with pytest.raises(Held, match=r"2 faces were found \(at") as held:
        mask_faces(Context(), shown("panel-4"), which="only")
    context = Context()
    mask = mask_faces(context, shown("panel-4"), which="only", on_other="pass")

    assert held.value.outcome == context.said["outcome"] == "ambiguous"
    assert not mask.pixels.any()


def test_a_face_set_by_hand_needs_no_detector():
    image = Image(np.full((540, 960, 4), 200, np.uint8))

    mask = mask_faces(Context(), image, points=five("panel-3"))

    assert at(mask, centre("panel-3")) == 255


def test_what_cannot_be_is_refused_when_planning():
    assert resolve(settings())["detector"] == "haar"
    with pytest.raises(SettingError, match="point is empty"):
        resolve(settings(which="nearest"))
    with pytest.raises(SettingError, match="points is '1,2'"):
        resolve(settings(points="1,2"))
    with pytest.raises(MissingError, match="setting 'yunet'"):
        resolve(settings(detector="yunet"))


def test_what_a_model_is_not_sure_of_is_no_face(tmp_path, monkeypatch):
    """A marker colour fires the generated detector; its score is 1, then too little."""
    pixels, points = drawn_face()
    model = str(detector(tmp_path / "a.onnx"))
    image = Image(pixels)
    x, y = points.mean(0).round().astype(int)

    found = mask_faces(Context(), image, scrfd=model, sure=0.5)
    monkeypatch.setattr(Scrfd, "find", unsure(Scrfd.find))
    context = Context()
    left_out = mask_faces(context, image, scrfd=model, sure=0.5)

    assert at(found, (x, y)) == 255
    assert not left_out.pixels.any()
    assert context.said["outcome"] == "no_face"


def unsure(find):
    """The same faces, each with a score of .4."""
    return lambda self, rgb: [replace(face, score=0.4) for face in find(self, rgb)]
