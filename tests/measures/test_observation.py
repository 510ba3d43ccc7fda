"""The end of observation: the last recorded moment of each source, or the day that was given."""

import pandas as pd
import pytest
from followed import followed

from crisiskit.errors import UserError
from crisiskit.measures.observation import ends, said
from crisiskit.measures.request import ask

CONTACTS = {"record_id": ["a", "b"], "source": ["s", "t"], "received_at": ["2025-01-01T00:00:00Z", None]}
STEPS = {"record_id": ["a"], "step": "referral", "due_at": ["2025-12-31T00:00:00Z"],
         "completed_at": ["2025-02-01T12:00:00Z"]}


def test_each_source_ends_with_its_last_moment_and_not_with_what_is_due() -> None:
    data = followed(CONTACTS, STEPS)
    data["interventions"]["occurred_on"] = pd.to_datetime([None, "2025-03-05"])
    request = ask(data, "time_to_service")
    until = ends(request)
    assert until == {"s": pd.Timestamp("2025-02-01T12:00Z"), "t": pd.Timestamp("2025-03-06T00:00Z")}
    assert said(until) == "observed until 2025-02-01 to 2025-03-06"
    assert ends(request, ("interventions",))["s"] == pd.Timestamp("2025-01-01T00:00Z")


def test_a_day_that_is_given_counts_to_its_evening() -> None:
    until = ends(ask(followed(CONTACTS, STEPS), "time_to_service", variant={"until": "2025-01-31"}))
    assert until["s"] == pd.Timestamp("2025-02-01T00:00Z")
    with pytest.raises(UserError, match="31/01/2025.*2025-01-31"):
        ends(ask(followed(CONTACTS, STEPS), "time_to_service", variant={"until": "31/01/2025"}))


def test_a_source_without_moments_has_no_end() -> None:
    assert ends(ask(followed({"record_id": ["a"]}, {"step": ["survey"]}), "time_to_service")) == {}
    assert said({}) == ""
