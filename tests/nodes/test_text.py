"""Text on pictures: what is drawn of a name, and how it is cut."""

from importlib.resources import files

import pytest

from nodes._text import FACES, clean, font, shortened


@pytest.mark.parametrize("face", FACES)
def test_every_face_ships_with_its_licence(face):
    folder = files("assets").joinpath("fonts")

    assert "Bitstream Vera" in folder.joinpath("LICENSE").read_text()
    assert font(face, 20).getlength("board-12") > 50


def test_digits_are_equally_wide_in_every_face():
    for face in FACES:
        assert len({font(face, 24).getlength(digit) for digit in "0123456789"}) == 1


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("board\n12\t b", "board 12 b"),
        ("evil\u202etxt.gnp", "eviltxt.gnp"),
        ("a\x00\x1b[31mb", "a [31mb"),
        ("bad\udcffbyte", "bad\ufffdbyte"),
        ("e\u0301", "\u00e9"),
        ("Жанна Ω שלום", "Жанна Ω שלום"),
        ("  ", ""),
    ],
)
def test_a_name_becomes_one_printable_line(raw, shown):
    assert clean(raw) == shown


def test_a_name_that_fits_stays_whole():
    face = font("regular", 20)

    assert shortened("board-12", face, face.getlength("board-12")) == "board-12"


@pytest.mark.parametrize("room", [0, 5, 20, 60, 100, 200])
def test_a_long_name_loses_its_middle_and_fits(room):
    face, name = font("regular", 20), "sequence-010_board-0012_take-3"

    cut = shortened(name, face, room)

    assert face.getlength(cut) <= room
    if room >= 60:
        start, end = cut.split("…")
        assert name.startswith(start) and name.endswith(end)
        assert len(end) >= 1
