"""Section of the response-patterns notebook that maps the rates of areas, where a file of their boundaries is named."""

from typing import TYPE_CHECKING

from crisiskit.release import boundaries as geography
from crisiskit.release.area_rates import definition_of, left_out, rate_table, rates_of, unit_of, who
from crisiskit.release.choropleth import choropleth
from crisiskit.release.pattern_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.tables import share, text_of
from crisiskit.release.view import View, counted, joined, nothing_known, shows

if TYPE_CHECKING:
    from crisiskit.release.report import Report

NAMED = 8  # areas that are named in a sentence
NO_FILE = (
    "No boundary file is named: the rates stand in the figure of contacts per population, sorted. For a map, name a "
    "GeoJSON file in parameter boundaries, and in boundary_key the property that holds the area's id."
)


@shows(NOTEBOOK, "area_map")
def area_map(report: "Report", section: Section) -> View:
    """The rates on a map, by classes of about as many areas each; what has no rate is hatched and named."""
    path, key = str(report.settings.get("boundaries", "")), str(report.settings.get("boundary_key", ""))
    if not path:
        return View(NO_FILE)
    areas = geography.read(path, key or "id")
    every = rates_of(report)
    drawn = next((item for item in every if len(item.areas)), None)
    if drawn is None:
        return nothing_known(section, "; ".join(dict.fromkeys(item.refused for item in every)))
    values = dict(zip(drawn.areas["label"], drawn.areas["value"], strict=True))
    matched = [name for name in areas.areas if name in values]
    if not matched:
        return nothing_known(section, _no_match(list(areas.areas), list(values), key or "id"))
    without = [name for name in areas.areas if name not in values]
    off = [name for name in values if name not in areas.areas]
    table = rate_table(report, [drawn])
    table = table[table["area"].isin(matched)].reset_index(drop=True)
    group = who(report, drawn)
    n, residents = int(table["contacts"].sum()), float(table["population"].sum())
    figure = report.figures.save(
        choropleth(areas, values, unit_of(drawn), f"no rate: {_some(without)}" if without else ""),
        "rates_map",
        title="Contacts per population, on a map",
        caption=f"{group}{definition_of(drawn)} {n:,} contacts over {residents:,.0f} residents; those of each area "
        "are in the table. Classes hold about as many areas each. A large area is not a large number, and the shades "
        "do not show chance: read it with the funnel.",
        alt=f"Map of {counted(len(matched), 'area')}. {group}" + "; ".join(
            f"{row.area} {text_of(row.rate)}" for row in table.itertuples()) + ".",
        data=table,
        n=n,
        unit=unit_of(drawn),
        left_out=left_out(report, [drawn]),
    )  # fmt: skip
    lines = [f"{group}{share(len(matched), len(areas.areas))} areas of the file have a rate."]
    lines.append(f"Without a rate, hatched: {_some(without)}." if without else "")
    lines.append(f"With a rate and not in the file: {_some(off)}." if off else "")
    others = joined(who(report, item).removesuffix(": ") for item in every if item is not drawn)
    lines.append(f"One map shows one group; not drawn: {others}." if others else "")
    return View("\n".join(line for line in lines if line), figure)


def _some(names: list[str]) -> str:
    """Names as a list; of very many, the first and how many more."""
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    return joined([*names[:NAMED], *more])


def _no_match(drawn: list[str], rates: list[str], key: str) -> str:
    """Why the file and the tables have nothing in common, with an example of each."""
    return (f"no area of the file is one of the tables: property '{key}' holds {_some(drawn[:3])}, the tables hold "
            f"{_some(rates[:3])}")  # fmt: skip
