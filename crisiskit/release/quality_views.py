"""Sections of the data-quality notebook that come from the ledger and the quality record: what was read, what became
of it, which checks failed, and what the source cannot tell."""

from typing import TYPE_CHECKING, Any

from crisiskit.release import plots
from crisiskit.release.sections import Section
from crisiskit.release.tables import share, text_of, words
from crisiskit.release.view import View, counted, joined, nothing_known, shows, tabled

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

NOTEBOOK = "00_data_quality"
FATES = {
    "collapsed": "collapsed into another record",
    "excluded": "excluded by a declared filter",
    "quarantined": "quarantined: cannot be counted",
    "rejected": "rejected: not a readable line",
}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
STATUS = ("fail", "error", "pass with failures", "pass", "not applicable")


@shows(NOTEBOOK, "files")
def files(report: "Report", section: Section) -> View:
    """Every file that was read: size, rows, encoding, delimiter, and the beginning of its SHA-256."""
    import pandas as pd

    entries = report.ledger["files"]
    if not entries:
        return nothing_known(section, "the ledger names no file")
    rows = [
        {
            "file": entry["file"],
            "rows_read": entry["rows_read"],
            "size": _size(entry["bytes"]),
            "format": entry["format"],
            "encoding": entry["encoding"],
            "delimiter": DELIMITERS.get(entry["delimiter"] or "", entry["delimiter"]),
            "sha256": (entry["sha256"] or "")[:12],
            "notes": "; ".join(entry["notes"]),
        }
        for entry in entries
    ]
    read = sum(entry["rows_read"] for entry in entries)
    made = joined(
        counted(rows, f"row of {table}", f"rows of {table}") for table, rows in report.ledger["tables"].items()
    )
    note = f"{counted(len(entries), 'file')}, {counted(read, 'row')} read; the standard tables hold {made or 'no row'}."
    return View(note, table=pd.DataFrame(rows), caption="Files read")


@shows(NOTEBOOK, "flow")
def flow(report: "Report", section: Section) -> View:
    """Rows read, less each fate, to rows standardized: drawn only if it closes."""
    import pandas as pd

    entries = report.ledger["files"]
    total = {kind: sum(entry[kind] for entry in entries) for kind in ("rows_read", *FATES, "standardized")}
    if not total["rows_read"]:
        return nothing_known(section, "no row was read")
    if not report.ledger["closes"]:
        return View("The ledger does not close: do not use any figure of this source until it does.")
    steps = [("rows read", total["rows_read"])]
    steps += [(label, total[kind]) for kind, label in FATES.items() if total[kind]]
    data = pd.DataFrame([*steps, ("standardized", total["standardized"])], columns=["step", "rows"])
    lost = "; ".join(f"{label}: {share(rows, total['rows_read'])}" for label, rows in steps[1:])
    kept = share(total["standardized"], total["rows_read"])
    note = f"The ledger closes: {kept} of the rows read became standard records. "
    note += f"The others are accounted for: {lost}." if lost else "No row was left out."
    figure = report.figures.save(
        plots.flow(data, "step", "rows", "rows"),
        "ledger_flow",
        title="Where every row of the files went",
        caption="From rows read to rows standardized.",
        alt="Falling bars: " + "; ".join(f"{step} {rows:,}" for step, rows in data.itertuples(index=False)) + ".",
        data=data,
        n=total["rows_read"],
        counted="rows read",
        unit="rows",
    )
    return View(note, figure=figure)


@shows(NOTEBOOK, "reasons")
def reasons(report: "Report", section: Section) -> View:
    """Why rows were left out and values set aside, most frequent first."""
    import pandas as pd

    if not report.ledger["reasons"]:
        return View("No row was left out and no value was set aside.")
    table = pd.DataFrame(report.ledger["reasons"])[["kind", "reason", "rows", "file"]]
    table = table.groupby(["kind", "reason"], as_index=False).agg(rows=("rows", "sum"), files=("file", "nunique"))
    table = table.sort_values(["rows", "reason"], ascending=[False, True], ignore_index=True)
    table["kind"] = table["kind"].map(words)
    aside = int(table.loc[table["kind"] == "set aside", "rows"].sum())
    rows = int(table.loc[table["kind"] != "set aside", "rows"].sum())
    note = f"{counted(rows, 'row')} left out and {counted(aside, 'value')} set aside"
    first = table.iloc[0]
    note += f"; the most frequent reason is “{first['reason']}” ({first['kind']}, {first['rows']:,})."
    return tabled(note, table, "Reasons")


