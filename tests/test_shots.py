"""Shots keep what a person said of them through renaming, redrawing and part runs."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from studio import LONG_AGO, Studio, chain, soft

from nodegraph.graph import Node
from nodegraph.lineage import Override, Run, Shot
from nodegraph.shots import UnknownShotError, named_shot

SLATE = Node("slate", "slate", {"text": "x"}, name="Slate")


@pytest.fixture
def board(studio: Studio) -> Studio:
    """Three panels that were run once, the second marked by a person."""
    for number in (1, 2, 3):
        studio.draw(f"p-{number}.png", number)
    studio.run(soft())
    mark(studio, "p-2", status="approved", note="keep", by="ann", pick={"look": 1})
    return studio


def mark(studio: Studio, name: str, **said: object) -> Shot:
    with studio.opened() as project:
        [shot] = [s for s in project.store.all(Shot) if s.path == name]
        shot = replace(shot, **said)
        with project.store.record():
            project.store.put(shot)
    return shot


def everything(studio: Studio) -> dict[str, Shot]:
    with studio.opened(write=False) as project:
        return {shot.id: shot for shot in project.store.all(Shot)}


def rename(studio: Studio, old: str, new: str) -> None:
    folder = studio.folder / "board"
    (folder / f"{old}.png").rename(folder / f"{new}.png")


# what stays -------------------------------------------------------------------------


def test_a_shot_keeps_its_id_from_run_to_run(board: Studio) -> None:
    before = everything(board)

    board.run(soft())
    board.run(soft(2.0))

    assert everything(board) == before


def test_a_renamed_panel_stays_the_shot_it_was(board: Studio) -> None:
    before = board.shots()["p-2"]
    rename(board, "p-2", "q-2")

    ran = board.run(soft())

    after = board.shots()["q-2"]
    assert after.id == before.id
    assert (after.status, after.note, after.by) == ("approved", "keep", "ann")
    assert after.pick == {"look": 1}
    assert after.index == 2
    assert "p-2" not in board.shots()
    assert ran.executed == 0
    assert len(everything(board)) == 3


def test_a_redrawn_panel_stays_the_shot_it_was(board: Studio) -> None:
    before = board.shots()["p-2"]
    board.draw("p-2.png", 99, when=LONG_AGO + 9)

    ran = board.run(soft())

    after = board.shots()["p-2"]
    assert after.id == before.id
    assert after.digest != before.digest
    assert (after.status, after.note) == ("approved", "keep")
    assert ran.executed == 1
    assert [t.number for t in board.takes("p-2")] == [1, 2]


def test_a_panel_saved_in_another_format_stays_the_shot_it_was(board: Studio) -> None:
    before = board.shots()["p-2"]
    (board.folder / "board/p-2.png").unlink()
    board.draw("p-2.webp", 98)

    board.run(soft())

    assert board.shots()["p-2"].id == before.id


def test_a_panel_removed_is_omitted_and_comes_back_as_it_was(board: Studio) -> None:
    before = board.shots()["p-2"]
    path = board.folder / "board/p-2.png"
    path.rename(board.folder / "aside.png")

    board.run(soft())
    gone = everything(board)[before.id]
    (board.folder / "aside.png").rename(path)
    board.run(soft())

    assert gone == replace(before, omitted=True)
    assert board.shots()["p-2"] == before


def test_an_unreadable_panel_keeps_what_was_known_of_it(board: Studio) -> None:
    before = board.shots()["p-2"]
    (board.folder / "board/p-2.png").write_bytes(b"broken")

    board.run(soft())

    after = board.shots()["p-2"]
    assert after.problem
    assert replace(after, problem="") == before


# what is another shot ---------------------------------------------------------------


def test_panels_of_equal_pixels_are_shots_of_their_own(studio: Studio) -> None:
    studio.draw("a.png", 1)
    studio.draw("b.png", 1)
    studio.run(soft())
    mark(studio, "a", note="mine")

    studio.run(soft())

    assert studio.shots()["a"].id != studio.shots()["b"].id
    assert studio.shots()["b"].note == ""


def test_a_copy_under_a_second_name_is_a_new_shot(board: Studio) -> None:
    before = board.shots()["p-2"]
    board.draw("p-2b.png", 2)

    board.run(soft())

    assert board.shots()["p-2"].id == before.id
    assert board.shots()["p-2b"].id != before.id
    assert board.shots()["p-2b"].status == "to do"


def test_equal_panels_both_renamed_stay_two_shots(studio: Studio) -> None:
    studio.draw("a.png", 1)
    studio.draw("b.png", 1)
    studio.run(soft())
    before = {shot.id for shot in studio.shots().values()}
    rename(studio, "a", "x")
    rename(studio, "b", "y")

    studio.run(soft())

    assert {shot.id for shot in studio.shots().values()} == before
    assert set(studio.shots()) == {"x", "y"}


def test_a_name_that_is_free_again_makes_a_new_shot(board: Studio) -> None:
    before = board.shots()["p-2"]
    rename(board, "p-2", "q-2")
    board.run(soft())
    board.draw("p-2.png", 77)

    board.run(soft())

    assert board.shots()["q-2"].id == before.id
    assert board.shots()["p-2"].id != before.id
    assert board.shots()["p-2"].note == ""


def test_a_panel_renamed_to_a_name_of_long_ago_stays_the_shot_it_was(
    board: Studio,
) -> None:
    approved = board.shots()["p-2"]
    (board.folder / "board/p-3.png").unlink()
    board.run(soft())
    rename(board, "p-2", "p-3")

    board.run(soft())
    board.run(soft())

    assert set(board.shots()) == {"p-1", "p-3"}
    assert board.shots()["p-3"].id == approved.id
    assert named_shot("p-3", everything(board).values()).id == approved.id


def test_boards_know_nothing_of_each_other(studio: Studio) -> None:
    studio.draw("a.png", 1, board="one")
    studio.draw("a.png", 1, board="two")
    studio.run(soft(), board="one")

    studio.run(soft(), board="two")

    shots = everything(studio)
    assert {shot.board for shot in shots.values()} == {"one", "two"}
    assert not any(shot.omitted for shot in shots.values())


# parts of a board -------------------------------------------------------------------


def test_a_run_over_some_panels_leaves_the_others_alone(board: Studio) -> None:
    before = everything(board)

    board.run(soft(), match=("p-3",))

    assert everything(board) == before


def test_a_run_on_one_picture_of_a_board_leaves_the_others_alone(
    board: Studio,
) -> None:
    before = everything(board)

    ran = board.run(
        soft(), board=None, inputs={"In": board.folder / "board/../board/p-3.png"}
    )

    assert everything(board) == before
    assert (ran.executed, ran.cached) == (0, 1)
    assert ran.files == ["p-3_look_v001.png"]


def test_a_run_on_one_picture_before_the_board_is_the_boards_shot(
    studio: Studio,
) -> None:
    for number in (1, 2, 3):
        studio.draw(f"p: {number}.png", number)
    path = studio.folder / "board/p: 3.png"
    studio.run(soft(), board=None, inputs={"In": path})
    before = studio.shots()

    studio.run(soft())

    assert list(before) == ["p_ 3"]
    assert studio.shots()["p_ 3"].id == before["p_ 3"].id
    assert studio.shots()["p_ 3"].index == 2


def test_one_picture_that_was_renamed_stays_the_shot_it_was(board: Studio) -> None:
    before = board.shots()["p-2"]
    rename(board, "p-2", "q-2")

    board.run(soft(), board=None, inputs={"In": board.folder / "board/q-2.png"})

    assert board.shots()["q-2"].id == before.id
    assert set(board.shots()) == {"p-1", "q-2", "p-3"}


def test_one_picture_that_came_back_is_on_its_board_again(board: Studio) -> None:
    before = board.shots()["p-2"]
    path = board.folder / "board/p-2.png"
    path.rename(board.folder / "aside.png")
    board.run(soft())
    (board.folder / "aside.png").rename(path)

    board.run(soft(), board=None, inputs={"In": path})

    assert board.shots()["p-2"] == before


def test_one_picture_of_a_sequence_is_the_boards_shot(studio: Studio) -> None:
    studio.draw("a.png", 1, board="board/one")
    studio.draw("a.png", 2, board="board/two")
    studio.run(soft(), recursive=True)
    before = everything(studio)

    ran = studio.run(
        soft(), board=None, inputs={"In": studio.folder / "board/two/a.png"}
    )

    assert everything(studio) == before
    assert ran.rows[0].shot == "two/a"
    assert ran.rows[0].file.parent.name == "two"


def test_the_top_of_a_board_alone_leaves_its_sequences_alone(studio: Studio) -> None:
    studio.draw("a.png", 1)
    studio.draw("a.png", 2, board="board/two")
    studio.run(soft(), recursive=True)

    studio.run(soft())
    with_both = set(studio.shots())
    shutil.rmtree(studio.folder / "board/two")
    studio.run(soft())

    assert with_both == {"a", "two/a"}
    assert set(studio.shots()) == {"a"}


def test_a_panel_added_moves_those_behind_it(board: Studio) -> None:
    board.draw("p-0.png", 5)

    board.run(soft(), match=("p-0",))

    assert {name: shot.index for name, shot in board.shots().items()} == {
        "p-0": 0,
        "p-1": 1,
        "p-2": 2,
        "p-3": 3,
    }
    assert board.shots()["p-2"].note == "keep"


def test_a_dry_run_records_no_shot(studio: Studio) -> None:
    studio.draw("a.png")
    with studio.opened() as project:
        project.prepare(studio.request(soft(), dry=True), lambda event: None)

    assert everything(studio) == {}


def test_a_board_reached_another_way_is_the_same_board(
    board: Studio, tmp_path: Path
) -> None:
    before = everything(board)
    (tmp_path / "link").symlink_to(board.folder)

    board.run(soft(), board="../here/./board")
    board.run(soft(), board="../link/board")

    assert set(everything(board)) == set(before)


# what a person says -----------------------------------------------------------------


def test_what_a_person_says_is_part_of_no_recipe_and_no_request(
    board: Studio,
) -> None:
    first = board.run(soft())
    mark(board, "p-1", status="redo", note="again!", pick={"look": 1}, by="bob")

    again = board.run(soft())

    assert (again.executed, again.cached) == (0, 3)
    assert again.run == first.run
    with board.opened(write=False) as project:
        for run in project.store.all(Run):
            rows = [set(row) for row in run.shots]
            assert not any(row & {"status", "note", "by", "pick"} for row in rows)


def test_a_new_place_on_the_board_is_no_new_work(board: Studio) -> None:
    board.draw("p-0.png", 5)

    ran = board.run(soft())

    assert (ran.executed, ran.cached) == (1, 3)


# Storyboarder -----------------------------------------------------------------------


def storyboarder(studio: Studio, *boards: dict[str, object]) -> Path:
    folder = studio.folder / "scene"
    for index, told in enumerate(boards):
        studio.draw(str(told["url"]), index, board="scene/images")
    path = folder / "scene.storyboarder"
    path.write_text(json.dumps({"version": "3", "boards": list(boards)}))
    return path


def told(number: int, **more: object) -> dict[str, object]:
    return {
        "uid": f"U{number}",
        "url": f"board-{number}-U{number}.png",
        "shot": f"{number}A",
        "number": number,
        "dialogue": f"line {number}",
        "duration": 1500,
        **more,
    }


def test_number_dialogue_and_duration_stay_with_the_shot(studio: Studio) -> None:
    storyboarder(studio, told(1), told(2))

    studio.run(chain(SLATE), board="scene")
    first = everything(studio)
    [name] = [shot.name for shot in first.values() if shot.number == "2A"]
    path = studio.folder / "scene/images/board-2-U2.png"
    ran = studio.run(chain(SLATE), board=None, inputs={"In": path})

    assert [
        (shot.number, shot.dialogue, shot.duration)
        for shot in sorted(first.values(), key=lambda shot: shot.index)
    ] == [("1A", "line 1", 1.5), ("2A", "line 2", 1.5)]
    assert everything(studio) == first
    assert ran.executed == 0
    assert ran.rows[0].shot == name


def test_a_board_taken_out_of_a_project_is_omitted_though_its_file_is_there(
    studio: Studio,
) -> None:
    storyboarder(studio, told(1), told(2))
    studio.run(soft(), board="scene")
    storyboarder(studio, told(1))

    studio.run(soft(), board="scene")

    assert [shot.number for shot in studio.shots().values()] == ["1A"]


# names ------------------------------------------------------------------------------


def test_a_shot_is_found_by_name_path_or_id() -> None:
    one, two = Shot("1", "a", "x"), Shot("2", "b", "x")
    gone = Shot("3", "b", "x", omitted=True)
    shots = [one, two, gone]

    assert named_shot("a", shots) is one
    assert named_shot("x/b", shots) is two
    assert named_shot("b", shots) is two
    assert named_shot("3", shots) is gone


def test_an_unclear_name_is_refused_with_the_choices() -> None:
    shots = [Shot("1", "a", "x"), Shot("2", "a", "y")]

    with pytest.raises(UnknownShotError, match="x/a, y/a"):
        named_shot("a", shots)
    with pytest.raises(UnknownShotError, match="no shot 'z'"):
        named_shot("z", shots)


# settings of single shots -----------------------------------------------------------


@pytest.fixture
def own(board: Studio) -> Studio:
    """As `board`, with another blur for the second shot."""
    board.run(soft(), sets=["Soft.radius@p-2=5"])
    return board


def radii(studio: Studio, preset: str = "look") -> dict[str, float]:
    """What the blur of each shot was made with, as the current take says."""
    found = {}
    with studio.opened(write=False) as project:
        for name in studio.shots():
            for take in studio.takes(name):
                if take.current and take.preset == preset:
                    asset = project.store.asset(take.asset)
                    found[name] = asset.recipe.settings["radius"]
    return found


def test_a_setting_of_one_shot_holds_for_later_runs(own: Studio) -> None:
    again = own.run(soft())

    assert radii(own) == {"p-1": 1.0, "p-2": 5.0, "p-3": 1.0}
    assert again.executed == 0


def test_a_setting_of_one_shot_survives_renaming(own: Studio) -> None:
    rename(own, "p-2", "q-2")

    own.run(soft())

    assert radii(own)["q-2"] == 5.0


def test_a_setting_of_one_shot_survives_redrawing_and_remembers_its_drawing(
    own: Studio,
) -> None:
    before = own.shots()["p-2"]
    own.draw("p-2.png", 99, when=LONG_AGO + 9)

    own.run(soft())

    assert radii(own)["p-2"] == 5.0
    with own.opened(write=False) as project:
        [kept] = project.store.all(Override)
    assert kept.drawing == before.digest


def test_equal_panels_keep_settings_of_their_own(studio: Studio) -> None:
    studio.draw("a.png", 1)
    studio.draw("b.png", 1)

    ran = studio.run(soft(), sets=["Soft.radius@b=5"])

    assert radii(studio) == {"a": 1.0, "b": 5.0}
    assert ran.executed == 2
