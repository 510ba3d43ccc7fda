"""Wild cluster bootstrap: the doubt of two-way fixed effects by flipping the residuals of whole areas.

Least squares: t of the effect is drawn again with each area's residuals multiplied by a random weight of mean 0 and
variance 1. Poisson: the area's scores are multiplied instead (Kline and Santos 2012). `restricted` takes residuals of
the model with the null imposed, `unrestricted` those of the full model. With few treated areas the first rejects too
seldom and the second too often (MacKinnon and Webb 2018), so both are given, and a note says when they fall apart.
Sources: Cameron, Gelbach and Miller, Review of Economics and Statistics 90 (2008) 414-427; Kline and Santos, Journal of
Econometric Methods 1 (2012) 23-41; MacKinnon and Webb, Econometrics Journal 21 (2018) 114-135; Webb, Canadian Journal
of Economics 56 (2023) 839-858.
"""

from dataclasses import dataclass
from math import inf, nan

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact import guards, twoway
from crisiskit.impact.inversion import nearest_rejected, reach
from crisiskit.impact.panel import Panel

FEW = 12  # clusters: below this the two-point weights give too few distinct t, and Webb's six points are used
MOST_LISTED = 20_000  # sign patterns up to this many are listed
WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])
WEIGHTS = ("auto", "rademacher", "webb")
APART = 0.1
"""Restricted and unrestricted p further apart than this, or on two sides of 5 %, disagree."""

NEAR = 1e-3  # an interval's ends are found to within this many standard errors
TIE = 1e-9  # t that differ by less than this share are as extreme as each other


@dataclass(frozen=True)
class Tail:
    """p of no effect, and the effects that are not rejected; an end is infinite where none on its side is."""

    p: float
    low: float
    high: float


@dataclass(frozen=True)
class Wild:
    """Wild cluster bootstrap of one effect; `exact`: all sign patterns were used, not draws."""

    estimate: float
    se: float
    restricted: Tail
    unrestricted: Tail
    clusters: int
    weights: str
    draws: int
    exact: bool
    confidence: float
    note: str = ""


def wild(
    panel: Panel, model: str = "poisson", draws: int = 999, seed: int = 144, confidence: float = 0.95,
    weights: str = "auto",
) -> Wild:  # fmt: skip
    """Restricted and unrestricted wild cluster bootstrap of the two-way fixed effect; clusters are the areas.

    `weights`: "rademacher" (signs), "webb" (six points), or "auto": Webb's below 12 clusters. Signs are listed, and p
    exact, where 2^clusters is at most 20 000; else p = (1 + number at least as extreme) / (1 + draws). UserError as
    from `twoway.fit`, and where the standard error is 0.
    """
    test, kind = _test(panel, model, draws, seed, weights)
    fitted = test.fitted
    clusters = test.drawn.shape[1]
    alpha = 1 - confidence + 1e-12
    ends = (
        nearest_rejected(lambda null: test.restricted(null) > alpha, fitted.b, side * fitted.se, NEAR,
                         reach(model, fitted.se)) for side in (-1, 1)
    )  # fmt: skip
    restricted = Tail(test.restricted(0.0), *ends)
    half = test.critical(confidence) * fitted.se
    unrestricted = Tail(test.unrestricted(0.0), fitted.b - half, fitted.b + half)
    return Wild(
        fitted.b, fitted.se, restricted, unrestricted, clusters, kind, len(test.drawn), test.exact, confidence,
        _note(restricted.p, unrestricted.p),
    )  # fmt: skip


def p_values(
    panel: Panel, model: str = "poisson", draws: int = 999, seed: int = 144, null: float = 0.0, weights: str = "auto"
) -> tuple[float, float]:
    """p of the effect being `null`, restricted and unrestricted; as `wild`, without the intervals."""
    test, _ = _test(panel, model, draws, seed, weights)
    return test.restricted(null), test.unrestricted(null)


