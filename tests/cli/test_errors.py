"""Exit codes: every error of the engine has one."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import nodegraph
from nodegraph.cli.errors import MISSING, UNEXPECTED, USAGE, code_of

INTERNAL = {
    "Cancelled",
    "Held",
    "JobError",
    "NodeTypeError",
    "NotRecording",
    "RemoteTraceback",
    "WorkerDied",
}
"""What never reaches a person as it is: the end of a task, or a mistake of ours."""

ROOT = Path(str(nodegraph.__file__)).parent


def errors() -> list[type[Exception]]:
    """All classes of errors that the engine defines."""
    found = []
    for path in sorted(ROOT.glob("*.py")):
        if path.name != "__main__.py":
            names = [
                item.name
                for item in ast.parse(path.read_text("utf-8")).body
                if isinstance(item, ast.ClassDef)
            ]
            module = import_module(f"nodegraph.{path.stem}") if names else None
            members = (getattr(module, name) for name in names)
            found += [m for m in members if issubclass(m, Exception)]
    return found


@pytest.mark.parametrize("error", errors(), ids=lambda error: error.__name__)
def test_every_error_a_person_may_meet_has_an_exit_code(error):
    if error.__name__ not in INTERNAL:
        assert code_of(error.__new__(error)) != UNEXPECTED


def test_what_the_user_named_wrongly_is_usage():
    unknown = [e for e in errors() if e.__name__.startswith("Unknown")]

    codes = {error.__name__: code_of(error.__new__(error)) for error in unknown}
    assert codes.pop("UnknownTypeError") == MISSING
    assert set(codes.values()) == {USAGE}


def test_whoever_reads_our_output_may_go_away():
    command = [sys.executable, "-c", SHOW]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()

    assert process.wait(60) == UNEXPECTED
    assert process.stderr.read() == ""
    process.stderr.close()


SHOW = "import sys; from nodegraph.cli import main; sys.exit(main(['--help']))"
