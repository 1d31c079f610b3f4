"""Rules of work that goes on behind its caller."""

import threading

import pytest

from nodegraph.work.behind import Behind


def test_results_settle_in_order_whether_slow_or_not():
    settled: list[int] = []

    with Behind(settled.append) as behind:
        for number in range(30):
            behind.do(lambda n=number: n, slow=number % 4 > 0)

    assert settled == list(range(30))


def test_what_is_done_sooner_settles_after_what_came_before():
    first, settled = threading.Event(), []

    with Behind(settled.append) as behind:
        behind.do(lambda: first.wait(10) and 1, slow=True)
        behind.do(lambda: first.set() or 2, slow=True)

    assert settled == [1, 2]


def test_the_caller_goes_on_during_slow_work():
    gate, settled = threading.Event(), []

    with Behind(settled.append) as behind:
        behind.do(lambda: gate.wait(10), slow=True)
        assert settled == []
        gate.set()

    assert settled == [True]


def test_little_goes_on_at_a_time():
    running, most, lock = 0, 0, threading.Lock()
    gate = threading.Event()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        gate.wait(0.02)
        with lock:
            running -= 1

    with Behind(lambda _: None) as behind:
        for _ in range(8):
            behind.do(work, slow=True)

    assert most == 2


def test_leaving_waits_even_where_the_caller_fails():
    gate, settled = threading.Event(), []
    threading.Timer(0.1, gate.set).start()

    with pytest.raises(KeyError), Behind(settled.append) as behind:
        behind.do(lambda: gate.wait(10), slow=True)
        raise KeyError

    assert settled == [True]


def test_what_slow_work_raises_reaches_the_caller():
    with pytest.raises(ZeroDivisionError), Behind(print) as behind:
        behind.do(lambda: 1 // 0, slow=True)
