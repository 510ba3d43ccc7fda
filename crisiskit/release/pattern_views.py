"""Sections of the response-patterns notebook about time: how many contacts when, and how long each step takes."""

from typing import TYPE_CHECKING, Any

from crisiskit.release import plots
from crisiskit.release.benchmark_marks import marks as published
from crisiskit.release.calendar import WEEKDAYS, choose_step, month_name, timeline
from crisiskit.release.report import FISCAL_YEARS
from crisiskit.release.sections import Section
from crisiskit.release.tables import minutes_text, name_of, reasons_text, share, text_of
from crisiskit.release.view import View, counted, joined, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

NOTEBOOK = "10_response_patterns"
INTERVALS = {
    "answer_time": "received to answered",
    "dispatch_time": "received to dispatched",
    "travel_time": "dispatched to arrived",
    "response_time": "received to arrived",
    "on_scene_time": "arrived to cleared",
}
DRAWN = 0.95  # of the response times; the tail would press the rest against the axis
STATISTICS = {"median": "median", "p75": "75th percentile", "p90": "90th percentile"}


@shows(NOTEBOOK, "volume")
def volume(report: "Report", section: Section) -> View:
    """Contacts by day, week or month, whichever the span of the data calls for; incomplete periods are marked."""
    span = report.span
    step = choose_step(report)
    data = timeline(report, step)
    total = int(report.ask("contacts")["value"].iloc[0])
    shown = int(data["contacts"].sum())
    if not shown:
        return nothing_known(section, f"no record is dated to the {step} or finer")
    left = f"{counted(total - shown, 'contact')} not dated to the {step} or finer" if total > shown else ""
    figure = report.figures.save(
        plots.lines(data, "date", "contacts", f"contacts a {step}", report.split, report.changes(*span)),
        "contacts_over_time",
        title=f"Contacts by {step}",
        caption=f"Contacts by {step}, with the 95 % Poisson interval of each number"
        + (f", by {report.split.replace('_', ' ')}." if report.split else "."),
        alt=f"Line of contacts by {step} from {span[0]} to {span[1]}. {_extremes(data, step, report.split)}",
        data=data.drop(columns=["date"]),
        n=shown,
        unit=f"contacts a {step}",
        left_out=left,
    )
    partial = data[data["incomplete"]].drop_duplicates("period")["period"]
    named = joined(map(month_name, partial) if step == "month" else partial)
    marked = f"Incomplete: {named}; hollow points, not to be compared." if named else ""
    empty = int(data["contacts"].isna().sum())
    gaps = f"In {counted(empty, step)} there is no record at all: the line is broken there." if empty else ""
    lines = [f"{span[0]} to {span[1]}. {_extremes(data, step, report.split)}", f"{marked} {gaps}".strip()]
    return View("\n".join(line for line in lines if line), figure)


def _extremes(data: "pd.DataFrame", step: str, split: str) -> str:
    """Contacts, and the busiest and the quietest complete period; of each group for itself where there are several."""
    if split:
        parts = [
            f"{name_of(name, split)}: {_extremes(rows, step, '')}" for name, rows in data.groupby(split, sort=False)
        ]
        return " ".join(parts)
    said = counted(int(data["contacts"].sum()), "contact")
    whole = data[~data["incomplete"]].set_index("period")["contacts"].dropna()
    if len(whole) < 2:
        return f"{said}."
    if whole.nunique() == 1:
        return f"{said}; {whole.iloc[0]:,.0f} in every complete {step}."
    high, low = whole.idxmax(), whole.idxmin()
    names = [month_name(period) if step == "month" else period for period in (high, low)]
    most, least = f"{names[0]} ({whole[high]:,.0f})", f"{names[1]} ({whole[low]:,.0f})"
    return f"{said}; the busiest complete {step} is {most}, the quietest {least}."


