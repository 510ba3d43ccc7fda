import csv
from datetime import datetime, timedelta

import pytest

from crisiskit.errors import UserError
from crisiskit.simulate import raw_mobile, write_raw
from crisiskit.simulate.raw_mobile import CLOCKS, COLUMNS


def test_the_workbook_has_its_header_in_row_three_and_totals_at_the_foot(tmp_path):
    import openpyxl

    planted = write_raw("mobile_crisis", tmp_path, months=4)["planted"]
    sheet = openpyxl.load_workbook(tmp_path / "mobile_crisis.xlsx")["Dispatches"]
    rows = list(sheet.iter_rows(values_only=True))
    assert list(rows[2]) == list(COLUMNS)
    data = rows[3:-3]
    assert len(data) == planted["records"]
    assert rows[-2][:2] == ("Total", planted["records"])
    assert rows[-1][0] == "Average minutes on scene"
    assert not any(rows[-3])
    requested, engaged = (list(COLUMNS).index(name) for name in ("Requested", "Engaged"))
    kinds = [type(row[requested]) for row in data]
    assert kinds.count(float) == planted["serial_date_rows"] > 50
    assert kinds.count(str) == planted["text_date_rows"] > 50
    assert kinds.count(datetime) == planted["records"] - planted["serial_date_rows"] - planted["text_date_rows"]
    met = [_moment(row[engaged]) for row in data if row[engaged] is not None]
    assert sum((moment.hour, moment.minute) == (0, 0) for moment in met) == planted["false_midnights"] == 20
    assert [row[list(COLUMNS).index("End Point")] for row in data].count(None) == planted["blank_end_points"] == 40


def _moment(cell):
    if isinstance(cell, int | float):
        return datetime(1899, 12, 30) + timedelta(days=cell, seconds=1)
    return datetime.strptime(cell, "%m/%d/%Y %H:%M") if isinstance(cell, str) else cell


def test_without_openpyxl_the_same_rows_are_csv(tmp_path, monkeypatch):
    monkeypatch.setattr(raw_mobile, "find_spec", lambda name: None)
    planted = write_raw("mobile_crisis", tmp_path, months=2)["planted"]
    with open(tmp_path / "mobile_crisis.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[2] == list(COLUMNS)
    assert len(rows) == planted["records"] + 6
    numbers = [row[list(COLUMNS).index("Requested")] for row in rows[3:-3]]
    assert sum(number.count(".") for number in numbers) == planted["serial_date_rows"]
    with pytest.raises(UserError, match="needs the package openpyxl"):
        write_raw("mobile_crisis", tmp_path, months=2, format="xlsx")


def test_other_formats_are_refused(tmp_path):
    with pytest.raises(UserError, match="format: 'ods' is not one of auto, xlsx, csv"):
        write_raw("mobile_crisis", tmp_path, months=1, format="ods")


def test_the_workbook_repeats_byte_for_byte(tmp_path):
    for part in ("a", "b"):
        write_raw("mobile_crisis", tmp_path / part, months=1)
    assert (tmp_path / "a" / "mobile_crisis.xlsx").read_bytes() == (tmp_path / "b" / "mobile_crisis.xlsx").read_bytes()


def test_only_the_team_responds_and_every_clock_is_named():
    assert set(CLOCKS) <= set(COLUMNS)
    assert raw_mobile.DEFAULTS["responder"]["mobile_crisis"] == 1
