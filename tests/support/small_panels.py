"""Small simulated panels of an evaluation, without empty cells, and the same with treated areas that drift."""

from dataclasses import replace

import numpy as np

from crisiskit.impact.panel import Panel
from crisiskit.simulate.panels import panel


def small_panel(seed: int = 1, **settings) -> Panel:
    """12 areas and 10 months, 4 treated half-way with a third fewer events, unless the settings say otherwise."""
    drawn = panel(seed, **({"areas": 12, "months": 10, "treated": 4, "effect": -0.4, "mean": 30} | settings))
    return Panel(drawn.units, drawn.starts, "month", drawn.outcome + 1, drawn.status, "events")


def diverging(data: Panel, slope: float) -> Panel:
    """The treated areas grow by `slope` a month from the first month on (log scale)."""
    growth = np.exp(slope * data.treated[:, None] * np.arange(len(data.starts))[None, :])
    return replace(data, outcome=np.round(data.outcome * growth))
