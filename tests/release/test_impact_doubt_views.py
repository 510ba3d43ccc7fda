"""Doubt as drawn: where the real assignment stands, coefficients by period, bounds by multiples of past differences."""

import numpy as np
import pytest
from impact_reports import axes_of, question, report, tables, visible

from crisiskit.release import impact_doubt_views as views
from crisiskit.release import impact_plots


def test_the_reassignments_are_drawn_with_the_real_one(monkeypatch):
    made = report()
    figures = axes_of(monkeypatch, impact_plots, "distribution")
    view, drawn = views.reassigned(made), made.study.drawn
    axes = figures[0].axes[0]
    assert sum(patch.get_height() for patch in axes.patches) == np.isfinite(drawn.distribution).sum()
    assert axes.lines[0].get_xdata()[0] == pytest.approx(drawn.observed)
    assert f"p {drawn.p:.4f}" in view.note
    assert f"all {drawn.assignments:,} possible assignments" in view.note


def test_one_treated_area_of_ten_says_that_chance_stays_open():
    view = views.reassigned(report(tables(areas=10, treated=1), question(treated=1)))
    assert "whatever the data, chance cannot be excluded" in view.note


def test_the_event_study_is_that_of_the_study(monkeypatch):
    made = report()
    figures = axes_of(monkeypatch, impact_plots, "coefficients")
    view, series = views.event_study(made), made.study.event.series
    before, after = (line.get_ydata() for line in figures[0].axes[0].lines[:2])
    assert [*before, *after] == pytest.approx(series["estimate"].tolist())
    assert len(before) == 12
    assert view.note == next(check.finding for check in made.study.checks if check.id == "pre_trends")


def test_a_staggered_roll_out_has_no_event_study_and_says_why():
    made = report(tables(stagger=3), question(stagger=3))
    view = views.event_study(made)
    assert view.absent
    assert "the areas did not all start at once" in view.note
    assert views.trends(made).absent
    assert not views.reassigned(made).absent


def test_the_bounds_are_those_of_the_check(monkeypatch):
    made = report()
    figures = axes_of(monkeypatch, impact_plots, "bands")
    view = views.trends(made)
    table = next(check.table for check in made.study.checks if check.id == "honest_pre_trends")
    for axes, ends in zip(figures[0].axes, (("low", "high"), ("bend_low", "bend_high")), strict=True):
        for line, end in zip(axes.lines[:2], ends, strict=True):
            assert line.get_ydata() == pytest.approx(table[end].to_numpy())
    assert figures[0].axes[1].lines[0].get_xdata() == pytest.approx(100 * np.expm1(table["bend"]))
    assert "nan" not in visible(view).lower().replace("finance", "")
