import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tinydb import TinyDB, where
from tinydb.operations import delete, increment
from tinydb.storages import MemoryStorage
from tinydb.table import Document, Table

from nodegraph.journal import recorder
from nodegraph.journal import writer as journal_module
from nodegraph.journal.lines import JournalError, line
from nodegraph.journal.lock import Locked
from nodegraph.journal.recorder import NotRecording
from nodegraph.journal.tables import Database, JournalTable

INDEXES = {"assets": ("parents*", "shot", "type"), "tasks": ("status", "run", "shot")}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path, write=True, indexes=INDEXES) as opened:
        yield opened


def reading(folder: Path) -> Database:
    return Database.open(folder, write=False, indexes=INDEXES)


def rows(table: Table) -> dict[Any, Any]:
    return {document.doc_id: dict(document) for document in table}


# one record ---------------------------------------------------------------------


def test_a_record_is_one_line_and_comes_back(
    database: Database, tmp_path: Path
) -> None:
    before = (tmp_path / "journal").read_bytes().count(b"\n")
    with database.record():
        database.table("assets").put("a", {"shot": "s1", "parents": ["p", "q"]})
        database.table("tasks").put("t", {"status": "completed", "asset": "a"})

    assert (tmp_path / "journal").read_bytes().count(b"\n") == before + 1
    other = reading(tmp_path)
    assert rows(other.table("assets")) == {"a": {"shot": "s1", "parents": ["p", "q"]}}
    assert other.table("assets").keys() == ["a"]
    assert other.table("tasks").get(doc_id="t") == {"status": "completed", "asset": "a"}
    assert other.tables() == {"assets", "tasks"}


def test_a_table_changes_only_inside_a_record(database: Database) -> None:
    table = database.table("tasks")
    changes = [
        lambda: table.put("a", {}),
        lambda: table.insert({}),
        lambda: table.update({"x": 1}),
        lambda: table.remove(doc_ids=["a"]),
        lambda: table.truncate(),
        lambda: database.drop_tables(),
    ]
    for change in changes:
        with pytest.raises(NotRecording, match="only inside"):
            change()

    assert len(table) == 0


def test_another_threads_record_is_not_ones_own(database: Database) -> None:
    caught = []

    def intrude() -> None:
        try:
            database.table("tasks").put("x", {})
        except NotRecording as error:
            caught.append(error)

    with database.record():
        thread = threading.Thread(target=intrude)
        thread.start()
        thread.join()

    assert len(caught) == 1
    assert "x" not in rows(database.table("tasks"))


def test_an_exception_undoes_the_whole_record(
    database: Database, tmp_path: Path
) -> None:
    table = database.table("assets")
    with database.record():
        table.put("a", {"shot": "s1", "parents": ["p"]})
        table.put("b", {"shot": "s1", "parents": ["p"]})
    table.by("shot", "s1")  # from here on there is an index to undo as well
    before, size = rows(table), database.bytes
    with pytest.raises(ZeroDivisionError), database.record():
        table.put("a", {"shot": "s2"})
        table.put("c", {"shot": "s1"})
        table.remove(doc_ids=["b"])
        table.truncate()
        table.put("d", {"shot": "s1"})
        _ = 1 / 0

    assert rows(table) == before
    assert sorted(table.ids("shot", "s1")) == ["a", "b"]
    assert sorted(table.ids("parents", "p")) == ["a", "b"]
    assert table.ids("shot", "s2") == []
    assert database.bytes == size
    assert rows(reading(tmp_path).table("assets")) == before


def test_a_failed_inner_record_undoes_only_itself(
    database: Database, tmp_path: Path
) -> None:
    table, told = database.table("tasks"), []
    with database.record():
        table.put("outer", {})
        with pytest.raises(ZeroDivisionError), database.record(done=told.append):
            table.put("inner", {})
            _ = 1 / 0
        with database.record():
            table.put("second", {})

    assert list(rows(table)) == ["outer", "second"]
    assert list(rows(reading(tmp_path).table("tasks"))) == ["outer", "second"]
    assert told == []


