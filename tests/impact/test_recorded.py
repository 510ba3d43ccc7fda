"""Silence in a panel: late and lost measures, areas that stop, sums without a part; and totals that close."""

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact.audit import check
from crisiskit.impact.build import build
from crisiskit.impact.question import Outcome, Question
from crisiskit.measures.tables import open_tables
from crisiskit.simulate import simulate

MONTHS = [str(day.date()) for day in pd.date_range("2020-01-01", periods=24, freq="MS")]
AREAS = ("a", "b", "c", "d")


def rows(measure, *, months=MONTHS, areas=AREAS, value=30, **more):
    made = []
    for place, area in enumerate(areas):
        for number, month in enumerate(months):
            start = pd.Timestamp(month)
            made.append({"source": "s", "measure": measure, "value": value + place + number % 5, "unit": "n",
                         "area_id": area, "area_level": "zip", "period_start": start.date(),
                         "period_end": (start + pd.offsets.MonthEnd()).date(), "source_file": "f",
                         "source_row": len(made) + 1, **more})  # fmt: skip
    return pd.DataFrame(made)


def of(*frames):
    return open_tables({"counts": pd.concat(frames, ignore_index=True)})


def asked(**changed):
    given = {"programme": "p", "roll_out": [{"area": "a", "start": "2021-01-01"}],
             "outcome": {"label": "calls", "measure": "calls"}}  # fmt: skip
    return Question(**{**given, **changed})


def closes(built, total):
    """Panel total + left out = table total."""
    return np.nansum(built.panel.outcome) + sum(lost for _, _, lost in built.left_out) == pytest.approx(total)


# ---- a measure that begins or ends within its source


@pytest.mark.parametrize(("kept", "first", "last"), [
    (MONTHS[6:], "2020-07-01", "2021-12-01"), (MONTHS[:18], "2020-01-01", "2021-06-01"),
    (MONTHS[3:20], "2020-04-01", "2021-08-01"),
])  # fmt: skip
def test_a_panel_has_no_period_before_or_after_its_outcome_was_recorded(kept, first, last):
    built = build(of(rows("calls", months=kept), rows("other")), asked())
    assert (str(built.panel.starts[0]), str(built.panel.starts[-1])) == (first, last)
    assert np.isfinite(built.panel.outcome).all()
    assert (built.panel.outcome > 0).all()
    notes = " ".join(built.panel.notes)
    assert f"The panel goes from {first}" in notes
    assert "If they are zeros, say empty: zero in the outcome" in notes
    assert built.silent == ()  # what is cut off is no doubt about what is left


def test_a_hole_is_missing_and_a_doubt():
    kept = MONTHS[:4] + MONTHS[7:]
    built = build(of(rows("calls", months=kept), rows("other")), asked())
    assert np.isnan(built.panel.outcome).any(axis=0).tolist() == [month not in kept for month in MONTHS]
    assert "from 2020-05-01 to 2020-07-31 (3 months)" in built.silent[0]
    assert check(built.joins, 0.02, built.silent).status == "warn"


def test_a_programme_that_starts_with_the_recording_is_refused_with_the_reason():
    tables = of(rows("calls", months=MONTHS[12:]), rows("other"))
    with pytest.raises(UserError, match=r"first period in which the outcome was recorded.*goes from 2021-01-01"):
        build(tables, asked())
    with pytest.raises(UserError, match="after the panel ends on 2020-12-31"):
        build(of(rows("calls", months=MONTHS[:12]), rows("other")), asked())


