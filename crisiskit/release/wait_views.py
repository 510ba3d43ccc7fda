"""Sections of the response-patterns notebook about waiting for an answer: of those answered, and of everybody."""

from typing import TYPE_CHECKING

from crisiskit.release import plots
from crisiskit.release.benchmark_marks import marks as published
from crisiskit.release.pattern_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.survival_plot import still_waiting
from crisiskit.release.tables import name_of, reasons_text, share, text_of
from crisiskit.release.view import View, joined, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

DRAWN = 0.95  # of the waits; the tail would press the rest against the axis
DRAWN_OF_ALL = 0.98  # of the curve of those still waiting
WITHIN_S = (10, 15, 20, 40)
SAID = {"median": "half", "p90": "nine in ten"}
CUT_OFF = "abandoned, waits cut off"  # what the measure says where it kept any
BASIS = (
    "The curve holds answered contacts only; the published figures are shares of contacts offered, so that the curve "
    "flatters where contacts are abandoned."
)


@shows(NOTEBOOK, "answer_ecdf")
def answer_ecdf(report: "Report", section: Section) -> View:
    """The whole distribution of the wait of answered contacts, by the second, up to its 95th percentile."""
    by = (report.split,) if report.split else ()
    asked = report.ask("speed_of_answer", by)
    median = asked[(asked["statistic"] == "median") & (asked["rows_used"] > 0)]
    n = int(median["rows_used"].sum())
    if not n:
        return nothing_known(section, "no answered contact has a wait")
    data = _seconds(report)
    if int(data["records"].sum()) != n:
        raise RuntimeError(f"the distribution holds {int(data['records'].sum()):,} waits, the measure {n:,}")
    grouped = data.groupby(report.split)["records"] if by else data["records"]
    total = grouped.transform("sum") if by else data["records"].sum()
    data = data.assign(share=grouped.cumsum() / total)
    targets = [(mark.label, mark.at, mark.share) for mark in published(report, ("service_level",))]
    slow = data[data["share"] >= DRAWN]
    ends = slow.groupby(report.split)["seconds"].min() if by else slow["seconds"].head(1)
    furthest = max([ends.max(), 1, *(at * 1.1 for _, at, _ in targets)])
    shown = data[data["seconds"] <= furthest].reset_index(drop=True)
    said = [_said(row, by) for _, row in median.iterrows()]
    left = "; ".join(f"{_of(row, by)}{reasons_text(row['reasons'])}" for _, row in median.iterrows() if row["reasons"])
    figure = report.figures.save(
        plots.ecdf(shown, "seconds", "share", "seconds until the answer", (), report.split, targets),
        "answer_time_distribution",
        title="Share of answered contacts that were answered within so many seconds",
        caption="Cumulative share of answered contacts by whole second, drawn up to the 95th percentile."
        + (f" {BASIS}" if targets else ""),
        alt=f"Rising step line. {'; '.join(said)}."
        + (f" Marks: {joined(name for name, _, _ in targets)}." if targets else ""),
        data=shown,
        n=n,
        unit="share",
        counted="waits of answered contacts",
        left_out=left,
    )
    groups = [("", data)] if not by else [(f"{name_of(name, by[0])}: ", rows) for name, rows in data.groupby(by[0])]
    lines = [f"{'; '.join(said)}.", *(f"{name}{_within(rows)}." for name, rows in groups)]
    lines.append(BASIS if targets else "The registry of benchmarks holds no figure for the contacts of this source.")
    return View("\n".join(lines), figure)


def _seconds(report: "Report") -> "pd.DataFrame":
    """Answered contacts by the whole second (rounded up) that they waited, and by group where the report is split.

    The rows are those of measure speed_of_answer: no rows that cover a period, no contact that ended without an answer,
    no negative wait. Columns: the split column, `seconds`, `records`.
    """
    import ibis

    from crisiskit.measures.clocks import CLOCKS, elapsed, unanswered

    table = report.data.tables["interventions"]
    wait = elapsed(table, CLOCKS["speed_of_answer"])
    kept = table.mutate(_wait=wait).filter(~table.is_aggregate.fill_null(False), ~unanswered(table), ibis._._wait >= 0)
    kept = kept.mutate(seconds=(kept["_wait"] / 1_000_000).ceil().cast("int64"))
    keys = [report.split, "seconds"] if report.split else ["seconds"]
    return report.data.fetch(kept.group_by(keys).aggregate(records=ibis._.count()).order_by(keys))


def _of(row: "pd.Series", by: tuple[str, ...]) -> str:
    return f"{name_of(row[by[0]], by[0])}: " if by else ""


