"""What a command loads before it does anything: as little as it can."""

import subprocess
import sys

import pytest

from nodegraph.cli import VERBS, main

HEAVY = {
    "PIL",
    "cv2",
    "dearpygui",
    "insightface",
    "networkx",
    "numpy",
    "onnxruntime",
    "psutil",
    "rich",
    "skimage",
    "tinydb",
    "typer",
}


def loaded_by(*words: str) -> set[str]:
    """The modules that a process has loaded when the command is done."""
    code = (
        "import sys, os\n"
        "from nodegraph.cli import main\n"
        "main(sys.argv[1:])\n"
        "os.write(2, ' '.join(sys.modules).encode())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)])
def test_help_loads_nothing_but_itself(words):
    loaded = loaded_by(*words)

    assert not loaded & HEAVY
    assert not {name for name in loaded if name.startswith("nodegraph.cli.")} - {
        "nodegraph.cli.errors",
        "nodegraph.cli.interrupts",
        "nodegraph.cli.printing",
    }


@pytest.mark.parametrize("verb", ["run", "batch", "demo"])
def test_help_for_a_verb_loads_no_heavy_library(verb):
    assert not loaded_by(verb, "--help") & (HEAVY - {"typer", "tinydb"})


def test_a_run_on_a_pipe_needs_no_terminal_library(workbench, soft):
    words = ("batch", soft, "board", "--dry-run", "--project", str(workbench.folder))

    said = workbench(*words)

    assert said.code == 0, said.err
    assert "rich" not in loaded_by(
        words[0], soft, str(workbench.folder / "board"), *words[3:]
    )


def test_help_names_every_verb(workbench):
    said = workbench("--help")

    shown = [line.split()[0] for line in said.out.splitlines() if line.startswith("  ")]
    assert shown[: len(VERBS)] == list(VERBS)
    assert all(verb.help in said.out for verb in VERBS.values())


def test_without_words_the_help_is_shown(workbench):
    assert workbench().out == workbench("--help").out


def test_the_version_is_told(workbench):
    from importlib.metadata import version

    assert workbench("--version").out == version("animator-workbench") + "\n"


def test_a_verb_that_is_none_is_refused_with_the_nearest(workbench):
    said = workbench("btch")

    assert (said.code, said.out) == (2, "")
    assert "did you mean batch?" in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("json", [True, False])
def test_a_summary_ends_the_json_of_a_run_stopped_while_loading(
    monkeypatch, capsys, json
):
    def stopped(name):
        raise KeyboardInterrupt

    monkeypatch.setattr("nodegraph.cli.import_module", stopped)

    code = main(["batch", "delivery", "board", *["--json"] * json])

    assert code == 130
    said = capsys.readouterr()
    assert said.out.startswith('{"event":"summary","shots":0') is json
    assert said.err == "stopped\n"
