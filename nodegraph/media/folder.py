"""Media files by content hash: the one reader and writer of pictures."""

import errno
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from nodegraph.filenames import printable
from nodegraph.files import SCRATCH, flush_folder
from nodegraph.media.colour import in_profile, profile_of
from nodegraph.media.decode import LIMIT, Probe, decode, probe
from nodegraph.media.encode import (
    FRAME,
    THUMB,
    frame,
    png,
    provenance,
    thumbnail,
    unframe,
    with_provenance,
)
from nodegraph.media.formats import SUFFIXES, MediaError, boundary, kind_of, opened
from nodegraph.values import Encoded, Image, Mask, name_of

if TYPE_CHECKING:
    from nodegraph.values import Pixels

__all__ = [
    "FRAME",
    "LIMIT",
    "SUFFIXES",
    "Disk",
    "Media",
    "MediaError",
    "MediaFile",
    "Probe",
    "StorageError",
    "Stored",
    "decode",
    "probe",
    "provenance",
    "with_provenance",
]

Pictured = TypeVar("Pictured", Image, Mask)

_BLOCK = 1 << 20
_ANY_SIZE = 1 << 62  # a result may be larger than a source is allowed to be
_HASH = re.compile(r"[0-9a-f]{64}")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StorageError(MediaError):
    """The disk does not take a file: one line with the place, the cause, the remedy."""


class Stored(NamedTuple):
    """A file in media: its content's hash, suffix, bytes, and size in pixels."""

    sha256: str
    suffix: str
    size: int
    width: int
    height: int


class MediaFile(NamedTuple):
    """A file found in media; `changed` is its time of writing, in Unix seconds."""

    sha256: str
    suffix: str
    size: int
    changed: float
    path: Path


class Disk:
    """What media asks of the system; a test takes another to make it fail."""

    def write(self, descriptor: int, data: bytes | memoryview) -> None:
        """All of `data`."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def flush(self, descriptor: int) -> None:
        """Return when the file's bytes survive a power cut.

        On macOS they may still be in the drive's cache, which the journal's own flush
        empties before anything is acknowledged.
        """
        os.fsync(descriptor)

    def replace(self, scratch: Path, target: Path) -> None:
        """Give a finished file its name."""
        scratch.replace(target)

    def flush_folder(self, folder: Path) -> None:
        """Return when the folder's names survive a power cut."""
        flush_folder(folder)


