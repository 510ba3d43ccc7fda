"""Whether the areas moved apart before the start, and whether the test could have seen it.

A test that finds nothing proves little where it has little power (Roth, American Economic Review: Insights 4 (2022)
305-322), so both stand together. With few clusters the Wald test rejects too often: the programme is dealt out anew.
"""

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact import twoway
from crisiskit.impact.event_study import SINGULAR, Path, joint_test
from crisiskit.impact.panel import Panel
from crisiskit.impact.randomisation import deal, p_value
from crisiskit.impact.result import Check, Estimate, Status

LEVEL, ENOUGH_POWER = 0.05, 0.5
DRAWS, SEED = 499, 144
CERTAIN = 1e6
"""Beyond this noncentrality the power is 1, and the library's function fails."""
TITLE = "Trends before the start"


def randomised(panel: Panel, model: str = "poisson", draws: int = DRAWS, seed: int = SEED) -> float:
    """p of the joint test of all periods before the start, with the treated areas dealt out anew.

    The statistic is Wald's, of the differences of each period from the last before the start (log ratio of ratios for
    counts), with the covariance clustered by area. NaN where a cell is missing, an exposure varies, or no deal can be
    formed.
    """
    before = panel.before
    if before.sum() < 2 or panel.exposure is not None or not np.isfinite(panel.outcome[:, before]).all():
        return float("nan")
    y = panel.outcome[:, before]
    y = y if model == "poisson" else twoway.scaled(y, model, None)
    member = panel.treated[deal(panel, model, draws, seed).orders].astype("float64")
    return p_value(np.sqrt(_wald(y, member, model == "poisson")))


def _wald(y: np.ndarray, member: np.ndarray, counts: bool) -> np.ndarray:
    """Wald statistics (S,) of the periods of y (N x T) against its last, for members (S x N) of the treated group."""
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
    found = np.full(len(member), np.nan)
    fine = np.isfinite(change).all(axis=1)
    inverse = np.linalg.pinv(spread[fine], rcond=SINGULAR, hermitian=True)
    found[fine] = np.einsum("st,stu,su->s", change[fine], inverse, change[fine])
    return np.where(found >= 0, found, np.nan)


def power(found: Path, slope: float, level: float = LEVEL) -> float:
    """Probability that the joint test sees trends that differ by `slope` a period (chi-square approximation)."""
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
    """The difference in slope a period that the joint test sees with probability `wanted`; NaN without such periods."""
    from scipy.optimize import brentq

    if not found.before.any():
        return float("nan")
    if wanted <= LEVEL:
        raise ValueError(f"wanted {wanted}: a test at level {LEVEL} sees nothing with that probability")
    top = 1e-6
    while power(found, top) < wanted:
        top *= 2
        if top > 1e6:
            return float("inf")
    return float(brentq(lambda slope: power(found, slope) - wanted, 0, top))


def explaining_slope(panel: Panel, estimate: float) -> float:
    """The difference in slope a period that alone would give `estimate`: over the distance of the halves."""
    times = np.arange(len(panel.starts))
    return estimate / float(times[~panel.before].mean() - times[panel.before].mean())


def linear_trend(
    panel: Panel, model: str = "poisson", draws: int = DRAWS, seed: int = SEED
) -> tuple[float, float, float]:
    """Difference in slope a period before the start, its clustered error, and p with the areas dealt out anew."""
    early = panel.only(periods=panel.before)
    slope = panel.treated[:, None] * np.arange(len(early.starts))[None, :] * 1.0
    fit = twoway.fit(early.outcome, slope, model, early.exposure)
    orders = deal(panel, model, draws, seed).orders
    b, se = twoway.reassigned(early.outcome, slope, orders, model, early.exposure)
    return fit.b, fit.se, p_value(np.divide(b, se, out=np.full(len(b), np.nan), where=se > 0))


def check(panel: Panel, event: Estimate, estimate: Estimate) -> Check:
    """Judge the periods before the start.

    fail: the joint test rejects at LEVEL, by randomisation where it can be formed. warn: the linear trends differ at
    LEVEL, or the joint test would have seen a slope that explains the whole estimate with less than ENOUGH_POWER. pass:
    neither.
    """
    found: Path = event.model
    model = str(event.design).removeprefix("event_study_")
    chi2, df, wald_p = joint_test(found)
    if not df:
        return Check("pre_trends", TITLE, "not possible", "Only one period before the start.", asks="earlier periods")
    p = randomised(panel, model)
    believed = wald_p if p != p else p
    try:
        slope, slope_se, slope_p = linear_trend(panel, model)
    except UserError:
        slope = slope_se = slope_p = float("nan")
    needed = explaining_slope(panel, estimate.estimate)
    seen = power(found, needed)
    status: Status = "pass"
    if believed < LEVEL:
        status = "fail"
    elif slope_p < LEVEL or not seen >= ENOUGH_POWER:
        status = "warn"
    how = "reassigned areas" if p == p else "Wald test, which rejects too often with few areas"
    finding = (
        f"The {df} periods before the start differ jointly from the last with p {believed:.3f} ({how}; Wald chi-square "
        f"{chi2:.2f}, p {wald_p:.3f}). A difference in slope that would explain the whole estimate would be seen with "
        f"probability {seen:.0%}."
    )
    if slope == slope:
        finding += f" The slopes differ by {slope:+.3f} a period (p {slope_p:.3f})."
    numbers = {"chi2": chi2, "df": float(df), "wald_p": wald_p, "randomised_p": p, "power": seen, "slope": slope,
               "slope_se": slope_se, "slope_p": slope_p, "explaining_slope": needed}  # fmt: skip
    numbers |= {f"slope_seen_{100 * wanted:.0f}": detectable_slope(found, wanted) for wanted in (0.5, 0.8)}
    return Check("pre_trends", TITLE, status, finding, numbers, table=event.series)
