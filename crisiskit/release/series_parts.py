"""The series that a report looks at: one per group that is not to be added up, with what is not yet written marked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crisiskit.measures import lag
from crisiskit.measures.series import Series, complete
from crisiskit.release.tables import name_of
from crisiskit.release.view import counted, joined

if TYPE_CHECKING:
    from crisiskit.release.report import Report

KNOWN = 0.5
"""The share of records that must carry a stamp before it says which periods are not yet written."""


@dataclass(frozen=True)
class Part:
    """One group's contacts in time: its name for a reader ("" where there is one group), how to ask for it, and them.

    `late` are the periods of which records are still expected; in `series` they are marked as incomplete.
    """

    name: str
    where: Mapping[str, str]
    series: Series
    late: tuple[str, ...] = ()

    @property
    def lead(self) -> str:
        """The name as the beginning of a sentence about it."""
        return f"{self.name}: " if self.name else ""


def parts(report: "Report", step: str) -> list[Part]:
    """Contacts by `step` of every group of the report, each over the days that it covers itself."""
    asked = report.ask("contacts", (step, report.split) if report.split else (step,))
    found = []
    for group, span in report.spans.items():
        rows = asked[asked[report.split] == group] if report.split else asked
        made = complete(rows, step, span, report.fiscal_year, report.slack)
        where = {report.split: group} if report.split else {}
        found.append(_unwritten(report, Part(name_of(group, report.split) if group else "", where, made)))
    return found


def stamped(report: "Report") -> bool:
    """Whether any record says when it was written."""
    return bool(report.recorded.get("interventions", frozenset()) & set(lag.STAMPS))


def _unwritten(report: "Report", part: Part) -> Part:
    """Mark as incomplete the periods of which fewer than 95 % of the records are expected to be written by now.

    By now means the end of all data, also where the study looks at an earlier period.
    """
    found = lag.delays(report.whole, part.where) if stamped(report) else None
    if found is None or found.records < KNOWN * (found.records + sum(found.left_out.values())):
        return part
    expected = lag.expected_completeness(part.series, found)
    late = (expected["expected_share"] < lag.ENOUGH) & ~part.series.frame["incomplete"]
    frame = part.series.frame.assign(incomplete=part.series.frame["incomplete"] | late)
    return replace(part, series=replace(part.series, frame=frame), late=tuple(expected.loc[late, "period"]))


def undated(found: list[Part], step: str, more: str = "") -> str:
    """How many contacts stand in no period because they are dated less finely; "" where all do."""
    total = sum(part.series.undated for part in found)
    return f"{counted(total, 'contact')} not dated to the {step} or finer{more}" if total else ""


def unfit(found: list[Part], step: str) -> str:
    """A sentence on the periods that were left out of what was fitted; "" where none were."""
    texts = []
    for part in found:
        frame = part.series.frame
        ends = int(frame["incomplete"].sum()) - len(part.late)
        empty = int((frame["gap"] & ~frame["incomplete"]).sum())
        said = [f"{counted(ends, step)} that the data do not cover whole"] if ends else []
        said += [f"{counted(len(part.late), step)} of which records are still expected"] if part.late else []
        said += [f"{counted(empty, step)} over which nothing is known"] if empty else []
        texts += [f"{part.lead}{joined(said)}"] if said else []
    return f"Not used: {'; '.join(texts)}." if texts else ""
