"""The first sections: the question in words, designs with reasons, the panel's audit, series and intervals as drawn."""

import numpy as np
import pytest
from impact_reports import axes_of, question, report, tables

from crisiskit.impact.result import p_words
from crisiskit.release import impact_plots
from crisiskit.release import impact_views as views


def test_the_question_says_who_when_and_which_direction_is_good():
    asked = question(treated_are_assumed="Nobody published the list.", worth="0.15")
    asked["outcome"] |= {"why": "people are helped", "more_may_be_success": "true"}
    note = views.question(report(asked=asked)).note
    assert "reached 4 areas (Ashvale, Birchmere, Coldwater Bend and Dunmoor), compared with 10 areas" in note
    assert "24 months from 2023-01-01 on, 12 of them before the first start" in note
    assert "fewer targeted offences, for people are helped. More records may themselves mean success." in note
    assert "worth funding is 15%" in note
    assert "The list of treated areas is assumed. Nobody published the list." in note


def test_designs_that_cannot_be_used_say_why_and_what_would_help():
    table = views.designs(report()).table.set_index("design")
    lacking = table[table["usable here"] == "no"]
    assert list(lacking.index) == ["Staggered adoption (imputation, Callaway and Sant'Anna, Sun and Abraham)"]
    assert lacking["why not"].iloc[0] == "all areas start at once"
    assert (table.loc[table["usable here"] == "yes", "why not"] == "").all()


def test_designs_that_a_longer_history_allows_say_so():
    asked = question(window={"from": "2023-08-01", "to": "2024-06-30"})
    table = views.designs(report(asked=asked)).table.set_index("design")
    assert table.loc["Synthetic control", "usable here"] == "on all periods from 2023-01-01 on"


def test_the_panel_states_every_merge_with_its_totals():
    made = report()
    view, panel = views.panel(made), made.study.panel
    assert "14 areas by 24 months: 336 cells, of which 0 are zeros and 0 are missing; " in view.note
    assert f"; {panel.outcome.sum():,.0f} targeted offences in all" in view.note
    assert (view.table["total after"] == panel.outcome.sum()).all()
    assert (view.table["duplicated keys"] == 0).all()


def test_the_series_are_the_means_of_the_areas(monkeypatch):
    made = report()
    figures, panel = axes_of(monkeypatch, impact_plots, "series"), made.study.whole
    view = views.seen(made)
    treated, others = figures[0].axes[0].lines[:2]
    assert treated.get_ydata() == pytest.approx(panel.outcome[panel.treated].mean(axis=0))
    assert others.get_ydata() == pytest.approx(panel.outcome[~panel.treated].mean(axis=0))
    index = figures[0].axes[1].lines[0].get_ydata()
    assert np.mean(index[:12]) == pytest.approx(100)
    assert "1: the programme begins" in [text.get_text() for text in figures[0].legends[0].get_texts()]
    assert view.figure.title.startswith("SIMULATED: ")
    assert f"{panel.outcome[panel.treated][:, :12].mean():,.1f} before" in view.note


def test_the_believed_interval_is_marked_and_said(monkeypatch):
    made = report()
    figures = axes_of(monkeypatch, impact_plots, "intervals")
    view, table = views.estimate(made), made.study.inference
    believed = table[table["believed"]].iloc[0]
    lines = [line for line in figures[0].axes[0].lines if len(line.get_xdata()) == 2 and line.get_ydata()[0] == 3]
    assert lines[0].get_xdata() == pytest.approx([100 * believed["relative_low"], 100 * believed["relative_high"]])
    assert lines[0].get_color() == impact_plots.VERMILLION
    span = f"{believed['relative_low']:+.1%} to {believed['relative_high']:+.1%}, {p_words(believed['p'])}"
    first, *rest = view.note.split("\n")
    assert f"(95 % interval {span}, by randomisation of the programme)" in first
    assert view.figure.alt.endswith(f"{span}, by randomisation of the programme).")
    own = f"{made.study.estimate.relative_low:+.1%}"
    assert own not in first
    assert any(line.startswith("By the model's own error alone") and own in line for line in rest)
    assert f"{abs(made.study.main.averted):,.0f} fewer targeted offences in treated areas" in view.note
    for kind in ("png", "svg", "csv", "json"):
        assert view.figure.path(kind).stat().st_size > 0


def test_one_treated_area_of_ten_cannot_reach_five_per_cent():
    view = views.estimate(report(tables(areas=10, treated=1), question(treated=1)))
    assert "cannot reach 5 %" in view.note
    assert "no interval is to be believed" in view.note.split("\n")[0]


def test_a_time_series_has_nothing_to_compare_with_and_says_how_it_is_judged(monkeypatch):
    made = report(tables(areas=4), question(design="its"))
    figures = axes_of(monkeypatch, impact_plots, "series")
    assert "Coldwater Bend and Dunmoor), and no area is left to compare with; 24 months" in views.question(made).note
    note, main = views.estimate(made).note, made.study.estimate
    assert "A time series is judged by its own ups and downs; no area serves as a placebo." in note.split("\n")
    assert f"(95 % interval {main.relative_low:+.1%} to {main.relative_high:+.1%}, p {main.p:.3f}, by " in note
    views.seen(made)
    names = [text.get_text() for text in figures[0].legends[0].get_texts()]
    assert names == ["treated areas", "1: the programme begins"]
