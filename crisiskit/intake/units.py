"""The unit rule: is a duration written in minutes or in hours? The claim is tested against the values, site by quarter.

A row speaks for hours when its number is a broken quarter (0.25, 1.5) or under one per contact; it speaks for minutes
when it is whole and at least ten per contact (ten hours with one person do not happen); other rows fit both.
"""

from typing import Any

import ibis
from ibis.expr.types import Table, Value

from crisiskit.intake.compile import TO_BASE, entry

LEAST_WITNESSES = 5  # rows that must speak before a verdict is given
AGREEMENT = 0.95  # share of the rows that speak which must say the same
FACTOR = TO_BASE["min"]
FIELDS = (
    "column",
    "site",
    "period",
    "declared",
    "verdict",
    "rows",
    "lattice_share",
    "minutes_per_contact",
    "other_unit_minutes_per_contact",
    "total_minutes",
    "total_minutes_other_unit",
    "note",
)


def judge(declared: str, hours: int, minutes: int) -> str:
    """Verdict on a claim from the rows that speak for hours and for minutes.

    `agrees`, `contradicts`, `mixed` or `undecided` (too few rows speak); for `auto` the unit found, or the last two.
    """
    witnesses = hours + minutes
    if witnesses < LEAST_WITNESSES:
        return "undecided"
    share = hours / witnesses
    found = "hours" if share >= AGREEMENT else "minutes" if share <= 1 - AGREEMENT else "mixed"
    if declared == "auto" or found == "mixed":
        return found
    return "agrees" if found == ("hours" if declared == "hours" else "minutes") else "contradicts"


def _quarter(day: Value) -> Value:
    return day.year().cast("string") + "-Q" + day.quarter().cast("string")


def evidence(rows: Table, column: str) -> list[dict[str, Any]]:
    """What the values of a duration say by site, quarter and declared unit: one record per group, in a fixed order."""
    value, unit = rows[f"_n_{column}"], rows[f"_u_{column}"]
    counted = rows.filter(value.notnull() & (value > 0) & rows["_excluded"].isnull() & rows["_problem"].isnull())
    value, per_contact = counted[f"_n_{column}"], counted[f"_n_{column}"] / counted.contacts.nullif(0)
    whole, quarter = value == value.floor(), (value * 4) == (value * 4).floor()
    grouped = counted.group_by(
        site=counted.site, period=_quarter(counted["_day"]), declared=unit.name("declared")
    ).aggregate(
        rows=counted.count(),
        value=value.sum(),
        contacts=counted.contacts.sum(),
        lattice=quarter.sum(),
        hours=(per_contact.notnull() & ((~whole & quarter) | (per_contact < 1))).sum(),
        minutes=(per_contact.notnull() & whole & (per_contact >= 10)).sum(),
    )
    frame = grouped.order_by(["site", "period", "declared"]).execute().astype(object)
    records = frame.where(frame.notna(), None).to_dict("records")
    return [{key: item.item() if hasattr(item, "item") else item for key, item in record.items()} for record in records]


def verdicts(rows: Table, column: str) -> list[dict[str, Any]]:
    """The unit verdicts of one duration column, with totals in minutes and what they would be in the other unit."""
    found = []
    for group in evidence(rows, column):
        declared = group["declared"] or "none"
        verdict = judge(declared, group["hours"] or 0, group["minutes"] or 0)
        used = verdict if declared == "auto" else declared
        factor, other = FACTOR.get(used), FACTOR["minutes" if used == "hours" else "hours"]
        total, total_other = (None if factor is None else group["value"] * factor), group["value"] * other
        contacts = group["contacts"] or 0
        found.append(
            dict(
                zip(
                    FIELDS,
                    (
                        column,
                        group["site"],
                        group["period"],
                        declared,
                        verdict,
                        group["rows"],
                        group["lattice"] / group["rows"],
                        total / contacts if total is not None and contacts else None,
                        total_other / contacts if contacts else None,
                        total,
                        total_other,
                        _note(declared, verdict, group["hours"] or 0, group["minutes"] or 0),
                    ),
                    strict=True,
                )
            )
        )
    return found


def _note(declared: str, verdict: str, hours: int, minutes: int) -> str:
    speaks = f"{hours} rows can only be hours, {minutes} only minutes"
    if declared == "auto" and verdict in ("mixed", "undecided"):
        return f"{speaks}: the unit cannot be decided, so these durations are set aside; say the unit in the mapping"
    if verdict == "contradicts":
        return f"{speaks}: the column is declared {declared}; ask the site which unit it enters"
    if verdict == "mixed":
        return f"{speaks}: both units stand in one column; split it by `unit: {{by: ...}}` or ask the site"
    return speaks


def converted(rows: Table, columns: list[str]) -> tuple[Table, list[dict[str, Any]]]:
    """The rows with their durations in minutes, and the verdicts; a duration whose unit is not known is set aside."""
    found: list[dict[str, Any]] = []
    for column in columns:
        judged = verdicts(rows, column)
        found += judged
        value, unit = rows[f"_n_{column}"], rows[f"_u_{column}"]
        decided = [
            (
                (rows.site.fill_null("") == (one["site"] or "")) & (_quarter(rows["_day"]) == one["period"]),
                ibis.literal(one["verdict"]),
            )
            for one in judged
            if one["declared"] == "auto" and one["verdict"] in FACTOR
        ]
        auto = ibis.cases(*decided, else_=ibis.null("string")) if decided else ibis.null("string")
        used = ibis.ifelse(unit == "auto", auto, unit)
        factor = ibis.cases(
            *[(used == name, ibis.literal(f)) for name, f in FACTOR.items()], else_=ibis.null("float64")
        )
        lost = value.notnull() & factor.isnull()
        why = entry(column, "its unit cannot be decided", value.cast("string"))
        rows = rows.mutate(
            **{
                column: value * factor,
                "missing": _with(rows.missing, ibis.ifelse(lost, f"{column}=set_aside", ibis.null("string")), ";"),
                "_aside": _with(rows["_aside"], ibis.ifelse(lost, why, ibis.null("string")), ""),
            }
        )
    return rows, found


def _with(text: Value, more: Value, separator: str) -> Value:
    return ibis.literal(separator).join([text, more]).nullif("")
