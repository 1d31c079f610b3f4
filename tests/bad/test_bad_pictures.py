"""Pictures that are none, on a board with good ones: the good ones are done."""

import os
import unicodedata
from pathlib import Path

import pytest
from commands import Said, draw
from guarded import PRESET, Guarded, done, ended, failed, guarded, manifest, posix
from picture_files import BAD, GOOD, RGB, saved
from PIL import Image as Pillow

NO_PICTURES = {
    "next.jxl",
    "raster.ppm",
    "big.psb",
    "film.mp4",
    "light.hdr",
    "phone.mpo",
}
"""Files whose names do not say that they are pictures."""
SPECIAL = {
    "pipe.png": "pipe.png is a pipe or device",
    "endless.png": "endless.png is a pipe or device",
    "round.png": "round.png is a link that leads nowhere",
    "gone.png": "gone.png is a link that leads nowhere",
    "folder.png": "folder.png is a folder",
}
TURNED = Pillow.Exif()
TURNED[0x0112] = 6
ODD = {
    "two\nlines.png",
    "left\u202egnp.png",
    f"{'x' * 251}.png",
    os.fsdecode(b"no-text-\xff\xfe.png"),
    "Case.png",
    "case.png",
    unicodedata.normalize("NFC", "\u00e9.png"),
    unicodedata.normalize("NFD", "\u00e9.png"),
}


@pytest.fixture(scope="module")
def said(place: Guarded) -> Said:
    """What a run over all of them says."""
    board = place.folder / "board"
    for name, (data, _) in BAD.items():
        (board / name).write_bytes(data)
    for name, good in GOOD.items():
        (board / f"good-{name}").write_bytes(good.data)
    (board / "muttered.tif").write_bytes(muttered())
    (board / "turned.jpg").write_bytes(saved(RGB, "JPEG", exif=TURNED))
    if os.name != "nt":
        _add_special(board)
        for number, name in enumerate(sorted(ODD)):
            data = saved(Pillow.new("RGB", (8, 8), (number, 0, 0)), "PNG")
            (board / name).write_bytes(data)
    return place("batch", PRESET, "board", "--json")


def muttered() -> bytes:
    """A fax whose damage the library that reads it tells on stderr and nowhere else."""
    paper = Pillow.effect_noise((64, 64), 80).convert("1")
    data = bytearray(saved(paper, "TIFF", compression="group4"))
    data[200:-400:37] = bytes(len(data[200:-400:37]))
    return bytes(data)


def _add_special(board: Path) -> None:
    os.mkfifo(board / "pipe.png")
    (board / "endless.png").symlink_to("/dev/zero")
    (board / "round.png").symlink_to("round.png")
    (board / "gone.png").symlink_to("nowhere.png")
    (board / "folder.png").mkdir()
    (board / "upward").symlink_to("..")


@pytest.fixture(scope="module")
def entries(said: Said, place: Guarded) -> dict[str, dict]:
    """The manifest's entries, by the name of the drawing's file."""
    rows = manifest(place.folder / "out" / "soft")
    return {os.path.basename(row["source"]): row for row in rows}  # noqa: PTH119


@pytest.mark.parametrize("name", sorted(BAD.keys() - NO_PICTURES))
def test_a_bad_picture_fails_by_its_name_with_the_reason_and_the_remedy(entries, name):
    entry = entries[name]

    assert entry["status"] == entry["outcome"] == "failed"
    assert entry["file"] is None
    assert name in entry["error"]
    assert "\n" not in entry["error"]
    assert entry["error"].count(": ") >= 1  # what to do comes last


@pytest.mark.parametrize("name", sorted(GOOD.keys() - NO_PICTURES))
def test_a_picture_that_can_be_read_is_done_beside_bad_ones(place, entries, name):
    entry = entries[f"good-{name}"]

    assert entry["status"] == "completed", entry["error"]
    with Pillow.open(place.folder / "out" / "soft" / entry["file"]) as picture:
        picture.load()


@posix
@pytest.mark.parametrize("name", SPECIAL)
def test_what_is_no_plain_file_is_told_and_never_waited_for(entries, name):
    assert entries[name]["status"] == "failed"
    assert SPECIAL[name] in entries[name]["error"]


