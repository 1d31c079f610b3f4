"""Contact sheet: a whole board at one glance."""

import numpy as np
import pytest

from nodegraph import Cancelled, Context, Image
from nodes._sheet import arranged, sections
from nodes.contact_sheet import contact_sheet

RED, GREEN = (200, 30, 30), (30, 200, 30)
AMBER = (242, 177, 52)


def flat(width, height, colour):
    return Image(np.full((height, width, len(colour)), colour, np.uint8))


def count(sheet, colour):
    return int((sheet.pixels == colour).all(2).sum())


def first(sheet, colour):
    """Top and left of the first pixel of this colour."""
    return tuple(np.argwhere((sheet.pixels == colour).all(2))[0])


def test_every_picture_is_there_in_the_order_of_the_board(whole):
    colours = [(20 * i, 255 - 20 * i, 99) for i in range(1, 8)]
    images = [flat(64, 36, colour) for colour in colours]

    sheet = contact_sheet(Context(), images, columns=3, cell_width=60, gap=4)

    whole(sheet)
    assert sheet.pixels.shape[2] == 3
    places = [first(sheet, colour) for colour in colours]
    assert places == sorted(places)
    assert len({left for _, left in places}) == 3


def test_a_picture_fills_its_cell_unless_its_proportions_differ():
    images = [flat(160, 90, RED)] * 4 + [flat(90, 90, GREEN)]

    sheet = contact_sheet(Context(), images, cell_width=320, labels=False)

    assert count(sheet, RED) == 4 * 320 * 180
    assert count(sheet, GREEN) == 180 * 180


def test_a_transparent_drawing_lies_on_paper():
    clear = flat(64, 36, (255, 0, 0, 0))

    sheet = contact_sheet(
        Context(), [clear], cell_width=64, labels=False, paper="#abcdef"
    )

    assert count(sheet, (0xAB, 0xCD, 0xEF)) == 64 * 36


@pytest.mark.parametrize("total", [1, 2, 13, 24, 100])
def test_columns_chosen_here_suit_a_landscape_page(total):
    images = [flat(16, 9, RED)] * total

    sheet = contact_sheet(Context(), images, cell_width=64, gap=6)

    if total > 2:
        assert 0.9 < sheet.width / sheet.height < 2.2


def test_columns_can_be_set():
    images = [flat(16, 9, RED)] * 5

    one = contact_sheet(Context(), images, columns=1, cell_width=100, gap=10)
    five = contact_sheet(Context(), images, columns=5, cell_width=100, gap=10)

    assert five.width - one.width == 4 * 110


def test_missing_shots_stand_on_the_sheet_by_name():
    images = [flat(160, 90, RED)] * 3

    whole_board = contact_sheet(Context(), images)
    context = Context()
    one = contact_sheet(context, images, missing=["board-9"])
    other = contact_sheet(Context(), images, missing=["board-8"])

    assert count(whole_board, AMBER) == 0
    assert count(one, AMBER) > 200
    assert not np.array_equal(one.pixels, other.pixels)
    assert context.said["notes"]["missing"] == ["board-9"]


def test_missing_shots_are_named_even_without_labels():
    sheet = contact_sheet(
        Context(), [flat(16, 9, RED)], labels=False, missing=["board-9"]
    )

    assert count(sheet, AMBER) > 200


@pytest.mark.parametrize("field", ["names", "sequences", "title"])
def test_every_word_shows(field):
    images = [flat(16, 9, RED)] * 2
    words = {"names": ["a", "b"], "sequences": ["one", "two"], "title": "Night Train"}

    plain = contact_sheet(Context(), images)
    worded = contact_sheet(Context(), images, **{field: words[field]})

    assert plain.pixels.tobytes() != worded.pixels.tobytes()


def test_a_sheet_without_labels_shows_no_names():
    images = [flat(16, 9, RED)] * 2

    named = contact_sheet(Context(), images, labels=False, names=["a", "b"])
    nameless = contact_sheet(Context(), images, labels=False)

    assert np.array_equal(named.pixels, nameless.pixels)


