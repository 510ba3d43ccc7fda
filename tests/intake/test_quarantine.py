"""Quarantined rows can be mended in a spreadsheet and read in again; the ledger of the file still closes."""

import pandas as pd
import pytest
from small_source import run

from crisiskit.errors import UserError
from crisiskit.intake.standardize import standardize

TEXT = "id,when\na,2024-01-01\nb,31.12.2024\nc,2024-01-02,extra\n"
TABLE = "columns: {record_id: id, occurred_on: when}"


@pytest.fixture
def source(tmp_path):
    ledger, rows, out = run(tmp_path, TABLE, x__csv=TEXT)
    assert [ledger.files[0].standardized, ledger.files[0].quarantined, ledger.files[0].rejected] == [1, 1, 1]
    return tmp_path, out


def mend(out, mended, change):
    mended.mkdir()
    path = out / "quarantine" / "x.csv.quarantined.csv"
    frame = change(pd.read_csv(path, dtype=str))
    frame.to_csv(mended / path.name, index=False)


def test_a_mended_row_takes_the_place_of_the_one_it_came_from(source, tmp_path):
    folder, out = source
    mend(out, tmp_path / "mended", lambda frame: frame.assign(when="2024-12-31"))
    ledger = standardize(folder / "small.yaml", folder, tmp_path / "again", mended=tmp_path / "mended")
    assert [ledger.files[0].rows_read, ledger.files[0].standardized, ledger.files[0].rejected] == [3, 2, 1]
    assert "1 rows read from their mended form" in ledger.files[0].notes
    rows = pd.read_parquet(tmp_path / "again" / "interventions.parquet").set_index("record_id")
    assert str(rows.loc["b", "occurred_on"]) == "2024-12-31"
    assert rows.loc["b", "source_row"] == 3


def test_a_rejected_line_can_be_mended_too(source, tmp_path):
    folder, out = source
    row = {"_file": "x.csv", "_line": "4", "_reason": "", "id": "c", "when": "2024-01-02"}
    mend(out, tmp_path / "mended", lambda frame: pd.concat([frame.assign(when="2024-12-31"), pd.DataFrame([row])]))
    ledger = standardize(folder / "small.yaml", folder, tmp_path / "again", mended=tmp_path / "mended")
    assert [ledger.files[0].rows_read, ledger.files[0].standardized, ledger.files[0].rejected] == [3, 3, 0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda frame: frame.drop(columns="when"), "column 'when' is missing"),
        (lambda frame: frame.assign(_line="77"), "_line must name rows of x.csv"),
        (lambda frame: pd.concat([frame, frame]), "_line must name rows of x.csv"),
    ],
)
def test_a_mended_file_that_does_not_fit_is_refused(source, tmp_path, change, said):
    folder, out = source
    mend(out, tmp_path / "mended", change)
    with pytest.raises(UserError, match=said):
        standardize(folder / "small.yaml", folder, tmp_path / "again", mended=tmp_path / "mended")
