import builtins
import errno
import io
import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from nodegraph.journal.lines import JournalError, Reader, Scan, line
from nodegraph.journal.lock import Locked, WriterLock, holder
from nodegraph.journal.writer import RESERVE_BYTES, Journal


class Told:
    """Remembers what a journal told."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []

    def clear(self) -> None:
        self.payloads.clear()

    def apply(self, payloads: list[bytes]) -> None:
        self.payloads += payloads

    @property
    def records(self) -> list[bytes]:
        return [each for each in self.payloads if not each.startswith(b"#")]


def read(path: Path) -> Told:
    told = Told()
    Reader(path).refresh(told)
    return told


def write(path: Path, count: int = 8) -> list[bytes]:
    records = [b"record %d %s" % (i, b"x" * i) for i in range(count)]
    journal = Journal(path, Told())
    for record in records:
        journal.append(line(record))
    journal.close()
    return records


def subsequence(part: list[bytes], whole: list[bytes]) -> bool:
    rest = iter(whole)
    return all(each in rest for each in part)


def test_what_was_appended_is_told_again_in_order(tmp_path: Path) -> None:
    records = write(tmp_path / "journal")
    told = Told()

    Journal(tmp_path / "journal", told).close()

    assert told.records == records
    assert read(tmp_path / "journal").records == records


def test_lines_that_cross_the_blocks_of_reading_are_whole(tmp_path: Path) -> None:
    records = [bytes([65 + i % 26]) * (i * 7919 % 300_000) for i in range(40)]
    journal = Journal(tmp_path / "journal", Told())
    journal.append(b"".join(map(line, records)))
    journal.close()

    assert read(tmp_path / "journal").records == records


def test_a_journal_cut_at_any_byte_keeps_the_lines_before(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    records = write(path)
    whole = path.read_bytes()
    header = whole.index(b"\n") + 1
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        kept = whole[header:cut].count(b"\n")
        told = Told()

        assert read(path).records == records[:kept]
        journal = Journal(path, told)
        assert told.records == records[:kept]
        journal.append(line(b"next"))
        journal.close()
        assert read(path).records == [*records[:kept], b"next"]


def test_a_flipped_bit_costs_at_most_its_line_and_the_next(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    records = write(path, 5)
    whole = path.read_bytes()
    for position in range(len(whole)):
        for bit in range(8):
            spoiled = bytearray(whole)
            spoiled[position] ^= 1 << bit
            path.write_bytes(spoiled)

            told = read(path).records

            assert subsequence(told, records)
            assert len(told) >= len(records) - 2


def test_damage_in_the_middle_is_passed_over_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    records = write(path)
    whole = path.read_bytes()
    start = whole.index(b"record 3")
    path.write_bytes(whole[:start] + b"R" + whole[start + 1 :])
    told = Told()
    reader = Reader(path)
    reader.refresh(Told())

    journal = Journal(path, told)

    assert told.records == [*records[:3], *records[4:]]
    assert [region.start <= start < region.end for region in journal.damage] == [True]
    assert reader.damage == journal.damage
    journal.compact(lambda: told.records)
    assert journal.damage == []
    (evidence,) = tmp_path.glob("journal.damaged-*")
    assert b"Record 3" in evidence.read_bytes()
    journal.close()


def test_copies_of_torn_ends_do_not_pile_up(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    records = write(path)
    for number in range(6):
        with path.open("ab") as file:
            file.write(b"torn %d" % number)
        Journal(path, Told()).close()

    kept = sorted(tmp_path.glob("journal.damaged-*"))
    assert [each.read_bytes() for each in kept] == [b"torn 3", b"torn 4", b"torn 5"]
    assert read(path).records == records


def test_zeros_at_the_end_are_a_torn_end(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    records = write(path)
    with path.open("ab") as file:
        file.write(bytes(5000))

    told = Told()
    Journal(path, told).close()

    assert told.records == records


def test_only_its_owner_reads_the_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", Told())
    journal.compact(list)
    journal.close()

    modes = {
        each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()
    }
    assert modes == {"journal": 0o600, "reserve": 0o600}


def test_a_reader_ignores_an_unfinished_line_until_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    records = write(path)
    reader, told = Reader(path), Told()
    reader.refresh(told)
    text = line(b"late")

    with path.open("ab") as file:
        file.write(text[:-4])
    assert not reader.refresh(told)
    assert path.read_bytes().endswith(text[:-4])
    with path.open("ab") as file:
        file.write(text[-4:])

    assert reader.refresh(told)
    assert told.records == [*records, b"late"]
    assert not reader.refresh(told)
    assert reader.damage == []


def test_a_reader_follows_across_compaction(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, Told())
    reader, told = Reader(path), Told()
    for number in range(5):
        journal.append(line(b"first %d" % number))
        reader.refresh(told)
        journal.compact(lambda n=number: [b"kept %d" % n] * 20)  # type: ignore[misc]
        journal.append(line(b"second %d" % number))

        assert reader.refresh(told)
        assert told.records == [b"kept %d" % number] * 20 + [b"second %d" % number]
    journal.close()


def test_a_reader_knows_a_swapped_journal_by_its_generation(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, Told())
    journal.append(line(b"old") + line(b"same"))
    reader, told = Reader(path), Told()
    reader.refresh(told)

    journal.compact(lambda: [b"new", b"same"])
    journal.close()

    assert reader.refresh(told)
    assert told.records == [b"new", b"same"]


def test_opening_syncs_what_a_killed_writer_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told, synced = tmp_path / "journal", Told(), []
    write(path, 1)
    with path.open("ab") as file:
        file.write(line(b"written and never synced"))
    monkeypatch.setattr("nodegraph.journal.writer._sync", lambda fd: synced.append(fd))

    Journal(path, told).close()

    assert told.records[-1] == b"written and never synced"
    assert len(synced) == 1


def test_a_reader_drops_what_its_writer_took_back(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, Told())
    journal.append(line(b"kept"))
    with path.open("ab") as file:
        file.write(line(b"not acknowledged"))
    reader, told = Reader(path), Told()
    reader.refresh(told)

    journal.mend()
    journal.append(line(b"came instead, and is much longer"))
    reader.refresh(told)
    journal.close()

    assert told.records == [b"kept", b"came instead, and is much longer"]


def test_a_reader_of_nothing_sees_nothing_and_makes_nothing(tmp_path: Path) -> None:
    reader, told = Reader(tmp_path / "journal"), Told()

    assert not reader.refresh(told)
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / "journal", 2)
    assert reader.refresh(told)
    assert len(told.records) == 2
    (tmp_path / "journal").unlink()
    assert reader.refresh(told)
    assert told.records == []


ERRORS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "kill": None}

CALLS = (
    "open",
    "write",
    "fsync",
    "fdatasync",
    "ftruncate",
    "replace",
    "unlink",
    "posix_fallocate",
)


class Killed(BaseException):
    """The process ends here: nothing it would still do reaches the disk."""


class Faults:
    """Counts calls; from call `first` on, `width` calls fail with `error`.

    A failing write leaves half of its bytes in the file.  `error` None kills: that
    call (after half of its effect) and every later one raises Killed.
    """

    def __init__(self, first: int = -1, width: int = 1, error: int | None = None):
        self.first = first
        self.width = width
        self.error = error
        self.calls = 0

    def hit(self) -> bool:
        self.calls += 1
        after = self.calls - 1 - self.first
        return self.first >= 0 <= after and (not self.error or after < self.width)

    def trouble(self, name: str) -> BaseException:
        if self.error is None:
            return Killed(name)
        return OSError(self.error, os.strerror(self.error), name)


@contextmanager
def faults(monkeypatch: pytest.MonkeyPatch, plan: Faults) -> Iterator[Faults]:
    """Calls inside follow the plan."""

    def spoil(name: str, real: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if not plan.hit():
                return real(*args, **kwargs)
            if name == "write" and plan.calls - 1 == plan.first:
                real(args[0], bytes(args[1])[: len(args[1]) // 2])
            raise plan.trouble(name)

        return call

    with monkeypatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, spoil(name, getattr(os, name)))
        patch.setattr(io, "open", spoil("io.open", builtins.open))
        yield plan


def scenario(path: Path, acknowledged: list[bytes]) -> None:
    """Open, append, compact, append; go on after every error."""
    journal, told = None, Told()
    try:
        journal = Journal(path, told)
        for number in range(12):
            record = b"record %d" % number
            try:
                journal.append(line(record))
                acknowledged.append(record)
            except JournalError:
                continue
            if number % 5 == 4:
                try:
                    journal.compact(lambda: list(acknowledged))
                except JournalError:
                    continue
    finally:
        if journal is not None:
            journal.close()


def calls_of_scenario(path: Path, patch: pytest.MonkeyPatch) -> int:
    with faults(patch, Faults()) as plan:
        scenario(path, [])
    return plan.calls


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("error", ERRORS)
def test_nothing_acknowledged_is_lost_whichever_call_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: str, width: int
) -> None:
    calls = calls_of_scenario(tmp_path / "count", monkeypatch)
    assert calls > 30
    for k in range(calls):
        folder = tmp_path / str(k)
        folder.mkdir()
        acknowledged: list[bytes] = []
        plan = Faults(k, width, ERRORS[error])
        with suppress(Killed, JournalError), faults(monkeypatch, plan):
            scenario(folder / "journal", acknowledged)

        journal = Journal(folder / "journal", Told())
        journal.append(line(b"after"))
        journal.close()
        told = read(folder / "journal").records
        assert subsequence([*acknowledged, b"after"], told), (k, told)
        assert len(told) == len(set(told))
        assert {each.name for each in folder.iterdir()} - {"reserve", "journal"} <= {
            each.name for each in folder.glob("journal.damaged-*")
        }


def test_after_a_failed_write_nothing_unacknowledged_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told = tmp_path / "journal", Told()
    journal = Journal(path, told)
    journal.append(line(b"one"))
    with (
        faults(monkeypatch, Faults(1, 1, ERRORS["EIO"])),  # the sync after the write
        pytest.raises(JournalError, match="could not be written: Input/output"),
    ):
        journal.append(line(b"two"))

    journal.append(line(b"three"))
    journal.close()

    assert read(path).records == [b"one", b"three"]


def test_a_full_disk_still_takes_the_record_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, Told())
    assert (tmp_path / "reserve").stat().st_size == RESERVE_BYTES
    with faults(monkeypatch, Faults(0, 1, ERRORS["ENOSPC"])):
        journal.append(line(b"the disk is full"))

    assert journal.full
    assert not (tmp_path / "reserve").exists()
    journal.compact(lambda: [b"the disk is full"])
    assert not journal.full
    assert (tmp_path / "reserve").stat().st_size == RESERVE_BYTES
    journal.close()
    assert read(path).records == [b"the disk is full"]


CHILD = """
import resource, signal, sys
from pathlib import Path
from nodegraph.journal.writer import Journal
from nodegraph.journal.lines import JournalError, line

