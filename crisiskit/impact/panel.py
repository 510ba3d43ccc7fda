"""The panel that every design of several areas works on: areas by periods, and where the programme ran."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

NEVER = -1


@dataclass(frozen=True)
class Panel:
    """Outcome and programme by unit (rows, in order of their names) and period (columns, in order of time).

    `outcome` (N x T): counts; NaN where the source does not cover the cell, 0 where it covers it and nothing was
    recorded. `status` (N x T): 1 where the programme ran, 0 elsewhere. `exposure` (N x T), where given, is what the
    counts are out of (population, calls). `dose` (N x T): contacts delivered, NaN where unknown. `covariates`: name
    to N x T. `starts` are the first days of the periods, `step` their length. `label` names the outcome for a reader
    and `better` says which direction is good for it. `notes` say what was decided on the way.
    """

    units: tuple[str, ...]
    starts: tuple[date, ...]
    step: str
    outcome: np.ndarray
    status: np.ndarray
    label: str
    better: str = "fewer"
    exposure: np.ndarray | None = None
    dose: np.ndarray | None = None
    covariates: Mapping[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = (len(self.units), len(self.starts))
        for name in ("outcome", "status", "exposure", "dose"):
            values = getattr(self, name)
            if values is None:
                continue
            values = np.array(values, "float64")
            if values.shape != shape:
                raise ValueError(f"{name} is {values.shape}, units by periods are {shape}")
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        if list(self.units) != sorted(self.units) or list(self.starts) != sorted(self.starts):
            raise ValueError("units and periods must stand in order")

    @property
    def first(self) -> np.ndarray:
        """Position of the first treated period of each unit, NEVER where there is none."""
        on = self.status > 0
        return np.where(on.any(axis=1), on.argmax(axis=1), NEVER)

    @property
    def treated(self) -> np.ndarray:
        """Mask of the units that the programme ever reached."""
        return np.asarray((self.status > 0).any(axis=1))

    @property
    def before(self) -> np.ndarray:
        """Mask of the periods before the programme began anywhere."""
        return np.asarray(np.cumsum((self.status > 0).any(axis=0)) == 0)

    @property
    def roll_out(self) -> str:
        """How the programme came: none, block (all at once, to the end), staggered (to the end), or switching."""
        on = self.status > 0
        if not on.any():
            return "none"
        if (np.diff(on.astype(int), axis=1) < 0).any():
            return "switching"
        return "block" if len(set(self.first[self.treated])) == 1 else "staggered"

    def only(self, units: Collection[str] | None = None, periods: np.ndarray | None = None) -> "Panel":
        """The panel of some units (names) and some periods (mask or positions); UserError for a name it lacks."""
        for name in units or ():
            if name not in self.units:
                raise UserError(f"area '{name}' is not in the panel")
        rows = np.array([place for place, name in enumerate(self.units) if units is None or name in units], int)
        columns = np.arange(len(self.starts)) if periods is None else np.arange(len(self.starts))[periods]

        def cut(values: np.ndarray) -> np.ndarray:
            return values[np.ix_(rows, columns)]

        return replace(
            self,
            units=tuple(self.units[row] for row in rows),
            starts=tuple(self.starts[column] for column in columns),
            outcome=cut(self.outcome), status=cut(self.status),
            exposure=None if self.exposure is None else cut(self.exposure),
            dose=None if self.dose is None else cut(self.dose),
            covariates={name: cut(values) for name, values in self.covariates.items()},
        )  # fmt: skip

    def long(self) -> "pd.DataFrame":
        """One row per unit and period, in that order: unit, period (position), start, outcome, status and the rest."""
        import pandas as pd

        n, t = self.outcome.shape
        columns = {
            "unit": np.repeat(np.array(self.units, object), t),
            "period": np.tile(np.arange(t), n),
            "start": np.tile(np.array(self.starts, "datetime64[ns]"), n),
            "outcome": self.outcome.ravel(),
            "status": self.status.ravel(),
        }
        columns |= {} if self.exposure is None else {"exposure": self.exposure.ravel()}
        columns |= {} if self.dose is None else {"dose": self.dose.ravel()}
        return pd.DataFrame(columns | {name: values.ravel() for name, values in self.covariates.items()})
