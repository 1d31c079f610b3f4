"""Names, versions, takes and provenance of results' files."""

import errno
import hashlib
import io
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from studio import Studio, carry_out, chain, picture, pixels, soft, wired

from nodegraph.files import write_new
from nodegraph.graph import Edge, Endpoint, Graph, Node
from nodegraph.journal.lines import JournalError
from nodegraph.lineage import Asset, Export, Run, Shot, Status, Take
from nodegraph.media.folder import provenance as provenance_in
from nodegraph.preset.file import Preset
from nodegraph.results import exports
from nodegraph.results.copies import provenance
from nodegraph.results.manifest import ManifestError


def two_outputs() -> Preset:
    nodes = [
        Node("in", "source", name="In"),
        Node("soft", "blur", {"radius": 1.0}, name="Soft"),
        Node("hard", "blur", {"radius": 4.0}, name="Hard"),
        Node("a", "output", {"name": "light"}, name="A"),
        Node("b", "output", name="Strong one"),
    ]
    edges = [
        Edge(Endpoint("in", "result"), Endpoint("soft", "image")),
        Edge(Endpoint("soft", "result"), Endpoint("hard", "image")),
        Edge(Endpoint("soft", "result"), Endpoint("a", "value")),
        Edge(Endpoint("hard", "result"), Endpoint("b", "value")),
    ]
    return Preset(Graph.of(nodes, edges), "look")


def sheet() -> Preset:
    graph = wired(
        Node("in", "source", name="In"),
        Node("sheet", "contact_sheet", {"cell_width": 64}, name="Sheet"),
        Node("out", "output", name="Out"),
    )
    return Preset(graph, "proof")


def exported(studio: Studio) -> list[Export]:
    with studio.opened(write=False) as project:
        return list(project.store.all(Export))


def below(folder: Path) -> set[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in files}


# names ------------------------------------------------------------------------------


def test_a_result_lies_under_its_shot_preset_and_version(studio: Studio) -> None:
    studio.draw("b-10.png")
    studio.draw("b-2.png")

    ran = studio.run(soft())

    assert below(studio.folder / "out") == {
        "look/b-2_look_v001.png",
        "look/b-10_look_v001.png",
        "look/manifest.json",
    }
    assert [row.shot for row in ran.rows] == ["b-2", "b-10"]


def test_a_sequence_is_a_folder_of_its_own(studio: Studio) -> None:
    studio.draw("a.png", board="board/one")
    studio.draw("a.png", 7, board="board/two/deep")

    ran = studio.run(soft(), recursive=True)

    assert {row.shot for row in ran.rows} == {"one/a", "two/deep/a"}
    assert below(studio.folder / "out/look") == {
        "manifest.json",
        "one/a_look_v001.png",
        "two/deep/a_look_v001.png",
    }


def test_only_of_several_outputs_is_the_name_in_the_files(studio: Studio) -> None:
    studio.draw("a.png")

    ran = studio.run(two_outputs())

    assert ran.files == ["a_look_light_v001.png", "a_look_Strong one_v001.png"]
    assert [t.result for t in studio.takes("a")] == ["look/light", "look/Strong one"]
    assert [t.number for t in studio.takes("a")] == [1, 2]
    assert all(take.current for take in studio.takes("a"))


def test_what_is_made_once_a_run_bears_no_shot_and_is_no_take(studio: Studio) -> None:
    studio.draw("a.png")
    studio.draw("b.png")

    ran = studio.run(sheet())

    assert ran.files == ["proof_v001.png"]
    assert [row.shot for row in ran.rows][-1:] == [None]
    assert studio.takes("a") == []


def test_a_graph_without_a_picture_bears_no_shot(studio: Studio) -> None:
    studio.node_file(
        "import numpy\n"
        "from nodegraph import Mask, node\n"
        "@node(category='Own')\n"
        "def plain(grey: int = 9) -> Mask:\n"
        "    'A plain mask.'\n"
        "    return Mask(numpy.full((4, 6), grey, numpy.uint8))\n"
    )
    graph = wired(Node("m", "plain", name="Plain"), Node("o", "output"))

    ran = studio.run(Preset(graph, "shape"), board=None)

    assert ran.files == ["shape_v001.png"]
    with studio.opened(write=False) as project:
        assert list(project.store.all(Take)) == []
    [entry] = json.loads((studio.folder / "out/shape/manifest.json").read_text())[
        "entries"
    ]
    assert entry["shot"] is None


