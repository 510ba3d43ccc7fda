"""Date formats by the shape of a text, beyond the usual ones."""

import pytest

from crisiskit.intake.dates import form_of, time_of


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2023 Jan 05 03:22:11 PM", "%Y %b %d %I:%M:%S %p"),
        ("Tuesday, January 03, 2023", "%A, %B %d, %Y"),
        ("Tue 1/3/2023", "%a ?/%Y"),
        ("2023-01-03 10:00:00 EST", "%Y-%m-%d %H:%M:%S EST"),
        ("05/01/2023 11:05:22 p. m.", "?/%Y %I:%M:%S %p"),
        ("1/3/2023, 3:12\u202fPM", "?/%Y, %I:%M %p"),
        ("2023-01-03T13:22:19-07:00", "%Y-%m-%dT%H:%M:%S%z"),
        ("Jan  5 2023  3:04PM", "%b %d %Y %I:%M%p"),
        ("2023-01-05 14:22:11.1234567", "%Y-%m-%d %H:%M:%S.%f"),
        ("20230105 1422", "%Y%m%d %H%M"),
        ("2021/22", None),
        ("3 Elm St", None),
    ],
)
def test_forms_that_exports_have(text, form):
    assert form_of(text) == form


def test_times_of_day_of_other_countries():
    assert time_of("14h05") == "%Hh%M"
    assert time_of("1:02 p. m.") == "%I:%M %p"
