"""Whether treated and other areas moved apart in a straight line before the start, with the programme dealt out anew.

One degree of freedom: of all tests of the periods before the start this one sees a steady drift best, which is the
rival explanation that most often looks like an effect. Its power is that of the deals with a slope planted in them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from crisiskit.impact import twoway
from crisiskit.impact.panel import Panel
from crisiskit.impact.randomisation import deal, p_value

DRAWS, SEED = 499, 144


@dataclass(frozen=True)
class SlopeTest:
    """Difference in slope a period before the start (`slope`, on the model's scale), its clustered error, and p.

    `slopes` and `errors` (S,) are those of all the deals, the observed one first.
    """

    slope: float
    se: float
    p: float
    slopes: np.ndarray = field(repr=False, compare=False)
    errors: np.ndarray = field(repr=False, compare=False)

    def power(self, slope: float, level: float) -> float:
        """Probability that the test at `level` sees trends that differ by `slope` a period.

        Each deal is taken as data in turn, with the slope planted in the areas that it treats (which leaves its error
        as it is), and held against the deals without it. A deal without an error counts as not seen.
        """
        t = _over(self.slopes[1:], self.errors[1:])
        critical = np.quantile(np.nan_to_num(np.abs(t), nan=np.inf), 1 - level, method="higher")
        return float((np.abs(_over(self.slopes[1:] + slope, self.errors[1:])) > critical).mean())


def slope_test(panel: Panel, model: str = "poisson", draws: int = DRAWS, seed: int = SEED) -> SlopeTest:
    """Fit the difference in slope over the periods before the programme began anywhere, and deal it out anew.

    UserError where there is nothing to fit: see `twoway.fit` and `randomisation.deal`.
    """
    early = panel.only(periods=panel.before)
    line = panel.treated[:, None] * np.arange(len(early.starts))[None, :] * 1.0
    fit = twoway.fit(early.outcome, line, model, early.exposure)
    orders = deal(panel, model, draws, seed).orders
    slopes, errors = twoway.reassigned(early.outcome, line, orders, model, early.exposure)
    return SlopeTest(fit.b, fit.se, p_value(_over(slopes, errors)), slopes, errors)


def _over(slopes: np.ndarray, errors: np.ndarray) -> np.ndarray:
    return np.divide(slopes, errors, out=np.full(len(slopes), np.nan), where=errors > 0)


def explaining_slope(panel: Panel, estimate: float) -> float:
    """The difference in slope a period that alone would give `estimate`: over the distance of the halves."""
    times = np.arange(len(panel.starts))
    return estimate / float(times[~panel.before].mean() - times[panel.before].mean())


def slope_seen(seen: Callable[[float], float], wanted: float, level: float) -> float:
    """The slope at which the power `seen` reaches `wanted`; infinite where none does. ValueError up to `level`."""
    from scipy.optimize import brentq

    if wanted <= level:
        raise ValueError(f"wanted {wanted}: a test at level {level} sees nothing with that probability")
    top = 1e-6
    while seen(top) < wanted:
        top *= 2
        if top > 1e6:
            return float("inf")
    return float(brentq(lambda slope: seen(slope) - wanted, 0, top))
