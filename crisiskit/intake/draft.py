"""What a draft consists of: the lines of a table of records, or of totals, and everything that is said about them."""

from dataclasses import dataclass, field
from typing import Any

from ibis.expr.types import Table

from crisiskit.errors import UserError
from crisiskit.intake import dates, evidence, spans, totals
from crisiskit.intake.layout import Layout
from crisiskit.intake.lines import FIRST, Line, Table_
from crisiskit.intake.matching import LOW, MEDIUM, Choice, candidates
from crisiskit.intake.moments import arrival
from crisiskit.intake.profile import Profile
from crisiskit.intake.proposal import constants, line_of, needs_line, outcomes_line
from crisiskit.intake.yamltext import flow
from crisiskit.standard import dictionary

DATED = ("received_at", "received_local", "occurred_on", "reported_at", "recorded_on", "period_start")


@dataclass
class Draft:
    """A drafted mapping before it is written: the head, one table, and what is said to the user."""

    source: str
    layout: Layout
    into: str
    zone: tuple[str, str]
    lines: list[Line] = field(default_factory=list)
    blanks: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)  # further keys of the table, such as one_row_per
    remarks: list[str] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)  # lines that may be commented in
    drop: dict[str, str] = field(default_factory=dict)
    left: list[tuple[Profile, str]] = field(default_factory=list)


def of_totals(made: Draft, counted: totals.Totals, found: list[Profile]) -> None:
    """Fill the draft of a file of totals."""
    made.into, made.lines, made.remarks = "counts", counted.lines, counted.notes
    if counted.period and counted.period != "day":
        made.extra["aggregate"] = {"always": "true", "period": counted.period, "date_is": counted.date_is}
    _period_of_title(made, counted)
    made.extra["wide"] = counted.wide
    _leave(made, found, counted.used, {})
    if not made.lines:
        made.lines.append(Line("area_level", {"constant": "other"}, "", LOW, "no column names an area"))


def _period_of_title(made: Draft, counted: totals.Totals) -> None:
    """Totals without a period: the month that the title above the header, or the file's name, speaks of."""
    if totals.NO_PERIOD not in counted.notes:
        return
    for text in (made.layout.titles, *(read.file.split("#")[0] for read in made.layout.reads[:1])):
        month = spans.month_in(text)
        if month:
            spec = {"constant": f"{month}-01", "formats": "%Y-%m-%d"}
            made.lines.append(Line("period_start", spec, "", MEDIUM, f"the month in '{' '.join(text.split())[:60]}'"))
            made.extra["aggregate"] = {"always": "true", "period": "month", "date_is": "first"}
            counted.notes.remove(totals.NO_PERIOD)
            made.remarks = [*counted.notes, f"ALL ROWS ARE TAKEN AS TOTALS OF {month}, by the title: check it"]
            return


def _nearly(found: list[Profile]) -> str:
    """The column that comes nearest to dates, with what stands in its way; "" where none has dates in half its rows."""
    best = max(found, key=lambda p: sum(n for v, n in p.values.items() if dates.is_date(v)), default=None)
    if best is None or not (good := sum(n for v, n in best.values.items() if dates.is_date(v))):
        return ""
    other, share = [v for v in best.values if not dates.is_date(v)], good / sum(best.values.values())
    if share < 0.5 or not other:
        return ""
    return (f"Column '{best.name}' has dates in {share:.0%} of its rows, the rest is such as '{other[0]}': put that "
            "right or empty it, and try again. ")  # fmt: skip


