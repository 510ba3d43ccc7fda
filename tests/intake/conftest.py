"""Fixtures of the intake tests: an engine, and reading a file made on the spot."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crisiskit.engine import connect
from crisiskit.intake.read import FileRead, ReadSpec, read_files


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
