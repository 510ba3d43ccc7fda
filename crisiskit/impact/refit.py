"""The study's estimate, made again for any panel: the design and the inference that are believed, in one call."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.impact import imputation, twoway
from crisiskit.impact.believe import Recommendation, recommend
from crisiskit.impact.material import Quick
from crisiskit.impact.panel import Panel
from crisiskit.impact.question import Question
from crisiskit.impact.result import Estimate

if TYPE_CHECKING:
    import pandas as pd

Refit = Callable[..., Quick]
DEALT_OUT = ("did", "staggered")
"""Designs whose inference deals out the programme among the areas anew; the others bring their own."""
MISFIT = 0.1
SMALL, CHECK_DRAWS = 2_000, 199


def refit_of(question: Question, design: str) -> Refit:
    """The function refit(panel, model="") of a study: `design` as chosen, model, draws and seed as in the question."""
    if design == "its":
        return partial(_series, question)
    if design == "synthetic_control":
        return partial(_synthetic, question)
    return partial(_areas, question, design == "staggered")


def _areas(question: Question, staggered: bool, panel: Panel, model: str = "", draws: int = 0) -> Quick:
    """Two-way fixed effects (or imputation) with the t of the areas, or of the reassigned roll-outs.

    Without `draws`, large panels that have no closed form (staggered, with holes) take CHECK_DRAWS instead of the
    question's, for the checks make hundreds of estimates.
    """
    from crisiskit.impact.randomisation import closed, randomise

    model = model or question.model
    slow = panel.outcome.size > SMALL and (staggered or not closed(panel, model))
    draws = draws or (min(question.draws, CHECK_DRAWS) if slow else question.draws)
    engine = imputation.reassigned if staggered else None
    fit = (imputation.impute if staggered else twoway.fit)(panel.outcome, panel.status, model, panel.exposure)
    advice: Recommendation = recommend(panel)
    if advice.kind == "cluster":
        from scipy.stats import t

        degrees = len(panel.units) - 1
        return _quick(panel, model, fit, float(2 * t.sf(abs(fit.t), degrees)), float(t.ppf(0.975, degrees)))
    drawn = randomise(panel, model, draws, question.seed, engine=engine)
    known = np.abs(drawn.distribution[np.isfinite(drawn.distribution)])
    crit = float(np.quantile(known, 0.95, method="higher")) if advice.smallest_p <= 0.05 else float("inf")
    return replace(_quick(panel, model, fit, drawn.p, crit), deals=drawn.distribution)


def _quick(panel: Panel, model: str, fit: twoway.Fit, p: float, crit: float) -> Quick:
    """The fit with its interval, as a share of what was expected, and as outcomes that did not happen."""
    low, high = fit.b - crit * fit.se, fit.b + crit * fit.se
    on = (panel.status > 0) & np.isfinite(panel.outcome)
    expected, seen = float(np.nansum(fit.expected[on])), float(panel.outcome[on].sum())
    if model == "linear":
        mean = expected / on.sum()
        shares = [value / mean if mean > 0 else float("nan") for value in (fit.b, low, high)]
    else:
        with np.errstate(over="ignore"):  # an end beyond every number is infinite
            shares = [float(np.expm1(value)) for value in (fit.b, low, high)]
    relative, least, most = shares
    return Quick(fit.b, low, high, p, relative, least, most, expected - seen, len(panel.units),
                 int(panel.treated.sum()))  # fmt: skip


def from_estimate(panel: Panel, estimate: Estimate) -> Quick:
    """The same from a design's full result; what was expected is read back from the relative effect."""
    on = (panel.status > 0) & np.isfinite(panel.outcome)
    seen = float(panel.outcome[on].sum())
    expected = seen / (1 + estimate.relative) if estimate.relative > -1 else float("nan")
    return Quick(estimate.estimate, estimate.low, estimate.high, estimate.p, estimate.relative, estimate.relative_low,
                 estimate.relative_high, expected - seen, len(panel.units), int(panel.treated.sum()))  # fmt: skip


def _series(question: Question, panel: Panel, model: str = "") -> Quick:
    from crisiskit.impact.its import from_panel

    return from_estimate(panel, from_panel(panel, model=model or question.model))


def synthetic(question: Question, panel: Panel) -> Estimate:
    """The synthetic control with placebo areas; with an intercept where no mix reaches the level of the treated areas.

    Where the mix misses the level before the start by more than MISFIT of it, the areas lie outside those that can be
    mixed, and their changes are compared instead of their levels (Ferman and Pinto, Quantitative Economics 12 (2021)).
    """
    from crisiskit.impact.placebo_areas import with_placebos
    from crisiskit.impact.synthetic_control import outcome_only

    bare = outcome_only(panel)
    level = float(bare.pool.mean[bare.pool.fit].mean())
    apart = bool(np.sqrt(bare.mspe) > MISFIT * level)
    return with_placebos(panel, demeaned=apart, draws=question.draws, seed=question.seed, statistic="mean")


def _synthetic(question: Question, panel: Panel, model: str = "") -> Quick:
    return from_estimate(panel, synthetic(question, panel))


def of_design(found: Recommendation, estimate: Estimate) -> Recommendation:
    """The same for a time series or a synthetic control: the design's own test is believed, not reassignment."""
    if "smallest_p" in estimate.details:
        smallest = float(estimate.details["smallest_p"])
        reason = ("a synthetic control is judged by the same fit for areas without the programme; the smallest p it "
                  f"can reach is {smallest:.3f}")  # fmt: skip
    else:
        smallest, reason = 0.0, "a time series is judged by its own ups and downs; no area serves as a placebo"
    return replace(found, kind="none", reason=reason, smallest_p=smallest)


def own_inference(advice: Recommendation, estimate: Estimate) -> "pd.DataFrame":
    """The single row of a design with an inference of its own, in the columns of `believe.inference_table`."""
    import pandas as pd

    return pd.DataFrame([{
        "method": estimate.method, "estimate": estimate.estimate, "p": estimate.p, "low": estimate.low,
        "high": estimate.high, "relative_low": estimate.relative_low, "relative_high": estimate.relative_high,
        "clusters": advice.clusters, "treated": advice.treated, "believed": True, "why": advice.reason,
    }])  # fmt: skip
