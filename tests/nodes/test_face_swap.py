"""The Face swap node."""

from hashlib import sha256

import numpy as np
import pytest
from models import recogniser, swapper
from panels import centre, five, known, path_of, shown

from nodegraph import Context, Identity, Image, MissingError, SettingError
from nodegraph.context import Held
from nodes.face_swap import face_swap, resolve
from nodes.reference import reference


@pytest.fixture(scope="module")
def nia() -> Identity:
    """A character of the sample, known without a model."""
    return reference(Context(), shown("nia"), name="Nia")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Generated files of the shapes of ArcFace and inswapper."""
    folder = tmp_path_factory.mktemp("models")
    return {
        "arcface": str(recogniser(folder / "a.onnx")),
        "inswapper": str(swapper(folder / "b.onnx")),
    }


@pytest.fixture
def context() -> Context:
    """What the node says its words to."""
    return Context()


def settings(**changes: object) -> dict:
    """The node's settings as planning has them."""
    given = {name: port.default for name, port in face_swap.settings.items()}
    return {**given, **changes}


def swapped(context: Context, image: Image, identity: Identity, **asked) -> Image:
    """The picture that the node gives; its mask is a matter of the certificate."""
    result = face_swap(context, image, identity, **asked)
    assert not (result.image.pixels != image.pixels)[result.mask.pixels == 0].any()
    return result.image


def changed(before: Image, after: Image) -> np.ndarray:
    return (before.pixels != after.pixels).any(2)


def scaled(name: str, factor: float) -> tuple[Image, str]:
    """A panel at another size, and its first face's points there."""
    import cv2

    pixels = cv2.resize(
        shown(name).pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA
    )
    points = known()[path_of(name)][0]["points"]
    return Image(pixels), " ".join(f"{x * factor},{y * factor}" for x, y in points)


def test_a_face_becomes_the_characters_and_the_rest_stays(context, nia, whole):
    before = shown("panel-2")

    after = swapped(context, before, nia)

    whole(after)
    where = changed(before, after)
    x, y = centre("panel-2")
    assert context.said["outcome"] == "swapped"
    assert where[y - 60 : y + 60, x - 60 : x + 60].mean() > 0.5
    assert not where[:, : x - 160].any()
    assert not where[:, x + 160 :].any()


def test_what_became_of_the_face_is_noted(context, nia):
    swapped(context, shown("panel-2"), nia)

    notes = context.said["notes"]
    [face] = notes["faces"]
    assert (notes["engine"], notes["faces_found"]) == ("classic", 1)
    assert (face["outcome"], face["detector"], face["photo"]) == ("swapped", "haar", 1)
    assert face["light"]["kept"]
    assert face["appearance"]["after"] > face["appearance"]["before"] + 0.04


def test_without_an_identity_model_nothing_is_called_identity(context, nia):
    swapped(context, shown("panel-2"), nia)

    assert "identity" not in repr(context.said)


def test_the_certificate_can_be_computed_again(context, nia):
    after, mask = face_swap(context, shown("panel-2"), nia)

    outside = after.pixels[mask.pixels == 0]
    rgba = np.column_stack((outside, np.full(len(outside), 255, np.uint8)))
    facts = context.said["certificate"]
    assert facts["changed"] == 0
    assert facts["outside"] == len(outside)
    assert facts["inside"] == np.count_nonzero(mask.pixels)
    assert facts["sha256"] == sha256(rgba.tobytes()).hexdigest()


def test_alpha_stays_and_transparent_pixels_too(context, nia):
    before = shown("panel-3", alpha=True)

    after = swapped(context, before, nia)

    where = changed(before, after)
    assert where.any()
    assert np.array_equal(after.alpha, before.alpha)
    assert not where[before.alpha == 0].any()


def test_the_same_swap_gives_the_same_pixels(nia):
    one, other = (swapped(Context(), shown("panel-6"), nia) for _ in range(2))

    assert np.array_equal(one.pixels, other.pixels)


