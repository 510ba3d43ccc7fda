"""Denormalised rows become one record, in the way the mapping says, and each of them is accounted for."""

import json

import pandas as pd
from small_source import reasons, run

UNITS = """
call,unit,sent,there,kind,flag
1,E1,2024-01-01 10:00:00,2024-01-01 10:09:00,fire,N
1,M2,2024-01-01 09:58:00,,,Y
2,E1,2024-01-01 12:00:00,2024-01-01 12:05:00,alarm,N
,E9,2024-01-01 13:00:00,,alarm,N
3,E1,not a date,,alarm,N
"""
TABLE = """
one_row_per: {key: call, combine: {dispatched_at: min, arrived_at: min, units: sum, weapon: any, responder_min: sum}}
columns:
  record_id: call
  received_at: sent
  dispatched_at: sent
  arrived_at: there
  units: {constant: 1}
  responder_min: {minutes_between: [dispatched_at, arrived_at]}
  call_type_final: kind
  weapon: flag
"""


def test_units_of_a_call_are_one_record(tmp_path):
    ledger, rows, _ = run(tmp_path, TABLE, units__csv=UNITS)
    entry = ledger.files[0]
    assert (entry.rows_read, entry.standardized, entry.collapsed, entry.quarantined) == (5, 2, 1, 2)
    assert rows.loc["1", "dispatched_at"] == pd.Timestamp("2024-01-01 14:58", tz="UTC")
    assert rows.loc["1", "units"] == 2
    assert rows.loc["1", "responder_min"] == 9
    assert rows.loc["1", "weapon"]
    assert rows.loc["1", "call_type_final"] == "fire"
    assert reasons(ledger, "quarantined") == {"no key: call is blank": 1, "no usable date: not a date | not a date": 1}


def test_exact_duplicates_are_counted_and_kept_unless_the_mapping_collapses_them(tmp_path):
    text, table = "d,n\n2024-01-01,a\n2024-01-01,a\n2024-01-01,a\n2024-01-01,b\n", "columns: {occurred_on: d, need: n}"
    ledger, rows, out = run(tmp_path, table, same__csv=text)
    quality = json.loads((out / "quality.json").read_text("utf-8"))
    assert quality["duplicates"] == {"exact_duplicate_rows": 2, "groups": 1}
    assert len(rows) == 4
    ledger, rows, _ = run(tmp_path, table + "\nduplicates: collapse", same__csv=text)
    assert len(rows) == 2
    assert ledger.files[0].collapsed == 2
    assert reasons(ledger, "collapsed") == {"exact duplicate of an earlier row": 2}


def test_records_come_in_the_order_of_their_first_rows_however_many_threads_put_them_together(tmp_path):
    """Groups come back as threads finish them; sums over the table move in the last digit with its order."""
    lines = [f"{at % 700},E{at},2024-01-{1 + at % 28:02} 10:00:00,,fire,N" for at in range(3500)]
    _, rows, out = run(tmp_path, TABLE, units__csv="call,unit,sent,there,kind,flag\n" + "\n".join(lines) + "\n")
    assert len(rows) == 700
    assert rows["source_row"].is_monotonic_increasing
    aside = pd.read_csv(out / "quarantine" / "set_aside.csv")
    assert aside["source_row"].is_monotonic_increasing
