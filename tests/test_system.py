"""What libraries in C say on stderr can be held back."""

import os
import threading

from nodegraph.system import overheard


def test_what_c_code_says_is_held_back_and_told(capfd):
    with overheard() as lines:
        os.write(2, b"one\ntwo\n")
    os.write(2, b"three\n")

    assert lines == ["one", "two"]
    assert capfd.readouterr().err == "three\n"


def test_stderr_is_back_after_an_error(capfd):
    lines = []
    try:
        with overheard() as lines:
            os.write(2, b"one\n")
            raise ValueError
    except ValueError:
        os.write(2, b"two\n")

    assert lines == ["one"]
    assert capfd.readouterr().err == "two\n"


def test_threads_do_not_take_each_other_s_words(capfd):
    heard: dict[int, list[str]] = {}

    def listen(number: int) -> None:
        for _ in range(20):
            with overheard() as lines:
                os.write(2, f"{number}\n".encode())
            heard.setdefault(number, []).extend(lines)

    threads = [threading.Thread(target=listen, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"end\n")

    assert heard == {n: [str(n)] * 20 for n in range(4)}
    assert capfd.readouterr().err == "end\n"


def test_without_room_to_keep_it_nothing_is_held_back(capfd, monkeypatch):
    def refuse() -> None:
        raise OSError("no room")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)

    with overheard() as lines:
        os.write(2, b"one\n")

    assert lines == []
    assert capfd.readouterr().err == "one\n"
