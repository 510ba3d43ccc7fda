"""Sections of the gaps notebook about practice: training, where to look first, agreement of raters, further figures."""

from typing import TYPE_CHECKING, Any

from crisiskit.errors import UserError
from crisiskit.release import plots, practice_plots
from crisiskit.release.data_gap_views import NOTEBOOK
from crisiskit.release.need_views import Question, asked
from crisiskit.release.sections import Section
from crisiskit.release.tables import reasons_text, share, text_of, words
from crisiskit.release.view import View, counted, joined, not_recorded, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

LIMITS = ["value", "low", "high"]
DRAWN = 16  # rows of one figure
LEAST = 30  # records of a site and shift, in each component, below which its index is not shown
COMPONENTS = ["group", "component", "kind", "numerator", "n", *LIMITS, "pooled", "z", "index", "small"]
CAUTION = (
    "The index says where to look first. It is no measure of anybody's skill: forms, calls and hours differ between "
    "sites and shifts."
)
SAID = 6  # shares that the text repeats
METHODS = ("krippendorff", "fleiss", "cohen")
FURTHER = (
    (Question("CIT requested, of records that say so", "cit_requested"), "share"),
    (Question("CIT dispatched, of records that say so", "cit_dispatched"), "share"),
    (Question("CIT arrived, of records that say so", "cit_arrived"), "share"),
    (Question("agreed to follow-up, of records that say so", "consented"), "share"),
    (Question("turned away, of those who asked", "turn_away_share"), "share"),
    (Question("needs identified", "needs_identified"), "needs"),
    (Question("minutes of responders, added up over units", "responder_minutes"), "minutes"),
    (Question("from contact to record", "recording_delay"), "minutes"),
)
"""What has no section of its own, with the unit of its value."""


@shows(NOTEBOOK, "training")
def training(report: "Report", section: Section) -> View:
    """Hours of training for each member of staff, and the share whose training is current, by line where there are."""
    hours, no_hours = _training(report, "training_hours_per_staff")
    current, not_current = _training(report, "training_current")
    silent = "; ".join(dict.fromkeys([*no_hours, *not_current]))
    table = _training_lines(report)
    if table.empty:
        absent = all(text.startswith("not recorded in this source") for text in [*no_hours, *not_current])
        return not_recorded(section, ()) if absent else nothing_known(section, silent)
    lines = [f"{row.source}: {text_of(row.value)} hours for each member of staff and period ({row.numerator:,.0f} "
             f"hours / {row.denominator:,.0f} staff, each counted once a period; {_left(row.reasons)})."
             for row in hours.itertuples()]  # fmt: skip
    lines += [f"{row.source}: training is current for {share(row.numerator, row.denominator)} of staff in the last "
              f"period; 95 % interval {100 * row.low:.1f} to {100 * row.high:.1f} % ({_left(row.reasons)})."
              for row in current.itertuples()]  # fmt: skip
    lines += [f"No figure in all: {silent}."] if silent else []
    figure = _current_figure(report, table) if table["current"].notna().sum() > 1 else None
    return View("\n".join(lines), figure, folds=(("Training by line", table),) if len(table) > 1 else ())


def _training(report: "Report", measure: str) -> "tuple[pd.DataFrame, list[str]]":
    """Answers of one measure by source that have a value, and why the others have none."""
    answer = report.ask(measure, ("source",))
    reasons = [reasons_text(text) for text in answer.loc[answer["value"].isna(), "reasons"]]
    return answer.dropna(subset=["value", "source"]), reasons


def _left(reasons: str) -> str:
    """Reasons in words; the list of periods that were put together is given as their number."""
    parts = []
    for part in filter(None, (reasons or "").split("; ")):
        over, found, names = part.partition("pooled over period_start: ")
        parts.append(f"put together over {counted(len(names.split(', ')), 'period')}" if found and not over else part)
    return reasons_text("; ".join(parts)) or "nothing left out"


def _training_lines(report: "Report") -> "pd.DataFrame":
    """Both measures by source, breakdown and area, a line each: hours over all periods, currency in the last one."""
    import pandas as pd

    by = ("source", "group", "level", "area_id")
    names = ["numerator", "denominator", "value", "low", "high"]
    hours = report.ask("training_hours_per_staff", by).dropna(subset=["value"])
    current = report.ask("training_current", by).dropna(subset=["value"])
    hours = hours.rename(columns={"value": "hours_per_staff_and_period", "numerator": "hours"})
    current = current[[*by, *names]].rename(
        columns={"numerator": "trained", "denominator": "staff", "value": "current"})  # fmt: skip
    keys = [hours[name].fillna("") for name in by], [current[name].fillna("") for name in by]
    left = hours[["hours", "hours_per_staff_and_period"]].set_axis(pd.MultiIndex.from_arrays(keys[0], names=by))
    right = current[["trained", "staff", "current", "low", "high"]].set_axis(
        pd.MultiIndex.from_arrays(keys[1], names=by))  # fmt: skip
    table = left.join(right, how="outer").reset_index()
    several = table["source"].nunique() > 1
    label = [", ".join(filter(None, [row.source if several else "", words(row.level), row.area_id])) or "all staff"
             for row in table.itertuples()]  # fmt: skip
    table.insert(0, "line", label)
    return table.drop(columns=list(by))


