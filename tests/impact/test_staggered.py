"""Staggered adoption: published and reference figures, growing effects of known size, refusals."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact import staggered, twoway
from crisiskit.impact.panel import Panel
from crisiskit.impact.staggered import Columns

MPDTA = Columns("countyreal", "year", "first_treat", "lemp")
STAGG = Columns("id", "year", "year_treated", "y", ("x1",))


def rows(folder):
    table = pd.read_csv(folder / "expected.csv")
    return {row.quantity: (row.value, row.tolerance_abs) for row in table.itertuples()}


def panel(outcome, status, **more):
    n, t = outcome.shape
    units = tuple(f"a{i:03d}" for i in range(n))
    starts = tuple(date(2018 + i // 12, 1 + i % 12, 1) for i in range(t))
    return Panel(units, starts, "month", outcome, status, "offences", **more)


def growing(seed=5, n=120, t=16, noise=1.0):
    """A panel in which the effect grows by one a period, by cohorts that start at 4 and at 10; and its mean effect."""
    rng = np.random.default_rng(seed)
    status = np.zeros((n, t))
    status[:40, 4:], status[40:80, 10:] = 1, 1
    since = np.cumsum(status, axis=1)
    y = 60 + rng.normal(0, 5, n)[:, None] + rng.normal(0, 2, t)[None] + since + rng.normal(0, noise, (n, t))
    return panel(y, status), float(since[status > 0].mean()), since


@pytest.fixture(scope="module")
def mpdta(benchmarks):
    folder = benchmarks / "staggered_mpdta"
    return pd.read_csv(folder / "mpdta.csv"), rows(folder)


def test_every_figure_of_mpdta(mpdta):
    table, expected = mpdta
    by = {name: staggered.callaway_santanna(table, MPDTA, model="logged", aggregation=name)
          for name in staggered.AGGREGATIONS}  # fmt: skip
    with_lpop = Columns("countyreal", "year", "first_treat", "lemp", ("lpop",))
    simple, dynamic = by["simple"], by["dynamic"]
    got = {f"att_g{row.group:.0f}_t{row.period:.0f}": row.att for row in simple.model.table.itertuples()}
    got |= {f"dyn_e{row.at}": row.estimate for row in dynamic.series.itertuples()}
    got |= {f"dyn_se_analytic_e{row.at}": row.se for row in dynamic.series.itertuples()}
    got |= {
        "pretest_wald_p": simple.details["pretest_p"], "att_simple": simple.estimate, "se_simple_analytic": simple.se,
        "att_dynamic_overall": dynamic.estimate, "se_dynamic_overall_bootstrap": dynamic.se,
        "se_dynamic_overall_analytic": dynamic.se, "att_group_overall": by["group"].estimate,
        "att_calendar_overall": by["calendar"].estimate,
        "att_simple_with_lpop": staggered.callaway_santanna(table, with_lpop, model="logged").estimate,
        "balanced_e1_overall": staggered.callaway_santanna(table, MPDTA, model="logged", balanced=1).estimate,
    }  # fmt: skip
    assert set(got) == set(expected)
    far = {name: (got[name], value) for name, (value, most) in expected.items() if abs(got[name] - value) > most}
    assert not far


def test_our_aggregation_is_the_librarys_where_it_has_one(mpdta):
    found = staggered.callaway_santanna(mpdta[0], MPDTA, model="logged")
    theirs = found.model.results
    assert (found.estimate, found.se) == pytest.approx((theirs.overall_att, theirs.overall_se), abs=1e-12)
    events = theirs.aggregate("event_study").to_dataframe()
    assert found.series["se"].to_numpy() == pytest.approx(events["se"].to_numpy(), abs=1e-12)


def test_every_figure_of_base_stagg(benchmarks):
    folder = benchmarks / "sunab_base_stagg"
    table, expected = pd.read_csv(folder / "base_stagg.csv"), rows(folder)
    found = staggered.sun_abraham(table, STAGG, model="linear")
    later = (table["year_treated"] < 10000) & (table["year"] >= table["year_treated"])
    got = {"att_overall": found.estimate, "se_att_overall": found.se, "b_x1": found.details["b_x1"],
           "se_x1": found.details["se_x1"], "true_att": table.loc[later, "treatment_effect_true"].mean()}  # fmt: skip
    got |= {f"dyn_e{row.at}": row.estimate for row in found.series.itertuples()}
    got |= {f"dyn_se_e{row.at}": row.se for row in found.series.itertuples()}
    far = {name: (got[name], value) for name, (value, most) in expected.items() if not abs(got[name] - value) <= most}
    assert not far


def test_rows_in_another_order_give_the_same_numbers(mpdta):
    mixed = mpdta[0].sample(frac=1, random_state=3)
    for estimator in (staggered.callaway_santanna, staggered.imputation):
        one, two = (estimator(table, MPDTA, model="logged") for table in (mpdta[0], mixed))
        assert (one.estimate, one.se) == (two.estimate, two.se)


def test_growing_effects_are_recovered_where_two_way_fixed_effects_fail():
    data, truth, since = growing()
    for estimator in (staggered.callaway_santanna, staggered.imputation, staggered.sun_abraham):
        found = estimator(data, model="linear")
        assert abs(found.estimate - truth) < 4 * found.se < 1.0
        later = found.series[found.series["at"] >= 0]
        assert (abs(later["estimate"] - (later["at"] + 1)) < 5 * later["se"]).all()
    wrong = twoway.fit(data.outcome, data.status, "linear")
    assert truth - wrong.b > max(2.0, 5 * wrong.se)  # it finds 3.0 where 5.5 is true


def test_imputed_is_the_librarys_imputation_on_a_linear_scale():
    data, _, _ = growing()
    ours, theirs = staggered.imputed(data, model="linear"), staggered.imputation(data, model="linear")
    assert ours.estimate == pytest.approx(theirs.estimate, abs=1e-7)
    assert ours.series["estimate"].to_numpy() == pytest.approx(theirs.series["estimate"].to_numpy(), abs=1e-7)
    assert ours.relative == pytest.approx(theirs.relative, abs=1e-9)


def test_the_decomposition_adds_up_and_shows_the_forbidden_share():
    data, _, _ = growing()
    found = staggered.bacon(data, model="linear")
    kinds = ("treated_vs_never", "earlier_vs_later", "later_vs_earlier")
    assert sum(found.details[f"weight_{kind}"] for kind in kinds) == pytest.approx(1, abs=1e-9)
    total = sum(found.details[f"weight_{kind}"] * found.details[f"effect_{kind}"] for kind in kinds)
    assert total == pytest.approx(found.estimate, abs=1e-8)
    assert found.estimate == pytest.approx(twoway.fit(data.outcome, data.status, "linear").b, abs=1e-8)
    assert found.details["forbidden"] > 0.05
    assert found.details["effect_later_vs_earlier"] < 0  # of effects that are all positive


def test_a_relative_effect_is_a_share_of_what_was_expected():
    data, truth, since = growing(noise=0.01)
    found = staggered.callaway_santanna(data, model="linear")
    bare = (data.outcome - since)[data.status > 0].mean()
    assert found.relative == pytest.approx(truth / bare, rel=0.01)
    logs = staggered.callaway_santanna(panel(np.exp(data.outcome / 100), data.status), model="log")
    assert logs.estimate == pytest.approx(found.estimate / 100, abs=1e-9)
    assert logs.relative == pytest.approx(np.expm1(logs.estimate))


def test_not_yet_treated_areas_serve_where_none_is_never_treated():
    data, _, since = growing()
    only = data.only(data.units[:80], np.arange(16) < 10)  # the second cohort starts after the window
    late = panel(data.outcome[:80], data.status[:80])
    assert staggered.callaway_santanna(only, model="linear").treated_units == 40
    found = staggered.callaway_santanna(late, model="linear", control="not_yet")
    truth = since[:40, 4:10].mean()
    assert found.estimate == pytest.approx(truth, abs=4 * found.se)
    with pytest.raises(UserError, match="no area is never treated.*control 'not_yet'"):
        staggered.callaway_santanna(late, model="linear")


def test_missing_cells_are_noted_and_little_is_lost():
    data, truth, _ = growing()
    holes = np.where(np.random.default_rng(2).random(data.outcome.shape) < 0.03, np.nan, data.outcome)
    found = staggered.callaway_santanna(panel(holes, data.status), model="linear")
    assert abs(found.estimate - truth) < 0.5
    assert any("Unbalanced panel" in note for note in found.notes)
    with pytest.raises(UserError, match="every area in every period"):
        staggered.bacon(panel(holes, data.status), model="linear")


def paused():
    data, _, _ = growing()
    status = data.status.copy()
    status[3, 8:10] = 0
    return panel(np.round(np.abs(data.outcome)), status)


def test_a_programme_that_pauses_is_refused_and_imputed_takes_it():
    for estimator in (staggered.callaway_santanna, staggered.sun_abraham, staggered.imputation, staggered.bacon):
        with pytest.raises(UserError, match="pauses or ends in area 'a003'.*imputed"):
            estimator(paused(), model="linear")
    found = staggered.imputed(paused())
    assert found.scale == "log"
    assert list(found.series["at"]) == list(range(12))
    grown = np.log1p((found.series["at"] + 1) / 61)  # of a level near 61
    assert found.series["estimate"].to_numpy() == pytest.approx(grown.to_numpy(), abs=0.015)


def test_what_cannot_be_answered_is_refused():
    data, _, _ = growing()
    zero = data.outcome.copy()
    zero[0, 0] = 0
    with pytest.raises(UserError, match="1 cells are 0"):
        staggered.callaway_santanna(panel(zero, data.status))
    with pytest.raises(UserError, match="the outcome is 0 in every area"):
        staggered.callaway_santanna(panel(np.zeros(zero.shape), data.status), model="linear")
    with pytest.raises(UserError, match="no area starts"):
        staggered.imputation(panel(data.outcome, np.zeros(data.outcome.shape)))
    table = data.long().assign(first=np.repeat(np.where(data.treated, data.first, 0), 16))
    names = Columns("unit", "period", "first", "outcome")
    with pytest.raises(UserError, match="column 'x' is not"):
        staggered.bacon(table, Columns("unit", "period", "first", "x"))
    with pytest.raises(UserError, match="1 rows repeat"):
        staggered.bacon(pd.concat([table, table.tail(1)]), names)
    with pytest.raises(UserError, match="changes within a unit"):
        staggered.bacon(table.assign(first=table["status"]), names)
    with pytest.raises(UserError, match="balance at a smaller number"):
        staggered.callaway_santanna(data, model="linear", balanced=20)


def test_areas_treated_from_the_first_period_are_left_out_and_named():
    data, _, _ = growing()
    status = data.status.copy()
    status[7] = 1
    found = staggered.callaway_santanna(panel(data.outcome, status), model="linear")
    assert found.treated_units == 79
    assert any("a007" in note for note in found.notes)


def test_one_treated_area_comes_with_a_warning_of_its_error():
    data, _, _ = growing()
    alone = data.only([data.units[0], *data.units[80:]])
    for found in (staggered.callaway_santanna(alone, model="linear"), staggered.imputed(alone, model="linear")):
        assert found.treated_units == 1
        assert any("too small for so few" in note for note in found.notes)


def test_a_covariate_that_never_changes_has_no_coefficient():
    data, _, _ = growing()
    with_flat = panel(data.outcome, data.status, covariates={"c": np.repeat(np.arange(120.0)[:, None], 16, 1)})
    found = staggered.sun_abraham(with_flat, model="linear")
    assert np.isnan(found.details["b_c"])
    assert found.estimate == pytest.approx(staggered.sun_abraham(data, model="linear").estimate, abs=1e-6)


def additive(noise):
    rng = np.random.default_rng(9)
    status = np.zeros((20, 18))
    status[:3, 12:] = 1
    y = 50 + rng.normal(0, 6, 20)[:, None] + rng.normal(0, 3, 18)[None] - 4 * status
    return panel(y + rng.normal(0, noise, y.shape), status)


def test_synthetic_did_finds_an_additive_effect_and_is_its_formula():
    found = staggered.synthetic_did(additive(1e-3), draws=20)
    assert found.estimate == pytest.approx(-4, abs=0.01)
    data = additive(1.0)
    found = staggered.synthetic_did(data)
    assert abs(found.estimate + 4) < 4 * found.se < 4
    omega = np.array([found.model.unit_weights[name] for name in data.units[3:]])
    times = np.array([found.model.time_weights[at] for at in range(12)])
    change = data.outcome[:, 12:].mean(axis=1) - data.outcome[:, :12] @ times
    assert found.estimate == pytest.approx(change[:3].mean() - omega @ change[3:], abs=1e-8)
    again = staggered.synthetic_did(data)
    assert (again.se, again.low) == (found.se, found.low)
    with pytest.raises(UserError, match="placebo errors need more"):
        staggered.synthetic_did(data.only(data.units[:6]), draws=20)


ESTIMATORS = (staggered.callaway_santanna, staggered.sun_abraham, staggered.imputation, staggered.imputed)


def test_two_areas_have_an_effect_and_no_error():
    data, _, _ = growing()
    pair = data.only([data.units[0], data.units[100]])
    for estimator in ESTIMATORS:
        found = estimator(pair, model="linear")
        assert np.isfinite(found.estimate)
        assert np.isnan([found.se, found.p, found.low, found.high]).all()
        assert any("no standard error: with 2 areas" in note for note in found.notes)
        assert np.isnan(found.series["se"]).all() or estimator is staggered.imputed


def test_small_numbers_are_not_taken_for_rounding():
    data, _, _ = growing()
    tiny = panel(data.outcome * 1e-9, data.status)
    for estimator in ESTIMATORS:
        found, usual = estimator(tiny, model="linear"), estimator(data, model="linear")
        assert found.estimate * 1e9 == pytest.approx(usual.estimate, rel=1e-4)
        assert found.se * 1e9 == pytest.approx(usual.se, rel=0.02)


def test_nobody_to_compare_with_is_said_in_the_kits_own_words():
    data, _, _ = growing()
    together = panel(data.outcome[:40], data.status[:40])
    for estimator in (*ESTIMATORS[:3], staggered.bacon):
        with pytest.raises(UserError, match="every area starts at the same time: there is none to compare with"):
            estimator(together, model="linear")
    late = panel(data.outcome[:80], data.status[:80])
    with pytest.raises(UserError, match="use callaway_santanna with control 'not_yet', or imputed"):
        staggered.sun_abraham(late, model="linear")
    lower = panel(data.outcome - 60, data.status)
    with pytest.raises(UserError, match="0 or less and have no logarithm; use model linear$"):
        staggered.callaway_santanna(lower)
    endless = panel(np.where(data.outcome == data.outcome[3, 3], np.inf, data.outcome), data.status)
    with pytest.raises(UserError, match="1 cells of the outcome are infinite"):
        staggered.callaway_santanna(endless, model="linear")


def test_an_error_of_few_placebo_assignments_is_warned_of():
    data, _, _ = growing()
    status = np.where(np.arange(16) >= 10, 1.0, 0.0) * (np.arange(4) < 1)[:, None]
    few = panel(data.outcome[[0, 100, 101, 102]], status)
    found = staggered.synthetic_did(few, draws=10)
    assert any("rests on 3 distinct placebo assignments" in note for note in found.notes)


def test_an_area_without_records_is_noted():
    data, _, _ = growing()
    holed = panel(np.where(np.arange(120)[:, None] == 7, np.nan, data.outcome), data.status)
    found = staggered.callaway_santanna(holed, model="linear")
    assert found.units == 119
    assert any("without a known outcome in any period: a007" in note for note in found.notes)
