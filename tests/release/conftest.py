"""Small standardized folders, made by hand, whose every number can be checked by eye."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crisiskit.release.report import open_report
from crisiskit.standard import dictionary

FILE = {
    "file": "calls.csv",
    "sha256": "ab" * 32,
    "bytes": 2_500,
    "encoding": "utf-8",
    "delimiter": ",",
    "format": "csv",
    "rows_read": 0,
    "standardized": 0,
    "collapsed": 0,
    "excluded": 0,
    "quarantined": 0,
    "rejected": 0,
    "notes": [],
}
ABOUT = {
    "source": "calls",
    "publisher": "City of Somewhere",
    "dataset": "Calls 2024",
    "address": "",
    "licence": "MIT",
    "cannot_tell": [],
    "changes": [],
    "time_zone": "UTC",
    "simulated": False,
    "next_export": [],
}


def make_record(number, **values):
    """One intervention with what every record has, and `values`."""
    fixed = {
        "record_id": f"r{number}",
        "source": "calls",
        "record_kind": "call_for_service",
        "contacts": 1,
        "is_aggregate": False,
        "time_precision": "minute",
        "source_file": "calls.csv",
        "source_row": number + 2,
    }
    day = values.get("period_start")
    return fixed | ({"period_end": day} if day else {}) | values


@pytest.fixture
def record():
    """Make one intervention: record(number, **values)."""
    return make_record


@pytest.fixture
def write(tmp_path):
    """Write a standardized folder of interventions, counts and follow-ups (lists of dicts) and return its path."""

    def write(interventions=(), counts=(), ledger=None, quality=None, name="tables", follow_ups=()):
        folder = tmp_path / name
        folder.mkdir()
        tables = {"interventions": list(interventions), "counts": list(counts), "follow_ups": list(follow_ups)}
        for table, rows in tables.items():
            if rows:
                schema = dictionary.ibis_schema(table).to_pyarrow()
                pq.write_table(pa.Table.from_pylist(rows, schema), folder / f"{table}.parquet")
        rows = sum(len(made) for made in tables.values())
        book = {
            "source": "calls",
            "closes": True,
            "files": [FILE | {"rows_read": rows, "standardized": rows}],
            "reasons": [],
            "unmapped_columns": {},
            "unmapped_codes": [],
            "tables": {table: len(made) for table, made in tables.items() if made},
        }
        told = {
            "source": ["calls"],
            "checks": [],
            "units": [],
            "aggregate": {"rows": 0, "contacts": 0, "share_of_contacts": 0.0},
            "duplicates": {"exact_duplicate_rows": 0, "groups": 0},
            "about": [ABOUT],
        }
        (folder / "ledger.json").write_text(json.dumps(book | (ledger or {})), encoding="utf-8")
        (folder / "quality.json").write_text(json.dumps(told | (quality or {})), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def report(write, tmp_path):
    """Open a report on tables made by hand: report(notebook, interventions, ..., **parameters)."""

    def report(notebook, interventions=(), counts=(), ledger=None, quality=None, follow_ups=(), **parameters):
        folder = write(interventions, counts, ledger, quality, follow_ups=follow_ups)
        return open_report(notebook, str(folder), str(tmp_path / "figures"), **parameters)

    return report