def test_the_question_can_say_what_empty_cells_are():
    tables = of(rows("calls", months=MONTHS[6:]), rows("other"))
    zero = build(tables, asked(outcome={"label": "calls", "measure": "calls", "empty": "zero"}))
    assert zero.panel.outcome[:, :6].tolist() == [[0] * 6] * 4
    assert any("they count as zero, for the outcome says empty: zero" in note for note in zero.panel.notes)
    few = of(rows("calls", months=MONTHS[1::2], value=1, areas="ab"), rows("other"))
    judged = build(few, asked()).panel.outcome
    assert (judged[:, ::2] == 0).all()  # so few that chance gives it
    missing = build(few, asked(outcome={"label": "calls", "measure": "calls", "empty": "missing"})).panel
    assert np.isnan(missing.outcome[2:]).all()
    assert str(missing.starts[0]) == MONTHS[1]
    assert np.isnan(missing.outcome[0]).tolist() == [place % 2 == 1 for place in range(23)]


def test_rows_that_say_zero_are_zeros():
    calls = rows("calls")
    calls.loc[(calls["period_start"].astype(str) < "2020-07-01") | (calls["area_id"] == "b"), "value"] = 0
    built = build(of(calls, rows("other")), asked())
    assert (built.panel.outcome[:, :6] == 0).all()
    assert (built.panel.outcome[1] == 0).all()
    assert built.silent == ()
    sparse = calls[(calls["area_id"] != "d") | (calls["period_start"].astype(str) > "2020-02-01")]
    notes = " ".join(build(of(sparse, rows("other")), asked()).panel.notes)
    assert "2 empty cells are zeros: " in notes
    assert "But the outcome has zeros of its own" in notes


def test_other_outcomes_have_the_periods_of_the_main_one():
    late = rows("late", months=MONTHS[8:])
    tables = of(rows("calls", months=MONTHS[2:]), rows("other"), late)
    question = asked()
    main = build(tables, question).panel
    for measure, gone in (("other", 0), ("late", 6)):
        panel = build(tables, question, Outcome(label="x", measure=measure)).panel
        assert panel.starts == main.starts
        assert np.isnan(panel.outcome).all(axis=0).sum() == np.isnan(panel.outcome).any(axis=0).sum() == gone


# ---- an area


def test_an_area_that_stops_reporting_is_missing_and_vouched_for_by_coverage():
    calls = rows("calls")
    calls = calls[(calls["area_id"] != "b") | (calls["period_start"].astype(str) < "2021-04-01")]
    built = build(of(calls, rows("other")), asked())
    assert np.isnan(built.panel.outcome[1]).tolist() == [False] * 15 + [True] * 9
    assert np.isfinite(np.delete(built.panel.outcome, 1, axis=0)).all()
    assert built.silent[0].startswith("Area b has no row from 2021-04-01 to 2021-12-31 (9 months), where about ")
    vouched = build(of(calls, rows("other")), asked(coverage={"b": {"from": MONTHS[0], "to": "2021-12-31"}}))
    assert (vouched.panel.outcome[1, 15:] == 0).all()
    assert vouched.silent == ()
    assert sum(note.startswith("Area b has no row from 2021-04-01") for note in vouched.panel.notes) == 1
    inside = build(of(calls, rows("other")), asked(coverage={"b": {"from": MONTHS[0], "to": "2021-03-31"}}))
    assert np.isnan(inside.panel.outcome[1]).tolist() == [False] * 15 + [True] * 9
    assert not any("Area b" in note for note in inside.panel.notes)


def test_a_short_silence_of_an_area_is_zero_with_a_note():
    calls = rows("calls", value=24)
    calls = calls[(calls["area_id"] != "b") | (calls["period_start"].astype(str) != MONTHS[-1])]
    built = build(of(calls, rows("other")), asked())
    assert built.panel.outcome[1, -1] == 0
    assert any("Area b has no row from 2021-12-01 to 2021-12-31 (1 month), where about " in note
               and "it counts as zero" in note for note in built.panel.notes)  # fmt: skip


# ---- a sum


def parts(late_from, late_value=30):
    one = rows("calls", group="kind", level="x", value=100)
    return of(one, rows("calls", group="kind", level="y", value=late_value, months=MONTHS[late_from:]), rows("other"))


SUM = {"label": "calls", "measure": "calls", "group": "kind", "level": ["x", "y"]}


