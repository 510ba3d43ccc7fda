"""Two groups at two times: the published minimum wage, a second computation of every error, refusals."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from crisiskit.errors import UserError
from crisiskit.impact import twoway
from crisiskit.impact.before_after import ratio_of_ratios, two_by_two
from crisiskit.impact.panel import Panel


@pytest.fixture(scope="module")
def wages(benchmarks):
    return pd.read_csv(benchmarks / "did_card_krueger" / "card_krueger.csv")


def test_every_figure_of_card_and_krueger(benchmarks, wages):
    found = two_by_two(wages, "id", "nj", "d", "fte")
    figures = {
        "fte_pa_before": found.cell(0, 0).value, "se_pa_before": found.cell(0, 0).se,
        "fte_nj_before": found.cell(1, 0).value, "se_nj_before": found.cell(1, 0).se,
        "diff_before": found.before.value, "se_diff_before": found.before.se,
        "fte_pa_after": found.cell(0, 1).value, "fte_nj_after": found.cell(1, 1).value,
        "diff_after": found.after.value, "se_diff_after": found.after.se,
        "change_pa": found.change_comparison.value, "change_nj": found.change_treated.value,
        "did_all_obs": found.all_rows.estimate, "did_balanced": found.balanced.estimate,
        "se_did_balanced_unequal_var": found.balanced.se,
    }  # fmt: skip
    expected = pd.read_csv(benchmarks / "did_card_krueger" / "expected.csv").set_index("quantity")
    assert set(figures) == set(expected.index)
    missed = {
        name: (figures[name], row["value"]) for name, row in expected.iterrows()
        if not abs(figures[name] - row["value"]) <= row["tolerance_abs"]
    }  # fmt: skip
    assert not missed


def test_the_balanced_comparison_is_welchs_test_of_the_changes(wages):
    found = two_by_two(wages, "id", "nj", "d", "fte", confidence=0.9).balanced
    wide = wages.pivot(index="id", columns="d", values="fte").dropna()
    change, treated = wide[1] - wide[0], wages.groupby("id")["nj"].first().loc[wide.index] == 1
    other = ttest_ind(change[treated], change[~treated], equal_var=False)
    low, high = other.confidence_interval(0.9)
    assert (found.p, found.low, found.high) == pytest.approx((other.pvalue, low, high), rel=1e-9)
    assert found.details["df"] == pytest.approx(other.df, rel=1e-9)
    assert found.units == 384


def small():
    """Six units; the changes are 1, 3 (treated) and 0, 1, -1, 4 (comparison)."""
    before, after = [10, 10, 8, 8, 8, 8], [11, 13, 8, 9, 7, 12]
    rows = [(f"u{i}", int(i < 2), t, y) for i in range(6) for t, y in ((0, before[i]), (1, after[i]))]
    return pd.DataFrame(rows, columns=["who", "programme", "late", "score"])


def asked(frame):
    return two_by_two(frame, "who", "programme", "late", "score")


def test_a_small_table_by_hand():
    found = asked(small())
    assert found.balanced.estimate == pytest.approx(2 - 1)
    # variances of the changes: 2 of two units, 14/3 of four
    assert found.balanced.se == pytest.approx(np.sqrt(2 / 2 + 14 / 3 / 4))
    assert found.balanced.relative == pytest.approx(1 / (10 + 1))
    assert found.all_rows.estimate == pytest.approx(1)


def test_with_every_unit_seen_twice_both_ways_agree(wages):
    both = wages[wages["id"].isin(wages.dropna(subset="fte").groupby("id").filter(lambda g: len(g) == 2)["id"])]
    found = two_by_two(both, "id", "nj", "d", "fte")
    assert found.all_rows.estimate == pytest.approx(found.balanced.estimate, abs=1e-9)


def test_the_order_of_the_rows_does_not_matter(wages):
    mixed = two_by_two(wages.sample(frac=1, random_state=2), "id", "nj", "d", "fte")
    straight = two_by_two(wages, "id", "nj", "d", "fte")
    assert (mixed.all_rows, mixed.balanced) == (straight.all_rows, straight.balanced)


def test_a_missing_outcome_leaves_the_pair_out():
    frame = small()
    frame.loc[11, "score"] = np.nan  # u5 after: its change was 4
    found = asked(frame)
    assert found.balanced.estimate == pytest.approx(2 - 0)
    assert found.balanced.units == 5
    assert found.all_rows.n == 11


@pytest.mark.parametrize(("change", "said"), [
    (lambda f: f.rename(columns={"score": "scores"}), "column 'score' is not in the table"),
    (lambda f: f.assign(late=f["late"] + 1), "should be 0 or 1"),
    (lambda f: pd.concat([f, f.iloc[[3]]]), "unit 'u1' stands twice"),
    (lambda f: f.assign(programme=[1, 0] + [1, 1] + [0] * 8), "unit 'u0' is in both groups"),
    (lambda f: f[~((f["programme"] == 1) & (f["late"] == 1))], "needs at least 2"),
    (lambda f: f.assign(score=3.0), "the same in every row"),
])  # fmt: skip
def test_tables_that_cannot_answer(change, said):
    with pytest.raises(UserError, match=said):
        asked(change(small()))


STARTS = tuple(date(2020, month, 1) for month in range(1, 9))


def panel(outcome, treated=2, at=5, exposure=None):
    status = np.zeros(outcome.shape)
    status[:treated, at:] = 1
    units = tuple(f"a{i}" for i in range(len(outcome)))
    return Panel(units, STARTS, "month", outcome, status, "thefts", exposure=exposure)


def counts(n=6):
    return np.random.default_rng(5).poisson(12, (n, 8)).astype("float64")


def test_the_ratio_of_ratios_by_hand_and_by_the_two_way_fit():
    y = counts()
    made = panel(y)
    found = ratio_of_ratios(made)
    a, b, c, d = y[:2, 5:].sum(), y[:2, :5].sum(), y[2:, 5:].sum(), y[2:, :5].sum()
    assert found.estimate == pytest.approx(np.log(a * d / (b * c)), abs=1e-9)
    whole = twoway.fit(y, made.status, "poisson")
    assert (found.estimate, found.se) == pytest.approx((whole.b, whole.se), rel=1e-7)
    assert found.relative == pytest.approx(a * d / (b * c) - 1, abs=1e-9)


def test_the_ratio_of_ratios_is_the_librarys_poisson_with_dummies():
    import statsmodels.api as sm

    y = counts()
    made = panel(y)
    areas, months = np.repeat(np.eye(6), 8, axis=0), np.tile(np.eye(8)[:, 1:], (6, 1))
    x = np.column_stack([made.status.ravel(), areas, months])
    groups = {"groups": np.repeat(np.arange(6), 8), "use_correction": False}
    other = sm.GLM(y.ravel(), x, family=sm.families.Poisson()).fit(cov_type="cluster", cov_kwds=groups, tol=1e-12)
    found = ratio_of_ratios(made)
    assert found.estimate == pytest.approx(other.params[0], abs=1e-8)
    assert found.se == pytest.approx(other.bse[0] * np.sqrt(6 / 5), rel=1e-6)


def test_an_area_that_is_not_covered_throughout_is_left_out():
    y = counts()
    y[4, 3] = np.nan
    found = ratio_of_ratios(panel(y))
    assert found.estimate == pytest.approx(ratio_of_ratios(panel(np.delete(y, 4, 0))).estimate, abs=1e-12)
    assert any("a4" in note for note in found.notes)


def test_an_exposure_that_doubles_everywhere_after_changes_nothing():
    y = counts()
    exposure = np.where(np.arange(8) >= 5, 200.0, 100.0) * np.ones((6, 1))
    assert ratio_of_ratios(panel(y, exposure=exposure)).estimate == pytest.approx(
        ratio_of_ratios(panel(y)).estimate, abs=1e-8
    )


@pytest.mark.parametrize(("made", "said"), [
    (lambda: panel(counts(), treated=0), "roll-out is none"),
    (lambda: panel(counts(), treated=6), "treated and untreated"),
    (lambda: panel(counts(), at=0), "before the start"),
    (lambda: panel(counts() * (np.arange(8) < 5)), "is 0"),
])  # fmt: skip
def test_panels_that_cannot_answer(made, said):
    with pytest.raises(UserError, match=said):
        ratio_of_ratios(made())


def test_a_period_that_no_area_knows_is_left_out():
    outcome = counts()
    holed = outcome.copy()
    holed[:, 2] = np.nan
    found = ratio_of_ratios(panel(holed))
    short = panel(outcome).only(periods=np.arange(8) != 2)
    assert (found.estimate, found.se) == pytest.approx((ratio_of_ratios(short).estimate, ratio_of_ratios(short).se))
    assert "1 periods are left out: no area has a known outcome in them." in found.notes