def _current_figure(report: "Report", table: "pd.DataFrame") -> Any:
    """Share of staff whose training is current, a row per line, the lowest first."""
    known = table.dropna(subset=["current"]).sort_values("current", kind="stable")
    data = known.head(DRAWN).rename(columns={"current": "value"}).reset_index(drop=True)
    data = data.assign(label=data["line"] + data["staff"].map(lambda n: f" (n = {n:,.0f})"))
    return report.figures.save(
        plots.dots(data, "label", "staff whose training is current (%)", percent=True),
        "training_current",
        title="Staff whose training is current, in the last period",
        caption="Shares of staff with 95 % Wilson intervals, the lowest first; n is the staff of the line.",
        alt="; ".join(f"{row.label} {100 * row.value:.1f} %" for row in data.itertuples()) + ".",
        data=data[["label", "trained", "staff", *LIMITS]],
        n=int(data["staff"].max()),
        unit="share",
        counted="members of staff at most (n of each line is in its label)",
        left_out=f"{counted(len(known) - len(data), 'line')} with a higher share" if len(known) > len(data) else "",
    )


@shows(NOTEBOOK, "training_need")
def training_need(report: "Report", section: Section) -> View:
    """How far records and outcomes of each site and shift lie from the rest of their source, by component."""
    every, refused = _needs(report)
    if every.empty:
        return nothing_known(section, "; ".join(refused))
    whole = every.drop_duplicates("group").dropna(subset=["index"])
    large = whole[~whole["small"] & whole["site"].notna()]
    large = large.sort_values("index", ascending=False, kind="stable", ignore_index=True)
    if large.empty:
        return nothing_known(section, f"no site and shift has {LEAST} records in each component")
    shown = large.head(DRAWN)
    rows = every[every["group"].isin(shown["group"])]
    said = [f"{name} {index:+.1f}" for name, index in zip(shown["group"], shown["index"], strict=True)]
    figure = report.figures.save(
        practice_plots.distances(_wide(rows, shown), "standard errors from the share of the whole source"),
        "training_need",
        title="Where to look first: sites and shifts against the whole of their source",
        caption="Each cell: distance of a share from that of the whole source, in its standard errors; above zero, "
        "more is missing, or force and injuries are recorded more often. The index is the mean of the row. The same "
        "difference of shares is more standard errors where there are more records.",
        alt=f"Index: {'; '.join(said)}.",
        data=rows[COMPONENTS[:-1]],
        n=int(rows.groupby("group")["n"].max().sum()),
        unit="standard errors",
        counted="records at least (n of each share is in the table)",
        left_out=_undrawn(every, len(large) - len(shown)),
    )
    first = shown.iloc[0]
    far = every[every["group"] == first["group"]].dropna(subset=["z"]).nlargest(2, "z")
    why = joined(f"{words(row.component)} {'missing' if row.kind == 'missing' else 'recorded'} in "
                 f"{share(row.numerator, row.n)} against {100 * row.pooled:.1f} % of the whole source"
                 for row in far.itertuples())  # fmt: skip
    mean = f"the mean of {counted(int(first['components']), 'component')}"
    note = f"Highest: {said[0]}, {mean}; the furthest: {why}.\n{CAUTION}"
    note += f"\nNo index: {'; '.join(refused)}." if refused else ""
    return View(note, figure, folds=(("Every component of every site and shift", every[COMPONENTS]),))


def _needs(report: "Report") -> "tuple[pd.DataFrame, list[str]]":
    """The components of every source with sites, `group` their name, `left_out` its rows that cover a period."""
    import pandas as pd

    from crisiskit.measures.tables import Tables
    from crisiskit.measures.training_need import Components, need_index

    chosen = Components(least=LEAST)
    frames, refused = [], []
    table = report.data.tables["interventions"]
    for source, recorded in report.recorded_by_source.items():
        site = next((name for name in ("site", "agency") if name in recorded), "")
        if not site:
            refused.append(f"{source}: no site is recorded")
            continue
        own = Tables(report.data.backend, {"interventions": table.filter(table.source == source)})
        try:
            found = need_index(own, site, chosen)
        except UserError as error:  # no site or component in rows that are single contacts: told in the report
            refused.append(f"{source}: {error}")
            continue
        if len(found.drop_duplicates(["site", "shift"])) < 2:
            refused.append(f"{source}: there is one site and shift, and nothing to hold it against")
            continue
        names = found["site"].astype("object").where(found["site"].notna(), f"{site} not recorded")
        groups = [f"{name}, {shift}" for name, shift in zip(names, found["shift"], strict=True)]
        frames.append(found.assign(group=groups, source=source, left_out=found.attrs["left_out"]))
    if not frames:
        return pd.DataFrame(), refused
    every = pd.concat(frames, ignore_index=True)
    if len(frames) > 1:
        every["group"] = every["group"] + " (" + every["source"] + ")"
    return every, refused


