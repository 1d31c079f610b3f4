"""File names: valid everywhere, never lost, never escaping."""

import random
import re
import sys
import unicodedata
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nodegraph.filenames import (
    UnsafePathError,
    fold,
    inside,
    natural,
    next_version,
    output_name,
    printable,
    safe,
)

BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Properties hold however slow the machine is."""

HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs"]),
        st.sampled_from('.- <>:"/\\|?*\n\r\t\0\u202e\u200f\u2028\u0301éÅConulm1¹'),
    ),
    max_size=80,
)

# --- safe -------------------------------------------------------------------------


@BUSY
@given(HOSTILE)
@example("a" * 400)
@example("界" * 90)
def test_a_safe_name_is_accepted_by_every_system(name: str) -> None:
    result = safe(name)

    assert result
    assert 1 <= len(result.encode()) <= 129
    assert not set(result) & set('<>:"/\\|?*')
    assert not {unicodedata.category(c) for c in result} & {
        "Cc",
        "Cf",
        "Cs",
        "Zl",
        "Zp",
    }
    assert result[0] not in "-. "
    assert result[-1] not in ". "
    assert not PureWindowsPath(result).is_reserved()
    assert result == unicodedata.normalize("NFC", result)


@BUSY
@given(HOSTILE, st.integers(0, 60))
@example("x" * 129, 0)
@example("x" * 130, 0)
@example("é" * 65, 0)
def test_a_name_made_safe_stays_as_it_is(name: str, padding: int) -> None:
    once = safe(name + "é" * padding)

    assert safe(once) == once


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("board-2", "board-2"),
        ("Die Tür, Szene 4 (final)", "Die Tür, Szene 4 (final)"),
        ("", "_"),
        (".", "_"),
        ("..", "__"),
        ("../../etc/passwd", "_._.._etc_passwd"),
        ("C:\\x", "C__x"),
        ("-rf", "_rf"),
        (".hidden", "_hidden"),
        ("a.", "a_"),
        ("a ", "a_"),
        ("two\nlines", "two_lines"),
        ("gpj\u202efdp", "gpj_fdp"),
        ("left\u200eright\u200f", "left_right_"),
        ("e\u0301", "é"),
        ("undecodable\udcff", "undecodable_"),
        ("NUL\0byte", "NUL_byte"),
    ],
)
def test_what_is_unsafe_becomes_an_underscore(name: str, expected: str) -> None:
    assert safe(name) == expected


@pytest.mark.parametrize(
    "name",
    ["CON", "con", "Nul.png", "aux .txt", "COM1", "LPT9.a.b", "COM¹", "lpt³", "CONIN$"],
)
def test_a_device_of_windows_gets_an_underscore_in_front(name: str) -> None:
    assert safe(name) == f"_{name}"


@pytest.mark.parametrize("name", ["CONsole", "COM10", "nullify", "a.con"])
def test_a_name_that_only_resembles_a_device_stays(name: str) -> None:
    assert safe(name) == name


def test_long_names_with_equal_beginnings_stay_apart() -> None:
    first, second = safe("x" * 250 + "1"), safe("x" * 250 + "2")

    assert first != second
    assert re.fullmatch(r"x{120}-[0-9a-f]{8}", first)


def test_a_cut_name_keeps_whole_characters() -> None:
    assert re.fullmatch(r"ab界{39}-[0-9a-f]{8}", safe("ab" + "界" * 80))


def test_a_long_name_is_cut_alike_in_both_unicode_forms() -> None:
    name = "é" * 200

    assert safe(unicodedata.normalize("NFD", name)) == safe(name)


@BUSY
@given(HOSTILE)
def test_a_safe_name_can_be_made_a_file(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = tmp_path_factory.mktemp("names")
    (folder / safe(name)).write_bytes(b"x")

    assert [path.read_bytes() for path in folder.iterdir()] == [b"x"]


# --- order ------------------------------------------------------------------------


def test_numbers_in_names_count_as_numbers() -> None:
    names = ["board-10", "Board-2", "board-1", "board-2b", "board-2", "a", "board-010"]

    ordered = sorted(names, key=natural)

    assert ordered[0] == "a"
    assert ordered[1:] == [
        "board-1",
        "Board-2",
        "board-2",
        "board-2b",
        "board-010",
        "board-10",
    ]


def test_numbers_may_have_any_length_and_script() -> None:
    long = "9" * (sys.get_int_max_str_digits() + 1)
    names = [f"shot {long}", "shot \u0661\u0660", "shot \uff12", "shot 3", "shot²"]

    ordered = sorted(names, key=natural)

    assert ordered == [
        "shot \uff12",
        "shot 3",
        "shot \u0661\u0660",
        f"shot {long}",
        "shot²",
    ]


@BUSY
@given(st.lists(HOSTILE, unique=True), st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_of_arrival(
    names: list[str], dice: random.Random
) -> None:
    shuffled = list(names)
    dice.shuffle(shuffled)

    assert sorted(shuffled, key=natural) == sorted(names, key=natural)


def test_names_equal_but_for_case_or_unicode_form_fold_to_one() -> None:
    assert fold("Caf\u00c9") == fold("cafe\u0301")
    assert fold("STRASSE") == fold("straße")
    assert fold("panel") != fold("pane1")


# --- outputs ----------------------------------------------------------------------


def test_an_output_is_named_by_shot_preset_and_version() -> None:
    assert output_name("board-2", "look", None, ".png", 1) == "board-2_look_v001.png"


def test_an_output_among_several_carries_its_own_name() -> None:
    name = output_name("board-2", "look", "matte", "PNG", 12)

    assert name == "board-2_look_matte_v012.png"


def test_a_result_of_the_whole_run_carries_no_shot() -> None:
    assert output_name("", "sheet", None, "jpg", 1000) == "sheet_v1000.jpg"


@BUSY
@given(HOSTILE, HOSTILE, st.none() | HOSTILE, HOSTILE, st.integers(1, 10**6))
@example("s" * 300, "p" * 300, "o" * 300, "x" * 300, 999)
def test_every_output_name_is_safe_and_fits_a_folder_entry(
    shot: str, preset: str, output: str | None, suffix: str, version: int
) -> None:
    name = output_name(shot, preset, output, suffix, version)

    assert len(name.encode()) <= 240
    assert not set(name) & set('<>:"/\\|?*\n\0')
    assert name[0] not in "-. "


def test_the_first_version_is_one() -> None:
    others = ["board-2_look_matte_v007.png", "board-20_look_v004.png", "notes.txt"]

    assert next_version(others, "board-2", "look") == 1


def test_the_next_version_is_after_all_that_lie_in_the_folder() -> None:
    names = ["board-2_look_v001.png", "BOARD-2_Look_V009.jpg", "board-2_look_v002"]

    assert next_version(names, "board-2", "look") == 10


def test_a_version_beyond_three_digits_counts() -> None:
    assert next_version(["sheet_v1000.png"], "", "sheet") == 1001


def test_a_version_too_long_to_be_ours_is_no_version() -> None:
    assert next_version([f"sheet_v{'9' * 200}.png"], "", "sheet") == 1


def test_a_scratch_file_of_a_version_holds_its_number() -> None:
    assert next_version(["sheet_v003.png.part"], "", "sheet") == 4


@BUSY
@given(HOSTILE, HOSTILE, st.none() | HOSTILE, st.integers(1, 99999))
def test_a_written_name_is_never_given_again(
    shot: str, preset: str, output: str | None, version: int
) -> None:
    name = output_name(shot, preset, output, "png", version)
    decomposed = unicodedata.normalize("NFD", name)

    assert next_version([decomposed], shot, preset, output) == version + 1


# --- inside -----------------------------------------------------------------------


def test_a_path_inside_is_joined_as_given(tmp_path: Path) -> None:
    assert inside(tmp_path, "seq/board.png") == tmp_path / "seq" / "board.png"


def test_an_empty_path_is_the_folder_itself(tmp_path: Path) -> None:
    assert inside(tmp_path, "") == tmp_path


@pytest.mark.parametrize(
    "relative",
    [
        "../x", "a/../../x", "a/../b", "..", "/etc/passwd", "//server/share", "C:x",
        "C:/x", "..\\x", "a\\b", "\\\\server\\share", "nul\0byte",
    ],
)  # fmt: skip
def test_a_path_that_leads_out_is_refused(tmp_path: Path, relative: str) -> None:
    with pytest.raises(UnsafePathError, match="name a file inside") as caught:
        inside(tmp_path, relative)

    assert str(caught.value).isprintable()


def test_an_absolute_path_is_refused_even_if_it_leads_inside(tmp_path: Path) -> None:
    with pytest.raises(UnsafePathError):
        inside(tmp_path, str(tmp_path / "x.png"))


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "out").symlink_to(tmp_path)

    with pytest.raises(UnsafePathError):
        inside(root, "out/secret.png")


def test_a_link_that_stays_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to(tmp_path / "a")

    assert inside(tmp_path, "b/x.png") == tmp_path / "b" / "x.png"


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "root").symlink_to(tmp_path / "real")

    assert inside(tmp_path / "root", "x.png") == tmp_path / "root" / "x.png"


def test_a_link_to_itself_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")

    assert inside(tmp_path, "loop") == tmp_path / "loop"


# --- printable --------------------------------------------------------------------


@BUSY
@given(HOSTILE)
def test_a_printable_text_is_one_line_that_any_terminal_takes(text: str) -> None:
    shown = printable(text)

    assert not any(
        unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in shown
    )
    shown.encode("utf-8")


def test_what_can_be_seen_is_shown_as_it_is() -> None:
    text = "Szene 4, 縦\u3000画/C:\\Bilder\\é.png"

    assert printable(text) == text


def test_what_cannot_be_seen_is_spelled() -> None:
    assert printable("a\n\x1b[31m\u202eb\udcff") == r"a\n\x1b[31m\u202eb\udcff"
