"""Rankings: a pair keeps its order when its bounds are apart, and only then."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.measures.bounds import survives


def answer(**groups: tuple[float | None, float | None, float | None]) -> pd.DataFrame:
    """An answer by area with value, bound_low and bound_high."""
    frame = pd.DataFrame(groups.values(), columns=["value", "bound_low", "bound_high"], dtype="float64")
    frame.insert(0, "area_id", list(groups))
    frame.insert(1, "numerator", 1.0)
    return frame


def test_a_ranking_that_survives() -> None:
    found = survives(answer(a=(0.2, 0.1, 0.3), b=(0.8, 0.7, 0.9)))
    assert found.pairs[["higher", "lower", "keeps"]].to_numpy().tolist() == [["b", "a", True]]
    assert found.verdict == "the ranking survives: every pair (1) keeps its order whatever the missing values were"


def test_a_ranking_that_does_not() -> None:
    """The trap: the values are far apart, and the bounds are not."""
    found = survives(answer(a=(0.2, 0.1, 0.6), b=(0.5, 0.4, 0.6), c=(0.9, 0.8, 0.9), d=(None, None, None)))
    assert found.pairs.set_index(["higher", "lower"])["keeps"].to_dict() == {
        ("c", "b"): True, ("c", "a"): True, ("b", "a"): False}
    assert found.verdict == ("the ranking does not survive: 2 of 3 pairs keep their order; c stays first; "
                             "without a value: d")


def test_bounds_that_touch_do_not_keep_the_order() -> None:
    found = survives(answer(a=(0.2, 0.1, 0.4), b=(0.5, 0.4, 0.6)))
    assert found.verdict == ("the ranking does not survive: 0 of 1 pairs keep their order; "
                             "no group is sure to be first")


def test_equal_values_have_no_order() -> None:
    assert survives(answer(a=(0.2, 0.2, 0.2), b=(0.2, 0.2, 0.2))).verdict.startswith("nothing to rank: all groups")
    tied = survives(answer(a=(0.9, 0.9, 0.9), b=(0.9, 0.9, 1.0), c=(0.1, 0.1, 0.95)))
    assert tied.verdict.endswith("no group is sure to be first")
    assert survives(answer(a=(0.2, 0.1, 0.3))).verdict == "nothing to rank: fewer than two groups have a value"


def test_a_measure_by_two_columns(rows) -> None:
    data = rows(contacts=[1] * 4, arrested=[True, False, True, None], area_id=["a", "a", "b", "b"],
                need=["legal", "legal", None, None])
    found = survives(measure(data, "arrested", by=("area_id", "need")))
    assert found.pairs.iloc[0][["higher", "lower", "keeps"]].to_list() == ["b / unknown", "a / legal", False]


def test_what_has_no_bounds_is_refused(rows) -> None:
    with pytest.raises(UserError, match="no bound_low, bound_high: a ranking is judged on a measure that has bounds"):
        survives(measure(rows(contacts=[1, 2], need=["legal", "grief"]), "contacts", by="need"))
    with pytest.raises(UserError, match="several statistics"):
        survives(answer(a=(0.2, 0.1, 0.3), b=(0.2, 0.1, 0.3)).assign(statistic=["x", "y"]))


counted = st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)).filter(lambda n: n[0] + n[1] > 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(counted, min_size=2, max_size=4), st.data())
def test_a_pair_that_keeps_its_order_does_so_whatever_was_missing(groups: list, draw: st.DataObject) -> None:
    """Yes, no and missing by group; what was missing is drawn anew, and no pair that keeps its order turns round."""
    frame = answer(**{str(place): (yes / (yes + no), yes / (yes + no + gone), (yes + gone) / (yes + no + gone))
                      for place, (yes, no, gone) in enumerate(groups)})
    truth = {str(place): (yes + draw.draw(st.integers(0, gone))) / (yes + no + gone)
             for place, (yes, no, gone) in enumerate(groups)}
    for pair in survives(frame).pairs.itertuples():
        assert not pair.keeps or truth[pair.higher] > truth[pair.lower]
