"""Whether the areas moved apart before the start, and whether the test could have seen it.

A test that finds nothing proves little where it has little power (Roth, American Economic Review: Insights 4 (2022)
305-322), so both stand together. With few clusters the Wald test rejects too often: the programme is dealt out anew.
"""

from collections.abc import Callable

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact import twoway
from crisiskit.impact.believe import recommend
from crisiskit.impact.event_study import SINGULAR, Path, joint_test
from crisiskit.impact.panel import Panel
from crisiskit.impact.randomisation import deal, p_value
from crisiskit.impact.result import Check, Estimate, Status, p_text

LEVEL, ENOUGH_POWER = 0.05, 0.5
DRAWS, SEED = 499, 144
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
    return float("nan") if parts is None else p_value(np.sqrt(_statistic(*parts)))


def randomised_power(
    panel: Panel, slope: float, model: str = "poisson", draws: int = DRAWS, seed: int = SEED
) -> float:  # fmt: skip
    """Probability that the test of `randomised` sees trends that differ by `slope` a period; NaN where that is NaN.

    Each deal is taken as data in turn, with the slope planted in the areas that it treats (on the scale of the model,
    which leaves its covariance as it is), and held against the deals without it. A deal without a statistic counts as
    not seen. `power` is the same of Wald's chi-square, and promises far too much with few areas.
    """
    parts = _dealt(panel, model, draws, seed)
    return float("nan") if parts is None else _seen(parts, slope)


def _seen(parts: tuple[np.ndarray, np.ndarray], slope: float) -> float:
    """Share of the deals beyond the first whose statistic with the slope is among the LEVEL largest without it."""
    change, inverse = parts[0][1:], parts[1][1:]
    bare = np.nan_to_num(_statistic(change, inverse), nan=np.inf)
    critical = np.quantile(bare, 1 - LEVEL, method="higher")
    line = slope * np.arange(-change.shape[1], 0.0)
    return float((_statistic(change + line, inverse) > critical).mean())


def _statistic(change: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """Wald statistics (S,); NaN where there is none."""
    found = np.einsum("st,stu,su->s", change, inverse, change)
    return np.where(found >= 0, found, np.nan)


def _dealt(panel: Panel, model: str, draws: int, seed: int) -> tuple[np.ndarray, np.ndarray] | None:
    """`_parts` of every deal, the first as it was; None where they cannot be formed.

    Areas with an unknown cell before the start are left out, up to MOST_LOST of them. An exposure that moves is taken
    out of the counts, which are put as if it had stood at its mean.
    """
    before = panel.before
    if before.sum() < 2:
        return None
    whole = _rated(panel, model)[:, before]
    kept = np.isfinite(whole).all(axis=1)
    if (~kept).mean() > MOST_LOST or not panel.treated[kept].any() or (~panel.treated[kept]).sum() < 2:
        return None
    known = panel if kept.all() else panel.only(units=[panel.units[at] for at in np.flatnonzero(kept)])
    member = known.treated[deal(known, model, draws, seed).orders].astype("float64")
    return _parts(whole[kept], member, model == "poisson")


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
    return _slope_of(lambda slope: power(found, slope), wanted)


def randomised_slope(
    panel: Panel, wanted: float, model: str = "poisson", draws: int = DRAWS, seed: int = SEED
) -> float:  # fmt: skip
    """The difference in slope that the test of `randomised` sees with probability `wanted`, mean of up and down.

    NaN where that test cannot be formed; infinite where no slope is seen so often.
    """
    parts = _dealt(panel, model, draws, seed)
    if parts is None:
        return float("nan")
    return _slope_of(lambda slope: (_seen(parts, slope) + _seen(parts, -slope)) / 2, wanted)


def _slope_of(seen: Callable[[float], float], wanted: float) -> float:
    from scipy.optimize import brentq

    if wanted <= LEVEL:
        raise ValueError(f"wanted {wanted}: a test at level {LEVEL} sees nothing with that probability")
    top = 1e-6
    while seen(top) < wanted:
        top *= 2
        if top > 1e6:
            return float("inf")
    return float(brentq(lambda slope: seen(slope) - wanted, 0, top))


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

    fail: the joint test rejects at LEVEL, by randomisation where it can be formed; where only the Wald test is there
    and areas are few, that is a warning, for it rejects too often. warn: the linear trends differ at
    LEVEL, or the test that judges would have seen a slope that explains the whole estimate with less than ENOUGH_POWER.
    pass: neither. `numbers` has the Wald test's own power too (`wald_power`).
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
    wald_power = power(found, needed)
    seen = wald_power if p != p else randomised_power(panel, needed, model)
    status: Status = "pass"
    if believed < LEVEL:
        status = "fail" if p == p or recommend(panel).kind == "cluster" else "warn"
    elif slope_p < LEVEL or not seen >= ENOUGH_POWER:
        status = "warn"
    how = "reassigned areas" if p == p else "Wald test, which rejects too often with few areas"
    finding = (
        f"The {df} periods before the start differ jointly from the last with p {p_text(believed)} ({how}; Wald "
        f"chi-square {chi2:.2f}, p {p_text(wald_p)}). A difference in slope that would explain the whole estimate "
        f"would be seen with probability {seen:.0%}."
    )
    if slope == slope:
        finding += f" The slopes differ by {slope:+.3f} a period (p {p_text(slope_p)})."
    numbers = {"chi2": chi2, "df": float(df), "wald_p": wald_p, "randomised_p": p, "power": seen, "slope": slope,
               "slope_se": slope_se, "slope_p": slope_p, "explaining_slope": needed}  # fmt: skip
    numbers |= {"wald_power": wald_power}
    for wanted in (0.5, 0.8):
        least = detectable_slope(found, wanted) if p != p else randomised_slope(panel, wanted, model)
        numbers[f"slope_seen_{100 * wanted:.0f}"] = least
    return Check("pre_trends", TITLE, status, finding, numbers, table=event.series)


def check_before(panel: Panel, model: str, estimate: float) -> Check:
    """The same where areas start at different times: in the periods before any start, by reassigned areas alone.

    UserError where fewer than two such periods are there, or the test cannot be formed. Rules as in `check`.
    """
    if int(panel.before.sum()) < 2:
        raise UserError("fewer than two periods lie before the first start")
    p = randomised(panel, model)
    if p != p:
        raise UserError("too many areas have an unknown cell before the first start")
    slope, slope_se, slope_p = linear_trend(panel, model)
    needed = explaining_slope(panel, estimate)
    seen = randomised_power(panel, needed, model)
    status: Status = "fail" if p < LEVEL else "warn" if slope_p < LEVEL or not seen >= ENOUGH_POWER else "pass"
    finding = (
        f"The {int(panel.before.sum()) - 1} periods before the first start anywhere differ jointly from the last "
        f"with p {p_text(p)} (reassigned areas). A difference in slope that would explain the whole estimate would be "
        f"seen with probability {seen:.0%}. The slopes differ by {slope:+.3f} a period (p {p_text(slope_p)})."
    )
    numbers = {"randomised_p": p, "power": seen, "slope": slope, "slope_se": slope_se, "slope_p": slope_p,
               "explaining_slope": needed}  # fmt: skip
    return Check("pre_trends", TITLE, status, finding, numbers)
