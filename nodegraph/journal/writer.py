"""An append-only file of checksummed lines: what was acknowledged survives any crash."""

import errno
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from nodegraph.files import flush_folder, plain
from nodegraph.journal.lines import Region, Replay, Scan, failed, header, line

RESERVE_BYTES = 1 << 20

_BLOCK = 1 << 18
_EVIDENCE_FILES = 3
_EVIDENCE_BYTES = 1 << 20
_NO_ROOM = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_OPEN = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)


class Journal:
    """The writer's side.  The caller holds the project's lock.

    After a failed write the state of the disk is unknown and the journal `poisoned`:
    before the next acknowledgement it is cut back to what was acknowledged, read back
    and synced.  A reserve file is given up when the disk is full.
    """

    def __init__(self, path: Path, into: Replay) -> None:
        """Open or create `path`, cut a torn tail, tell all payloads to `into`."""
        self.path = path
        self.bytes = 0
        self.damage: list[Region] = []
        self.notes: list[str] = []
        self.poisoned = False
        self.full = False
        self._reserve = path.with_name("reserve")
        self._fd = -1
        try:
            _remove(self._scratch)
            self._fd = os.open(path, _OPEN | os.O_CREAT, 0o600)
            plain(path)
            self.reload(into)
        except OSError as error:
            self.close()
            raise failed(path, "opened", error) from error
        except BaseException:
            self.close()
            raise
        self._fill_reserve()

    @property
    def _scratch(self) -> Path:
        return self.path.with_name("journal.new")

    def reload(self, into: Replay) -> None:
        """Tell everything that is in the file to `into`; OSError if that fails."""
        into.clear()
        with self.path.open("rb", buffering=0) as file:
            scan = Scan(file)
            for payloads in scan:
                into.apply(payloads)
        self.bytes, self.damage = scan.end, scan.damage
        if scan.tail:
            self._cut(scan.tail)
        if self.bytes == 0:
            self._write(header())
        _sync(self._fd)  # a killed writer may have left lines that no one synced
        flush_folder(self.path.parent)
        self.poisoned = False

    def _cut(self, tail: bytes) -> None:
        self.notes.append(
            f"{self.path}: {len(tail)} bytes at the end were never finished and are cut"
        )
        self._keep_evidence([tail])
        os.ftruncate(self._fd, self.bytes)

    def recover(self, into: Replay) -> None:
        """After a failed write: the file and `into` are what was acknowledged."""
        try:
            self.mend()
            self.reload(into)
        except OSError as error:
            raise failed(self.path, "mended", error) from error

    def append(self, lines: bytes) -> None:
        """Write whole lines and sync them: on return they are on the disk.

        If it raises JournalError nothing of `lines` is acknowledged.
        """
        try:
            if self.poisoned:
                self.mend()
            self._write_or_make_room(lines)
        except OSError as error:
            raise failed(self.path, "written", error) from error

    def _write_or_make_room(self, lines: bytes) -> None:
        try:
            self._write(lines)
        except OSError as error:
            if error.errno not in _NO_ROOM or not self._free_reserve():
                raise
            self.mend()
            self._write(lines)

    def _write(self, lines: bytes) -> None:
        self.poisoned = True
        _write_all(self._fd, lines)
        _sync(self._fd)
        self.bytes += len(lines)
        self.poisoned = False

    def mend(self) -> None:
        """Bring the file back to what was acknowledged, or raise OSError."""
        fd = os.open(self.path, _OPEN)
        try:
            os.ftruncate(fd, self.bytes)
            self._read_back()
            os.fsync(fd)
            flush_folder(self.path.parent)
        except BaseException:
            os.close(fd)
            raise
        self.close()
        self._fd = fd
        self.poisoned = False

    def _read_back(self) -> None:
        with self.path.open("rb", buffering=0) as file:
            scan = Scan(file)
            for _ in scan:
                pass
        if (scan.end, scan.damage) != (self.bytes, self.damage):
            raise OSError(errno.EIO, "the journal does not read back", str(self.path))

    def compact(self, payloads: Callable[[], Iterable[bytes]]) -> None:
        """Put a new file holding only `payloads()` in the place of this one.

        If it raises JournalError before the swap the old file goes on; after it, the
        new one, and nothing is acknowledged until the folder could be synced.
        """
        try:
            size = self._write_scratch_or_make_room(payloads)
            if self.damage:
                self._keep_evidence(self._damaged_bytes())
            self._swap(size)
        except OSError as error:
            with suppress(OSError):
                _remove(self._scratch)
            raise failed(self.path, "compacted", error) from error
        self._fill_reserve()

    def _write_scratch_or_make_room(
        self, payloads: Callable[[], Iterable[bytes]]
    ) -> int:
        try:
            return self._write_scratch(payloads())
        except OSError as error:
            _remove(self._scratch)
            if error.errno not in _NO_ROOM or not self._free_reserve():
                raise
            return self._write_scratch(payloads())

    def _write_scratch(self, payloads: Iterable[bytes]) -> int:
        fd = os.open(self._scratch, _OPEN | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            size = 0
            for block in _blocks(payloads):
                _write_all(fd, block)
                size += len(block)
            os.fsync(fd)
        finally:
            os.close(fd)
        return size

    def _swap(self, size: int) -> None:
        self.poisoned = True
        if os.name == "nt":  # an open file cannot be replaced there
            self.close()
        self._scratch.replace(self.path)
        self.bytes, self.damage = size, []
        self.mend()

    def forget_evidence(self) -> None:
        """Remove the copies of damaged regions: they may hold what must be gone."""
        for path in self._evidence():
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file; a mend opens it again."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            with suppress(OSError):
                os.close(fd)

    def _evidence(self) -> list[Path]:
        return sorted(self.path.parent.glob(f"{self.path.name}.damaged-*"))

    def _damaged_bytes(self) -> list[bytes]:
        with self.path.open("rb") as file:
            regions = []
            for start, end in self.damage:
                file.seek(start)
                regions.append(file.read(end - start))
        return regions

    def _keep_evidence(self, regions: list[bytes]) -> None:
        """Copy what could not be read beside the journal, the last few times only."""
        name = f"{self.path.name}.damaged-{time.time_ns():020d}"
        try:
            for old in self._evidence()[: 1 - _EVIDENCE_FILES]:
                old.unlink()
            fd = os.open(self.path.with_name(name), _OPEN | os.O_CREAT, 0o600)
            try:
                _write_all(fd, b"".join(regions)[:_EVIDENCE_BYTES])
            finally:
                os.close(fd)
        except OSError as error:
            self.notes.append(f"{self.path}: no copy of the damage was kept: {error}")

    def _fill_reserve(self) -> None:
        """Keep room for the records that say the disk is full; best effort."""
        with suppress(OSError):
            if _size(self._reserve) == RESERVE_BYTES:
                self.full = False
                return
            fd = os.open(self._reserve, _OPEN | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                _allocate(fd, RESERVE_BYTES)
                self.full = False
            except OSError:
                _remove(self._reserve)
            finally:
                os.close(fd)

    def _free_reserve(self) -> bool:
        self.full = True
        try:
            self._reserve.unlink()
        except OSError:
            return False
        return True


def _blocks(payloads: Iterable[bytes]) -> Iterator[bytes]:
    block, size = [header()], 0
    for payload in payloads:
        block.append(line(payload))
        size += len(payload)
        if size > _BLOCK:
            yield b"".join(block)
            block, size = [], 0
    yield b"".join(block)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _allocate(fd: int, size: int) -> None:
    fallocate: Callable[[int, int, int], None] | None
    fallocate = getattr(os, "posix_fallocate", None)
    if fallocate:
        fallocate(fd, 0, size)
    else:
        _write_all(fd, bytes(size))


def _sync(fd: int) -> None:
    """Return when the data is on the disk, as far as the system can tell."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)  # fsync stops at the drive's cache there
    elif hasattr(os, "fdatasync"):
        os.fdatasync(fd)
    else:
        os.fsync(fd)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
