"""Who may change the tables, and when: one record at a time, written as one line."""

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from nodegraph.journal.committer import Committer, Done, Ticket
from nodegraph.journal.lines import JournalError, Reader, Region, line
from nodegraph.journal.lock import WriterLock
from nodegraph.journal.rows import Image, Rows, payload
from nodegraph.journal.writer import Journal

COMPACT_BYTES = 8 << 20


class NotRecording(RuntimeError):
    """A table was changed outside `with database.record():`."""


class Changes:
    """What one record does: operations for the journal and how to undo them."""

    def __init__(self) -> None:
        """Made by the thread that records."""
        self.thread = threading.get_ident()
        self.wait = False
        self.operations: list[bytes] = []
        self.on_done: list[Done] = []
        self._undo: list[tuple[Rows, bytes | None, Any]] = []

    def put(self, rows: Rows, key: bytes, operation: bytes) -> None:
        """Add or replace a row."""
        self._undo.append((rows, key, rows.put(key, operation)))
        self.operations.append(operation)

    def drop(self, rows: Rows, key: bytes) -> None:
        """Remove a row that is there."""
        self._undo.append((rows, key, rows.drop(key)))
        self.operations.append(b"-%b\t%b\t" % (rows.name, key))

    def clear(self, rows: Rows) -> None:
        """Empty a table."""
        self._undo.append((rows, None, rows.clear()))
        self.operations.append(b"!%b\t\t" % rows.name)

    def mark(self) -> tuple[int, int, int]:
        """Where `back_to` goes back to."""
        return len(self.operations), len(self._undo), len(self.on_done)

    def back_to(self, mark: tuple[int, int, int] = (0, 0, 0)) -> None:
        """Undo what was done since `mark`."""
        operations, undo, on_done = mark
        while len(self._undo) > undo:
            rows, key, before = self._undo.pop()
            if key is None:
                rows.restore(before)
            elif before is None:
                rows.drop(key)
            else:
                rows.put(key, before)
        del self.operations[operations:]
        del self.on_done[on_done:]