def test_of_several_faces_the_largest_is_meant_unless_all_are(nia):
    context = Context()
    one = swapped(Context(), shown("panel-11"), nia)
    every = swapped(context, shown("panel-11"), nia, which="all")

    hit = {0: [], 1: []}
    for number, result in enumerate((one, every)):
        where = changed(shown("panel-11"), result)
        for index in range(3):
            x, y = centre("panel-11", index)
            hit[number].append(bool(where[y - 9 : y + 9, x - 9 : x + 9].any()))
    assert sum(hit[0]) == 1
    assert hit[1] == [True, True, True]
    assert len(context.said["notes"]["faces"]) == 3
    assert context.said["certificate"]["changed"] == 0


@pytest.mark.parametrize("index", (0, 1))
def test_the_face_nearest_a_point_can_be_chosen(context, nia, index):
    x, y = centre("panel-4", index)

    after = swapped(context, shown("panel-4"), nia, which="nearest", point=f"{x}, {y}")

    where = changed(shown("panel-4"), after)
    other_x, other_y = centre("panel-4", 1 - index)
    assert where[y, x - 20 : x + 20].any()
    assert not where[other_y, other_x - 20 : other_x + 20].any()


def test_points_by_hand_take_the_place_of_the_detector(context, nia):
    after = swapped(context, shown("panel-4"), nia, points=five("panel-4", 0))

    x, y = centre("panel-4", 0)
    assert context.said["notes"]["faces"][0]["detector"] == "hand"
    assert changed(shown("panel-4"), after)[y - 20 : y + 20, x - 20 : x + 20].any()


def test_points_off_the_picture_are_refused(context, nia):
    far = "1900,900 1940,900 1920,920 1905,940 1935,940"

    with pytest.raises(ValueError, match="points lie outside the picture of 960x540"):
        swapped(context, shown("panel-4"), nia, points=far)


def test_less_strength_changes_less(nia):
    before = shown("panel-2").pixels.astype(int)
    full, half = (
        swapped(Context(), shown("panel-2"), nia, strength=s).pixels for s in (1, 0.5)
    )

    assert 0 < np.abs(half - before).sum() < 0.7 * np.abs(full - before).sum()


def test_without_strength_the_very_picture_passes(context, nia):
    after = swapped(context, shown("panel-2"), nia, strength=0)

    assert after is shown("panel-2")
    assert context.said["outcome"] == "unchanged"


def test_without_keeping_the_light_it_is_the_photos(nia):
    shifts = []
    for keep in (1.0, 0.0):
        context = Context()
        swapped(context, shown("panel-2"), nia, keep_light=keep, on_other="pass")
        shifts.append(context.said["notes"]["faces"][0]["light"]["shift"])

    assert shifts[1] > 3 * shifts[0]


# What cannot be done, and what follows


def test_a_shot_without_a_face_passes_as_it_is(any_image, nia):
    context = Context()

    after = swapped(context, any_image, nia)

    assert after is any_image
    assert context.said["outcome"] == "no_face"
    assert "set its points by hand" in context.said["message"]
    assert "certificate" not in context.said


def test_a_shot_without_a_face_can_hold_or_fail(context, nia):
    with pytest.raises(Held) as held:
        swapped(context, shown("panel-1"), nia, on_no_face="hold")
    with pytest.raises(ValueError, match="no_face: no face was found"):
        swapped(context, shown("panel-1"), nia, on_no_face="fail")

    assert held.value.outcome == "no_face"


def turned() -> str:
    points = np.array(known()[path_of("panel-2")][0]["points"])
    points[2, 0] += 0.55 * (points[1] - points[0])[0]
    return " ".join(f"{x},{y}" for x, y in points)


