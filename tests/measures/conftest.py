"""Small tables to measure: a few rows, made of the columns that a test names."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

MOMENTS = ("received_at", "answered_at", "abandoned_at", "dispatched_at", "arrived_at", "cleared_at", "reported_at")


def table(**columns: Any) -> dict[str, pd.DataFrame]:
    """Return interventions with these columns; moments are written as text and read as UTC, one value may serve all."""
    frame = pd.DataFrame(columns)
    for name in MOMENTS:
        if name in frame:
            frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601")
    if "received_local" in frame:
        frame["received_local"] = pd.to_datetime(frame["received_local"], format="ISO8601")
    return {"interventions": frame}


@pytest.fixture(name="rows")
def rows_fixture() -> Callable[..., dict[str, pd.DataFrame]]:
    """The function that makes interventions from columns."""
    return table