def of_records(made: Draft, rows: Table, found: list[Profile], chosen: dict[str, Choice], names: str) -> None:
    """Fill the draft of a file of records; UserError where nothing in it holds a date."""
    base = Table_(rows, found, len(made.layout.reads), set(made.blanks), made.zone[0])
    refused: dict[str, str] = {}
    if "received_at" in chosen and "occurred_on" in chosen and chosen["occurred_on"].source.kind == "datetime":
        del chosen["occurred_on"]
    _same_day(chosen)
    if not set(DATED) & chosen.keys():
        _by_values(chosen, found)
    for name in list(chosen):
        line = line_of(chosen[name], base, chosen)
        if isinstance(line, Line):
            made.lines.append(line)
        else:
            refused[chosen.pop(name).source.name] = line
    first = next((name for name in FIRST if name in chosen), "")
    if first and not set(DATED) & chosen.keys():  # no receipt: the day of the first clock dates the record
        why = f"the day of {first}, since nothing tells the receipt"
        chosen["occurred_on"] = Choice("occurred_on", chosen[first].source, 1.0, MEDIUM, why)
        line = line_of(chosen["occurred_on"], base, chosen)
        made.lines += [line] if isinstance(line, Line) else []
    if not set(DATED) & chosen.keys():
        raise UserError(
            f"{made.layout.reads[0].file}: no column holds dates, and the rows are no totals by area or period. "
            f"{_nearly(found)}A code list is named under `codes_file` of the mapping whose codes it explains."
        )
    response = arrival(base, chosen)
    if response:
        made.lines.append(response[0])
        chosen["arrived_at"] = response[1]
    _by_month(made, chosen)
    made.lines += constants(base, chosen, names)
    made.lines += [
        line
        for line in (needs_line(base, chosen), "outcome" in chosen and outcomes_line(chosen["outcome"], base.files))
        if line
    ]
    _utc(made, chosen)
    _repeated(made, rows, found, chosen)
    _several(made, chosen)
    used = {p.name for c in chosen.values() for p in (c.source, *c.source.parts, *c.also)}
    for line in made.lines:
        spec = line.spec if isinstance(line.spec, dict) else {}
        used |= {*spec.get("gather", []), *spec.get("flags", {}).values()}
    _leave(made, found, used, refused)
    order = list(dictionary.table("interventions").columns)
    made.lines.sort(key=lambda line: order.index(line.column))


def _several(made: Draft, chosen: dict[str, Choice]) -> None:
    """Rows that stand for more than one contact: they may be totals of a period, which only the publisher can tell."""
    offered = chosen.get("offered")
    if "contacts" not in chosen and offered and offered.source.high > 1:
        p = offered.source
        why = f"'{p.name}' holds numbers above 1, so a row may stand for several contacts"
        made.lines.append(Line("contacts", {"from": p.name}, p.name, LOW, why, p.examples(), p.share))
        chosen["contacts"] = Choice("contacts", p, 1.0, LOW, why)
    if "contacts" in chosen and chosen["contacts"].source.high > 1:
        rows = sum(n for value, n in chosen["contacts"].source.values.items() if value not in ("0", "1"))
        made.remarks.append(
            f"contacts: {rows:,} rows stand for more than one; if they cover a week or a month, say aggregate"
        )
        made.offers += [
            "aggregate:   # then such a row counts in totals alone, not by hour, weekday or contact",
            "  {contacts_above: 1, period: month, date_is: last}",
        ]


def _by_month(made: Draft, chosen: dict[str, Choice]) -> None:
    """Records that are dated by month alone: no day of the week may be read from the first of the month."""
    read = [choice.source.dates for name, choice in chosen.items() if name in DATED]
    named = [one for one in read if one and not any("%d" in f or "?" in f or "%" not in f for f in one.forms)]
    if read and len(named) == len(read):
        made.extra["aggregate"] = {"always": "true", "period": "month", "date_is": "first"}
        made.remarks.append("dated by month alone: the rows count in months and years, not by day or weekday")


def _same_day(chosen: dict[str, Choice]) -> None:
    """Beside a time that is joined from two columns, keep the day: rows without a time of day still have a date."""
    clocks = [chosen[name] for name in ("received_at", *FIRST, "cleared_at") if name in chosen]
    joined = next((choice for choice in clocks if choice.source.parts), None)
    if joined and "occurred_on" not in chosen:
        why = "the day, for rows whose time is blank"
        chosen["occurred_on"] = Choice("occurred_on", joined.source.parts[0], 1.0, joined.confidence, why)


