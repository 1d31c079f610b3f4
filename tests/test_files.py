"""Small files that appear whole or not at all."""

import os

import pytest

from nodegraph.files import write_whole


def test_a_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "a.json"

    write_whole(path, b"one, and longer")
    write_whole(path, b"two")

    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_what_fails_leaves_the_old_file_and_nothing_beside_it(
    tmp_path, monkeypatch, call
):
    path = tmp_path / "a.json"
    path.write_bytes(b"old")

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    monkeypatch.undo()

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "gone" / "a.json", b"new")


@pytest.mark.skipif(os.name == "nt", reason="there are no such permissions")
def test_a_new_file_gets_the_permissions_that_the_user_s_mask_leaves(tmp_path):
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "shared", b"")
        write_whole(tmp_path / "private", b"", mode=0o600)
    finally:
        os.umask(before)

    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "private").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name == "nt", reason="there are no such permissions")
def test_permissions_are_kept_but_never_wider_than_asked(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"")
    path.chmod(0o644)

    write_whole(path, b"x")
    assert path.stat().st_mode & 0o777 == 0o644

    write_whole(path, b"x", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600