@shows(NOTEBOOK, "checks")
def checks(report: "Report", section: Section) -> View:
    """Every check, failures first, judged by the study's thresholds; guidance says who mends what."""
    import pandas as pd

    from crisiskit.intake.checks import reassess

    if not report.quality["checks"]:
        return nothing_known(section, "no check was made of this source")
    table = pd.DataFrame(reassess(report.quality["checks"], report.thresholds))
    order = table["status"].map({status: place for place, status in enumerate(STATUS)})
    worst = table["severity"].map({"error": 0, "warning": 1, "note": 2})
    table = table.assign(order=order, worst=worst).sort_values(
        ["order", "worst", "share"], ascending=[True, True, False]
    )
    numbers = table["status"].value_counts()
    said = joined(f"{numbers[status]:,} {status}" for status in STATUS if numbers.get(status))
    met = _guidance(table[table["numerator"].fillna(0) > 0])
    failed, others = met[met["result"].str.startswith("fail")], met[~met["result"].str.startswith("fail")]
    every = table[["status", "id", "table", "category", "severity", "numerator", "denominator", "threshold", "title"]]
    folds = [("Checks that some rows failed, within what is allowed", others)] if len(others) else []
    note = f"{counted(len(table), 'check')}: {said}."
    if failed.empty:
        return View(f"{note} None failed.", folds=(*folds, ("All checks", every)))
    return View(note, table=failed, caption="Failed checks", folds=(*folds, ("All checks", every)))


def _guidance(found: "pd.DataFrame") -> "pd.DataFrame":
    """Checks for a reader: result, finding, how many rows, how many were allowed, what follows, and who mends what."""
    import pandas as pd

    follows = {"row": "row quarantined", "value": "value set aside", "flag": "flagged"}
    return pd.DataFrame(
        {
            "result": found["status"] + ": " + found["severity"],
            "finding": found["title"].str.replace("`", ""),
            "rows": [_part(part, whole) for part, whole in zip(found["numerator"], found["denominator"], strict=True)],
            "allowed": [f"{100 * value:.4g} %" for value in found["threshold"]],
            "consequence": found["consequence"].map(follows),
            "who mends what": found["guidance"].str.replace("`", ""),
        }
    )


@shows(NOTEBOOK, "units")
def units(report: "Report", section: Section) -> View:
    """Whether each duration's declared unit fits its values, by site and period, and what the other would give."""
    import pandas as pd

    if not report.quality["units"]:
        return nothing_known(section, "no duration was read as a number with a unit")
    table = pd.DataFrame(report.quality["units"])
    order = {"contradicts": 0, "mixed": 1, "undecided": 2}
    table = table.sort_values(
        "verdict", key=lambda verdict: verdict.map(order).fillna(9), kind="stable", ignore_index=True
    )
    bad = table[table["verdict"].isin(["contradicts", "mixed"])]
    rows = int(table["rows"].sum())
    note = f"{counted(len(table), 'group')} of site and period with {counted(rows, 'duration')} tested: "
    note += joined(f"{number} {verdict}" for verdict, number in table["verdict"].value_counts().items()) + "."
    for column, part in bad.groupby("column"):
        total = table.loc[table["column"] == column, "total_minutes"].sum()
        other = total - part["total_minutes"].sum() + part["total_minutes_other_unit"].sum()
        note += (
            f"\n{column}: {counted(int(part['rows'].sum()), 'row')} in groups that do not fit the declared unit. "
            f"As declared the total is {total:,.0f} minutes; with those rows in the other unit {other:,.0f}."
        )
    shown = table.drop(columns=["lattice_share", "note"]).rename(columns={
        "other_unit_minutes_per_contact": "in the other unit", "total_minutes_other_unit": "total in the other unit",
    })  # fmt: skip
    doubtful = shown[shown["verdict"].isin(order)]
    folds = (("Every verdict", shown),)
    return View(note, table=doubtful if len(doubtful) else None, caption="Doubtful verdicts", folds=folds)