def _by_values(chosen: dict[str, Choice], found: list[Profile]) -> None:
    """No header speaks of the date of the event: the only date column is taken, else the earliest of them."""
    used = {choice.source.name for choice in chosen.values()}
    days = [p for p in found if p.dates and p.kind in ("date", "datetime") and p.share > 0.5]
    days = [p for p in days if not p.identifier and p.name not in used]
    if days:
        first = min(days, key=lambda p: (p.dates.first if p.dates else "", found.index(p)))
        name = "received_at" if first.kind == "datetime" else "occurred_on"
        why = "the only dates in the file" if len(days) == 1 else "no header tells; these dates are the earliest"
        chosen[name] = Choice(name, first, 1.0, MEDIUM if len(days) == 1 else LOW, why)


def _utc(made: Draft, chosen: dict[str, Choice]) -> None:
    """Times marked as UTC: believed only where the quiet hours of the night agree with it."""
    for line in made.lines:
        choice = chosen.get(line.column)
        if (
            choice
            and isinstance(line.spec, dict)
            and choice.source.dates
            and choice.source.dates.timed
            and evidence.says_utc(choice.source)
        ):
            reference = chosen.get("received_at", choice).source
            if evidence.is_utc(reference, made.zone[0]):
                line.spec["zone"] = "UTC"
                line.after.append("marked as UTC, and the quiet hours agree")
            else:
                line.after.append(
                    "MARKED AS UTC, BUT THE QUIET HOURS SAY LOCAL TIME: read as local; add `zone: UTC` if not"
                )


def _repeated(made: Draft, rows: Table, found: list[Profile], chosen: dict[str, Choice]) -> None:
    """An identifier that stands in several rows: one record, or rows of their own, by how far the rows agree."""
    if "record_id" not in chosen or chosen["record_id"].source.distinct >= chosen["record_id"].source.filled:
        return
    key = chosen["record_id"].source
    repeats = evidence.repeats(rows, key.name, [p.name for p in found if p.kind != "empty"])
    moment = next((chosen[n].source for n in ("received_at", "occurred_on") if n in chosen), None)
    reference = (moment.parts or (moment,))[0].name if moment else None
    differ = [name for name, share in repeats.agree.items() if share < 1]
    said = f"{repeats.rows:,} rows share {repeats.ids:,} values of {key.name}"
    said += (
        f" and differ in {', '.join(differ[:8])}{' ...' if len(differ) > 8 else ''}"
        if differ
        else " and are alike in every cell"
    )
    rule: dict[str, Any] = {"key": [key.name]}
    varying = [c for c in chosen if any(p.name in differ for p in (chosen[c].source, *chosen[c].source.parts))]
    combine = {c: "min" for c in varying if c in FIRST} | ({"cleared_at": "max"} if "cleared_at" in varying else {})
    combine |= {c: "any" for c in varying if dictionary.table("interventions").columns[c].type == "boolean"}
    rule |= {"combine": combine} if combine else {}
    if repeats.one_record(reference):
        made.extra["one_row_per"] = rule
        made.remarks.append(f"one_row_per: {said}: they are taken as one record")
        return
    made.offers += [f"one_row_per:   # {said}", f"  {flow(rule)}"]
    made.remarks.append(f"record_id: {said}: each row is taken as a record of its own")
    unique = [
        c
        for c in candidates(found)
        if c.column == "record_id" and c.source.distinct == c.source.filled == c.source.rows
    ]
    line = next(line for line in made.lines if line.column == "record_id")
    made.lines.remove(line)
    made.lines.append(
        Line("parent_id", line.spec, line.label, MEDIUM, "the same in several rows", line.examples, line.share)
    )
    chosen["parent_id"] = chosen.pop("record_id")
    if unique:
        best = max(unique, key=lambda c: c.score)
        made.lines.append(
            Line(
                "record_id",
                best.source.name,
                best.source.name,
                MEDIUM,
                "differs in every row",
                best.source.examples(),
                1.0,
            )
        )
        chosen["record_id"] = best


def _leave(made: Draft, found: list[Profile], used: set[str], refused: dict[str, str]) -> None:
    for p in found:
        if p.name not in used:
            if p.identifier:
                made.drop[p.name] = p.identifier
            else:
                made.left.append((p, refused.get(p.name, "")))
