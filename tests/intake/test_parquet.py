"""Standard tables as Parquet: every value and type comes back, in order; a column without values is one of nulls."""

import pandas as pd
import pyarrow.parquet as pq
import pytest

from crisiskit.intake import parquet
from crisiskit.standard import dictionary


@pytest.fixture
def table(con, table_of):
    row = {name: "$ok" for name, column in dictionary.table("interventions").columns.items() if not column.codes}
    row["needs"] = ["suicide", "grief"]
    return table_of("interventions", [row, {"record_id": "only"}, row], con)


def test_what_was_written_comes_back_with_its_types(con, table, tmp_path):
    assert parquet.write(con, table, {"priority"}, tmp_path / "t.parquet") == 3
    asked = table.mutate(priority=table.priority.nullif(table.priority)).to_pyarrow()
    read = pq.read_table(tmp_path / "t.parquet")
    assert read.schema.types == asked.schema.types
    assert read.to_pylist() == asked.to_pylist()
    assert con.read_parquet(tmp_path / "t.parquet").to_pyarrow().to_pylist() == asked.to_pylist()


def test_rows_keep_their_order_over_row_groups(con, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "ROWS", 5_000)
    con.raw_sql("create temp table many as select 'r' || range as record_id, range as n from range(20001)")
    assert parquet.write(con, con.table("many"), (), tmp_path / "t.parquet") == 20_001
    assert pq.ParquetFile(tmp_path / "t.parquet").num_row_groups > 3
    assert list(pd.read_parquet(tmp_path / "t.parquet")["n"]) == list(range(20_001))


def test_a_table_without_rows_has_its_columns(con, table, tmp_path):
    assert parquet.write(con, table.limit(0), (), tmp_path / "t.parquet") == 0
    assert pq.read_table(tmp_path / "t.parquet").column_names == list(table.columns)
