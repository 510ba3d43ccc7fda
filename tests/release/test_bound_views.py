"""What missing values could change: bounds of headlines, whether a ranking survives, a test of randomness."""

import pytest

from crisiskit.release import bound_views as bounds

NOTEBOOK = "20_gaps"


def findings(record, yes, no, silent, first=0, **values):
    """Records in which force was used, was not, or nobody wrote it down."""
    flags = [True] * yes + [False] * no + [None] * silent
    return [record(first + i, force_used=flag, **values) for i, flag in enumerate(flags)]


def test_a_headline_stands_with_its_worst_and_best_case(report, record):
    view = bounds.headline_bounds(report(NOTEBOOK, findings(record, 20, 60, 20)))
    row = view.figure.data.set_index("label").loc["force used"]
    assert row[["value", "bound_low", "bound_high"]].tolist() == pytest.approx([0.25, 0.20, 0.40])
    assert "force used is 25.0 % (20 of 80) among known records" in view.note
    assert "20.0 to 40.0 %" in view.note


@pytest.mark.parametrize("truth", [0.0, 0.3, 1.0])
def test_the_bounds_hold_the_truth_whatever_was_missing(report, record, truth):
    """100 records, of which 30 went missing by their own value: the true share lies within the bounds."""
    silent = 30
    view = bounds.headline_bounds(report(NOTEBOOK, findings(record, 20, 50, silent)))
    row = view.figure.data.set_index("label").loc["force used"]
    assert row["bound_low"] <= (20 + truth * silent) / 100 <= row["bound_high"]


def test_headlines_that_nothing_can_move_are_only_counted(report, record):
    view = bounds.headline_bounds(report(NOTEBOOK, [record(i, need="grief") for i in range(3)]))
    assert view.note == "1 headline, each on a field that is always known: nothing can move."


def test_a_ranking_that_missing_values_can_turn_does_not_survive(report, record):
    rows = findings(record, 6, 14, 10, site="North") + findings(record, 4, 16, 10, first=50, site="South")
    view = bounds.ranking_survives(report(NOTEBOOK, rows))
    assert view.table["pairs that keep their order"].tolist() == ["0.0 % (0 of 1)"]
    assert "the ranking does not survive" in view.note
    assert view.figure.data["label"].str.replace("\xa0", " ").tolist() == ["North (n = 20)", "South (n = 20)"]


def test_a_ranking_far_apart_survives(report, record):
    rows = findings(record, 18, 2, 1, site="North") + findings(record, 1, 19, 1, first=50, site="South")
    view = bounds.ranking_survives(report(NOTEBOOK, rows))
    assert view.note == "Every ranking tried keeps its order whatever the missing values were."
    assert view.table["pairs that keep their order"].tolist() == ["100.0 % (1 of 1)"]


def test_missing_by_site_is_not_completely_at_random(report, record):
    rows = [record(i, gender="female" if i % 10 else None, site="North") for i in range(200)]
    rows += [record(500 + i, gender="female" if i % 2 else None, site="South") for i in range(200)]
    view = bounds.missing_at_random(report(NOTEBOOK, rows))
    assert view.points == ("gender: not completely at random: differs by site",)
    row = view.folds[0][1].iloc[0]
    assert row["missing"] == "30.0 % (120 of 400)"
    # Pearson: 400 (180*100 - 20*100)^2 / (200*200*120*280) = 76.19, worked by hand
    assert row["chi square"] == pytest.approx(76.190, abs=0.001)


def test_nothing_missing_is_said_and_not_tested(report, record):
    view = bounds.missing_at_random(report(NOTEBOOK, [record(i, gender="female", site="North") for i in range(5)]))
    assert view.absent
