"""Power before the programme: nominal where there is no effect, as theory has it where theory is simple, and seeded."""

import time
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, norm

from crisiskit.errors import UserError
from crisiskit.impact.panel import Panel
from crisiskit.impact.power import Power, power


def panel(outcome) -> Panel:
    outcome = np.asarray(outcome, float)
    n, t = outcome.shape
    starts = tuple(date(1900 + at // 12, at % 12 + 1, 1) for at in range(t))
    return Panel(tuple(f"{unit:03}" for unit in range(n)), starts, "month", outcome, np.zeros((n, t)), "offences")


def field_like(n: int = 36, t: int = 96, seed: int = 1) -> Panel:
    """Areas of different size, over-dispersed, autocorrelated months."""
    rng = np.random.default_rng(seed)
    log = np.zeros((n, t))
    for at in range(1, t):
        log[:, at] = 0.5 * log[:, at - 1] + 0.2 * rng.normal(size=n)
    return panel(rng.poisson(rng.gamma(3, 7, n)[:, None] * np.exp(log)))


def cell(found: Power, effect: float, months: int, areas: int) -> pd.Series:
    table = found.table
    return table[(table["effect"] == effect) & (table["months"] == months) & (table["areas"] == areas)].iloc[0]


@pytest.fixture(scope="module")
def grid() -> Power:
    return power(field_like(), repetitions=400)


def test_size_is_nominal_where_there_is_no_effect(grid):
    sizes = grid.table.drop_duplicates(["months", "areas"])
    few = binom.ppf([0.0005, 0.9995], 400, 0.05) / 400
    several = sizes[sizes["areas"] > 1]["size"]
    assert several.between(*few).all()
    assert several.mean() == pytest.approx(0.05, abs=0.012)  # 3 600 studies, not all independent
    one = sizes[sizes["areas"] == 1]["size"]  # 1 of 36: p is 1/36 or at least 2/36
    assert one.mean() == pytest.approx(1 / 36, abs=0.015)


def test_power_rises_with_effect_months_and_areas(grid):
    table = grid.table.assign(effect=grid.table["effect"].abs())
    for keys, along in ((["months", "areas"], "effect"), (["effect", "areas"], "months"),
                        (["effect", "months"], "areas")):  # fmt: skip
        for _, part in table.groupby(keys):
            powers = part.sort_values(along)["power"].to_numpy()
            assert (np.diff(powers) > -0.06).all(), (keys, along, powers)
        mean = table.groupby(along)["power"].mean().to_numpy()
        assert (np.diff(mean) > 0).all()
    assert cell(grid, -0.5, 24, 8)["power"] == 1
    assert grid.table["power"].between(grid.table["power_low"], grid.table["power_high"]).all()


@pytest.mark.parametrize(("effect", "months"), [(-0.1, 12), (-0.1, 6), (-0.2, 6)])
def test_power_of_simple_counts_is_that_of_the_normal_approximation(effect, months):
    """Independent Poisson counts of one mean, half the areas treated: log ratio of ratios, variance of four totals."""
    n, mean = 40, 6.0
    history = panel(np.random.default_rng(3).poisson(mean, (n, 1500)))
    found = power(history, [effect], [months], [n // 2], repetitions=1500, draws=399)
    total = n / 2 * mean * months
    error = np.sqrt(3 / total + 1 / (total * (1 + effect)))
    expected = norm.cdf(abs(np.log1p(effect)) / error - norm.ppf(0.975))
    row = found.table.iloc[0]
    chance = np.sqrt(expected * (1 - expected) / 1500)
    assert 0.2 < expected < 0.97
    assert row["power"] == pytest.approx(expected, abs=3.3 * chance + 0.01)  # 0.01: t for normal, 399 draws
    clustered = power(history, [effect], [months], [n // 2], repetitions=1500, inference="cluster").table.iloc[0]
    assert clustered["power"] == pytest.approx(expected, abs=3.3 * chance + 0.01)


def test_an_increase_is_found_as_well():
    found = power(field_like(), [0.1, 0.5, 1.0], [12], [8], repetitions=100)
    assert found.table["power"].is_monotonic_increasing
    assert found.table["power"].iloc[-1] > 0.95
    assert "more" in found.sentence()


def test_one_of_ten_can_never_be_significant():
    found = power(field_like(10), [-0.5, -0.9], [12], [1, 4], repetitions=100)
    one = found.table[found.table["areas"] == 1]
    assert (one["power"] == 0).all()
    assert (one["says"] == "no p of 0.05 or less is possible: the smallest is 0.1").all()
    assert (one["smallest_p"] == 0.1).all()
    assert found.detectable()["reason"].iloc[0].startswith("no p of 0.05")
    assert found.table[(found.table["areas"] == 4) & (found.table["effect"] == -0.9)]["power"].iloc[0] > 0.9


def test_the_clustered_test_of_one_area_is_not_believed():
    found = power(field_like(), [-0.2, -0.5], [12], [1], inference="cluster", repetitions=200)
    assert found.table["size"].iloc[0] > 0.3  # the known over-rejection
    assert "too many false alarms" in found.table["says"].iloc[0]
    assert np.isnan(found.detectable()["effect"].iloc[0])
    assert "too many false alarms" in found.sentence()


def test_a_short_history_does_not_promise_more_than_a_long_one():
    """Drawn with replacement, months that stand before and after the start would cancel, and power would soar."""
    rng = np.random.default_rng(4)
    long = rng.poisson(20, (24, 600)).astype(float)
    real = power(panel(long), [-0.1], [24], [4], repetitions=400).table.iloc[0]
    short = np.mean([
        power(panel(long[:, at : at + 30]), [-0.1], [24], [4], repetitions=100).table["power"].iloc[0]
        for at in range(0, 360, 60)
    ])  # fmt: skip
    enough = np.mean([
        power(panel(long[:, at : at + 48]), [-0.1], [24], [4], repetitions=100).table["power"].iloc[0]
        for at in range(0, 360, 60)
    ])  # fmt: skip
    assert 0.5 < real["power"] < 0.95
    assert short < real["power"] - 0.05
    assert enough == pytest.approx(real["power"], abs=0.13)  # six histories of 24 areas


def test_notes_say_how_studies_were_made(grid):
    counted = replace(field_like(n=9), exposure=np.full((9, 96), 1000.0))
    assert power(counted, [-0.2], [6], [2], repetitions=20).notes[0].startswith("power is of the counts: the exposure")
    assert any("room for 49 of them" in note for note in grid.notes)
    assert "two blocks" in power(field_like(t=30), [-0.2], [24], [2], repetitions=20).notes[0]


def test_the_seed_decides_and_neither_order_nor_company_of_the_grid():
    history = field_like()
    one = power(history, [-0.1, -0.3], [6, 12], [2, 4], repetitions=40)
    two = power(history, [-0.3, -0.1], [12, 6], [4, 2], repetitions=40)
    pd.testing.assert_frame_equal(one.table, two.table)
    alone = power(history, [-0.1, -0.3], [12], [4], repetitions=40)
    rest = one.table[(one.table["months"] == 12) & (one.table["areas"] == 4)].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone.table, rest)
    other = power(history, [-0.1, -0.3], [6, 12], [2, 4], repetitions=40, seed=1)
    assert not one.table["power"].equals(other.table["power"])


def test_small_counts_find_nothing_where_no_estimate_is_possible():
    history = panel(np.random.default_rng(5).poisson(0.1, (20, 60)))
    found = power(history, [-0.9], [6], [1], repetitions=200)
    row = found.table.iloc[0]
    assert row["no_estimate"] > 0.5
    assert row["power"] <= 1 - row["no_estimate"]


@pytest.mark.parametrize("model", ["log", "linear"])
def test_other_models(model):
    history = panel(np.random.default_rng(6).poisson(40, (24, 100)))
    found = power(history, [-0.05, -0.5], [12], [6], model=model, repetitions=200)
    assert 0.01 < found.table["size"].iloc[0] < 0.1
    assert found.table["power"].iloc[0] < 0.8 < found.table["power"].iloc[1]


def test_interrupted_time_series():
    """Independent counts: the t test of the level holds its size, and power rises with the effect."""
    history = panel(np.random.default_rng(7).poisson(60, (1, 600)))
    found = power(history, [-0.1, -0.4], [24], [1], design="its", repetitions=150)
    assert found.inference == "quasi-Poisson t"
    assert 0.005 < found.table["size"].iloc[0] < 0.12
    assert found.table["power"].iloc[0] < 0.7 < found.table["power"].iloc[1]
    assert found.table["says"].eq("").all()


def test_an_interrupted_time_series_of_drifting_months_gives_false_alarms_and_says_so():
    rng = np.random.default_rng(8)
    walk = np.cumsum(0.15 * rng.normal(size=(1, 300)), axis=1)
    history = panel(rng.poisson(200 * np.exp(walk - walk.mean())))
    found = power(history, [-0.3], [24], [1], design="its", repetitions=100)
    assert found.table["size"].iloc[0] > 0.2
    assert "false alarms" in found.table["says"].iloc[0]


def made(rows: list[tuple], worth: float = 0.1) -> Power:
    columns = ["effect", "months", "areas", "power", "size", "says"]
    return Power(pd.DataFrame(rows, columns=columns), "offences", "did", "poisson", "randomisation", 36, worth, 0.05,
                 200, 1)  # fmt: skip


def test_the_smallest_detectable_effect_is_interpolated():
    found = made([(-0.1, 12, 4, 0.4, 0.05, ""), (-0.2, 12, 4, 0.9, 0.05, ""), (-0.1, 24, 4, 0.8, 0.05, ""),
                  (-0.1, 12, 8, 0.95, 0.05, ""), (-0.1, 12, 1, 0.3, 0.05, ""),
                  (-0.1, 6, 1, 0.99, 0.6, "loud")])  # fmt: skip
    table = found.detectable(0.8).set_index(["months", "areas"])
    assert table.loc[(12, 4), "effect"] == pytest.approx(-0.18)
    assert table.loc[(24, 4), "effect"] == pytest.approx(-0.1)
    assert table.loc[(12, 8), "effect"] == pytest.approx(-0.1 * 0.75 / 0.9)
    assert np.isnan(table.loc[(12, 1), "effect"])
    assert table.loc[(12, 1), "reason"] == "none of those tried"
    assert table.loc[(6, 1), "reason"] == "loud"
    assert np.isnan(table.loc[(6, 1), "effect"])


def test_the_sentence_sets_what_is_worth_funding_against_what_can_be_seen():
    rows = [(-0.1, 12, 4, 0.4, 0.05, ""), (-0.2, 12, 4, 0.9, 0.05, ""), (-0.1, 24, 4, 0.85, 0.05, "")]
    assert made(rows).sentence() == (
        "offences: the smallest effect worth funding is 10% fewer; 4 treated areas and 24 months after the start would "
        "find it: with 80% power the smallest effect detectable there is 10%."
    )
    assert made(rows[:2]).sentence() == (
        "offences: the smallest effect worth funding is 10% fewer; no design tried would find it with 80% power. The "
        "smallest effect detectable is 18% fewer, with 4 treated areas and 12 months after the start. A study that "
        "finds nothing would not show that the programme does nothing."
    )
    nothing = "no design tried finds any effect up to 10% with 80% power (none of those tried)"
    assert nothing in made(rows[:1]).sentence()


@pytest.mark.parametrize(("given", "message"), [
    ({"effects": [-0.1, 0.1]}, "all of one sign"),
    ({"effects": [0.0]}, "none of them 0"),
    ({"effects": [-1.0]}, "above -1"),
    ({"effects": []}, "should be shares"),
    ({"areas": [36]}, r"treated areas \[36\]: with 36 areas in the data, 1 to 35"),
    ({"areas": [0]}, "1 to 35 can be treated"),
    ({"repetitions": 5}, "repetitions 5: at least 20"),
])  # fmt: skip
def test_grids_that_the_history_cannot_hold(given, message):
    with pytest.raises(UserError, match=message):
        power(field_like(), **given)


def test_histories_that_hold_no_study():
    with pytest.raises(UserError, match="has one area: there is nothing to compare with; use design: its"):
        power(panel(np.ones((1, 48))), areas=[1])
    with pytest.raises(UserError, match="'offences' is 0 throughout the history"):
        power(panel(np.zeros((9, 48))))
    with pytest.raises(UserError, match="1 cells of the history are 0 and have no logarithm; use model: poisson"):
        power(panel(np.where(np.eye(9, 48) * np.arange(9)[:, None] == 1, 0, 5)), model="log")
    with pytest.raises(ValueError, match="the history has gaps"):
        power(panel(np.full((9, 48), np.nan)))
    with pytest.raises(ValueError, match="'mcmc'"):
        power(field_like(), inference="mcmc")


def test_the_whole_grid_is_quick():
    began = time.process_time()
    power(field_like(), repetitions=200, draws=199)
    assert time.process_time() - began < 30
