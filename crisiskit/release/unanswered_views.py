"""Sections of the gaps notebook about contacts that nobody answered: by hour and channel, and who rang again."""

from typing import TYPE_CHECKING

from crisiskit.release import gap_plots
from crisiskit.release.cascade_views import BANDS
from crisiskit.release.data_gap_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.tables import reasons_text, share, words
from crisiskit.release.view import View, counted, joined, not_recorded, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

CHANNELS = {"interventions": ("modality", "access", "source"), "counts": ("level", "source")}
DRAWN = 4  # channels in one figure
SHARES = ("not answered", "abandoned")
FEW = 1000  # offered contacts of a channel, below which single hours say little: bands of six stand in the table


@shows(NOTEBOOK, "unanswered")
def unanswered(report: "Report", section: Section) -> View:
    """Contacts offered and not answered, by hour of day and channel; abandoned ones by channel."""
    single = "offered" in report.recorded.get("interventions", ())
    channel = _channel(report, single)
    by = (channel,) if channel else ()
    table = _by_channel(report, by)
    if table.empty:
        return not_recorded(section, ())
    said = "; ".join(
        f"{row['channel']}: " + joined(f"{name} {row[name]}" for name in SHARES if isinstance(row.get(name), str))
        for row in table.to_dict("records")
    )
    caption = "Not answered and abandoned" + (f", by {words(channel)}" if channel else "")
    hours = _hours(report, channel) if single else None
    if hours is None or hours.empty:
        known = "None of them has a time of day" if single else "Only totals are recorded"
        return View(f"{said}.\n{known}, so no hour can be told from another.", table=table, caption=caption)
    folds = (("Not answered, by band of hours", _banded(hours)),)
    data, left = _drawn(hours)
    if data.empty:
        note = f"No channel has {FEW:,} offered contacts with a time of day: bands of hours stand in the table."
        return View(f"{said}.\n{note}", table=table, caption=caption, folds=folds)
    worst = data.loc[data["low"].idxmax()]
    where = f" by {worst['channel']}" if channel else ""
    peak = (
        f"The hour that surely loses most is {int(worst['hour']):02d}:00{where}: "
        f"{share(worst['numerator'], worst['denominator'])} not answered."
    )
    figure = report.figures.save(
        gap_plots.by_hour(data, "value", "not answered, of offered (%)", "channel" if channel else ""),
        "not_answered_by_hour",
        title="Contacts offered and not answered, by hour" + (f" and {words(channel)}" if channel else ""),
        caption="Share of offered contacts that were not answered, with 95 % Wilson intervals; the n of each hour is "
        "in the table. Offered includes redials.",
        alt=f"Lines over the 24 hours. {peak}",
        data=data[["hour", "channel", "numerator", "denominator", "value", "low", "high"]],
        n=int(data["denominator"].sum()),
        unit="share",
        counted="offered contacts",
        left_out=left,
    )
    return View(f"{said}.\n{peak}", figure, table, caption, folds)


def _hours(report: "Report", channel: str) -> "pd.DataFrame":
    """Not answered, of offered, by hour and channel, with its interval."""
    by = (channel,) if channel else ()
    asked = report.ask("answer_rate", ("hour", *by), table="interventions").dropna(subset=["value", "hour", *by])
    lost = asked["denominator"] - asked["numerator"]
    names = asked[channel].map(words) if channel else "all"
    return asked.assign(numerator=lost, value=1 - asked["value"], low=1 - asked["high"], high=1 - asked["low"],
                        hour=asked["hour"].astype("int64"), channel=names)  # fmt: skip


def _banded(hours: "pd.DataFrame") -> "pd.DataFrame":
    """Six hours together: sums first, then the share."""
    from crisiskit.measures.intervals import wilson

    bands = hours.assign(band=hours["hour"] // 6).groupby(["channel", "band"], as_index=False)
    sums = bands[["numerator", "denominator"]].sum()
    low, high = wilson(sums["numerator"], sums["denominator"])
    said = [share(row.numerator, row.denominator) for row in sums.itertuples()]
    table = sums.assign(hours=sums["band"].map(BANDS), low=low, high=high, **{"not answered": said})
    return table[["channel", "hours", "not answered", "low", "high"]]


def _channel(report: "Report", single: bool) -> str:
    """The column that tells channels apart among contacts that were offered; "" where there is one channel."""
    table = "interventions" if single else "counts"
    if table not in report.data.tables:
        return ""
    for column in CHANNELS[table]:
        asked = report.ask("answer_rate", (column,), table=table).dropna(subset=["value", column])
        if len(asked) > 1:
            return column
    return ""


def _by_channel(report: "Report", by: tuple[str, ...]) -> "pd.DataFrame":
    """One row per channel: offered, not answered, abandoned, each share with its n and interval."""
    import pandas as pd

    answered = report.ask("answer_rate", by).dropna(subset=["value", *by])
    left = report.ask("abandonment", by, threshold_s=0).dropna(subset=["value", *by])
    rows: dict[str, dict[str, object]] = {}
    turned = answered.assign(numerator=answered["denominator"] - answered["numerator"], low=1 - answered["high"],
                             high=1 - answered["low"])  # fmt: skip
    for column, asked in zip(SHARES, (turned, left), strict=True):
        for _, row in asked.iterrows():
            told = rows.setdefault(str(row[by[0]]) if by else "all", {})
            told[column] = share(row["numerator"], row["denominator"])
            told[f"interval of {column}"] = f"{100 * row['low']:.1f} to {100 * row['high']:.1f} %"
            told["left out"] = reasons_text(row["reasons"])
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("channel").reset_index()
    return table.assign(channel=table["channel"].map(words)) if len(table) else table


def _drawn(hours: "pd.DataFrame") -> "tuple[pd.DataFrame, str]":
    """The channels with most contacts, and what is left out of the figure."""
    sizes = hours.groupby("channel")["denominator"].sum().sort_values(ascending=False, kind="stable")
    kept = list(sizes[sizes >= FEW].index[:DRAWN])
    dropped = [f"{name} {int(sizes[name]):,}" for name in sizes.index if name not in kept]
    left = f"channels with few contacts: {joined(dropped)}" if dropped else ""
    return hours[hours["channel"].isin(kept)].reset_index(drop=True), left


REDIALS = {
    "redials": "offered contacts that were redials",
    "redialled": "abandoned contacts that were followed by a redial",
    "abandoned": "offered contacts that were abandoned",
    "never_through": "first attempts that no answer followed",
}


@shows(NOTEBOOK, "redials")
def redials(report: "Report", section: Section) -> View:
    """Who rang again after giving up, where a key tells: offered contacts are not people."""
    asked = report.ask("redials")
    known = asked.dropna(subset="value")
    if known.empty:
        return nothing_known(section, reasons_text(asked["reasons"].iloc[0]) or "no key tells callers apart")
    said = [f"{REDIALS.get(row.statistic, words(row.statistic))}: {share(row.numerator, row.denominator)}, 95 % "
            f"interval {100 * row.low:.1f} to {100 * row.high:.1f} %" for row in known.itertuples()]  # fmt: skip
    left = reasons_text(known["reasons"].iloc[0])
    number = counted(int(known["rows_used"].max()), "contact")
    return View(f"{known['label'].iloc[0]}. {number} could be judged." + (f" Left out: {left}." if left else ""),
                points=tuple(said))  # fmt: skip
