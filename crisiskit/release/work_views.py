"""Sections of the response-patterns notebook about work: officers' minutes for each event, and their hours a month."""

from typing import TYPE_CHECKING

from crisiskit.release import plots
from crisiskit.release.calendar import bounds
from crisiskit.release.pattern_views import NOTEBOOK
from crisiskit.release.report import MANY
from crisiskit.release.sections import Section
from crisiskit.release.tables import name_of, reasons_text, words
from crisiskit.release.view import View, counted, joined, nothing_known, shows
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

TYPES = 10  # kinds of event that are drawn
ENOUGH = 10  # events below which minutes per event say little


@shows(NOTEBOOK, "officer_time")
def officer_time(report: "Report", section: Section) -> View:
    """Officer minutes per event, by kind of event and responder: all minutes over all events of each."""
    held = report.recorded["interventions"]
    kind = next((name for name in ("call_type_initial", "need") if name in held), "")
    by = (kind, "responder") if kind else ("responder",)
    asked = report.ask("officer_time", by).dropna(subset=["value", *by])
    known = asked[~asked[list(by)].isin(dictionary.KINDS).any(axis=1)]
    if known.empty:
        return nothing_known(section, "no event with an officer has its minutes")
    enough = known[known["denominator"] >= ENOUGH]
    sizes = enough.groupby(by[0])["denominator"].sum().sort_values(ascending=False, kind="stable").head(TYPES)
    data = enough[enough[by[0]].isin(sizes.index)]
    if data.empty:
        return nothing_known(section, f"no kind of event has {ENOUGH} events with minutes")
    data = data.assign(_place=data[by[0]].map(sizes.index.get_loc), label=data[by[0]].map(words))
    data = data.sort_values(["_place", "responder"], ignore_index=True)
    data = data.assign(responder=data["responder"].map(words))
    whole = report.ask("officer_time", ("responder",)).dropna(subset=["value", "responder"])
    drawn, every = int(data["denominator"].sum()), int(known["denominator"].sum())
    rare = f"{counted(every - drawn, 'event')} of kinds that are not drawn" if every > drawn else ""
    figure = report.figures.save(
        plots.dots(data, "label", "officer minutes per event", "responder" if kind else ""),
        "officer_minutes_per_event",
        title="Officer minutes per event" + (", by kind of event and responder" if kind else ""),
        caption=f"All minutes over all events of each kind, with 95 % intervals; kinds with fewer than {ENOUGH} events "
        f"are not drawn. {_meaning(kind)}",
        alt="; ".join(f"{row.label}, {row.responder} {row.value:,.1f} min" for row in data.itertuples()) + ".",
        data=data[["label", *(["responder"] if kind else []), "numerator", "denominator", "value", "low", "high"]]
        .rename(columns={"numerator": "minutes", "denominator": "events", "value": "minutes_per_event"}),
        n=drawn,
        unit="minutes",
        counted="events with an officer",
        left_out="; ".join(part for part in (rare, _reasons(report)) if part),
    )  # fmt: skip
    said = "; ".join(f"{words(row.responder)} {row.value:,.1f} minutes per event ({row.low:,.1f} to {row.high:,.1f}; "
                     f"{row.numerator:,.0f} minutes / {counted(int(row.denominator), 'event')})"
                     for row in whole.itertuples())  # fmt: skip
    known_with = f"\nTo know with it: {_reasons(report)}." if _reasons(report) else ""
    return View(f"{said}.{report.pooled}{known_with}", figure)


def _meaning(kind: str) -> str:
    """What tells the kinds of event apart."""
    return {
        "call_type_initial": "The kind is the type at the start of the call, before anybody went.",
        "need": "The kind is the main need.",
    }.get(kind, "")


def _reasons(report: "Report") -> str:
    """What the minutes rest on, and what has none: the reasons of the measure over all events."""
    return reasons_text(str(report.ask("officer_time")["reasons"].iloc[0]))


