"""Inpaint: holes are filled, nothing else changes, and what happened is said."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import filled as plain
from pictures import frozen, mask_of, noise_mask, pictures_and_mask

import nodes.inpaint
from nodegraph import Cancelled, Context, Image, Mask, MissingError, SettingError
from nodes.inpaint import inpaint, resolve

BUILT_IN = ("exemplar", "telea", "ns")
MARK = (255, 0, 255)


def stripes(width: int = 160, height: int = 120, channels: int = 3) -> np.ndarray:
    """A drawing of slanted stripes with grain; opaque where it has alpha."""
    y, x = np.mgrid[:height, :width]
    tone = np.where((x + y // 2) % 24 < 12, 60, 190)[:, :, None]
    grain = np.random.default_rng(5).integers(-8, 9, (height, width, 1))
    pixels = np.clip(tone + grain + (0, 10, 25), 0, 255).astype(np.uint8)
    if channels == 4:
        opaque = np.full((height, width, 1), 255, np.uint8)
        pixels = np.concatenate((pixels, opaque), axis=2)
    return pixels


def box(width: int, height: int, rows: slice, columns: slice) -> Mask:
    """A mask that is 255 in a rectangle."""
    pixels = np.zeros((height, width))
    pixels[rows, columns] = 255
    return Mask(frozen(pixels))


def fill(image: Image, mask: Mask, **changed) -> tuple[Image, dict]:
    """The result without grow and feather, and what was said."""
    context = Context()
    exact = {"grow": 0, "feather": 0, **changed}
    return inpaint(context, image, mask, **exact), context.said


def rgba(image: Image) -> np.ndarray:
    if image.alpha is not None:
        return image.pixels
    return np.dstack((image.pixels, np.full(image.pixels.shape[:2], 255, np.uint8)))


@pytest.mark.parametrize("engine", BUILT_IN)
@given(drawn=pictures_and_mask(1), strength=st.sampled_from((0.3, 1.0)))
@settings(max_examples=40, deadline=None)
def test_outside_the_mask_every_byte_stays_and_the_certificate_proves_it(
    engine, drawn, strength
):
    image, mask = drawn
    outside = mask.pixels == 0
    seen = True if image.alpha is None else image.alpha > 0
    if not (outside & seen).any():
        return

    result, said = fill(image, mask, engine=engine, strength=strength)

    assert result.pixels.shape == image.pixels.shape
    assert np.array_equal(result.pixels[outside], image.pixels[outside])
    if (mask.pixels == 0).sum() == said["certificate"]["outside"]:
        kept = rgba(image)[outside].tobytes()
        assert said["certificate"]["sha256"] == hashlib.sha256(kept).hexdigest()
    assert said["certificate"]["changed"] == 0


@given(
    st.integers(0, 12),
    st.integers(0, 12),
    st.tuples(st.integers(0, 39), st.integers(0, 28)),
)
@settings(max_examples=40, deadline=None)
def test_beyond_grow_and_feather_every_byte_stays(grow, feather, corner):
    x, y = corner
    image = Image(frozen(stripes(41, 31, 4)))
    mask = box(41, 31, slice(y, y + 3), slice(x, x + 2))

    result, said = fill(image, mask, engine="telea", grow=grow, feather=feather)

    rows, columns = np.mgrid[:31, :41]
    down = np.maximum(np.maximum(y - rows, rows - min(y + 2, 30)), 0)
    across = np.maximum(np.maximum(x - columns, columns - min(x + 1, 40)), 0)
    beyond = np.hypot(down, across) >= grow + feather + 1
    assert np.array_equal(result.pixels[beyond], image.pixels[beyond])
    assert said["certificate"]["outside"] == beyond.sum()


@pytest.mark.parametrize("engine", BUILT_IN)
def test_many_holes_of_any_shape_leave_the_rest_alone(picture, any_image, engine):
    mask = noise_mask(any_image.width, any_image.height)
    if mask.pixels.all():
        return

    result, said = fill(any_image, mask, engine=engine)

    outside = mask.pixels == 0
    assert np.array_equal(result.pixels[outside], any_image.pixels[outside])
    assert said["certificate"]["outside"] == outside.sum()


@pytest.mark.parametrize("engine", BUILT_IN)
@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (slice(0, 40), slice(0, 40)),
        (slice(80, 120), slice(100, 160)),
        (slice(0, 120), slice(60, 100)),
        (slice(40, 80), slice(60, 100)),
    ],
)
def test_nothing_of_what_was_under_the_mask_is_left(engine, rows, columns):
    pixels = stripes()
    pixels[rows, columns] = MARK

    result, said = fill(
        Image(frozen(pixels)), box(160, 120, rows, columns), engine=engine
    )

    off = np.abs(result.pixels[rows, columns].astype(int) - MARK).max(2)
    assert off.min() > 40
    assert "outcome" not in said


def test_patches_continue_the_texture_where_diffusion_blurs_it():
    pixels = stripes()
    rows, columns = slice(40, 80), slice(60, 110)
    hidden = pixels[rows, columns].astype(float)
    pixels[rows, columns] = MARK
    mask = box(160, 120, rows, columns)

    liveliness, error = {}, {}
    for engine in ("exemplar", "telea"):
        result, _ = fill(Image(frozen(pixels)), mask, engine=engine)
        inside = result.pixels[rows, columns].astype(float)
        liveliness[engine] = np.abs(np.diff(inside, axis=1)).mean()
        error[engine] = np.abs(inside - hidden).mean()

    truth = np.abs(np.diff(hidden, axis=1)).mean()
    assert 0.6 < liveliness["exemplar"] / truth < 1.4
    assert error["exemplar"] < 0.6 * error["telea"]


def test_a_hole_too_large_for_full_size_gets_real_pixels(monkeypatch):
    monkeypatch.setattr("nodes._inpaint.patchfill.HOLE", 600)
    pixels = stripes(240, 200)
    rows, columns = slice(70, 130), slice(90, 150)
    hidden = pixels[rows, columns].astype(float)
    pixels[rows, columns] = MARK

    result, _ = fill(
        Image(frozen(pixels)), box(240, 200, rows, columns), engine="exemplar"
    )

    inside = result.pixels[rows, columns].astype(float)
    ratio = (
        np.abs(np.diff(inside, axis=1)).mean() / np.abs(np.diff(hidden, axis=1)).mean()
    )
    assert 0.6 < ratio < 1.5
    assert np.array_equal(result.pixels[:70], pixels[:70])


def test_a_smooth_ground_is_met_without_a_seam():
    y, x = np.mgrid[:90, :110]
    pixels = np.dstack((x + 60, y + 80, 120 + (x + y) // 4)).astype(np.uint8)
    rows, columns = slice(30, 60), slice(35, 75)

    result, _ = fill(
        Image(frozen(pixels)), box(110, 90, rows, columns), engine="exemplar"
    )

    grown = result.pixels[29:61, 34:76].astype(int)
    assert np.abs(np.diff(grown, axis=0)).max() <= 12
    assert np.abs(np.diff(grown, axis=1)).max() <= 12


@pytest.mark.parametrize("engine", BUILT_IN)
def test_the_same_seed_gives_the_same_fill(engine):
    image, mask = Image(frozen(stripes())), box(160, 120, slice(30, 80), slice(40, 90))

    first, _ = fill(image, mask, engine=engine, seed=7)
    again, _ = fill(image, mask, engine=engine, seed=7)

    assert np.array_equal(first.pixels, again.pixels)


def test_another_seed_gives_another_fill():
    noise = np.random.default_rng(1).integers(0, 256, (80, 90, 3))
    image, mask = Image(frozen(noise)), box(90, 80, slice(20, 55), slice(25, 60))

    first, _ = fill(image, mask, engine="exemplar", seed=0)
    other, _ = fill(image, mask, engine="exemplar", seed=1)

    assert not np.array_equal(first.pixels, other.pixels)


@pytest.mark.parametrize("engine", BUILT_IN)
def test_transparent_pixels_lend_no_colour_and_do_not_change(engine):
    pixels = np.zeros((60, 80, 4), np.uint8)
    pixels[:, :, 1] = 255
    pixels[10:50, 10:70] = (200, 60, 60, 255)
    pixels[20:45, 30:55, :3] = (0, 0, 255)
    mask = box(80, 60, slice(18, 60), slice(28, 57))

    result, _ = fill(Image(frozen(pixels)), mask, engine=engine)

    seen = pixels[:, :, 3] > 0
    assert np.array_equal(result.alpha, pixels[:, :, 3])
    assert np.array_equal(result.pixels[~seen], pixels[~seen])
    assert np.abs(result.pixels[seen][:, :3].astype(int) - (200, 60, 60)).max() <= 6


@pytest.mark.parametrize("channels", (3, 4))
def test_an_empty_mask_hands_the_picture_on_and_says_so(picture, channels):
    image = picture(7, 5, channels)

    context = Context()
    result = inpaint(context, image, mask_of(7, 5, 0))

    assert result is image
    assert context.said["outcome"] == "no_mask"
    assert context.said["certificate"]["outside"] == 35


def test_strength_0_changes_nothing_and_says_so(picture):
    image = picture(9, 7, 4)

    result, said = fill(image, box(9, 7, slice(2, 4), slice(2, 4)), strength=0.0)

    assert result is image
    assert said["outcome"] == "unchanged"


@pytest.mark.parametrize("engine", ("exemplar", "ns"))
def test_a_fill_of_what_was_there_is_said_to_be_unchanged(engine):
    image = plain(40, 30, 90, 120, 150)

    result, said = fill(image, box(40, 30, slice(8, 22), slice(8, 28)), engine=engine)

    assert np.array_equal(result.pixels, image.pixels)
    assert said["outcome"] == "unchanged"


def test_half_the_strength_lies_halfway():
    pixels = stripes()
    rows, columns = slice(40, 70), slice(50, 90)
    pixels[rows, columns] = MARK
    image, mask = Image(frozen(pixels)), box(160, 120, rows, columns)

    whole, _ = fill(image, mask)
    half, _ = fill(image, mask, strength=0.5)

    middle = (whole.pixels.astype(float) + pixels) / 2
    assert np.abs(half.pixels - middle).max() <= 1.5


def test_feather_fades_out_beyond_the_mask():
    image = plain(60, 40, 200, 200, 200)
    pixels = image.pixels.copy()
    pixels[:, 20:40] = 0
    mask = box(60, 40, slice(0, 40), slice(24, 36))

    result, _ = fill(Image(frozen(pixels)), mask, engine="telea", feather=8)

    across = result.pixels[20, :, 0].astype(int)
    assert (across[24:36] > 150).all()
    assert np.array_equal(across[:15], pixels[20, :15, 0])


@pytest.mark.parametrize("engine", BUILT_IN)
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (64, 48)])
def test_a_mask_that_leaves_nothing_is_refused_with_the_remedy(picture, engine, size):
    with pytest.raises(ValueError, match=r"leaves nothing of the picture .* smaller"):
        fill(picture(*size), mask_of(*size), engine=engine)


@pytest.mark.parametrize("engine", BUILT_IN)
def test_one_known_pixel_is_enough(engine):
    mask = np.full((30, 40), 255)
    mask[3, 4] = 0
    image = plain(40, 30, 50, 100, 150)
    pixels = image.pixels.copy()
    pixels[mask > 0] = 0

    result, _ = fill(Image(frozen(pixels)), Mask(frozen(mask)), engine=engine)

    assert tuple(result.pixels[3, 4]) == (50, 100, 150)
    if engine == "exemplar":
        assert np.abs(result.pixels.astype(int) - (50, 100, 150)).max() <= 1


def test_input_arrays_stay_as_they_were():
    image, mask = Image(frozen(stripes())), box(160, 120, slice(30, 70), slice(40, 90))
    before = image.pixels.copy(), mask.pixels.copy()

    fill(image, mask)

    assert np.array_equal(image.pixels, before[0])
    assert np.array_equal(mask.pixels, before[1])


def test_progress_rises_to_the_end_and_the_work_can_be_stopped():
    image, mask = Image(frozen(stripes())), box(160, 120, slice(30, 80), slice(40, 90))
    heard = []
    inpaint(Context(report=heard.append), image, mask)

    assert len(heard) > 5
    assert heard == sorted(heard)
    assert heard[-1] == 1
    with pytest.raises(Cancelled):
        inpaint(Context(cancelled=lambda: len(heard) > 0), image, mask)


def test_a_fault_in_the_mixing_is_found_and_nothing_is_certified(monkeypatch):
    def faulty(original, changed, mask):
        result = changed.copy()
        result[0, 0] ^= 1
        return result

    monkeypatch.setattr(nodes.inpaint, "mixed", faulty)
    context, image = Context(), Image(frozen(stripes()))

    with pytest.raises(RuntimeError, match="inpaint let 1 pixels outside the mask"):
        inpaint(context, image, box(160, 120, slice(30, 70), slice(40, 90)))

    assert "certificate" not in context.said


def test_a_mask_of_another_size_is_refused_naming_both(picture):
    with pytest.raises(ValueError, match=r"mask is 5x7 .* picture is 7x5"):
        inpaint(Context(), picture(7, 5), mask_of(5, 7))


SETTINGS = {"engine": "auto", "model": "", "seed": 3}


def test_auto_is_exemplar_without_a_model():
    assert resolve(SETTINGS) == {"engine": "exemplar", "model": "", "seed": 3}


@pytest.mark.parametrize("engine", BUILT_IN)
def test_a_model_that_is_not_used_is_no_part_of_the_recipe(engine):
    assert resolve({**SETTINGS, "engine": engine, "model": "m.onnx"})["model"] == ""


@pytest.mark.parametrize("engine", ("lama", "migan"))
def test_an_engine_by_name_whose_model_is_missing_is_an_error_with_the_remedy(engine):
    with pytest.raises(MissingError, match=f"'{engine}' has no model: choose its ONNX"):
        resolve({**SETTINGS, "engine": engine})


def test_auto_does_not_guess_what_a_digest_stands_for():
    with pytest.raises(SettingError, match="choose engine lama or migan"):
        resolve({**SETTINGS, "model": "sha256:00ff"})
