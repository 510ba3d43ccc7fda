import numpy as np
import pandas as pd
import pytest

from crisiskit.simulate import simulate


def wide(simulated, measure: str) -> pd.DataFrame:
    rows = simulated.counts[simulated.counts["measure"] == measure]
    return rows.pivot(index="area_id", columns="period_start", values="value")


def test_line_totals_are_the_sums_of_the_records():
    line = simulate("hotline_contact", months=6)
    month = line.interventions["received_local"].dt.to_period("M").astype(str)
    for measure in ("offered", "answered", "abandoned"):
        rows = line.counts[line.counts["measure"] == measure]
        assert rows["value"].tolist() == line.interventions.groupby(month)[measure].sum().tolist()


def test_population_and_staff_hours_are_those_of_the_truth(calls):
    totals = calls.counts[(calls.counts["measure"] == "population") & calls.counts["group"].isna()]
    assert totals.set_index("area_id")["value"].groupby(level=0).first().to_dict() == {
        name: area["population"] for name, area in calls.truth["areas"].items()
    }
    hours = calls.counts[calls.counts["measure"] == "staff_hours"]
    assert hours["value"].sum() == pytest.approx(60 * 731, rel=1e-4)  # 2023 and 2024 have 731 days
    by_hour = hours.groupby("level")["value"].sum()
    assert by_hour["12"] / by_hour["3"] == pytest.approx(2, rel=1e-3)


@pytest.fixture(scope="module")
def panel():
    return simulate("programme", areas=20, treated=8, outcome_rate=400.0, control_rate=400.0, effect_ratio=0.7)


def test_the_planted_effect_is_recovered_by_difference_in_differences(panel):
    """Ratio of ratios of sums, treated to others, after to before; its error follows from Poisson and gamma."""
    treated = list(panel.truth["effect"]["treated"])
    for measure, ratio in (("targeted_offences", 0.7), ("other_offences", 1.0)):
        table = wide(panel, measure)
        after = pd.to_datetime(table.columns) >= "2024-01-01"
        in_group = table.index.isin(treated)
        sums = [[table.loc[rows, when].to_numpy().sum() for when in (after, ~after)] for rows in (in_group, ~in_group)]
        change = [later / earlier for later, earlier in sums]
        error = np.sqrt(4 * (1 / 38_000 + 0.02 * 1.2 / 96))
        assert np.log(change[0] / change[1]) == pytest.approx(np.log(ratio), abs=4.5 * error)


def test_the_dose_is_the_programmes_own_records(panel):
    dose = wide(panel, "programme_contacts")
    assert dose.to_numpy().sum() == len(panel.interventions) == panel.truth["panel"]["programme_contacts"]
    assert dose.loc[~dose.index.isin(panel.truth["effect"]["treated"])].to_numpy().sum() == 0
    assert panel.interventions["received_local"].min() >= pd.Timestamp("2024-01-01")


def test_what_was_averted_follows_from_the_rate(panel):
    truth, s = panel.truth, panel.truth["settings"]
    treated = sum(truth["areas"][name]["ratio"] for name in truth["effect"]["treated"])
    without = 12 * s["outcome_rate"] * treated * (1 + s["trend_share"]) ** 1.5
    assert truth["panel"]["expected_averted"] == pytest.approx(0.3 * without, rel=0.01)


def test_staggered_starts():
    truth = simulate("programme", treated=3, stagger_months=3, programme_start="2023-06-01").truth
    assert list(truth["effect"]["treated"].values()) == ["2023-06-01", "2023-09-01", "2023-12-01"]