def test_a_document_handed_out_is_a_copy(database: Database) -> None:
    table = database.table("assets")
    given = {"shot": "s", "settings": {"radius": [1, 2]}}
    with database.record():
        table.put("a", given)
    given["settings"]["radius"].append(3)  # type: ignore[index]
    for found in (
        table.get(doc_id="a"),
        table.by("shot", "s")[0],
        table.search(where("shot") == "s")[0],
        table.all()[0],
    ):
        found["settings"]["radius"].clear()

    assert table.search(where("shot") == "s")[0]["settings"] == {"radius": [1, 2]}
    assert table.get(doc_id="a")["settings"] == {"radius": [1, 2]}


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        [float("inf")],
        {"a": {"b": -float("inf")}},
        1 << 70,
        Path("x"),
        {1: 2},
    ],
    ids=repr,
)
def test_what_json_cannot_hold_is_refused_before_anything_changes(
    database: Database, value: object
) -> None:
    table = database.table("tasks")
    with pytest.raises((TypeError, ValueError)), database.record():
        table.put("fine", {})
        table.put("a", {"value": value})

    assert len(table) == 0


@pytest.mark.parametrize("name", ["a\tb", "a\nb"])
def test_an_id_that_would_break_the_line_is_refused(
    database: Database, name: str
) -> None:
    table = database.table("tasks")
    with pytest.raises(ValueError, match="tab or a line break"), database.record():
        table.put(name, {})
    with pytest.raises(ValueError, match="tab or a line break"), database.record():
        table.insert(Document({}, name))  # type: ignore[arg-type]

    assert len(table) == 0


def test_odd_text_survives(database: Database, tmp_path: Path) -> None:
    odd = 'tab\t line\n quote" back\\ null\0 é 漢 \u202e 😀 \udc80'
    with database.record():
        database.table("assets").put("\u202eé", {"shot": odd, "parents": [odd, "é,"]})
        database.table("assets").put("plain", {"shot": "é", "parents": [odd]})

    for table in (database.table("assets"), reading(tmp_path).table("assets")):
        (found,) = table.by("shot", odd)
        assert found == {"shot": odd, "parents": [odd, "é,"]}
        assert found.doc_id == "\u202eé"
        assert table.ids("parents", odd) == ["\u202eé", "plain"]
        assert table.ids("parents", "é,") == ["\u202eé"]
        assert table.ids("shot", "é") == ["plain"]


# acknowledgement ------------------------------------------------------------------


def test_done_is_told_in_order_and_only_after_the_disk(
    database: Database, tmp_path: Path
) -> None:
    told: list[tuple[int, bool]] = []

    def done(number: int) -> Any:
        def tell(error: Exception | None) -> None:
            assert error is None
            on_disk = b'"n":%d}' % number in (tmp_path / "journal").read_bytes()
            told.append((number, on_disk))

        return tell

    for number in range(200):
        with database.record(wait=number % 50 == 49, done=done(number)):
            database.table("tasks").put(str(number), {"n": number})
    database.flush()

    assert told == [(number, True) for number in range(200)]


def test_many_threads_record_together(database: Database, tmp_path: Path) -> None:
    told: list[Any] = []

    def work(name: str) -> None:
        for number in range(50):
            with database.record(wait=number % 2 == 0, done=told.append):
                table = database.table("tasks")
                table.put(f"{name}{number}", {"run": name})
                count = table.get(doc_id="count") or {"n": 0}
                table.put("count", {"n": count["n"] + 1})

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.flush()

    assert told == [None] * 200
    table = reading(tmp_path).table("tasks")
    assert table.get(doc_id="count") == {"n": 200}
    assert [len(table.by("run", name)) for name in "abcd"] == [50] * 4


