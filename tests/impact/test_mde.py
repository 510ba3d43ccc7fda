"""The smallest effect that a study could have found, against published multipliers and brute force."""

from dataclasses import replace
from datetime import date
from math import expm1, inf, isnan, log1p, nan

import numpy as np
import pytest
from scipy.stats import norm, t

from crisiskit.impact.mde import analytic, by_placebos, minimum_detectable, relative
from crisiskit.impact.panel import Panel
from crisiskit.impact.result import Estimate


def panel(better: str = "fewer", exposure=None) -> Panel:
    outcome = np.array([[10.0, 14, 9, 7], [20, 20, 20, 20], [5, np.nan, 5, 5]])
    status = np.zeros((3, 4))
    status[0, 2:] = 1
    starts = tuple(date(2020, month, 1) for month in range(1, 5))
    return Panel(("a", "b", "c"), starts, "month", outcome, status, "offences", better, exposure)


def estimate(se: float, clusters: int = 0, scale: str = "log") -> Estimate:
    return Estimate("did", "offences", scale, -0.1, se, -0.3, 0.1, 0.3, -0.095, -0.26, 0.1, 12, 3, 1, clusters, "Poisson", "G/(G-1)")  # fmt: skip # noqa: E501


def test_multipliers_are_those_of_bloom():
    """Bloom (1995): 2.80 for 80 % power and 5 % two-sided; with few degrees of freedom more."""
    assert analytic(1.0) == pytest.approx(2.80, abs=0.005)
    assert analytic(0.5, power=0.9) == pytest.approx(3.24 / 2, abs=0.005)
    assert analytic(1.0, level=0.1) == pytest.approx(2.49, abs=0.005)
    assert analytic(2.0, df=10) == pytest.approx(2 * (2.228 + 0.879), abs=0.002)  # from a printed t table
    assert analytic(1.0, df=inf) == analytic(1.0)


@pytest.mark.parametrize(("se", "df"), [(0.0, None), (nan, None), (-1.0, None), (inf, None), (1.0, 0.0), (1.0, nan)])
def test_no_error_no_figure(se, df):
    assert isnan(analytic(se, df=df))


def test_an_effect_of_that_size_is_found_as_often_as_said():
    rng = np.random.default_rng(1)
    size = analytic(0.3, df=None)
    z = (size + 0.3 * rng.normal(size=200_000)) / 0.3
    assert (np.abs(z) > norm.ppf(0.975)).mean() == pytest.approx(0.8, abs=0.004)


def test_placebos_that_are_normal_give_the_analytic_figure():
    found = by_placebos(0.2 * norm.ppf((np.arange(9999) + 0.5) / 9999))
    assert found == pytest.approx(analytic(0.2), rel=0.01)


@pytest.mark.parametrize("better", ["fewer", "more"])
@pytest.mark.parametrize("n", [19, 35, 99, 200])
def test_placebos_by_brute_force(better, n):
    """Let the effect act where chance has any one of the placebos, and count the p of the test each time."""
    placebos = np.random.default_rng(n).gamma(2, 0.1, n) - 0.15  # not symmetric: direction matters
    sign = -1 if better == "fewer" else 1

    def found(size: float) -> float:
        shifted = placebos + sign * size
        p = (1 + (np.abs(placebos)[None] >= np.abs(shifted)[:, None]).sum(axis=1)) / (n + 1)
        right = np.sign(shifted) == sign
        return float((right & (p <= 0.05 + 1e-12)).mean())

    size = by_placebos(placebos, better)
    assert found(size + 1e-9) >= 0.8
    assert found(size - 1e-9) < 0.8


def test_too_few_placebos_find_no_effect_at_all():
    assert by_placebos(np.linspace(-1, 1, 18)) == inf  # the smallest p is 1/19
    assert by_placebos(np.linspace(-1, 1, 19)) < inf
    assert isnan(by_placebos([]))
    assert isnan(by_placebos([0.1, nan]))


