"""Sections of the impact notebook in which the estimate is attacked: every check, and plots of four of them."""

from typing import TYPE_CHECKING

from crisiskit.impact.result import Check
from crisiskit.release import impact_plots as plots
from crisiskit.release.impact_study import credited, studied
from crisiskit.release.impact_views import PERCENT
from crisiskit.release.sections import Section
from crisiskit.release.view import View, counted, nothing_known

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.impact.study import Study
    from crisiskit.release.report import Report

DIMENSIONS = ("outcome", "date", "areas", "window", "model")
STATUSES = ("pass", "warn", "fail", "not possible")
MOST_ROWS = 24  # rows that a plot can bear; the rest stand in the table


@studied("attempts")
def attempts(report: "Report", study: "Study", section: Section) -> View:
    """Every check with its status and what was seen; the tables behind them on demand."""
    import pandas as pd

    found = study.checks
    table = pd.DataFrame(
        [(check.status, check.title[:1].upper() + check.title[1:], _reason(check) + ".") for check in found],
        columns=["status", "check", "what was seen"],
    )
    tally = table["status"].value_counts()
    counts = [f"{int(tally[status])} {status}" for status in STATUSES if status in tally]
    folds = tuple((f"{check.title}: the numbers", check.table) for check in found
                  if check.table is not None and len(check.table))  # fmt: skip
    note = f"{counted(len(found), 'check')}: {', '.join(counts)}."
    return View(note, table=table, caption="Every check", folds=folds)


def _of(study: "Study", name: str) -> Check:
    return next(check for check in study.checks if check.id == name)


def _tried(check: Check, label: str, study: "Study") -> "pd.DataFrame":
    """The tries of a check that gave an estimate, in per cent, with the study's own on top."""
    import pandas as pd

    rows = check.table if check.table is not None else pd.DataFrame(columns=[label, "relative", "low", "high", "p"])
    rows = rows[rows["relative"].notna()]
    data = pd.DataFrame({"label": rows[label].astype(str), "value": rows["relative"], "low": rows["low"],
                         "high": rows["high"], "p": rows["p"], "main": False})  # fmt: skip
    main = study.main
    own = pd.DataFrame([("as reported", main.relative, main.relative_low, main.relative_high, main.p, True)],
                       columns=list(data.columns))  # fmt: skip
    data = pd.concat([own, data], ignore_index=True) if len(data) else own
    data[["value", "low", "high"]] *= 100
    return data


@studied("placebo_dates")
def placebo_dates(report: "Report", study: "Study", section: Section) -> View:
    """The estimate had the programme begun at other dates, at which nothing began."""
    check = _of(study, "placebo_date")
    data = _tried(check, "date", study)
    if check.status == "not possible" or len(data) < 2:
        return nothing_known(section, _reason(check))
    unit = PERCENT.format(label=study.panel.label)
    figure = credited(report, study).save(
        plots.intervals(data, unit, "main"),
        "impact_placebo_dates",
        title="Pretended starts, before the real one",
        caption="Each row uses the periods before the real start only, and pretends that the programme began on that "
        "day. Effects here would be noise, or a sign that the method finds effects where none are.",
        alt=check.finding, data=data, n=study.estimate.n, unit=unit, counted="cells of areas and periods at most",
    )  # fmt: skip
    return View(check.finding, figure)


def _reason(check: Check) -> str:
    asks = f"; what would help: {check.asks.rstrip('.')}" if check.asks else ""
    return f"{check.finding.rstrip('.')}{asks}"


@studied("left_out")
def left_out(report: "Report", study: "Study", section: Section) -> View:
    """The estimate without each area, and without each period."""
    import pandas as pd

    areas, periods = _of(study, "leave_one_area_out"), _of(study, "leave_one_period_out")
    parts = []
    for check, label in ((areas, "area"), (periods, "period")):
        rows = _tried(check, label, study).iloc[1:]
        rows = rows.assign(apart=(rows["value"] - 100 * study.main.relative).abs())
        parts.append(rows.assign(label="without " + rows["label"]).nlargest(MOST_ROWS // 2, "apart"))
    data = pd.concat([_tried(areas, "area", study).iloc[:1], *parts], ignore_index=True).drop(columns="apart")
    if len(data) < 2:
        return nothing_known(section, _reason(areas))
    unit = PERCENT.format(label=study.panel.label)
    figure = credited(report, study).save(
        plots.intervals(data, unit, "main"),
        "impact_left_out",
        title="Without one area, without one period",
        caption=f"The same estimate with one area or one period left out; of each, the {MOST_ROWS // 2} at most that "
        "move it most. A result that hangs on one row of this plot is a story about that place or time.",
        alt=f"{areas.finding} {periods.finding}",
        data=data, n=study.estimate.n, unit=unit, counted="cells of areas and periods at most",
    )  # fmt: skip
    return View(f"{areas.finding}\n{periods.finding}", figure)


@studied("definitions")
def definitions(report: "Report", study: "Study", section: Section) -> View:
    """The specification curve: all variants that can be estimated, sorted, with what each is made of."""
    check = _of(study, "definition_curve")
    if check.status == "not possible" or check.table is None:
        return nothing_known(section, _reason(check))
    main = study.main
    table = check.table[check.table["relative"].notna()].rename(columns={"relative": "value"})
    data = table.sort_values(["value", *DIMENSIONS], kind="stable", ignore_index=True)
    same = (data["value"] - main.relative).abs() < 1e-12
    data["main"] = same & (data["outcome"] == study.question.outcome.label)
    data[["value", "low", "high"]] *= 100
    rows = [(name, list(dict.fromkeys(check.table[name]))) for name in DIMENSIONS if check.table[name].nunique() > 1]
    unit = PERCENT.format(label=study.panel.label)
    figure = credited(report, study).save(
        plots.curve(data, unit, rows),
        "impact_definitions",
        title="Every definition at once",
        caption="Each point is one variant of the analysis, its interval in grey; the dots below say what it is made "
        "of. The variants share their data, so their number is no count of confirmations.",
        alt=check.finding, data=data, n=len(data), unit=unit, counted="variants that can be estimated",
        left_out=f"{len(check.table) - len(data)} variants that cannot be estimated" * (len(check.table) > len(data)),
    )  # fmt: skip
    lost = check.table[check.table["relative"].isna()]
    folds = (("Variants without an estimate, and why", lost),) if len(lost) else ()
    return View(check.finding, figure, folds=folds)
