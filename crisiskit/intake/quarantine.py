"""The restricted folder: rows that cannot be counted, kept whole with file, line and reason, to be mended."""

import csv
import dataclasses
import re
from pathlib import Path
from typing import Any

import ibis
from ibis.expr.types import Table

from crisiskit.errors import UserError
from crisiskit.intake.read import FileRead

LINEAGE = ("_file", "_line", "_reason")


def file_name(file: str) -> str:
    """A flat file name for the quarantined rows of a source file."""
    return re.sub(r"[^\w.#-]+", "__", file) + ".quarantined.csv"


def write(con: Any, reads: list[FileRead], lost: Table, folder: Path) -> None:
    """Write the quarantined rows of every file with their original cells, and the rejected lines as they stood."""
    kept = lost.filter(lost["_fate"] == "quarantined")
    frame = kept.group_by("source_file").aggregate(n=ibis._.count()).execute()
    for read in reads:
        if read.file in set(frame["source_file"]):
            mine = kept.filter(kept.source_file == read.file).select(
                _file="source_file", _line="source_row", _reason="_reason"
            )
            rows = read.table.join(mine, read.table.source_row == mine["_line"]).drop("source_row")
            con.to_csv(
                rows.order_by("_line").select(*LINEAGE, *read.columns), folder / file_name(read.file), header=True
            )
    rejects = [(read.file, r.line, r.reason, r.text) for read in reads for r in read.rejects]
    path = folder / "rejected.csv"
    fresh = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        if fresh:
            writer.writerow([*LINEAGE, "_text"])
        writer.writerows(rejects)


def with_mended(con: Any, reads: list[FileRead], folder: Path) -> list[FileRead]:
    """The files as read, with the rows of mended files in the place of those they came from (same file, same line).

    A mended file is a quarantine CSV, or one of the same shape for a rejected line; UserError where its columns or
    lines do not fit the file that it names.
    """
    folder, out = Path(folder), []
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder of mended rows")
    for read in reads:
        path = folder / file_name(read.file)
        if not path.is_file():
            out.append(read)
            continue
        fixed = con.read_csv(path, all_varchar=True, header=True)
        wrong = [c for c in ("_file", "_line", *read.columns) if c not in fixed.columns]
        if wrong:
            raise UserError(
                f"{path}: column '{wrong[0]}' is missing; keep the columns of the quarantine file as they are"
            )
        lines = [int(n) for n in fixed["_line"].cast("int64").execute()]
        strange = [n for n in lines if n not in {r.line for r in read.rejects}]
        there = read.table.filter(read.table.source_row.isin(strange or [-1])).count().execute()
        if there != len(set(strange)) or len(set(lines)) != len(lines):
            raise UserError(
                f"{path}: _line must name rows of {read.file}, each once; keep the numbers of the quarantine file"
            )
        fixed = fixed.select(*read.columns, source_row=fixed["_line"].cast("int64"))
        rest = read.table.filter(~read.table.source_row.isin(lines or [-1]))
        out.append(
            dataclasses.replace(
                read,
                table=ibis.union(rest, fixed),
                rejects=tuple(r for r in read.rejects if r.line not in lines),
                notes=(*read.notes, f"{len(lines)} rows read from their mended form"),
            )
        )
    return out