@shows(NOTEBOOK, "aggregate")
def aggregate(report: "Report", section: Section) -> View:
    """How much of the source stands on records that cover a week or a month."""
    found = report.quality["aggregate"]
    if not found["rows"]:
        return View("No record covers a period: every record stands for a moment or a day.")
    total = round(found["contacts"] / found["share_of_contacts"]) if found["share_of_contacts"] else 0
    return View(
        f"{counted(found['rows'], 'record')} cover a week or more and hold {share(found['contacts'], total)} contacts. "
        "They count in totals and in ratios of sums; figures by hour, by weekday or per contact leave them out."
    )


@shows(NOTEBOOK, "duplicates")
def duplicates(report: "Report", section: Section) -> View:
    """Rows that repeat an earlier row cell for cell."""
    found = report.quality["duplicates"]
    rows, groups = found["exact_duplicate_rows"], found["groups"]
    if not rows:
        return View("No row repeats another in every cell.")
    read = sum(entry["rows_read"] for entry in report.ledger["files"])
    return View(
        f"{counted(rows, 'row')} in {counted(groups, 'group')} repeat an earlier row cell for cell: "
        f"{share(rows, read)} of the rows read. Without an identifier two alike records may be two events; the mapping "
        "says whether they are collapsed."
    )


@shows(NOTEBOOK, "unmapped_codes")
def unmapped_codes(report: "Report", section: Section) -> View:
    """Values that a code list does not know; they are kept as `other`."""
    import pandas as pd

    codes = report.ledger["unmapped_codes"]
    if not codes:
        return View("Every code of the files is in the mapping.")
    table = pd.DataFrame(codes).sort_values("rows", ascending=False, kind="stable", ignore_index=True)
    rows = int(table["rows"].sum())
    note = f"{counted(len(table), 'value')} in {counted(rows, 'cell')} are in no code list; they were kept as “other”."
    return tabled(note, table, "Codes that the mapping does not know")


@shows(NOTEBOOK, "unmapped_columns")
def unmapped_columns(report: "Report", section: Section) -> View:
    """Source columns that nobody mapped: they were not stored."""
    by_names: dict[tuple[str, ...], list[str]] = {}
    for file, names in report.ledger["unmapped_columns"].items():
        by_names.setdefault(tuple(names), []).append(file)
    points = tuple(
        f"{files[0] if len(files) == 1 else f'{len(files)} files ({files[0]} …)'}: {', '.join(names)}"
        for names, files in by_names.items()
        if names
    )
    if not points:
        return View("Every column of the files is used.")
    return View("Columns that no mapping uses are not stored; only what is needed is collected.", points=points)


@shows(NOTEBOOK, "cannot_tell")
def cannot_tell(report: "Report", section: Section) -> View:
    """What the mapping says that its source cannot tell, and how the source changed over time."""
    points = [f"{_of(report, about)}{text}" for about in report.quality["about"] for text in about["cannot_tell"]]
    changes = [
        f"{_of(report, about)}{change['on']}: {change['what']}"
        for about in report.quality["about"]
        for change in about["changes"]
    ]
    if not points and not changes:
        return View(
            "The mapping does not say what its source cannot tell; whoever keeps it should add that.", absent=True
        )
    note = "Known changes of form, coding or coverage are listed with their dates." if changes else ""
    return View(note, points=(*points, *changes))


@shows(NOTEBOOK, "next_export")
def next_export(report: "Report", section: Section) -> View:
    """Which export would answer what this one cannot."""
    points = tuple(f"{_of(report, about)}{text}" for about in report.quality["about"] for text in about["next_export"])
    if not points:
        return View("The mapping names no further export to ask for.", absent=True)
    return View("To answer more, ask the publisher for:", points=points)


def _of(report: "Report", about: dict[str, Any]) -> str:
    """The source's name before a line, where there are several sources."""
    return f"{about['source']}: " if len(report.quality["about"]) > 1 else ""


def _part(part: float, whole: float) -> str:
    return share(int(part), int(whole)) if whole == whole and whole else text_of(part)


def _size(size: int | None) -> str | None:
    if size is None:
        return None
    for unit, factor in (("MB", 1_000_000), ("kB", 1_000)):
        if size >= factor:
            return f"{size / factor:,.1f}\u00a0{unit}"
    return f"{size:,} bytes"
