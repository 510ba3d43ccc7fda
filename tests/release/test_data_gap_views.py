"""Missing data by field, site and month: shares with their n, kinds of missing apart, and absent is not zero."""

from datetime import date

import pytest

from crisiskit.release import data_gap_views as gaps

NOTEBOOK = "20_gaps"


def people(record, known, declined=0, blank=0, first=0, **values):
    """Records whose gender is known, declined, or left blank."""
    rows = [{"gender": "female"}] * known + [{"gender": "declined"}] * declined + [{}] * blank
    return [record(first + i, **row, **values) for i, row in enumerate(rows)]


def test_kinds_of_missing_stand_apart_and_absent_fields_are_named_not_counted(report, record):
    view = gaps.missing_fields(report(NOTEBOOK, people(record, 6, declined=3, blank=1)))
    data = view.figure.data.set_index("label")
    assert data.loc["gender", ["known", "declined", "blank"]].tolist() == [6, 3, 1]
    assert "gender 60.0 % (6 of 10)" in view.note
    assert "Not recorded in this source, and not zero: place: area id" in view.note
    assert "age" not in data.index


def test_what_does_not_apply_is_not_in_the_denominator(report, record):
    rows = [*people(record, 4, declined=1), record(90, gender="not_applicable")]
    assert "gender 80.0 % (4 of 5)" in gaps.missing_fields(report(NOTEBOOK, rows)).note


def test_sources_are_judged_apart(report, record):
    rows = people(record, 5) + people(record, 1, blank=4, first=50, source="other") + [record(99, age=5)]
    labels = gaps.missing_fields(report(NOTEBOOK, rows)).figure.data["label"].tolist()
    assert "gender (other)" in labels
    assert "age (other)" not in labels  # a field that a source does not have is not blank in it


def test_the_site_that_knows_least_is_named_with_its_n(report, record):
    rows = people(record, 10, site="North", blank=0) + people(record, 5, blank=15, first=50, site="South")
    view = gaps.missing_sites(report(NOTEBOOK, rows))
    assert "gender, known from 25.0 % (5 of 20) in South to 100.0 % (10 of 10) in North" in view.note
    assert view.figure.data.set_index("site").loc["South", "blank"] == 15


def test_a_site_with_few_records_has_no_share(report, record):
    rows = people(record, 10, blank=2, site="North") + people(record, 12, first=30, site="South")
    rows += people(record, 0, blank=3, first=50, site="Tiny")
    view = gaps.missing_sites(report(NOTEBOOK, rows))
    assert "Tiny" not in set(view.figure.data["site"])


def test_months_carry_their_interval(report, record):
    rows = people(record, 20, period_start=date(2024, 1, 5))
    rows += people(record, 10, blank=10, first=50, period_start=date(2024, 2, 5))
    rows += people(record, 20, first=90, period_start=date(2024, 3, 5))
    data = gaps.missing_months(report(NOTEBOOK, rows)).figure.data.set_index("month")
    assert data.loc["2024-02", "percent"] == pytest.approx(50)
    # Wilson, 10 of 20: 0.2993 to 0.7007
    assert data.loc["2024-02", ["low", "high"]].tolist() == pytest.approx([29.93, 70.07], abs=0.01)


def test_doubtful_units_are_counted_in_durations_and_named_by_site(report, record):
    units = [
        {"column": "duration_min", "site": site, "verdict": verdict, "rows": rows}
        for site, verdict, rows in (("North", "agrees", 30), ("South", "mixed", 10))
    ]
    quality = {"units": units, "aggregate": {"rows": 2, "contacts": 50, "share_of_contacts": 0.5}}
    note = gaps.doubtful_records(report(NOTEBOOK, people(record, 1), quality=quality)).note
    assert "25.0 % (10 of 40) of the durations tested stand in groups whose unit is in doubt: South." in note
    assert "2 records that cover a week or more: 50.0 % (50 of 100) contacts stand on them" in note


def test_the_export_to_ask_for_names_the_mapping_and_then_the_columns(report, record):
    view = gaps.ask_for(report(NOTEBOOK, people(record, 1)))
    wanted = "step in table follow_ups: for “Needs identified and not met”"
    assert any(point.startswith(wanted) for point in view.points)
    assert not any(point.startswith("gender") for point in view.points)


def test_totals_alone_have_no_field_to_judge(report):
    counts = [{"source": "c", "measure": "population", "value": 5.0, "source_file": "f", "source_row": 1}]
    made = report(NOTEBOOK, counts=counts)
    assert gaps.completed(made).empty
    assert gaps.each_source(made) == []
    assert gaps.missing_fields(made).absent
