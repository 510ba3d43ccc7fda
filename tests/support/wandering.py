"""A monthly series with a level change of -10 whose errors carry over from month to month."""

import numpy as np
import pandas as pd


def wandering(seed=1, rho=0.0, months=60, at=36, trend=0.2):
    """Columns start and outcome from January 2015 on: 100, a trend a month, 10 less from month `at`, AR(1) errors."""
    rng = np.random.default_rng(seed)
    noise = np.zeros(months)
    for t in range(1, months):
        noise[t] = rho * noise[t - 1] + rng.normal(0, 3)
    y = 100 + trend * np.arange(months) - 10 * (np.arange(months) >= at) + noise
    return pd.DataFrame({"start": pd.date_range("2015-01-01", periods=months, freq="MS"), "outcome": y})
