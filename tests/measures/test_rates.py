"""Rates per population: the denominator means the same place, the same people and the same time as the contacts."""

from pathlib import Path

import pandas as pd
import pytest
from scipy.stats import chi2

from crisiskit.errors import UserError
from crisiskit.measures import measure

YEAR = ("2020-01-01", "2020-12-31")


def people(*rows: tuple, year: int = 2020, **fixed) -> pd.DataFrame:
    """Return counts of a population; each row is (area, number) or (area, number, group, level)."""
    columns = ["area_id", "value", "group", "level"]
    frame = pd.DataFrame([(*row, None, None)[:4] for row in rows], columns=columns)
    return frame.assign(**{"measure": "population", "area_level": "county", "period_start": f"{year}-01-01",
                           "period_end": f"{year}-12-31", "source": "census"} | fixed)


def contacts(*rows: tuple, **fixed) -> pd.DataFrame:
    """Return interventions; each row is (area, contacts), and one of 0 contacts on each end spans the year."""
    ends = pd.DataFrame({"area_id": [rows[0][0]] * 2, "contacts": [0, 0], "period_start": YEAR})
    frame = pd.DataFrame([row[:2] for row in rows], columns=["area_id", "contacts"]).assign(period_start="2020-05-01")
    return pd.concat([ends, frame], ignore_index=True).assign(
        **{"area_level": "county", "area_basis": "residence", "source": "line"} | fixed)


def ask(interventions: pd.DataFrame, counts: pd.DataFrame, **question) -> pd.DataFrame:
    return measure({"interventions": interventions, "counts": counts}, "rate_per_population", **question)


def test_rate_by_area_with_its_exact_interval() -> None:
    """12 contacts of 4000 residents in a whole year: 300 per 100 000, limits half the chi-square quantiles."""
    row = ask(contacts(("a", 12)), people(("a", 4000))).iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (12, 4000, 300)
    limits = [chi2.ppf(0.025, 24) / 2 / 4000 * 1e5, chi2.ppf(0.975, 26) / 2 / 4000 * 1e5]
    assert [row["low"], row["high"]] == pytest.approx(limits)
    assert row["reasons"] == ""
    assert row["label"] == "Contacts per 100000 of population a year, person-time of 2020-01-01 to 2020-12-31"
    assert ask(contacts(("a", 12)), people(("a", 4000)), per=1000)["value"].iloc[0] == 3


def test_published_rates(root: Path) -> None:
    """The exact rows of the technical guide's table, to the digits printed."""
    folder = root.parent / "shared" / "benchmarks" / "rates_phe"
    if not folder.is_dir():
        pytest.skip("the published worked examples are not here")
    table = pd.read_csv(folder / "rates.csv")
    table = table[table["method"] == "Exact"].drop_duplicates("Area")
    found = ask(contacts(*zip(table["Area"], table["Numerator"], strict=True)),
                people(*zip(table["Area"], table["Denominator"], strict=True)), per=100, areas="contacts")
    found = found.set_index("area_id").loc[table["Area"]]
    for mine, printed in (("value", "value"), ("low", "lower95_0cl"), ("high", "upper95_0cl")):
        assert (found[mine] / 100).to_list() == pytest.approx((table[printed] / table["multiplier"]).to_list())


def test_part_of_a_year_is_person_time() -> None:
    """50 contacts in half of a leap year (183 of 366 days): 100 a year; the populations are those of each year."""
    half = contacts(("a", 50)).assign(period_start=["2020-07-01", "2020-12-31", "2020-08-01"])
    row = ask(half, people(("a", 1000)), per=1000).iloc[0]
    assert (row["years"], row["denominator"], row["value"], row["population"]) == (184 / 366, 184 / 366 * 1000,
                                                                                 pytest.approx(50 * 366 / 184), 1000)
    two = contacts(("a", 50)).assign(period_start=["2020-01-01", "2021-12-31", "2020-08-01"])
    both = pd.concat([people(("a", 1000)), people(("a", 3000), year=2021)])
    assert ask(two, both)["denominator"].iloc[0] == 4000
    by_year = ask(two, both, by=["area_id", "year"]).set_index("year")
    assert by_year["denominator"].to_dict() == {2020: 1000, 2021: 3000}
    assert by_year["numerator"].to_dict() == {2020: 50, 2021: 0}


