"""The verdict in words, other evidence as drawn, and the shipped calibration."""

import pytest
from impact_reports import MORE, axes_of, question, report, tables

from crisiskit.errors import UserError
from crisiskit.impact.verdict import rules
from crisiskit.release import impact_plots
from crisiskit.release import impact_verdict_views as views


def test_the_verdict_is_the_rules_own_with_its_reasons():
    made = report()
    view, found = views.verdict(made), made.study.verdict
    assert view.note.startswith(f"{views.HEADINGS[found.kind]} {found.sentence}")
    assert view.points == found.reasons_against
    held = view.folds[0][1]
    assert list(held["what was seen"]) == [*found.reasons_for, *found.open_points]
    assert set(view.folds[1][1]["critical check"]) == set(rules()["critical"])


def test_an_assumed_list_of_areas_is_said_with_the_verdict():
    assert "the verdict is one about that list" in views.verdict(report(asked=question(**MORE))).note
    assert "one about that list" not in views.verdict(report()).note


def test_published_figures_and_the_truth_stand_beside_the_estimate(monkeypatch):
    made = report(asked=question(**MORE))
    figures = axes_of(monkeypatch, impact_plots, "intervals")
    view = views.context(made)
    drawn = [line.get_xdata()[0] for line in figures[0].axes[0].lines if len(line.get_xdata()) == 1]
    assert drawn == pytest.approx([100 * made.study.main.relative, -10, -40])
    main = made.study.main
    assert f"the estimate {main.relative:+.1%} is {100 * abs(main.relative + 0.4):.1f} points off" in view.note
    inside = main.relative_low <= -0.4 <= main.relative_high
    assert f"the interval {'holds' if inside else 'misses'} the truth" in view.note
    assert "A study reports -10%" in view.note
    assert "Its note." in view.note


def test_a_truth_is_refused_for_data_that_are_not_simulated():
    made = report(asked=question(known_relative="-0.4", seed="5"))
    object.__setattr__(made.figures, "simulated", False)
    assert "not marked as such" in views.context(made).note


def test_without_other_evidence_the_section_says_so():
    assert views.context(report()).absent


def test_the_calibration_meets_what_was_asked_and_the_nearest_row_comes_first():
    view = views.calibration(report())
    assert list(view.table.loc[0, ["treated", "months"]]) == [4, 24]
    every = view.folds[0][1]
    assert len(every) == 9
    several = every[every["treated"] > 1]
    assert several["size_randomisation"].between(3.5, 6.5).all()
    assert several["coverage_randomisation"].between(93, 97).all()
    assert (every["bias_of_effect"].abs() < 2).all()
    assert (every.loc[every["treated"] < 8, "size_cluster"] > 10).all()


@pytest.mark.parametrize(("made", "asked", "design"), [
    ({"areas": 4}, {"design": "its"}, "interrupted time series"),
    ({"stagger": 3}, {"stagger": 3}, "imputation from untreated areas and periods"),
])  # fmt: skip
def test_a_calibration_of_another_design_is_not_taken_for_this_one(made, asked, design):
    note = views.calibration(report(tables(**made), question(**asked))).note
    assert f"the main estimate here is by {design}, of which these figures say nothing" in note
    assert "say nothing" not in views.calibration(report()).note


def test_a_typo_in_the_question_is_one_clear_message():
    with pytest.raises(UserError, match="did you mean 'targeted_offences'"):
        views.verdict(report(asked=question(outcome={"label": "x", "measure": "targeted_ofences"})))


def test_the_verdicts_of_known_worlds_are_shown_for_the_nearest_number_of_treated_areas():
    """Of idle programmes few are called supported, and of strong ones most: `python bench/verdicts.py`."""
    note, (title, table) = views._verdicts(treated=7)
    rows = table[table["treated"] == 8].set_index("world")
    idle = rows[rows.index.str.startswith("no effect")]
    assert len(idle) == 5
    assert (idle["supported"] <= 10).all()
    assert rows.loc["no effect", "supported"] <= 2.5
    assert rows.loc["effect -40 %", "supported"] >= 70
    assert table[["supported", "inconclusive", "not supported"]].sum(axis=1).between(99.5, 100.1).all()
    assert f"{idle['supported'].max():.0f} %" in note
    assert "8 of 36 areas treated" in note
    assert title.startswith("Verdicts in worlds")
