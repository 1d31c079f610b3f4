"""The real command, watched: a call that writes where it should not fails its test."""

import json
import os
import shlex
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from commands import Said, Workbench, chain, draw

from nodegraph import trust
from nodegraph.graph import Node

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
SIZE = (32, 18)
PRESET = "soft.json"


class Guarded(Workbench):
    """The command in a folder; beside it lie the user's home and a Ghostscript.

    Whatever is changed outside the project's records and the output folder, a program
    that is started, or a traceback is an error of the test that called.
    """

    @property
    def root(self) -> Path:
        """Where everything lies that a call could reach by mistake."""
        return self.folder.parent

    def __call__(self, *words: object, **environment: str) -> Said:
        """Call it, wait for its end and look around."""
        before = dict(_seen(self.root))
        said = super().__call__(*words, **environment)
        after = dict(_seen(self.root))

        allowed = tuple(self._allowed(list(map(str, words))))
        changed = {p for p in before.keys() | after if before.get(p) != after.get(p)}
        assert not [path for path in changed if not path.startswith(allowed)]
        assert "Traceback" not in said.out + said.err
        return said

    def _allowed(self, words: Sequence[str]) -> Iterator[str]:
        yield str(self.folder / ".workbench")
        yield str(self.folder / "out")
        for option, value in pairwise(words):
            if option in ("--out", "--project"):
                yield str(self.folder / value)

    def trust(self, name: str, text: str) -> None:
        """Write a node file into the project and allow it to run."""
        file = self.folder / "custom_nodes" / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in self.environment.items():
                patch.setenv(variable, value)
            trust.trust(self.folder)

    def limited(self, *words: object, kilobytes: float) -> Said:
        """Call it as on a disk where no file has room for more than this."""
        code = (
            "import resource as r, sys; from nodegraph.cli import main; "
            f"r.setrlimit(r.RLIMIT_FSIZE, ({int(kilobytes * 1024)},) * 2); "
            "sys.exit(main(sys.argv[1:]))"
        )
        shell = Shell(self.folder, self.environment)
        return shell(sys.executable, "-c", code, *words)

    def unprivileged(self, *words: object) -> Said:
        """Call it so that rights of files hold, for root too."""
        code = (
            "import ctypes, os, sys; c = ctypes.CDLL(None); "
            "[c.prctl(24, right) for right in (1, 2) if hasattr(c, 'prctl')]; "
            "os.execv(sys.executable, [sys.executable, '-m', 'nodegraph', *sys.argv[1:]])"
        )
        shell = Shell(self.folder, self.environment)
        return shell(sys.executable, "-c", code, *words)


class Shell(Workbench):
    """Any program, called as the command is."""

    def __call__(self, *words: object, **environment: str) -> Said:
        """Call it and wait for its end."""
        done = subprocess.run(
            list(map(str, words)),
            check=False,
            cwd=self.folder,
            env={**os.environ, **self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
        )
        return Said(done.returncode, done.stdout, done.stderr)


def guarded(root: Path, name: str = "here") -> Guarded:
    """The command in `root/name` with the preset `soft` and a board of three shots."""
    folder = root / name
    draw(folder / "board", "a-1.png", "a-2.png", "a-10.png", size=SIZE)
    chain(folder / PRESET, Node("blur", "blur", {"radius": 2.0}, name="Soft"))
    for each in ("home", "scratch", "bin"):
        (root / each).mkdir()
    ghostscript = root / "bin" / "gs"
    ghostscript.write_text(f"#!/bin/sh\ntouch {shlex.quote(str(root / 'gs-ran'))}\n")
    ghostscript.chmod(0o755)
    environment = {
        "HOME": str(root / "home"),
        "XDG_CACHE_HOME": str(root / "home"),
        "TMPDIR": str(root / "scratch"),
        "PATH": f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "WORKBENCH_CONFIG": str(root / "configuration"),
    }
    return Guarded(folder, environment)


def _seen(root: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Everything below a folder, and what changes when it is written."""
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(folder, name)  # noqa: PTH118 (names that are no text)
            state = os.lstat(path)
            if stat.S_ISDIR(state.st_mode):
                yield path, (state.st_mode, state.st_ino)
            else:
                yield (
                    path,
                    (state.st_mode, state.st_ino, state.st_size, state.st_mtime_ns),
                )


def told_once(said: Said, code: int, *named: str) -> None:
    """Check that all there is to hear is one line of stderr that names these."""
    assert said.code == code, said.err
    errors = [line for line in said.err.splitlines() if not line.startswith("note: ")]
    assert len(errors) == 1, said.err
    for name in named:
        assert name in errors[0]


def ended(said: Said) -> dict[str, dict[str, Any]]:
    """What became of each shot, by its name, from JSON lines that are nothing else."""
    assert [line["event"] for line in said.lines][-1] == "summary"
    return {row["shot"]: row for row in said.summary["outputs"]}


def failed(said: Said) -> dict[str, str]:
    """The errors of the shots that failed."""
    rows = ended(said).items()
    return {shot: row["error"] for shot, row in rows if row["status"] == "failed"}


def done(said: Said) -> dict[str, Path]:
    """The files of the shots that are done, each of them there."""
    rows = ended(said).items()
    files = {s: Path(r["file"]) for s, r in rows if r["status"] == "completed"}
    assert all(file.is_file() for file in files.values())
    return files


def manifest(folder: Path) -> list[dict[str, Any]]:
    """The entries of the list in an output folder."""
    content = json.loads((folder / "manifest.json").read_bytes())
    assert content["format"] == 1
    return list(content["entries"])
