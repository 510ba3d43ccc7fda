"""Bounds of event studies against published ones, linear programmes, a second library, and what must hold of them."""

from dataclasses import replace
from datetime import date
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from event_studies import medicaid
from scipy.optimize import linprog
from scipy.stats import norm
from scipy.stats import t as student

from crisiskit.errors import UserError
from crisiskit.impact import honest
from crisiskit.impact.event_study import Path, event_study, path
from crisiskit.impact.honest import GRID, relative_magnitudes, sensitivity, smoothness
from crisiskit.impact.honest_sets import Study, relative_interval
from crisiskit.impact.honest_smooth import smooth
from crisiskit.impact.panel import Panel
from crisiskit.simulate.panels import panel


def _path(before, after, error: float = 0.05, clusters: int = 30) -> Path:
    """An event study with the reference -1 between the coefficients given; independent errors."""
    at = np.r_[np.arange(-len(before) - 1, -1), np.arange(len(after))]
    return Path(at, np.r_[before, after].astype(float), np.eye(len(at)) * error**2, clusters, 1.0)


def _half(found: Path, confidence: float = 0.95) -> float:
    weight = ~found.before / (~found.before).sum()
    return student.ppf((1 + confidence) / 2, found.clusters - 1) * np.sqrt(weight @ found.covariance @ weight)


def _by_programme(found: Path, mbar: float) -> tuple[float, float]:
    """Identified set of the mean effect, Rambachan and Roth lemma 2.2: a programme for each past step as the largest.

    Unknown are the differences in trend at every time, 0 at -1 and as estimated before it; delta is what is in the
    post-period coefficients that is not the effect. Component s: steps after are at most mbar times step s.
    """
    before, after = found.estimate[found.before], found.estimate[~found.before]
    early, late = len(before), len(after)
    past = np.r_[before, 0.0]
    theta = after.mean()
    lows, highs = [], []
    for step in np.abs(np.diff(past)):
        cost = np.full(late, 1 / late)
        move = np.eye(late) - np.eye(late, k=-1)  # from each period to the next; the first from 0
        limits = {"A_ub": np.vstack([move, -move]), "b_ub": np.full(2 * late, mbar * step), "bounds": (None, None)}
        lows.append(theta - -linprog(-cost, **limits).fun)
        highs.append(theta - linprog(cost, **limits).fun)
    assert early == len(lows)
    return min(lows), max(highs)


@pytest.mark.parametrize("seed", range(8))
def test_without_error_the_intervals_are_the_sets_of_the_programmes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = _path(rng.standard_normal(rng.integers(1, 7)), rng.standard_normal(rng.integers(1, 7)), error=1e-7)
    table = relative_magnitudes(found).table
    assert tuple(table["mbar"]) == GRID
    for mbar, low, high in table.itertuples(index=False):
        assert (low, high) == pytest.approx(_by_programme(found, mbar), abs=2e-5)


@pytest.mark.parametrize("seed", range(4))
def test_without_error_the_intervals_are_the_sets_of_diff_diff(seed: int) -> None:
    """Its own solver of the identified set, a private function."""
    from diff_diff.honest_did import _solve_rm_bounds_union

    rng = np.random.default_rng(100 + seed)
    before, after = rng.standard_normal(5), rng.standard_normal(4)
    for mbar, low, high in relative_magnitudes(_path(before, after, error=1e-7)).table.itertuples(index=False):
        theirs = _solve_rm_bounds_union(before, after, np.full(4, 0.25), 5, mbar)
        assert (low, high) == pytest.approx(theirs, abs=2e-5)


@pytest.fixture(scope="module")
def medicaid_path() -> Path:
    """With the factors of the clustered covariance that fixest has, and the critical value of a normal."""
    found = path(medicaid(), "linear")
    return replace(found, covariance=found.covariance * found.nested)


