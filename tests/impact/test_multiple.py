"""Adjusted p values against a hand-worked example, statsmodels, and what must hold of them."""

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from crisiskit.errors import UserError
from crisiskit.impact.multiple import across, holm, romano_wolf
from crisiskit.impact.panel import Panel
from crisiskit.simulate.panels import panel


def _panel(seed: int, **settings) -> Panel:
    drawn = panel(seed, **settings)
    return Panel(drawn.units, drawn.starts, "month", drawn.outcome, drawn.status, "events")


def _another(first: Panel, seed: int) -> Panel:
    """Another outcome of the same areas, months and programme."""
    return replace(first, outcome=np.random.default_rng(seed).poisson(8, first.outcome.shape))


def test_holm_by_hand() -> None:
    """0.01 x 4; 0.02 x 3; 0.03 x 2 = 0.06, not below 0.06; 0.5 x 1."""
    assert holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])


@pytest.mark.parametrize("seed", range(5))
def test_holm_as_statsmodels(seed: int) -> None:
    p = np.round(np.random.default_rng(seed).random(9) ** 2, 2)
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_holm_leaves_missing_out() -> None:
    found = holm([0.02, np.nan, 0.04])
    assert found[[0, 2]] == pytest.approx([0.04, 0.04])
    assert np.isnan(found[1])
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([1.2])


def test_romano_wolf_by_hand() -> None:
    """t = 3 against max(|a|, |b|): 4, 2, 2.5, 1 -> 2 of 5; then t = 1 against |b| alone: 4, 2, 0.5, 1 -> 4 of 5."""
    drawn = [[1.0, -4.0], [0.5, 2.0], [2.5, 0.5], [0.0, -1.0]]
    assert romano_wolf([-3.0, 1.0], drawn) == pytest.approx([2 / 5, 4 / 5])
    assert romano_wolf([1.0, -3.0], np.array(drawn)[:, ::-1]) == pytest.approx([4 / 5, 2 / 5])


@pytest.mark.parametrize("seed", range(5))
def test_romano_wolf_is_never_below_raw_and_keeps_the_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(5, 5))
    drawn, t = rng.normal(size=(199, 5)) @ mixed, 2 * rng.normal(size=5) @ mixed
    raw = (1 + (np.abs(drawn) >= np.abs(t)).sum(axis=0)) / 200
    adjusted = romano_wolf(t, drawn)
    assert (adjusted >= raw).all()
    assert (np.diff(adjusted[np.argsort(-np.abs(t))]) >= 0).all()


def test_romano_wolf_of_one_outcome_or_of_copies_is_raw() -> None:
    rng = np.random.default_rng(1)
    one = rng.normal(size=(199, 1))
    raw = (1 + (np.abs(one) >= 1.7).sum()) / 200
    assert romano_wolf([1.7], one) == pytest.approx([raw])
    assert romano_wolf([1.7] * 3, np.repeat(one, 3, axis=1)) == pytest.approx([raw] * 3)


def test_romano_wolf_knows_of_correlation_and_holm_does_not() -> None:
    one = np.random.default_rng(1).normal(size=(999, 1))
    raw = (1 + (np.abs(one) >= 2.2).sum()) / 1000
    assert romano_wolf([2.2] * 4, np.repeat(one, 4, axis=1)).max() == pytest.approx(raw)
    assert holm([raw] * 4).max() == pytest.approx(4 * raw)


def test_a_deal_that_cannot_be_fitted_counts_against() -> None:
    assert romano_wolf([9.0], [[np.nan], [1.0], [1.0]]) == pytest.approx([2 / 4])
    assert romano_wolf([9.0], [[9.0], [np.nan], [1.0], [1.0]], exact=True) == pytest.approx([2 / 4])
    with pytest.raises(ValueError, match="not finite"):
        romano_wolf([np.nan], [[1.0]])
    with pytest.raises(ValueError, match="should be"):
        romano_wolf([1.0, 2.0], [[1.0]])


@pytest.mark.parametrize("treated", [1, 8])
def test_across_shares_the_deals(treated: int) -> None:
    """A copy of an outcome costs nothing; its own p is that of the test alone; Holm is at least as strict."""
    from crisiskit.impact.randomisation import randomise

    first = _panel(3, treated=treated, effect=np.log(0.6))
    alone = randomise(first)
    copies = across({"a": first, "again": first})
    assert copies["p"].to_list() == pytest.approx([alone.p] * 2)
    assert copies["p_romano_wolf"].to_list() == pytest.approx([alone.p] * 2)
    assert copies["p_holm"].to_list() == pytest.approx([min(1, 2 * alone.p)] * 2)
    table = across({"a": first, "b": _another(first, 1), "c": _another(first, 2)})
    assert table["outcome"].to_list() == ["a", "b", "c"]
    assert table.loc[0, "p"] == pytest.approx(alone.p)
    assert table.loc[0, "estimate"] == pytest.approx(alone.estimate)
    assert table.loc[0, "relative"] == pytest.approx(np.expm1(alone.estimate))
    assert (table["p_romano_wolf"] >= table["p"]).all()
    assert (table["p_holm"] >= table["p"]).all()


def test_across_refuses_what_does_not_go_together() -> None:
    first = _panel(3)
    with pytest.raises(UserError, match="outcome 'b' has other areas or another roll-out"):
        across({"a": first, "b": _panel(4)})
    with pytest.raises(UserError, match="outcome 'none': the outcome is 0 in every area"):
        across({"a": first, "none": replace(first, outcome=np.zeros_like(first.outcome))})
    with pytest.raises(UserError, match="no outcome"):
        across({})
