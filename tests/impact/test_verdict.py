"""The verdict: by declared rules, at their boundaries, with reasons that name the checks."""

import pytest

from crisiskit.impact.material import Quick
from crisiskit.impact.question import Question
from crisiskit.impact.result import Check
from crisiskit.impact.verdict import judge, rules

ASKED = {
    "programme": "STAR", "roll_out": [{"area": "1", "start": "2020-01-01"}],
    "outcome": {"label": "arrests", "measure": "arrests", "better": "fewer", "why": "an arrest harms"}, "worth": "0.1",
}  # fmt: skip


def quick(relative=-0.3, low=-0.4, high=-0.15, p=0.01):
    return Quick(0.0, 0.0, 0.0, p, relative, low, high, 10.0, 36, 8)


def checks(**statuses):
    found = {"pre_trends": "pass", "placebo_date": "pass", "placebo_outcome": "pass"} | statuses
    return [Check(name, name, status, f"seen {name}.", asks="more data" if status == "not possible" else "")
            for name, status in found.items()]  # fmt: skip


def kind(main=None, smallest_p=0.001, asked=None, **statuses):
    return judge(Question.model_validate(asked or ASKED), main or quick(), checks(**statuses), smallest_p).kind


def test_a_sure_good_effect_whose_checks_hold_is_supported():
    assert kind() == "supported"


@pytest.mark.parametrize("check", list(rules()["critical"]))
def test_any_critical_check_that_fails_leaves_it_open(check):
    assert kind(**{check: "fail"}) == "inconclusive"


def test_a_check_can_be_critical_for_one_design_alone():
    asked, found = Question.model_validate(ASKED), checks(donor_pool="fail")
    assert judge(asked, quick(), found, 0.001).kind == "supported"
    assert judge(asked, quick(), found, 0.001, "synthetic_control").kind == "inconclusive"


def test_a_failing_check_that_is_not_critical_is_told_but_does_not_decide():
    assert kind(minimum_detectable="fail") == "supported"


def test_doubts_add_up():
    most = int(rules()["most_warnings"])
    names = [name for name in rules()["critical"] if name not in ("pre_trends", "placebo_date")]
    assert kind(**dict.fromkeys(names[:most], "warn")) == "supported"
    assert kind(**dict.fromkeys(names[: most + 1], "warn")) == "inconclusive"


def test_without_any_look_at_what_would_have_been_nothing_is_supported():
    assert kind(pre_trends="not possible", placebo_date="not possible") == "inconclusive"
    assert kind(pre_trends="not possible") == "supported"


def test_the_level_is_strict():
    assert kind(quick(p=0.05)) == "inconclusive"
    assert kind(quick(p=0.0499)) == "supported"


def test_a_sure_effect_in_the_bad_direction_is_not_supported():
    assert kind(quick(0.3, 0.1, 0.5, 0.01)) == "not supported"


def test_where_more_is_good_the_signs_turn():
    more = ASKED | {"outcome": ASKED["outcome"] | {"better": "more"}}
    assert kind(quick(0.3, 0.1, 0.5, 0.01), asked=more) == "supported"
    assert kind(asked=more) == "not supported"
    assert kind(quick(0.01, -0.05, 0.08, 0.7), asked=more) == "not supported"
    assert kind(quick(0.05, -0.05, 0.2, 0.3), asked=more) == "inconclusive"


def test_no_effect_is_a_finding_only_where_an_effect_worth_funding_is_excluded():
    assert kind(quick(-0.02, -0.09, 0.05, 0.6)) == "not supported"
    assert kind(quick(-0.02, -0.11, 0.05, 0.6)) == "inconclusive"


def test_a_series_without_a_comparison_stays_open_however_small_its_p():
    found = judge(Question.model_validate(ASKED), quick(p=1e-9), checks(), 0.0, "its", compared=False)
    assert (found.kind, found.rule) == ("inconclusive", "significant_good")
    assert "no area without the programme" in found.sentence


def test_too_few_areas_cannot_settle_anything():
    assert kind(smallest_p=1 / 7) == "inconclusive"


def test_the_sentence_says_size_direction_and_reason():
    found = judge(Question.model_validate(ASKED), quick(), checks(dose_ceiling="fail", reporting="not possible"), 0.001)
    assert "30% fewer arrests" in found.sentence
    assert "an arrest harms" in found.sentence
    assert rules()["critical"]["dose_ceiling"] in found.sentence
    assert any("seen dose_ceiling." in reason for reason in found.reasons_against)
    assert found.open_points == ("reporting: seen reporting. more data",)
    success = ASKED | {"outcome": ASKED["outcome"] | {"more_may_be_success": "true"}}
    assert "More records may themselves mean success" in judge(
        Question.model_validate(success), quick(), checks(), 0.001).sentence  # fmt: skip


def test_a_supported_verdict_names_the_checks_that_could_not_be_made():
    found = judge(Question.model_validate(ASKED), quick(), checks(reporting="not possible"), 0.001)
    assert found.kind == "supported"
    assert "no critical check failed; 1 could not be made (reporting)" in found.sentence