def test_published_intervals_from_the_data_on(medicaid_path: Path) -> None:
    """The README of stata-honestdid: the mean of the two years after Medicaid was expanded, C-LF, three figures."""
    table = relative_magnitudes(medicaid_path, critical=norm.ppf(0.975)).table.set_index("mbar")
    published = {0.0: (0.041, 0.075), 0.5: (0.033, 0.080), 1.0: (0.020, 0.090), 1.5: (0.006, 0.103),
                 2.0: (-0.008, 0.117)}  # fmt: skip
    for mbar, ends in published.items():
        assert table.loc[mbar, ["low", "high"]].tolist() == pytest.approx(ends, abs=1.4e-3)


def test_published_intervals_of_the_first_year(medicaid_path: Path) -> None:
    """The README of HonestDiD (R): 2014 alone, relative magnitudes (C-LF) and smoothness (FLCI)."""
    study = Study(medicaid_path.estimate, medicaid_path.covariance, 5, np.array([1.0, 0.0]))
    relative = {0.5: (0.0240, 0.0672), 1: (0.0170, 0.0720), 1.5: (0.00824, 0.0797), 2: (-0.000916, 0.0881)}
    for mbar, ends in relative.items():
        assert relative_interval(study, mbar) == pytest.approx(ends, abs=4e-4)
    bent = {0.0: (0.0259, 0.0607), 0.01: (0.0132, 0.0787), 0.02: (0.00286, 0.0907), 0.03: (-0.00714, 0.101),
            0.05: (-0.0271, 0.121)}  # fmt: skip
    table = smooth(study, tuple(bent)).table
    for (bend, low, high), ends in zip(table.itertuples(index=False), bent.values(), strict=True):
        assert (low, high) == pytest.approx(ends, abs=5e-4), bend


def _panel(seed: int = 1, **settings) -> Panel:
    drawn = panel(seed, **({"areas": 20, "months": 10, "treated": 8, "effect": -0.5, "mean": 40} | settings))
    return Panel(drawn.units, drawn.starts, "month", drawn.outcome + 1, drawn.status, "events")


@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_without_violation_it_is_the_event_study_itself(confidence: float) -> None:
    event = event_study(_panel(), confidence=confidence)
    row = relative_magnitudes(event.model, confidence).table.iloc[0]
    assert (row["mbar"], row["low"], row["high"]) == (0, pytest.approx(event.low), pytest.approx(event.high))
    wider = relative_magnitudes(event.model, confidence, critical=5.0).table.iloc[0]
    ends = (event.estimate - 5 * event.se, event.estimate + 5 * event.se)
    assert (wider["low"], wider["high"]) == pytest.approx(ends)


def test_interval_widens_in_a_straight_line_without_error() -> None:
    """By hand: largest change 0.1, five periods after: the mean may be off by 0.1 x (1+2+3+4+5)/5 for each Mbar."""
    bounds = relative_magnitudes(_path([0.2, 0.1, 0.1, 0.05], [-1.0] * 5, error=1e-7))
    assert bounds.largest == pytest.approx(0.1)
    for mbar, low, high in bounds.table.itertuples(index=False):
        assert (low, high) == pytest.approx((-1 - 0.3 * mbar, -1 + 0.3 * mbar), abs=1e-5)
    assert bounds.breakdown == pytest.approx(1 / 0.3, rel=1e-5)


def test_error_of_the_largest_change_is_allowed_for() -> None:
    """A set widened by the error of the effect alone, the naive interval, is too short where errors are large."""
    found = _path([0.2, 0.1, 0.1, 0.05], [-1.0] * 5, error=0.1)
    row = relative_magnitudes(found).table.set_index("mbar").loc[1.0]
    assert row["low"] < -1.3 - _half(found)
    assert row["high"] > -0.7 + _half(found)


def test_last_step_into_the_reference_counts() -> None:
    assert relative_magnitudes(_path([0.1, 0.1, 0.4], [1.0])).largest == pytest.approx(0.4)