def test_a_population_of_another_year_is_named() -> None:
    row = ask(contacts(("a", 5)), people(("a", 1000), year=2017)).iloc[0]
    assert row["value"] == 500
    assert row["reasons"] == "population of 2017-01-01 to 2017-12-31 stands for 2020-01-01 to 2020-12-31"


def test_quiet_days_are_person_time_whatever_is_asked() -> None:
    """A question about one need keeps the period of all records."""
    data = contacts(("a", 4)).assign(need=[None, None, "suicide"])
    row = ask(data, people(("a", 1000)), where={"need": "suicide"}).iloc[0]
    assert (row["numerator"], row["years"]) == (4, 1)


def test_each_month_of_each_area_names_its_own_stand_in() -> None:
    data = contacts(("a", 5), ("b", 2)).assign(period_start=["2020-11-05", "2021-01-10", "2020-11-07", "2021-01-09"])
    frame = ask(data, people(("a", 1000), ("b", 500), ("quiet", 10)), by=["area_id", "month"])
    frame = frame.set_index(["area_id", "month"])
    assert len(frame) == 6
    assert frame.loc[("b", "2020-11"), "value"] == 0
    assert frame.loc[("a", "2020-11"), "reasons"] == ""
    assert frame.loc[("b", "2021-01"), "reasons"] == \
        "population of 2020-01-01 to 2020-12-31 stands for 2021-01-01 to 2021-01-10"
    assert frame.loc[("quiet", "2021-01"), "denominator"] == pytest.approx(10 * 10 / 365)


def test_months_share_the_year() -> None:
    data = contacts(("a", 31), ("a", 2)).assign(period_start=["2020-01-01", "2020-12-31", "2020-05-03", "2020-02-01"])
    frame = ask(data, people(("a", 366)), by="month", per=1).set_index("month")
    assert frame["denominator"].to_dict() == pytest.approx({"2020-01": 31, "2020-02": 29, "2020-05": 31, "2020-12": 31})
    assert frame["value"].to_dict() == pytest.approx({"2020-01": 0, "2020-02": 2 / 29, "2020-05": 1, "2020-12": 0})
    assert ask(data, people(("a", 366)), where={"month": ["2020-05", "2020-02"]})["denominator"].iloc[0] == \
        pytest.approx(60)


def test_areas_on_one_side_only() -> None:
    """An area without a contact is 0 with an upper limit; one without a population has no rate; both are counted."""
    frame = ask(contacts(("a", 5), ("x", 3)), people(("a", 1000), ("quiet", 500)))
    by_area = frame.set_index("area_id")
    assert by_area.loc["quiet", ["numerator", "value", "low"]].to_list() == [0, 0, 0]
    assert by_area.loc["quiet", "high"] == pytest.approx(3.688879 / 500 * 1e5)
    assert by_area.loc["quiet", "reasons"] == "no contact recorded here: 0 holds only where the service covers the area"
    assert by_area.loc["x", ["numerator", "denominator", "value"]].isna().all()
    assert by_area.loc["x", "reasons"] == "no population for the area 1"
    assert frame.attrs["join"] == {"matched": ["a"], "with contacts only": ["x"], "with population only": ["quiet"]}
    assert frame["rows_used"].sum() + frame["rows_left_out"].sum() == 4
    served = ask(contacts(("a", 5), ("x", 3)), people(("a", 1000), ("quiet", 500)), areas="contacts")
    assert set(served["area_id"]) == {"a", "x"}


def test_all_areas_together() -> None:
    row = ask(contacts(("a", 5), ("x", 3)), people(("a", 1000), ("b", 500)), by="area_level").iloc[0]
    assert (row["numerator"], row["denominator"]) == (5, 1500)
    assert row["reasons"] == ("no population for the area 1; "
                              "areas: 1 matched, 1 with contacts only, 1 with population only")


