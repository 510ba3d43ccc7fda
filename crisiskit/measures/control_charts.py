"""Control charts: is the process stable, or does a point or a run say that something changed?

Limits follow each period's own exposure (u-chart) or denominator (p-chart). Large counts scatter more than Poisson or
binomial chance; Laney's charts widen the limits by what the points themselves show from one period to the next.

Sources: Montgomery, Introduction to Statistical Quality Control, 7th ed. (2013) 7.2 to 7.4 (charts) and 5.3 (runs);
Laney, Quality Engineering 14 (2002) 531-537 (u' and p'); NHS England, Making Data Count (runs of 6, 2 of 3).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

SIGMAS = 3.0
MOVING_RANGE = 2 / np.sqrt(np.pi)
"""Mean of the moving range of two standard normal values, d2 = 1.128."""
SHIFT, TREND = 8, 6
"""Points in a row on one side of the centre; points in a row that all rise or all fall."""
RULES = {
    "beyond": "beyond 3 sigma",
    "shift": f"{SHIFT} or more in a row on one side",
    "trend": f"{TREND} or more in a row rising or falling",
    "two_of_three": "2 of 3 beyond 2 sigma",
}
"""Column of the chart to the rule in words."""


@dataclass(frozen=True)
class Chart:
    """A control chart: one row per point, in order, and what its limits rest on.

    Columns of `frame`: `count`, `exposure`, `value`, `low`, `high` (limits), `score` (distance from the centre in
    sigmas), one column per rule of `RULES` (true for every point of the run), `signal` (any of them). A point without
    exposure has no value and breaks every run. `sigma_z` is Laney's factor.
    """

    kind: str
    frame: "pd.DataFrame"
    centre: float
    sigma_z: float

    @property
    def widened(self) -> bool:
        """Whether the points scatter more than chance, so that the limits are wider than those of chance alone."""
        return self.sigma_z > 1

    @property
    def signals(self) -> dict[str, int]:
        """Rule to the number of its points; rules without a point are left out."""
        return {name: int(self.frame[name].sum()) for name in RULES if self.frame[name].any()}


def u_chart(count: "ArrayLike", exposure: "ArrayLike", laney: bool = True, baseline: int | None = None) -> Chart:
    """Chart of events per unit of exposure (days, say): centre sum(c) / sum(n), limits centre +- 3 sqrt(centre / n).

    With `laney`, limits are widened by sigma_z where it is above 1, never narrowed. `baseline`: the centre and sigma_z
    come from so many first points only. UserError where nothing can be charted.
    """
    c, n = _sound(count, exposure)
    centre = c[:baseline].sum() / n[:baseline].sum()
    return _chart("u", c, n, centre, np.sqrt(centre / _positive(n)), laney, baseline, top=np.inf)


def p_chart(count: "ArrayLike", total: "ArrayLike", laney: bool = True, baseline: int | None = None) -> Chart:
    """Chart of a share count / total: limits centre +- 3 sqrt(centre (1 - centre) / n), cut to 0 and 1.

    Parameters and errors as in `u_chart`; UserError for a count above its total.
    """
    c, n = _sound(count, total)
    if (c > n).any():
        raise UserError("p-chart: a count is above its total, so it is no share; use a u-chart")
    centre = c[:baseline].sum() / n[:baseline].sum()
    return _chart("p", c, n, centre, np.sqrt(centre * (1 - centre) / _positive(n)), laney, baseline, top=1.0)


def _sound(count: "ArrayLike", exposure: "ArrayLike") -> tuple[np.ndarray, np.ndarray]:
    """Counts and exposures as numbers, 0 and 0 where either is missing; UserError for what cannot be charted."""
    c, n = np.broadcast_arrays(np.asarray(count, float), np.asarray(exposure, float))
    known = ~np.isnan(c) & ~np.isnan(n) & (n > 0)
    if not known.any():
        raise UserError("control chart: no point has both a count and an exposure above 0")
    if (c[known] < 0).any():
        raise UserError("control chart: counts cannot be negative")
    return np.where(known, c, 0.0), np.where(known, n, 0.0)


def _positive(n: np.ndarray) -> np.ndarray:
    return np.where(n > 0, n, np.nan)


def _chart(kind: str, c: np.ndarray, n: np.ndarray, centre: float, sigma: np.ndarray, laney: bool,
           baseline: int | None, top: float) -> Chart:
    """Put values, limits and rules together; `sigma` is the standard deviation of each point by chance alone."""
    import pandas as pd

    value = c / _positive(n)
    chance = (value - centre) / np.where(sigma > 0, sigma, np.nan)
    moved = np.abs(np.diff(chance[:baseline]))
    sigma_z = float(np.nanmean(moved) / MOVING_RANGE) if (~np.isnan(moved)).any() else 1.0
    wide = sigma * max(sigma_z, 1.0) if laney else sigma
    score = (value - centre) / np.where(wide > 0, wide, np.nan)
    frame = pd.DataFrame({"count": np.where(n > 0, c, np.nan), "exposure": _positive(n), "value": value,
                          "low": np.maximum(centre - SIGMAS * wide, 0), "high": np.minimum(centre + SIGMAS * wide, top),
                          "score": score, **rules(score)})
    frame["signal"] = frame[list(RULES)].any(axis=1)
    return Chart(kind, frame, float(centre), sigma_z if laney else 1.0)


def rules(score: "ArrayLike") -> dict[str, np.ndarray]:
    """Mark the points that each of `RULES` signals; NaN breaks a run, and so does a point on the centre for `shift`."""
    z = np.asarray(score, float)
    two = np.zeros(len(z), bool)
    for side in (1, -1):
        far = side * z > 2
        for first in range(len(z) - 2):
            window = slice(first, first + 3)
            if far[window].sum() >= 2 and not np.isnan(z[window]).any():
                two[window] |= far[window]
    rise = np.sign(np.diff(z))
    return {"beyond": np.abs(z) > SIGMAS, "shift": _runs(np.sign(z), SHIFT),
            "trend": _spread(_runs(rise, TREND - 1), len(z)), "two_of_three": two}


def _runs(sign: np.ndarray, least: int) -> np.ndarray:
    """Mark the members of runs of at least `least` equal signs, of which 0 and NaN are none."""
    marked = np.zeros(len(sign), bool)
    first = 0
    for place in range(1, len(sign) + 1):
        if place == len(sign) or sign[place] != sign[first]:
            if abs(sign[first]) == 1 and place - first >= least:
                marked[first:place] = True
            first = place
    return marked


def _spread(steps: np.ndarray, points: int) -> np.ndarray:
    """From marked steps between points to the points at both ends of each."""
    marked = np.zeros(points, bool)
    marked[:-1] |= steps[: points - 1]
    marked[1:] |= steps[: points - 1]
    return marked