def _test(panel: Panel, model: str, draws: int, seed: int, weights: str) -> "tuple[_Poisson | _Least, str]":
    """The bootstrap of the model, and the name of its weights; areas that say nothing are no clusters."""
    if weights not in WEIGHTS:
        raise ValueError(f"weights {weights!r}; one of {WEIGHTS}")
    fitted = twoway.fit(panel.outcome, panel.status, model, panel.exposure)
    says = guards.counted(panel.outcome, guards.known_cells(panel.outcome, panel.exposure), model)
    if not says.all():
        panel = panel.only([name for name, kept in zip(panel.units, says, strict=True) if kept])
        fitted = twoway.fit(panel.outcome, panel.status, model, panel.exposure)
    if not fitted.se > 0:
        raise UserError("the standard error is 0, so no t can be bootstrapped; more areas to compare with are needed")
    kind, exact, drawn = _weights(len(panel.units), draws, seed, weights)
    return (_Poisson if model == "poisson" else _Least)(panel, fitted, drawn, exact, model), kind


def _note(restricted: float, unrestricted: float) -> str:
    if abs(restricted - unrestricted) > APART or (restricted <= 0.05) != (unrestricted <= 0.05):
        return (
            f"restricted (p {restricted:.3f}) and unrestricted (p {unrestricted:.3f}) disagree; with few treated "
            "areas believe neither"
        )
    return ""


def _weights(clusters: int, draws: int, seed: int, weights: str) -> tuple[str, bool, np.ndarray]:
    """Name of the weights, whether they are all there are, and the weights (B x clusters)."""
    kind = ("webb" if clusters < FEW else "rademacher") if weights == "auto" else weights
    rng = np.random.default_rng(seed)
    if kind == "webb":
        return kind, False, rng.choice(WEBB, (draws, clusters))
    if 2**clusters <= MOST_LISTED:
        bits = (np.arange(2**clusters)[:, None] >> np.arange(clusters)[None, :]) & 1
        return kind, True, 1.0 - 2.0 * bits
    return kind, False, rng.choice([-1.0, 1.0], (draws, clusters))


def _share(drawn: np.ndarray, observed: float, exact: bool) -> float:
    """p: share of the drawn |t| (NaN counts) that are at least the observed one."""
    beyond = int((~(np.abs(drawn) < abs(observed) * (1 - TIE))).sum())
    return beyond / len(drawn) if exact else (1 + beyond) / (1 + len(drawn))


class _Least:
    """Bootstrap t of least squares. All is linear in the residuals, so it comes down to N x N matrices.

    With residuals e = clean(y) - null x clean(status), unit i's share of the bootstrap effect is w_i (d e)_i, and the
    refitted residuals leave sum_j w_j (d . clean(e_j))_i in its score.
    """

    def __init__(self, panel: Panel, fitted: twoway.Fit, drawn: np.ndarray, exact: bool, model: str) -> None:
        y = twoway.scaled(panel.outcome, model, panel.exposure)
        known = np.isfinite(y)
        self.fitted, self.drawn, self.exact = fitted, drawn, exact
        d, z = (_clean(values, known) for values in (panel.status, y))
        self.own = (d**2).sum(axis=1)
        self.score = np.stack([(d * z).sum(axis=1), self.own])
        self.spill = np.stack([_spill(d, z, known), _spill(d, d, known)])

    def _t(self, null: float) -> np.ndarray:
        """Bootstrap t where residuals are taken at the effect `null`."""
        score = self.score[0] - null * self.score[1]
        spill = self.spill[0] - null * self.spill[1]
        size = self.own.sum()
        moved = self.drawn @ score / size
        error = twoway.error_of((self.drawn @ spill.T - moved[:, None] * self.own) / size)
        return np.divide(moved, error, out=np.full(len(moved), nan), where=error > 1e-9 * self.fitted.se)

    def restricted(self, null: float) -> float:
        return _share(self._t(null), (self.fitted.b - null) / self.fitted.se, self.exact)

    def unrestricted(self, null: float) -> float:
        return _share(self._t(self.fitted.b), (self.fitted.b - null) / self.fitted.se, self.exact)

    def critical(self, confidence: float) -> float:
        return _critical(self._t(self.fitted.b), confidence, self.exact)


