"""What keeps a project sound: the audit, room on the disk, doctor and repair."""

import os
from dataclasses import replace

import pytest
from small_projects import Small, noise

from nodegraph.batch import Request
from nodegraph.graph import Edge, Endpoint, Graph, Node
from nodegraph.identities import Identities
from nodegraph.journal.lines import JournalError
from nodegraph.lineage import Asset, Kind, Settled, Status
from nodegraph.preset.file import Preset
from nodegraph.project import Project
from nodegraph.upkeep import doctor
from nodegraph.upkeep.audit import auditor
from nodegraph.upkeep.doctor import Level
from nodegraph.upkeep.repair import repair
from nodegraph.upkeep.sweep import sweeper
from nodegraph.values import Identity, Image


@pytest.fixture
def small(tmp_path):
    with Project(tmp_path, write=True) as project:
        yield Small(project)


def problems(small):
    return list(auditor(small.project).audit().problems)


def path_of(small, asset):
    return small.project.files.path(asset)


def spoil(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 255
    path.write_bytes(data)


# The audit


def test_a_sound_project_has_no_problem(small):
    small.picture(small.picture(small.drawing()))

    audit = auditor(small.project).audit()

    assert audit.as_json() == {
        "assets": 3,
        "checked": 3,
        "evicted": 0,
        "purged": 0,
        "problems": [],
    }


def test_a_missing_file_is_a_problem(small):
    blurred = small.picture(small.drawing())
    path_of(small, blurred).unlink()

    [problem] = problems(small)

    assert blurred.id[:12] in problem
    assert "is missing" in problem


def test_a_file_with_other_content_of_the_same_size_is_a_problem(small):
    blurred = small.picture(small.drawing())
    spoil(path_of(small, blurred))

    assert "has other content" in problems(small)[0]


def test_a_quick_audit_sees_what_is_missing_or_cut_but_reads_nothing(small):
    drawing = small.drawing()
    gone, cut, spoiled = (small.picture(drawing) for _ in range(3))
    path_of(small, gone).unlink()
    os.truncate(path_of(small, cut), 10)
    spoil(path_of(small, spoiled))

    told = " ".join(auditor(small.project, quick=True).audit().problems)

    assert gone.id[:12] in told
    assert cut.id[:12] in told
    assert spoiled.id[:12] not in told


def test_a_file_that_several_assets_share_is_read_once(small):
    blurred = small.picture(small.drawing())
    again = small.picture(blurred)
    small.put(replace(again, sha256=blurred.sha256, size=blurred.size))

    assert auditor(small.project).audit().checked == 2


def test_an_evicted_picture_is_accepted_and_counted(small):
    blurred = small.picture(small.drawing())
    small.put(replace(blurred, evicted=True))
    path_of(small, blurred).unlink()

    audit = auditor(small.project).audit()

    assert (audit.evicted, audit.checked, audit.problems) == (1, 1, ())


def test_a_parent_without_a_record_is_a_problem(small):
    drawing = small.drawing()
    small.picture(drawing)
    with small.project.store.record():
        small.project.store.remove(Asset, [drawing.id])

    [problem] = problems(small)

    assert drawing.id[:12] in problem
    assert "has no record" in problem


def test_a_completed_task_without_its_asset_is_a_problem(small):
    small.put(Settled("a" * 32, Status.COMPLETED))

    assert "what it gave has no record" in problems(small)[0]


def test_an_asset_without_its_task_is_a_problem(small):
    blurred = small.picture(small.drawing())
    with small.project.store.record():
        small.project.store.remove(Settled, [blurred.id])

    assert "no record that it was finished" in problems(small)[0]


def test_an_evicted_picture_that_could_not_be_made_again_is_no_problem(small):
    blurred = small.picture(small.drawing())
    small.put(replace(blurred, evicted=True))
    small.put(Settled(blurred.id, Status.FAILED, error="the disk was full"))

    assert problems(small) == []


def test_a_record_under_the_wrong_id_is_a_problem(small):
    blurred = small.picture(small.drawing())
    small.put(replace(blurred, id="b" * 32), Settled("b" * 32, Status.COMPLETED))

    assert "does not belong to its id" in problems(small)[0]


def test_a_take_or_file_of_no_picture_is_a_problem(small, tmp_path):
    drawing = small.drawing()
    blurred = small.picture(drawing)
    small.take(small.shot(drawing, "a"), blurred)
    small.export(blurred, tmp_path / "out" / "a.png")
    with small.project.store.record():
        small.project.store.remove(Asset, [blurred.id])
        small.project.store.remove(Settled, [blurred.id])

    told = problems(small)

    assert any(text.startswith("take 1") for text in told)
    assert any(text.startswith("file ") for text in told)


def test_an_identity_is_checked_where_identities_lie(small):
    import numpy as np

    identity = Identity("Ada", "classic", np.ones(4, np.float32))
    stored = small.project.identities.save(identity)
    asset = Asset("c" * 64, Kind.IDENTITY, *stored, value="Ada")
    small.put(asset)

    assert problems(small) == []
    spoil(path_of(small, asset))
    assert "has other content" in problems(small)[0]


def test_a_reader_looks_again_when_a_writer_has_moved_on(small):
    blurred = small.picture(small.drawing())
    with Project(small.project.folder, write=False) as reader:
        assert list(auditor(reader).audit().problems) == []
        small.put(replace(blurred, evicted=True))
        path_of(small, blurred).unlink()

        assert list(auditor(reader).audit().problems) == []


# Room on the disk


def limited(small, limit=0):
    return replace(sweeper(small.project), limit=limit)


def swept(small, limit=1e12):
    sweep = limited(small, limit)
    return sweep.clear(sweep.waste())


def test_files_without_a_record_go_and_all_others_stay(small):
    drawing = small.drawing()
    blurred = small.picture(drawing)
    media = small.project.media
    stray = media.save(Image(noise(99)), final=True)
    scratch = media.root / "1-abc.part"
    scratch.write_bytes(b"half")

    cleared = swept(small)

    assert cleared.strays == 2
    assert not media.path(stray.sha256, stray.suffix).exists()
    assert not scratch.exists()
    assert path_of(small, drawing).exists()
    assert path_of(small, blurred).exists()


def test_thumbnails_of_nothing_go_and_those_of_pictures_stay(small):
    media = small.project.media
    blurred = small.picture(small.drawing())
    kept = media.thumbnail(Image(noise(1)), blurred.sha256)
    stray = media.thumbnail(Image(noise(1)), "e" * 64)

    assert swept(small).strays == 1
    assert kept.exists()
    assert not stray.exists()


def test_identities_without_a_record_go(small):
    import numpy as np

    identities: Identities = small.project.identities
    stored = identities.save(Identity("Ada", "classic", np.ones(4, np.float32)))

    assert swept(small).strays == 1
    assert not identities.path("Ada", stored.sha256).exists()


def test_a_file_of_somebody_else_is_left_alone(small):
    stranger = small.project.media.root / "notes.txt"
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_text("mine")

    assert swept(small).strays == 0
    assert stranger.exists()


def test_nothing_is_deleted_outside_the_project(small, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    stray = elsewhere / ("f" * 64 + ".png")
    stray.write_bytes(b"precious")
    small.project.media.root.mkdir(exist_ok=True)
    (small.project.media.root / "ff").symlink_to(elsewhere)

    cleared = swept(small)

    assert stray.exists()
    assert cleared.strays == 0
    assert "lies outside" in cleared.problems[0]


def test_intermediates_go_oldest_first_until_the_rest_fits(small):
    drawing = small.drawing()
    old, new, middle = (small.picture(drawing) for _ in range(3))
    for age, asset in ((300, old), (200, middle), (100, new)):
        os.utime(path_of(small, asset), (1e9 - age, 1e9 - age))

    cleared = swept(small, limit=old.size + new.size)

    store = small.project.store
    assert cleared.evicted == 1
    assert store.asset(old.id).evicted
    assert not path_of(small, old).exists()
    assert not store.asset(middle.id).evicted
    assert not store.asset(new.id).evicted


def test_no_intermediate_goes_while_all_fit(small):
    blurred = small.picture(small.drawing())

    assert swept(small, limit=blurred.size).evicted == 0


@pytest.mark.parametrize(
    "kept",
    ["source", "take", "export", "mask", "identity", "unknown node", "older version"],
)
def test_what_is_no_intermediate_stays(small, tmp_path, kept):
    drawing = small.drawing()
    match kept:
        case "source":
            asset = drawing
        case "take":
            asset = small.picture(drawing)
            small.take(small.shot(drawing, "a"), asset)
        case "export":
            asset = small.picture(drawing)
            small.export(asset, tmp_path / "out" / "a.png")
        case "mask":
            asset = small.picture(drawing, type=Kind.MASK)
        case "identity":
            asset = small.picture(drawing, type=Kind.IDENTITY)
        case "unknown node":
            asset = small.picture(drawing, "was_uninstalled")
        case "older version":
            asset = small.picture(drawing, version="0")

    swept(small, limit=0)

    assert path_of(small, asset).exists()
    assert not small.project.store.asset(asset.id).evicted


def test_what_a_service_was_asked_for_stays(small):
    asset = small.picture(small.drawing())
    types = small.project.registry.types
    paid = {"blur": replace(types["blur"], account=lambda settings: "service")}
    sweep = replace(limited(small), types=paid)

    assert sweep.waste().evictable == ()
    assert len(limited(small).waste().evictable) == 1
    assert path_of(small, asset).exists()


def test_an_intermediate_with_the_pixels_of_a_take_stays(small):
    drawing = small.drawing()
    take, twin = small.picture(drawing), small.picture(drawing)
    small.put(replace(twin, sha256=take.sha256, size=take.size))
    small.take(small.shot(drawing, "a"), take)

    swept(small, limit=0)

    assert path_of(small, take).exists()


def test_a_project_is_sound_after_it_gave_everything_up(small):
    drawing = small.drawing()
    small.picture(small.picture(drawing))

    cleared = swept(small, limit=0)

    assert cleared.evicted == 2
    assert problems(small) == []


def test_a_crash_between_mark_and_removal_leaves_a_file_too_many_not_a_gap(small):
    blurred = small.picture(small.drawing())
    sweep = limited(small)
    waste = sweep.waste()
    sweep._mark(waste.evictable)

    assert problems(small) == []
    assert swept(small).strays == 1
    assert not path_of(small, blurred).exists()


def test_looking_removes_nothing(small):
    small.picture(small.drawing())
    stray = small.project.media.save(Image(noise(99)), final=True)

    waste = limited(small).waste()

    assert (len(waste.strays), len(waste.evictable)) == (1, 1)
    assert small.project.media.path(stray.sha256, stray.suffix).exists()


def damaged(tmp_path):
    """A project whose journal has an unreadable line in the middle."""
    with Project(tmp_path, write=True) as project:
        small = Small(project)
        drawing = small.drawing()
        small.picture(drawing)
        small.picture(drawing)
    journal = tmp_path / ".workbench" / "journal"
    lines = journal.read_bytes().split(b"\n")
    lines[1] = b"x" * len(lines[1])
    journal.write_bytes(b"\n".join(lines))


def test_nothing_is_removed_while_the_journal_is_damaged(tmp_path):
    damaged(tmp_path)

    with (
        Project(tmp_path, write=True) as project,
        pytest.raises(JournalError, match="doctor --repair"),
    ):
        sweeper(project).waste()


def chain(radius):
    nodes = [
        Node("s", "source"),
        Node("b", "blur", {"radius": 2.0}),
        Node("r", "sharpen", {"radius": radius}),
        Node("o", "output"),
    ]
    links = [("s", "b", "image"), ("b", "r", "image"), ("r", "o", "value")]
    return Graph.of(
        nodes, [Edge(Endpoint(a, "result"), Endpoint(b, p)) for a, b, p in links]
    )


def carried_out(project, graph, tmp_path):
    request = Request(Preset(graph, "look"), board=tmp_path / "board")
    live = project.start(project.prepare(request, lambda event: None))
    return live, live.done.result(timeout=120)


def test_an_evicted_picture_is_made_again_when_a_run_needs_it(tmp_path):
    with Project(tmp_path, write=True) as project:
        project.workers = 1
        small = Small(project)
        small.drawing()
        carried_out(project, chain(1.0), tmp_path)
        before = [a for a in project.store.all(Asset) if a.recipe]
        blurred = next(a for a in before if a.recipe.node == "blur")
        assert swept(small, limit=0).evicted == 1
        assert not project.files.has(blurred)

        live, rows = carried_out(project, chain(2.0), tmp_path)

        assert [row.status for row in rows] == [Status.COMPLETED]
        assert live.counts["executed"] == 2
        assert project.store.asset(blurred.id) == replace(blurred, run="run-2")
        assert problems(small) == []


def test_a_run_that_needs_no_evicted_picture_makes_none(tmp_path):
    with Project(tmp_path, write=True) as project:
        project.workers = 1
        small = Small(project)
        small.drawing()
        carried_out(project, chain(1.0), tmp_path)
        swept(small, limit=0)

        live, rows = carried_out(project, chain(1.0), tmp_path)

        assert [row.status for row in rows] == [Status.COMPLETED]
        assert live.counts == {"executed": 0, "cached": 2}


# Doctor


def test_this_machine_is_fit(tmp_path):
    bad = [f for f in doctor.machine(tmp_path) if f.level is Level.MISSING]

    assert bad == []


def test_a_library_that_is_not_there_is_missing(monkeypatch):
    found = doctor.library("no_such_library", "no-such-library")

    assert found.level is Level.MISSING
    assert "install no-such-library" in found.remedy.replace("--force-reinstall ", "")


def test_a_missing_system_library_names_the_line_that_installs_it(monkeypatch):
    def broken(name):
        raise ImportError("libGL.so.1: cannot open shared object file")

    monkeypatch.setattr(doctor, "import_module", broken)

    found = doctor.library("cv2", "opencv-python")

    assert "sudo apt-get install -y libgl1 libglib2.0-0" in found.remedy


@pytest.mark.parametrize(
    ("free", "level"), [(5e9, Level.OK), (1e9, Level.NOTE), (1e7, Level.MISSING)]
)
def test_little_room_is_told_before_it_is_too_little(
    tmp_path, monkeypatch, free, level
):
    usage = type("Usage", (), {"free": int(free)})
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage)

    assert doctor.disk_space(tmp_path / "not" / "yet").level is level


def test_a_folder_that_cannot_be_flushed_is_told(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(doctor, "write_whole", refuse)

    found = doctor.durable(tmp_path)

    assert found.level is Level.MISSING
    assert "Input/output error" in found.text


def test_looking_for_the_disks_health_leaves_nothing(tmp_path):
    doctor.durable(tmp_path)

    assert list(tmp_path.iterdir()) == []


def levels(project):
    return {(f.about, f.level) for f in doctor.project_findings(project)}


def test_a_sound_project_has_nothing_wrong(small):
    small.picture(small.drawing())

    assert levels(small.project) == {("journal", Level.OK), ("lineage", Level.OK)}


def test_a_reader_is_told_who_writes_the_project(small):
    with Project(small.project.folder, write=False) as reader:
        told = [f.text for f in doctor.project_findings(reader) if f.about == "lock"]

    assert told == [
        f"process {os.getpid()} on host {os.uname().nodename} writes this project now"
    ]


def test_runs_that_are_not_finished_are_told(small):
    small.run("run-1", state="queued")
    small.run("run-2")

    told = [f for f in doctor.project_findings(small.project) if f.about == "queue"]

    assert [f.text for f in told] == ["not finished: run-1"]
    assert "queue resume" in told[0].remedy


def test_node_files_that_do_not_run_are_told(small):
    folder = small.project.folder / "custom_nodes"
    folder.mkdir()
    (folder / "mine.py").write_text("1/0")

    told = [f for f in doctor.project_findings(small.project) if f.about == "nodes"]

    assert "is not trusted" in told[0].text


def test_a_damaged_journal_and_a_missing_file_are_wrong(tmp_path):
    damaged(tmp_path)

    with Project(tmp_path, write=False) as project:
        wrong = {
            f.about for f in doctor.project_findings(project) if f.level == "wrong"
        }

    assert wrong == {"journal", "lineage"}


def test_many_problems_are_counted_rather_than_told_one_by_one(small):
    drawing = small.drawing()
    for _ in range(13):
        path_of(small, small.picture(drawing)).unlink()

    told = [
        f.text for f in doctor.project_findings(small.project) if f.level == "wrong"
    ]

    assert len(told) == 11
    assert told[-1] == "and 3 more: `workbench lineage verify` lists all"


# Repair


def test_a_sound_project_needs_no_repair(small):
    small.picture(small.drawing())

    assert repair(small.project) == []


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), spoil])
def test_a_lost_intermediate_counts_as_given_up(small, harm):
    blurred = small.picture(small.drawing())
    harm(path_of(small, blurred))

    [done] = repair(small.project)

    assert "1 missing or damaged pictures" in done
    assert small.project.store.asset(blurred.id).evicted
    assert not path_of(small, blurred).exists()
    assert problems(small) == []


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), spoil])
def test_a_lost_drawing_is_copied_from_where_it_lies(small, harm):
    drawing = small.drawing()
    harm(path_of(small, drawing))

    [done] = repair(small.project)

    assert done.startswith("1 drawings were copied")
    assert problems(small) == []


