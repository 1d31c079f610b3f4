"""The command line: one function a verb, and only the verb that is called is loaded."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from nodegraph.cli import errors, interrupts, printing

if TYPE_CHECKING:
    import typer


class Verb(NamedTuple):
    """Where a verb is: the module in this package, and the function or `Typer` in it.

    The function's return value is the exit code; None stands for 0.
    """

    module: str
    member: str
    help: str


VERBS = {
    "demo": Verb("runs", "demo", "Run the sample storyboard and show what comes out."),
    "run": Verb("runs", "run", "Run a preset on single pictures."),
    "batch": Verb("runs", "batch", "Run a preset on every shot of a storyboard."),
    "shots": Verb("shots", "app", "List shots, give them a status, deliver them."),
    "preset": Verb("preset", "app", "List, show, check and save presets."),
    "lineage": Verb("lineage", "app", "Show how pictures were made; check them all."),
    "queue": Verb("queue", "app", "See what runs; pause, resume, cancel, retry."),
    "nodes": Verb("nodes", "nodes", "List the nodes there are, or explain one."),
    "trust": Verb("trust", "trust", "Allow a project's own node files to run."),
    "gc": Verb("gc", "gc", "Free disk space that no picture needs."),
    "doctor": Verb("doctor", "doctor", "Check this machine and the project."),
}


USAGE = "usage: workbench [-v] COMMAND …"
OPTIONS = {
    "-v, --verbose": "Show where an error comes from.",
    "--version": "Show the version and stop.",
    "-h, --help": "Show this, or after a command what it takes.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line, by default that of the process; gives the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    given = sys.argv[1:] if arguments is None else arguments
    with errors.boundary() as result, interrupts.as_keyboard_interrupt():
        result.code = _dispatch(list(given))
        sys.stdout.flush()
    return result.code


def _dispatch(words: list[str]) -> int:
    """Do what stands before the verb, then the verb.

    This is no typer app because loading typer takes longer than all of `--help`.
    """
    while words and words[0] in ("-v", "--verbose"):
        errors.VERBOSE.set(True)
        del words[0]
    if not words or words[0] in ("-h", "--help"):
        printing.show(_help())
        return 0
    if words[0] == "--version":
        from importlib.metadata import version

        printing.show(version("animator-workbench"))
        return 0
    if words[0] not in VERBS:
        kind = "option" if words[0].startswith("-") else "command"
        known = [*VERBS] if kind == "command" else ["-v", "--version", "--help"]
        raise errors.CommandError(errors.unknown(kind, words[0], known))
    if words[:2] == ["queue", "list"]:
        from nodegraph.cli.listing import listed

        if (code := listed(words[2:])) is not None:
            return code
    name = f"workbench {words[0]}"
    try:
        command = _command(words[0], VERBS[words[0]])
    except KeyboardInterrupt:
        _end_of_stream(words)
        raise
    return int(
        command.main(words[1:], prog_name=name, standalone_mode=False) or 0,
    )


def _end_of_stream(words: Sequence[str]) -> None:
    """The summary of a run that was stopped while its verb was still being loaded."""
    if VERBS[words[0]].module == "runs" and "--json" in words:
        from nodegraph.cli.events import Summary

        printing.line(Summary().line())


def _help() -> str:
    verbs = {name: verb.help for name, verb in VERBS.items()}
    about = "Node-graph pipelines for storyboards."
    return "\n".join(
        [
            USAGE,
            "",
            about,
            "",
            "Commands:",
            *_table(verbs),
            "",
            "Options:",
            *_table(OPTIONS),
        ]
    )


def _table(rows: dict[str, str]) -> list[str]:
    return [f"  {name:<15}{text}" for name, text in rows.items()]


def _command(name: str, verb: Verb) -> Any:
    import typer

    member = getattr(import_module(f"{__name__}.{verb.module}"), verb.member)
    if not isinstance(member, typer.Typer):
        app = typer_app(verb.help)
        app.command(name, help=member.__doc__)(member)
        member = app
    command = typer.main.get_command(member)
    command.name = name
    return command


def typer_app(help_: str) -> "typer.Typer":
    """An empty `Typer` for a verb with verbs of its own, such as `queue list`."""
    import typer

    return typer.Typer(
        help=help_,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