def test_a_sum_whose_part_begins_later_is_no_count_before():
    built = build(parts(5), asked(outcome=SUM))
    assert str(built.panel.starts[0]) == MONTHS[5]
    assert any("level 'y' has no row in any area from 2020-01-01 to 2020-05-31" in note for note in built.panel.notes)
    whole = build(parts(5), asked(outcome={**SUM, "empty": "zero"}))
    assert str(whole.panel.starts[0]) == MONTHS[0]
    assert closes(built, whole.panel.outcome.sum())


def test_a_small_part_may_be_lacking():
    built = build(parts(5, late_value=20), asked(outcome=SUM, join_limit=0.2))
    assert str(built.panel.starts[0]) == MONTHS[0]
    assert any("less than join_limit, so that the smaller sum stands" in note for note in built.panel.notes)


def test_a_level_that_changed_its_name_leaves_the_sum_whole():
    old = rows("calls", group="kind", level="x", months=MONTHS[:9])
    new = rows("calls", group="kind", level="y", months=MONTHS[9:])
    built = build(of(old, new, rows("other")), asked(outcome=SUM))
    assert built.panel.outcome.sum() == old["value"].sum() + new["value"].sum()
    assert sum("as where a level changes its name" in note for note in built.panel.notes) == 2
    assert built.silent == ()


def test_the_shown_part_of_a_hidden_sum_is_left_out_and_counted():
    one, two = (rows("calls", group="kind", level=level) for level in "xy")
    two.loc[(two["area_id"] == "b") & (two["period_start"].astype(str) == MONTHS[3]), "value"] = None
    built = build(of(one, two, rows("other")), asked(outcome=SUM))
    assert np.argwhere(np.isnan(built.panel.outcome)).tolist() == [[1, 3]]
    assert ("in cells of which a part is hidden", 2, 34.0) in built.left_out
    assert closes(built, one["value"].sum() + two["value"].sum())
    assert any("1 cells are missing: a number that belongs to them is hidden" in note for note in built.panel.notes)


def test_totals_that_name_no_area_are_counted_among_what_is_left_out():
    city = rows("calls", areas=("a",), value=500).assign(area_id=None)
    built = build(of(rows("calls"), city), asked())
    assert ("totals that name no area", 24, float(city["value"].sum())) in built.left_out


def test_a_hidden_dose_is_unknown_in_any_cell():
    dose = rows("dose", areas=("a", "b"), months=MONTHS[12:])
    dose.loc[dose.index[[0, -1]], "value"] = None
    panel = build(of(rows("calls"), dose), asked(dose_measure="dose")).panel
    assert np.argwhere(np.isnan(panel.dose)).tolist() == [[0, 12], [1, 23]]
    assert (panel.dose[2:] == 0).all()
    assert any("1 of 12 treated cells have no number of contacts delivered" in note for note in panel.notes)


# ---- rows of interventions


def contacts(*cells, **more):
    """Rows of (area, first day, last day, contacts)."""
    return pd.DataFrame([
        {"record_id": str(place), "source": "s", "record_kind": "field_response", "contacts": many,
         "is_aggregate": first != last, "period_start": pd.Timestamp(first).date(),
         "period_end": pd.Timestamp(last).date(), "area_id": area, "area_level": "zip", "source_file": "f",
         "source_row": place + 1, **more}
        for place, (area, first, last, many) in enumerate(cells)
    ])  # fmt: skip


def daily(need, first="2020-01-01", areas="abcd"):
    days = pd.date_range(first, "2021-12-31", freq="D")
    return contacts(*[(area, str(day.date()), str(day.date()), 1) for day in days for area in areas]).assign(
        needs=[[need]] * len(days) * len(areas)
    )


