"""Power before the programme: how often a study of so many areas and months would find an effect of a given size.

By simulation in the site's own history (`history.py`): studies are pretended in it, effects put in, and each study is
tested as the real one would be (`block_design.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.block_design import assignments, few_t, segmented_p, smallest_p
from crisiskit.impact.history import PER_YEAR, how, inject, periods_of, pretend
from crisiskit.impact.panel import Panel
from crisiskit.impact.twoway import MODELS
from crisiskit.measures.intervals import wilson

if TYPE_CHECKING:
    import pandas as pd
    from numpy.random import Generator

Design = Literal["did", "its"]
Inference = Literal["randomisation", "cluster"]
EFFECTS = (-0.05, -0.1, -0.2, -0.3, -0.5)
FALSE_ALARMS = 0.999  # confidence from which more false alarms than the level are taken as proven


@dataclass(frozen=True)
class Power:
    """How often effects are found, by size of the effect, months after the start and treated areas.

    `table`: a row per effect, months and areas: `power` with its Monte-Carlo interval (Wilson, 95 %), `size` (how often
    an effect is found where there is none) likewise, `no_estimate` (share of the studies whose counts allow none; they
    find nothing), `smallest_p` that the design can give, and `says`, where there is something to say. The intervals are
    of the simulation alone: they do not know how typical the history is.
    """

    table: "pd.DataFrame" = field(repr=False, compare=False)
    label: str
    design: str
    model: str
    inference: str
    units: int
    worth: float
    level: float
    repetitions: int
    seed: int
    notes: tuple[str, ...] = ()

    def detectable(self, power: float = 0.8) -> "pd.DataFrame":
        """Smallest effect that is found with `power`, per months and areas: columns months, areas, effect, reason.

        Interpolated between the effects tried and, below the smallest, the size at none. NaN, with the reason, where
        none of those tried is found as often, where no p can be as small as the level, and where the test gives more
        false alarms than the level: its findings would not be believed.
        """
        import pandas as pd

        rows = []
        for (months, areas), part in self.table.groupby(["months", "areas"], sort=True):
            part = part.sort_values("effect", key=abs)
            reason = str(part["says"].iloc[0])
            found = float("nan")
            if not reason:
                found = _crossing([0.0, *part["effect"]], [part["size"].iloc[0], *part["power"]], power)
                reason = "none of those tried" if np.isnan(found) else ""
            rows.append({"months": int(months), "areas": int(areas), "effect": found, "reason": reason})
        return pd.DataFrame(rows, columns=["months", "areas", "effect", "reason"])

    def sentence(self, power: float = 0.8) -> str:
        """The smallest effect worth funding beside the smallest that can be seen."""
        effects, table = self.table["effect"], self.detectable(power)
        good = "fewer" if effects.iloc[0] < 0 else "more"
        seen = table[table["effect"].notna()]
        enough = seen[seen["effect"].abs() <= self.worth + 1e-12].sort_values(["areas", "months"])
        start = f"{self.label}: the smallest effect worth funding is {100 * self.worth:g}% {good}"
        if len(enough):
            row = enough.iloc[0]
            return (f"{start}; {_design_of(row)} would find it: with {power:.0%} power the smallest effect detectable "
                    f"there is {percent(row['effect'])}.")
        warning = "A study that finds nothing would not show that the programme does nothing."
        if len(seen):
            row = seen.sort_values("effect", key=abs, kind="stable").iloc[0]
            return (f"{start}; no design tried would find it with {power:.0%} power. The smallest effect detectable is "
                    f"{percent(row['effect'])} {good}, with {_design_of(row)}. {warning}")
        most = percent(effects[effects.abs().idxmax()])
        return (f"{start}; no design tried finds any effect up to {most} with {power:.0%} power "
                f"({'; '.join(sorted(set(table['reason'])))}). {warning}")


def percent(share: float) -> str:
    """Size of an effect in whole per cent, rounded up: a limit that is not met must not look met."""
    return f"{ceil(abs(100 * share) - 1e-9)}%"


def _design_of(row: "pd.Series") -> str:
    areas = int(row["areas"])
    return f"{areas} treated area{'s' * (areas > 1)} and {int(row['months'])} months after the start"


def _crossing(effects: Sequence[float], powers: Sequence[float], level: float) -> float:
    """Effect at which the power first reaches `level`, between neighbours on a straight line; NaN where it does not."""
    for place, found in enumerate(powers):
        if found >= level:
            if not place:
                return float(effects[0])
            low, high = effects[place - 1], effects[place]
            share = (level - powers[place - 1]) / (found - powers[place - 1])
            return float(low + share * (high - low))
    return float("nan")


def power(
    history: Panel, effects: Sequence[float] = EFFECTS, months: Sequence[int] = (6, 12, 24),
    areas: Sequence[int] = (1, 2, 4, 8), design: Design = "did", model: str = "poisson",
    inference: Inference = "randomisation", worth: float = 0.1, draws: int = 199, repetitions: int = 200,
    seed: int = 144, level: float = 0.05, months_before: int | None = None,
) -> Power:  # fmt: skip
    """Power of every combination of effects (relative, of one sign), months after the start and treated areas.

    `history` has no gaps (`history.pre_period`). The months before the start are as many as after it, or
    `months_before`. did: all treated areas start at once, the others compare; p by `draws` reassignments of the areas
    (all of them, where they are not more) of the t statistic, or by the clustered t test with G - 1 degrees of freedom.
    its: the sum of the treated areas alone, quasi-Poisson with trend, level and, from a year before the start on, one
    harmonic; t test, so `model`, `inference` and `draws` do not matter. Its fits take a millisecond each.

    An exposure is not used, which `notes` say. Raises UserError for a grid that the history cannot hold. Source:
    Arnold, Hogan, Colford and Hubbard, BMC Medical Research Methodology 11 (2011) 94.
    """
    import pandas as pd

    _refuse(history, effects, areas, design, model, inference, repetitions)
    exact = inference == "randomisation" and design == "did"
    length, rows, notes = history.outcome.shape[1], [], list(history.notes)
    if history.exposure is not None:
        notes.append("power is of the counts: the exposure is not used, as areas and periods have effects of their own")
    for month in sorted(set(months)):
        earlier = month if months_before is None else months_before
        before, after = periods_of(earlier, history.step), periods_of(month, history.step)
        notes.append(how(length, before, after, history.step))
        for some in sorted(set(areas)):
            rng = np.random.default_rng([seed, month, some])
            base = _studies(history, some, earlier, month, repetitions, rng)
            chosen = assignments(len(history.units), some, draws, rng) if exact else None
            ps = {}
            for effect in (0.0, *sorted(set(effects), key=abs)):
                changed = base.copy()
                changed[:, :some, before:] = inject(base[:, :some, before:], np.ones((repetitions, some, after)),
                                                    effect, rng)  # fmt: skip
                if design == "its":
                    ps[effect] = segmented_p(changed[:, :some].sum(axis=1), before, PER_YEAR[history.step])
                else:
                    ps[effect] = few_t(changed, before, some, model, chosen)
            rows += _rows(ps, month, some, smallest_p(len(history.units), some, draws) if exact else 0.0, level)
    method = "quasi-Poisson t" if design == "its" else inference
    return Power(pd.DataFrame(rows), history.label, design, "poisson" if design == "its" else model, method,
                 len(history.units), worth, level, repetitions, seed, tuple(dict.fromkeys(notes)))  # fmt: skip


def _refuse(history: Panel, effects: Sequence[float], areas: Sequence[int], design: str, model: str, inference: str,
            repetitions: int) -> None:  # fmt: skip
    """UserError for a grid that the history cannot hold, ValueError for words that are unknown."""
    if design not in ("did", "its") or inference not in ("randomisation", "cluster") or model not in MODELS:
        raise ValueError(f"design {design!r}, inference {inference!r}, model {model!r}")
    if not np.isfinite(history.outcome).all():
        raise ValueError("the history has gaps; pre_period leaves them out")
    units = len(history.units)
    if not effects or not all(-1 < effect != 0 for effect in effects) or len({effect > 0 for effect in effects}) > 1:
        raise UserError(f"effects {list(effects)}: should be shares above -1, none of them 0, all of one sign")
    most = units if design == "its" else units - 1
    if design == "did" and units < 2:
        raise UserError("the history has one area: there is nothing to compare with; use design: its")
    if not areas or min(areas) < 1 or max(areas) > most:
        raise UserError(f"treated areas {list(areas)}: with {units} areas in the data, 1 to {most} can be treated")
    if repetitions < 20:
        raise UserError(f"repetitions {repetitions}: at least 20, or power is not worth the name")
    if not history.outcome.sum():
        raise UserError(f"'{history.label}' is 0 throughout the history before the programme: nothing can be simulated")
    if model == "log" and design == "did" and (history.outcome <= 0).any():
        raise UserError(f"{int((history.outcome <= 0).sum())} cells of the history are 0 and have no logarithm; "
                        "use model: poisson")


def _studies(history: Panel, treated: int, before: int, after: int, repetitions: int, rng: "Generator") -> np.ndarray:
    """Pretended studies without effect, repetitions x areas x periods: treated areas first, the others in any order."""
    studies = []
    for _ in range(repetitions):
        outcome, status = pretend(history, treated, before, after, 0.0, rng)
        order = rng.permutation(len(outcome))
        studies.append(outcome[order[np.argsort(status[order, -1] == 0, kind="stable")]])
    return np.stack(studies)


def _rows(ps: dict[float, np.ndarray], months: int, areas: int, smallest: float, level: float) -> list[dict[str, Any]]:
    """The table's rows of one design, from the p values by effect; NaN, no estimate, is no finding."""
    repetitions = len(ps[0.0])
    hits = {effect: int((p <= level).sum()) for effect, p in ps.items()}
    size_low, size_high = (float(end) for end in wilson(hits[0.0], repetitions))
    says = ""
    if smallest > level:
        says = f"no p of {level:g} or less is possible: the smallest is {smallest:.2g}"
    elif float(wilson(hits[0.0], repetitions, FALSE_ALARMS)[0]) > level:
        says = f"too many false alarms: {hits[0.0] / repetitions:.0%} where there is no effect"
    rows = []
    for effect in (effect for effect in ps if effect):
        low, high = wilson(hits[effect], repetitions)
        rows.append({
            "effect": effect, "months": months, "areas": areas,
            "power": hits[effect] / repetitions, "power_low": float(low), "power_high": float(high),
            "size": hits[0.0] / repetitions, "size_low": size_low, "size_high": size_high,
            "no_estimate": float(np.isnan(ps[effect]).mean()), "smallest_p": smallest, "says": says,
        })  # fmt: skip
    return rows
