"""Triage: shares with bounds for what nobody adjudicated, errors by group, a score over its thresholds."""

import pytest

from crisiskit.release import triage_views as triage
from crisiskit.release.report import open_report

NOTEBOOK = "20_gaps"


def cases(record, hit, alarm, miss, quiet, open_passed=0, first=0, **values):
    """Records by what was decided and what proved true; `open_passed` were not flagged and have no need recorded."""
    cells = [(True, "suicide", hit), (True, "other", alarm), (False, "suicide", miss), (False, "other", quiet),
             (False, None, open_passed)]
    rows = [(flag, need) for flag, need, number in cells for _ in range(number)]
    return [record(first + place, cit_requested=flag, need=need, **values) for place, (flag, need) in enumerate(rows)]


def test_a_published_table_is_shown_share_by_share(report, record):
    """Altman and Bland (1994), liver scans: 231 of 258 abnormal found, 54 of 86 normal; 231 of 263 and 54 of 81."""
    view = triage.triage(report(NOTEBOOK, cases(record, 231, 32, 27, 54)))
    data = view.figure.data.set_index("label")
    assert data.loc["sensitivity (n = 258)", "value"] == pytest.approx(231 / 258)
    assert data.loc["specificity (n = 86)", "value"] == pytest.approx(54 / 86)
    assert data.loc["positive predictive value (n = 263)", "value"] == pytest.approx(231 / 263)
    assert data.loc["negative predictive value (n = 81)", "value"] == pytest.approx(54 / 81)
    assert "Proved true: 75.0 % (258 of 344)." in view.note
    assert view.figure.title == "Triage: CIT requested against need mental health, suicide or substance use"


def test_what_nobody_adjudicated_widens_the_bounds(report, record):
    """All 100 open cases that were not flagged could be missed ones: 40 of 50 found may be 40 of 150."""
    view = triage.triage(report(NOTEBOOK, cases(record, 40, 10, 10, 40, 100)))
    row = view.figure.data.set_index("label").loc["sensitivity (n = 50)"]
    assert row["bound_low"] == pytest.approx(40 / 150)
    assert row["bound_high"] == pytest.approx(0.8)


def test_where_only_flagged_cases_were_looked_into_nothing_is_said_of_those_missed(report, record):
    view = triage.triage(report(NOTEBOOK, cases(record, 40, 10, 0, 0, 100)))
    assert view.figure.data["label"].tolist() == ["positive predictive value (n = 50)"]
    assert "Not computed: sensitivity, specificity and negative predictive value of calls" in view.note
    assert "verification bias" in view.note


def test_where_all_proved_true_no_rule_is_told_from_another(report, record):
    """Every flagged case of such a source is right, so a predictive value of 100 % would praise any rule."""
    view = triage.triage(report(NOTEBOOK, cases(record, 40, 0, 60, 0)))
    assert view.figure is None
    assert "any share of calls (proved true: 100.0 % (100 of 100), so nothing tells the cases apart)" in view.note


def test_such_a_source_stands_in_no_figure_beside_another(report, record):
    rows = cases(record, 40, 0, 60, 0) + cases(record, 40, 10, 10, 40, first=200, source="other")
    view = triage.triage(report(NOTEBOOK, rows))
    assert all("(other)" in label for label in view.figure.data["label"])
    assert view.figure.credit.startswith("n = 100 cases")
    assert "Not computed: any share of calls" in view.note


def test_errors_by_group_need_enough_cases(report, record):
    rows = cases(record, 30, 5, 10, 35, gender="female") + cases(record, 5, 5, 5, 5, first=100, gender="male")
    rows += cases(record, 30, 5, 10, 35, first=200, gender="declined")
    view = triage.triage(report(NOTEBOOK, rows))
    groups = dict(view.folds)["Errors by group"]
    assert groups["group"].unique().tolist() == ["gender: female"]
    assert groups.set_index("statistic").loc["sensitivity", ["numerator", "denominator"]].tolist() == [30, 40]


def test_settings_name_another_decision_and_what_is_not_recorded_is_said(report, record):
    rows = [record(number, risk="high" if number < 4 else "low", arrested=number % 2 == 0, need="suicide")
            for number in range(10)]
    opened = report(NOTEBOOK, rows, triage_decision="risk=high,imminent", triage_truth="arrested")
    assert triage.triage(opened).figure.data.set_index("label").loc["sensitivity (n = 5)", "numerator"] == 2
    silent = open_report(NOTEBOOK, str(opened.folder), str(opened.figures.folder))
    assert triage.triage(silent).note.startswith("Not recorded in this source: triage against what proved true")


@pytest.fixture
def scored(report):
    """Open a report on records that were scored: (score, need) pairs."""

    def scored(record, pairs, **parameters):
        held = [record(place, need=need) for place, (_, need) in enumerate(pairs)]
        rows = [{"follow_up_id": f"f{place}", "source": "calls", "step": "needs_assessment", "instrument": "danger",
                 "item": "total", "record_id": f"r{place}", "score": float(points), "source_file": "f",
                 "source_row": place} for place, (points, _) in enumerate(pairs)]  # fmt: skip
        return report(NOTEBOOK, held, follow_ups=rows, **parameters)

    return scored


def test_a_score_is_traced_over_its_thresholds(scored, record):
    """From 2 on: 3 of 4 true ones and 1 of 4 others are flagged."""
    pairs = [(1, "suicide"), (2, "suicide"), (3, "suicide"), (3, "suicide"), (1, "other"), (1, "other"), (1, "other"),
             (2, "other"), (3, None)]  # fmt: skip
    view = triage.triage_score(scored(record, pairs, triage_score="danger"))
    row = view.figure.data.set_index("threshold").loc[2]
    assert (row["sensitivity"], row["specificity"], row["flagged_share"]) == (0.75, 0.75, 0.5)
    assert "At 2 or more" in view.note
    assert "1 record whose truth is not known" in view.figure.credit


def test_without_a_name_the_instruments_are_told(scored, record):
    view = triage.triage_score(scored(record, [(1, "suicide")]))
    assert "triage_score is not given in the settings (instruments with scores: danger)" in view.note


def test_a_score_of_which_all_proved_true_has_no_curve(scored, record):
    view = triage.triage_score(scored(record, [(1, "suicide"), (2, "suicide")], triage_score="danger"))
    assert view.figure is None
    assert "all 2 scored records are alike" in view.note
