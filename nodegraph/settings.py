"""What a project's owner may decide in `.workbench/settings.toml`."""

import math
import stat
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

NAME = "settings.toml"
_ABOVE_ZERO = frozenset({"deadline", "megapixels"})  # with 0 nothing could ever run


class SettingsError(ValueError):
    """The settings cannot be used; the message names the file, the line or the key."""


@dataclass(frozen=True)
class ProjectSettings:
    """Decisions for a whole project, each with its default."""

    workers: int = 0
    """Worker processes; 0 for one per processor core."""
    deadline: float = 600.0
    """Seconds one task may take, unless its node says otherwise."""
    cache_gb: float = 50.0
    """Gigabytes of intermediate pictures that `gc` leaves."""
    megapixels: float = 100.0
    """The largest picture that is let in."""

    @property
    def pixels(self) -> int:
        """The largest picture that is let in."""
        return int(self.megapixels * 1_000_000)


def read_settings(folder: Path) -> ProjectSettings:
    """The settings in a `.workbench` folder; raises `SettingsError`."""
    path = folder / NAME
    table = _table(path)
    known = {field.name: field for field in fields(ProjectSettings)}
    for key, value in table.items():
        if key not in known:
            raise SettingsError(
                f"{path}: there is no setting {key!r}: it has {', '.join(known)}"
            )
        whole, above = known[key].type is int, key in _ABOVE_ZERO
        if not _is_number(value, whole=whole) or value < 0 or (above and value == 0):
            kind = "a whole number" if whole else "a number"
            least = "more than 0" if above else "0 or more"
            raise SettingsError(f"{path}: {key} is {value!r}: give {kind}, {least}")
    return ProjectSettings(**table)


def _table(path: Path) -> dict[str, Any]:
    """What stands in the file; nothing where there is none."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SettingsError(f"{path} is no plain file: remove it")
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise SettingsError(
            f"{path} is no UTF-8 text: save it as such, or remove it"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is no TOML: {error}: mend that line") from None
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror or error}: check its rights"
        ) from None


def _is_number(value: object, *, whole: bool) -> bool:
    if whole or not isinstance(value, float):
        return isinstance(value, int) and not isinstance(value, bool)
    return math.isfinite(value)
