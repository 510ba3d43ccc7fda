"""After the fact: the smallest effect that the study could have found, beside the smallest worth funding."""

from math import ceil, expm1, floor, isfinite, nan
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.impact.panel import Panel
from crisiskit.impact.result import Check, Estimate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

TITLE = "smallest effect that the study could have found"


def analytic(se: float, level: float = 0.05, power: float = 0.8, df: float | None = None) -> float:
    """Effect, on the scale of `se`, that a two-sided test of `level` finds with `power`: (t_1-level/2 + t_power) se.

    2.80 se for 5 %, 80 % and normal quantiles (df None or infinite). NaN where se is none, is not above 0, or df is
    not. Source: Bloom, Evaluation Review 19 (1995) 547-556.
    """
    from scipy.stats import norm, t

    if not se > 0 or not isfinite(se) or (df is not None and not df > 0):
        return nan
    quantile = norm.ppf if df is None or not isfinite(df) else t(df).ppf
    return float((quantile(1 - level / 2) + quantile(power)) * se)


def by_placebos(placebos: "ArrayLike", better: str = "fewer", level: float = 0.05, power: float = 0.8) -> float:
    """Size of the effect in the good direction that randomisation inference on the estimate finds with `power`.

    `placebos` are the estimates of the other assignments; the true one is not among them. Among n of them and the
    estimate itself p is at most `level` where at most level (n + 1) - 1 are as large, whatever their sign; the effect
    then moves the estimate from where chance has it, which is where the placebos are, beyond that in `power` of them.
    Infinite where n is too small for any p of `level`; NaN where any placebo is none. Log or difference, as they are.
    """
    found = np.asarray(placebos, "float64")
    if not len(found) or not np.isfinite(found).all():
        return nan
    beyond = floor(level * (len(found) + 1) + 1e-9) - 1
    if beyond < 0:
        return float("inf")
    critical = np.sort(np.abs(found))[::-1][beyond]
    good = -found if better == "fewer" else found  # how far chance has helped
    worst = np.sort(good)[max(0, floor((1 - power) * len(found) + 1e-9))]
    return float(max(critical - worst, 0.0))


def minimum_detectable(
    panel: Panel, estimate: Estimate, worth: float = 0.1, *, se: float | None = None, level: float = 0.05,
    power: float = 0.8, df: float | None = None, placebos: "ArrayLike | None" = None,
) -> Check:  # fmt: skip
    """Check `minimum_detectable`: passes where the smallest detectable effect is no larger than the smallest worth it.

    `se` and `df` are those of the estimate and its clusters less one, where not given (no clusters: normal quantiles).
    With `placebos`, estimates on the same scale, randomisation decides, else the analytic figure. Effects are in the
    direction that is good for the outcome and positive: `mde` on the model's scale, `mde_relative` as a share (the
    judged ones), `mde_analytic`, `mde_analytic_relative`, `mde_placebos`, `mde_placebos_relative`, `worth`. A
    difference is a share of the treated areas' mean while the programme did not run. Neither: "not possible".
    """
    error = estimate.se if se is None else se
    if df is None and estimate.clusters > 1:
        df = estimate.clusters - 1
    plain = analytic(error, level, power, df)
    random = nan if placebos is None else by_placebos(placebos, panel.better, level, power)
    usual = _usual(panel)
    sizes = {"analytic": plain, "placebos": random}
    shares = {name: relative(size, estimate.scale, panel.better, usual) for name, size in sizes.items()}
    judged = "analytic" if placebos is None else "placebos"
    numbers = {"mde": sizes[judged], "mde_relative": shares[judged], "worth": worth, "level": level, "power": power}
    numbers |= {f"mde_{name}": size for name, size in sizes.items()}
    numbers |= {f"mde_{name}_relative": share for name, share in shares.items()}
    if np.isnan(shares[judged]):
        asks = "an inference that gives a standard error, or estimates of placebo assignments"
        why = "There is no error, or no level, to judge by."
        return Check("minimum_detectable", TITLE, "not possible", why, numbers, asks)
    holds = shares[judged] <= worth
    finding = _finding(panel.better, shares, judged, worth, power, placebos)
    return Check("minimum_detectable", TITLE, "pass" if holds else "warn", finding, numbers)


def relative(size: float, scale: str, better: str, usual: float = nan) -> float:
    """An effect of `size` in the good direction as a positive share: of logarithms, or of `usual` for a difference.

    A fall of more than everything is no fall that counts can have: it is infinite.
    """
    if np.isnan(size):
        return nan
    if scale == "log":
        if better == "fewer":
            return float("inf") if size == float("inf") else -expm1(-size)
        return expm1(size) if size < 700 else float("inf")
    share = size / usual if usual > 0 else nan
    return float("inf") if better == "fewer" and share > 1 else share


def _usual(panel: Panel) -> float:
    """Mean outcome (a rate, where there is an exposure) of the ever treated areas while the programme did not run."""
    values = panel.outcome
    if panel.exposure is not None:
        values = values / np.where(panel.exposure > 0, panel.exposure, nan)
    cells = values[panel.treated[:, None] & (panel.status == 0) & np.isfinite(values)]
    return float(cells.mean()) if len(cells) else nan


def _finding(better: str, shares: dict[str, float], judged: str, worth: float, power: float,
             placebos: "ArrayLike | None") -> str:  # fmt: skip
    share = shares[judged]
    least = f"the smallest worth funding is {100 * worth:g}%"
    if share == float("inf"):
        few = 0 if placebos is None else np.asarray(placebos).size
        why = f"with {few} other assignments" if judged == "placebos" else "with an error this large"
        return f"No effect could have been found with {power:.0%} power {why}; {least}."
    other = shares["analytic"] if judged == "placebos" else nan
    beside = f" (by the standard error alone {_percent(other)})" if isfinite(other) else ""
    how = "by randomisation" if judged == "placebos" else "by its standard error"
    text = f"With {power:.0%} power the study finds effects from {_percent(share)} {better} on, {how}{beside}; {least}."
    if share > worth:
        text += " Where it finds nothing, that does not show that the programme does nothing."
    return text


def _percent(share: float) -> str:
    """Rounded up, so that a limit that is not met does not look met."""
    return f"{ceil(1000 * share - 1e-9) / 10:.1f}%"
