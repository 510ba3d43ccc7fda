"""Exact comparison within strata: encounters are compared only with those that share every exact covariate."""

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.weighting import Contrast, contrast


def matched(outcome: np.ndarray, treated: np.ndarray, stratum: np.ndarray) -> np.ndarray:
    """Mask (n) of the encounters in strata that hold recorded outcomes of both groups."""
    seen = np.isfinite(outcome)
    _, place = np.unique(stratum, return_inverse=True)
    mine, others = (np.bincount(place, seen & group) for group in (treated, ~treated))
    return ((mine > 0) & (others > 0))[place] & seen


def stratified(
    outcome: np.ndarray, treated: np.ndarray, stratum: np.ndarray, cluster: np.ndarray | None = None,
    confidence: float = 0.95,
) -> tuple[Contrast, int, int, int]:  # fmt: skip
    """Exact matching: within strata (n, codes), others weighted to the programme's encounters; and the strata used.

    Returns the contrast, the number of strata that hold both groups, the encounters in strata that do not (left out),
    and the programme's encounters that rest on one single other, whose own chance cannot be seen. It equals
    inverse-probability weighting with one parameter per stratum, whose sandwich is used.
    UserError where no stratum holds both.
    """
    seen = np.isfinite(outcome)
    _, place = np.unique(stratum, return_inverse=True)
    mine, others = (np.bincount(place, seen & group) for group in (treated, ~treated))
    both = (mine > 0) & (others > 0)
    used = seen & both[place]
    if not both.any():
        raise UserError("no stratum of the exact covariates holds encounters of both groups; name fewer in exact")
    y = np.where(used, outcome, 0.0)
    risk = np.divide(np.bincount(place, y * ~treated), others, out=np.zeros(len(both)), where=both)[place]
    share = np.divide(mine, others, out=np.zeros(len(both)), where=both)[place]
    n = float((used & treated).sum())
    one, nought = float(y[treated].sum() / n), float(risk[used & treated].sum() / n)
    pulls = np.column_stack([
        np.where(used & treated, y - one, 0.0),
        np.where(used, np.where(treated, risk - nought, share * (y - risk)), 0.0),
    ]) / n  # fmt: skip
    w = np.where(used & ~treated, share, 0.0)
    size = (n, float(w.sum() ** 2 / (w**2).sum()))
    lost, thin = int((seen & ~used).sum()), int(mine[both & (others == 1)].sum())
    cluster = None if cluster is None else cluster[used]
    shares = bool(np.isin(outcome[used], (0.0, 1.0)).all())
    return contrast((one, nought), pulls[used], size, cluster, confidence, shares), int(both.sum()), lost, thin


def mantel_haenszel(
    outcome: np.ndarray, treated: np.ndarray, stratum: np.ndarray, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Mantel and Haenszel's common risk ratio with Greenland and Robins' limits (Biometrics 41, 1985, 55-68)."""
    from scipy.special import ndtri

    seen = np.isfinite(outcome)
    _, place = np.unique(stratum, return_inverse=True)
    y = np.where(seen, outcome, 0.0)
    n1, n0 = (np.bincount(place, seen & group) for group in (treated, ~treated))
    a, c = (np.bincount(place, y * group) for group in (treated, ~treated))
    n = np.where(n1 + n0 > 0, n1 + n0, 1.0)
    top, bottom = float((a * n0 / n).sum()), float((c * n1 / n).sum())
    if top <= 0 or bottom <= 0:
        return (float("nan"),) * 3
    spread = float(((n1 * n0 * (a + c) - a * c * n) / n**2).sum()) / (top * bottom)
    half = float(ndtri((1 + confidence) / 2)) * np.sqrt(spread)
    return top / bottom, top / bottom * np.exp(-half), top / bottom * np.exp(half)