@shows(NOTEBOOK, "fiscal_years")
def fiscal_years(report: "Report", section: Section) -> View:
    """Contacts by fiscal year; a year that the data do not cover whole is named so."""
    data = timeline(report, "fiscal_year")
    data = data.dropna(subset="contacts")
    if data.empty:
        return nothing_known(section, "no record is dated to the year or finer")
    names = data["period"] + data["incomplete"].map({True: " (incomplete)", False: ""})
    data = data.assign(label=names + (": " + data[report.split] if report.split else ""))
    whole = data.loc[~data["incomplete"], "period"].unique()
    total = int(data["contacts"].sum())
    runs = f"Fiscal years run {FISCAL_YEARS[report.fiscal_year]}."
    if len(data) == 1:
        return View(f"{runs} All {counted(total, 'contact')} fall into one, {data['label'].iloc[0]}.")
    figure = report.figures.save(
        plots.bars(data, "label", "contacts", "contacts"),
        "contacts_by_fiscal_year",
        title="Contacts by fiscal year",
        caption=f"Fiscal years: {FISCAL_YEARS[report.fiscal_year]}. Lines: 95 % Poisson interval.",
        alt="Bars: " + "; ".join(f"{row.label} {row.contacts:,.0f}" for row in data.itertuples()) + ".",
        data=data.drop(columns=["date"]),
        n=total,
        unit="contacts",
    )
    complete = f"Complete: {joined(whole)}." if len(whole) else "No year is covered whole: do not compare the years."
    return View(f"{runs} {complete}", figure)


@shows(NOTEBOOK, "hour_weekday")
def hour_weekday(report: "Report", section: Section) -> View:
    """Contacts by hour and weekday on the local clock; contacts without a time of day are out, and counted."""
    data = report.ask("contacts", ("weekday", "hour")).dropna(subset=["weekday", "hour"])
    shown, total = int(data["value"].sum()), int(report.ask("contacts")["value"].iloc[0])
    if not shown:
        return nothing_known(section, "no record has a time of day")
    table = data.pivot(index="weekday", columns="hour", values="value")
    table = table.reindex(index=list(WEEKDAYS), columns=range(24)).fillna(0)
    table.index = [WEEKDAYS[day] for day in table.index]
    peak, by_hour = table.stack().idxmax(), table.sum()
    high, low = by_hour.idxmax(), by_hour.idxmin()
    said = (
        f"The busiest hour of the week is {peak[0]} {peak[1]:02d}:00 to {peak[1]:02d}:59, with "
        f"{table.loc[peak]:,.0f} contacts. "
        f"Over the week the busiest hour of day is {high:02d}:00 ({share(by_hour[high], shown)}), "
        f"the quietest {low:02d}:00 ({share(by_hour[low], shown)})."
    )
    left = total - shown
    basis = f"It rests on {share(shown, total)} of contacts" + (
        "; the others have no time of day or stand on records that cover a period." if left else "."
    )
    numbers = table.rename_axis("weekday").astype(int).reset_index()
    numbers.columns = [str(name) for name in numbers.columns]
    figure = report.figures.save(
        plots.heat_map(table, "contacts", "hour of day (local clock)", ""),
        "contacts_by_hour_and_weekday",
        title="Contacts by hour of day and weekday",
        caption="Hour and weekday on the local wall clock; one cell is one hour of the week, over the whole period.",
        alt=f"Heat map of 7 weekdays by 24 hours. {said}",
        data=numbers,
        n=shown,
        unit="contacts",
        left_out=f"{counted(left, 'contact')} without a time of day or on records that cover a period" if left else "",
    )
    return View(f"{said}\n{basis}{report.pooled}", figure)


