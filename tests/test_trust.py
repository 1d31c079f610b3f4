"""Trust: which of a project's own node files may run, and who remembers it."""

import json
import os
import sys
from pathlib import Path

import pytest

from nodegraph import trust
from nodegraph.trust import TrustError

CODE = "from nodegraph import Image, node\n"


@pytest.fixture
def config(tmp_path, monkeypatch):
    """The user's configuration, empty."""
    folder = tmp_path / "config"
    monkeypatch.setenv(trust.VARIABLE, str(folder))
    return folder


@pytest.fixture
def project(tmp_path, config):
    """A project with one node file and one of shared code."""
    folder = tmp_path / "show"
    (folder / "custom_nodes").mkdir(parents=True)
    (folder / "custom_nodes" / "glow.py").write_text(CODE)
    (folder / "custom_nodes" / "_light.py").write_text("GAIN = 2\n")
    return folder


def states(project):
    return {f.path.name: (f.trusted, f.changed) for f in trust.status(project)}


def test_nothing_is_trusted_until_somebody_says_so(project):
    assert states(project) == {"_light.py": (False, False), "glow.py": (False, False)}


def test_trust_allows_node_files_and_shared_code(project):
    given = trust.trust(project)

    assert given == trust.status(project)
    assert states(project) == {"_light.py": (True, False), "glow.py": (True, False)}


def test_a_changed_file_asks_again_and_the_others_do_not(project):
    trust.trust(project)

    (project / "custom_nodes" / "glow.py").write_text(CODE + "# new\n")

    assert states(project) == {"_light.py": (True, False), "glow.py": (False, True)}
    assert "changed since it was trusted" in trust.status(project)[1].objection


def test_a_file_changed_back_is_trusted_again(project):
    trust.trust(project)
    path = project / "custom_nodes" / "glow.py"
    path.write_text("# other\n")

    path.write_text(CODE)

    assert states(project)["glow.py"] == (True, False)


def test_a_new_file_is_not_trusted_by_the_trust_of_the_others(project):
    trust.trust(project)

    (project / "custom_nodes" / "new.py").write_text(CODE)

    assert states(project)["new.py"] == (False, False)


def test_only_what_the_user_has_seen_is_trusted(project):
    seen = trust.status(project)
    (project / "custom_nodes" / "glow.py").write_text("# slipped in\n")

    trust.trust(project, seen)

    assert states(project)["glow.py"] == (False, True)


def test_trust_is_the_user_s_and_leaves_the_project_as_it_is(project, config):
    before = sorted(project.rglob("*"))

    trust.trust(project)

    assert sorted(project.rglob("*")) == before
    assert [path.name for path in config.iterdir()] == ["trust.json"]


@pytest.mark.skipif(os.name == "nt", reason="there are no such permissions")
def test_nobody_else_reads_or_writes_the_record(project, config):
    trust.trust(project)
    assert (config / "trust.json").stat().st_mode & 0o777 == 0o600

    (config / "trust.json").chmod(0o666)
    trust.trust(project)

    assert (config / "trust.json").stat().st_mode & 0o777 == 0o600


def test_a_copy_of_the_project_asks_again(project, tmp_path):
    trust.trust(project)

    project.rename(tmp_path / "moved")

    assert states(tmp_path / "moved")["glow.py"] == (False, False)


def test_projects_do_not_touch_each_other_s_trust(project, tmp_path):
    other = tmp_path / "other"
    (other / "custom_nodes").mkdir(parents=True)
    (other / "custom_nodes" / "glow.py").write_text("# mine\n")
    trust.trust(project)

    trust.trust(other)

    assert states(project)["glow.py"] == (True, False)


def test_what_is_gone_is_forgotten(project, config):
    trust.trust(project)
    (project / "custom_nodes" / "glow.py").unlink()

    trust.trust(project)

    files = json.loads((config / "trust.json").read_text())["files"]
    assert [Path(path).name for path in files] == ["_light.py"]


def test_the_project_is_the_same_however_it_is_named(project, monkeypatch):
    monkeypatch.chdir(project.parent)

    trust.trust(Path("show"))

    assert states(project.parent / "other" / ".." / "show")["glow.py"] == (True, False)


def test_a_project_without_node_files_has_none(tmp_path, config):
    assert trust.status(tmp_path) == []
    assert trust.trust(tmp_path) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"format": 1}',
        b'{"format": 2, "files": {}}',
        b'{"format": 1, "files": []}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
    ids=range(8),
)
def test_a_record_that_cannot_be_read_trusts_nothing(project, config, content):
    trust.trust(project)
    (config / "trust.json").write_bytes(content)

    assert states(project)["glow.py"] == (False, False)

    trust.trust(project)
    assert states(project)["glow.py"] == (True, False)


def refused(project, name):
    [file] = [f for f in trust.trust(project) if f.path.name == name]
    assert not file.trusted
    return file.objection


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege")
def test_a_link_out_of_the_folder_is_refused(project, tmp_path):
    (tmp_path / "outside.py").write_text(CODE)
    (project / "custom_nodes" / "far.py").symlink_to(tmp_path / "outside.py")
    (project / "custom_nodes" / "near.py").symlink_to("glow.py")

    assert "is a link out of" in refused(project, "far.py")
    assert states(project)["near.py"] == (True, False)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege")
def test_a_folder_that_is_a_link_out_of_the_project_is_refused(config, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "far.py").write_text(CODE)
    (tmp_path / "show").mkdir()
    (tmp_path / "show" / "custom_nodes").symlink_to(tmp_path / "elsewhere")

    assert "is a link out of" in refused(tmp_path / "show", "far.py")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files")
def test_a_pipe_is_refused_and_not_waited_for(project):
    os.mkfifo(project / "custom_nodes" / "pipe.py")

    assert "no plain file" in refused(project, "pipe.py")


def test_a_folder_named_like_a_file_is_refused(project):
    (project / "custom_nodes" / "dir.py").mkdir()

    assert "no plain file" in refused(project, "dir.py")


def test_a_huge_file_is_refused(project):
    (project / "custom_nodes" / "huge.py").write_bytes(b"#" * (4 * 2**20 + 1))

    assert "larger than 4 MB" in refused(project, "huge.py")


@pytest.mark.parametrize("name", ["my-node.py", "two words.py", "a.b.py", "1st.py"])
def test_a_name_that_cannot_be_imported_is_refused(project, name):
    (project / "custom_nodes" / name).write_text(CODE)

    assert "give it a name of letters, digits and _" in refused(project, name)


def test_a_configuration_that_cannot_be_written_is_named(project, config):
    config.write_text("a file where the folder should be")

    with pytest.raises(TrustError, match=rf"trust\.json cannot be.*{trust.VARIABLE}"):
        trust.trust(project)


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_a_project_in_a_folder_without_a_unicode_name_is_told(config, tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")) / "custom_nodes"
    folder.mkdir(parents=True)
    (folder / "glow.py").write_text(CODE)

    with pytest.raises(TrustError, match="no Unicode text: rename it"):
        trust.trust(folder.parent)


def test_the_configuration_is_the_system_s_unless_named(monkeypatch, tmp_path):
    monkeypatch.setenv(trust.VARIABLE, str(tmp_path))
    assert trust.configuration() == tmp_path

    monkeypatch.delenv(trust.VARIABLE)
    assert trust.configuration().name == "animator-workbench"
