"""Leave one out: an estimate that one area or one period carries is found."""

from dataclasses import replace

import numpy as np
import pytest

from crisiskit.impact import twoway
from crisiskit.impact.checks.leave_out import leave_one_area_out, leave_one_period_out
from crisiskit.impact.material import Quick


def test_one_number_is_that_of_the_panel_without_the_area(make, panel_of):
    panel = panel_of()
    table = leave_one_area_out(make(panel)).table.set_index("area")
    assert list(table.index) == list(panel.units)
    assert table["treated"].sum() == 5
    fit = twoway.fit(panel.outcome[1:], panel.status[1:])
    assert table.loc["a000", "relative"] == pytest.approx(np.expm1(fit.b), abs=1e-9)


def test_an_effect_in_all_areas_passes(make, panel_of):
    found = leave_one_area_out(make(panel_of()))
    assert found.status == "pass"
    assert found.numbers["lowest_relative"] <= found.numbers["highest_relative"] < 0


@pytest.mark.parametrize(("left", "status"), [(-0.05, "fail"), (-0.149, "fail"), (-0.151, "warn"), (-0.29, "warn")])
def test_an_effect_that_one_treated_area_carries_fails(make, panel_of, left, status):
    panel = panel_of(effect=0.0, treated=3, areas=30)

    def refit(panel, model=""):
        """Without the treated area a001 the effect is smaller, and cannot be told from none."""
        p, b = (0.01, -0.3) if "a001" in panel.units else (0.4, left)
        return Quick(b, b - 0.2, b + 0.2, p, b, b - 0.2, b + 0.2, 1.0, len(panel.units), 3)

    found = leave_one_area_out(make(panel, refit=refit))
    assert found.status == status
    assert ("rests on the treated area a001" in found.finding) == (status == "fail")
    assert "a001" in found.finding


def test_a_p_that_the_assignments_left_cannot_reach_is_no_failure(make, panel_of):
    """2 of 9 areas: 36 assignments, smallest p 0.028; 1 of 8 cannot go under 0.125."""

    def refit(panel, model=""):
        p = 0.028 if panel.treated.sum() == 2 else 0.125
        return Quick(-0.3, -0.5, -0.1, p, -0.3, -0.5, -0.1, 1.0, len(panel.units), 2)

    found = leave_one_area_out(make(panel_of(areas=9, treated=2), refit=refit))
    assert found.status == "warn"


@pytest.mark.parametrize(("p", "status"), [(0.01, "fail"), (0.6, "pass")])
def test_a_sign_that_changes_counts_where_there_is_an_effect(make, panel_of, p, status):
    def refit(panel, model=""):
        b = -0.1 if "a019" in panel.units else 0.02
        return Quick(b, b - 0.5, b + 0.5, p, b, b - 0.5, b + 0.5, 1.0, len(panel.units), 5)

    assert leave_one_area_out(make(panel_of(), refit=refit)).status == status


def test_one_treated_area_is_a_doubt_and_its_row_says_why(make, panel_of):
    found = leave_one_area_out(make(panel_of(treated=1, effect=-0.7)))
    assert found.status == "warn"
    assert found.table.set_index("area").loc["a000", "note"] == "no treated area is left"


@pytest.mark.parametrize(("areas", "treated", "of_them"), [(80, 12, 12), (150, 60, 40), (60, 12, 12)])
def test_of_many_areas_the_largest_are_left_out(make, panel_of, areas, treated, of_them):
    panel = panel_of(areas=areas, treated=treated, months=8, start=4)
    table = leave_one_area_out(make(panel)).table
    assert (len(table), table["treated"].sum()) == (60, of_them)
    sizes = dict(zip(panel.units, panel.outcome.sum(axis=1), strict=True))
    others = [name for name, was in zip(panel.units, panel.treated, strict=True) if not was]
    kept = set(table.loc[~table["treated"], "area"])
    if len(kept) < len(others):
        assert min(sizes[name] for name in kept) >= max(sizes[name] for name in others if name not in kept)


def test_two_areas_leave_nothing_to_leave_out(make, panel_of):
    assert leave_one_area_out(make(panel_of(areas=2, treated=1))).status == "not possible"


def test_a_period_that_makes_the_effect_is_found(make, panel_of):
    panel = panel_of(effect=0.0, months=12, start=6)
    outcome = panel.outcome.copy()
    outcome[panel.treated, 8] = 0
    found = leave_one_period_out(make(replace(panel, outcome=outcome)))
    assert found.status == "fail"
    assert "2018-09-01" in found.finding
    assert len(found.table) == 12


def test_an_effect_in_every_period_passes(make, panel_of):
    assert leave_one_period_out(make(panel_of())).status == "pass"


def test_of_many_periods_the_strange_ones_are_left_out(make, panel_of):
    panel = panel_of(months=60, start=30)
    outcome = panel.outcome.copy()
    outcome[panel.treated, 7] *= 3
    table = leave_one_period_out(make(replace(panel, outcome=outcome))).table
    assert len(table) == 24
    assert "2018-08-01" in set(table["period"])
    assert table["period"].is_monotonic_increasing


def test_one_period_after_the_start_is_a_doubt(make, panel_of):
    found = leave_one_period_out(make(panel_of(months=8, start=7, effect=-0.7)))
    assert found.status == "warn"
    assert "no period after the start is left" in set(found.table["note"])
