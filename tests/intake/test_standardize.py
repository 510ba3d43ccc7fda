"""Bad input, end to end: every row has one fate, a fault costs one value, a message says what would be right."""

import json
from pathlib import Path

import pandas as pd
import pytest
from small_source import reasons, run, write

from crisiskit.errors import UserError
from crisiskit.intake.standardize import standardize

WARTS = """
id,received,arrived,cleared,n,mins,age,county,zip,weapon
ok,2024-01-05 10:00:00,2024-01-05 10:10:00,2024-01-05 11:00:00,1,50,34,NO,01001,Y
us,12/31/2023 22:00:00,,,1,,,Cook,60601,N
sentinel1900,1900-01-01 00:00:00,,,1,,,Cook,60601,
sentinel9999,9999-12-31 00:00:00,,,1,,,Cook,60601,
feb29,2023-02-29 10:00:00,,,1,,,Cook,60601,
daymonth,31/12/2023 10:00:00,,,1,,,Cook,60601,
hour24,2024-01-05 24:00:00,,,1,,,Cook,60601,
nodate,,,,1,,,Cook,60601,
clearfirst,2024-01-05 10:00:00,2024-01-05 10:30:00,2024-01-05 10:20:00,1,5,,Cook,60601,
backwards,2024-01-05 10:00:00,2024-01-05 09:30:00,2024-01-05 10:20:00,1,5,,Cook,60601,
midnight,2024-01-06 00:00:00,2024-01-06 00:20:00,,1,5,,Cook,60601,
twice,2024-11-03 01:30:00,2024-11-03 02:30:00,,1,5,,Cook,60601,
never,2024-03-10 02:30:00,,,1,5,,Cook,60601,
thousand,2024-01-05 10:00:00,,,"1,234",5,,Cook,60601,
words,2024-01-05 10:00:00,,,many,5,,Cook,60601,
blank,2024-01-05 10:00:00,,,,5,,Cook,60601,
half,2024-01-05 10:00:00,,,1.5,5,,Cook,60601,
minus,2024-01-05 10:00:00,,,-1,5,,Cook,60601,
zero,2024-01-05 10:00:00,,,0,,,Cook,60601,
negative,2024-01-05 10:00:00,,,1,-5,,Cook,60601,
absurd,2024-01-05 10:00:00,,,1,99999,,Cook,60601,
age190,2024-01-05 10:00:00,,,1,5,190,Cook,60601,maybe
unknown,2024-01-05 10:00:00,,,1,5,-1,Sin datos,60601,
nullish,2024-01-05 10:00:00,,,1,5,NULL,-,60601,
asked,2024-01-05 10:00:00,,,1,5,N/A,Cook,60601,
div,2024-01-05 10:00:00,,,1,#DIV/0!,-9999,Cook,60601,
"""
MAP = """
missing: {"-1": unknown, "-9999": blank, "NULL": blank, "-": blank, "N/A": not_asked, "Sin datos": unknown,
          "#DIV/0!": blank}
columns:
  record_id: id
  record_kind: {constant: call_for_service}
  received_at: {from: received, formats: ["%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M:%S"], midnight: missing}
  arrived_at: {from: arrived, formats: "%Y-%m-%d %H:%M:%S"}
  cleared_at: {from: cleared, formats: "%Y-%m-%d %H:%M:%S"}
  contacts: {from: n, missing: {"-1": blank}}
  duration_min: {from: mins, unit: minutes}
  age: age
  site: county
  area_id: zip
  weapon: weapon
"""


@pytest.fixture(scope="module")
def warty(tmp_path_factory):
    return run(
        tmp_path_factory.mktemp("warty"), MAP.replace('{from: n, missing: {"-1": blank}}', "n"), warts__csv=WARTS
    )