@dataclass(frozen=True)
class Media:
    """The folder of all pictures of a project, each named by the hash of its bytes.

    A small value that any process or thread may hold and use at the same time.
    Identities never come here: they are biometric and lie in a place of their own.
    """

    root: Path
    disk: Disk = field(default_factory=Disk, compare=False)

    @property
    def thumbs(self) -> Path:
        """Where the thumbnails lie."""
        return self.root.parent / "thumbs"

    def path(self, sha256: str, suffix: str) -> Path:
        """Where a file lies or would lie.  Raises ValueError for what is no hash."""
        if not _HASH.fullmatch(sha256) or not _SUFFIX.fullmatch(suffix):
            raise ValueError(f"{printable(sha256 + suffix)} is no name of a media file")
        return self.root / sha256[:2] / (sha256 + suffix)

    def thumb(self, sha256: str) -> Path:
        """Where the thumbnail of a file lies or would lie."""
        return self.thumbs / self.path(sha256, THUMB).relative_to(self.root)

    def import_source(self, path: Path, limit: int = LIMIT) -> Stored:
        """Copy a picture of the user's as it is; the suffix is that of its content.

        What is measured and hashed is the copy, so a source that changes meanwhile
        does no harm.  Raises `MediaError` for no usable picture, `StorageError`.
        """
        name = printable(path.name)
        with self._scratch() as file:
            digest, size = hashlib.sha256(), 0
            for block in _blocks(path, name):
                digest.update(block)
                size += len(block)
                self.disk.write(file.fileno(), block)
            found = probe(Path(file.name), limit, name)
            sha256 = digest.hexdigest()
            self._keep(file, self.path(sha256, found.suffix), size)
        return Stored(sha256, found.suffix, size, found.width, found.height)

    def save(self, value: Image | Mask, *, final: bool) -> Stored:
        """Keep a picture or mask; when this returns it survives a power cut.

        A picture with `encoded` is kept as those bytes; otherwise a `final` one
        becomes PNG, any other a frame that is several times as fast.  Raises
        `StorageError`, and TypeError for what does not lie in media.
        """
        data, suffix = _file_of(value, final)
        sha256 = hashlib.sha256(data).hexdigest()
        self._put(data, self.path(sha256, suffix))
        return Stored(sha256, suffix, len(data), value.width, value.height)

    def load(
        self, sha256: str, suffix: str, type_: type[Pictured], name: str = ""
    ) -> Pictured:
        """A kept picture, or a mask, its pixels read-only; never with `encoded`.

        `type_` is Image or Mask; for `Any` an intermediate says itself what it is, and
        every other file is a picture.  Raises `MediaError` where the file is missing or
        damaged; that is told of the file called `name`.
        """
        path = self.path(sha256, suffix)
        if suffix == FRAME:
            pixels = unframe(self._bytes(path), path.name)
        else:
            pixels = decode(self._bytes(path), _ANY_SIZE, name or path.name).pixels
        is_mask = pixels.ndim == 2 if type_ is Any else issubclass(type_, Mask)
        loaded = Mask(_grey(pixels)) if is_mask else Image(_coloured(pixels))
        return cast(Pictured, loaded)

    def profile(self, sha256: str, suffix: str, name: str) -> bytes:
        """The colour profile that results of a kept drawing are given back, or none.

        Raises `MediaError` where the file is missing or damaged, and calls it `name`.
        """
        path = self.path(sha256, suffix)
        if not path.exists():
            raise MediaError(
                f"the project's copy of {printable(name)}, which has the colour "
                "profile, is missing: run `workbench doctor --repair`"
            )
        return profile_of(path)

    def export(self, sha256: str, suffix: str, profile: bytes = b"") -> Encoded:
        """The bytes to give to a person: a frame becomes PNG, the rest is as it lies.

        With `profile` what is PNG then has its colours in that profile and carries it;
        only one that the profile cannot tell stays sRGB.
        """
        path = self.path(sha256, suffix)
        if profile and suffix in (FRAME, ".png"):
            own = self.load(sha256, suffix, Image).pixels
            moved = in_profile(own, profile)
            if moved is not None:
                return Encoded(png(moved, profile), ".png")
        if suffix != FRAME:
            return Encoded(self._bytes(path), suffix)
        return Encoded(png(unframe(self._bytes(path), path.name)), ".png")

    def thumbnail(self, value: Image | Mask, sha256: str) -> Path:
        """Keep a small JPEG of a picture under its hash and say where.

        It is not flushed: after a power cut one that does not open is made again.
        """
        target = self.thumb(sha256)
        with _reported(self.thumbs):
            if _is_whole(target):
                return target
            data = thumbnail(value.pixels)
            with self._scratch() as file:
                self.disk.write(file.fileno(), data)
                file.close()
                target.parent.mkdir(parents=True, exist_ok=True)
                self.disk.replace(Path(file.name), target)
        return target

    def verify(self, sha256: str, suffix: str) -> str | None:
        """What is wrong with a file, in a sentence's second half, or None."""
        try:
            with opened(self.path(sha256, suffix)) as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            return "is missing"
        except (OSError, MediaError) as error:
            return f"cannot be read ({printable(str(error))})"
        return None if found == sha256 else "has other content than it had"

    def files(self) -> Iterator[MediaFile]:
        """Every file under a hash, in no order."""
        for path in self.root.glob("[0-9a-f][0-9a-f]/*"):
            if _HASH.fullmatch(path.stem):
                with suppress(FileNotFoundError):
                    state = path.stat()
                    size, changed = state.st_size, state.st_mtime
                    yield MediaFile(path.stem, path.suffix, size, changed, path)

    def leftovers(self) -> Iterator[Path]:
        """What died half written; to be removed only while nobody writes."""
        yield from self.root.glob("*" + SCRATCH)

    def remove(self, sha256: str, suffix: str) -> None:
        """Delete a file and its thumbnail; neither needs to be there."""
        self.path(sha256, suffix).unlink(missing_ok=True)
        self.thumb(sha256).unlink(missing_ok=True)

    def _bytes(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise MediaError(
                f"{path.name} cannot be read ({error.strerror}): run again, it is made anew"
            ) from error

    def _put(self, data: bytes, target: Path) -> None:
        with _reported(self.root):
            if self._is_there(target, len(data)):
                return
        with self._scratch() as file:
            self.disk.write(file.fileno(), data)
            self._keep(file, target, len(data))

    def _is_there(self, target: Path, size: int) -> bool:
        """Whether the file is kept already, its name on the disk too."""
        try:
            if target.stat().st_size != size:
                return False
        except FileNotFoundError:
            return False
        self._settle(target)  # its writer may not be that far yet
        return True

    def _settle(self, target: Path) -> None:
        """Return when the file's name, and that of its folder, survive a power cut."""
        self.disk.flush_folder(target.parent)
        self.disk.flush_folder(self.root)

    def _keep(self, file: FileIO, target: Path, size: int) -> None:
        """Give a written scratch file its name, all of it on the disk."""
        self.disk.flush(file.fileno())
        file.close()
        target.parent.mkdir(exist_ok=True)
        try:
            self.disk.replace(Path(str(file.name)), target)
        except PermissionError:  # on Windows, where another process reads the target
            if not self._is_there(target, size):
                raise
        self._settle(target)

    @contextmanager
    def _scratch(self) -> Iterator[FileIO]:
        """A new file to write, gone afterwards unless it was given a name."""
        scratch = self.root / f"{os.getpid()}-{secrets.token_hex(8)}{SCRATCH}"
        try:
            with _reported(self.root):
                if not self.root.is_dir():
                    self.root.mkdir(parents=True, exist_ok=True)
                    self.disk.flush_folder(self.root.parent)
                with scratch.open("xb", buffering=0) as file:
                    yield file
        finally:
            with suppress(OSError):
                scratch.unlink(missing_ok=True)


def _is_whole(thumb: Path) -> bool:
    """Whether a JPEG has its end."""
    try:
        return thumb.read_bytes().endswith(b"\xff\xd9")
    except FileNotFoundError:
        return False


@contextmanager
def _reported(root: Path) -> Iterator[None]:
    """Say in one line what the disk refused, and what helps."""
    try:
        yield
    except OSError as error:
        place = printable(str(root))
        if error.errno in _FULL:
            raise StorageError(
                f"the disk of {place} is full: free some space and run again"
            ) from error
        raise StorageError(
            f"{place} cannot be written ({error.strerror}): check its permissions"
        ) from error


def _blocks(path: Path, name: str) -> Iterator[bytes]:
    """The bytes of a picture file; the first block must begin like a picture."""
    with boundary(name), opened(path) as file:
        block = file.read(_BLOCK)
        kind_of(block[:32], name)
        while block:
            yield block
            block = file.read(_BLOCK)


def _file_of(value: Image | Mask, final: bool) -> Encoded:
    """A value as the bytes of a file."""
    if not isinstance(value, Image | Mask):
        raise TypeError(f"a value of type {name_of(type(value))} is kept elsewhere")
    if isinstance(value, Image) and value.encoded is not None:
        return value.encoded
    if final:
        return Encoded(png(value.pixels), ".png")
    return Encoded(frame(value.pixels), FRAME)


def _grey(pixels: "Pixels") -> "Pixels":
    """Brightness, shape (height, width); what was grey stays exactly as it was."""
    import cv2
    import numpy as np

    if pixels.ndim == 2:
        return pixels
    return np.asarray(cv2.cvtColor(pixels[:, :, :3], cv2.COLOR_RGB2GRAY), np.uint8)


def _coloured(pixels: "Pixels") -> "Pixels":
    """Shape (height, width, 3 or 4)."""
    import cv2
    import numpy as np

    if pixels.ndim == 3:
        return pixels
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), np.uint8)
