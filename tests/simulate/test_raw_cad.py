import csv

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.simulate import write_raw
from crisiskit.simulate.raw_cad import COLUMNS, WARTS

US, ISO = "%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S.%f"


@pytest.fixture(scope="module")
def extract(tmp_path_factory):
    """Truth, and all well-formed lines of all files as one frame of text."""
    folder = tmp_path_factory.mktemp("cad")
    truth = write_raw("cad", folder, months=12)
    parts, bad = [], []
    for name in truth["planted"]["files"]:
        with open(folder / name, newline="", encoding="utf-8") as file:
            header, *rows = list(csv.reader(file))
        bad += [(name, i + 2) for i, row in enumerate(rows) if len(row) != len(header)]
        part = pd.DataFrame([row for row in rows if len(row) == len(header)], columns=header).assign(file=name)
        parts.append(part.rename(columns={"Final_Disposition": "Disposition"}))
    return truth, pd.concat(parts, ignore_index=True), bad


def clock(frame: pd.DataFrame, name: str) -> pd.Series:
    text = frame[name].mask(frame[name] == "NULL")
    iso = text.str.contains("-", na=False)
    return pd.to_datetime(text.where(~iso), format=US).fillna(pd.to_datetime(text.where(iso), format=ISO))


def test_lines_duplicates_and_malformed_lines_are_those_of_the_truth(extract):
    truth, frame, bad = extract
    planted = truth["planted"]
    assert sum(planted["files"].values()) == len(frame) + len(bad) == planted["records"] + planted["duplicate_lines"]
    assert [name for name, _ in bad] == [planted["malformed_file"]]
    assert frame.duplicated().sum() == planted["duplicate_lines"] == 12
    assert frame["Incident_Number"].nunique() == planted["records"] - 1
    assert planted["records"] == truth["drawn_from"]["rows"]["interventions"]


def test_weekly_files_and_the_header_that_drifts(extract):
    truth, frame, _ = extract
    assert len(truth["planted"]["files"]) == 53
    odd = frame.loc[frame["Shift"].notna(), "file"].unique()
    assert odd.tolist() == [truth["planted"]["drift_file"]]
    assert set(frame.columns) == {*COLUMNS, "Shift", "Day_Night", "file"}
    iso = frame.loc[frame["Received"].str.contains("-"), "file"].unique()
    assert sorted(iso) == sorted(truth["planted"]["iso_files"])
    day = clock(frame, "Received").dt.normalize().groupby(frame["file"])
    assert (day.max() - day.min()).dt.days.max() <= 6


def test_each_wart_is_there_as_often_as_the_truth_says(extract):
    truth, frame, _ = extract
    planted, once = truth["planted"], frame.drop_duplicates()
    times = {name: clock(once, name) for name in ("Received", "Dispatched", "Arrived", "Cleared")}
    assert (once["Answer_Seconds"] == "-9999").sum() == planted["sentinel_-9999"] > 50
    assert (once["Disposition"] == "DUP-Duplicate").sum() == planted["duplicate_calls"] == 60
    midnight = times["Arrived"].notna() & (times["Arrived"] == times["Arrived"].dt.normalize())
    assert midnight.sum() == planted["false_midnights"] == 15
    autumn = times["Received"].dt.date == pd.Timestamp("2023-11-05").date()
    assert ((times["Cleared"] < times["Arrived"]) & ~autumn).sum() == planted["clear_before_arrival"] == 12
    hour = times["Received"].dt.floor("h")
    assert (hour == pd.Timestamp("2023-11-05 01:00")).sum() == planted["repeated_hour_received"] >= 1
    assert (hour == pd.Timestamp("2023-03-12 02:00")).sum() == planted["skipped_hour_received"] == 1
    spoilt = 1  # the malformed line may have been any of these
    for name, mask in (
        ("NULL_arrived", once["Arrived"] == "NULL"), ("officer_initiated", once["Call_Source"] == "OFFICER"),
        ("cancelled", once["Disposition"].str.startswith("CAN")),
    ):
        assert 0 <= planted[name] - mask.sum() <= spoilt
        assert mask.sum() > 100


def test_what_was_drawn_comes_back_from_the_text(extract):
    truth, frame, _ = extract
    called = frame[(frame["Call_Source"] != "OFFICER") & (frame["Disposition"] != "DUP-Duplicate")]
    settings, last = truth["drawn_from"]["settings"], list(truth["drawn_from"]["areas"])[-1]
    travel = (clock(called, "Arrived") - clock(called, "Enroute")).dt.total_seconds() / 60
    travel = travel[(called["County"] != last) & (travel > 0)]
    error = 1.2533 * settings["travel_sigma"] / np.sqrt(len(travel))
    assert np.log(travel.median()) == pytest.approx(np.log(settings["travel_median_min"]), abs=4.5 * error)
    assert set(frame["Race"]) == {"W", "B", "H", "A", "I", "O", "UNK", "REFUSED", "NOT ASKED", "N/A", ""}
    assert frame["Disposition"].str.contains(", REF-Referred").any()


def test_longer_files_one_spelling_and_no_warts(tmp_path):
    clean = dict.fromkeys(WARTS, 0) | {"weeks_per_file": 99, "date_style": "iso"}
    truth = write_raw("cad", tmp_path, months=2, **clean)
    assert list(truth["planted"]["files"]) == ["cad_2023-01-01.csv"]
    text = (tmp_path / "cad_2023-01-01.csv").read_text("utf-8")
    assert "-9999" not in text
    assert " AM," not in text
    assert "DUP-" not in text


def test_an_unknown_spelling_is_refused(tmp_path):
    with pytest.raises(UserError, match="date_style: 'eu' is not one of us, iso, mixed"):
        write_raw("cad", tmp_path, months=1, date_style="eu")