def test_a_category_that_begins_in_mid_month_begins_with_the_next():
    frame = pd.concat([daily("grief"), daily("suicide", "2020-03-21")], ignore_index=True)
    frame["record_id"] = [str(place) for place in range(len(frame))]
    outcome = {"label": "x", "table": "interventions", "measure": "records", "where": {"needs": ["suicide"]}}
    built = build(open_tables({"interventions": frame}), asked(outcome=outcome))
    assert str(built.panel.starts[0]) == "2020-04-01"
    assert any("Only a part of the month from 2020-03-01 was recorded" in note for note in built.panel.notes)
    both = {**outcome, "where": {"needs": ["grief", "suicide"]}}
    built = build(open_tables({"interventions": frame}), asked(outcome=both))
    notes = " ".join(built.panel.notes)
    assert str(built.panel.starts[0]) == "2020-04-01"
    assert "needs 'suicide' has no row in any area from 2020-01-01 to 2020-02-29 (2 months)" in notes
    assert "needs 'suicide': only a part of the month from 2020-03-01 was recorded" in notes


def test_every_cell_that_a_row_of_several_periods_touches_is_unknown():
    frame = daily("grief")
    wide = contacts(("b", "2020-02-10", "2020-04-20", 90), (None, "2020-05-01", "2020-06-30", 7))
    elsewhere = contacts(("z9", "2020-02-10", "2020-02-10", 5), area_level="tract")
    outcome = {"label": "x", "table": "interventions", "measure": "contacts"}
    built = build(open_tables({"interventions": pd.concat([frame, wide, elsewhere], ignore_index=True)}),
                  asked(outcome=outcome, area_level="zip"))  # fmt: skip
    assert np.argwhere(np.isnan(built.panel.outcome)).tolist() == [[1, 1], [1, 2], [1, 3]]
    assert ("rows that stand for more than one month", 2, 97.0) in built.left_out
    assert ("in cells that a row of several months touches", 90, 90.0) in built.left_out
    assert ("rows placed by another kind of area than zip", 1, 5.0) in built.left_out
    assert closes(built, len(frame) + 97 + 5)
    assert any("their number lies between" in note for note in built.panel.notes)


@pytest.mark.parametrize("step", ["week", "month", "quarter"])
def test_totals_of_simulated_contacts_close(step):
    """Contacts of a form that enters weeks and months at once: each is in the panel or in what was left out."""
    frame = simulate("non_client_contact", seed=5, months=14).interventions
    treated = sorted(frame["area_id"].dropna().unique())[0]
    day = pd.to_datetime(frame["period_start"]).min() + pd.DateOffset(months=9)
    question = asked(outcome={"label": "x", "table": "interventions", "measure": "contacts"}, step=step, join_limit=1,
                     roll_out=[{"area": treated, "start": str(day.date())}])  # fmt: skip
    built = build(open_tables({"interventions": frame}), question)
    assert np.isnan(built.panel.outcome).any() == (step == "week")
    assert closes(built, frame["contacts"].sum())


# ---- the simulator: whatever is dropped is never zero


@pytest.mark.parametrize("seed", [1, 9000])
def test_a_measure_dropped_before_a_month_is_never_zero_there(seed):
    made = simulate("programme", seed=seed, months=20, areas=8, treated=3).counts
    treated = sorted(made["area_id"].dropna().unique())[:3]
    outcome = {"label": "x", "measure": "targeted_offences"}
    months = sorted(set(made.loc[made["measure"] == "targeted_offences", "period_start"]))
    for gone in (1, 8):
        lost = (made["measure"] == "targeted_offences") & (made["period_start"] < months[gone])
        tables = open_tables({"counts": made[~lost]})
        question = asked(outcome=outcome, roll_out=[{"area": area, "start": str(months[12])} for area in treated])
        built = build(tables, question)
        assert built.panel.starts[0] == pd.Timestamp(months[gone]).date()
        beside = build(tables, question.model_copy(update={"outcome": Outcome(label="y", measure="other_offences")}),
                       Outcome(**outcome)).panel  # fmt: skip
        assert np.isnan(beside.outcome[:, :gone]).all()
        kept = made[~lost & (made["measure"] == "targeted_offences")]
        assert closes(built, kept["value"].sum())
        assert built.panel.outcome.sum() == kept["value"].sum()
