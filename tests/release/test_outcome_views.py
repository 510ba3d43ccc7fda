"""Channels, needs, responders and outcomes: shares are of what is known, zeros are real, the unknown is in words."""

from crisiskit.release import outcome_views as outcomes

NOTEBOOK = "10_response_patterns"


def many(record, column, values, **more):
    flat = [value for value, number in values.items() for _ in range(number)]
    return [record(i, **{column: value}, **more) for i, value in enumerate(flat)]


def test_known_values_are_drawn_and_the_unknown_is_said_not_drawn(report, record):
    view = outcomes.access(report(NOTEBOOK, many(record, "access", {"911": 6, "walk_in": 2, "unknown": 3, None: 1})))
    assert view.figure.data[["label", "numerator", "denominator"]].to_numpy().tolist() == [
        ["911", 6, 8],
        ["walk in", 2, 8],
    ]
    assert "911 75.0 % (6 of 8) and walk in 25.0 % (2 of 8)" in view.note
    assert "Not in the shares: unknown 3; blank 1." in view.note
    assert "unknown" not in view.figure.alt


def test_counts_are_weighed_by_contacts(report, record):
    view = outcomes.modality(report(NOTEBOOK, [record(1, modality="phone", contacts=9), record(2, modality="text")]))
    assert view.figure.data["numerator"].tolist() == [9, 1]


def test_one_value_is_said_and_none_is_not_recorded(report, write, record):
    rows = many(record, "modality", {"phone": 4, "unknown": 1}, access="unknown")
    made = report(NOTEBOOK, rows)
    assert outcomes.modality(made).note == "Always phone, where it is known: 100.0 % (4 of 4). Not known: unknown 1."
    assert outcomes.access(made).note == "Not recorded in this source: how requests arrived (needs access)."


def test_beyond_the_most_frequent_values_the_others_are_one_row(report, record):
    view = outcomes.need(report(NOTEBOOK, many(record, "need", {f"n{i:02}": 20 - i for i in range(16)})))
    data = view.figure.data
    assert len(data) == outcomes.TOP + 1
    assert data.iloc[-1][["label", "numerator"]].tolist() == ["4 other values together", 8 + 7 + 6 + 5]
    assert data["numerator"].sum() == data["denominator"].iloc[0]


def test_needs_stand_in_where_there_is_no_main_need(report, record):
    rows = [record(1, needs=["suicide", "grief"]), record(2, needs=["grief"])]
    data = outcomes.need(report(NOTEBOOK, rows)).figure.data.set_index("label")
    assert data["numerator"].to_dict() == {"grief": 2, "suicide": 1}


def test_several_sources_are_compared_never_added_up(report, record):
    rows = many(record, "access", {"911": 3, "988": 1}) + many(record, "access", {"988": 5}, source="other")
    view = outcomes.access(report(NOTEBOOK, rows))
    table = view.figure.data.set_index(["source", "label"])["value"].to_dict()
    assert table == {("calls", "911"): 0.75, ("calls", "988"): 0.25, ("other", "988"): 1.0}


def test_outcomes_by_responder_hold_zeros_with_intervals_and_warn(report, record):
    rows = many(record, "outcome", {"arrested": 5, "resolved": 15}, responder="police")
    rows += many(record, "outcome", {"resolved": 30, "unknown": 2}, responder="mobile_crisis")
    view = outcomes.outcome_by_responder(report(NOTEBOOK, rows))
    table = view.figure.data.assign(who=view.figure.data["responder"].str.partition(" (")[0]).set_index(
        ["who", "label"]
    )
    zero = table.loc[("mobile crisis", "arrested")]
    assert (zero["numerator"], zero["denominator"], zero["low"]) == (0, 30, 0)
    assert abs(zero["high"] - 0.1135) < 0.0001  # Wilson, 0 of 30
    assert abs(zero["bound_high"] - 2 / 32) < 1e-9
    assert table.loc[("police", "arrested"), "value"] == 0.25
    assert "differences are not effects of the responder" in view.note
    assert "mobile crisis: unknown 2" in view.note


def test_one_responder_is_no_comparison(report, record):
    rows = many(record, "outcome", {"resolved": 2, "arrested": 1}, responder="ems", arrested=False)
    made = report(NOTEBOOK, rows)
    for view in (outcomes.outcome_by_responder(made), outcomes.flags_by_responder(made)):
        assert view.figure is None
        assert "all records have one responder, EMS" in view.note


def test_findings_are_shares_of_those_recorded_with_bounds_for_the_others(report, record):
    rows = many(record, "force_used", {True: 1, False: 9, None: 10}, arrested=False)
    view = outcomes.flags(report(NOTEBOOK, rows))
    table = view.figure.data.set_index("label")
    assert table.index.tolist() == ["force used (n\u00a0=\u00a010)", "arrested (n\u00a0=\u00a020)"]
    assert table["value"].tolist() == [0.1, 0]
    assert "force used 10.0 % (1 of 10); arrested 0.0 % (0 of 20)." in view.note
    assert "force used is recorded for 50.0 % of records, so the true share lies from 5.0 to 55.0 %" in view.note
    assert "Not recorded in this source: person injured" in view.note
