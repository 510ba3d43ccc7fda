"""Section of the response-patterns notebook about staff: how many the load of each hour of the week needs, and has."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crisiskit.release.calendar import WEEKDAYS
from crisiskit.release.pattern_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.staffing_plot import staff_week
from crisiskit.release.tables import name_of, reasons_text, text_of, words
from crisiskit.release.view import View, counted, joined, nothing_known, shows
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

PANELS = 3
SPLITS = (2, 4)  # lines of equal load that one pool is set against
LINES = ("hotline_contact",)  # kinds of record for which a target in seconds is meant
TRAVEL = (
    "A target of seconds is meant for a line that answers; for teams that travel, set target_s to the minutes within "
    "which one should be free, in seconds."
)


@dataclass(frozen=True)
class Assumptions:
    """The target and what else the staff rests on, from the notebook's parameters; `patience_s` 0: from the records."""

    target_share: float
    target_s: float
    shrinkage: float
    patience_s: float

    @classmethod
    def of(cls, report: "Report") -> "Assumptions":
        """Read them from the report's settings; where one is absent, 80 % within 20 s and 30 % shrinkage."""
        given = report.settings
        return cls(*(float(given.get(name, usual)) for name, usual in
                     (("target_share", 0.8), ("target_s", 20), ("shrinkage", 0.3), ("patience_s", 0))))  # fmt: skip


@dataclass(frozen=True, eq=False)
class Need:
    """The staff that one group needs in each hour of the week; `rows` has 168 rows in the order of the week."""

    name: str
    rows: "pd.DataFrame"
    variant: dict[str, Any]
    reasons: str
    left: str
    overloaded: int | None

    @property
    def busiest(self) -> "pd.Series":
        """The hour with the highest load."""
        return self.rows.loc[self.rows["erlangs"].idxmax()]


@shows(NOTEBOOK, "staffing")
def staffing(report: "Report", section: Section) -> View:
    """Staff needed by hour of the week for the target, with an interval, beside the staff scheduled."""
    assumed = Assumptions.of(report)
    groups = _groups(report)
    found = [_need(report, name, assumed, len(groups) == 1) for name in groups]
    known = [need for need in found if need.rows["value"].notna().any()]
    if not known:
        why = "; ".join(f"{_who(report, need)}{reasons_text(need.reasons)}" for need in found)
        return nothing_known(section, why or "no contact of known hour has its minutes")
    drawn = sorted(known, key=lambda need: -need.rows["erlangs"].sum())[:PANELS]
    titles = [f"{_who(report, need)}handle time {need.rows['handle_min'].iloc[0]:,.1f} min, n\u00a0=\u00a0"
              f"{need.rows['numerator'].sum():,.0f}" for need in drawn]  # fmt: skip
    said = [f"{_who(report, need)}{_said(need)}" for need in drawn]
    figure = report.figures.save(
        staff_week({title: need.rows for title, need in zip(titles, drawn, strict=True)}, "people on the rota"),
        "staff_needed_by_hour_of_week",
        title="Staff needed by hour of the week",
        caption=f"{_target(assumed)} Band: staff at the 95 % limits of the arrival rate. Hours on the local clock.",
        alt=" ".join(said),
        data=_table(report, drawn),
        n=int(sum(need.rows["numerator"].sum() for need in drawn)),
        unit="people",
        left_out="; ".join(f"{_who(report, need)}{need.left}" for need in drawn if need.left),
    )
    lines = [*said, *(_schedule(report, need) for need in drawn), _assumed(report, assumed, drawn)]
    lines += [f"Not drawn: {_who(report, need)}{reasons_text(need.reasons)}." for need in found if need not in drawn]
    table, power = _pooling(report, assumed, drawn[0])
    return View("\n".join(line for line in (*lines, power) if line), figure, table, POOLED)


POOLED = "The power of pooling: one pool against separate lines, at the busiest hour"


