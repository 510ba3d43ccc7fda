"""The panel from the standard tables: Denver's published figures, the simulator's truth, and every refusal."""

import csv
import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact.build import build
from crisiskit.impact.question import Outcome, Question
from crisiskit.measures.tables import load, open_tables
from crisiskit.simulate import simulate

EIGHT = ("123", "211", "311", "611", "612", "621", "622", "623")
WINDOW = {"from": "2019-12-01", "to": "2020-11-30"}
DATES = {"occurred": "offences_occurred", "reported": "offences_reported"}


@pytest.fixture(scope="session")
def denver(root, shared_data, tmp_path_factory):
    """Denver's counts, standardized once."""
    from crisiskit.intake.standardize import standardize

    folder = tmp_path_factory.mktemp("impact") / "denver_crime"
    standardize(root / "params" / "sources" / "denver_crime.yaml", shared_data, folder)
    return load(folder)


@pytest.fixture(scope="session")
def figures(shared_data):
    return json.loads((shared_data / "denver-crime" / "expected.json").read_text("utf-8"))["figures"]


def star(**changed):
    given = {
        "programme": "STAR", "roll_out": [{"area": area, "start": "2020-06-01"} for area in EIGHT],
        "outcome": family("targeted"), "exclude": {"316": "stray", "436": "stray"}, "area_level": "precinct",
        "window": WINDOW,
    }  # fmt: skip
    return Question(**{**given, **changed})


def family(name, unit="offences"):
    return {"label": name, "dates": {date: measure.replace("offences", unit) for date, measure in DATES.items()},
            "group": "family", "level": [name]}  # fmt: skip


def test_denver_totals_of_every_family_date_and_unit(denver, figures):
    main = build(denver, star()).recorded
    for key, total in figures["panel_totals"].items():
        name, date, unit = key.split("|")
        panel = build(denver, star(), Outcome(**family(name, unit)), date=date, main=main).panel
        assert panel.outcome.sum() == total, key


def test_denver_cells_by_precinct_and_month(denver, figures):
    built = build(denver, star())
    panel = built.panel
    expected = figures["panel_precincts_targeted_occurred_offences"]
    assert panel.units == tuple(sorted(expected))
    assert panel.outcome.tolist() == [expected[unit] for unit in panel.units]
    months = figures["panel_months"]["targeted|occurred|offences"]
    assert dict(zip([str(day)[:7] for day in panel.starts], panel.outcome.sum(axis=0), strict=True)) == months
    assert panel.roll_out == "block"
    assert panel.first[panel.treated].tolist() == [6] * 8
    out = sum(total for reason, _, total in built.left_out if "outside" not in reason)
    assert out == figures["window_left_out_of_panel_targeted"]["occurred"]


@pytest.mark.parametrize("key", [
    "targeted|occurred|offences", "targeted|reported|incidents", "trespass|occurred|offences",
    "placebo|occurred|offences",
])  # fmt: skip
def test_denver_before_and_after(denver, figures, key):
    name, date, unit = key.split("|")
    asked = star(outcome=family(name, unit))
    found = build(denver, asked).dates.set_index("date").loc[date]
    expected = figures["did"]["downtown_eight"][key]
    assert found["treated_before"] == expected["treated_pre"]
    assert found["treated_after"] == expected["treated_post"]
    assert found["untreated_before"] == expected["control_pre"]
    assert found["untreated_after"] == expected["control_post"]


