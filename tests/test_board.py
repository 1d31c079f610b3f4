"""Boards: a folder's pictures as panels, in order, with names of their own."""

import os
import random
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodegraph.board import folder as board
from nodegraph.board.folder import Board, BoardError

BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Properties hold however slow the machine is."""


def put(root: Path, *names: str) -> Path:
    """Files of these names below `root`; no board ever looks into them."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not even a picture")
    return root


def labels(found: Board) -> list[str]:
    return [each.label for each in found.panels]


def said(found: Board) -> str:
    return "; ".join(found.skipped)


# --- which pictures, in which order -----------------------------------------------


def test_panels_come_in_natural_order(tmp_path: Path) -> None:
    put(tmp_path, "board-10.png", "Board-2.JPG", "board-1.webp", "board-1b.tif")

    assert labels(board.read(tmp_path)) == [
        "board-1",
        "board-1b",
        "Board-2",
        "board-10",
    ]


def test_only_the_top_level_is_read_unless_asked(tmp_path: Path) -> None:
    found = board.read(put(tmp_path, "a.png", "seq 1/b.png", "seq 2/c.png"))

    assert labels(found) == ["a"]
    assert said(found) == (
        "2 folders are left out, --recursive takes them in: seq 1, seq 2"
    )


def test_a_recursive_panel_carries_its_folder_as_sequence(tmp_path: Path) -> None:
    put(tmp_path, "z.png", "seq10/b.png", "seq2/b.png", "seq2/sub/a.png", "seq2/c.png")

    found = board.read(tmp_path, recursive=True)

    assert labels(found) == ["z", "seq2/b", "seq2/c", "seq2/sub/a", "seq10/b"]
    assert [each.sequence for each in found.panels][:2] == ["", "seq2"]
    assert found.panels[1].path == tmp_path / "seq2" / "b.png"


def test_every_picture_suffix_makes_a_panel(tmp_path: Path) -> None:
    common = ["png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "gif", "avif", "psd"]
    refused_later = ["exr", "heic", "heif", "svg"]
    put(tmp_path, *(f"{suffix}.{suffix}" for suffix in common + refused_later))

    assert sorted(labels(board.read(tmp_path))) == sorted(common + refused_later)


def test_other_files_are_mentioned_once(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "notes.txt", "b.mov", "c.mov", "d", "seq/e.pdf")

    found = board.read(tmp_path, recursive=True)

    assert found.skipped == ("5 files are no pictures: b.mov, c.mov, d, …",)


def test_hidden_files_and_folders_are_passed_by_in_silence(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "._a.png", ".DS_Store", "Thumbs.db", "desktop.ini")
    put(tmp_path, ".workbench/media/ab/1.png", ".git/x.png", "__MACOSX/y.png")

    found = board.read(tmp_path, recursive=True)

    assert (labels(found), found.skipped) == (["a"], ())


def test_an_excluded_folder_is_passed_by_in_silence(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "out/look/a_look_v001.png", "seq/out/b.png")
    shut = [tmp_path / "seq" / ".." / "out", tmp_path / "missing"]

    assert labels(board.read(tmp_path, recursive=True, exclude=shut)) == [
        "a",
        "seq/out/b",
    ]
    assert said(board.read(tmp_path, exclude=shut)).endswith("takes it in: seq")


def test_the_board_itself_is_read_even_where_excluded(tmp_path: Path) -> None:
    put(tmp_path, "a.png")

    assert labels(board.read(tmp_path, recursive=True, exclude=[tmp_path])) == ["a"]


def test_a_relative_path_gives_absolute_panels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "seq/a.png")
    monkeypatch.chdir(tmp_path)

    assert board.read(Path("seq")).panels[0].path == tmp_path / "seq" / "a.png"


# --- what cannot be a picture -----------------------------------------------------


def test_a_pipe_is_a_panel_with_its_reason_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(put(tmp_path, "a.png") / "pipe.png")

    problems = [each.problem for each in board.read(tmp_path).panels]

    assert problems == [
        "",
        "pipe.png is a pipe or device, no picture: rename it or move it away",
    ]


def test_a_link_to_a_device_is_a_panel_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "zero.png").symlink_to("/dev/zero")

    assert "pipe or device" in board.read(tmp_path).panels[0].problem


def test_a_folder_named_like_a_picture_is_a_panel_with_its_reason(
    tmp_path: Path,
) -> None:
    put(tmp_path, "renders.png/inner.png")

    found = board.read(tmp_path, recursive=True)

    assert labels(found) == ["renders"]
    assert "renders.png is a folder, no picture" in found.panels[0].problem