def test_a_name_that_no_system_takes_becomes_one(studio: Studio) -> None:
    name = "what? " + "ä" * 100
    studio.draw(f"{name}.png", 3)

    [file] = studio.run(soft()).files

    assert file.startswith("what_ ää")
    assert len(file.encode()) < 255


# versions ---------------------------------------------------------------------------


def test_the_same_recipe_is_the_same_file(studio: Studio) -> None:
    studio.draw("a.png")
    first = studio.run(soft())
    path = first.rows[0].file
    before = path.stat()

    again = studio.run(soft())

    assert again.rows == first.rows
    assert (again.executed, again.cached) == (0, 1)
    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_a_file_that_is_gone_is_made_again_under_its_name(studio: Studio) -> None:
    studio.draw("a.png")
    path = studio.run(soft()).rows[0].file
    data = path.read_bytes()
    path.unlink()

    again = studio.run(soft())

    assert again.files == ["a_look_v001.png"]
    assert path.read_bytes() == data
    assert again.executed == 0


def test_another_result_is_the_next_version_and_the_next_take(studio: Studio) -> None:
    studio.draw("a.png")

    files = [studio.run(soft(r)).files for r in (1.0, 2.0, 3.0)]

    assert files == [[f"a_look_v00{n}.png"] for n in (1, 2, 3)]
    takes = studio.takes("a")
    assert [(t.number, t.current) for t in takes] == [
        (1, False),
        (2, False),
        (3, True),
    ]


def test_a_result_of_before_is_its_old_take_made_current(studio: Studio) -> None:
    studio.draw("a.png")
    studio.run(soft(1.0))
    studio.run(soft(2.0))

    back = studio.run(soft(1.0))

    assert back.files == ["a_look_v001.png"]
    assert [(t.number, t.current) for t in studio.takes("a")] == [(1, True), (2, False)]


def test_takes_are_numbered_per_shot_over_all_presets(studio: Studio) -> None:
    studio.draw("a.png")
    studio.draw("b.png")
    studio.run(soft(1.0))
    studio.run(soft(2.0), match=("a",))
    studio.run(soft(3.0, name="other"))

    a, b = studio.takes("a"), studio.takes("b")

    assert [(t.number, t.result, t.current) for t in a] == [
        (1, "look", False),
        (2, "look", True),
        (3, "other", True),
    ]
    assert [(t.number, t.result) for t in b] == [(1, "look"), (2, "other")]


def test_a_number_of_before_never_comes_back(studio: Studio) -> None:
    studio.draw("a.png")
    studio.run(soft(1.0))
    studio.run(soft(2.0)).rows[0].file.unlink()

    assert studio.run(soft(3.0)).files == ["a_look_v003.png"]


def test_a_number_of_before_never_comes_back_in_another_format(
    studio: Studio,
) -> None:
    studio.draw("a.png")
    studio.run(soft(1.0))
    studio.run(soft(2.0)).rows[0].file.unlink()
    node = Node("c", "convert", {"format": "jpeg"}, name="As")

    assert studio.run(chain(node)).files == ["a_look_v003.jpg"]


@pytest.mark.parametrize("name", ["a_look_v001.png", "A_LOOK_v001.jpg"])
def test_a_file_of_others_is_never_written_over(studio: Studio, name: str) -> None:
    studio.draw("a.png")
    theirs = studio.folder / "out/look" / name
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"mine")

    ran = studio.run(soft())

    assert ran.files == ["a_look_v002.png"]
    assert theirs.read_bytes() == b"mine"


def test_a_link_that_leads_nowhere_is_never_written_through(studio: Studio) -> None:
    studio.draw("a.png")
    studio.run(soft()).rows[0].file.unlink()
    path = studio.folder / "out/look/a_look_v001.png"
    path.symlink_to(studio.folder / "elsewhere.png")

    assert studio.run(soft()).files == ["a_look_v002.png"]
    assert not (studio.folder / "elsewhere.png").exists()


def test_a_file_that_a_person_changed_is_theirs(studio: Studio) -> None:
    studio.draw("a.png")
    path = studio.run(soft()).rows[0].file
    path.write_bytes(b"painted over")

    assert studio.run(soft()).files == ["a_look_v002.png"]
    assert studio.run(soft()).files == ["a_look_v002.png"]
    assert path.read_bytes() == b"painted over"
    assert [t.number for t in studio.takes("a")] == [1]


