"""What a panel must hold before an effect is estimated, and which standard error is none.

The one place that says which cells are known, which areas count as clusters, on which scale a model works, and what is
0 but for rounding.
"""

from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError

if TYPE_CHECKING:
    from crisiskit.impact.panel import Panel

MODELS = ("poisson", "log", "linear")
NOISE = 1e-7
"""A standard error below this (of a logarithm, or as a share of the outcome's spread) is what rounding leaves of 0."""


def known_cells(outcome: np.ndarray, exposure: np.ndarray | None) -> np.ndarray:
    """Mask of the cells with an outcome and, where there is one, an exposure above 0."""
    known = np.isfinite(outcome)
    return known if exposure is None else np.asarray(known & np.isfinite(exposure) & (exposure > 0))


def with_records(panel: "Panel") -> "tuple[Panel, tuple[str, ...]]":
    """The panel without the areas that have no known cell, and a note of them; as it is where every area has none."""
    has = np.asarray(known_cells(panel.outcome, panel.exposure).any(axis=1))
    if has.all() or not has.any():
        return panel, ()
    lost = [name for name, some in zip(panel.units, has, strict=True) if not some]
    kept = panel.only([name for name in panel.units if name not in lost])
    return kept, (f"Left out, without a known outcome in any period: {', '.join(lost)}.",)


def counted(outcome: np.ndarray, known: np.ndarray, model: str) -> np.ndarray:
    """Mask of the units that count as clusters: with a known cell and, under a Poisson model, any event.

    A unit without events is fitted exactly by its own effect, and says nothing about the doubt.
    """
    seen = np.asarray(known.any(axis=1))
    return seen & (np.where(known, outcome, 0.0).sum(axis=1) > 0) if model == "poisson" else seen


def spread(outcome: np.ndarray, known: np.ndarray, model: str, exposure: np.ndarray | None) -> float:
    """What a standard error is measured by: the outcome's standard deviation; 1 where it is one of a logarithm.

    Where the outcome hardly varies, a millionth of its size, for rounding goes with that.
    """
    if model != "linear":
        return 1.0
    values = scaled(outcome, model, exposure)[known]
    return max(float(values.std()), 1e-6 * float(np.abs(values).max()))


def trusted(se: float, size: float) -> float:
    """The standard error, or NaN where it is 0 but for rounding, as a share of `size` (see `spread`)."""
    return se if se > NOISE * size else float("nan")


def scaled(outcome: np.ndarray, model: str, exposure: np.ndarray | None) -> np.ndarray:
    if exposure is None:
        rate = outcome
    else:
        rate = np.divide(outcome, exposure, out=np.full(outcome.shape, np.nan), where=exposure > 0)
    return np.log(rate, out=np.full(rate.shape, np.nan), where=rate > 0) if model == "log" else rate


def refuse(outcome: np.ndarray, status: np.ndarray, model: str, exposure: np.ndarray | None = None) -> None:
    """UserError for data that hold no answer."""
    if model not in MODELS:
        raise ValueError(f"model {model!r}; one of {MODELS}")
    refuse_endless(outcome)
    seen = known_cells(outcome, exposure)
    if not seen.any():
        of = "outcome" if exposure is None else "outcome and an exposure above 0"
        raise UserError(f"no area has a known {of} in any period")
    if model != "linear" and (below := outcome[seen] < 0).any():
        raise UserError(
            f"{int(below.sum())} cells of the outcome are below 0 (the first is "
            f"{outcome[seen][below][0]:g}), which is no count and has no logarithm; use model: linear"
        )
    if not (seen & (status > 0)).any():
        raise UserError("no period of a treated area is covered by the data after its start")
    if not (seen & (status == 0)).any() or (status[seen] > 0).all():
        raise UserError("every covered period is treated: there is nothing to compare with")
    if not outcome[seen].any():
        raise UserError("the outcome is 0 in every area and period: there is nothing to estimate")
    if model == "log" and (outcome[seen] <= 0).any():
        raise UserError(f"{int((outcome[seen] <= 0).sum())} cells are 0 and have no logarithm; use model: poisson")
    if model == "poisson" and not outcome[seen & (status > 0)].sum():
        raise UserError(
            "the outcome is 0 in every treated area after its start (perfect separation): a relative effect of -100 % "
            "has no interval; take a wider outcome, longer periods, or model: linear"
        )


def refuse_endless(outcome: np.ndarray) -> None:
    """UserError for infinite cells, which are neither a number nor unknown."""
    if endless := int(np.isinf(outcome).sum()):
        raise UserError(f"{endless} cells of the outcome are infinite; a number, or empty, is right")
