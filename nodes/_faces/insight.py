"""The door to insightface: its detector, recogniser and swapper, from exact files.

Nothing here gives insightface a name to look up, so it never downloads; what it prints
goes to stderr, so that a command's output stays clean.
"""

import contextlib
import functools
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nodes._faces.model_files import KINDS, identify
from nodes._sessions import CPU, session, stamp

_QUIET = threading.RLock()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send what insightface prints to stderr and drop its deprecation warnings.

    Both are settings of the whole process: one thread at a time.
    """
    with _QUIET, contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def scrfd(path: str, providers: Sequence[str] = (CPU,)) -> Any:
    """insightface's SCRFD on this very file."""
    return _model("scrfd", path, tuple(providers))


def arcface(path: str, providers: Sequence[str] = (CPU,)) -> Any:
    """insightface's ArcFaceONNX on this very file."""
    return _model("arcface", path, tuple(providers))


def inswapper(path: str, providers: Sequence[str] = (CPU,)) -> Any:
    """insightface's INSwapper on this very file."""
    return _model("inswapper", path, tuple(providers))


def known_face(points: Any, embedding: Any = None) -> Any:
    """insightface's own kind of face, for what takes one."""
    with quiet():
        from insightface.app.common import Face

        return Face(kps=points, embedding=embedding)


def _model(kind: str, path: str, providers: tuple[str, ...]) -> Any:
    require(kind, path)
    size, modified = stamp(path)
    return _loaded(kind, path, size, modified, providers)


def require(kind: str, path: str) -> None:
    """Raise ValueError unless the file is a model of this kind."""
    found = identify(path)
    if found != kind:
        raise ValueError(
            f"{Path(path).name} holds {found or 'another model'}, not {kind} "
            f"({KINDS[kind]}): choose the right file"
        )


@functools.lru_cache(maxsize=6)
def _loaded(
    kind: str, path: str, size: int, modified: int, providers: tuple[str, ...]
) -> Any:
    opened = session(path, providers)
    with quiet():
        from insightface.model_zoo import SCRFD, ArcFaceONNX
        from insightface.model_zoo.inswapper import INSwapper

        if kind == "scrfd":
            model = SCRFD(path, opened, static_shape_sessions=False)
            model.prepare(0, input_size=(640, 640))
            return model
        make = {"arcface": ArcFaceONNX, "inswapper": INSwapper}[kind]
        return make(path, opened)
