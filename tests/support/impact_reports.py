"""Reports of simulated programmes for the tests of the impact views: tables written once, questions varied."""

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from crisiskit.release import (
    impact_check_views,
    impact_cost_views,
    impact_design_views,
    impact_doubt_views,
    impact_verdict_views,
    impact_views,
)
from crisiskit.release.report import Report, open_report
from crisiskit.release.sections import sections
from crisiskit.simulate import simulate, write_tables

SECTIONS = tuple(sections("30_program_impact"))
AREAS = ("Ashvale", "Birchmere", "Coldwater Bend", "Dunmoor")
OTHER = {"label": "other offences", "measure": "other_offences"}
MORE = {  # what a full question asks for besides; one study for several tests
    "covariates": ["other_offences"], "secondary": [OTHER], "definitions": [OTHER], "known_relative": "-0.4",
    "published": [{"relative": "-0.1", "source": "A study", "note": "Its note."}],
    "treated_are_assumed": "nobody knows",
}  # fmt: skip


@cache
def tables(areas: int = 14, treated: int = 4, ratio: float = 0.6, stagger: int = 0) -> Path:
    """Standard tables of a simulated programme of 24 months that begins after twelve."""
    folder = Path(mkdtemp(prefix="crisiskit-test-"))
    made = simulate("programme", seed=3, areas=areas, treated=treated, effect_ratio=ratio, stagger_months=stagger)
    write_tables(made, folder)
    return folder


def question(treated: int = 4, stagger: int = 0, **changed) -> dict:
    """What is asked of it; keys that are given replace those here."""
    starts = [f"2024-{1 + k * stagger:02d}-01" for k in range(treated)]
    return {
        "programme": "Mobile response",
        "roll_out": [{"area": area, "start": day} for area, day in zip(AREAS, starts, strict=False)],
        "outcome": {"label": "targeted offences", "measure": "targeted_offences", "better": "fewer"},
        "negative_control": OTHER,
        "dose_measure": "programme_contacts",
        "draws": "99",
    } | changed


@cache
def _report(folder: Path, impact: str) -> Report:
    return open_report("30_program_impact", str(folder), impact=impact)


def report(folder: Path | None = None, asked: dict | None = None) -> Report:
    """The notebook's report; the same question gives the same report, so that a study is made once for all tests."""
    return _report(folder or tables(), json.dumps(question() if asked is None else asked) if asked != {} else "")


def view_of(section: str):
    """The view function of a section of the notebook, which is named as it is."""
    modules = (impact_views, impact_doubt_views, impact_design_views, impact_check_views, impact_cost_views,
               impact_verdict_views)  # fmt: skip
    return next(getattr(module, section) for module in modules
                if getattr(getattr(module, section, None), "__module__", "") == module.__name__)  # fmt: skip


def visible(view) -> str:
    """The HTML of a view without its pictures."""
    import re

    return re.sub(r'src="data:[^"]*"', "", view._repr_html_())


def axes_of(monkeypatch, module, name: str):
    """Keep the figures that a plot function makes; returns the list that they go to."""
    made, original = [], getattr(module, name)

    def keep(*args, **kwargs):
        made.append(original(*args, **kwargs))
        return made[-1]

    monkeypatch.setattr(module, name, keep)
    return made
