"""Sections of the gaps notebook about missing data: which fields, at which sites, in which months, what to ask for."""

from typing import TYPE_CHECKING

from crisiskit.release import gap_plots, plots, stacks
from crisiskit.release.sections import Section, sections
from crisiskit.release.tables import share, words
from crisiskit.release.view import View, counted, joined, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

NOTEBOOK = "20_gaps"
FIELDS = {
    "place": ("area_id", "latitude", "site"),
    "demographics": ("age", "age_band", "gender", "race_ethnicity", "language", "housing"),
    "outcome": ("outcome", "end_point", "arrested", "hospitalized", "involuntary", "force_used", "referred"),
}
KINDS = tuple(stacks.KINDS)
ENOUGH = 10  # records of a group to which a field applies, below which its share says little
SITES = 14  # sites or fields in one figure
LINES = 6  # fields in one figure of lines
BY_DESIGN = "Staff are told not to press callers, so missing is often by design, and seldom at random."


@shows(NOTEBOOK, "missing_fields")
def missing_fields(report: "Report", section: Section) -> View:
    """Place, demographics and outcome: what each field holds, by source and by kind of missing."""
    every = completed(report)
    if every.empty:
        return nothing_known(section, "no field of place, demographics or outcome holds a value")
    name = every["field"].map(words)
    every = every.assign(label=name + (" (" + every["source"] + ")" if report.split == "source" else ""))
    partial = every[every["known"] < every["records"]].reset_index(drop=True)
    absent = _absent(report, every)
    if partial.empty:
        return View(f"Every field of place, demographics and outcome that is recorded is always known.{absent}")
    worst = partial.sort_values("value", kind="stable").head(3)
    said = joined(f"{row.label} {share(row.known, row.denominator)}" for row in worst.itertuples())
    whole = len(every) - len(partial)
    figure = report.figures.save(
        stacks.stacked(partial, "label"),
        "missing_place_demographics_outcome",
        title="What is known of place, demographics and outcome",
        caption="Share of records by what the field holds, in the five kinds of missing and what was set aside.",
        alt="Stacked bars: " + "; ".join(f"{row.label} {100 * row.known / row.records:.0f} % known"
                                         for row in partial.itertuples()) + ".",
        data=partial[["label", "records", *KINDS, "denominator", "value"]],
        n=int(every["records"].max()),
        unit="share",
        counted="records at most (n of each field is in the table)",
        left_out=f"{counted(whole, 'field')} always known" if whole else "",
    )
    return View(f"Least known, of the records to which the field applies: {said}. {BY_DESIGN}{absent}", figure)


def completed(report: "Report", by: tuple[str, ...] = (), fields: tuple[str, ...] = ()) -> "pd.DataFrame":
    """Completeness by source, `by` and field: `known`, `denominator` (applicable), `records` and a count per kind.

    Without `fields`, those of FIELDS. A field that a source does not have has no row: it is not blank in it.
    """
    import pandas as pd

    if "interventions" not in report.data.tables:
        return pd.DataFrame(columns=["source", *by, "field", *KINDS, "denominator", "value", "records"])
    asked_for = fields or tuple(field for names in FIELDS.values() for field in names)
    asked = report.ask("completeness", ("source", *by), table="interventions", field=",".join(asked_for))
    data = asked.dropna(subset=["value", *by]).rename(columns={"numerator": "known"})
    return data.assign(records=data[list(KINDS)].sum(axis=1)).reset_index(drop=True)


def _absent(report: "Report", every: "pd.DataFrame") -> str:
    """A line that names the fields that no record holds a value of, by what they are about."""
    held = set(every["field"])
    parts = [f"{name}: {joined(words(field) for field in fields if field not in held)}"
             for name, fields in FIELDS.items() if set(fields) - held]  # fmt: skip
    return f"\nNot recorded in this source, and not zero: {'; '.join(parts)}." if parts else ""


