"""A report: parameters are checked, the period is kept, groups are found, the demo cleans up after itself."""

import json
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest

from crisiskit.errors import UserError
from crisiskit.release.report import open_report

NOTEBOOK = "10_response_patterns"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"fiscal_year": "calender"}, "did you mean 'calendar'"),
        ({"fiscal_year": "1999"}, "one of calendar, state, federal"),
        ({"thresholds": "{age: 1}"}, "is no JSON"),
        ({"thresholds": "[1]"}, "must be a JSON object"),
        ({"thresholds": '{"age": 2}'}, "thresholds: age: '2' is no share"),
        ({"thresholds": '{"age": true}'}, "is no share"),
        ({"period_from": "01/02/2024"}, "period_from: '01/02/2024' is no day"),
        ({"period_to": "2024-02-30"}, "period_to: '2024-02-30' is no day"),
    ],
)
def test_a_parameter_that_is_not_right_is_refused_with_what_would_be(write, record, parameters, message):
    folder = write([record(1)])
    with pytest.raises(UserError, match=message.replace("(", r"\(")):
        open_report(NOTEBOOK, str(folder), **parameters)


def test_a_folder_without_a_ledger_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"lacks ledger.json"):
        open_report(NOTEBOOK, str(tmp_path))


def test_the_source_line_comes_from_the_mapping_unless_it_is_given(report, write, record):
    assert report(NOTEBOOK, [record(1)]).figures.source_line == "City of Somewhere, Calls 2024"
    folder = write([record(1)], name="other")
    assert open_report(NOTEBOOK, str(folder), source_line="Mine").figures.source_line == "Mine"


def test_a_column_is_recorded_when_a_value_in_it_is_known(report, record):
    made = report(
        NOTEBOOK,
        [
            record(1, need="unknown", access="911", age=None, missing="age=unknown", needs=[], outcomes=["hospital"]),
            record(2, need="not_asked", access="unknown"),
        ],
    )
    known = made.recorded["interventions"]
    assert {"access", "outcomes", "missing", "contacts"} <= known
    assert not {"need", "age", "needs", "received_at"} & known
    assert "counts" not in made.recorded


def test_sources_are_kept_apart_before_kinds_of_record(report, write, record):
    two = [record(1), record(2, record_kind="hotline_contact")]
    assert report(NOTEBOOK, two).split == "record_kind"
    folder = write([*two, record(3, source="other")], name="sources")
    assert open_report(NOTEBOOK, str(folder)).split == "source"
    folder = write([record(1)], name="one")
    one = open_report(NOTEBOOK, str(folder))
    assert (one.split, one.pooled) == ("", "")


def test_the_period_keeps_what_lies_within_it_and_counts_the_rest(report, record):
    days = [date(2024, 1, 1), date(2024, 1, 31), date(2024, 2, 1), None]
    rows = [record(i, period_start=day, period_end=day) for i, day in enumerate(days)]
    rows.append(record(9, period_start=date(2024, 1, 20), period_end=date(2024, 2, 2), is_aggregate=True))
    made = report(NOTEBOOK, rows, period_from="2024-01-01", period_to="2024-01-31")
    assert made.ask("records")["value"].tolist() == [2]
    assert made.span == (date(2024, 1, 1), date(2024, 1, 31))
    assert (
        made.period_note == " The study looks at 2024-01-01 to 2024-01-31: 3 of 5 records lie outside or have no date."
    )


def test_a_report_without_dates_says_so(report, record):
    made = report(NOTEBOOK, [record(1)])
    assert not made.dated
    with pytest.raises(UserError, match="no record has a date"):
        _ = made.span


def test_the_usual_gap_between_days_with_records_is_no_sign_of_an_incomplete_period(write, record):
    every_day = [record(i, period_start=date(2024, 1, 1 + i)) for i in range(10)]
    third_day = [record(i, period_start=date(2024, 1, 1 + 3 * i)) for i in range(10)]
    assert open_report(NOTEBOOK, str(write(every_day, name="a"))).slack == 0
    assert open_report(NOTEBOOK, str(write(third_day, name="b"))).slack == 2


def test_changes_of_the_source_within_the_span_are_found_in_order(report, record):
    changes = [
        {"on": "2024-03-01", "what": "later"},
        {"on": "2024-01-05", "what": "new form"},
        {"on": "2025-01-01", "what": "out"},
    ]
    about = {"source": "calls", "publisher": "P", "dataset": "D", "licence": "", "simulated": True, "changes": changes}
    made = report(NOTEBOOK, [record(1)], quality={"about": [about]})
    assert [what for _, what in made.changes(date(2024, 1, 1), date(2024, 12, 31))] == ["new form", "later"]
    assert made.simulated
    assert made.heading().warning.startswith("SIMULATED")


def test_a_question_is_asked_once(report, record, monkeypatch):
    made = report(NOTEBOOK, [record(1, contacts=3)])
    first = made.ask("contacts")
    first["value"] = 0
    monkeypatch.setattr("crisiskit.measures.measure", lambda *_, **__: pytest.fail("asked again"))
    assert made.ask("contacts")["value"].tolist() == [3]


def test_the_spread_counts_whole_minutes_rounded_up_and_leaves_out_what_the_measure_does(report, record):
    start = datetime(2024, 1, 1, 12, 0, 0)

    def after(seconds, number, **more):
        at = datetime.fromtimestamp(start.timestamp() + seconds)
        return record(number, received_at=start, arrived_at=at, **more)

    rows = [
        after(0, 1),
        after(60, 2),
        after(61, 3),
        after(-5, 4),
        after(90_000, 5),
        after(30, 6, is_aggregate=True),
        record(7),
    ]
    spread = report(NOTEBOOK, rows).spread("received_at", "arrived_at")
    assert spread.to_dict("list") == {"minutes": [0, 1, 2], "records": [1, 1, 1]}


def test_the_demo_is_simulated_says_so_and_leaves_nothing_behind():
    code = (
        "from crisiskit.release.report import open_report; r = open_report('10_response_patterns');"
        "import json; print(json.dumps([str(r.folder), str(r.figures.folder), r.simulated]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    folder, figures, simulated = json.loads(done.stdout)
    assert simulated
    assert not Path(folder).exists()
    assert not Path(figures).exists()


def test_what_is_recorded_is_told_by_source(report, record):
    rows = [record(1, gender="female"), record(2, source="other", gender="unknown", need="grief")]
    made = report(NOTEBOOK, rows)
    assert list(made.recorded_by_source) == ["calls", "other"]
    assert "gender" in made.recorded_by_source["calls"]
    assert "gender" not in made.recorded_by_source["other"]  # a kind of missing is not a value
    assert "need" in made.recorded_by_source["other"]


def test_questions_with_different_conditions_have_different_answers(report, record):
    made = report(NOTEBOOK, [record(1), record(2, source="other", contacts=5)])
    totals = [made.ask("contacts", where={"source": name})["value"].iloc[0] for name in ("calls", "other", "calls")]
    assert totals == [1, 5, 1]


def test_further_settings_of_a_notebook_are_kept_for_its_views(report, record):
    assert report("20_gaps", [record(1)], service_hours="24/7").settings == {"service_hours": "24/7"}
