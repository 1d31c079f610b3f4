"""A model of a disk that loses power: only what was synced is sure to be there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nodegraph.journal.lines import Reader, line
from nodegraph.journal.writer import Journal

Names = dict[str, int]
WAYS = ("none", "all", "half", "zeros", "last only")


class Told:
    def __init__(self) -> None:
        self.records: list[bytes] = []

    def clear(self) -> None:
        self.records.clear()

    def apply(self, payloads: list[bytes]) -> None:
        self.records += [each for each in payloads if not each.startswith(b"#")]


class File:
    """What is surely on the disk, and what was done to it since."""

    def __init__(self) -> None:
        self.synced = b""
        self.states: list[bytes] = [b""]

    @property
    def now(self) -> bytes:
        return self.states[-1]

    def sync(self) -> None:
        self.synced = self.now
        self.states = [self.now]

    def after_the_cut(self, way: str) -> bytes:
        if way == "none":
            return self.synced
        grown = len(self.now) - len(self.synced)
        if way == "all" or grown <= 0:
            return self.now
        if way == "half":
            return self.now[: len(self.synced) + grown // 2]
        if way == "zeros":
            return self.synced + bytes(grown)
        kept = len(self.now) - len(self.states[-2]) if len(self.states) > 1 else 0
        return self.now[: len(self.synced)] + bytes(grown - kept) + self.now[-kept:]


class Disk:
    """Follows the calls of a program, and knows what a power cut may leave."""

    def __init__(self, acknowledged: list[bytes]) -> None:
        self.acknowledged = acknowledged
        self.files: list[File] = []
        self.open: dict[int, File | None] = {}
        self.names: list[Names] = [{}]  # since the folder was synced, oldest first
        self.cuts: dict[tuple[Any, ...], int] = {}

    def rename(self, change: Names, gone: str | None = None) -> None:
        names = self.names[-1] | change
        self.names.append({key: names[key] for key in names if key != gone})

    def opened(self, fd: int, path: Path, flags: int) -> None:
        if path.is_dir():
            self.open[fd] = None
            return
        if path.name not in self.names[-1]:
            self.files.append(File())
            self.rename({path.name: len(self.files) - 1})
        self.open[fd] = self.files[self.names[-1][path.name]]
        if flags & os.O_TRUNC:
            self.files[self.names[-1][path.name]].states.append(b"")

    def changed(self, fd: int, content: bytes) -> None:
        file = self.open[fd]
        assert file is not None
        file.states.append(content)

    def synced(self, fd: int) -> None:
        file = self.open[fd]
        if file is None:
            self.names = self.names[-1:]
        else:
            file.sync()

    def cut(self) -> None:
        """Remember every state that the power going now might leave."""
        for names in self.names:
            for way in WAYS:
                left = {
                    name: self.files[number].after_the_cut(way)
                    for name, number in names.items()
                    if name != "reserve"
                }
                state = tuple(sorted(left.items()))
                self.cuts[state] = len(self.acknowledged)


@contextmanager
def followed(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every call inside is told to the disk, which may lose power after each."""
    real = {name: getattr(os, name) for name in ("open", "write", "ftruncate")}
    real |= {name: getattr(os, name) for name in ("replace", "unlink")}

    def opening(path: Any, flags: int, mode: int = 0o777) -> int:
        fd: int = real["open"](path, flags, mode)
        disk.opened(fd, Path(path), flags)
        disk.cut()
        return fd

    def writing(fd: int, data: Any) -> int:
        part = bytes(data)[: max(1, len(data) * 2 // 3)]  # the system may take less
        count: int = real["write"](fd, part)
        file = disk.open[fd]
        assert file is not None
        disk.changed(fd, file.now + part[:count])
        disk.cut()
        return count

    def truncating(fd: int, size: int) -> None:
        real["ftruncate"](fd, size)
        file = disk.open[fd]
        assert file is not None
        disk.changed(fd, file.now[:size])
        disk.cut()

    def syncing(fd: int) -> None:
        disk.cut()
        disk.synced(fd)
        disk.cut()

    def replacing(source: Any, target: Any) -> None:
        real["replace"](source, target)
        number = disk.names[-1][Path(source).name]
        disk.rename({Path(target).name: number}, gone=Path(source).name)
        disk.cut()

    def unlinking(path: Any) -> None:
        real["unlink"](path)
        disk.rename({}, gone=Path(path).name)
        disk.cut()

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", opening)
        patch.setattr(os, "write", writing)
        patch.setattr(os, "ftruncate", truncating)
        patch.setattr(os, "fsync", syncing)
        patch.setattr(os, "fdatasync", syncing)
        patch.setattr(os, "replace", replacing)
        patch.setattr(os, "unlink", unlinking)
        patch.setattr(os, "posix_fallocate", lambda fd, start, size: None)
        yield


def work(path: Path, acknowledged: list[bytes]) -> None:
    journal = Journal(path, Told())
    for number in range(12):
        records = [b"record %d of %d" % (part, number) for part in range(3)]
        journal.append(b"".join(map(line, records)))
        acknowledged.extend(records)
        if number % 5 == 4:
            journal.compact(lambda: list(acknowledged))
    journal.close()


def test_a_power_cut_at_any_call_loses_nothing_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acknowledged: list[bytes] = []
    disk = Disk(acknowledged)
    (tmp_path / "live").mkdir()
    with followed(disk, monkeypatch):
        work(tmp_path / "live" / "journal", acknowledged)
    monkeypatch.setattr(os, "fsync", lambda fd: None)  # only to be quicker from here on
    monkeypatch.setattr(os, "fdatasync", lambda fd: None)
    monkeypatch.setattr("nodegraph.journal.writer.RESERVE_BYTES", 0)

    assert len(disk.cuts) > 200
    for number, (state, count) in enumerate(disk.cuts.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, content in state:
            (folder / name).write_bytes(content)
        seen, told = Told(), Told()
        Reader(folder / "journal").refresh(seen)
        Journal(folder / "journal", told).close()

        assert told.records[:count] == acknowledged[:count], state
        assert set(told.records) <= set(acknowledged)
        assert len(told.records) <= count + 3  # at most those on their way
        assert seen.records == told.records
