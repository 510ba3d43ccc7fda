"""Sections of the response-patterns notebook about time as a series: calendar effects, trend and season, forecast."""

from typing import TYPE_CHECKING

from crisiskit.release import series_plots
from crisiskit.release.calendar import WEEKDAYS, month_name
from crisiskit.release.control_views import control_chart
from crisiskit.release.lag_views import reporting_lag
from crisiskit.release.pattern_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.series_parts import Part, parts, undated, unfit
from crisiskit.release.series_plots import Panel
from crisiskit.release.tables import share
from crisiskit.release.view import View, counted, joined, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.measures.decompose import Decomposition
    from crisiskit.measures.forecast import Forecast
    from crisiskit.release.report import Report

__all__ = ["calendar_effects", "control_chart", "forecast", "reporting_lag", "trend_season"]

MONTH_NAMES = tuple(month_name(f"2000-{place:02d}").split()[0] for place in range(1, 13))
EFFECTS = {"first days": "day 1 to 3 of the month", "payday": "15th and last day of the month"}


@shows(NOTEBOOK, "calendar_effects")
def calendar_effects(report: "Report", section: Section) -> View:
    """Ratios of weekdays, months and paydays to an average day, with intervals, from days that are covered whole."""
    import pandas as pd

    from crisiskit.measures import decompose

    every = parts(report, "day")
    fit = [part for part in every if _enough_days(part)]
    if not fit:
        least = decompose.LEAST_DAYS["weekday"]
        return nothing_known(section, f"{least} whole days with contacts are needed, no series has so many")
    months = {part.name: part.series.whole for part in parts(report, "month")}
    frames = [_effects(part, months[part.name]) for part in fit]
    data = pd.concat(frames, ignore_index=True)
    figure = report.figures.save(
        series_plots.ratios(data, "label", "ratio to an average day", "effect", "series" if report.split else ""),
        "calendar_effects",
        title="Contacts by weekday, day of the month and month",
        caption="1 is an average day; for the days of the month, the other days. Quasi-Poisson ratios with 95 % "
        "intervals: weekday and day of the month within each month; months, from monthly totals, beside a trend.",
        alt=f"Dots: {'; '.join(f'{row.series} {row.label} {row.value:.2f}'.strip() for row in data.itertuples())}.",
        data=data[["series", "effect", "label", "value", "low", "high", "periods", "contacts"]],
        n=int(sum(part.series.whole["contacts"].sum() for part in fit)),
        unit="ratio",
        left_out=undated(every, "day", "; they count in months alone"),
    )
    lines = [f"{part.lead}{_highest(frame)}" for part, frame in zip(fit, frames, strict=True)]
    lines += [_unfitted(every, fit, "too few whole days"), unfit(fit, "day")]
    return View("\n".join(filter(None, lines)), figure)


def _effects(part: Part, months: "pd.DataFrame") -> "pd.DataFrame":
    """Effects of one series: from its days, and, where two years are there, from its `months`."""
    import pandas as pd

    from crisiskit.measures import decompose

    found = [decompose.calendar_effects(part.series.whole)]
    if not decompose.too_short(months, "month"):
        found.append(decompose.month_effects(months))
    data = pd.concat(found, ignore_index=True).assign(series=part.name)
    names = WEEKDAYS | dict(zip(decompose.MONTHS, MONTH_NAMES, strict=True))
    return data.assign(label=data["effect"].map(EFFECTS).fillna(data["level"].map(names)))


def _enough_days(part: Part) -> bool:
    from crisiskit.measures.decompose import LEAST_DAYS

    whole = part.series.whole
    return len(whole) >= LEAST_DAYS["weekday"] and bool(whole["contacts"].sum())


def _highest(effects: "pd.DataFrame") -> str:
    """The highest and the lowest level of each effect with its interval, in words."""
    said = []
    for name, rows in effects.groupby("effect", sort=False):
        if name in EFFECTS:
            said.append(f"{EFFECTS[str(name)]} {_ratio(rows.iloc[0])} times the other days")
            continue
        high, low = (rows.loc[place] for place in (rows["value"].idxmax(), rows["value"].idxmin()))
        said.append(f"{name} highest {high['label']} {_ratio(high)}, lowest {low['label']} {_ratio(low)}")
    return f"{'; '.join(said)}. The average day is 1."


def _ratio(row: "pd.Series") -> str:
    return f"{row['value']:.2f} ({row['low']:.2f} to {row['high']:.2f})"


def _unfitted(every: list[Part], fit: list[Part], reason: str) -> str:
    """Name the series that are too short where others are not."""
    named = [part.name for part in every if part not in fit]
    return f"Not shown, {reason}: {joined(named)}." if named else ""


