"""Records of every kind come back as they were, to the writer and to readers."""

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodegraph.journal.lock import Locked
from nodegraph.journal.recorder import NotRecording
from nodegraph.lineage import (
    Asset,
    Attempt,
    Export,
    Found,
    Kind,
    Override,
    Queue,
    Recipe,
    Run,
    Settled,
    Shot,
    Status,
    Take,
)
from nodegraph.store import INDEXES, TABLES, ProjectStore, of_row, to_row

texts = st.text(max_size=12)
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
odd = st.sampled_from(["a\nb", "a\tb", "\udcff", "\x1a", "a\u202eb", '"', "\\", ""])
whole = st.integers(-(2**53), 2**53)
numbers = st.floats(allow_nan=False, allow_infinity=False)
plain = st.none() | st.booleans() | whole | numbers | texts
values = st.recursive(
    plain,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(words, each, max_size=3),
    max_leaves=5,
)
settings_ = st.dictionaries(words, values, max_size=3)
ids = words | odd
maybe = st.none() | words
recipes = st.builds(
    Recipe,
    words,
    words,
    settings_,
    st.dictionaries(words, words | st.lists(words, max_size=3).map(tuple), max_size=3),
)
nested = st.dictionaries(
    words, st.dictionaries(words, settings_, max_size=2), max_size=2
)
records: dict[type, st.SearchStrategy[Any]] = {
    Asset: st.builds(
        Asset,
        ids,
        st.sampled_from(Kind),
        texts,
        texts,
        whole,
        whole,
        whole,
        st.none() | recipes,
        maybe,
        st.lists(words, max_size=3).map(tuple),
        values,
        texts,
        texts,
        settings_,
        st.none() | settings_,
        st.dictionaries(words, texts, max_size=2),
        texts,
        maybe,
        maybe,
        st.booleans(),
    ),
    Attempt: st.builds(Attempt, ids, whole, texts),
    Export: st.builds(Export, ids, words, maybe, texts, whole, texts, whole),
    Found: st.builds(
        Found,
        ids,
        st.lists(whole, max_size=4).map(tuple),
        texts,
        texts,
        whole,
        whole,
        whole,
        st.lists(texts, max_size=2).map(tuple),
    ),
    Override: st.builds(Override, ids, texts, texts, words, settings_, texts),
    Queue: st.builds(Queue, ids, st.booleans()),
    Run: st.builds(
        Run,
        ids,
        texts,
        settings_,
        st.dictionaries(words, texts, max_size=2),
        st.lists(settings_, max_size=2).map(tuple),
        texts,
        st.dictionaries(words, texts, max_size=2),
        nested,
        st.dictionaries(words, texts, max_size=2),
        texts,
        texts,
        st.sampled_from(["queued", "finished", "cancelled"]),
        texts,
        texts,
        numbers,
        st.dictionaries(words, whole, max_size=2),
        words,
    ),
    Settled: st.builds(
        Settled,
        ids,
        st.sampled_from(Status),
        texts,
        texts,
        texts,
        texts,
        maybe,
        maybe,
        numbers,
    ),
    Shot: st.builds(
        Shot,
        ids,
        texts,
        texts,
        whole,
        texts,
        words,
        texts,
        texts,
        texts,
        st.none() | numbers,
        texts,
        texts,
        texts,
        texts,
        st.dictionaries(words, whole, max_size=2),
        texts,
        st.booleans(),
    ),
    Take: st.builds(Take, ids, words, texts, texts, whole, words, texts, st.booleans()),
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ProjectStore]:
    with ProjectStore(tmp_path, write=True) as opened:
        yield opened


def put(store: ProjectStore, *those: Any) -> None:
    with store.record():
        store.put(*those)


def test_every_kind_of_record_has_its_strategy_here() -> None:
    assert set(records) == set(TABLES)


