"""How often the declared rules reach each verdict on panels whose truth is known: are they too strict, or too kind?

python bench/verdicts.py [--reps 200] [--processes 2] [--write FILE]

36 areas, 24 months, 4 or 8 treated half-way, counts of about 12 a month, over-dispersed and autocorrelated, with a
second outcome that the programme cannot change. Worlds without an effect, in which something else looks like one, say
how often the rules call an idle programme supported; worlds with an effect say how often they call a working one so.
Every check is made, with 399 deals. `--write` keeps the shares as YAML, which is what the report shows
(crisiskit/impact/verdict_calibration.yaml). A share of 5 % of 200 panels is known to within 1.5 (one standard error).
"""

import argparse
import math
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.build import Built
from crisiskit.impact.panel import Panel
from crisiskit.impact.question import Question
from crisiskit.impact.study import Study
from crisiskit.impact.verdict import critical_for
from crisiskit.simulate.panels import Simulated, panel

AREAS, MONTHS, MEAN, DRAWS = 36, 24, 12.0, 399
BEFORE = 24  # further months before the panel, in which placebo dates are tried
KINDS = ("supported", "inconclusive", "not supported")


@dataclass(frozen=True)
class World:
    """Targeted and other outcome with the programme's status, and what was done to them."""

    drawn: Simulated
    other: np.ndarray