class _Poisson:
    """Score bootstrap of Poisson: scores of the areas are flipped, what was fitted stays as it is."""

    def __init__(self, panel: Panel, fitted: twoway.Fit, drawn: np.ndarray, exact: bool, model: str) -> None:
        self.panel, self.fitted, self.drawn, self.exact = panel, fitted, drawn, exact
        self.full = self._t(fitted.scores)

    def _t(self, scores: np.ndarray) -> np.ndarray:
        flipped = self.drawn * scores
        return _studentised(flipped)

    def restricted(self, null: float) -> float:
        scores = restricted_scores(self.panel, null)
        return _share(self._t(scores), float(_studentised(scores)), self.exact)

    def unrestricted(self, null: float) -> float:
        return _share(self.full, (self.fitted.b - null) / self.fitted.se, self.exact)

    def critical(self, confidence: float) -> float:
        return _critical(self.full, confidence, self.exact)


def _studentised(scores: np.ndarray) -> np.ndarray:
    """Sum of the scores by the error of a sum of independent areas, recentred (last axis)."""
    centred = scores - scores.mean(axis=-1, keepdims=True)
    error = twoway.error_of(centred)
    total = scores.sum(axis=-1)
    return np.divide(total, error, out=np.full(np.shape(total), nan), where=error > 0)


def _critical(drawn: np.ndarray, confidence: float, exact: bool) -> float:
    """The |t| beyond which p is at most 1 - confidence; infinite where no |t| gets there."""
    sizes = np.sort(np.where(np.isfinite(drawn), np.abs(drawn), inf))[::-1]
    allowed = (1 - confidence + 1e-12) * (len(sizes) if exact else len(sizes) + 1)
    place = int(np.floor(allowed)) - (0 if exact else 1)  # how many drawn may be at least as large
    return float(sizes[place]) if 0 <= place < len(sizes) else inf


def _clean(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """What is left of the values (..., N, T) without the effects of areas and periods."""
    w = np.broadcast_to(weight, values.shape).astype("float64")
    z = np.where(w > 0, values, 0.0)
    u, v = twoway.effects((w * z).sum(axis=-1), (w * z).sum(axis=-2), w)
    return np.where(w > 0, z - u[..., :, None] - v[..., None, :], 0.0)


def _spill(d: np.ndarray, residual: np.ndarray, known: np.ndarray) -> np.ndarray:
    """N x N: d_i . clean(the residuals of unit j alone)_i."""
    n = len(d)
    columns = []
    for j in range(n):
        alone = np.zeros_like(residual)
        alone[j] = residual[j]
        columns.append((d * _clean(alone, known)).sum(axis=1))
    return np.stack(columns, axis=1)


def restricted_scores(panel: Panel, null: float) -> np.ndarray:
    """Scores of the areas (N) for the effect, in the Poisson model whose effect is held at `null`."""
    y, status = panel.outcome, panel.status
    known = np.isfinite(y)
    base = np.ones_like(y)
    if panel.exposure is not None:
        known &= np.isfinite(panel.exposure) & (panel.exposure > 0)
        base = np.where(known, panel.exposure, 1.0)
    y, base = np.where(known, y, 0.0), np.where(known, base * np.exp(null * status), 0.0)
    mean = margins_met(y, base)
    return (_clean(status, mean) * (y - mean)).sum(axis=1)


def margins_met(y: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Means base x area effect x period effect whose margins are those of y: Poisson without a programme.

    By iterative proportional fitting (Deming and Stephan 1940), which climbs the likelihood in closed steps.
    """
    rows, columns = y.sum(axis=1), y.sum(axis=0)
    across = np.ones(y.shape[1])
    for _step in range(2000):
        per_row = base @ across
        down = np.divide(rows, per_row, out=np.zeros_like(rows), where=per_row > 0)
        per_column = down @ base
        before = across
        across = np.divide(columns, per_column, out=np.zeros_like(columns), where=per_column > 0)
        if np.abs(across - before).max() <= 1e-12 * max(across.max(), 1e-300):
            break
    return down[:, None] * base * across[None, :]