def test_the_ledger_closes_and_every_row_has_a_fate(warty):
    ledger, rows, _ = warty
    entry = ledger.files[0]
    assert ledger.closes
    assert entry.rows_read == len(WARTS.strip().splitlines()) - 1 == 26
    assert (entry.standardized, entry.quarantined) == (len(rows), 26 - len(rows))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("sentinel1900", "no usable date: 1900-01-01 00:00:00"),
        ("sentinel9999", "no usable date: 9999-12-31 00:00:00"),
        ("feb29", "no usable date: 2023-02-29 10:00:00"),
        ("daymonth", "no usable date: 31/12/2023 10:00:00"),
        ("hour24", "no usable date: 2024-01-05 24:00:00"),
        ("nodate", "no usable date: all date cells are blank"),
        ("words", "contacts cannot be read: many"),
        ("blank", "contacts is missing"),
        ("half", "contacts cannot be read: 1.5"),
        ("minus", "contacts is missing"),
    ],
)
def test_a_row_that_cannot_be_counted_is_kept_whole_with_reason_and_line(warty, row, said):
    ledger, rows, out = warty
    kept = pd.read_csv(out / "quarantine" / "warts.csv.quarantined.csv", dtype=str, keep_default_na=False).set_index(
        "id"
    )
    lines = [line.split(",")[0] for line in WARTS.strip().splitlines()]
    assert row not in rows.index
    assert kept.loc[row, "_reason"] == said
    assert int(kept.loc[row, "_line"]) == lines.index(row) + 1
    assert ",".join(kept.loc[[row]].reset_index()[["id", "received", "arrived", "cleared"]].iloc[0]) in WARTS
    assert said in reasons(ledger, "quarantined")


@pytest.mark.parametrize(
    ("row", "column", "value", "token"),
    [
        ("us", "received_local", pd.Timestamp("2023-12-31 22:00"), None),
        ("ok", "received_at", pd.Timestamp("2024-01-05 15:00", tz="UTC"), None),
        ("clearfirst", "cleared_at", None, "cleared_at=set_aside"),
        ("clearfirst", "arrived_at", pd.Timestamp("2024-01-05 15:30", tz="UTC"), "cleared_at=set_aside"),
        ("backwards", "arrived_at", pd.Timestamp("2024-01-05 14:30", tz="UTC"), None),
        ("midnight", "received_at", None, "received_at=set_aside"),
        ("midnight", "period_start", pd.Timestamp("2024-01-06").date(), "received_at=set_aside"),
        ("midnight", "time_precision", "day", "received_at=set_aside"),
        ("twice", "received_at", pd.Timestamp("2024-11-03 05:30", tz="UTC"), None),
        ("thousand", "contacts", 1234, None),
        ("zero", "contacts", 0, None),
        ("negative", "duration_min", None, "duration_min=set_aside"),
        ("absurd", "duration_min", None, "duration_min=set_aside"),
        ("age190", "age", None, "age=set_aside"),
        ("unknown", "age", None, "age=unknown"),
        ("unknown", "site", "unknown", "age=unknown"),
        ("nullish", "age", None, None),
        ("nullish", "site", None, None),
        ("asked", "age", None, "age=not_asked"),
        ("div", "duration_min", None, None),
        ("div", "age", None, None),
        ("ok", "site", "NO", None),
        ("ok", "area_id", "01001", None),
        ("ok", "weapon", True, None),
        ("us", "weapon", False, None),
    ],
)
def test_a_fault_costs_one_value_and_the_kinds_of_missing_survive(warty, row, column, value, token):
    _, rows, _ = warty
    cell = rows.loc[row, column]
    assert pd.isna(cell) if value is None else cell == value
    missing = rows.loc[row, "missing"]
    assert pd.isna(missing) if token is None else token in missing.split(";")


def test_doubtful_wall_times_are_flagged(warty):
    _, rows, _ = warty
    assert rows.loc["twice", "flags"] == "received_at:ambiguous_time"
    assert rows.loc["never", "flags"] == "received_at:nonexistent_time"
    assert rows.loc["ok", "flags"] is None or pd.isna(rows.loc["ok", "flags"])


def test_values_set_aside_keep_their_raw_text_in_the_restricted_folder_alone(warty):
    _, rows, out = warty
    aside = pd.read_csv(out / "quarantine" / "set_aside.csv", dtype=str)
    raw = dict(zip(zip(aside["source_row"].astype(int), aside["column"], strict=True), aside["raw"], strict=True))
    line = {name: int(rows.loc[name, "source_row"]) for name in ("age190", "midnight", "negative")}
    assert raw[line["age190"], "age"] == "190"
    assert raw[line["age190"], "weapon"] == "maybe"
    assert raw[line["midnight"], "received_at"] == "2024-01-06 00:00:00"
    assert float(raw[line["negative"], "duration_min"]) == -5


def test_quality_counts_the_clear_before_the_arrival_and_the_clock_that_runs_backwards(warty):
    _, _, out = warty
    checks = {c["id"]: c for c in json.loads((out / "quality.json").read_text("utf-8"))["checks"]}
    assert (
        checks["cleared_at_before_arrived_at"]["numerator"],
        checks["cleared_at_before_arrived_at"]["denominator"],
    ) == (1, 3)
    assert checks["arrived_at_before_received_at"]["numerator"] == 1
    assert checks["wait_over_4h"]["status"] == "not applicable"


