"""AR(1) errors by Prais and Winsten: a published table, generalised least squares written out, refusals."""

from datetime import date

import numpy as np
import pytest
from wandering import wandering

from crisiskit.errors import UserError
from crisiskit.impact.ar1 import prais_winsten
from crisiskit.impact.its import interrupted

# Puerto Rico 1950-1987 (Castillo-Freeman and Freeman 1992), logs: employment rate, minimum wage by coverage, GNPs
EMPLOYED = """-.75502 -.80073 -.83471 -.84863 -.87948 -.86988 -.88673 -.88673 -.92382 -.93140 -.90882 -.92382 -.95451
-.92887 -.92634 -.91379 -.91879 -.91879 -.90882 -.91879 -.84863 -.86038 -.86038 -.86512 -.90387 -.99967 -1.01060
-1.02722 -1.01611 -1.02165 -1.02443 -1.07002 -1.14570 -1.13631 -1.09661 -1.10564 -1.04697 -.99696"""
WAGE = """-2.30264 -2.24886 -2.11375 -1.89933 -1.98039 -1.83758 -1.70253 -1.74969 -1.69020 -1.64111 -1.61949 -1.67709
-1.55392 -1.63626 -1.52871 -1.54097 -1.22285 -1.14793 -1.10195 -1.15959 -1.20952 -1.26908 -1.33468 -1.38599 -.98632
-.83519 -.80721 -.84633 -.79850 -.78062 -.78833 -.78033 -.80350 -.82486 -.82911 -.85591 -.88691 -.91726"""
GNP = """6.77844 6.82979 6.92353 6.98592 7.00706 7.03747 7.07758 7.10808 7.13760 7.21788 7.29519 7.35423 7.42887
7.50698 7.55841 7.64156 7.70670 7.75294 7.80600 7.89506 7.97295 8.03126 8.07586 8.14622 8.15869 8.13877 8.14949
8.19520 8.24732 8.30028 8.31307 8.32531 8.28816 8.26740 8.30608 8.33634 8.36208 8.41110"""
US_GNP = """7.09316 7.19158 7.22984 7.26913 7.25573 7.30981 7.33014 7.34672 7.33902 7.39578 7.41776 7.44349 7.49521
7.53546 7.58746 7.64377 7.69998 7.72815 7.76879 7.79289 7.78995 7.81795 7.86653 7.91721 7.91180 7.89915 7.94687
7.99247 8.04405 8.06853 8.06687 8.08604 8.06022 8.09532 8.16092 8.19077 8.21968 8.24790"""


def test_the_minimum_wage_in_puerto_rico():
    """Wooldridge, Introductory Econometrics, chapter 12: minimum wage -0.1477 (0.0458), trend -0.0205 (0.0059)."""
    y, wage, gnp, us_gnp = (np.array(text.split(), "float64") for text in (EMPLOYED, WAGE, GNP, US_GNP))
    found, rho = prais_winsten(y, np.column_stack([np.ones(38), wage, gnp, us_gnp, np.arange(1, 39)]))
    assert (found.params[1], found.bse[1]) == pytest.approx((-0.1477, 0.0458), abs=1e-4)
    assert (found.params[3], found.bse[3]) == pytest.approx((0.2557, 0.2317), abs=1e-3)
    assert (found.params[4], found.bse[4]) == pytest.approx((-0.0205, 0.0059), abs=1e-4)
    assert rho == pytest.approx(0.615, abs=0.001)


def series(rho=0.5, seed=3):
    return wandering(seed, rho, months=90, at=60, trend=0.1)


START = date(2020, 1, 1)


@pytest.mark.parametrize("slope", [False, True])
def test_an_interrupted_series_is_generalised_least_squares_at_its_rho(slope):
    table = series()
    found = interrupted(table, START, model="linear", ar1=True, slope=slope)
    x = interrupted(table, START, model="linear", slope=slope).model.model.exog
    y, rho = table["outcome"].to_numpy(), found.details["rho"]
    inverse = np.linalg.inv(rho ** np.abs(np.subtract.outer(np.arange(90), np.arange(90))))
    bread = np.linalg.inv(x.T @ inverse @ x)
    b = bread @ x.T @ inverse @ y
    left = y - x @ b
    assert rho == pytest.approx((left[1:] @ left[:-1]) / (left[:-1] @ left[:-1]), abs=1e-6)
    assert found.estimate == pytest.approx(b[1], rel=1e-6)
    spread = left @ inverse @ left / (90 - x.shape[1])
    assert found.se == pytest.approx(np.sqrt(spread * bread[1, 1]), rel=1e-6)
    assert f"AR(1) errors, rho {rho:.3f}" in found.correction


def test_ar1_errors_take_the_autocorrelation_away_and_hold_better():
    held = {True: 0, False: 0}
    still = 0
    for seed in range(40):
        table = series(rho=0.6, seed=seed)
        for ar1 in held:
            found = interrupted(table, START, model="linear", harmonics=0, ar1=ar1, hac_lags=None if ar1 else 0)
            held[ar1] += found.low <= -10 <= found.high
            still += ar1 and found.details["ljung_box_p"] < 0.05
    assert held[True] > held[False] + 5
    assert still <= 8


@pytest.mark.parametrize(("how", "said"), [
    ({"model": "poisson"}, "ar1 goes with model log or linear"),
    ({"model": "linear", "hac_lags": 2}, "in the place of hac_lags"),
    ({"model": "linear", "comparison": series(seed=4)}, "ar1 is for one series"),
])  # fmt: skip
def test_what_cannot_be_asked(how, said):
    with pytest.raises(UserError, match=said):
        interrupted(series(), START, ar1=True, **how)


def test_a_gap_and_a_walk_are_refused():
    with pytest.raises(UserError, match="needs every period, and the series has 1 gaps"):
        interrupted(series().drop(index=20), START, model="linear", ar1=True)
    with pytest.raises(UserError, match="rho 1"):
        prais_winsten(1.5 ** np.arange(30.0), np.zeros((30, 1)) + 1e-9)
