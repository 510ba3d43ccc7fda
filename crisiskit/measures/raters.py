"""Agreement between raters who scored the same contacts: Cohen's and Fleiss' kappa, and Krippendorff's alpha.

Ratings come as a tidy frame: `unit` (what was rated), `rater`, `score`, one row per rating. Agreement says how far
scores depend on who gives them; raters who agree may all be wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.errors import UserError, nearest
from crisiskit.measures.answer import finish, locate, tally
from crisiskit.measures.request import Request, count, judged
from crisiskit.measures.tables import open_tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

ONE_SCORE = "all scores are the same, or each unit has one"
LEVELS = ("nominal", "ordinal", "interval")
WEIGHTS = ("linear", "quadratic")
RESAMPLES, SEED = 2000, 20260101
SIZES = ("units", "raters")
KEYS = ("instrument", "item")


@dataclass(frozen=True)
class Agreement:
    """An agreement with its limits (NaN where they cannot be given), the ratings that it rests on, and a note.

    `left_out` counts ratings that the statistic cannot use; `ratings` and `units` are those used.
    """

    statistic: str
    value: float
    low: float
    high: float
    units: int
    raters: int
    ratings: int
    left_out: int
    note: str = ""


def ratings(tables: Any, instrument: str, item: str = "total") -> pd.DataFrame:
    """Form ratings from follow_ups: the record is the unit, the provider the rater.

    Rows of the instrument and item without record, provider or score are left out and counted in `attrs["left_out"]`.
    UserError when nothing has that name, or when one provider scored a record twice: the tables do not say which of
    the two counts.
    """
    opened = open_tables(tables)
    if "follow_ups" not in opened.tables:
        raise UserError("ratings: the source has no table 'follow_ups'")
    table = opened.tables["follow_ups"]
    held = opened.fetch(table.filter(table.score.notnull()).select("instrument", "item").distinct()).dropna()
    if not ((held["instrument"] == instrument) & (held["item"] == item)).any():
        known = sorted(set(held["instrument"]) if instrument not in set(held["instrument"]) else
                       held.loc[held["instrument"] == instrument, "item"])
        wanted = item if instrument in set(held["instrument"]) else instrument
        raise UserError(f"ratings: there are no scores of '{wanted}'{nearest(wanted, known)} "
                        f"(known: {', '.join(known) or 'none'})")
    chosen = table.filter(table.instrument == instrument, table.item == item)
    rows = opened.fetch(chosen.select(unit="record_id", rater="provider", score="score"))
    frame = rows.dropna().reset_index(drop=True)
    _checked(frame)
    frame.attrs["left_out"] = len(rows) - len(frame)
    return frame


def cohen(frame: pd.DataFrame, weights: str = "", confidence: float = 0.95) -> Agreement:
    """Cohen's kappa of two raters, over the units that both scored; `weights` linear or quadratic for graded scores.

    Weights are of the differences of the scores themselves. Limits are those of statsmodels (asymptotic).
    Sources: Cohen, Educational and Psychological Measurement 20 (1960) 37-46; Psychological Bulletin 70 (1968) 213-220.
    """
    from scipy.special import ndtri
    from statsmodels.stats.inter_rater import cohens_kappa

    if weights not in ("", *WEIGHTS):
        raise UserError(f"weights cannot be '{weights}'{nearest(weights, WEIGHTS) or ' (linear or quadratic)'}")
    wide = _checked(frame).pivot(index="unit", columns="rater", values="score")
    if wide.shape[1] != 2:
        raise UserError(f"Cohen's kappa is of two raters, and there are {wide.shape[1]}; use Fleiss or Krippendorff")
    both = wide.dropna()
    name = f"Cohen's kappa{f', {weights} weights' if weights else ''}"
    sizes = (len(both), 2, 2 * len(both), len(frame) - 2 * len(both))
    scores = np.unique(both.to_numpy())
    if len(scores) < 2:
        return Agreement(name, np.nan, np.nan, np.nan, *sizes, "all scores are the same, or no unit was scored by both")
    table = np.zeros((len(scores), len(scores)))
    places = np.searchsorted(scores, both.to_numpy())
    np.add.at(table, (places[:, 0], places[:, 1]), 1)
    options = {"weights": np.asarray(scores, float), "wt": weights} if weights else {}
    found = cohens_kappa(table, **options)
    half = ndtri((1 + confidence) / 2) * float(np.sqrt(found.var_kappa))
    return Agreement(name, float(found.kappa), float(found.kappa) - half, min(float(found.kappa) + half, 1.0), *sizes)


def fleiss(frame: pd.DataFrame, confidence: float = 0.95, seed: int = SEED) -> Agreement:
    """Fleiss' kappa of any number of raters; units with fewer ratings than most have are left out, and counted.

    Limits: percentiles of a bootstrap over units (seeded). Source: Fleiss, Psychological Bulletin 76 (1971) 378-382.
    """
    counts, raters = _counts(frame)
    full = counts.sum(axis=1)
    kept = counts[full == full.max(initial=0)] if full.max(initial=0) > 1 else counts[:0]
    sizes = (len(kept), raters, int(kept.sum()), int(counts.sum() - kept.sum()))
    if (kept.sum(axis=0) > 0).sum() < 2:
        return Agreement("Fleiss' kappa", np.nan, np.nan, np.nan, *sizes, ONE_SCORE)
    low, high, note = _bootstrap(kept, fleiss_of, confidence, seed)
    return Agreement("Fleiss' kappa", fleiss_of(kept), low, high, *sizes, note)


def fleiss_of(counts: "NDArray[np.float64]") -> float:
    """Fleiss' kappa of a table of counts, units by scores; NaN where one score is the only one."""
    from statsmodels.stats.inter_rater import fleiss_kappa

    return float(fleiss_kappa(counts)) if (counts.sum(axis=0) > 0).sum() > 1 else np.nan


