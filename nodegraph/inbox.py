"""What other processes ask of the one that writes: a file each, and an answer."""

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nodegraph.files import write_whole

PATIENCE = 5.0
"""Seconds after which a writer that has not answered counts as busy."""
_LOOK = 0.1
_ASKED, _ANSWERED = ".request.json", ".answer.json"
Handler = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class NoAnswer(RuntimeError):
    """The process that writes the project did not answer in time."""


def ask(
    folder: Path, request: Mapping[str, Any], patience: float = PATIENCE
) -> dict[str, Any]:
    """Leave a request and give the answer; raises `NoAnswer`."""
    folder.mkdir(parents=True, exist_ok=True)
    name = secrets.token_hex(8)
    asked, answered = folder / (name + _ASKED), folder / (name + _ANSWERED)
    write_whole(asked, json.dumps(dict(request)).encode())
    until = time.monotonic() + patience
    try:
        while time.monotonic() < until:
            with suppress(FileNotFoundError):
                answer: dict[str, Any] = json.loads(answered.read_bytes())
                return answer
            time.sleep(_LOOK / 4)
    finally:
        asked.unlink(missing_ok=True)
        answered.unlink(missing_ok=True)
    raise NoAnswer(f"no answer after {patience:g} s")


class Inbox:
    """Answers requests on a thread of its own until it is closed."""

    def __init__(self, folder: Path, handler: Handler) -> None:
        """Requests left by a time when nobody listened are dropped, not carried out."""
        self._folder, self._handler = folder, handler
        for stale in folder.glob("*.json") if folder.is_dir() else ():
            stale.unlink(missing_ok=True)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="inbox", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._closing.set()
        self._thread.join()

    def _listen(self) -> None:
        while not self._closing.wait(_LOOK):
            for path in self._asked():
                self._answer(path)

    def _asked(self) -> list[Path]:
        try:
            return sorted(self._folder.glob("*" + _ASKED))
        except OSError:  # nobody has asked yet, or the folder is on its way out
            return []

    def _answer(self, path: Path) -> None:
        try:
            asked = path.read_bytes()
            path.unlink()
        except OSError:
            return  # whoever asked has given up
        try:
            answer = json.dumps(dict(self._handler(json.loads(asked))))
        except Exception as error:  # noqa: BLE001 (told to the process that asked)
            answer = json.dumps({"error": str(error) or type(error).__name__})
        name = path.name.removesuffix(_ASKED) + _ANSWERED
        with suppress(OSError):
            write_whole(self._folder / name, answer.encode())
