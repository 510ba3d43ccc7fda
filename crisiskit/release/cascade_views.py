"""Sections of the gaps notebook about the way from all contacts to an outcome: what is lost where, and for whom."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crisiskit.release import gap_plots
from crisiskit.release.data_gap_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.tables import name_of, reasons_text, share, words
from crisiskit.release.view import View, joined, nothing_known, shows
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

ALL = "all contacts"
CHAINS = {"hotline_contact": ("line", "response", "cit")}
OTHER_CHAINS = ("response", "cit", "line")
SHORTEST = 3  # rows of stages that make a way: all contacts and two more
WAYS = 4  # in one figure
BANDS = {0: "00:00 to 05:59", 1: "06:00 to 11:59", 2: "12:00 to 17:59", 3: "18:00 to 23:59"}
GROUPS = ("race_ethnicity", "gender", "language", "housing")
MOST = 12  # areas or values of a group in one table; the others are added up
FEW = 20  # contacts of a group below which its share is shown and not compared
OTHERS, UNKNOWN = "all others", "not known"


@dataclass(frozen=True)
class Way:
    """One cascade: whose contacts it follows (in words, and as conditions), its chain, and the answer."""

    name: str
    where: dict[str, str]
    chain: str
    answer: "pd.DataFrame"

    @property
    def stages(self) -> "pd.DataFrame":
        """The rows of stages, from all contacts to the last."""
        return self.answer[self.answer["loss"].isna()]

    @property
    def start(self) -> int:
        """Contacts at the beginning."""
        return int(self.stages["reached"].iloc[0])


@shows(NOTEBOOK, "cascade")
def cascade(report: "Report", section: Section) -> View:
    """Every contact in one place: lost at a stage for a reason, lost without one, or come to the end."""
    import pandas as pd

    found = ways(report)
    if not found:
        return nothing_known(section, "the records say of fewer than two stages whether contacts reached them")
    rows = pd.concat([_drawn(way, len(found) > 1) for way in found], ignore_index=True)
    figure = report.figures.save(
        gap_plots.way(rows, "label", "contacts", "kind", "contacts"),
        "cascade",
        title="From all contacts to the outcome",
        caption="Each stage holds the contacts of the one before less the losses between; losses of nobody are not "
        "drawn. Blue: still on the way. Red: lost there. Green: the end.",
        alt="Falling bars: " + "; ".join(f"{row.label} {row.contacts:,.0f}" for row in rows.itertuples()) + ".",
        data=rows,
        n=sum(way.start for way in found),
        unit="contacts",
        left_out="; ".join(f"{way.name}: {text}" for way in found if (text := _left_out(way))),
    )
    lines = [_said(way) for way in found]
    if not report.settings.get("service_hours"):
        lines.append("Service hours are not stated, so contacts outside them are not told apart from the others.")
    folds = tuple((f"Every stage and loss: {way.name}", _full(way)) for way in found)
    return View("\n".join(lines), figure, folds=folds)


def ways(report: "Report") -> list[Way]:
    """The way of each source and kind of record, along the chain whose stages it records; the largest first."""
    table = report.data.tables.get("interventions")
    if table is None:
        return []
    kinds = report.data.fetch(table.select("source", "record_kind").distinct()).dropna()
    found = []
    for source, kind in sorted(kinds.itertuples(index=False, name=None)):
        several = kinds["source"].tolist().count(source) > 1
        name = f"{source}, {words(kind)}" if several else source
        where = {"source": source, "record_kind": kind}
        way = _best(report, name, where, CHAINS.get(kind, OTHER_CHAINS))
        found += [way] if way else []
    return sorted(found, key=lambda way: -way.start)[:WAYS]


def _best(report: "Report", name: str, where: dict[str, str], chains: tuple[str, ...]) -> Way | None:
    """The first chain of which a source records two stages or more; None where there is none."""
    for chain in chains:
        answer = _asked(report, chain, where)
        stages = answer[answer["loss"].isna() & answer["reached"].notna()]
        if len(stages) >= SHORTEST and stages["reached"].iloc[0] > 0:
            return Way(name, where, chain, answer)
    return None


def _asked(report: "Report", chain: str, where: dict[str, str], by: tuple[str, ...] = ()) -> "pd.DataFrame":
    hours: dict[str, Any] = {"hours": text} if (text := report.settings.get("service_hours")) else {}
    return report.ask("cascade", by, where=where, chain=chain, **hours)


def _drawn(way: Way, several: bool) -> "pd.DataFrame":
    """The rows of a way that hold contacts, as they are drawn; stages stay even where nobody reached them."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for row in way.answer.itertuples():
        lost = isinstance(row.loss, str)
        contacts = row.lost if lost else row.reached
        if lost and not contacts:
            continue
        kind = gap_plots.LOSS if lost else gap_plots.STAGE if rows else gap_plots.START
        name = f"lost: {row.loss}" if lost else row.stage
        label = f"{way.name}: {name}" if several and kind == gap_plots.START else name
        rows.append({"way": way.name, "label": label, "kind": kind, "contacts": int(contacts)})
    return pd.DataFrame(rows)


def _left_out(way: Way) -> str:
    """Why rows have no place in the way, and which stages it skips."""
    return reasons_text(str(way.answer["reasons"].iloc[0] or ""))


