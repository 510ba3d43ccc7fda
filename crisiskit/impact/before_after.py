"""Before and after with a comparison: two groups, two times, and the difference of their differences.

Microdata: Card and Krueger, American Economic Review 84 (1994) 772-793, table 3. Counts: the ratio of ratios.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from crisiskit.errors import UserError, nearest
from crisiskit.impact import guards, twoway
from crisiskit.impact.panel import Panel
from crisiskit.impact.result import Assumption, Estimate

if TYPE_CHECKING:
    import pandas as pd

ASSUMPTIONS = (
    Assumption("without the programme, both groups would have changed by the same amount", "pre_trends"),
    Assumption("nothing else touched the treated group alone between the two times", "shocks"),
    Assumption("what is recorded, and how, did not change with the programme", "reporting"),
)
RATIO_ASSUMPTIONS = (
    Assumption("without the programme, both groups would have changed by the same factor", "pre_trends"),
    *ASSUMPTIONS[1:],
)
UNEQUAL = "unequal variances (HC2 of the saturated model), Welch degrees of freedom"


@dataclass(frozen=True)
class Contrast:
    """A mean or a difference of means with its standard error (unequal variances), Welch df and rows."""

    value: float
    se: float
    df: float
    n: int


@dataclass(frozen=True)
class TwoByTwo:
    """Two groups at two times. `cells` has group, after (0 or 1), n, mean, se; the rest are differences of them.

    `before`, `after`: treated less comparison. `change_treated`, `change_comparison`: after less before. All rows are
    used for these. `all_rows`: the difference of the changes on all rows; `balanced`: on units seen both times, None
    where a group has fewer than two of them, as in repeated cross-sections.
    """

    cells: "pd.DataFrame"
    before: Contrast
    after: Contrast
    change_treated: Contrast
    change_comparison: Contrast
    all_rows: Estimate
    balanced: Estimate | None

    def cell(self, group: int, after: int) -> Contrast:
        """The mean of one cell: group 1 is treated, after 1 the second time."""
        row = self.cells[(self.cells["group"] == group) & (self.cells["after"] == after)].iloc[0]
        return Contrast(float(row["mean"]), float(row["se"]), float(row["n"]) - 1, int(row["n"]))


def two_by_two(
    frame: "pd.DataFrame", unit: str | None, group: str, after: str, outcome: str, confidence: float = 0.95
) -> TwoByTwo:
    """Difference in differences of microdata: a row per unit and time, `group` and `after` 0 or 1.

    `unit`, `group`, `after`, `outcome` name columns; a missing outcome leaves its row out. `unit` None: every row is a
    unit of its own, as in repeated cross-sections. On all rows the two times of a unit count as independent; on
    balanced units the change of each unit is compared (two-sample, unequal variances). `details` of both hold `se_iid`,
    the error of ordinary least squares, which older studies print: one variance for all cells. Raises UserError for a
    missing column, a value other than 0 and 1, a unit twice at one time or in both groups, a cell with under two rows,
    and an outcome that does not vary.
    """
    rows = _rows(frame, unit, group, after, outcome)
    cells = rows.groupby(["group", "after"])["y"].agg(["count", "mean", "var"]).reset_index()
    for treated in (0, 1):
        for late in (0, 1):
            held = cells.loc[(cells["group"] == treated) & (cells["after"] == late), "count"]
            if not len(held) or held.iloc[0] < 2:
                raise UserError(f"{outcome}: {group} {treated}, {after} {late} has {int(held.sum())} rows; "
                                "a standard error needs at least 2")  # fmt: skip
    cells["se"] = np.sqrt(cells["var"] / cells["count"])
    cells = cells.rename(columns={"count": "n"})[["group", "after", "n", "mean", "se"]]
    table = {(int(c.group), int(c.after)): (float(c.mean), float(c.se), int(c.n))
             for c in _named(cells)}  # fmt: skip
    balanced, note = _balanced(rows, outcome, confidence)
    return TwoByTwo(
        cells,
        before=_contrast([(1, table[1, 0]), (-1, table[0, 0])]),
        after=_contrast([(1, table[1, 1]), (-1, table[0, 1])]),
        change_treated=_contrast([(1, table[1, 1]), (-1, table[1, 0])]),
        change_comparison=_contrast([(1, table[0, 1]), (-1, table[0, 0])]),
        all_rows=_all_rows(rows, table, outcome, confidence, note),
        balanced=balanced,
    )


@dataclass(frozen=True)
class _Cell:
    group: int
    after: int
    n: int
    mean: float
    se: float


def _named(cells: "pd.DataFrame") -> list[_Cell]:
    return [_Cell(*values) for values in cells.itertuples(index=False, name=None)]


def _rows(frame: "pd.DataFrame", unit: str | None, group: str, after: str, outcome: str) -> "pd.DataFrame":
    """The columns as unit, group, after, y, sorted, without rows whose outcome is missing."""
    import pandas as pd

    for name in (unit, group, after, outcome):
        if name is not None and name not in frame.columns:
            raise UserError(f"column '{name}' is not in the table{nearest(name, map(str, frame.columns))}")
    names = np.arange(len(frame)) if unit is None else frame[unit].astype(str).to_numpy(object)
    rows = pd.DataFrame({"unit": names})
    for name, column in (("group", group), ("after", after), ("y", outcome)):
        values = pd.to_numeric(frame[column], errors="coerce").to_numpy("float64", na_value=np.nan)
        wrong = ~np.isfinite(values) & frame[column].notna().to_numpy()
        if name != "y":
            wrong = ~np.isin(values, (0, 1))
        if wrong.any():
            at = int(wrong.argmax())
            right = "a number or empty" if name == "y" else "0 or 1"
            raise UserError(f"row {at + 1}: {column} is '{frame[column].iloc[at]}', should be {right}")
        rows[name] = values
    rows = rows.sort_values(["unit", "after", "group"], ignore_index=True)
    if (twice := rows.duplicated(["unit", "after"])).any():
        first = rows[twice].iloc[0]
        raise UserError(f"unit '{first['unit']}' stands twice with {after} {first['after']:g}; once is right")
    if (both := rows.groupby("unit")["group"].nunique() > 1).any():
        raise UserError(f"unit '{both.index[both.argmax()]}' is in both groups; a unit keeps its {group}")
    rows = rows[rows["y"].notna()].reset_index(drop=True)
    if rows["y"].nunique() < 2:
        raise UserError(f"{outcome} is the same in every row, or missing: there is nothing to compare")
    return rows


def _contrast(parts: list[tuple[int, tuple[float, float, int]]]) -> Contrast:
    """Sum of signed means with the error of independent cells; df after Welch (1947) and Satterthwaite (1946)."""
    value = float(sum(sign * mean for sign, (mean, _, _) in parts))
    squares = np.array([se**2 for _, (_, se, _) in parts])
    sizes = np.array([n for _, (_, _, n) in parts])
    total = float(squares.sum())
    df = total**2 / float((squares**2 / (sizes - 1)).sum()) if total > 0 else float("nan")
    return Contrast(value, float(np.sqrt(total)), df, int(sizes.sum()))


def _all_rows(
    rows: "pd.DataFrame", table: dict[tuple[int, int], tuple[float, float, int]], outcome: str, confidence: float,
    note: str,
) -> Estimate:  # fmt: skip
    from statsmodels.api import OLS

    welch = _contrast([(1, table[1, 1]), (-1, table[1, 0]), (-1, table[0, 1]), (1, table[0, 0])])
    both = rows["group"] * rows["after"]
    x = np.column_stack([np.ones(len(rows)), rows["group"], rows["after"], both])
    result = OLS(rows["y"].to_numpy(), x).fit(cov_type="HC2")
    note = note or "The two times of a unit count as independent; units seen both times give the paired comparison."
    return _estimate("did_all_rows", rows, result, 3, welch.df, table[1, 1][0], outcome, confidence, (note,))


def _balanced(rows: "pd.DataFrame", outcome: str, confidence: float) -> tuple[Estimate | None, str]:
    """The comparison of changes, or None and why there is none."""
    from statsmodels.api import OLS

    wide = rows.pivot(index="unit", columns="after", values="y").dropna()
    treated = rows.groupby("unit")["group"].first().loc[wide.index].to_numpy()
    change = (wide[1.0] - wide[0.0]).to_numpy()
    parts = []
    for sign, value in ((1, 1), (-1, 0)):
        own = change[treated == value]
        if len(own) < 2:
            return None, (f"No paired comparison: {len(own)} units of group {value} were seen both times, at least 2 "
                          "are needed; the two times count as independent.")  # fmt: skip
        parts.append((sign, (float(own.mean()), float(own.std(ddof=1) / np.sqrt(len(own))), len(own))))
    result = OLS(change, np.column_stack([np.ones(len(change)), treated])).fit(cov_type="HC2")
    kept = rows[rows["unit"].isin(wide.index)]
    mean = float(wide[1.0][treated == 1].mean())
    left = rows["unit"].nunique() - len(wide)
    notes = (f"{left} units were seen only once and are left out.",) if left else ()
    return _estimate("did_balanced", kept, result, 1, _contrast(parts).df, mean, outcome, confidence, notes), ""


def _estimate(
    design: str, rows: "pd.DataFrame", result: Any, at: int, df: float, mean: float, outcome: str, confidence: float,
    notes: tuple[str, ...],
) -> Estimate:  # fmt: skip
    """The coefficient `at` as an estimate; relative is a share of the treated mean less the estimate."""
    from scipy.stats import t

    b, se = float(result.params[at]), float(result.bse[at])
    if not se > 1e-10 * float(rows["y"].abs().max()):  # what is left by rounding
        raise UserError(f"{outcome} does not vary within the groups: there is no standard error")
    half = float(t.ppf((1 + confidence) / 2, df)) * se
    without = mean - b
    loose = float(np.sqrt(result.scale * result.normalized_cov_params[at, at]))
    shares = [value / without if without > 0 else float("nan") for value in (b, b - half, b + half)]
    units = rows.groupby("unit")["group"].first()
    return Estimate(
        design=design, outcome=outcome, scale="difference", estimate=b, se=se, low=b - half, high=b + half,
        p=float(2 * t.sf(abs(b / se), df)), relative=shares[0], relative_low=shares[1], relative_high=shares[2],
        n=int(result.nobs), units=len(units), treated_units=int(units.sum()), clusters=int(result.nobs),
        method=f"difference in differences, least squares, t({df:.1f})", correction=UNEQUAL, confidence=confidence,
        assumptions=ASSUMPTIONS, notes=notes, model=result,
        details={"df": df, "expected_mean": without, "se_iid": loose},
    )  # fmt: skip


def ratio_of_ratios(panel: Panel, confidence: float = 0.95) -> Estimate:
    """Treated after/before over comparison after/before, of total counts; `estimate` is its logarithm.

    The Poisson 2x2 on totals; the error is clustered by area with G/(G-1), as `twoway.fit` gives, p and interval are
    Student's t with G-1 df. With an exposure it is the Poisson model of rates with an effect of each area. Areas with a
    missing cell are left out with a note, since totals of unequal periods cannot be compared, and so are periods that
    no area knows. Raises UserError where
    the roll-out is no block, a group is empty, or a total is 0.
    """
    from scipy.stats import t

    if panel.roll_out != "block":
        raise UserError(f"the roll-out is {panel.roll_out}: ratios need areas that start at once and stay")
    guards.refuse_endless(panel.outcome)
    known = guards.known_cells(panel.outcome, panel.exposure)
    never = np.asarray(~known.any(axis=0))
    if never.any() and not never.all():
        panel, known = panel.only(periods=~never), known[:, ~never]
    whole = np.asarray(known.all(axis=1))
    used = panel.only([name for name, kept in zip(panel.units, whole, strict=True) if kept]) if whole.any() else panel
    treated, late = used.treated, ~panel.before
    if not whole.any() or treated.all() or not treated.any() or late.all():
        raise UserError("a ratio of ratios needs treated and untreated areas that are covered throughout, "
                        "and a period before the start")  # fmt: skip
    halves = [np.column_stack([v[:, ~late].sum(axis=1), v[:, late].sum(axis=1)]) for v in _given(used)]
    totals = np.array([[halves[0][mask][:, time].sum() for time in (0, 1)] for mask in (treated, ~treated)])
    if (totals <= 0).any():
        raise UserError("a total of the four (treated or not, before or after) is 0: their ratio has no logarithm")
    status = np.outer(treated, [0, 1]).astype("float64")
    fit = twoway.fit(halves[0], status, "poisson", halves[1] if len(halves) > 1 else None)
    groups = len(used.units)
    if not fit.se > 1e-9:  # what is left by rounding
        raise UserError("the areas of each group changed by the same factor: there is no standard error")
    half = float(t.ppf((1 + confidence) / 2, groups - 1)) * fit.se
    left = [name for name, kept in zip(panel.units, whole, strict=True) if not kept]
    notes = (f"Left out, not covered throughout: {', '.join(left)}.",) if left else ()
    if never.any():
        notes = (*notes, f"{int(never.sum())} periods are left out: no area has a known outcome in them.")
    rates = np.expm1(np.clip([fit.b, fit.b - half, fit.b + half], -50, 50))
    return Estimate(
        design="ratio_of_ratios", outcome=panel.label, scale="log", estimate=fit.b, se=fit.se, low=fit.b - half,
        high=fit.b + half, p=float(2 * t.sf(abs(fit.t), groups - 1)), relative=float(rates[0]),
        relative_low=float(rates[1]), relative_high=float(rates[2]), n=used.outcome.size, units=groups,
        treated_units=int(treated.sum()), clusters=groups, method=f"ratio of ratios of totals, t({groups - 1})",
        correction=twoway.CORRECTION, confidence=confidence, assumptions=RATIO_ASSUMPTIONS, notes=notes, model=fit,
        details={"treated_before": totals[0, 0], "treated_after": totals[0, 1], "comparison_before": totals[1, 0],
                 "comparison_after": totals[1, 1]},
    )  # fmt: skip


def _given(panel: Panel) -> list[np.ndarray]:
    return [panel.outcome] if panel.exposure is None else [panel.outcome, panel.exposure]
