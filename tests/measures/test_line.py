"""Lines: three denominators, a threshold that is named, channels that are never pooled in silence."""

import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures import measure

T0 = "2025-01-01T00:00:00Z"


@pytest.fixture
def calls(rows) -> dict[str, pd.DataFrame]:
    """Ten calls: six answered after 5, 10, 20, 25, 40 s and unknown; four given up after 2, 8, 30 s and unknown."""
    return rows(contacts=[1] * 10, offered=[1] * 10, answered=[1] * 6 + [0] * 4, abandoned=[0] * 6 + [1] * 4,
                wait_s=[5, 10, 20, 25, 40, None, 2, 8, 30, None], access=["911"] * 10)


@pytest.fixture
def totals() -> dict[str, pd.DataFrame]:
    """Two hours of two lines, already counted."""
    lines = {"911": (10, 8, 2, 6, 1), "administrative": (20, 19, 1, 15, 0)}
    names = ("offered", "answered", "abandoned", "answered_within_10s", "abandoned_within_5s")
    frame = pd.DataFrame([
        {"measure": name, "value": value, "group": "line", "level": level, "source_row": hour, "source_file": "f",
         "period_start": "2025-01-06", "period_end": "2025-01-06"}
        for hour in (1, 2) for level, values in lines.items() for name, value in zip(names, values, strict=True)])
    return {"counts": frame}


def test_answer_rate(calls) -> None:
    row = measure(calls, "answer_rate").iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (6, 10, 0.6)
    assert row[["low", "high"]].to_list() == pytest.approx([0.3126738, 0.8318197], abs=1e-7)
    assert row["reasons"] == ""


def test_answer_rate_needs_both_numbers(rows) -> None:
    row = measure(rows(offered=[10, None, 4], answered=[8, 3, None]), "answer_rate").iloc[0]
    assert (row["numerator"], row["denominator"], row["rows_used"]) == (8, 10, 1)
    assert row["reasons"] == "answered missing 1; offered missing 1"


def test_answer_rate_without_the_columns_is_not_zero(rows) -> None:
    frame = measure(rows(contacts=[1, 1]), "answer_rate")
    assert len(frame) == 1
    assert pd.isna(frame["value"].iloc[0])
    assert frame["reasons"].iloc[0] == "not recorded in this source: answered, offered"


def test_pooled_channels_are_named(rows) -> None:
    data = rows(offered=[1, 1], answered=[1, 0], access=["911", "hotline"], modality=["phone", "chat"])
    assert measure(data, "answer_rate")["reasons"].iloc[0] == \
        "pooled over access: 911, hotline; pooled over modality: chat, phone"
    assert measure(data, "answer_rate", by=("access", "modality"))["reasons"].to_list() == ["", ""]
    assert measure(data, "answer_rate", where={"access": "911"})["reasons"].to_list() == [""]


def test_more_answered_than_offered_is_said_and_has_no_interval(rows) -> None:
    row = measure(rows(offered=[5, 1], answered=[9, 1]), "answer_rate").iloc[0]
    assert row["value"] == pytest.approx(10 / 6)
    assert row[["low", "high"]].isna().all()
    assert row["reasons"] == "kept: more answered than offered 1"


@pytest.mark.parametrize(("threshold_s", "numerator", "denominator", "left_out"),
                         [(0, 4, 10, 0), (5, 2, 8, 1), (10, 1, 7, 1)])
def test_abandonment_threshold(calls, threshold_s: float, numerator: int, denominator: int, left_out: int) -> None:
    """Short abandons leave both sides; with a threshold, an abandoned call of unknown wait cannot be placed."""
    row = measure(calls, "abandonment", threshold_s=threshold_s).iloc[0]
    assert (row["numerator"], row["denominator"], row["rows_left_out"]) == (numerator, denominator, left_out)
    assert row["label"] == f"Abandoned after {threshold_s} s or more / (offered less abandoned earlier)"


@pytest.mark.parametrize(("denominator", "total", "label"), [
    ("offered", 9, "offered"), ("answered", 5, "answered"),
    ("offered_less_short", 7, "offered less abandoned below 5 s")])
