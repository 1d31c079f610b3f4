"""ONNX models: what a file holds, and one session for each, held open in this process."""

import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CPU = "CPUExecutionProvider"

THREADS = 2
"""Of one model, where OMP_NUM_THREADS does not say: several workers run at once."""


def session(path: str | Path, providers: Sequence[str] = (CPU,)) -> Any:
    """The onnxruntime session for a model file, kept until the file changes.

    `providers` are onnxruntime's names, the best first; CPU is always added last.
    `session(...).get_providers()` says which ones it got.  Raises ValueError where the
    file cannot be read, is no ONNX model, or a provider is not part of this onnxruntime.
    """
    size, modified = stamp(path)
    return _opened(str(path), size, modified, _checked(providers), threads())


def stamp(path: str | Path) -> tuple[int, int]:
    """Size and time of change, which stand for a file's content."""
    try:
        status = Path(path).stat()
    except OSError as error:
        raise ValueError(
            f"the model {path} cannot be read ({error.strerror}): choose it again"
        ) from None
    return status.st_size, status.st_mtime_ns


def graph(path: str | Path) -> Any:
    """What a model file computes, in onnx's own words, weights kept apart left out.

    Raises ValueError where the file holds no model.
    """
    import onnx

    try:
        return onnx.load(path, load_external_data=False).graph
    except Exception as error:  # noqa: BLE001 (protobuf raises types of its own)
        raise ValueError(
            f"{Path(path).name} is no ONNX model ({error}): choose a complete file"
        ) from None


def first_line(error: Exception) -> str:
    """What an error says first: onnxruntime adds where in its code that was."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def threads() -> int:
    """How many threads one model may use: OMP_NUM_THREADS, or `THREADS`."""
    text = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, int(text)) if text.isdecimal() else THREADS


def _checked(providers: Sequence[str]) -> tuple[str, ...]:
    import onnxruntime

    there = onnxruntime.get_available_providers()
    for name in providers:
        if name not in there:
            raise ValueError(
                f"{name} is not part of the installed onnxruntime "
                f"(it has {', '.join(there)}): choose one of these or install the "
                "onnxruntime for your hardware"
            )
    return tuple(dict.fromkeys((*providers, CPU)))


@functools.lru_cache(maxsize=8)
def _opened(
    path: str, size: int, modified: int, providers: tuple[str, ...], threads: int
) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(path, options, providers=list(providers))
    except Exception as error:  # noqa: BLE001 (onnxruntime raises types of its own)
        raise ValueError(
            f"the model {Path(path).name} cannot be opened ({first_line(error)}): choose a "
            "complete ONNX file"
        ) from None
