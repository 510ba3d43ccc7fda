"""Two-way fixed effects by the library's own model: an effect of every area, of every period, and of the programme.

Sources: Wooldridge, Econometric Analysis of Cross Section and Panel Data (2010), chapters 10 and 18; small-sample
corrections: Cameron and Miller, Journal of Human Resources 50 (2015) 317-372.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact import twoway
from crisiskit.impact.panel import Panel
from crisiskit.impact.result import Assumption, Estimate

FEW_TREATED = 10
ENDLESS = 15
"""A log ratio beyond this is infinity as far as the steps went: a ratio of three million."""

SEPARATED = (
    "the effect cannot be told from the effects of areas and periods (perfect separation): the treated areas, or those "
    "they are compared with, have no event before the start, after it, or in a period that has its own coefficient"
)
ASSUMPTIONS = (
    Assumption("without the programme, treated and other areas would have moved in parallel", "pre_trends"),
    Assumption("nothing else touched the treated areas alone at the start", "shocks"),
    Assumption("what is recorded, and how, did not change with the programme", "reporting"),
    Assumption("the programme did not touch the other areas", "neighbours"),
    Assumption("the effect is the same in every treated area and period, or they all start at once", "other_designs"),
)
WORDS = {"poisson": "Poisson with effects of areas and periods", "log": "least squares of the logarithm",
         "linear": "least squares of the counts"}  # fmt: skip


@dataclass(frozen=True)
class Dummies:
    """The cells that are known, as a regression: outcome, columns (those of interest first), offset, cluster."""

    y: np.ndarray
    x: np.ndarray
    offset: np.ndarray | None
    cluster: np.ndarray
    kept: np.ndarray  # N x T: which cells these are

    @property
    def rank(self) -> int:
        return self.x.shape[1]


def dummies(panel: Panel, of_interest: Sequence[np.ndarray], model: str) -> Dummies:
    """Columns of interest (each N x T), then one per area and one per period but the first; unknown cells left out.

    Under a Poisson model areas and periods without any event are left out: their own effect fits them exactly.
    """
    kept = np.isfinite(panel.outcome)
    exposure = panel.exposure
    if exposure is not None:
        kept = kept & np.isfinite(exposure) & (exposure > 0)
    if model == "poisson":
        seen = np.where(kept, panel.outcome, 0)
        kept = kept & (seen.sum(axis=1, keepdims=True) > 0) & (seen.sum(axis=0, keepdims=True) > 0)
    row, column = np.nonzero(kept)
    y = panel.outcome if model == "poisson" else twoway.scaled(panel.outcome, model, exposure)
    areas, times = np.unique(row), np.unique(column)
    x = np.column_stack([
        *(values[kept] for values in of_interest), row[:, None] == areas, column[:, None] == times[1:],
    ]).astype("float64")  # fmt: skip
    offset = np.log(exposure[kept]) if exposure is not None and model == "poisson" else None
    return Dummies(y[kept], x, offset, row, kept)


def fitted(data: Dummies, model: str, shown: int = 1) -> Any:
    """The statsmodels result with errors clustered by area, without a correction; the caller applies the one it names.

    UserError where it does not converge, or one of the first `shown` coefficients runs off to infinity.
    """
    import warnings

    from statsmodels.api import GLM, OLS, families
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

    groups = {"groups": data.cluster, "use_correction": False}
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            if model == "poisson":
                asked = GLM(data.y, data.x, family=families.Poisson(), offset=data.offset)
                result = asked.fit(cov_type="cluster", cov_kwds=groups, tol=1e-12, maxiter=100)
                if np.abs(result.params[:shown]).max() >= ENDLESS:
                    raise UserError(SEPARATED)
                return result
            return OLS(data.y, data.x).fit(cov_type="cluster", cov_kwds=groups)
        except (PerfectSeparationWarning, ConvergenceWarning) as error:
            raise UserError(f"the model does not settle ({error}): perfect separation, or too few events") from error


def twfe(panel: Panel, model: str = "poisson", covariates: Sequence[str] = (), confidence: float = 0.95) -> Estimate:
    """The programme's effect with an effect of every area and period, errors clustered by area.

    `se` carries the factor G/(G-1) and p and interval Student's t with G-1 degrees of freedom; `details` holds the
    error under the other conventions in use (`se_sandwich`: none; `se_lsdv`: also (N-1)/(N-K) with all dummies, as
    statsmodels does by default; `se_nested`: K without the areas' effects, as fixest and pyfixest count;
    `se_linearmodels`: N/(N-K) with all dummies, without the factor of the clusters), and what was expected without the
    programme in treated cells, with the outcomes averted. `covariates` are names of the panel's. Raises UserError as
    `twoway.fit`, and for a covariate that the panel lacks.
    """
    from scipy.stats import t as student

    for name in covariates:
        if name not in panel.covariates:
            raise UserError(f"covariate '{name}' is not in the panel ({', '.join(panel.covariates) or 'it has none'})")
        if missing := int((np.isfinite(panel.outcome) & ~np.isfinite(panel.covariates[name])).sum()):
            raise UserError(f"covariate '{name}' has no value in {missing} cells of the outcome; fill or leave it out")
    twoway.refuse(panel.outcome, panel.status, model)
    data = dummies(panel, [panel.status, *(panel.covariates[name] for name in covariates)], model)
    groups, n = len(np.unique(data.cluster)), len(data.y)
    if groups < 2:
        raise UserError("only one area is left with events: there is nothing to compare with")
    if np.linalg.matrix_rank(data.x) < data.rank:
        also = f", or a covariate ({', '.join(covariates)}) from them" if covariates else ""
        raise UserError(f"the effect cannot be told from the effects of areas and periods{also}: perfect separation")
    result = fitted(data, model)
    b, sandwich = float(result.params[0]), float(result.bse[0])
    se = sandwich * np.sqrt(groups / (groups - 1))
    half = float(student.ppf((1 + confidence) / 2, groups - 1)) * se
    p = float(2 * student.sf(abs(b / se), groups - 1)) if se > 0 else float("nan")
    details = _errors(sandwich, groups, n, data.rank) | _averted(panel, data, result, b, half, model)
    treated = int(panel.treated.sum())
    ends = (b, b - half, b + half)
    shares = [value / details["expected_mean"] if model == "linear" else float(np.expm1(value)) for value in ends]
    return Estimate(
        design=f"twfe_{model}", outcome=panel.label, scale="difference" if model == "linear" else "log", estimate=b,
        se=se, low=b - half, high=b + half, p=p, relative=shares[0], relative_low=shares[1], relative_high=shares[2],
        n=n, units=len(panel.units), treated_units=treated, clusters=groups,
        method=f"two-way fixed effects, {WORDS[model]}, t({groups - 1})", correction=twoway.CORRECTION,
        confidence=confidence, assumptions=ASSUMPTIONS, notes=_notes(panel, treated, groups), details=details,
        model=result,
    )  # fmt: skip


def _errors(sandwich: float, groups: int, n: int, rank: int) -> dict[str, float]:
    """The standard error under each convention; N cells, K columns, G clusters."""
    clusters = groups / (groups - 1)
    return {
        "se_sandwich": sandwich,
        "se_lsdv": sandwich * float(np.sqrt(clusters * (n - 1) / (n - rank))),
        "se_nested": sandwich * float(np.sqrt(clusters * (n - 1) / (n - (rank - groups) - 1))),
        "se_linearmodels": sandwich * float(np.sqrt(n / (n - rank))),
    }


def _averted(panel: Panel, data: Dummies, result: Any, b: float, half: float, model: str) -> dict[str, float]:
    """What was expected in treated cells without the programme, and expected less observed with its interval.

    From the fitted values with the effect taken off; under the logarithm the expected median, without smearing. Cells
    of areas without any event are expected to stay empty. `expected_mean`: by cell, or by unit of exposure, so that a
    difference of counts or rates over it is a share.
    """
    status = panel.status[data.kept]
    on = status > 0
    eta = result.predict(which="linear") if model == "poisson" else result.fittedvalues
    exposure = panel.exposure[data.kept] if panel.exposure is not None and model != "poisson" else 1.0

    def expected(effect: float) -> float:
        bare = eta - effect * status
        values = bare if model == "linear" else np.exp(bare)
        return float((values * exposure)[on].sum())

    known = np.isfinite(panel.outcome)
    if panel.exposure is not None:
        known = known & np.isfinite(panel.exposure) & (panel.exposure > 0)
    observed = float(panel.outcome[(panel.status > 0) & known].sum())
    without, size = expected(b), float((status * exposure)[on].sum())
    ends = sorted((expected(b - half) - observed, expected(b + half) - observed))
    return {"expected": without, "observed": observed, "averted": without - observed, "averted_low": ends[0],
            "averted_high": ends[1], "treated_cells": float(on.sum()),
            "expected_mean": without / size}  # fmt: skip


def _notes(panel: Panel, treated: int, groups: int) -> tuple[str, ...]:
    """Where the clustered error is not to be believed."""
    from crisiskit.impact.randomisation import possible

    _, smallest = possible(panel.status)
    if treated == 1:
        return (f"One treated area of {groups}: the clustered error is not to be believed; the smallest p that "
                f"randomisation can reach is {smallest:.3g}.",)  # fmt: skip
    if treated < FEW_TREATED:
        return (f"With {treated} treated areas the clustered interval is too narrow; see the randomisation.",)
    return ()
