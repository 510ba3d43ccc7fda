"""Trend, season and calendar: what was planted is found within the stated tolerance."""

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures.decompose import calendar_effects, growth_per_year, month_effects, too_short, trend_season
from crisiskit.measures.series import series
from crisiskit.simulate import simulate

ALONE = {"redial_share": 0, "repeat_share": 0}  # redials and repeats come on top of the planted rates
PLANTED = {"trend_share": 0.10, "season_share": 0.25, "season_peak_month": 3, "weekday": (1, 1, 1, 1, 1.3, 1.4, 0.8)}


@pytest.fixture(scope="module")
def planted() -> dict[str, pd.DataFrame]:
    """Four years of a line, about 29 000 contacts, with a trend, a season and a week that are known."""
    made = simulate("hotline_contact", seed=5, months=48, areas=4, rate=150, **ALONE, **PLANTED)
    return {"interventions": made.interventions}


def months(contacts, start: str = "2020-01-01") -> pd.DataFrame:
    """Whole months with these contacts."""
    first = pd.date_range(start, periods=len(contacts), freq="MS")
    return pd.DataFrame({"period": first.strftime("%Y-%m"), "first_day": first, "days": first.days_in_month,
                         "contacts": np.asarray(contacts, float)})


def test_planted_trend_and_season_are_found(planted) -> None:
    """Tolerances: 2 points of growth and 3 of amplitude are two standard errors of about 600 contacts a month.

    A month's mean of a wave of 25 % is 24.7 %, and the two months beside the peak differ from it by 3 %, so the peak is
    found to the month beside it.
    """
    found = trend_season(series(planted, "month").whole)
    assert found.ratios
    assert found.growth == pytest.approx(0.10, abs=0.02)
    assert found.growth_low < 0.10 < found.growth_high
    assert found.amplitude == pytest.approx(0.247, abs=0.03)
    assert abs(found.peak_month - 3) <= 1
    assert found.season_by.idxmin() in (8, 9, 10)
    assert found.season_strength > 0.9
    back = found.frame["trend"] * found.frame["season"] * found.frame["remainder"]
    assert back.to_numpy() == pytest.approx(found.frame["rate"].to_numpy())


def test_planted_trend_of_four_per_cent_lies_in_the_interval() -> None:
    made = simulate("hotline_contact", seed=8, months=36, areas=4, rate=150, **ALONE)
    _, low, high = growth_per_year(series({"interventions": made.interventions}, "month").whole)
    assert low < 0.04 < high
    assert high - low < 0.06


def test_planted_weekdays_are_found(planted) -> None:
    """Ratios to the mean of the logarithms; each weekday stands on about 6 000 contacts: 1.3 % a standard error."""
    found = calendar_effects(series(planted, "day").whole)
    days = found[found["effect"] == "weekday"].set_index("level")
    truth = np.array(PLANTED["weekday"]) / np.exp(np.mean(np.log(PLANTED["weekday"])))
    assert days["value"].to_numpy() == pytest.approx(truth, abs=0.04)
    assert ((days["low"] < truth) & (truth < days["high"])).sum() >= 6
    days_of_month = found[found["effect"] != "weekday"]
    assert days_of_month["level"].tolist() == ["1st to 3rd", "15th and last day"]
    assert days_of_month["value"].to_numpy() == pytest.approx([1, 1], abs=0.05)  # nothing was planted there


def test_months_are_read_from_monthly_totals_per_day(planted) -> None:
    found = month_effects(series(planted, "month").whole).set_index("level")
    middle = (np.arange(12) + 0.5) / 12
    truth = 1 + 0.25 * np.cos(2 * np.pi * (middle - 2.5 / 12))
    truth /= np.exp(np.mean(np.log(truth)))
    assert found["value"].to_numpy() == pytest.approx(truth, abs=0.05)


def test_long_months_are_no_peaks() -> None:
    """Ten contacts every day: 310 in January and 280 in February are the same rate."""
    data = months(10 * pd.date_range("2021-01-01", periods=36, freq="MS").days_in_month, "2021-01-01")
    found = trend_season(data)
    assert found.season_by.to_numpy() == pytest.approx(np.ones(12))
    assert found.growth == pytest.approx(0, abs=1e-9)
    assert month_effects(data)["value"].to_numpy() == pytest.approx(np.ones(12))


def test_growth_is_that_of_an_exact_law() -> None:
    first = pd.date_range("2020-01-01", periods=36, freq="MS")
    middle = (first - first[0]).days + (first.days_in_month - 1) / 2
    data = months(1e6 * first.days_in_month * 1.07 ** ((middle - middle[0]) / 365.25))
    assert growth_per_year(data)[0] == pytest.approx(0.07, abs=1e-6)


def test_scatter_beyond_poisson_widens_the_interval() -> None:
    rng = np.random.default_rng(3)
    calm, wild = rng.poisson(300, 36), rng.poisson(300 * rng.gamma(10, 0.1, 36))
    widths = [np.diff(growth_per_year(months(counts))[1:])[0] for counts in (calm, wild)]
    assert widths[1] > 2 * widths[0]


def test_a_month_without_contacts_is_decomposed_by_differences() -> None:
    counts = np.tile([30, 30, 30, 0, 30, 30, 30, 30, 30, 30, 30, 30], 3)
    found = trend_season(months(counts))
    assert not found.ratios
    assert (found.frame["trend"] + found.frame["season"] + found.frame["remainder"]).to_numpy() == pytest.approx(
        found.frame["rate"].to_numpy())
    assert found.season_by.idxmin() == 4


def test_short_series_and_holes_are_refused_with_the_reason() -> None:
    with pytest.raises(UserError, match="24 full months are needed, there are 23"):
        trend_season(months([5] * 23))
    with pytest.raises(UserError, match="24 full months are needed"):
        month_effects(months([5] * 20))
    assert too_short(months([5] * 30).drop(index=12), "month") == "the series has a hole, over which nothing is known"
    assert too_short(months([0] * 30), "month") == "there is no contact in it"
    with pytest.raises(UserError, match="56 full days with contacts are needed, there are 23"):
        calendar_effects(months([5] * 23))


def test_weekdays_are_not_taken_for_a_step_between_months(rows) -> None:
    """March has twice February's contacts; the weekdays of both are equal, and so are the ratios."""
    day = pd.date_range("2024-02-01", "2024-03-31")
    table = rows(period_start=day.date, period_end=day.date, contacts=np.where(day.month == 2, 50, 100))
    found = calendar_effects(series(table, "day").whole)
    assert found["value"].to_numpy() == pytest.approx(np.ones(7))
    assert found["effect"].unique().tolist() == ["weekday"]  # too short for the days of the month
