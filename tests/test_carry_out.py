"""What a node may give, say and do: whatever it is, it becomes a record or a failure."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import odd_nodes
import pytest

from nodegraph.context import Cancelled
from nodegraph.identities import Identities
from nodegraph.lineage import Kind, Recipe, Status, Task
from nodegraph.media.folder import Media
from nodegraph.node import NodeType
from nodegraph.values import Image
from nodegraph.work import carry as work
from nodegraph.work.carry import Bench, Done, Failed, Given, Order, carry_out
from nodegraph.workers import channel as channels
from nodegraph.workers.channel import Channel

TYPES = {t.name: t for t in vars(odd_nodes).values() if isinstance(t, NodeType)}


class Ear(Channel):
    """Keeps what is reported, and may ask to stop."""

    def __init__(self) -> None:
        self.ends: list[Done | Failed] = []
        self.stop = False

    def report(self, message: Any) -> None:
        if isinstance(message, Done | Failed):
            self.ends.append(message)

    def cancelled(self) -> bool:
        return self.stop


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Ear:
    ear = Ear()
    monkeypatch.setattr(channels, "_channel", ear)
    monkeypatch.setattr(work, "node_types", lambda custom: TYPES)
    return ear


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Media(tmp_path / "media"), Identities(tmp_path / "identities"))


@pytest.fixture
def run(ear: Ear, bench: Bench) -> Callable[..., list[Done | Failed]]:
    """Carry out tasks over one drawing."""
    pixels = np.random.default_rng(1).integers(0, 256, (8, 6, 3), np.uint8)
    stored = bench.media.save(Image(pixels), final=True)
    drawing = Given(stored.sha256, stored.suffix)

    def carry(*tasks: Task) -> list[Done | Failed]:
        carry_out(bench, Order(tasks, {"drawing": drawing}, {}, 60.0))
        return ear.ends

    return carry


def task(node: str, image: str = "drawing", /, **settings: Any) -> Task:
    linked = {k: v for k, v in settings.items() if isinstance(v, tuple)}
    plain = {k: v for k, v in settings.items() if k not in linked}
    inputs: Mapping[str, str] = {"image": image, **{k: v[0] for k, v in linked.items()}}
    recipe = Recipe(node, "1", plain, inputs)
    return Task(recipe, node, node, parent=image)


def loaded(bench: Bench, end: Done | Failed) -> Any:
    assert isinstance(end, Done)
    [made] = end.made
    return bench.media.load(made.sha256, made.suffix, Image).pixels


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("text", "returned a text as 'result', which is a picture"),
        ("none", "returned a NoneType as 'result'"),
        ("array", "returned a ndarray as 'result'"),
        ("mask", "returned a mask as 'result', which is a picture"),
        ("floats", "pixels of shape (2, 2, 3) and type float64"),
        ("grey", "pixels of shape (2, 2) and type uint8"),
        ("nothing", "pixels of shape (0, 2, 3)"),
        ("list", "AttributeError"),
    ],
)
def test_what_is_no_picture_is_refused(run: Any, what: str, said: str) -> None:
    [end] = run(task("gives", what=what))

    assert end.status is Status.FAILED
    assert said in end.error


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("nan", "returned nan as 'result'"),
        ("inf", "returned inf as 'result'"),
        ("bool", "returned a switch as 'result', which is a number"),
        ("text", "returned a text as 'result', which is a number"),
    ],
)
def test_what_is_no_number_is_refused(run: Any, what: str, said: str) -> None:
    [end] = run(task("numbers", what=what))

    assert said in end.error


@pytest.mark.parametrize(("what", "value"), [("whole", 3.0), ("numpy", 2.5)])
def test_a_number_is_kept_as_what_was_declared(
    run: Any, what: str, value: float
) -> None:
    [end] = run(task("numbers", what=what))

    [made] = end.made
    assert (made.type, made.value) == (Kind.VALUE, value)
    assert type(made.value) is float


def test_a_number_too_large_for_any_record_is_refused(run: Any) -> None:
    [end] = run(task("counts"))

    assert "too large a number" in end.error


@pytest.mark.parametrize(("length", "fits"), [(1024, True), (1025, False)])
def test_a_text_along_an_edge_is_short(run: Any, length: int, fits: bool) -> None:
    [end] = run(task("talks", length=length))

    assert isinstance(end, Done) is fits
    assert fits or "longer than 1024 bytes" in end.error


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("exit", "SystemExit: 3"),
        ("interrupt", "KeyboardInterrupt"),
        ("cancelled", "Cancelled"),
        ("memory", "out of memory: free some, or make the picture smaller"),
        ("speechless", "Speechless"),
        ("lines", "two lines"),
        ("endless", "RecursionError: maximum recursion depth exceeded"),
    ],
)
def test_whatever_a_node_raises_is_its_failure_alone(
    run: Any, what: str, said: str
) -> None:
    first, second = run(task("raises", what=what), task("fine"))

    assert first.error.startswith(said)
    assert isinstance(second, Done)


def test_a_cancel_that_somebody_asked_for_ends_the_unit(run: Any, ear: Ear) -> None:
    ear.stop = True
    with pytest.raises(Cancelled):
        run(task("raises", what="cancelled"), task("fine"))

    assert ear.ends == []


def test_a_drawing_cannot_be_changed_by_a_node(run: Any, bench: Bench) -> None:
    first, second = run(task("scribbles"), task("fine"))

    assert "it has to work on a copy" in first.error
    assert loaded(bench, second).any()


def test_what_a_node_gave_cannot_be_changed_by_the_next(run: Any, bench: Bench) -> None:
    good = task("fine")
    first, second, third = run(
        good, task("scribbles", good.key), task("fine", good.key)
    )

    assert "it has to work on a copy" in second.error
    assert (loaded(bench, third) == 255 - loaded(bench, first)).all()


def test_several_outputs_are_kept_each_for_itself(run: Any, bench: Bench) -> None:
    both = task("two")
    first, second = run(both, task("fine", f"{both.key}.dark"))

    assert [(made.port, made.type) for made in first.made] == [
        ("dark", Kind.REFINED),
        ("mask", Kind.MASK),
    ]
    assert isinstance(second, Done)


@pytest.mark.parametrize("what", ["numpy", "set", "nan"])
def test_a_remark_that_no_record_holds_fails_its_own_task_alone(
    run: Any, what: str
) -> None:
    first, second = run(task("remarks", what=what), task("fine"))

    assert "'remark', which cannot be recorded" in first.error
    assert isinstance(second, Done)


def test_a_remark_is_kept_with_the_result(run: Any) -> None:
    [end] = run(task("remarks", what="fine"))

    assert end.said["notes"] == {"remark": [1, "a"]}


def test_a_linked_number_has_to_fit_as_a_typed_one_does(run: Any) -> None:
    whole = task("numbers", what="whole")
    _, end = run(whole, task("measured", amount=(whole.key,)))

    assert end.error == "amount is 3.0: choose a number from 0 to 1"


def test_a_failed_task_holds_back_only_what_needs_it(run: Any) -> None:
    bad = task("raises")
    after = task("fine", bad.key)
    ends = run(bad, after, task("fine", after.key), task("two"))

    assert [end.step for end in ends] == [0, 3]


def test_a_node_type_that_is_gone_fails_its_tasks_and_says_what_to_do(run: Any) -> None:
    first, second = run(task("vanished"), task("fine"))

    assert first.outcome == "missing"
    assert "run `workbench trust`" in first.error
    assert isinstance(second, Done)


def test_a_node_that_changed_no_pixel_is_told(run: Any) -> None:
    ends = run(task("same"), task("fine"))

    assert [end.said.get("outcome") for end in ends] == ["unchanged", None]
