"""What every check works with: the question, the panel, the estimate, and ways to estimate and to build anew."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import numpy as np

from crisiskit.impact.panel import Panel
from crisiskit.impact.question import Outcome, Question, Span
from crisiskit.impact.result import Estimate


@dataclass(frozen=True)
class Quick:
    """An estimate made again under other conditions, by the design and the inference of the study.

    `b`, `low`, `high` on the model's scale, `relative*` as a share; `p` by the inference that is believed, NaN where
    there is none; `averted`: outcomes that did not happen in treated areas while the programme ran, by this estimate.
    `deals`: t of every deal where p is by randomisation, the observed one first; panels of the same areas with the same
    treated ones are dealt out in the same order. None elsewhere.
    """

    b: float
    low: float
    high: float
    p: float
    relative: float
    relative_low: float
    relative_high: float
    averted: float
    units: int
    treated: int
    deals: np.ndarray | None = field(default=None, repr=False, compare=False)


class Rebuild(Protocol):
    """The panel of the same question with something changed. UserError where that cannot be built."""

    def __call__(
        self, *, outcome: Outcome | None = None, date: str = "", treated: tuple[str, ...] | None = None,
        window: Span | None = None,
    ) -> Panel: ...  # fmt: skip


@dataclass(frozen=True)
class Material:
    """One study, ready to be attacked.

    `panel` is that of the main comparison, `whole` the same with all the periods that the data cover. `refit` gives
    the study's estimate for another panel (UserError where there is none); `model` overrides the study's model.
    `changes` are (day, what) of the mappings' logs of changes, `contacts` the contacts that the programme delivered in
    the panel (NaN where unknown).
    """

    question: Question
    panel: Panel
    whole: Panel
    estimate: Estimate
    main: Quick
    refit: Callable[..., Quick]  # refit(panel, model="") -> Quick
    rebuild: Rebuild
    changes: tuple[tuple[date, str], ...] = ()
    contacts: float = float("nan")
