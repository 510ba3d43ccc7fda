"""The columns of an interrupted time series: calendar, season, slope, and what is refused."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact.its_columns import series_of, terms


def frame(starts, **columns):
    return pd.DataFrame({"start": starts, "outcome": np.arange(len(starts)) + 1.0, **columns})


def months(n=36, first="2015-03-01"):
    return frame(pd.date_range(first, periods=n, freq="MS"))


def asked(series, start, **how):
    return terms(series, start, **({"harmonics": 0, "month_effects": False, "slope": False, "shocks": ()} | how))


def column(made, name):
    return made.x[:, made.at(name)]


def test_level_time_and_slope_as_in_the_tutorial():
    made = asked(series_of(months(), 12), date(2017, 3, 1), slope=True)
    assert made.names == ("intercept", "level", "time", "slope")
    assert column(made, "level").tolist() == [0.0] * 24 + [1.0] * 12
    assert column(made, "time").tolist() == list(range(1, 37))
    np.testing.assert_array_equal(column(made, "slope"), (column(made, "time") - 24) * column(made, "level"))


def test_harmonics_are_of_the_calendar_month():
    made = asked(series_of(months(), 12), date(2017, 3, 1), harmonics=1)
    month = np.arange(2, 38) % 12 + 1  # March first
    np.testing.assert_allclose(column(made, "sin_1"), np.sin(2 * np.pi * month / 12), atol=1e-12)
    np.testing.assert_allclose(column(made, "cos_1"), np.cos(2 * np.pi * month / 12), atol=1e-12)


def test_the_last_harmonic_has_no_sine():
    quarters = frame(pd.date_range("2010-01-01", periods=20, freq="QS"))
    made = asked(series_of(quarters, 4), date(2014, 1, 1), harmonics=2)
    assert [name for name in made.names if "_" in name] == ["sin_1", "cos_1", "cos_2"]
    np.testing.assert_allclose(np.abs(column(made, "cos_2")), 1)


def test_month_effects_are_eleven():
    made = asked(series_of(months(), 12), date(2017, 3, 1), month_effects=True, harmonics=2)
    assert sum(name.startswith("season_") for name in made.names) == 11
    assert not any(name.startswith("sin") for name in made.names)


@pytest.mark.parametrize(("count", "fitted"), [(23, False), (24, True)])
def test_a_season_needs_two_whole_years(count, fitted):
    made = asked(series_of(months(count), 12), date(2016, 6, 1), harmonics=1)
    assert ("sin_1" in made.names) is fitted
    assert any("no season" in note for note in made.notes) is not fitted


@pytest.mark.parametrize(("freq", "period"), [("MS", 12), ("QS", 4), ("YS", 1), ("W-MON", 52)])
def test_a_missing_period_leaves_a_gap_in_time(freq, period):
    table = frame(pd.date_range("2000-01-01", periods=20, freq=freq))
    start = table["start"][12].date()
    gone = asked(series_of(table.drop(index=[3, 15]), period), start)
    assert column(gone, "time").tolist() == [t for t in range(1, 21) if t not in (4, 16)]


def test_an_unknown_outcome_is_the_same_as_a_missing_row():
    table = months()
    table.loc[5, "outcome"] = np.nan
    unknown = asked(series_of(table, 12), date(2017, 3, 1))
    np.testing.assert_array_equal(unknown.x, asked(series_of(months().drop(index=5), 12), date(2017, 3, 1)).x)
    assert any("1 periods of the series are unknown" in note for note in unknown.notes)


@pytest.mark.parametrize(("since", "until", "hit"), [
    (date(2016, 1, 31), date(2016, 1, 31), ["2016-01-01"]),
    (date(2016, 1, 31), date(2016, 2, 1), ["2016-01-01", "2016-02-01"]),
])  # fmt: skip
def test_a_shock_marks_every_period_that_it_touches(since, until, hit):
    made = asked(series_of(months(), 12), date(2017, 3, 1), shocks=[("storm", since, until)])
    assert list(made.starts[column(made, "shock_storm") > 0].strftime("%Y-%m-%d")) == hit


def test_a_comparison_has_every_term_of_its_own_on_common_periods():
    mine, other = series_of(months(), 12), series_of(months().drop(index=[2]), 12, "comparison")
    made = asked(mine, date(2017, 3, 1), comparison=other)
    assert made.names[made.effect] == "treated:level"
    assert made.x.shape == (70, 6)
    assert made.treated.sum() == 35
    assert not made.x[35:, 3:].any()
    assert any("1 periods are known in one of the two" in note for note in made.notes)


@pytest.mark.parametrize(("table", "period", "said"), [
    (months().drop(columns="outcome"), 12, "column 'outcome' is missing"),
    (pd.concat([months(), months(1)]), 12, "2015-03-01 is there twice"),
    (frame(pd.date_range("2015-01-01", periods=20, freq="W-MON")), 12, "two rows fall into one period"),
    (months().assign(exposure=0.0), 12, "exposure 0 from 2015-03-01 should be above 0"),
    (months().assign(outcome=np.nan), 12, "no period has a known outcome"),
])  # fmt: skip
def test_series_that_are_refused(table, period, said):
    with pytest.raises(UserError, match=said):
        series_of(table, period)


def test_a_shock_that_ends_before_it_starts():
    with pytest.raises(UserError, match="shock 'storm' ends on 2016-01-01"):
        asked(series_of(months(), 12), date(2017, 3, 1), shocks=[("storm", date(2016, 2, 1), date(2016, 1, 1))])


def test_one_exposure_of_two_is_refused():
    other = series_of(months().assign(exposure=5.0), 12, "comparison")
    with pytest.raises(UserError, match="give both or neither"):
        asked(series_of(months(), 12), date(2017, 3, 1), comparison=other)
