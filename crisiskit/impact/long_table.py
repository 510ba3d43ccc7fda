"""The long table that the estimators of staggered starts work on, and the result that they give."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact import guards, twoway
from crisiskit.impact.panel import Panel
from crisiskit.impact.result import Assumption, Estimate

if TYPE_CHECKING:
    import pandas as pd

MODELS = ("log", "linear", "logged")
FEW = 5
"""Fewer treated areas than this, and the result says that its standard error is too small."""

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
        if not np.isfinite(att):
            raise UserError("the estimator gives no number for these data: does a covariate follow the programme?")
        treated = int(self.frame.loc[self.frame["first"] > 0, "unit"].nunique())
        level = float("nan") if self.model != "linear" else float(self.frame.loc[self.on, "y"].mean()) - att
        size = float(self.frame["y"].std()) if self.model == "linear" else 1.0
        if series is not None:
            ends = [name for name in ("low", "high", "se") if name in series]
            series.loc[~(series["se"] > guards.NOISE * size), ends] = np.nan
        return estimate_of(
            design, self.label, self.model != "linear", att, se, level, len(self.frame), self.units, treated, method,
            model, correction, confidence, series, details or {}, (*self.notes, *notes), spread=size,
        )  # fmt: skip


def long_table(data: "Panel | pd.DataFrame", columns: Columns | None, model: str) -> Long:
    """The long table of a panel or of a table with named columns, checked, sorted and on the model's scale."""
    if model not in MODELS:
        raise ValueError(f"model {model!r}; one of {MODELS}")
    if isinstance(data, Panel):
        frame, label, covariates = of_panel(data), data.label, tuple(data.covariates)
    elif columns is None:
        raise ValueError("a table needs `columns`")
    else:
        frame, label, covariates = of_table(data, columns), columns.outcome, columns.covariates
    guards.refuse_endless(frame["y"].to_numpy("float64"))
    every = set(frame["unit"])
    frame = frame.dropna(subset=["y"]).sort_values(["unit", "period"], ignore_index=True)
    if frame.empty:
        raise UserError("no area has a known outcome in any period")
    empty = sorted(map(str, every - set(frame["unit"])))
    if holes := [name for name in covariates if frame[name].isna().any()]:
        raise UserError(f"covariate '{holes[0]}' has missing cells: fill them or leave it out")
    always = frame["first"].between(1e-9, frame.groupby("unit")["period"].transform("min"))
    lost = sorted(frame.loc[always, "unit"].unique())
    notes: tuple[str, ...] = (
        (f"left out, treated from their first period on: {', '.join(map(str, lost))}",) if lost else ()
    )
    notes += (f"left out, without a known outcome in any period: {', '.join(empty)}",) if empty else ()
    frame = frame[~always].reset_index(drop=True)
    if not (frame["first"] > 0).any():
        raise UserError("no area starts within the data after a period without the programme")
    if frame["y"].nunique() == 1:
        raise UserError(f"the outcome is {frame['y'].iloc[0]:g} in every area and period: there is nothing to estimate")
    if model == "log":
        if zeros := int((frame["y"] <= 0).sum()):
            below = bool((frame["y"] < 0).any())
            kind, instead = ("0 or less", "") if below else ("0", ", or imputed (Poisson)")
            raise UserError(f"{zeros} cells are {kind} and have no logarithm; use model linear{instead}")
        frame["y"] = np.log(frame["y"])
    return Long(frame, label, model, covariates, notes)


def of_panel(panel: Panel) -> "pd.DataFrame":
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


def of_table(table: "pd.DataFrame", columns: Columns) -> "pd.DataFrame":
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


def no_error(units: int, treated: int) -> str:
    """The note of a standard error that is none."""
    return (f"no standard error: with {units} areas, {treated} of them treated, nothing is left within the areas to "
            "judge the effect by")  # fmt: skip


def estimate_of(
    design: str, label: str, logs: bool, att: float, se: float, level: float, n: int, units: int, treated: int,
    method: str, model: Any, correction: str, confidence: float, series: "pd.DataFrame | None",
    details: Mapping[str, float], notes: tuple[str, ...], *, normal: bool = False, spread: float = 1.0,
) -> Estimate:  # fmt: skip
    """The result with interval and p; `level` is what was expected without the programme, for a relative effect.

    A standard error that is 0 but for rounding, as a share of `spread`, is none: it, the interval and p are NaN.
    """
    from scipy import stats

    if se == se and not guards.trusted(se, spread) > 0:
        se, notes = float("nan"), (*notes, no_error(units, treated))
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
