"""Redials: who called again after giving up, by key; a chain is not cut by a condition, and no key is no answer."""

import pandas as pd
import pytest

from crisiskit.measures import measure
from crisiskit.simulate import simulate

START = pd.Timestamp("2025-01-06T09:00:00Z")


def calls(rows, *drawn: tuple[str | None, float, str], **more) -> dict[str, pd.DataFrame]:
    """Calls of (key, minute, "up" for given up after a minute of waiting or "ok" for answered)."""
    at = [START + pd.Timedelta(minutes=minute) for _key, minute, _end in drawn]
    up = [end == "up" for _key, _minute, end in drawn]
    n = len(drawn)
    return rows(
        record_id=[str(i) for i in range(n)], source=["line"] * n, record_kind=["hotline_contact"] * n,
        person_key=[key for key, _minute, _end in drawn], received_at=[moment.isoformat() for moment in at],
        received_local=[moment.tz_localize(None).isoformat() for moment in at], contacts=[1] * n, offered=[1] * n,
        answered=[int(not gone) for gone in up], abandoned=[int(gone) for gone in up], wait_s=[60] * n,
        abandoned_at=[(moment + pd.Timedelta(minutes=1)).isoformat() if gone else None
                      for moment, gone in zip(at, up, strict=True)], **more)


def values(frame: pd.DataFrame) -> dict[str, tuple[float, float]]:
    return {row["statistic"]: (row["numerator"], row["denominator"]) for _index, row in frame.iterrows()}


def test_a_chain_of_redials_is_one_attempt(rows) -> None:
    """Given up, given up again after 10 minutes, answered after 20 more: two redials, and the caller got through."""
    data = calls(rows, ("a", 0, "up"), ("a", 10, "up"), ("a", 30, "ok"), ("b", 0, "up"), ("b", 40, "ok"))
    assert values(measure(data, "redials")) == {
        "redials": (2, 5), "redialled": (2, 3), "abandoned": (3, 5), "never_through": (1, 3)}


def test_a_second_call_after_an_answer_is_no_redial(rows) -> None:
    """The trap: any second call of a key within half an hour is not a redial."""
    data = calls(rows, ("a", 0, "ok"), ("a", 5, "ok"), ("b", 0, "up"), ("c", 5, "ok"))
    assert values(measure(data, "redials"))["redials"] == (0, 4)


@pytest.mark.parametrize(("minute", "within", "found"), [(31, 30, 1), (31.1, 30, 0), (31.1, 60, 1), (1, 0, 1)])
def test_the_clock_runs_from_giving_up(rows, minute: float, within: float, found: int) -> None:
    data = calls(rows, ("a", 0, "up"), ("a", minute, "ok"))
    frame = measure(data, "redials", within_min=within)
    assert values(frame)["redials"] == (found, 2)
    assert frame["label"].iloc[0] == f"Redials within {within} min of an abandoned contact, where a key tells"
    data["interventions"] = data["interventions"].drop(columns="abandoned_at")
    assert values(measure(data, "redials", within_min=within))["redials"] == (found, 2)  # from received_at and wait_s


def test_a_condition_does_not_cut_a_chain(rows) -> None:
    """The redial at 10:05 is one, although the call that was given up at 9:55 is not in the hour asked for."""
    data = calls(rows, ("a", 55, "up"), ("a", 65, "ok"))
    frame = measure(data, "redials", by="hour").set_index(["hour", "statistic"])
    assert frame.loc[(9, "never_through"), ["numerator", "denominator"]].to_list() == [0, 1]
    assert frame.loc[(10, "redials"), ["numerator", "denominator"]].to_list() == [1, 1]
    assert values(measure(data, "redials", where={"hour": 10}))["redials"] == (1, 1)


def test_keys_of_two_sources_are_two_people(rows) -> None:
    data = calls(rows, ("a", 0, "up"), ("a", 5, "ok"))
    data["interventions"]["source"] = ["x", "y"]
    assert values(measure(data, "redials"))["redials"] == (0, 2)


def test_who_cannot_be_followed_is_left_out_and_counted(rows) -> None:
    data = calls(rows, ("a", 0, "up"), (None, 5, "ok"), ("b", 0, "ok"), ("c", 0, "ok"), ("d", 0, "ok"), ("e", 0, "ok"),
                 is_aggregate=[False, False, True, False, False, False])
    frame = data["interventions"]
    frame.loc[3, "contacts"] = 2
    frame[["offered", "answered", "abandoned"]] = frame[["offered", "answered", "abandoned"]].astype("Int64")
    frame.loc[4, ["answered", "abandoned"]] = pd.NA
    frame.loc[5, "record_kind"] = "call_for_service"
    row = measure(data, "redials").iloc[0]
    assert row["reasons"] == ("aggregate rows 1; several contacts in one row 1; not a line's contact 1; key missing 1; "
                              "ending missing 1")
    assert (row["rows_used"], row["rows_left_out"]) == (1, 5)


def test_without_a_key_it_is_refused_with_what_can_be_given_instead(rows) -> None:
    frame = measure(calls(rows, (None, 0, "up"), (None, 5, "ok")), "redials")
    assert len(frame) == 1
    assert pd.isna(frame["value"].iloc[0])
    assert frame["reasons"].iloc[0].startswith("not recorded in this source: person_key; refused: without a key nobody "
                                               "can tell a redial from a new caller; answer rate and abandonment")


def test_a_group_without_keys_is_refused_beside_one_that_has_them(rows) -> None:
    data = calls(rows, ("a", 0, "ok"), (None, 5, "ok"), area_id=["x", "y"])
    frame = measure(data, "redials", by="area_id").set_index("area_id")
    assert frame.loc["y", "value"].isna().all()
    assert frame.loc["y", "reasons"].iloc[0].endswith("(with a threshold for short abandons) can be given instead")


def test_the_planted_share_is_found() -> None:
    """0.45 of those who give up dial again, after a lognormal gap of which 0.994 is below 30 minutes."""
    made = simulate("hotline_contact", months=3, areas=4, patience_median_s=20.0, person_key_share=1.0,
                    repeat_share=0.0)
    frame = measure({"interventions": made.interventions}, "redials", confidence=0.999).set_index("statistic")
    assert frame.loc["redialled", "low"] < 0.45 * 0.994 < frame.loc["redialled", "high"]
    truth = made.truth["queue"]
    assert frame.loc["redials", "denominator"] == truth["offered"]
    assert frame.loc["redials", "numerator"] == pytest.approx(truth["redials"], rel=0.03)  # the gaps above 30 minutes
    assert frame.loc["abandoned", "numerator"] == truth["abandoned"]
    given_up = frame.loc["abandoned", "numerator"] - frame.loc["redialled", "numerator"]
    assert frame.loc["never_through", "numerator"] == given_up  # an attempt is lost once, at its last contact
    assert frame.loc["never_through", "denominator"] == pytest.approx(truth["callers_first_calls"], rel=0.01)
