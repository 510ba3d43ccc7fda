"""Designs: chosen by the roll-out, and told why they cannot be used."""

from datetime import date

import numpy as np
import pytest

from crisiskit.impact.designs import choose, possible
from crisiskit.impact.panel import Panel


def panel(status):
    n, t = status.shape
    starts = tuple(date(2020 + k // 12, k % 12 + 1, 1) for k in range(t))
    return Panel(tuple(f"a{i:02d}" for i in range(n)), starts, "month", np.ones((n, t)), status, "calls")


def cells(n=8, t=16, **on):
    status = np.zeros((n, t))
    for row, columns in on.items():
        status[int(row[1:]), columns] = 1
    return status


@pytest.mark.parametrize(
    ("status", "design"),
    [
        (cells(a0=slice(8, 16), a1=slice(8, 16)), "did"),
        (cells(a0=slice(8, 16), a1=slice(10, 16)), "staggered"),
        (cells(a0=slice(8, 11)), "staggered"),
        (cells(n=1, a0=slice(8, 16)), "its"),
    ],
)
def test_the_roll_out_chooses_the_design(status, design):
    assert choose(panel(status), "auto") == design
    assert choose(panel(status), "synthetic_control") == "synthetic_control"


def why(status):
    return {item.design: item.why_not for item in possible(panel(status))}


def test_all_but_the_staggered_design_serve_a_block_with_many_areas():
    reasons = why(cells(a0=slice(10, 16)))
    assert {name for name, reason in reasons.items() if reason} == {"staggered"}
    assert reasons["staggered"] == "all areas start at once"


def test_without_other_areas_only_the_time_series_is_left():
    reasons = why(cells(n=1, a0=slice(10, 16)))
    assert {name for name, reason in reasons.items() if not reason} == {"its"}


@pytest.mark.parametrize(("start", "lost"), [(7, {"its", "synthetic_control", "synthetic_did"}), (2, {"event_study"})])
def test_few_periods_before_the_start_cost_designs(start, lost):
    reasons = why(cells(a0=slice(start, 16)))
    assert lost <= {name for name, reason in reasons.items() if "periods lie before" in reason}


def test_every_reason_says_what_would_help():
    for item in possible(panel(cells(n=3, a0=slice(1, 2)))):
        assert item.rests_on
        assert bool(item.why_not) == bool(item.would_help)