def _said(row: "pd.Series", by: tuple[str, ...]) -> str:
    """The median wait of one group with its interval and n."""
    limits = f"; 95 % interval {text_of(row['low'])} to {text_of(row['high'])} s" if row["low"] == row["low"] else ""
    return f"{_of(row, by)}half were answered within {text_of(row['value'])} s (n = {row['rows_used']:,}{limits})"


def _within(rows: "pd.DataFrame") -> str:
    """Shares answered within the times that are usually asked for."""
    total = int(rows["records"].sum())
    parts = [f"{limit} s {share(int(rows.loc[rows['seconds'] <= limit, 'records'].sum()), total)}"
             for limit in WITHIN_S]  # fmt: skip
    return f"within {'; '.join(parts)} of those answered"


@shows(NOTEBOOK, "wait_survival")
def wait_survival(report: "Report", section: Section) -> View:
    """How long until an answer, had nobody left: abandoned waits are cut off, and not taken for answers."""
    from crisiskit.measures import waits

    by = (report.split,) if report.split else ()
    asked = report.ask("wait_survival", by)
    curve = waits.curve(report.data, by).dropna(subset="survival")
    left = curve[curve["reasons"].str.contains(CUT_OFF, regex=False)]
    if left.empty:
        return nothing_known(section, "no contact with a wait is known to have been abandoned")
    data = _thinned(left, by)
    known = asked[asked[by[0]].isin(left[by[0]])] if by else asked
    first = known.drop_duplicates(list(by)) if by else known.head(1)
    said = [_quantiles(rows, by) for _, rows in (known.groupby(by[0], sort=False) if by else [("", known)])]
    why = "; ".join(f"{_of(row, by)}{reasons_text(row['reasons'])}" for _, row in first.iterrows())
    figure = report.figures.save(
        still_waiting(data, "seconds since the contact was received", report.split, _end(data)),
        "wait_until_answer",
        title="Share of contacts still without an answer after so many seconds",
        caption="Kaplan-Meier curve with pointwise 95 % limits: an abandoned contact counts as waiting until it left. "
        "Below: contacts still waiting just before the next answer. It supposes that those who left would have been "
        "answered as the others were.",
        alt=f"Falling step line. {' '.join(said)}",
        data=data[[*by, "time_s", "at_risk", "answered", "abandoned", "survival", "low", "high"]],
        n=int(first["rows_used"].sum()),
        unit="share",
        counted="contacts with a wait",
        left_out=why,
    )
    lines = [*said, f"To know with it: {why}.", _without(report, by, left)]
    return View("\n".join(line for line in lines if line), figure)


def _quantiles(rows: "pd.DataFrame", by: tuple[str, ...]) -> str:
    """Median and 90th percentile with their intervals; one that the curve does not reach is not given."""
    parts = []
    for row in rows[rows["statistic"].isin(SAID)].itertuples():
        limits = f" (95 % interval {text_of(row.low)} to {text_of(row.high)} s)" if row.low == row.low else ""
        known = f"after {text_of(row.value)} s{limits}" if row.value == row.value else "at a time that nobody saw"
        parts.append(f"{SAID[row.statistic]} have an answer {known}")
    n = int(rows["rows_used"].iloc[0])
    return f"{_of(rows.iloc[0], by)}{'; '.join(parts)}; n = {n:,}."


def _thinned(curve: "pd.DataFrame", by: tuple[str, ...]) -> "pd.DataFrame":
    """At most one step a second, the last of each: what the eye can tell apart, and no more rows than it can use."""
    second = (-(-curve["time_s"] // 1)).rename("_second")
    kept = curve.groupby([*(curve[name] for name in by), second], sort=False)
    sums = kept[["answered", "abandoned"]].transform("sum")
    first = kept["at_risk"].transform("first")
    data = curve.assign(answered=sums["answered"], abandoned=sums["abandoned"], at_risk=first, _second=second)
    return data.drop_duplicates([*by, "_second"], keep="last").drop(columns="_second").reset_index(drop=True)


def _end(data: "pd.DataFrame") -> float:
    """Where the drawing ends: when fewer than one in fifty is still waiting, or the curve does."""
    low = data.loc[data["survival"] <= 1 - DRAWN_OF_ALL, "time_s"]
    return float(low.min() if len(low) else data["time_s"].max()) or 1.0


def _without(report: "Report", by: tuple[str, ...], left: "pd.DataFrame") -> str:
    """Name the groups that have no such curve: none of their contacts is known to have been abandoned."""
    if not by:
        return ""
    others = [name for name in report.groups(by[0]) if name not in set(left[by[0]])]
    return f"No abandoned contact with a wait: {joined(name_of(name, by[0]) for name in others)}." if others else ""