class Told:
    def clear(self): pass
    def apply(self, payloads): pass

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
journal = Journal(path, Told())
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
for number in range(1000):
    record = b"%04d " % number + b"x" * 90
    try:
        journal.append(line(record))
    except JournalError as error:
        print("error", error)
        break
    print(number, flush=True)
journal.compact(lambda: [b"0000"])
journal.append(line(b"went on"))
"""


@pytest.mark.skipif(os.name == "nt", reason="the limit is one of POSIX")
def test_a_file_that_may_not_grow_loses_nothing_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal"

    out = run_child(CHILD, str(path)).stdout.splitlines()

    assert out[-1].startswith("error") and "File too large" in out[-1]
    assert len(out) > 100
    assert read(path).records == [b"0000", b"went on"]


def run_child(code: str, *args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code, *args],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )


HOLD = """
import sys, time
from pathlib import Path
from nodegraph.journal.lock import WriterLock
lock = WriterLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_writer_is_told_who_holds_the_project(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE
    )
    try:
        assert child.stdout is not None and child.stdout.readline() == b"held\n"

        with pytest.raises(Locked) as caught:
            WriterLock(tmp_path).acquire()

        assert caught.value.holder.startswith(f"process {child.pid} on host ")
        assert caught.value.holder in str(caught.value)
        assert holder(tmp_path) == caught.value.holder
    finally:
        child.kill()
        child.communicate()

    assert holder(tmp_path) is None
    lock = WriterLock(tmp_path)
    lock.acquire()  # a dead holder never blocks
    assert holder(tmp_path) is not None
    lock.release()
    assert holder(tmp_path) is None


