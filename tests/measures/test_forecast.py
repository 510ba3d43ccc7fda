"""Forecasts: refused when short, chosen by the past, honest about it, and right where the future is known."""

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures.forecast import MODELS, NAIVE, backtest, forecast, too_short


def months(contacts, start: str = "2020-01-01") -> pd.DataFrame:
    """Whole months with these contacts."""
    first = pd.date_range(start, periods=len(contacts), freq="MS")
    return pd.DataFrame({"period": first.strftime("%Y-%m"), "first_day": first, "days": first.days_in_month,
                         "contacts": np.asarray(contacts, float)})


def drawn(size: int, seed: int, growth: float = 0.04, season: float = 0.12) -> pd.DataFrame:
    """Poisson months of a steady growth and a yearly wave."""
    first, t = pd.date_range("2020-01-01", periods=size, freq="MS"), np.arange(size)
    wave = 1 + season * np.cos(2 * np.pi * (t - 6) / 12)
    return months(np.random.default_rng(seed).poisson(20 * first.days_in_month * (1 + growth) ** (t / 12) * wave))


def test_under_two_full_years_there_is_no_forecast() -> None:
    with pytest.raises(UserError, match="no forecast: 24 full months are needed, there are 23"):
        forecast(months([10] * 23))
    assert too_short(months([10] * 30).drop(index=7)) == "the months have a hole, over which nothing is known"
    assert too_short(months([0] * 24)) == "there is no contact in these months"


def test_seasonal_naive_repeats_the_year_before_per_day() -> None:
    """February 2024 has 29 days: the rate of February 2023 is repeated, not its count."""
    first = pd.date_range("2022-01-01", periods=24, freq="MS")
    found = forecast(months(first.days_in_month * np.tile(np.arange(1, 13), 2), "2022-01-01"))
    assert found.model == NAIVE
    assert found.scores["model"].tolist() == [NAIVE]  # too short to try others
    assert found.frame["period"].tolist()[:2] == ["2024-01", "2024-02"]
    assert found.frame["contacts"].tolist()[:2] == pytest.approx([31, 58])
    assert found.best["mae"] == pytest.approx(0, abs=1e-9)


def test_seasonal_naive_interval_is_that_of_yearly_differences() -> None:
    """Logs rise by 0.1 a year in every month: spread 0.1, limits exp(+-1.96 x 0.1) about last year's month."""
    past = np.tile(np.linspace(1, 2, 12), 2) + np.repeat([0, 0.1], 12)
    centre, low, high = MODELS[NAIVE].band(past, 13, 0.95)
    assert (high - centre)[:12] == pytest.approx(np.full(12, 0.195996), abs=1e-6)
    assert (high - centre)[12] == pytest.approx(0.195996 * 2**0.5, abs=1e-6)
    assert centre - low == pytest.approx(high - centre)
    assert centre[12] == centre[0] == past[12]


def test_the_model_that_fits_the_past_is_chosen_and_meets_the_future() -> None:
    """60 months drawn, the last 12 held back: the nominal 95 % lie inside, within the chance of 12 Poisson months."""
    every = drawn(60, seed=3)
    found = forecast(every.iloc[:48])
    came = every["contacts"].to_numpy()[48:]
    assert found.best["scaled"] < 0.8
    assert found.scores["mae"].is_monotonic_increasing
    assert ((found.frame["low"] <= came) & (came <= found.frame["high"])).sum() >= 10
    assert np.abs(found.frame["contacts"] / came - 1).mean() < 0.06
    assert found.frame["contacts"].idxmax() == 6


def test_the_interval_covers_about_its_nominal_share_in_the_back_test() -> None:
    """Five seeded series of 48 months; 95 % nominal. Overlapping origins: 570 months, of about 24 independent ones."""
    best = [forecast(drawn(48, seed)).best for seed in range(5)]
    covered = np.average([one["covered"] for one in best], weights=[one["tested"] for one in best])
    assert covered == pytest.approx(0.95, abs=0.07)
    assert all(one["origins"] == 12 for one in best)


def test_an_interval_that_was_too_narrow_is_widened() -> None:
    """A step after 30 months: no model foresaw it, so the band must be wider than its own."""
    counts = np.concatenate([drawn(30, 4, 0, 0)["contacts"], 1.5 * drawn(18, 5, 0, 0)["contacts"]])
    found = forecast(months(counts))
    assert found.best["covered"] < 0.95
    assert found.best["stretch"] > 1
    rate = counts / months(counts)["days"].to_numpy()
    centre, low, _ = MODELS[found.model].band(np.log(rate), 12, 0.95)
    days = pd.DatetimeIndex(found.frame["first_day"]).days_in_month
    wider = np.exp(centre - found.best["stretch"] * (centre - low)) * days
    assert found.frame["low"].to_numpy() == pytest.approx(wider)


def test_back_test_never_looks_ahead() -> None:
    """The rate doubles at the first origin: every error of the seasonal naive is against the year before, undoubled."""
    rate = np.exp(np.tile(np.linspace(0, 1, 12), 3) + np.random.default_rng(4).normal(0, 0.02, 36))
    days = np.full(36 + 12, 30.0)
    shifted = rate * np.repeat([1, 2], [24, 12])
    moved = backtest(shifted, days).set_index("model").loc[NAIVE]
    seen = [np.abs(shifted[origin:] - shifted[np.arange(origin, 36) - 12]) * 30 for origin in range(24, 36)]
    assert moved["mae"] == pytest.approx(np.mean(np.concatenate(seen)))


def test_months_without_contacts_are_forecast_without_logarithms_and_not_below_zero() -> None:
    counts = np.random.default_rng(2).poisson(0.8, 40)
    found = forecast(months(counts))
    assert (found.frame["low"] >= 0).all()
    assert found.frame["contacts"].mean() == pytest.approx(counts.mean(), abs=0.6)


def test_a_series_without_scatter_is_forecast_as_it_is() -> None:
    first = pd.date_range("2020-01-01", periods=40, freq="MS")
    found = forecast(months(7 * first.days_in_month))
    assert found.frame["contacts"].to_numpy() == pytest.approx(7 * pd.DatetimeIndex(
        found.frame["first_day"]).days_in_month)
    assert found.frame[["low", "high"]].notna().all().all()
