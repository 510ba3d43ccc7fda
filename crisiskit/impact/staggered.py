"""Programmes that start at different times, by the estimators that never take the treated for untreated.

A thin layer over the library diff-diff, the only module of the kit besides `honest` that knows it. Standard errors are
analytic, by area. Sources: Callaway and Sant'Anna (2021), Sun and Abraham (2021), Goodman-Bacon (2021), Borusyak,
Jaravel and Spiess (2024), Arkhangelsky and others (2021).
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact import imputation as engine
from crisiskit.impact import twoway
from crisiskit.impact.panel import Panel
from crisiskit.impact.result import Assumption, Estimate

if TYPE_CHECKING:
    import pandas as pd

MODELS = ("log", "linear", "logged")
FEW = 5
"""Fewer treated areas than this, and the result says that its standard error is too small."""

AGGREGATIONS = ("simple", "dynamic", "group", "calendar")
NAMES = {"outcome": "y", "unit": "unit", "time": "period", "first_treat": "first"}
ASSUMPTIONS = (
    Assumption("areas that start later, or never, would have moved like those that start earlier", "pre_trends"),
    Assumption("nobody acted on the programme before its start"),
    Assumption("the areas that are compared with were not touched by the programme", "spill_over"),
)


@dataclass(frozen=True)
class Columns:
    """Names of the columns of a long table; `first` holds the first treated period (never: 0, empty or infinite)."""

    unit: str
    period: str
    first: str
    outcome: str
    covariates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Long:
    """A long table ready for the library: unit, period, first (0: never), y on the model's scale, covariates."""

    frame: "pd.DataFrame"
    label: str
    model: str
    covariates: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def units(self) -> int:
        return int(self.frame["unit"].nunique())

    @property
    def on(self) -> "pd.Series":
        """Mask of the treated rows."""
        return (self.frame["first"] > 0) & (self.frame["period"] >= self.frame["first"])

    def estimate(
        self, att: float, se: float, series: "pd.DataFrame | None", method: str, model: Any, *, correction: str,
        details: Mapping[str, float] | None = None, notes: tuple[str, ...] = (), confidence: float = 0.95,
        design: str = "staggered",
    ) -> Estimate:  # fmt: skip
        """The result of a design on this table, with Student's t of the areas less one."""
        treated = int(self.frame.loc[self.frame["first"] > 0, "unit"].nunique())
        level = float("nan") if self.model != "linear" else float(self.frame.loc[self.on, "y"].mean()) - att
        return _estimate(
            design, self.label, self.model != "linear", att, se, level, len(self.frame), self.units, treated, method,
            model, correction, confidence, series, details or {}, (*self.notes, *notes),
        )  # fmt: skip


