"""The effect period by period around the start, against the last period before it.

Source: Freyaldenhoven, Hansen, Perez and Shapiro, "Visualization, identification, and estimation in the linear panel
event-study design" (2021); why it serves one date only: Sun and Abraham, Journal of Econometrics 225 (2021) 175-199.
"""

from dataclasses import dataclass

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact import twoway
from crisiskit.impact.did import ASSUMPTIONS, WORDS, dummies, fitted
from crisiskit.impact.panel import Panel
from crisiskit.impact.result import Estimate

REFERENCE = -1
SINGULAR = 1e-10
"""Directions in which the covariance is smaller than this share of its largest are not inverted: with fewer areas than
periods they hold rounding errors only."""


@dataclass(frozen=True)
class Path:
    """Coefficients by event time (`at`, without the reference), with their clustered covariance (factor G/(G-1)).

    `nested`: the further factor (N-1)/(N-K) with the areas' effects not counted, as fixest and pyfixest have it.
    """

    at: np.ndarray
    estimate: np.ndarray
    covariance: np.ndarray
    clusters: int
    nested: float
    reference: int = REFERENCE
    tail: bool = False  # the last coefficient is a bin that holds later periods too
    head: bool = False  # the first one is a bin that holds earlier periods too

    @property
    def before(self) -> np.ndarray:
        """Mask of the coefficients before the start."""
        return self.at < 0


def path(panel: Panel, model: str = "poisson", reference: int = REFERENCE, lead: int = 0, lag: int = 0) -> Path:
    """Coefficients of treated areas by period from the start; earlier than -`lead` or later than `lag` in one bin each.

    0 for `lead` or `lag`: no bin. A period that is unknown in all areas has no coefficient. UserError for a roll-out
    that is not at one date, fewer than two periods before the start, a reference outside the periods or unknown, a
    group without any event in a period (Poisson), and as `twoway.fit`.
    """
    if panel.roll_out != "block":
        raise UserError(f"an event study needs one start for all areas, this roll-out is {panel.roll_out}; use the "
                        "design for staggered adoption")  # fmt: skip
    twoway.refuse(panel.outcome, panel.status, model)
    start = int((panel.status > 0).any(axis=0).argmax())
    times = np.arange(len(panel.starts)) - start
    if start < 2:
        raise UserError("an event study needs at least two periods before the start")
    if reference not in times or reference >= 0:
        raise UserError(f"reference {reference} is none of the periods before the start ({times[0]} to -1)")
    binned = np.clip(times, -lead if lead else None, lag if lag else None) if lead or lag else times
    known = np.isfinite(panel.outcome).any(axis=0)
    if not known[times == reference].any():
        raise UserError(f"the outcome is unknown in all areas in the reference period ({reference} from the start)")
    at = np.array([time for time in np.unique(binned[known]) if time != reference])
    columns = [panel.treated[:, None] * (binned == time)[None, :] * 1.0 for time in at]
    data = dummies(panel, columns, model)
    if np.linalg.matrix_rank(data.x) < data.rank:
        raise UserError("coefficients by period cannot be told apart from the effects of areas and periods: a period "
                        "or a group has no event")  # fmt: skip
    result = fitted(data, model, len(at))
    groups = len(np.unique(data.cluster))
    covariance = np.asarray(result.cov_params())[: len(at), : len(at)] * groups / (groups - 1)
    n = len(data.y)
    nested = (n - 1) / (n - data.rank + groups - 1)
    return Path(at, np.asarray(result.params)[: len(at)], covariance, groups, nested, reference,
                bool(lag) and lag < times[-1], bool(lead) and -lead > times[0])  # fmt: skip


def event_study(
    panel: Panel, model: str = "poisson", reference: int = REFERENCE, lead: int = 0, lag: int = 0,
    confidence: float = 0.95,
) -> Estimate:  # fmt: skip
    """The coefficients as an estimate: `series` by event time, the mean after the start as the one number.

    Intervals by Student's t with G-1 degrees of freedom. `details` holds the joint test of the periods before the start
    (`pre_chi2`, `pre_df`, `pre_p`); `model` is the `Path` with the covariance.
    """
    import pandas as pd
    from scipy.stats import t as student

    found = path(panel, model, reference, lead, lag)
    crit = float(student.ppf((1 + confidence) / 2, found.clusters - 1))
    errors = np.sqrt(np.diag(found.covariance))
    series = pd.DataFrame({"at": found.at, "estimate": found.estimate, "low": found.estimate - crit * errors,
                           "high": found.estimate + crit * errors})  # fmt: skip
    zero = pd.DataFrame({"at": [reference], "estimate": [0.0], "low": [0.0], "high": [0.0]})
    series = pd.concat([series, zero], ignore_index=True).sort_values("at", ignore_index=True)
    weight = (~found.before) / (~found.before).sum()
    b, se = float(weight @ found.estimate), float(np.sqrt(weight @ found.covariance @ weight))
    low, high, p = b - crit * se, b + crit * se, float(2 * student.sf(abs(b / se), found.clusters - 1))
    shares = [float("nan") if model == "linear" else float(np.expm1(value)) for value in (b, low, high)]
    chi2, df, pre_p = joint_test(found)
    return Estimate(
        design=f"event_study_{model}", outcome=panel.label, scale="difference" if model == "linear" else "log",
        estimate=b, se=se, low=low, high=high, p=p,
        relative=shares[0], relative_low=shares[1], relative_high=shares[2], n=int(np.isfinite(panel.outcome).sum()),
        units=len(panel.units), treated_units=int(panel.treated.sum()), clusters=found.clusters,
        method=f"event study, {WORDS[model]}, mean of the periods after the start, t({found.clusters - 1})",
        correction=twoway.CORRECTION, confidence=confidence, assumptions=ASSUMPTIONS,
        details={"pre_chi2": chi2, "pre_df": df, "pre_p": pre_p}, series=series, model=found,
    )  # fmt: skip


def joint_test(found: Path) -> tuple[float, int, float]:
    """Wald test that all coefficients before the start are 0: chi-square, degrees of freedom, p.

    The covariance carries both small-sample factors (`Path.nested`), as pyfixest's test does; with few clusters it
    rejects too often all the same. (nan, 0, nan) where only the reference lies before the start.
    """
    from scipy.stats import chi2

    b = found.estimate[found.before]
    if not len(b):
        return float("nan"), 0, float("nan")
    cover = found.covariance[np.ix_(found.before, found.before)]
    value = float(b @ np.linalg.pinv(cover * found.nested, rcond=SINGULAR, hermitian=True) @ b)
    return value, len(b), float(chi2.sf(value, len(b)))
