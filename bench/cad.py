"""Five million CAD rows, ten columns, three clocks, for `bench/standardize.py`. Fixed seed, a few faults."""

import sys
from pathlib import Path

import duckdb

MAPPING = """source: bench_cad
publisher: generated
dataset: generated
simulated: true
time_zone: America/New_York
tables:
  cad:
    into: interventions
    read: {files: [cad.csv]}
    columns:
      record_id: incident_number
      record_kind: {constant: call_for_service}
      received_at: {from: received, formats: "%m/%d/%Y %I:%M:%S %p"}
      dispatched_at: {from: dispatched, formats: "%m/%d/%Y %I:%M:%S %p"}
      cleared_at: {from: cleared, formats: "%m/%d/%Y %I:%M:%S %p"}
      call_type_initial: problem
      need:
        from: problem
        codes: {MENTAL HEALTH CASE: mental_health, WELFARE CHECK: welfare_check, SUICIDE THREAT: suicide,
                TRAFFIC STOP: other, DISTURBANCE: disturbance}
      priority: priority
      agency: agency
      access: {from: how_received, codes: {E-911: "911", PHONE: other, OFFICER: officer_initiated}}
      area_id: beat
      area_level: {constant: beat}
      outcome: {from: disposition, codes: {RE: resolved, NR: resolved, AR: arrested, CI: cited}}
"""


def write(folder: Path, rows: int = 5_000_000) -> None:
    """Write cad.csv (about 115 bytes a row) and cad.yaml; one row in a thousand has no readable time."""
    clock = "strftime({}, '%m/%d/%Y %I:%M:%S %p')"
    con = duckdb.connect()
    con.execute("select setseed(0.3); set threads = 1")
    con.execute(f"""
        copy (select printf('25-%07d', i) incident_number,
            case when i % 1000 = 7 then '13/45/2020 00:00:00 AM' else {clock.format("t")} end received,
            case when i % 1000 = 7 then '' else {clock.format("t + to_seconds((random() * 300)::int)")} end dispatched,
            case when i % 1000 = 7 then ''
                else {clock.format("t + to_seconds((300 + random() * 3000)::int)")} end cleared,
            ['MENTAL HEALTH CASE', 'WELFARE CHECK', 'SUICIDE THREAT', 'TRAFFIC STOP', 'DISTURBANCE'][1 + i % 5] problem,
            (1 + i % 5)::varchar priority, ['POLICE', 'EMS', 'FIRE'][1 + i % 3] agency,
            ['E-911', 'PHONE', 'OFFICER'][1 + (i // 7) % 3] how_received, printf('%03d', (i * 31) % 50) beat,
            ['RE', 'NR', 'AR', 'CI'][1 + (i // 3) % 4] disposition
        from (select i, timestamp '2019-01-01' + to_seconds(i * 25) t from range({rows}) r(i)))
        to '{folder / "cad.csv"}' (header)""")
    (folder / "cad.yaml").write_text(MAPPING, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5_000_000)
