"""JSON Lines, Parquet and SQL as text."""

import hashlib
import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crisiskit.errors import UserError


def test_json_lines(read, rows):
    found = read(
        b'{"id": "007", "n": 12, "x": 1.50, "ok": true, "none": null}\n\n'
        b'{"id": "NO", "big": 123456789012345678901234567890, "e": 1E5, '
        b'"where": {"lat": 1.5, "tags": ["a", "\xc3\xa9"]}}\n'
        b'{"id": "", "ID": "twice"}\n', "f.jsonl")
    assert found.columns == ("id (1)", "n", "x", "ok", "none", "big", "e", "where", "ID (2)")
    assert rows(found) == [
        (1, "007", "12", "1.50", "true", None, None, None, None, None),
        (3, "NO", None, None, None, None, "123456789012345678901234567890", "1E5",
         '{"lat": 1.5, "tags": ["a", "é"]}', None),
        (4, None, None, None, None, None, None, None, None, "twice"),
    ]
    assert (found.format, found.encoding) == ("jsonl", "utf-8")
    assert "1 empty lines" in found.notes


def test_json_lines_that_cannot_be_read(read, rows):
    lines = b'{"a": "\xc3\xa9"}\n{"a": 2\n[3]\n4\n{"a": "\xff"}\n{"a": NaN}\n["\xc3\xa9\n'
    found = read(lines + b"[" * 99_999, "f.ndjson")
    assert rows(found) == [(1, "\u00e9"), (6, "NaN")]
    assert [r.line for r in found.rejects] == [2, 3, 4, 5, 7, 8]
    assert found.rejects[0].reason.startswith("not JSON: Expecting ',' delimiter")
    assert [r.reason for r in found.rejects[1:3]] == ["not a JSON object"] * 2
    assert found.rejects[3].reason == "a byte that utf-8 does not have"


@pytest.mark.parametrize(
    ("content", "message"),
    [(b'[\n{"a": 1}\n]\n', "holds a JSON array; write one object per line"),
     (b'{\n "a": 1\n}\n', "holds no JSON object with a key; line 1: not JSON"),
     (b"{}\n", "holds no JSON object with a key")],
)
def test_json_that_is_not_one_object_per_line(read, content, message):
    with pytest.raises(UserError, match=message):
        read(content, "f.json")


def test_json_lines_by_declaration(read, rows):
    assert rows(read(b'{"a": 1}\n', "f.txt", format="jsonl")) == [(1, "1")]


def parquet(**columns) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue().to_pybytes()


def test_parquet(read, rows, tmp_path):
    found = read(parquet(
        code=["007", "", None], n=pa.array([1, None, -3]), x=[0.1, 12.0, None], d=[date(2024, 2, 29), None, None],
        at=[datetime(2024, 3, 1, 7, 30), None, datetime(2024, 3, 1, 7, 30, 0, 5)],
        tz=pa.array([datetime(2024, 3, 1, 7, 30, tzinfo=UTC), None, None], pa.timestamp("us", "America/Chicago")),
        money=[Decimal("1.10"), None, None], flag=[True, False, None], tags=[["a", "b"], None, []],
        where=[{"lat": 1.5}, None, {"lat": None}],
    ), "f.parquet")
    assert rows(found) == [
        (1, "007", "1", "0.1", "2024-02-29", "2024-03-01 07:30:00", "2024-03-01 07:30:00+00", "1.10", "true",
         '["a","b"]', '{"lat":1.5}'),
        (2, None, None, "12.0", None, None, None, None, "false", None, None),
        (3, None, "-3", None, None, "2024-03-01 07:30:00.000005", None, None, None, "[]", '{"lat":null}'),
    ]
    assert (found.format, found.encoding, found.notes) == ("parquet", None, ())


def test_parquet_numbers_rows_across_row_groups(read, tmp_path):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": range(1000)}), sink, row_group_size=100)
    found = read(sink.getvalue().to_pybytes(), "f.parquet")
    table = found.table.to_pyarrow()
    assert [int(a) + 1 for a in table["a"].to_pylist()] == table["source_row"].to_pylist()


def test_parquet_that_is_cut_off(read):
    with pytest.raises(UserError, match=r"f\.parquet: is no whole Parquet file .*fetch it again"):
        read(parquet(a=[1])[:-20], "f.parquet")


@pytest.fixture
def database(tmp_path):
    folder = tmp_path / "data"
    with sqlite3.connect(folder / "calls.db") as sqlite:
        sqlite.execute("create table calls (id integer, at timestamp, note text, x real)")
        sqlite.executemany("insert into calls values (?, ?, ?, ?)", [
            (1, "2024-01-02 03:04:05", "a", 2.5), ("N/A", "sometime", "", None), (12345678901, None, "007", 1e-5)])
    sqlite.close()
    with duckdb.connect(str(folder / "calls.duckdb")) as duck:
        duck.execute("create table calls as select 1 as id, timestamp '2024-01-02 03:04:05' as seen, 'NO' as note")
    return folder


@pytest.mark.parametrize("connection", ["sqlite://calls.db", "calls.db", "sqlite://$FOLDER/calls.db"])
def test_sqlite(read_all, rows, database, connection, monkeypatch):
    """SQLite cells that are not of their column's type are kept as they are."""
    monkeypatch.setenv("FOLDER", str(database))
    query = "select * from calls where x is null or x > 0 order by rowid"
    (found,) = read_all(connection=connection, query=query)
    assert rows(found) == [
        (1, "1", "2024-01-02 03:04:05", "a", "2.5"), (2, "N/A", "sometime", None, None),
        (3, "12345678901", None, "007", "1.0e-05"),
    ]
    assert (found.format, found.sha256) == ("sql", hashlib.sha256(query.encode()).hexdigest())
    assert found.notes == ("size and SHA-256 are those of the query's text",)


def test_duckdb(read_all, rows, database):
    (found,) = read_all(connection="duckdb://calls.duckdb", query="select id, seen, note from calls", format="sql")
    assert rows(found) == [(1, "1", "2024-01-02 03:04:05", "NO")]
    assert found.file == "duckdb://calls.duckdb#query"
    (found,) = read_all(connection="duckdb://calls.duckdb", query="select id from calls where id > 1")
    assert (rows(found), found.notes[-1]) == ([], "no rows")


@pytest.mark.parametrize(
    ("connection", "query", "message"),
    [
        ("sqlite://call.db", "select 1", r"connection: there is no database file .*call\.db"),
        ("sqlite://calls.db", "select nought from calls", r"sqlite://calls\.db#query: no such column: nought"),
        ("duckdb://calls.duckdb", "select nought from calls", "Binder Error"),
        ("duckdb://calls.duckdb", "select from where", "#query: "),
        ("postgres://me:$PASSWORD@host/db", "select 1", r"connection: the environment variable \$PASSWORD is not set"),
        ("nosuch://host/db", "select 1", r"connection nosuch://\.\.\.: "),
    ],
)
def test_sql_that_fails(read_all, database, connection, query, message):
    with pytest.raises(UserError, match=message) as caught:
        read_all(connection=connection, query=query)
    assert "me:" not in str(caught.value)