@posix
@pytest.mark.parametrize("name", sorted(ODD), ids=ascii)
def test_an_odd_name_becomes_a_file_that_every_system_accepts(entries, name):
    file = entries[name]["file"]

    assert entries[name]["status"] == "completed"
    assert file.isprintable()
    assert len(os.fsencode(file)) <= 255


def test_names_that_some_systems_take_for_one_become_different_files(entries):
    files = [entry["file"] for entry in entries.values() if entry["file"]]
    folded = {unicodedata.normalize("NFC", file.casefold()) for file in files}

    assert len(folded) == len(files)


def test_a_turned_photo_is_turned_upright(place, entries):
    file = place.folder / "out" / "soft" / entries["turned.jpg"]["file"]

    with Pillow.open(file) as picture:
        assert picture.size == RGB.size[::-1]


def test_one_bad_shot_makes_the_exit_code_of_an_incomplete_run(said):
    assert said.code == 4
    assert {"a-1", "a-2", "a-10"} <= done(said).keys()


def test_list_and_summary_tell_the_same_of_every_shot(said, entries):
    rows = ended(said)
    same = ("status", "error", "outcome", "asset")

    assert len(rows) == len(entries) == said.summary["shots"]
    for entry in entries.values():
        row = rows[entry["shot"]]
        assert [row[key] for key in same] == [entry[key] for key in same]


def test_nobody_but_the_command_speaks_on_stderr(said):
    lines = said.err.splitlines()

    assert lines
    assert all(line.startswith("note: ") for line in lines)
    assert all(line.isprintable() for line in lines)


def test_damage_that_a_library_only_mutters_of_fails_the_shot(entries):
    assert "muttered.tif is damaged" in entries["muttered.tif"]["error"]


def test_what_is_no_picture_by_its_name_is_mentioned_once(said):
    assert said.err.count("are no pictures") == 1
    if os.name != "nt":
        assert "linked folder is not followed: upward" in said.err


def test_known_failures_are_told_again_without_trying(place, said):
    again = place("batch", PRESET, "board", "--json")

    assert again.code == 4
    assert again.summary["executed"] == 0
    assert failed(again) == failed(said)
    assert done(again) == done(said)


def test_a_person_hears_of_ten_failures_and_where_the_others_are(place, said):
    again = place("batch", PRESET, "board")

    assert again.code == 4
    assert again.out.count("failed: ") == 10
    assert "more: see out/soft/manifest.json" in again.out.replace(os.sep, "/")


def test_a_mended_drawing_runs_and_nothing_else(tmp_path):
    workbench = guarded(tmp_path)
    bad = workbench.folder / "board" / "b.png"
    bad.write_bytes(BAD["cut-half.png"][0])
    first = workbench("batch", PRESET, "board", "--json")
    draw(bad.parent, bad.name)

    second = workbench("batch", PRESET, "board", "--json")

    assert (first.code, second.code) == (4, 0)
    assert second.summary["executed"] == 1
    assert done(first).items() <= done(second).items()


@pytest.mark.parametrize(
    ("name", "remark"),
    [
        ("deep.png", "16 bits a channel: reduced to 8"),
        ("deep-grey.png", "16 bits a channel: reduced to 8"),
        ("cmyk.jpg", "CMYK without a profile: estimated as sRGB, which results stay"),
        ("palette.png", "a palette of 256 colours at most"),
        ("animated.gif", "only the first of 3 frames is used"),
        ("flat.psd", "layers are flattened"),
        ("linear-profile.png", "colour profile Linear: converted to sRGB"),
    ],
)
def test_what_a_picture_loses_is_said_before_the_run(workbench, name, remark):
    (workbench.folder / name).write_bytes(GOOD[name].data)

    said = workbench("run", PRESET, "--input", f"Shot={name}", "--dry-run")

    assert said.code == 0
    assert f"note: {Path(name).stem}: {remark}" in said.err


def test_a_project_may_set_a_limit_of_its_own_for_pictures(workbench):
    (workbench.folder / ".workbench").mkdir()
    settings = workbench.folder / ".workbench" / "settings.toml"
    settings.write_text("megapixels = 0.0005\n")
    draw(workbench.folder / "board", "small.png", size=(10, 10))

    said = workbench("batch", PRESET, "board", "--json")

    assert said.code == 4
    assert done(said).keys() == {"small"}
    assert (
        "a-1.png has 32x18 pixels, more than 0.0005 megapixels" in failed(said)["a-1"]
    )
