import numpy as np
import pandas as pd
import pytest

from crisiskit.simulate.text import clock_changes, delimited, iso_time, some, us_date, us_time, whole


def days(year: int) -> np.ndarray:
    return np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="M8[D]")


@pytest.mark.parametrize(
    ("zone", "repeated", "skipped"),
    [
        ("America/Chicago", ["2023-11-05T01"], ["2023-03-12T02"]),
        ("Europe/Paris", ["2023-10-29T02"], ["2023-03-26T02"]),
        ("Australia/Sydney", ["2023-04-02T02"], ["2023-10-01T02"]),
        ("America/Phoenix", [], []),
    ],
)
def test_hours_that_clocks_repeat_and_skip(zone, repeated, skipped):
    found = clock_changes(days(2023), zone)
    assert [hours.astype(str).tolist() for hours in found] == [repeated, skipped]


def test_dates_in_several_spellings():
    moments = pd.Series(pd.to_datetime(["2023-03-09 00:05:09", "2023-11-30 12:00:00", "2023-01-02 23:59:59", None]))
    wanted = ["3/9/2023 12:05:09 AM", "11/30/2023 12:00:00 PM", "1/2/2023 11:59:59 PM", "NULL"]
    assert us_time(moments, "NULL") == wanted
    assert us_date(moments) == ["3/9/2023", "11/30/2023", "1/2/2023", ""]
    assert iso_time(moments)[0] == "2023-03-09 00:05:09.000"


def test_missing_numbers_are_written_in_the_words_of_the_source():
    tokens = [None, "x=declined;age=unknown", "stage=unknown"]
    frame = pd.DataFrame({"age": pd.array([30, None, None], "Int64"), "missing": tokens})
    assert whole(frame["age"], frame, {"unknown": "UNK"}).tolist() == ["30", "UNK", ""]


def test_cells_with_the_delimiter_are_quoted():
    assert delimited(["a", "b"], [["1;2", 'say "x"']], ";", "\n") == 'a;b\n"1;2";"say ""x"""\n'


def test_some_are_different_allowed_and_not_more_than_there_are():
    rng = np.random.default_rng(1)
    assert some(rng, np.array([True, False, True]), 9).tolist() == [0, 2]
    assert len(set(some(rng, np.ones(50, bool), 20))) == 20
