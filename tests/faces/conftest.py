"""What the tests of faces share: library photographs, generated models, no network."""

import socket
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
from models import detector, drawn_face, recogniser, swapper
from photographs import ASTRONAUT, GROUP, TURNED, Photograph, photograph

from nodes._faces.cascades import Haar

YUNET = Path(__file__).parents[3] / "shared" / "models" / "yunet_n_640_640.onnx"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a connection fails."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError(f"a connection was opened: {args[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Generated model files by kind, under names that say nothing."""
    folder = tmp_path_factory.mktemp("models")
    return {
        "scrfd": str(detector(folder / "a.onnx")),
        "arcface": str(recogniser(folder / "b.onnx")),
        "sface": str(recogniser(folder / "c.onnx", 128)),
        "inswapper": str(swapper(folder / "d.onnx")),
    }


@pytest.fixture(scope="session")
def yunet() -> str:
    """A real YuNet file, where there is one."""
    if not YUNET.is_file():
        pytest.skip("no YuNet file here")
    return str(YUNET)


@pytest.fixture(scope="session")
def astronaut() -> Photograph:
    """Eileen Collins, public domain, from scikit-image."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from skimage import data

        return photograph(data.astronaut(), ASTRONAUT)


@pytest.fixture(scope="session")
def group_rgb() -> np.ndarray:
    """Six people, from insightface."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import insightface

    path = Path(insightface.__file__).parent / "data" / "images" / "t1.jpg"
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


@pytest.fixture(scope="session")
def group(group_rgb: np.ndarray) -> list[Photograph]:
    """The people of the group picture who look about straight ahead."""
    return [photograph(group_rgb, points) for points in GROUP]


@pytest.fixture(scope="session")
def turned(group_rgb: np.ndarray) -> Photograph:
    """The one of the group who turns away."""
    return photograph(group_rgb, TURNED)


@pytest.fixture(scope="session")
def haar() -> Haar:
    """The built-in detector."""
    return Haar()


@pytest.fixture(scope="session")
def drawn() -> Photograph:
    """A drawn face with markers, its points known."""
    return photograph(*drawn_face())


@pytest.fixture(scope="session")
def other_drawn() -> Photograph:
    """Another drawn face, darker and tilted."""
    return photograph(*drawn_face(angle=-6, skin=(170, 120, 90), seed=7))
