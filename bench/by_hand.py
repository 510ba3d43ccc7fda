"""What an able analyst would write for this one file: the same work as the kit's, in DuckDB SQL and in pandas."""

import hashlib
import json
import shutil
from pathlib import Path

from crisiskit.standard import dictionary

TYPES = {
    "string": "varchar",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "timestamp": "timestamptz",
    "local": "timestamp",
    "date": "date",
    "list": "varchar[]",
}
NEED = {
    "MENTAL HEALTH CASE": "mental_health",
    "WELFARE CHECK": "welfare_check",
    "SUICIDE THREAT": "suicide",
    "TRAFFIC STOP": "other",
    "DISTURBANCE": "disturbance",
}
ACCESS = {"E-911": "911", "PHONE": "other", "OFFICER": "officer_initiated"}
OUTCOME = {"RE": "resolved", "NR": "resolved", "AR": "arrested", "CI": "cited"}
CODES = [
    "911",
    "988",
    "hotline",
    "walk_in",
    "officer_initiated",
    "referral",
    "other",
    "call_for_service",
    "second",
    "day",
    "resolved",
    "arrested",
    "cited",
    "beat",
]
SENTINELS = [f"{day}T00:00:00Z" for day in ("1899-12-30", "1900-01-01", "1970-01-01", "2099-12-31")]
FORMAT = "%m/%d/%Y %I:%M:%S %p"
CLOCKS = ("received", "dispatched", "cleared")
CHECKS = {  # where a check applies, where it fails; the checks that the kit applies to these columns
    **{
        f"{c}_filled": ("true", f"{c} is null")
        for c in (
            "record_id",
            "source",
            "record_kind",
            "time_precision",
            "is_aggregate",
            "agency",
            "call_type_initial",
            "priority",
            "need",
            "outcome",
            "area_id",
            "received_local",
            "contacts",
            "period_start",
        )
    },
    **{
        f"{c}_codes": (
            f"{c} is not null",
            f"{c} not in ('911','988','hotline','walk_in','officer_initiated','referral',"
            "'other','call_for_service','second','day','resolved','arrested','cited','beat')",
        )
        for c in ("record_kind", "time_precision", "access", "outcome", "area_level")
    },
    **{f"{c}_other": (f"{c} is not null", f"{c} = 'other'") for c in ("access", "need", "outcome")},
    "contacts_negative": ("contacts is not null", "contacts < 0"),
    "contacts_over_999": ("contacts is not null", "contacts > 999"),
    "contacts_many": ("not is_aggregate", "contacts > 20"),
    "period_order": ("period_start is not null", "period_end < period_start"),
    "period_one_day": ("not is_aggregate", "period_end <> period_start"),
    "period_long": ("period_start is not null", "period_end - period_start > 366"),
    **{
        f"{c}_future": (f"{c} is not null", f"{c} > timestamptz '2027-01-01'")
        for c in ("received_at", "dispatched_at", "cleared_at")
    },
    **{
        f"{c}_early": (f"{c} is not null", f"{c} < timestamptz '1990-01-01'")
        for c in ("received_at", "dispatched_at", "cleared_at")
    },
    **{
        f"{c}_sentinel": (
            f"{c} is not null",
            f"epoch_us({c}) // 86400000000 in (-25569, -25568, -25567, 47481, 376199)",
        )
        for c in ("dispatched_at", "cleared_at")
    },
    **{
        f"{b}_before_{a}": (f"{a} is not null and {b} is not null", f"{b} < {a}")
        for a, b in (("received_at", "dispatched_at"), ("received_at", "cleared_at"), ("dispatched_at", "cleared_at"))
    },
    **{
        f"{b}_late": (
            f"received_at is not null and {b} is not null",
            f"epoch_us({b}) - epoch_us(received_at) > 86400000000",
        )
        for b in ("dispatched_at", "cleared_at")
    },
    "received_midnight": ("received_local is not null", "epoch_us(received_local) % 86400000000 = 0"),
    "hour_zero": ("received_local is not null", "hour(received_local) = 0"),
    "full_hour": ("received_local is not null", "minute(received_local) = 0"),
    "quarter_hour": ("received_local is not null", "minute(received_local) % 15 = 0"),
    "night": ("received_local is not null", "hour(received_local) < 4"),
    "first_of_month": ("period_start is not null", "day(period_start) = 1"),
    "new_year": ("period_start is not null", "dayofyear(period_start) = 1"),
}


