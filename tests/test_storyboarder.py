"""Storyboarder projects: their boards, in their order, and nothing else."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodegraph.board import folder as board
from nodegraph.board.folder import Board, BoardError

BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Properties hold however slow the machine is."""

EXAMPLE = Path(__file__).parents[2] / "shared" / "storyboards" / "example"


def project(folder: Path, *boards: dict[str, Any], **fields: Any) -> Path:
    """A project of these boards; each has a poster frame, a layer and a thumbnail."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    for each in boards:
        stem = str(each["url"]).removesuffix(".png")
        for ending in ("-posterframe.jpg", "-fill.png", "-thumbnail.png"):
            (images / f"{stem}{ending}").write_bytes(b"x")
    scene = folder / f"{folder.name}.storyboarder"
    scene.write_text(
        json.dumps({"boards": boards, "defaultBoardTiming": 2000} | fields)
    )
    return scene


def url(name: str, **fields: Any) -> dict[str, Any]:
    return {"url": f"{name}.png", **fields}


def names(found: Board) -> list[str]:
    return [each.name for each in found.panels]


def files(found: Board) -> list[str]:
    return [each.path.name for each in found.panels]


# --- what a project gives ---------------------------------------------------------


def test_boards_come_in_the_projects_order_by_their_poster_frames(
    tmp_path: Path,
) -> None:
    found = board.read(project(tmp_path, url("b-2"), url("b-10"), url("b-1")))

    assert names(found) == ["b-2", "b-10", "b-1"]
    assert files(found) == [f"{name}-posterframe.jpg" for name in names(found)]
    assert [each.problem for each in found.panels] == ["", "", ""]


def test_layers_and_thumbnails_are_left_out_and_counted(tmp_path: Path) -> None:
    found = board.read(project(tmp_path, url("b-1"), url("b-2")))

    assert found.skipped == ("2 layers and 2 thumbnails left out",)


@pytest.mark.parametrize("given", ["", "images", "scene.storyboarder"])
def test_the_file_its_folder_and_its_images_are_one_board(
    tmp_path: Path, given: str
) -> None:
    folder = tmp_path / "scene"
    project(folder, url("b-2"), url("b-1"))

    found = board.read(folder / given)

    assert (found.root, names(found)) == (folder, ["b-2", "b-1"])


def test_a_recursive_board_takes_projects_as_sequences(tmp_path: Path) -> None:
    project(tmp_path / "scene 10", url("b-1"))
    project(tmp_path / "scene 2", url("b-2"), url("b-1"))

    found = board.read(tmp_path, recursive=True)

    assert [each.label for each in found.panels] == [
        "scene 2/b-2",
        "scene 2/b-1",
        "scene 10/b-1",
    ]


def test_shot_number_dialogue_and_duration_are_kept(tmp_path: Path) -> None:
    scene = project(
        tmp_path, url("b", shot="1A", dialogue="Wer da?\n", duration=1500), url("c")
    )

    first, second = board.read(scene).panels

    assert (first.number, first.dialogue, first.duration) == ("1A", "Wer da?\n", 1.5)
    assert (second.number, second.dialogue, second.duration) == ("", "", 2.0)


def test_a_project_without_timing_gives_no_duration(tmp_path: Path) -> None:
    scene = project(tmp_path, url("b"), defaultBoardTiming=None)

    assert board.read(scene).panels[0].duration is None


def test_text_that_no_file_can_hold_is_mended(tmp_path: Path) -> None:
    scene = project(tmp_path, url("b", dialogue="a\ud800b"))

    assert board.read(scene).panels[0].dialogue == "a?b"


def test_without_a_poster_frame_the_drawing_is_used_and_that_is_said(
    tmp_path: Path,
) -> None:
    scene = project(tmp_path, url("b"))
    (tmp_path / "images" / "b-posterframe.jpg").rename(tmp_path / "images" / "b.png")

    found = board.read(scene)

    assert files(found) == ["b.png"]
    assert "1 board has no poster frame" in "; ".join(found.skipped)


def test_a_poster_frame_is_found_whatever_its_case(tmp_path: Path) -> None:
    scene = project(tmp_path, url("B"))
    images = tmp_path / "images"
    (images / "B-posterframe.jpg").rename(images / "b-PosterFrame.JPG")

    assert files(board.read(scene)) == ["b-PosterFrame.JPG"]


def test_a_board_without_any_drawing_is_a_panel_with_its_reason(tmp_path: Path) -> None:
    scene = project(tmp_path, url("b-1"), url("b-2"))
    (tmp_path / "images" / "b-1-posterframe.jpg").unlink()

    first, second = board.read(scene).panels

    assert "neither b-1-posterframe.jpg nor b-1.png lies in images" in first.problem
    assert (first.name, second.problem) == ("b-1", "")


def test_two_boards_of_one_drawing_get_names_of_their_own(tmp_path: Path) -> None:
    assert names(board.read(project(tmp_path, url("b"), url("b")))) == [
        "b-jpg",
        "b-jpg-2",
    ]


def test_pictures_of_no_board_are_counted(tmp_path: Path) -> None:
    scene = project(tmp_path, url("b"))
    for name in ("images/old-posterframe.jpg", "images/notes.txt", "export.png"):
        (tmp_path / name).write_bytes(b"x")

    assert board.read(scene.parent).skipped == (
        "1 layer and 1 thumbnail left out",
        "1 file is no picture: notes.txt",
        "1 picture lies beside the board: export.png",
        "1 poster frame belongs to no board: old-posterframe.jpg",
    )


def test_match_works_on_boards(tmp_path: Path) -> None:
    scene = project(tmp_path, url("b-1"), url("b-2"))

    assert names(board.read(scene, match=["*-2"])) == ["b-2"]


# --- hostile projects -------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["../secret.png", "/etc/passwd", "C:\\x.png", "a\\..\\b.png", "..", "x\0.png"],
)
def test_a_drawing_that_leads_out_of_the_project_is_a_problem(
    tmp_path: Path, path: str
) -> None:
    (tmp_path / "secret.png").write_bytes(b"x")
    scene = project(tmp_path, url("good"))
    scene.write_text(json.dumps({"boards": [{"url": path}, url("good")]}))

    bad, good = board.read(scene).panels

    assert "leads out of" in bad.problem
    assert bad.path.is_relative_to(tmp_path / "images")
    assert good.problem == ""


def test_a_poster_frame_linked_from_outside_is_a_problem(tmp_path: Path) -> None:
    scene = project(tmp_path, url("b"))
    (tmp_path / "secret.jpg").write_bytes(b"x")
    poster = tmp_path / "images" / "b-posterframe.jpg"
    poster.unlink()
    poster.symlink_to(tmp_path / "secret.jpg")

    assert "leads out of" in board.read(scene).panels[0].problem


def test_a_poster_frame_that_is_a_pipe_is_a_problem(tmp_path: Path) -> None:
    scene = project(tmp_path, url("b"))
    poster = tmp_path / "images" / "b-posterframe.jpg"
    poster.unlink()
    os.mkfifo(poster)

    assert "pipe or device" in board.read(scene).panels[0].problem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no valid JSON"),
        ("{", "is no valid JSON"),
        ("\udcff", "is no valid JSON"),
        ('{"boards": [{"url": "b.png", "duration": NaN}]}', "NaN is no number"),
        ("[" * 100_000, "nested too deep"),
        ("[]", "its content is not an object"),
        ("{}", "boards is not a list"),
        ('{"boards": {}}', "boards is not a list"),
        ('{"boards": [7]}', r"boards\[0\] is not an object"),
        ('{"boards": [{}]}', r"boards\[0\]\.url is not the name"),
        ('{"boards": [{"url": 3}]}', r"boards\[0\]\.url is not a text"),
        ('{"boards": [{"url": "%s"}]}' % ("x" * 256), r"url is not the name"),
        ('{"boards": [{"url": "b.png", "shot": 1}]}', r"\.shot is not a text"),
        ('{"boards": [{"url": "b.png", "dialogue": []}]}', r"\.dialogue is not"),
        ('{"boards": [{"url": "b.png", "duration": "2"}]}', r"\.duration is not"),
        ('{"boards": [{"url": "b.png", "duration": true}]}', r"\.duration is not"),
        ('{"boards": [{"url": "b.png", "duration": -1}]}', r"\.duration is not"),
        ('{"boards": [{"url": "b.png", "duration": 1e999}]}', r"\.duration is not"),
        ('{"boards": [], "defaultBoardTiming": "x"}', "defaultBoardTiming is not"),
        ('{"boards": []}', "holds no pictures"),
    ],
)
def test_a_broken_project_names_the_file_and_the_place(
    tmp_path: Path, text: str, words: str
) -> None:
    scene = project(tmp_path, url("b"))
    scene.write_text(text, errors="surrogateescape")

    with pytest.raises(BoardError, match=words) as caught:
        board.read(scene)

    assert str(caught.value).startswith(str(scene))
    assert ": " in str(caught.value).removeprefix(str(scene))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["boards", "url", "shot", "duration", "dialogue"]), inner
        )
    ),
    max_leaves=8,
)


@BUSY
@given(st.dictionaries(st.sampled_from(["boards", "defaultBoardTiming"]), JSON))
def test_any_document_is_a_board_or_an_error_that_names_it(
    tmp_path_factory: pytest.TempPathFactory, document: object
) -> None:
    scene = project(tmp_path_factory.mktemp("p"), url("b"))
    scene.write_text(json.dumps(document))

    try:
        found = board.read(scene)
    except BoardError as error:
        assert str(error).startswith(str(scene))
    else:
        assert all(each.name for each in found.panels)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    scene = project(tmp_path, url("b"))
    scene.write_bytes(b"\xef\xbb\xbf" + scene.read_bytes())

    assert names(board.read(scene)) == ["b"]


def test_a_project_file_that_is_a_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.storyboarder")

    with pytest.raises(BoardError, match="is no file"):
        board.read(tmp_path)


def test_a_project_without_its_images_says_so(tmp_path: Path) -> None:
    scene = tmp_path / "x.storyboarder"
    scene.write_text(json.dumps({"boards": [url("b")]}))

    with pytest.raises(BoardError, match="its folder images cannot be read"):
        board.read(scene)


@pytest.mark.parametrize("given", ["", "images"])
def test_a_folder_of_several_projects_asks_for_one(tmp_path: Path, given: str) -> None:
    scene = project(tmp_path, url("b"))
    (tmp_path / "other.storyboarder").write_bytes(scene.read_bytes())

    with pytest.raises(BoardError, match=r"holds 2 boards .*: name the one you mean"):
        board.read(tmp_path / given)


# --- a real project ---------------------------------------------------------------


@pytest.mark.skipif(not EXAMPLE.is_dir(), reason="the real project is not at hand")
@pytest.mark.parametrize("given", ["", "images", "example.storyboarder"])
def test_a_real_project_gives_its_boards_and_no_layer_or_thumbnail(given: str) -> None:
    found = board.read(EXAMPLE / given)

    assert [(each.number, each.path.name) for each in found.panels] == [
        ("1A", "board-1-UDRF3-posterframe.jpg"),
        ("2A", "board-2-RRO6K-posterframe.jpg"),
        ("3A", "board-3-DRAPP-posterframe.jpg"),
        ("4A", "board-4-TSIOW-posterframe.jpg"),
    ]
    assert {each.duration for each in found.panels} == {2.0}
    assert found.skipped[0] == "14 layers and 14 thumbnails left out"
