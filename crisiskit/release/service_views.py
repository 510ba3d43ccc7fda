"""Sections of the response-patterns notebook about the service: what figures rest on, the line, time per contact."""

from typing import TYPE_CHECKING, Any

from crisiskit.release import plots
from crisiskit.release.pattern_views import NOTEBOOK
from crisiskit.release.sections import Section, sections
from crisiskit.release.tables import name_of, reasons_text, share, words
from crisiskit.release.view import View, counted, joined, not_recorded, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

LINE: dict[str, tuple[str, dict[str, Any]]] = {
    "answer_rate": ("answered", {}),
    "abandonment": ("abandoned", {"threshold_s": 0}),
    "service_level": ("answered within 20 s", {"threshold_s": 20, "denominator": "offered"}),
}


@shows(NOTEBOOK, "overview")
def overview(report: "Report", section: Section) -> View:
    """Records, contacts, period, kinds of record and what was added up."""
    if "interventions" not in report.data.tables:
        held = joined(
            counted(rows, f"row of {table}", f"rows of {table}") for table, rows in report.ledger["tables"].items()
        )
        return View(f"This source holds no interventions, only {held}; the sections below have nothing to show.")
    by = ("source", "record_kind")
    asked = [report.ask(name, by)[[*by, "value"]].rename(columns={"value": name}) for name in ("records", "contacts")]
    table = asked[0].merge(asked[1], on=by)
    records, contacts = int(table["records"].sum()), table["contacts"].sum(min_count=1)
    weighed = f", which stand for {contacts:,.0f} contacts" if contacts == contacts and contacts != records else ""
    first, last = report.span if report.dated else (None, None)
    when = f" from {first} to {last}" if first else "; none of them has a date"
    number = len(report.groups(report.split)) if report.split else 0
    apart = {
        "source": f" They come from {number} sources, which are never added up unsaid.",
        "record_kind": f" They are of {number} kinds of record, which are never added up unsaid.",
    }.get(report.split, "")
    note = f"{counted(records, 'record')}{weighed}{when}.{report.period_note}{apart}"
    return View(note, table=table.assign(record_kind=table["record_kind"].map(words)), caption="Records")


@shows(NOTEBOOK, "line")
def line(report: "Report", section: Section) -> View:
    """Answered, abandoned and answered in time, as shares with intervals; the formula of each stands in the table."""
    import pandas as pd

    by = (report.split,) if report.split and "offered" in report.recorded.get("interventions", ()) else ()
    asked = pd.concat([report.ask(name, by, **options).assign(share=label) for name, (label, options) in LINE.items()])
    known = asked.dropna(subset="value").reset_index(drop=True)
    if known.empty:
        return not_recorded(section, ())
    parts = dict.fromkeys(part for text in known["reasons"] if text for part in reasons_text(text).split("; "))
    data = known.rename(columns={"label": "formula"})
    data["label"] = data["share"] + (" (" + data[by[0]] + ")" if by else "")
    data = data[["label", "formula", "numerator", "denominator", "value", "low", "high", "reasons"]]
    formulas = dict(zip(known["share"], known["label"], strict=True))
    meant = "; ".join(f"{name} is {formula}" for name, formula in formulas.items())
    figure = report.figures.save(
        plots.dots(data, "label", "share of contacts (%)", percent=True),
        "line",
        title="Answered, abandoned, answered in time",
        caption=f"Shares with 95 % Wilson intervals; {meant}.",
        alt="; ".join(f"{row.label} {100 * row.value:.1f} %" for row in data.itertuples()) + ".",
        data=data,
        n=int(data["denominator"].max()),
        unit="share",
        counted="contacts at most (n of each share is in the table)",
    )
    said = "; ".join(f"{row.label} {share(row.numerator, row.denominator)}" for row in data.itertuples())
    lacking = [label for label, _ in LINE.values() if label not in formulas]
    lines = [f"{said}.", f"To know with these shares: {'; '.join(parts)}." if parts else ""]
    lines.append(f"Not recorded in this source: {joined(lacking)}." if lacking else "")
    return View("\n".join(line for line in lines if line), figure)


@shows(NOTEBOOK, "time_per_contact")
def time_per_contact(report: "Report", section: Section) -> View:
    """Minutes per contact: the ratio of the sums, by group where there are several, with the numbers behind it."""
    by = (report.split,) if report.split else ()
    asked = report.ask("time_per_contact", by).dropna(subset="value")
    if asked.empty:
        return nothing_known(section, "no record has both minutes and contacts")
    said = [f"{_of(row, by)}{row['value']:,.1f} minutes per contact ({row['numerator']:,.0f} minutes / "
            f"{counted(int(row['denominator']), 'contact')}; 95 % interval {row['low']:,.1f} to {row['high']:,.1f})"
            for _, row in asked.iterrows()]  # fmt: skip
    left = "; ".join(text for _, row in asked.iterrows() if (text := reasons_text(row["reasons"])))
    return View(f"{'; '.join(said)}." + (f"\nLeft out: {left}." if left else ""))


def absent(report: "Report") -> View:
    """The sections that this source has no columns for, with what each would need."""
    every = sections(report.notebook).values()
    lacking = [(section, section.lacks(report.recorded)) for section in every]
    points = tuple(f"{section.title}: needs {section.asks or joined(lacks)}" for section, lacks in lacking if lacks)
    if not points:
        return View("Every section of this notebook has its columns in this source.")
    return View(f"{counted(len(points), 'section')} of {len(every)} had nothing to rest on:", points=points)


def _of(row: "pd.Series", by: tuple[str, ...]) -> str:
    return f"{name_of(row[by[0]], by[0])}: " if by else ""
