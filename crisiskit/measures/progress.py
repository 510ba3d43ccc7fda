"""Repeated measures of distress or progress: who is still there at each occasion, the change, and its trend.

People who leave differ from those who stay, so attrition stands beside every change. A fall is expected without help as
well (people call at their worst): a change of a group that nothing is compared with is no effect.
"""

import warnings
from dataclasses import dataclass, replace
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.errors import UserError, nearest
from crisiskit.measures.answer import finish, locate, ratio, tally
from crisiskit.measures.intervals import student, wilson
from crisiskit.measures.request import AGGREGATE, Request, count, judged, missing
from crisiskit.measures.tables import open_tables

COLUMNS = ("person", "days", "score")
KEYS = ("instrument", "item")
PER_DAYS = 30
SIZES = ("persons", "persons_left_out")


@dataclass(frozen=True)
class Change:
    """Mean change between the first and the second score of the same persons, with Student limits (paired t).

    `n` persons have both; `lost` have the first only, and are in no number here.
    """

    n: int
    lost: int
    before: float
    after: float
    change: float
    low: float
    high: float


@dataclass(frozen=True)
class Trend:
    """Change per day from a mixed model with an intercept for each person; NaN, and a note, where it did not converge.

    `persons` have two scores or more; `lost` have one, which tells nothing about change.
    """

    persons: int
    lost: int
    scores: int
    slope: float
    low: float
    high: float
    start: float
    between_persons: float
    within_person: float
    note: str


def distress(tables: Any) -> pd.DataFrame:
    """Return distress before and after as scores: person (the record), days (0 and 1, the order only), score."""
    opened = open_tables(tables)
    if "interventions" not in opened.tables:
        raise UserError("progress: the source has no table 'interventions'")
    table = opened.tables["interventions"].filter(~_.is_aggregate.fill_null(False))
    wide = opened.fetch(table.select(person=_.source + "/" + _.record_id, first=_.distress_before,
                                     second=_.distress_after)).dropna(subset="person")
    parts = [wide[["person", name]].set_axis(["person", "score"], axis=1).assign(days=float(day))
             for day, name in enumerate(("first", "second"))]
    return pd.concat(parts, ignore_index=True).dropna(subset="score")[list(COLUMNS)].reset_index(drop=True)


def scores(tables: Any, instrument: str, item: str = "total") -> pd.DataFrame:
    """Return the scores of an instrument from follow_ups: person, days since the person's first score, score.

    The person is person_key, else the record. Rows without person, moment (completed, else reached, else attempted) or
    score are left out, and counted in `attrs["left_out"]`.
    """
    opened = open_tables(tables)
    if "follow_ups" not in opened.tables:
        raise UserError("progress: the source has no table 'follow_ups'")
    table = opened.tables["follow_ups"]
    known = opened.fetch(table.filter(_.score.notnull()).select("instrument").distinct())["instrument"].dropna()
    if instrument not in set(known):
        raise UserError(f"progress: there are no scores of '{instrument}'{nearest(instrument, known)} "
                        f"(known: {', '.join(sorted(known)) or 'none'})")
    chosen = table.filter(_.instrument == instrument, _.item == item)
    rows = opened.fetch(chosen.select(person=_person(chosen), at=_moment(chosen), score="score"))
    kept = _since_first(rows.dropna())
    kept.attrs["left_out"] = len(rows) - len(kept)
    return kept


def _person(table: ibis.Table) -> ibis.Value:
    return table.source + "/" + ibis.coalesce(table.person_key, table.record_id)


def _moment(table: ibis.Table) -> ibis.Value:
    return ibis.coalesce(table.completed_at, table.reached_at, table.attempted_at)