class Recorder:
    """The journal in a folder, and what it says, in memory."""

    def __init__(
        self,
        folder: Path,
        *,
        write: bool,
        indexes: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """Open for writing (`Locked` if another does) or for reading beside a writer.

        `indexes` names per table the fields that `JournalTable.by` looks up; `field*`
        is a list whose every element counts.
        """
        self.image = Image(indexes or {})
        self.mutex = threading.RLock()
        self.changes: Changes | None = None
        self._path = folder / "journal"
        self._lock = WriterLock(folder)
        self._journal: Journal | None = None
        self._reader: Reader | None = None
        self._notes: list[str] = []
        if write:
            self._open_for_writing(folder)
        else:
            self._reader = Reader(self._path)
            self._reader.refresh(self.image)

    def _open_for_writing(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        self.image.hurry = True
        try:
            self._journal = Journal(self._path, self.image)
        except BaseException:
            self._lock.release()
            raise
        self.committer = Committer(self._journal.append)
        self._check_at = 0
        self._compact_if_worth_it(self._journal)

    @property
    def journal(self) -> Journal:
        """The writer's journal; JournalError where there is none."""
        if self._journal is None:
            raise JournalError(f"{self._path} is not open for writing")
        return self._journal

    def close(self) -> None:
        """Write what is queued, then let go of the file and the lock."""
        if self._journal is not None:
            try:
                self.committer.close()
            finally:
                self._journal.close()
                self._journal = None
                self._lock.release()

    def recording(self) -> Changes:
        """The record that this thread is making."""
        changes = self.changes
        if changes is None or changes.thread != threading.get_ident():
            raise NotRecording("tables change only inside `with database.record():`")
        return changes

    def begin(self) -> Changes:
        """Start a record, or go on with the one this thread is making."""
        if self.changes is None:
            self._refuse_unless_sound()
            self.changes = Changes()
        return self.changes

    def finish(self) -> Ticket | None:
        """End the record and queue it; its ticket, if there is anything to write."""
        changes, self.changes = self.recording(), None
        if not changes.operations and not changes.on_done:
            return None
        data = line(payload(changes.operations)) if changes.operations else b""
        ticket = Ticket(data, tuple(changes.on_done))
        try:
            self.committer.submit(ticket, wait=changes.wait)
        except OSError:
            changes.back_to()
            raise
        self._compact_if_worth_it(self.journal)
        return ticket if changes.wait else None

    def _refuse_unless_sound(self) -> None:
        _ = self.journal
        if self.committer.error is not None:
            raise self.committer.error

    def recover(self) -> None:
        """After a failed write: memory is again what is on the disk."""
        with self.mutex:
            self._refuse_inside_a_record()
            self.committer.flush()
            self.journal.recover(self.image)
            self.committer.restart()

    def refresh(self) -> bool:
        """A reader takes in what was recorded since; True if anything was."""
        with self.mutex:
            return self._reader is not None and self._reader.refresh(self.image)

    def compact(self) -> None:
        """Rewrite the journal without what was replaced or removed."""
        with self.mutex:
            self._refuse_inside_a_record()
            self._refuse_unless_sound()
            self.committer.flush()
            self._refuse_unless_sound()
            self.journal.compact(self.image.payloads)

    def _refuse_inside_a_record(self) -> None:
        if self.changes is not None:
            raise RuntimeError("the journal has to wait until this record has ended")

    def _compact_if_worth_it(self, journal: Journal) -> None:
        if journal.bytes < max(self._check_at, COMPACT_BYTES):
            return
        if 2 * self.image.size < journal.bytes:
            try:
                self.compact()
            except JournalError as error:  # the old file goes on
                self._notes.append(str(error))
        self._check_at = journal.bytes + max(COMPACT_BYTES, journal.bytes // 4)

    @property
    def size(self) -> int:
        """The size of the journal that this process knows."""
        if self._reader is not None:
            return self._reader.bytes
        return self.journal.bytes

    @property
    def lost(self) -> int:
        """How many regions of the file cannot be read."""
        return len((self._reader or self.journal).damage)

    @property
    def damage(self) -> list[str]:
        """What a person should know about the file, in sentences."""
        if self._reader is not None:
            return [self._lost(region) for region in self._reader.damage]
        journal = self.journal
        told = [self._lost(region) for region in journal.damage]
        if journal.full:
            told.append(f"{self._path}: the disk is full: make room, then go on")
        return [*told, *journal.notes, *self._notes]

    def _lost(self, region: Region) -> str:
        return (
            f"{self._path}: bytes {region.start} to {region.end} cannot be read: "
            "the records in them are lost, all others are there"
        )


class Record:
    """`with database.record():` -- everything inside becomes one line, or nothing."""

    def __init__(self, recorder: Recorder, wait: bool, done: Done | None) -> None:
        """As `Database.record`."""
        self._recorder = recorder
        self._wait = wait
        self._done = done
        self._outermost = False
        self._mark = (0, 0, 0)

    def __enter__(self) -> None:
        """Wait for other threads' records, then begin."""
        self._recorder.mutex.acquire()
        try:
            self._outermost = self._recorder.changes is None
            self._mark = self._recorder.begin().mark()
        except BaseException:
            self._recorder.mutex.release()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Queue the record, and wait for the disk if asked to."""
        ticket = None
        try:
            self._settle(failed=kind is not None)
            if self._outermost:
                ticket = self._recorder.finish()
        finally:
            self._recorder.mutex.release()
        if ticket is not None:
            self._recorder.committer.wait(ticket)

    def _settle(self, *, failed: bool) -> None:
        changes = self._recorder.recording()
        if failed:
            changes.back_to(self._mark)
            return
        changes.wait = changes.wait or self._wait
        if self._done is not None:
            changes.on_done.append(self._done)