def krippendorff(frame: pd.DataFrame, level: str = "nominal", confidence: float = 0.95, seed: int = SEED) -> Agreement:
    """Krippendorff's alpha of any number of raters with ratings missing; units with one rating are left out, counted.

    `level` says what a difference of scores means: nominal, ordinal or interval. Limits: percentiles of a bootstrap
    over units (seeded). Source: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011).
    """
    if level not in LEVELS:
        raise UserError(f"level cannot be '{level}'{nearest(level, LEVELS) or ' (one of ' + ', '.join(LEVELS) + ')'}")
    counts, raters = _counts(frame)
    scores = np.unique(frame["score"].to_numpy())
    kept = counts[counts.sum(axis=1) > 1]
    name = f"Krippendorff's alpha, {level}"
    sizes = (len(kept), raters, int(kept.sum()), int(counts.sum() - kept.sum()))
    value = alpha_of(kept, scores, level)
    if np.isnan(value):
        return Agreement(name, np.nan, np.nan, np.nan, *sizes, ONE_SCORE)
    low, high, note = _bootstrap(kept, partial(alpha_of, scores=scores, level=level), confidence, seed)
    return Agreement(name, value, low, high, *sizes, note)


def alpha_of(counts: "NDArray[np.float64]", scores: "NDArray[Any]", level: str) -> float:
    """Alpha of a table of counts (units by scores, in order): 1 - observed / expected disagreement; NaN without any.

    The coincidence of two scores in a unit of m ratings weighs 1 / (m - 1), so that every rating counts once.
    """
    weights = 1 / (counts.sum(axis=1) - 1)
    together = (counts * weights[:, None]).T @ counts - np.diag((counts * weights[:, None]).sum(axis=0))
    totals = together.sum(axis=1)
    apart = _differences(scores, totals, level)
    expected = (np.outer(totals, totals) * apart).sum()
    return float(1 - (totals.sum() - 1) * (together * apart).sum() / expected) if expected > 0 else np.nan


def _differences(scores: "NDArray[Any]", totals: "NDArray[np.float64]", level: str) -> "NDArray[np.float64]":
    """Squared differences of every two scores: 0 or 1, ranks between them by how often they occur, or plain."""
    if level == "nominal":
        return 1 - np.eye(len(scores))
    if level == "interval":
        return np.subtract.outer(scores.astype(float), scores.astype(float)) ** 2
    middle = np.cumsum(totals) - totals / 2  # the scores between two, and half of the two
    return np.subtract.outer(middle, middle) ** 2


def _counts(frame: pd.DataFrame) -> "tuple[NDArray[np.float64], int]":
    """Count the ratings by unit and score (in order); also the number of raters."""
    counts = pd.crosstab(_checked(frame)["unit"], frame["score"])
    return counts.to_numpy(dtype=float), int(frame["rater"].nunique())


