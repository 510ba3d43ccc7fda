"""Months, quarters and fiscal years in words."""

import pytest

from crisiskit.intake import spans


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("Jul-22", "2022-07"),
        ("Calls Jan 2023", "2023-01"),
        ("988_state_kpi_2024_05.csv", "2024-05"),
        ("enero 2023", "2023-01"),
        ("May 2024 - Calls,,,", "2024-05"),
        ("January 2023 to April 2023", None),
        ("2023-01-15", None),
        ("FY2023", None),
    ],
)
def test_the_one_month_that_a_text_names(text, month):
    assert spans.month_in(text) == month


def test_a_header_of_a_month_and_what_else_it_says():
    assert spans.month_header("Calls Jan 2023") == ("2023-01", "calls")
    assert spans.month_header("Jul-22") == ("2022-07", "")
    assert spans.month_header("FY Total") is None


def test_years_that_run_over_two_and_quarters():
    assert spans.over_two(["2021/22", "2022/23"]) == {"2021/22": 2021, "2022/23": 2022}
    assert spans.over_two(["2021-05"]) is None
    assert spans.over_two(["2099/00"]) == {"2099/00": 2099}
    assert spans.fiscal(2021, 4) == ("2021-04-01", "2022-03-31")
    assert spans.fiscal(2023, 7) == ("2023-07-01", "2024-06-30")
    assert spans.fiscal(2021, 1) == ("2021-01-01", "2021-12-31")
    assert spans.quarters(["2021 Q1", "Q4-2020"]) == {
        "2021 Q1": ("2021-01-01", "2021-03-31"),
        "Q4-2020": ("2020-10-01", "2020-12-31"),
    }
    assert spans.quarters(["Q1 FY2023"]) is None
    assert [spans.months_of(v) for v in (["July", "may"], ["Jul"], ["7", "12"], ["13"])] == ["%B", "%b", "%m", None]
