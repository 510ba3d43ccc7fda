"""Sources side by side: numbers with their n, every definition in its row, and a gate that can say no."""

from datetime import date

from crisiskit.release import across_views as jurisdictions

NOTEBOOK = "20_gaps"


def calls(record, source, answered, lost, first, **values):
    ended = [1] * answered + [0] * lost
    return [
        record(first + i, source=source, offered=1, answered=here, abandoned=1 - here, wait_s=10.0 if here else 5.0,
               period_start=date(2024, 1, 1), **values)
        for i, here in enumerate(ended)
    ]  # fmt: skip


def test_definitions_stand_in_rows_of_their_own(report, record):
    rows = calls(record, "north", 8, 2, 0) + calls(record, "south", 5, 5, 50)
    table = jurisdictions.across(report(NOTEBOOK, rows)).table.set_index("measure")
    assert table.loc["answered, of offered", "north"].startswith("80.0 % (8 of 10)")
    assert table.loc["abandoned, all", "south"].startswith("50.0 % (5 of 10)")
    assert table.loc["abandoned after 20 s or more", "south"].startswith("0.0 % (0 of 5)")  # all five hung up at 5 s
    assert table.loc["answered within 20 s, of answered", "south"].startswith("100.0 % (5 of 5)")
    assert (table["may be compared"] == "comparable").all()


def test_the_gate_says_why_records_of_two_kinds_are_not_compared(report, record):
    rows = calls(record, "north", 8, 2, 0, record_kind="hotline_contact") + calls(record, "south", 5, 5, 50)
    view = jurisdictions.across(report(NOTEBOOK, rows))
    verdicts = view.table.set_index("measure")["may be compared"]
    assert verdicts["answered, of offered"].startswith("not comparable, because record kind differs")
    assert view.note.startswith("0 of")
    assert "condition" in view.folds[0][1].columns


def test_what_one_source_alone_records_is_named(report, record):
    rows = calls(record, "north", 8, 2, 0, force_used=False) + calls(record, "south", 5, 5, 50)
    assert "force used (north)" in jurisdictions.across(report(NOTEBOOK, rows)).note


def test_one_source_has_nothing_beside_it(report, record):
    assert jurisdictions.across(report(NOTEBOOK, calls(record, "north", 3, 1, 0))).absent
