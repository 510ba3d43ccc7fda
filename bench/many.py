"""Interventions in Parquet for `bench/measures.py`: made by the engine, fixed seed."""

import sys
from pathlib import Path

import duckdb


def write(folder: Path, rows: int = 50_000_000) -> Path:
    """Write `interventions.parquet` with `rows` rows: dispatch events, and a month's total in every thousandth."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "interventions.parquet"
    con = duckdb.connect(config={"memory_limit": "3GB", "temp_directory": str(folder / "spill")})
    con.execute("set TimeZone = 'UTC'; set threads = 2")
    draw = "hash(i * 7 + {}) % 10000 / 10000.0"
    pick = "([{}])[1 + (hash(i * 7 + {}) % {})::int]"

    def one_of(seed: int, *words: str) -> str:
        return pick.format(", ".join("null" if word == "" else f"'{word}'" for word in words), seed, len(words))

    con.execute(f"""copy (
        select printf('e%08d', i) record_id, ['north', 'south'][1 + (i % 2)::int] as source,
          'call_for_service' as record_kind, {one_of(1, *(f"site {n}" for n in range(6)))} as site,
          case when total then 40 else 1 end::bigint as contacts, total as is_aggregate,
          case when total then date_trunc('month', w)::date else w::date end as period_start,
          case when total then last_day(w) else w::date end as period_end,
          case when total then 'month' else 'second' end as time_precision,
          case when total then null else timezone('America/Chicago', w) end as received_at,
          case when total then null else w end as received_local, 'America/Chicago' as time_zone,
          case when total or d < 0.03 then null
            else timezone('America/Chicago', w) + to_seconds((60 + d * 900)::int) end as dispatched_at,
          case when total or d < 0.10 then null
            else timezone('America/Chicago', w) + to_seconds((300 + d * 3000)::int) end as arrived_at,
          case when total then null
            else timezone('America/Chicago', w) + to_seconds((900 + d * 9000)::int) end as cleared_at,
          10 + d * 50 as duration_min, 20 + d * 90 as responder_min, 1::bigint as units,
          {one_of(2, "911", "988", "officer_initiated", "referral", "unknown", "")} as access,
          {one_of(3, "phone", "in_person", "text")} as modality,
          {one_of(4, "mental_health", "suicide", "substance_use", "welfare_check", "other", "unknown", "")} as need,
          {one_of(5, "police", "cit_officer", "co_responder", "mobile_crisis", "ems")} as responder,
          {one_of(6, "resolved", "referred", "hospital", "arrested", "refused", "unknown", "")} as outcome,
          d < 0.05 arrested, case when d < 0.9 then d < 0.02 end as force_used, d < 0.1 hospitalized,
          {one_of(7, *(f"a{n:02}" for n in range(40)))} as area_id, 'beat' as area_level, 'incident' as area_basis,
          'many' as source_file, i as source_row, case when d > 0.98 then 'outcome=set_aside' end as missing
        from (select i, {draw.format(0)} d, i % 1000 = 0 total,
                timestamp '2019-01-01' + to_seconds((i * {5 * 365 * 86400 / rows})::bigint) w
              from range({rows}) r(i)))
      to '{target}' (compression zstd, row_group_size 122880)""")
    con.close()
    return target


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 50_000_000)
