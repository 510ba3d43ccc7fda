"""Files of totals: each number under its measure, period and level, and no total among its parts."""

from datetime import date

import openpyxl
import other_files as drafts
import pandas as pd
import pytest
from drafted import run

from crisiskit.intake.mapping import load
from crisiskit.intake.standardize import standardize
from crisiskit.intake.suggest import draft

STATES = ("Alabama", "Alaska", "Arizona", "Arkansas")


def spans_of(out: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(out["period_start"].astype(str), out["period_end"].astype(str), strict=True))


def test_a_header_that_names_a_state_among_other_words_is_a_count(tmp_path):
    rows = [{"State": s, "Received": 100 * i, "Answered In-State": 90 * i, "Abandoned In-State": 5 * i,
             "Rollover": i % 2, "Average Speed to Answer (mm:ss)": "0:41"} for i, s in enumerate(STATES, 1)]
    path = drafts.save(tmp_path / "kpi.csv", rows)
    path.write_text("988 Lifeline report,,,,\nMay 2024,,,,\n" + path.read_text())
    said = draft([path], tmp_path / "draft.yaml")
    standardize(load(tmp_path / "draft.yaml"), tmp_path, tmp_path / "out")
    out = pd.read_parquet(tmp_path / "out" / "counts.parquet")
    assert out.groupby("measure")["value"].sum().to_dict() == {
        "offered": 1000, "answered": 900, "abandoned": 50, "rollover": 2}
    assert spans_of(out) == {("2024-05-01", "2024-05-31")}
    assert "ALL ROWS ARE TAKEN AS TOTALS OF 2024-05" in said


@pytest.mark.parametrize(
    ("rows", "measures", "first"),
    [
        ([{"County": c, "Calls Jan 2023": 1, "Texts Jan 2023": 2, "Calls Feb 2023": 3, "Texts Feb 2023": 4}
          for c in ("Cook", "Lake")], {"calls": 8, "texts": 12}, ("2023-01-01", "2023-01-31")),
        ([{"Measure": m, "Jul-22": 1, "Aug-22": 2, "Sep-22": 3, "FY Total": 6} for m in ("Calls", "Chats")],
         {"shelter": 12}, ("2022-07-01", "2022-07-31")),
        ([{"Year": 2022, "Month": m, "County": c, "Hotline Calls": 10}
          for m in ("July", "August") for c in ("Cook", "Lake")],
         {"hotline_calls": 40}, ("2022-07-01", "2022-07-31")),
        ([{"Quarter": f"2022 Q{q}", "Region": r, "Nights": 5} for q in (3, 4) for r in ("North", "South")],
         {"nights": 20}, ("2022-07-01", "2022-09-30")),
        ([{"Financial Year": y, "Borough": b, "Gender": g, "Number of S136 Detentions": 7}
          for y in ("2010/11", "2011/12") for b in ("Camden", "Hackney") for g in ("Male", "Female")],
         {"number_of_s136_detentions": 56}, ("2010-04-01", "2011-03-31")),
    ],
    ids=["measures by month", "months wide", "year and month", "quarters", "fiscal years by gender"],
)
def test_periods_in_words(rows, measures, first, tmp_path):
    _, out, _ = run(rows, tmp_path, "shelter.csv")
    assert out.groupby("measure")["value"].sum().to_dict() == measures
    assert min(spans_of(out)) == first


def test_a_full_line_of_totals_and_columns_of_one_measure(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Month", "Calls answered", "Chats answered"])
    for month in (1, 2, 3):
        sheet.append([date(2023, month, 1), 10, 20])
    sheet.append(["Total", 30, 60])
    book.save(tmp_path / "months.xlsx")
    said = draft([tmp_path / "months.xlsx"], tmp_path / "draft.yaml")
    ledger = standardize(load(tmp_path / "draft.yaml"), tmp_path, tmp_path / "out")
    out = pd.read_parquet(tmp_path / "out" / "counts.parquet")
    assert out.groupby(["measure", "level"])["value"].sum().to_dict() == {
        ("answered", "calls_answered"): 30, ("answered", "chats_answered"): 60}
    assert ledger.total("rejected") == 1
    assert "SEVERAL COLUMNS COUNT 'answered'" in said


def test_sheets_with_one_header_are_read_together_and_the_others_are_named(tmp_path):
    book = openpyxl.Workbook()
    for month in ("Jan", "Feb"):
        sheet = book.create_sheet(month)
        sheet.append(["Call #", "Date", "Type"])
        for i in range(5):
            sheet.append([f"{month}{i}", date(2023, 1 + (month == "Feb"), 1 + i), "Crisis"])
    book.remove(book["Sheet"])
    notes = book.create_sheet("Notes")
    notes.append(["what", "who"])
    book.save(tmp_path / "line.xlsx")
    said = draft([tmp_path / "line.xlsx"], tmp_path / "draft.yaml")
    source = load(tmp_path / "draft.yaml")
    assert source.tables["records"].read.sheet == ("Jan", "Feb")
    assert standardize(source, tmp_path, tmp_path / "out").total("standardized") == 10
    assert "SHEETS THAT ARE NOT READ, since their header differs: Notes" in said


def test_records_dated_by_month_alone_count_in_months(tmp_path):
    rows = [{"Crime ID": f"{i:04x}", "Month": "2023-01", "Crime type": ("Public order", "Drugs")[i % 2],
             "Longitude": -2.5 - i / 1000, "Latitude": 51.4 + i / 1000} for i in range(40)]
    source, out, said = run(rows, tmp_path, "street.csv")
    assert set(out["time_precision"]) == {"month"}
    assert out["is_aggregate"].all()
    assert source.time_zone == "Europe/London"
    assert "dated by month alone" in said
