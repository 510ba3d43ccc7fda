"""What a panel must hold: which cells are known, which areas count, and what is 0 but for rounding."""

from datetime import date

import numpy as np
import pytest

from crisiskit.errors import UserError
from crisiskit.impact import guards, staggered, twoway
from crisiskit.impact.panel import Panel

STATUS = np.repeat([[0, 0, 1, 1], [0, 0, 0, 0]], 3, axis=0).astype("float64")
OUTCOME = np.arange(1.0, 25.0).reshape(6, 4) % 7 + 1


def panel(outcome, exposure=None):
    starts = tuple(date(2020, 1 + month, 1) for month in range(4))
    return Panel(tuple("abcdef"), starts, "month", outcome, STATUS, "offences", exposure=exposure)


def test_a_cell_is_known_with_its_exposure():
    outcome, exposure = OUTCOME.copy(), np.ones((6, 4))
    outcome[0, 0], exposure[1, 1], exposure[2, 2] = np.nan, 0.0, np.nan
    known = guards.known_cells(outcome, exposure)
    assert np.argwhere(~known).tolist() == [[0, 0], [1, 1], [2, 2]]
    assert guards.known_cells(outcome, None).sum() == 23


def test_who_counts_as_a_cluster():
    outcome = OUTCOME.copy()
    outcome[4], outcome[5] = 0.0, np.nan
    known = np.isfinite(outcome)
    assert guards.counted(outcome, known, "poisson").tolist() == [True] * 4 + [False] * 2
    assert guards.counted(outcome, known, "linear").tolist() == [True] * 5 + [False]


@pytest.mark.parametrize(("model", "factor"), [("poisson", 1), ("log", 1), ("linear", 1e-9), ("linear", 1e9)])
def test_rounding_is_judged_by_the_size_of_the_outcome(model, factor):
    outcome = factor * OUTCOME
    size = guards.spread(outcome, np.isfinite(outcome), model, None)
    assert size == pytest.approx(1 if model != "linear" else factor * OUTCOME.std())
    assert np.isnan(guards.trusted(1e-12 * size, size))
    assert guards.trusted(1e-3 * size, size) == 1e-3 * size
    assert guards.spread(np.full((2, 2), 5.0), np.ones((2, 2), bool), "linear", None) == pytest.approx(5e-6)


def test_an_area_without_records_is_left_out_of_every_count():
    holed = panel(np.where(np.arange(6)[:, None] == 1, np.nan, OUTCOME))
    kept, notes = guards.with_records(holed)
    assert kept.units == tuple("acdef")
    assert notes == ("Left out, without a known outcome in any period: b.",)
    found = staggered.imputed(holed)
    assert (found.units, found.treated_units) == (5, 2)
    assert notes[0] in found.notes
    whole = panel(OUTCOME)
    assert guards.with_records(whole) == (whole, ())


@pytest.mark.parametrize(("change", "model", "said"), [
    (lambda y: y - 100, "poisson", "24 cells of the outcome are below 0 .the first is -98.*use model: linear"),
    (lambda y: y - 100, "log", "below 0"),
    (lambda y: np.where(y == y[0, 0], np.inf, y), "linear", "cells of the outcome are infinite"),
    (lambda y: y * np.nan, "linear", "no area has a known outcome in any period"),
    (lambda y: y * 0, "linear", "0 in every area and period"),
])  # fmt: skip
def test_outcomes_that_no_model_can_take(change, model, said):
    with pytest.raises(UserError, match=said):
        twoway.fit(change(OUTCOME), STATUS, model)


def test_an_exposure_of_nothing_leaves_nothing():
    for model in guards.MODELS:
        with pytest.raises(UserError, match="no area has a known outcome and an exposure above 0 in any period"):
            twoway.fit(OUTCOME, STATUS, model, np.zeros(OUTCOME.shape))
