"""Waits: the curve of the answered is the measure's, and those who left are not taken for answered."""

import pytest

from crisiskit.release import wait_views as waits

NOTEBOOK = "10_response_patterns"


def calls(record, answered=(), abandoned=(), first=0, **values):
    rows = [record(first + i, wait_s=float(wait), answered=1, offered=1, **values) for i, wait in enumerate(answered)]
    start = first + len(rows)
    return rows + [record(start + i, wait_s=float(wait), answered=0, abandoned=1, offered=1, **values)
                   for i, wait in enumerate(abandoned)]  # fmt: skip


def test_the_distribution_holds_answered_contacts_by_the_second(report, record):
    view = waits.answer_ecdf(report(NOTEBOOK, calls(record, [0, 4.2, 5, 12, 30], [60, 90])))
    data = view.figure.data
    assert data[["seconds", "records", "share"]].to_numpy().tolist() == [[0, 1, 0.2], [5, 2, 0.6], [12, 1, 0.8],
                                                                         [30, 1, 1.0]]  # fmt: skip
    assert "within 10 s 60.0 % (3 of 5); 15 s 80.0 % (4 of 5)" in view.note
    assert "not answered 2" in view.figure.credit


def test_each_source_has_its_own_curve_that_ends_at_one(report, record):
    rows = calls(record, [1, 2]) + calls(record, [10, 20, 30], first=5, source="other")
    data = waits.answer_ecdf(report(NOTEBOOK, rows)).figure.data
    assert data.groupby("source")["share"].max().to_dict() == {"calls": 1, "other": 1}
    assert data.loc[data["source"] == "other", "share"].iloc[0] == pytest.approx(1 / 3)


def test_marks_warn_that_the_curve_flatters(report, record):
    view = waits.answer_ecdf(report(NOTEBOOK, calls(record, [5] * 100, access="911")))
    assert "flatters where contacts are abandoned" in view.note
    assert "NENA-STA-020.1-2020" in view.figure.alt


def test_without_a_mark_the_note_says_so(report, record):
    view = waits.answer_ecdf(report(NOTEBOOK, calls(record, [5] * 99, access="911")))
    assert "The registry of benchmarks holds no figure for the contacts of this source." in view.note


def test_an_abandoned_wait_is_cut_off_and_not_an_answer(report, record):
    view = waits.wait_survival(report(NOTEBOOK, calls(record, [10, 20, 40], [15, 30])))
    data = view.figure.data.set_index("time_s")
    # By hand: at 10 s one of five is answered; at 20 s one of three; at 40 s the last.
    assert data.loc[10, "survival"] == pytest.approx(4 / 5)
    assert data.loc[20, "survival"] == pytest.approx(4 / 5 * 2 / 3)
    assert data.loc[40, "survival"] == 0
    assert data.loc[20, "at_risk"] == 3
    assert "among those used: abandoned, waits cut off 2" in view.note
    assert "half have an answer after 40 s" in view.note  # of the answered alone, half had one after 20 s


def test_without_a_known_abandonment_there_is_no_such_curve(report, record):
    view = waits.wait_survival(report(NOTEBOOK, calls(record, [10, 20, 40])))
    assert view.figure is None
    assert "no contact with a wait is known to have been abandoned" in view.note


def test_steps_within_one_second_become_one_that_loses_nobody(report, record):
    data = waits.wait_survival(report(NOTEBOOK, calls(record, [1.2, 1.4, 1.9, 5.0], [3]))).figure.data
    row = data[data["time_s"] == 1.9].iloc[0]
    assert (row["answered"], row["at_risk"]) == (3, 5)
    assert data["answered"].sum() == 4
