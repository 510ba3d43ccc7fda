"""Seconds and memory of a whole impact study: 200 areas, 60 months, every check, 999 reassignments.

python bench/impact.py [--areas 200] [--months 60] [--treated 8] [--staggered] [--holes]

The panel is simulated as a standard table `counts`, built, estimated, attacked by every check and judged, as in the
notebook. `--holes` hides a few cells, so that no closed form serves; `--staggered` lets areas start at other months.
Beside it, in the same run, stands the main model alone as statsmodels fits it with dummies, as a yardstick.
"""

import argparse
import resource
import time
from datetime import date

import numpy as np
import pandas as pd

from crisiskit.impact.did import twfe
from crisiskit.impact.question import Question
from crisiskit.impact.study import Study
from crisiskit.simulate.panels import panel

PARTS = ("panel", "estimate", "main", "inference", "drawn", "event", "others", "secondary", "checks", "verdict")


def tables(drawn, holes: bool) -> dict[str, pd.DataFrame]:
    """The simulated panel as rows of `counts`, with a second outcome that nothing touched, and contacts delivered."""
    rng = np.random.default_rng(5)
    names = {"events": drawn.outcome, "untouched": rng.poisson(30, drawn.outcome.shape).astype("float64"),
             "contacts": rng.poisson(40, drawn.outcome.shape) * (drawn.status > 0)}  # fmt: skip
    ends = [*drawn.starts[1:], date(drawn.starts[-1].year + 1, 1, 1)]
    rows = []
    for measure, values in names.items():
        for i, unit in enumerate(drawn.units):
            for j, first in enumerate(drawn.starts):
                hidden = holes and measure == "events" and rng.random() < 0.002
                rows.append((measure, None if hidden else float(values[i, j]), unit, first, ends[j]))
    counts = pd.DataFrame(rows, columns=["measure", "value", "area_id", "period_start", "next"])
    counts["period_end"] = [day - pd.Timedelta(days=1) for day in pd.to_datetime(counts.pop("next"))]
    counts["period_end"] = counts["period_end"].dt.date
    return {"counts": counts.assign(source="simulated", unit="events", area_level="county",
                                    source_file="simulated", source_row=np.arange(len(counts)))}  # fmt: skip


def question(drawn) -> Question:
    """Block or staggered, with a negative control, other definitions, a dose and neighbours."""
    runs = [{"area": unit, "start": str(drawn.starts[int(on.argmax())])}
            for unit, on in zip(drawn.units, drawn.status > 0, strict=True) if on.any()]  # fmt: skip
    others = [unit for unit, on in zip(drawn.units, drawn.status > 0, strict=True) if not on.any()]
    return Question.model_validate({
        "programme": "bench", "roll_out": runs, "outcome": {"label": "events", "measure": "events"},
        "negative_control": {"label": "untouched", "measure": "untouched"}, "dose_measure": "contacts",
        "definitions": [{"label": "untouched", "measure": "untouched"}], "neighbours": others[:4],
        "secondary": [{"label": "untouched", "measure": "untouched"}],
    })  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("areas", 200), ("months", 60), ("treated", 8)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--staggered", action="store_true")
    parser.add_argument("--holes", action="store_true")
    given = parser.parse_args()
    steps = {"cohorts": 2, "stagger": 6} if given.staggered else {}
    drawn = panel(144, given.areas, given.months, given.treated, -0.25, **steps)
    study = Study(question(drawn), tables(drawn, given.holes))
    clock, began = [], time.perf_counter()
    for part in PARTS:
        at = time.perf_counter()
        getattr(study, part)
        clock.append((part, time.perf_counter() - at))
    whole = time.perf_counter() - began
    at = time.perf_counter()
    twfe(study.panel)
    one = time.perf_counter() - at
    print(f"{given.areas} areas, {given.months} months, {given.treated} treated, 999 reassignments")
    for part, seconds in clock:
        print(f"  {part:10s} {seconds:6.2f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  whole      {whole:6.2f} s (asked: under 60), {peak:,.0f} MB; the main model alone {one:.2f} s, ratio "
          f"{whole / one:.0f}; verdict: {study.verdict.kind}")  # fmt: skip


if __name__ == "__main__":
    main()
