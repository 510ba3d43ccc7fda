"""How far the accounts could be off: every figure drawn from its range, moved one at a time, set against its effect.

The distributions have the figure as their median and its low and high as 95 % limits (shares: as mean, where a beta
comes near both limits).
Figures are drawn independently of each other; one without a range is held at its value. Sources: Briggs, Claxton and
Sculpher, Decision Modelling for Health Economic Evaluation (2006), chapters 4 and 5.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError, nearest
from crisiskit.impact.cost import quantities
from crisiskit.impact.cost_formulas import described
from crisiskit.impact.cost_plan import Averted, Costs, Figure, Proportion, figures

if TYPE_CHECKING:
    import pandas as pd

Z = 1.959963984540054
"""Of a normal distribution, 97.5 % lie below it."""

QUADRANTS = ("costs more, averts offences", "saves, averts offences", "costs more, averts none", "saves, averts none")


@dataclass(frozen=True)
class Sensitivity:
    """The accounts under their doubt.

    `inputs`: a row per figure with its distribution and the limits that were drawn. `summary`: a row per quantity with
    its value, mean, median, limits and the share of draws in which it is defined. `plane`: incremental cost (net) and
    effect (offences averted) of each draw; `quadrants`: the share of draws in each. `acceptability`: at each
    willingness to pay, the share of draws in which the programme is worth it, and the mean net benefit with limits.
    The last three are None without an estimate of averted offences.
    """

    seed: int
    draws: int
    confidence: float
    inputs: "pd.DataFrame" = field(repr=False)
    summary: "pd.DataFrame" = field(repr=False)
    plane: "pd.DataFrame | None" = field(repr=False)
    quadrants: "pd.DataFrame | None" = field(repr=False)
    acceptability: "pd.DataFrame | None" = field(repr=False)


def draw(figure: Figure, size: int, seed: int, name: str) -> tuple[np.ndarray, str]:
    """Draws (size,) of one figure and the name of its distribution; the stream depends on seed and name alone.

    Shares: beta with the value as mean and (high - low) / 3.92 as standard deviation, where its 95 % limits come within
    a tenth of the range of low and high; else normal on the logit. Averted offences (which may be negative): normal;
    amounts: lognormal. All but the beta are two-piece where the range is not symmetric on their scale: each half has
    the value as median and reaches its own limit, so that all three figures are met exactly. An amount whose range
    begins at 0, and a share whose range ends at 0 or 1, are normal, cut off at what is possible.
    """
    low, high, value = figure.low, figure.high, figure.value
    if low is None or high is None or low == high:
        return np.full(size, value), "held: no range"
    rng = np.random.default_rng([seed, *name.encode()])
    if isinstance(figure, Proportion) and (shape := _beta(value, low, high)) is not None:
        return rng.beta(*shape, size), "beta"
    z = rng.standard_normal(size) * (1.0 if not isinstance(figure, Averted) else Z / _quantile(figure.confidence))
    if isinstance(figure, Proportion) and low > 0 and high < 1:
        middle, ends = _logit(value), (_logit(low), _logit(high))
        logit = middle + np.where(z < 0, z * (middle - ends[0]), z * (ends[1] - middle)) / Z
        return 1 / (1 + np.exp(-logit)), "two-piece normal on the logit"
    if isinstance(figure, Averted) or low <= 0 or isinstance(figure, Proportion):
        found = value + np.where(z < 0, z * (value - low), z * (high - value)) / Z
        even = np.isclose(value - low, high - value, rtol=1e-6)
        word = "normal" if even else "two-piece normal"
        if isinstance(figure, Averted):
            return found, word
        found = np.clip(found, 0, 1 if isinstance(figure, Proportion) else None)
        return found, f"{word}, cut at what is possible"
    below, above = np.log(value / low) / Z, np.log(high / value) / Z
    word = "lognormal" if np.isclose(below, above, rtol=1e-6) else "two-piece lognormal"
    return value * np.exp(np.where(z < 0, z * below, z * above)), word


def _beta(mean: float, low: float, high: float) -> tuple[float, float] | None:
    """Parameters of the beta by moments, if its limits come within a tenth of the range of those given."""
    from scipy.special import betaincinv

    if not 0 < mean < 1 or (total := mean * (1 - mean) / ((high - low) / (2 * Z)) ** 2 - 1) <= 0:
        return None
    shape = (mean * total, (1 - mean) * total)
    near = abs(betaincinv(*shape, [0.025, 0.975]) - [low, high]).max() <= (high - low) / 10
    return shape if near else None


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def _quantile(confidence: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((1 + confidence) / 2))


def sensitivity(plan: Costs, averted: Averted | None = None, confidence: float = 0.95) -> Sensitivity:
    """Draw every figure `plan.draws` times with `plan.seed`, and sum up what the accounts become.

    A quotient that is not defined in some draws (nothing averted) has no mean and no upper limit worth the name: its
    limits stand only where it is defined in all draws, and `defined` says in how many. `plan.willingness_to_pay` may be
    empty: then the police cost of an offence, halved, as it is and doubled, is used where there is one.
    """
    import pandas as pd

    given = figures(plan, averted)
    sampled = {name: draw(figure, plan.draws, plan.seed, name) for name, figure in given.items()}
    values = {name: numbers for name, (numbers, _) in sampled.items()}
    inputs = [
        {"figure": name, "value": figure.value, "low": figure.low, "high": figure.high, "distribution": word,
         "drawn_low": np.quantile(numbers, 0.025), "drawn_high": np.quantile(numbers, 0.975), "source": figure.source}
        for (name, figure), (numbers, word) in zip(given.items(), sampled.values(), strict=True)
    ]  # fmt: skip
    drawn = quantities(plan, values)
    point = quantities(plan, {name: figure.value for name, figure in given.items()})
    summary = [_summed(name, point[name], np.broadcast_to(drawn[name], plan.draws), confidence, row[0])
               for name, row in described(plan, given).items()]  # fmt: skip
    plane = quadrants = acceptability = None
    if "averted" in given:
        cost, effect = (np.broadcast_to(drawn[name], plan.draws) for name in ("net_cost", "offences_averted"))
        plane = pd.DataFrame({"cost": cost, "effect": effect})
        quadrants = _quadrants(cost, effect)
        acceptability = _acceptability(cost, effect, _amounts(plan), confidence)
    return Sensitivity(plan.seed, plan.draws, confidence, pd.DataFrame(inputs), pd.DataFrame(summary), plane,
                       quadrants, acceptability)  # fmt: skip


def _summed(
    name: str, point: "float | np.ndarray", numbers: np.ndarray, confidence: float, unit: str
) -> dict[str, object]:
    """Mean, median and limits of a quantity over the draws; none of them where it is not defined in all."""
    known = np.isfinite(numbers)
    whole = bool(known.all())
    tail = (1 - confidence) / 2
    if whole and numbers.min() == numbers.max():  # held figures only: no rounding of a mean
        numbers = numbers[:2]
    low, median, high = np.quantile(numbers, [tail, 0.5, 1 - tail]) if whole else (np.nan,) * 3
    return {"quantity": name, "value": float(point), "mean": numbers.mean() if whole else np.nan, "median": median,
            "low": low, "high": high, "sd": numbers.std(ddof=1) if whole else np.nan, "defined": known.mean(),
            "unit": unit}  # fmt: skip


def _quadrants(cost: np.ndarray, effect: np.ndarray) -> "pd.DataFrame":
    """Share of draws by whether the programme costs (above 0) and averts (above 0); the four add up to 1."""
    import pandas as pd

    costs, averts = cost > 0, effect > 0
    masks = (costs & averts, ~costs & averts, costs & ~averts, ~costs & ~averts)
    words = ("a question of price", "dominant", "dominated", "a question of price")
    return pd.DataFrame({"quadrant": QUADRANTS, "share": [mask.mean() for mask in masks], "meaning": words})


def _amounts(plan: Costs) -> Sequence[float]:
    if plan.willingness_to_pay:
        return sorted(set(plan.willingness_to_pay))
    offence = plan.unit_costs.get("offence")
    return (0.0,) if offence is None else (0.0, offence.value / 2, offence.value, 2 * offence.value)


def _acceptability(
    cost: np.ndarray, effect: np.ndarray, amounts: Sequence[float], confidence: float
) -> "pd.DataFrame":
    """At each amount per offence averted: share of draws with amount x averted - net cost above 0, and its mean."""
    import pandas as pd

    rows, tail = [], (1 - confidence) / 2
    for amount in amounts:
        benefit = amount * effect - cost
        low, high = np.quantile(benefit, [tail, 1 - tail])
        rows.append({"willingness_to_pay": amount, "share_worth_it": (benefit > 0).mean(),
                     "net_benefit": benefit.mean(), "low": low, "high": high})  # fmt: skip
    return pd.DataFrame(rows)


def tornado(plan: Costs, quantity: str = "net_cost", averted: Averted | None = None) -> "pd.DataFrame":
    """Move one figure at a time to its low and its high end; a row per figure that moves it, widest swing first.

    Columns: figure, low and high (of the figure), at_low and at_high (the quantity there), swing (their distance),
    base, status. Where the quantity is not defined at an end (nothing averted), swing is missing and the row stands
    first. UserError for a quantity that the accounts do not hold.
    """
    import pandas as pd

    given = figures(plan, averted)
    base = {name: figure.value for name, figure in given.items()}
    point = quantities(plan, base)
    if quantity not in point:
        raise UserError(f"'{quantity}' is not in the accounts{nearest(quantity, point)}; they hold {', '.join(point)}")

    def at(changed: dict[str, float]) -> float:
        return float(quantities(plan, base | changed)[quantity])

    rows = []
    for name, figure in given.items():
        if figure.low is None or figure.high is None:
            continue
        ends = at({name: figure.low}), at({name: figure.high})
        if ends[0] == ends[1]:
            continue
        status = "" if np.isfinite(ends).all() else f"{quantity} is not defined at an end of its range"
        rows.append((name, figure.low, figure.high, *ends, abs(ends[1] - ends[0]), float(point[quantity]), status))
    columns = ["figure", "low", "high", "at_low", "at_high", "swing", "base", "status"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.sort_values("figure", kind="stable")
    return table.sort_values("swing", ascending=False, na_position="first", kind="stable", ignore_index=True)
