"""What a row becomes: the days that a total covers, no clock on totals, and blanks that have a meaning."""

import pandas as pd

from crisiskit.intake.mapping import SourceMap
from crisiskit.intake.standardize import standardize


def table(tmp_path, into: str, text: str, **table_map) -> pd.DataFrame:
    """One standard table out of a CSV text."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text(text, encoding="utf-8")
    head = {"source": "s", "publisher": "p", "dataset": "d", "time_zone": "America/Chicago"}
    tables = {"t": {"into": into, "read": {"files": ["a.csv"]}, **table_map}}
    assert standardize(SourceMap(**head, tables=tables), tmp_path / "data", tmp_path / "out").closes
    return pd.read_parquet(tmp_path / "out" / f"{into}.parquet")


def test_counts_cover_the_period_that_the_mapping_says(tmp_path):
    columns = {
        "measure": {"constant": "population"}, "value": "n", "area_id": "county",
        "period_start": {"from": "year", "formats": "%Y"},
    }
    rule = {"always": "true", "period": "year", "date_is": "first"}
    found = table(tmp_path, "counts", "county,year,n\nA,2023,5\n", columns=columns, aggregate=rule)
    assert found[["period_start", "period_end"]].astype(str).values.tolist() == [["2023-01-01", "2023-12-31"]]


def test_a_total_has_no_time_of_day(tmp_path):
    columns = {
        "record_kind": {"constant": "hotline_contact"}, "contacts": "n",
        "occurred_on": {"from": "day", "formats": "%m/%d/%Y"},
        "received_at": {"from": ["day", "time"], "formats": "%m/%d/%Y %I:%M %p"},
    }
    text = "day,time,n\n1/31/2021,5:10 PM,40\n1/31/2021,6:00 PM,1\n"
    rule = {"contacts_above": "1", "period": "month", "date_is": "last"}
    found = table(tmp_path, "interventions", text, columns=columns, aggregate=rule).set_index("contacts")
    assert found["is_aggregate"].to_dict() == {40: True, 1: False}
    assert found["period_start"].astype(str).to_dict() == {40: "2021-01-01", 1: "2021-01-31"}
    assert found["received_at"].isna().to_dict() == {40: True, 1: False}
    assert found["received_local"].isna().to_dict() == {40: True, 1: False}
    assert found["missing"].fillna("").to_dict() == {40: "received_at=not_applicable", 1: ""}
    assert found["time_precision"].to_dict() == {40: "month", 1: "second"}


def test_a_blank_means_no_only_where_the_mapping_says_so(tmp_path):
    columns = {
        "record_kind": {"constant": "call_for_service"}, "period_start": {"from": "day", "formats": "%Y-%m-%d"},
        "triaged": {"from": "triage", "yes": "*", "no": "", "missing": {"?": "unknown"}},
        "eligible": {"from": "triage", "yes": "IN", "no": "OUT", "missing": {"?": "unknown"}},
    }
    text = "day,triage\n2024-01-01,IN\n2024-01-01,OUT\n2024-01-01,\n2024-01-01,?\n"
    found = table(tmp_path, "interventions", text, columns=columns)
    assert found["triaged"].astype(object).where(found["triaged"].notna(), None).tolist() == [True, True, False, None]
    assert found["eligible"].astype(object).where(found["eligible"].notna(), None).tolist() == [True, False, None, None]
    assert found["missing"].fillna("").tolist() == ["", "", "", "triaged=unknown;eligible=unknown"]
