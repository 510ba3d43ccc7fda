"""Recording: what moves along with the outcome, the other date, and changes of coding near the start."""

from dataclasses import replace
from datetime import date

import pytest

from crisiskit.impact.checks.recording import coding_change, date_choice, reporting
from crisiskit.impact.material import Quick

CALLS = {"label": "all calls", "measure": "x"}
DATED = {"label": "calls", "dates": {"occurred": "a", "reported": "b"}}


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"effect": -0.4}, "fail"),  # all of the main effect
        ({"effect": -0.1}, "warn"),  # the same way, by less than half
        ({"effect": 0.2}, "warn"),  # the other way
        ({"effect": 0.0}, "pass"),
    ],
)
def test_recording_that_moves_with_the_outcome(make, panel_of, settings, status):
    panels = {"all calls": panel_of(seed=8, mean=600.0, **settings)}
    found = reporting(make(panel_of(seed=6), panels=panels, recording=CALLS))
    assert found.status == status
    assert found.numbers["share_of_main"] == pytest.approx(found.numbers["relative"] / -0.33, rel=0.15)


def test_half_of_the_effect_that_may_be_chance_is_a_doubt(make, panel_of):
    def refit(panel, model=""):
        """The outcome has 60 calls a cell, the recording 6."""
        b, p = (-0.4, 0.01) if panel.outcome.mean() > 20 else (-0.2, 0.3)
        return Quick(b, b - 0.3, b + 0.3, p, b, b - 0.3, b + 0.3, 1.0, 20, 5)

    found = reporting(make(panel_of(), panels={"all calls": panel_of(mean=6.0)}, recording=CALLS, refit=refit))
    assert (found.status, found.numbers["share_of_main"]) == ("warn", 0.5)


def test_more_records_may_be_success(make, panel_of):
    outcome = {"label": "calls", "measure": "calls", "better": "more", "more_may_be_success": True}
    found = reporting(make(panel_of(), outcome=outcome))
    assert found.status == "not possible"
    assert "may themselves be a success" in found.finding
    assert found.asks.startswith("recording")


@pytest.mark.parametrize(("other", "status"), [(-0.4, "pass"), (-0.2, "warn"), (0.1, "fail")])
def test_the_other_date(make, panel_of, other, status):
    panels = {("calls", "reported"): panel_of(effect=other, mean=300.0)}
    found = date_choice(make(panel_of(mean=300.0), panels=panels, outcome=DATED, date="occurred"))
    assert found.status == status
    assert list(found.table["date"]) == ["reported"]


def test_the_first_date_counts_where_none_is_chosen(make, panel_of):
    panels = {("calls", "reported"): panel_of()}
    assert "By the date occurred" in date_choice(make(panel_of(), panels=panels, outcome=DATED)).finding


def test_one_date_or_none_that_can_be_built(make, panel_of):
    assert date_choice(make(panel_of())).status == "not possible"
    found = date_choice(make(panel_of(), outcome=DATED))
    assert found.status == "not possible"
    assert "nothing is counted" in found.finding


@pytest.mark.parametrize(
    ("day", "status", "apart", "listed"),
    [  # the programme starts on 2019-01-01; the panel is 2018 and 2019
        (date(2018, 11, 30), "warn", -2, 1),
        (date(2018, 12, 1), "fail", -1, 1),
        (date(2019, 1, 15), "fail", 0, 1),
        (date(2019, 2, 28), "fail", 1, 1),
        (date(2019, 3, 1), "warn", 2, 1),
        (date(2019, 12, 31), "warn", 11, 1),
        (date(2020, 1, 1), "pass", 12, 1),  # 365 days after the start
        (date(2020, 1, 2), "pass", None, 0),
        (date(2017, 12, 31), "pass", None, 0),
    ],
)
def test_changes_near_the_start(make, panel_of, day, status, apart, listed):
    found = coding_change(make(panel_of(), changes=[(day, "a new form.")]))
    assert (found.status, len(found.table)) == (status, listed)
    if apart is not None:
        assert found.table["periods"].tolist() == [apart]


def test_no_change_is_a_pass_that_knows_its_limits(make, panel_of):
    found = coding_change(make(panel_of()))
    assert found.status == "pass"
    assert "nobody logged" in found.finding


def test_every_start_is_a_start(make, panel_of):
    panel = panel_of()
    status = panel.status.copy()
    status[0, 12:18] = 0
    changes = [(date(2019, 7, 4), "x"), (date(2018, 2, 1), "y")]
    found = coding_change(make(replace(panel, status=status), changes=changes))
    assert found.status == "fail"
    assert found.table["periods"].tolist() == [-11, 0]
    assert "2019-07-04, x (in the month of the start)" in found.finding
