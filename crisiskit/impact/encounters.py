"""Encounters of the programme's responders against others', made alike in how they were selected: arrest, force, care.

Who goes is chosen by call type, hour and place, so that a plain comparison of responders compares calls. Here the
others' encounters are weighted until they look like the programme's in every declared covariate; what is not recorded
stays a doubt, and the E-value says how large it would have to be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from crisiskit.errors import UserError, nearest
from crisiskit.impact import exact_strata, weighting
from crisiskit.impact.encounter_checks import SIDES, balance_table, checks, flow_table, histogram_table
from crisiskit.impact.multiple import holm
from crisiskit.impact.result import Assumption, Check, Estimate
from crisiskit.params import Names, Strict

if TYPE_CHECKING:
    import pandas as pd

CLOCK = ("weekday", "hour_block", "hour_of_week", "month")
"""Covariates made from received_local: hours in blocks of 4, the hour of the week as weekday and block."""

SMALL, MISSING, CLUSTER = "other levels", "missing", "_cluster"
ASSUMPTIONS = (
    Assumption("everything that led to one responder or another, and to the outcome, is among the covariates",
               "encounter_unrecorded"),
    Assumption("every kind of encounter could have gone to either group", "encounter_overlap"),
    Assumption("who records the outcome, and how fully, does not depend on the responder", "encounter_recorded"),
    Assumption("one encounter's outcome does not depend on who went to another"),
)  # fmt: skip


class EncounterPlan(Strict):
    """Which encounters are compared, in what, and made alike in what."""

    treated: Names = Field(min_length=1, description="codes of the programme's responders, such as co_responder")
    comparison: Names = Field(min_length=1, description="codes of the responders compared with, such as police")
    by: str = Field("responder", description="the column that holds these codes")
    outcomes: Names = Field(min_length=1, description="yes/no columns, such as arrested, force_used, hospitalized")
    covariates: Names = Field(min_length=1, description="columns known before anybody went; also weekday, hour_block, "
                              "hour_of_week, month")  # fmt: skip
    exact: Names = Field((), description="covariates of the exact comparison; empty: all that are not numbers")
    where: dict[str, Names] = Field({}, description="column to the values of eligible encounters")
    cluster: str = Field("", description="column whose encounters go together, such as person_key or area_id")
    estimand: weighting.Estimand = Field("att", description="att: for encounters as the programme's; ate; overlap")
    overlap: tuple[float, float] = Field((0.02, 0.98), description="limits of the propensity that is compared")
    min_level: int = Field(20, ge=1, description="levels with fewer encounters are put together")
    one_sided: Literal["refuse", "leave_out"] = Field("refuse", description="levels that only one group has")
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95

    @model_validator(mode="after")
    def _apart(self) -> "EncounterPlan":
        if both := sorted(set(self.treated) & set(self.comparison)):
            raise ValueError(f"'{both[0]}' is in treated and in comparison")
        if both := sorted(set(self.outcomes) & set(self.covariates)):
            raise ValueError(f"'{both[0]}' is an outcome and a covariate")
        if self.by in self.covariates:
            raise ValueError(f"'{self.by}' says who went and cannot be a covariate")
        if unknown := [name for name in self.exact if name not in self.covariates]:
            raise ValueError(f"exact '{unknown[0]}' is none of the covariates{nearest(unknown[0], self.covariates)}")
        if not 0 <= self.overlap[0] < self.overlap[1] <= 1:
            raise ValueError(f"overlap {list(self.overlap)} should be two shares, lower first, such as [0.02, 0.98]")
        return self


@dataclass(frozen=True)
class Comparison:
    """What was compared and how it came out. Tables are data frames; risks and shares are between 0 and 1.

    `table`: a row per outcome and method (`as recorded`, of the levels that both groups have; `weighted`; `exact`) with
    risks, difference, ratio, limits, p, Holm's p over the outcomes, E-values, and the bounds of the difference
    whatever the missing outcomes were.
    `missing`: how many outcomes are recorded, by group, with the bounds of the risk. `balance`: standardised
    differences before and after. `histogram`: encounters by propensity. `flow`: encounters left after each step.
    `estimates`: the weighted ones in the form of every design. `checks`: what could be wrong.
    """

    plan: EncounterPlan
    table: "pd.DataFrame" = field(repr=False)
    missing: "pd.DataFrame" = field(repr=False)
    balance: "pd.DataFrame" = field(repr=False)
    histogram: "pd.DataFrame" = field(repr=False)
    flow: "pd.DataFrame" = field(repr=False)
    estimates: tuple[Estimate, ...]
    checks: tuple[Check, ...]
    notes: tuple[str, ...]
    fit: weighting.Propensity = field(repr=False)

    def tidy(self) -> "pd.DataFrame":
        """The table of outcomes by method."""
        return self.table

    def sentence(self) -> str:
        """The weighted estimates in words, a line each."""
        return "\n".join(estimate.sentence() for estimate in self.estimates)


def compare(tables: Any, plan: EncounterPlan) -> Comparison:
    """Compare the outcomes of the programme's encounters with those of others, weighted to be alike.

    `tables`: a folder of standard tables, `Tables`, or a frame with the columns of interventions, a row per encounter.
    UserError for an unknown column or code, an empty group, a level or a measurement that tells the groups apart, no
    overlap, and an outcome that is never recorded or never yes. Rows that cover a period are left out and counted.
    """
    from crisiskit.impact.encounter_rows import eligible, levels

    frame, flow = eligible(tables, plan)
    frame, columns, strata, notes = levels(frame, plan, flow)
    treated = frame[plan.by].isin(plan.treated).to_numpy(bool)
    fit = weighting.propensity(columns, treated)
    score = fit.score
    kept = (score >= plan.overlap[0]) & (score <= plan.overlap[1])
    flow["inside the overlap limits"] = (int((kept & treated).sum()), int((kept & ~treated).sum()))
    ranges = [(score[side].min(), score[side].max()) for side in (treated, ~treated)]
    shared = max(low for low, _ in ranges), min(high for _, high in ranges)
    if shared[0] > shared[1] or 0 in flow["inside the overlap limits"]:
        raise UserError(
            f"no overlap: propensities of the programme's encounters go from {ranges[0][0]:.3f} to {ranges[0][1]:.3f}, "
            f"the others' from {ranges[1][0]:.3f} to {ranges[1][1]:.3f}, limits {plan.overlap[0]:g} to "
            f"{plan.overlap[1]:g}; no encounter has a counterpart in the other group")  # fmt: skip
    beyond = (score < shared[0]) | (score > shared[1])
    notes.append(
        f"outside the common support ({shared[0]:.3f} to {shared[1]:.3f}): {int((beyond & treated).sum())} of the "
        f"programme's encounters and {int((beyond & ~treated).sum())} others; outside the declared limits and left "
        f"out: {int((~kept & treated).sum())} and {int((~kept & ~treated).sum())}"
    )  # fmt: skip
    if fit.dropped:
        notes.append(f"repeat other covariates and are left out of the propensity: {', '.join(fit.dropped)}")
    cluster = _clusters(frame, plan, notes)
    weight = np.zeros(len(score))
    weight[kept] = weighting.weights(score[kept], treated[kept], plan.estimand)
    missing, rows, estimates = _outcomes(frame, treated, kept, weight, fit, strata, cluster, plan, notes)
    balance, histogram = balance_table(columns, treated, weight), histogram_table(score, treated)
    found = checks(balance, rows, missing, flow)
    return Comparison(plan, rows, missing, balance, histogram, flow_table(flow), estimates, found, tuple(notes), fit)


def _clusters(frame: "pd.DataFrame", plan: EncounterPlan, notes: list[str]) -> np.ndarray | None:
    """Codes of what goes together; an encounter without one stands alone."""
    if not plan.cluster:
        return None
    from crisiskit.standard.dictionary import KINDS

    names = frame[CLUSTER].to_numpy(object)
    alone = np.isin(names.astype(str), [MISSING, *KINDS])
    if alone.any():
        notes.append(f"{int(alone.sum())} encounters without {plan.cluster} count as independent")
    codes = np.unique(names.astype(str), return_inverse=True)[1]
    codes = np.where(alone, len(codes) + np.arange(len(codes)), codes)
    if (groups := len(np.unique(codes))) < 2:
        raise UserError(f"cluster: every eligible encounter has the same {plan.cluster}; nothing tells how they vary")
    if groups < 30:
        notes.append(f"only {groups} clusters of {plan.cluster}: intervals by the sandwich are too narrow with so few")
    return codes


def _outcomes(
    frame: "pd.DataFrame", treated: np.ndarray, kept: np.ndarray, weight: np.ndarray, fit: weighting.Propensity,
    strata: np.ndarray, cluster: np.ndarray | None, plan: EncounterPlan, notes: list[str],
) -> "tuple[pd.DataFrame, pd.DataFrame, tuple[Estimate, ...]]":  # fmt: skip
    """Table of what is recorded, table of results, and the weighted estimates."""
    import pandas as pd

    missing, rows, estimates = [], [], []
    for name in plan.outcomes:
        y = frame[name].to_numpy("float64")
        _refuse(name, y, treated, kept)
        bounds = [weighting.bounds(y[kept & side], weight[kept & side]) for side in (treated, ~treated)]
        for side, label, (low, high) in zip((treated, ~treated), SIDES, bounds, strict=True):
            seen = kept & side & np.isfinite(y)
            missing.append({"outcome": name, "group": label, "encounters": int((kept & side).sum()),
                            "recorded": int(seen.sum()), "recorded_share": seen.sum() / (kept & side).sum(),
                            "events": int(y[seen].sum()), "bound_low": low, "bound_high": high})  # fmt: skip
        options = (cluster, plan.confidence)
        exact, used, lost, thin = exact_strata.stratified(y, treated, strata, *options)
        notes.append(f"{name}, exact: {used} strata hold both groups; {lost} encounters are in others and left out; "
                     f"{thin} of the programme's rest on one single other (their error is understated)")
        results = {
            "as recorded": (weighting.weighted(y, treated, None, plan.estimand, None, *options), np.isfinite(y)),
            "weighted": (weighting.weighted(y, treated, fit, plan.estimand, kept, *options), kept & np.isfinite(y)),
            "exact": (exact, np.isfinite(y) & exact_strata.matched(y, treated, strata)),
        }
        for method, (found, used_rows) in results.items():
            rows.append(_row(name, method, found, used_rows, treated, y))
        rows[-2] |= {"bound_low": bounds[0][0] - bounds[1][1], "bound_high": bounds[0][1] - bounds[1][0]}
        common = exact_strata.mantel_haenszel(y, treated, strata, plan.confidence)
        rows[-1] |= dict(zip(("mh_ratio", "mh_ratio_low", "mh_ratio_high"), common, strict=True))
        estimates.append(_estimate(name, results["weighted"][0], rows[-2], plan, common))
    table = pd.DataFrame(rows).assign(p_holm=np.nan)
    for method in ("as recorded", "weighted", "exact"):
        here = table.index[(table["method"] == method) & table["p"].notna()]
        table.loc[here, "p_holm"] = holm(table.loc[here, "p"].to_numpy("float64"))
    return pd.DataFrame(missing), table, tuple(estimates)


def _refuse(name: str, y: np.ndarray, treated: np.ndarray, kept: np.ndarray) -> None:
    """UserError for an outcome without an answer."""
    for side, label in ((treated, "the programme's"), (~treated, "the comparison's")):
        if not np.isfinite(y[side & kept]).any():
            raise UserError(f"outcome '{name}' is not recorded in any of {label} encounters: nothing can be compared")
    if not np.nansum(y[kept]):
        raise UserError(f"outcome '{name}' is no in every encounter of both groups: there is nothing to compare; take "
                        "a longer period or a wider outcome")


def _row(
    name: str, method: str, found: weighting.Contrast, used: np.ndarray, treated: np.ndarray, y: np.ndarray
) -> dict[str, Any]:
    values, limit = weighting.e_value(found.ratio, found.ratio_low, found.ratio_high)
    events = [int(y[used & side].sum()) for side in (treated, ~treated)]
    return {
        "outcome": name, "method": method, "risk_programme": found.treated, "risk_comparison": found.comparison,
        "difference": found.difference, "se": found.se, "low": found.low, "high": found.high, "p": found.p,
        "ratio": found.ratio, "ratio_low": found.ratio_low, "ratio_high": found.ratio_high, "e_value": values,
        "e_value_limit": limit, "programme": int((used & treated).sum()), "comparison": int((used & ~treated).sum()),
        "events_programme": events[0], "events_comparison": events[1], "effective_programme": found.size[0],
        "effective_comparison": found.size[1], "clusters": found.clusters, "limits": found.limits,
    }  # fmt: skip


def _estimate(
    name: str, found: weighting.Contrast, row: Mapping[str, Any], plan: EncounterPlan, common: Sequence[float]
) -> Estimate:
    """The weighted contrast in the form of every design; relative is the risk ratio less 1, where that has limits."""
    keys = ("e_value", "e_value_limit", "bound_low", "bound_high", "effective_programme", "effective_comparison",
            "risk_programme", "risk_comparison", "ratio")  # fmt: skip
    details = {key: float(row[key]) for key in keys}
    relative = found.ratio - 1 if np.isfinite(found.ratio_low) else float("nan")
    return Estimate(
        design="weighted encounters", outcome=name, scale="difference", estimate=found.difference, se=found.se,
        low=found.low, high=found.high, p=found.p, relative=relative, relative_low=found.ratio_low - 1,
        relative_high=found.ratio_high - 1, n=row["programme"] + row["comparison"], units=0, treated_units=0,
        clusters=found.clusters, correction=found.limits, confidence=plan.confidence, assumptions=ASSUMPTIONS,
        method=f"inverse-probability weights ({plan.estimand}), {' or '.join(plan.treated)} against "
               f"{' or '.join(plan.comparison)}", details=details | {"mh_ratio": common[0]},
    )  # fmt: skip