@pytest.mark.parametrize("target", ["loop.png", "gone.png"])
def test_a_link_that_leads_nowhere_is_a_panel_with_its_reason(
    tmp_path: Path, target: str
) -> None:
    (tmp_path / "loop.png").symlink_to(tmp_path / target)

    assert "leads nowhere" in board.read(tmp_path).panels[0].problem


def test_a_link_to_a_picture_is_a_picture(tmp_path: Path) -> None:
    put(tmp_path, "store/original.png")
    (tmp_path / "board").mkdir()
    (tmp_path / "board" / "1.png").symlink_to(tmp_path / "store" / "original.png")

    assert board.read(tmp_path / "board").panels[0].problem == ""


def test_a_reason_stays_on_one_line(tmp_path: Path) -> None:
    (tmp_path / "two\nlines\u202e.png").mkdir()

    assert board.read(tmp_path).panels[0].problem.isprintable()


# --- finite walks -----------------------------------------------------------------


def test_linked_folders_are_mentioned_and_not_followed(tmp_path: Path) -> None:
    put(tmp_path, "seq/a.png")
    (tmp_path / "seq" / "up").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "seq")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")

    found = board.read(tmp_path, recursive=True)

    assert labels(found) == ["seq/a"]
    assert "2 linked folders are not followed: again, up" in found.skipped
    assert "1 file is no picture: loop" in found.skipped


def test_a_loop_that_does_not_show_as_a_link_is_walked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "seq/a.png")
    (tmp_path / "seq" / "up").symlink_to(tmp_path)
    monkeypatch.setattr(
        board, "_kind", lambda entry: "folder" if entry.is_dir() else "picture"
    )

    assert labels(board.read(tmp_path, recursive=True)) == ["seq/a"]


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder 1,200 levels down, removed again without recursion."""
    folders = [tmp_path / "/".join(["d"] * n) for n in range(1, 1201)]
    for folder in folders:
        folder.mkdir()
    yield folders[-1]
    for file in folders[-1].iterdir():
        file.unlink()
    for folder in reversed(folders):
        folder.rmdir()


def test_no_folder_lies_too_deep(tmp_path: Path, deep: Path) -> None:
    put(deep, "a.png")

    found = board.read(tmp_path, recursive=True).panels

    assert [each.path for each in found] == [deep / "a.png"]


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A system that refuses to list folders called `locked`, even to root."""
    scandir = os.scandir

    def refuse(folder: Path) -> object:
        if Path(folder).name == "locked":
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr("nodegraph.board.panel.os.scandir", refuse)
    yield


@pytest.mark.usefixtures("locked")
def test_a_folder_that_cannot_be_read_is_mentioned(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "locked/b.png", "seq/c.png")

    found = board.read(tmp_path, recursive=True)

    assert labels(found) == ["a", "seq/c"]
    assert found.skipped == ("1 folder cannot be read: locked",)


@pytest.mark.usefixtures("locked")
def test_a_board_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    put(tmp_path, "locked/b.png")

    with pytest.raises(
        BoardError, match=r"locked cannot be read \(Permission denied\)"
    ):
        board.read(tmp_path / "locked")


# --- no board ---------------------------------------------------------------------


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=r"nowhere cannot be read .* check the name"):
        board.read(tmp_path / "nowhere")


def test_a_file_is_no_board(tmp_path: Path) -> None:
    put(tmp_path, "a.png")

    with pytest.raises(BoardError, match=r"a\.png is no board: give the folder"):
        board.read(tmp_path / "a.png")


def test_a_folder_without_pictures_is_no_board(tmp_path: Path) -> None:
    put(tmp_path, "notes.txt")

    with pytest.raises(BoardError, match="holds no pictures: give the folder"):
        board.read(tmp_path)


def test_where_pictures_may_lie_deeper_the_error_says_how_to_get_them(
    tmp_path: Path,
) -> None:
    put(tmp_path, "seq1/a.png")

    with pytest.raises(BoardError, match="add --recursive for those in seq1"):
        board.read(tmp_path)


def test_an_error_about_a_hostile_name_stays_on_one_line(tmp_path: Path) -> None:
    with pytest.raises(BoardError) as caught:
        board.read(tmp_path / "two\nlines\x1b[31m")

    assert str(caught.value).isprintable()


