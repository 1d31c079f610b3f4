"""What a delivery holds, how it is named, and what it never does."""

import json

import pytest
from small_projects import Small

from nodegraph.lineage import Shot, Status, Take
from nodegraph.project import Project
from nodegraph.results.delivery import Delivery, DeliveryError, choices


@pytest.fixture
def small(tmp_path):
    with Project(tmp_path / "film", write=True) as project:
        yield Small(project)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "client"


def with_take(small, name="a", number=1, **fields):
    """A shot with one take."""
    drawing = small.drawing(f"{name} drawn.png")
    shot = small.shot(drawing, name, **fields)
    return shot, small.take(shot, small.picture(drawing, final=True), number)


def chosen(small, **wanted):
    store = small.project.store
    return choices(store.all(Shot), store.all(Take), **wanted)


def delivered(small, out, keep_names=False, **wanted):
    project = small.project
    delivery = Delivery(project.store, project.media, out, keep_names)
    return delivery.deliver(chosen(small, **wanted))


def files(out):
    paths = (path for path in out.rglob("*") if path.is_file())
    return sorted(path.relative_to(out).as_posix() for path in paths)


# What


def test_the_picked_take_goes_before_the_current_one(small):
    shot, old = with_take(small)
    small.put(old.__class__(**{**vars(old), "current": False}))
    small.take(shot, small.picture(small.drawing()), 2)
    small.put(Shot(**{**vars(shot), "pick": {"look": 1}}))

    [choice] = chosen(small)

    assert [take.number for take in choice.takes] == [1]


def test_without_a_pick_the_current_take_goes(small):
    shot, old = with_take(small)
    small.put(old.__class__(**{**vars(old), "current": False}))
    small.take(shot, small.picture(small.drawing()), 2)

    [choice] = chosen(small)

    assert [take.number for take in choice.takes] == [2]


def test_shots_to_omit_and_those_gone_from_the_board_stay_out(small):
    with_take(small, "a", status="omit")
    with_take(small, "b", omitted=True)
    with_take(small, "c")

    assert [choice.shot.name for choice in chosen(small)] == ["c"]


def test_with_approved_only_those_go(small):
    with_take(small, "a", status="approved")
    with_take(small, "b", status="review")

    assert [choice.shot.name for choice in chosen(small, approved=True)] == ["a"]


def test_shots_go_in_the_order_of_the_board(small):
    with_take(small, "b-10", index=2)
    with_take(small, "b-2", index=1)
    with_take(small, "c", index=0)

    assert [choice.shot.name for choice in chosen(small)] == ["c", "b-2", "b-10"]


# How it is called


def test_a_picture_is_called_as_an_export_is(small, out):
    with_take(small, "a", sequence="sc 1")

    delivered(small, out)

    assert files(out) == ["manifest.json", "sc 1/a_look_v001.png"]


def test_the_version_is_that_of_the_export(small, out, tmp_path):
    shot, take = with_take(small)
    asset = small.project.store.asset(take.asset)
    export = small.export(asset, tmp_path / "out" / "a_look_v003.png", shot)
    small.put(export.__class__(**{**vars(export), "version": 3}))

    delivered(small, out)

    assert "a_look_v003.png" in files(out)


def test_the_drawings_own_name_is_kept_when_asked(small, out):
    with_take(small, "a")

    delivered(small, out, keep_names=True)

    assert files(out) == ["a drawn.png", "manifest.json"]


def test_two_drawings_of_one_name_do_not_meet_in_one_file(small, out):
    one, _ = with_take(small, "a")
    with_take(small, "b", source=f"/elsewhere/{one.source.rpartition('/')[2].upper()}")

    delivered(small, out, keep_names=True)

    assert files(out) == ["a drawn.png", "b.png", "manifest.json"]


def test_several_results_of_a_shot_all_go_under_their_own_names(small, out):
    shot, _ = with_take(small)
    small.take(shot, small.picture(small.drawing()), 2, preset="sheet", output="wide")

    delivered(small, out)

    assert files(out) == ["a_look_v001.png", "a_sheet_wide_v001.png", "manifest.json"]


def test_several_results_cannot_all_have_the_drawings_name(small, out):
    shot, _ = with_take(small)
    small.take(shot, small.picture(small.drawing()), 2, preset="sheet")

    [row] = delivered(small, out, keep_names=True).missing

    assert "--take" in row.error


# What it never does


def test_a_delivery_twice_writes_nothing_twice(small, out):
    with_take(small)
    delivered(small, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}

    again = delivered(small, out)

    assert again.kept == 1
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.png")} == before


def test_another_picture_there_is_never_overwritten(small, out):
    with_take(small)
    out.mkdir()
    (out / "a_look_v001.png").write_bytes(b"a client's own")

    done = delivered(small, out)

    assert (out / "a_look_v001.png").read_bytes() == b"a client's own"
    assert [row.file.name for row in done.rows] == ["a_look_v002.png"]


def test_under_a_kept_name_another_picture_there_is_an_error(small, out):
    with_take(small)
    out.mkdir()
    (out / "a drawn.png").write_bytes(b"a client's own")

    [row] = delivered(small, out, keep_names=True).missing

    assert (out / "a drawn.png").read_bytes() == b"a client's own"
    assert "another picture" in row.error


def test_a_second_take_goes_beside_the_first(small, out):
    shot, take = with_take(small)
    delivered(small, out)
    small.put(take.__class__(**{**vars(take), "current": False}))
    small.take(shot, small.picture(small.drawing()), 2)

    delivered(small, out)

    assert files(out) == ["a_look_v001.png", "a_look_v002.png", "manifest.json"]


# What it tells


def test_the_list_names_every_shot_whatever_became_of_it(small, out):
    _, take = with_take(small, "a")
    small.shot(small.drawing("b.png"), "b", problem="is no picture")
    small.shot(small.drawing("c.png"), "c")

    done = delivered(small, out)

    entries = {e["shot"]: e for e in json.loads(done.manifest.read_text())["entries"]}
    assert list(entries) == ["a", "b", "c"]
    assert entries["a"]["file"] == "a_look_v001.png"
    assert entries["a"]["asset"] == take.asset
    assert entries["b"]["error"] == "is no picture"
    assert "no take yet" in entries["c"]["error"]
    assert [row.shot for row in done.missing] == ["b", "c"]


def test_a_take_whose_file_is_gone_harms_no_other(small, out):
    _, take = with_take(small, "a")
    with_take(small, "b")
    small.project.files.path(small.project.store.asset(take.asset)).unlink()

    done = delivered(small, out)

    assert [row.status for row in done.rows] == [Status.FAILED, Status.COMPLETED]
    assert "cannot be read" in done.missing[0].error


def test_a_folder_that_cannot_be_written_is_refused(small, out):
    with_take(small)
    out.write_text("a file")

    with pytest.raises(DeliveryError, match="--out"):
        delivered(small, out)


def test_a_delivered_picture_says_how_it_was_made(small, out):
    from PIL import Image

    _, take = with_take(small)

    [row] = delivered(small, out).rows

    with Image.open(row.file) as picture:
        assert take.asset in "".join(map(str, picture.info.values()))
