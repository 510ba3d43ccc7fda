"""Missing completely at random: does a field go missing equally often at every site, month, responder, need?

The test looks at what is observed. Where it finds a difference, complete-case percentages are biased unless that is
taken into account. Where it finds none, the field can still go missing by its own value, which no test can see: give
bounds either way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.errors import UserError
from crisiskit.measures.dimensions import DIMENSIONS
from crisiskit.measures.outcomes import UNDECIDED
from crisiskit.measures.request import AGGREGATE, Request, ask, judged, missing
from crisiskit.standard import dictionary

HOUR_BAND = "hour_band"
"""Six hours of the local day: 0 from midnight, 3 from 18:00."""

NOT_RECORDED = "not recorded in this source: "
DIFFERS, SLIGHT, SAME, FEW = "differs", "differs, below the material size", "no difference found", "too few"
NUMBERS = ("n", "missing", "missing_share", "level_unknown", "levels", "pooled_levels", "chi_square", "degrees", "p",
           "p_holm", "cramers_v")

FEWEST_EXPECTED = 5.0
"""Levels in which fewer records are expected to be missing, or known, are pooled: Cochran, Biometrics 10 (1954) 417."""


@dataclass(frozen=True)
class Judgement:
    """From where on a difference counts: level of the adjusted p, and the smallest Cramér's V that is material."""

    alpha: float = 0.05
    material_v: float = 0.1


DEFAULT = Judgement()


def missingness(tables: Any, field: str, against: Sequence[str] = ("site", "month", "need", "responder"),
                where: Mapping[str, Any] | None = None, judgement: Judgement = DEFAULT) -> pd.DataFrame:
    """Test whether `field` is missing completely at random against each observed column: one row per column.

    Columns: field, against, `n` (single records where the field applies and the column is known), `missing`,
    `missing_share`, `level_unknown` (records left out because the column is not known), `levels`, `pooled_levels`
    (small ones, tested as one), `chi_square`, `degrees`, `p`, `p_holm` (adjusted over the columns tested),
    `cramers_v`, `finding`, and `verdict`, one sentence for the field, the same in every row. With many records a
    difference of no size is significant, so a verdict needs V of `judgement.material_v` too. Null numbers and a
    finding that says why where a column or the field is not recorded. Pearson's chi-square without correction; Holm,
    Scandinavian Journal of Statistics 6 (1979) 65. UserError for a name that is not known or a column of lists.
    """
    request = ask(tables, "records", where=where)
    rows = []
    for name in dict.fromkeys([against] if isinstance(against, str) else against):
        if name == field:
            raise UserError(f"against: '{field}' cannot be tested against itself")
        rows.append({"field": field, "against": name, **_tested(_levels(request, field, name), name, field)})
    frame = pd.DataFrame(rows).reindex(columns=["field", "against", *NUMBERS, "finding"])
    frame[list(NUMBERS)] = frame[list(NUMBERS)].astype("float64")
    frame["p_holm"] = _holm(frame["p"])
    tested = frame["p"].notna()
    sure = tested & (frame["p_holm"] < judgement.alpha)
    material = sure & (frame["cramers_v"] >= judgement.material_v)
    frame.loc[tested, "finding"] = np.select([material[tested], sure[tested]], [DIFFERS, SLIGHT], SAME)
    return frame.assign(verdict=_verdict(frame))


def _levels(request: Request, field: str, name: str) -> pd.DataFrame:
    """Count, in the engine, the single records to which the field applies: columns level, lost (0 or 1), rows."""
    band = name == HOUR_BAND
    table = request.rows(also=[field, *([] if band else [name])])
    level = table.received_local.hour() // 6 if band else table[name]
    if level.type().is_array():
        raise UserError(f"against: '{name}' holds lists, so a record stands in several levels; choose another column")
    if field in DIMENSIONS:
        raise UserError(f"field: '{field}' is derived from the calendar; name a column of the table")
    why = [AGGREGATE, *missing(table, field)]
    lost = [place for place, (label, _condition) in enumerate(why) if label in UNDECIDED]
    if level.type().is_string():
        level = ibis.ifelse(level.isin(dictionary.KINDS), ibis.null("string"), level)
    counted = judged(table.mutate(level=level), why).filter(_._why.isin([-1, *lost]))
    counted = counted.group_by(["level", (_._why != -1).cast("int64").name("lost")]).aggregate(rows=_.count())
    return request.tables.fetch(counted)