@shows(NOTEBOOK, "missing_sites")
def missing_sites(report: "Report", section: Section) -> View:
    """The share not known by site and field, the sites with the most records."""
    column = "site" if "site" in report.recorded["interventions"] else "agency"
    data = _added(completed(report, (column,)), column)
    data = data[data["field"] != column]
    partial = data.groupby("field")["value"].min()
    data = data[data["field"].isin(partial.index[partial < 1])]
    sizes = data.groupby(column)["records"].max().sort_values(ascending=False, kind="stable")
    if len(sizes) < 2:
        return nothing_known(section, f"fewer than two {_plural(column)} have a field that is missing somewhere")
    shown = data[(data["denominator"] >= ENOUGH) & data[column].isin(sizes.index[:SITES])]
    if shown.empty:
        return nothing_known(section, f"no {column} has {ENOUGH} records or more")
    table = (1 - shown.pivot(index=column, columns="field", values="value")).reindex(sizes.index[:SITES])
    table = table.dropna(how="all")
    order = [name for names in FIELDS.values() for name in names if name in table.columns]
    table = table[order]
    said = _widest(shown, column)
    few = len(sizes) - len(table)
    figure = report.figures.save(
        gap_plots.grid(table, "% of records not known, of those to which the field applies", [words(n) for n in order]),
        f"missing_by_{column}",
        title=f"What is not known, by {column}",
        caption=f"Per cent not known; the n of each cell is in the table. White: not recorded, or under {ENOUGH} "
        "records.",
        alt=f"Table of {len(table)} {_plural(column)} by {counted(len(order), 'field')}. {said}",
        data=shown[[column, "field", "records", *KINDS, "denominator", "value"]],
        n=int(sizes.loc[list(table.index)].sum()),
        unit="share",
        counted="records",
        left_out=f"{counted(few, column, _plural(column))} with fewer records" if few else "",
    )
    return View(f"{said} A field that differs this much between {_plural(column)} depends on who writes it.", figure)


def _plural(column: str) -> str:
    return {"agency": "agencies"}.get(column, f"{column}s")


def _added(data: "pd.DataFrame", column: str) -> "pd.DataFrame":
    """Add up over the sources that have a field, by `column` and field."""
    parts = data.groupby([column, "field"], sort=False, as_index=False)[[*KINDS, "records", "denominator"]].sum()
    return parts.assign(value=parts["known"] / parts["denominator"].where(parts["denominator"] > 0))


def _widest(shown: "pd.DataFrame", column: str) -> str:
    """The field that differs most between groups, and where it is most and least known."""
    ranges = shown.groupby("field")["value"].agg(lambda values: values.max() - values.min())
    rows = shown[shown["field"] == ranges.idxmax()].sort_values("value", kind="stable")
    low, high = rows.iloc[0], rows.iloc[-1]
    return (
        f"Differs most: {words(low['field'])}, known from {share(low['known'], low['denominator'])} in {low[column]} "
        f"to {share(high['known'], high['denominator'])} in {high[column]}."
    )


@shows(NOTEBOOK, "missing_months")
def missing_months(report: "Report", section: Section) -> View:
    """The share not known month by month, of the fields that change most: a step is a new form or export."""
    import pandas as pd

    from crisiskit.measures.intervals import wilson

    data = _added(completed(report, ("month",)), "month")
    data = data[data["denominator"] >= ENOUGH]
    ranges = data.groupby("field")["value"].agg(lambda values: values.max() - values.min())
    chosen = list(ranges[ranges > 0].sort_values(ascending=False, kind="stable").index[:LINES])
    if not chosen or data["month"].nunique() < 3:
        return nothing_known(section, f"no field changes over three months or more of {ENOUGH} records each")
    data = data[data["field"].isin(chosen)].sort_values(["field", "month"]).reset_index(drop=True)
    not_known = data["denominator"] - data["known"]
    low, high = wilson(not_known, data["denominator"])
    data = data.assign(not_known=not_known, percent=100 * (1 - data["value"]), low=100 * low, high=100 * high)
    data = data.assign(label=data["field"].map(words), date=pd.to_datetime(data["month"]), incomplete=False)
    said = _widest(data, "month")
    figure = report.figures.save(
        plots.lines(data, "date", "percent", "not known, of applicable (%)", "label", report.changes(*report.span)),
        "missing_by_month",
        title="What is not known, by month",
        caption="Per cent of the records to which the field applies, with 95 % Wilson intervals; fields that change "
        "most.",
        alt=f"Lines of {joined(words(name) for name in chosen)} by month. {said}",
        data=data[["month", "field", "records", *KINDS, "denominator", "not_known", "percent", "low", "high"]],
        n=int(data.groupby("field")["records"].sum().max()),
        unit="per cent",
        counted="records at most (n of each month is in the table)",
    )
    return View(f"{said} A step marks a new form, a new export or a new rule rather than new practice.", figure)


