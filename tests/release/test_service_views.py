"""What the figures rest on, the line, time per contact, and the list of what a source does not record."""

import re
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest

from crisiskit import release
from crisiskit.release import service_views as service
from crisiskit.release.report import open_report
from crisiskit.release.sections import notebooks, sections

NOTEBOOK = "10_response_patterns"


def test_the_overview_counts_records_contacts_and_kinds(report, record):
    day = date(2024, 5, 1)
    rows = [
        record(1, period_start=day, contacts=5),
        record(2, period_start=date(2024, 6, 1), record_kind="hotline_contact"),
    ]
    view = service.overview(report(NOTEBOOK, rows))
    assert view.note == (
        "2 records, which stand for 6 contacts from 2024-05-01 to 2024-06-01. "
        "They are of 2 kinds of record, which are never added up unsaid."
    )
    assert view.table[["record_kind", "records", "contacts"]].to_numpy().tolist() == [
        ["call for service", 1, 5],
        ["hotline contact", 1, 1],
    ]


def test_totals_alone_are_said(report):
    rows = [{"source": "c", "measure": "population", "value": 5.0, "source_file": "f", "source_row": 1}]
    assert "holds no interventions, only 1 row of counts" in service.overview(report(NOTEBOOK, counts=rows)).note


def test_the_line_gives_each_share_with_its_formula(report, record):
    rows = [record(i, offered=1, answered=1, abandoned=0, wait_s=5.0 if i < 6 else 60.0) for i in range(8)]
    rows += [
        record(9, offered=1, answered=0, abandoned=1, wait_s=30.0),
        record(10, offered=1, answered=0, abandoned=1, wait_s=1.0),
    ]
    view = service.line(report(NOTEBOOK, rows))
    table = view.figure.data.set_index("label")
    assert table["value"].to_dict() == {"answered": 0.8, "abandoned": 0.2, "answered within 20 s": 0.6}
    assert "answered 80.0 % (8 of 10); abandoned 20.0 % (2 of 10); answered within 20 s 60.0 % (6 of 10)." in view.note
    assert "answered within 20 s is Answered within 20 s / offered" in view.figure.caption


def test_counts_that_are_not_of_a_line_are_not_taken_for_one(report):
    rows = [{"source": "c", "measure": "population", "value": 5.0, "source_file": "f", "source_row": 1}]
    assert service.line(report(NOTEBOOK, counts=rows)).note.startswith(
        "Not recorded in this source: answered, abandoned"
    )


def test_time_per_contact_is_a_ratio_of_sums(report, record):
    rows = [record(1, contacts=1, duration_min=60.0), record(2, contacts=9, duration_min=40.0), record(3)]
    note = service.time_per_contact(report(NOTEBOOK, rows)).note
    assert "10.0 minutes per contact (100 minutes / 10 contacts" in note
    assert "Left out: minutes missing 1" in note


def test_absent_sections_are_listed_with_what_they_need(report, record):
    view = service.absent(report(NOTEBOOK, [record(1, need="grief")]))
    assert "Response time in full: needs received_at and arrived_at" in view.points
    assert not any(point.startswith("What people needed") for point in view.points)


MODULES = [import_module(f"crisiskit.release.{path.stem}") for path in Path(release.__file__).parent.glob("[a-z]*.py")]
BARE = {"contacts": 1}
UNKNOWN = {"need": "unknown", "access": "declined", "outcome": "not_asked", "responder": "unknown", "gender": "unknown"}


@pytest.mark.parametrize("values", [BARE, UNKNOWN], ids=["bare", "all unknown"])
@pytest.mark.parametrize("dated", [True, False], ids=["dated", "undated"])
def test_every_section_of_a_poor_source_is_said_in_words_and_never_as_zero_or_nan(report, record, values, dated):
    rows = [record(i, **values, **({"period_start": date(2024, 1, i + 1)} if dated else {})) for i in range(3)]
    folder = report("00_data_quality", rows).folder
    for notebook in notebooks():
        made = open_report(notebook, str(folder), str(folder / notebook))
        for name in sections(notebook):
            views = (getattr(module, name, None) for module in MODULES)
            shown = next(view for view in views if hasattr(view, "__wrapped__"))(made)
            text = f"{shown.note} {' '.join(shown.points)}"
            assert not re.search(r"nan\b|None\b(?! of )|NaT|<NA>", text), f"{name}: {text}"
            if name not in ("completeness", "missing_fields"):  # none known of what was asked is a true zero
                assert not re.search(r"(?<!\d)0\.0 %", text), f"{name}: {text}"
