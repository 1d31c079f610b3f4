"""Which of a project's own node files the user allowed to run, kept with the user."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from nodegraph import custom
from nodegraph.custom import CustomFile
from nodegraph.files import plain, write_whole
from nodegraph.preset import strictjson

VARIABLE = "WORKBENCH_CONFIG"
"""The environment variable that names another folder for the user's configuration."""
FORMAT = 1
_FILE = "trust.json"


class TrustError(OSError):
    """The user's trust cannot be recorded; the message names the cause."""


def configuration() -> Path:
    """The folder of the user's configuration, which may not exist yet."""
    if folder := os.environ.get(VARIABLE):
        return Path(folder).absolute()
    from platformdirs import user_config_path

    return user_config_path("animator-workbench", appauthor=False)


def status(project: Path) -> list[CustomFile]:
    """The node files of a project, by name, and whether each may run.

    An underscore in front marks shared code; it needs trust like any other.  Refused
    are links that lead out of the project's `custom_nodes` and what is no plain file.
    """
    folder = _folder(project)
    digests = _digests()
    return [_look(path, folder, digests) for path in sorted(folder.glob("*.py"))]


def trust(project: Path, files: Sequence[CustomFile] | None = None) -> list[CustomFile]:
    """Allow the project's node files as they are now; gives their new status.

    `files` are those the user has seen, from `status`: a file that changed since then
    stays untrusted.  What was allowed in this project before and is not among them is
    forgotten.  Raises `TrustError` where that cannot be recorded.
    """
    seen = status(project) if files is None else files
    folder = _folder(project)
    others = {
        path: digest
        for path, digest in _digests().items()
        if Path(path).parent != folder
    }
    allowed = {str(file.path): file.sha256 for file in seen if not file.refused}
    _record(others | allowed)
    return status(project)


def _folder(project: Path) -> Path:
    return project.resolve() / custom.FOLDER


def _look(path: Path, folder: Path, digests: Mapping[str, str]) -> CustomFile:
    if not Path(os.path.realpath(path)).is_relative_to(folder):
        reason = f"is a link out of {folder}: copy the file there"
        return CustomFile(path, "", refused=reason)
    if not path.stem.isidentifier():
        reason = "cannot be imported: give it a name of letters, digits and _"
        return CustomFile(path, "", refused=reason)
    try:
        digest = custom.digest(custom.read(path))
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        return CustomFile(path, "", refused=reason)
    known = digests.get(str(path))
    return CustomFile(path, digest, known == digest, known not in (None, digest))


def _digests() -> dict[str, str]:
    """What is allowed, by absolute path; nothing where the record cannot be read."""
    try:
        content = plain(configuration() / _FILE).read_bytes()
    except OSError:
        return {}
    value, problems = strictjson.read(content)
    if problems or not isinstance(value, dict) or value.get("format") != FORMAT:
        return {}
    files = value.get("files")
    pairs = files.items() if isinstance(files, dict) else ()
    return {path: digest for path, digest in pairs if isinstance(digest, str)}


def _record(digests: Mapping[str, str]) -> None:
    path = configuration() / _FILE
    text = strictjson.write({"format": FORMAT, "files": dict(sorted(digests.items()))})
    try:
        content = text.encode()
    except UnicodeEncodeError:
        message = "a folder's name is no Unicode text: rename it, then trust its files"
        raise TrustError(message) from None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, content, mode=0o600)
    except OSError as error:
        raise TrustError(
            f"{path} cannot be written: {error.strerror or error}; make it writable, "
            f"or name another folder in {VARIABLE}"
        ) from None