def _checked(frame: pd.DataFrame) -> pd.DataFrame:
    """UserError unless the frame holds whole ratings, each rater once per unit."""
    lacking = [name for name in ("unit", "rater", "score") if name not in frame]
    if lacking:
        raise UserError(f"ratings: column {', '.join(lacking)} is missing; a rating has unit, rater and score")
    if frame[["unit", "rater", "score"]].isna().any(axis=None):
        raise UserError("ratings: a unit, rater or score is missing; leave such rows out, and count them")
    twice = frame[frame.duplicated(["unit", "rater"])]
    if len(twice):
        raise UserError(f"ratings: rater '{twice['rater'].iloc[0]}' scored unit '{twice['unit'].iloc[0]}' twice")
    return frame


def _bootstrap(counts: "NDArray[np.float64]", statistic: Callable[["NDArray[np.float64]"], float], confidence: float,
               seed: int) -> tuple[float, float, str]:
    """Percentile limits over units drawn with replacement; draws in which the statistic is undefined are counted."""
    if len(counts) < 2:
        return np.nan, np.nan, "one unit has no interval"
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(counts), (RESAMPLES, len(counts)))
    values = np.array([statistic(counts[places]) for places in drawn])
    lost = int(np.isnan(values).sum())
    if lost > RESAMPLES / 20:
        return np.nan, np.nan, f"no interval: {lost:,} of {RESAMPLES:,} resamples hold one score only"
    low, high = np.nanquantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high), ""


def rater_agreement(request: Request) -> pd.DataFrame:
    """Agreement on the same record between providers, by instrument and item: scales are never pooled."""
    request = replace(request, by=(*request.by, *(name for name in KEYS if name not in request.by)))
    table = request.rows(name="follow_ups")
    sound = table.record_id.notnull() & table.provider.notnull() & table.score.notnull()
    pair = [*request.by, "source", "record_id"]
    table = table.mutate(_sound=sound)
    table = table.mutate(_twice=_._sound.sum().over(ibis.window(group_by=[*pair, "provider"])) > 1)
    table = table.mutate(_alone=(_._sound & ~_._twice).sum().over(ibis.window(group_by=pair)) < 2)
    why = [("record_id missing", table.record_id.isnull()), ("provider missing", table.provider.isnull()),
           ("score missing", table.score.isnull()), ("scored twice by one provider", table._twice),
           ("one rating only", table._alone)]
    groups = tally(request, count(request, table, why, recorded=["record_id", "provider", "score"]), why)
    used = judged(table, why).filter(_._why == -1)
    frame = request.fetch(used.select(*dict.fromkeys([*request.by, "source", "record_id", "provider", "score"])))
    place = locate(frame, groups, request.by)
    found = {group: _agreed(request, frame[place == group]) for group in groups.index}
    return _answer(request, groups, found)


def _agreed(request: Request, frame: pd.DataFrame) -> Agreement:
    """The statistic asked for, of one group's ratings."""
    method, level, confidence = (request.variant[name] for name in ("method", "level", "confidence"))
    given = pd.DataFrame({"unit": frame["source"].astype("str") + "\t" + frame["record_id"].astype("str"),
                          "rater": frame["provider"].astype("str"), "score": frame["score"].astype(float)})
    if method == "fleiss":
        return fleiss(given, confidence)
    if method == "krippendorff":
        return krippendorff(given, level, confidence)
    raters = given["rater"].nunique()
    if raters != 2:
        note = f"Cohen's kappa is of two raters, and there are {raters}"
        return Agreement("", np.nan, np.nan, np.nan, 0, raters, 0, len(given), note)
    return cohen(given, {"nominal": "", "ordinal": "linear", "interval": "quadratic"}[level], confidence)


def _answer(request: Request, groups: pd.DataFrame, found: dict[int, Agreement]) -> pd.DataFrame:
    """Put agreements beside the groups; ratings that the statistic cannot use leave the rows used, and are counted."""
    for name in ("value", "low", "high", *SIZES, "left_out"):
        groups[name] = [float(getattr(found[group], name)) for group in groups.index]
    groups["left another number of ratings"] = groups["left_out"]
    groups["rows_used"] -= groups["left_out"].astype("int64")
    groups["rows_left_out"] += groups["left_out"].astype("int64")
    groups = groups.assign(numerator=np.nan, denominator=groups["units"])
    return finish(request, groups, {group: item.note for group, item in found.items()}, extras=SIZES)
