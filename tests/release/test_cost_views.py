"""Cost: no wage is assumed, all paid minutes over all units, volunteers apart."""

import pytest

from crisiskit.errors import UserError
from crisiskit.release import cost_views
from crisiskit.release.cost_views import Prices

NOTEBOOK = "10_response_patterns"
PRICES = "wage_per_h=60; funded_share=0.5; fixed_cost=100; volunteer_wage_per_h=30"


def work(record, **values):
    """Ten records of an hour: four resolved, two of them by volunteers; one of two hours for five contacts."""
    rows = [record(place, duration_min=60.0, contacts=1, outcome="resolved" if place < 4 else "transported",
                   responder="volunteer" if place < 2 else "counselor", **values) for place in range(10)]
    return [*rows, record(10, duration_min=120.0, contacts=5, outcome="transported", responder="counselor", **values)]


def test_without_a_wage_there_is_no_cost_and_the_parameter_is_named(report, record):
    view = cost_views.cost(report(NOTEBOOK, work(record)))
    assert view.figure is None
    assert "the settings give no wage_per_h in prices" in view.note
    assert "0" not in view.note  # what is not known costs not nothing


def test_cost_is_all_paid_minutes_over_all_units_and_volunteers_stand_apart(report, record):
    """10 paid hours at 60, half funded, and 100 fixed are 400: over 15 contacts and over 4 resolved records.

    Trap: a mean of the records' own quotients, the minutes of the resolved alone, or a volunteer at no cost.
    """
    view = cost_views.cost(report(NOTEBOOK, work(record), prices=PRICES))
    data = view.figure.data.set_index("label")
    contact, outcome = data.loc["per contact"], data.loc["per record that ended as resolved"]
    assert (contact["numerator"], contact["denominator"], contact["value"]) == (400, 15, pytest.approx(400 / 15))
    assert (outcome["numerator"], outcome["denominator"], outcome["value"]) == (400, 4, 100)
    assert (contact["labour_cost"], contact["fixed_cost"], contact["volunteer_value"]) == (300, 100, 60)
    assert contact["low"] <= contact["value"] <= contact["high"]
    assert "Apart from these costs: 2 hours of volunteers, worth 60, or 4 per contact." in view.note
    assert "60 for an hour of paid work, of which 50 % is funded; fixed costs of 100" in view.note


def test_volunteers_without_a_wage_of_their_own_are_hours_only(report, record):
    view = cost_views.cost(report(NOTEBOOK, work(record), prices="wage_per_h=60"))
    assert "Apart from these costs: 2 hours of volunteers." in view.note
    assert "volunteer_wage_per_h is not given" in view.note


def test_rows_without_minutes_are_counted(report, record):
    view = cost_views.cost(report(NOTEBOOK, [*work(record), record(11, contacts=1)], prices="wage_per_h=60"))
    assert "per contact: minutes missing 1" in view.figure.credit
    assert "counted as paid" not in view.figure.credit


def test_two_sources_are_not_added_up(report, record):
    rows = work(record) + [row | {"source": "other", "record_id": f"o{row['record_id']}"} for row in work(record)]
    view = cost_views.cost(report(NOTEBOOK, rows, prices="wage_per_h=60"))
    assert view.figure.data["label"].tolist() == [
        "per contact (calls)", "per contact (other)",
        "per record that ended as resolved (calls)", "per record that ended as resolved (other)"]  # fmt: skip


def test_a_source_without_minutes_is_named(report, record):
    rows = [*work(record), record(11, contacts=1, source="other", outcome="resolved")]
    view = cost_views.cost(report(NOTEBOOK, rows, prices="wage_per_h=60"))
    assert view.figure.data["label"].tolist() == ["per contact (calls)", "per record that ended as resolved (calls)"]
    assert "Without an answer: per contact (other): not recorded in this group" in view.note


@pytest.mark.parametrize(("prices", "message"), [
    ("wage=60", "there is no 'wage'"),
    ("wage_per_hour=60", "did you mean 'wage_per_h'"),
    ("wage_per_h=sixty", "wage_per_h must be a number such as 45.5, not 'sixty'"),
    ("wage_per_h", "wage_per_h must be a number"),
    ("fixed_cost=-1", "fixed_cost must be 0 or more"),
    ("wage_per_h=nan", "wage_per_h must be 0 or more"),
    ("funded_share=80", "funded_share is a share from 0 to 1, not '80'"),
])  # fmt: skip
def test_prices_that_are_not_right_are_refused(report, record, prices, message):
    with pytest.raises(UserError, match=message):
        cost_views.cost(report(NOTEBOOK, work(record), prices=prices))


def test_prices_not_given_are_no_wage_and_the_whole_share(report, record):
    assert Prices.of(report(NOTEBOOK, work(record))) == Prices(0, 1, 0, 0)
