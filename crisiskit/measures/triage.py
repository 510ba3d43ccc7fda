"""A triage rule or model against adjudicated truth: sensitivity, specificity, predictive values, errors by group.

Cases that nobody adjudicated are left out, counted, and bounded. Where only the flagged cases were adjudicated, nobody
knows what the rule missed: sensitivity and specificity are then refused (verification bias), not computed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.errors import UserError, nearest
from crisiskit.measures.answer import finish, ratio, tally
from crisiskit.measures.intervals import wilson
from crisiskit.measures.outcomes import BOUNDS
from crisiskit.measures.request import AGGREGATE, Request, Why, count
from crisiskit.measures.tables import open_tables
from crisiskit.standard import dictionary

STATISTICS = ("sensitivity", "specificity", "positive_predictive_value", "negative_predictive_value", "flagged_share",
              "prevalence")
CELLS = ("true_positive", "false_positive", "false_negative", "true_negative")
OPEN = ("open_flagged", "open_passed")
"""Cases without adjudicated truth, by what the rule decided."""

VERIFICATION = "verification bias: {passed} of the cases not flagged and {flagged} of the flagged were adjudicated"
NONE_PASSED = "no case that was not flagged was adjudicated, so nobody knows what was missed (verification bias)"
FEW = 30
"""Cases behind a figure below which a group is marked as small."""


@dataclass(frozen=True)
class Verification:
    """How unevenly flagged and other cases may be adjudicated before it is said: ratio of the two shares."""

    least_ratio: float = 0.8


def evaluate(frame: pd.DataFrame, decision: str, truth: str, threshold: float | None = None,
             by: Sequence[str] = (), confidence: float = 0.95,
             verification: Verification = Verification()) -> pd.DataFrame:
    """Evaluate a rule: one row per group and statistic, with n, Wilson limits, and bounds for what is not adjudicated.

    `decision` is a yes/no column, or a score that is flagged from `threshold` on; `truth` a yes/no column, null where
    nobody adjudicated. Columns: *by, statistic, numerator, denominator, value, low, high, recorded_share, bound_low,
    bound_high, not_adjudicated, undecided (rows without a decision), small, note.
    """
    keys = [by] if isinstance(by, str) else list(by)
    for name in (decision, truth, *keys):
        if name not in frame:
            raise UserError(f"triage: there is no column '{name}'{nearest(name, frame.columns)}")
    flagged = _flagged(frame[decision], decision, threshold)
    cells = pd.DataFrame(_cells(flagged, _yes_no(frame[truth], truth)) | {"undecided": flagged.isna().astype("int64")})
    grouping = [frame[name] for name in keys] or [pd.Series(0, index=frame.index)]
    counts = cells.groupby(grouping, dropna=False).sum()
    rows = statistics(counts.reset_index(drop=True), confidence, verification)
    places = rows.pop("_row")
    head = counts.index.to_frame(index=False).set_axis(keys, axis=1) if keys else pd.DataFrame(index=[0])
    return pd.concat([head.iloc[places].reset_index(drop=True), rows.reset_index(drop=True)], axis=1)


def curve(frame: pd.DataFrame, score: str, truth: str, thresholds: Sequence[float] = (),
          confidence: float = 0.95) -> pd.DataFrame:
    """Trace a score over thresholds (each distinct score, where none are given): a case is flagged from there on.

    Columns: threshold, n (adjudicated), left_out (without truth or score), flagged_share, and sensitivity, specificity,
    ppv, npv each with _low and _high. Only adjudicated cases can be traced, so a curve inherits their selection.
    UserError where nothing was adjudicated as yes, or nothing as no: one side of the curve does not exist.
    """
    for name in (score, truth):
        if name not in frame:
            raise UserError(f"triage: there is no column '{name}'{nearest(name, frame.columns)}")
    told = pd.DataFrame({"score": frame[score].astype("float64"), "truth": _yes_no(frame[truth], truth)}).dropna()
    values = told["score"].to_numpy(dtype=float)
    yes = told["truth"].to_numpy(dtype=bool)
    if not yes.any() or yes.all():
        only = "yes" if len(yes) and yes.all() else "no"
        raise UserError(f"triage: {truth} is {only} in all {len(yes):,} adjudicated cases with a score; a curve needs "
                        "both")
    marks = np.unique(values) if len(thresholds) == 0 else np.asarray(thresholds, float)
    high, low = np.sort(values[yes]), np.sort(values[~yes])
    hits = len(high) - np.searchsorted(high, marks)  # from the threshold on, so equal counts as flagged
    alarms = len(low) - np.searchsorted(low, marks)
    parts = {"sensitivity": (hits, len(high)), "specificity": (len(low) - alarms, len(low)),
             "ppv": (hits, hits + alarms), "npv": (len(low) - alarms, len(values) - hits - alarms)}
    table = pd.DataFrame({"threshold": marks, "n": len(values), "left_out": len(frame) - len(told),
                          "flagged_share": (hits + alarms) / len(values)})
    for name, (part, whole) in parts.items():
        total = np.broadcast_to(np.asarray(whole, float), marks.shape)
        table[name] = np.divide(part, total, out=np.full(marks.shape, np.nan), where=total > 0)
        table[f"{name}_low"], table[f"{name}_high"] = wilson(part, total, confidence)
    return table


def scored(tables: Any, instrument: str, truth: str, item: str = "total") -> pd.DataFrame:
    """Form scores with what proved true: one row per record with a score of the instrument in follow_ups.

    Columns: score, the highest of the record (it is flagged as soon as one score reaches a threshold); truth, yes, no,
    or null where the record does not say, or two records of that id disagree. `truth` is written as for
    `triage_accuracy`. Scores without a record are left out, and counted in `attrs["left_out"]`. UserError when nothing
    has that name.
    """
    opened = open_tables(tables)
    for name in ("interventions", "follow_ups"):
        if name not in opened.tables:
            raise UserError(f"triage: the source has no table '{name}'")
    steps, records = opened.tables["follow_ups"], opened.tables["interventions"]
    rows = steps.filter(steps.score.notnull(), steps["item"] == item)
    known = opened.fetch(rows.select("instrument").distinct())["instrument"].dropna()
    if instrument not in set(known):
        raise UserError(f"triage: there are no scores of '{instrument}' in item '{item}'{nearest(instrument, known)} "
                        f"(known: {', '.join(sorted(known)) or 'none'})")
    rows = rows.filter(rows.instrument == instrument)
    _column, true = _said(records, truth, "truth")
    keys = ["source", "record_id"]
    told = records.mutate(_true=true.cast("int8")).group_by(keys).aggregate(low=_._true.min(), high=_._true.max())
    highest = rows.group_by(keys).aggregate(score=_.score.max(), number=_.count())
    joined = opened.fetch(highest.left_join(told, keys).select("score", "number", "low", "high", record=told.record_id))
    kept = joined[joined["record"].notna()].reset_index(drop=True)
    same = kept["low"].eq(kept["high"])
    frame = pd.DataFrame({"score": kept["score"].astype("float64"),
                          "truth": kept["high"].astype("boolean").mask(~same.fillna(False).astype(bool))})
    frame.attrs["left_out"] = int(joined["number"].sum() - kept["number"].sum())
    return frame


def statistics(counts: pd.DataFrame, confidence: float, verification: Verification) -> pd.DataFrame:
    """Return the statistics of each row of counts (CELLS, OPEN, undecided), `_row` its position; see `evaluate`."""
    hit, alarm, miss, quiet = (counts[name].astype("float64") for name in CELLS)
    flagged, passed = (counts[name].astype("float64") for name in OPEN)
    known, whole = hit + alarm + miss + quiet, hit + alarm + miss + quiet + flagged + passed
    nothing = 0 * known
    # numerator, denominator, then both with every open case against the rule, and with every one in its favour
    shares = {
        "sensitivity": (hit, hit + miss, hit, hit + miss + passed, hit + flagged, hit + flagged + miss),
        "specificity": (quiet, quiet + alarm, quiet, quiet + alarm + flagged, quiet + passed, quiet + passed + alarm),
        "positive_predictive_value": (hit, hit + alarm, hit, hit + alarm + flagged, hit + flagged,
                                      hit + alarm + flagged),
        "negative_predictive_value": (quiet, quiet + miss, quiet, quiet + miss + passed, quiet + passed,
                                      quiet + miss + passed),
        "flagged_share": (hit + alarm + flagged, whole, hit + alarm + flagged, whole, hit + alarm + flagged, whole),
        "prevalence": (hit + miss, known, hit + miss, whole, hit + miss + flagged + passed, whole),
    }
    notes, refused = _verified(counts, verification)
    parts = []
    for name, (part, total, worst, worst_total, best, best_total) in shares.items():
        low, high = wilson(part, total, confidence)
        rows = pd.DataFrame({
            "statistic": name, "numerator": part, "denominator": total, "value": ratio(part, total), "low": low,
            "high": high, "recorded_share": ratio(known, whole), "bound_low": ratio(worst, worst_total),
            "bound_high": ratio(best, best_total), "not_adjudicated": flagged + passed,
            "undecided": counts.get("undecided", nothing), "small": total < FEW, "note": notes,
            "_row": range(len(counts)),
        })
        if name in ("sensitivity", "specificity", "negative_predictive_value", "prevalence"):
            rows.loc[refused, ["numerator", "denominator", "value", "low", "high"]] = np.nan
        parts.append(rows)
    return pd.concat(parts).sort_values("_row", kind="stable", ignore_index=True)


def _verified(counts: pd.DataFrame, verification: Verification) -> tuple[list[str], pd.Series]:
    """Say, for each row, whether flagged cases were adjudicated more often than others, and where nothing else was."""
    flagged = counts["true_positive"] + counts["false_positive"]
    passed = counts["false_negative"] + counts["true_negative"]
    all_flagged, all_passed = flagged + counts["open_flagged"], passed + counts["open_passed"]
    refused = (passed == 0) & (all_passed > 0)
    of_flagged, of_passed = ratio(flagged, all_flagged), ratio(passed, all_passed)
    notes = []
    for place in counts.index:
        if refused[place]:
            notes.append(NONE_PASSED)
        elif of_passed[place] < verification.least_ratio * of_flagged[place]:
            notes.append(VERIFICATION.format(passed=f"{100 * of_passed[place]:.1f} %",
                                             flagged=f"{100 * of_flagged[place]:.1f} %"))
        else:
            notes.append("")
    return notes, refused


def _cells(flagged: pd.Series, truth: pd.Series) -> dict[str, pd.Series]:
    """The four cells and the two kinds of case that nobody adjudicated, as zeros and ones."""
    yes, no = flagged.fillna(False), ~flagged.fillna(True)
    right, wrong = truth.fillna(False), ~truth.fillna(True)
    parts = (yes & right, yes & wrong, no & right, no & wrong, yes & truth.isna(), no & truth.isna())
    return {name: part.astype("int64") for name, part in zip((*CELLS, *OPEN), parts, strict=True)}


def _flagged(values: pd.Series, name: str, threshold: float | None) -> pd.Series:
    if threshold is None:
        return _yes_no(values, name)
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        raise UserError(f"triage: a threshold needs scores, and column '{name}' holds none")
    return (values.astype("float64") >= threshold).astype("boolean").mask(values.isna())


def _yes_no(values: pd.Series, name: str) -> pd.Series:
    """Return yes, no or null; UserError for a column that holds anything but these."""
    known = values.dropna()
    if not known.isin([True, False]).all():
        wrong = known[~known.isin([True, False])].iloc[0]
        raise UserError(f"triage: column '{name}' holds '{wrong}'; it must be true or false, and a score needs a "
                        "threshold")
    return values.astype("boolean")


def triage_accuracy(request: Request) -> pd.DataFrame:
    """Sensitivity, specificity and predictive values of what was decided against what proved true, with bounds."""
    table = request.rows()
    sides = {name: _said(table, request.variant[name], name) for name in ("decision", "truth")}
    (column, flagged), (other, true) = sides.values()
    if request.variant["decision"] == request.variant["truth"]:
        raise UserError(f"triage_accuracy: '{request.variant['truth']}' is the decision; a rule is not its own truth")
    sums = _sums(flagged, true)
    why: Why = [AGGREGATE, (f"{column} not known", flagged.isnull())]
    recorded = list(dict.fromkeys([column, other]))
    groups = tally(request, count(request, table, why, sums, recorded=recorded), why, sums)
    rows = statistics(groups[list(sums)].reset_index(drop=True), request.variant["confidence"], Verification())
    places = rows.pop("_row").to_numpy()
    shown = groups.iloc[places].reset_index(drop=True).join(rows)
    notes = {place: note for place, note in enumerate(shown["note"]) if note}
    return finish(request, shown, notes, {"not adjudicated": "not_adjudicated"}, BOUNDS, needs=[recorded])


def _said(table: ibis.Table, text: str, role: str) -> tuple[str, ibis.Value]:
    """Read "column" or "column=value,value" as yes, no, or null where it is not known; the column comes with it."""
    name, equals, values = text.partition("=")
    if name not in table.columns:
        dictionary.table("interventions").column(name)
    column = table[name]
    if column.type().is_boolean() and not equals:
        return name, column
    if not equals or not column.type().is_string():
        raise UserError(f"triage_accuracy: {role} '{text}' is neither a yes/no column nor a text column with values, "
                        "such as risk=high,imminent")
    known = dictionary.table("interventions").columns.get(name)
    for value in values.split(","):
        if known and known.codes and not known.open_codes and value not in known.codes:
            raise UserError(f"triage_accuracy: {name} has no code '{value}'{nearest(value, known.codes)}")
    told = column.notnull() & column.notin(dictionary.KINDS)
    return name, ibis.ifelse(told, column.isin(values.split(",")), ibis.null("boolean"))


def _sums(flagged: ibis.Value, truth: ibis.Value) -> dict[str, ibis.Value]:
    parts = (flagged & truth, flagged & ~truth, ~flagged & truth, ~flagged & ~truth, flagged & truth.isnull(),
             ~flagged & truth.isnull())
    return {name: part.sum() for name, part in zip((*CELLS, *OPEN), parts, strict=True)}
