"""Headers as words: what was written together is taken apart by known words, and nothing else is."""

import pytest

from crisiskit.intake.headers import header_words, stem


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("calldescription", "call description"),
        ("totalresponsetime", "total response time"),
        ("OpenDataLat", "open data lat"),
        ("therapist", "therapist"),
        ("zipcode", "zipcode"),
        ("Einsatz-Nr", "einsatz nr"),
        ("CIT Report #", "cit report #"),
    ],
)
def test_words_of_a_header(name, words):
    assert header_words(name) == words


def test_what_is_left_without_words_of_day_and_time():
    assert stem("date rcvd") == stem("time rcvd") == {"rcvd"}
    assert stem("event hour") == {"event"}
