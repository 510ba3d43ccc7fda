"""Marks come from the registry, only where the source holds the records that they are for, and say their source."""

from types import SimpleNamespace

import pytest

from crisiskit.release import benchmark_marks
from crisiskit.standard.benchmarks import parse

NOTEBOOK = "10_response_patterns"


def test_a_standard_for_911_is_marked_where_enough_such_calls_are_held(report, record):
    rows = [record(i, access="911", wait_s=5.0) for i in range(100)]
    found = benchmark_marks.marks(report(NOTEBOOK, rows), ("service_level",))
    places = {(mark.at, mark.share) for mark in found}
    assert {(15.0, 0.90), (20.0, 0.95)} <= places  # NENA-STA-020.1-2020
    by_place = {(mark.at, mark.share): mark.label for mark in found}
    assert "NENA-STA-020.1-2020" in by_place[15.0, 0.90]
    assert "unverified" not in by_place[15.0, 0.90]
    assert "unverified" in by_place[10.0, 0.90]  # the article about NFPA 1225
    assert not any("Crisis-line" in mark.label for mark in found)


@pytest.mark.parametrize(("number", "access"), [(99, "911"), (200, "988")])
def test_too_few_calls_or_calls_of_another_kind_have_no_mark(report, record, number, access):
    rows = [record(i, access=access, wait_s=5.0) for i in range(number)]
    assert benchmark_marks.marks(report(NOTEBOOK, rows), ("service_level",)) == []


def test_a_percentile_of_minutes_is_a_point_and_one_that_may_never_be_compared_is_none(report, record, monkeypatch):
    about = {"topic": "t", "kind": "standard", "direction": "at_most", "high": "8", "unit": "min", "statistic": "p90",
             "measure": "response_time", "source": "a standard", "edition": "2020", "verified": "false",
             "where": {"interventions": {"access": ["911"]}}}  # fmt: skip
    made = parse({"a": about | {"title": "Arrived"}, "b": about | {"title": "Never", "never": "it is another clock"}})
    monkeypatch.setattr(benchmark_marks, "find", lambda name: [item for item in made.values() if item.measure == name])
    found = benchmark_marks.marks(report(NOTEBOOK, [record(1, access="911")]), ("response_time",))
    assert [(mark.at, mark.share) for mark in found] == [(8.0, 0.9)]
    assert found[0].label == "Arrived, at most 8 min, unverified (a standard, 2020)"


def test_without_any_point_the_table_is_not_even_read():
    assert benchmark_marks.marks(SimpleNamespace(data=None), ("contacts",)) == []
