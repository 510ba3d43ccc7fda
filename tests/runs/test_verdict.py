"""`crisiskit check`: what was found, and whether the data stand."""

import pytest

from crisiskit.runs.verdict import verdict


@pytest.fixture(scope="module")
def found(make_study, tmp_path_factory):
    study = make_study(tmp_path_factory.mktemp("check") / "study")
    return verdict(study.parent / "calls.yaml", study.parent / "data")


def test_the_fate_of_every_row_is_told(found):
    assert found.lines[0] == (
        "1 file: 9 rows read, 8 standardized, 0 collapsed, 0 excluded, 1 quarantined, 0 rejected; the ledger closes"
    )
    assert found.lines[1] == "tables: 8 interventions"
    assert any(line.startswith("  1 quarantined: ") and "not a date" in line for line in found.lines)


def test_failing_checks_are_told_with_their_counts(found):
    late = "  warning: arrived_at is before received_at (interventions, arrived_at_before_received_at) in 1 of 7 rows"
    assert late in found.lines
    assert sum(line.startswith("checks: ") for line in found.lines) == 1


def test_data_stand_unless_a_check_of_severity_error_fails(found, make_study, tmp_path):
    assert found.stands
    assert not any(line.startswith("  error: ") for line in found.lines)
    study = make_study(tmp_path / "study")
    mapping, calls = study.parent / "calls.yaml", study.parent / "data" / "calls.csv"
    counted = mapping.read_text("utf-8").replace("      record_id: id\n", "      record_id: id\n      contacts: id\n")
    mapping.write_text(counted, encoding="utf-8")
    calls.write_text(calls.read_text("utf-8").replace("\n1,", "\n-1,"), encoding="utf-8")
    other = verdict(mapping, study.parent / "data")
    assert "  error: Number of contacts is negative (interventions, contacts_negative) in 1 of 8 rows" in other.lines
    assert not other.stands
