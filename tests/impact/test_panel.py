"""The panel: shapes, order, roll-out, and cuts."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact.panel import NEVER, Panel

STARTS = tuple(date(2020, month, 1) for month in (1, 2, 3, 4))


def panel(status, **more):
    status = np.array(status, float)
    units = tuple("abcdef"[: len(status)])
    given = {"outcome": np.arange(status.size).reshape(status.shape), **more}
    return Panel(units, STARTS[: status.shape[1]], "month", status=status, label="calls", **given)


@pytest.mark.parametrize(("status", "name", "first"), [
    ([[0, 0, 0, 0], [0, 0, 0, 0]], "none", [NEVER, NEVER]),
    ([[0, 0, 1, 1], [0, 0, 0, 0]], "block", [2, NEVER]),
    ([[0, 0, 1, 1], [0, 1, 1, 1], [0, 0, 0, 0]], "staggered", [2, 1, NEVER]),
    ([[0, 1, 0, 1], [0, 0, 0, 0]], "switching", [1, NEVER]),
    ([[0, 1, 1, 0], [0, 0, 0, 0]], "switching", [1, NEVER]),
])  # fmt: skip
def test_roll_out(status, name, first):
    made = panel(status)
    assert made.roll_out == name
    assert made.first.tolist() == first
    assert made.treated.tolist() == [place != NEVER for place in first]


def test_before_ends_with_the_first_start_anywhere_and_does_not_come_back():
    assert panel([[0, 1, 0, 0], [0, 0, 0, 1]]).before.tolist() == [True, False, False, False]
    assert panel([[0, 0, 0, 0]]).before.all()


def test_arrays_cannot_be_changed_and_are_copies():
    outcome = np.ones((1, 4))
    made = panel([[0, 0, 1, 1]], outcome=outcome)
    outcome[0, 0] = 99
    assert made.outcome[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        made.outcome[0, 0] = 2


def test_wrong_shapes_and_orders_are_refused():
    with pytest.raises(ValueError, match=r"exposure is \(2, 2\), units by periods are \(1, 4\)"):
        panel([[0, 0, 1, 1]], exposure=np.ones((2, 2)))
    with pytest.raises(ValueError, match="in order"):
        Panel(("b", "a"), STARTS[:1], "month", np.ones((2, 1)), np.zeros((2, 1)), "calls")
    with pytest.raises(ValueError, match="in order"):
        Panel(("a",), STARTS[1::-1], "month", np.ones((1, 2)), np.zeros((1, 2)), "calls")


def test_only_cuts_everything_alike():
    made = panel([[0, 0, 1, 1], [0, 0, 0, 0], [0, 1, 1, 1]], exposure=np.full((3, 4), 7.0),
                 covariates={"x": np.arange(12.0).reshape(3, 4)})  # fmt: skip
    cut = made.only(["c", "a"], np.array([False, True, False, True]))
    assert cut.units == ("a", "c")
    assert cut.starts == (STARTS[1], STARTS[3])
    assert cut.outcome.tolist() == [[1, 3], [9, 11]]
    assert cut.covariates["x"].tolist() == [[1, 3], [9, 11]]
    assert cut.status.tolist() == [[0, 1], [1, 1]]
    assert cut.exposure.shape == (2, 2)
    assert cut.dose is None
    assert made.only(periods=np.array([0, 2])).outcome.tolist() == [[0, 2], [4, 6], [8, 10]]
    with pytest.raises(UserError, match="area 'z' is not in the panel"):
        made.only(["z"])


def test_long_is_one_row_per_cell_in_order():
    made = panel([[0, 0, 1, 1], [0, 0, 0, 0]], dose=np.full((2, 4), np.nan), covariates={"x": np.ones((2, 4))})
    frame = made.long()
    assert frame.columns.tolist() == ["unit", "period", "start", "outcome", "status", "dose", "x"]
    assert frame["unit"].tolist() == ["a"] * 4 + ["b"] * 4
    assert frame["outcome"].tolist() == list(range(8))
    assert frame["start"].iloc[5] == pd.Timestamp(2020, 2, 1)
    assert frame["status"].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