def test_contacts_without_a_place_are_bounds() -> None:
    """7 contacts stand nowhere: each area's bound holds them all, the rates hold none; not applicable is no place."""
    data = contacts(("a", 5), ("b", 10), (None, 4), ("unknown", 3), ("not_applicable", 9))
    frame = ask(data, people(("a", 1000), ("b", 1000)), per=1000)
    by_area = frame[frame["value"].notna()].set_index("area_id")
    assert by_area["value"].to_dict() == {"a": 5, "b": 10}
    assert by_area["bound_low"].to_dict() == {"a": 5, "b": 10}
    assert by_area["bound_high"].to_dict() == {"a": 12, "b": 17}
    lost = frame[frame["value"].isna()]
    assert set(lost["reasons"]) == {"area_id blank 1", "area_id unknown 1", "area_id not applicable 1"}
    together = ask(data, people(("a", 1000), ("b", 1000)), by="area_level", per=1000).iloc[0]
    assert (together["value"], together["bound_high"]) == (7.5, 11)


def test_an_incident_is_not_a_resident() -> None:
    frame = ask(contacts(("a", 5), area_basis="incident"), people(("a", 1000)))
    assert frame["reasons"].iloc[0] == "a rate of incidents in a place per resident of it, not of its residents"
    silent = ask(contacts(("a", 5), area_basis=None), people(("a", 1000)))
    assert silent["reasons"].iloc[0].startswith("area_basis is not recorded")


def test_areas_of_two_meanings_are_never_one_figure() -> None:
    data = pd.concat([contacts(("a", 5)), contacts(("a", 7), (None, 2), area_basis="caller_origin"),
                      contacts((None, 1), area_basis=None).tail(1)])
    row = ask(data, people(("a", 1000))).iloc[0]
    assert pd.isna(row["value"])
    assert row["reasons"] == ("refused: areas of several meanings in one figure (caller_origin, residence); "
                              "add area_basis to by, or choose one in where")
    apart = ask(data, people(("a", 1000)), by=["area_id", "area_basis"]).dropna(subset="value").set_index("area_basis")
    assert apart["numerator"].to_dict() == {"residence": 5, "caller_origin": 7}
    assert "callers need not live there" in apart.loc["caller_origin", "reasons"]
    assert apart.loc["residence", "reasons"] == ""
    assert apart["bound_high"].to_dict() == {"residence": 600, "caller_origin": 1000}  # 1 unknown, 2 unknown callers
    chosen = ask(data, people(("a", 1000)), basis="residence").iloc[0]
    assert (chosen["numerator"], chosen["reasons"]) == (5, "area basis is not residence 3")


def test_areas_of_two_levels_are_never_one_figure() -> None:
    data = pd.concat([contacts(("a", 5)), contacts(("s", 7), area_level="state")])
    counts = pd.concat([people(("a", 1000)), people(("s", 9000), area_level="state")])
    assert "several levels in one figure (county, state)" in ask(data, counts)["reasons"].iloc[0]
    by_level = ask(data, counts, by="area_level").set_index("area_level")
    assert by_level["denominator"].to_dict() == {"county": 1000, "state": 9000}


def test_a_level_that_one_side_does_not_record_is_the_others() -> None:
    for data, counts in ((contacts(("a", 5), area_level=None), people(("a", 1000))),
                         (contacts(("a", 5)), people(("a", 1000), area_level=None))):
        assert ask(data, counts)["value"].to_list() == [500]


def test_the_whole_is_not_added_to_its_parts() -> None:
    """Totals, sexes and the state stand in one table; only the totals of the contacts' level count."""
    counts = pd.concat([people(("a", 1000), ("a", 600, "gender", "female"), ("a", 400, "gender", "male")),
                        people(("a", 1000), area_level="state")])
    assert ask(contacts(("a", 5)), counts)["denominator"].to_list() == [1000]


def test_duplicates_are_refused_by_name() -> None:
    counts = pd.concat([people(("a", 1000), ("b", 10)), people(("a", 1010), source="other")])
    with pytest.raises(UserError, match=r"twice for one area and period \(county a from 2020-01-01\)"):
        ask(contacts(("a", 5)), counts)


