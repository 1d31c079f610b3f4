"""Something that is wrong, with the place it is wrong at; what an error says."""

from typing import NamedTuple


class Problem(NamedTuple):
    """One flaw of something a person wrote; both parts are fit to show."""

    place: str
    """Such as `nodes[3].settings.radius`, a file's path or an entry point."""
    message: str

    def __str__(self) -> str:
        """Place and message on one line."""
        return f"{self.place}: {self.message}" if self.place else self.message


def words(error: BaseException) -> str:
    """What an exception says, or nothing where it cannot even do that."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a foreign __str__ may raise anything
        return ""
