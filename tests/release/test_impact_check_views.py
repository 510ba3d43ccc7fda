"""Every check with its status; four of them as drawn."""

from collections import Counter

import pytest
from impact_reports import AREAS, MORE, axes_of, question, report

from crisiskit.release import impact_check_views as views
from crisiskit.release import impact_plots


def check_of(made, name):
    return next(check for check in made.study.checks if check.id == name)


def points(axes):
    return [line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 1]


def test_every_check_stands_in_the_table_with_what_would_help():
    made = report()
    view = views.attempts(made)
    assert len(view.table) == len(made.study.checks)
    assert view.note.startswith(f"{len(made.study.checks)} checks: ")
    for check, row in zip(made.study.checks, view.table.itertuples(), strict=True):
        assert row.status == check.status
        assert check.finding.rstrip(".") in row[3]
        assert check.asks.rstrip(".") in row[3]


def test_pretended_starts_are_drawn_under_the_real_one(monkeypatch):
    made = report()
    figures = axes_of(monkeypatch, impact_plots, "intervals")
    view, table = views.placebo_dates(made), check_of(made, "placebo_date").table
    assert points(figures[0].axes[0]) == pytest.approx([100 * made.study.main.relative, *(100 * table["relative"])])
    assert view.note == check_of(made, "placebo_date").finding


def test_without_enough_history_pretended_starts_say_so():
    early = [{"area": area, "start": "2023-05-01"} for area in AREAS]
    made = report(asked=question(roll_out=early))
    check, view = check_of(made, "placebo_date"), views.placebo_dates(made)
    assert check.status == "not possible"
    assert view.absent
    assert check.finding.rstrip(".") in view.note
    assert f"what would help: {check.asks.rstrip('.')}" in view.note


def test_all_four_statuses_are_told_and_counted():
    made = report()
    tally = Counter(check.status for check in made.study.checks)
    assert set(tally) == set(views.STATUSES)
    told = ", ".join(f"{tally[status]} {status}" for status in views.STATUSES)
    assert views.attempts(made).note == f"{len(made.study.checks)} checks: {told}."


def test_what_moves_the_estimate_most_is_drawn(monkeypatch):
    made = report()
    figures = axes_of(monkeypatch, impact_plots, "intervals")
    views.left_out(made)
    drawn = points(figures[0].axes[0])
    areas = check_of(made, "leave_one_area_out").table["relative"]
    farthest = areas.loc[(areas - made.study.main.relative).abs().idxmax()]
    assert 100 * farthest == pytest.approx(drawn[1])
    assert len(drawn) <= 1 + views.MOST_ROWS


def test_the_curve_is_sorted_and_marks_the_reports_own_definition(monkeypatch):
    made = report(asked=question(**MORE))
    figures = axes_of(monkeypatch, impact_plots, "curve")
    view = views.definitions(made)
    top = figures[0].axes[0]
    values = [y for _, y in top.collections[1].get_offsets()]
    assert values == sorted(values)
    table = check_of(made, "definition_curve").table
    assert values == pytest.approx(sorted(100 * table["relative"].dropna()))
    marked = next(line for line in top.lines if line.get_marker() == "s")
    assert marked.get_ydata() == pytest.approx([100 * made.study.main.relative])
    names = [label.get_text().replace("\n", " ") for label in figures[0].axes[1].get_yticklabels()]
    assert "outcome: other offences" in names
    assert view.note == check_of(made, "definition_curve").finding