def test_a_file_that_another_program_writes_meanwhile_is_kept(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.draw("a.png")
    whole = exports.write_new

    def late(path: Path, data: bytes) -> None:
        if path.name.endswith("v001.png"):
            path.write_bytes(b"faster")
        whole(path, data)

    monkeypatch.setattr(exports, "write_new", late)

    assert studio.run(soft()).files == ["a_look_v002.png"]
    assert (studio.folder / "out/look/a_look_v001.png").read_bytes() == b"faster"
    monkeypatch.undo()
    assert [t.number for t in studio.takes("a")] == [1]


def test_a_crash_before_the_file_leads_to_the_same_version(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.draw("a.png")

    def crash(path: Path, data: bytes) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr(exports, "write_new", crash)
        [row] = studio.run(soft()).rows
    assert row.status is Status.FAILED
    assert [export.version for export in exported(studio)] == [1]

    again = studio.run(soft())

    assert again.files == ["a_look_v001.png"]
    assert [t.number for t in studio.takes("a")] == [1]
    assert len(exported(studio)) == 1


def test_a_crash_half_way_through_the_file_leaves_no_part_of_it(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.draw("a.png")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    from nodegraph import files

    with monkeypatch.context() as patched:
        patched.setattr(files.os, "link", full)
        with studio.opened() as project:
            prepared = project.prepare(studio.request(soft()), lambda event: None)
            real = os.fsync
            patched.setattr(
                files.os,
                "fsync",
                lambda fd: (
                    full(fd) if is_below(fd, studio.folder / "out") else real(fd)
                ),
            )
            live = project.start(prepared)
            with pytest.raises(ManifestError, match=r"No space.*--out"):
                live.done.result(60)

    assert below(studio.folder / "out") == set()


def is_below(descriptor: int, folder: Path) -> bool:
    return Path(f"/proc/self/fd/{descriptor}").resolve().is_relative_to(folder)


def test_on_a_disk_without_links_no_file_is_written_over_either(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    path = studio.folder / "a.bin"

    write_new(path, b"one")
    with pytest.raises(FileExistsError):
        write_new(path, b"two")

    assert path.read_bytes() == b"one"
    assert list(studio.folder.iterdir()) == [path]


# who shares a folder ----------------------------------------------------------------


def test_shots_of_equal_pixels_have_files_and_takes_of_their_own(
    studio: Studio,
) -> None:
    studio.draw("a.png", 1)
    studio.draw("b.png", 1)

    ran = studio.run(soft())

    assert ran.files == ["a_look_v001.png", "b_look_v001.png"]
    assert ran.executed == 1
    assert [t.number for t in studio.takes("a")] == [1]
    assert [t.number for t in studio.takes("b")] == [1]
    assert studio.takes("a")[0].asset == studio.takes("b")[0].asset
    assert studio.run(soft()).files == ran.files


def test_boards_with_equal_names_share_no_file(studio: Studio) -> None:
    studio.draw("a.png", 1, board="one")
    studio.draw("a.png", 2, board="two")

    first, second = studio.run(soft(), board="one"), studio.run(soft(), board="two")

    assert first.files == ["a_look_v001.png"]
    assert second.files == ["a_look_v002.png"]
    assert studio.run(soft(), board="one").files == first.files


def test_runs_at_the_same_time_share_no_file(studio: Studio) -> None:
    for n in range(6):
        studio.draw(f"{n}.png", n, board="one")
        studio.draw(f"{n}.png", n + 50, board="two")

    with studio.opened() as project, ThreadPoolExecutor(2) as threads:
        requests = [studio.request(soft(), board=board) for board in ("one", "two")]
        both = list(threads.map(lambda asked: carry_out(project, asked), requests))

    files = [file for ran in both for file in ran.files]
    assert len(files) == len(set(files)) == 12
    for export in exported(studio):
        data = Path(export.id).read_bytes()
        assert hashlib.sha256(data).hexdigest() == export.sha256


def test_projects_that_share_a_folder_share_no_file(
    studio: Studio, tmp_path: Path
) -> None:
    out = tmp_path / "shared"
    other = Studio(tmp_path / "there")
    other.folder.mkdir()
    studio.draw("a.png", 1)
    other.draw("a.png", 2)

    files = [each.run(soft(), out=str(out)).files for each in (studio, other, studio)]

    assert files == [["a_look_v001.png"], ["a_look_v002.png"], ["a_look_v001.png"]]


def test_each_output_folder_has_its_own_versions(
    studio: Studio, tmp_path: Path
) -> None:
    studio.draw("a.png")
    studio.run(soft(1.0))
    studio.run(soft(2.0))

    ran = studio.run(soft(2.0), out=str(tmp_path / "client"))

    assert ran.rows[0].file == tmp_path / "client/a_look_v001.png"
    assert [t.number for t in studio.takes("a")] == [1, 2]


def test_however_a_folder_is_written_it_is_the_same(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.draw("a.png")
    monkeypatch.chdir(tmp_path)
    forms = ("client", str(tmp_path / "client"), "here/../client", "./client/")

    runs = [studio.run(soft(), out=form) for form in forms]

    assert {ran.rows[0].file for ran in runs} == {tmp_path / "client/a_look_v001.png"}
    assert len({ran.run for ran in runs}) == 1


# found again ------------------------------------------------------------------------


def test_a_project_that_was_moved_finds_its_files(
    studio: Studio, tmp_path: Path
) -> None:
    studio.draw("a.png")
    studio.draw("b.png", board="board/deep")
    first = studio.run(soft(), recursive=True)
    studio.folder.rename(tmp_path / "moved")
    moved = Studio(tmp_path / "moved")

    again = moved.run(soft(), recursive=True)

    assert again.files == first.files
    assert again.executed == 0
    assert again.rows[0].file.is_relative_to(moved.folder)
    assert len(below(moved.folder / "out/look")) == 3


def test_files_are_found_through_the_manifest_where_the_records_are_lost(
    studio: Studio,
) -> None:
    studio.draw("a.png")
    studio.run(soft(1.0))
    studio.run(soft(2.0))
    shutil.rmtree(studio.folder / ".workbench")

    assert studio.run(soft(2.0)).files == ["a_look_v002.png"]
    assert studio.run(soft(3.0)).files == ["a_look_v003.png"]


def test_a_manifest_cannot_lead_out_of_its_folder(studio: Studio) -> None:
    studio.draw("a.png")
    path = studio.run(soft()).rows[0].file
    manifest = path.parent / "manifest.json"
    outside = studio.folder / "a_look_v009.png"
    outside.write_bytes(path.read_bytes())
    document = json.loads(manifest.read_text())
    document["entries"][0]["file"] = "../../a_look_v009.png"
    manifest.write_text(json.dumps(document))
    shutil.rmtree(studio.folder / ".workbench")

    assert studio.run(soft()).files == ["a_look_v002.png"]


# what is inside ---------------------------------------------------------------------


def test_a_picture_says_how_it_was_made_and_loses_nothing(studio: Studio) -> None:
    studio.draw("a.png")
    [row] = studio.run(soft()).rows

    with studio.opened(write=False) as project:
        asset = project.store.asset(row.asset)
        media = project.media.path(asset.sha256, asset.suffix).read_bytes()
        [export] = project.store.all(Export)
        shot = project.store.all(Shot).__next__()
    told = json.loads(provenance_in(row.file))
    assert told["asset"] == row.asset
    assert told["shot"] == "a"
    assert told["operation"]["node"] == "blur"
    assert told["operation"]["settings"]["radius"] == 1.0
    assert told["sources"] == [shot.digest]
    assert (pixels(row.file) == pixels(media)).all()
    assert hashlib.sha256(media).hexdigest() == asset.sha256
    assert hashlib.sha256(row.file.read_bytes()).hexdigest() == export.sha256
    assert asset.sha256 != export.sha256


def test_a_picture_says_nothing_that_changes_from_time_to_time(
    studio: Studio, tmp_path: Path
) -> None:
    other = Studio(tmp_path / "there")
    other.folder.mkdir()
    for each in (studio, other):
        each.draw("a.png", 1)

    one, two = (each.run(soft()).rows[0].file for each in (studio, other))

    assert one.read_bytes() == two.read_bytes()


def test_no_file_media_hold_says_how_it_was_made(studio: Studio) -> None:
    studio.draw("a.png")
    studio.run(soft())

    for path in (studio.folder / ".workbench/media").rglob("*.png"):
        assert provenance_in(path) is None


@pytest.mark.parametrize("format", ["jpeg", "webp", "tiff", "png"])
def test_what_was_asked_for_as_a_file_is_written_byte_for_byte(
    studio: Studio, format: str
) -> None:
    studio.draw("a.png")
    node = Node("c", "convert", {"format": format}, name="As")

    [row] = studio.run(chain(node)).rows

    with studio.opened(write=False) as project:
        asset = project.store.asset(row.asset)
        media = project.media.path(asset.sha256, asset.suffix)
        assert row.file.read_bytes() == media.read_bytes()
    assert row.file.suffix == asset.suffix
    with Image.open(row.file) as image:
        assert image.format == format.upper()


def test_a_drawing_that_nothing_was_done_to_is_given_as_it_came(
    studio: Studio,
) -> None:
    """Its bytes, with all that a camera or a program wrote into them."""
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0110] = "camera"
    image = Image.fromarray(np.full((4, 6, 3), 90, np.uint8))
    image.save(stream, "JPEG", exif=exif)
    path = studio.draw("a.jpg")
    path.write_bytes(stream.getvalue())

    [row] = studio.run(chain()).rows

    assert row.file.name == "a_look_v001.jpg"
    assert row.file.read_bytes() == stream.getvalue()
    assert row.status is Status.COMPLETED
    assert [t.number for t in studio.takes("a")] == [1]


def test_a_mask_is_a_grey_picture(studio: Studio) -> None:
    studio.draw("a.png")
    node = Node("m", "mask_luminance", name="Bright")

    [row] = studio.run(chain(node)).rows

    with Image.open(row.file) as image:
        assert image.mode == "L"


def test_what_a_picture_says_of_itself_has_no_time_and_no_place() -> None:
    asset = Asset("key", Status.COMPLETED, sources=("s",))  # type: ignore[arg-type]

    told = json.loads(provenance(asset, Shot("id", "a", source="/home/me/a.png")))

    assert told == {
        "workbench": 1,
        "asset": "key",
        "shot": "a",
        "operation": None,
        "sources": ["s"],
        "outcome": "done",
    }


# what goes wrong --------------------------------------------------------------------


def test_a_folder_that_cannot_be_made_fails_each_shot_and_says_why(
    studio: Studio,
) -> None:
    studio.draw("a.png")
    studio.draw("b.png", board="board/deep")
    out = studio.folder / "out/look"
    out.mkdir(parents=True)
    (out / "deep").write_bytes(b"a file in the way")

    ran = studio.run(soft(), recursive=True)

    good, bad = ran.rows
    assert good.status is Status.COMPLETED
    assert bad.status is Status.FAILED
    assert "no file can be written to" in bad.error
    assert "--out" in bad.error
    assert (out / "deep").read_bytes() == b"a file in the way"


def test_a_record_that_cannot_be_kept_ends_the_run(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.draw("a.png")

    def refuse(*_: object) -> None:
        raise JournalError("the journal is full: make room")

    with studio.opened() as project:
        prepared = project.prepare(studio.request(soft()), lambda event: None)
        monkeypatch.setattr(exports.Exporter, "_claim", refuse)
        live = project.start(prepared)

        with pytest.raises(JournalError, match="make room"):
            live.done.result(60)
        assert project.live == {}
        assert project.store.get(Run, live.run.id).state == "queued"


def test_a_result_whose_file_is_lost_fails_its_shot_alone(studio: Studio) -> None:
    studio.draw("a.png", 1)
    studio.draw("b.png", 2)
    preset = chain()
    first = studio.run(preset)
    with studio.opened() as project:
        for row in first.rows:
            row.file.unlink()
        prepared = project.prepare(studio.request(preset), lambda event: None)
        asset = project.store.asset(first.rows[0].asset)
        project.media.remove(asset.sha256, asset.suffix)
        rows = project.start(prepared).done.result(60)

    assert [row.status for row in rows] == [Status.FAILED, Status.COMPLETED]
    assert rows[1].file.read_bytes() == picture(2)


def test_a_shot_that_failed_or_waits_has_no_file(studio: Studio) -> None:
    studio.draw("a.png")
    bad = studio.draw("b.png")
    bad.write_bytes(b"no picture")

    ran = studio.run(two_outputs())

    assert [(row.shot, row.status) for row in ran.rows] == [
        ("a", Status.COMPLETED),
        ("a", Status.COMPLETED),
        ("b", Status.FAILED),
    ]
    assert ran.rows[-1].file is None
    assert "b.png" in ran.rows[-1].error
