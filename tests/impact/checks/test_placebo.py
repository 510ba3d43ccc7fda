"""Placebos: found where an effect was planted before the start, quiet where none was."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from crisiskit.impact import twoway
from crisiskit.impact.checks import placebo
from crisiskit.impact.material import Quick
from crisiskit.impact.panel import Panel
from crisiskit.impact.question import Question
from crisiskit.impact.refit import refit_of
from crisiskit.simulate.panels import panel as simulated


def drifting(panel, start=12, factor=0.6):
    """Treated areas that fell long before the programme."""
    outcome = panel.outcome.copy()
    outcome[panel.treated, start:] = np.round(outcome[panel.treated, start:] * factor)
    return replace(panel, outcome=outcome)


def test_areas_that_fell_before_the_start_fail(make, panel_of):
    panel = drifting(panel_of(months=36, start=24, effect=0.0), start=12)
    found = placebo.placebo_date(make(panel))
    assert found.status == "fail"
    worst = found.table.loc[found.table["relative"].idxmin()]
    assert abs(int(worst["date"][:4]) * 12 + int(worst["date"][5:7]) - (2019 * 12 + 1)) <= 2
    assert found.numbers["largest_relative"] == pytest.approx(-0.4, abs=0.05)


@pytest.mark.parametrize(("start", "dates"), [(6, 1), (7, 2), (17, 12), (30, 12)])
def test_dates_are_spread_over_the_periods_before(make, panel_of, start, dates):
    found = placebo.placebo_date(make(panel_of(months=start + 6, start=start)))
    assert len(found.table) == dates
    assert found.table["date"].is_unique


def test_no_period_of_the_programme_is_touched_and_the_width_is_that_of_the_study(make, panel_of):
    seen = []
    material = make(panel_of(months=36, start=24), window=(18, 30))

    def spy(panel, model=""):
        seen.append(panel)
        return material.main

    placebo.placebo_date(replace(material, refit=spy))
    assert all(panel.starts[-1] < material.whole.starts[24] for panel in seen)
    assert all(3 <= panel.before.sum() <= 6 and 3 <= (~panel.before).sum() <= 6 for panel in seen)
    assert all(panel.units == material.whole.units and panel.treated.sum() == 5 for panel in seen)


def test_five_periods_before_are_too_few(make, panel_of):
    found = placebo.placebo_date(make(panel_of(months=12, start=5)))
    assert found.status == "not possible"
    assert "5 periods" in found.finding
    assert found.asks


@pytest.mark.parametrize(
    ("ps", "status"),
    [
        ([0.5] * 12, "pass"),
        ([0.04] + [0.5] * 11, "warn"),
        ([0.05 / 12 + 1e-9] + [0.5] * 11, "warn"),
        ([0.05 / 12 - 1e-9] + [0.5] * 11, "fail"),
        ([0.04] * 3 + [0.5] * 9, "warn"),
        ([0.04] * 4 + [0.5] * 8, "fail"),
    ],
)
def test_the_number_of_dates_is_allowed_for(make, panel_of, ps, status):
    material, queue = make(panel_of(months=36, start=24)), iter(ps)

    def refit(panel, model=""):
        return Quick(-0.01, -0.1, 0.1, next(queue), -0.01, -0.1, 0.1, 1.0, 20, 5)

    found = placebo.placebo_date(replace(material, refit=refit))
    assert (found.status, found.numbers["significant"]) == (status, sum(p < 0.05 for p in ps))


def test_a_placebo_as_large_as_the_effect_is_a_doubt(make, panel_of):
    material = make(panel_of(months=36, start=24))
    large = replace(material.main, p=0.2)
    assert placebo.placebo_date(replace(material, refit=lambda panel, model="": large)).status == "warn"


@pytest.mark.parametrize(
    ("settings", "status"),
    [({"effect": 0.0, "seed": 5}, "pass"), ({"effect": -0.3, "seed": 5}, "fail"),
     ({"effect": 0.0, "seed": 5, "mean": 0.15}, "warn")],
)  # fmt: skip
def test_the_negative_control(make, panel_of, settings, status):
    control = {"label": "other crime", "measure": "x"}
    found = placebo.placebo_outcome(
        make(panel_of(), panels={"other crime": panel_of(**settings)}, negative_control=control)
    )
    assert found.status == status
    assert found.numbers["compared_with"] == pytest.approx(np.expm1(-0.4), abs=0.05)


def test_without_a_control_it_says_what_to_name(make, panel_of):
    found = placebo.placebo_outcome(make(panel_of()))
    assert found.status == "not possible"
    assert "negative_control" in found.asks
    found = placebo.placebo_outcome(make(panel_of(), negative_control={"label": "fires", "measure": "x"}))
    assert found.status == "not possible"
    assert "nothing is counted as fires" in found.finding


def dealt(panel, model=""):
    """The study's refit where few areas are treated: t of every deal comes with the estimate."""
    return refit_of(Question.model_validate(ASKED), "did")(panel, model=model)


ASKED = {"programme": "x", "roll_out": [{"area": "a000", "start": "2019-01-01"}],
         "outcome": {"label": "calls", "measure": "calls"}, "draws": 199}  # fmt: skip


def test_dates_are_judged_together_by_the_largest_t_of_every_deal(make, panel_of):
    """7 areas, 2 treated: all 21 deals by hand, each with the largest |t| over the pretended dates."""
    panel = panel_of(seed=3, areas=7, treated=2, months=14, start=8, effect=0.0, mean=20)
    found = placebo.placebo_date(make(panel, refit=dealt))
    largest = []
    for pair in itertools.combinations(range(7), 2):
        ts = []
        for at in (3, 4, 5):
            status = np.zeros((7, 8))
            status[list(pair), at:] = 1
            last = min(at + 6, 8)
            ts.append(abs(twoway.fit(panel.outcome[:, :last], status[:, :last]).t))
        largest.append(max(ts))
    assert len(found.table) == 3
    assert found.numbers["joint_p"] == pytest.approx(np.mean(np.array(largest) >= largest[0] * (1 - 1e-9)))
    assert found.numbers["joint_p"] >= found.numbers["smallest_p"]


def test_where_nothing_happened_few_panels_fail(make):
    """60 panels, autocorrelated like the field's: dates that overlap are no reason to fail in more than 5 % of them."""
    failed = []
    for seed in range(60):
        drawn = simulated(seed, areas=16, months=36, treated=3, effect=-0.4, start=24)
        panel = Panel(drawn.units, drawn.starts, "month", drawn.outcome, drawn.status, "calls")
        quick = placebo.placebo_date(make(panel, refit=dealt))
        assert quick.numbers["joint_p"] >= 1 / 200
        failed.append(quick.status == "fail")
    assert sum(failed) <= 7  # of 60 at 5 %: more in 2 of 100 such tests


def test_without_deals_each_date_stands_for_itself(make, panel_of):
    assert "joint_p" not in placebo.placebo_date(make(panel_of(months=36, start=24))).numbers
