import errno
import hashlib
import io
import os
import pickle
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from nodegraph.media.folder import (
    FRAME,
    Disk,
    Media,
    MediaError,
    StorageError,
)
from nodegraph.values import Encoded, Identity, Image, Mask


@pytest.fixture
def media(tmp_path: Path) -> Media:
    return Media(tmp_path / "media")


def noise(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).integers(0, 256, shape, dtype=np.uint8)


def drawing(*shape: int) -> Any:
    pixels = np.full(shape, 240, np.uint8)
    pixels[::7] = 20
    return pixels


@pytest.mark.parametrize("final", [False, True])
@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 7, 4), (33, 1, 3), (3, 600, 4)])
def test_what_is_kept_comes_back_the_same(
    media: Media, shape: tuple[int, ...], final: bool
) -> None:
    image, mask = Image(noise(*shape)), Mask(noise(*shape[:2]))

    kept, kept_mask = media.save(image, final=final), media.save(mask, final=final)

    back = media.load(kept.sha256, kept.suffix, Image)
    assert np.array_equal(back.pixels, image.pixels)
    assert (kept.height, kept.width) == shape[:2]
    back_mask = media.load(kept_mask.sha256, kept_mask.suffix, Mask)
    assert np.array_equal(back_mask.pixels, mask.pixels)
    assert kept.suffix == (".png" if final else FRAME)


def test_an_intermediate_knows_a_mask_from_a_picture(media: Media) -> None:
    values = Mask(noise(4, 5)), Image(noise(4, 5, 3))
    kept = [media.save(value, final=False) for value in values]
    anything: Any = Any

    mask, image = (media.load(k.sha256, k.suffix, anything) for k in kept)

    assert isinstance(mask, Mask)
    assert isinstance(image, Image)


def test_a_file_is_named_by_the_hash_of_its_bytes(media: Media) -> None:
    kept = media.save(Image(noise(4, 4, 3)), final=True)

    path = media.path(kept.sha256, kept.suffix)
    data = path.read_bytes()
    assert path == media.root / kept.sha256[:2] / f"{kept.sha256}.png"
    assert hashlib.sha256(data).hexdigest() == kept.sha256
    assert len(data) == kept.size


@pytest.mark.parametrize("final", [False, True])
def test_an_encoded_result_is_kept_as_its_very_bytes(media: Media, final: bool) -> None:
    stream = io.BytesIO()
    Pillow.fromarray(noise(9, 5, 3)).save(stream, "JPEG", quality=30)
    image = Image(noise(9, 5, 3), Encoded(stream.getvalue(), ".jpg"))

    kept = media.save(image, final=final)

    assert media.export(kept.sha256, kept.suffix) == image.encoded
    assert (kept.suffix, kept.width, kept.height) == (".jpg", 5, 9)


def test_an_intermediate_is_given_out_as_png(media: Media) -> None:
    image = Image(noise(6, 5, 4))
    kept = media.save(image, final=False)

    given = media.export(kept.sha256, kept.suffix)

    assert given.suffix == ".png"
    with Pillow.open(io.BytesIO(given.data)) as file:
        assert np.array_equal(np.asarray(file), image.pixels)


def test_identities_do_not_lie_among_the_pictures(media: Media) -> None:
    identity: Any = Identity("ana", "classic", np.zeros(4, np.float32))

    with pytest.raises(TypeError, match="identity is kept elsewhere"):
        media.save(identity, final=False)

    assert not media.root.exists()


def source(path: Path, format: str = "JPEG") -> Path:
    Pillow.fromarray(noise(20, 30, 3)).save(path, format)
    return path


def test_a_source_is_copied_byte_for_byte_and_never_touched(
    media: Media, tmp_path: Path
) -> None:
    path = source(tmp_path / "panel.png")
    before = path.read_bytes()
    path.chmod(stat.S_IRUSR)
    time_before = path.stat().st_mtime_ns

    kept = media.import_source(path)

    assert media.path(kept.sha256, ".jpg").read_bytes() == before == path.read_bytes()
    assert kept.sha256 == hashlib.sha256(before).hexdigest()
    assert kept[1:] == (".jpg", len(before), 30, 20)
    assert path.stat().st_mtime_ns == time_before


