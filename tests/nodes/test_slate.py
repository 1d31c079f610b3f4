"""Slate: the shot's name burned in."""

import numpy as np
import pytest

from nodegraph import Context, Image
from nodes.slate import slate

KEY = "a3f9c2deadbeef"


def burned(image, **settings):
    settings = {"name": "board-12", "recipe": KEY, "text": "Night Train"} | settings
    return slate(Context(), image, **settings)


def flat(width, height, value=128, channels=3):
    return Image(np.full((height, width, channels), value, np.uint8))


def changed_rows(before, after):
    return np.flatnonzero((before.pixels != after.pixels).any((1, 2)))


@pytest.mark.parametrize("position", ["top", "bottom"])
def test_outside_the_bar_no_pixel_changes(picture, position, whole):
    for channels in (3, 4):
        image = picture(321, 201, channels)

        result = burned(image, position=position, size=0.1)

        rows = changed_rows(image, result)
        whole(result)
        assert len(rows) == 20
        assert rows[0] == (0 if position == "top" else 181)


def test_any_size_keeps_its_size(any_image, whole):
    result = burned(any_image, text="a text that is much too long " * 5)

    whole(result)
    assert result.pixels.shape == any_image.pixels.shape


@pytest.mark.parametrize("size", [(1, 1), (1, 513), (513, 1), (7, 5)])
def test_a_picture_too_small_for_a_slate_passes_and_says_so_or_gets_its_bar(size):
    context, image = Context(), flat(*size)

    result = slate(context, image, name="board-12", recipe=KEY)

    unchanged = result is image
    assert unchanged == (size[1] < 16)
    assert (context.said.get("outcome") == "unchanged") == unchanged


def test_a_slate_with_nothing_to_write_says_so(picture):
    context, image = Context(), picture(64, 48)

    assert slate(context, image) is image
    assert "nothing to write" in context.said["message"]


@pytest.mark.parametrize("field", ["name", "recipe", "text"])
def test_each_part_shows(field):
    image = flat(640, 360)
    other = {"name": "board-13", "recipe": "b" + KEY, "text": "Day"}[field]

    first, second = burned(image), burned(image, **{field: other})

    assert not np.array_equal(first.pixels, second.pixels)


def test_only_the_first_six_digits_of_the_recipe_are_written():
    image = flat(640, 360)

    first = burned(image, recipe="a3f9c2" + "0" * 58)
    second = burned(image, recipe="a3f9c2" + "f" * 58)

    assert np.array_equal(first.pixels, second.pixels)


@pytest.mark.parametrize("ground", [0, 90, 128, 180, 255])
@pytest.mark.parametrize("opacity", [0.0, 0.5, 0.6, 0.75, 1.0])
def test_the_name_is_readable_on_any_ground(ground, opacity):
    result = burned(flat(640, 360, ground), opacity=opacity, size=0.1)

    bar = result.pixels[-36:, 50:250].max(2).astype(float)
    light, dark = (((v / 255 + 0.055) / 1.055) ** 2.4 for v in (bar.max(), bar.min()))
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_narrow_picture_gets_the_text_on_a_second_line():
    wide, narrow = flat(1200, 800), flat(200, 800)

    of_wide, of_narrow = burned(wide), burned(narrow)

    assert len(changed_rows(wide, of_wide)) == 36
    assert len(changed_rows(narrow, of_narrow)) == 72


def test_letters_never_shrink_below_what_can_be_read():
    small = flat(212, 120)

    result = burned(small, name="board-1-UDRF3-thumbnail", text="Example", size=0.07)

    assert len(changed_rows(small, result)) == 36


def test_text_stays_within_the_picture():
    image = flat(160, 400, 0)
    name = "a-name-without-end-" * 20

    result = burned(image, name=name, text=name, opacity=1.0)

    assert result.pixels[:, -6:].max() < 60
    assert result.pixels[:, 40:120].max() > 200


def test_a_transparent_picture_gets_a_bar_that_shows():
    image = flat(320, 180, 0, 4)

    result = burned(image, opacity=0.75, size=0.1)

    assert not result.alpha[:162].any()
    assert result.alpha[162:].min() >= 190
    assert result.alpha[162:].max() == 255


def test_names_in_other_scripts_are_written():
    image = flat(640, 360)
    names = ["", "Жанна", "Ωμέγα", "שלום", "سلام"]

    pictures = {burned(image, name=name).pixels.tobytes() for name in names}

    assert len(pictures) == len(names)


def test_the_same_slate_is_the_same_picture(picture):
    image = picture(321, 201, 4)

    assert np.array_equal(burned(image).pixels, burned(image).pixels)
