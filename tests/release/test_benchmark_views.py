"""Published figures beside ours: conflicts side by side, editions and verified shown, refusals with their reason."""

import pytest

from crisiskit.release import benchmark_views as views

NOTEBOOK = "20_gaps"


def calls(record, fast, slow, **more):
    """911 calls answered after 5 s and after 30 s."""
    base = {"access": "911", "offered": 1, "answered": 1, "abandoned": 0, "period_start": "2024-01-01"}
    return [record(i, wait_s=5.0 if i < fast else 30.0, **{**base, **more}) for i in range(fast + slow)]


@pytest.fixture
def day():
    import datetime as dt

    return dt.date(2024, 1, 1)


def test_conflicting_standards_stand_side_by_side(report, record, day):
    """940 of 1 000 within every threshold up to 20 s: above 90 %, around 95 %, below 99 %."""
    view = views.benchmarks(report(NOTEBOOK, calls(record, 940, 60, period_start=day)))
    table = view.table.set_index("benchmark")
    assert table.loc["911 calls answered within 15 s", "verdict"] == "meets"
    assert table.loc["911 calls answered within 15 s, older standard", "verdict"].startswith("cannot tell")
    assert table.loc["911 calls answered within 10 s", ["verified", "edition"]].tolist() == [False, "2022"]
    assert table.loc["911 calls answered within 15 s", "ours"] == "94.0 % (940 of 1,000), 92.4 to 95.3 %"
    assert "Published figures on 911 answering conflict, and all of them stand: at least 90 % (911 calls answered " \
           "within 15 s; NENA standard" in view.note
    assert "NFPA 1221, edition not stated" in view.note
    assert "not verified were not read at their source" in view.note


def test_what_is_not_comparable_says_why(report, record, day):
    view = views.benchmarks(report(NOTEBOOK, calls(record, 940, 60, period_start=day)))
    caption, table = view.folds[0]
    verdicts = table.set_index("benchmark")["verdict"]
    assert caption == "Not comparable, and why"
    assert verdicts["Crisis-line contacts rolled over to a backup centre"] == \
        "not comparable, because the standard tables hold no contacts that were rolled over to another centre"
    assert len(table) + len(view.table) == 26


def test_the_figure_draws_ours_with_its_interval_beside_theirs(report, record, day):
    data = views.benchmarks(report(NOTEBOOK, calls(record, 940, 60, period_start=day))).figure.data
    rows = data[data["label"] == "911 calls answered within 15 s"].set_index("series")
    assert rows.loc[views.OURS, ["value", "n"]].tolist() == [0.94, 1000]
    assert rows.loc[views.OURS, "low"] < 0.94 < rows.loc[views.OURS, "high"]
    assert rows.loc[views.THEIRS, ["low", "value", "high"]].tolist() == [0.9, 0.9, 0.9]


def test_a_verdict_that_another_denominator_turns_is_said(report, record, day):
    rows = calls(record, 850, 0, period_start=day)
    rows += [record(900 + i, access="911", offered=1, answered=0, abandoned=1, wait_s=9.0, period_start=day)
             for i in range(150)]
    note = views.benchmarks(report(NOTEBOOK, rows)).note
    assert "Another denominator turns the verdict on 911 calls answered within 15 s: " \
           "Answered within 15 s / answered: 100.0 % (850 of 850), meets" in note


def test_a_source_with_nothing_to_compare_says_so(report, record, day):
    view = views.benchmarks(report(NOTEBOOK, [record(1, period_start=day)]))
    assert view.figure is None
    assert view.note.startswith("None of the 26 published figures can be compared with this source.")
    assert len(view.folds[0][1]) == 26


def test_sources_are_compared_apart(report, record, day):
    rows = calls(record, 190, 10, period_start=day) + calls(record, 110, 90, period_start=day, source="other")
    table = views.benchmarks(report(NOTEBOOK, rows)).table
    nena = table[table["benchmark"] == "911 calls answered within 15 s"].set_index("source")["verdict"]
    assert nena["calls"].startswith(("meets", "cannot tell"))
    assert nena["other"] == "does not meet"


def population(day, **areas):
    return [{"source": "census", "measure": "population", "value": value, "unit": "persons", "area_id": area,
             "area_level": "county", "period_start": day, "period_end": day, "source_file": "p.csv",
             "source_row": place}
            for place, (area, value) in enumerate(areas.items())]


def test_capacity_is_of_the_areas_that_have_contacts(report, record, day):
    """The trap: 9 million residents of a county without contacts are no part of the people served."""
    place = {"area_id": "north", "area_level": "county", "area_basis": "residence"}
    rows = [record(i, period_start=day, **place) for i in range(31)]
    view = views.capacity(report(NOTEBOOK, rows, population(day, north=100_000.0, far=9_000_000.0)))
    table = view.table.set_index("quantity")
    assert table.loc["crisis events in all", ["low", "central", "high"]].tolist() == pytest.approx([200, 230, 230])
    assert "have 100,000 residents" in view.note
    assert "need at 230 crisis events a month (low 200, high 230)" in view.note
    assert "not verified" in view.note
    assert table.loc["crisis events in all", "rests_on"] == "published, not verified"
    drawn = view.figure.data.set_index("quantity")
    assert drawn.loc["met by a mobile team", "value"] == pytest.approx(73.6)
    assert drawn.loc["contacts recorded", "value"] == pytest.approx(31 / (12 / 366))
    assert view.folds[0][1].set_index("parameter").loc["emergency_department", "central"] == 0.14


def test_without_a_population_there_is_no_need_to_state(report, record, day):
    view = views.capacity(report(NOTEBOOK, [record(1, period_start=day, area_id="north", area_level="county")]))
    assert view.absent
    assert "no population of the areas of the contacts" in view.note
