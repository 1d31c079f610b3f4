"""`queue list`, done without the libraries that take longer to load than it does."""

from pathlib import Path

from nodegraph.cli import printing
from nodegraph.cli.columns import columns, counted
from nodegraph.place import find, home_of
from nodegraph.reports.backlog import Entry, Overview, overview

PAUSED = "the queue is paused: `workbench queue resume` lets it go on"


def listed(words: list[str]) -> int | None:
    """Carry out `queue list` with these words; None, undone, for any but the usual.

    Usual are `--json` and `--project DIR`; typer knows the rest.
    """
    as_json, folder = False, None
    waiting = iter(words)
    for word in waiting:
        if word == "--json":
            as_json = True
        elif word == "--project" and (given := next(waiting, "")):
            folder = Path(given)
        else:
            return None
    list_runs(folder or find(Path.cwd()) or Path.cwd(), as_json)
    return 0


def list_runs(folder: Path, as_json: bool) -> None:
    """Print the queue of the project in `folder`; raises `NoProjectError`."""
    queue = overview(home_of(folder))
    if as_json:
        runs = [{**each.as_json(), "paused": queue.paused} for each in queue.runs]
        printing.document(runs)
    else:
        _show_runs(queue)


def _show_runs(queue: Overview) -> None:
    header = ("RUN", "PRESET", "STATE", "SHOTS", "RESULTS", "QUEUED")
    columns(header, map(_row, queue.runs))
    if queue.paused:
        printing.say(PAUSED)


def _row(entry: Entry) -> tuple[str, ...]:
    results = counts(entry.results)
    if entry.ended:
        results = f"tasks: {counts(entry.ended)}"
    age = _age(entry.created)
    return entry.id, entry.preset, entry.state, str(entry.shots), results, age


def counts(found: dict[str, int]) -> str:
    """How many of what: `2 completed, 1 failed`."""
    return ", ".join(f"{count} {name}" for name, count in found.items())


def _age(created: str) -> str:
    """How long ago, as a person says it."""
    from datetime import UTC, datetime

    try:
        seconds = (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds()
    except (ValueError, TypeError):
        return ""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{counted(int(seconds // size), unit)} ago"
    return "just now"
