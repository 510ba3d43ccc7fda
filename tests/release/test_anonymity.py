"""Anonymity by the published figures of pycanon, and by tables that can be counted by hand."""

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.release.anonymity import alpha, k_anonymity, l_diversity, t_closeness

QUASI = ["Teacher", "Gender", "Ethnic", "Freeredu", "wesson"]
SMALL = pd.DataFrame({"town": ["A", "A", "A", None, None], "need": ["grief", "grief", "legal", "grief", "grief"]})


@pytest.fixture(scope="module")
def students(shared_data):
    folder = shared_data.parent / "benchmarks" / "kanon_students"
    expected = pd.read_csv(folder / "expected.csv").set_index("quantity")
    return pd.read_csv(folder / "students_raw.csv"), pd.read_csv(folder / "students_k5.csv"), expected


def test_published_figures(students):
    raw, general, expected = students
    found = {
        "raw_k": k_anonymity(raw, QUASI), "raw_l_diversity": l_diversity(raw, QUASI, "Score"),
        "raw_t_closeness_score": t_closeness(raw, QUASI, "Score"), "k5_k": k_anonymity(general, QUASI),
        "k5_alpha": alpha(general, QUASI, "Score"),
    }
    assert found.keys() == set(expected.index)
    for name, value in found.items():
        assert abs(value - expected.loc[name, "value"]) <= expected.loc[name, "tolerance_abs"], name


def test_a_table_counted_by_hand():
    assert k_anonymity(SMALL, ["town"]) == 2
    assert l_diversity(SMALL, ["town"], "need") == 1
    assert alpha(SMALL, ["town"], "need") == 1
    assert t_closeness(SMALL, ["town"], "need") == pytest.approx(0.2)  # all grief against 4 of 5


def test_the_distance_of_numbers_follows_their_order():
    frame = pd.DataFrame({"q": ["x", "x", "y", "y"], "age": [1, 2, 3, 4]})
    assert t_closeness(frame, ["q"], "age") == pytest.approx((0.25 + 0.5 + 0.25) / 3)


def test_fewer_quasi_identifiers_never_make_a_table_less_anonymous():
    draw = np.random.default_rng(3)
    frame = pd.DataFrame(draw.integers(0, 3, (200, 3)), columns=["a", "b", "c"])
    assert k_anonymity(frame, ["a", "b", "c"]) <= k_anonymity(frame, ["a", "b"]) <= k_anonymity(frame, ["a"])


def test_an_empty_table_and_a_wrong_name():
    assert k_anonymity(SMALL.head(0), ["town"]) == l_diversity(SMALL.head(0), ["town"], "need") == 0
    with pytest.raises(UserError, match="no column 'twon'; did you mean 'town'"):
        k_anonymity(SMALL, ["twon"])
