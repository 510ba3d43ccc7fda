"""A study's period: the records received in it are kept, all others are left out with a reason in the ledger."""

import json
from pathlib import Path
from typing import Any

from crisiskit import engine
from crisiskit.runs import record
from crisiskit.runs.evaluation import Period
from crisiskit.runs.workspace import place


def within(folder: Path, out: Path, period: Period) -> None:
    """Write the part of a standardized folder that lies in `period`: tables and ledger.json, and quality.json as it is.

    A record is inside when all days that it covers are. What is left out is in the ledger as `excluded`, for one of
    three reasons: outside, partly outside (a week or month at the edge), without a date. Follow-ups go with their
    record. Totals in `counts` stay whole, since a denominator may well belong to another year. Checks keep what they
    counted: they judge the source, not the period.
    """
    import ibis

    out.mkdir(parents=True, exist_ok=True)
    ledger = json.loads((folder / "ledger.json").read_text(encoding="utf-8"))
    if (folder / "counts.parquet").is_file():
        place(folder / "counts.parquet", out / "counts.parquet")
    if (folder / "interventions.parquet").is_file():
        con = engine.connect()
        rows = con.read_parquet(folder / "interventions.parquet")
        span = f"the period {period.first} to {period.last}"
        why = ibis.cases(
            (rows.period_start.isnull() | rows.period_end.isnull(), f"no date, so not known to be in {span}"),
            ((rows.period_end < period.first) | (rows.period_start > period.last), f"outside {span}"),
            ((rows.period_start < period.first) | (rows.period_end > period.last), f"partly outside {span}"),
        )
        rows = con.create_table("marked", rows.mutate(why=why), temp=True)
        kept, lost = rows.filter(rows.why.isnull()).drop("why"), rows.filter(rows.why.notnull())
        con.to_parquet(kept, out / "interventions.parquet", compression="zstd")
        _exclude(ledger, "interventions", lost)
        if (folder / "follow_ups.parquet").is_file():
            steps = con.read_parquet(folder / "follow_ups.parquet")
            gone, key = lost.select("source", "record_id").distinct(), ["source", "record_id"]
            con.to_parquet(steps.anti_join(gone, key), out / "follow_ups.parquet", compression="zstd")
            reason = ibis.literal(f"step after a record that is not within {span}")
            _exclude(ledger, "follow_ups", steps.semi_join(gone, key).mutate(why=reason))
        con.disconnect()
    record.write_json(out / "ledger.json", ledger)
    place(folder / "quality.json", out / "quality.json")


def _exclude(ledger: dict[str, Any], table: str, lost: Any) -> None:
    """Move rows from `standardized` to `excluded`, file by file, so that the ledger closes as before."""
    counted = lost.group_by("source_file", "why").aggregate(rows=lost.count()).order_by("source_file", "why")
    for row in counted.to_pyarrow().to_pylist():
        entries = (item for item in ledger["files"] if item["file"] == row["source_file"])
        entry = next(item for item in entries if item["standardized"] >= row["rows"])
        entry["standardized"] -= row["rows"]
        entry["excluded"] += row["rows"]
        ledger["reasons"].append({"file": entry["file"], "kind": "excluded", "reason": row["why"], "rows": row["rows"]})
        ledger["tables"][table] -= row["rows"]


def aggregate(interventions: Path) -> dict[str, Any]:
    """How many rows stand for a week, a month or the like, with how many contacts, and their share of all contacts."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    none = {"rows": 0, "contacts": 0, "share_of_contacts": None}
    if not interventions.is_file():
        return none
    rows = pq.read_table(interventions, columns=["contacts", "is_aggregate"])
    totals = rows.filter(pc.fill_null(rows["is_aggregate"], False))
    contacts, every = (int(pc.sum(part["contacts"]).as_py() or 0) for part in (totals, rows))
    return {"rows": totals.num_rows, "contacts": contacts, "share_of_contacts": contacts / every if every else None}