@shows(NOTEBOOK, "intervals")
def intervals(report: "Report", section: Section) -> View:
    """Median, 75th and 90th percentile of every step that the source times, with distribution-free intervals."""
    import pandas as pd

    by = (report.split,) if report.split else ()
    asked = {name: report.ask(name, by, within_h=report.within_h) for name in INTERVALS}
    frames = [frame.dropna(subset="value").assign(step=INTERVALS[name]) for name, frame in asked.items()]
    every = pd.concat([frame for frame in frames if len(frame)] or [frames[0].assign(step="")])
    if every.empty:
        return nothing_known(section, "no record has both ends of an interval")
    every = every.assign(label=every["step"] + (" (" + every[report.split].astype(str) + ")" if report.split else ""))
    data = every[every["statistic"].isin(STATISTICS)].assign(percentile=lambda rows: rows["statistic"].map(STATISTICS))
    columns = ["label", "percentile", "value", "low", "high", "rows_used", "rows_left_out", "reasons"]
    data = data[columns].reset_index(drop=True)
    table = _side_by_side(data)
    lacking = [label for name, label in INTERVALS.items() if asked[name]["value"].isna().all()]
    cap = f"intervals over {text_of(report.within_h)} h are set apart, and negative ones"
    figure = report.figures.save(
        plots.dots(data, "label", "minutes", "percentile"),
        "intervals",
        title="How long each step takes",
        caption=f"Median, 75th and 90th percentile with 95 % distribution-free intervals; {cap}.",
        alt="Dots: "
        + "; ".join(f"{row.label} {row.percentile} {minutes_text(row.value)}" for row in data.itertuples())
        + ".",
        data=data,
        n=int(data["rows_used"].max()),
        unit="minutes",
        counted="intervals at most (n of each step is in the table)",
    )
    half = data[data["percentile"] == "median"]
    note = "Half of the time: " + "; ".join(
        f"{row.label} within {minutes_text(row.value)} (n = {row.rows_used:,})" for row in half.itertuples()
    )
    absent = f"\nNot recorded in this source: {joined(lacking)}." if lacking else ""
    return View(
        f"{note}. Percentiles of the parts do not add up to those of the whole.{absent}",
        figure,
        table,
        "Percentiles with 95 % intervals",
    )


def _side_by_side(data: "pd.DataFrame") -> "pd.DataFrame":
    """One row per step: n, each percentile with its interval, and what was left out."""
    import pandas as pd

    rows = []
    for label, part in data.groupby("label", sort=False):
        row: dict[str, Any] = {"step": label, "n": int(part["rows_used"].iloc[0])}
        for item in part.itertuples():
            row[f"{item.percentile}"] = (
                f"{minutes_text(item.value)} ({minutes_text(item.low)} to {minutes_text(item.high)})"
            )
        rows.append(
            row | {"left out": int(part["rows_left_out"].iloc[0]), "why": reasons_text(part["reasons"].iloc[0])}
        )
    return pd.DataFrame(rows)


@shows(NOTEBOOK, "response_ecdf")
def response_ecdf(report: "Report", section: Section) -> View:
    """The whole distribution of response time, up to its 95th percentile, in steps of a minute."""
    asked = report.ask("response_time", within_h=report.within_h).set_index("statistic")
    n = int(asked["rows_used"].iloc[0])
    if not n:
        return nothing_known(section, "no record has both a receipt and an arrival")
    data = report.spread("received_at", "arrived_at")
    ends = data.groupby(report.split)["records"].sum() if report.split else data["records"].sum()
    if int(data["records"].sum()) != n:
        raise RuntimeError(f"the distribution holds {int(data['records'].sum()):,} response times, the measure {n:,}")
    total = data[report.split].map(ends) if report.split else ends
    grouped = data.groupby(report.split)["records"] if report.split else data["records"]
    data = data.assign(share=grouped.cumsum() / total)
    slow = data[data["share"] >= DRAWN]
    top = slow.groupby(report.split)["minutes"].min().max() if report.split else slow["minutes"].min()
    shown = data[data["minutes"] <= max(top, 1)].reset_index(drop=True)
    marks = [(f"{name} {minutes_text(asked.loc[key, 'value'])}", asked.loc[key, "value"])
             for key, name in (("median", "median"), ("p90", "90th percentile"))]  # fmt: skip
    targets = [(mark.label, mark.at, mark.share) for mark in published(report, ("response_time",))]
    figure = report.figures.save(
        plots.ecdf(shown, "minutes", "share", "minutes from receipt to first arrival", marks, report.split, targets),
        "response_time_distribution",
        title="Share of responses that arrived within so many minutes",
        caption="Cumulative share by whole minute, drawn up to the 95th percentile.",
        alt=f"Rising step line; {joined([*(name for name, _ in marks), *(name for name, _, _ in targets)])}.",
        data=shown,
        n=n,
        unit="share",
        counted="response times",
        left_out=reasons_text(asked["reasons"].iloc[0]),
    )
    within = [(limit, int(data.loc[data["minutes"] <= limit, "records"].sum())) for limit in (10, 20, 30, 60)]
    said = "; ".join(f"{limit} minutes {share(number, n)}" for limit, number in within)
    none = "" if targets else "\nThe registry of benchmarks holds no figure that may be set beside this interval."
    return View(f"Arrived within {said}.{report.pooled if not report.split else ''}{none}", figure)
