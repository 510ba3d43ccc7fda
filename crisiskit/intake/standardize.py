"""From a mapping and a folder of files to standard tables, a closed ledger, a quality record and a quarantine."""

import errno
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import ibis
from ibis.expr.types import Table

from crisiskit import engine
from crisiskit.errors import UserError
from crisiskit.intake import checks, collapse, fates, identifiers, keys, parquet, quarantine, tally, units
from crisiskit.intake.codebooks import with_code_books
from crisiskit.intake.compile import Headers, refuse_if_unmapped
from crisiskit.intake.gather import constants, is_null, stored, stored_in_turn
from crisiskit.intake.ledger import Ledger, LedgerDoesNotClose
from crisiskit.intake.mapping import SourceMap, TableMap, load
from crisiskit.intake.read import FileRead, read_files
from crisiskit.intake.rows import DURATIONS, inputs, standard_rows
from crisiskit.standard import dictionary

MEMORY = "700MB"  # what the engine may hold before it spills to disk
ROW = ("source_file", "source_row", "record_id", "follow_up_id")
CELL = ("measure", "period_start", "area_id", "area_level", "group", "level", "hour", "value")  # many of one source row


@dataclass
class Standardized:
    """What one table map gave: its records before and after the checks, the columns it fills, what is said of them."""

    into: str
    records: Table
    final: Table
    filled: set[str]
    empty: set[str]
    set_aside: Table
    units: list[dict[str, Any]]
    duplicates: dict[str, int]
    loose: bool  # whether the engine's threads have a say in the order of the rows


def standardize(mapping: Path | SourceMap, data: Path, out: Path, mended: Path | None = None) -> Ledger:
    """Read a source's files and write `out`: Parquet tables, ledger.json, quality.json and the folder quarantine/.

    `out` appears whole or not at all; an earlier result there stays untouched until the new one is complete. `mended`
    is a quarantine folder whose rows were put right: they are read in the place of the rows they came from.
    Raises UserError for faults of the data or the mapping, LedgerDoesNotClose when a row would be lost.
    """
    source = mapping if isinstance(mapping, SourceMap) else load(Path(mapping))
    out = Path(out)
    if out.exists() and not ((out / "ledger.json").is_file() or (out.is_dir() and not any(out.iterdir()))):
        raise UserError(f"{out}: is there and holds no standard tables; name an empty or a new folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.partial-", dir=out.parent) as temporary:
            work, new = Path(temporary) / "work", Path(temporary) / "new"
            work.mkdir()
            new.mkdir()
            ledger = _write(source, Path(data), new, work, mended)
            if out.exists():
                shutil.move(out, Path(temporary) / "old")
            new.rename(out)
    except (OSError, duckdb.Error) as error:
        if getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error):
            raise UserError(
                f"{out}: the disk is full; nothing was written there and an earlier result is untouched"
            ) from error
        raise
    return ledger


def _write(source: SourceMap, data: Path, out: Path, work: Path, mended: Path | None) -> Ledger:
    con = engine.connect(work, memory=MEMORY)
    try:
        ledger, done, restricted = Ledger(source.source), [], out / "quarantine"
        restricted.mkdir()
        for name, table_map in source.tables.items():
            done.append(one_table(con, source, name, table_map, data, work, ledger, restricted, mended))
        for table in dictionary.TABLES:
            parts = [one.final for one in done if one.into == table]
            if parts:
                empty = set.intersection(*(one.empty for one in done if one.into == table))
                whole, loose = _together(parts), any(one.loose for one in done if one.into == table)
                whole = _in_order(whole) if loose else whole
                ledger.tables[table] = parquet.write(con, whole, empty, out / f"{table}.parquet")
        aside = _together([one.set_aside for one in done])
        con.to_csv(aside.order_by(aside.columns), restricted / "set_aside.csv", header=True)
        ledger.prove()
        _save(out / "ledger.json", ledger.as_dict())
        _save(out / "quality.json", quality(source, done, con, out))
    finally:
        con.disconnect()
    return ledger


