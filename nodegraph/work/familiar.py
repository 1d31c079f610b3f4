"""Pictures that unit after unit asks for stay in a worker's memory."""

from collections import OrderedDict
from collections.abc import Callable, Hashable

from nodegraph.values import Image, Mask

MOST_BYTES = 64 << 20
_MOST_MET = 256
Load = Callable[[], Image | Mask]


class Familiar:
    """Keeps what is asked for a second time, such as an overlay of every shot.

    A shot's own drawing is asked for once, and so displaces nothing.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        """Keep pictures of up to `most` bytes together, the last used ones."""
        self._most = most
        self._met: OrderedDict[Hashable, None] = OrderedDict()
        self._kept: OrderedDict[Hashable, Image | Mask] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable, load: Load) -> Image | Mask:
        """What `load` gives for `key`, its pixels read-only."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        value = load()
        if key in self._met:
            self._keep(key, value)
        self._met[key] = None
        if len(self._met) > _MOST_MET:
            self._met.popitem(last=False)
        return value

    def _keep(self, key: Hashable, value: Image | Mask) -> None:
        value.pixels.setflags(write=False)
        self._kept[key] = value
        self._bytes += value.pixels.nbytes
        while self._bytes > self._most:
            _, old = self._kept.popitem(last=False)
            self._bytes -= old.pixels.nbytes
