"""Effects by cohort and period, ATT(g, t), with the pulls of the units on them: any mean of them has an error."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class GroupTime:
    """ATT(g, t) of Callaway and Sant'Anna: cells (C) with the pulls of the units on them (`psi`, C x N).

    A cell's standard error is the root of the sum of its squared pulls. `cohort` (N) is each unit's first period,
    `results` the library's own object.
    """

    group: np.ndarray
    period: np.ndarray
    att: np.ndarray
    psi: np.ndarray
    cohort: np.ndarray
    results: Any

    @property
    def post(self) -> np.ndarray:
        return self.period >= self.group

    @property
    def table(self) -> "pd.DataFrame":
        """`group`, `period`, `att`, `se`, one row per cell."""
        import pandas as pd

        return pd.DataFrame({"group": self.group, "period": self.period, "att": self.att, "se": size(self.psi)})

    def mean(self, cells: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean of some cells (mask) by size of their cohorts, and the units' pulls on it.

        The pulls take along that the cohorts' shares are estimated too (Callaway and Sant'Anna 2021, corollary 2).
        """
        share = np.array([(self.cohort == g).mean() for g in self.group[cells]])
        att = float(share @ self.att[cells] / share.sum())
        member = (self.cohort[None, :] == self.group[cells][:, None]) - share[:, None]
        of_shares = (self.att[cells] - att) @ member / share.sum() / len(self.cohort)
        return att, share @ self.psi[cells] / share.sum() + of_shares

    def by(self, key: np.ndarray, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Distinct values of a key among some cells, with the mean and the pulls at each."""
        values = np.unique(key[cells])
        found = [self.mean(cells & (key == value)) for value in values]
        return values, np.array([att for att, _ in found]), np.array([psi for _, psi in found])

    def pretest(self) -> tuple[float, float, int]:
        """Wald test that every ATT(g, t) before the start is 0: statistic, p, degrees of freedom; NaN if singular."""
        from scipy.stats import chi2

        att, psi = self.att[~self.post], self.psi[~self.post]
        if not len(att) or np.linalg.matrix_rank(psi) < len(att):
            return float("nan"), float("nan"), len(att)
        wald = float(att @ np.linalg.solve(psi @ psi.T, att))
        return wald, float(chi2.sf(wald, len(att))), len(att)


def size(psi: np.ndarray) -> np.ndarray:
    return np.sqrt((psi**2).sum(axis=-1))


def overall(
    found: GroupTime, key: np.ndarray, cells: np.ndarray, aggregation: str
) -> tuple[float, np.ndarray]:  # fmt: skip
    """The overall effect and the units' pulls on it."""
    if aggregation == "simple":
        return found.mean(cells)
    values, att, psi = found.by(key, cells)
    if aggregation == "group":
        return GroupTime(values, values, att, psi, found.cohort, None).mean(np.ones(len(values), bool))
    return float(att.mean()), psi.mean(axis=0)


def group_time(fitted: Any) -> GroupTime:
    """Cells and pulls of the library's result, by cohort and period; cells without an estimate are left out."""
    kit, cells = fitted._aggregation_kit, fitted.group_time_effects  # the pulls are kept nowhere else
    cohort = np.asarray(kit.bookkeeping["unit_cohorts"], "float64")
    known = sorted(cell for cell in kit.influence if np.isfinite(cells[cell]["effect"]))
    psi = np.zeros((len(known), len(cohort)))
    for row, cell in zip(psi, known, strict=True):
        pull = kit.influence[cell]
        np.add.at(row, pull["treated_idx"], pull["treated_inf"])
        np.add.at(row, pull["control_idx"], pull["control_inf"])
    group, period = (np.array([float(cell[i]) for cell in known]) for i in (0, 1))
    return GroupTime(group, period, np.array([cells[cell]["effect"] for cell in known]), psi, cohort, fitted)
