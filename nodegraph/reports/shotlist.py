"""Where every shot stands: its takes, what a person said of it, what is wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from nodegraph.lineage import SHOT_STATUSES, Asset, Settled, Shot, Status, Take
from nodegraph.reports.ancestry import ancestors
from nodegraph.results.delivery import counting, in_order
from nodegraph.results.manifest import worst
from nodegraph.store import ProjectStore


class MarkError(ValueError):
    """A shot cannot be marked so; the message names what there is."""


class Standing(NamedTuple):
    """A shot, its takes, and how the ones that count came out."""

    shot: Shot
    takes: tuple[Take, ...]
    outcome: str | None
    problem: str | None
    held: bool = False
    """Whether the problem waits for a person."""

    @property
    def counting(self) -> tuple[Take, ...]:
        """The takes picked, else the current ones."""
        return counting(self.shot, self.takes)

    def as_json(self) -> dict[str, Any]:
        """As `shots list --json` gives it."""
        shot = self.shot
        current = [take.number for take in self.takes if take.current]
        return {
            "id": shot.id,
            "name": shot.name,
            "sequence": shot.sequence,
            "index": shot.index,
            "board": shot.board,
            "source": shot.source or None,
            "status": shot.status,
            "take": max(current, default=None),
            "pick": dict(shot.pick),
            "note": shot.note,
            "by": shot.by or None,
            "changed": shot.changed or None,
            "outcome": self.outcome,
            "problem": self.problem,
            "omitted": shot.omitted,
            "takes": [_take(shot, take) for take in self.takes],
        }


def _take(shot: Shot, take: Take) -> dict[str, Any]:
    return {
        "number": take.number,
        "result": take.result,
        "asset": take.asset,
        "current": take.current,
        "picked": shot.pick.get(take.result) == take.number,
    }


def standings(store: ProjectStore, board: str | None = None) -> list[Standing]:
    """Every shot, or those of one board, in their order; those gone from it last."""
    shots = store.all(Shot) if board is None else store.by(Shot, "board", board)
    ordered = sorted(in_order(shots), key=lambda shot: shot.omitted)
    return [standing(store, shot) for shot in ordered]


def standing(store: ProjectStore, shot: Shot) -> Standing:
    """Where a shot stands."""
    takes = tuple(store.by(Take, "shot", shot.id))
    chosen = counting(shot, takes)
    outcome = worst(_outcome(store, take.asset) for take in chosen)
    if shot.problem or (end := _failure(store, shot, takes)) is None:
        return Standing(shot, takes, outcome, shot.problem or None)
    said = f"{end.label or end.node!r}: {end.error or end.outcome}"
    return Standing(shot, takes, outcome, said, end.status is Status.HELD)


def _outcome(store: ProjectStore, asset_id: str) -> str | None:
    """The worst outcome on the way to an asset."""
    asset = store.asset(asset_id)
    if asset is None:
        return None
    way: list[Asset] = [asset, *(each.asset for each in ancestors(store, asset))]
    return worst(each.outcome for each in way)


def _failure(store: ProjectStore, shot: Shot, takes: Iterable[Take]) -> Settled | None:
    """What failed or was held last since the shot's newest take."""
    newest = max((_number(take.run) for take in takes), default=0)
    bad = [
        end
        for end in store.by(Settled, "shot", shot.id)
        if end.status in (Status.FAILED, Status.HELD)
        and (_number(end.run) > newest or not newest)
    ]
    return max(bad, key=lambda end: _number(end.run), default=None)


def _number(run: str | None) -> int:
    digits = (run or "").rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0


class Mark(NamedTuple):
    """What a person says of a shot; None leaves it as it was."""

    status: str | None = None
    take: int | None = None
    note: str | None = None


def marked(shot: Shot, mark: Mark, takes: Sequence[Take], by: str) -> Shot:
    """The shot as a person marked it; raises `MarkError`.

    The number of a take makes it the pick for its own result.
    """
    changes: dict[str, Any] = {}
    if mark.status is not None:
        changes["status"] = _status(mark.status)
    if mark.take is not None:
        take = _numbered(shot, mark.take, takes)
        changes["pick"] = {**shot.pick, take.result: take.number}
    if mark.note is not None:
        changes["note"] = mark.note
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return replace(shot, **changes, by=by, changed=now)


def _status(text: str) -> str:
    if text not in SHOT_STATUSES:
        known = ", ".join(repr(each) for each in SHOT_STATUSES)
        raise MarkError(f"there is no status {text!r}: choose one of {known}")
    return text


def _numbered(shot: Shot, number: int, takes: Sequence[Take]) -> Take:
    for take in takes:
        if take.number == number:
            return take
    known = ", ".join(str(take.number) for take in takes)
    there = f"there is {known}" if known else "it has none yet: run a preset on it"
    raise MarkError(f"{shot.path} has no take {number}: {there}")