@shows(NOTEBOOK, "trend_season")
def trend_season(report: "Report", section: Section) -> View:
    """Trend and season by STL from monthly contacts a day, and the growth a year with its interval."""
    import pandas as pd

    from crisiskit.measures import decompose

    every = parts(report, "month")
    why = {part.name: decompose.too_short(part.series.whole, "month") for part in every}
    fit = [part for part in every if not why[part.name]]
    if not fit:
        return nothing_known(section, "; ".join(f"{part.lead}{why[part.name]}" for part in every))
    made = [decompose.trend_season(part.series.whole) for part in fit]
    data = pd.concat([found.frame.assign(series=part.name) for part, found in zip(fit, made, strict=True)])
    columns = ["series", "period", "rate", "trend", "season", "remainder"]
    lines = [f"{part.lead}{_grown(found)}" for part, found in zip(fit, made, strict=True)]
    figure = report.figures.save(
        series_plots.decompositions([_season_panel(*pair) for pair in zip(fit, made, strict=True)]),
        "trend_and_season",
        title="Trend and season of contacts a day, by month",
        caption="Left: contacts a day of each month, and the trend (STL, robust). Right: the mean season by month; "
        "1 is no season (0 where a month without contacts forbids ratios).",
        alt=f"Trend line and season by month. {' '.join(lines)}",
        data=data[columns].reset_index(drop=True),
        n=int(sum(part.series.whole["contacts"].sum() for part in fit)),
        unit="contacts a day",
        left_out=undated(every, "month"),
    )
    short = [f"{part.lead}{why[part.name]}." for part in every if why[part.name]]
    return View("\n".join(filter(None, [*lines, *short, unfit(fit, "month")])), figure)


def _season_panel(part: Part, found: "Decomposition") -> Panel:
    season = found.season_by.rename_axis("month").reset_index(name="season")
    return Panel(part.name, found.frame, "contacts a day", season.assign(neutral=1.0 if found.ratios else 0.0))


def _grown(found: "Decomposition") -> str:
    """Growth, the height of the season and its ends, in words."""
    high, low = found.season_by.max(), found.season_by.min()
    names = [MONTH_NAMES[month - 1] for month in (found.peak_month, found.season_by.idxmin())]
    ends = f"highest in {names[0]} ({high:.2f}), lowest in {names[1]} ({low:.2f})"
    limits = f"95 % interval {100 * found.growth_low:+.1f} to {100 * found.growth_high:+.1f} %"
    return (f"change a year {100 * found.growth:+.1f} % ({limits}), as if it were steady; season {ends}; it explains "
            f"{100 * found.season_strength:.0f} % of what the trend leaves.")


@shows(NOTEBOOK, "forecast")
def forecast(report: "Report", section: Section) -> View:
    """The next twelve months by the model that was best in the past of the same series, with its error then."""
    import pandas as pd

    from crisiskit.measures import forecast as forecasts

    every = parts(report, "month")
    why = {part.name: forecasts.too_short(part.series.whole) for part in every}
    fit = [part for part in every if not why[part.name]]
    if not fit:
        return nothing_known(section, "; ".join(f"{part.lead}{why[part.name]}" for part in every))
    made = [forecasts.forecast(part.series.whole) for part in fit]
    data = pd.concat([found.frame.assign(series=part.name) for part, found in zip(fit, made, strict=True)])
    scores = pd.concat([found.scores.assign(series=part.name) for part, found in zip(fit, made, strict=True)])
    lines = [f"{part.lead}{_expected(found)}" for part, found in zip(fit, made, strict=True)]
    panels = [Panel(part.name, part.series.whole, "contacts a month", found.frame)
              for part, found in zip(fit, made, strict=True)]  # fmt: skip
    figure = report.figures.save(
        series_plots.forecasts(panels),
        "forecast",
        title="Contacts of the next 12 months",
        caption="Months seen, and months expected with a 95 % interval, if what moved the past goes on unchanged.",
        alt=f"Line of months seen, and expected months in a band. {' '.join(lines)}",
        data=data[["series", "period", "contacts", "low", "high"]].reset_index(drop=True),
        n=int(sum(part.series.whole["contacts"].sum() for part in fit)),
        unit="contacts a month",
        left_out=undated(every, "month"),
    )
    short = [f"{part.lead}no forecast, {why[part.name]}." for part in every if why[part.name]]
    note = "\n".join(filter(None, [*lines, *short, unfit(fit, "month")]))
    return View(note, figure, _scored(scores, bool(report.split)), "How far each model was wrong in the past")


def _expected(found: "Forecast") -> str:
    """The range of the forecast, the model and what its back-test showed, in words."""
    ends = found.frame.set_index("period")["contacts"]
    high, low, best = ends.idxmax(), ends.idxmin(), found.best
    wide = f"; the interval is therefore widened {best['stretch']:.1f} times" if best["stretch"] > 1 else ""
    inside = share(round(best["covered"] * best["tested"]), int(best["tested"]))
    return (f"from {ends[low]:,.0f} ({month_name(low)}) to {ends[high]:,.0f} ({month_name(high)}) contacts a month, by "
            f"{found.model}. Tried on the past from {counted(int(best['origins']), 'starting month')}, it was wrong by "
            f"{best['mae']:,.1f} contacts a month on average; its own 95 % interval held {inside} of the months"
            f"{wide}.")


def _scored(scores: "pd.DataFrame", apart: bool) -> "pd.DataFrame":
    """The back-test as a table for a reader."""
    table = scores.rename(columns={
        "mae": "mean error (contacts a month)", "mape": "mean error (share of the month)",
        "scaled": "error / that of the seasonal naive", "covered": "share inside its interval",
        "stretch": "interval widened (times)", "origins": "starting months", "tested": "months compared"})  # fmt: skip
    return table[[*(["series"] if apart else []), *[name for name in table if name != "series"]]].reset_index(drop=True)
