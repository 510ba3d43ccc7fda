"""JSON Lines, Parquet and the answer of an SQL query as text tables."""

import hashlib
import json
import os
import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import duckdb

from crisiskit.errors import UserError
from crisiskit.intake.encoding import MARK, choose, open_text
from crisiskit.intake.fileread import FileRead, ReadSpec, Reject
from crisiskit.intake.prescan import Scan
from crisiskit.intake.text import ROW, Text, TextWriter, literal, quoted, stored, unique_names, view

if TYPE_CHECKING:
    from ibis.backends import BaseBackend
    from ibis.backends.duckdb import Backend
    from ibis.expr.types import Table

_FILE_ENGINES = {"sqlite": "sqlite", "duckdb": "duckdb", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite",
                 ".duckdb": "duckdb", ".ddb": "duckdb"}
_DRIVERS = ("sqlite3", "duckdb", "psycopg", "psycopg2", "MySQLdb", "pymysql", "pyodbc", "oracledb", "trino.dbapi")


class _Number(float):
    """A JSON number that remembers how it was written."""

    text: str


@dataclass
class _Lines:
    """The objects of a JSON Lines file, and what was met between them."""

    path: Path
    encoding: str
    rejects: list[Reject] = field(default_factory=list)
    blank: int = 0

    def objects(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (line, object); lines that are no object go to `rejects`."""
        self.rejects, self.blank = [], 0
        with open_text(self.path, self.encoding) as file:
            for number, line in enumerate(file, 1):
                text = line.strip()
                if not text:
                    self.blank += 1
                    continue
                made, fault = None, f"a byte that {self.encoding} does not have" if MARK in text else None
                try:
                    made = json.loads(text, parse_float=_number, parse_constant=str) if not fault else None
                except (ValueError, RecursionError) as error:
                    fault = f"not JSON: {error}"
                if isinstance(made, dict):
                    yield number, made
                else:
                    self.rejects.append(Reject(number, fault or "not a JSON object", text.replace(MARK, "\ufffd")))


def read_jsonl(con: "Backend", spec: ReadSpec, path: Path, name: str, seen: Scan, work: Path) -> Text:
    """Read one JSON object per line; the columns are all keys, in the order in which they are first met."""
    encoding, notes = choose(path, spec.encoding, seen, name)
    lines = _Lines(path, encoding)
    with open_text(path, encoding) as file:
        if file.read(1000).lstrip().startswith("["):
            raise UserError(f"{name}: holds a JSON array; write one object per line (jq -c '.[]' does) and read that")
    keys: dict[str, None] = {}
    for _, made in lines.objects():
        keys.update(dict.fromkeys(made))
    if not keys:
        first = f"; line {lines.rejects[0].line}: {lines.rejects[0].reason}" if lines.rejects else ""
        raise UserError(f"{name}: holds no JSON object with a key{first}")
    columns, renamed = unique_names(keys)
    with TextWriter(work / "lines.parquet", columns) as sink:
        for number, made in lines.objects():
            sink.add(number, [_json_text(made.get(key)) for key in keys])
    notes += [*renamed, *([f"{lines.blank} empty lines"] if lines.blank else [])]
    rejects = tuple(lines.rejects)
    table = stored(con, sink.path, columns)
    return Text(columns, sink.rows + len(rejects), rejects, tuple(notes), table, "jsonl", encoding)


def _number(text: str) -> _Number:
    number = _Number(text)
    number.text = text
    return number


def _json_text(value: Any) -> str | None:
    """A JSON value as text: strings and numbers as written, objects and arrays as JSON, null as None."""
    if value is None or isinstance(value, str):
        return value
    return value.text if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)


def read_parquet(con: "Backend", path: Path, name: str) -> Text:
    """A lazy view of a Parquet file with every column as text; nested values as JSON."""
    source = f"read_parquet({literal(path)}, file_row_number=true)"
    try:
        described = con.raw_sql(f"describe select * exclude (file_row_number) from {source}").fetchall()
        (rows,) = con.raw_sql(f"select count(*) from {source}").fetchone()
    except (duckdb.InvalidInputException, duckdb.IOException, duckdb.SerializationException) as error:
        raise UserError(f"{name}: is no whole Parquet file ({str(error).splitlines()[0]}); fetch it again") from None
    columns, notes = unique_names(column for column, *_ in described)
    texts = {new: _as_text(quoted(old), kind) for new, (old, kind, *_) in zip(columns, described, strict=True)}
    table = view(con, source, texts, "file_row_number + 1")
    return Text(columns, rows, (), tuple(notes) + (() if rows else ("no rows",)), table, "parquet")


def _as_text(column: str, kind: str) -> str:
    """The SQL that turns a column of a type into text without loss."""
    nested = kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))
    return f"nullif(cast({f'to_json({column})' if nested else column} as varchar), '')"


def read_query(con: "Backend", spec: ReadSpec, data: Path, work: Path) -> FileRead:
    """Stream the answer of a query on an existing database into a Parquet file in `work`, every column as text.

    `$NAME` in the connection is replaced from the environment, so that no password need stand in a mapping; what
    is recorded of the connection holds none.
    """
    import ibis
    import sqlglot.errors

    connection, query = spec.connection or "", spec.query or ""
    parts = urlsplit(connection)
    name = f"{parts.scheme}{'://' if parts.scheme else ''}{parts.netloc.rpartition('@')[2]}{parts.path}#query"
    source, target = _connect(connection, data), work / "query.parquet"
    faults = tuple(sys.modules[driver].Error for driver in _DRIVERS if driver in sys.modules)
    try:
        with warnings.catch_warnings():  # Ibis 12 calls methods of DuckDB that DuckDB 1.5 names deprecated
            warnings.filterwarnings("ignore", "fetch_", DeprecationWarning)
            columns, notes, rows = _stream(source.sql(query), target)
    except (*faults, ibis.common.exceptions.IbisError, sqlglot.errors.SqlglotError) as error:
        raise UserError(f"{name}: {str(error).splitlines()[0] if str(error) else type(error).__name__}") from None
    finally:
        source.disconnect()
    notes += ["size and SHA-256 are those of the query's text", *([] if rows else ["no rows"])]
    return FileRead(
        file=name, bytes=len(query.encode()), sha256=hashlib.sha256(query.encode()).hexdigest(), format="sql",
        encoding=None, delimiter=None, columns=columns, rows_read=rows, rejects=(), notes=tuple(notes),
        table=stored(con, target, columns),
    )


def _stream(answer: "Table", target: Path) -> tuple[tuple[str, ...], list[str], int]:
    """Write the rows of a table expression, cast to text by its own engine; return (columns, notes, rows)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns, notes = unique_names(answer.columns)
    pairs = zip(answer.columns, columns, strict=True)
    texts = answer.select([answer[old].cast("string").nullif("").name(new) for old, new in pairs])
    schema = pa.schema([*((column, pa.string()) for column in columns), (ROW, pa.int64())])
    rows = 0
    with pq.ParquetWriter(target, schema) as sink:
        for batch in texts.to_pyarrow_batches():
            numbers = pa.array(range(rows + 1, rows + len(batch) + 1), pa.int64())
            sink.write_table(pa.Table.from_batches([batch]).append_column(ROW, numbers).cast(schema))
            rows += len(batch)
    return columns, notes, rows


def _connect(connection: str, data: Path) -> "BaseBackend":
    """Connect; the file of an SQLite or DuckDB database stands under the data folder and is only read."""
    import ibis

    url = os.path.expandvars(connection)
    if lacking := re.search(r"\$\{?\w+", url):
        raise UserError(f"connection: the environment variable {lacking[0]} is not set")
    scheme, split, rest = url.partition("://")
    engine = _FILE_ENGINES.get(scheme if split else Path(url).suffix.lower())
    if engine is None:
        try:
            return ibis.connect(url)
        except (ImportError, ValueError) as error:
            raise UserError(f"connection {scheme}://...: {error}; is ibis-framework[{scheme}] installed?") from None
    path = data / (rest if split else url)
    if not path.is_file():
        raise UserError(f"connection: there is no database file {path}")
    return ibis.sqlite.connect(path) if engine == "sqlite" else ibis.duckdb.connect(path, read_only=True)
