"""Reports of simulated programmes for the tests of the impact views: tables written once, questions varied."""

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from crisiskit.release.report import Report, open_report
from crisiskit.simulate import simulate, write_tables

START = "2024-01-01"
AREAS = ("Ashvale", "Birchmere", "Coldwater Bend", "Dunmoor")


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
        "negative_control": {"label": "other offences", "measure": "other_offences"},
        "dose_measure": "programme_contacts",
        "draws": "199",
    } | changed


@cache
def _report(folder: Path, impact: str) -> Report:
    return open_report("30_program_impact", str(folder), impact=impact)


def report(folder: Path | None = None, asked: dict | None = None) -> Report:
    """The notebook's report; the same question gives the same report, so that a study is made once for all tests."""
    return _report(folder or tables(), json.dumps(question() if asked is None else asked) if asked != {} else "")


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
