"""Whether the areas moved apart before the start, and whether the test could have seen it.

A test that finds nothing proves little where it has little power (Roth, American Economic Review: Insights 4 (2022)
305-322), so both stand together. With few clusters the Wald test rejects too often: the programme is dealt out anew.
Two tests share the level: one of any difference (here), and one of a steady drift (`slope_test`), which sees far more.
"""

from dataclasses import dataclass

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact import twoway
from crisiskit.impact.believe import recommend
from crisiskit.impact.event_study import SINGULAR, Path, joint_test
from crisiskit.impact.panel import Panel
from crisiskit.impact.randomisation import deal, p_value
from crisiskit.impact.result import Check, Estimate, Status, p_text
from crisiskit.impact.slope_test import DRAWS, SEED, SlopeTest, explaining_slope, slope_seen, slope_test

LEVEL, ENOUGH_POWER = 0.05, 0.5
CERTAIN = 1e6
"""Beyond this noncentrality the power is 1, and the library's function fails."""
MOST_LOST = 0.25
"""Of the areas, so many may have an unknown cell before the start and be left out of the test."""
TITLE = "Trends before the start"


def randomised(panel: Panel, model: str = "poisson", draws: int = DRAWS, seed: int = SEED) -> float:
    """p of the joint test of all periods before the start, with the treated areas dealt out anew.

    The statistic is Wald's, of the differences of each period from the last before the start (log ratio of ratios for
    counts), with the covariance clustered by area. NaN where too many areas have an unknown cell, or no deal can be
    formed.
    """
    parts = _dealt(panel, model, draws, seed)
    return float("nan") if parts is None else p_value(np.sqrt(_statistic(*parts[:2])))


def randomised_power(
    panel: Panel, slope: float, model: str = "poisson", draws: int = DRAWS, seed: int = SEED, level: float = LEVEL
) -> float:
    """Probability that the test of `randomised` sees trends that differ by `slope` a period; NaN where that is NaN.

    Each deal is taken as data in turn, with the slope planted in the areas that it treats (on the scale of the model,
    which leaves its covariance as it is), and held against the deals without it. A deal without a statistic counts as
    not seen. `power` is the same of Wald's chi-square, and promises far too much with few areas.
    """
    parts = _dealt(panel, model, draws, seed)
    return float("nan") if parts is None else _seen(parts, slope, level)


Parts = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Of every deal the differences from the last period and their inverse covariances; the periods' distances from it."""


def _seen(parts: Parts, slope: float, level: float) -> float:
    """Share of the deals beyond the first whose statistic with the slope is among the `level` largest without it."""
    change, inverse = parts[0][1:], parts[1][1:]
    bare = np.nan_to_num(_statistic(change, inverse), nan=np.inf)
    critical = np.quantile(bare, 1 - level, method="higher")
    return float((_statistic(change + slope * parts[2], inverse) > critical).mean())


