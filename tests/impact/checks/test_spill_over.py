"""Spill-over: planted displacement and diffusion are told apart."""

from dataclasses import replace

import numpy as np
import pytest

from crisiskit.impact.checks.spill_over import neighbours, outside_hours

BESIDE = ["a010", "a011", "a012"]


def spilled(panel, factor):
    """The same with the neighbours' counts multiplied after the start."""
    outcome = panel.outcome.copy()
    rows = [panel.units.index(name) for name in BESIDE]
    outcome[rows, 12:] = np.round(outcome[rows, 12:] * factor)
    return replace(panel, outcome=outcome)


@pytest.mark.parametrize(
    ("factor", "status", "words"),
    [(1.4, "warn", "against the effect"), (0.7, "warn", "with the effect"), (1.0, "pass", "told from chance")],
)
def test_neighbours_by_themselves(make, panel_of, factor, status, words):
    found = neighbours(make(spilled(panel_of(seed=4, mean=400.0), factor), neighbours=BESIDE))
    assert (found.status, words in found.finding) == (status, True)
    assert found.numbers["neighbours_relative"] == pytest.approx(factor - 1, abs=0.04)
    assert found.numbers["without_relative"] == pytest.approx(np.expm1(-0.4), abs=0.03)


def test_an_effect_that_only_neighbours_make_fails(make, panel_of):
    """Six neighbours among eight to compare with, which rose: without them nothing is left of the effect."""
    panel = panel_of(areas=10, treated=2, effect=0.0, mean=400.0, seed=2)
    outcome = panel.outcome.copy()
    outcome[2:8, 12:] *= 1.5
    found = neighbours(make(replace(panel, outcome=outcome), neighbours=list(panel.units[2:8])))
    assert found.status == "fail"
    assert abs(found.numbers["without_relative"]) < 0.05


def test_neighbours_that_are_all_there_is_leave_no_answer(make, panel_of):
    panel = panel_of(areas=6, treated=2)
    found = neighbours(make(panel, neighbours=list(panel.units[2:])))
    assert found.status == "not possible"
    assert "to compare with" in found.finding


@pytest.mark.parametrize("named", [[], ["elsewhere"], ["a000"]])
def test_neighbours_must_be_compared_with(make, panel_of, named):
    found = neighbours(make(panel_of(), neighbours=named))
    assert found.status == "not possible"
    assert found.asks


@pytest.mark.parametrize(
    ("settings", "status"),
    [({"effect": 0.0}, "pass"), ({"effect": -0.15}, "warn"), ({"effect": -0.6}, "fail"), ({"effect": 0.3}, "warn"),
     ({"effect": 0.0, "mean": 0.2}, "warn")],
)  # fmt: skip
def test_hours_outside_service(make, panel_of, settings, status):
    night = {"label": "calls at night", "measure": "x"}
    panels = {"calls at night": panel_of(**{"seed": 5, "mean": 300.0, **settings})}
    assert outside_hours(make(panel_of(), panels=panels, outside_hours=night)).status == status


def test_without_hours_it_says_what_to_name(make, panel_of):
    found = outside_hours(make(panel_of()))
    assert found.status == "not possible"
    assert found.asks.startswith("outside_hours")
