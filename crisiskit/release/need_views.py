"""Sections of the gaps notebook about need against service: needs not met, referrals, follow-up, further contacts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crisiskit.release import gap_plots
from crisiskit.release.data_gap_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.tables import reasons_text, share, text_of, words
from crisiskit.release.view import View, counted, joined, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

NUMBERS = ["numerator", "denominator", "value", "low", "high"]
BOUNDS = ["recorded_share", "bound_low", "bound_high"]


@dataclass(frozen=True)
class Question:
    """One row of a section: its words, its measure, and the values of the measure's variants."""

    label: str
    measure: str
    options: dict[str, Any] = field(default_factory=dict)


REFERRALS = (
    Question("referred, as the contact says", "referred"),
    Question("referral made, of contacts with a person met", "referral_made"),
    Question("referral accepted, of those with an answer", "referral_accepted"),
    Question("referral attended, of those whose state is known", "referral_attended"),
    Question("first service within 30 days of referral", "connection_to_care", {"within_days": 30}),
)
FOLLOW_UP = (
    Question("offered, of those who can be followed up", "follow_up_offered"),
    Question("agreed to, of those offered", "follow_up_consented"),
    *(Question(f"{verb} within {hours} h, of those offered", f"follow_up_{verb}", {"within_h": hours})
      for verb in ("attempted", "reached") for hours in (24, 48, 72)),
)  # fmt: skip
AGAIN = tuple(Question(f"within {days} days", "", {"within_days": days}) for days in (30, 90, 365))
DUTIES = ("safety_plan", "rights_notice", "needs_assessment", "survey", "consent")


def asked(
    report: "Report", questions: Sequence[Question], by: tuple[str, ...] = ()
) -> "tuple[pd.DataFrame, list[str]]":
    """Answers with a value, by source and `by`: `label`, `source`, by, the numbers; and why others have none.

    A source that does not record what is asked has no answer, whatever number its silence would give.
    """
    import pandas as pd

    found, lacking = [], []
    for question in questions:
        answer = report.ask(question.measure, ("source", *by), **question.options)
        silent = answer["reasons"].str.startswith("not recorded in this group").fillna(False)
        known = answer[~silent].dropna(subset=["value", *by])
        if len(known):
            found.append(known.drop(columns="label").assign(label=question.label))
        else:
            lacking.append(f"{question.label}: {reasons_text(answer['reasons'].iloc[0]) or 'no row to judge'}")
    if not found:
        return pd.DataFrame(columns=["label", "source", *by, *NUMBERS, *BOUNDS, "reasons"]), lacking
    data = pd.concat(found, ignore_index=True)
    if data["source"].nunique() > 1:
        data["label"] = data["label"] + " (" + data["source"] + ")"
    return data, lacking


def _shares(report: "Report", section: Section, questions: Sequence[Question], name: str, lead: str) -> View:
    """Shares of a section with intervals and bounds as a figure, what was left out as a table, and what is lacking."""
    data, lacking = asked(report, questions)
    if data.empty:
        return nothing_known(section, "; ".join(dict.fromkeys(text.partition(": ")[2] for text in lacking)))
    data = _bounded(data)
    shown = data.assign(label=data["label"] + data["denominator"].map(lambda n: f" (n\u00a0=\u00a0{n:,.0f})"))
    figure = report.figures.save(
        gap_plots.bounds(shown, "label", "share (%)"),
        name,
        title=section.title,
        caption="Dot and line: share among those of whom it is known, with its 95 % interval. Bar: where the share can "
        "lie whatever is missing.",
        alt="; ".join(f"{row.label} {100 * row.value:.1f} %" for row in shown.itertuples()) + ".",
        data=shown[["label", *NUMBERS, *BOUNDS]],
        n=int(data["denominator"].max()),
        unit="share",
        counted="at most (n of each share is in its label)",
    )
    said = "; ".join(f"{row.label} {share(row.numerator, row.denominator)}" for row in data.itertuples())
    lines = [f"{said}.", lead, f"Without an answer: {'; '.join(lacking)}." if lacking else ""]
    return View("\n".join(line for line in lines if line), figure, folds=(("What was left out, and why", _left(data)),))