def _plain(seed: int, treated: int, effect: float) -> World:
    """Nothing but the programme; the other outcome has the same areas and months, and its own ups and downs."""
    total = MONTHS + BEFORE
    one = panel(seed, AREAS, total, treated, effect, start=BEFORE + MONTHS // 2, mean=MEAN)
    two = panel(seed + 500_000_000, AREAS, total, treated, 0.0, start=BEFORE + MONTHS // 2, mean=2 * MEAN)
    return World(one, two.outcome)


def _thin(world: World, seed: int, keep: np.ndarray, both: bool) -> World:
    """Every event stays with the probability `keep` (N x T): a Poisson count thinned is one of the smaller mean."""
    rng = np.random.default_rng(seed + 1)
    fewer = rng.binomial(world.drawn.outcome.astype(int), keep).astype("float64")
    other = rng.binomial(world.other.astype(int), keep).astype("float64") if both else world.other
    return World(replace(world.drawn, outcome=fewer), other)


def _treated(world: World) -> np.ndarray:
    return np.asarray((world.drawn.status > 0).any(axis=1))


def drifting(seed: int, treated: int) -> World:
    """No effect; the treated areas lose 2 % a month against the others all along."""
    world = _plain(seed, treated, 0.0)
    keep = np.ones(world.drawn.outcome.shape)
    keep[_treated(world)] = 0.98 ** np.arange(keep.shape[1])
    return _thin(world, seed, keep, both=False)


def unrecorded(seed: int, treated: int) -> World:
    """No effect; from the start on a third of everything goes unrecorded in the treated areas."""
    world = _plain(seed, treated, 0.0)
    return _thin(world, seed, 1 - world.drawn.status / 3, both=True)


def one_area(seed: int, treated: int) -> World:
    """No effect; the largest treated area loses four fifths of its events at the start, for a reason of its own."""
    world = _plain(seed, treated, 0.0)
    keep = np.ones(world.drawn.outcome.shape)
    largest = int(np.argmax(world.drawn.outcome.sum(axis=1) * _treated(world)))
    keep[largest, world.drawn.status[largest] > 0] = 0.2
    return _thin(world, seed, keep, both=False)


def bad_year(seed: int, treated: int) -> World:
    """No effect; the programme went where the last half year had been the worst against the years before."""
    world = _plain(seed, treated, 0.0)
    start = BEFORE + MONTHS // 2
    was, late = world.drawn.outcome[:, : start - 6].mean(axis=1), world.drawn.outcome[:, start - 6 : start].mean(axis=1)
    worst = np.argsort(-(late + 0.5) / (was + 0.5), kind="stable")[:treated]
    status = np.zeros(world.drawn.status.shape)
    status[worst, start:] = 1
    return World(replace(world.drawn, status=status), world.other)


WORLDS: dict[str, Callable[[int, int], World]] = {
    "no effect": partial(_plain, effect=0.0),
    "no effect, treated areas drift down by 2 % a month": drifting,
    "no effect, a third of everything goes unrecorded from the start": unrecorded,
    "no effect, the largest treated area collapses by itself": one_area,
    "no effect, chosen after their worst half year": bad_year,
    "effect -25 %": partial(_plain, effect=math.log(0.75)),
    "effect -40 %": partial(_plain, effect=math.log(0.6)),
}  # fmt: skip


class Ready(Study):
    """A study whose panels are there already: nothing is read, everything else is as in the report."""

    def __init__(self, question: Question, panels: dict[str, Panel]) -> None:
        super().__init__(question, panels)

    def _build(self, question: Question, **changed: Any) -> Built:
        outcome = changed.get("outcome") or question.outcome
        one: Panel = self.tables[outcome.label]
        window = question.window
        if window is not None:
            one = one.only(periods=np.array([window.first <= day <= window.last for day in one.starts]))
        return Built(one, (), ())

    @cached_property
    def _open(self) -> Any:
        return self.tables


def study(world: World) -> Study:
    """The study of a world, over its last MONTHS months, with a negative control."""
    drawn = world.drawn
    main = Panel(drawn.units, drawn.starts, "month", drawn.outcome, drawn.status, "events")
    treated = [unit for unit, on in zip(drawn.units, drawn.status > 0, strict=True) if on.any()]
    start = drawn.starts[BEFORE + MONTHS // 2]
    asked = Question.model_validate({
        "programme": "the programme", "roll_out": [{"area": unit, "start": str(start)} for unit in treated],
        "outcome": {"label": "events", "measure": "events"},
        "negative_control": {"label": "other events", "measure": "other"}, "draws": DRAWS,
        "window": {"from": str(drawn.starts[BEFORE]), "to": str(drawn.starts[-1])},
    })  # fmt: skip
    return Ready(asked, {"events": main, "other events": replace(main, outcome=world.other, label="other events")})


def judged(world: str, treated: int, reps: range) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Verdicts, failures and warnings of the critical checks, counted over seeds."""
    kinds, failed, warned = Counter[str](), Counter[str](), Counter[str]()
    for rep in reps:
        seed = 40_000_000 + treated * 100_000 + rep
        one = study(WORLDS[world](seed, treated))
        try:
            kinds[one.verdict.kind] += 1
        except UserError:
            kinds["no estimate"] += 1
            continue
        critical = critical_for(one.design)
        failed.update(check.id for check in one.checks if check.status == "fail" and check.id in critical)
        warned.update(check.id for check in one.checks if check.status == "warn" and check.id in critical)
        kinds["p below 5 %"] += bool(one.main.p < 0.05)
    return kinds, failed, warned


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=200, help="panels a world")
    parser.add_argument("--treated", type=int, nargs="+", default=[4, 8])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", type=Path, help="file to keep the shares in")
    given = parser.parse_args()
    rows = []
    with ProcessPoolExecutor(given.processes, mp_context=get_context("spawn")) as pool:
        halves = [range(0, given.reps, 2), range(1, given.reps, 2)]
        jobs = {(treated, world): [pool.submit(judged, world, treated, half) for half in halves]
                for treated in given.treated for world in WORLDS}  # fmt: skip
        print(f"| treated | world | p below 5 % | {' | '.join(KINDS)} | failed | warned |\n" + "|---" * 8 + "|")
        for (treated, world), parts in jobs.items():
            found = [job.result() for job in parts]
            kinds, failed, warned = (sum((part[at] for part in found), Counter[str]()) for at in range(3))
            shares = {kind: round(kinds[kind] / given.reps, 3) for kind in (*KINDS, "p below 5 %")}
            rows.append({"treated": treated, "world": world, **shares,
                         "failed": {name: round(count / given.reps, 3) for name, count in sorted(failed.items())}})
            told = [", ".join(f"{name} {count / given.reps:.0%}" for name, count in counted.most_common())
                    for counted in (failed, warned)]
            print(f"| {treated} | {world} | " + " | ".join(f"{100 * shares[kind]:.1f} %" for kind in
                  ("p below 5 %", *KINDS)) + f" | {told[0]} | {told[1]} |", flush=True)
    if given.write:
        import yaml

        head = "# Written by `python bench/verdicts.py --write FILE`: verdicts on worlds whose truth is known.\n"
        content = {"areas": AREAS, "months": MONTHS, "panels": given.reps, "worlds": rows}
        given.write.write_text(head + yaml.safe_dump(content, sort_keys=False, width=118), "utf-8")


if __name__ == "__main__":
    main()
