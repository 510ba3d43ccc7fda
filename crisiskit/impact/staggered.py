"""Programmes that start at different times, by the estimators that never take the treated for untreated.

A thin layer over the library diff-diff, the only module of the kit that knows it. Standard errors are
analytic, by area. Sources: Callaway and Sant'Anna (2021), Sun and Abraham (2021), Goodman-Bacon (2021), Borusyak,
Jaravel and Spiess (2024), Arkhangelsky and others (2021).
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact import guards, twoway
from crisiskit.impact import imputation as engine
from crisiskit.impact.group_time import group_time, overall, size
from crisiskit.impact.long_covariates import coefficients, moving
from crisiskit.impact.long_table import Columns, Long, estimate_of, long_table, no_error
from crisiskit.impact.panel import Panel
from crisiskit.impact.result import Estimate

if TYPE_CHECKING:
    import pandas as pd

AGGREGATIONS = ("simple", "dynamic", "group", "calendar")
FEW_PLACEBOS = 10
"""Fewer distinct placebo assignments than this, and the result says that its standard error rests on too few."""
NAMES = {"outcome": "y", "unit": "unit", "time": "period", "first_treat": "first"}


def callaway_santanna(
    data: "Panel | pd.DataFrame", columns: Columns | None = None, *, model: str = "log", aggregation: str = "simple",
    balanced: int | None = None, control: str = "never", confidence: float = 0.95,
) -> Estimate:  # fmt: skip
    """Group-time effects, doubly robust, each against the last period before the start (varying base before it).

    `aggregation`: simple (every treated cohort and period by size), dynamic (mean over event times), group, calendar.
    `balanced` e: cohorts seen for at least e periods after the start, event times up to e, dynamic. `control`: never or
    not_yet treated areas. `model` of the result is a `GroupTime`; details hold the pre-test. Raises UserError for a
    programme that pauses, for zeros under a logarithm, and where there is nothing to compare with.
    """
    if aggregation not in AGGREGATIONS or control not in ("never", "not_yet"):
        raise ValueError(f"aggregation {aggregation!r} (one of {AGGREGATIONS}), control {control!r} (never or not_yet)")
    from diff_diff import CallawaySantAnna

    long = long_table(data, columns, model)
    _compared(long, control == "not_yet", "callaway_santanna with control 'not_yet', or imputed")
    with _library() as said:
        fitted = CallawaySantAnna(control_group=f"{control}_treated").fit(long.frame, **NAMES, **_with(long.covariates))
    found = group_time(fitted)
    if not found.post.any():
        raise UserError("no effect after a start can be estimated: no area has a record both before and after it")
    event, cells = found.period - found.group, np.ones(len(found.att), bool)
    if balanced is not None:
        aggregation, last = "dynamic", float(long.frame["period"].max())
        cells = (last - found.group >= balanced) & (event <= balanced)
        if not (cells & found.post).any():
            raise UserError(f"no area is seen for {balanced} periods after its start: balance at a smaller number")
    key = {"group": found.group, "calendar": found.period}.get(aggregation, event)
    att, psi = overall(found, key, cells & found.post, aggregation)
    at, effects, pulls = found.by(key, cells if key is event else cells & found.post)
    wald, p, df = found.pretest()
    details = {"pretest_wald": wald, "pretest_p": p, "pretest_df": float(df)}
    what = aggregation if balanced is None else f"balanced at {balanced}"
    return long.estimate(
        att, float(size(psi)), _series(at, effects, size(pulls), long.units, confidence),
        f"Callaway and Sant'Anna, doubly robust, {control.replace('_', ' ')} treated as comparison, {what}, "
        "varying base period, pointwise intervals", found, correction="analytic, by area, none for small samples",
        details=details, notes=tuple(said), confidence=confidence,
    )  # fmt: skip


def sun_abraham(
    data: "Panel | pd.DataFrame", columns: Columns | None = None, *, model: str = "log", confidence: float = 0.95
) -> Estimate:
    """Cohort by event-time coefficients weighted by the cohorts' shares; reference: the period before the start.

    The overall effect is the mean over treated observations. Details hold `b_NAME` and `se_NAME` of the covariates.
    Errors as for `callaway_santanna`.
    """
    from diff_diff import SunAbraham

    long = long_table(data, columns, model)
    _compared(long, False, "callaway_santanna with control 'not_yet', or imputed")
    names, note = moving(long)
    with _library() as said:
        fitted = SunAbraham().fit(long.frame, **NAMES, **_with(names))
    events = sorted(fitted.event_study_effects)
    effects, errors = (np.array([fitted.event_study_effects[e][name] for e in events]) for name in ("effect", "se"))
    return long.estimate(
        fitted.overall_att, fitted.overall_se, _series(events, effects, errors, long.units, confidence),
        "Sun and Abraham, never treated as comparison", fitted, details=coefficients(long), notes=(*note, *said),
        correction="clustered by area, G/(G-1) (n-1)/(n-k), areas not counted in k", confidence=confidence,
    )  # fmt: skip


def imputation(
    data: "Panel | pd.DataFrame", columns: Columns | None = None, *, model: str = "log", confidence: float = 0.95
) -> Estimate:
    """Effects against what untreated observations let one expect, by the library (least squares; see `imputed`).

    The overall effect is the mean over treated observations, the series that by event time. Errors as for
    `callaway_santanna`.
    """
    from diff_diff import ImputationDiD

    long = long_table(data, columns, model)
    _compared(long, True)
    names, note = moving(long)
    with _library() as said:
        fitted = ImputationDiD().fit(long.frame, **NAMES, **_with(names))
        table = fitted.aggregate("event_study").to_dataframe()
    if not np.isfinite(fitted.overall_att):
        raise UserError("what would have happened cannot be told: no treated period has an untreated area beside it")
    table = table[~table["is_reference"] & table["se"].notna()]
    series = _series(table["event_time"], table["att"], table["se"], long.units, confidence)
    return long.estimate(
        fitted.overall_att, fitted.overall_se, series, "imputation (Borusyak, Jaravel and Spiess)", fitted,
        correction="conservative, by area, none for small samples", notes=(*note, *said), confidence=confidence,
    )  # fmt: skip


def bacon(data: "Panel | pd.DataFrame", columns: Columns | None = None, *, model: str = "log") -> Estimate:
    """What two-way fixed effects are made of: every comparison of two cohorts with its weight (no standard error).

    The estimate is that of two-way fixed effects. Details: the share `weight_TYPE` and the mean `effect_TYPE` of
    treated_vs_never, earlier_vs_later and later_vs_earlier; the last, `forbidden`, takes the treated for untreated.
    Raises UserError as the others, and for a panel with holes.
    """
    from diff_diff import BaconDecomposition

    long = long_table(data, columns, model)
    if len(long.frame) != long.units * long.frame["period"].nunique():
        raise UserError("the decomposition needs every area in every period: leave out areas or periods with holes")
    _compared(long, True)
    with _library() as said:
        fitted = BaconDecomposition().fit(long.frame, **NAMES)
    details = {f"weight_{name}": float(share) for name, share in fitted.weight_by_type().items()}
    details |= {f"effect_{name}": float("nan" if effect is None else effect)
                for name, effect in fitted.effect_by_type().items()}  # fmt: skip
    details["forbidden"] = details["weight_later_vs_earlier"]
    return long.estimate(
        fitted.twfe_estimate, float("nan"), None, "Goodman-Bacon decomposition of two-way fixed effects", fitted,
        correction="none: no standard error", details=details, notes=tuple(said), design="bacon",
    )  # fmt: skip


def imputed(panel: Panel, *, model: str = "poisson", confidence: float = 0.95) -> Estimate:
    """Imputation by the kit's own engine: counts (Poisson), and programmes that pause, which the library refuses.

    `model`: poisson, log or linear. The series has the effect by periods since the start of the running stretch; a
    period in which no treated area recorded anything has no logarithm and is left out. Errors as `imputation.impute`.
    """
    panel, lost = guards.with_records(panel)
    found = engine.impute(panel.outcome, panel.status, model, panel.exposure)
    since, seen = _since(panel.status), np.isfinite(panel.outcome)
    rows = []
    for event in np.unique(since[(since >= 0) & seen]):
        only = np.where((since >= 0) & (since != event), np.nan, panel.outcome)
        if model != "poisson" or np.nansum(only[since == event]) > 0:
            one = engine.impute(only, panel.status, model, panel.exposure)
            rows.append((event, one.b, one.se))
    at, effects, errors = (np.array(column) for column in zip(*rows, strict=True))
    level = float(np.nanmean(found.expected[since >= 0])) if model == "linear" else float("nan")
    units, treated = len(panel.units), int(panel.treated.sum())
    return estimate_of(
        "staggered", panel.label, model != "linear", found.b, found.se, level, int(seen.sum()), units, treated,
        f"imputation from untreated areas and periods, {model}", found, twoway.CORRECTION, confidence,
        _series(at, effects, errors, units, confidence), {},
        lost if found.se > 0 else (*lost, no_error(units, treated)), spread=0.0,  # its own engine has judged the error
    )  # fmt: skip


def synthetic_did(panel: Panel, *, draws: int = 200, seed: int = 144, confidence: float = 0.95) -> Estimate:
    """Synthetic difference in differences on counts (rates, with an exposure): weighted areas and weighted periods.

    The standard error is that of `draws` placebo assignments among the donors (seeded), the interval normal. Needs one
    start that lasts and more donors than treated areas; UserError otherwise, and as `synthetic_control.pool_of`.
    """
    import pandas as pd
    from diff_diff import SyntheticDiD

    from crisiskit.impact.synthetic_control import pool_of

    pool = pool_of(panel)
    k, j, t = len(pool.areas), len(pool.donors), len(pool.at)
    if j <= k:
        raise UserError(f"{j} areas to compare with for {k} treated ones: placebo errors need more than those treated")
    frame = pd.DataFrame({
        "unit": np.repeat(np.array([*pool.areas, *pool.donors], object), t), "period": np.tile(pool.at, k + j),
        "y": np.vstack([pool.treated, pool.others]).ravel(), "ever": np.repeat([1] * k + [0] * j, t),
    })  # fmt: skip
    later = [int(at) for at in pool.at[pool.after]]
    with _library() as said:
        fitted = SyntheticDiD(n_bootstrap=draws, seed=seed).fit(
            frame, outcome="y", treatment="ever", unit="unit", time="period", post_periods=later
        )
    level = float(pool.mean[pool.after].mean()) - fitted.att
    if comb(j, k) < FEW_PLACEBOS:
        said.append(f"the error rests on {comb(j, k)} distinct placebo assignments, too few to be believed; "
                    f"{FEW_PLACEBOS} or more would do: more areas to compare with")  # fmt: skip
    return estimate_of(
        "synthetic_did", panel.label, False, fitted.att, fitted.se, level, len(frame), k + j, k,
        f"synthetic difference in differences, {draws} placebo assignments, seed {seed}", fitted,
        "placebo assignments", confidence, None, {}, (*pool.notes, *said), normal=True, spread=float(frame["y"].std()),
    )  # fmt: skip


def _series(at: Any, effects: Any, errors: Any, units: int, confidence: float) -> "pd.DataFrame":
    import pandas as pd
    from scipy.stats import t

    effects, errors = np.asarray(effects, "float64"), np.asarray(errors, "float64")
    half = float(t.ppf((1 + confidence) / 2, max(units - 1, 1))) * errors
    return pd.DataFrame({"at": np.asarray(at).astype(int), "estimate": effects, "low": effects - half,
                         "high": effects + half, "se": errors})  # fmt: skip


def _since(status: np.ndarray) -> np.ndarray:
    """Periods since the start of the running stretch, -1 where the programme does not run."""
    since = np.full(status.shape, -1)
    for at in range(status.shape[1]):
        before = since[:, at - 1] if at else -1
        since[:, at] = np.where(status[:, at] > 0, before + 1, -1)
    return since


def _compared(long: Long, later: bool, instead: str = "") -> None:
    """UserError where no area can be compared with: never treated, or (`later`) treated later than another."""
    starts = long.frame.groupby("unit")["first"].first()
    if (starts <= 0).any() or (later and starts.nunique() > 1):
        return
    if starts.nunique() > 1:
        raise UserError(f"no area is never treated, and this estimator compares with such areas; use {instead}")
    raise UserError("every area starts at the same time: there is none to compare with")


def _with(names: Sequence[str]) -> dict[str, list[str]]:
    return {"covariates": list(names)} if names else {}


@contextmanager
def _library() -> Iterator[list[str]]:
    """Run the library: what it says to its user becomes notes, what it refuses a UserError."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            yield said
        except ValueError as error:
            raise UserError(f"the estimator refuses these data: {error}") from error
    for one in heard:
        if one.category is not UserWarning:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        elif (text := str(one.message).split(". ")[0]) not in said:
            said.append(text)
