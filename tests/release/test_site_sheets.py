"""Site sheets: the worth of mending in records, most first; declined is no defect; units, lateness and peers."""

from datetime import UTC, date, datetime, timedelta

import pytest

from crisiskit.release import site_sheets as sites

NOTEBOOK = "20_gaps"


def records(record, site, known, blank=0, declined=0, first=0, **values):
    rows = [{"gender": "female"}] * known + [{}] * blank + [{"gender": "declined"}] * declined
    return [record(first + i, site=site, need="grief", **row, **values) for i, row in enumerate(rows)]


def two(record):
    return records(record, "North", 15, blank=3, declined=2) + records(record, "South", 10, blank=10, first=50)


def test_worth_is_what_can_be_found_out_and_not_what_was_declined(report, record):
    north, south = sites.make_sheets(report(NOTEBOOK, two(record)), "", {})
    assert (north.worth, south.worth) == (3, 10)
    line = north.lines.iloc[0]
    assert (line["what"], line["known here"], line["records to gain"], line["of them"], line["declined"]) == (
        "gender", "75.0 % (15 of 20)", 3, "blank 3", 2)  # fmt: skip
    assert line["known at peers"] == "62.5 % (median site)"


def test_the_most_worthwhile_comes_first_and_the_figure_says_what_mending_brings(report, record):
    view = sites.site_sheets(report(NOTEBOOK, two(record)))
    assert view.note.startswith("Most worth mending: gender at South (10 records) and gender at North (3 records).")
    data = view.figure.data.set_index("label")
    # gender and need: South knows 30 of 40 values now and all 40 if mended; North stays short of what was declined
    assert data.loc["South", ["known", "applicable", "now", "mended"]].tolist() == [30, 40, 0.75, 1.0]
    assert data.loc["North", "mended"] == pytest.approx(38 / 40)
    assert [caption for caption, _ in view.folds] == ["South: 20 records", "North: 20 records"]


def test_units_in_doubt_count_as_records_to_mend(report, record):
    units = [{"column": "duration_min", "site": "North", "period": "2024-Q1", "verdict": "mixed", "rows": 7},
             {"column": "duration_min", "site": "North", "period": "2024-Q2", "verdict": "agrees", "rows": 3}]
    north = sites.make_sheets(report(NOTEBOOK, two(record), quality={"units": units}), "", {})[0]
    assert north.worth == 10
    assert "Units: 70.0 % (7 of 10) durations in groups whose declared unit is in doubt, in 2024-Q1." in north.remarks


def test_late_entry_is_a_share_with_its_n(report, record):
    moment = datetime(2024, 1, 1, 12, 0, tzinfo=UTC)
    rows = [record(i, site="North", gender="female", period_start=date(2024, 1, 1), received_at=moment, time_zone="UTC",
                   reported_at=moment + timedelta(days=1 if i < 6 else 20)) for i in range(8)]  # fmt: skip
    remarks = " ".join(sites.make_sheets(report(NOTEBOOK, rows), "", {})[0].remarks)
    assert "Late entry: 75.0 % (6 of 8) records written within a week of the contact" in remarks


def test_a_site_unlike_its_peers_is_judged_by_what_chance_gives_its_size(report, record):
    rows = [record(100 * site + i, site=f"s{site}", gender="female", force_used=i < (40 if site == 0 else 5))
            for site in range(6) for i in range(100)]  # fmt: skip
    sheets = {sheet.site: " ".join(sheet.remarks) for sheet in sites.make_sheets(report(NOTEBOOK, rows), "", {})}
    assert "Unlike its peers: force used 40.0 % (40 of 100), far above what chance gives" in sheets["s0"]
    assert "Unlike its peers in none" in sheets["s1"]


def test_a_source_without_sites_has_no_sheet(report, record):
    view = sites.site_sheets(report(NOTEBOOK, [record(1, gender="female")]))
    assert view.absent
    assert "no record names a site" in view.note
