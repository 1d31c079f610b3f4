"""Identities lie apart, whole, and for their owner alone."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from nodegraph import identities as identities_module
from nodegraph.identities import Identities
from nodegraph.media.folder import Disk, MediaError
from nodegraph.values import Identity, Portrait

ANN = Identity("Ann", "classic", np.linspace(-1, 1, 16, dtype=np.float32))
posix = pytest.mark.skipif(os.name == "nt", reason="rights are others there")


@pytest.fixture
def kept(tmp_path: Path) -> Identities:
    return Identities(tmp_path / "identities")


def test_an_identity_comes_back_as_it_was(kept: Identities) -> None:
    stored = kept.save(ANN)

    again = kept.load("Ann", stored.sha256)

    assert (again.reference, again.engine) == ("Ann", "classic")
    assert again.vector.dtype == np.float32
    assert (again.vector == ANN.vector).all()
    assert stored.size == kept.path("Ann", stored.sha256).stat().st_size
    assert kept.verify("Ann", stored.sha256) is None


def _portrait(seed: int, width: int, height: int) -> Portrait:
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (height, width, 3), np.uint8)
    return Portrait(pixels, random.random((5, 2), np.float32) * width)


@pytest.mark.parametrize("count", (0, 1, 12))
def test_an_identity_keeps_its_photos_with_their_points_and_order(
    kept: Identities, count: int
) -> None:
    photos = tuple(_portrait(index, 7 + index, 5) for index in range(count))
    empty = np.zeros(0, np.float32)

    stored = kept.save(Identity("Ann", "", empty, photos))
    again = kept.load("Ann", stored.sha256)

    assert (again.engine, again.vector.shape) == ("", (0,))
    assert len(again.photos) == count
    for one, other in zip(photos, again.photos, strict=True):
        assert one.pixels.dtype == other.pixels.dtype
        assert one.points.dtype == other.points.dtype
        assert np.array_equal(one.pixels, other.pixels)
        assert np.array_equal(one.points, other.points)


def test_other_photos_are_another_identity(kept: Identities) -> None:
    one = Identity("Ann", "classic", ANN.vector, (_portrait(1, 7, 5),))
    other = Identity("Ann", "classic", ANN.vector, (_portrait(2, 7, 5),))

    assert kept.save(one) != kept.save(other)
    assert kept.save(one) == kept.save(one)


def test_a_file_whose_photo_lost_its_points_is_told_by_its_name(
    kept: Identities,
) -> None:
    stored = kept.save(ANN)
    path = kept.path("Ann", stored.sha256)
    with path.open("wb") as file:
        np.savez(file, engine=np.array("x"), vector=ANN.vector, photo_0=np.zeros(3))

    with pytest.raises(MediaError, match="identity of 'Ann'"):
        kept.load("Ann", stored.sha256)


def test_the_same_identity_is_the_same_file(kept: Identities) -> None:
    other = Identity("Ann", "classic", ANN.vector.copy())

    assert kept.save(ANN) == kept.save(other)
    assert len(list(kept.files())) == 1
    assert kept.save(Identity("Ann", "other", ANN.vector)) != kept.save(ANN)


@posix
def test_an_identity_is_for_its_owner_alone(kept: Identities) -> None:
    before = os.umask(0)
    try:
        stored = kept.save(ANN)
    finally:
        os.umask(before)

    path = kept.path("Ann", stored.sha256)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, kept.root):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["..", "a/b", "", "con", "a\nb", ".hidden"])
def test_a_reference_of_any_name_stays_in_its_folder(
    kept: Identities, name: str
) -> None:
    stored = kept.save(Identity(name, "classic", ANN.vector))

    path = kept.path(name, stored.sha256)
    assert path.parent.parent == kept.root
    assert path.exists()
    assert kept.load(name, stored.sha256).reference == name


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no identity"),
        lambda path: path.write_bytes(path.read_bytes()[:-30]),
        lambda path: path.write_bytes(b"PK\x03\x04" + b"\0" * 60),
    ],
)
def test_one_that_is_gone_or_damaged_is_told_by_its_name(
    kept: Identities, damage: object
) -> None:
    stored = kept.save(ANN)
    damage(kept.path("Ann", stored.sha256))

    with pytest.raises(MediaError, match=r"identity of 'Ann'.*add the reference again"):
        kept.load("Ann", stored.sha256)
    assert kept.verify("Ann", stored.sha256) is not None


def test_nothing_in_a_file_is_carried_out(kept: Identities) -> None:
    import pickle

    stored = kept.save(ANN)
    path = kept.path("Ann", stored.sha256)
    np.savez(path.with_suffix(".npz"), engine=np.array("x"), vector=np.array([{}]))
    path.with_suffix(".npz").replace(path)

    with pytest.raises(MediaError):
        kept.load("Ann", stored.sha256)
    path.write_bytes(pickle.dumps("x"))
    with pytest.raises(MediaError):
        kept.load("Ann", stored.sha256)


@pytest.mark.parametrize("step", ["write", "flush", "replace"])
def test_what_cannot_be_written_leaves_no_part(
    kept: Identities, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Disk, step, full)
        with pytest.raises(OSError, match="No space"):
            kept.save(ANN)

    assert list(kept.files()) == []
    assert kept.save(ANN).sha256


def test_what_a_killed_process_left_is_among_the_files(kept: Identities) -> None:
    stored = kept.save(ANN)
    path = kept.path("Ann", stored.sha256)
    scratch = path.with_name(path.stem + "-1" + identities_module.SCRATCH)
    scratch.write_bytes(b"half")

    assert set(kept.files()) == {path, scratch}
