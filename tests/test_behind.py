"""Rules of the calls that run one behind their caller."""

import threading

import pytest

from nodegraph.behind import OneBehind


def test_calls_keep_their_order_whether_slow_or_not():
    done: list[int] = []

    with OneBehind() as behind:
        for number in range(20):
            behind.call(lambda n=number: done.append(n), slow=number % 3 > 0)

    assert done == list(range(20))


def test_the_caller_goes_on_during_a_slow_call():
    gate = threading.Event()

    with OneBehind() as behind:
        behind.call(
            lambda: gate.wait(10) or pytest.fail("the caller waited"), slow=True
        )
        gate.set()


def test_the_next_call_waits_for_the_one_before():
    gate, seen = threading.Event(), []
    timer = threading.Timer(0.1, gate.set)

    with OneBehind() as behind:
        behind.call(lambda: gate.wait(10), slow=True)
        timer.start()
        behind.call(lambda: seen.append(gate.is_set()), slow=False)

    assert seen == [True]


def test_leaving_waits_even_where_the_caller_fails():
    gate, done = threading.Event(), []
    threading.Timer(0.1, gate.set).start()

    with pytest.raises(KeyError), OneBehind() as behind:
        behind.call(lambda: gate.wait(10) and done.append(1), slow=True)
        raise KeyError

    assert done == [1]


def test_what_a_slow_call_raises_reaches_the_caller():
    with pytest.raises(ZeroDivisionError), OneBehind() as behind:
        behind.call(lambda: 1 // 0, slow=True)
