"""Practice: training, where to look first, agreement of raters, and what has no section of its own."""

from datetime import UTC, date, datetime

import pytest

from crisiskit.release import practice_views as practice

NOTEBOOK = "20_gaps"


def score(number, record_id, provider, value, **values):
    """One score of the item `empathy` of a review."""
    fixed = {"follow_up_id": f"f{number}", "source": "calls", "step": "other", "instrument": "review",
             "item": "empathy", "record_id": record_id, "provider": provider, "score": value, "source_file": "f",
             "source_row": number}
    return fixed | values


def total(measure, value, month=1, **values):
    """One total of a month of 2024."""
    fixed = {"source": "roster", "measure": measure, "value": float(value), "period_start": date(2024, month, 1),
             "period_end": date(2024, month, 28), "source_file": "f", "source_row": 1}
    return fixed | values


def station(name, hours, trained, staff, month=1):
    """The three totals of one station in one month."""
    line = {"group": "site", "level": name, "month": month}
    return [total("training_hours", hours, **line), total("staff_trained", trained, **line),
            total("staff", staff, **line)]


def test_training_is_shown_in_all_and_by_line_and_staff_are_not_added_up_over_months(report):
    """Two stations in two months: 220 h / 100 staff a month counted once a period; 36 + 2 of 50 current in the last."""
    rows = station("North", 80, 20, 40) + station("North", 100, 36, 40, 2)
    rows += station("South", 10, 5, 10) + station("South", 30, 2, 10, 2)
    view = practice.training(report(NOTEBOOK, counts=rows))
    assert "2.2 hours for each member of staff and period (220 hours / 100 staff" in view.note
    assert "put together over 2 periods" in view.note
    assert "current for 76.0 % (38 of 50) of staff in the last period" in view.note
    data = view.figure.data.set_index("label")
    assert data.loc["South (n = 10)", ["trained", "staff", "value"]].tolist() == [2, 10, 0.2]
    assert data.loc["North (n = 40)", "value"] == 0.9
    assert list(data.index) == ["South (n = 10)", "North (n = 40)"]  # the lowest first
    table = view.folds[0][1].set_index("line")
    assert table.loc["South", "hours_per_staff_and_period"] == 2  # 40 hours / 20


def test_staff_broken_down_in_two_ways_are_not_added_up_but_shown_by_line(report):
    rows = station("North", 80, 20, 40) + [
        total(name, number, group="rank", level="sergeant")
        for name, number in (("staff", 5), ("staff_trained", 4), ("training_hours", 10))]
    view = practice.training(report(NOTEBOOK, counts=rows))
    assert "No figure in all: staff are broken down in several ways" in view.note
    assert view.folds[0][1]["line"].tolist() == ["sergeant", "North"]


def test_totals_of_other_things_are_no_training(report):
    view = practice.training(report(NOTEBOOK, counts=[total("population", 1000)]))
    assert view.absent
    assert view.note.startswith("Not recorded in this source: training hours")


def contacts(record, site, hour, number, blank, first):
    """Contacts of one site at one hour, of which some have no need."""
    return [record(first + place, site=site, received_local=datetime(2024, 3, 1, hour), need=None if place < blank
                   else "suicide") for place in range(number)]


def test_the_index_stands_with_its_components_and_small_groups_are_named(report, record):
    """10 of 100 and 40 of 100 blank: pooled 50 of 210 with the 10 records of a third site; z by hand."""
    rows = contacts(record, "North", 8, 100, 10, 0) + contacts(record, "South", 23, 100, 40, 100)
    rows += contacts(record, "Harbour", 8, 10, 0, 200)
    view = practice.training_need(report(NOTEBOOK, rows))
    data = view.figure.data.set_index("group")
    pooled = 50 / 210
    error = (pooled * (1 - pooled) / 100) ** 0.5
    assert data.loc["South, night", "z"] == pytest.approx((0.4 - pooled) / error)
    assert data.loc["North, day", "z"] == pytest.approx((0.1 - pooled) / error)
    assert set(data["component"]) == {"need"}
    assert "1 site and shift with fewer than 30 records in a component" in view.figure.credit
    assert "need missing in 40.0 % (40 of 100) against 23.8 % of the whole source" in view.note
    assert "no measure of anybody's skill" in view.note
    assert "Harbour, day" in set(view.folds[0][1]["group"])  # in the table all the same


