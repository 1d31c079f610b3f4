"""How a run went, for a person: what is done, where it lies, and what is not."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nodegraph.cli.events import Summary
from nodegraph.cli.printing import show
from nodegraph.cli.watch import Watch
from nodegraph.filenames import printable
from nodegraph.lineage import Status
from nodegraph.results.manifest import MANIFEST, Row

SHOWN = 10
"""Of many things alike, so many are told one by one."""
_FEW = 4
_AMBER, _RED = "yellow", "red"
_BAD = {Status.FAILED: "failed", Status.HELD: "needs you"}


class Line(NamedTuple):
    """A line of the report, and its colour."""

    text: str
    color: str = ""


def report(watch: Watch, what: str, out: Path, *, dry: bool) -> None:
    """Print how the runs of `watch` went; `out` is the folder of their results."""
    summary = watch.summary
    lines = _forecast(watch, what) if dry else _report(summary, what, out)
    _print([*lines, *_troubles(watch, summary, out, dry)])


def _report(summary: Summary, what: str, out: Path) -> Iterator[Line]:
    kinds = summary.shots
    done, shots = len(kinds[Status.COMPLETED]), sum(map(len, kinds.values()))
    count = _counted(done, "shot") if done == shots else f"{done} of {shots} shots"
    yield Line(f"{what}: {count} done in {summary.seconds:.1f} s")
    made, known = summary.executed, summary.cached
    yield Line(f"  {_counted(made, 'task')} carried out, {known} known from before")
    yield from _pictures(summary, out)


def _pictures(summary: Summary, out: Path) -> Iterator[Line]:
    files = [row.file for row in summary.rows if row.file is not None]
    if len(files) > _FEW:
        wide = [r.file for r in summary.rows if r.file is not None and r.shot is None]
        yield Line(f"  {_counted(len(files), 'picture')} in {_near(out)}")
        files = wide
    for file in files:
        yield Line(f"  {_near(file)}")


def _forecast(watch: Watch, what: str) -> Iterator[Line]:
    kinds = watch.summary.shots
    shots = sum(map(len, kinds.values()))
    todo, known = _counted(watch.waiting, "task"), len(watch.tally.cached)
    yield Line(f"{what}: {todo} would run for {_counted(shots, 'shot')}")
    yield Line(f"  {known} known from before; nothing was written")


def _troubles(watch: Watch, summary: Summary, out: Path, dry: bool) -> Iterator[Line]:
    kinds = summary.shots
    passed = [row for row in kinds[Status.COMPLETED] if row.passed]
    if passed:
        names = ", ".join(f"{row.shot} ({row.outcome})" for row in passed[:SHOWN])
        more = f" and {len(passed) - SHOWN} more" if len(passed) > SHOWN else ""
        count = _counted(len(passed), "shot")
        yield Line(f"  {count} passed through unchanged: {names}{more}", _AMBER)
    bad = [row for row in summary.bad if row.status in _BAD]
    for row in bad[:SHOWN]:
        color = _RED if row.status is Status.FAILED else _AMBER
        yield Line(f"  {_BAD[row.status]}: {_trouble(row)}", color)
    if len(bad) > SHOWN:
        where = _near(out / MANIFEST)
        yield Line(f"  and {len(bad) - SHOWN} more: see {where}", _RED)
    if cancelled := [] if dry else kinds[Status.CANCELLED]:
        yield Line(f"  not run: {_counted(len(cancelled), 'shot')}", _AMBER)
    if watch.tally.replayed:
        yield Line("  what failed before runs again with --retry-failed", _AMBER)
    if watch.interrupted:
        yield Line("  stopped: the same command goes on where it was", _AMBER)


def _trouble(row: Row) -> str:
    name = f"{row.shot}: " if row.shot else ""
    return f"{name}{row.error or row.outcome or 'no reason given'}"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _near(path: Path) -> str:
    """The path as it is typed from here, where that is shorter."""
    try:
        return min(os.path.relpath(path), str(path), key=len)
    except ValueError:
        return str(path)  # on another drive


def _print(lines: list[Line]) -> None:
    if not sys.stdout.isatty():
        for line in lines:
            show(printable(line.text))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text(printable(line.text), line.color))
    sys.stdout.flush()
