"""The period of the contacts: every day on which the records could have held one, and no other."""

import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures.period import bounds, observed
from crisiskit.measures.request import Request, ask


def _request(days: list, **question) -> Request:
    frame = pd.DataFrame(days, columns=["period_start", "period_end", "source"])
    frame = frame.assign(contacts=1, need=["grief"] + ["legal"] * (len(days) - 1))
    options = {key: question.pop(key) for key in ("start", "end", "fiscal") if key in question}
    return ask({"interventions": frame}, "rate_per_population", variant=options, **question)


DAYS = [("2020-01-05", None, "a"), ("2020-03-01", "2020-03-31", "a"), ("2020-02-01", "2021-06-30", "b")]


def _windows(request: Request, **moment) -> list[str]:
    return [str(window) for window in observed(request).windows(moment)]


def test_from_the_first_day_to_the_last_one_covered() -> None:
    assert _windows(_request(DAYS[:2])) == ["2020-01-05 to 2020-03-31"]
    assert observed(_request(DAYS[:2])).notes == ()


def test_sources_of_other_periods_are_named_or_kept_apart() -> None:
    found = observed(_request(DAYS))
    assert found.notes == ("sources cover different periods: a 2020-01-05 to 2020-03-31, b 2020-02-01 to 2021-06-30",)
    assert _windows(_request(DAYS, by="source"), source="b") == ["2020-02-01 to 2021-06-30"]
    assert _windows(_request(DAYS, where={"source": "a"})) == ["2020-01-05 to 2020-03-31"]


def test_conditions_on_the_calendar_cut_it_and_others_do_not() -> None:
    assert _windows(_request(DAYS, where={"need": "grief"})) == ["2020-01-05 to 2021-06-30"]
    assert _windows(_request(DAYS, where={"year": [2020, 2019]})) == ["2020-01-05 to 2020-12-31"]
    assert _windows(_request(DAYS, where={"month": ["2020-01", "2020-03"]})) == [
        "2020-01-05 to 2020-01-31", "2020-03-01 to 2020-03-31"]
    assert _windows(_request(DAYS, where={"fiscal_year": 2021}, fiscal="federal")) == ["2020-10-01 to 2021-06-30"]
    assert _windows(_request(DAYS, where={"year": None})) == ["2020-01-05 to 2021-06-30"]


def test_a_group_s_own_year_cuts_it_too() -> None:
    request = _request(DAYS, by="fiscal_year", fiscal="state")
    assert _windows(request, fiscal_year=2020) == ["2020-01-05 to 2020-06-30"]
    assert _windows(request, fiscal_year=None) == []
    assert _windows(_request(DAYS, by=["year", "month"]), year=2020, month=pd.Timestamp("2021-02-01")) == []


def test_days_that_are_set() -> None:
    assert _windows(_request(DAYS, start="2020-01-01", end="2020-12-31")) == ["2020-01-01 to 2020-12-31"]
    with pytest.raises(UserError, match="start cannot be '2020'; write it like"):
        bounds(_request(DAYS, start="2020"))
    with pytest.raises(UserError, match="before start"):
        bounds(_request(DAYS, start="2020-05-01", end="2020-04-01"))
