"""The command in this process: quick, for what needs no process of its own."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import Said

from nodegraph.cli import main


@dataclass(frozen=True)
class Inside:
    """Calls the command on one project."""

    project: Path
    output: pytest.CaptureFixture[str]

    def __call__(self, *words: object) -> Said:
        """Call it with `--project`."""
        return self.bare(*words, "--project", self.project)

    def bare(self, *words: object) -> Said:
        """Call it with these words alone."""
        self.output.readouterr()
        code = main(list(map(str, words)))
        said = self.output.readouterr()
        return Said(code, said.out, said.err)