def _groups(report: "Report") -> list[str]:
    """The groups of the report whose contacts have minutes; "" where it is not split."""
    if not report.split:
        return [""]
    asked = report.ask("time_per_contact", (report.split,)).dropna(subset=["value", report.split])
    return sorted(asked[report.split])


def _need(report: "Report", name: str, assumed: Assumptions, alone: bool) -> Need:
    """Ask for one group's staff; chat and text, several of which one worker serves, are left out and counted.

    With several groups the schedule, which is of the whole service, says nothing about one of them.
    """
    from crisiskit.measures.staffing import SEVERAL_AT_ONCE

    where: dict[str, Any] = {report.split: name} if name else {}
    modes = [mode for mode in report.groups("modality") if mode not in dictionary.KINDS]
    together = [mode for mode in modes if mode in SEVERAL_AT_ONCE]
    single = [mode for mode in modes if mode not in SEVERAL_AT_ONCE]
    if together and single:
        where["modality"] = (*single, None)
    held = report.recorded["interventions"]
    left_known = bool({"abandoned", "abandoned_at"} & held)
    variant: dict[str, Any] = {"target_share": assumed.target_share, "target_s": assumed.target_s,
                               "shrinkage": assumed.shrinkage}  # fmt: skip
    if assumed.patience_s:
        variant |= {"model": "erlang_a", "patience_s": assumed.patience_s}
    elif left_known:
        variant |= {"model": "erlang_a"}
    rows = report.ask("staff_needed", where=where, **variant)
    if "model" in variant and not assumed.patience_s and rows["value"].isna().all() and rows["erlangs"].notna().any():
        del variant["model"]  # nobody is known to have left in this group
        rows = report.ask("staff_needed", where=where, **variant)
    overloaded = None
    if alone and rows["scheduled"].notna().any():
        busy = report.ask("occupancy", where=where, agents="scheduled", **variant)["value"]
        overloaded = int((busy > 1).sum())
    elif not alone:
        rows = rows.assign(scheduled=float("nan"), gap=float("nan"))
    order = {day: place for place, day in enumerate(WEEKDAYS)}
    rows = rows.assign(_place=rows["weekday"].map(order)).sort_values(["_place", "hour"], ignore_index=True)
    left = _by_mode(report, name, together) if together and single else ""
    return Need(name, rows.drop(columns="_place"), variant, str(rows["reasons"].iloc[0]), left, overloaded)


def _by_mode(report: "Report", name: str, modes: list[str]) -> str:
    """Contacts of one group by the modes that are left out, in words."""
    keys = (report.split, "modality") if report.split else ("modality",)
    asked = report.ask("contacts", keys)
    mine = asked[asked[report.split] == name] if report.split else asked
    number = mine.loc[mine["modality"].isin(modes), "value"].sum()
    return f"{counted(int(number), 'contact')} by {joined(map(words, modes))}" if number else ""


def _who(report: "Report", need: Need) -> str:
    return f"{name_of(need.name, report.split)}: " if need.name else ""


def _hour(row: "pd.Series") -> str:
    return f"{WEEKDAYS[row['weekday']]} {int(row['hour']):02d}:00"


def _said(need: Need) -> str:
    """The busiest hour, and the hours of staff that a week needs."""
    top, rows = need.busiest, need.rows
    limits = " to ".join(dict.fromkeys(text_of(top[name]) for name in ("low", "high")))
    return (f"the busiest hour is {_hour(top)}, with {text_of(float(top['arrivals_per_hour']))} contacts an hour and a "
            f"load of {text_of(float(top['erlangs']))} erlangs: {text_of(float(top['value']))} people on the rota "
            f"({limits}); over the week {rows['value'].sum():,.0f} hours "
            f"({rows['low'].sum():,.0f} to {rows['high'].sum():,.0f}).")  # fmt: skip


