import csv

import pandas as pd
import pytest

from crisiskit.simulate import write_raw
from crisiskit.simulate.raw_infonet import EXPORTS, VIOLENCE_CENTERS


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """Every export of one seed: (truth, frame of text)."""
    found = {}
    for form in EXPORTS:
        folder = tmp_path_factory.mktemp(form)
        truth = write_raw(form, folder)
        with open(folder / f"{form}.csv", newline="", encoding="utf-8") as file:
            header, *rows = list(csv.reader(file))
        assert header == list(EXPORTS[form])
        found[form] = truth["planted"], pd.DataFrame(rows, columns=header)
    return found


def test_headers_are_those_of_the_state_system():
    assert list(EXPORTS["infonet_non_client"]) == [
        "ID", "Center", "Type of Intervention", "Intervention Date", "Number of Contacts", "Gender Identity",
        "Race/Ethnicity", "Age",
    ]
    assert list(EXPORTS["infonet_hotline"]) == ["ID", "Center", "Call Type", "Hotline Call Date", "Number of Contacts"]
    volunteer = ["ID", "Center", "Volunteer", "Date", "Total Time", "Number of Contacts"]
    assert list(EXPORTS["infonet_volunteer"]) == volunteer


def test_the_four_exports_show_the_same_records(exports):
    full = exports["infonet_full"][1].set_index("ID")
    for form, (planted, frame) in exports.items():
        assert frame["ID"].is_unique
        assert len(frame) == planted["records"]
        same = full.loc[frame["ID"]]
        assert same["Number of Contacts"].tolist() == frame["Number of Contacts"].tolist(), form
    kinds = [exports[form][1] for form in ("infonet_non_client", "infonet_hotline")]
    assert len(full) == len(kinds[0]) + len(kinds[1])


def test_contacts_minutes_and_units_are_those_of_the_truth(exports):
    planted, frame = exports["infonet_full"]
    contacts = frame["Number of Contacts"].astype(int).groupby([frame["Service"], frame["Center"]]).sum()
    assert {" / ".join(key): n for key, n in contacts.items()} == planted["contacts"]
    hotline, last = frame["Service"] == "Hotline Call", frame["Center"] == VIOLENCE_CENTERS[-1]
    time = frame["Total Time"].astype(float)
    in_hours = ~hotline | last
    assert (time[in_hours] * 4 % 1 == 0).all()
    assert (time[~in_hours] % 1 == 0).all()
    assert (time[~in_hours] % 15 == 0).mean() < 0.2
    assert (hotline & last).sum() == planted["hours_typed_as_minutes_rows"] > 100
    minutes = (time * in_hours.map({True: 60, False: 1})).groupby([frame["Service"], frame["Center"]]).sum()
    assert {" / ".join(key): n for key, n in minutes.items()} == planted["minutes"]


def test_totals_are_rows_of_several_contacts_at_the_last_date(exports):
    planted, frame = exports["infonet_full"]
    several = frame[frame["Number of Contacts"].astype(int) > 1]
    assert sorted(several["ID"]) == sorted(planted["totals"]["weekly"] + planted["totals"]["monthly"])
    assert several["Number of Contacts"].astype(int).sum() == planted["contacts_in_totals"]
    day = pd.to_datetime(several["Date"], format="%m/%d/%Y")
    monthly = several["ID"].isin(planted["totals"]["monthly"])
    assert day[monthly].dt.is_month_end.all()
    assert (day[~monthly].dt.is_month_end | (day[~monthly].dt.day_of_week == 6)).all()
    assert 0 < monthly.sum() < len(monthly)


def test_age_minus_one_is_unknown_and_blank_is_unassigned(exports):
    planted, frame = exports["infonet_non_client"]
    single = frame["Number of Contacts"].astype(int) <= 1
    assert (frame["Age"] == "-1").sum() == planted["age_unknown"] > 100
    assert ((frame["Age"] == "") & single).sum() == planted["age_blank"] > 100
    assert (frame["Number of Contacts"] == "0").sum() == planted["zero_contact_rows"] > 0
    assert set(frame["Type of Intervention"]) == {"In-Person", "Phone"}


def test_hotline_rows_have_a_time_and_no_person_others_the_reverse(exports):
    planted, frame = exports["infonet_full"]
    hotline = frame["Service"] == "Hotline Call"
    person = ["Client Type", "Gender Identity", "Race/Ethnicity", "Age"]
    assert (frame.loc[hotline, person] == "").all().all()
    assert frame.loc[hotline, "Time of First Call"].str.fullmatch(r"\d{1,2}:\d\d [AP]M").all()
    assert (frame.loc[~hotline, "Time of First Call"] == "").all()
    assert (frame["County"] == "Out of State").sum() == planted["out_of_state"] > 50
    assert (frame["County"] == "Unknown").sum() == planted["unknown_county"] > 50
    assert frame["Zip"].isin(["00501", "00544", "09999", "12345", ""]).all()
    revised = pd.to_datetime(frame["Last Revised"], format="%m/%d/%Y %I:%M:%S %p")
    assert (revised >= pd.to_datetime(frame["Date"], format="%m/%d/%Y")).all()


def test_the_volunteer_export_holds_names_in_both_units(exports):
    planted, frame = exports["infonet_volunteer"]
    assert frame["Volunteer"].str.fullmatch(r"[A-Z][a-z]+ (Sampleton|Mockford|Testerly)").all()
    assert frame["Total Time"].str.contains(".", regex=False).any()
    assert (~frame["Total Time"].str.contains(".", regex=False)).any()
    assert planted["contacts_in_totals"] > 0