@pytest.mark.parametrize("kind", records, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_record_comes_back_as_it_was(kind: type, data: st.DataObject) -> None:
    record = data.draw(records[kind])

    assert of_row(kind, to_row(record)) == record


@given(data=st.data())
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_records_come_back_to_a_reader_under_ids_of_any_kind(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("store")
    wanted = {
        (kind, record.id): record
        for kind in records
        for record in data.draw(st.lists(records[kind], max_size=3))
    }
    with ProjectStore(folder, write=True) as writer:
        put(writer, *wanted.values())

    with ProjectStore(folder, write=False) as reader:
        for (kind, id_), record in wanted.items():
            assert reader.get(kind, id_) == record
            assert id_ in reader.keys(kind)
            assert record in list(reader.all(kind))
            for name in INDEXES.get(TABLES[kind], ()):
                field = name.removesuffix("*")
                value = getattr(record, field)
                if name == field and value:
                    assert record in reader.by(kind, field, value)
                    assert id_ in reader.ids(kind, field, value)


def test_what_is_as_by_default_takes_no_room() -> None:
    row = to_row(Asset("a", Kind.BASE, run="r"))

    assert set(row) == {"id", "type", "run"}


@pytest.mark.parametrize("kind", records, ids=lambda kind: kind.__name__)
def test_fields_of_a_newer_version_are_passed_over(kind: type) -> None:
    least = {
        each.name: {"type": Kind.BASE, "status": Status.FAILED}.get(each.name, "x")
        for each in fields(kind)
    }
    sound = {
        name: value
        for name, value in least.items()
        if name not in ("recipe", "stamp", "shots", "sources", "warnings")
    }
    lists = {"stamp": [1], "shots": [{}], "sources": ["s"], "warnings": []}
    names = {each.name for each in fields(kind)}
    row = sound | {k: v for k, v in lists.items() if k in names}

    assert of_row(kind, {**row, "fresh": [1, {}]}) == of_row(kind, row)


def test_an_asset_is_found_by_each_of_its_parents(store: ProjectStore) -> None:
    recipe = Recipe("blend", "1", {}, {"a": "p", "b": "q", "more": ("q", "r")})
    put(store, Asset("x", Kind.REFINED, recipe=recipe), Asset("p", Kind.BASE))

    for parent in ("p", "q", "r"):
        assert [asset.id for asset in store.children(parent)] == ["x"]
    assert store.children("x") == []


def test_a_record_put_again_takes_the_place_of_the_old(store: ProjectStore) -> None:
    shot = Shot("s", "a", board="one")
    put(store, shot)
    put(store, replace(shot, board="two"))

    assert store.by(Shot, "board", "one") == []
    assert [each.id for each in store.by(Shot, "board", "two")] == ["s"]
    assert store.count(Shot) == 1


@pytest.mark.parametrize("id_", ["plain", "a\nb", "\udcff"])
def test_a_record_can_be_removed(store: ProjectStore, id_: str) -> None:
    put(store, Override(id_, "g", "n", "s", {"x": 1}))
    with store.record():
        store.remove(Override, [id_, "never there"])

    assert store.get(Override, id_) is None
    assert store.by(Override, "shot", "s") == []


def test_queued_runs_are_found_by_their_state(store: ProjectStore) -> None:
    run = Run("run-1", "look", {}, {}, ())
    put(store, run, replace(run, id="run-2", state="finished"))

    assert [each.id for each in store.by(Run, "state", "queued")] == ["run-1"]


def test_what_fails_in_the_middle_leaves_nothing(
    store: ProjectStore, tmp_path: Path
) -> None:
    with pytest.raises(ZeroDivisionError), store.record():
        store.put(Shot("a", "a"))
        raise ZeroDivisionError
    with pytest.raises(ValueError, match="finite"):
        put(store, Shot("b", "b"), Shot("c", "c", duration=float("nan")))

    assert list(store.all(Shot)) == []
    with ProjectStore(tmp_path, write=False) as reader:
        assert list(reader.all(Shot)) == []


def test_nothing_is_changed_outside_a_record(store: ProjectStore) -> None:
    with pytest.raises(NotRecording):
        store.put(Shot("a", "a"))


def test_a_reader_sees_what_the_writer_recorded_before_it_came(
    store: ProjectStore, tmp_path: Path
) -> None:
    put(store, Shot("a", "a"))

    with ProjectStore(tmp_path, write=False) as early:
        put(store, Shot("b", "b"))
        with ProjectStore(tmp_path, write=False) as late:
            assert [shot.id for shot in late.all(Shot)] == ["a", "b"]
        assert [shot.id for shot in early.all(Shot)] == ["a"]
        early.database.refresh()
        assert [shot.id for shot in early.all(Shot)] == ["a", "b"]


def test_a_second_writer_is_refused_and_told_who_writes(
    store: ProjectStore, tmp_path: Path
) -> None:
    import os

    with pytest.raises(Locked, match=str(os.getpid())) as refused:
        ProjectStore(tmp_path, write=True)

    assert str(os.getpid()) in refused.value.holder
    put(store, Shot("a", "a"))


def test_the_next_writer_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with ProjectStore(tmp_path, write=True) as opened:
            put(opened, Shot(name, name))

    with ProjectStore(tmp_path, write=False) as reader:
        assert reader.keys(Shot) == ["a", "b"]


def test_a_journal_without_a_recipe_of_its_own_tells_parents_by_the_recipe() -> None:
    recipe = Recipe("n", "1", {"a": 1}, {"image": "p"})
    row = to_row(Asset("x", Kind.MASK, recipe=recipe))

    assert row["parents"] == ["p"]
    assert of_row(Asset, row).parents == ("p",)
