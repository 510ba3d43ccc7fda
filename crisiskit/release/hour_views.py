"""Sections of the response-patterns notebook about the hours of the week, for each need and for each area."""

from typing import TYPE_CHECKING

from crisiskit.release.calendar import WEEKDAYS
from crisiskit.release.pattern_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.small_multiples import heat_maps
from crisiskit.release.tables import share, text_of, words
from crisiskit.release.view import View, counted, joined, nothing_known, shows
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

PANELS = 6
ENOUGH = 7 * 24  # contacts: one for each hour of the week; fewer draw a pattern that is noise
NAMED = 12  # groups that are named in a sentence; a table holds all


@shows(NOTEBOOK, "hour_weekday_by_need")
def hour_weekday_by_need(report: "Report", section: Section) -> View:
    """Hour by weekday for the most frequent needs, each as shares of its own contacts."""
    column = "need" if "need" in report.recorded["interventions"] else "needs"
    overlap = column == "needs"
    return _panels(report, section, column, "need", " A contact stands in each of its needs." * overlap, overlap)


@shows(NOTEBOOK, "hour_weekday_by_area")
def hour_weekday_by_area(report: "Report", section: Section) -> View:
    """Hour by weekday for the areas with the most contacts, each as shares of its own contacts."""
    bases = joined(words(basis) for basis in report.groups("area_basis") if basis not in dictionary.KINDS)
    return _panels(report, section, "area_id", "area", f" Areas are those of {bases}." if bases else "")


def _panels(
    report: "Report", section: Section, column: str, noun: str, meant: str, overlap: bool = False
) -> View:
    """Heat maps of the largest groups on one scale; the others, and what cannot be placed, are counted in words."""
    asked = report.ask("contacts", ("weekday", "hour", column))
    known = asked.dropna(subset=["weekday", "hour", column])
    known = known[~known[column].isin(dictionary.KINDS) & (known["value"] > 0)]
    sizes = known.groupby(column)["value"].sum().sort_values(ascending=False, kind="stable")
    drawn = sizes[sizes >= ENOUGH].head(PANELS)
    if drawn.empty:
        return nothing_known(section, _too_few(sizes, noun))
    if len(sizes) == 1 and sizes.sum() == asked.dropna(subset=["weekday", "hour"])["value"].sum():
        only = _called(sizes.index[0], column)
        return nothing_known(section, f"all contacts have one {noun}, {only}: see hour of day and weekday above")
    tables = {name: _week(known[known[column] == name]) for name in drawn.index}
    called = {name: _called(name, column) for name in sizes.index}
    titles = {f"{called[name]} (n\u00a0=\u00a0{number:,.0f})": tables[name] for name, number in drawn.items()}
    data = known[known[column].isin(drawn.index)]
    peaks = "; ".join(f"{called[name]} {_peak(tables[name])}" for name in drawn.index)
    rest = sizes[~sizes.index.isin(drawn.index)]
    figure = report.figures.save(
        heat_maps({title: 100 * table / table.to_numpy().sum() for title, table in titles.items()},
                  f"% of the {noun}'s contacts", "hour of day (local clock)"),
        f"hour_and_weekday_by_{noun}",
        title=f"Hour of day and weekday, by {noun}",
        caption=f"Each cell is the share of the {noun}'s contacts that came in that hour of the week; all panels have "
        f"one scale, and each has its own n. An even week would have {100 / ENOUGH:.2f} % in every cell.{meant}",
        alt=f"Heat maps of 7 weekdays by 24 hours. Busiest hour of each: {peaks}.",
        data=_cells(data, column, sizes, called, noun),
        n=int(drawn.sum()),
        unit="share",
        left_out=_others(rest, called, noun),
    )  # fmt: skip
    total = report.ask("contacts")["value"].iloc[0]
    placed = asked.dropna(subset=["weekday", "hour"])["value"].sum() if not overlap else _placed(report)
    unknown = 0.0 if overlap else placed - sizes.sum()
    lines = [f"Busiest hour of the week: {peaks}.{meant}", _basis(placed, total, unknown, noun) + report.pooled]
    lines.append(f"Not drawn: {_others(rest, called, noun)}." if len(rest) else "")
    folds = ((f"Contacts with an hour, by {noun}", _sizes(sizes, called, noun)),) if len(rest) else ()
    return View("\n".join(line for line in lines if line), figure, folds=folds)


