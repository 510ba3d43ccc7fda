"""Fixtures of the intake tests: an engine, reading a file made on the spot, standard tables from rows of text."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from crisiskit.engine import connect
from crisiskit.intake.read import FileRead, ReadSpec, read_files
from crisiskit.standard import dictionary


@pytest.fixture
def con():
    """An engine in memory."""
    return connect()


@pytest.fixture
def read_all(con, tmp_path: Path) -> Callable[..., list[FileRead]]:
    """Read files under a folder, by default the test's own `data` folder: read_all("a.csv", header_row=2)."""
    (tmp_path / "data").mkdir()

    def go(*files: str, data: Path = tmp_path / "data", **spec: Any) -> list[FileRead]:
        return read_files(con, ReadSpec(files=files, **spec), data, tmp_path / "work")

    return go


@pytest.fixture
def read(read_all, tmp_path: Path) -> Callable[..., FileRead]:
    """Write bytes to a file and read it: read(b"a,b\\n1,2\\n", "name.csv", delimiter=",")."""

    def go(content: bytes, name: str = "f.csv", **spec: Any) -> FileRead:
        (tmp_path / "data" / name).write_bytes(content)
        (found,) = read_all(name, **spec)
        return found

    return go


@pytest.fixture
def rows() -> Callable[[FileRead], list[tuple]]:
    """The rows of what was read in the order of their lines: [(source_row, cell, cell, ...)]."""

    def go(found: FileRead) -> list[tuple]:
        listed = found.table.order_by("source_row").to_pyarrow().to_pylist()
        assert found.table.columns == (*found.columns, "source_row")
        assert found.rows_read == len(listed) + len(found.rejects)
        return [(row["source_row"], *(row[name] for name in found.columns)) for row in listed]

    return go


ARROW = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(),
         "list": pa.list_(pa.string()), "timestamp": pa.timestamp("us", "UTC"), "local": pa.timestamp("us"),
         "date": pa.date32()}


def _value(column: dictionary.Column, text: Any) -> Any:
    """A cell of the column's type from text; `$ok` stands for a value that the column may hold."""
    if column.type == "list":
        return text if isinstance(text, list) else [next(iter(column.codes)) if text == "$ok" else text]
    if text == "$ok":
        text = {"string": next(iter(column.codes), "x"), "boolean": "true", "date": "2024-05-01",
                "integer": "20", "number": "3"}.get(column.type, "2024-05-01 12:34:56")
    if column.type in ("timestamp", "local"):
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if column.type == "timestamp" else moment
    if column.type == "date":
        return date.fromisoformat(text)
    if column.type == "boolean":
        return {"true": True, "false": False}[text]
    return {"integer": int, "number": float, "string": str}[column.type](text)


def _standard_table(name: str, rows: list[dict], con: Any = None) -> Any:
    import ibis

    columns = dictionary.table(name).columns
    for row in rows:
        assert row.keys() <= columns.keys()
    data = {
        column.name: pa.array([_value(column, row[column.name]) if column.name in row else None for row in rows],
                              ARROW[column.type])
        for column in columns.values()
    }
    data["nr"] = pa.array(range(len(rows)), pa.int64())
    con, label = con or connect(threads=1), ibis.util.gen_name("t")
    con.con.register(label, pa.table(data))
    return con.table(label)


@pytest.fixture(scope="session")
def table_of() -> Callable[..., Any]:
    """Make a standard table: table_of("counts", [{"value": "3"}], con) from rows of text by column. Columns that a row
    does not name are empty, `$ok` is a value that the column may hold, and `nr` numbers the rows."""
    return _standard_table