def _bounded(data: "pd.DataFrame") -> "pd.DataFrame":
    """Where a measure has no bounds because nothing is in doubt, the bounds are the value itself."""
    filled = data.reindex(columns=list(dict.fromkeys([*data.columns, *BOUNDS])))
    for column in ("bound_low", "bound_high"):
        filled[column] = filled[column].fillna(filled["value"])
    return filled


def _left(data: "pd.DataFrame") -> "pd.DataFrame":
    left = data[["label", "rows_used", "rows_left_out", "reasons"]]
    return left.assign(reasons=left["reasons"].map(reasons_text))


@shows(NOTEBOOK, "needs_unmet")
def needs_unmet(report: "Report", section: Section) -> View:
    """Needs identified and not met by domain, with bounds; by severity in a table."""
    data, lacking = asked(report, [Question("", "unmet_need")], ("domain",))
    if data.empty:
        return nothing_known(section, "; ".join(text.removeprefix(": ") for text in lacking))
    several = data["source"].nunique() > 1
    names = data["domain"].map(words) + (" (" + data["source"] + ")" if several else "")
    data = _bounded(data).assign(label=names + data["denominator"].map(lambda n: f" (n\u00a0=\u00a0{n:,.0f})"))
    worst = data.loc[data["low"].idxmax()]
    data["said"] = [share(row.numerator, row.denominator) for row in data.itertuples()]
    said = "; ".join(f"{words(row.domain)} {row.said} not met" for row in data.itertuples())
    figure = report.figures.save(
        gap_plots.bounds(data, "label", "needs not met, of those identified (%)"),
        "needs_not_met",
        title="Needs identified and not met, by domain",
        caption="Dot and line: share among needs of which it is said, with its 95 % Wilson interval. Bar: where the "
        "share can lie whatever is not said.",
        alt=f"{said}.",
        data=data[["label", *NUMBERS, *BOUNDS]],
        n=int(data["denominator"].sum()),
        unit="share",
        counted="needs identified",
    )
    folds = [("What was left out, and why", _left(data))]
    severity, _ = asked(report, [Question("", "unmet_need")], ("domain", "severity"))
    if len(severity):
        severity["not met"] = [share(row.numerator, row.denominator) for row in severity.itertuples()]
        table = severity[["domain", "severity", "not met", "low", "high", *BOUNDS]]
        folds = [("Not met, by domain and severity", table), *folds]
    most = f"The domain that surely lacks most is {words(worst['domain'])}."
    return View(f"{said}. {most} Not assessed is not the same as no need.", figure, folds=tuple(folds))


@shows(NOTEBOOK, "referrals")
def referrals(report: "Report", section: Section) -> View:
    """Referrals made, accepted, attended, and connected to a first service: each of those who got so far."""
    lead = "A referral made is not a connection; no answer yet is not a refusal."
    return _shares(report, section, REFERRALS, "referrals", lead)


@shows(NOTEBOOK, "follow_up")
def follow_up(report: "Report", section: Section) -> View:
    """Follow-up offered, agreed to, attempted and reached within 24, 48 and 72 hours of the contact."""
    lead = "Anonymous contacts cannot be followed up: they are in no denominator, and not unreachable."
    return _shares(report, section, FOLLOW_UP, "follow_up", lead)


@shows(NOTEBOOK, "first_service")
def first_service(report: "Report", section: Section) -> View:
    """Days from referral to first service, with those who were never served still waiting."""
    data, lacking = asked(report, [Question("", "time_to_service")])
    if data.empty:
        return nothing_known(section, "; ".join(text.removeprefix(": ") for text in lacking))
    data = data.rename(columns={"numerator": "served", "denominator": "referrals", "value": "days"})
    first = data[data["statistic"] == "median"]
    said = "; ".join(f"half of the referrals are served within {text_of(row.days)} days ({text_of(row.low)} to "
                     f"{text_of(row.high)}; {share(row.served, row.referrals)} served by the end)"
                     for row in first.itertuples())  # fmt: skip
    said = said or "Fewer than half of the referrals are served by the end of the records"
    table = data[["source", "statistic", "referrals", "served", "days", "low", "high"]]
    note = f"{said[0].upper()}{said[1:]}. Referrals that were not served by the end wait on; leaving them out flatters."
    return View(note, table=table, caption="Days from referral to first service (Kaplan-Meier)",
                folds=(("What was left out, and why", _left(first)),) if len(first) else ())  # fmt: skip


