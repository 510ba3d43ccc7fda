"""Measures on real public records, straight from the published files, against figures computed apart from the kit."""

import json
from pathlib import Path

import pandas as pd
import pytest

from crisiskit.measures import clock_audit, measure

AUDIT = ("n", "start_missing", "end_missing_start_present", "negative", "zero", "over_24h")
DECC = "alexandria-decc-cad"


def expected(folder: Path, name: str) -> dict:
    return json.loads((folder / name / "expected.json").read_text())["figures"]


@pytest.fixture(scope="module")
def cad(shared_data: Path) -> dict[str, pd.DataFrame]:
    """Eighteen weeks of dispatch records: four moments on the local clock of Alexandria, and on UTC."""
    moments = {"received_at": "Incident_Start_Time", "dispatched_at": "Incident_Dispatch_Time",
               "arrived_at": "Incident_Arrival_Time", "cleared_at": "Incident_First_Close_Time"}
    files = sorted((shared_data / DECC).glob("week[0-9]*.csv.gz"))
    raw = pd.concat([pd.read_csv(file, dtype="str", keep_default_na=False, usecols=[*moments.values(), "Agency"])
                     for file in files], ignore_index=True)
    frame = raw[["Agency"]].rename(columns={"Agency": "agency"}).assign(contacts=1, time_zone="America/New_York")
    for name, column in moments.items():
        local = pd.to_datetime(raw[column].replace({"NULL": None, "": None}), format="%Y-%m-%d %H:%M:%S.%f")
        frame[name] = local.dt.tz_localize("America/New_York", ambiguous=[True] * len(local)).dt.tz_convert("UTC")
        if name == "received_at":
            frame["received_local"], frame["period_start"] = local, local.dt.date
    return {"interventions": frame}


@pytest.fixture(scope="module")
def phone(shared_data: Path) -> dict[str, pd.DataFrame]:
    """Nine weeks of hourly telephone totals of two lines, as counts; bins are added up from the shortest wait."""
    parts = []
    for file in sorted((shared_data / DECC).glob("week_*_phone.csv")):
        raw = pd.read_csv(file, encoding="utf-8-sig")
        for line, level in (("911", "911"), ("ADM", "administrative")):
            bins = raw[[f"{line}_{seconds}" for seconds in (10, 15, 20, 40, 60, 120, 121)]].cumsum(axis=1)
            values = {f"answered_within_{s}s": bins[f"{line}_{s}"] for s in (10, 15, 20, 40)}
            values |= {"answered": bins[f"{line}_121"], "abandoned": raw[f"{line}_AB"]}
            values["offered"] = values["answered"] + values["abandoned"]
            parts += [pd.DataFrame({"measure": name, "value": value, "level": level, "source_file": file.name,
                                    "source_row": raw.index}) for name, value in values.items()]
    return {"counts": pd.concat(parts, ignore_index=True).assign(group="line")}


@pytest.mark.parametrize(("clock", "figures"), [("wall", "clocks"), ("instant", "clocks_on_instants")])
@pytest.mark.parametrize(("name", "key"), [
    ("dispatch_time", "received_to_dispatch"), ("travel_time", "dispatch_to_arrival"),
    ("response_time", "received_to_arrival")])
def test_dispatch_clocks(cad: dict, shared_data: Path, clock: str, figures: str, name: str, key: str) -> None:
    known = expected(shared_data, DECC)[figures][key]
    audited = clock_audit(cad, clock=clock).set_index("clock").loc[name]
    assert audited[list(AUDIT)].to_dict() == {column: known[column] for column in AUDIT}
    frame = measure(cad, name, clock=clock).set_index("statistic")
    assert frame.loc["median", "value"] == pytest.approx(known["median"], abs=5e-5)
    assert frame.loc["p90", "value"] == pytest.approx(known["p90"], abs=5e-5)
    assert set(frame["rows_used"]) == {known["n"]}
    assert set(frame["rows_left_out"]) == {28751 - known["n"]}


def test_dispatch_clocks_by_agency(cad: dict, shared_data: Path) -> None:
    known = expected(shared_data, DECC)["clocks_on_instants_by_agency"]["POLICE"]["received_to_arrival"]
    frame = measure(cad, "response_time", by="agency").set_index(["agency", "statistic"])
    assert frame.loc[("POLICE", "median"), "value"] == pytest.approx(known["median"], abs=5e-5)
    assert frame.loc[("POLICE", "p90"), "value"] == pytest.approx(known["p90"], abs=5e-5)
    assert frame.loc[("POLICE", "p90"), "reasons"] == "end missing 2067; negative 2; kept: zero 3768, over 24 h 27"


def test_calendar_of_dispatch_records(cad: dict, shared_data: Path) -> None:
    known = expected(shared_data, DECC)["calendar"]
    months = measure(cad, "contacts", by="month")
    assert dict(zip(months["month"], months["value"], strict=True)) == known["by_month"]
    days = measure(cad, "records", by="weekday")
    assert dict(zip(days["weekday"], days["value"], strict=True)) == known["by_weekday"]
    assert list(days["weekday"]) == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


@pytest.mark.parametrize("seconds", [10, 15, 20, 40])
@pytest.mark.parametrize(("denominator", "key"), [("answered", "share_of_answered"), ("offered", "share_of_offered")])
def test_telephone_service_level(phone: dict, shared_data: Path, seconds: int, denominator: str, key: str) -> None:
    known = expected(shared_data, DECC)["phone"]["911"][key][str(seconds)]
    frame = measure(phone, "service_level", by="level", threshold_s=seconds, denominator=denominator)
    row = frame.set_index("level").loc["911"]
    assert (row["numerator"], row["denominator"]) == (known["k"], known["n"])
    published = [known["share"], known["lo"], known["hi"]]
    assert row[["value", "low", "high"]].to_list() == pytest.approx(published, abs=5e-7)
    assert row["label"] == f"Answered within {seconds} s / {denominator}"


def test_telephone_abandonment_keeps_lines_apart(phone: dict, shared_data: Path) -> None:
    known = expected(shared_data, DECC)["phone"]
    row = measure(phone, "abandonment", by="level").set_index("level").loc["911"]
    assert (row["numerator"], row["denominator"]) == (2253, 12148)
    assert [row["low"], row["high"]] == pytest.approx([known["911"]["abandon_rate"][k] for k in ("lo", "hi")], abs=5e-7)
    both = measure(phone, "answer_rate").iloc[0]
    assert (both["numerator"], both["denominator"]) == (known["both"]["answered"], known["both"]["offered"])
    assert "pooled over level: 911, administrative" in both["reasons"]
    assert both["rows_used"] == 2 * 1512


def test_telephone_abandonment_has_no_threshold(phone: dict) -> None:
    row = measure(phone, "abandonment", threshold_s=10).iloc[0]
    assert pd.isna(row["value"])
    assert row["reasons"] == "not recorded in this source: abandoned_within_10s"
