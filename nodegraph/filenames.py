"""Names for files and folders that every system accepts, and how they are ordered."""

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath

LONGEST = 120
"""UTF-8 bytes of a name that are kept when it is too long for a file."""

PRESET_LONGEST = 40
OUTPUT_LONGEST = 24
"""Shorter, so that shot, preset, output and version fit into 255 bytes together."""

_TAIL = 9
"""Bytes of the mark on a name that was cut: a dash and eight hexadecimal digits."""

_FORBIDDEN = frozenset('<>:"/\\|?*')
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Cs", "Zl", "Zp"})
"""Unicode categories that no name keeps: control, format (joiners and writing
direction among them), unassigned, lone surrogates, line and paragraph ends."""

_DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$"}
    | {f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789¹²³"}
)
"""What Windows takes for a device, whatever suffix follows."""


class UnsafePathError(ValueError):
    """A path that leads out of the folder it belongs to; the message names both."""


def safe(name: str, longest: int = LONGEST) -> str:
    """`name` as Windows, macOS and Linux all accept it, in NFC; never empty.

    What a system refuses, hides or shows deceptively becomes `_`.  A name of more than
    `longest` + 9 UTF-8 bytes keeps its first `longest` and ends in `-` and eight digits
    of the whole name's SHA-256, so that equal beginnings stay apart.  A name made
    safe once stays as it is.
    """
    name = unicodedata.normalize("NFC", name)
    clean = _without_devices(_without_edges(_without_forbidden(name)))
    return _cut(clean, name, longest)


def _without_forbidden(name: str) -> str:
    return "".join(
        "_" if char in _FORBIDDEN or unicodedata.category(char) in _UNSEEN else char
        for char in name
    )


def _without_edges(name: str) -> str:
    """No option (`-x`), hidden file (`.x`) or end that Windows drops (`x.`, `x `)."""
    if name[:1] in ("", "-", ".", " "):
        name = "_" + name[1:]
    return name[:-1] + "_" if name[-1] in ". " else name


def _without_devices(name: str) -> str:
    device = name.partition(".")[0].rstrip(" ").upper()
    return "_" + name if device in _DEVICES else name


def _cut(clean: str, name: str, longest: int) -> str:
    data = clean.encode()
    if len(data) <= longest + _TAIL:
        return clean
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{data[:longest].decode('utf-8', 'ignore')}-{digest[: _TAIL - 1]}"


def fold(name: str) -> str:
    """Equal for names that are equal but for case or Unicode form."""
    decomposed = unicodedata.normalize("NFD", name)
    return unicodedata.normalize("NFC", decomposed.casefold())


NaturalKey = tuple[tuple[str | tuple[int, str], ...], str]


def natural(name: str) -> NaturalKey:
    """The key that sorts `board-2` before `board-10`, whatever the case.

    Digits of any script and any number count; equal numbers and letters fall back to
    the exact text, so that the order never depends on the order of arrival.
    """
    parts = re.split(r"(\d+)", fold(name))
    key = (_number(part) if i % 2 else part for i, part in enumerate(parts))
    return tuple(key), name


def _number(digits: str) -> tuple[int, str]:
    """Orders like the number, without the limit that `int` has on digits."""
    plain = "".join(str(unicodedata.decimal(digit)) for digit in digits).lstrip("0")
    return len(plain), plain


def output_name(
    shot: str, preset: str, output: str | None, suffix: str, version: int
) -> str:
    """`<shot>_<preset>[_<output>]_v001.<suffix>`, at most 240 bytes.

    A result of the whole run has the shot `""`; `output` is None where there is only
    one.  `suffix` may carry its dot.
    """
    stem = f"{_series(shot, preset, output)}_v{version:03d}"
    return f"{stem}.{safe(suffix.lstrip('.').lower(), 8)}"


def _series(shot: str, preset: str, output: str | None) -> str:
    """What the versions of one result have in common."""
    parts = [safe(shot)] if shot else []
    parts.append(safe(preset, PRESET_LONGEST))
    if output is not None:
        parts.append(safe(output, OUTPUT_LONGEST))
    return "_".join(parts)


def next_version(
    existing_names: Iterable[str], shot: str, preset: str, output: str | None = None
) -> int:
    """The first version, from 1, after all that lie in the output's folder.

    Whatever bears a version of up to nine digits counts, with any suffix, in any
    case: nothing there is overwritten, and no number comes back while a later one
    exists.
    """
    series = fold(_series(shot, preset, output))
    pattern = re.compile(re.escape(series) + r"_v([0-9]{1,9})(?![0-9])")
    found = (pattern.match(fold(name)) for name in existing_names)
    return 1 + max((int(match[1]) for match in found if match), default=0)


def inside(root: Path, relative: str) -> Path:
    """The path of `relative` (parts joined by `/`) within `root`.

    Raises `UnsafePathError` where it is absolute on any system, climbs with `..`,
    holds a backslash or NUL, or leads out through a symbolic link.
    """
    path = root / relative
    if not (_is_plain(relative) and _stays(root, path)):
        message = f"{printable(relative)} leads out of {printable(str(root))}: "
        raise UnsafePathError(message + "name a file inside that folder")
    return path


def _is_plain(relative: str) -> bool:
    windows = PureWindowsPath(relative)
    return not (
        "\\" in relative
        or "\0" in relative
        or windows.drive
        or windows.root
        or ".." in PurePosixPath(relative).parts
    )


def _stays(root: Path, path: Path) -> bool:
    """Whether links, followed as far as they lead, keep `path` within `root`."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def printable(text: str) -> str:
    r"""`text` on one terminal line: what cannot be seen is spelled, such as `\n`."""
    return "".join(
        char
        if char.isprintable() or unicodedata.category(char) == "Zs"
        else char.encode("unicode_escape").decode("ascii")
        for char in text
    )
