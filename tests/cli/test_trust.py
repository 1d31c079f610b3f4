"""`workbench trust`: what runs with the user's rights is shown and asked for."""

import hashlib
import io
import sys

import pytest
from inside import Inside

NODE = """
from nodegraph import Image, node

@node("Mine")
def mine(image: Image) -> Image:
    "Give it as it is."
    return image
"""


@pytest.fixture
def call(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CONFIG", str(tmp_path / "configuration"))
    folder = tmp_path / "film"
    (folder / "custom_nodes").mkdir(parents=True)
    return Inside(folder, capsys)


@pytest.fixture
def file(call):
    path = call.project / "custom_nodes" / "mine.py"
    path.write_text(NODE)
    return path


def knows(call):
    return call("nodes", "mine").code == 0


class Terminal(io.StringIO):
    """A person who types this."""

    def isatty(self):
        return True


def test_every_file_is_shown_with_its_digest_and_state(call, file):
    said = call("trust", "--list")

    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert said.code == 0
    assert said.out.splitlines()[1].split() == [
        "mine.py",
        digest[:12],
        "not",
        "trusted",
    ]


def test_showing_trusts_nothing(call, file):
    call("trust", "--list")

    assert not knows(call)


def test_with_yes_the_files_run(call, file):
    said = call("trust", "--yes")

    assert said.code == 0
    assert knows(call)
    assert call("trust", "--list").out.splitlines()[1].endswith("trusted")


def test_without_a_terminal_nobody_is_asked(call, file):
    said = call("trust")

    assert said.code == 2
    assert "--yes" in said.err
    assert not knows(call)


@pytest.mark.parametrize(
    ("answer", "trusted"), [("y", True), ("n", False), ("", False)]
)
def test_at_a_terminal_the_person_decides(call, file, monkeypatch, answer, trusted):
    monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))

    said = call("trust")

    assert said.code == 0
    assert "1 file" in said.out + said.err
    assert knows(call) is trusted


def test_a_question_that_is_broken_off_is_a_no(call, file, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Terminal(""))

    said = call("trust")

    assert said.code == 130
    assert said.err.splitlines()[-1] == "nothing was trusted"
    assert not knows(call)


def test_a_changed_file_asks_again(call, file):
    call("trust", "--yes")
    file.write_text(NODE + "\n")

    assert "changed since it was trusted" in call("trust", "--list").out
    assert not knows(call)
    assert call("trust").code == 2


def test_what_is_trusted_already_is_not_asked_again(call, file):
    call("trust", "--yes")

    assert call("trust").code == 0


def test_a_folder_can_be_named(call, file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert call.bare("trust", "film", "--yes").code == 0
    assert knows(call)


def test_a_project_without_files_has_nothing_to_trust(call):
    said = call("trust")

    assert said.code == 0
    assert "nothing to trust" in said.err


def test_a_folder_that_is_none_is_refused(call, tmp_path):
    assert call.bare("trust", tmp_path / "nowhere").code == 3
