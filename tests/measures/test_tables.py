"""Tables: a folder, Ibis tables and pandas frames answer alike; columns that are absent are null, not errors."""

from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures import load, measure
from crisiskit.measures.tables import Tables, conform, open_tables
from crisiskit.standard import dictionary


@pytest.fixture
def data(rows) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(3)
    n = 200
    start = pd.Timestamp("2025-03-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 10**6, n), unit="s")
    return rows(
        contacts=rng.integers(0, 4, n), need=rng.choice(["legal", "grief", "unknown", None], n),
        received_at=start, arrived_at=start + pd.to_timedelta(rng.integers(-60, 4000, n), unit="s"),
        period_start=start.date, needs=[["legal"], None] * (n // 2), arrested=[True, None, False, True] * (n // 4),
        missing=[None, "arrested=declined"] * (n // 2), is_aggregate=[False] * n,
    )


CALLS = (
    ("contacts", {"by": "month"}), ("response_time", {"by": "need"}), ("arrested", {"by": "needs"}),
    ("share", {"of": "need"}), ("completeness", {"field": "need,arrested,gender"}), ("records", {"by": "weekday"}),
)


@pytest.mark.parametrize(("name", "call"), CALLS)
def test_pandas_ibis_and_a_folder_agree(data, tmp_path: Path, name: str, call: dict) -> None:
    frame = data["interventions"]
    backend = ibis.duckdb.connect()
    conformed = conform("interventions", ibis.memtable(frame))
    conformed.to_parquet(tmp_path / "interventions.parquet")
    table = backend.read_parquet(tmp_path / "interventions.parquet")
    expected = measure(data, name, **call)
    pd.testing.assert_frame_equal(measure({"interventions": table}, name, **call), expected)
    pd.testing.assert_frame_equal(measure(tmp_path, name, **call), expected)
    pd.testing.assert_frame_equal(measure(load(tmp_path), name, **call), expected)


def test_conform_gives_every_dictionary_column_in_its_type(data) -> None:
    table = conform("interventions", ibis.memtable(data["interventions"].assign(note="x")))
    schema = dictionary.ibis_schema("interventions")
    assert list(table.columns) == [*schema, "note"]
    assert {name: str(table[name].type()).split("(")[0] for name in schema} == \
        {name: str(kind).split("(")[0] for name, kind in schema.items()}


def test_a_table_that_conforms_is_left_alone(data) -> None:
    table = conform("interventions", ibis.memtable(data["interventions"]))
    assert conform("interventions", table) is table


def test_categories_and_nanoseconds_of_pandas(rows) -> None:
    data = rows(need=pd.Categorical(["legal", None, "legal"]), contacts=[1, 2, 3])
    assert measure(data, "contacts", by="need")["value"].to_list() == [4, 2]
    frame = pd.DataFrame({"received_at": pd.to_datetime(["2025-01-01T00:00:00.000000123Z"]).as_unit("ns"),
                          "arrived_at": pd.to_datetime(["2025-01-01T00:01:00.000000999Z"]).as_unit("ns")})
    assert measure({"interventions": frame}, "response_time")["value"].iloc[0] == 1


def test_columns_of_ones_own_can_be_grouped_by(rows) -> None:
    assert measure(rows(contacts=[1, 2], shift=["day", "night"]), "contacts", by="shift")["value"].to_list() == [1, 2]


def test_a_folder_may_hold_some_tables_but_not_none(data, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no standard table: expected interventions.parquet"):
        load(tmp_path)
    pd.DataFrame({"step": ["referral"]}).to_parquet(tmp_path / "follow_ups.parquet")
    assert list(load(tmp_path).tables) == ["follow_ups"]
    assert measure(tmp_path, "contacts")["reasons"].iloc[0] == "not recorded in this source: table 'interventions'"


@pytest.mark.parametrize("tables", [{}, 5, None])
def test_no_tables(tables: object) -> None:
    with pytest.raises(UserError, match="tables must be a folder"):
        measure(tables, "contacts")


def test_a_table_with_another_name() -> None:
    with pytest.raises(UserError, match="did you mean 'interventions'"):
        measure({"intervention": pd.DataFrame({"contacts": [1]})}, "contacts")


def test_a_small_result_is_asked_for_once_and_every_asker_has_a_copy_of_its_own(data, monkeypatch) -> None:
    """The second answer is that of an engine asked anew, whatever was done to the first."""
    opened = open_tables(data)
    kept = Tables(opened.backend, opened.tables, known={})
    table = kept.tables["interventions"]
    question = table.group_by("need").aggregate(n=table.count()).order_by("need")
    first = kept.fetch(question)
    first["n"] = -1
    asked: list[object] = []
    monkeypatch.setattr(type(opened.backend), "to_pandas", lambda *_: asked.append(1))
    again = kept.fetch(table.group_by("need").aggregate(n=table.count()).order_by("need"))
    assert not asked
    assert again.dropna().set_index("need")["n"].to_dict() == data["interventions"]["need"].value_counts().to_dict()
    opened.fetch(question)
    assert asked == [1]


def test_a_large_result_is_not_kept(data, monkeypatch) -> None:
    opened = open_tables(data)
    kept = Tables(opened.backend, opened.tables, known={})
    monkeypatch.setattr("crisiskit.measures.tables.KEPT_CELLS", 199)
    assert len(kept.fetch(kept.tables["interventions"].select("contacts"))) == 200
    assert kept.known == {}
