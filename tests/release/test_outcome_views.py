"""Outcomes and findings: shares are of what is known, zeros are real, and the bounds hold what is not."""

from crisiskit.release import outcome_views as outcomes

NOTEBOOK = "10_response_patterns"


def many(record, column, values, **more):
    flat = [value for value, number in values.items() for _ in range(number)]
    return [record(i, **{column: value}, **more) for i, value in enumerate(flat)]


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


def test_outcomes_by_need_are_of_the_six_largest_and_name_the_others(report, record):
    needs = ("suicide", "grief", "legal", "homelessness", "older_adult", "child_safety", "substance_use")
    rows = [record(10 * place + i, need=name, outcome="resolved" if i else "referred")
            for place, name in enumerate(needs) for i in range(9 - place)]  # fmt: skip
    rows += [record(98, outcome="cited"), record(99, need="unknown", outcome="arrested")]
    view = outcomes.outcome_by_need(report(NOTEBOOK, rows))
    table = view.figure.data
    assert table["need"].nunique() == 6
    assert table.loc[table["need"].str.startswith("suicide") & (table["label"] == "referred"), "value"].iloc[0] == 1 / 9
    assert "Not drawn: substance use (n\u00a0=\u00a03), no need recorded (n\u00a0=\u00a01) and unknown" in view.note
    assert not {"arrested", "cited"} & set(table["label"])  # of records whose need is not known


def test_one_need_is_no_comparison(report, record):
    view = outcomes.outcome_by_need(report(NOTEBOOK, many(record, "outcome", {"resolved": 3}, need="grief")))
    assert "all records have one need, grief" in view.note


def test_findings_are_shares_of_those_recorded_with_bounds_for_the_others(report, record):
    rows = many(record, "force_used", {True: 1, False: 9, None: 10}, arrested=False)
    view = outcomes.flags(report(NOTEBOOK, rows))
    table = view.figure.data.set_index("label")
    assert table.index.tolist() == ["force used (n\u00a0=\u00a010)", "arrested (n\u00a0=\u00a020)"]
    assert table["value"].tolist() == [0.1, 0]
    assert "force used 10.0 % (1 of 10); arrested 0.0 % (0 of 20)." in view.note
    assert "force used is recorded for 50.0 % of records, so the true share lies from 5.0 to 55.0 %" in view.note
    assert "Not recorded in this source: person injured" in view.note


def test_findings_of_several_sources_stand_apart(report, record):
    rows = many(record, "arrested", {True: 1, False: 3}) + many(record, "arrested", {True: 2, False: 3}, source="other")
    note = outcomes.flags(report(NOTEBOOK, rows)).note
    assert note.startswith("calls: arrested 25.0 % (1 of 4).\nother: arrested 40.0 % (2 of 5).")
    assert "effects of the responder" not in note