def _week(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Contacts of one group by weekday (down) and hour (across); an hour in which none came is a true zero."""
    table = rows.pivot_table(index="weekday", columns="hour", values="value", aggfunc="sum")
    table = table.reindex(index=list(WEEKDAYS), columns=range(24)).fillna(0)
    return table.astype(float)


def _peak(table: "pd.DataFrame") -> str:
    """The busiest hour of the week with its share of the group's contacts."""
    day, hour = table.stack().idxmax()
    return f"{WEEKDAYS[day]} {hour:02d}:00 ({share(table.loc[day, hour], table.to_numpy().sum())})"


def _placed(report: "Report") -> float:
    """Contacts of all groups that have an hour of the week: the share that every such figure rests on."""
    return float(report.ask("contacts", ("weekday", "hour")).dropna(subset=["weekday", "hour"])["value"].sum())


def _basis(placed: float, total: float, unknown: float, noun: str) -> str:
    """What share of contacts has an hour at all, and how many of those are of no known group."""
    lacks = "; the others have no time of day or stand on records that cover a period" if placed < total else ""
    apart = f" {share(unknown, placed)} of those have no known {noun}." if unknown else ""
    return f"{share(placed, total)} of contacts have an hour of the week{lacks}.{apart}"


def _others(rest: "pd.Series", called: dict[str, str], noun: str) -> str:
    """The groups that are not drawn, with their n; the smallest of very many are added up."""
    if rest.empty:
        return ""
    named = [f"{called[name]} {number:,.0f}" for name, number in rest.head(NAMED).items()]
    small = rest.iloc[NAMED:]
    more = f"; {counted(len(small), f'further {noun}')} with {small.sum():,.0f}" if len(small) else ""
    return f"contacts of {counted(len(rest), noun)}: {', '.join(named)}{more}"


def _too_few(sizes: "pd.Series", noun: str) -> str:
    """Why no group is drawn."""
    if sizes.empty:
        return f"no contact has both an hour of the week and a known {noun}"
    return (f"no {noun} has {ENOUGH} contacts with an hour, one for each hour of the week; "
            f"the largest has {text_of(float(sizes.iloc[0]))}")  # fmt: skip


def _called(name: str, column: str) -> str:
    """A group's name for a reader: a code as words, an area as its source writes it."""
    return str(name) if column == "area_id" else words(name)


def _sizes(sizes: "pd.Series", called: dict[str, str], noun: str) -> "pd.DataFrame":
    """Every group with its contacts that have an hour."""
    import pandas as pd

    return pd.DataFrame({noun: [called[name] for name in sizes.index], "contacts": sizes.astype(int).to_numpy()})


def _cells(rows: "pd.DataFrame", column: str, sizes: "pd.Series", called: dict[str, str],
           noun: str) -> "pd.DataFrame":  # fmt: skip
    """The drawn cells that hold a contact: group, weekday, hour, contacts, n of the group and the share drawn."""
    n = rows[column].map(sizes)
    data = rows.assign(n=n.astype(int), contacts=rows["value"].astype(int), share=rows["value"] / n)
    order = {name: place for place, name in enumerate(sizes.index)}
    week = {day: place for place, day in enumerate(WEEKDAYS)}
    place = data.assign(_group=data[column].map(order), _day=data["weekday"].map(week))
    place = place.sort_values(["_group", "_day", "hour"], ignore_index=True)
    return place.assign(**{noun: place[column].map(called)})[[noun, "weekday", "hour", "contacts", "n", "share"]]
