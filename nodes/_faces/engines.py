"""Which detector, descriptor and swapper serve, by the models that are chosen."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from nodegraph import MissingError
from nodes._faces.appearance import Appearance
from nodes._faces.cascades import Haar
from nodes._faces.classic import Classic
from nodes._faces.compose import Patch
from nodes._faces.describe import Arcface, Descriptor, Sface
from nodes._faces.face import Face
from nodes._faces.inswapper import Inswapper
from nodes._faces.limits import Limits
from nodes._faces.model_files import KINDS, Models
from nodes._faces.region import Region
from nodes._faces.scrfd import Scrfd
from nodes._faces.source import Source
from nodes._faces.yunet import Yunet
from nodes._sessions import CPU

if TYPE_CHECKING:
    from nodes._faces.face import Pixels


class Detector(Protocol):
    """Finds the faces of a picture."""

    name: str

    def find(self, rgb: "Pixels") -> list[Face]:
        """The faces with their five points, the largest first."""


class Swapper(Protocol):
    """Makes the new face; where it lies and how it is lit is the compositor's."""

    name: str
    limits: Limits

    def patch(
        self, pixels: "Pixels", face: Face, region: Region, source: Source
    ) -> Patch:
        """The new pixels for `face` at the working size of the region."""


class Resolved(NamedTuple):
    """A choice made when planning: what serves, and the model files it needs."""

    name: str
    files: Models


NEEDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "detector": {"scrfd": ("scrfd",), "yunet": ("yunet",), "haar": ()},
    "descriptor": {"arcface": ("arcface",), "sface": ("sface",), "appearance": ()},
    "swapper": {"inswapper": ("inswapper", "arcface"), "classic": ()},
}
"""The kinds of model each needs, the best first; the last needs none."""


def resolve(task: str, asked: str, models: Models) -> Resolved:
    """Who serves for a `task` of `NEEDS`, with the model files there are.

    `auto` takes the best whose files are all there.  Raises MissingError where a name
    is asked for whose model is missing, ValueError for an unknown name.
    """
    choices = NEEDS[task]
    if asked != "auto":
        return _asked(task, asked, models)
    for name, kinds in choices.items():
        if all(kind in models for kind in kinds):
            return Resolved(name, _files(kinds, models))
    raise AssertionError("the last of each task needs no model")


def _asked(task: str, asked: str, models: Models) -> Resolved:
    choices = NEEDS[task]
    if asked not in choices:
        raise ValueError(f"no {task} is called {asked!r}: choose {', '.join(choices)}")
    missing = [kind for kind in choices[asked] if kind not in models]
    if missing:
        kind, builtin = missing[0], list(choices)[-1]
        raise MissingError(
            f"{asked} needs a {kind} model ({KINDS[kind]}): choose its file, "
            f"or {builtin}, which needs none"
        )
    return Resolved(asked, _files(choices[asked], models))


def _files(kinds: Sequence[str], models: Models) -> Models:
    return {kind: models[kind] for kind in kinds}


def detector(name: str, models: Models, providers: Sequence[str] = (CPU,)) -> Detector:
    """The detector of a resolved name."""
    if name == "scrfd":
        return Scrfd(models["scrfd"], providers)
    if name == "yunet":
        return Yunet(models["yunet"], providers)
    return Haar()


def descriptor(
    name: str, models: Models, providers: Sequence[str] = (CPU,)
) -> Descriptor:
    """The descriptor of a resolved name."""
    if name == "arcface":
        return Arcface(models["arcface"], providers)
    if name == "sface":
        return Sface(models["sface"], providers)
    return Appearance()


def swapper(name: str, models: Models, providers: Sequence[str] = (CPU,)) -> Swapper:
    """The swapper of a resolved name."""
    if name == "inswapper":
        return Inswapper(models["inswapper"], providers)
    return Classic()
