"""Two-way fixed effects by the library's own model: an effect of every area, of every period, and of the programme.

Sources: Wooldridge, Econometric Analysis of Cross Section and Panel Data (2010), chapters 10 and 18; small-sample
corrections: Cameron and Miller, Journal of Human Resources 50 (2015) 317-372.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact import guards, twoway
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


def fitted(data: Dummies, model: str, shown: int = 1, weights: np.ndarray | None = None) -> Any:
    """The statsmodels result with errors clustered by area, without a correction; the caller applies the one it names.

    `weights`: of the cells, for least squares. UserError where it does not converge, or one of the first `shown`
    coefficients runs off to infinity.
    """
    import warnings

    from statsmodels.api import GLM, WLS, families
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
            sizes = np.ones(len(data.y)) if weights is None else weights
            return WLS(data.y, data.x, weights=sizes).fit(cov_type="cluster", cov_kwds=groups)
        except (PerfectSeparationWarning, ConvergenceWarning) as error:
            raise UserError(f"the model does not settle ({error}): perfect separation, or too few events") from error


def twfe(
    panel: Panel, model: str = "poisson", covariates: Sequence[str] = (), confidence: float = 0.95,
    weights: np.ndarray | None = None,
) -> Estimate:  # fmt: skip
    """The programme's effect with an effect of every area and period, errors clustered by area.

    `se` carries the factor G/(G-1) and p and interval Student's t with G-1 degrees of freedom; `details` holds the
    error under the other conventions in use (`se_sandwich`: none; `se_lsdv`: also (N-1)/(N-K) with all dummies, as
    statsmodels does by default; `se_nested`: K without the areas' effects, as fixest and pyfixest count;
    `se_linearmodels`: N/(N-K) with all dummies, without the factor of the clusters; `se_iid`, for least squares: no
    clusters and one variance, as older studies print), and what was expected without the programme in treated cells,
    with the outcomes averted. `covariates` are names of the panel's; one that the effects of areas and periods and the
    covariates before it tell is left out, with a note. `weights` (N x T, or N), for least squares: of the
    cells, such as the population, where a published estimate is weighted by it. Raises UserError as `twoway.fit`, for a
    covariate that the panel lacks, where no covariate is left, and for weights that are not above 0 in known cells.
    """
    from scipy.stats import t as student

    for name in covariates:
        if name not in panel.covariates:
            raise UserError(f"covariate '{name}' is not in the panel ({', '.join(panel.covariates) or 'it has none'})")
        if missing := int((np.isfinite(panel.outcome) & ~np.isfinite(panel.covariates[name])).sum()):
            raise UserError(f"covariate '{name}' has no value in {missing} cells of the outcome; fill or leave it out")
    twoway.refuse(panel.outcome, panel.status, model, panel.exposure)
    panel, lost = guards.with_records(panel)
    data = dummies(panel, [panel.status, *(panel.covariates[name] for name in covariates)], model)
    size = None if weights is None else _sizes(panel, weights, model, data.kept)
    groups, n = len(np.unique(data.cluster)), len(data.y)
    if groups < 2:
        raise UserError("only one area is left with events: there is nothing to compare with")
    data, notes = _told_apart(data, covariates)
    result = fitted(data, model, weights=size)
    b, sandwich = float(result.params[0]), float(np.sqrt(max(result.cov_params()[0, 0], 0.0)))
    sandwich = guards.trusted(sandwich, guards.spread(panel.outcome, data.kept, model, panel.exposure))
    se = sandwich * np.sqrt(groups / (groups - 1))
    half = float(student.ppf((1 + confidence) / 2, groups - 1)) * se
    p = float(2 * student.sf(abs(b / se), groups - 1)) if se > 0 else float("nan")
    details = _errors(sandwich, groups, n, data.rank) | _averted(panel, data, result, b, half, model, size)
    if model != "poisson":
        details["se_iid"] = float(np.sqrt(result.scale * result.normalized_cov_params[0, 0]))
    treated = int(panel.treated.sum())
    ends = (b, b - half, b + half)
    shares = [_share(value, details["expected_mean"], model) for value in ends]
    return Estimate(
        design=f"twfe_{model}", outcome=panel.label, scale="difference" if model == "linear" else "log", estimate=b,
        se=se, low=b - half, high=b + half, p=p, relative=shares[0], relative_low=shares[1], relative_high=shares[2],
        n=n, units=len(panel.units), treated_units=treated, clusters=groups,
        method=f"two-way fixed effects, {WORDS[model]}{', weighted' * (size is not None)}, t({groups - 1})",
        correction=twoway.CORRECTION, confidence=confidence, assumptions=ASSUMPTIONS,
        notes=(*lost, *notes, *_notes(panel, treated, groups, se)), details=details, model=result,
    )  # fmt: skip


def _share(value: float, mean: float, model: str) -> float:
    """An effect as a share of what was expected; NaN for a difference where that mean is not above 0."""
    if model != "linear":
        return float(np.expm1(value))
    return value / mean if mean > 0 else float("nan")


def _told_apart(data: Dummies, names: Sequence[str]) -> tuple[Dummies, tuple[str, ...]]:
    """The regression without the covariates that other columns tell, and a note of them; UserError where none is left.

    The first column is the programme; then come the covariates, then the effects of areas and periods.
    """
    last = 1 + len(names)
    effects = [0, *range(last, data.rank)]
    if np.linalg.matrix_rank(data.x[:, effects]) < len(effects):
        raise UserError("the effect cannot be told from the effects of areas and periods: perfect separation")
    if not names:
        return data, ()
    cells = np.zeros((last, *data.kept.shape))
    cells[:, data.kept] = data.x[:, :last].T
    moving = twoway.cleaned(cells, data.kept)[:, data.kept]
    basis, kept = np.empty((len(data.y), 0)), list[int]()
    for place in (*range(1, last), 0):
        rest = moving[place] - basis @ (basis.T @ moving[place])
        rest = rest - basis @ (basis.T @ rest)  # once more, for what rounding leaves
        length = float(np.linalg.norm(rest))
        if length > 1e-8 * float(np.linalg.norm(data.x[:, place])):
            basis = np.column_stack([basis, rest / length])
            kept.append(place)
    lost = ", ".join(name for place, name in enumerate(names, 1) if place not in kept)
    if kept == [0]:
        raise UserError(f"covariates ({lost}): the effects of areas and periods tell them, so that there is nothing to "
                        "adjust for; take covariates that move within areas, or none")  # fmt: skip
    if 0 not in kept:
        raise UserError(f"the programme cannot be told from the covariates ({', '.join(names)}): leave one of them out")
    note = (f"Covariates left out, told by the effects of areas and periods or by other covariates: {lost}.",)
    return replace(data, x=data.x[:, [0, *kept[:-1], *range(last, data.rank)]]), note if lost else ()


def _sizes(panel: Panel, weights: np.ndarray, model: str, kept: np.ndarray) -> np.ndarray:
    """The weights of the cells that are kept, checked."""
    if model == "poisson":
        raise UserError("weights go with model log or linear; a Poisson model takes the population as the exposure")
    given = np.asarray(weights, "float64")
    n, t = panel.outcome.shape
    if given.shape not in ((n,), (n, t)):
        raise UserError(f"weights are {given.shape}; one for each area ({n}) or cell ({n} x {t}) is right")
    sizes = np.broadcast_to(given[:, None] if given.ndim == 1 else given, (n, t))
    if (wrong := kept & ~(np.isfinite(sizes) & (sizes > 0))).any():
        row, column = np.argwhere(wrong)[0]
        raise UserError(f"the weight of area '{panel.units[row]}' in {panel.starts[column]} is {sizes[row, column]:g}; "
                        "it should be above 0")  # fmt: skip
    return np.asarray(sizes[kept])


def _errors(sandwich: float, groups: int, n: int, rank: int) -> dict[str, float]:
    """The standard error under each convention; N cells, K columns, G clusters."""
    clusters = groups / (groups - 1)
    return {
        "se_sandwich": sandwich,
        "se_lsdv": sandwich * float(np.sqrt(clusters * (n - 1) / (n - rank))),
        "se_nested": sandwich * float(np.sqrt(clusters * (n - 1) / (n - (rank - groups) - 1))),
        "se_linearmodels": sandwich * float(np.sqrt(n / (n - rank))),
    }


def _averted(
    panel: Panel, data: Dummies, result: Any, b: float, half: float, model: str, weights: np.ndarray | None
) -> dict[str, float]:  # fmt: skip
    """What was expected in treated cells without the programme, and expected less observed with its interval.

    From the fitted values with the effect taken off; under the logarithm the expected median, without smearing. Cells
    of areas without any event are expected to stay empty. `expected_mean`: by cell, or by unit of exposure, and
    weighted where the model is, so that a difference of counts or rates over it is a share.
    """
    status = panel.status[data.kept]
    on = status > 0
    eta = result.predict(which="linear") if model == "poisson" else result.fittedvalues
    exposure = panel.exposure[data.kept] if panel.exposure is not None and model != "poisson" else 1.0

    def expected(effect: float, each: np.ndarray | float = 1.0) -> float:
        bare = eta - effect * status
        values = bare if model == "linear" else np.exp(bare)
        return float((values * exposure * each)[on].sum())

    known = np.isfinite(panel.outcome)
    if panel.exposure is not None:
        known = known & np.isfinite(panel.exposure) & (panel.exposure > 0)
    observed = float(panel.outcome[(panel.status > 0) & known].sum())
    each = 1.0 if weights is None else weights
    without, size = expected(b), float((status * exposure * each)[on].sum())
    ends = sorted((expected(b - half) - observed, expected(b + half) - observed))
    return {"expected": without, "observed": observed, "averted": without - observed, "averted_low": ends[0],
            "averted_high": ends[1], "treated_cells": float(on.sum()),
            "expected_mean": expected(b, each) / size}  # fmt: skip


def _notes(panel: Panel, treated: int, groups: int, se: float) -> tuple[str, ...]:
    """Where the clustered error is not to be believed."""
    from crisiskit.impact.randomisation import possible

    if se != se:
        return (f"No standard error: with {groups} areas, {treated} of them treated, nothing is left within the areas "
                "to judge the effect by.",)  # fmt: skip
    _, smallest = possible(panel.status)
    if treated == 1:
        return (f"One treated area of {groups}: the clustered error is not to be believed; the smallest p that "
                f"randomisation can reach is {smallest:.3g}.",)  # fmt: skip
    if treated < FEW_TREATED:
        return (f"With {treated} treated areas the clustered interval is too narrow; see the randomisation.",)
    return ()
