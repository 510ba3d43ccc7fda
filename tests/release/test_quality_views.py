"""The data-quality sections that come from the ledger and the quality record: every number is that of the record."""

import pytest

from crisiskit.release import quality_views as quality

NOTEBOOK = "00_data_quality"
FILE = {
    "file": "a.csv",
    "sha256": "0123456789abcdef" * 4,
    "bytes": 2_500_000,
    "encoding": "cp1252",
    "delimiter": ";",
    "format": "csv",
    "rows_read": 100,
    "standardized": 90,
    "collapsed": 4,
    "excluded": 3,
    "quarantined": 2,
    "rejected": 1,
    "notes": ["byte-order mark"],
}
CHECK = {
    "id": "contacts_missing",
    "table": "interventions",
    "columns": ["contacts"],
    "level": "field",
    "category": "completeness",
    "subcategory": "",
    "severity": "error",
    "threshold": 0.0,
    "consequence": "row",
    "numerator": 2,
    "denominator": 100,
    "share": 0.02,
    "status": "fail",
    "title": "Number of contacts is missing",
    "guidance": "Ask the centre.",
}
GOOD = CHECK | {"id": "contacts_negative", "numerator": 0, "share": 0.0, "status": "pass", "title": "Negative contacts"}
UNIT = {
    "column": "duration_min",
    "site": "North",
    "period": "2024-Q1",
    "declared": "minutes",
    "verdict": "contradicts",
    "rows": 40,
    "lattice_share": 0.99,
    "minutes_per_contact": 1.5,
    "other_unit_minutes_per_contact": 90.0,
    "total_minutes": 60.0,
    "total_minutes_other_unit": 3600.0,
    "note": "",
}


@pytest.fixture
def made(report, record):
    def made(ledger=None, quality=None, **parameters):
        return report(NOTEBOOK, [record(1, duration_min=5.0)], ledger=ledger, quality=quality, **parameters)

    return made


def test_files_are_listed_with_size_encoding_and_rows(made):
    view = quality.files(made({"files": [FILE, FILE | {"file": "b.csv", "bytes": 999, "rows_read": 1}]}))
    assert view.note == "2 files, 101 rows read; the standard tables hold 1 row of interventions."
    row = view.table.iloc[0]
    assert (row["size"], row["encoding"], row["delimiter"]) == ("2.5\u00a0MB", "cp1252", "semicolon")
    assert (row["sha256"], row["notes"]) == ("0123456789ab", "byte-order mark")
    assert view.table.iloc[1]["size"] == "999 bytes"


def test_simulated_tables_have_no_file_facts_and_show_none(made):
    facts = dict.fromkeys(("sha256", "bytes", "encoding", "delimiter"))
    html = quality.files(made({"files": [FILE | facts]}))._repr_html_()
    assert "None" not in html
    assert "nan" not in html


def test_the_flow_closes_and_names_every_fate(made):
    view = quality.flow(made({"files": [FILE]}))
    assert view.figure.data.to_numpy().tolist() == [
        ["rows read", 100],
        ["collapsed into another record", 4],
        ["excluded by a declared filter", 3],
        ["quarantined: cannot be counted", 2],
        ["rejected: not a readable line", 1],
        ["standardized", 90],
    ]
    assert "90.0 % (90 of 100) of the rows read became standard records" in view.note
    assert "quarantined: cannot be counted: 2.0 % (2 of 100)" in view.note


def test_an_open_ledger_draws_nothing_and_warns(made):
    view = quality.flow(made({"files": [FILE], "closes": False}))
    assert view.figure is None
    assert "does not close" in view.note


def test_no_row_at_all_is_said(made):
    nothing = FILE | dict.fromkeys(("rows_read", "standardized", "collapsed", "excluded", "quarantined", "rejected"), 0)
    assert quality.flow(made({"files": [nothing]})).absent


def test_reasons_are_added_up_over_files_and_values_kept_apart_from_rows(made):
    reasons = [
        {"file": "a.csv", "kind": "quarantined", "reason": "no date", "rows": 2},
        {"file": "b.csv", "kind": "quarantined", "reason": "no date", "rows": 3},
        {"file": "a.csv", "kind": "set_aside", "reason": "age 190", "rows": 7},
    ]
    view = quality.reasons(made({"reasons": reasons}))
    assert view.note.startswith("5 rows left out and 7 values set aside")
    assert view.table.to_numpy().tolist() == [["set aside", "age 190", 7, 1], ["quarantined", "no date", 5, 2]]


