"""Sections of the data-quality notebook about completeness: by field, site and month, in five kinds of missing."""

from typing import TYPE_CHECKING

from crisiskit.release import stacks
from crisiskit.release.quality_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.tables import share, words
from crisiskit.release.view import View, counted, joined, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from crisiskit.release.report import Report

DRAWN = 24  # fields in the overview
PANELS = 6  # fields by site and by month
SITES = 12
ENOUGH = 10  # records of a group to which a field applies, below which its share says little
KINDS = tuple(stacks.KINDS)
OPTIONAL = "A field may be optional, and staff are told not to press callers: missing is not the same as careless."


@shows(NOTEBOOK, "completeness")
def completeness(report: "Report", section: Section) -> View:
    """Every field that the source records, least complete first, with what is missing by kind."""
    table = _table(report)
    data = _answer(report, table)
    if data.empty:
        return nothing_known(section, "no field holds a value")
    partial = (
        data[data["known"] < data["records"]].sort_values("value", kind="stable").head(DRAWN).reset_index(drop=True)
    )
    whole = data[data["known"] == data["records"]]
    lead = (
        f"{counted(len(data), 'field')} of table {words(table)} recorded, {len(whole)} of them known in every record."
    )
    if partial.empty:
        return View(lead)
    least = joined(f"{row.label} {share(row.known, row.denominator)}" for row in partial.head(3).itertuples())
    figure = report.figures.save(
        stacks.stacked(partial, "label"),
        "completeness_by_field",
        title="What each field holds",
        caption="Share of records by what the field holds: a known value, one of five kinds of missing, or a value set "
        "aside as impossible. Fields that are always known are not drawn.",
        alt="Stacked bars, least complete first: " + "; ".join(_spoken(row) for row in partial.itertuples()) + ".",
        data=partial[["label", "records", *KINDS, "value"]],
        n=int(data["records"].max()),
        unit="share",
        counted="records",
        left_out=_undrawn(data, partial, whole),
    )
    every = data[["field", "records", *KINDS, "value"]].rename(columns={"value": "known of applicable"})
    note = f"{lead} Least complete, of the records to which it applies: {least}. {OPTIONAL}"
    return View(note, figure, folds=(("Completeness of every field", every),))


@shows(NOTEBOOK, "completeness_site")
def completeness_site(report: "Report", section: Section) -> View:
    """The fields whose completeness differs most between sites."""
    column = "site" if "site" in report.recorded["interventions"] else "agency"
    return _compared(report, section, column, "site" if column == "site" else "agency")


@shows(NOTEBOOK, "completeness_month")
def completeness_month(report: "Report", section: Section) -> View:
    """The fields whose completeness changes most from month to month."""
    return _compared(report, section, "month", "month")


def _compared(report: "Report", section: Section, column: str, one: str) -> View:
    """Small panels of the fields whose known share varies most over the groups of `column`; small ones are left out."""
    fields = _answer(report, "interventions")
    partial = fields.loc[fields["known"] < fields["records"], "field"]
    partial = [name for name in partial if name not in (column, "site", "agency")]
    if not partial:
        return View("Every recorded field is known in every record.")
    every = _answer(report, "interventions", (column,), partial).dropna(subset=[column])
    sizes = every.groupby(column)["records"].max()
    if len(sizes) < 2:
        return nothing_known(section, f"there is only one {one}" if len(sizes) else f"no record has a {one}")
    data = every[(every["denominator"] >= ENOUGH) & every[column].isin(_kept(sizes, column))]
    ranges = data.groupby("field")["value"].agg(lambda share: share.max() - share.min())
    chosen = list(ranges[ranges > 0].sort_values(ascending=False, kind="stable").index[:PANELS])
    if not chosen:
        return View(f"No field is more complete in one {one} than in another, of those with {ENOUGH} records or more.")
    shown = data[data["field"].isin(chosen)].sort_values(
        "field", key=lambda names: names.map(chosen.index), kind="stable"
    )
    first = shown[shown["field"] == chosen[0]].sort_values("value", kind="stable")
    low, high = first.iloc[0], first.iloc[-1]
    said = (
        f"{words(chosen[0])}: from {share(low['known'], low['denominator'])} known in {low[column]} "
        f"to {share(high['known'], high['denominator'])} in {high[column]}"
    )
    few = len(sizes) - shown[column].nunique()
    figure = report.figures.save(
        _panels(shown, column, one),
        f"completeness_by_{one}",
        title=f"What the fields hold, by {one}",
        caption=f"The {len(chosen)} fields whose known share differs most between {one}s.",
        alt=f"Stacked shares by {one} for {joined(words(name) for name in chosen)}. {said}.",
        data=shown[["field", column, "records", *KINDS, "value"]],
        n=int(shown.groupby(column)["records"].max().sum()),
        unit="share",
        counted="records",
        left_out=f"{counted(few, one)} with few records" if few else "",
    )
    turn = "A sudden change often marks a new form or a new export, not a change in practice."
    return View(f"{said}. {turn if column == 'month' else OPTIONAL}{report.pooled}", figure)


def _kept(sizes: "pd.Series", column: str) -> "pd.Index":
    """All months, or the sites with the most records: more cannot be told apart in one figure."""
    return sizes.index if column == "month" else sizes.sort_values(ascending=False, kind="stable").index[:SITES]


def _panels(shown: "pd.DataFrame", column: str, one: str) -> "Figure":
    """Months run on without gaps, so that a month without records is seen to be missing; sites are rows."""
    import pandas as pd

    if column != "month":
        return stacks.stacked_rows(shown, "label", column)
    months = pd.period_range(shown["month"].min(), shown["month"].max(), freq="M").astype(str)
    return stacks.stacked_panels(shown, "label", column, one, list(months))


def _answer(
    report: "Report", table: str, by: tuple[str, ...] = (), fields: "list[str] | None" = None
) -> "pd.DataFrame":
    """Completeness of recorded fields: `field`, `label`, `records`, a count per kind, `denominator`, `value`.

    Of several sources each is judged by itself, and a field is added up over those that have it: a field that one
    source lacks is not blank in it.
    """
    options = {"table": table} | ({"field": ",".join(fields)} if fields else {})
    asked = report.ask("completeness", ("source", *by), **options).dropna(subset="value")
    asked = asked.rename(columns={"numerator": "known"})
    keys = [*by, "field"]
    data = asked.groupby(keys, sort=False, dropna=False, as_index=False)[[*KINDS, "denominator"]].sum()
    records = data[list(KINDS)].sum(axis=1)
    return data.assign(label=data["field"].map(words), records=records, value=data["known"] / data["denominator"])


def _table(report: "Report") -> str:
    return "interventions" if "interventions" in report.data.tables else next(iter(report.data.tables))


def _spoken(row: object) -> str:
    return f"{row.label} {100 * row.known / row.records:.0f} % known"  # type: ignore[attr-defined]


def _undrawn(data: "pd.DataFrame", partial: "pd.DataFrame", whole: "pd.DataFrame") -> str:
    """What the overview leaves out: fields always known, and the most complete of the others if they are too many."""
    more = len(data) - len(partial) - len(whole)
    parts = [counted(len(whole), "field") + " always known"] if len(whole) else []
    return joined([*parts, f"{counted(more, 'more complete field')}"] if more else parts)
