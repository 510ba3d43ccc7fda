"""Channels, needs and responders: shares are of what is known, counts weigh contacts, the unknown is in words."""

from crisiskit.release import mix_views as mix

NOTEBOOK = "10_response_patterns"


def many(record, column, values, **more):
    flat = [value for value, number in values.items() for _ in range(number)]
    return [record(i, **{column: value}, **more) for i, value in enumerate(flat)]


def test_known_values_are_drawn_and_the_unknown_is_said_not_drawn(report, record):
    view = mix.access(report(NOTEBOOK, many(record, "access", {"911": 6, "walk_in": 2, "unknown": 3, None: 1})))
    assert view.figure.data[["label", "numerator", "denominator"]].to_numpy().tolist() == [
        ["911", 6, 8],
        ["walk in", 2, 8],
    ]
    assert "911 75.0 % (6 of 8) and walk in 25.0 % (2 of 8)" in view.note
    assert "Not in the shares: unknown 3; blank 1." in view.note
    assert "unknown" not in view.figure.alt


def test_counts_are_weighed_by_contacts(report, record):
    view = mix.modality(report(NOTEBOOK, [record(1, modality="phone", contacts=9), record(2, modality="text")]))
    assert view.figure.data["numerator"].tolist() == [9, 1]


def test_one_value_is_said_and_none_is_not_recorded(report, write, record):
    rows = many(record, "modality", {"phone": 4, "unknown": 1}, access="unknown")
    made = report(NOTEBOOK, rows)
    assert mix.modality(made).note == "Always phone, where it is known: 100.0 % (4 of 4). Not known: unknown 1."
    assert mix.access(made).note == "Not recorded in this source: how requests arrived (needs access)."


def test_beyond_the_most_frequent_values_the_others_are_one_row(report, record):
    view = mix.need(report(NOTEBOOK, many(record, "need", {f"n{i:02}": 20 - i for i in range(16)})))
    data = view.figure.data
    assert len(data) == mix.TOP + 1
    assert data.iloc[-1][["label", "numerator"]].tolist() == ["4 other values together", 8 + 7 + 6 + 5]
    assert data["numerator"].sum() == data["denominator"].iloc[0]


def test_needs_stand_in_where_there_is_no_main_need(report, record):
    rows = [record(1, needs=["suicide", "grief"]), record(2, needs=["grief"])]
    data = mix.need(report(NOTEBOOK, rows)).figure.data.set_index("label")
    assert data["numerator"].to_dict() == {"grief": 2, "suicide": 1}


def test_several_sources_are_compared_never_added_up(report, record):
    rows = many(record, "access", {"911": 3, "988": 1}) + many(record, "access", {"988": 5}, source="other")
    view = mix.access(report(NOTEBOOK, rows))
    table = view.figure.data.set_index(["source", "label"])["value"].to_dict()
    assert table == {("calls", "911"): 0.75, ("calls", "988"): 0.25, ("other", "988"): 1.0}