def test_two_writers_in_one_process_exclude_each_other(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path)
    lock.acquire()

    with pytest.raises(Locked, match=f"process {os.getpid()} on host"):
        WriterLock(tmp_path).acquire()

    lock.release()


def test_a_scan_of_anything_ends(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    dice = random.Random(7)
    for _ in range(50):
        path.write_bytes(bytes(dice.choices(b"0123 \n\t", k=dice.randrange(3000))))
        with path.open("rb") as file:
            scan = Scan(file)

            assert [payload for batch in scan for payload in batch] == []
            assert scan.end == 0
            assert scan.tail == path.read_bytes()


WRITER = """
import sys
from pathlib import Path
from nodegraph.journal.tables import Database

with Database.open(Path(sys.argv[1]), write=True) as database:
    table = database.table("records")
    say = lambda number: lambda error: error or print(number, flush=True)
    for number in range(len(table), 1_000_000):
        with database.record(wait=number % 3 == 0, done=say(number)):
            table.put(str(number), {"number": number, "text": "x" * (number % 200)})
            database.table("last").put("last", {"number": number})
        if number % 25 == 24:
            database.compact()
"""


def kill_after(folder: Path, seconds: float) -> list[int]:
    """The records acknowledged by a writer that is killed after its first one."""
    command = [sys.executable, "-c", WRITER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read()
    return [int(each) for each in (first + rest).split(b"\n")[:-1]]


def test_a_reader_beside_a_live_writer_always_sees_whole_records(
    tmp_path: Path,
) -> None:
    from nodegraph.journal.tables import Database

    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            database = Database.open(tmp_path, write=False)
            seen = 0
            patience = time.monotonic() + 60
            while seen <= 60 and time.monotonic() < patience:
                database.refresh()
                numbers = [each["number"] for each in database.table("records")]
                last = database.table("last").get(doc_id="last")["number"]

                assert numbers == list(range(last + 1))
                assert database.damage == []
                assert last >= seen
                seen = last
        finally:
            child.kill()
    assert seen > 60  # it was compacted more than once meanwhile


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_killed_writer_loses_nothing_acknowledged(tmp_path: Path) -> None:
    from nodegraph.journal.tables import Database

    dice = random.Random(time.time_ns())
    acknowledged: list[int] = []
    for _ in range(int(os.environ.get("KILLS", "25"))):
        acknowledged += kill_after(tmp_path, dice.uniform(0, 0.05))

        with Database.open(tmp_path, write=False) as database:
            numbers = [each["number"] for each in database.table("records")]
            last = database.table("last").get(doc_id="last")["number"]
            assert not database.damage
        assert acknowledged == sorted(acknowledged)
        assert numbers == list(range(len(numbers)))  # each once, none missing
        assert len(numbers) > acknowledged[-1]
        assert last == numbers[-1]  # a record is there whole or not at all