def one_table(
    con: Any,
    source: SourceMap,
    name: str,
    table_map: TableMap,
    data: Path,
    work: Path,
    ledger: Ledger,
    restricted: Path,
    mended: Path | None,
) -> Standardized:
    """Read, map, convert, collapse, check: one group of files into one standard table, with its ledger entries."""
    refuse_if_unmapped(table_map, name)
    reads = read_files(con, table_map.read, data, work)
    reads = quarantine.with_mended(con, reads, mended) if mended else reads
    secret = keys.secret() if any(spec.hash for spec in table_map.columns.values()) else ""
    columns = with_code_books(table_map, con, data, work)
    for read in reads:
        suspects = identifiers.refuse(table_map, f"tables.{name}", read, Headers(read.columns, read.file))
        ledger.unmapped_columns[read.file] = _unmapped(read, table_map, suspects)
    made, parts = standard_rows(con, reads, source, table_map, columns, name, secret)
    fixed = constants(made)
    rows = stored_in_turn(con, made, f"{name}_rows", fixed, f"{name}_gathered", parts)
    for read in reads:
        read.check_unchanged()
    durations = [d for d in DURATIONS if f"_n_{d}" in rows.columns]
    ready, verdicts = units.converted(rows, durations)
    ready = collapse.ranked(ready, table_map)
    if table_map.one_row_per or table_map.duplicates == "collapse":
        ready = stored(con, ready, f"{name}_ranked", fixed)
    live = ready.filter(ready["_excluded"].isnull() & ready["_problem"].isnull())
    records = collapse.records(live, table_map)
    if table_map.wide or table_map.tally:
        records = con.create_table(f"{name}_cells", tally.spread(records, table_map), temp=True)
    elif table_map.one_row_per:
        empty = {n: value for n, value in fixed.items() if n not in table_map.columns}
        records = stored(con, records, f"{name}_records", empty)
    found = checks.compiled(table_map.into, records, mapped=filled(table_map))
    checked = checks.apply(records, found)
    bad = checked.filter(checked["_row_problem"].notnull())
    final = checked.filter(checked["_row_problem"].isnull())
    if table_map.wide or table_map.tally:  # a count cell that cannot stand is set aside; its source row has other cells
        bad = bad.limit(0)
    why = (
        f"rows of one record ({', '.join(table_map.one_row_per.key)})"
        if table_map.one_row_per
        else "exact duplicate of an earlier row"
    )
    lost = con.create_table(f"{name}_lost", fates.fates(ready, bad, why), temp=True)
    read_in = ready.group_by("source_file").aggregate(n=ibis._.count()).execute()
    fates.enter(ledger, reads, lost, dict(zip(read_in["source_file"], read_in["n"].astype(int), strict=True)))
    quarantine.write(con, reads, lost, restricted)
    aside = con.create_table(f"{name}_aside", fates.entries_of(checked, "_aside"), temp=True)
    fates.set_aside(ledger, aside)
    ledger.unmapped_codes += fates.unmapped_codes(fates.entries_of(live, "_other"))
    _tie_out(con, ledger, reads, final, table_map)
    known = dictionary.table(table_map.into).columns
    without = set() if table_map.wide or table_map.tally else {n for n, value in fixed.items() if is_null(value)}
    return Standardized(
        table_map.into,
        records.select(*known),
        final.select(*known),
        filled(table_map),
        without - {"missing"},
        aside,
        verdicts,
        collapse.duplicates(rows),
        bool(table_map.one_row_per or table_map.wide or table_map.tally or table_map.duplicates == "collapse"),
    )


def _in_order(table: Table) -> Table:
    """The rows in an order of their own: rows that were grouped come back as the engine's threads finish them."""
    return table.order_by([name for name in (*ROW, *CELL) if name in table.columns])