def _schedule(report: "Report", need: Need) -> str:
    """Hours of the week in which fewer people are scheduled than needed, certainly and perhaps."""
    rows = need.rows.dropna(subset=["scheduled"])
    if rows.empty:
        return f"{_who(report, need)}no schedule to set it against."
    short, sure = int((rows["gap"] < 0).sum()), int((rows["scheduled"] < rows["low"]).sum())
    said = (f"{_who(report, need)}scheduled are {rows['scheduled'].sum():,.0f} hours a week; in {short} of {len(rows)} "
            f"hours fewer people than needed, in {sure} of them even at the lower limit")  # fmt: skip
    if need.overloaded:
        said += (f"; in {counted(need.overloaded, 'hour')} those at work could not serve all who come, and the queue "
                 "would grow until the hour ends")  # fmt: skip
    return f"{said}."


def _target(assumed: Assumptions) -> str:
    return (f"Staff for {100 * assumed.target_share:g} % of contacts answered within {assumed.target_s:g} s, with "
            f"{100 * assumed.shrinkage:g} % of scheduled time lost to breaks, training and leave.")  # fmt: skip


def _assumed(report: "Report", assumed: Assumptions, drawn: list[Need]) -> str:
    """Every assumption that the staff rests on, in words."""
    parts = []
    for need in drawn:
        leaving = need.variant.get("model") == "erlang_a"
        patience = text_of(float(need.rows["patience_s"].iloc[0])) if leaving else ""
        model = f"callers leave after {patience} s on average (Erlang A)" if leaving else "nobody leaves (Erlang C)"
        notes = f"; {reasons_text(need.reasons)}" if need.reasons else ""
        parts.append(f"{_who(report, need)}handle time {need.rows['handle_min'].iloc[0]:,.1f} minutes, {model}{notes}")
    travels = any(kind not in LINES for need in drawn for kind in _kinds(report, need))
    return f"Assumed: {_target(assumed)} {'; '.join(parts)}." + (f" {TRAVEL}" if travels else "")


def _kinds(report: "Report", need: Need) -> list[str]:
    """The kinds of record of one group."""
    asked = report.ask("records", ("source", "record_kind"))
    mine = asked[asked[report.split] == need.name] if need.name else asked
    return sorted(mine["record_kind"].dropna().unique())


def _pooling(report: "Report", assumed: Assumptions, need: Need) -> "tuple[pd.DataFrame, str]":
    """Agents at work at the busiest hour: one pool, and the same load on separate lines that cannot help each other."""
    import pandas as pd

    from crisiskit.measures.erlang import Target, agents_needed, pooling

    top = need.busiest
    patience = float(top["patience_s"]) if need.variant.get("model") == "erlang_a" else None
    target, handle_s = Target(assumed.target_share, assumed.target_s, patience), float(top["handle_min"]) * 60
    load = float(top["erlangs"])
    agents = {"one pool": agents_needed(load, handle_s, target)}
    for number in SPLITS:
        agents[f"{number} equal lines"] = pooling([load / number] * number, handle_s, target)["separately"]
    table = pd.DataFrame({"lines": list(agents), "agents": list(agents.values())})
    table = table.assign(load_erlangs=load, occupancy=load / table["agents"])
    one, many = table["agents"].iloc[0], table["agents"].iloc[-1]
    said = (f"One pool needs {counted(int(one), 'agent')} at work at the busiest hour ({_hour(top)}); {SPLITS[-1]} "
            f"lines of equal load, each alone, need {int(many)} for the same target.")  # fmt: skip
    return table, said


def _table(report: "Report", drawn: list[Need]) -> "pd.DataFrame":
    """Every hour of the week of every group: arrivals, load, staff with its interval, schedule and gap."""
    import pandas as pd

    columns = ["weekday", "hour", "numerator", "denominator", "arrivals_per_hour", "erlangs", "agents", "occupancy",
               "value", "low", "high", "scheduled", "gap"]  # fmt: skip
    names = {"numerator": "contacts", "denominator": "hours_covered", "value": "staff_needed"}
    group = [report.split] if report.split else []
    frames = [need.rows.assign(**dict.fromkeys(group, need.name))[[*group, *columns]] for need in drawn]
    return pd.concat(frames, ignore_index=True).rename(columns=names)
