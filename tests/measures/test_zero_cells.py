"""Values that a group never has: rows of 0 out of its denominator, with the bound that missing answers leave."""

import pandas as pd

from crisiskit.measures import measure
from crisiskit.measures.intervals import wilson
from crisiskit.measures.zero_cells import completed


def test_a_value_that_a_group_never_has(rows) -> None:
    data = rows(contacts=[1] * 6, gender=["f"] * 4 + ["m"] * 2,
                outcome=["resolved", "resolved", "resolved", None, "resolved", "arrested"])
    answer = measure(data, "outcome_share", by="gender")
    whole = completed(answer, ["gender"], 0.95).set_index(["gender", "outcome"])
    assert len(answer) == 3
    assert len(whole) == 4
    row = whole.loc[("f", "arrested")]
    assert row[["numerator", "denominator", "value", "bound_low", "bound_high"]].to_list() == [0, 3, 0, 0, 0.25]
    assert row["high"] == wilson(0, 3)[1]
    pd.testing.assert_series_equal(whole.loc[("m", "arrested")], answer.set_index(["gender", "outcome"]).loc[
        ("m", "arrested")])


def test_answers_without_a_key_of_their_own_stay_as_they_are(rows) -> None:
    answer = measure(rows(contacts=[1, 1], gender=["f", "m"], referred=[True, None]), "referred", by="gender")
    assert completed(answer, ["gender"], 0.95) is answer