@pytest.mark.parametrize(
    ("outcome", "shot", "asked"),
    [
        ("ambiguous", "panel-4", {"which": "only"}),
        ("too_small", "panel-5", {}),
        ("refused_pose", "panel-2", {"points": turned()}),
        ("unchanged", "panel-2", {"strength": 0.001}),
    ],
)
def test_what_is_short_of_success_holds_and_may_pass_or_fail(outcome, shot, asked, nia):
    image = shown(shot)
    if outcome == "too_small":
        image, points = scaled(shot, 0.6)
        asked = {"points": points}

    with pytest.raises(Held) as held:
        swapped(Context(), image, nia, **asked)
    with pytest.raises(ValueError, match=f"^{outcome}: "):
        swapped(Context(), image, nia, on_other="fail", **asked)
    context = Context()
    after = swapped(context, image, nia, on_other="pass", **asked)

    assert held.value.outcome == context.said["outcome"] == outcome
    assert np.array_equal(after.pixels, image.pixels)
    assert str(held.value)


def test_a_face_that_came_no_nearer_the_character_holds(nia):
    asked = {"grow": 0.5, "shape": "features", "strength": 0.05}
    own = reference(Context(), shown("panel-3"), name="Teo here")

    with pytest.raises(Held, match=r"no nearer the reference \(appearance") as held:
        swapped(Context(), shown("panel-3"), own, **asked)

    assert held.value.outcome == "low_identity"


def test_of_all_faces_one_that_cannot_be_swapped_holds_the_shot(nia):
    image = Image(np.vstack((shown("panel-5").pixels, shown("panel-2").pixels)))

    context = Context()
    swapped(context, image, nia, which="all", on_other="pass")

    outcomes = {face["outcome"] for face in context.said["notes"]["faces"]}
    assert "swapped" in outcomes
    assert context.said["certificate"]["changed"] == 0


# Engines


def test_auto_is_decided_when_planning():
    plain = resolve(settings())
    better = resolve(
        settings(inswapper="sha256:1", arcface="sha256:2", scrfd="sha256:3")
    )

    names = ("engine", "detector", "descriptor")
    assert [plain[n] for n in names] == ["classic", "haar", "appearance"]
    assert [better[n] for n in names] == ["inswapper", "scrfd", "arcface"]


def test_auto_takes_no_engine_that_lacks_a_file():
    decided = resolve(settings(inswapper="sha256:1"))

    assert (decided["engine"], decided["inswapper"]) == ("classic", "")


@pytest.mark.parametrize(
    ("asked", "setting"),
    [
        ({"engine": "inswapper"}, "inswapper"),
        ({"engine": "inswapper", "inswapper": "sha256:1"}, "arcface"),
        ({"detector": "yunet"}, "yunet"),
        ({"descriptor": "sface"}, "sface"),
    ],
)
def test_an_engine_asked_for_without_its_model_is_refused_with_the_remedy(
    asked, setting
):
    with pytest.raises(MissingError, match=f"choose it in the setting '{setting}'"):
        resolve(settings(**asked))


def test_points_and_places_are_read_when_planning():
    with pytest.raises(SettingError, match="points is '1,2 3,4'"):
        resolve(settings(points="1,2 3,4"))
    with pytest.raises(SettingError, match="point is empty"):
        resolve(settings(which="nearest"))
    with pytest.raises(SettingError, match="point is 'left'"):
        resolve(settings(point="left"))


def test_inswapper_gives_the_identity_that_its_model_sees(context, files):
    character = reference(Context(), shown("nia"), arcface=files["arcface"])

    after = swapped(context, shown("panel-2"), character, on_other="pass", **files)

    [face] = context.said["notes"]["faces"]
    assert context.said["notes"]["engine"] == "inswapper"
    assert set(face["identity"]) == {"before", "after"}
    assert "appearance" not in face
    assert context.said["certificate"]["changed"] == 0
    assert changed(shown("panel-2"), after).any()


def test_an_identity_made_without_the_model_is_described_anew(files, nia):
    character = reference(Context(), shown("nia"), arcface=files["arcface"])

    one, other = (
        swapped(Context(), shown("panel-2"), who, on_other="pass", **files)
        for who in (nia, character)
    )

    assert np.array_equal(one.pixels, other.pixels)


def test_inswapper_takes_its_identity_from_arcface_whoever_measures(files, nia):
    context = Context()

    swapped(
        context,
        shown("panel-2"),
        nia,
        descriptor="appearance",
        on_other="pass",
        **files,
    )

    assert "appearance" in context.said["notes"]["faces"][0]
