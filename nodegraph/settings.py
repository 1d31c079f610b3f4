"""What a project's owner may decide in `.workbench/settings.toml`."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

NAME = "settings.toml"


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
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return ProjectSettings()
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None
    known = {field.name: field for field in fields(ProjectSettings)}
    for key, value in table.items():
        if key not in known:
            raise SettingsError(
                f"{path}: there is no setting {key!r}: it has {', '.join(known)}"
            )
        number = isinstance(value, int | float) and not isinstance(value, bool)
        whole = known[key].type is int
        if not number or value < 0 or (whole and value != int(value)):
            kind = "a whole number" if whole else "a number"
            raise SettingsError(f"{path}: {key} is {value!r}: give {kind}, 0 or more")
    return ProjectSettings(**table)
