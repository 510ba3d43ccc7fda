"""Numbers and times without a date: what they are, by values and header together."""

import pytest

from crisiskit.intake import kinds


def counted(*values: str) -> dict[str, int]:
    return dict.fromkeys(values, 10)


@pytest.mark.parametrize(
    ("words", "values", "expected"),
    [
        ("time rcvd", counted("0034", "2359", "1205", "0900", "1744"), "%H%M"),
        ("unit out", counted("34", "2359", "1205", "900", "1744"), "%H%M"),  # zeros in front were lost
        ("time rcvd", counted("0034", "2359", "1275", "0900", "1744"), None),  # no minute 75
        ("start", counted("2010", "2011", "2012", "2013", "2014"), None),  # years
        ("badge", counted("0034", "2359", "1205", "0900", "1744"), None),
        ("response time", counted("0", "7", "19", "41", "9"), None),  # lengths, such as seconds
        ("event hour", counted("0", "13", "23"), "%H"),
        ("event hour", counted("0", "13", "24"), None),
        ("contact time", counted("0.491829", "0.53", "0.077778"), "fraction"),
    ],
)
def test_times_of_day_that_are_written_as_numbers(words, values, expected):
    assert kinds.of_day(words, values) == expected


@pytest.mark.parametrize(
    ("words", "values", "length", "unit"),
    [
        ("time on scene hh mm", counted("0:19", "1:05", "2:40"), True, "clock"),
        ("on scene time", counted("10:19", "13:05", "22:40"), False, ""),
        ("talk time", counted("9:19", "13:05", "22:40"), True, "mm:ss"),  # 13 hours of talk are none
        ("talk time", counted("0:19", "1:05"), True, "clock"),
        ("avg speed of answer", counted("0:19", "1:05"), True, "mm:ss"),
        ("average talk time mm ss", counted("0:19", "1:05"), True, "mm:ss"),
        ("chat duration", counted("00:22:49"), True, "clock"),
        ("time of call", counted("0:19", "1:05", "3:00"), False, ""),
    ],
)
def test_lengths_and_times_of_day_with_colons(words, values, length, unit):
    assert kinds.is_length(words, values) == length
    if length:
        assert kinds.length_unit(words, values)[0] == unit


def test_a_length_in_doubt_is_said():
    assert "NOTHING TELLS H:MM FROM M:SS" in kinds.length_unit("talk time", counted("0:19", "1:05"))[1]


def test_units_behind_the_number_and_instants():
    assert kinds.unit_of(counted("45 min", "5 mins", "1.5 min.")) == "minutes"
    assert kinds.unit_of(counted("45 min", "2 hrs")) is None
    values = counted("1672874266000", "1672951939000")
    assert kinds.epoch("response date", lambda test: sum(map(bool, map(test, values))) / len(values)) == "epoch_ms"
    assert kinds.epoch("incident number", lambda test: 1.0) is None
