"""Change: distress over those with both scores, with how many have them; scores over time with who is left."""

from datetime import UTC, datetime, timedelta

import pytest

from crisiskit.release import progress_views as progress

NOTEBOOK = "20_gaps"


def test_change_rests_on_those_with_both_scores_and_says_who_has_the_first_only(report, record):
    """20 fall from 8 to 6 and 20 from 6 to 5; ten more have a first score of 10 and are in no mean: -1.5, not more."""
    pairs = [(8, 6)] * 20 + [(6, 5)] * 20 + [(10, None)] * 10
    rows = [record(place, distress_before=before, distress_after=after, need="suicide" if place < 40 else "other")
            for place, (before, after) in enumerate(pairs)]  # fmt: skip
    view = progress.progress(report(NOTEBOOK, rows))
    data = view.figure.data.set_index("label")
    assert data.loc["all (n = 40)", "value"] == -1.5
    assert list(data.index) == ["all (n = 40)", "suicide (n = 40)"]
    assert "Distress 7.00 before and 5.50 after, a mean change of -1.50 points" in view.note
    assert "80.0 % (40 of 50) have a second one too" in view.note
    assert "after blank 10" in view.figure.credit
    assert "a change alone is no effect" in view.note


def test_two_sources_stand_apart(report, record):
    rows = [record(place, distress_before=8, distress_after=6) for place in range(3)]
    rows += [record(place, distress_before=8, distress_after=8, source="other") for place in range(3, 6)]
    view = progress.progress(report(NOTEBOOK, rows))
    assert view.figure.data.set_index("label")["value"].to_dict() == {"all (calls) (n = 3)": -2,
                                                                      "all (other) (n = 3)": 0}
    assert view.note.startswith("calls: Distress 8.00 before")


@pytest.fixture
def scored(report):
    """Open a report on scores of persons at 30-day steps: a list of scores per person."""

    def scored(record, persons):
        rows = [{"follow_up_id": f"f{place}-{step}", "source": "calls", "step": "survey", "instrument": "scale",
                 "item": "total", "person_key": f"p{place}", "score": float(points), "source_file": "f",
                 "completed_at": datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=30 * step), "source_row": step}
                for place, points_of in enumerate(persons) for step, points in enumerate(points_of)]  # fmt: skip
        return report(NOTEBOOK, [record(0)], follow_ups=rows)

    return scored


def test_the_trend_stands_with_who_is_left_at_each_occasion(scored, record):
    """Each person with two scores falls by 2 or by 3 points in 30 days, 2.5 on average; a tenth came once."""
    persons = [[10 + place, 8 + place - place % 2] for place in range(18)] + [[5], [7]]
    view = progress.score_change(scored(record, persons))
    data = view.figure.data.set_index("occasion")
    assert data["n"].to_dict() == {1: 20, 2: 18}
    assert data.loc[2, "value"] == 0.9
    assert view.note.startswith("scale, total: -2.50 points in 30 days")
    assert "18 persons; one score only, and in no trend: 2." in view.note
    assert data.loc[2, "first_of_left"] == 6  # those who left began elsewhere


def test_scores_of_persons_who_came_once_are_no_trend(scored, record):
    view = progress.score_change(scored(record, [[5], [7], [9]]))
    assert view.figure is None
    assert "no trend of persons with two scores (3 rows of follow-ups looked at)" in view.note
