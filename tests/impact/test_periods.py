"""The periods of a panel: whole, inside the window, and those in which the outcome was recorded."""

from datetime import date

import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact.cells import Cells
from crisiskit.impact.periods import begun, kept, periods, within
from crisiskit.impact.question import Question, Running
from crisiskit.impact.recorded import Recorded, Stretch

FIRST, LAST = date(2020, 1, 15), date(2020, 12, 31)
CELLS = Cells(pd.DataFrame(), pd.DataFrame(), ("a",), frozenset(), FIRST, LAST, "zip", "s")


def question(**changed):
    given = {"programme": "p", "roll_out": [{"area": "a", "start": "2020-07-01"}],
             "outcome": {"label": "calls", "measure": "calls"}}  # fmt: skip
    return Question(**{**given, **changed})


def silent(*starts):
    return Recorded((Stretch("outcome", "", tuple(starts), 50.0, True),))


@pytest.mark.parametrize(("step", "first", "last", "many"), [
    ("month", "2020-02-01", "2020-12-01", 11), ("quarter", "2020-04-01", "2020-10-01", 3),
    ("week", "2020-01-20", "2020-12-21", 49),
])  # fmt: skip
def test_only_whole_periods(step, first, last, many):
    starts, notes = periods(CELLS, question(step=step))
    assert (str(starts[0]), str(starts[-1]), len(starts)) == (first, last, many)
    assert all("only part of it lies between 2020-01-15 and 2020-12-31" in note for note in notes)


def test_no_whole_period_is_refused():
    with pytest.raises(UserError, match="no whole year lies between 2020-01-15 and 2020-12-31"):
        periods(CELLS, question(step="year"))


def test_the_ends_without_the_outcome_are_cut_and_told_and_holes_stay():
    starts, _ = periods(CELLS, question())
    hole = silent(date(2020, 2, 1), date(2020, 6, 1), date(2020, 12, 1))
    left, notes = kept(starts, hole, question())
    assert left == starts[1:-1]
    assert notes == ["The panel goes from 2020-03-01 to 2020-11-30: before and after that, outcome 'calls' was not "
                     "recorded."]  # fmt: skip
    assert kept(starts, silent(date(2020, 6, 1)), question()) == (starts, [])
    assert "to 2020-11-30: after that, " in kept(starts, silent(date(2020, 12, 1)), question())[1][0]
    with pytest.raises(UserError, match="was not recorded in any month from 2020-02-01 to 2020-12-01; if it was"):
        kept(starts, silent(*starts), question())


def test_stretches_after_the_panel_and_before_the_recording():
    early, late = Running(area="a", start=date(2020, 3, 5)), Running(area="b", start=date(2021, 1, 1))
    assert begun([early, late], LAST) == ((early,), ["Area b: the stretch from 2021-01-01 lies after the panel."])
    starts, ends = (date(2020, 3, 1), date(2020, 4, 1)), (date(2020, 3, 31), date(2020, 4, 30))
    assert within([early], CELLS, starts, ends, []) == ((early,), [])
    with pytest.raises(UserError, match=r"nothing to compare with \(cut; if it was and is 0, say empty: zero"):
        within([early], CELLS, starts, ends, ["cut."])
    with pytest.raises(UserError, match="area 'b' starts on 2021-01-01, after the data end on 2020-12-31"):
        within([late], CELLS, starts, ends, [])
