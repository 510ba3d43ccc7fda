"""Sections of the gaps notebook about what missing values could change: headlines, their bounds, and rankings."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from crisiskit.release import gap_plots
from crisiskit.release.data_gap_views import ENOUGH, NOTEBOOK, completed, each_source, held
from crisiskit.release.outcome_views import FLAGS
from crisiskit.release.sections import Section
from crisiskit.release.tables import name_of, share, text_of, words
from crisiskit.release.view import View, counted, joined, nothing_known, shows
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

MIXES = {"gender": 2, "race_ethnicity": 2, "need": 2, "access": 1, "responder": 1}
"""Column to how many of its most frequent values stand among the headlines."""
DRAWN = 18
TESTED = ("race_ethnicity", "gender", "outcome", "age", "area_id", "need")
AGAINST = {"site": "site", "month": "period_start", "hour_band": "received_local", "responder": "responder"}
"""What a field is tested against to the column that this needs."""
EACH = 3  # fields of one source, and columns that each is tested against
RANKED = ("site", "area_id", "agency", "responder")
GROUPS = 12  # in one ranking
NUMBERS = ["numerator", "denominator", "value", "low", "high", "recorded_share", "bound_low", "bound_high"]


@shows(NOTEBOOK, "headline_bounds")
def headline_bounds(report: "Report", section: Section) -> View:
    """Worst and best case of every headline that rests on a field which is not always known."""
    every = headlines(report)
    if every.empty:
        return nothing_known(section, "no headline of this report rests on a field that holds a value")
    moved = every[every["recorded_share"] < 1]
    still = len(every) - len(moved)
    if moved.empty:
        return View(f"{counted(len(every), 'headline')}, each on a field that is always known: nothing can move.")
    data = moved.assign(width=moved["bound_high"] - moved["bound_low"])
    data = data.sort_values("width", ascending=False, kind="stable", ignore_index=True)
    shown = data.head(DRAWN).drop(columns="width")
    first = shown.iloc[0]
    said = (
        f"Widest: {first['label']} is {share(first['numerator'], first['denominator'])} among known records; if those "
        f"not known were all of the others or all of this kind, {100 * first['bound_low']:.1f} to "
        f"{100 * first['bound_high']:.1f} %."
    )
    left = [counted(still, "headline") + " on fields always known"] if still else []
    left += [counted(len(data) - DRAWN, "narrower one")] if len(data) > DRAWN else []
    figure = report.figures.save(
        gap_plots.bounds(shown, "label", "share (%)"),
        "headline_bounds",
        title="How far the truth may lie from what is known",
        caption="Dot and line: share among known records with its 95 % Wilson interval. Bar: from no missing value "
        "being of this kind to all of them.",
        alt="Bounds: " + "; ".join(f"{row.label} {100 * row.value:.1f} %, {100 * row.bound_low:.1f} to "
                                   f"{100 * row.bound_high:.1f} %" for row in shown.itertuples()) + ".",
        data=shown[["label", *NUMBERS]],
        n=int(shown["denominator"].max()),
        unit="share",
        counted="at most (n of each headline is in the table)",
        left_out=joined(left),
    )
    folds = (("Bounds of every headline", data[["label", *NUMBERS]]),) if len(data) > DRAWN else ()
    return View(f"{said}\nNo statistics can narrow a bar; only better records can.", figure, folds=folds)


def headlines(report: "Report") -> "pd.DataFrame":
    """The shares that other reports lead with, by source where there are several: `label` and NUMBERS.

    Findings that are known of every record are not asked for: nothing can move them.
    """
    import pandas as pd

    by = (report.split,) if report.split else ()
    recorded = report.recorded.get("interventions", frozenset())
    parts = []
    doubtful = {flag for name, _ in each_source(report) for flag in _partly(report, name, FLAGS)}
    for flag, text in FLAGS.items():
        if flag in doubtful:
            parts.append(report.ask(flag, by).assign(what=text))
    if "outcome" in recorded:
        parts.append(_frequent(report.ask("outcome_share", by), "outcome", by, 3))
    for column, most in MIXES.items():
        if column in recorded:
            parts.append(_frequent(report.ask("share", by, of=column), column, by, most))
    known = [part.dropna(subset=["value", "recorded_share"]) for part in parts]
    known = [part for part in known if len(part)]
    if not known:
        return pd.DataFrame(columns=["label", *NUMBERS])
    every = pd.concat(known, ignore_index=True)
    group = " (" + every[by[0]].map(lambda value: name_of(value, by[0])) + ")" if by else ""
    return every.assign(label=every["what"] + group)[["label", *NUMBERS]]


def _frequent(asked: "pd.DataFrame", column: str, by: tuple[str, ...], most: int) -> "pd.DataFrame":
    """The `most` frequent known values of a column in each group, named with what the column is."""
    asked = asked.dropna(subset=["value", column])
    asked = asked[~asked[column].isin(dictionary.KINDS)].sort_values("numerator", ascending=False, kind="stable")
    kept = asked.groupby(list(by), sort=False).head(most) if by else asked.head(most)
    return kept.assign(what=f"{words(column)}: " + kept[column].map(words))


@shows(NOTEBOOK, "missing_at_random")
def missing_at_random(report: "Report", section: Section) -> View:
    """A test of each field's missing values against what is observed; none can show that they are random."""
    import pandas as pd

    from crisiskit.measures.mar import missingness

    rows, said = [], []
    for name, where in each_source(report):
        columns = held(report, name)
        for field in _partly(report, name, TESTED)[:EACH]:
            against = [key for key, needed in AGAINST.items() if key != field and needed in columns][:EACH]
            if not against:
                continue
            found = missingness(report.data, field, against, where)
            label = words(field) + (f" ({name})" if name else "")
            said.append(f"{label}: {found['verdict'].iloc[0]}")
            rows += [{"field": label, "against": words(row.against), "missing": _lost(row), "levels": row.levels,
                      "chi square": row.chi_square, "degrees": row.degrees, "p, adjusted": row.p_holm,
                      "Cramér's V": row.cramers_v, "finding": row.finding} for row in found.itertuples()]  # fmt: skip
    if not rows:
        return nothing_known(section, "no field is known in some records and missing in others")
    note = (
        "Missing equally often everywhere would be no harm to a share; missing more often at one site or month is. "
        "No difference found does not mean random: a field can go missing by its own value, which nobody sees."
    )
    return View(note, points=tuple(said), folds=(("Every test", pd.DataFrame(rows)),))