@pytest.mark.parametrize("damage", ["text", "header"])
def test_a_refused_source_leaves_nothing_behind(
    media: Media, tmp_path: Path, damage: str
) -> None:
    path = source(tmp_path / "panel.png", "PNG")
    path.write_bytes(b"no picture" if damage == "text" else path.read_bytes()[:40])

    with pytest.raises(MediaError, match=r"^panel\.png "):
        media.import_source(path)

    assert not list(media.files()) and not list(media.leftovers())


def test_the_same_picture_is_written_once(media: Media) -> None:
    class Counting(Disk):
        def replace(self, scratch: Path, target: Path) -> None:
            named.append(target)
            super().replace(scratch, target)

    named: list[Path] = []
    counting = Media(media.root, Counting())

    kept = {counting.save(Image(noise(4, 4, 3)), final=True) for _ in range(3)}

    assert len(kept) == len(named) == 1


def test_a_shortened_file_is_mended_by_saving_again(media: Media) -> None:
    kept = media.save(Image(noise(4, 4, 3)), final=True)
    os.truncate(media.path(kept.sha256, kept.suffix), 10)

    media.save(Image(noise(4, 4, 3)), final=True)

    assert media.verify(kept.sha256, kept.suffix) is None


class Telling(Disk):
    """Writes down what it is asked for, and fails when its turn comes."""

    def __init__(self, fail: str = "", number: int = 0) -> None:
        self.calls: list[str] = []
        self.fail, self.number = fail, number

    def _tell(self, call: str) -> None:
        self.calls.append(call)
        if call == self.fail:
            raise OSError(self.number, os.strerror(self.number))

    def write(self, descriptor: int, data: bytes | memoryview) -> None:
        super().write(descriptor, data[: len(data) // 2])
        self._tell("write")
        super().write(descriptor, data[len(data) // 2 :])

    def flush(self, descriptor: int) -> None:
        self._tell("flush")
        super().flush(descriptor)

    def replace(self, scratch: Path, target: Path) -> None:
        self._tell("replace")
        super().replace(scratch, target)

    def flush_folder(self, folder: Path) -> None:
        self._tell(f"flush_folder {folder.name}")
        super().flush_folder(folder)


def test_bytes_reach_the_disk_before_the_name_and_the_name_before_the_answer(
    tmp_path: Path,
) -> None:
    disk = Telling()
    media = Media(tmp_path / "media", disk)

    kept = media.save(Image(noise(4, 4, 3)), final=False)

    folders = [f"flush_folder {kept.sha256[:2]}", "flush_folder media"]
    order = [call for call in disk.calls if call != "write"]
    assert order[-4:] == ["flush", "replace", *folders]
    disk.calls.clear()
    media.save(Image(noise(4, 4, 3)), final=False)
    assert disk.calls == folders, "another writer may have named it a moment ago"


@pytest.mark.parametrize(
    ("work", "call"),
    [
        (work, call)
        for work in ("save", "import", "thumbnail")
        for call in ("write", "flush", "replace")
        if (work, call) != ("thumbnail", "flush")  # it is not flushed
    ],
)
@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.ENOSPC, "full: free some space"), (errno.EIO, "cannot be written")],
)
def test_a_failing_disk_leaves_no_half_file_and_names_the_remedy(
    tmp_path: Path, call: str, work: str, number: int, remedy: str
) -> None:
    media = Media(tmp_path / "media", Telling(call, number))
    path = source(tmp_path / "panel.jpg")
    image = Image(noise(4, 4, 3))
    works: dict[str, Callable[[], Any]] = {
        "save": lambda: media.save(image, final=True),
        "import": lambda: media.import_source(path),
        "thumbnail": lambda: media.thumbnail(image, "ab" * 32),
    }
    with pytest.raises(StorageError, match=remedy) as failed:
        works[work]()

    assert str(failed.value).isprintable()
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and p != path]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everything"
)
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="check its permissions"):
            Media(tmp_path / "media").save(Image(noise(2, 2, 3)), final=True)
    finally:
        tmp_path.chmod(0o700)


def test_many_may_save_the_same_at_once(media: Media) -> None:
    images = [Image(noise(20, 20, 3)), Image(drawing(20, 20, 3))] * 20

    with ThreadPoolExecutor(8) as pool:
        kept = set(pool.map(lambda image: media.save(image, final=False), images))

    assert len(kept) == len(list(media.files())) == 2
    assert not list(media.leftovers())


