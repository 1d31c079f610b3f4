"""The command line: one function a verb, and only the verb that is called is loaded."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

from nodegraph.cli import errors, interrupts, printing


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


class Verbs(TyperGroup):
    """The verbs of the table; each is imported when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs, in the table's order."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a verb; None where there is no such verb."""
        verb = VERBS.get(cmd_name)
        return None if verb is None else _command(cmd_name, verb)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb called; what is none gets a proposal without loading any."""
        if args[0] not in VERBS and not args[0].startswith("-"):
            raise errors.CommandError(errors.unknown("command", args[0], VERBS))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The table for `--help`."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.help) for name, verb in VERBS.items()])


def typer_app(help_: str) -> typer.Typer:
    """An empty `Typer` for a verb with verbs of its own, such as `queue list`."""
    return typer.Typer(
        help=help_,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _command(name: str, verb: Verb) -> Any:
    member = getattr(import_module(f"{__name__}.{verb.module}"), verb.member)
    if not isinstance(member, typer.Typer):
        app = typer_app(verb.help)
        app.command(name, help=member.__doc__)(member)
        member = app
    command = typer.main.get_command(member)
    command.name = name
    return command


def _root() -> Any:
    app = typer.Typer(
        cls=Verbs,
        name="workbench",
        help="Node-graph pipelines for storyboards.",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_begin)
    return typer.main.get_group(app)


def _be_verbose(is_asked: bool) -> None:
    """Before the verb is even looked for: it may be what goes wrong."""
    errors.VERBOSE.set(is_asked)


def _begin(
    context: typer.Context,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            help="Show where an error comes from.",
            callback=_be_verbose,
        ),
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and stop.")
    ] = False,
) -> None:
    """What holds for every verb."""
    if version:
        from importlib.metadata import version as installed

        printing.show(installed("animator-workbench"))
        raise typer.Exit
    if context.invoked_subcommand is None:
        printing.show(context.get_help())
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line, by default that of the process; gives the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    args = None if arguments is None else list(arguments)
    with errors.boundary() as result, interrupts.as_keyboard_interrupt():
        code = _root().main(args, prog_name="workbench", standalone_mode=False)
        result.code = int(code or 0)
        sys.stdout.flush()
    return result.code