def test_denver_equals_the_benchmark_but_for_seven_offences(denver, benchmarks):
    """Counting the raw file line by line gives 10,575; the benchmark's, of reports up to 2024, has 7 offences more."""
    wanted = Counter()
    with (benchmarks / "denver_star_panel" / "denver_precinct_month.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            of_these = row["offense_category"] in ("all-other-crimes", "drug-alcohol")
            if of_these and "2019-12" <= row["month"] <= "2020-11":
                wanted[row["precinct"], row["month"]] += int(row["n"])
    outcome = Outcome(label="both", dates=DATES, group="category", level=("all-other-crimes", "drug-alcohol"))
    panel = build(denver, star(), outcome).panel
    found = {(row.unit, str(row.start)[:7]): row.outcome for row in panel.long().itertuples() if row.outcome}
    assert sum(found.values()) == 10_575
    more = {cell: wanted[cell] - found.get(cell, 0) for cell in wanted | found if wanted[cell] != found.get(cell, 0)}
    assert sorted(more) == [("122", "2020-04"), ("211", "2020-01"), ("411", "2020-07"), ("422", "2020-11"),
                            ("522", "2020-03"), ("611", "2020-02"), ("611", "2020-11")]  # fmt: skip
    assert set(more.values()) == {1}


def test_denver_another_list_and_no_window(denver):
    panel = build(denver, star(), treated=("611", "612", "621", "622", "623")).panel
    assert int(panel.treated.sum()) == 5
    assert len(panel.units) == 36
    whole = build(denver, star(window=None)).panel
    assert (str(whole.starts[0]), str(whole.starts[-1])) == ("2019-01-01", "2021-08-01")


@pytest.mark.parametrize(("changed", "words"), [
    ({"roll_out": [{"area": "0123", "start": "2020-06-01"}]}, "did you mean '123'"),
    ({"exclude": {"31": "x"}}, "exclude: area '31'"),
    ({"outcome": {"label": "x", "measure": "offences_ocurred"}}, "did you mean 'offences_occurred'"),
    ({"outcome": {"label": "x", "measure": "offences_occurred", "group": "family", "level": "trespas"}},
     "did you mean 'trespass'"),
    ({"outcome": {"label": "x", "measure": "offences_occurred"}}, "has no totals by area"),
    ({"area_level": ""}, "name one as area_level"),
    ({"step": "week"}, "more than one week"),
    ({"window": {"from": "2018-12-01", "to": "2020-11-30"}}, "window begins on 2018-12-01.*2019-01-01"),
    ({"window": {"from": "2025-01-01", "to": "2025-11-30"}}, "does not meet the data"),
    ({"window": {"from": "2020-05-01", "to": "2020-11-30"}}, "only 1 month lies before the start"),
    ({"window": {"from": "2020-06-01", "to": "2020-11-30"}}, "in or before the first period"),
    ({"roll_out": [{"area": "123", "start": "2022-06-01"}]}, "after the data end on 2021-08-31"),
])  # fmt: skip
def test_denver_refuses(denver, changed, words):
    with pytest.raises(UserError, match=words):
        build(denver, star(**changed))


# ---- small tables, figures by hand


def rows(*cells, measure="calls", source="s", **more):
    made = []
    for area, month, value in cells:
        start = pd.Timestamp(month)
        made.append({"source": source, "measure": measure, "value": value, "unit": "n", "area_id": area,
                     "area_level": "zip", "period_start": start.date(),
                     "period_end": (start + pd.offsets.MonthEnd()).date(), "source_file": "f",
                     "source_row": len(made) + 1, **more})  # fmt: skip
    return pd.DataFrame(made)


MONTHS = ("2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01")


def small(**changed):
    given = {"programme": "p", "roll_out": [{"area": "a", "start": "2020-03-01"}],
             "outcome": {"label": "calls", "measure": "calls"}}  # fmt: skip
    return Question(**{**given, **changed})


def of(*frames):
    return open_tables({"counts": pd.concat(frames, ignore_index=True)})


FULL = [(area, month, 10 * place + i) for i, month in enumerate(MONTHS) for place, area in enumerate(("a", "b"), 1)]


def test_zero_where_covered_missing_where_not():
    calls = rows(*[(area, month, 5) for area in ("a", "b") for month in MONTHS if month[5:7] != "02"])
    other = rows(("a", "2020-02-01", 1), ("c", "2020-01-01", 1), measure="other")
    april = [{"area": "a", "start": "2020-04-01"}]
    panel = build(of(calls, other), small()).panel
    assert panel.units == ("a", "b", "c")
    assert panel.outcome.tolist() == [[5, 0, 5, 5], [5, 0, 5, 5], [0, 0, 0, 0]]
    assert any("6 empty cells are zeros" in note for note in panel.notes)
    assert any("Areas without a row of the outcome at any time: 1 (c)" in note for note in panel.notes)
    panel = build(of(calls), small(roll_out=april)).panel
    np.testing.assert_array_equal(panel.outcome, [[5, np.nan, 5, 5], [5, np.nan, 5, 5]])
    with pytest.raises(UserError, match="only 1 months before the start in 2020-03-01 have a number"):
        build(of(calls), small())
    span = {"from": "2020-02-01", "to": "2020-12-31"}
    narrowed = build(of(calls, other), small(roll_out=april, coverage={"b": span}))
    assert np.isnan(narrowed.panel.outcome[1]).tolist() == [True, False, False, False]
    assert any("coverage" in reason and total == 5 for reason, _, total in narrowed.left_out)


def test_hidden_number_is_missing_and_levels_add_up():
    hidden = [(a, m, None if (a, m) == ("b", MONTHS[1]) else v) for a, m, v in FULL]
    one, two = rows(*hidden, group="g", level="x"), rows(*FULL, group="g", level="y")
    outcome = {"label": "calls", "measure": "calls", "group": "g", "level": ["x", "y"]}
    panel = build(of(one, two), small(outcome=outcome)).panel
    np.testing.assert_array_equal(panel.outcome, [[20, 22, 24, 26], [40, np.nan, 44, 46]])


def test_a_row_that_stands_twice_is_refused():
    with pytest.raises(UserError, match="counts twice"):
        build(of(rows(*FULL), rows(("a", "2020-02-01", 11))), small())


def test_two_sources_need_a_name():
    tables = of(rows(*FULL), rows(*FULL, source="t"))
    with pytest.raises(UserError, match="2 choices of source \\(s, t\\)"):
        build(tables, small())
    named = small(outcome={"label": "calls", "measure": "calls", "source": "t"})
    assert build(tables, named).panel.outcome.sum() == sum(value for _, _, value in FULL)


def test_unknown_areas_count_against_the_limit():
    tables = of(rows(*FULL, ("unknown", "2020-01-01", 2)))
    with pytest.raises(UserError, match="above join_limit 1.0%.*"):
        build(tables, small(join_limit=0.01))
    built = build(tables, small(join_limit=0.02))
    assert ("rows without a known area", 1, 2.0) in built.left_out
    assert built.joins[0].lost == pytest.approx(2 / 134)


def test_no_comparison_is_refused_unless_the_design_needs_none():
    both = [{"area": area, "start": "2020-03-01"} for area in ("a", "b")]
    with pytest.raises(UserError, match="none is left to compare with"):
        build(of(rows(*FULL)), small(roll_out=both))
    panel = build(of(rows(*FULL)), small(roll_out=both, design="its")).panel
    assert any("No area is left untreated" in note for note in panel.notes)


def test_row_order_does_not_matter():
    frame = rows(*FULL)
    one, two = build(of(frame), small()), build(of(frame[::-1]), small())
    pd.testing.assert_frame_equal(one.panel.long(), two.panel.long())
    assert one.joins == two.joins


def test_quarters_add_months_up():
    months = pd.date_range("2019-01-01", "2020-12-01", freq="MS")
    frame = rows(*[(area, str(month.date()), 1) for area in ("a", "b") for month in months])
    panel = build(of(frame), small(step="quarter", roll_out=[{"area": "a", "start": "2020-02-10"}])).panel
    assert panel.outcome.tolist() == [[3] * 8] * 2
    assert panel.status[0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]  # 51 of 91 days
    assert any("served on 56% of the days" in note for note in panel.notes)


def test_exposure_of_the_nearest_year_and_one_that_is_missing():
    people = pd.DataFrame([
        {"source": "p", "measure": "population", "value": value, "unit": "n", "area_id": area, "area_level": "zip",
         "period_start": pd.Timestamp(year, 1, 1).date(), "period_end": pd.Timestamp(year, 12, 31).date(),
         "source_file": "f", "source_row": 1}
        for area, year, value in (("a", 2018, 90), ("a", 2020, 100), ("b", 2019, 200))
    ])  # fmt: skip
    panel = build(of(rows(*FULL), people), small(exposure="population")).panel
    assert panel.exposure.tolist() == [[100] * 4, [200] * 4]
    with pytest.raises(UserError, match=r"panel with exposure population.*found no match"):
        build(of(rows(*FULL), people[people["area_id"] == "a"]), small(exposure="population"))


def test_dose_of_the_roll_out_is_spread_over_its_treated_periods():
    run = [{"area": "a", "start": "2020-03-01", "dose": 30}]
    assert build(of(rows(*FULL)), small(roll_out=run)).panel.dose.tolist() == [[0, 0, 15, 15], [0, 0, 0, 0]]
    assert build(of(rows(*FULL)), small()).panel.dose is None


# ---- the simulator


@pytest.fixture(scope="module")
def simulated():
    return simulate("programme")


def test_simulated_programme(simulated):
    treated = simulated.truth["effect"]["treated"]
    asked = small(
        roll_out=[{"area": area, "start": start} for area, start in treated.items()], exposure="population",
        outcome={"label": "offences", "measure": "targeted_offences"}, covariates=["other_offences"],
        dose_measure="programme_contacts",
    )  # fmt: skip
    panel = build({"counts": simulated.counts}, asked).panel
    counted = simulated.counts[simulated.counts["measure"] == "targeted_offences"]
    by_area = counted.groupby("area_id")["value"].sum()
    assert dict(zip(panel.units, panel.outcome.sum(axis=1), strict=True)) == by_area.to_dict()
    assert {unit for unit, on in zip(panel.units, panel.treated, strict=True) if on} == set(treated)
    assert panel.dose.sum() == simulated.truth["panel"]["programme_contacts"]
    assert panel.exposure[:, 0].tolist() == [simulated.truth["areas"][unit]["population"] for unit in panel.units]


def contacts(**changed):
    outcome = {"label": "contacts", "table": "interventions", "measure": "contacts"}
    return small(**{"roll_out": [{"area": "Ashvale", "start": "2024-07-01"}], "outcome": outcome, **changed})


def test_interventions(simulated):
    frame = simulated.interventions
    tables = open_tables({"interventions": frame})
    built = build(tables, contacts(join_limit=0.2))
    day = pd.to_datetime(frame["period_start"])
    partial = [pd.Period(note.split("from ")[1][:7], "M") for note in built.panel.notes if "left out" in note]
    kept = frame[frame["area_id"].isin(built.panel.units) & ~day.dt.to_period("M").isin(partial)]
    assert built.panel.outcome.sum() == kept["contacts"].sum()
    needs = frame["needs"].dropna().explode().value_counts()
    need = needs.index[0]
    where = {"label": "x", "table": "interventions", "measure": "records", "where": {"needs": [need]}}
    held = kept["needs"].map(lambda values: values is not None and need in list(values))
    assert build(tables, contacts(outcome=where, join_limit=0.2)).panel.outcome.sum() == held.sum()
    where = {"label": "x", "table": "interventions", "measure": "records", "where": {"consented": ["true"]}}
    said = kept["consented"].map(lambda value: value is True)
    assert said.any()
    assert build(tables, contacts(outcome=where, join_limit=0.2)).panel.outcome.sum() == said.sum()


def test_interventions_refuse(simulated):
    tables = open_tables({"interventions": simulated.interventions})
    out = {"label": "x", "table": "interventions"}
    with pytest.raises(UserError, match="no row has responder 'mobil_crisis'.*did you mean 'mobile_crisis'"):
        build(tables, contacts(outcome={**out, "where": {"responder": ["mobil_crisis"]}}))
    with pytest.raises(UserError, match="has no column 'respnder'"):
        build(tables, contacts(outcome={**out, "where": {"respnder": ["x"]}}))
    with pytest.raises(UserError, match="holds no local day"):
        build(tables, contacts(outcome={**out, "dates": {"received": "received_at"}}))
    with pytest.raises(UserError, match="the data hold only interventions"):
        build(tables, small())


def test_rows_of_several_periods_make_their_cells_unknown_and_rows_without_a_day_are_counted():
    made = []
    for area, start, end, many, occurred in [
        ("a", "2020-01-01", "2020-01-01", 1, "2020-02-03"), ("a", "2020-02-05", "2020-02-05", 2, "2020-02-03"),
        ("b", "2020-01-01", "2020-01-31", 4, None), ("b", "2020-01-01", "2020-02-29", 8, None),
        ("b", "2020-03-05", "2020-03-05", 16, None), ("a", "2020-04-30", "2020-04-30", 32, "2020-04-30"),
    ]:  # fmt: skip
        made.append({"record_id": str(len(made)), "source": "s", "record_kind": "field_response", "contacts": many,
                     "is_aggregate": start != end, "period_start": pd.Timestamp(start).date(),
                     "period_end": pd.Timestamp(end).date(), "area_id": area, "area_level": "zip",
                     "occurred_on": pd.Timestamp(occurred).date() if occurred else None,
                     "source_file": "f", "source_row": len(made) + 1})  # fmt: skip
    tables = open_tables({"interventions": pd.DataFrame(made)})
    outcome = {"label": "x", "table": "interventions", "measure": "contacts"}
    built = build(tables, small(outcome=outcome))
    np.testing.assert_array_equal(built.panel.outcome, [[1, 2, 0, 32], [np.nan, np.nan, 16, 0]])
    assert built.left_out == (("rows that stand for more than one month", 1, 8.0),
                              ("in cells that a row of several months touches", 1, 4.0))  # fmt: skip
    assert any(note.startswith("2 cells are missing: a row that stands for several months") for note in
               built.panel.notes)  # fmt: skip
    built = build(tables, small(outcome={**outcome, "dates": {"day": "occurred_on"}}))
    np.testing.assert_array_equal(built.panel.outcome, [[0, 3, 0, 32], [np.nan, np.nan, 0, 0]])
    assert ("rows without occurred_on", 1, 16.0) in built.left_out


def test_periods_in_which_no_area_has_a_row_are_pointed_out():
    few = [(area, month, 1) for area, month, _ in FULL if month > MONTHS[1]]
    built = build(of(rows(*few), rows(*FULL, measure="other")), small())
    assert built.panel.outcome[:, :2].tolist() == [[0, 0], [0, 0]]
    assert any("2 periods have no row of the outcome in any area (the first from 2020-01-01)" in note
               for note in built.panel.notes)  # fmt: skip
    many = [cell for cell in FULL if cell[1] > MONTHS[1]]  # 12 to 23 in a cell: no chance gives such a silence
    with pytest.raises(UserError, match="in or before the first period in which the outcome was recorded"):
        build(of(rows(*many), rows(*FULL, measure="other")), small())
