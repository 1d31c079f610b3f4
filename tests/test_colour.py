"""Colour profiles: in on the way to sRGB, and back out on the results."""

import hashlib
import io
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from studio import LONG_AGO, Studio, chain, soft, wired

from nodegraph.graph import Edge, Endpoint, Graph, Node
from nodegraph.identities import Identities
from nodegraph.lineage import Export, Recipe, Shot, Status, Take, Task
from nodegraph.media import folder as media
from nodegraph.media.colour import in_profile, profile_of
from nodegraph.media.decode import decode, probe
from nodegraph.media.encode import png, provenance
from nodegraph.media.formats import MediaError
from nodegraph.preset.file import Preset
from nodegraph.results import copies
from nodegraph.results.delivery import Delivery, choices
from nodegraph.values import Encoded
from nodegraph.values import Image as ImageValue
from nodegraph.work import carry as work

WHITE = (0.9642, 1.0, 0.8249)
ADOBE = (
    (0.60974, 0.31111, 0.01947),
    (0.20528, 0.62567, 0.06087),
    (
        0.14919,
        0.06322,
        0.74457,
    ),
)
"""Adobe RGB (1998): red, green and blue, adapted to D50."""
P3 = (
    (0.51512, 0.2412, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (
        0.1571,
        0.06657,
        0.78407,
    ),
)
"""Display P3, likewise."""


def profile(
    name: str,
    tags: Mapping[bytes, bytes],
    space: bytes = b"RGB ",
    kind: bytes = b"mntr",
) -> bytes:
    """An ICC profile of version 2.1 with these tags, a name and no date."""
    described = b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name.encode()
    own = {
        b"desc": described + bytes(1 + 78),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": point(*WHITE),
        **tags,
    }
    table, body, start = b"", b"", 132 + 12 * len(own)
    for tag, data in own.items():
        table += struct.pack(">4sII", tag, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(
        ">I4sI4s4s4s", start + len(body), b"", 0x02100000, kind, space, b"XYZ "
    )
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(own)) + table + body


def point(*xyz: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in xyz))


def gamma(power: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(power * 256))


def srgb_curve() -> bytes:
    x = np.linspace(0, 1, 1024)
    y = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    levels = np.round(y * 65535).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", len(levels)) + levels.tobytes()


def matrix(name: str, primaries: Any, curve: bytes) -> bytes:
    tags = {}
    for letter, xyz in zip((b"r", b"g", b"b"), primaries, strict=True):
        tags |= {letter + b"XYZ": point(*xyz), letter + b"TRC": curve}
    return profile(name, tags)


def scanner() -> bytes:
    """A profile that leads to Lab by a table, with none that leads back."""
    steps = struct.pack(">2H", 0, 65535) * 3
    grid = b"".join(
        struct.pack(">3H", 65280 * (r + g + b) // 3, 32768, 32768)
        for r in (0, 1)
        for g in (0, 1)
        for b in (0, 1)
    )
    unity = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    table = b"mft2" + bytes(4) + bytes((3, 3, 2, 0)) + unity
    table += struct.pack(">2H", 2, 2) + steps + grid + steps
    made = profile("Scanner", {b"A2B0": table}, kind=b"scnr")
    return made[:20] + b"Lab " + made[24:]


ADOBE_RGB = matrix("Adobe RGB (1998)", ADOBE, gamma(563 / 256))
DISPLAY_P3 = matrix("Display P3", P3, srgb_curve())
GREY = profile("Grey gamma", {b"kTRC": gamma(2.2)}, b"GRAY")
SCANNER = scanner()
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def saved(
    pixels: np.ndarray, icc: bytes = b"", format: str = "PNG", **more: Any
) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format, icc_profile=icc or None, **more)
    return stream.getvalue()


def colours(seed: int = 0, size: tuple[int, int] = (24, 32)) -> np.ndarray:
    """Colours that sRGB has, whatever wider space they are told in."""
    draw = np.random.default_rng(seed)
    base = draw.integers(60, 200, (*size, 1))
    return (base + draw.integers(-20, 21, (*size, 3))).astype(np.uint8)


def greys() -> np.ndarray:
    return np.arange(16, 256, dtype=np.uint8).reshape(12, 20)