def test_records_that_wait_together_share_a_sync(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs: list[int] = []
    monkeypatch.setattr(journal_module, "_sync", syncs.append)
    with database.record():
        for _ in range(100):
            with database.record():
                database.table("tasks").insert({})
    assert len(syncs) == 1

    first, hold = threading.Event(), threading.Event()
    with database.record(wait=False, done=lambda _: (first.set(), hold.wait(10))):
        database.table("tasks").insert({})
    assert first.wait(10)
    for _ in range(100):
        with database.record(wait=False):
            database.table("tasks").insert({})
    hold.set()
    database.flush()

    assert len(syncs) <= 4


def test_a_callback_may_record(database: Database, tmp_path: Path) -> None:
    def again(error: Exception | None) -> None:
        with database.record():
            database.table("tasks").put("second", {})

    with database.record(done=again):
        database.table("tasks").put("first", {})

    assert list(rows(reading(tmp_path).table("tasks"))) == ["first", "second"]


def break_next_write(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(fd: int) -> None:
        monkeypatch.undo()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(journal_module, "_sync", fail)


def test_after_a_failed_write_nothing_is_recorded_until_recovery(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, told = database.table("tasks"), []
    with database.record():
        table.put("kept", {"status": "completed"})
    assert table.ids("status", "completed") == ["kept"]
    break_next_write(monkeypatch)
    failing = pytest.raises(JournalError, match="Input/output error")
    with failing, database.record(done=told.append):
        table.put("lost", {"status": "completed"})
    with pytest.raises(JournalError), database.record():
        table.put("refused", {})
    with pytest.raises(JournalError):
        database.compact()

    database.recover()
    with database.record():
        table.put("later", {"status": "completed"})

    assert [type(each) for each in told] == [JournalError]
    assert list(rows(table)) == ["kept", "later"]
    assert table.ids("status", "completed") == ["kept", "later"]
    assert list(rows(reading(tmp_path).table("tasks"))) == ["kept", "later"]


def test_what_waits_behind_a_failed_write_fails_with_it(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, told = database.table("tasks"), []

    def fail_while_another_comes(fd: int) -> None:
        monkeypatch.undo()
        with database.record(wait=False, done=told.append):
            table.put("behind", {})
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(journal_module, "_sync", fail_while_another_comes)
    with pytest.raises(JournalError), database.record():
        table.put("first", {})
    database.recover()

    assert [type(each) for each in told] == [JournalError]
    assert len(table) == len(reading(tmp_path).table("tasks")) == 0


def test_a_record_that_cannot_even_be_queued_is_undone(database: Database) -> None:
    committer = database._storage.recorder.committer
    with pytest.raises(JournalError, match="no disk"), database.record():
        database.table("tasks").put("a", {})
        committer.error = JournalError("no disk")

    assert len(database.table("tasks")) == 0


def test_a_reader_and_a_closed_database_cannot_record(tmp_path: Path) -> None:
    database = Database.open(tmp_path, write=True)
    database.close()
    for closed in (database, reading(tmp_path)):
        refused = pytest.raises(JournalError, match="not open for writing")
        with refused, closed.record():
            pass


def test_closing_writes_what_nobody_waited_for(tmp_path: Path) -> None:
    told: list[Any] = []
    with Database.open(tmp_path, write=True) as database:
        for _ in range(100):
            with database.record(wait=False, done=told.append):
                database.table("tasks").insert({})

    assert told == [None] * 100
    assert len(reading(tmp_path).table("tasks")) == 100


# reading beside a writer, upkeep ----------------------------------------------------


def test_one_writes_and_others_follow(database: Database, tmp_path: Path) -> None:
    other = reading(tmp_path)
    table, seen = database.table("tasks"), other.table("tasks")
    for number in range(30):
        with database.record():
            table.put(str(number % 7), {"status": f"s{number % 3}", "n": number})
            if number % 4 == 0:
                table.remove(doc_ids=[str(number % 5)])
        if number % 10 == 9:
            database.compact()
        if number == 25:
            with database.record():
                table.truncate()
        assert other.refresh()

        assert rows(seen) == rows(table)
        for status in ("s0", "s1", "s2"):
            found = {key for key, row in rows(table).items() if row["status"] == status}
            assert set(seen.ids("status", status)) == found
            assert set(table.ids("status", status)) == found
    assert not other.refresh()


def test_a_second_writer_is_refused_and_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    with database.record():
        database.table("tasks").put("a", {})
    before = (tmp_path / "journal").read_bytes()

    with pytest.raises(Locked, match="process"):
        Database.open(tmp_path, write=True)

    assert (tmp_path / "journal").read_bytes() == before


def test_opening_compacts_a_journal_that_is_mostly_garbage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "COMPACT_BYTES", 10_000)
    with Database.open(tmp_path, write=True) as database:
        for number in range(400):
            with database.record(wait=number % 20 == 0):
                database.table("tasks").put("same", {"n": number, "text": "x" * 100})
        database.flush()
        assert database.bytes < 30_000  # it was compacted while being written, too

    with Database.open(tmp_path, write=True) as database:
        assert database.table("tasks").get(doc_id="same")["n"] == 399
        assert database.bytes < 15_000


def test_a_failed_compaction_leaves_everything_and_is_reported(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.record():
        database.table("tasks").put("a", {"n": 1})

    def refuse(*_: object) -> None:
        raise OSError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        with pytest.raises(JournalError, match="could not be compacted: Permission"):
            database.compact()
    with database.record():
        database.table("tasks").put("b", {"n": 2})

    assert list(rows(reading(tmp_path).table("tasks"))) == ["a", "b"]
    assert not (tmp_path / "journal.new").exists()


def test_compaction_is_refused_inside_a_record(database: Database) -> None:
    refused = pytest.raises(RuntimeError, match="until this record has ended")
    with refused, database.record():
        database.compact()


def test_what_was_removed_is_gone_from_the_folder_after_forgetting(
    tmp_path: Path,
) -> None:
    with Database.open(tmp_path, write=True) as database, database.record():
        database.table("tasks").put("a", {"secret": "canary"})
        database.table("tasks").put("b", {})
    with (tmp_path / "journal").open("ab") as file:
        file.write(b"torn canary")
    with Database.open(tmp_path, write=True) as database:
        assert any("never finished" in each for each in database.damage)
        with database.record():
            database.table("tasks").remove(doc_ids=["a"])
        database.compact(forget=True)

    left = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert b"canary" not in left
    assert list(rows(reading(tmp_path).table("tasks"))) == ["b"]


def test_damage_is_told_in_a_sentence(tmp_path: Path) -> None:
    with Database.open(tmp_path, write=True) as database:
        for name in "abc":
            with database.record():
                database.table("tasks").put(name, {"name": name * 20})
        assert database.damage == []
    path = tmp_path / "journal"
    path.write_bytes(path.read_bytes().replace(b"bbbb", b"bbbB", 1))

    for write in (False, True):
        with Database.open(tmp_path, write=write) as database:
            (told,) = database.damage
            assert "cannot be read" in told and str(path) in told
            assert list(rows(database.table("tasks"))) == ["a", "c"]


def test_a_journal_of_a_newer_format_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(line(b"#journal\t2\tabc"))
    before = path.read_bytes()
    for write in (False, True):
        with pytest.raises(
            JournalError, match="format 2, this version reads 1: update"
        ):
            Database.open(tmp_path, write=write)

    assert path.read_bytes() == before


# indexes ------------------------------------------------------------------------------


def test_a_field_without_an_index_is_named(database: Database) -> None:
    with pytest.raises(KeyError, match="'tasks' has no index on 'colour'"):
        database.table("tasks").by("colour", "red")


@pytest.mark.parametrize("order", ["declared first", "as inserted"])
def test_an_index_finds_what_a_search_finds(tmp_path: Path, order: str) -> None:
    documents: list[dict[str, Any]] = [
        {"parents": [], "shot": None, "type": 1},
        {"parents": ["a"], "shot": "a", "type": 1.5},
        {"parents": ["a", "b", "a,b"], "shot": "a,b", "type": True},
        {"parents": ["[", "]", "{", '"', "\\"], "shot": '"', "type": "}"},
        {"parents": "a", "shot": "}", "type": None},
        {"type": "x", "parents": ["b"]},
        {"nested": {"shot": "a", "parents": ["a"]}, "text": '"shot":"a"'},
        {"parents": [1, "1", None], "shot": {"a": 1}, "type": [1]},
        {},
    ]
    indexes = INDEXES if order == "declared first" else {}
    opened = Database.open(tmp_path, write=True, indexes=indexes)
    with opened as database, database.record():
        for number, document in enumerate(documents):
            reverse = dict(reversed(document.items()))
            database.table("assets").put(str(number), reverse)
    table = reading(tmp_path).table("assets")
    values = ["a", "b", "a,b", None, 1, "1", 1.5, True, '"', "\\", "[", "}", {"a": 1}]

    def same(one: object, two: object) -> bool:
        return one == two and type(one) is type(two)

    for value in values:
        for field in ("shot", "type"):
            assert table.ids(field, value) == [
                str(number)
                for number, document in enumerate(documents)
                if field in document and same(document[field], value)
            ]
        assert table.ids("parents", value) == [
            str(number)
            for number, document in enumerate(documents)
            if (
                isinstance(document.get("parents"), list)
                and any(same(each, value) for each in document["parents"])
            )
            or same(document.get("parents", 0), value)
        ]


# against TinyDB itself -----------------------------------------------------------------

FIELDS = st.sampled_from(["a", "b", "c"])
VALUES = st.one_of(
    st.integers(-3, 3), st.sampled_from(["x", "é", ""]), st.none(), st.booleans()
)
DOCUMENTS = st.dictionaries(FIELDS, VALUES, max_size=3)
IDS = st.integers(1, 12)


class AsTinyDB(RuleBasedStateMachine):
    """Every public method of a table gives and does what TinyDB's own does."""

    def __init__(self) -> None:
        super().__init__()
        self.model = TinyDB(storage=MemoryStorage).table("rows")

    @initialize(folder=st.just(None))
    def open(self, folder: None) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.reopen()

    def reopen(self) -> None:
        self.database = Database.open(
            Path(self.folder.name), write=True, indexes={"rows": ("a", "b*")}
        )

    @property
    def table(self) -> JournalTable:
        return self.database.table("rows")

    def both(self, method: str, *args: Any, ids: Any = None, **kwargs: Any) -> None:
        """Call both, the model with numbers and ours with text for ids."""
        theirs = ours = None
        mine = dict(kwargs)
        if ids is not None:
            kwargs["doc_ids"], mine["doc_ids"] = ids, [str(each) for each in ids]
        theirs = outcome(lambda: getattr(self.model, method)(*args, **kwargs))
        with self.database.record():
            ours = outcome(lambda: getattr(self.table, method)(*texts(args), **mine))
        assert ours == comparable(theirs)

    @rule(document=DOCUMENTS)
    def insert(self, document: dict[str, Any]) -> None:
        self.both("insert", document)

    @rule(document=DOCUMENTS, number=IDS)
    def insert_under_an_id(self, document: dict[str, Any], number: int) -> None:
        self.both("insert", Document(document, number))

    @rule(documents=st.lists(DOCUMENTS, max_size=3))
    def insert_multiple(self, documents: list[dict[str, Any]]) -> None:
        self.both("insert_multiple", documents)

    @rule(documents=st.dictionaries(IDS, DOCUMENTS, max_size=3))
    def insert_multiple_under_ids(self, documents: dict[int, Any]) -> None:
        pairs = documents.items()
        self.both("insert_multiple", [Document(each, number) for number, each in pairs])
        self.model._next_id = None  # TinyDB forgets to here and would overwrite

    @rule()
    def insert_no_mapping(self) -> None:
        self.both("insert", [1, 2])

    @rule(fields=DOCUMENTS, field=FIELDS, value=VALUES)
    def update(self, fields: dict[str, Any], field: str, value: Any) -> None:
        self.both("update", fields, where(field) == value)

    @rule(fields=DOCUMENTS, numbers=st.lists(IDS, max_size=3, unique=True))
    def update_ids(self, fields: dict[str, Any], numbers: list[int]) -> None:
        self.both("update", fields, ids=numbers)

    @rule(field=FIELDS)
    def update_by_operation(self, field: str) -> None:
        test = where(field).test(lambda value: type(value) is int)
        self.both("update", increment(field), test)
        self.both("update_multiple", [(delete(field), where(field) == "x")])

    @rule(fields=DOCUMENTS)
    def update_everything(self, fields: dict[str, Any]) -> None:
        self.both("update", fields)

    @rule(one=DOCUMENTS, two=DOCUMENTS, field=FIELDS, value=VALUES)
    def update_multiple(self, one: Any, two: Any, field: str, value: Any) -> None:
        updates = [(one, where(field) == value), (two, where("a").exists())]
        self.both("update_multiple", updates)

    @rule(document=DOCUMENTS, field=FIELDS, value=VALUES)
    def upsert(self, document: dict[str, Any], field: str, value: Any) -> None:
        self.both("upsert", document, where(field) == value)

    @rule(document=DOCUMENTS, number=IDS)
    def upsert_an_id(self, document: dict[str, Any], number: int) -> None:
        self.both("upsert", Document(document, number))

    @rule(document=DOCUMENTS)
    def upsert_without_condition(self, document: dict[str, Any]) -> None:
        self.both("upsert", document)

    @rule(field=FIELDS, value=VALUES)
    def remove(self, field: str, value: Any) -> None:
        self.both("remove", where(field) == value)

    @rule(numbers=st.lists(IDS, max_size=3, unique=True))
    def remove_ids(self, numbers: list[int]) -> None:
        self.both("remove", ids=numbers)

    @rule()
    def remove_nothing_named(self) -> None:
        self.both("remove")

    @rule()
    def truncate(self) -> None:
        self.both("truncate")

    @rule(document=DOCUMENTS, number=IDS)
    def put(self, document: dict[str, Any], number: int) -> None:
        if self.model.contains(doc_id=number):
            self.model.update(
                lambda old: (old.clear(), old.update(document)), doc_ids=[number]
            )
        else:
            self.model.insert(Document(document, number))
        with self.database.record():
            self.table.put(str(number), document)

    @rule(field=FIELDS, value=VALUES)
    def look(self, field: str, value: Any) -> None:
        condition = where(field) == value
        self.both("search", condition)
        self.both("count", condition)
        self.both("contains", condition)
        self.both("get", condition)
        self.both("get")
        self.both("contains")
        found = [
            key for key, row in rows(self.table).items() if strictly(row, field, value)
        ]
        if field != "c":
            assert sorted(self.table.ids(field, value)) == sorted(found)

    @rule(numbers=st.lists(IDS, max_size=3, unique=True))
    def look_at_ids(self, numbers: list[int]) -> None:
        theirs = self.model.get(doc_ids=numbers)
        ours = self.table.get(doc_ids=[str(number) for number in numbers])
        assert dict(comparable(ours)) == dict(comparable(theirs))
        for number in numbers:
            assert self.table.get(doc_id=str(number)) == self.model.get(doc_id=number)
            assert self.table.contains(doc_id=str(number)) == self.model.contains(
                doc_id=number
            )

    @rule(compact=st.booleans())
    def open_again(self, compact: bool) -> None:
        if compact:
            self.database.compact()
        self.database.close()
        self.reopen()
        self.model._next_id = None

    @invariant()
    def the_same_rows_in_the_same_order(self) -> None:
        theirs = [(str(each.doc_id), dict(each)) for each in self.model]
        assert [(each.doc_id, dict(each)) for each in self.table] == theirs
        assert len(self.table) == len(self.model)
        assert self.table.all() == self.model.all()

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()


def outcome(call: Any) -> Any:
    try:
        return comparable(call())
    except (ValueError, RuntimeError) as error:
        return type(error)


def comparable(value: Any) -> Any:
    """With ids as text, as ours are."""
    if isinstance(value, Document):
        return str(value.doc_id), dict(value)
    if isinstance(value, list):
        return [comparable(each) for each in value]
    number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if number else value


def texts(args: tuple[Any, ...]) -> list[Any]:
    def text(value: Any) -> Any:
        if isinstance(value, Document):
            return Document(value, str(value.doc_id))  # type: ignore[arg-type]
        return [text(each) for each in value] if isinstance(value, list) else value

    return [text(each) for each in args]


def strictly(row: dict[str, Any], field: str, value: Any) -> bool:
    return field in row and row[field] == value and type(row[field]) is type(value)


TestAsTinyDB = AsTinyDB.TestCase
TestAsTinyDB.settings = settings(
    max_examples=100, stateful_step_count=25, deadline=None
)


def test_dropped_tables_are_gone(database: Database, tmp_path: Path) -> None:
    with database.record():
        for name in ("one", "two", "three"):
            database.table(name).insert({"name": name})
        database.drop_table("two")
        database.drop_table("unknown")
    assert database.tables() == {"one", "three"}
    assert len(database.table("two")) == 0
    with database.record():
        database.drop_tables()

    assert database.tables() == set()
    assert reading(tmp_path).tables() == set()