def test_a_rate_by_sex_rests_on_each_sex() -> None:
    data = contacts(("a", 5), ("a", 6), ("a", 2)).assign(gender=["female", "male", "female", "male", "not_asked"])
    counts = people(("a", 1000), ("a", 600, "gender", "female"), ("a", 400, "gender", "male"))
    frame = ask(data, counts, by=["area_id", "gender"], per=1).set_index("gender")
    assert frame["denominator"].dropna().to_dict() == {"female": 600, "male": 400}
    assert frame.loc["female", ["value", "bound_high"]].to_list() == pytest.approx([5 / 600, 7 / 600])
    assert frame.loc["not_asked", "reasons"] == "no population for the group 1"
    only = ask(data, counts, where={"gender": "female"}).iloc[0]
    assert (only["numerator"], only["denominator"]) == (5, 600)


def test_a_rate_of_a_group_without_a_population_is_not_one_of_everybody() -> None:
    data = contacts(("a", 5)).assign(veteran=[True, True, True])
    row = ask(data, people(("a", 1000), ("a", 600, "gender", "female")), where={"veteran": True}).iloc[0]
    assert pd.isna(row["value"])
    assert row["reasons"] == ("not recorded in this source: measure 'population' by veteran in table 'counts' "
                              "(it is there by gender)")


def test_needs_share_one_population() -> None:
    data = contacts(("a", 5), ("b", 2), ("b", 1)).assign(need=["suicide"] * 4 + ["grief"])
    frame = ask(data, people(("a", 1000), ("b", 500)), by=["area_id", "need"]).set_index(["area_id", "need"])
    assert frame["denominator"].to_dict() == {("a", "grief"): 1000, ("a", "suicide"): 1000, ("b", "grief"): 500,
                                              ("b", "suicide"): 500}
    assert frame.loc[("a", "grief"), "value"] == 0


def test_the_period_can_be_set() -> None:
    row = ask(contacts(("a", 5)), people(("a", 1000)), start="2020-04-01", end="2020-06-30").iloc[0]
    assert (row["numerator"], row["denominator"]) == (5, pytest.approx(91 / 366 * 1000))
    assert (row["rows_left_out"], row["reasons"]) == (2, "outside the period 2")
    empty = ask(contacts(("a", 5)), people(("a", 1000)), start="2020-10-01", end="2020-12-01").iloc[0]
    assert (empty["value"], empty["low"], empty["rows_used"]) == (0, 0, 0)
    assert (empty["rows_left_out"], empty["reasons"]) == (3, "outside the period 3")


def test_what_is_not_recorded_is_no_rate() -> None:
    data = contacts(("a", 5))
    assert measure({"interventions": data}, "rate_per_population")["reasons"].iloc[0] == \
        "not recorded in this source: table 'counts'"
    assert ask(data.assign(area_id=None), people(("a", 1)))["reasons"].iloc[0] == \
        "not recorded in this source: area_id"
    assert "totals of measure 'homes'" in ask(data, people(("a", 1)), population="homes")["reasons"].iloc[0]
    other = ask(data.assign(area_level="city"), people(("a", 1)))
    assert other["reasons"].to_list() == ["no population for the area 3"]
    assert other["value"].isna().all()


@pytest.mark.parametrize("question", [{"by": "hour"}, {"where": {"weekday": "Mon"}}, {"by": "week"}])
def test_a_population_has_no_hour(question) -> None:
    data = contacts(("a", 5)).assign(received_local=pd.Timestamp("2020-05-01 10:00"))
    with pytest.raises(UserError, match="a population has no"):
        ask(data, people(("a", 1000)), **question)


def test_period_totals_count(rows) -> None:
    data = contacts(("a", 5)).assign(is_aggregate=[False, False, True], period_end=["2020-01-01", "2020-12-31",
                                                                                  "2020-05-31"])
    row = ask(data, people(("a", 1000))).iloc[0]
    assert (row["numerator"], row["aggregate_share"]) == (5, 1)
