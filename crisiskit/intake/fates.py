"""What became of every source row, and what was left: queries over the rows of one table map that fill the ledger."""

from collections.abc import Iterable
from typing import Any

import ibis
from ibis.expr.types import Table

from crisiskit.intake.compile import ENTRY, FIELD
from crisiskit.intake.ledger import FileEntry, Ledger, brief
from crisiskit.intake.read import FileRead

KEYS = ("source_file", "source_row")
FATES = {"excluded": "excluded", "quarantined": "quarantined", "collapsed": "collapsed"}


def fates(rows: Table, bad: Table, why_collapsed: str) -> Table:
    """One row per source row that did not become a record: `_file`, source_file, source_row, `_fate`, `_reason`.

    `bad` holds the records that a check keeps from being counted (`_group`, source_file, source_row, `_row_problem`);
    all rows that were collapsed into such a record share its fate.
    """
    alone = bad.filter(bad["_group"].isnull()).select(
        bad_file="source_file", bad_row="source_row", alone_problem="_row_problem"
    )
    tied = bad.filter(bad["_group"].notnull()).select(bad_group="_group", tied_problem="_row_problem")
    joined = rows.left_join(alone, (rows.source_file == alone.bad_file) & (rows.source_row == alone.bad_row))
    joined = joined.left_join(tied, joined["_group"] == tied.bad_group)
    problem = ibis.coalesce(joined["_problem"], joined.alone_problem, joined.tied_problem)
    fate = ibis.cases(
        (joined["_excluded"].notnull(), "excluded"),
        (problem.notnull(), "quarantined"),
        (joined["_rank"] > 1, "collapsed"),
        else_=ibis.null("string"),
    )
    reason = ibis.cases(
        (fate == "excluded", joined["_excluded"]), (fate == "quarantined", problem), else_=ibis.literal(why_collapsed)
    )
    return joined.select("_file", *KEYS, _fate=fate, _reason=reason).filter(ibis._["_fate"].notnull())


def enter(ledger: Ledger, reads: Iterable[FileRead], lost: Table, numbers: dict[str, int]) -> list[FileEntry]:
    """Write one ledger entry per file, and the reasons; rows without another fate are standardized."""
    frame = lost.group_by(["source_file", "_fate", "_reason"]).aggregate(rows=ibis._.count()).execute()
    entries = []
    for read in reads:
        entry = FileEntry(
            read.file,
            read.sha256,
            read.bytes,
            read.encoding,
            read.delimiter,
            read.format,
            read.rows_read,
            rejected=len(read.rejects),
            notes=list(read.notes),
        )
        mine = frame[frame["source_file"] == read.file]
        for kind in FATES:
            pairs = [
                (str(r), int(n))
                for r, n in mine.loc[mine["_fate"] == kind, ["_reason", "rows"]].itertuples(index=False)
            ]
            setattr(entry, kind, sum(n for _, n in pairs))
            ledger.reasons += [{"file": read.file, "kind": kind, "reason": r, "rows": n} for r, n in brief(pairs)]
        tally: dict[str, int] = {}
        for reject in read.rejects:
            tally[reject.reason] = tally.get(reject.reason, 0) + 1
        ledger.reasons += [
            {"file": read.file, "kind": "rejected", "reason": r, "rows": n} for r, n in brief(list(tally.items()))
        ]
        entry.standardized = numbers.get(read.file, 0) - entry.collapsed - entry.excluded - entry.quarantined
        entries.append(entry)
    ledger.files += entries
    return entries


def entries_of(table: Table, column: str) -> Table:
    """The entries of a working column, one row each: source_file, source_row, column, reason, raw."""
    there = table.filter(table[column].notnull()).select(*KEYS, _entry=table[column].split(ENTRY))
    long = there.mutate(_entry=there["_entry"].unnest()).filter(ibis._["_entry"] != "")
    parts = long["_entry"].split(FIELD)
    return long.select(*KEYS, column=parts[0], reason=parts[1], raw=parts[2])


def set_aside(ledger: Ledger, aside: Table) -> None:
    """Put the values that were set aside into the ledger's reasons, per file, column and reason, three values each."""
    counted = aside.group_by(["source_file", "column", "reason", "raw"]).aggregate(rows=ibis._.count())
    frame = counted.order_by([ibis.desc("rows"), "raw"]).execute()
    for (file, column, reason), group in frame.groupby(["source_file", "column", "reason"], sort=True):
        values = ", ".join(f"'{value}'" for value in group["raw"].head(3))
        more = ", ..." if len(group) > 3 else ""
        ledger.reasons.append(
            {
                "file": file,
                "kind": "set_aside",
                "reason": f"{column}: {reason}: {values}{more}",
                "rows": int(group["rows"].sum()),
            }
        )


def unmapped_codes(other: Table) -> list[dict[str, Any]]:
    """Source values that met no code, with their rows, most frequent first."""
    counted = (
        other.group_by(["column", "raw"]).aggregate(rows=ibis._.count()).order_by([ibis.desc("rows"), "column", "raw"])
    )
    return [{"column": c, "value": v, "rows": int(n)} for c, v, n in counted.execute().itertuples(index=False)]
