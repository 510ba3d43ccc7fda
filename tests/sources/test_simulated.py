"""Simulated exports: the four InfoNet-style ones and the demo's, held against what the simulator planted."""

import json

import pandas as pd
import pytest

from crisiskit.simulate.run import run_simulate

INFONET = ("infonet_non_client", "infonet_hotline", "infonet_volunteer", "infonet_full")


@pytest.fixture(scope="module")
def simulated(root, tmp_path_factory, make_source):
    """A function that simulates a form, standardizes it by a mapping, and gives it with its truth."""
    folders = {}

    def get(mapping: str, form: str, part: str = ""):
        if form not in folders:
            folders[form] = tmp_path_factory.mktemp("simulated") / form
            run_simulate(form, folders[form])
        truth = json.loads((folders[form] / part / "truth.json").read_text(encoding="utf-8"))
        return make_source(mapping, folders[form]), truth.get("planted", {})

    return get


def by_center(frame: pd.DataFrame, column: str) -> dict[str, float]:
    """Sums of a column by center, in the words of the truth."""
    kind = frame["record_kind"].map(
        {"non_client_contact": "Non-Client Crisis Intervention", "hotline_contact": "Hotline Call"})
    return {str(name): float(n) for name, n in frame.groupby(kind + " / " + frame["site"])[column].sum().items()}


@pytest.mark.parametrize("form", INFONET)
def test_contacts_and_totals(simulated, closes, form):
    found, planted = simulated(form, form)
    closes(found, planted["records"])
    assert found.quality["about"][0]["simulated"] is True
    contacts = found.interventions
    assert by_center(contacts, "contacts") == planted["contacts"]
    totals = contacts[contacts["is_aggregate"]]
    assert set(totals["record_id"]) == {*planted["totals"]["weekly"], *planted["totals"]["monthly"]}
    assert totals["contacts"].sum() == planted["contacts_in_totals"]
    assert found.quality["aggregate"]["contacts"] == planted["contacts_in_totals"]
    assert contacts["contacts"].eq(0).sum() == planted["zero_contact_rows"]
    monthly = totals.set_index("record_id").loc[planted["totals"]["monthly"]]
    assert set(monthly["period_start"].astype(str).str[8:]) <= {"01"}
    assert totals["received_at"].isna().all()
    assert found.ledger["unmapped_codes"] == []


@pytest.mark.parametrize("form", ["infonet_non_client", "infonet_full"])
def test_unknown_ages_are_not_blank_ones(simulated, form):
    found, planted = simulated(form, form)
    person = found.interventions[found.interventions["record_kind"].eq("non_client_contact")]
    person = person[~person["is_aggregate"]]
    unknown = person["missing"].fillna("").str.contains("age=unknown")
    assert unknown.sum() == planted["age_unknown"]
    assert (person["age"].isna() & ~unknown).sum() == planted["age_blank"]
    assert person["age_band"].eq("unknown").sum() == planted["age_unknown"]
    assert set(person["age_band"].dropna()) <= {
        "0-7", "8-9", "10-11", "12-13", "14-15", "16-17", "18-19", "20-29", "30-39", "40-49", "50-59", "60-64", "65+",
        "unknown"}


def test_hours_and_minutes_by_service(simulated):
    """Each service's unit is converted; the center that types hours where minutes are asked for is found out."""
    found, planted = simulated("infonet_full", "infonet_full")
    minutes = by_center(found.interventions, "duration_min")
    wrong = "Hotline Call / Garden Rooms"
    assert {name: n for name, n in minutes.items() if name != wrong} == {
        name: n for name, n in planted["minutes"].items() if name != wrong}
    units = pd.DataFrame(found.quality["units"])
    verdicts = {str(site): set(group["verdict"]) for site, group in units.groupby("site")}
    assert verdicts.pop("Garden Rooms") == {"contradicts"}
    assert set().union(*verdicts.values()) == {"agrees"}
    garden = units[units["site"] == "Garden Rooms"]
    assert garden["total_minutes_other_unit"].sum() == planted["minutes"][wrong]
    assert garden["rows"].sum() == planted["hours_typed_as_minutes_rows"]


def test_unit_found_from_the_values(simulated):
    found, planted = simulated("infonet_volunteer", "infonet_volunteer")
    assert by_center(found.interventions, "duration_min") == planted["minutes"]
    units = pd.DataFrame(found.quality["units"])
    assert dict(zip(units["site"], units["verdict"], strict=True)) == {
        "Amber House": "hours", "Beacon Center": "hours", "Cedar Door": "hours", "Dawn Desk": "hours",
        "Evergreen Hub": "minutes", "Ferry Office": "minutes", "Garden Rooms": "hours"}


def test_names_of_volunteers_are_not_stored(simulated):
    found, _ = simulated("infonet_volunteer", "infonet_volunteer")
    raw = pd.read_csv(found.data / "infonet_volunteer.csv", dtype=str)
    texts = set(found.interventions.astype(str).to_numpy(dtype=object).ravel())
    assert not texts & set(raw["Volunteer"])


