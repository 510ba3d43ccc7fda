"""Covariates beside effects of areas and periods: what is absorbed must not reach the library."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from crisiskit.errors import UserError
from crisiskit.impact import staggered
from crisiskit.impact.long_covariates import coefficients, moving
from crisiskit.impact.long_table import long_table
from crisiskit.impact.panel import Panel


def data(covariates):
    rng = np.random.default_rng(3)
    status = np.zeros((30, 12))
    status[:6, 5:], status[6:12, 8:] = 1, 1
    y = 50 + rng.normal(0, 4, 30)[:, None] + rng.normal(0, 1, (30, 12)) + 2 * status
    units, starts = tuple(f"a{i:02d}" for i in range(30)), tuple(date(2020, 1 + i, 1) for i in range(12))
    return Panel(units, starts, "month", y, status, "offences", covariates=covariates)


FIXED = np.repeat(np.random.default_rng(0).normal(size=(30, 1)), 12, axis=1)
FREE = np.random.default_rng(1).normal(size=(30, 12))


def test_which_covariates_move():
    panel = data({"fixed": FIXED, "free": FREE, "twice": 2 * FREE + FIXED, "huge": 1e9 * FIXED})
    names, note = moving(long_table(panel, None, "linear"))
    assert names == ("free",)
    assert note == ("covariates left out, told by areas and periods or by other covariates: fixed, twice, huge",)


@pytest.mark.parametrize("estimator", [staggered.imputation, staggered.sun_abraham])
@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_a_covariate_that_areas_absorb_changes_nothing_in_whatever_unit(estimator, unit):
    bare = estimator(data({}), model="linear")
    found = estimator(data({"fixed": unit * FIXED, "other": unit * 3 * FIXED}), model="linear")
    assert (found.estimate, found.se) == pytest.approx((bare.estimate, bare.se), rel=1e-9)
    assert any("left out, told by areas and periods" in note for note in found.notes)


def test_coefficients_are_those_of_the_covariates_that_are_left():
    both = coefficients(long_table(data({"free": FREE, "fixed": FIXED}), None, "linear"))
    alone = coefficients(long_table(data({"free": FREE}), None, "linear"))
    assert (both["b_free"], both["se_free"]) == pytest.approx((alone["b_free"], alone["se_free"]), rel=1e-9)
    assert np.isnan([both["b_fixed"], both["se_fixed"]]).all()
    assert coefficients(long_table(data({}), None, "linear")) == {}


def test_a_covariate_that_is_the_programme_gives_no_number():
    panel = data({})
    with pytest.raises(UserError, match="does a covariate follow the programme"):
        staggered.sun_abraham(replace(panel, covariates={"own": panel.status.copy()}), model="linear")
