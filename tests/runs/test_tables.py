"""Standardized folders put together: all rows, one ledger, one record of checks judged by the study's thresholds."""

import json
import os
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crisiskit.runs.tables import combine

SCHEMA = pa.schema([
    ("source", pa.string()), ("contacts", pa.int64()), ("received_at", pa.timestamp("us", "UTC")),
    ("needs", pa.list_(pa.string())),
])  # fmt: skip


def check(name: str, numerator, denominator, status: str, threshold: float = 0.1) -> dict:
    share = numerator / denominator if denominator else None
    return {"id": name, "table": "interventions", "columns": ["contacts"], "numerator": numerator, "share": share,
            "denominator": denominator, "threshold": threshold, "status": status}  # fmt: skip


@pytest.fixture
def write(tmp_path):
    """Writes a standardized folder of one source."""

    def folder(source: str, contacts: list[int], checks: list[dict], rows_read: int = 9, aggregate: int = 0):
        path = tmp_path / source
        path.mkdir()
        rows = [{"source": source, "contacts": n, "received_at": datetime(2024, 1, 1, tzinfo=UTC), "needs": ["a", "b"]}
                for n in contacts]  # fmt: skip
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), path / "interventions.parquet", row_group_size=2)
        file = {"file": f"{source}.csv", "rows_read": rows_read, "standardized": len(contacts)}
        ledger = {"source": source, "closes": True, "files": [file], "reasons": [{"file": file["file"], "rows": 1}],
                  "unmapped_columns": {file["file"]: ["x"]}, "unmapped_codes": [],
                  "tables": {"interventions": len(contacts)}}  # fmt: skip
        share = aggregate / sum(contacts)
        quality = {"source": [source], "checks": checks, "units": [{"column": "duration_min"}],
                   "aggregate": {"rows": 1, "contacts": aggregate, "share_of_contacts": share},
                   "duplicates": {"exact_duplicate_rows": 2, "groups": 1}, "about": [{"source": source}]}  # fmt: skip
        (path / "ledger.json").write_text(json.dumps(ledger))
        (path / "quality.json").write_text(json.dumps(quality))
        return path

    return folder


def read(out) -> tuple[dict, dict]:
    return tuple(json.loads((out / f"{name}.json").read_text()) for name in ("ledger", "quality"))


def test_rows_of_all_sources_are_kept_in_their_types_and_order(write, tmp_path):
    combine([write("a", [1, 2, 3], []), write("b", [4, 0], [])], tmp_path / "out", {})
    table = pq.read_table(tmp_path / "out" / "interventions.parquet")
    assert table.schema.equals(SCHEMA)
    assert table.select(["source", "contacts"]).to_pylist() == [
        {"source": source, "contacts": n} for source, n in (("a", 1), ("a", 2), ("a", 3), ("b", 4), ("b", 0))
    ]


def test_ledgers_and_counts_are_added_up(write, tmp_path):
    combine([write("a", [1, 2, 3], [], aggregate=3), write("b", [4, 0], [], aggregate=4)], tmp_path / "out", {})
    ledger, quality = read(tmp_path / "out")
    assert (ledger["source"], ledger["tables"]) == (["a", "b"], {"interventions": 5})
    assert [file["file"] for file in ledger["files"]] == ["a.csv", "b.csv"]
    assert ledger["unmapped_columns"] == {"a.csv": ["x"], "b.csv": ["x"]}
    assert quality["aggregate"] == {"rows": 2, "contacts": 7, "share_of_contacts": 0.7}
    assert quality["duplicates"] == {"exact_duplicate_rows": 4, "groups": 2}


def test_one_ledger_that_does_not_close_opens_the_whole(write, tmp_path):
    first, second = write("a", [1], []), write("b", [1], [])
    broken = json.loads((second / "ledger.json").read_text()) | {"closes": False}
    (second / "ledger.json").write_text(json.dumps(broken))
    combine([first, second], tmp_path / "out", {})
    assert read(tmp_path / "out")[0]["closes"] is False


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("pass", 0, 10), ("fail", 5, 10), ("fail", 5, 20)),
        (("fail", 3, 20), ("pass", 0, 20), ("pass with failures", 3, 40)),
        (("not applicable", None, None), ("fail", 5, 10), ("fail", 5, 10)),
        (("pass", 0, 10), ("not applicable", 0, 0), ("pass", 0, 10)),
        (("not applicable", None, None), ("not applicable", None, None), ("not applicable", None, None)),
        (("error", None, None), ("pass", 0, 10), ("error", None, None)),
    ],
)
def test_a_check_of_two_sources_is_one_check_over_the_rows_of_both(write, tmp_path, one, other, expected):
    folders = [write(name, [1], [check("contacts_missing", n, of, status)]) for name, (status, n, of) in
               (("a", one), ("b", other))]  # fmt: skip
    combine(folders, tmp_path / "out", {})
    (found,) = read(tmp_path / "out")[1]["checks"]
    assert (found["status"], found["numerator"], found["denominator"]) == expected


@pytest.mark.parametrize(("threshold", "status"), [(0.0, "fail"), (0.29, "fail"), (0.3, "pass with failures")])
def test_thresholds_judge_without_a_new_reading(write, tmp_path, threshold, status):
    folder = write("a", [1], [check("contacts_missing", 3, 10, "fail")])
    combine([folder], tmp_path / "out", {"contacts_missing": threshold})
    assert read(tmp_path / "out")[1]["checks"][0]["status"] == status
    assert read(folder)[1]["checks"][0]["threshold"] == 0.1


def test_the_table_of_a_single_source_takes_no_second_copy(write, tmp_path):
    folder = write("a", [1], [])
    combine([folder], tmp_path / "out", {})
    if os.name == "posix":
        assert (tmp_path / "out" / "interventions.parquet").samefile(folder / "interventions.parquet")