@shows(NOTEBOOK, "doubtful_records")
def doubtful_records(report: "Report", section: Section) -> View:
    """Durations whose unit does not fit, and contacts that stand on rows covering a period."""
    import pandas as pd

    note = _aggregates(report)
    if not report.quality["units"]:
        return View(f"No duration was read as a number with a unit, so no unit was tested.\n{note}")
    table = pd.DataFrame(report.quality["units"])
    counts = table.groupby(["column", "site", "verdict"], dropna=False, as_index=False)["rows"].sum()
    total = int(table["rows"].sum())
    wrong = counts[counts["verdict"].isin(["contradicts", "mixed"])]
    said = f"{share(int(wrong['rows'].sum()), total)} of the durations tested stand in groups whose unit is in doubt"
    where = joined(dict.fromkeys(str(site) for site in wrong["site"].dropna()))
    said = f"{said}: {where}." if where else f"{said}." if len(wrong) else (
        f"None of the {counted(total, 'duration')} tested contradicts its declared unit.")
    return View(f"{said}\n{note}", table=counts if len(wrong) else None, caption="Verdict on the unit, by site",
                folds=() if len(wrong) else (("Verdict on the unit, by site", counts),))  # fmt: skip


def _aggregates(report: "Report") -> str:
    """A sentence on the share of contacts that stands on rows covering a period."""
    found = report.quality["aggregate"]
    if not found["rows"]:
        return "No record covers a period."
    total = round(found["contacts"] / found["share_of_contacts"]) if found["share_of_contacts"] else 0
    return (
        f"{counted(found['rows'], 'record')} that cover a week or more: {share(found['contacts'], total)} contacts "
        "stand on them, and nothing can be said of their hours, nor of single contacts in them."
    )


@shows(NOTEBOOK, "ask_for")
def ask_for(report: "Report", section: Section) -> View:
    """The export that would close most gaps: what the mapping names, then the columns that sections lack."""
    named = [
        f"{about['source']}: {text}" if len(report.quality["about"]) > 1 else text
        for about in report.quality["about"]
        for text in about["next_export"]
    ]
    wanted: dict[str, list[str]] = {}
    for item in sections(NOTEBOOK).values():
        for column in item.lacks(report.recorded):
            wanted.setdefault(column, []).append(item.title)
    order = sorted(wanted, key=lambda column: -len(wanted[column]))
    columns = [f"{_spelled(column)}: for {joined(f'“{title}”' for title in wanted[column])}" for column in order]
    if not named and not columns:
        return View("The mapping names no further export, and no section lacks a column.")
    lead = "From the publisher: what its mapping names, then the columns that sections of this report lack."
    return View(lead, points=(*named, *columns))


def _spelled(column: str) -> str:
    """A column with its table, where that is not the interventions: "counts.value" -> "value in table counts"."""
    table, dot, name = column.rpartition(".")
    return f"{name} in table {table}" if dot else name


def each_source(report: "Report") -> list[tuple[str, dict[str, str]]]:
    """(Name, conditions) of every source of interventions; one without a name where there is a single one."""
    names = list(report.recorded_by_source)
    return [(name, {"source": name}) for name in names] if len(names) > 1 else [("", {}) for _ in names]


def held(report: "Report", name: str) -> frozenset[str]:
    """The columns of interventions that a source of `each_source` records."""
    return report.recorded_by_source[name] if name else report.recorded["interventions"]
