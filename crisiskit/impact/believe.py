"""Which inference is to be believed, and all of them beside each other.

Cluster-robust t tests rest on many areas, treated and untreated. With few treated areas they reject far too often
(MacKinnon and Webb, Journal of Applied Econometrics 32 (2017) 233-254), so the kit believes them only from the numbers
below on. They are where a 5 % test with t(G-1) rejects at most 6.5 % of true nulls on panels like the field's
(`bench/calibration.py`): with 10 of 40 areas treated it rejects 9 %, with 20 of 100 7 %, with 40 of 80 or of 200 6 %.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from crisiskit.impact import twoway
from crisiskit.impact.panel import Panel
from crisiskit.impact.randomisation import deal, interval, possible, randomise
from crisiskit.impact.wild import wild

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.impact.result import Estimate

ENOUGH_TREATED, ENOUGH_UNTREATED, ENOUGH_CLUSTERS = 40, 40, 80
LEVEL = 0.05
Kind = Literal["cluster", "randomisation", "none"]
METHODS = {
    "cluster": "cluster-robust, t(G-1)",
    "wild_restricted": "wild cluster bootstrap, restricted",
    "wild_unrestricted": "wild cluster bootstrap, unrestricted",
    "randomisation": "randomisation of the programme",
}


@dataclass(frozen=True)
class Recommendation:
    """Which inference to believe, and why, in a sentence; `none` where no test can reach 5 %."""

    kind: Kind
    reason: str
    treated: int
    clusters: int
    assignments: int
    smallest_p: float


def recommend(panel: Panel) -> Recommendation:
    """Say which inference this panel bears, by the declared numbers of areas.

    `smallest_p` is what the assignments allow, whatever the number of draws.
    """
    assignments, smallest = possible(panel.status)
    clusters, treated = len(panel.units), int(panel.treated.sum())
    untreated = clusters - treated
    base = f"{treated} treated and {untreated} untreated areas"
    kind: Kind
    if treated >= ENOUGH_TREATED and untreated >= ENOUGH_UNTREATED and clusters >= ENOUGH_CLUSTERS:
        kind, reason = "cluster", f"{base} are enough for the cluster-robust interval"
    elif smallest <= LEVEL:
        kind = "randomisation"
        reason = (
            f"{base} are too few for cluster-robust or bootstrap inference (it needs {ENOUGH_TREATED} and "
            f"{ENOUGH_UNTREATED}, {ENOUGH_CLUSTERS} in all); randomisation over {assignments:,} possible assignments "
            "holds its level"
        )
    elif assignments == 1:
        kind, reason = "none", f"{base}: all have the same programme, so areas cannot be compared"
    else:
        kind = "none"
        reason = (
            f"{base} allow {assignments:,} assignments, whose smallest p is {smallest:.3f}: randomisation cannot reach "
            "5 %, and the other methods are not to be trusted with so few; more areas or another design would be needed"
        )
    return Recommendation(kind, reason, treated, clusters, assignments, smallest)


def inference_table(
    panel: Panel, estimate: "Estimate | None" = None, draws: int = 999, seed: int = 144, model: str = "",
    confidence: float = 0.95,
) -> "pd.DataFrame":  # fmt: skip
    """Every inference of the effect beside the others, and which one is to be believed.

    Rows: cluster-robust with t(G-1), wild bootstrap restricted and unrestricted, randomisation. Columns: method,
    estimate, p, low, high, relative_low, relative_high (of a linear model by
    the estimate's own share), clusters, treated, believed (at most
    one row), why. The first row is the design's own `estimate` where one is given. Where its design is `staggered`,
    randomisation deals out the imputation estimate; the bootstrap is of two-way fixed effects all the same, and says
    so. `model`: where none is given, linear for an estimate that is a difference and Poisson otherwise. An infinite end
    means that no effect on that side is rejected. UserError as from `deal` and `wild`.
    """
    import pandas as pd

    from crisiskit.impact import imputation

    staggered = estimate is not None and estimate.design == "staggered"
    model = model or ("linear" if estimate is not None and estimate.scale == "difference" else "poisson")
    dealt = deal(panel, model, draws, seed, imputation.reassigned if staggered else None)
    advice = recommend(panel)
    boot = wild(panel, model, draws, seed, confidence)
    test, span = randomise(panel, model, dealing=dealt), interval(panel, model, confidence=confidence, dealing=dealt)
    first = _cluster(panel, model, confidence) if estimate is None else (
        estimate.estimate, estimate.p, estimate.low, estimate.high
    )  # fmt: skip
    rows = [
        ("cluster", *first),
        ("wild_restricted", boot.estimate, boot.restricted.p, boot.restricted.low, boot.restricted.high),
        ("wild_unrestricted", boot.estimate, boot.unrestricted.p, boot.unrestricted.low, boot.unrestricted.high),
        ("randomisation", test.estimate, test.p, span.low, span.high),
    ]
    table = pd.DataFrame(rows, columns=["method", "estimate", "p", "low", "high"])
    for end in ("low", "high"):
        table[f"relative_{end}"] = table[end] * _share(estimate) if model == "linear" else np.expm1(table[end])
    table["clusters"], table["treated"] = advice.clusters, advice.treated
    table["believed"] = table["method"] == advice.kind
    note = "; ".join([*["of two-way fixed effects, which mislead where starts differ"] * staggered, boot.note])
    table["why"] = [_why(name, advice, note.strip("; "), test.not_fitted, span.note) for name in table["method"]]
    table["method"] = table["method"].map(METHODS)
    return table


def _share(estimate: "Estimate | None") -> float:
    """What one unit of a difference is as a share of what was expected, by the estimate; NaN where that is unknown."""
    if estimate is None or not estimate.estimate:
        return float("nan")
    return estimate.relative / estimate.estimate


def _cluster(panel: Panel, model: str, confidence: float) -> tuple[float, float, float, float]:
    """Effect, p and interval by Student's t with as many degrees of freedom as clusters less one."""
    from scipy.stats import t as student

    found = twoway.fit(panel.outcome, panel.status, model, panel.exposure)
    degrees = len(panel.units) - 1
    half = float(student.ppf((1 + confidence) / 2, degrees)) * found.se
    return found.b, float(2 * student.sf(abs(found.t), degrees)), found.b - half, found.b + half


def _why(method: str, advice: Recommendation, wild_note: str, not_fitted: int, span_note: str) -> str:
    """The sentence of one row: why it is believed, or why not."""
    if method == advice.kind or (advice.kind == "none" and method == "randomisation"):
        parts = [advice.reason]
    elif method == "randomisation":
        parts = ["holds its level too; agrees where areas are many"]
    elif advice.kind == "cluster":
        parts = ["not needed with so many areas; shown for comparison"]
    elif method == "cluster":
        parts = [f"rejects too often with {advice.treated} treated of {advice.clusters} areas"]
    elif method == "wild_restricted":
        parts = ["tends to reject too seldom where few areas are treated"]
    else:
        parts = ["rejects too often where few areas are treated"]
    if method.startswith("wild") and wild_note:
        parts.append(wild_note)
    if method == "randomisation":
        parts += [f"{not_fitted:,} assignments could not be fitted and count as extreme"] if not_fitted else []
        parts += [span_note] if span_note else []
    return "; ".join(parts)
