"""Synthetic control on the outcome: optimality, known mixes, the Basque bound, the check of the donors."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact.panel import Panel
from crisiskit.impact.synthetic_control import donor_pool, is_unique, outcome_only, simplex_fit


def panel(outcome, treated=(0,), start=None, **more):
    n, t = outcome.shape
    status = np.zeros((n, t))
    status[list(treated), (2 * t) // 3 if start is None else start :] = 1
    units = tuple(f"a{i:02d}" for i in range(n))
    return Panel(units, tuple(date(1990 + i, 1, 1) for i in range(t)), "year", outcome, status, "offences", **more)


@pytest.fixture
def others():
    """Ten donors over eighteen periods that do not move alike."""
    return 50 + np.random.default_rng(4).normal(0, 8, (10, 18))


@pytest.mark.parametrize(("k", "j", "spread"), [(12, 5, 1), (12, 40, 1), (40, 200, 0.2), (3, 8, 20), (30, 2, 1)])
def test_the_weights_meet_the_conditions_of_the_best_fit(k, j, spread):
    rng = np.random.default_rng(k * j)
    columns, target = 20 + rng.normal(0, 3, (k, j)), 20 + rng.normal(0, 3 * spread, k)
    weights = simplex_fit(columns, target)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    slope = columns.T @ (columns @ weights - target)
    level, size = slope @ weights, np.abs(slope).max()
    assert (slope >= level - 1e-8 * size).all()
    assert np.abs(slope[weights > 1e-9] - level).max() <= 1e-8 * size


def test_no_mix_of_two_on_a_grid_fits_better():
    rng = np.random.default_rng(1)
    columns, target = rng.normal(0, 1, (6, 2)), rng.normal(0, 1, 6)
    best = np.linspace(0, 1, 100_001)
    errors = ((np.outer(columns[:, 0], best) + np.outer(columns[:, 1], 1 - best) - target[:, None]) ** 2).sum(axis=0)
    assert simplex_fit(columns, target)[0] == pytest.approx(best[errors.argmin()], abs=1e-5)


def test_a_known_mix_and_effect_are_found(others):
    mix = np.array([0.5, 0.3, 0.2, *[0] * 7])
    seen = mix @ others
    seen[12:] -= 7
    found = outcome_only(panel(np.vstack([seen, others])))
    assert found.weights == pytest.approx(mix, abs=1e-7)
    estimate = found.estimate
    assert estimate.estimate == pytest.approx(-7, abs=1e-6)
    assert estimate.relative == pytest.approx(-7 / (mix @ others)[12:].mean(), abs=1e-7)
    assert estimate.details["effective_donors"] == pytest.approx(1 / (0.25 + 0.09 + 0.04), abs=1e-5)
    assert found.table["area"].head(3).tolist() == ["a01", "a02", "a03"]
    assert (estimate.design, estimate.units, estimate.treated_units) == ("synthetic_control", 11, 1)


def test_the_basque_bound(benchmarks):
    folder = benchmarks / "sc_basque"
    table = pd.read_csv(folder / "basque.csv")
    regions = table[~table["regionname"].str.startswith("Spain")]
    wide = regions.pivot(index="regionname", columns="year", values="gdpcap")
    years = wide.columns.to_numpy().astype(int)
    status = (wide.index.str.startswith("Basque")[:, None] & (years >= 1975)[None]) * 1.0
    data = Panel(tuple(wide.index), tuple(date(year, 1, 1) for year in years), "year", wide.to_numpy(), status, "GDP")
    found = outcome_only(data, (years >= 1960) & (years <= 1969))
    expected = pd.read_csv(folder / "expected.csv", index_col="quantity").loc["outcome_only_16_donors_mspe_1960_1969"]
    assert len(found.pool.donors) == 16
    assert found.mspe == pytest.approx(expected["value"], abs=expected["tolerance_abs"])


def test_levels_apart_takes_a_shift_out(others):
    seen = 300 + np.array([0.6, 0.4, *[0] * 8]) @ others
    seen[12:] += 5
    plain, apart = (outcome_only(panel(np.vstack([seen, others])), demeaned=way) for way in (False, True))
    assert apart.estimate.estimate == pytest.approx(5, abs=1e-6)
    assert apart.mspe < 1e-12
    assert plain.mspe > 200**2


def test_each_area_for_itself_averages_the_weights(others):
    first, second = others[:2].mean(axis=0), others[2:6].mean(axis=0)
    found = outcome_only(panel(np.vstack([first, second, others]), (0, 1)), each=True)
    assert found.weights == pytest.approx([0.25, 0.25, 0.125, 0.125, 0.125, 0.125, *[0] * 4], abs=1e-7)
    assert found.estimate.estimate == pytest.approx(0, abs=1e-6)


def test_weights_that_are_not_unique_are_said_to_be(others):
    twin = np.vstack([others[:1], others, others[:1]])  # two donors that are the same
    found = outcome_only(panel(twin))
    assert found.details["unique"] == 0
    assert any("other weights fit as well" in note for note in found.notes)
    assert is_unique(others[:3].T, others[3], simplex_fit(others[:3].T, others[3]))


def test_an_exposure_makes_rates(others):
    exposure = np.broadcast_to(np.arange(1, 12)[:, None] * 100.0, (11, 18))
    rates = np.vstack([others[:2].mean(axis=0), others])
    found = outcome_only(panel(rates * exposure, exposure=exposure))
    assert found.weights[:2] == pytest.approx([0.5, 0.5], abs=1e-7)


def test_missing_periods_cost_the_donor_or_the_period(others):
    counts = np.vstack([others[:2].mean(axis=0), others])
    counts[5, 3], counts[0, 17] = np.nan, np.nan
    found = outcome_only(panel(counts))
    assert "a05" not in found.pool.donors
    assert len(found.pool.at) == 17
    assert [note.split(":")[0] for note in found.pool.notes] == [
        "left out of the donors for missing periods", "1 periods are left out"
    ]  # fmt: skip


def test_what_allows_no_mix_is_refused(others):
    with pytest.raises(UserError, match="1 areas without the programme"):
        outcome_only(panel(others[:2]))
    with pytest.raises(UserError, match="periods before the start"):
        outcome_only(panel(others, start=0))
    with pytest.raises(UserError, match="the roll-out is none"):
        outcome_only(panel(others, ()))
    with pytest.raises(UserError, match="the outcome is 0 in every area"):
        outcome_only(panel(np.zeros(others.shape)))
    late = panel(others, (0, 1))
    status = late.status.copy()
    status[1, :14] = 0
    with pytest.raises(UserError, match="the roll-out is staggered"):
        outcome_only(Panel(late.units, late.starts, "year", late.outcome, status, "offences"))


@pytest.mark.parametrize(("shift", "status"), [(0, "pass"), (40, "fail")])
def test_the_check_tells_areas_within_the_donors_from_those_outside(others, shift, status):
    check = donor_pool(panel(np.vstack([others.mean(axis=0) + shift, others])))
    assert check.status == status
    assert check.numbers["inside"] == (1.0 if not shift else 0.0)
    assert bool(check.asks) == (status != "pass")
    assert check.table["weight"].sum() == pytest.approx(1)


def test_the_check_warns_of_a_single_donor_and_says_when_there_is_no_answer(others):
    low, high = others - 60, others + 60
    single = donor_pool(panel(np.vstack([others[0] + 0.01, others[:1], low[:2], high[:2]])))
    assert single.status == "warn"
    assert single.numbers["largest_weight"] > 0.9
    nothing = donor_pool(panel(others, ()))
    assert nothing.status == "not possible"
    assert "roll-out is none" in nothing.finding
    assert nothing.asks
