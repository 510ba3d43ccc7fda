import csv

import pandas as pd
import pytest

from crisiskit.simulate import write_raw
from crisiskit.simulate.raw_hotline import COLUMNS


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hotline")
    truth = write_raw("hotline", folder, months=18)
    parts, bad = [], 0
    for name in truth["planted"]["files"]:
        with open(folder / name, newline="", encoding="cp1252") as file:
            header, *rows = list(csv.reader(file, delimiter=";"))
        assert header == list(COLUMNS)
        bad += sum(len(row) != len(header) for row in rows)
        parts.append(pd.DataFrame([row for row in rows if len(row) == len(header)], columns=header).assign(file=name))
    return truth, pd.concat(parts, ignore_index=True), bad, folder


def test_lines_and_contacts_add_up(export):
    truth, frame, bad, _ = export
    planted = truth["planted"]
    assert list(planted["files"]) == ["hotline_2023.csv", "hotline_2024.csv"]
    assert bad == planted["malformed_lines"] == 1
    assert frame.duplicated().sum() == planted["duplicate_lines"] == 4
    assert sum(planted["files"].values()) == planted["records"] + planted["test_calls"] + planted["duplicate_lines"]
    once = frame.drop_duplicates()
    real = once[once["Result"] != "Test"]
    assert real["Offered"].astype(int).sum() + bad == planted["contacts"] == truth["drawn_from"]["contacts"]
    assert (real["Offered"].astype(int) == real["Answered"].astype(int) + real["Abandoned"].astype(int)).all()


def test_the_file_is_cp1252_with_accents_and_not_utf8(export):
    data = (export[3] / "hotline_2023.csv").read_bytes()
    assert b"Contact N\xba;L" in data
    assert b"Ligne d\x92\xc9t\xe9;" in data  # an apostrophe that Latin-1 lacks
    assert b"\r\n" in data
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")
    assert {"Línea Niñez", "Ligne d’Été"} <= set(export[1]["Line"])


def test_each_wart_is_there_as_often_as_the_truth_says(export):
    truth, frame, _, _ = export
    planted, once = truth["planted"], frame.drop_duplicates()
    assert (once["Result"] == "Test").sum() == planted["test_calls"] == 8
    assert (once["Wait (s)"] == "-9999").sum() == planted["sentinel_-9999"] == 6
    assert once["Wait (s)"].str.fullmatch(r"-\d{1,3}").sum() == planted["negative_waits"] == 5
    assert ((once["Time"] == "") & (once["Result"] != "Period total")).sum() == planted["missing_times"] == 10
    totals = once[once["Result"] == "Period total"]
    assert len(totals) == planted["period_totals"] == 1
    assert totals["Offered"].astype(int).sum() == planted["contacts_in_totals"] > 50
    assert totals["Date"].tolist() == ["31/01/2023"]


def test_one_line_types_hours_in_some_months(export):
    truth, frame, _, _ = export
    planted = truth["planted"]
    typed = frame[frame["Talk minutes"].str.contains(".", regex=False)]
    assert len(typed) == planted["hours_rows"]
    assert set(typed["Line"]) == {planted["hours_site"]}
    assert sorted(set(typed["Date"].str[6:] + "-" + typed["Date"].str[3:5])) == planted["hours_months"]
    hours = typed["Talk minutes"].astype(float)
    assert (hours * 4 % 1 == 0).all()
    assert hours.sum() == planted["hours_typed"]


def test_numbers_are_invented_and_join_redials(export):
    truth, frame, _, _ = export
    known = frame.loc[frame["Telephone"].str.startswith("999-"), "Telephone"]
    assert set(frame["Telephone"]) - set(known) == {"Withheld", ""}
    assert known.str.fullmatch(r"999-\d{3}-\d{4}").all()
    queue = truth["drawn_from"]["queue"]
    assert known.duplicated().sum() > queue["redials"] / 2
