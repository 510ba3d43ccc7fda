"""Gaps between groups: against the largest group, with intervals; small groups together; unknown groups in none."""

import pytest

from crisiskit.release import equity_views as equity

NOTEBOOK = "20_gaps"


def group(record, name, yes, no, first, **values):
    flags = [True] * yes + [False] * no
    return [record(first + i, gender=name, force_used=flag, **values) for i, flag in enumerate(flags)]


def test_a_gap_beyond_chance_is_named_in_points_with_its_n(report, record):
    rows = group(record, "female", 10, 190, 0) + group(record, "male", 40, 60, 500)
    view = equity.equity(report(NOTEBOOK, rows))
    assert "force used, gender: male +35.0 points" in view.note
    assert "40.0 % (40 of 100)" in view.note
    row = view.figure.data.set_index("label").loc["force used, gender: male"]
    assert row["reference"] == "female"  # the largest group
    assert row["difference_low"] > 0


def test_a_gap_within_chance_is_not_named(report, record):
    rows = group(record, "female", 10, 90, 0) + group(record, "male", 8, 72, 500)
    assert equity.equity(report(NOTEBOOK, rows)).note.startswith("None of 1 differences lies beyond chance.")


def test_a_gap_that_is_only_one_of_needs_vanishes_within_them(report, record):
    """Force is used in half of the calls about violence and in none about grief; men call more about violence."""
    rows = group(record, "female", 10, 10, 0, need="violence") + group(record, "female", 0, 80, 100, need="grief")
    rows += group(record, "male", 30, 30, 300, need="violence") + group(record, "male", 0, 20, 400, need="grief")
    row = equity.equity(report(NOTEBOOK, rows)).figure.data.set_index("label").loc["force used, gender: male"]
    assert row["difference"] == pytest.approx(30 / 80 - 10 / 100)
    assert row["adjusted_difference"] == pytest.approx(0, abs=1e-12)


def test_records_of_unknown_group_are_said_and_compared_with_none(report, record):
    rows = group(record, "female", 10, 90, 0) + group(record, "male", 8, 72, 500)
    rows += group(record, "unknown", 15, 15, 800)
    view = equity.equity(report(NOTEBOOK, rows))
    assert "where the group is not known, 50.0 % (15 of 30); they are in no comparison." in view.note
    assert not view.figure.data["label"].str.contains("unknown").any()


def test_small_groups_are_put_together(report, record):
    rows = group(record, "female", 10, 90, 0) + group(record, "male", 8, 72, 200)
    rows += group(record, "nonbinary", 5, 10, 400) + group(record, "transgender", 5, 10, 500)
    labels = set(equity.equity(report(NOTEBOOK, rows)).folds[0][1]["label"])
    assert "force used, gender: small groups" in labels
    assert not labels & {"force used, gender: nonbinary", "force used, gender: transgender"}


def test_diversion_is_of_eligible_events_whose_ending_is_known(report, record):
    endings = ["resolved"] * 6 + ["arrested"] * 2 + [None] * 2
    rows = [record(i, eligible=True, outcome=ending) for i, ending in enumerate(endings)]
    rows += [record(50 + i, eligible=False, outcome="arrested") for i in range(5)]
    view = equity.diversion(report(NOTEBOOK, rows))
    assert view.points[0].startswith("75.0 % (6 of 8); 95 % interval")
    assert "bounds 60.0 to 80.0 %" in view.points[0]  # both unknown endings arrests, or neither
    assert "no effect of the programme" in view.note