def test_residence_and_origin_stand_apart(simulated):
    found, planted = simulated("infonet_full", "infonet_full")
    contacts = found.interventions
    basis = contacts.groupby("record_kind")["area_basis"].unique().map(list).to_dict()
    assert basis == {"non_client_contact": ["residence"], "hotline_contact": ["caller_origin"]}
    assert contacts["area_id"].eq("Out of State").sum() == planted["out_of_state"]
    assert contacts["area_id"].eq("unknown").sum() == planted["unknown_county"]
    assert contacts.loc[contacts["record_kind"].eq("non_client_contact"), "received_at"].isna().all()
    single = contacts["record_kind"].eq("hotline_contact") & ~contacts["is_aggregate"]
    assert contacts.loc[single, "received_at"].notna().all()


def test_demo_dispatch(simulated, closes):
    found, planted = simulated("demo_cad", "demo", "cad")
    closes(found, sum(planted["files"].values()))
    assert found.total("collapsed") == planted["duplicate_lines"]
    assert found.total("rejected") == planted["malformed_lines"]
    assert found.total("standardized") == planted["records"] - planted["malformed_lines"]
    assert found.set_aside("arrived_at", "false midnight") == planted["false_midnights"]
    # where the clock changes, a clear can look earlier than its arrival: put back in between, or not put forward
    backwards = found.set_aside("cleared_at", "before arrival") - planted["clear_before_arrival"]
    flags = found.interventions["flags"].fillna("")
    assert 0 <= backwards <= flags.str.contains("_at:(?:ambiguous|nonexistent)_time").sum()
    assert flags.str.contains("received_at:ambiguous_time").sum() == planted["repeated_hour_received"]
    assert flags.str.contains("received_at:nonexistent_time").sum() == planted["skipped_hour_received"]
    lost = planted["malformed_lines"]  # the spoilt line may be any of those below
    records = found.interventions
    for count, name in ((records["access"].eq("officer_initiated").sum(), "officer_initiated"),
                        (records["wait_s"].isna().sum(), "sentinel_-9999"),
                        (records["disposition"].eq("DUP-Duplicate").sum(), "duplicate_calls"),
                        (records["outcome"].eq("cancelled").sum(), "cancelled")):
        assert planted[name] - lost <= count <= planted[name], name
    assert records["outcome"].notna().all()  # one file says Final_Disposition
    both = records["outcomes"].map(len)
    assert set(both) == {1, 2}
    assert records.loc[both.eq(2), "outcomes"].map(lambda all_of: all_of[1]).eq("referred").all()
    assert (records["triaged"] == records["eligible"].notna()).all()
    assert found.ledger["unmapped_codes"] == []


def test_demo_line(simulated, closes):
    found, planted = simulated("demo_hotline", "demo", "hotline")
    closes(found, sum(planted["files"].values()))
    assert found.total("excluded") == planted["test_calls"]
    assert found.total("collapsed") == planted["duplicate_lines"]
    assert found.total("rejected") == planted["malformed_lines"]
    records = found.interventions
    totals = records[records["is_aggregate"]]
    assert len(totals) == planted["period_totals"]
    assert totals["contacts"].sum() == planted["contacts_in_totals"]
    assert totals["period_start"].astype(str).str[:7].tolist() == planted["total_months"]
    assert records["contacts"].sum() == planted["contacts"] - planted["malformed_lines"]
    assert found.set_aside("wait_s", "negative") == planted["negative_waits"]
    single = records[~records["is_aggregate"]]
    assert single["received_at"].isna().sum() == planted["missing_times"]
    assert single["period_start"].notna().all()
    units = pd.DataFrame(found.quality["units"])
    quarters = {str(pd.Period(month, "Q")).replace("Q", "-Q") for month in planted["hours_months"]}
    typed = units[(units["site"] == planted["hours_site"]) & units["period"].isin(quarters)]
    assert typed["verdict"].tolist() == ["mixed"] * len(quarters)
    assert set(units.drop(typed.index)["verdict"]) <= {"agrees"}
    assert found.ledger["unmapped_codes"] == []


def test_demo_population(simulated, closes):
    found, _ = simulated("demo_population", "demo")
    raw = pd.read_csv(found.data / "counts" / "population.csv")
    hours = pd.read_csv(found.data / "counts" / "staff_hours.csv")
    closes(found, len(raw) + len(hours))
    counts = found.counts.set_index(["measure", "level"]).sort_index()["value"]
    total = counts["population"]
    assert total[total.index.isna()].sum() == raw["Population"].sum()
    assert total["female"].sum() == raw["Female"].sum()
    assert round(float(counts["staff_hours"].sum()), 2) == round(float(hours["Scheduled Hours"].sum()), 2)
    spans = found.counts[["period_start", "period_end"]].astype(str).drop_duplicates().values.tolist()
    assert ["2023-01-01", "2023-12-31"] in spans
    assert ["2024-02-01", "2024-02-29"] in spans
