"""Repeats: censoring is handled, anonymous records are refused, a place is not a person."""

import numpy as np
import pandas as pd
import pytest
from followed import followed

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.simulate import simulate


def contacts(days: list[float], **columns: list) -> dict[str, pd.DataFrame]:
    """Return contacts so many days after the beginning of 2025."""
    start = pd.Timestamp("2025-01-01T00:00:00Z")
    moments = [str(start + pd.Timedelta(days=day)) for day in days]
    frame = {"record_id": [f"r{place}" for place in range(len(days))], "contacts": 1, "received_at": moments}
    return {"interventions": followed(frame | columns, {"step": []})["interventions"]}


def test_a_further_contact_by_hand() -> None:
    """Four people first seen on days 0, 0, 0 and 90; back after 10, after 40, never, and (d) watched for 10 days.

    Within 30 days: 1 of 4 at risk came back at day 10; d is censored at 10 and still at risk there: 1 - 3/4.
    """
    data = contacts([0, 10, 0, 40, 0, 90, 100], person_key=["a", "a", "b", "b", "c", "d", None])
    row = measure(data, "repeat_contact").iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (1, 4, 0.25)
    assert (row["rows_used"], row["rows_left_out"]) == (4, 3)
    reasons = "anonymous: no person key 1; later than the first 2; kept: censored before 30 days 1"
    assert row["reasons"] == f"{reasons}; observed until 2025-04-11"
    assert measure(data, "repeat_contact", within_days=39.9)["numerator"].iloc[0] == 1
    longer = measure(data, "repeat_contact", within_days=40).iloc[0]
    assert longer["value"] == pytest.approx(1 - 3 / 4 * 1 / 2)
    assert longer["value"] > longer["numerator"] / longer["denominator"]


def test_beyond_what_anybody_was_watched_nothing_is_known() -> None:
    data = contacts([0, 10, 50], person_key=["a", "a", "b"])
    assert measure(data, "repeat_contact", within_days=20)["value"].iloc[0] == 1
    row = measure(contacts([0, 10, 0, 50], person_key=["a", "a", "b", "c"]), "repeat_contact", within_days=90).iloc[0]
    assert pd.isna(row["value"])
    assert "nobody was observed for that long" in row["reasons"]


def test_anonymous_records_are_refused_with_what_is_lawful() -> None:
    for keys in ([None, None], ["unknown", None]):
        row = measure(contacts([0, 10], person_key=keys, area_id=["n", "n"]), "repeat_contact", by="month").iloc[0]
        assert row[["numerator", "denominator", "value", "low", "high"]].isna().all()
        assert (row["rows_used"], row["rows_left_out"]) == (0, 2)
        for text in ("refused", "anonymous", "of=place", "area_id", "repeat_event"):
            assert text in row["reasons"]
    kind = ["non_client_contact"] * 2
    row = measure(contacts([0, 10], person_key=["a", "a"], record_kind=kind), "repeat_victimization").iloc[0]
    assert row["reasons"].startswith("refused")


def test_the_lawful_substitute_answers_by_place() -> None:
    data = contacts([0, 10, 0, 100], area_id=["n", "n", "s", "s"], area_level=["beat"] * 4)
    row = measure(data, "repeat_contact", of="place").iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (1, 2, 0.5)
    assert "a place is one area_id (beat), not an address and not a person" in row["reasons"]
    nowhere = measure(contacts([0, 10]), "repeat_contact", of="place").iloc[0]
    assert nowhere["reasons"] == "not recorded in this source: area_id"


def test_a_redial_is_the_same_event_where_that_is_asked() -> None:
    """Back after an hour and after 20 days; a record at the very moment of the first is never a further one."""
    data = contacts([0, 0, 1 / 24, 20, 60], person_key=["a", "a", "a", "a", "b"])
    assert measure(data, "repeat_contact", within_days=5)["numerator"].iloc[0] == 1
    assert measure(data, "repeat_contact", within_days=5, apart_h=2)["numerator"].iloc[0] == 0
    assert measure(data, "repeat_contact", within_days=20, apart_h=2)["numerator"].iloc[0] == 1
    assert measure(contacts([0, 0, 60], person_key=["a", "a", "b"]), "repeat_contact")["numerator"].iloc[0] == 0


