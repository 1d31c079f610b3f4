"""Drawings enter a project once, and are never written to."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from studio import LONG_AGO, Studio, picture, soft

from nodegraph import sources as sources_module
from nodegraph.lineage import Asset, Found, Kind
from nodegraph.media.folder import Media
from nodegraph.sources import DIGEST, Sources, absolute
from nodegraph.store import ProjectStore


class Counting(Media):
    """Media that count the copies made."""

    copies: ClassVar[list[Path]] = []

    def import_source(self, path: Path, limit: int = 10**8) -> object:
        self.copies.append(path)
        return super().import_source(path, limit)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ProjectStore]:
    with ProjectStore(tmp_path / "records", write=True) as opened:
        yield opened


@pytest.fixture
def media(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counting:
    monkeypatch.setattr(Counting, "copies", [])
    return Counting(tmp_path / "media")


@pytest.fixture
def sources(store: ProjectStore, media: Counting) -> Sources:
    return Sources(store, media, 10**8)


def draw(path: Path, seed: int = 1, when: int = LONG_AGO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture(seed))
    os.utime(path, (when, when))
    return path


def test_a_drawing_is_copied_as_it_is_and_becomes_an_asset(
    sources: Sources, store: ProjectStore, media: Counting, tmp_path: Path
) -> None:
    path = draw(tmp_path / "a.png")

    [entered] = sources.enter([path])

    asset = store.asset(entered.asset)
    assert asset == Asset(
        entered.asset,
        Kind.BASE,
        entered.asset,
        ".png",
        path.stat().st_size,
        12,
        8,
        name="a.png",
    )
    assert asset.parent is None and asset.parents == ()
    assert media.path(asset.sha256, ".png").read_bytes() == path.read_bytes()


def test_an_unchanged_drawing_is_neither_copied_nor_read_again(
    sources: Sources, media: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = draw(tmp_path / "a.png")
    first = sources.enter([path])

    def opened(*_: object) -> None:
        raise AssertionError("the file was read")

    monkeypatch.setattr(sources_module, "_hash", opened)
    monkeypatch.setattr(sources_module, "probe", opened)

    assert sources.enter([path]) == first
    assert media.copies == [path]


def test_an_edited_drawing_is_another_asset(
    sources: Sources, store: ProjectStore, tmp_path: Path
) -> None:
    [before] = sources.enter([draw(tmp_path / "a.png", 1)])

    [after] = sources.enter([draw(tmp_path / "a.png", 2, LONG_AGO + 1)])

    assert after.asset != before.asset
    assert store.asset(before.asset) is not None
    assert store.asset(after.asset) is not None


def test_an_edit_that_keeps_size_and_time_but_not_the_inode_is_seen(
    sources: Sources, tmp_path: Path
) -> None:
    path = draw(tmp_path / "a.png", 1)
    [before] = sources.enter([path])
    other = draw(tmp_path / "b.png", 1)
    data = bytearray(other.read_bytes())
    other.write_bytes(picture(3)[: len(data)].ljust(len(data), b"\0"))
    os.utime(other, (LONG_AGO, LONG_AGO))
    other.replace(path)

    [after] = sources.enter([path])

    assert after.asset != before.asset


def test_an_edit_within_the_same_tick_of_the_clock_is_seen(
    sources: Sources, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(picture(1))
    now = time.time_ns()
    os.utime(path, ns=(now, now))
    [before] = sources.enter([path])
    with path.open("r+b") as file:
        file.write(picture(2)[: path.stat().st_size])
    os.utime(path, ns=(now, now))

    [after] = sources.enter([path])

    assert after.asset != before.asset


def test_a_drawing_that_was_only_touched_is_not_copied_again(
    sources: Sources, store: ProjectStore, media: Counting, tmp_path: Path
) -> None:
    path = draw(tmp_path / "a.png")
    first = sources.enter([path])
    os.utime(path, (LONG_AGO + 5, LONG_AGO + 5))

    assert sources.enter([path]) == first
    assert media.copies == [path]
    assert store.get(Found, str(path)).stamp[1] == (LONG_AGO + 5) * 10**9


def test_a_copy_that_is_gone_is_made_again(
    sources: Sources, store: ProjectStore, media: Counting, tmp_path: Path
) -> None:
    path = draw(tmp_path / "a.png")
    [first] = sources.enter([path])
    media.remove(first.asset, ".png")

    assert sources.enter([path]) == [first]
    assert media.path(first.asset, ".png").read_bytes() == path.read_bytes()
    assert media.copies == [path, path]


def test_equal_drawings_are_one_asset(
    sources: Sources, store: ProjectStore, tmp_path: Path
) -> None:
    paths = [draw(tmp_path / name, 1) for name in ("a.png", "b.png", "c.png")]

    entered = sources.enter(paths)

    assert len({one.asset for one in entered}) == 1
    assert store.count(Asset) == 1
    assert store.count(Found) == 3


def test_a_bad_drawing_harms_no_other(sources: Sources, tmp_path: Path) -> None:
    good, last = draw(tmp_path / "a.png", 1), draw(tmp_path / "z.png", 2)
    text = tmp_path / "text.png"
    text.write_text("%!PS-Adobe-3.0 EPSF-3.0")
    empty = tmp_path / "empty.png"
    empty.touch()

    entered = sources.enter([good, text, tmp_path / "none.png", empty, last])

    assert [bool(one.problem) for one in entered] == [False, True, True, True, False]
    assert [one.asset == "" for one in entered] == [False, True, True, True, False]
    assert "text.png" in entered[1].problem
    assert "none.png" in entered[2].problem
    assert "empty.png" in entered[3].problem


def test_a_drawing_is_only_read(sources: Sources, tmp_path: Path) -> None:
    path = draw(tmp_path / "board/a.png")
    before = path.stat()
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        [entered] = sources.enter([path])
    finally:
        path.parent.chmod(0o700)

    after = path.stat()
    assert not entered.problem
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    assert list(path.parent.iterdir()) == [path]


def test_a_dry_look_writes_nothing(
    store: ProjectStore, media: Counting, tmp_path: Path
) -> None:
    path = draw(tmp_path / "a.png")
    model = tmp_path / "m.onnx"
    model.write_bytes(b"model")
    dry = Sources(store, media, 10**8, dry=True)

    [entered] = dry.enter([path])
    digest = dry.digest(model)

    assert not media.root.exists()
    assert store.count(Asset) == store.count(Found) == 0
    [real] = Sources(store, media, 10**8).enter([path])
    assert entered == real
    assert Sources(store, media, 10**8).digest(model) == digest


def test_a_picture_over_the_limit_is_kept_out(
    store: ProjectStore, media: Counting, tmp_path: Path
) -> None:
    [entered] = Sources(store, media, 95).enter([draw(tmp_path / "a.png")])

    assert "a.png" in entered.problem
    assert store.count(Asset) == 0


@pytest.mark.parametrize(
    "name", ["a\nb.png", "a\tb.png", "a\u202eb.png", "a\udcff.png"]
)
def test_any_name_the_system_allows_can_enter(
    sources: Sources, store: ProjectStore, media: Counting, tmp_path: Path, name: str
) -> None:
    path = draw(tmp_path / name)

    first = sources.enter([path])

    assert not first[0].problem
    assert sources.enter([path]) == first
    assert media.copies == [path]
    assert store.keys(Found) == [str(path)]
    assert store.asset(first[0].asset).name == name


def test_what_a_person_should_know_of_a_drawing_is_told_each_time(
    sources: Sources, tmp_path: Path
) -> None:
    import cv2

    path = tmp_path / "deep.png"
    cv2.imwrite(str(path), np.full((4, 4, 3), 40_000, np.uint16))
    os.utime(path, (LONG_AGO, LONG_AGO))

    first, again = sources.enter([path]), sources.enter([path])

    assert first == again
    assert "16 bits" in first[0].warnings[0]


def test_the_16_bit_warning_reaches_whoever_asked(studio: Studio) -> None:
    import cv2

    path = studio.folder / "board/deep.png"
    path.parent.mkdir()
    cv2.imwrite(str(path), np.full((4, 4, 3), 40_000, np.uint16))

    notes = studio.prepare(soft()).notes
    again = studio.prepare(soft()).notes

    assert notes == again
    assert any(note.startswith("deep: ") and "16 bits" in note for note in notes)


# files that stay where they are -----------------------------------------------------


def test_a_file_is_known_by_its_content_wherever_it_lies(
    sources: Sources, tmp_path: Path
) -> None:
    one, two = tmp_path / "one.onnx", tmp_path / "two.onnx"
    one.write_bytes(b"model")
    two.write_bytes(b"model")

    digests = {sources.digest(one), sources.digest(two)}

    assert len(digests) == 1
    assert digests.pop().startswith(DIGEST)


def test_a_file_that_changed_has_another_digest(
    sources: Sources, tmp_path: Path
) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"one!")
    before = sources.digest(path)
    path.write_bytes(b"two!")

    assert sources.digest(path) != before
    assert not sources.is_still(path, before)
    assert sources.is_still(path, sources.digest(path))
    assert not sources.is_still(tmp_path / "none", before)


def test_an_unchanged_file_is_hashed_once(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = draw(tmp_path / "m.onnx")
    before = sources.digest(path)
    monkeypatch.setattr(sources_module, "_hash", lambda path: "never")

    assert sources.digest(path) == before


def test_where_files_lie_is_told_by_their_digest(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    draw(tmp_path / "m.onnx")

    digest = sources.digest(Path("m.onnx"))

    assert sources.files == {digest: str(tmp_path / "m.onnx")}


def test_a_file_that_was_a_drawing_can_be_a_setting_and_the_other_way_round(
    sources: Sources, tmp_path: Path
) -> None:
    one, two = draw(tmp_path / "a.png", 1), draw(tmp_path / "b.png", 2)
    [first] = sources.enter([one])
    digest = sources.digest(two)

    assert sources.digest(one) == DIGEST + first.asset
    assert sources.enter([two])[0].asset == digest.removeprefix(DIGEST)


def test_an_absolute_path_has_no_way_back_in_it() -> None:
    assert absolute(Path("/a/../b/./c")) == Path("/b/c").absolute()


def test_numbers_of_any_width_fit_into_a_record(
    sources: Sources,
    store: ProjectStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = draw(tmp_path / "a.png")
    real = Path.stat

    class Wide:
        def __init__(self, state: os.stat_result) -> None:
            self.state = state
            self.st_ino, self.st_dev = 2**127 + 5, 2**64 - 1

        def __getattr__(self, name: str) -> object:
            return getattr(self.state, name)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", lambda self, **k: Wide(real(self, **k)))
        stamp = sources_module._stamp(path)

    with store.record():
        store.put(replace(Found("x", stamp, "d")))
    assert store.get(Found, "x").stamp == stamp
