"""Outcomes per contact, by hand."""

from dataclasses import replace

import pytest

from crisiskit.impact.checks.dose import dose_ceiling
from crisiskit.impact.material import Quick


def study(make, panel_of, relative, low, high, contacts, **question):
    """5 treated areas x 12 months of 10 calls: 600 seen; expected is 600 / (1 + relative)."""
    panel = panel_of()
    panel = replace(panel, outcome=panel.outcome * 0 + 10)
    quick = Quick(-0.1, -0.2, 0.1, 0.03, relative, low, high, 600 / (1 + relative) - 600, 20, 5)
    return make(panel, contacts=contacts, refit=lambda panel, model="": quick, **question)


@pytest.mark.parametrize(
    ("relative", "low", "high", "contacts", "per", "ends", "status"),
    [  # expected 800, 200 averted
        (-0.25, -0.4, -0.1, 1000.0, 0.2, (0.08, 0.32), "pass"),
        (-0.25, -0.4, -0.1, 399.0, 200 / 399, (80 / 399, 320 / 399), "warn"),
        (-0.25, -0.4, -0.1, 400.0, 0.5, (0.2, 0.8), "pass"),
        (-0.25, -0.6, 0.1, 450.0, 200 / 450, (-80 / 450, 480 / 450), "warn"),
        (-0.25, -0.4, -0.1, 200.0, 1.0, (0.4, 1.6), "warn"),
        (-0.25, -0.4, -0.1, 199.0, 200 / 199, (80 / 199, 320 / 199), "fail"),
        (0.25, 0.1, 0.4, 100.0, -1.2, (-1.92, -0.48), "pass"),  # more calls: nothing was averted
    ],
)
def test_fewer_outcomes_per_contact(make, panel_of, relative, low, high, contacts, per, ends, status):
    found = dose_ceiling(study(make, panel_of, relative, low, high, contacts))
    assert found.numbers["per_contact"] == pytest.approx(per)
    assert (found.numbers["per_contact_low"], found.numbers["per_contact_high"]) == pytest.approx(ends)
    assert found.status == status


def test_more_outcomes_per_contact(make, panel_of):
    """Expected 480, 120 more."""
    outcome = {"label": "calls", "measure": "calls", "better": "more"}
    found = dose_ceiling(study(make, panel_of, 0.25, 0.1, 0.4, 100.0, outcome=outcome))
    assert found.numbers["per_contact"] == pytest.approx(1.2)
    assert found.numbers["per_contact_high"] == pytest.approx(1.92)
    assert found.status == "fail"
    assert "120 more calls" in found.finding


def test_an_interval_without_bound_is_a_doubt(make, panel_of):
    found = dose_ceiling(study(make, panel_of, -0.25, float("-inf"), float("inf"), 1000.0))
    assert found.status == "warn"
    assert "without bound" in found.finding


@pytest.mark.parametrize("contacts", [float("nan"), 0.0])
def test_without_contacts_it_says_what_to_give(make, panel_of, contacts):
    found = dose_ceiling(study(make, panel_of, -0.25, -0.4, -0.1, contacts))
    assert found.status == "not possible"
    assert found.asks.startswith("dose")
