"""The rates of areas as three sections show them: of each group of the report apart, with the limits of chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crisiskit.release.tables import name_of, text_of
from crisiskit.release.view import counted

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

FAR = ("far above", "far below")


@dataclass(frozen=True, eq=False)
class Rates:
    """The rates of one group's areas, highest first, with their funnel limits; `refused` says why there are none.

    `join` is what the measure says of areas on one side only; `unknown` are contacts without a known area.
    """

    name: str
    areas: "pd.DataFrame"
    join: dict[str, list[str]]
    unknown: int
    note: str
    refused: str = ""

    @property
    def centre(self) -> float:
        """The rate of all areas together, in the unit of the rates."""
        return float(self.areas["baseline"].iloc[0])

    @property
    def contacts(self) -> int:
        """The contacts that stand in the rates."""
        return int(self.areas["numerator"].sum())


def rates_of(report: "Report") -> list[Rates]:
    """The rates of every group of the report, most contacts first: groups that mean different things stand apart."""
    groups = report.groups(report.split) if report.split else [""]
    return sorted((_rates(report, name) for name in groups), key=lambda item: -item.contacts)


def _rates(report: "Report", name: str) -> Rates:
    """One group's rates by area, judged against what chance gives an area of that size."""
    from crisiskit.measures.funnel import funnel

    where: dict[str, Any] = {"where": {report.split: name}} if report.split else {}
    asked = report.ask("rate_per_population", ("area_id",), **where)
    known = asked.dropna(subset=["value", "area_id"])
    join = asked.attrs.get("join", {})
    if known.empty:
        return Rates(name, known, join, 0, "", str(asked["reasons"].iloc[0]))
    unknown = ((known["bound_high"] - known["value"]) * known["denominator"] / known["per"]).max()
    areas = funnel(known, overdispersed=True).sort_values("value", ascending=False, kind="stable", ignore_index=True)
    areas = areas.rename(columns={"label": "definition"})
    areas = areas.assign(label=areas["area_id"].astype(str), far=areas["verdict"].isin(FAR))
    return Rates(name, areas, join, round(float(unknown)), str(known["reasons"].iloc[0]))


def who(report: "Report", item: Rates) -> str:
    """The group's name before what is said of it; "" where the report is not split."""
    return f"{name_of(item.name, report.split)}: " if item.name else ""


def unit_of(item: Rates) -> str:
    """Unit of the rates, such as "contacts per 100,000 a year"."""
    return f"contacts per {item.areas['per'].iloc[0]:,.0f} a year"


def definition_of(item: Rates) -> str:
    """The definition in words, with its denominator and the period."""
    first = item.areas.iloc[0]
    return f"{first['definition']}: residents of the area times {text_of(float(first['years']))} years."


def widened(drawn: Sequence[Rates]) -> str:
    """Say where areas differ more than chance has it, so that the limits were widened; "" where they do not."""
    factors = [(item.name, float(item.areas["dispersion"].iloc[0])) for item in drawn]
    said = [f"{name + ': ' if name else ''}{factor:,.1f} times" for name, factor in factors if factor > 1]
    return f"Areas differ more than chance has it; the variance is widened for it ({'; '.join(said)})." if said else ""


def left_out(report: "Report", drawn: Sequence[Rates]) -> str:
    """The contacts that are in no rate."""
    return "; ".join(f"{who(report, item)}{counted(item.unknown, 'contact')} without a known area"
                     for item in drawn if item.unknown)  # fmt: skip


def rate_table(report: "Report", drawn: Sequence[Rates]) -> "pd.DataFrame":
    """Every area with its contacts, denominator, rate, intervals and limits: what a figure of rates rests on."""
    import pandas as pd

    group = [report.split] if report.split else []
    columns = ["numerator", "population", "denominator", "value", "low", "high", "bound_high", "low95", "high95",
               "low998", "high998", "verdict"]  # fmt: skip
    names = {"label": "area", "numerator": "contacts", "denominator": "person_years", "value": "rate"}
    frames = [item.areas.assign(**dict.fromkeys(group, item.name)) for item in drawn]
    return pd.concat(frames, ignore_index=True)[[*group, "label", *columns]].rename(columns=names)