def test_a_lost_drawing_that_was_redrawn_stays_a_problem(small):
    drawing = small.drawing("a.png")
    path_of(small, drawing).unlink()
    (small.project.folder / "board" / "a.png").unlink()

    assert repair(small.project) == []
    assert "is missing" in problems(small)[0]


def test_a_task_without_its_result_counts_as_never_run(small):
    small.put(Settled("a" * 32, Status.COMPLETED))

    repair(small.project)

    assert small.project.store.settled("a" * 32) is None
    assert problems(small) == []


def test_a_result_without_its_task_gets_it_back(small):
    blurred = small.picture(small.drawing(), outcome="soft")
    with small.project.store.record():
        small.project.store.remove(Settled, [blurred.id])

    repair(small.project)

    end = small.project.store.settled(blurred.id)
    assert (end.status, end.outcome) == (Status.COMPLETED, "soft")


def test_repair_removes_files_without_a_record(small):
    small.drawing()
    small.project.media.save(Image(noise(99)), final=True)

    assert repair(small.project) == ["1 files without a record were removed"]


def test_repair_sets_damage_aside_and_keeps_files_whose_record_may_be_lost(tmp_path):
    damaged(tmp_path)
    files = set((tmp_path / ".workbench" / "media").glob("??/*"))

    with Project(tmp_path, write=True) as project:
        done = repair(project)

        assert project.store.database.lost == 0
    assert "set aside" in done[0]
    assert set((tmp_path / ".workbench" / "media").glob("??/*")) == files
    assert list((tmp_path / ".workbench").glob("journal.damaged-*"))


def test_repair_gives_nothing_of_a_take_up(small):
    drawing = small.drawing()
    blurred = small.picture(drawing)
    small.take(small.shot(drawing, "a"), blurred)

    repair(small.project)

    assert not small.project.store.asset(blurred.id).evicted