# --- match ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("globs", "kept"),
    [
        (["board-1"], ["board-1"]),
        (["BOARD-1.PNG"], ["board-1"]),
        (["board-?"], ["board-1", "seq/board-2"]),
        (["seq/*"], ["seq/board-2", "seq/Straße"]),
        (["board-1", "*STRASSE*"], ["board-1", "seq/Straße"]),
        (["[!b]*.jpg"], ["seq/Straße"]),
    ],
)
def test_match_keeps_what_fits_any_glob(
    tmp_path: Path, globs: list[str], kept: list[str]
) -> None:
    put(tmp_path, "board-1.png", "seq/board-2.png", "seq/Straße.jpg")

    assert labels(board.read(tmp_path, recursive=True, match=globs)) == kept


def test_a_match_of_nothing_names_a_panel_there_is(tmp_path: Path) -> None:
    put(tmp_path, "board-1.png")

    with pytest.raises(BoardError, match=r"matches shot\*: one is board-1\.png"):
        board.read(tmp_path, match=["shot*"])


def test_a_name_does_not_depend_on_the_match(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "a.jpg")

    assert labels(board.read(tmp_path, match=["a.png"])) == ["a-png"]


# --- names ------------------------------------------------------------------------


def test_panels_of_one_stem_are_told_apart_by_suffix(tmp_path: Path) -> None:
    put(tmp_path, "panel.png", "panel.jpg", "other.png")

    assert labels(board.read(tmp_path)) == ["other", "panel-jpg", "panel-png"]


def test_names_equal_but_for_case_or_unicode_form_are_told_apart(
    tmp_path: Path,
) -> None:
    put(tmp_path, "A.png", "a.png", "é.png", "e\u0301.png")
    if len(list(tmp_path.iterdir())) < 4:
        pytest.skip("this file system holds such names to be equal")

    names = labels(board.read(tmp_path))

    assert names == ["A-png", "a-png-2", "é-png", "é-png-2"]


def test_a_name_told_apart_takes_no_other_panels_name(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "a.jpg", "a-png.png", "a-jpg-2.png")

    names = labels(board.read(tmp_path))

    assert sorted(names) == ["a-jpg", "a-jpg-2", "a-png", "a-png-2"]


def test_equal_names_in_two_sequences_are_no_clash(tmp_path: Path) -> None:
    put(tmp_path, "seq1/a.png", "seq2/a.png")

    assert labels(board.read(tmp_path, recursive=True)) == ["seq1/a", "seq2/a"]


def test_sequences_that_share_an_output_folder_share_its_names(tmp_path: Path) -> None:
    put(tmp_path, "s?/a.png", "S*/a.png")

    names = labels(board.read(tmp_path, recursive=True))

    assert names == ["S_/a-png", "s_/a-png-2"]


def test_a_hostile_file_name_gives_a_safe_name_and_the_true_path(
    tmp_path: Path,
) -> None:
    raw = os.fsencode(tmp_path) + b"/two\nlines\xe2\x80\xae \xff.png"
    Path(os.fsdecode(raw)).write_bytes(b"")

    found = board.read(tmp_path).panels[0]

    assert found.name == "two_lines_ _"
    assert os.fsencode(found.path) == raw


def test_the_longest_file_name_gives_a_name_with_room_to_spare(tmp_path: Path) -> None:
    put(tmp_path, "x" * 251 + ".png")

    assert len(board.read(tmp_path).panels[0].name) == 129


NAMES = st.lists(
    st.text(st.sampled_from("aAéÉe\u0301ß-_2. ?\n1"), min_size=1, max_size=6).map(
        lambda stem: f"x{stem}.png"
    )
    | st.sampled_from(
        ["a.png", "a.jpg", "A.png", "a-png.png", "a-png-2.png", "CON.png"]
    ),
    min_size=1,
    max_size=12,
    unique=True,
)


@BUSY
@given(NAMES, st.randoms(use_true_random=False))
def test_names_are_unique_and_independent_of_the_systems_order(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], dice: random.Random
) -> None:
    first, second = tmp_path_factory.mktemp("a"), tmp_path_factory.mktemp("b")
    put(first, *names)
    dice.shuffle(names)
    put(second, *names)

    found = board.read(first)

    folded = {
        unicodedata.normalize("NFC", each.name.casefold()) for each in found.panels
    }
    assert len(folded) == len(list(first.iterdir()))
    assert labels(found) == labels(board.read(second))
