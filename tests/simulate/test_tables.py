import hashlib
import json
import time

import pandas as pd
import pyarrow.parquet as pq
import pytest

from crisiskit.simulate import KINDS, simulate, write_tables
from crisiskit.simulate.frame import schema
from crisiskit.standard import dictionary

TABLES = ("interventions", "follow_ups", "counts")


@pytest.mark.parametrize("name", TABLES)
def test_values_conform_to_the_dictionary(any_kind, name):
    frame, described = getattr(any_kind, name), dictionary.table(name).columns
    assert list(frame) == list(described)
    for column in described.values():
        values = frame[column.name].dropna()
        if column.required:
            assert len(values) == len(frame), column.name
        if column.codes and not column.open_codes:
            flat = values.explode().dropna() if column.type == "list" else values
            assert set(flat) <= {*column.codes, *dictionary.KINDS}, column.name
        if column.minimum is not None:
            assert (values >= column.minimum).all(), column.name
        if column.maximum is not None:
            assert (values <= column.maximum).all(), column.name
    if len(frame):
        assert frame.iloc[:, 0].is_unique or name == "counts"


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    sums = []
    for part, seed in (("a", 7), ("b", 7), ("c", 8)):
        for kind in KINDS:
            write_tables(simulate(kind, seed=seed, months=3, areas=3), tmp_path / part / kind)
        files = sorted(path for path in (tmp_path / part).rglob("*") if path.is_file())
        sums.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in files])
    assert sums[0] == sums[1]
    assert len(set(sums[0]) & set(sums[2])) <= len(KINDS)  # the ledgers of two seeds may agree


def test_a_setting_of_one_part_leaves_the_draws_of_the_others_alone():
    plain, other = simulate("call_for_service", months=3), simulate("call_for_service", months=3, missing={"age": 0.9})
    pd.testing.assert_series_equal(plain.interventions["arrived_at"], other.interventions["arrived_at"])
    pd.testing.assert_series_equal(plain.interventions["gender"], other.interventions["gender"])


def test_a_written_folder_reads_back_and_its_ledger_closes(any_kind, tmp_path):
    write_tables(any_kind, tmp_path)
    ledger = json.loads((tmp_path / "ledger.json").read_text("utf-8"))
    quality = json.loads((tmp_path / "quality.json").read_text("utf-8"))
    for name, rows in ledger["tables"].items():
        table = pq.read_table(tmp_path / f"{name}.parquet")
        assert table.schema.equals(schema(name), check_metadata=False)
        assert len(table) == rows == any_kind.truth["rows"][name]
    file = ledger["files"][0]
    fates = ("standardized", "collapsed", "excluded", "quarantined", "rejected")
    assert file["rows_read"] == sum(file[fate] for fate in fates) == sum(ledger["tables"].values())
    assert ledger["closes"] is True
    assert quality["about"][0]["simulated"] is True
    assert quality["source"] == [ledger["source"]]
    truth = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    assert truth["contacts"] == any_kind.interventions["contacts"].sum()


def test_local_clock_day_and_instant_agree(any_kind):
    timed = any_kind.interventions.dropna(subset=["received_at"])
    local = timed["received_at"].dt.tz_convert("America/Chicago").dt.tz_localize(None)
    assert (local == timed["received_local"]).all()
    assert (pd.to_datetime(timed["period_start"]) == local.dt.normalize()).all()


def test_a_million_interventions_take_less_than_ten_seconds():
    """Measured on a fifth of a million, in processor time, so that a busy machine does not fail the test."""
    simulate("call_for_service", months=1)
    start = time.process_time()
    n = len(simulate("call_for_service", rate=1000.0).interventions)
    assert (time.process_time() - start) / n * 1e6 < 10