def test_service_level_has_three_denominators(calls, denominator: str, total: int, label: str) -> None:
    row = measure(calls, "service_level", threshold_s=20, denominator=denominator).iloc[0]
    assert (row["numerator"], row["denominator"]) == (3, total)
    assert row["label"] == f"Answered within 20 s / {label}"
    assert "answered, wait missing 1" in row["reasons"]
    assert (row["bound_low"], row["bound_high"]) == (pytest.approx(3 / (total + 1)), pytest.approx(4 / (total + 1)))


def test_service_level_of_period_totals_needs_waits(rows) -> None:
    data = rows(offered=[100, 1], answered=[90, 1], is_aggregate=[True, False], wait_s=[None, 3.0], contacts=[100, 1])
    row = measure(data, "service_level").iloc[0]
    assert (row["value"], row["rows_used"], row["reasons"]) == (1, 1, "aggregate rows 1")
    assert row["aggregate_share"] == pytest.approx(100 / 101)
    assert measure(data, "answer_rate").iloc[0]["numerator"] == 91


def test_waits_come_from_moments_where_seconds_are_not_kept(rows) -> None:
    data = rows(offered=[1, 1], answered=[1, 1], received_at=[T0, T0],
                answered_at=["2025-01-01T00:00:20Z", "2025-01-01T00:00:21Z"])
    assert measure(data, "service_level", threshold_s=20).iloc[0]["numerator"] == 1


def test_counts_by_level_and_pooled(totals) -> None:
    by_level = measure(totals, "answer_rate", by="level").set_index("level")
    assert by_level["numerator"].to_dict() == {"911": 16, "administrative": 38}
    assert by_level["denominator"].to_dict() == {"911": 20, "administrative": 40}
    assert by_level["reasons"].to_list() == ["", ""]
    both = measure(totals, "answer_rate").iloc[0]
    assert (both["value"], both["rows_used"], both["contacts_used"], both["aggregate_share"]) == (0.9, 4, 60, 1)
    assert both["reasons"] == "pooled over level: 911, administrative"


def test_counts_give_service_level_and_abandonment_where_they_hold_them(totals) -> None:
    level = {"where": {"level": "911"}}
    assert measure(totals, "service_level", threshold_s=10, **level)["value"].iloc[0] == 0.6
    less = measure(totals, "service_level", threshold_s=10, denominator="offered_less_short", **level)
    assert less["value"].iloc[0] == pytest.approx(12 / 18)
    assert measure(totals, "abandonment", threshold_s=5, **level)["value"].iloc[0] == pytest.approx(2 / 18)
    assert measure(totals, "service_level", threshold_s=15)["reasons"].iloc[0] == \
        "not recorded in this source: answered_within_15s"


def test_interventions_and_counts_are_never_mixed(calls, totals) -> None:
    both = {**calls, **totals}
    assert measure(both, "answer_rate")["denominator"].iloc[0] == 10
    assert measure(both, "answer_rate", table="counts")["denominator"].iloc[0] == 60
    without = {**totals, "interventions": calls["interventions"][["contacts", "access"]]}
    assert measure(without, "answer_rate")["denominator"].iloc[0] == 60
    assert measure(without, "answer_rate", table="interventions")["reasons"].iloc[0] == \
        "not recorded in this source: answered, offered"


def test_totals_beside_their_lines_are_not_counted_twice(totals) -> None:
    total = pd.DataFrame({"measure": ["offered", "answered"], "value": [60, 54], "source_row": 9})
    counts = pd.concat([totals["counts"], total], ignore_index=True)
    assert measure({"counts": counts}, "answer_rate")["denominator"].iloc[0] == 60
    only_total = measure({"counts": total.assign(level=None, group=None)}, "answer_rate").iloc[0]
    assert (only_total["numerator"], only_total["denominator"]) == (54, 60)


def test_several_breakdowns_must_be_chosen_between(totals) -> None:
    counts = totals["counts"].assign(group=["shift", "language"] * 10)
    with pytest.raises(UserError, match="where group = language or shift"):
        measure({"counts": counts}, "answer_rate")


def test_counts_have_weekdays_but_no_hours(totals) -> None:
    assert measure(totals, "answer_rate", by="weekday")["weekday"].to_list() == ["Mon"]
    with pytest.raises(UserError, match="no time of day"):
        measure(totals, "answer_rate", by="hour")


def test_no_table_of_a_line(rows) -> None:
    row = measure({"follow_ups": pd.DataFrame({"step": ["referral"]})}, "answer_rate").iloc[0]
    assert row["reasons"] == "not recorded in this source: table 'interventions'"