def sha256(path: Path) -> str:
    """The hash of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def ledger(out: Path, digest: str, read: int, standardized: int, quarantined: int, checks: dict) -> None:
    """Write the ledger; stop when it does not close."""
    if read != standardized + quarantined:
        raise RuntimeError("the ledger does not close")
    (out / "quality.json").write_text(json.dumps(checks))
    (out / "ledger.json").write_text(
        json.dumps(
            {
                "files": [
                    {
                        "file": "cad.csv",
                        "sha256": digest,
                        "rows_read": read,
                        "standardized": standardized,
                        "quarantined": quarantined,
                    }
                ],
                "tables": {"interventions": standardized},
            }
        )
    )


def case(column: str, codes: dict[str, str]) -> str:
    """CASE that translates codes, ignoring case."""
    whens = " ".join(f"when '{k.lower()}' then '{v}'" for k, v in codes.items())
    return f"case when {column} is null then null else case lower({column}) {whens} else 'other' end end"


def with_duckdb(folder: Path, out: Path) -> None:
    """Read, map, check, quarantine and write with SQL."""
    import duckdb

    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    digest = sha256(folder / "cad.csv")
    con = duckdb.connect(
        str(out / "work.duckdb"), config={"memory_limit": "700MB", "temp_directory": str(out / "spill")}
    )
    con.execute("set TimeZone = 'UTC'")
    names = ["incident_number", *CLOCKS, "problem", "priority", "agency", "how_received", "beat", "disposition"]
    text = f"""read_csv('{folder / "cad.csv"}', auto_detect=false, header=false, skip=1, delim=',',
        quote='"', escape='"',
        strict_mode=true, store_rejects=true, columns={{{", ".join(f"'{n}': 'varchar'" for n in names)}}})"""
    parsed = ", ".join(f"try_strptime({c}, '{FORMAT}') {c}_w" for c in CLOCKS)
    instants = ", ".join(f"timezone('America/New_York', {c}_w) {c}_at" for c in CLOCKS)
    doubts = " || ".join(
        f"""case when {c}_w <> timezone('America/New_York', timezone('America/New_York', {c}_w)) then '{c}:never;'
        when timezone('America/New_York', timezone('America/New_York', {c}_w) - interval 1 hour) = {c}_w
        then '{c}:twice;' else '' end"""
        for c in CLOCKS
    )
    asides = ", ".join(f"case when {c} is not null and {c}_w is null then '{c}=set_aside;' else '' end" for c in CLOCKS)
    con.execute(f"create temp table text as select * from {text}")
    con.execute(f"""create temp table rows as
        select *, {instants}, nullif(concat({doubts.replace(" || ", ", ")}), '') flags,
          nullif(concat({asides}), '') missing
        from (select rowid + 2 source_row, *, {parsed}, hash([{", ".join(names)}]) h from text)""")
    made = {
        "record_id": "incident_number",
        "source": "'bench_cad'",
        "record_kind": "'call_for_service'",
        "agency": "agency",
        "contacts": "1",
        "is_aggregate": "false",
        "period_start": "received_w::date",
        "period_end": "received_w::date",
        "time_precision": "'second'",
        "received_at": "received_at",
        "received_local": "received_w",
        "time_zone": "'America/New_York'",
        "dispatched_at": "dispatched_at",
        "cleared_at": "cleared_at",
        "call_type_initial": "problem",
        "priority": "priority",
        "need": case("problem", NEED),
        "area_id": "beat",
        "area_level": "'beat'",
        "access": case("how_received", ACCESS),
        "outcome": case("disposition", OUTCOME),
        "source_file": "'cad.csv'",
        "source_row": "source_row",
        "missing": "missing",
        "flags": "flags",
    }
    columns = ", ".join(
        f'{made.get(n, "null")}::{TYPES[c.type]} "{n}"' for n, c in dictionary.table("interventions").columns.items()
    )
    bad = "coalesce(received_w, dispatched_w, cleared_w) is null"
    con.execute(f"create view standard as select {columns} from rows where not ({bad})")
    counted = ", ".join(f"count(*) filter (where {a}), count(*) filter (where {a} and {f})" for a, f in CHECKS.values())
    found = con.execute(f"select {counted}, count(distinct record_id) from standard").fetchone()
    checks = {name: found[2 * i : 2 * i + 2] for i, name in enumerate(CHECKS)} | {"unique": found[-1]}
    checks["suspected"] = con.execute("""select coalesce(sum(n - 1), 0)::bigint from (select count(*) n from standard
        where received_at is not null
        group by received_at, area_id, call_type_initial, agency having count(*) > 1)""").fetchone()
    checks["duplicates"] = con.execute(
        "select coalesce(sum(n - 1), 0)::bigint from (select count(*) n from rows group by h having count(*) > 1)"
    ).fetchone()
    con.execute(f"copy standard to '{out / 'interventions.parquet'}' (compression zstd)")
    con.execute(
        f"copy (select t.* from text t join (select source_row from rows where {bad}) on t.rowid + 2 = source_row) "
        f"to '{out / 'quarantine.csv'}' (header)"
    )
    read, lost = con.execute(f"select count(*), count(*) filter (where {bad}) from rows").fetchone()
    ledger(
        out,
        digest,
        read,
        con.execute(f"select count(*) from '{out / 'interventions.parquet'}'").fetchone()[0],
        lost,
        checks,
    )
    con.close()


def with_pandas(folder: Path, out: Path) -> None:
    """Read, map, check, quarantine and write with pandas."""
    import pandas as pd

    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    digest = sha256(folder / "cad.csv")
    text = pd.read_csv(folder / "cad.csv", dtype=str, keep_default_na=False).replace("", pd.NA)
    text["source_row"] = range(2, len(text) + 2)
    rows = pd.DataFrame(
        {
            "record_id": text["incident_number"],
            "agency": text["agency"],
            "call_type_initial": text["problem"],
            "priority": text["priority"],
            "area_id": text["beat"],
            "source_row": text["source_row"],
        }
    )
    for clock in CLOCKS:
        wall = pd.to_datetime(text[clock], format=FORMAT, errors="coerce")
        rows[f"{clock}_local"] = wall
        rows[f"{clock}_at"] = wall.dt.tz_localize(
            "America/New_York", ambiguous=True, nonexistent="shift_forward"
        ).dt.tz_convert("UTC")
        rows[f"{clock}_twice"] = (
            wall.dt.tz_localize("America/New_York", ambiguous="NaT", nonexistent="shift_forward").isna() & wall.notna()
        )
        rows[f"{clock}_aside"] = wall.isna() & text[clock].notna()
    for new, old, codes in (
        ("need", "problem", NEED),
        ("access", "how_received", ACCESS),
        ("outcome", "disposition", OUTCOME),
    ):
        rows[new] = (
            text[old].str.lower().map({k.lower(): v for k, v in codes.items()}).where(lambda s: s.notna(), "other")
        )
    rows["period_start"] = rows["period_end"] = rows["received_local"].dt.date
    flags = {
        "source": "bench_cad",
        "record_kind": "call_for_service",
        "contacts": 1,
        "is_aggregate": False,
        "time_precision": "second",
        "time_zone": "America/New_York",
        "area_level": "beat",
        "source_file": "cad.csv",
    }
    rows = rows.assign(**flags)
    bad = rows[[f"{clock}_local" for clock in CLOCKS]].isna().all(axis=1)
    text[bad].to_csv(out / "quarantine.csv", index=False)
    rows["missing"], rows["flags"] = "", ""
    for clock in CLOCKS:
        rows["missing"] = rows["missing"].where(~rows[f"{clock}_aside"], rows["missing"] + f"{clock}_at=set_aside;")
        rows["flags"] = rows["flags"].where(~rows[f"{clock}_twice"], rows["flags"] + f"{clock}:twice;")
    aside = {clock: text.loc[rows[f"{clock}_aside"], clock].value_counts() for clock in CLOCKS}
    other = {
        old: text.loc[rows[new] == "other", old].value_counts()
        for new, old in (("need", "problem"), ("access", "how_received"), ("outcome", "disposition"))
    }
    good = rows[~bad]
    checks = {c: int(good[c].isna().sum()) for c in good.columns}
    checks |= {
        f"{b}_before_{a}": int((good[f"{b}_at"] < good[f"{a}_at"]).sum())
        for a, b in (("received", "dispatched"), ("received", "cleared"), ("dispatched", "cleared"))
    }
    checks |= {f"{c}_early": int((good[f"{c}_at"] < pd.Timestamp("1990-01-01", tz="UTC")).sum()) for c in CLOCKS}
    checks |= {f"{c}_future": int((good[f"{c}_at"] > pd.Timestamp("2027-01-01", tz="UTC")).sum()) for c in CLOCKS}
    checks |= {f"{c}_other": int((good[c] == "other").sum()) for c in ("need", "access", "outcome")}
    checks |= {f"{c}_sentinel": int((good[f"{c}_at"].dt.floor("D").isin(SENTINELS)).sum()) for c in CLOCKS[1:]}
    checks |= {
        f"{c}_late": int((good[f"{c}_at"] - good["received_at"] > pd.Timedelta(days=1)).sum()) for c in CLOCKS[1:]
    }
    checks |= {
        f"{c}_codes": int((~good[c].isin(CODES)).sum())
        for c in ("record_kind", "time_precision", "access", "outcome", "area_level")
    }
    checks |= {
        "contacts_negative": int((good["contacts"] < 0).sum()),
        "contacts_many": int((good["contacts"] > 20).sum()),
    }
    hour, minute = good["received_local"].dt.hour, good["received_local"].dt.minute
    checks |= {
        "hour_zero": int((hour == 0).sum()),
        "full_hour": int((minute == 0).sum()),
        "quarter": int((minute % 15 == 0).sum()),
        "night": int((hour < 4).sum()),
        "unique": int(good["record_id"].nunique()),
    }
    checks["suspected"] = int(good.duplicated(["received_at", "area_id", "call_type_initial", "agency"]).sum())
    checks["duplicates"] = int(text.drop(columns="source_row").duplicated().sum())
    names = dictionary.table("interventions").columns
    good.reindex(columns=list(names)).to_parquet(out / "interventions.parquet", compression="zstd", index=False)
    checks |= {
        "set_aside": {c: n.head(3).to_dict() for c, n in aside.items()},
        "unmapped": {c: n.to_dict() for c, n in other.items()},
    }
    ledger(out, digest, len(text), len(good), int(bad.sum()), checks)