def test_sites_of_two_sources_are_held_against_their_own_source(report, record):
    rows = contacts(record, "North", 8, 50, 5, 0) + contacts(record, "South", 8, 50, 10, 50)
    rows += [row | {"source": "other", "record_id": f"o{row['record_id']}"}
             for row in contacts(record, "North", 8, 50, 40, 100) + contacts(record, "South", 8, 50, 30, 150)]
    view = practice.training_need(report(NOTEBOOK, rows))
    pooled = view.figure.data.set_index("group")["pooled"]
    assert pooled["North, day (calls)"] == 0.15
    assert pooled["North, day (other)"] == 0.7


def test_one_site_and_shift_has_nothing_to_be_held_against(report, record):
    view = practice.training_need(report(NOTEBOOK, contacts(record, "North", 8, 50, 5, 0)))
    assert view.absent
    assert "there is one site and shift, and nothing to hold it against" in view.note


def test_records_without_a_site_are_in_the_whole_and_in_the_table_but_are_no_site(report, record):
    rows = contacts(record, "North", 8, 50, 5, 0) + contacts(record, None, 8, 50, 25, 50)
    view = practice.training_need(report(NOTEBOOK, rows))
    assert set(view.figure.data["group"]) == {"North, day"}
    assert view.figure.data["pooled"].iloc[0] == 0.3
    assert "1 group without a site" in view.figure.credit
    assert "site not recorded, day" in set(view.folds[0][1]["group"])


def test_rows_that_cover_a_period_alone_give_no_index_and_no_error(report, record):
    rows = [record(number, site="North", need="suicide", is_aggregate=True) for number in range(40)]
    view = practice.training_need(report(NOTEBOOK, rows))
    assert view.absent
    assert "no record has a value in 'site'" in view.note


def test_agreement_is_that_of_the_measure_and_one_rating_is_in_none(report, record):
    """Alpha of scores that agree on 19 of 20 records, computed by the measure; a twentieth-first record has one."""
    from crisiskit.measures import measure

    pairs = [(place % 4 + 1, place % 4 + 1) for place in range(19)] + [(1, 4)]
    rows = [score(2 * place + side, f"r{place}", f"reviewer {side}", value)
            for place, pair in enumerate(pairs) for side, value in enumerate(pair)]
    rows.append(score(99, "r20", "reviewer 0", 2))
    opened = report(NOTEBOOK, [record(number) for number in range(21)], follow_ups=rows)
    view = practice.raters(opened)
    row = view.figure.data.iloc[0]
    assert row["label"] == "review, empathy (n = 20 records)"
    assert (row["units"], row["raters"], row["rows_used"], row["rows_left_out"]) == (20, 2, 40, 1)
    assert row["value"] == measure(opened.data, "rater_agreement")["value"].iloc[0]
    assert set(view.folds[0][1]["method"]) == {"krippendorff", "fleiss", "cohen"}


def test_scores_of_one_rater_each_say_nothing_of_agreement(report, record):
    rows = [score(number, f"r{number}", "reviewer 0", number % 3) for number in range(9)]
    view = practice.raters(report(NOTEBOOK, [record(number) for number in range(9)], follow_ups=rows))
    assert view.figure is None
    assert "no record was scored by two providers (9 rows of follow-ups looked at)" in view.note


def test_further_figures_come_with_what_they_rest_on_and_what_is_not_recorded(report, record):
    moment = datetime(2024, 3, 1, 12, tzinfo=UTC)
    rows = [record(number, cit_requested=number < 3, responder_min=30.0) for number in range(10)]
    rows += [record(10, cit_requested=None, received_at=moment, reported_at=moment.replace(minute=30))]
    view = practice.practice(report(NOTEBOOK, rows))
    table = view.table.set_index("label")
    asked = table.loc["CIT requested, of records that say so"]
    assert (asked["numerator"], asked["n"], asked["value"], asked["rows_left_out"]) == (3, 10, 0.3, 1)
    assert table.loc["minutes of responders, added up over units", "value"] == 300
    assert table.loc["from contact to record: median", "value"] == 30
    assert "CIT requested, of records that say so: 30.0 % (3 of 10)" in view.note
    assert "Not recorded in this source: CIT dispatched, CIT arrived, agreed to follow-up, turned away and needs " \
           "identified." in view.note
    assert not (table["value"] == 0).any()  # what is not recorded is no zero
