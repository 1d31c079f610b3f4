"""The Reference node."""

import cv2
import numpy as np
import pytest
from models import recogniser
from panels import five, known, path_of, shown

from nodegraph import Context, Image, MissingError, SettingError
from nodes.reference import reference, resolve


@pytest.fixture(scope="module")
def arcface(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A generated file of ArcFace's shape."""
    return str(recogniser(tmp_path_factory.mktemp("models") / "a.onnx"))


@pytest.fixture
def context() -> Context:
    """What the node says its words to."""
    return Context()


def settings(**changes: object) -> dict:
    """The node's settings as planning has them."""
    given = {name: port.default for name, port in reference.settings.items()}
    return {**given, **changes}


def frozen(pixels: np.ndarray) -> Image:
    array = np.ascontiguousarray(pixels)
    array.setflags(write=False)
    return Image(array)


def test_a_portrait_makes_an_identity_with_its_crop_and_points(context):
    identity = reference(context, shown("nia"), name="Nia")

    [photo] = identity.photos
    points = np.array(known()[path_of("nia")][0]["points"])
    apart = np.linalg.norm(points[1] - points[0])
    assert (identity.reference, identity.engine) == ("Nia", "appearance")
    assert np.linalg.norm(identity.vector) == pytest.approx(1, abs=1e-5)
    assert photo.pixels.dtype == np.uint8
    assert photo.points.shape == (5, 2)
    own = np.linalg.norm(photo.points[1] - photo.points[0])
    assert own == pytest.approx(apart, rel=0.1)
    assert context.said["notes"]["photos"][0]["eye_distance"] == pytest.approx(
        own, 0.01
    )
    assert "outcome" not in context.said


def test_the_crop_shows_the_face_where_its_points_say(context):
    wide = np.full((900, 1400, 3), 90, np.uint8)
    wide[200:712, 700:1212] = shown("nia").pixels
    points = " ".join(
        f"{x + 700},{y + 200}" for x, y in known()[path_of("nia")][0]["points"]
    )

    [photo] = reference(context, frozen(wide), points=points).photos

    left, top = photo.points[0].round().astype(int)
    x, y = (round(v) for v in known()[path_of("nia")][0]["points"][0])
    assert photo.pixels.size < wide.size / 2
    assert np.array_equal(
        photo.pixels[top - 9 : top + 9, left - 9 : left + 9],
        shown("nia").pixels[y - 9 : y + 9, x - 9 : x + 9],
    )


def test_up_to_three_photos_are_kept_in_order(context):
    identity = reference(context, shown("nia"), shown("mira"), shown("teo"))
    alone = [reference(Context(), shown(n)).photos[0] for n in ("nia", "mira", "teo")]

    assert len(identity.photos) == 3
    for one, other in zip(identity.photos, alone, strict=True):
        assert np.array_equal(one.pixels, other.pixels)


def test_the_same_photo_makes_the_same_identity():
    one, other = (reference(Context(), shown("mira")) for _ in range(2))

    assert np.array_equal(one.vector, other.vector)
    assert np.array_equal(one.photos[0].points, other.photos[0].points)


def test_hidden_colour_of_a_cut_out_portrait_does_not_count(context):
    pixels = np.dstack((shown("nia").pixels, np.full((512, 512), 255, np.uint8)))
    pixels[:60] = 0
    noisy = pixels.copy()
    noisy[:60, :, :3] = np.random.default_rng(1).integers(0, 256, (60, 512, 3))

    one = reference(context, frozen(pixels))
    other = reference(Context(), frozen(noisy))

    assert np.array_equal(one.photos[0].pixels, other.photos[0].pixels)


def test_a_huge_face_is_kept_reduced(context):
    large = cv2.resize(shown("nia").pixels, None, fx=8, fy=8)
    points = " ".join(
        f"{x * 8 + 3.5},{y * 8 + 3.5}" for x, y in known()[path_of("nia")][0]["points"]
    )

    large = cv2.addWeighted(
        large,
        0.9,
        np.random.default_rng(1).integers(0, 256, large.shape, np.uint8),
        0.1,
        0,
    )
    [photo] = reference(context, frozen(large), points=points).photos

    apart = np.linalg.norm(photo.points[1] - photo.points[0])
    assert apart == pytest.approx(512, abs=1)
    assert max(photo.pixels.shape) < 3600


# Photos that will not do


def test_a_photo_without_a_face_is_refused_with_the_remedy(context):
    with pytest.raises(ValueError, match=r"photo shows no face.*'points'"):
        reference(context, shown("panel-1"))


def test_of_several_faces_it_says_where_and_asks_which(context):
    with pytest.raises(ValueError, match=r"photo shows 2 faces \(at 3\d\d,.*crop it"):
        reference(context, shown("panel-4"))


def test_the_message_names_the_photo_that_will_not_do(context):
    with pytest.raises(ValueError, match=r"photo_3 shows no face.*'points_3'"):
        reference(context, shown("nia"), photo_3=shown("panel-1"))


def test_points_by_hand_say_which_of_several_faces_is_meant(context):
    identity = reference(context, shown("panel-4"), points=five("panel-4", 1))

    wanted = np.array(known()[path_of("panel-4")][1]["points"])
    assert np.allclose(
        np.diff(identity.photos[0].points, axis=0), np.diff(wanted, axis=0)
    )


def test_a_face_that_is_too_small_is_refused(context):
    with pytest.raises(ValueError, match=r"too small \(eyes 13 pixels.*larger photo"):
        reference(context, shown("panel-5"), points=five("panel-5"))


def test_a_blurred_face_is_refused(context):
    soft = cv2.GaussianBlur(shown("nia").pixels, (0, 0), 7)

    with pytest.raises(ValueError, match="blurred: choose a sharper photo"):
        reference(context, frozen(soft), points=five("nia"))


@pytest.mark.parametrize("name", ("nia", "mira", "teo"))
def test_every_character_of_the_sample_is_sharp_enough(context, name):
    assert reference(context, shown(name)).photos


def test_a_face_turned_to_the_side_is_refused(context):
    points = np.array(known()[path_of("nia")][0]["points"])
    points[2, 0] += 0.5 * (points[1] - points[0])[0]
    text = " ".join(f"{x},{y}" for x, y in points)

    with pytest.raises(ValueError, match=r"turned about \d+ degrees, at most 40"):
        reference(context, shown("nia"), points=text)


def test_points_off_the_photo_are_refused(context):
    far = "900,900 940,900 920,920 905,940 935,940"

    with pytest.raises(ValueError, match="points lie outside the picture of 512x512"):
        reference(context, shown("nia"), points=far)


# Models


def test_an_identity_model_makes_an_identity_of_its_own(context, arcface):
    identity = reference(context, shown("nia"), arcface=arcface)

    assert identity.engine == "arcface"
    assert identity.vector.shape == (512,)
    assert context.said["notes"]["descriptor"] == "arcface"


def test_a_photo_of_somebody_else_is_left_out_and_named(context, arcface):
    negative = frozen(255 - shown("nia").pixels)
    points = five("nia")

    identity = reference(
        context, shown("nia"), negative, shown("nia"), points_2=points, arcface=arcface
    )

    assert len(identity.photos) == 2
    assert context.said["notes"]["left_out"] == [2]
    assert "photo 2" in context.said["message"]
    assert context.said["outcome"] == "done"


def test_without_an_identity_model_nobody_is_left_out(context):
    negative = frozen(255 - shown("nia").pixels)

    identity = reference(
        context, shown("nia"), negative, shown("nia"), points_2=five("nia")
    )

    assert len(identity.photos) == 3


def test_auto_is_decided_when_planning():
    plain = resolve(settings())
    better = resolve(settings(yunet="sha256:1", sface="sha256:2", scrfd=""))

    assert (plain["detector"], plain["descriptor"]) == ("haar", "appearance")
    assert (better["detector"], better["descriptor"]) == ("yunet", "sface")


def test_a_model_that_does_not_serve_is_no_part_of_the_recipe():
    decided = resolve(settings(detector="haar", yunet="sha256:1"))

    assert decided == resolve(settings(detector="haar"))


@pytest.mark.parametrize(
    ("setting", "name"), [("detector", "scrfd"), ("descriptor", "arcface")]
)
def test_an_engine_without_its_model_is_refused_and_the_remedy_named(setting, name):
    with pytest.raises(MissingError, match=f"'{name}' needs a model.*setting '{name}'"):
        resolve(settings(**{setting: name}))


@pytest.mark.parametrize("text", ("1,2", "1,2 3,4 5,6 7,8 9", "1 2 3 4 5", "a,b " * 5))
def test_points_that_cannot_be_read_are_refused_when_planning(text):
    with pytest.raises(SettingError, match=r"points_2 is .*x,y x,y x,y x,y x,y"):
        resolve(settings(points_2=text))


def test_a_character_without_a_name_is_refused():
    with pytest.raises(SettingError, match="name is empty"):
        resolve(settings(name=" "))