def test_checks_show_failures_first_with_guidance_and_their_n(made):
    view = quality.checks(made(quality={"checks": [GOOD, CHECK]}))
    assert view.note == "2 checks: 1 fail and 1 pass."
    assert view.table[
        ["result", "finding", "rows", "allowed", "consequence", "who mends what"]
    ].to_numpy().tolist() == [
        [
            "fail: error",
            "Number of contacts is missing",
            "2.0 % (2 of 100)",
            "0 %",
            "row quarantined",
            "Ask the centre.",
        ]
    ]
    assert dict(view.folds)["All checks"]["id"].tolist() == ["contacts_missing", "contacts_negative"]


def test_a_threshold_judges_anew_without_reading_again(made):
    view = quality.checks(made(quality={"checks": [CHECK]}, thresholds='{"contacts_missing": 0.05}'))
    assert view.table is None
    within = dict(view.folds)["Checks that some rows failed, within what is allowed"]
    assert within[["result", "allowed"]].to_numpy().tolist() == [["pass with failures: error", "5 %"]]


def test_no_failed_row_is_said_and_no_check_too(made):
    assert quality.checks(made(quality={"checks": [GOOD]})).note == "1 check: 1 pass. None failed."


def test_units_say_what_the_headline_would_be_in_the_other_unit(made):
    fine = UNIT | {
        "site": "South",
        "verdict": "agrees",
        "rows": 10,
        "total_minutes": 500.0,
        "total_minutes_other_unit": 30000.0,
    }
    view = quality.units(made(quality={"units": [fine, UNIT]}))
    assert view.table["site"].tolist() == ["North"]
    assert view.folds[0][1]["site"].tolist() == ["North", "South"]
    assert "50 durations tested: 1 contradicts and 1 agrees" in view.note
    assert "the total is 560 minutes; with those rows in the other unit 4,100." in view.note


def test_aggregate_rows_and_duplicates_carry_their_n(made):
    found = {
        "aggregate": {"rows": 3, "contacts": 25, "share_of_contacts": 0.25},
        "duplicates": {"exact_duplicate_rows": 4, "groups": 1},
    }
    report = made({"files": [FILE]}, found)
    assert "3 records cover a week or more and hold 25.0 % (25 of 100) contacts" in quality.aggregate(report).note
    assert "4 rows in 1 group repeat an earlier row cell for cell: 4.0 % (4 of 100)" in quality.duplicates(report).note


def test_what_is_not_there_is_said_in_a_line(made):
    report = made()
    assert quality.aggregate(report).note.startswith("No record covers a period")
    assert quality.duplicates(report).note == "No row repeats another in every cell."
    assert quality.unmapped_codes(report).note == "Every code of the files is in the mapping."
    assert quality.unmapped_columns(report).note == "Every column of the files is used."
    assert quality.units(report).absent
    assert quality.next_export(report).absent
    assert quality.cannot_tell(report).absent


def test_unmapped_codes_come_most_frequent_first_and_columns_by_file(made):
    codes = [{"column": "need", "value": "x", "rows": 1}, {"column": "need", "value": "y", "rows": 9}]
    columns = {"a.csv": ["p"], "b.csv": ["p"], "c.csv": [], "d.csv": ["q", "r"]}
    report = made({"unmapped_codes": codes, "unmapped_columns": columns})
    view = quality.unmapped_codes(report)
    assert view.note == "2 values in 10 cells are in no code list; they were kept as “other”."
    assert view.table["value"].tolist() == ["y", "x"]
    assert quality.unmapped_columns(report).points == ("2 files (a.csv …): p", "d.csv: q, r")


def test_limits_changes_and_exports_come_from_the_mappings_by_source(made):
    one = {
        "source": "one", "publisher": "P", "dataset": "D", "licence": "", "simulated": False, "cannot_tell": ["hours"],
        "changes": [{"on": "2024-01-05", "what": "new form"}], "next_export": ["with times"],
    }  # fmt: skip
    report = made(
        quality={"about": [one, one | {"source": "two", "cannot_tell": [], "changes": [], "next_export": []}]}
    )
    assert quality.cannot_tell(report).points == ("one: hours", "one: 2024-01-05: new form")
    assert quality.next_export(report).points == ("one: with times",)
