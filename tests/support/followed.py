"""Small tables of contacts and the steps after them, made of the columns that a test names."""

from typing import Any

import pandas as pd

MOMENTS = ("received_at", "cleared_at", "due_at", "attempted_at", "reached_at", "completed_at")


def _frame(columns: dict[str, Any]) -> pd.DataFrame:
    """Return one table; moments are written as text and read as UTC, one value may serve all."""
    frame = pd.DataFrame(columns)
    for name in MOMENTS:
        if name in frame:
            frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601")
    return frame


def followed(contacts: dict[str, Any] | None, steps: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the tables of one source `s`: contacts and steps, each step with an identifier of its own."""
    after = _frame({"source": "s"} | steps)
    after.insert(0, "follow_up_id", [f"F{place}" for place in range(len(after))])
    return {"follow_ups": after} | ({} if contacts is None else {"interventions": _frame({"source": "s"} | contacts)})
