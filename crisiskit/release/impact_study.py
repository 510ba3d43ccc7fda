"""The programme's evaluation behind a notebook: the question from its settings, the tables from its report."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING

from crisiskit.release.figures import Figures, sources_named
from crisiskit.release.sections import Section
from crisiskit.release.view import View, nothing_known, shows

if TYPE_CHECKING:
    from crisiskit.impact.study import Study
    from crisiskit.release.report import Report

NOTEBOOK = "30_program_impact"
NO_QUESTION = (
    "the evaluation names no programme; add `impact:` with roll_out (area and first day) and outcome, as "
    "params/evaluations/demo.yaml shows"
)

Shown = Callable[["Report", "Study", Section], View]


def open_study(report: "Report") -> "Study | None":
    """The study that the report's setting `impact` asks for; None where it asks for none.

    Raises UserError for a question that is not right, or that the tables cannot answer.
    """
    from crisiskit.impact.question import from_json
    from crisiskit.impact.study import Study

    text = str(report.settings.get("impact") or "")
    if not text:
        return None
    logs = [item for about in report.quality["about"] for item in about["changes"]]
    changes = sorted((date.fromisoformat(str(item["on"])), str(item["what"])) for item in logs)
    return Study(from_json(text), report.data, tuple(changes))


def credited(report: "Report", study: "Study") -> Figures:
    """The report's figures, with the study's own sources under them where the report holds others as well."""
    from crisiskit.impact.origin import sources_of

    about, figures = report.quality["about"], report.figures
    if len(about) < 2 or figures.source_line != sources_named(about):  # a line that was given stays
        return figures
    used = sources_of(report.data, study.question)
    own = [source for source in about if source["source"] in used]
    return replace(figures, source_line=sources_named(own or about))


def studied(name: str) -> Callable[[Shown], Callable[["Report"], View]]:
    """Make a function of report, study and section the view of a section; without a study it says what is lacking."""

    def decorate(function: Shown) -> Callable[["Report"], View]:
        @shows(NOTEBOOK, name)
        @wraps(function)
        def view(report: "Report", section: Section) -> View:
            study = report.study
            return nothing_known(section, NO_QUESTION) if study is None else function(report, study, section)

        return view

    return decorate