SAVING = """
import sys, numpy as np, pathlib
from nodegraph.media.folder import Media
from nodegraph.values import Image
media, rng = Media(pathlib.Path(sys.argv[1])), np.random.default_rng(0)
for _ in range(2000):
    media.save(Image(rng.integers(0, 255, (300, 300, 3), dtype=np.uint8)), final=False)
    print(".", end="", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_killed_writer_leaves_whole_files_and_scratch_that_shows(
    media: Media,
) -> None:
    for round_ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", SAVING, str(media.root)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
        ) as writer:
            assert writer.stdout and writer.stdout.read(1) == b"."
            time.sleep(0.01 * round_)
            writer.send_signal(signal.SIGKILL)

    files = list(media.files())
    assert files
    assert [media.verify(f.sha256, f.suffix) for f in files] == [None] * len(files)
    known = {f.path for f in files} | set(media.leftovers())
    assert known == {p for p in media.root.rglob("*") if p.is_file()}


def test_verify_tells_missing_and_changed_files_apart(media: Media) -> None:
    whole, lost, changed = (
        media.save(Image(noise(size, 4, 3)), final=True) for size in (4, 5, 6)
    )
    media.path(lost.sha256, ".png").unlink()
    path = media.path(changed.sha256, ".png")
    path.write_bytes(path.read_bytes()[:-1] + b"!")

    assert media.verify(whole.sha256, ".png") is None
    assert media.verify(lost.sha256, ".png") == "is missing"
    assert "other content" in str(media.verify(changed.sha256, ".png"))


@pytest.mark.parametrize("suffix", [FRAME, ".png"])
def test_a_missing_file_is_a_media_error(media: Media, suffix: str) -> None:
    with pytest.raises(MediaError, match="cannot be read"):
        media.load("ab" * 32, suffix, Image)


def test_files_lists_what_is_kept_and_remove_forgets_it(media: Media) -> None:
    image = Image(noise(4, 4, 3))
    kept = media.save(image, final=True)
    media.thumbnail(image, kept.sha256)
    (media.root / "12-ab.part").write_bytes(b"half")

    (found,) = media.files()
    assert (found.sha256, found.suffix, found.size) == kept[:3]
    assert [path.name for path in media.leftovers()] == ["12-ab.part"]

    media.remove(kept.sha256, kept.suffix)
    media.remove(kept.sha256, kept.suffix)
    assert not list(media.files()) and not media.thumb(kept.sha256).exists()


@pytest.mark.parametrize(
    ("sha256", "suffix"),
    [("../../etc", ".png"), ("ab" * 32, "/../x"), ("AB" * 32, ".png"), ("", "")],
)
def test_no_name_leads_out_of_the_folder(
    media: Media, sha256: str, suffix: str
) -> None:
    with pytest.raises(ValueError, match="no name of a media file"):
        media.path(sha256, suffix)


def test_media_travels_to_a_worker(media: Media) -> None:
    copy = pickle.loads(pickle.dumps(media))  # noqa: S301 - our own bytes

    assert copy == media


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((1080, 1920, 3), (256, 144)),
        ((1920, 1080, 4), (144, 256)),
        ((1, 1, 3), (1, 1)),
        ((30, 20), (20, 30)),
        ((4000, 1, 3), (1, 256)),
    ],
)
def test_a_thumbnail_fits_in_256_pixels_and_is_never_enlarged(
    media: Media, shape: tuple[int, ...], size: tuple[int, int]
) -> None:
    value = Mask(noise(*shape)) if len(shape) == 2 else Image(noise(*shape))

    path = media.thumbnail(value, "ab" * 32)

    assert path == media.root.parent / "thumbs" / "ab" / ("ab" * 32 + ".jpg")
    with Pillow.open(path) as file:
        assert file.size == size


@pytest.mark.parametrize("left", [0, 1, 300])
def test_a_thumbnail_that_a_power_cut_tore_is_made_again(
    media: Media, left: int
) -> None:
    image = Image(noise(90, 90, 3))
    path = media.thumbnail(image, "ab" * 32)
    whole = path.read_bytes()
    path.write_bytes(whole[:left].ljust(len(whole) if left > 1 else left, b"\0"))

    media.thumbnail(image, "ab" * 32)

    assert path.read_bytes() == whole
