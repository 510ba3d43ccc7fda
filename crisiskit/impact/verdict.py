"""The verdict in plain words, by rules that were declared before any number was seen (`verdict.yaml`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from crisiskit.impact.material import Quick
from crisiskit.impact.question import Question
from crisiskit.impact.result import Check, p_words, share_text

WORDS = {"supported": "is supported", "not supported": "is not supported", "inconclusive": "stays open"}


@dataclass(frozen=True)
class Verdict:
    """`kind`: supported, not supported or inconclusive; `rule` is the one that decided, `reasons` why, in sentences."""

    kind: str
    rule: str
    sentence: str
    reasons_for: tuple[str, ...]
    reasons_against: tuple[str, ...]
    open_points: tuple[str, ...]


@cache
def rules() -> Mapping[str, Any]:
    """The declared rules, every scalar as text."""
    text = files("crisiskit.impact").joinpath("verdict.yaml").read_text("utf-8")
    loaded: Mapping[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)
    return loaded


def critical_for(design: str) -> Mapping[str, str]:
    """Check to what its failure means, of the checks that can stop a result of this design from being supported."""
    declared = rules()
    return {**declared["critical"], **declared["critical_of_design"].get(design, {})}


def judge(
    question: Question, main: Quick, checks: Sequence[Check], smallest_p: float, design: str = "did",
    compared: bool = True,
) -> Verdict:  # fmt: skip
    """Apply the rules to the study's estimate (with the p value that is believed) and its checks.

    `smallest_p`: the smallest p value that the design can reach at all. `compared`: whether there are areas without the
    programme; a series alone cannot be told from whatever else began on the same day.
    """
    declared = rules()
    level, critical = float(declared["level"]), critical_for(design)
    judged = {check.id: check for check in checks}
    failed = [check for check in checks if check.id in critical and check.status == "fail"]
    warned = [check for check in checks if check.id in critical and check.status == "warn"]
    testable = [judged[name] for name in declared["needs_one_of"] if name in judged]
    sound = not failed and len(warned) <= int(declared["most_warnings"])
    sound = sound and any(check.status in ("pass", "warn") for check in testable)
    sound = sound and (compared or declared["needs_comparison"] != "true")
    good = main.relative < 0 if question.outcome.better == "fewer" else main.relative > 0
    best = main.relative_low if question.outcome.better == "fewer" else main.relative_high
    worth = -question.worth if question.outcome.better == "fewer" else question.worth
    significant = main.p < level
    holds = {
        "cannot_reach": smallest_p > level,
        "significant_harm": significant and not good,
        "significant_good_and_sound": significant and good and sound,
        "significant_good": significant and good,
        "excludes_worth": not significant and (best > worth if question.outcome.better == "fewer" else best < worth),
        "otherwise": True,
    }
    rule = next(rule for rule in declared["rules"] if holds[rule["when"]])
    size = f"{abs(main.relative):.0%} {'fewer' if main.relative < 0 else 'more'} {question.outcome.label}"
    size += f" (interval {share_text(main.relative_low, 0)} to {share_text(main.relative_high, 0)}, {p_words(main.p)})"
    claim = f"That {question.programme} led to {question.outcome.better} {question.outcome.label}"
    why = {
        "cannot_reach": f"with so few areas no p value under {smallest_p:.3f} is possible, so that chance stays open",
        "significant_harm": f"the records show the opposite: {size}",
        "significant_good_and_sound": f"{size}, and no critical check failed{_unmade(checks, critical)}",
        "significant_good": f"{size}, but {_because(failed, warned, critical, compared)}",
        "excludes_worth": f"{size}: {question.worth:.0%}, the smallest effect worth funding, is outside the interval",
        "otherwise": f"{size}: neither chance nor an effect worth funding ({question.worth:.0%}) can be excluded",
    }[rule["when"]]
    sentence = f"{claim} {WORDS[rule['verdict']]}: {why}."
    if question.outcome.why:
        sentence += f" Why {question.outcome.better} would be good: {question.outcome.why.rstrip('.')}."
    if question.outcome.more_may_be_success:
        sentence += " More records may themselves mean success, since a programme that is trusted is told more."
    against = [f"{critical[check.id].capitalize()}: {check.finding}" for check in failed]
    against += [f"A doubt, that {_lower(critical[check.id])}: {check.finding}" for check in warned]
    passed = [check.finding for check in checks if check.status == "pass"]
    unanswered = [f"{check.title}: {check.finding} {check.asks}".strip()
                  for check in checks if check.status == "not possible"]  # fmt: skip
    return Verdict(rule["verdict"], rule["when"], sentence, tuple(passed), tuple(against), tuple(unanswered))


def _unmade(checks: Sequence[Check], critical: Mapping[str, str]) -> str:
    """What a supported verdict has not been tested by."""
    lost = [check.title[:1].lower() + check.title[1:] for check in checks
            if check.id in critical and check.status == "not possible"]  # fmt: skip
    return f"; {len(lost)} could not be made ({', '.join(lost)})" if lost else ""


def _because(failed: Sequence[Check], warned: Sequence[Check], critical: Mapping[str, str], compared: bool) -> str:
    if failed:
        return "; ".join(critical[check.id] for check in failed)
    if not compared:
        return "no area without the programme shows what would have happened: anything that began then may have done it"
    if warned:
        return f"{len(warned)} critical checks leave a doubt"
    return "no check of what would have happened otherwise was possible"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