@shows(NOTEBOOK, "repeats")
def repeats(report: "Report", section: Section) -> View:
    """Further contact of the same person within 30, 90 and 365 days; refused for anonymous records."""
    return _again(report, section, "repeat_contact", "repeat_recorded", "marked as a further event by the source")


@shows(NOTEBOOK, "repeat_harm")
def repeat_harm(report: "Report", section: Section) -> View:
    """Further contact about victimization, and further victimization as people told it."""
    return _again(report, section, "repeat_victimization", "repeat_victimization_reported",
                  "victimized again, as told in follow-ups and surveys")  # fmt: skip


def _again(report: "Report", section: Section, measure: str, told: str, label: str) -> View:
    """Kaplan-Meier shares by days beside the raw counts, and what the source itself says."""
    questions = [Question(item.label, measure, item.options) for item in AGAIN]
    data, lacking = asked(report, questions)
    own, _ = asked(report, [Question(label, told)])
    lines = [f"{row.label}: {100 * row.value:.1f} % (95 % interval {100 * row.low:.1f} to {100 * row.high:.1f} %; "
             f"{row.numerator:,.0f} of {row.denominator:,.0f} first contacts, before allowing for how long each was "
             "watched)" for row in data.itertuples()]  # fmt: skip
    lines += [f"{row.label}: {share(row.numerator, row.denominator)}, bounds {100 * row.bound_low:.1f} to "
              f"{100 * row.bound_high:.1f} %" for row in own.itertuples()]  # fmt: skip
    if not lines:
        return nothing_known(section, "; ".join(dict.fromkeys(text.partition(": ")[2] for text in lacking)))
    cause = dict.fromkeys(text.partition(": ")[2] for text in lacking)
    note = f"Not answered by person: {'; '.join(cause)}." if data.empty else (
        "Those who came late in the records had less time to come back; the estimate allows for it.")
    return View(note, points=tuple(lines), folds=(("What was left out, and why", _left(data)),) if len(data) else ())


@shows(NOTEBOOK, "experience")
def experience(report: "Report", section: Section) -> View:
    """Mean score and share of top scores, with how many were asked and what those unheard could change."""
    data, lacking = asked(report, [Question("", "satisfaction")])
    if data.empty:
        return nothing_known(section, "; ".join(text.removeprefix(": ") for text in lacking))
    columns = [name for name in ("response_rate", "bound_low", "bound_high") if name in data]
    named = {"mean": "mean score", "top_box": "share of top scores"}
    data = data.assign(statistic=data["statistic"].map(lambda name: named.get(name, name)))
    table = data[["source", "statistic", "denominator", "value", "low", "high", *columns]]
    table = table.rename(columns={"denominator": "answers"})
    answers = int(data["denominator"].max())
    note = f"{counted(answers, 'answer')}. Those who answer differ from those who do not: read it with the bounds."
    return View(note, table=table, caption="Satisfaction", folds=(("What was left out, and why", _left(data)),))


@shows(NOTEBOOK, "duties")
def duties(report: "Report", section: Section) -> View:
    """Safety plans, notices of rights, assessments, surveys and consent as duties done; and people turned away."""
    questions = [Question(words(duty), "duty_completed", {"duty": duty}) for duty in DUTIES]
    data, lacking = asked(report, questions)
    away, _ = asked(report, [Question("people or requests turned away", "turn_aways")])
    lines = [f"{row.label}: {share(row.numerator, row.denominator)}, 95 % interval {100 * row.low:.1f} to "
             f"{100 * row.high:.1f} %" for row in data.itertuples()]  # fmt: skip
    lines += [f"{row.label}: {row.value:,.0f} (95 % interval {row.low:,.0f} to {row.high:,.0f})"
              for row in away.itertuples()]  # fmt: skip
    silent = [text.partition(": ")[0] for text in lacking]
    silent += [] if len(away) else ["turn-aways"]
    note = f"Not recorded, which is not the same as not done: {joined(silent)}." if silent else ""
    if not lines:
        return nothing_known(section, f"not recorded: {joined(silent)}")
    return View(note, points=tuple(lines), folds=(("What was left out, and why", _left(data)),) if len(data) else ())