def _statistic(change: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """Wald statistics (S,); NaN where there is none."""
    found = np.einsum("st,stu,su->s", change, inverse, change)
    return np.where(found >= 0, found, np.nan)


def _dealt(panel: Panel, model: str, draws: int, seed: int) -> Parts | None:
    """`_parts` of every deal, the first as it was; None where they cannot be formed.

    A period before the start that is unknown in all areas is left out, and so are areas with another unknown cell
    there, up to MOST_LOST of them. An exposure that moves is taken
    out of the counts, which are put as if it had stood at its mean.
    """
    rated = _rated(panel, model)
    at = np.flatnonzero(panel.before & np.isfinite(rated).any(axis=0))
    if len(at) < 2:
        return None
    whole = rated[:, at]
    kept = np.isfinite(whole).all(axis=1)
    if (~kept).mean() > MOST_LOST or not panel.treated[kept].any() or (~panel.treated[kept]).sum() < 2:
        return None
    known = panel if kept.all() else panel.only(units=[panel.units[at] for at in np.flatnonzero(kept)])
    member = known.treated[deal(known, model, draws, seed).orders].astype("float64")
    return (*_parts(whole[kept], member, model == "poisson"), at[:-1] - float(at[-1]))


def _rated(panel: Panel, model: str) -> np.ndarray:
    """The outcome on the model's scale; counts with their exposure put at its mean over time."""
    if panel.exposure is None or model != "poisson":
        return panel.outcome if model == "poisson" else twoway.scaled(panel.outcome, model, panel.exposure)
    exposure = np.where(panel.exposure > 0, panel.exposure, np.nan)
    with np.errstate(invalid="ignore"):
        found: np.ndarray = panel.outcome * np.nanmean(exposure, axis=1, keepdims=True) / exposure
    return found


def _wald(y: np.ndarray, member: np.ndarray, counts: bool) -> np.ndarray:
    """Wald statistics (S,) of the periods of y (N x T) against its last, for members (S x N) of the treated group."""
    return _statistic(*_parts(y, member, counts))


def _parts(y: np.ndarray, member: np.ndarray, counts: bool) -> tuple[np.ndarray, np.ndarray]:
    """Differences of each period from the last (S x T-1) and their inverse covariances; NaN where there are none."""
    n, periods = y.shape
    products = np.einsum("it,is->its", y, y).reshape(n, -1)
    gap = np.zeros((len(member), periods))
    cover = np.zeros((len(member), periods, periods))
    for sign, group in ((1, member), (-1, 1 - member)):
        size, sums = group.sum(axis=1), group @ y
        second = (group @ products).reshape(-1, periods, periods)
        if counts:
            sums = np.where(sums > 0, sums, np.nan)
            gap += sign * np.log(sums)
            cover += second / (sums[:, :, None] * sums[:, None, :])
        else:
            mean = sums / size[:, None]
            gap += sign * mean
            cover += second / size[:, None, None] ** 2 - mean[:, :, None] * mean[:, None, :] / size[:, None, None]
    change = gap[:, :-1] - gap[:, -1:]
    last = cover[:, -1, -1][:, None, None]
    spread = cover[:, :-1, :-1] - cover[:, :-1, -1:] - cover[:, -1:, :-1] + last
    fine = np.isfinite(change).all(axis=1)
    inverse = np.full(spread.shape, np.nan)
    inverse[fine] = np.linalg.pinv(spread[fine], rcond=SINGULAR, hermitian=True)
    return change, inverse


def power(found: Path, slope: float, level: float = LEVEL) -> float:
    """Probability that the Wald test sees trends that differ by `slope` a period (chi-square approximation).

    With few areas this promises far too much, as the test rejects too often: see `randomised_power`.
    """
    from scipy.stats import chi2, ncx2

    early = found.before
    if not early.any():
        return float("nan")
    violation = slope * (found.at[early] - found.reference)
    cover = found.covariance[np.ix_(early, early)] * found.nested
    away = min(float(violation @ np.linalg.pinv(cover, rcond=SINGULAR, hermitian=True) @ violation), CERTAIN)
    critical = chi2.isf(level, int(early.sum()))
    return float(ncx2.sf(critical, int(early.sum()), away)) if away > 0 else level


def detectable_slope(found: Path, wanted: float) -> float:
    """The difference in slope a period that the Wald test sees with probability `wanted`; NaN without such periods."""
    if not found.before.any():
        return float("nan")
    return slope_seen(lambda slope: power(found, slope), wanted, LEVEL)


@dataclass(frozen=True)
class _Judged:
    """The tests of the periods before the start that could be made by reassigned areas, each at its share of LEVEL."""

    joint: Parts | None
    straight: SlopeTest | None
    p: float  # of any difference; NaN where there is no such test

    @property
    def level(self) -> float:
        return LEVEL / 2 if self.joint and self.straight else LEVEL

    def power(self, slope: float) -> float:
        """At least: that of the test that sees the slope better. NaN without a test."""
        seen = [_seen(self.joint, slope, self.level)] if self.joint else []
        seen += [self.straight.power(slope, self.level)] if self.straight else []
        return max(seen, default=float("nan"))

    def slope_seen(self, wanted: float) -> float:
        return slope_seen(lambda slope: (self.power(slope) + self.power(-slope)) / 2, wanted, self.level)

    @property
    def rejects(self) -> bool:
        return self.p < self.level or (self.straight is not None and self.straight.p < self.level)

    @property
    def doubts(self) -> bool:
        return self.p < LEVEL or (self.straight is not None and self.straight.p < LEVEL)

    @property
    def said(self) -> str:
        if not self.straight:
            return ""
        return f" The slopes differ by {self.straight.slope:+.3f} a period (p {p_text(self.straight.p)})."

    @property
    def numbers(self) -> dict[str, float]:
        line, nan = self.straight, float("nan")
        of_line = (line.slope, line.se, line.p) if line else (nan, nan, nan)
        return {"randomised_p": self.p, "level": self.level,
                **dict(zip(("slope", "slope_se", "slope_p"), of_line, strict=True))}  # fmt: skip


def _judged(panel: Panel, model: str) -> _Judged:
    parts = _dealt(panel, model, DRAWS, SEED)
    try:
        straight = slope_test(panel, model)
    except UserError:
        straight = None
    return _Judged(parts, straight, float("nan") if parts is None else p_value(np.sqrt(_statistic(*parts[:2]))))


def check(panel: Panel, event: Estimate, estimate: Estimate) -> Check:
    """Judge the periods before the start by two tests that share LEVEL: of any difference, and of a steady drift.

    fail: one of them rejects at its half of LEVEL, by reassigned areas. Where the joint test cannot be formed so,
    Wald's stands in for it; with few areas its rejection is a warning, for it rejects too often. warn: p of either
    below LEVEL, or a slope that explains the whole estimate would have been seen with less than ENOUGH_POWER. pass:
    neither. `numbers` has the Wald test's own power too (`wald_power`).
    """
    found: Path = event.model
    model = str(event.design).removeprefix("event_study_")
    chi2, df, wald_p = joint_test(found)
    if not df:
        return Check("pre_trends", TITLE, "not possible", "Only one period before the start.", asks="earlier periods")
    tests = _judged(panel, model)
    needed = explaining_slope(panel, estimate.estimate)
    wald_power = power(found, needed)
    bare = tests.joint is None and tests.straight is None
    seen = wald_power if bare else tests.power(needed)
    wald = tests.joint is None and wald_p < LEVEL
    status: Status = "warn" if wald or tests.doubts or not seen >= ENOUGH_POWER else "pass"
    if tests.rejects or (wald and recommend(panel).kind == "cluster"):
        status = "fail"
    p, how = (tests.p, "reassigned areas") if tests.joint else (
        wald_p, "Wald test, which rejects too often with few areas")  # fmt: skip
    finding = (
        f"The {df} periods before the start differ jointly from the last with p {p_text(p)} ({how}; Wald "
        f"chi-square {chi2:.2f}, p {p_text(wald_p)}).{tests.said} A difference in slope that would explain the whole "
        f"estimate would be seen with probability {seen:.0%}."
    )
    numbers = {"chi2": chi2, "df": float(df), "wald_p": wald_p, "power": seen, "explaining_slope": needed,
               "wald_power": wald_power, **tests.numbers}  # fmt: skip
    for wanted in (0.5, 0.8):
        least = detectable_slope(found, wanted) if bare else tests.slope_seen(wanted)
        numbers[f"slope_seen_{100 * wanted:.0f}"] = least
    return Check("pre_trends", TITLE, status, finding, numbers, table=event.series)


def check_before(panel: Panel, model: str, estimate: float) -> Check:
    """The same where areas start at different times: in the periods before any start, by reassigned areas alone.

    UserError where fewer than two such periods are there, or the test cannot be formed. Rules as in `check`.
    """
    if int(panel.before.sum()) < 2:
        raise UserError("fewer than two periods lie before the first start")
    tests = _judged(panel, model)
    if tests.joint is None:
        raise UserError("too many areas have an unknown cell before the first start")
    needed = explaining_slope(panel, estimate)
    seen = tests.power(needed)
    status: Status = "fail" if tests.rejects else "warn" if tests.doubts or not seen >= ENOUGH_POWER else "pass"
    finding = (
        f"The {int(panel.before.sum()) - 1} periods before the first start anywhere differ jointly from the last "
        f"with p {p_text(tests.p)} (reassigned areas).{tests.said} A difference in slope that would explain the whole "
        f"estimate would be seen with probability {seen:.0%}."
    )
    numbers = {"power": seen, "explaining_slope": needed, **tests.numbers}
    return Check("pre_trends", TITLE, status, finding, numbers)