def test_a_second_run_gives_the_same_bytes(warty, tmp_path):
    _, _, out = warty
    standardize(out.parent / "small.yaml", out.parent, tmp_path / "again")
    for name in ("interventions.parquet", "ledger.json", "quality.json"):
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_times_without_a_date_go_on_to_the_next_day_and_say_so(tmp_path):
    table = """
    columns:
      record_id: id
      received_at: {from: [day, call], formats: "%m/%d/%Y %H:%M"}
      arrived_at: {from: [day, onscene], formats: "%m/%d/%Y %H:%M", after: received_at}
    """
    _, rows, _ = run(
        tmp_path, table,
        nights__csv="id,day,call,onscene\na,1/5/2024,23:50,00:10\nb,1/5/2024,10:00,10:05\nback,1/5/2024,10:00,9:55\n",
    )
    assert (rows["arrived_at"] - rows["received_at"]).dt.total_seconds().tolist() == [1200, 300, -300]
    assert rows.loc["a", "flags"] == "arrived_at:next_day"
    assert pd.isna(rows.loc["back", "flags"])


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("columns: {record_id: nummer}", "column 'nummer' is not there; did you mean 'number'?"),
        ("columns: {recieved_at: when}", "did you mean 'received_at'?"),
        ("columns: {record_id: number}\nfilter: x", "filter"),
        ("columns: {record_id: number, record_id: when}", "record_id"),
        ("columns: &a {record_id: number, need: *a}", "small.yaml"),
        ("columns: {need: {from: kind, codes_file: {file: codes.csv, key: a, value: b}}}", "codes.csv"),
        ("columns: {received_at: {from: when, formats: iso, unit: hours}}", "received_at"),
        ("columns: {contacts: {from: number, constant: 1}}", "exactly one of"),
        ("columns: {arrived_at: {from: when, after: recieved_at}}", "recieved_at"),
        ("columns: {record_id: number}\nundated: drop", "undated"),
    ],
)
def test_a_mistake_in_a_mapping_is_one_clear_message(tmp_path, table, said):
    mapping = write(tmp_path, table, rows__csv="number,when,kind\n1,2024-01-01,a\n")
    with pytest.raises(UserError, match=None) as error:
        standardize(mapping, tmp_path, tmp_path / "out")
    assert said in str(error.value)
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


def test_a_failed_run_leaves_the_last_good_tables_alone(tmp_path):
    good = "columns: {record_id: number, occurred_on: when}"
    _, _, out = run(tmp_path, good, rows__csv="number,when\n1,2024-01-01\n")
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    with pytest.raises(UserError):
        standardize(
            write(tmp_path, "columns: {record_id: nowhere}", rows__csv="number,when\n1,2024-01-01\n"), tmp_path, out
        )
    assert before == {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}


def test_a_folder_that_holds_other_things_is_not_overwritten(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    mapping = write(tmp_path, "columns: {record_id: n, occurred_on: d}", rows__csv="n,d\n1,2024-01-01\n")
    with pytest.raises(UserError, match="holds no standard tables"):
        standardize(mapping, tmp_path, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_a_full_disk_is_said_and_leaves_nothing_half_written(tmp_path, monkeypatch):
    mapping = write(tmp_path, "columns: {record_id: n, occurred_on: d}", rows__csv="n,d\n1,2024-01-01\n")

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("crisiskit.intake.standardize._save", full)
    with pytest.raises(UserError, match="the disk is full"):
        standardize(mapping, tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


def test_every_dictionary_column_is_there_in_its_order(warty):
    from crisiskit.standard import dictionary

    _, _, out = warty
    import pyarrow.parquet as pq

    schema = pq.read_schema(out / "interventions.parquet")
    assert schema.names == list(dictionary.table("interventions").columns)
    assert str(schema.field("received_at").type) == "timestamp[us, tz=UTC]"
    assert str(schema.field("received_local").type) == "timestamp[us]"


def test_files_whose_headers_drift_share_a_table(tmp_path):
    table = "columns:\n  occurred_on: fecha\n  age: {from: edad, optional: true}\n"
    ledger, rows, _ = run(tmp_path, table, a__csv="fecha,edad\n2024-01-01,30\n", b__csv="Fecha,extra\n2024-01-02,x\n")
    assert ledger.closes
    assert rows["age"].tolist()[0] == 30
    assert ledger.unmapped_columns == {"a.csv": [], "b.csv": ["extra"]}
    assert Path(rows["source_file"].iloc[1]).name == "b.csv"