def _since_first(rows: pd.DataFrame) -> pd.DataFrame:
    """Turn moments into days since the person's first score."""
    first = rows.groupby("person")["at"].transform("min")
    days = (rows["at"] - first).dt.total_seconds() / 86_400
    frame = pd.DataFrame({"person": rows["person"].astype("object"), "days": days.astype(float),
                          "score": rows["score"].astype(float)})
    return frame.sort_values(["person", "days"], kind="stable", ignore_index=True)


def attrition(frame: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Show who is left at each occasion (a person's first score, second, ...): one row per occasion.

    Columns: occasion, n, retained (of those with a first score) with Wilson low and high, mean, sd, and the mean first
    score of those who stayed and of those who had left by then: where these differ, the change is of a selected group.
    """
    told = _numbered(frame)
    first = told[told["occasion"] == 1].set_index("person")["score"]
    rows = []
    for occasion, group in told.groupby("occasion"):
        stayed = first.index.isin(group["person"])
        rows.append((int(occasion), len(group), len(group) / len(first), group["score"].mean(),
                     group["score"].std(ddof=1), first[stayed].mean(), first[~stayed].mean()))
    table = pd.DataFrame(rows, columns=["occasion", "n", "retained", "mean", "sd", "first_of_stayed", "first_of_left"])
    low, high = wilson(table["n"], len(first), confidence)
    table.insert(3, "low", low)
    table.insert(4, "high", high)
    return table


def paired(frame: pd.DataFrame, confidence: float = 0.95) -> Change:
    """Mean change from the first to the second score of each person who has both; NaN limits below two persons."""
    told = _numbered(frame)
    wide = told[told["occasion"] <= 2].pivot(index="person", columns="occasion", values="score").reindex(columns=[1, 2])
    both = wide.dropna()
    n, lost = len(both), len(wide) - len(both)
    if n == 0:
        return Change(0, lost, *[float("nan")] * 5)
    change = both[2] - both[1]
    error = float(change.std(ddof=1)) / np.sqrt(n) if n > 1 else float("nan")
    low, high = student(change.mean(), error, n, confidence)
    return Change(n, lost, float(both[1].mean()), float(both[2].mean()), float(change.mean()), float(low), float(high))


def trend(frame: pd.DataFrame, confidence: float = 0.95) -> Trend:
    """Fit score ~ days + (1 | person) by restricted maximum likelihood, over persons with two scores or more.

    The model takes persons who left early with the scores that they have; it is right where leaving depends on these
    only. Whatever keeps it from converging is said in `note`, and then there is no slope.
    """
    from statsmodels.regression.mixed_linear_model import MixedLM

    told = _numbered(frame)
    sizes = told.groupby("person")["score"].transform("size")
    kept = told[sizes > 1]
    persons, lost = kept["person"].nunique(), int((sizes == 1).sum())
    if persons < 2 or kept["days"].nunique() < 2:
        note = "too few persons with two scores" if persons < 2 else "all scores are of one moment"
        return _no_trend(persons, lost, len(kept), note)
    design = np.column_stack([np.ones(len(kept)), kept["days"].to_numpy(dtype=float)])
    groups = pd.factorize(kept["person"])[0]  # statsmodels takes plain arrays, not nullable ones
    with warnings.catch_warnings(record=True) as told_by_model:
        warnings.simplefilter("always")
        try:
            fit = MixedLM(kept["score"].to_numpy(dtype=float), design, groups).fit(reml=True)
        except (np.linalg.LinAlgError, ValueError) as error:
            return _no_trend(persons, lost, len(kept), f"the mixed model cannot be fitted: {error}")
    if not fit.converged or not np.isfinite(fit.bse_fe[1]):
        return _no_trend(persons, lost, len(kept), "the mixed model did not converge")
    low, high = fit.conf_int(alpha=1 - confidence)[1]
    note = "; ".join(dict.fromkeys(str(item.message) for item in told_by_model))
    return Trend(persons, lost, len(kept), float(fit.fe_params[1]), float(low), float(high), float(fit.fe_params[0]),
                 float(fit.cov_re[0, 0]), float(fit.scale), note and f"the model warns: {note}")


def _no_trend(persons: int, lost: int, number: int, note: str) -> Trend:
    nan = float("nan")
    return Trend(persons, lost, number, nan, nan, nan, nan, nan, nan, note)


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Number the scores of each person in time; UserError for a frame that is not of persons, days and scores."""
    lacking = [name for name in COLUMNS if name not in frame]
    if lacking:
        raise UserError(f"progress: column {', '.join(lacking)} is missing; a score has {', '.join(COLUMNS)}")
    if frame[list(COLUMNS)].isna().any(axis=None):
        raise UserError("progress: a person, day or score is missing; leave such rows out, and count them")
    ordered = frame.sort_values(["person", "days"], kind="stable")
    return ordered.assign(occasion=ordered.groupby("person").cumcount() + 1)


def distress_change(request: Request) -> pd.DataFrame:
    """Mean distress before, after, and the mean change, over the records that have both."""
    table = request.rows()
    before, after = table.distress_before, table.distress_after
    why = [AGGREGATE, *((f"before {label}", test) for label, test in missing(table, "distress_before")),
           *((f"after {label}", test) for label, test in missing(table, "distress_after"))]
    values = {"before": before, "after": after, "change": after - before}
    sums = {f"{power} {name}": (value if power == "sum" else value * value).sum()
            for name, value in values.items() for power in ("sum", "square")}
    groups = tally(request, count(request, table, why, sums, recorded=["distress_before", "distress_after"]), why, sums)
    n = groups["rows_used"].astype("float64")
    parts = []
    for name in values:
        mean = ratio(groups[f"sum {name}"], n)
        spread = (groups[f"square {name}"] - n * mean**2).clip(lower=0) / (n - 1).where(n > 1)
        low, high = student(mean, np.sqrt(spread / n.where(n > 0)), n, request.variant["confidence"])
        parts.append(groups.assign(statistic=name, numerator=groups[f"sum {name}"], denominator=n, value=mean, low=low,
                                   high=high, n_before=groups["recorded_distress_before"],
                                   n_after=groups["recorded_distress_after"]))
    rows = pd.concat(parts, ignore_index=True).sort_values("_group", kind="stable", ignore_index=True)
    return finish(request, rows, extras=("n_before", "n_after"))


def score_trend(request: Request) -> pd.DataFrame:
    """Change of a score per 30 days, from a mixed model, by instrument and item: scales are never pooled."""
    request = replace(request, by=(*request.by, *(name for name in KEYS if name not in request.by)))
    table = request.rows(name="follow_ups")
    table = table.mutate(_person=_person(table), _moment=_moment(table))
    table = table.mutate(_sound=_._person.notnull() & _._moment.notnull() & _.score.notnull())
    each = ibis.window(group_by=[*request.by, "_person"])
    table = table.mutate(_alone=_._sound.sum().over(each) < 2)
    why = [("person and record missing", table._person.isnull()), ("moment missing", table._moment.isnull()),
           ("score missing", table.score.isnull()), ("one score only", table._alone)]
    recorded = ["score", "completed_at", "reached_at", "attempted_at"]
    groups = tally(request, count(request, table, why, recorded=recorded), why)
    used = judged(table, why).filter(_._why == -1)
    rows = request.fetch(used.select(*request.by, "score", person="_person", at="_moment"))
    place = locate(rows, groups, request.by)
    found = {group: trend(_since_first(rows[place == group]), request.variant["confidence"]) for group in groups.index}
    for name in ("slope", "low", "high"):
        groups[name] = [PER_DAYS * getattr(found[group], name) for group in groups.index]
    persons = [found[group].persons for group in groups.index]
    groups = groups.assign(numerator=np.nan, denominator=persons, value=groups["slope"], persons=persons,
                           persons_left_out=groups["left one score only"])
    return finish(request, groups, {group: item.note for group, item in found.items()}, extras=SIZES)