def _said(way: Way) -> str:
    """Where a way ends and its three largest losses, in words."""
    last = way.stages.iloc[-1]
    losses = way.answer.dropna(subset="loss").sort_values("lost", ascending=False, kind="stable")
    losses = losses[losses["lost"] > 0].head(3)
    lost = joined(f"{row.loss} {share(row.lost, row.denominator)}" for row in losses.itertuples())
    reached = f"{way.name}: {share(last['reached'], way.start)} came to the end of the way ({last['stage']})"
    if not lost:
        return f"{reached}; none was lost."
    every = way.answer.dropna(subset="loss")[["helped", "lost"]].sum()
    others = f" Of all lost, {share(every['helped'], every['lost'])} had somebody there all the same."
    return f"{reached}. Largest losses, of those still on the way: {lost}.{others if every['helped'] else ''}"


def _full(way: Way) -> "pd.DataFrame":
    """Every stage and every loss with its share of the stage before and of the start."""
    rows = way.answer
    return rows[["stage", "loss", "reached", "lost", "denominator", "value", "low", "high", "share_of_start"]].rename(
        columns={"denominator": "at the stage before", "value": "of the stage before"}
    )


@shows(NOTEBOOK, "cascade_groups")
def cascade_groups(report: "Report", section: Section) -> View:
    """The same way by area, band of hours and group: how many of each come to the end, with intervals."""
    import pandas as pd

    found = ways(report)
    if not found:
        return nothing_known(section, "the records say of fewer than two stages whether contacts reached them")
    tables, notes = [], []
    for way in found:
        keys = _keys(report.recorded_by_source[way.where["source"]])
        parts = [part for key in keys if (part := _divided(report, way, key)) is not None]
        if parts:
            tables.append((f"{way.name}: contacts that reach each stage", pd.concat([table for table, _ in parts])))
            notes += [f"{way.name}, {said}" for _, said in parts]
    if not tables:
        return nothing_known(section, "no area, time of day or group divides the contacts")
    (caption, first), *more = tables
    lead = "Groups differ in what they call about and when; the table describes and does not explain."
    return View("\n".join([*notes, lead]), table=first, caption=caption, folds=tuple(more))


def _keys(recorded: Collection[str]) -> list[str]:
    """The columns by which the way is divided: the area, the hour, and the first group that is recorded."""
    keys = ["area_id"] if "area_id" in recorded else []
    keys += ["hour"] if "received_local" in recorded else []
    return keys + [name for name in GROUPS if name in recorded][:1]


def _divided(report: "Report", way: Way, key: str) -> "tuple[pd.DataFrame, str] | None":
    """A row per group with each stage as a share of all its contacts, and what is seen; None for a single group.

    Columns: `by`, `group`, all contacts, the stages, and the interval of the last of them. What is not known of the
    group stands last and under its name.
    """
    from crisiskit.measures.intervals import wilson

    answer = _asked(report, way.chain, way.where, (key,))
    stages = answer[answer["loss"].isna()].dropna(subset="reached")
    stages = stages.assign(group=_named(stages, key))
    reached = stages.groupby(["group", "stage"], sort=False)["reached"].sum().unstack()
    order = [stage for stage in way.stages["stage"] if stage in reached.columns]
    last = [OTHERS, UNKNOWN]
    reached = reached[order].sort_index(key=lambda names: names.map(lambda name: (name in last, name)))
    if len(reached) < 2:
        return None
    low, high = wilson(reached[order[-1]], reached[ALL])
    table = reached[[ALL]].astype("int64")
    for stage in order[1:]:
        table[stage] = [share(part, whole) for part, whole in zip(reached[stage], reached[ALL], strict=True)]
    table["interval of the end"] = [f"{100 * a:.1f} to {100 * b:.1f} %" for a, b in zip(low, high, strict=True)]
    ends = table.assign(said=table[order[-1]], value=reached[order[-1]] / reached[ALL], low=low, high=high)
    table = table.rename_axis("group").reset_index()
    table.insert(0, "by", words(key))
    return table, f"by {words(key)}: {_spread(ends.drop(index=last, errors='ignore'))}"


def _named(stages: "pd.DataFrame", key: str) -> "pd.Series":
    """Names of the groups: hours in bands of six, the rarer values together, what is not known as such."""
    if key == "hour":
        hours = stages[key].astype("float64")
        return hours.map(lambda hour: BANDS[int(hour) // 6] if hour == hour else UNKNOWN)
    known = stages[key].where(stages[key].notna() & ~stages[key].isin(dictionary.KINDS))
    sizes = stages[stages["stage"] == ALL].groupby(known)["reached"].sum()
    kept = sizes.sort_values(ascending=False, kind="stable").index[:MOST]
    named = known.map(lambda value: name_of(value, key), na_action="ignore")
    return named.where(known.isin(kept), OTHERS).where(known.notna(), UNKNOWN)


def _spread(ends: "pd.DataFrame") -> str:
    """Lowest and highest share that comes to the end, and whether their intervals lie apart."""
    ends = ends[ends[ALL] >= FEW]
    if len(ends) < 2:
        return f"fewer than two known groups have {FEW} contacts."
    low, high = ends.loc[ends["value"].idxmin()], ends.loc[ends["value"].idxmax()]
    if low["value"] == high["value"]:
        return f"known groups do not differ ({low['said']} in {low.name} come to the end)."
    apart = low["high"] < high["low"]
    told = "their intervals lie apart" if apart else "their intervals overlap, so chance may be all of it"
    return f"to the end come from {low['said']} in {low.name} to {high['said']} in {high.name}; {told}."