def test_sizes_as_shares():
    assert relative(-log1p(-0.3), "log", "fewer") == pytest.approx(0.3)
    assert relative(log1p(0.3), "log", "more") == pytest.approx(0.3)
    assert relative(3.0, "difference", "fewer", 12.0) == pytest.approx(0.25)
    assert relative(13.0, "difference", "fewer", 12.0) == inf  # more than all there is
    assert relative(13.0, "difference", "more", 12.0) == pytest.approx(13 / 12)
    assert relative(inf, "log", "fewer") == relative(1e6, "log", "more") == inf
    assert isnan(relative(nan, "log", "fewer"))
    assert isnan(relative(1.0, "difference", "more", 0.0))


def test_the_check_passes_where_the_smallest_is_no_larger_than_what_is_worth_it():
    se = 0.05
    share = -expm1(-se * (norm.ppf(0.975) + norm.ppf(0.8)))
    found = minimum_detectable(panel(), estimate(se), worth=0.14)
    assert found.id == "minimum_detectable"
    assert found.status == "pass"
    assert found.numbers["mde_relative"] == pytest.approx(share)
    assert found.numbers["mde"] == pytest.approx(2.8016 * se, abs=1e-4)
    assert minimum_detectable(panel(), estimate(se), worth=share).status == "pass"
    assert minimum_detectable(panel(), estimate(se), worth=share - 1e-6).status == "warn"
    low = minimum_detectable(panel(), estimate(se))
    assert low.finding == (
        "With 80% power the study finds effects from 13.1% fewer on, by its standard error; the smallest worth "
        "funding is 10%. Where it finds nothing, that does not show that the programme does nothing."
    )


def test_few_clusters_and_the_direction_that_is_good():
    found = minimum_detectable(panel("more"), estimate(0.2, clusters=6))
    size = 0.2 * (t.ppf(0.975, 5) + t.ppf(0.8, 5))
    assert found.numbers["mde"] == pytest.approx(size)
    assert found.numbers["mde_relative"] == pytest.approx(expm1(size))
    assert "more on" in found.finding
    given = minimum_detectable(panel("more"), estimate(0.2, clusters=6), df=20, se=0.1)
    assert given.numbers["mde"] == pytest.approx(0.1 * (t.ppf(0.975, 20) + t.ppf(0.8, 20)))


def test_a_difference_is_a_share_of_the_treated_areas_without_the_programme():
    found = minimum_detectable(panel(), estimate(1.0, scale="difference"))
    assert found.numbers["mde_relative"] == pytest.approx(analytic(1.0) / 12)  # mean of 10 and 14
    people = np.full((3, 4), 100.0)
    people[0, 1] = 0  # nobody there: no rate
    rates = minimum_detectable(panel(exposure=people), estimate(0.01, scale="difference"))
    assert rates.numbers["mde_relative"] == pytest.approx(analytic(0.01) / 0.1)
    never = panel()
    never = replace(never, status=np.zeros((3, 4)))
    assert minimum_detectable(never, estimate(1.0, scale="difference")).status == "not possible"


def test_randomisation_decides_where_it_is_given():
    placebos = 0.5 * norm.ppf((np.arange(199) + 0.5) / 199)
    found = minimum_detectable(panel(), estimate(0.01, clusters=30), placebos=placebos)
    assert found.status == "warn"
    assert found.numbers["mde"] == found.numbers["mde_placebos"] == by_placebos(placebos)
    assert found.numbers["mde_analytic_relative"] < 0.1 < found.numbers["mde_relative"]
    assert "by randomisation (by the standard error alone" in found.finding
    few = minimum_detectable(panel(), estimate(0.01), placebos=[0.1, -0.1])
    assert few.status == "warn"
    assert few.finding.startswith("No effect could have been found with 80% power with 2 other assignments")


def test_an_estimate_without_error_cannot_be_judged():
    found = minimum_detectable(panel(), estimate(nan))
    assert found.status == "not possible"
    assert found.asks
    assert isnan(found.numbers["mde_relative"])
