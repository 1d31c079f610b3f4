"""A project's own node files: read once, compared with what was trusted, then run."""

import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType

from nodegraph.files import plain

FOLDER = "custom_nodes"
"""Of a project, and the package its files are modules of."""
LARGEST = 4 * 2**20
"""Bytes of a node file."""
DIGITS = 12
"""Hex digits of a file's digest in the version of its node types."""


@dataclass(frozen=True)
class CustomFile:
    """A node file of a project, as it was when somebody looked."""

    path: Path
    sha256: str
    """Of its bytes; empty where it was not read."""
    trusted: bool = False
    """Whether the user allowed exactly these bytes."""
    changed: bool = False
    """Whether the user allowed other bytes at this place."""
    refused: str = ""
    """Why it can never run; empty for most."""

    @property
    def is_shared(self) -> bool:
        """Whether it is code for other node files: an underscore leads its name."""
        return self.path.stem.startswith("_")

    @property
    def module(self) -> str:
        """The name it is imported by."""
        return f"{FOLDER}.{self.path.stem}"

    @property
    def objection(self) -> str:
        """Why it does not run now, with the remedy; empty where it does."""
        if self.refused or self.trusted:
            return self.refused
        state = "changed since it was trusted" if self.changed else "is not trusted"
        return f"{state}: read it, then run `workbench trust`"


def read(path: Path) -> bytes:
    """The content of a node file; raises `OSError` where it is no plain, small file."""
    with plain(path).open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise OSError(f"it is larger than {LARGEST // 2**20} MB")
    return content


def digest(content: bytes) -> str:
    """The sha256 of a file's content, in hex."""
    return hashlib.sha256(content).hexdigest()


class Code(MetaPathFinder, InspectLoader):
    """Imports `custom_nodes.<stem>` from bytes in memory, never from the folder.

    So nothing that appears in the folder later, compiled caches included, can run.
    """

    def __init__(self, files: Mapping[str, tuple[Path, bytes]]) -> None:
        """Offer the files, by the full name of their module."""
        self._files = dict(files)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
        /,
    ) -> ModuleSpec | None:
        """Where the module comes from; None where it is not one of these files."""
        if fullname == FOLDER:
            return ModuleSpec(fullname, self, is_package=True)
        if fullname not in self._files:
            return None
        spec = ModuleSpec(fullname, self, origin=str(self._files[fullname][0]))
        spec.has_location = True
        return spec

    def is_package(self, fullname: str) -> bool:
        """Only the folder is."""
        return fullname == FOLDER

    def get_source(self, fullname: str) -> str:
        """The text, for tracebacks."""
        from importlib.util import decode_source

        return decode_source(self._files[fullname][1]) if fullname != FOLDER else ""

    def get_code(self, fullname: str) -> CodeType | None:
        """The compiled file; raises `SyntaxError`."""
        if fullname == FOLDER:
            return self.source_to_code("")
        path, content = self._files[fullname]
        return self.source_to_code(content, str(path))


def offer(files: Mapping[str, tuple[Path, bytes]]) -> None:
    """Make these files importable in this process, in place of any offered before."""
    for name in [n for n in sys.modules if n.partition(".")[0] == FOLDER]:
        del sys.modules[name]
    sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, Code)]
    if files:
        sys.meta_path.insert(0, Code(files))


def mark(file: CustomFile, shared: Sequence[CustomFile]) -> str:
    """What the version of the file's node types carries: their results depend on it.

    The first digits of the file's digest; where the project has shared code, of the
    digests of both, for a change there may change any result.
    """
    if not shared:
        return file.sha256[:DIGITS]
    parts = [file.sha256, *sorted(other.sha256 for other in shared)]
    return digest("\n".join(parts).encode())[:DIGITS]