def _lost(row: Any) -> str:
    return share(row.missing, row.n) if row.n == row.n else text_of(None)


def _partly(report: "Report", source: str, fields: Iterable[str]) -> list[str]:
    """The fields, in order, that are known in some records of a source and missing in others."""
    recorded = tuple(field for field in fields if field in held(report, source))
    if not recorded:
        return []
    asked = completed(report, (), recorded)
    asked = asked[(asked["known"] < asked["denominator"]) & ((asked["source"] == source) | (source == ""))]
    return [field for field in recorded if field in set(asked["field"])]


@shows(NOTEBOOK, "ranking_survives")
def ranking_survives(report: "Report", section: Section) -> View:
    """Whether groups keep their order whatever the missing values were; the first ranking in doubt is drawn."""
    import pandas as pd

    from crisiskit.measures.bounds import survives

    found = []
    for name, where in each_source(report):
        for what, column, answer in _rankings(report, name, where):
            title = f"{what} by {words(column)}" + (f" ({name})" if name else "")
            found.append((title, column, answer, survives(answer)))
    if not found:
        return nothing_known(section, "no share with missing values can be ranked by site, area or responder")
    table = pd.DataFrame([
        {"ranking": title, "groups": len(answer), "pairs that keep their order": share(int(kept.pairs["keeps"].sum()),
         len(kept.pairs)), "verdict": kept.verdict} for title, _, answer, kept in found
    ])  # fmt: skip
    doubtful = [item for item in found if len(item[3].pairs) and not item[3].pairs["keeps"].all()]
    if not doubtful:
        return View("Every ranking tried keeps its order whatever the missing values were.", table=table,
                    caption="Rankings")  # fmt: skip
    title, column, answer, kept = min(doubtful, key=lambda item: item[2]["recorded_share"].min())
    data = answer.sort_values("value", ascending=False, kind="stable").reset_index(drop=True)
    names = data[column].map(lambda value: name_of(value, column))
    data["label"] = names + data["denominator"].map(lambda n: f" (n\u00a0=\u00a0{n:,.0f})")
    figure = report.figures.save(
        gap_plots.bounds(data, "label", "share (%)"),
        "ranking_with_bounds",
        title=f"{title[0].upper()}{title[1:]}: the order and what could change it",
        caption="Dot and line: share among known records with its 95 % Wilson interval. Bar: where the share can lie "
        "whatever the missing values were. Groups whose bars overlap have no sure order.",
        alt=f"Bounds of {counted(len(data), 'group')}: {kept.verdict}.",
        data=data[["label", *NUMBERS]],
        n=int(data["denominator"].sum()),
        unit="share",
        counted="records where it is recorded",
    )
    return View(f"{title}: {kept.verdict}.", figure, table, "Rankings")


def _rankings(report: "Report", name: str, where: dict[str, str]) -> "list[tuple[str, str, pd.DataFrame]]":
    """(What, column, answer by group) of shares that rest on missing values, of groups with enough records."""
    flags = _partly(report, name, FLAGS)[:EACH]
    for column in (column for column in RANKED if column in held(report, name)):
        rankings = []
        for flag in flags:
            answer = report.ask(flag, (column,), **({"where": where} if where else {}))
            answer = answer[~answer[column].isin(dictionary.KINDS)].dropna(subset=["value", column])
            answer = answer[answer["denominator"] >= ENOUGH].nlargest(GROUPS, "denominator")
            if len(answer) > 1 and (answer["recorded_share"] < 1).any():
                rankings.append((FLAGS[flag], column, answer.reset_index(drop=True)))
        if rankings:
            return rankings
    return []