def _tested(counts: pd.DataFrame, name: str, field: str) -> dict[str, Any]:
    """Test one column: numbers, or the finding that says why there are none."""
    from scipy.stats import chi2_contingency
    from scipy.stats.contingency import association

    known = counts[counts["level"].notna()]
    table = known.pivot_table(index="level", columns="lost", values="rows", aggfunc="sum")
    table = table.reindex(columns=[0, 1]).fillna(0).astype("int64")
    n, lost = int(table.to_numpy().sum()), int(table[1].sum())
    everywhere = counts.groupby("lost")["rows"].sum()
    facts: dict[str, Any] = {"n": n, "missing": lost, "missing_share": lost / n if n else np.nan,
                             "level_unknown": int(counts["rows"].sum()) - n, "levels": len(table)}
    if everywhere.get(0, 0) == 0:
        return {"finding": NOT_RECORDED + field}
    if n == 0:
        return {"finding": NOT_RECORDED + name}
    if everywhere.get(1, 0) == 0:
        return facts | {"finding": "nothing is missing"}
    if lost in (0, n):
        return facts | {"finding": f"{'nothing' if lost == 0 else 'everything'} is missing where {name} is known"}
    pooled = _pooled(table, lost / n)
    facts["pooled_levels"] = len(table) - len(pooled) + 1 if len(pooled) < len(table) else 0
    expected = pooled.sum(axis=1).min() * min(lost / n, 1 - lost / n) if len(pooled) else 0.0
    if len(pooled) < 2 or expected < FEWEST_EXPECTED:
        return facts | {"finding": FEW}
    result = chi2_contingency(pooled.to_numpy(), correction=False)
    return facts | {"chi_square": float(result.statistic), "degrees": int(result.dof), "p": float(result.pvalue),
                    "cramers_v": float(association(pooled.to_numpy(), method="cramer")), "finding": SAME}


def _pooled(table: pd.DataFrame, share: float) -> pd.DataFrame:
    """Put the smallest levels together into one until enough records are expected on either side of it."""
    rarer = min(share, 1 - share)
    table = table.loc[table.sum(axis=1).sort_values(kind="stable").index]
    sizes = table.sum(axis=1).to_numpy()
    small = int((sizes * rarer < FEWEST_EXPECTED).sum())
    while 0 < small < len(sizes) and (small < 2 or sizes[:small].sum() * rarer < FEWEST_EXPECTED):
        small += 1
    if small < 2:
        return table
    return pd.DataFrame([table.iloc[:small].sum().to_numpy(), *table.iloc[small:].to_numpy()], columns=[0, 1])


def _holm(p: pd.Series) -> pd.Series:
    """Adjust the p of the columns that could be tested."""
    from statsmodels.stats.multitest import multipletests

    known = p.dropna()
    return pd.Series(multipletests(known, method="holm")[1], known.index).reindex(p.index) if len(known) else p


def _verdict(frame: pd.DataFrame) -> str:
    """Say in one sentence what the columns together show of the field."""
    differing = list(frame.loc[frame["finding"] == DIFFERS, "against"])
    slight = list(frame.loc[frame["finding"] == SLIGHT, "against"])
    if differing:
        return f"not completely at random: differs by {', '.join(differing)}"
    if slight:
        return f"no material difference found; small ones by {', '.join(slight)}"
    if (frame["finding"] == SAME).any():
        return SAME
    absent = frame["finding"] == NOT_RECORDED + frame["against"]
    findings = list(dict.fromkeys(frame["finding"].where(~absent).dropna())) or list(frame["finding"])
    return findings[0] if len(findings) == 1 else FEW
