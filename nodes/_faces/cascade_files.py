"""The cascades that come inside OpenCV, each opened once."""

import functools
from pathlib import Path
from typing import Any


@functools.cache
def cascade(name: str) -> Any:
    """One of OpenCV's cascades, such as `eye`; RuntimeError where it has none."""
    import cv2

    folder = Path(getattr(getattr(cv2, "data", None), "haarcascades", ""))
    path = folder / f"haarcascade_{name}.xml"
    if not hasattr(cv2, "CascadeClassifier") or not path.is_file():
        raise RuntimeError(
            "the installed OpenCV has no face cascades: reinstall it with "
            "python -m pip install --force-reinstall 'opencv-python<5'"
        )
    return cv2.CascadeClassifier(str(path))