@shows(NOTEBOOK, "officer_hours")
def officer_hours(report: "Report", section: Section) -> View:
    """Hours of officers by month, and their share of the hours of all who responded."""
    by = (report.split,) if report.split else ()
    asked = report.ask("officer_hours", by).dropna(subset=["value", "month"])
    worked = asked.groupby([*by, "responder"])["value"].transform("sum") > 0 if len(asked) else asked["value"] > 0
    asked = asked[worked]
    if asked.empty:
        return nothing_known(section, "no event with an officer has both its minutes and its month")
    data = _months(report, asked, by)
    sizes = data.groupby("series")["hours"].sum().sort_values(ascending=False, kind="stable")
    drawn = data[data["series"].isin(sizes.index[:MANY])].reset_index(drop=True)
    said = [_said(rows, str(name)) for name, rows in (data.groupby(by[0], sort=False) if by else [("", data)])]
    partial = data.loc[data["incomplete"], "month"].unique()
    figure = report.figures.save(
        plots.lines(drawn, "date", "hours", "hours a month", "series" if drawn["series"].nunique() > 1 else ""),
        "officer_hours_by_month",
        title="Officer hours by month",
        caption="Hours recorded on events, with 95 % intervals; they are not the hours scheduled.",
        alt=f"Lines of officer hours by month. {' '.join(said)}",
        data=drawn.drop(columns="date"),
        n=int(asked.drop_duplicates([*by, "month"])["rows_used"].sum()),
        unit="hours a month",
        counted="events with minutes, whoever responded",
        left_out=_uncounted(asked, by),
    )
    marked = f"Incomplete: {joined(partial)}; hollow points, not to be compared." if len(partial) else ""
    undrawn = f"Not drawn: {joined(sizes.index[MANY:])}." if len(sizes) > MANY else ""
    return View("\n".join(line for line in (*said, marked, undrawn) if line), figure)


def _uncounted(asked: "pd.DataFrame", by: tuple[str, ...]) -> str:
    """The rows of the months that are in no hours: their responder or their minutes are not known."""
    months = asked.drop_duplicates([*by, "month"])
    rows = int(months["rows_left_out"].sum())
    return f"{counted(rows, 'row')} without a known responder or without minutes" if rows else ""


def _months(report: "Report", asked: "pd.DataFrame", by: tuple[str, ...]) -> "pd.DataFrame":
    """Hours by month and responder, each group over the months that it covers; the first and last may be incomplete."""
    import pandas as pd

    frames = []
    alone = not by or asked[by[0]].nunique() == 1
    for group, rows in asked.groupby(by[0], sort=False) if by else [("", asked)]:
        span = report.spans[str(group)] if by else report.span
        slack = pd.Timedelta(days=report.slack)
        months = {label: (start, start + slack < pd.Timestamp(span[0]) or end - slack > pd.Timestamp(span[1]))
                  for label, start, end in bounds("month", span, report.fiscal_year)}  # fmt: skip
        rows = rows[rows["month"].isin(months)]
        names = rows["responder"].map(words)
        frames.append(rows.assign(
            date=[months[month][0] for month in rows["month"]],
            incomplete=[months[month][1] for month in rows["month"]],
            series=names if alone else f"{name_of(group, by[0])}: " + names,
        ))  # fmt: skip
    data = pd.concat(frames, ignore_index=True).rename(columns={"value": "hours", "denominator": "hours_of_all"})
    return data[[*by, "series", "month", "hours", "low", "high", "hours_of_all", "share", "incomplete", "date"]]


def _said(rows: "pd.DataFrame", group: str) -> str:
    """Hours of a group in all, as a share of everybody's, and a month's mean over the complete months."""
    every = float(rows.drop_duplicates("month")["hours_of_all"].sum())
    total = float(rows["hours"].sum())
    parts = "; ".join(f"{name} {100 * part / every:.1f} %"
                      for name, part in rows.groupby("series", sort=False)["hours"].sum().items())  # fmt: skip
    whole = rows[~rows["incomplete"]]
    months = whole["month"].nunique()
    mean = f"; {whole['hours'].sum() / months:,.0f} a month over {counted(months, 'complete month')}" if months else ""
    who = f"{group}: " if group else ""
    return (f"{who}{total:,.0f} officer hours are {100 * total / every:.1f} % of the {every:,.0f} hours of all "
            f"responders ({parts}){mean}.")  # fmt: skip
