"""Sections of the gaps notebook about the clock: demand against service hours, and what an added shift would reach."""

from typing import TYPE_CHECKING

from crisiskit.release import gap_plots
from crisiskit.release.calendar import WEEKDAYS
from crisiskit.release.data_gap_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.tables import reasons_text, share
from crisiskit.release.view import View, counted, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

USUAL = ("Mon-Fri 08:00-17:00", "Mon-Fri 08:00-20:00", "daily 08:00-20:00", "daily 08:00-24:00")
"""Schedules tried where a study states no service hours."""
SHIFT_H = 8
RECORDED = "A closed hour with few contacts is no proof of little need: contacts are recorded where somebody is there."


@shows(NOTEBOOK, "coverage_clock")
def coverage_clock(report: "Report", section: Section) -> View:
    """Demand by hour of the week with the service hours outlined, and the share of it that falls within them."""
    hours = report.settings.get("service_hours", "")
    if not hours:
        return _untold(report, section)
    data = _clock(report, hours)
    if "hour" not in data or data["demand"].isna().all():
        return nothing_known(section, "no record has a time of day")
    total, inside = int(data["demand"].sum()), float(data["covered"].sum())
    low, high = data["low"].iloc[0], data["high"].iloc[0]
    said = (
        f"{share(inside, total)} contacts come within the service hours ({hours}); 95 % interval "
        f"{100 * low:.1f} to {100 * high:.1f} %. {share(total - inside, total)} come outside."
    )
    table = data.pivot(index="weekday", columns="hour", values="demand").reindex(list(WEEKDAYS))
    served = data.pivot(index="weekday", columns="hour", values="in_service").reindex(list(WEEKDAYS)).to_numpy() > 0
    table.index = [WEEKDAYS[day] for day in table.index]
    quiet = data[data["in_service"] == 0].sort_values("demand", ascending=False, kind="stable").head(1)
    most = "".join(f" The busiest hour without service is {WEEKDAYS[row.weekday]} {row.hour:02d}:00 "
                   f"({counted(int(row.demand), 'contact')})." for row in quiet.itertuples())  # fmt: skip
    figure = report.figures.save(
        gap_plots.clock(table, served, "contacts"),
        "coverage_clock",
        title="Demand by hour of the week, and the hours of service",
        caption="Contacts on the local clock over the whole period; hours in service, also in part, are outlined.",
        alt=f"Heat map of 7 weekdays by 24 hours with the service hours outlined. {said}{most}",
        data=data[["weekday", "hour", "demand", "in_service", "covered"]],
        n=total,
        unit="contacts",
        left_out=reasons_text(data["reasons"].iloc[0]),
    )
    return View(f"{said}{most}\n{RECORDED}{report.pooled}", figure)


def _clock(report: "Report", hours: str) -> "pd.DataFrame":
    """The 168 hours of the week with their demand and service, asked once."""
    from crisiskit.measures.coverage import coverage

    question = ("coverage by hour of the week", hours)
    if question not in report.answers:
        report.answers[question] = coverage(report.data, hours)
    return report.answers[question].copy()


def _untold(report: "Report", section: Section) -> View:
    """What usual schedules would cover, where the study does not state its own."""
    import pandas as pd

    from crisiskit.measures.intervals import wilson

    data = _clock(report, "24/7")
    if "hour" not in data or data["demand"].isna().all():
        return nothing_known(section, "no record has a time of day")
    demand, total = data["demand"].to_numpy(), float(data["demand"].sum())
    rows = []
    for hours in USUAL:
        covered = float((demand * _open(hours)).sum())
        low, high = wilson(covered, total)
        rows.append({"hours": hours, "contacts within": share(round(covered), total),
                     "95 % interval": f"{100 * float(low):.1f} to {100 * float(high):.1f} %"})  # fmt: skip
    note = (
        "The service hours are not stated: give them as service_hours, such as 'Mon-Fri 08:00-20:00; Sat "
        "10:00-18:00', and demand is set against them. Until then, what usual hours would cover."
    )
    left = reasons_text(data["reasons"].iloc[0])
    more = f"\nLeft out: {left}." if left else ""
    return View(f"{note}{more}\n{RECORDED}{report.pooled}", table=pd.DataFrame(rows), caption="Usual service hours")


def _open(hours: str) -> "pd.Series":
    """Share of each of the 168 hours of the week in which a schedule is open."""
    from crisiskit.measures.service_hours import read

    return read(hours).open_share  # type: ignore[return-value]


@shows(NOTEBOOK, "added_shift")
def added_shift(report: "Report", section: Section) -> View:
    """The shifts that would reach most of the demand outside the service hours: by the week and on every day."""
    import pandas as pd

    from crisiskit.measures.coverage import best_shifts
    from crisiskit.measures.intervals import wilson

    hours = report.settings.get("service_hours", "")
    if not hours:
        return View("The service hours are not stated, so a shift cannot be added to them: give service_hours.",
                    absent=True)  # fmt: skip
    clock = _clock(report, hours)
    if "hour" not in clock or clock["demand"].isna().all():
        return nothing_known(section, "no record has a time of day")
    demand = clock["demand"].to_numpy()
    found = pd.concat(
        [best_shifts(demand, hours, SHIFT_H, top=3, daily=True), best_shifts(demand, hours, SHIFT_H, top=3)]
    )
    found = found[found["added"] > 0].reset_index(drop=True)
    if found.empty:
        return View(f"No contact comes outside the service hours ({hours}).")
    total, now = float(demand.sum()), float(clock["covered"].sum())
    low, high = wilson(found["added"], total)
    table = pd.DataFrame({
        "shift": found["shift"],
        "added contacts": [share(round(added), total) for added in found["added"]],
        "95 % interval": [f"{100 * a:.1f} to {100 * b:.1f} %" for a, b in zip(low, high, strict=True)],
        "covered after": [share(round(now + added), total) for added in found["added"]],
        "hours added a week": found["hours_added"],
        "contacts per hour added": found["added"] / found["hours_added"],
    })  # fmt: skip
    first = table.iloc[0]
    note = (
        f"A shift of {SHIFT_H} hours on every day reaches most at {first['shift'].removeprefix('daily ')}: "
        f"{first['added contacts']} contacts more, in {first['hours added a week']:g} hours a week that are closed now."
        "\nContacts per hour added are over the whole period. People who would call because a service is open are not "
        f"in the records.{report.pooled}"
    )
    return View(note, table=table, caption="What an added shift would have reached")
