"""Need against service: shares of those who got so far, bounds for what is not said, refusals for anonymous records."""

from datetime import UTC, date, datetime, timedelta

import pytest

from crisiskit.release import need_views as needs

NOTEBOOK = "20_gaps"
START = datetime(2024, 1, 1, 12, 0, tzinfo=UTC)


def contact(record, number, **values):
    return record(number, received_at=START, period_start=date(2024, 1, 1), **values)


def step(number, kind, **values):
    fixed = {"follow_up_id": f"f{number}", "record_id": f"r{number}", "source": "calls", "step": kind}
    return fixed | {"source_file": "f", "source_row": number} | values


def test_needs_not_met_are_of_those_identified_and_of_which_it_is_said(report, record):
    contacts = [contact(record, i) for i in range(12)]
    met = [True, True, True, False, None, None]
    steps = [step(i, "needs_assessment", domain="safety", severity=2.0, met=met[i]) for i in range(6)]
    steps += [step(6 + i, "needs_assessment", domain="emotional", severity=0.0) for i in range(3)]
    view = needs.needs_unmet(report(NOTEBOOK, contacts, follow_ups=steps))
    row = view.figure.data.iloc[0]
    assert "safety 25.0 % (1 of 4) not met" in view.note
    assert row[["bound_low", "bound_high"]].tolist() == pytest.approx([1 / 6, 3 / 6])  # both unsaid met, or neither
    assert "emotional" not in view.note  # assessed, and no need found


def test_follow_up_counts_hours_from_the_contact(report, record):
    contacts = [contact(record, i) for i in range(4)] + [record(9, received_at=START + timedelta(days=30))]
    reached = [10, 30, 60, None]
    steps = [step(i, "follow_up", status="consented" if hours else "offered", attempted_at=START + timedelta(hours=9),
                  **({"reached_at": START + timedelta(hours=hours)} if hours else {}))
             for i, hours in enumerate(reached)]  # fmt: skip
    view = needs.follow_up(report(NOTEBOOK, contacts, follow_ups=steps))
    shares = view.figure.data.set_index(view.figure.data["label"].str.split(",").str[0])["value"].to_dict()
    assert shares["reached within 24 h"] == 0.25
    assert shares["reached within 48 h"] == 0.50
    assert shares["reached within 72 h"] == 0.75
    assert shares["attempted within 24 h"] == 1


def test_a_referral_made_is_not_a_connection(report, record):
    contacts = [contact(record, i) for i in range(4)] + [record(9, received_at=START + timedelta(days=90))]
    steps = [step(0, "referral", status="attended", completed_at=START + timedelta(days=5)),
             step(1, "referral", status="refused")]  # fmt: skip
    note = needs.referrals(report(NOTEBOOK, contacts, follow_ups=steps)).note
    assert "referral made, of contacts with a person met 40.0 % (2 of 5)" in note
    assert "first service within 30 days of referral 50.0 % (1 of 2)" in note
    assert "Without an answer: referred, as the contact says: not recorded in this source: referred." in note


def test_anonymous_records_are_refused_with_what_is_lawful_instead(report, record):
    view = needs.repeats(report(NOTEBOOK, [contact(record, i) for i in range(3)]))
    assert view.absent
    assert "nobody can tell who came again" in view.note
    assert "instead, ask" in view.note


def test_a_further_contact_is_counted_once_a_key_tells(report, record):
    rows = [contact(record, i, person_key=f"p{i}") for i in range(4)]
    rows.append(record(9, person_key="p0", received_at=START + timedelta(days=10), period_start=date(2024, 1, 11)))
    rows.append(record(10, person_key="p9", received_at=START + timedelta(days=400), period_start=date(2025, 2, 4)))
    points = needs.repeats(report(NOTEBOOK, rows)).points
    assert points[0].startswith("within 30 days: 25.0 %")  # one of four persons; the fifth came when it all ended


def test_consent_that_a_source_never_records_is_not_a_duty_neglected(report, record):
    rows = [contact(record, i, consented=True) for i in range(3)] + [contact(record, 10 + i, source="other")
                                                                    for i in range(3)]  # fmt: skip
    points = needs.duties(report(NOTEBOOK, rows)).points
    assert [point.partition(",")[0] for point in points] == ["consent: 100.0 % (3 of 3)"]


def test_scores_stand_with_what_those_unheard_could_change(report, record):
    rows = [contact(record, i, satisfaction=5.0 if i < 6 else None) for i in range(12)]
    table = needs.experience(report(NOTEBOOK, rows)).table.set_index("statistic")
    assert table.loc["mean score", "answers"] == 6
    assert table.loc["mean score", "bound_low"] == pytest.approx(3)  # six heard at 5, six unheard at 1
