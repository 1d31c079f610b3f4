"""One writer to a project: a lock that the system drops when its holder dies."""

import json
import os
import platform
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nodegraph.files import plain

if TYPE_CHECKING:
    from filelock import BaseFileLock


class Locked(RuntimeError):
    """Another process holds the lock; `holder` says which, as a person would."""

    def __init__(self, folder: Path, holder: str) -> None:
        """`holder` names who writes in `folder`."""
        super().__init__(
            f"{folder} is being written by {holder}: close it there or wait for it"
        )
        self.folder = folder
        self.holder = holder


class WriterLock:
    """Held from `acquire` to `release`, at most by one process (and one object).

    The lock itself is `<folder>/lock`; who holds it is told beside it, in
    `<folder>/lock.holder`, since a locked file cannot be read on every system.
    """

    def __init__(self, folder: Path) -> None:
        """For a folder that exists; nothing is taken yet."""
        self._folder = folder
        self._lock: BaseFileLock | None = None

    def acquire(self) -> None:
        """Take the lock at once or raise `Locked`; OSError if it cannot be made."""
        from filelock import FileLock, Timeout

        lock = FileLock(self._folder / "lock", mode=0o600, fallback_to_soft=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise Locked(self._folder, self._name_holder()) from None
        self._lock = lock
        _write_holder(self._folder)

    def release(self) -> None:
        """Give the lock back; nothing happens if it is not held."""
        if self._lock is not None:
            with suppress(OSError):
                _holder_file(self._folder).unlink()
            self._lock.release()
            self._lock = None

    def _name_holder(self) -> str:
        for _ in range(20):  # a holder that has just begun has not yet told its name
            who = holder(self._folder)
            if who is not None:
                return who
            time.sleep(0.01)
        return "another process"


def holder(folder: Path) -> str | None:
    """Who says it holds the lock of `folder`: `process 4711 on host sol`.

    None if nobody does, or if a process of this host that said so is gone.  It is a
    name for messages, not a test: only `WriterLock.acquire` tells whether it is held.
    """
    try:
        told = json.loads(plain(_holder_file(folder)).read_text("utf-8"))
        pid, host = int(told["pid"]), str(told["host"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if host == platform.node() and not _alive(pid):
        return None
    return f"process {pid} on host {host}"


def _write_holder(folder: Path) -> None:
    scratch = folder / f"lock.holder.{os.getpid()}"
    with suppress(OSError):  # the name is a courtesy: a full disk must not stop us
        scratch.write_text(
            json.dumps({"pid": os.getpid(), "host": platform.node()}), "utf-8"
        )
        scratch.replace(_holder_file(folder))


def _holder_file(folder: Path) -> Path:
    return folder / "lock.holder"


def _alive(pid: int) -> bool:
    if os.name == "nt":  # signal 0 would end the process there
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