@dataclass(frozen=True)
class GroupTime:
    """ATT(g, t) of Callaway and Sant'Anna: cells (C) with the pulls of the units on them (`psi`, C x N).

    A cell's standard error is the root of the sum of its squared pulls. `cohort` (N) is each unit's first period,
    `results` the library's own object.
    """

    group: np.ndarray
    period: np.ndarray
    att: np.ndarray
    psi: np.ndarray
    cohort: np.ndarray
    results: Any

    @property
    def post(self) -> np.ndarray:
        return self.period >= self.group

    @property
    def table(self) -> "pd.DataFrame":
        """`group`, `period`, `att`, `se`, one row per cell."""
        import pandas as pd

        return pd.DataFrame({"group": self.group, "period": self.period, "att": self.att, "se": _size(self.psi)})

    def mean(self, cells: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean of some cells (mask) by size of their cohorts, and the units' pulls on it.

        The pulls take along that the cohorts' shares are estimated too (Callaway and Sant'Anna 2021, corollary 2).
        """
        share = np.array([(self.cohort == g).mean() for g in self.group[cells]])
        att = float(share @ self.att[cells] / share.sum())
        member = (self.cohort[None, :] == self.group[cells][:, None]) - share[:, None]
        of_shares = (self.att[cells] - att) @ member / share.sum() / len(self.cohort)
        return att, share @ self.psi[cells] / share.sum() + of_shares

    def by(self, key: np.ndarray, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Distinct values of a key among some cells, with the mean and the pulls at each."""
        values = np.unique(key[cells])
        found = [self.mean(cells & (key == value)) for value in values]
        return values, np.array([att for att, _ in found]), np.array([psi for _, psi in found])

    def pretest(self) -> tuple[float, float, int]:
        """Wald test that every ATT(g, t) before the start is 0: statistic, p, degrees of freedom; NaN if singular."""
        from scipy.stats import chi2

        att, psi = self.att[~self.post], self.psi[~self.post]
        if not len(att) or np.linalg.matrix_rank(psi) < len(att):
            return float("nan"), float("nan"), len(att)
        wald = float(att @ np.linalg.solve(psi @ psi.T, att))
        return wald, float(chi2.sf(wald, len(att))), len(att)


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

    long = _long(data, columns, model)
    with _library() as said:
        fitted = CallawaySantAnna(control_group=f"{control}_treated").fit(long.frame, **NAMES, **_with(long))
    found = _group_time(fitted)
    if not found.post.any():
        raise UserError("no effect after a start can be estimated: no area has a record both before and after it")
    event, cells = found.period - found.group, np.ones(len(found.att), bool)
    if balanced is not None:
        aggregation, last = "dynamic", float(long.frame["period"].max())
        cells = (last - found.group >= balanced) & (event <= balanced)
        if not (cells & found.post).any():
            raise UserError(f"no area is seen for {balanced} periods after its start: balance at a smaller number")
    key = {"group": found.group, "calendar": found.period}.get(aggregation, event)
    att, psi = _overall(found, key, cells & found.post, aggregation)
    at, effects, pulls = found.by(key, cells if key is event else cells & found.post)
    wald, p, df = found.pretest()
    details = {"pretest_wald": wald, "pretest_p": p, "pretest_df": float(df)}
    what = aggregation if balanced is None else f"balanced at {balanced}"
    return long.estimate(
        att, float(_size(psi)), _series(at, effects, _size(pulls), long.units, confidence),
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

    long = _long(data, columns, model)
    with _library() as said:
        fitted = SunAbraham().fit(long.frame, **NAMES, **_with(long))
    events = sorted(fitted.event_study_effects)
    effects, errors = (np.array([fitted.event_study_effects[e][name] for e in events]) for name in ("effect", "se"))
    return long.estimate(
        fitted.overall_att, fitted.overall_se, _series(events, effects, errors, long.units, confidence),
        "Sun and Abraham, never treated as comparison", fitted, details=_covariates(long), notes=tuple(said),
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

    long = _long(data, columns, model)
    with _library() as said:
        fitted = ImputationDiD().fit(long.frame, **NAMES, **_with(long))
        table = fitted.aggregate("event_study").to_dataframe()
    table = table[~table["is_reference"] & table["se"].notna()]
    series = _series(table["event_time"], table["att"], table["se"], long.units, confidence)
    return long.estimate(
        fitted.overall_att, fitted.overall_se, series, "imputation (Borusyak, Jaravel and Spiess)", fitted,
        correction="conservative, by area, none for small samples", notes=tuple(said), confidence=confidence,
    )  # fmt: skip


def bacon(data: "Panel | pd.DataFrame", columns: Columns | None = None, *, model: str = "log") -> Estimate:
    """What two-way fixed effects are made of: every comparison of two cohorts with its weight (no standard error).

    The estimate is that of two-way fixed effects. Details: the share `weight_TYPE` and the mean `effect_TYPE` of
    treated_vs_never, earlier_vs_later and later_vs_earlier; the last, `forbidden`, takes the treated for untreated.
    Raises UserError as the others, and for a panel with holes.
    """
    from diff_diff import BaconDecomposition

    long = _long(data, columns, model)
    if len(long.frame) != long.units * long.frame["period"].nunique():
        raise UserError("the decomposition needs every area in every period: leave out areas or periods with holes")
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
    return _estimate(
        "staggered", panel.label, model != "linear", found.b, found.se, level, int(seen.sum()), units, treated,
        f"imputation from untreated areas and periods, {model}", found, twoway.CORRECTION, confidence,
        _series(at, effects, errors, units, confidence), {}, (),
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
    return _estimate(
        "synthetic_did", panel.label, False, fitted.att, fitted.se, level, len(frame), k + j, k,
        f"synthetic difference in differences, {draws} placebo assignments, seed {seed}", fitted,
        "placebo assignments", confidence, None, {}, (*pool.notes, *said), normal=True,
    )  # fmt: skip


def _estimate(
    design: str, label: str, logs: bool, att: float, se: float, level: float, n: int, units: int, treated: int,
    method: str, model: Any, correction: str, confidence: float, series: "pd.DataFrame | None",
    details: Mapping[str, float], notes: tuple[str, ...], *, normal: bool = False,
) -> Estimate:  # fmt: skip
    """The result with interval and p; `level` is what was expected without the programme, for a relative effect."""
    from scipy import stats

    curve = stats.norm() if normal else stats.t(max(units - 1, 1))
    half = float(curve.ppf((1 + confidence) / 2)) * se
    p = float(2 * curve.sf(abs(att) / se)) if se > 0 else float("nan")
    ends = (att, att - half, att + half)
    share, least, most = (float(np.expm1(x)) if logs else x / level if level > 0 else float("nan") for x in ends)
    if treated < FEW and not normal:
        notes = (*notes, f"{treated} treated areas: an analytic error is too small for so few; see randomisation")
    return Estimate(
        design, label, "log" if logs else "difference", float(att), float(se), float(ends[1]), float(ends[2]), p,
        share, least, most, n, units, treated, units, method, correction, confidence, ASSUMPTIONS, notes,
        dict(details), series, model,
    )  # fmt: skip


def _series(at: Any, effects: Any, errors: Any, units: int, confidence: float) -> "pd.DataFrame":
    import pandas as pd
    from scipy.stats import t

    effects, errors = np.asarray(effects, "float64"), np.asarray(errors, "float64")
    half = float(t.ppf((1 + confidence) / 2, max(units - 1, 1))) * errors
    return pd.DataFrame({"at": np.asarray(at).astype(int), "estimate": effects, "low": effects - half,
                         "high": effects + half, "se": errors})  # fmt: skip


def _size(psi: np.ndarray) -> np.ndarray:
    return np.sqrt((psi**2).sum(axis=-1))


def _overall(
    found: GroupTime, key: np.ndarray, cells: np.ndarray, aggregation: str
) -> tuple[float, np.ndarray]:  # fmt: skip
    """The overall effect and the units' pulls on it."""
    if aggregation == "simple":
        return found.mean(cells)
    values, att, psi = found.by(key, cells)
    if aggregation == "group":
        return GroupTime(values, values, att, psi, found.cohort, None).mean(np.ones(len(values), bool))
    return float(att.mean()), psi.mean(axis=0)


def _group_time(fitted: Any) -> GroupTime:
    """Cells and pulls of the library's result, by cohort and period; cells without an estimate are left out."""
    kit, cells = fitted._aggregation_kit, fitted.group_time_effects  # the pulls are kept nowhere else
    cohort = np.asarray(kit.bookkeeping["unit_cohorts"], "float64")
    known = sorted(cell for cell in kit.influence if np.isfinite(cells[cell]["effect"]))
    psi = np.zeros((len(known), len(cohort)))
    for row, cell in zip(psi, known, strict=True):
        pull = kit.influence[cell]
        np.add.at(row, pull["treated_idx"], pull["treated_inf"])
        np.add.at(row, pull["control_idx"], pull["control_inf"])
    group, period = (np.array([float(cell[i]) for cell in known]) for i in (0, 1))
    return GroupTime(group, period, np.array([cells[cell]["effect"] for cell in known]), psi, cohort, fitted)


def _since(status: np.ndarray) -> np.ndarray:
    """Periods since the start of the running stretch, -1 where the programme does not run."""
    since = np.full(status.shape, -1)
    for at in range(status.shape[1]):
        before = since[:, at - 1] if at else -1
        since[:, at] = np.where(status[:, at] > 0, before + 1, -1)
    return since


def _covariates(long: Long) -> dict[str, float]:
    """Coefficients of the covariates in the saturated regression, with errors clustered by area."""
    if not long.covariates:
        return {}
    import pandas as pd

    frame = long.frame
    event = (frame["period"] - frame["first"]).where(frame["first"] > 0)
    cell = (frame["first"].astype(str) + "/" + event.astype(str)).where(event.notna() & (event != -1))
    inner = np.column_stack([pd.get_dummies(part, dtype=float) for part in (frame["period"], cell)])
    design = np.column_stack([pd.get_dummies(frame["unit"], dtype=float), inner])
    both = frame[[*long.covariates, "y"]].to_numpy("float64")
    left = both - design @ np.linalg.lstsq(design, both, rcond=None)[0]
    x, y = left[:, :-1], left[:, -1]
    if np.linalg.matrix_rank(x, tol=1e-8 * np.abs(both).max() * len(x) ** 0.5) < x.shape[1]:
        return {f"{kind}_{name}": float("nan") for kind in ("b", "se") for name in long.covariates}  # absorbed by areas
    bread = np.linalg.inv(x.T @ x)
    b = bread @ x.T @ y
    pulls = pd.DataFrame(x * (y - x @ b)[:, None]).groupby(frame["unit"].to_numpy()).sum().to_numpy()
    g, n, k = long.units, len(frame), inner.shape[1] + x.shape[1]
    se = np.sqrt(np.diag(bread @ pulls.T @ pulls @ bread) * g / (g - 1) * (n - 1) / (n - k))
    names = long.covariates
    return {f"b_{name}": float(v) for name, v in zip(names, b, strict=True)} | {
        f"se_{name}": float(v) for name, v in zip(names, se, strict=True)
    }


def _with(long: Long) -> dict[str, list[str]]:
    return {"covariates": list(long.covariates)} if long.covariates else {}


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


def _long(data: "Panel | pd.DataFrame", columns: Columns | None, model: str) -> Long:
    """The long table of a panel or of a table with named columns, checked, sorted and on the model's scale."""
    if model not in MODELS:
        raise ValueError(f"model {model!r}; one of {MODELS}")
    if isinstance(data, Panel):
        frame, label, covariates = _of_panel(data), data.label, tuple(data.covariates)
    elif columns is None:
        raise ValueError("a table needs `columns`")
    else:
        frame, label, covariates = _of_table(data, columns), columns.outcome, columns.covariates
    frame = frame.dropna(subset=["y"]).sort_values(["unit", "period"], ignore_index=True)
    if holes := [name for name in covariates if frame[name].isna().any()]:
        raise UserError(f"covariate '{holes[0]}' has missing cells: fill them or leave it out")
    always = frame["first"].between(1e-9, frame.groupby("unit")["period"].transform("min"))
    lost = sorted(frame.loc[always, "unit"].unique())
    notes = (f"left out, treated from their first period on: {', '.join(map(str, lost))}",) if lost else ()
    frame = frame[~always].reset_index(drop=True)
    if not (frame["first"] > 0).any():
        raise UserError("no area starts within the data after a period without the programme")
    if frame["y"].nunique() == 1:
        raise UserError(f"the outcome is {frame['y'].iloc[0]:g} in every area and period: there is nothing to estimate")
    if model == "log":
        if zeros := int((frame["y"] <= 0).sum()):
            raise UserError(f"{zeros} cells are 0 and have no logarithm; use model linear, or imputed (Poisson)")
        frame["y"] = np.log(frame["y"])
    return Long(frame, label, model, covariates, notes)


def _of_panel(panel: Panel) -> "pd.DataFrame":
    """Periods count from 1, so that 0 can mean never."""
    if panel.roll_out == "switching":
        stops = (np.diff((panel.status > 0).astype(int), axis=1) < 0).any(axis=1)
        raise UserError(
            f"the programme pauses or ends in area '{panel.units[int(stops.argmax())]}'; this estimator needs it to "
            "stay once begun: use imputation (`imputed`), or a window that ends before the first pause"
        )
    frame = panel.long().rename(columns={"outcome": "y"})
    frame["period"] += 1
    frame["first"] = np.repeat(panel.first + 1, len(panel.starts))
    if panel.exposure is not None:
        frame["y"] = twoway.scaled(panel.outcome, "linear", panel.exposure).ravel()
    return frame[["unit", "period", "first", "y", *panel.covariates]]


def _of_table(table: "pd.DataFrame", columns: Columns) -> "pd.DataFrame":
    wanted = (columns.unit, columns.period, columns.first, columns.outcome, *columns.covariates)
    if lost := [name for name in wanted if name not in table]:
        raise UserError(f"column '{lost[0]}' is not in the table")
    frame = table[list(wanted)].copy()
    frame.columns = ["unit", "period", "first", "y", *columns.covariates]
    if twice := int(frame.duplicated(["unit", "period"]).sum()):
        raise UserError(f"{twice} rows repeat a unit and period: a panel has one row for each")
    if (frame.groupby("unit")["first"].nunique(dropna=False) > 1).any():
        raise UserError(f"column '{columns.first}' changes within a unit; it is the unit's first treated period")
    last = frame["period"].max()
    frame["first"] = frame["first"].where(frame["first"] <= last, 0).astype("float64")
    return frame
