"""Output: JSON that any reader takes, CSV with every digit, a table with the reasons beneath."""

import csv
import io
import json

import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.measures.output import write


@pytest.fixture
def frame(rows) -> pd.DataFrame:
    data = rows(contacts=[1, 1, 1, 1], arrested=[True, False, False, None], weapon=[True, True, True, None])
    return measure(data, "arrested", by="weapon")


def test_json(frame) -> None:
    records = json.loads(write(frame, "json"))
    assert list(records[0]) == list(frame.columns)
    assert records[0]["weapon"] is True
    assert records[0]["value"] == 1 / 3
    assert records[0]["numerator"] == 1
    assert records[1]["weapon"] is None
    assert records[1]["value"] is None
    assert records[1]["reasons"] == "not recorded in this group: arrested; blank 1"


def test_csv_keeps_every_digit(frame) -> None:
    rows = list(csv.DictReader(io.StringIO(write(frame, "csv"))))
    assert float(rows[0]["value"]) == frame["value"].iloc[0]
    assert rows[1]["value"] == ""
    assert list(rows[0]) == list(frame.columns)


def test_table(frame) -> None:
    assert write(frame[["weapon", "numerator", "value", "low", "rows_used", "reasons", "label"]], "table") == """\
Arrested, share of records where it is recorded
weapon  numerator   value      low  rows_used
  True          1  0.3333  0.06149          3
     -          -       -        -          0
row 2: not recorded in this group: arrested; blank 1
"""


def test_equal_reasons_are_written_once(rows) -> None:
    data = rows(received_at=["2025-01-01T00:00:00Z", None], arrived_at=["2025-01-01T00:05:00Z", None])
    lines = write(measure(data, "response_time"), "table").splitlines()
    assert lines[0] == "Received to first arrival, minutes, instant clock"
    assert lines[-1] == "rows 1-4: start missing 1"
    assert len(lines) == 7


def test_unknown_format(frame) -> None:
    with pytest.raises(UserError, match="did you mean 'json'"):
        write(frame, "jsn")
