"""How the store compares with stock TinyDB, SQLite and a bare file; prints ratios.

    python tests/bench/bench_store.py [--rounds 5] [--size 100000]

Everything a ratio compares is measured alternately in one run; medians count.
"""

import argparse
import gc
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from tinydb import TinyDB

from nodegraph.journal.tables import Database

INDEXES = {"assets": ("parents*", "shot", "status")}
SMALL = 1_000
Timed = Callable[[], object]


def document(number: int) -> dict[str, Any]:
    """About 450 bytes of JSON, as a record of one picture is."""
    digest = key(number)
    return {
        "status": "failed" if number % 1000 == 7 else "completed",
        "shot": f"shot-{number // 10:05d}",
        "parents": [key(number // 2)],
        "type": "image_refined",
        "node": "sharpen",
        "run": f"run-{number // 5000}",
        "settings": {"radius": 1.5, "amount": number * 0.01, "mode": "gauss"},
        "outcome": None,
        "file": f"media/{digest[:2]}/{digest}.png",
        "created": "2026-01-01T12:00:00Z",
        "seconds": 0.125,
        "version": 1,
    }


def key(number: int) -> str:
    return sha256(b"%d" % number).hexdigest()


def seconds(call: Timed) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def compare(rounds: int, calls: dict[str, Timed]) -> dict[str, float]:
    """Median seconds of each, measured in turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            gc.collect()
            times[name].append(seconds(call))
    return {name: statistics.median(each) for name, each in times.items()}


def report(what: str, ours: float, theirs: float, goal: float, other: str) -> None:
    ratio = ours / theirs
    verdict = "ok  " if ratio <= goal else "MISS"
    print(
        f"{verdict} {what:<44} {ours * 1e6:>11.1f} us  {ratio:>9.5f} x {other}"
        f" ({theirs * 1e6:.1f} us), goal {goal}"
    )


class Journal:
    """Our store with `size` records."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.database = Database.open(folder, write=True, indexes=INDEXES)
        self.table = self.database.table("assets")
        self.next = size
        with self.database.record():
            for number in range(size):
                with self.database.record():
                    self.table.put(key(number), document(number))
        self.database.compact()  # one record a line, as if written one by one

    def insert(self, count: int = 1, *, wait: bool = True) -> None:
        for _ in range(count):
            with self.database.record(wait=wait):
                self.table.put(key(self.next), document(self.next))
            self.next += 1

    def insert_group(self, documents: list[tuple[str, dict[str, Any]]]) -> None:
        """Each a record of its own, all acknowledged at the end."""
        for name, each in documents:
            with self.database.record(wait=False):
                self.table.put(name, each)
        self.database.flush()


class Sqlite:
    """SQLite with write-ahead log, synced at each commit, indexed like ours."""

    def __init__(self, path: Path, size: int) -> None:
        self.base = sqlite3.connect(path, isolation_level=None)
        for setting in ("journal_mode=WAL", "synchronous=FULL"):
            self.base.execute(f"PRAGMA {setting}")
        self.base.execute(
            "CREATE TABLE assets (id TEXT PRIMARY KEY, shot TEXT, status TEXT, doc TEXT)"
        )
        self.base.execute("CREATE TABLE parents (parent TEXT, id TEXT)")
        for table, field in (
            ("assets", "shot"),
            ("assets", "status"),
            ("parents", "parent"),
        ):
            self.base.execute(f"CREATE INDEX by_{field} ON {table} ({field})")
        self.next = size
        self.base.execute("BEGIN")
        for number in range(size):
            self.add(number)
        self.base.execute("COMMIT")

    def add(self, number: int) -> None:
        each, name = document(number), key(number)
        self.base.execute(
            "INSERT INTO assets VALUES (?, ?, ?, ?)",
            (name, each["shot"], each["status"], orjson.dumps(each).decode()),
        )
        for parent in each["parents"]:
            self.base.execute("INSERT INTO parents VALUES (?, ?)", (parent, name))

    def insert(self, count: int = 1) -> None:
        for _ in range(count):
            self.base.execute("BEGIN")
            self.add(self.next)
            self.base.execute("COMMIT")
            self.next += 1

    def by(self, field: str, value: str) -> list[Any]:
        query = f"SELECT doc FROM assets WHERE {field} = ?"  # noqa: S608 -- our own names
        found = self.base.execute(query, (value,))
        return [orjson.loads(row[0]) for row in found]

    def by_parent(self, value: str) -> list[Any]:
        found = self.base.execute(
            "SELECT doc FROM parents JOIN assets USING (id) WHERE parent = ?", (value,)
        )
        return [orjson.loads(row[0]) for row in found]


class Raw:
    """Lines appended to a file and synced: the least that durable can cost."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def append(self, documents: list[Any]) -> None:
        os.write(self.fd, b"".join([orjson.dumps(each) + b"\n" for each in documents]))
        os.fdatasync(self.fd)


def stock(path: Path, size: int) -> None:
    """A stock TinyDB file with `size` records."""
    rows = {str(number): document(number) for number in range(1, size + 1)}
    path.write_text(json.dumps({"assets": rows}))


def bench_inserts(folder: Path, rounds: int, size: int) -> None:
    small, large = Journal(folder / "small", SMALL), Journal(folder / "large", size)
    sqlite = Sqlite(folder / "sqlite", size)
    stock(folder / "stock.json", size)
    tiny = TinyDB(folder / "stock.json").table("assets")
    raw = Raw(folder / "raw")
    many = 300
    took = compare(
        rounds,
        {
            "small": lambda: small.insert(many, wait=False),
            "large": lambda: large.insert(many, wait=False),
        },
    )
    each = {name: value / many for name, value in took.items()}
    at_small = f"at {SMALL:,}"
    report("a record, not waiting", each["large"], each["small"], 1.5, at_small)
    took = compare(
        rounds * 3,
        {
            "small": lambda: small.insert(20),
            "large": lambda: large.insert(20),
            "sqlite": lambda: sqlite.insert(20),
            "raw": lambda: [raw.append([document(n)]) for n in range(20)],
        },
    )
    each = {name: value / 20 for name, value in took.items()}
    report("a durable record", each["large"], each["small"], 1.5, at_small)
    report("a durable record", each["large"], each["sqlite"], 0.8, "SQLite WAL FULL")
    report("  (for comparison)", each["large"], each["raw"], 9, "raw + fdatasync")
    alone = each["large"]
    took = compare(3, {"tiny": lambda: tiny.insert(document(1))})
    report("a durable record", alone, took["tiny"], 0.001, "TinyDB JSONStorage")
    for group in (10, 100, 1000):
        bench_group(large, raw, rounds * 3, group)
    bench_lookups(large, sqlite, rounds, size)
    large.database.close()
    small.database.close()


def bench_group(large: Journal, raw: Raw, rounds: int, group: int) -> None:
    """Eight groups in a row: ours prepares one while another is on its way."""
    pairs = [(key(n), document(n)) for n in range(large.next, large.next + 8 * group)]
    parts = [pairs[i : i + group] for i in range(0, len(pairs), group)]

    def ours() -> None:
        for part in parts:
            with large.database.record(wait=False):
                for name, each in part:
                    large.table.put(name, each)
        large.database.flush()

    def apart() -> None:
        for part in parts:
            large.insert_group(part)

    def theirs() -> None:
        for part in parts:
            raw.append([each for _, each in part])

    took = compare(rounds, {"ours": ours, "apart": apart, "raw": theirs})
    per = {name: value / 8 for name, value in took.items()}
    other = f"raw + fdatasync, {group} together"
    report(f"{group} rows in one record", per["ours"], per["raw"], 1.2, other)
    report(f"{group} records under one sync", per["apart"], per["raw"], 1.2, other)


def bench_lookups(large: Journal, sqlite: Sqlite, rounds: int, size: int) -> None:
    table, numbers = large.table, range(0, size, size // 500)
    table.by("shot", ""), table.by("parents", ""), table.by("status", "")
    shot = document(size // 3)["shot"]
    pairs: dict[str, tuple[int, Timed, Timed]] = {
        "id": (
            len(numbers),
            lambda: [table.get(doc_id=key(n)) for n in numbers],
            lambda: [sqlite.by("id", key(n)) for n in numbers],
        ),
        "parent": (
            len(numbers),
            lambda: [table.by("parents", key(n)) for n in numbers],
            lambda: [sqlite.by_parent(key(n)) for n in numbers],
        ),
        "shot, 10 rows": (
            50,
            lambda: [table.by("shot", shot) for _ in range(50)],
            lambda: [sqlite.by("shot", shot) for _ in range(50)],
        ),
        "status, 100 rows": (
            5,
            lambda: [table.by("status", "failed") for _ in range(5)],
            lambda: [sqlite.by("status", "failed") for _ in range(5)],
        ),
    }
    for name, (count, ours, theirs) in pairs.items():
        took = compare(rounds, {"ours": ours, "theirs": theirs})
        per = {each: value / count for each, value in took.items()}
        report(f"look-up by {name}", per["ours"], per["theirs"], 2, "SQLite's index")


OPEN_TINY = "tinydb.TinyDB(sys.argv[1]).table('assets').get(doc_id=5)"
OPEN_OURS = (
    "nodegraph.journal.tables.Database.open(pathlib.Path(sys.argv[1]), write={write},"
    " indexes={{'assets': ('parents*', 'shot', 'status')}})"
    ".table('assets').{look}"
)


def bench_opening(folder: Path, rounds: int, size: int) -> None:
    def fresh(code: str, path: Path) -> Timed:
        program = (
            f"import sys, pathlib, typer, tinydb, nodegraph.journal.tables\n{code}"
        )
        command = [sys.executable, "-c", program, str(path)]
        return lambda: subprocess.run(command, check=True)

    ours, other = folder / "opened", folder / "stock.json"
    stock(other, size)
    Journal(ours, size).database.close()

    def opened(write: bool, look: str) -> Timed:
        return fresh(OPEN_OURS.format(write=write, look=look), ours)

    took = compare(
        rounds,
        {
            "nothing": fresh("", ours),
            "tiny": fresh(OPEN_TINY, other),
            "read": opened(False, "get(doc_id='5')"),
            "write": opened(True, "get(doc_id='5')"),
            "status": opened(False, "by('status', 'failed')"),
        },
    )
    base = took["nothing"]
    tiny = took["tiny"] - base
    report(f"opening {size:,} to read", took["read"] - base, tiny, 0.3, "TinyDB")
    report(f"opening {size:,} to write", took["write"] - base, tiny, 0.3, "TinyDB")
    report("  and by status, reading", took["status"] - base, tiny, 0.3, "TinyDB")
    total = took["status"]
    print(
        f"     a reading process in all: {total:.3f} s (goal 0.4), imports {base:.3f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=100_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench_opening(folder, chosen.rounds, chosen.size)
        bench_inserts(folder, chosen.rounds, chosen.size)


if __name__ == "__main__":
    main()
