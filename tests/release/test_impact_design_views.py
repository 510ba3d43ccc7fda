"""Other designs as drawn, the mix of other areas, and outcomes with adjusted p values."""

import pytest
from impact_reports import MORE, axes_of, question, report, tables

from crisiskit.impact.result import Estimate
from crisiskit.release import impact_design_views as views
from crisiskit.release import impact_plots


def test_every_design_with_an_estimate_is_a_row_and_every_other_a_reason(monkeypatch):
    made = report()
    figures = axes_of(monkeypatch, impact_plots, "intervals")
    view, others = views.other_designs(made), made.study.others
    found = [one for one in others.values() if isinstance(one, Estimate)]
    points = [line.get_xdata()[0] for line in figures[0].axes[0].lines if len(line.get_xdata()) == 1]
    assert points == pytest.approx([100 * made.study.main.relative, *(100 * one.relative for one in found)])
    assert len(view.points) == len(others)
    assert any("not here, for all areas start at once" in point for point in view.points)


def test_covariates_add_an_adjusted_estimate():
    made = report(asked=question(**MORE))
    titles = [title for title, one in made.study.others.items() if isinstance(one, Estimate)]
    assert "Difference in differences, adjusted for other_offences" in titles


def test_the_mix_is_drawn_beside_the_treated_mean(monkeypatch):
    made = report()
    figures = axes_of(monkeypatch, impact_plots, "mixed")
    view, panel = views.synthetic(made), made.study.panel
    seen, mixed = figures[0].axes[0].lines[:2]
    assert seen.get_ydata() == pytest.approx(panel.outcome[panel.treated].mean(axis=0))
    answer = next(one for title, one in made.study.others.items() if title.startswith("Synthetic control"))
    assert mixed.get_ydata() == pytest.approx(answer.series["expected"].to_numpy())
    assert answer.sentence() in view.note
    gap = next(line for line in figures[0].axes[1].lines if line.get_color() == impact_plots.VERMILLION)
    assert gap.get_ydata() == pytest.approx(seen.get_ydata() - mixed.get_ydata())


def test_a_staggered_roll_out_says_why_there_is_no_mix():
    view = views.synthetic(report(tables(stagger=3), question(stagger=3)))
    assert view.absent
    assert "did not all start at once" in view.note


def test_outcomes_are_adjusted_for_their_number_and_lost_ones_are_told():
    made = report(asked=question(**MORE))
    view = views.outcomes(made)
    assert list(view.table["outcome"]) == ["targeted offences", "other offences"]
    assert (view.table["p_romano_wolf"] >= view.table["p"] - 1e-12).all()
    assert view.note.startswith("2 outcomes; ")
    assert views.outcomes(report()).absent