def test_breakdown_is_where_nought_is_reached() -> None:
    for sign in (-1, 1):
        found = _path([0.05, -0.1, 0.02], sign * np.array([0.4, 0.6, 0.7, 0.5]))
        bounds = relative_magnitudes(found)
        assert 0 < bounds.breakdown < np.inf
        holds = (bounds.table["low"] <= 0) & (bounds.table["high"] >= 0)
        assert (holds == (bounds.table["mbar"] >= bounds.breakdown)).all()


def test_nothing_to_lose_is_nought_even_without_past_changes() -> None:
    assert relative_magnitudes(_path([0.1, 0.2], [0.01, -0.01])).breakdown == 0
    assert relative_magnitudes(_path([0.0, 0.0], [0.01, -0.01])).breakdown == 0
    assert 1 < relative_magnitudes(_path([0.0, 0.0], [1.0, 1.0])).breakdown < 100  # the error may hide a change


def test_order_of_the_coefficients_does_not_matter() -> None:
    found = path(_panel(), "linear")
    order = np.random.default_rng(0).permutation(len(found.at))
    mixed = replace(found, at=found.at[order], estimate=found.estimate[order],
                    covariance=found.covariance[np.ix_(order, order)])  # fmt: skip
    for bounds in (relative_magnitudes, smoothness):
        pd.testing.assert_frame_equal(bounds(mixed).table, bounds(found).table)


def test_smoothness_draws_the_line_on() -> None:
    """A line that rises by 0.1 a period before the start, and the effect -1 on top of it: the mean is back at -1."""
    before, after = np.array([-0.4, -0.3, -0.2, -0.1]), np.array([0.1, 0.2, 0.3]) - 1
    bounds = smoothness(_path(before[:-1], after, error=1e-6))
    assert bounds.largest == pytest.approx(0.1)  # -0.2 to the reference at 0 is two steps in one
    bounds = smoothness(_path(before, after, error=1e-6))
    assert bounds.largest == pytest.approx(0, abs=1e-12)
    first = bounds.table.iloc[0]
    assert (first["bend"], first["low"], first["high"]) == (0, pytest.approx(-1, abs=1e-4), pytest.approx(-1, abs=1e-4))
    # the line may bend by b at each of the steps after: 1, then 1 + 2, then 1 + 2 + 3 of it, the mean of which is 10/3
    assert bounds.breakdown == pytest.approx(0.3, rel=1e-4)
    assert bounds.table["bend"].iloc[-1] == pytest.approx(2 * bounds.breakdown)
    assert np.isnan(smoothness(_path([0.1], [1.0])).largest)


def test_smoothness_has_a_table_where_the_line_leaves_nothing() -> None:
    bounds = smoothness(_path([0.3, 0.2, 0.1], [-0.1, -0.2, -0.3]))
    assert bounds.breakdown == 0
    assert (bounds.table["low"] < 0).all()
    assert (bounds.table["high"] > 0).all()
    assert (np.diff(bounds.table["bend"]) > 0).all()


def test_another_reference_is_refused() -> None:
    with pytest.raises(UserError, match="not from -3"):
        relative_magnitudes(path(_panel(), reference=-3))


def test_bins_and_gaps_are_refused() -> None:
    """Two periods in one bin would count as one: the same data would seem to bear more."""
    with pytest.raises(UserError, match="those from 3 are one bin"):
        relative_magnitudes(path(_panel(), lag=3))
    with pytest.raises(UserError, match="those to -3 are one bin"):
        smoothness(path(_panel(), lead=3))
    whole = relative_magnitudes(path(_panel()))
    assert relative_magnitudes(path(_panel(), lead=5, lag=4)).breakdown == whole.breakdown  # 4 is the last: no bin
    gap = Path(np.array([-4, -2, 0, 1]), np.array([0.4, 0.1, -1.0, -1.0]), np.eye(4) * 0.01, 20, 1.0)
    with pytest.raises(UserError, match="consecutive"):
        relative_magnitudes(gap)


