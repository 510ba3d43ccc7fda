"""Completeness by field, site and month: five kinds of missing and set aside, counted and never drawn as known."""

from datetime import date

from crisiskit.release import completeness_views as complete

NOTEBOOK = "00_data_quality"


def test_every_kind_is_counted_apart(report, record):
    ages = [
        {"age": 30}, {"age": 31}, {"missing": "age=unknown"}, {"missing": "age=declined"}, {"missing": "age=not_asked"},
        {"missing": "age=not_applicable"}, {"missing": "age=set_aside"}, {},
    ]  # fmt: skip
    view = complete.completeness(report(NOTEBOOK, [record(i, **values) for i, values in enumerate(ages)]))
    row = view.figure.data.set_index("label").loc["age"]
    assert row[["known", "blank", "unknown", "declined", "not_asked", "not_applicable", "set_aside"]].tolist() == [
        2,
        *[1] * 6,
    ]
    assert row["value"] == 2 / 7  # not applicable is not in the denominator
    assert "age 28.6 % (2 of 7)" in view.note


def test_in_band_codes_count_as_missing_and_what_is_always_known_is_not_drawn(report, record):
    rows = [record(1, need="grief", access="911"), record(2, need="declined", access="911")]
    view = complete.completeness(report(NOTEBOOK, rows))
    assert view.figure.data["label"].tolist()[0] == "need"
    assert "access" not in view.figure.data["label"].tolist()
    assert "access" in view.folds[0][1]["field"].tolist()


def test_a_field_that_the_source_does_not_have_is_not_said_to_be_empty(report, record):
    view = complete.completeness(report(NOTEBOOK, [record(1, age=4), record(2)]))
    assert "weapon" not in view.folds[0][1]["field"].tolist()


def test_nothing_missing_draws_nothing(report, record):
    view = complete.completeness(report(NOTEBOOK, [record(1)]))
    assert view.figure is None
    assert "known in every record" in view.note


def test_a_field_that_only_one_of_two_sources_has_is_judged_by_that_one(report, record):
    rows = [record(1, age=30), record(2), record(3, source="other"), record(4, source="other")]
    row = complete.completeness(report(NOTEBOOK, rows)).figure.data.set_index("label").loc["age"]
    assert row[["records", "known", "blank", "value"]].tolist() == [2, 1, 1, 0.5]


def by_site(record, **more):
    for i in range(40):
        site = "North" if i < 20 else "South"
        known = {"age": 30} if site == "North" or i < 25 else {"missing": "age=unknown"}
        yield record(i, site=site, period_start=date(2024, 1 + i // 20, 5), **known, **more)


def test_sites_are_compared_on_the_field_that_differs_most(report, record):
    view = complete.completeness_site(report(NOTEBOOK, list(by_site(record))))
    data = view.figure.data.set_index("site")
    assert data["field"].unique().tolist() == ["age"]
    assert data.loc["North", "known"] == 20
    assert data.loc["South", ["known", "unknown"]].tolist() == [5, 15]
    assert "from 25.0 % (5 of 20) known in South to 100.0 % (20 of 20) in North" in view.note


def test_months_are_compared_in_the_same_way(report, record):
    view = complete.completeness_month(report(NOTEBOOK, list(by_site(record))))
    assert "from 25.0 % (5 of 20) known in 2024-02 to 100.0 % (20 of 20) in 2024-01" in view.note


def test_one_site_or_none_is_a_line(report, write, record):
    assert (
        "only one site"
        in complete.completeness_site(report(NOTEBOOK, [record(1, site="A", age=3), record(2, site="A")])).note
    )
    from crisiskit.release.report import open_report

    bare = open_report(NOTEBOOK, str(write([record(1)], name="bare")))
    assert (
        complete.completeness_site(bare).note
        == "Not recorded in this source: completeness by site (needs site or agency)."
    )


def test_a_source_of_totals_only_is_judged_by_its_own_table(report):
    rows = [
        {"source": "c", "measure": "population", "value": 5.0, "source_file": "f", "source_row": 1},
        {"source": "c", "measure": "population", "value": None, "source_file": "f", "source_row": 2},
    ]
    view = complete.completeness(report(NOTEBOOK, counts=rows))
    assert view.figure.data.set_index("label").loc["value", ["known", "blank"]].tolist() == [1, 1]
