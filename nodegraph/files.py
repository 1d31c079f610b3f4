"""Small files that appear whole or not at all."""

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

SCRATCH = ".part"
"""The suffix of files that are not whole yet."""


def plain(path: Path) -> Path:
    """The path, of a plain file: a pipe or device in its place would be waited for.

    Raises `OSError` for anything else.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no plain file", str(path))
    return path


def holds(path: Path, data: bytes) -> bool:
    """Whether the file is there already, byte for byte."""
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False


def write_whole(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Replace the file at `path` by one that holds `data`, safe against a power cut.

    Whoever reads sees the old file or the new one, never a part.  A link is followed:
    what it points to is replaced.  A new file gets the permissions `mode`, less the
    user's mask; one that is there keeps its own, where they are no wider than `mode`.
    Raises `OSError` and then leaves everything as it was.
    """
    path = Path(os.path.realpath(path))
    scratch = path.with_name(f".{secrets.token_hex(8)}{SCRATCH}")
    try:
        _write(scratch, data, mode)
        with suppress(OSError):  # there is none yet
            scratch.chmod(path.stat().st_mode & mode)
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def write_new(path: Path, data: bytes, mode: int = 0o666) -> None:
    """As `write_whole`, but never over a file: FileExistsError where one is there.

    Holds against other processes too.
    """
    scratch = path.with_name(f".{secrets.token_hex(8)}{SCRATCH}")
    try:
        _write(scratch, data, mode)
        _name(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
    flush_folder(path.parent)


def _name(scratch: Path, path: Path) -> None:
    """Give a finished file its name if the name is free."""
    try:
        os.link(scratch, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        scratch.replace(path)


def _write(path: Path, data: bytes, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags, mode), "wb") as file:  # noqa: PTH123 - of a descriptor
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Return when the folder's names survive a power cut.

    Windows has no such call; there the file system orders names by itself.
    """
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
