"""Order statistics by counts, by quantiles and by ranks: all three are those of the sorted values."""

import numpy as np
import pandas as pd
import pytest

from crisiskit.measures import measure, order_statistics

SEED = 11
SHARES = {"median": 0.5, "p75": 0.75, "p90": 0.9}


def table(unit: str, n: int = 900) -> pd.DataFrame:
    """Records of three sites (one of them null) whose response times are whole units of time, with many ties."""
    draw = np.random.default_rng(SEED)
    start = pd.Timestamp("2024-03-01", tz="UTC") + pd.to_timedelta(draw.integers(0, 10**6, n), "s")
    apart = pd.to_timedelta(draw.integers(0, 400, n), unit)
    site = draw.choice(np.array(["a", "b", None], dtype=object), n)
    return pd.DataFrame({"record_id": np.arange(n).astype(str), "source": "x", "site": site, "contacts": 1,
                         "received_at": start.astype("datetime64[us, UTC]"),
                         "arrived_at": (start + apart).astype("datetime64[us, UTC]"), "is_aggregate": False})


@pytest.mark.parametrize(
    ("unit", "counted", "few"), [("s", 2_000_000, 300), ("s", 10, 300), ("s", 10, 1), ("ms", 2_000_000, 300)],
    ids=["counted", "quantiles", "ranked", "parts of a second"],
)
@pytest.mark.parametrize("by", [(), ("site",)])
def test_every_way_gives_the_order_statistics(unit, counted, few, by, monkeypatch):
    monkeypatch.setattr(order_statistics, "COUNTED", counted)
    monkeypatch.setattr(order_statistics, "FEW", few)
    frame = table(unit)
    answer = measure({"interventions": frame}, "response_time", by)
    for _, row in answer[answer["statistic"].isin(SHARES)].iterrows():
        kept = frame
        if by:
            kept = frame[frame["site"].isna() if pd.isna(row["site"]) else frame["site"] == row["site"]]
        minutes = np.sort((kept["arrived_at"] - kept["received_at"]).dt.total_seconds() / 60)
        assert row["value"] == pytest.approx(np.quantile(minutes, SHARES[row["statistic"]]), abs=1e-9)
        assert np.isclose(minutes, row["low"], rtol=0, atol=1e-9).any()
        assert np.isclose(minutes, row["high"], rtol=0, atol=1e-9).any()