def apart(one: np.ndarray, two: np.ndarray) -> int:
    return int(np.abs(one.astype(int) - two.astype(int)).max())


def shown(path: Path) -> tuple[np.ndarray, bytes]:
    """The numbers in a file as they lie there, and the profile that explains them."""
    with Image.open(path) as image:
        return np.asarray(image), image.info.get("icc_profile", b"")


def panel(studio: Studio, name: str, data: bytes) -> Path:
    path = studio.folder / "board" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def same() -> Preset:
    """A recipe that leaves every pixel as it is."""
    return chain(Node("s", "resize", {"mode": "scale", "scale": 1.0}, name="Same"))


# what is said -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (saved(colours(), ADOBE_RGB), "Adobe RGB (1998)", "sRGB, and back on export unless"),
        (saved(colours(), ADOBE_RGB, "JPEG"), "Adobe RGB (1998)", "sRGB, and back on"),
        (saved(greys(), GREY), "Grey gamma", "sRGB, and back on export if grey"),
        (saved(colours(), SCANNER), "", "Scanner: converted to sRGB, which results stay"),
        (saved(colours(), ADOBE_RGB[:300]), "", "damaged or foreign: ignored"),
        (saved(greys(), ADOBE_RGB), "", "damaged or foreign: ignored"),
    ],
)  # fmt: skip
def test_a_drawing_says_what_becomes_of_its_profile(
    tmp_path: Path, data: bytes, name: str, said: str
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(data)

    seen = probe(path)

    assert seen.profile == name
    assert said in " ".join(seen.warnings)


@pytest.mark.parametrize("icc", [b"", SRGB])
def test_of_srgb_nothing_is_said(tmp_path: Path, icc: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(saved(colours(), icc))

    seen = probe(path)

    assert (seen.profile, seen.warnings, profile_of(path)) == ("", (), b"")


def test_cmyk_stays_srgb_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.new("CMYK", (4, 4)).save(path)

    seen = probe(path)

    assert seen.profile == ""
    assert "sRGB, which results stay" in seen.warnings[0]


def test_a_profile_that_no_reader_of_png_takes_is_not_given_back(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.jpg"
    small = matrix("Large", ADOBE, gamma(2.2))
    large = struct.pack(">I", len(small) + (2 << 20)) + small[4:] + bytes(2 << 20)
    path.write_bytes(saved(colours(), large, "JPEG"))

    seen = probe(path)

    assert seen.profile == ""
    assert "which results stay" in seen.warnings[0]


# there and back ---------------------------------------------------------------------


@pytest.mark.parametrize("icc", [ADOBE_RGB, DISPLAY_P3], ids=["adobe", "p3"])
@pytest.mark.parametrize("with_alpha", [False, True])
def test_colours_come_back_as_they_were(icc: bytes, with_alpha: bool) -> None:
    own = colours()
    if with_alpha:
        alpha = np.arange(own[:, :, 0].size) % 256
        own = np.dstack((own, alpha.reshape(own.shape[:2]).astype(np.uint8)))

    worked_on = decode(saved(own, icc)).pixels
    back = in_profile(worked_on, icc)

    assert back is not None
    assert apart(worked_on[:, :, :3], own[:, :, :3]) > 5
    assert apart(back, own) <= 2
    assert (back[:, :, 3:] == own[:, :, 3:]).all()


@pytest.mark.parametrize("power", [1.0, 1.8, 2.2])
def test_greys_come_back_as_greys(power: float) -> None:
    icc = profile("Grey", {b"kTRC": gamma(power)}, b"GRAY")

    back = in_profile(decode(saved(greys(), icc)).pixels, icc)

    assert back is not None
    assert back.shape == greys().shape
    assert apart(back, greys()) <= 2


def test_grey_keeps_its_alpha() -> None:
    own = np.dstack((greys(), greys()[::-1]))

    back = in_profile(decode(saved(own, GREY)).pixels, GREY)

    assert back is not None
    assert (back[:, :, 1] == own[:, :, 1]).all()
    assert apart(back, own) <= 2
    assert (shown_bytes(png(back, GREY)) == back).all()


def shown_bytes(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_what_became_colourful_no_profile_of_greys_can_tell() -> None:
    grey = np.dstack([greys()] * 3)
    tinted = grey.copy()
    tinted[3, 4, 2] ^= 64

    assert in_profile(grey, GREY) is not None
    assert in_profile(tinted, GREY) is None


def test_a_profile_of_one_way_takes_nothing_back() -> None:
    assert in_profile(colours(), SCANNER) is None


# results ----------------------------------------------------------------------------


def test_a_result_has_the_colours_and_the_profile_of_its_drawing(
    studio: Studio,
) -> None:
    own = colours()
    panel(studio, "a.png", saved(own, ADOBE_RGB))
    panel(studio, "b.png", saved(own))

    first, second = studio.run(same()).rows

    pixels, icc = shown(first.file)
    assert icc == ADOBE_RGB
    assert apart(pixels, own) <= 2
    assert shown(second.file)[1] == b""
    assert (shown(second.file)[0] == own).all()


def test_the_take_itself_stays_srgb_and_the_record_tells_the_file(
    studio: Studio,
) -> None:
    panel(studio, "a.png", saved(colours(), ADOBE_RGB))

    [row] = studio.run(same()).rows

    with studio.opened(write=False) as project:
        asset = project.store.asset(row.asset)
        kept = project.media.path(asset.sha256, asset.suffix)
        [export] = project.store.all(Export)
    assert shown(kept)[1] == b""
    assert apart(shown(kept)[0], decode(saved(colours(), ADOBE_RGB)).pixels) == 0
    data = row.file.read_bytes()
    assert export.sha256 == hashlib.sha256(data).hexdigest()
    assert export.size == len(data)
    assert '"resize"' in (provenance(row.file) or "")


def test_a_grey_drawing_gives_grey_results_in_its_profile(studio: Studio) -> None:
    panel(studio, "a.png", saved(greys(), GREY))

    [row] = studio.run(same()).rows

    pixels, icc = shown(row.file)
    assert icc == GREY
    assert apart(pixels, greys()) <= 2


def test_alpha_is_given_back_untouched(studio: Studio) -> None:
    own = np.dstack((colours(), colours(5)[:, :, 0]))
    panel(studio, "a.png", saved(own, DISPLAY_P3))

    [row] = studio.run(same()).rows

    pixels, _ = shown(row.file)
    assert (pixels[:, :, 3] == own[:, :, 3]).all()
    assert apart(pixels, own) <= 2


@pytest.mark.parametrize("format", ["jpeg", "webp", "tiff", "png"])
def test_what_was_asked_for_as_a_file_stays_as_it_is(
    studio: Studio, format: str
) -> None:
    panel(studio, "a.png", saved(colours(), ADOBE_RGB))
    node = Node("c", "convert", {"format": format}, name="As")

    [row] = studio.run(chain(node)).rows

    with studio.opened(write=False) as project:
        asset = project.store.asset(row.asset)
        kept = project.media.path(asset.sha256, asset.suffix)
    assert row.file.read_bytes() == kept.read_bytes()
    assert shown(row.file)[1] == b""


def test_masks_and_what_is_made_once_a_run_have_no_profile(studio: Studio) -> None:
    panel(studio, "a.png", saved(colours(), ADOBE_RGB))
    sheet = wired(
        Node("in", "source", name="In"),
        Node("sheet", "contact_sheet", {"cell_width": 64}, name="Sheet"),
        Node("out", "output", name="Out"),
    )

    mask = studio.run(chain(Node("m", "mask_luminance", name="Bright"))).rows[-1]
    proof = studio.run(Preset(sheet, "proof")).rows[-1]

    assert shown(mask.file)[1] == b""
    assert shown(proof.file)[1] == b""


def test_of_several_drawings_the_profile_is_that_of_the_shot(studio: Studio) -> None:
    panel(studio, "a.png", saved(colours(), ADOBE_RGB))
    ground = studio.folder / "ground.png"
    ground.write_bytes(saved(colours(3), DISPLAY_P3))
    nodes = [
        Node("under", "source", {"file": str(ground)}, name="Ground"),
        Node("in", "source", name="In"),
        Node("mix", "blend", name="Mix"),
        Node("out", "output", name="Out"),
    ]
    edges = [
        Edge(Endpoint("under", "result"), Endpoint("mix", "base")),
        Edge(Endpoint("in", "result"), Endpoint("mix", "top")),
        Edge(Endpoint("mix", "result"), Endpoint("out", "value")),
    ]

    [row] = studio.run(Preset(Graph.of(nodes, edges), "look")).rows

    assert shown(row.file)[1] == ADOBE_RGB


def test_the_same_result_is_the_same_file_in_every_project(
    studio: Studio, tmp_path: Path
) -> None:
    other = Studio(tmp_path / "there")
    other.folder.mkdir()
    files = []
    for each in (studio, other):
        panel(each, "a.png", saved(colours(), ADOBE_RGB))
        files.append(each.run(soft()).rows[0].file)

    one, two = files

    assert one.read_bytes() == two.read_bytes()


def test_what_is_there_already_is_given_without_opening_a_drawing(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel(studio, "a.png", saved(colours(), ADOBE_RGB))
    first = studio.run(soft())

    def refuse(*_: object) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(media, "profile_of", refuse)
    monkeypatch.setattr(media.Media, "export", refuse)

    again = studio.run(soft())

    assert again.rows == first.rows
    assert again.executed == 0


def test_a_drawing_without_a_profile_is_not_opened_for_its_result(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel(studio, "a.png", saved(colours()))

    def refuse(*_: object) -> None:
        raise AssertionError("the drawing was opened")

    monkeypatch.setattr(media, "profile_of", refuse)

    [row] = studio.run(soft()).rows

    assert row.status is Status.COMPLETED


def test_a_file_that_is_gone_is_made_again_as_it_was(studio: Studio) -> None:
    panel(studio, "a.png", saved(colours(), ADOBE_RGB))
    [row] = studio.run(soft()).rows
    before = row.file.read_bytes()
    row.file.unlink()

    [again] = studio.run(soft()).rows

    assert again.file == row.file
    assert again.file.read_bytes() == before


def test_a_take_is_delivered_as_it_was_exported(studio: Studio) -> None:
    panel(studio, "a.png", saved(colours(), ADOBE_RGB))
    [row] = studio.run(soft()).rows

    [copy] = delivered(studio)

    assert copy.read_bytes() == row.file.read_bytes()


def test_a_take_of_an_older_drawing_keeps_that_drawings_profile(
    studio: Studio,
) -> None:
    panel(studio, "a.png", saved(colours(), ADOBE_RGB))
    [row] = studio.run(soft()).rows
    panel(studio, "a.png", saved(colours(9)))
    studio.prepare(soft())

    [copy] = delivered(studio)

    assert copy.read_bytes() == row.file.read_bytes()


def delivered(studio: Studio) -> list[Path]:
    with studio.opened() as project:
        out = studio.folder / "client"
        shots, takes = project.store.all(Shot), project.store.all(Take)
        done = Delivery(project.store, project.media, out).deliver(
            choices(shots, takes)
        )
    return [row.file for row in done.rows if row.file]


def test_where_the_drawing_is_gone_its_profile_is_asked_for(studio: Studio) -> None:
    panel(studio, "a.png", saved(colours(), ADOBE_RGB))
    [row] = studio.run(soft()).rows

    with studio.opened() as project:
        asset = project.store.asset(row.asset)
        [shot] = project.store.all(Shot)
        drawing = project.store.asset(shot.digest)
        project.media.remove(drawing.sha256, drawing.suffix)

        with pytest.raises(MediaError, match=r"copy of a\.png.*doctor --repair"):
            copies.copy_for_people(project.store, project.media, asset, shot)


def test_a_services_answer_is_no_file_that_somebody_asked_for(tmp_path: Path) -> None:
    bench = work.Bench(media.Media(tmp_path / "media"), Identities(tmp_path / "own"))
    task = Task(Recipe("paint", "1"), "n", "N", keep=frozenset({"answer", "asked"}))
    file = Encoded(png(colours()), ".png")
    results = {"answer": file, "asked": ImageValue(colours(), file)}

    answer, asked = work.keep(bench, task, results)

    assert (answer.encoded, asked.encoded) == (False, True)
    assert answer.sha256 == asked.sha256
