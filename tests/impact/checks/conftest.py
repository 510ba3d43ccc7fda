"""A study made of a simulated panel: two-way fixed effects with t(G-1), and panels handed over instead of built."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.stats import t as student

from crisiskit.errors import UserError
from crisiskit.impact import twoway
from crisiskit.impact.material import Material, Quick
from crisiskit.impact.panel import Panel
from crisiskit.impact.question import Question
from crisiskit.impact.result import Estimate


def starts(count, year=2018):
    return tuple(date(year + k // 12, k % 12 + 1, 1) for k in range(count))


def fitted(panel, model=""):
    """A small stand-in for the study's refit."""
    if panel.treated.all() or not panel.treated.any():
        raise UserError("there is nothing to compare with")
    model = model or "poisson"
    fit = twoway.fit(panel.outcome, panel.status, model, panel.exposure)
    degrees = len(panel.units) - 1
    half = student.ppf(0.975, degrees) * fit.se
    on = (panel.status > 0) & np.isfinite(panel.outcome)
    expected = float(fit.expected[on].sum())
    ends = (fit.b, fit.b - half, fit.b + half)
    shares = [b * on.sum() / expected if model == "linear" else float(np.expm1(b)) for b in ends]
    return Quick(*(float(b) for b in ends), float(2 * student.sf(abs(fit.t), degrees)), *shares,
                 averted=expected - float(panel.outcome[on].sum()), units=len(panel.units),
                 treated=int(panel.treated.sum()))  # fmt: skip


def counts(seed=1, areas=20, months=24, treated=5, effect=-0.4, start=12, mean=60.0, year=2018, noise=None):
    """A panel of Poisson counts (or their exact means, with noise=0): areas a00.., the first `treated` treated."""
    rng = np.random.default_rng(seed)
    level = mean * np.exp(0.4 * rng.standard_normal(areas))[:, None] * np.exp(0.1 * rng.standard_normal(months))[None]
    status = np.zeros((areas, months))
    status[:treated, start:] = 1
    expected = level * np.exp(effect * status)
    outcome = expected if noise == 0 else rng.poisson(expected).astype("float64")
    units = tuple(f"a{row:03d}" for row in range(areas))
    return Panel(units, starts(months, year), "month", outcome, status, "calls")


@pytest.fixture
def make():
    """make(panel, window=None, panels={}, changes=(), contacts=nan, **question) -> Material."""

    def build(panel, window=None, panels=None, changes=(), contacts=float("nan"), refit=fitted, **question):
        panels = panels or {}
        asked = Question.model_validate({
            "programme": "The Programme",
            "roll_out": [{"area": name, "start": panel.starts[first]} for name, first in
                         zip(panel.units, panel.first.tolist(), strict=True) if first >= 0],
            "outcome": {"label": "calls", "measure": "calls"}, **question})  # fmt: skip
        main = panel if window is None else panel.only(periods=np.arange(*window))

        def rebuild(*, outcome=None, date="", treated=None, window=None):
            found = panels.get((outcome.label if outcome else "calls", date), panels.get(outcome and outcome.label))
            found = panel if found is None and outcome is None and date == "" else found
            if not isinstance(found, Panel):
                raise UserError(found or f"nothing is counted as {outcome and outcome.label} by {date}")
            if treated is not None:
                path = panel.status.max(axis=0)
                rows = np.array([name in treated for name in panel.units])
                found = replace(found, status=rows[:, None] * path[None, :])
            return found if window else found.only(periods=np.isin(np.array(found.starts), np.array(main.starts)))

        quick = refit(main)
        estimate = Estimate("did", "calls", "log", quick.b, 0.1, quick.low, quick.high, quick.p, quick.relative,
                            quick.relative_low, quick.relative_high, main.outcome.size, quick.units, quick.treated,
                            quick.units, "test", "none")  # fmt: skip
        return Material(asked, main, panel, estimate, quick, refit, rebuild, tuple(changes), contacts)

    return build


@pytest.fixture
def panel_of():
    """panel_of(**settings) -> Panel, see `counts`."""
    return counts