def _wide(rows: "pd.DataFrame", shown: "pd.DataFrame") -> "pd.DataFrame":
    """The index and the components that vary, a row per site and shift in the order of `shown`."""
    wide = rows.pivot(index="group", columns="component", values="z").loc[shown["group"]]
    order = [name for name in dict.fromkeys(rows["component"]) if wide[name].notna().any()]
    wide = wide[order].set_axis([words(name) for name in order], axis=1)
    wide.insert(0, "index", shown.set_index("group")["index"])
    return wide


def _undrawn(every: "pd.DataFrame", lower: int) -> str:
    """Sites and shifts that are not drawn, and rows that stand for a period."""
    small = every.loc[every["small"], "group"].nunique()
    nowhere = every.loc[~every["small"] & every["site"].isna(), "group"].nunique()
    covering = int(every.drop_duplicates("source")["left_out"].sum())
    parts = [f"{counted(small, 'site and shift', 'sites and shifts')} with fewer than {LEAST} records in a component"]
    parts = parts if small else []
    parts += [f"{counted(nowhere, 'group', 'groups')} without a site"] if nowhere else []
    parts += [f"{counted(lower, 'site and shift', 'sites and shifts')} with a lower index"] if lower else []
    parts += [f"{counted(covering, 'row')} of a whole period"] if covering else []
    return "; ".join(parts)


@shows(NOTEBOOK, "raters")
def raters(report: "Report", section: Section) -> View:
    """Agreement of those who scored the same record, by instrument and item: alpha drawn, both kappas beside it."""
    import pandas as pd

    asked_by = {method: report.ask("rater_agreement", ("source",), method=method) for method in METHODS}
    known = asked_by[METHODS[0]].dropna(subset=["value"])
    if known.empty:
        rows = counted(int(asked_by[METHODS[0]]["rows_left_out"].sum()), "row")
        return nothing_known(section, f"no record was scored by two providers ({rows} of follow-ups looked at)")
    keys = ["source", "instrument", "item"]
    known = known.sort_values("value", kind="stable", ignore_index=True)
    named = keys if known["source"].nunique() > 1 else keys[1:]
    known = known.assign(label=[f"{', '.join(map(str, key))} (n = {units:,.0f} records)" for key, units in zip(
        known[named].itertuples(index=False), known["units"], strict=True)])  # fmt: skip
    drawn = known.head(DRAWN)
    said = [f"{row.label} {row.value:.2f} ({row.low:.2f} to {row.high:.2f})" for row in drawn.itertuples()]
    figure = report.figures.save(
        practice_plots.around_zero(drawn, "label", "Krippendorff's alpha (0: as by chance, 1: full agreement)", 1.0),
        "rater_agreement",
        title="Agreement of those who scored the same record",
        caption="Krippendorff's alpha for ordered scores with 95 % bootstrap intervals, the lowest first. Raters who "
        "agree may all be wrong.",
        alt=f"{'; '.join(said)}.",
        data=drawn[["label", *LIMITS, "units", "raters", "rows_used", "rows_left_out"]],
        n=int(drawn["rows_used"].sum()),
        unit="coefficient",
        counted="scores",
        left_out=f"{counted(len(known) - len(drawn), 'item')} with a higher one" if len(known) > len(drawn) else "",
    )
    columns = [*keys, "method", *LIMITS, "units", "raters", "rows_used", "rows_left_out", "reasons"]
    table = pd.concat([answer.assign(method=method) for method, answer in asked_by.items()], ignore_index=True)
    table = table.assign(reasons=table["reasons"].map(reasons_text))[columns]
    return View(f"Lowest: {said[0]}. Percent agreement is high by chance alone where one score is common; these are "
                "not.", figure, folds=(("Alpha and both kappas, by instrument and item", table),))  # fmt: skip


@shows(NOTEBOOK, "practice")
def practice(report: "Report", section: Section) -> View:
    """What has no section of its own, a row each: value, interval, what it rests on and what was left out."""
    import pandas as pd

    frames, lacking = [], []
    for question, unit in FURTHER:
        data, silent = asked(report, [question])
        lacking += [question.label.partition(",")[0]] if silent else []
        if "statistic" in data:
            data = data.assign(label=data["label"] + ": " + data["statistic"].map(words))
        frames.append(data.assign(unit=unit))
    found = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    if found.empty:
        return nothing_known(section, f"not recorded: {joined(lacking)}")
    found = found.assign(n=found["denominator"].fillna(found["rows_used"]))
    table = found[["label", "unit", *LIMITS, "numerator", "n", "rows_left_out", "reasons"]]
    table = table.assign(reasons=table["reasons"].map(reasons_text))
    shares = found[found["unit"] == "share"]
    said = "; ".join(f"{row.label}: {share(row.numerator, row.denominator)}" for row in shares.head(SAID).itertuples())
    lines = [f"{said}." if said else "", f"Not recorded in this source: {joined(lacking)}." if lacking else ""]
    return View("\n".join(filter(None, lines)), table=table, caption="Further figures, with 95 % intervals")
