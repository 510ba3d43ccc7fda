import numpy as np
import pyarrow as pa
import pytest

from crisiskit.simulate.frame import Codes, draw, keys, lists, lognormal, numbered, pick, schema, standard, stream
from crisiskit.standard import dictionary


def test_streams_are_apart_and_repeat():
    assert stream(1, "a").random() == stream(1, "a").random()
    assert stream(1, "a").random() != stream(1, "b").random() != stream(2, "b").random()


@pytest.mark.parametrize(("uniform", "position"), [(0.0, 0), (0.2499, 0), (0.25, 2), (0.9999, 2)])
def test_drawing_by_inversion_never_picks_a_weight_of_zero(uniform, position):
    weights = np.array([1.0, 0.0, 3.0, 0.0])
    assert draw(np.array([uniform]), weights)[0] == position
    assert draw(np.array([uniform]), weights[None, :])[0] == position


def test_shares_and_medians_are_those_asked_for(close):
    rng, n = stream(5, "test"), 100_000
    counts = pick(rng, n, {"a": 1, "b": 2, "c": 1}).counts()
    assert close(counts["b"], n, 0.5)
    assert close((lognormal(rng, 8.0, 0.7, n) < 8).sum(), n, 0.5)
    assert close((lognormal(rng, 8.0, 0.7, n) < 8 * np.exp(0.7)).sum(), n, 0.841345)


def test_codes_hold_null_and_new_names():
    codes = Codes(np.array([0, 1, -1, 1]), ["a", "b"])
    codes.put(np.array([True, False, False, False]), "c")
    codes.put(np.array([False, True, False, False]), None)
    assert codes.arrow().to_pylist() == ["c", None, None, "b"]
    assert codes.counts() == {"a": 0, "b": 1, "c": 1}
    assert codes.is_in("b", "nothing").tolist() == [False, False, False, True]
    assert codes.number({"c": 7.0}, -1.0).tolist() == [7.0, -1.0, -1.0, -1.0]


def test_lists_hold_each_name_once():
    first, second = Codes(np.array([0, 0, -1]), ["a"]), Codes(np.array([0, 1, 1]), ["a", "b"])
    assert lists(first, second).to_pylist() == [["a"], ["a", "b"], None]


def test_keys_are_the_published_splitmix64_and_null_where_unknown():
    """The first output of splitmix64 from state 0, as published with the generator, is e220a8397b1dcdaf."""
    made = keys(np.array([0, 0, 1]), 1, np.array([True, True, False])).to_pylist()
    assert made == ["e220a8397b1dcdaf", "e220a8397b1dcdaf", None]


def test_numbers_are_padded():
    assert numbered("S", 2).to_pylist() == ["S0000001", "S0000002"]


@pytest.mark.parametrize("table", dictionary.TABLES)
def test_types_are_those_of_the_dictionary(table):
    empty = standard({}, table, 0)
    assert empty.schema == schema(table)
    wanted = dictionary.ibis_schema(table).to_pyarrow()
    assert [(f.name, _plain(f.type)) for f in empty.schema] == [(f.name, _plain(f.type)) for f in wanted]


def test_a_column_that_the_dictionary_lacks_is_a_bug():
    with pytest.raises(KeyError, match="shoe_size"):
        standard({"shoe_size": "44"}, "counts", 1)


def _plain(kind: pa.DataType) -> str:
    return str(kind).replace("large_", "").replace(" not null", "")
