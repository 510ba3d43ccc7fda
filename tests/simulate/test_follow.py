import pytest


@pytest.fixture(scope="module")
def after(calls):
    return calls.follow_ups, calls.truth["follow_ups"], calls.truth["settings"]


def test_the_cascade_is_that_of_the_truth_and_narrows(after, close):
    table, truth, s = after
    steps, counts = table[table["step"] == "follow_up"], truth["follow_up"]
    assert (steps["status"] == "ineligible").sum() == counts["ineligible"]
    assert (steps["status"] != "ineligible").sum() == counts["offered"]
    assert steps["attempted_at"].notna().sum() == counts["attempted"]
    assert steps["reached_at"].notna().sum() == counts["reached"] == (steps["status"] == "attended").sum()
    for step, before in (("consented", "offered"), ("attempted", "consented"), ("reached", "attempted")):
        assert close(counts[step], counts[before], s[f"{step}_share"])
    assert counts["within_24_h"] < counts["within_48_h"] < counts["within_72_h"] < counts["reached"]


def test_anonymous_contacts_are_ineligible_and_the_rest_have_keys(after, calls):
    steps = after[0][after[0]["step"] == "follow_up"]
    assert steps.loc[steps["status"] == "ineligible", "person_key"].isna().all()
    assert steps.loc[steps["status"] != "ineligible", "person_key"].notna().all()
    assert calls.interventions["consented"].sum() == after[1]["follow_up"]["consented"]


def test_reached_within_hours_is_counted_from_the_contact(after, calls):
    steps = after[0].dropna(subset=["reached_at"])
    at = calls.interventions.set_index("record_id")["received_at"]
    hours = (steps["reached_at"] - steps["record_id"].map(at)).dt.total_seconds() / 3600
    assert (hours <= 48).sum() == after[1]["follow_up"]["within_48_h"]
    assert (steps["reached_at"] >= steps["attempted_at"]).all()


def test_referrals_connect_with_the_share_asked_for(after, close, calls):
    table, truth, s = after
    made = table[table["step"] == "referral"]
    assert len(made) == truth["referrals"]["made"]
    assert made["record_id"].isin(calls.interventions.loc[calls.interventions["referred"], "record_id"]).all()
    assert close(truth["referrals"]["accepted"], truth["referrals"]["made"], s["accepted_share"])
    assert close(truth["referrals"]["attended"], truth["referrals"]["accepted"], s["attended_share"])
    assert made["completed_at"].notna().sum() == truth["referrals"]["attended"]


def test_needs_are_identified_and_met_by_domain_and_severity(after, close):
    table, truth, s = after
    needs = table[table["step"] == "needs_assessment"]
    for domain, counts in truth["needs"].items():
        here = needs[needs["domain"] == domain]
        assert len(here) == counts["assessed"]
        assert (here["severity"] > 0).sum() == counts["identified"]
        assert here["met"].sum() == counts["met"]
        assert here.loc[here["severity"] == 0, "met"].isna().all()
        assert close(counts["identified"], counts["assessed"], s["need_identified_share"][domain])
        worst = here[here["severity"] == 3]
        assert close(worst["met"].sum(), len(worst), s["need_met_share"][domain] * s["severity_met_ratio"]["3"])


def test_surveys_come_back_with_their_share_and_scores(after, close, calls):
    table, truth, s = after
    scores = table.loc[table["step"] == "survey", "score"]
    assert close(truth["surveys"]["returned"], truth["surveys"]["asked"], s["survey_share"])
    assert close((scores == 5).sum(), len(scores), s["satisfaction"]["5"])
    assert sorted(calls.interventions["satisfaction"].dropna()) == sorted(scores)
