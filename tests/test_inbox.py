"""What other processes ask of the one that writes, and what it answers."""

import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from nodegraph.inbox import Inbox, NoAnswer, ask


def echo(request: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"heard": dict(request)}


def eventually(said: Any) -> bool:
    until = time.monotonic() + 20
    while not said() and time.monotonic() < until:
        time.sleep(0.01)
    return bool(said())


def test_a_request_is_answered_and_leaves_nothing(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox", echo)
    try:
        answer = ask(tmp_path / "inbox", {"verb": "pause", "id": "ä\n"}, patience=20)
    finally:
        inbox.close()

    assert answer == {"heard": {"verb": "pause", "id": "ä\n"}}
    assert list((tmp_path / "inbox").iterdir()) == []


def test_each_of_many_gets_its_own_answer(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, echo)
    answers: dict[int, object] = {}

    def one(number: int) -> None:
        answers[number] = ask(tmp_path, {"id": number}, patience=20)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    inbox.close()

    assert answers == {n: {"heard": {"id": n}} for n in range(8)}


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (ValueError("no such run"), "no such run"),
        (KeyError(), "KeyError"),
        (FileNotFoundError(2, "gone"), "gone"),
        ({"ok": object()}, "JSON"),
        (None, "None"),
    ],
)
def test_an_error_is_an_answer_and_the_next_request_is_heard(
    tmp_path: Path, answered: object, said: str
) -> None:
    def handler(request: Mapping[str, Any]) -> Any:
        if request["id"] == 1:
            return {"ok": True}
        if isinstance(answered, Exception):
            raise answered
        return answered

    inbox = Inbox(tmp_path, handler)
    try:
        bad = ask(tmp_path, {"id": 0}, patience=20)
        good = ask(tmp_path, {"id": 1}, patience=20)
    finally:
        inbox.close()

    assert set(bad) == {"error"}
    assert said in bad["error"]
    assert good == {"ok": True}


@pytest.mark.parametrize("text", ["", "{", "[1]", "3"])
def test_what_is_no_request_harms_nobody(tmp_path: Path, text: str) -> None:
    inbox = Inbox(tmp_path, lambda request: {"ok": request["id"]})
    try:
        (tmp_path / "0.request.json").write_text(text)
        assert ask(tmp_path, {"id": 7}, patience=20) == {"ok": 7}
    finally:
        inbox.close()

    assert not (tmp_path / "0.request.json").exists()


def test_nobody_there_is_no_answer_and_leaves_no_request(tmp_path: Path) -> None:
    with pytest.raises(NoAnswer):
        ask(tmp_path / "inbox", {"verb": "pause"}, patience=0.05)

    assert list((tmp_path / "inbox").iterdir()) == []


def test_a_busy_writer_is_no_answer(tmp_path: Path) -> None:
    go_on = threading.Event()

    def slow(request: Mapping[str, Any]) -> Mapping[str, Any]:
        go_on.wait(30)
        return {}

    inbox = Inbox(tmp_path, slow)
    try:
        with pytest.raises(NoAnswer):
            ask(tmp_path, {}, patience=0.3)
    finally:
        go_on.set()
        inbox.close()


def test_requests_of_a_time_when_nobody_listened_are_dropped(tmp_path: Path) -> None:
    heard: list[Mapping[str, Any]] = []
    (tmp_path / "old.request.json").write_text(json.dumps({"verb": "cancel"}))
    (tmp_path / "old.answer.json").write_text("{}")

    def hear(request: Mapping[str, Any]) -> Mapping[str, Any]:
        heard.append(request)
        return {}

    inbox = Inbox(tmp_path, hear)
    try:
        ask(tmp_path, {"verb": "pause"}, patience=20)
    finally:
        inbox.close()

    assert heard == [{"verb": "pause"}]
    assert list(tmp_path.iterdir()) == []


def test_an_inbox_that_is_closed_answers_no_more(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, echo)
    inbox.close()

    with pytest.raises(NoAnswer):
        ask(tmp_path, {}, patience=0.3)


def test_an_inbox_outlives_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    folder.mkdir()
    inbox = Inbox(folder, echo)
    try:
        folder.rmdir()
        assert eventually(lambda: not folder.exists())
        assert ask(folder, {"id": 1}, patience=20) == {"heard": {"id": 1}}
    finally:
        inbox.close()
