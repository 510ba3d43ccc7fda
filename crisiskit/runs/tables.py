"""The tables of a run: the standardized folders of its sources put together, judged by the run's thresholds."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crisiskit.intake import checks
from crisiskit.runs import record
from crisiskit.runs.workspace import place
from crisiskit.standard.dictionary import TABLES


def combine(folders: Sequence[Path], out: Path, thresholds: dict[str, float]) -> None:
    """Write `out` from standardized folders: Parquet tables with all their rows, ledger.json and quality.json.

    Rows keep their `source`. Checks keep numerator and denominator: other thresholds judge them without a new reading.
    """
    out.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        files = [folder / f"{table}.parquet" for folder in folders if (folder / f"{table}.parquet").is_file()]
        if len(files) == 1:
            place(files[0], out / files[0].name)
        elif files:
            _concatenate(files, out / f"{table}.parquet")
    ledgers, qualities = ([_read(folder / name) for folder in folders] for name in ("ledger.json", "quality.json"))
    record.write_json(out / "ledger.json", ledgers[0] if len(ledgers) == 1 else _ledgers(ledgers))
    quality = qualities[0] if len(qualities) == 1 else _qualities(qualities, _contacts(out / "interventions.parquet"))
    record.write_json(out / "quality.json", {**quality, "checks": checks.reassess(quality["checks"], thresholds)})


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _concatenate(files: Sequence[Path], out: Path) -> None:
    """Append Parquet files of one schema, a row group at a time, so that memory does not grow with them."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(out, pq.read_schema(files[0]), compression="zstd") as writer:
        for file in files:
            with pq.ParquetFile(file) as reader:
                for number in range(reader.num_row_groups):
                    writer.write_table(reader.read_row_group(number).cast(writer.schema))


def _contacts(path: Path) -> int:
    """All contacts of the interventions; 0 where there are none."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    return int(pc.sum(pq.read_table(path, columns=["contacts"])["contacts"]).as_py() or 0) if path.is_file() else 0


def _names(source: str | list[str]) -> list[str]:
    return [source] if isinstance(source, str) else source


def _ledgers(ledgers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    tables = {name for ledger in ledgers for name in ledger["tables"]}
    return {
        "source": [name for ledger in ledgers for name in _names(ledger["source"])],
        "closes": all(ledger["closes"] for ledger in ledgers),
        **{part: [item for ledger in ledgers for item in ledger[part]] for part in ("files", "reasons")},
        "unmapped_columns": {file: names for ledger in ledgers for file, names in ledger["unmapped_columns"].items()},
        "unmapped_codes": [item for ledger in ledgers for item in ledger["unmapped_codes"]],
        "tables": {name: sum(ledger["tables"].get(name, 0) for ledger in ledgers) for name in TABLES if name in tables},
    }


def _qualities(qualities: Sequence[dict[str, Any]], contacts: int) -> dict[str, Any]:
    """One quality record of several: the same check of two sources is one check over the rows of both."""
    joined: dict[tuple[Any, ...], dict[str, Any]] = {}
    for quality in qualities:
        for check in quality["checks"]:
            key = (check["id"], check["table"], *check["columns"])
            joined[key] = _together(joined[key], check) if key in joined else check
    aggregate = {part: sum(quality["aggregate"][part] for quality in qualities) for part in ("rows", "contacts")}
    parts = ("exact_duplicate_rows", "groups")
    return {
        "source": [name for quality in qualities for name in _names(quality["source"])],
        "checks": list(joined.values()),
        "units": [item for quality in qualities for item in quality["units"]],
        "aggregate": {**aggregate, "share_of_contacts": aggregate["contacts"] / contacts if contacts else None},
        "duplicates": {part: sum(quality["duplicates"][part] for quality in qualities) for part in parts},
        "about": [item for quality in qualities for item in quality["about"]],
    }


def _together(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """One check over the rows of two sources; a check that could not be run on one of them has no verdict."""
    faulty = next((check for check in (one, other) if check["status"] == "error"), None)
    if faulty or not (one["denominator"] and other["denominator"]):
        return faulty or (one if one["denominator"] else other)
    numerator, denominator = (one[part] + other[part] for part in ("numerator", "denominator"))
    return {**one, "numerator": numerator, "denominator": denominator, "share": numerator / denominator}