def _together(tables: list[Table]) -> Table:
    return tables[0] if len(tables) == 1 else ibis.union(*tables)


def check_results(done: list[Standardized]) -> list[dict[str, Any]]:
    """The results of every check on the records of a source, table by table, with the other tables beside."""
    tables = {into: _together([one.records for one in done if one.into == into]) for into in {one.into for one in done}}
    found = []
    for into in sorted(tables, key=dictionary.TABLES.index):
        names = set().union(*(one.filled for one in done if one.into == into))
        compiled = checks.compiled(into, tables[into], mapped=names)
        found += checks.results(into, tables[into], compiled, mapped=names, others=tables)
    return found


def filled(table_map: TableMap) -> set[str]:
    """The columns that this source fills: mapped ones and those that intake derives from them."""
    filled = {
        *table_map.columns,
        "source",
        "source_file",
        "source_row",
        "contacts",
        "is_aggregate",
        "time_precision",
        "record_id",
    }
    if table_map.into == "counts":
        filled |= (
            {"measure", "value", "unit", "group", "level", "area_id", "area_level"}
            if table_map.wide or table_map.tally
            else set()
        )
    if (
        any(name in table_map.columns for name in ("received_at", "received_local", "occurred_on", "period_start"))
        or table_map.tally
    ):
        filled |= {"period_start", "period_end"}
    return filled | ({"received_local"} if "received_at" in table_map.columns else set())


def _unmapped(read: FileRead, table_map: TableMap, suspects: list[str]) -> list[str]:
    headers = Headers(read.columns, read.file)
    wide = {column.header for column in tally.wide_columns(table_map, read.columns, read.file)}
    names = inputs(table_map, {**table_map.columns, **tally.synthetic(table_map)[0]})
    used = {headers.find(name, optional=True) for name in names} | wide
    return [
        f"{name} (looks like an identifier; not stored)" if name in suspects else name
        for name in read.columns
        if name not in used
    ]


def _tie_out(con: Any, ledger: Ledger, reads: list[FileRead], final: Table, table_map: TableMap) -> None:
    """The rows that leave intake must be the rows that the ledger calls standardized, file by file."""
    if table_map.wide or table_map.tally:
        return
    frame = final.group_by("source_file").aggregate(n=ibis._.count()).execute()
    there = dict(zip(frame["source_file"], frame["n"].astype(int), strict=True))
    for entry in ledger.files[-len(reads) :]:
        if there.get(entry.file, 0) != entry.standardized:
            raise LedgerDoesNotClose(
                f"{entry.file}: {entry.standardized} rows standardized, {there.get(entry.file, 0)} in the table"
            )


def quality(source: SourceMap, done: list[Standardized], con: Any, out: Path) -> dict[str, Any]:
    """What `quality.json` holds: checks, unit verdicts, aggregate share, duplicates, what is known of the source."""
    aggregate: dict[str, Any] = {"rows": 0, "contacts": 0, "share_of_contacts": None}
    path = out / "interventions.parquet"
    if path.is_file():
        table = con.read_parquet(path)
        totals = table.filter(table.is_aggregate)
        rows, contacts, every = (
            int(n.execute() or 0) for n in (totals.count(), totals.contacts.sum(), table.contacts.sum())
        )
        aggregate = {"rows": rows, "contacts": contacts, "share_of_contacts": contacts / every if every else None}
    about = source.model_dump(
        mode="json",
        include={
            "source",
            "publisher",
            "dataset",
            "address",
            "licence",
            "cannot_tell",
            "changes",
            "time_zone",
            "simulated",
            "next_export",
        },
    )
    return {
        "source": [source.source],
        "checks": check_results(done),
        "units": [verdict for one in done for verdict in one.units],
        "aggregate": aggregate,
        "duplicates": {key: sum(one.duplicates[key] for one in done) for key in ("exact_duplicate_rows", "groups")},
        "about": [about],
    }


def _save(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
