"""Units that can start, in the order in which they do."""

from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from nodegraph.scheduler.units import Unit

if TYPE_CHECKING:
    from nodegraph.scheduler.running import Running

WORKERS = None
"""The lane of units that take a worker; each service account has one of its own."""
Lane = str | None


class Waiting(NamedTuple):
    """A unit that can start: where it stands, and the bytes it will take."""

    place: float
    rank: tuple[int, int]
    serial: int
    running: "Running"
    unit: Unit
    need: float


class Ready:
    """The units of all runs that can start, lane by lane.

    One that must not start while a task of it is carried out elsewhere is parked.
    """

    def __init__(self) -> None:
        """Nothing can start yet."""
        self._lanes: dict[Lane, list[Waiting]] = {}
        self._parked: dict[str, list[tuple[Lane, Waiting]]] = {}
        self._serials = count()

    @property
    def lanes(self) -> list[Lane]:
        """Where units wait."""
        return [lane for lane, items in self._lanes.items() if items]

    def count(self, lane: Lane) -> int:
        """How many units wait there."""
        return len(self._lanes.get(lane, ()))

    def push(self, running: "Running", unit: Unit, lane: Lane, need: float) -> None:
        """Line a unit up."""
        place, serial = running.place_of(unit), next(self._serials)
        self.put_back(lane, Waiting(place, unit.rank, serial, running, unit, need))

    def pop(self, lane: Lane) -> Waiting | None:
        """Take out the unit that is the next to start; None where none waits."""
        items = self._lanes.get(lane)
        return heappop(items) if items else None

    def put_back(self, lane: Lane, item: Waiting) -> None:
        """Line up again what was taken out, in the place it had."""
        heappush(self._lanes.setdefault(lane, []), item)

    def park(self, lane: Lane, item: Waiting, key: str) -> None:
        """Set a unit aside until `release` of a task's key."""
        self._parked.setdefault(key, []).append((lane, item))

    def release(self, key: str) -> None:
        """Line up the units that waited for this task to come back."""
        for lane, item in self._parked.pop(key, ()):
            place = item.running.place_of(item.unit)
            self.put_back(lane, item._replace(place=place))

    def reorder(self) -> None:
        """Line all units up anew, by where their runs place them now."""
        for items in self._lanes.values():
            items[:] = [
                item._replace(place=item.running.place_of(item.unit)) for item in items
            ]
            heapify(items)

    def clear(self) -> None:
        """Forget all units."""
        self._lanes.clear()
        self._parked.clear()
