"""Where identities lie: biometric, by reference, readable by their owner alone."""

import hashlib
import io
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodegraph.filenames import safe
from nodegraph.media.folder import Media, MediaError, Stored
from nodegraph.values import Identity, Portrait

SUFFIX = ".identity"
SCRATCH = ".part"
PHOTO, POINTS = "photo_", "points_"
"""Names of the arrays in a file, before the number of the photo."""
_BINARY = getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Identities:
    """The folder of all identities, one folder for each reference."""

    root: Path

    def path(self, reference: str, sha256: str) -> Path:
        """Where an identity lies or would lie."""
        return self.root / safe(reference) / (sha256 + SUFFIX)

    def save(self, identity: Identity) -> Stored:
        """Keep an identity; when this returns it survives a power cut."""
        import numpy as np

        buffer = io.BytesIO()
        arrays = {"engine": np.array(identity.engine), "vector": identity.vector}
        for index, (pixels, points) in enumerate(identity.photos):
            arrays[f"{PHOTO}{index}"] = pixels
            arrays[f"{POINTS}{index}"] = points
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        data = buffer.getvalue()
        sha256 = hashlib.sha256(data).hexdigest()
        target, disk = self.path(identity.reference, sha256), Media(self.root).disk
        for folder in (self.root, target.parent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        scratch = target.with_name(f"{sha256}-{secrets.token_hex(8)}{SCRATCH}")
        descriptor = os.open(
            scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600
        )
        try:
            try:
                disk.write(descriptor, data)
                disk.flush(descriptor)
            finally:
                os.close(descriptor)
            disk.replace(scratch, target)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise
        disk.flush_folder(target.parent)
        disk.flush_folder(self.root)
        return Stored(sha256, SUFFIX, len(data), 0, 0)

    def verify(self, reference: str, sha256: str) -> str | None:
        """What is wrong with an identity's file, in a sentence's second half, or None."""
        try:
            data = self.path(reference, sha256).read_bytes()
        except FileNotFoundError:
            return "is missing"
        except OSError as error:
            return f"cannot be read ({error.strerror})"
        same = hashlib.sha256(data).hexdigest() == sha256
        return None if same else "has other content than it had"

    def files(self) -> Iterator[Path]:
        """Every identity's file, and every one that was left half written."""
        yield from self.root.glob(f"*/*{SUFFIX}")
        yield from self.root.glob(f"*/*{SCRATCH}")

    def load(self, reference: str, sha256: str) -> Identity:
        """A kept identity; raises `MediaError` where it is gone or damaged."""
        from zipfile import BadZipFile

        import numpy as np

        path = self.path(reference, sha256)
        try:
            data = io.BytesIO(path.read_bytes())
            with np.load(data, allow_pickle=False) as arrays:
                photos = tuple(_photos(arrays))
                engine = str(arrays["engine"])
                return Identity(reference, engine, arrays["vector"], photos)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise MediaError(
                f"the identity of {reference!r} cannot be read ({error}): "
                "add the reference again"
            ) from error


def _photos(arrays: Mapping[str, Any]) -> Iterator[Portrait]:
    count = sum(name.startswith(PHOTO) for name in arrays)
    for index in range(count):
        yield Portrait(arrays[f"{PHOTO}{index}"], arrays[f"{POINTS}{index}"])