@pytest.mark.parametrize("model", ["poisson", "linear"])
def test_critical_value_is_that_of_event_studies_of_all_deals(model: str) -> None:
    """Two of seven areas: 21 deals, each refitted; the effect was taken off first."""
    data = _panel(4, areas=7, months=6, start=3, treated=2)
    effect = event_study(data, model=model).estimate
    off = np.exp(-effect * data.status) if model == "poisson" else 1.0
    bare = replace(data, outcome=data.outcome * off - (0 if model == "poisson" else effect * data.status))
    line = data.status.any(axis=0)
    values = []
    for chosen in combinations(range(7), 2):
        if chosen == tuple(np.flatnonzero(data.treated)):
            continue  # counts as extreme itself
        dealt = replace(bare, status=(np.isin(np.arange(7), chosen)[:, None] & line[None, :]) * 1.0)
        event = event_study(dealt, model=model)
        values.append(abs(event.estimate / event.se))
    expected = max(*values, student.ppf(0.975, 6))  # one of 21 lies beyond it, which is less than 5 %
    assert honest.dealt_critical(data, effect, model) == pytest.approx(expected, rel=1e-5)


def test_critical_value_is_unknown_where_areas_cannot_be_dealt() -> None:
    assert np.isnan(honest.dealt_critical(_panel(areas=8, treated=1), 0.0))  # 8 assignments: p is 0.125 at best
    outcome = _panel().outcome.copy()
    outcome[:6, 0] = np.nan
    assert np.isnan(honest.dealt_critical(replace(_panel(), outcome=outcome), 0.0))  # 6 of 20 areas
    some = replace(_panel(), outcome=np.where(np.arange(20)[:, None] >= 3, _panel().outcome, np.nan))
    left = _panel().only(units=_panel().units[3:])
    assert honest.dealt_critical(some, -0.5) == honest.dealt_critical(left, -0.5)
    found = honest.of_panel(_panel(areas=8, treated=1, months=16))
    assert "could not be reassigned" in found.finding
    assert np.isnan(found.numbers["critical"])


def test_reassigned_areas_widen_the_intervals() -> None:
    """Few treated areas: t is too short, and both bounds are put to what the deals need."""
    data = _panel(2, areas=14, treated=3, months=16)
    found, blocks = honest.of_panel(data), honest.coarser(data, honest.block_size(data))
    event = event_study(blocks)
    assert found.numbers["critical"] > student.ppf(0.975, 13)
    low, high = found.table.iloc[0][["low", "high"]]
    assert high - event.estimate == pytest.approx(found.numbers["critical"] * event.se, rel=1e-5)
    narrow = smoothness(event.model).table.iloc[0]
    ratio = (found.table["bend_high"] - found.table["bend_low"]).iloc[0] / (narrow["high"] - narrow["low"])
    assert ratio == pytest.approx(found.numbers["critical"] / student.ppf(0.975, 13), rel=1e-6)
    assert f"critical value {found.numbers['critical']:.2f}" in found.finding


def test_straight_line_covers_with_few_areas() -> None:
    """No effect and no trends, 4 of 16 areas treated, 6 coefficients before the start.

    The interval that is optimal for the covariance as estimated, with Student's t, leaves 0 out in a third of such
    panels; that of the check in one of 20.
    """
    left_out = {"check": 0, "estimated": 0}
    status = ((np.arange(16) < 4)[:, None] & (np.arange(10) >= 7)[None, :]) * 1.0
    starts = tuple(date(2020, month, 1) for month in range(1, 11))
    names = tuple("abcdefghijklmnop")
    for seed in range(40):
        data = Panel(names, starts, "month", np.random.default_rng(seed).normal(100, 5, (16, 10)), status, "score")
        event = event_study(data, model="linear")
        kept = smoothness(event.model, critical=honest.dealt_critical(data, event.estimate, "linear")).table.iloc[0]
        wide = event.model.covariance * (student.ppf(0.975, 15) / norm.ppf(0.975)) ** 2
        best = smooth(Study(event.model.estimate, wide, 6, np.full(3, 1 / 3)), (0.0,)).table.iloc[0]
        left_out["check"] += not kept["low"] <= 0 <= kept["high"]
        left_out["estimated"] += not best["low"] <= 0 <= best["high"]
    assert left_out["check"] <= 5
    assert left_out["estimated"] >= 10