def test_conditions_choose_first_events_and_not_what_follows() -> None:
    """a's second contact is in the south, and still a's second; b begins in the south."""
    data = contacts([0, 10, 0, 20, 60], person_key=["a", "a", "b", "c", "d"], area_id=["n", "s", "s", "n", "s"])
    frame = measure(data, "repeat_contact", by="area_id").set_index("area_id")
    assert frame["value"].to_dict() == {"n": 0.5, "s": 0}
    assert measure(data, "repeat_contact", where={"area_id": "s"})["denominator"].iloc[0] == 2


def test_two_sources_are_two_worlds_of_keys() -> None:
    """One crisis written down by two agencies is no return, and each source is watched until its own end."""
    data = contacts([0, 10, 60, 90], person_key=["a", "a", "b", "b"])
    data["interventions"]["source"] = ["x", "y", "x", "y"]
    assert measure(data, "repeat_contact")["numerator"].iloc[0] == 0


def test_dates_without_a_time_stand_at_midnight() -> None:
    frame = pd.DataFrame({"record_id": list("abc"), "source": "s", "contacts": 1, "person_key": ["1", "1", "2"]})
    frame["occurred_on"] = pd.to_datetime(["2025-01-01", "2025-01-11", "2025-03-01"]).date
    row = measure({"interventions": frame}, "repeat_contact", within_days=10).iloc[0]
    assert row["numerator"] == 1
    assert row["reasons"].endswith("censored before 10 days 1; observed until 2025-03-02")


def test_victimization_is_about_needs_that_mean_it() -> None:
    """a came back about grief, b about sexual assault (second of two needs); c never was about it."""
    data = contacts([0, 10, 0, 10, 0, 60], person_key=["a", "a", "b", "b", "c", "d"],
                    need=["domestic_violence", "grief", "violence", "grief", "grief", None],
                    needs=[None, None, None, ["grief", "sexual_assault"], [], None])
    row = measure(data, "repeat_victimization").iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (1, 2, 0.5)
    assert "need blank 1; another need 2; later than the first 1" in row["reasons"]
    only = measure(data, "repeat_victimization", needs="violence").iloc[0]
    assert (only["numerator"], only["denominator"]) == (0, 1)
    with pytest.raises(UserError, match="sexual_asault.*sexual_assault"):
        measure(data, "repeat_victimization", needs="sexual_asault")


def test_the_naive_share_is_too_low_and_the_curve_is_not() -> None:
    """Four months watched, 90 days asked about: the raw share misses the planted one, the interval holds it.

    10 seeds; at 95 % the chance that 3 or more intervals miss is about 1 %, and the seeds are fixed.
    """
    naive, curve, held = [], [], 0
    for seed in range(10):
        planted = {"person_key_share": 1.0, "repeat_share": 0.4}
        drawn = simulate("field_response", seed=seed, months=4, areas=2, rate=60, **planted)
        truth = drawn.truth["volume"]["expected_repeat_share"]["within_90_days"]
        row = measure({"interventions": drawn.interventions}, "repeat_contact", within_days=90).iloc[0]
        naive.append(row["numerator"] / row["denominator"] - truth)
        curve.append(row["value"] - truth)
        held += row["low"] <= truth <= row["high"]
    error = np.std(curve, ddof=1) / np.sqrt(len(curve))
    assert np.mean(naive) < -0.05
    assert abs(np.mean(curve)) < 3 * error
    assert held >= 8


def test_the_steps_of_the_source_need_no_person() -> None:
    data = followed({"record_id": list("abcd"), "contacts": 1}, {"record_id": ["b", "b", "d"], "step": "repeat_event"})
    row = measure(data, "repeat_recorded").iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (2, 4, 0.5)
    none = measure(followed({"record_id": ["a"]}, {"step": ["survey"]}), "repeat_recorded").iloc[0]
    assert none["reasons"] == "not recorded in this source: step 'repeat_event'"


def test_told_in_follow_ups_stands_with_its_bounds() -> None:
    """Yes, no, two who could not be asked, one anonymous: 1 of 2, between 1 of 4 and 3 of 4."""
    steps = {"step": "follow_up", "status": ["attended", "attended", "unreachable", "unreachable", "ineligible"],
             "repeat_victimization": [True, False, None, None, None], "missing": [None] * 3 + [
                 "repeat_victimization=declined", None]}
    row = measure(followed(None, steps), "repeat_victimization_reported").iloc[0]
    assert (row["numerator"], row["denominator"], row["bound_low"], row["bound_high"]) == (1, 2, 0.25, 0.75)
    assert row["reasons"] == "ineligible 1; declined 1; blank 1; steps that meet no contact: 5"