def test_shots_are_grouped_by_sequence_in_the_order_of_the_board():
    parts = sections(["1", "2", "3", "4"], ["b", "a", "b", ""], ["5"], group=True)

    assert [part.title for part in parts] == ["b", "a", "No sequence", "Missing"]
    assert [[item.name for item in part.items] for part in parts] == [
        ["1", "3"],
        ["2"],
        ["4"],
        ["5"],
    ]


def test_a_board_without_sequences_has_no_headings():
    [part] = sections(["1", "2"], ["", ""], [], group=True)
    [ungrouped] = sections(["1", "2"], ["a", "b"], [], group=False)

    assert part.title == ungrouped.title == ""


@pytest.mark.parametrize("gap", [0, 120])
@pytest.mark.parametrize("columns", [0, 1, 40])
@pytest.mark.parametrize("cell_width", [16, 2048])
@pytest.mark.parametrize("aspect", [1 / 3, 16 / 9, 3])
def test_a_thousand_pictures_stay_within_100_megapixels(
    gap, columns, cell_width, aspect
):
    names = [f"board-{i}" for i in range(1000)]
    parts = sections(names, [n[-1] for n in names], ["lost"], group=True)

    sheet = arranged(parts, columns, cell_width, aspect, gap, True)

    assert sheet.width * sheet.height <= 100_000_000
    assert sheet.cell_width <= cell_width
    places = [place for place in sheet.places() if place.what in parts[0].items]
    assert all(0 < place.left <= sheet.width - sheet.cell_width for place in places)


def test_no_two_cells_overlap_and_all_lie_on_the_sheet():
    parts = sections("abcdefgh", "xxxyyyyy", "zz", group=True)
    sheet = arranged(parts, 3, 50, 16 / 9, 7, True)
    taken = np.zeros((sheet.height, sheet.width), int)

    for what, left, top in sheet.places():
        is_heading = what in parts
        wide = sheet.width - 2 * sheet.margin if is_heading else sheet.cell_width
        high = sheet.heading if is_heading else sheet.cell_height + sheet.label
        taken[top : top + high, left : left + wide] += 1
        assert top + high <= sheet.height and left + wide <= sheet.width

    assert taken.max() == 1


def test_the_width_of_the_cells_is_kept_with_the_result():
    context = Context()

    contact_sheet(context, [flat(16, 9, RED)], cell_width=99)

    assert context.said["notes"]["cell_width"] == 99


@pytest.mark.parametrize("total", [0, 1001])
def test_no_picture_or_too_many_are_refused_by_number(total):
    with pytest.raises(ValueError, match=rf"1 to 1000 pictures and got {total}"):
        contact_sheet(Context(), [flat(2, 2, RED)] * total)


def test_odd_sizes_mix_on_one_sheet(picture, whole):
    sizes = ((7, 5), (1, 1), (1, 513), (513, 1))
    images = [picture(*size, channels) for size in sizes for channels in (3, 4)]

    whole(contact_sheet(Context(), images, names=["\n"] * 8, cell_width=64))


def test_a_light_ground_is_written_on_in_dark():
    image = flat(160, 90, RED)

    light = contact_sheet(Context(), [image], background="#ffffff", names=["board"])
    dark = contact_sheet(Context(), [image], background="#000000", names=["board"])

    assert tuple(light.pixels[0, 0]) == (255, 255, 255)
    assert light.pixels.min() < 30
    assert tuple(dark.pixels[0, 0]) == (0, 0, 0)
    assert dark.pixels.min(2).max() > 225


def test_the_same_board_gives_the_same_sheet(picture):
    images = [picture(33, 21, 4, seed) for seed in range(5)]

    first_time, again = (contact_sheet(Context(), images) for _ in range(2))

    assert np.array_equal(first_time.pixels, again.pixels)


def test_a_sheet_reports_progress_and_can_be_cancelled():
    heard = []
    images = [flat(16, 9, RED)] * 4

    contact_sheet(Context(report=heard.append), images)

    assert heard == [0, 0.25, 0.5, 0.75]
    with pytest.raises(Cancelled):
        contact_sheet(Context(cancelled=lambda: True), images)