def test_check_judges_by_the_breakdown() -> None:
    event = event_study(_panel())
    base, bent = relative_magnitudes(event.model), smoothness(event.model)
    found = sensitivity(event)
    assert found.numbers["breakdown"] == base.breakdown
    assert found.numbers["largest_change"] == base.largest
    assert found.numbers["bend_breakdown"] == bent.breakdown
    assert found.numbers["bend_largest"] == bent.largest
    assert list(found.table) == ["mbar", "low", "high", "bend", "bend_low", "bend_high"]
    assert found.table["bend_low"].tolist() == bent.table["low"].tolist()

    def judged(before: float, after: float, critical: float = 2.1):
        model = _path([before, 0.0], [after] * 3, error=0.001)
        return sensitivity(replace(event, model=model), critical=critical)

    # reach for an Mbar of 1 is 2 x the change before
    statuses = {0.1: "pass", 0.4: "pass", 0.6: "warn", 0.9: "warn", 1.1: "fail"}
    for change, status in statuses.items():
        assert judged(change, -1.0).status == status, change
    nothing = judged(0.1, 0.0)
    assert (nothing.status, nothing.numbers["breakdown"]) == ("warn", 0)
    assert "even if trends were parallel" in nothing.finding
    short = judged(0.1, -1.0, np.nan)  # 8 treated areas and no deals
    assert short.status == "warn"
    assert "too short with so few areas" in short.finding
    many = replace(event, model=_path([0.1, 0.0], [-1.0] * 3, error=0.001), units=120, treated_units=60)
    plain = sensitivity(many)
    assert plain.status == "pass"
    assert "too short" not in plain.finding


def test_finding_is_in_units_that_can_be_understood() -> None:
    """Changes of logs in percent; a linear model's as they are."""
    event = event_study(_panel())
    model = _path([0.1, 0.0], [-1.0] * 3, error=0.001)
    said = sensitivity(replace(event, model=model), "3 months").finding
    assert "In steps of 3 months" in said
    assert "largest change before the start (10.5 %)" in said  # exp(0.1) - 1
    held = smoothness(model).breakdown
    assert f"bends by less than {100 * np.expm1(held):.1f} % from one step to the next" in said
    assert "largest bend before it: 10.5 %" in said
    plain = sensitivity(replace(event, model=model, scale="difference")).finding
    assert "largest change before the start (0.1)" in plain
    turned = sensitivity(replace(event, model=_path([0.6, 0.3], [-0.3, -0.6], error=0.01))).finding
    assert "go on in a straight line, the effect could be anything from" in turned


def test_one_period_before_is_not_possible() -> None:
    event = event_study(_panel(months=6, start=2), lead=1)
    found = sensitivity(event)
    assert (found.status, found.asks) == ("not possible", "more periods before the start")


def test_blocks_add_up_from_the_start_both_ways():
    rng = np.random.default_rng(5)
    outcome, status = rng.poisson(9, (6, 14)).astype("float64"), np.zeros((6, 14))
    status[:2, 8:] = 1
    starts = tuple(date(2020 + k // 12, k % 12 + 1, 1) for k in range(14))
    panel = Panel(tuple("abcdef"), starts, "month", outcome, status, "calls")
    blocks = honest.coarser(panel, 3)
    assert blocks.starts == tuple(starts[k] for k in (2, 5, 8, 11))  # two months are left over at the beginning
    assert blocks.outcome[:, 0] == pytest.approx(outcome[:, 2:5].sum(axis=1))
    assert blocks.outcome[:, 3] == pytest.approx(outcome[:, 11:14].sum(axis=1))
    assert (blocks.status == status[:, [2, 5, 8, 11]]).all()
    assert blocks.step == "3 months"
    assert honest.block_size(panel) == 2
    assert "steps of 2 months" in honest.of_panel(panel).finding
