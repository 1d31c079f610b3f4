"""The lines of a journal: how a record lies in the file, and reading them back.

A line is `crc32 (8 hex) length (8 hex) space payload newline`; a payload never holds a
newline.  The first line names the format and a random generation, by which readers
notice that compaction has put another file in the place of the one they know.
"""

import secrets
import struct
from binascii import crc32, unhexlify
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from nodegraph.files import plain

FORMAT = 1
HEADER = b"#journal"

_CHUNK = 1 << 17  # bytes read at once: small enough to stay in the processor's cache
_PREFIX = 17


class JournalError(OSError):
    """The journal cannot be read or written; the message says why and what to do."""


class Replay(Protocol):
    """What the payloads of a journal are told to, in order."""

    def clear(self) -> None:
        """Forget everything: another journal begins."""

    def apply(self, payloads: list[bytes]) -> None:
        """Take in the next payloads."""


class Region(NamedTuple):
    """Bytes `start` up to `end` of the journal."""

    start: int
    end: int


def line(payload: bytes) -> bytes:
    """One record as it lies in the file; `payload` holds no newline."""
    return b"%08x%08x %b\n" % (crc32(payload), len(payload), payload)


def header() -> bytes:
    """The first line of a new journal."""
    generation = secrets.token_hex(8).encode()
    return line(b"\t".join((HEADER, b"%d" % FORMAT, generation)))


class Scan:
    """Iterates over the payloads of whole, undamaged lines, in batches.

    Afterwards `end` is the end of the last good line and `last` that line, `damage`
    the unreadable regions before it, `tail` the bytes after it.
    """

    def __init__(self, file: IO[bytes], start: int = 0) -> None:
        """`file` stands at byte `start`, where a line begins."""
        self.end = start
        self.last = b""
        self.damage: list[Region] = []
        self.tail = b""
        self._file = file

    def __iter__(self) -> Iterator[list[bytes]]:
        """Read from the file's position, which is `start`."""
        rest, at = b"", self.end
        while chunk := self._file.read(_CHUNK):
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            if not lines:
                continue
            before, at = at, at + sum(map(len, lines)) + len(lines)
            payloads = _sound(lines) if self.end == before else None
            if payloads is None:
                payloads = list(self._salvage(lines, before))
            else:
                self.end, self.last = at, lines[-1] + b"\n"
            yield payloads
        self._file.seek(self.end)
        # no further than was looked at: a writer may have gone on meanwhile
        self.tail = self._file.read(at + len(rest) - self.end)

    def _salvage(self, lines: list[bytes], at: int) -> Iterator[bytes]:
        for text in lines:
            begin, at = at, at + len(text) + 1
            good = _sound([text])
            if good is None:
                continue
            if begin > self.end:
                self.damage.append(Region(self.end, begin))
            self.end, self.last = at, text + b"\n"
            yield good[0]


def _sound(lines: list[bytes]) -> list[bytes] | None:
    """The payloads, or None unless every line is as it was written."""
    try:
        told = unhexlify(b"".join([text[:16] for text in lines]))
        numbers = struct.unpack(f">{2 * len(lines)}I", told)
    except (ValueError, struct.error):
        return None
    payloads = [text[_PREFIX:] for text in lines]
    sums, lengths = numbers[::2], numbers[1::2]
    if sums != tuple(map(crc32, payloads)) or lengths != tuple(map(len, payloads)):
        return None
    return payloads


class Reader:
    """Follows a journal that another process may be writing; never changes it."""

    def __init__(self, path: Path) -> None:
        """`path` need not exist yet."""
        self.path = path
        self.bytes = 0
        self._head = self._last = b""
        self._lost: list[Region] = []
        self._cut = Region(0, 0)
        self._cut_whole = False

    def refresh(self, into: Replay) -> bool:
        """Take in what is new; True if anything was.

        A journal that was swapped by compaction, or cut back by its writer, is read
        again from the start.  An incomplete last line is left for the next call.
        """
        try:
            with plain(self.path).open("rb", buffering=0) as file:
                return self._follow(file, into)
        except FileNotFoundError:
            known = self.bytes > 0
            self._forget()
            into.clear()
            return known
        except OSError as error:
            raise failed(self.path, "read", error) from error

    def _follow(self, file: IO[bytes], into: Replay) -> bool:
        anew = not self._continues(file)
        if anew:
            self._forget()
            into.clear()
        file.seek(self.bytes)
        scan = Scan(file, self.bytes)
        for payloads in scan:
            into.apply(payloads)
        news = anew or scan.end > self.bytes
        self._lost += scan.damage
        self._cut = Region(scan.end, scan.end + len(scan.tail))
        self._cut_whole = b"\n" in scan.tail
        self.bytes, self._last = scan.end, scan.last or self._last
        if anew or not self._head:
            file.seek(0)
            self._head = file.read(min(64, self.bytes))
        return news

    @property
    def damage(self) -> list[Region]:
        """Regions that could not be read and were passed over."""
        return [*self._lost, self._cut] if self._cut_whole else self._lost

    def _continues(self, file: IO[bytes]) -> bool:
        if self.bytes == 0:
            return True
        if file.read(len(self._head)) != self._head:
            return False
        file.seek(self.bytes - len(self._last))
        return file.read(len(self._last)) == self._last

    def _forget(self) -> None:
        self.bytes = 0
        self._head = self._last = b""
        self._lost, self._cut_whole = [], False


def failed(path: Path, what: str, error: OSError) -> JournalError:
    """What to tell a person when `path` could not be `what`."""
    if isinstance(error, JournalError):
        return error
    return JournalError(
        f"{path} could not be {what}: {error.strerror or error}: "
        "check the disk and the folder's permissions"
    )
