"""How often the inference errs on panels whose truth is known: size of a 5 % test, coverage of a 95 % interval, bias.

python bench/calibration.py [--reps 1000] [--processes 2] [--write FILE]

Panels like the field's: 36 areas, 12 to 36 months, counts from 0 to about 60, over-dispersed and autocorrelated, 1, 4
or 8 areas treated half-way. Prints tables in Markdown; `--write` keeps the cells as YAML,
which is what the report shows (crisiskit/impact/calibration.yaml). 399 deals and bootstrap draws a replication are
enough for size and coverage: a test with 399 draws has the same size as one with 999, and a little less power.
Coverage is the share of replications in which the test keeps the true effect, which is what inversion asks of it. The
bias, cheap in closed form, is of ten times as many panels, with 36 assignments in each. With 1 000 replications a size
of 5 % is known to within 0.7 (one standard error).
"""

import argparse
import math
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.panel import Panel
from crisiskit.impact.randomisation import block, deal, p_value
from crisiskit.impact.wild import p_values
from crisiskit.simulate.panels import Simulated, panel

MONTHS, TREATED, AREAS = (12, 24, 36), (1, 4, 8), 36
MANY = ((40, 10), (60, 20), (100, 20), (60, 30), (120, 30), (80, 40), (200, 40))  # areas, treated
EFFECT = math.log(0.75)
DRAWS, LEVEL, BIAS_TIMES = 399, 0.05, 10
SHORT = ("randomisation", "cluster", "wild_restricted", "wild_unrestricted")
METHODS = ("randomisation", "cluster-robust t(35)", "wild restricted", "wild unrestricted")


@dataclass(frozen=True)
class Cell:
    """What was found in one cell of months by treated areas; shares by METHODS, in that order."""

    months: int
    treated: int
    size: tuple[float, ...]
    coverage: tuple[float, ...]
    bias: float  # of the effect, as a share of it
    bias_error: float
    undefined: int  # replications without an estimate
    reps: int


def as_panel(drawn: Simulated) -> Panel:
    """The simulated arrays as the panel of an evaluation."""
    return Panel(drawn.units, drawn.starts, "month", drawn.outcome, drawn.status, "events")


def p_of(drawn: Simulated, null: float, seed: int, with_wild: bool = True) -> tuple[float, ...]:
    """p of the effect being `null` by METHODS (without the last two, where not `with_wild`)."""
    from scipy.stats import t as student

    one = as_panel(drawn)
    values = deal(one, draws=DRAWS, seed=seed).statistics("t", null)[1]
    cluster = float(2 * student.sf(abs(values[0]), AREAS - 1))
    wild = p_values(one, draws=DRAWS, seed=seed, null=null) if with_wild else ()
    return p_value(values), cluster, *wild


def rejected(months: int, treated: int, reps: int, effect: float, with_wild: bool = True) -> tuple[np.ndarray, int]:
    """Shares of replications in which the true effect is rejected at 5 %, and how many had no estimate."""
    found, undefined = [], 0
    for rep in range(reps):
        seed = _seed(months, treated, rep, effect)
        try:
            found.append(p_of(panel(seed, AREAS, months, treated, effect), effect, seed, with_wild))
        except UserError:  # no event in the treated area on one side of the start: the kit refuses
            undefined += 1
    return (np.array(found) <= LEVEL + 1e-12).mean(axis=0), undefined


def bias(months: int, treated: int, reps: int) -> tuple[float, float]:
    """Mean error of the estimate as a share of the true log effect, with its Monte-Carlo standard error.

    In each panel 36 assignments are looked at. A Poisson count that is thinned is the Poisson count of an area with the
    effect, so every area may be the treated one in turn; the estimate is the ratio of ratios of totals.
    """
    found = np.empty(reps)
    for rep in range(reps):
        seed = _seed(months, treated, rep, 0.0) + 500_000_000
        counts, rng = panel(seed, AREAS, months, 0).outcome, np.random.default_rng(seed + 1)
        before, after = counts[:, : months // 2].sum(axis=1), counts[:, months // 2 :].sum(axis=1)
        fewer = rng.binomial(after.astype(int), math.exp(EFFECT))
        deals = rng.permuted(np.tile(np.arange(AREAS) < treated, (AREAS, 1)), axis=1) if treated > 1 else np.eye(AREAS)
        with np.errstate(divide="ignore", invalid="ignore"):
            b = np.log((deals @ fewer) / (deals @ before)) - np.log(((1 - deals) @ after) / ((1 - deals) @ before))
        found[rep] = b[np.isfinite(b)].mean() / EFFECT - 1
    return float(found.mean()), float(found.std(ddof=1) / math.sqrt(reps))


def _seed(months: int, treated: int, rep: int, effect: float) -> int:
    return (months * 100 + treated) * 100_000 + rep + (50_000 if effect else 0)


def cell(months: int, treated: int, reps: int) -> Cell:
    """One cell: size under no effect, coverage and bias at -25 %."""
    size, missing = rejected(months, treated, reps, 0.0)
    missed, also_missing = rejected(months, treated, reps, EFFECT)
    mean, error = bias(months, treated, BIAS_TIMES * reps)
    return Cell(months, treated, tuple(size), tuple(1 - missed), mean, error, missing + also_missing, reps)


def staggered_rejected(reps: int, effect: float) -> float:
    """Share of replications in which randomisation of the imputation estimate rejects the true effect.

    Eight areas start in two cohorts; 199 deals a replication.
    """
    from crisiskit.impact import imputation

    beyond = 0
    for rep in range(reps):
        one = as_panel(panel(950_000_000 + rep, AREAS, 24, 8, effect, 8, cohorts=2, stagger=6))
        dealt = deal(one, draws=199, seed=rep, engine=imputation.reassigned)
        beyond += p_value(dealt.statistics("t", effect)[1]) <= LEVEL + 1e-12
    return beyond / reps


def cluster_size(areas: int, treated: int, reps: int) -> float:
    """Size of the cluster-robust 5 % test with t(G-1), 24 months: how many areas it takes until it can be believed."""
    from scipy.stats import t as student

    critical, beyond = float(student.ppf(1 - LEVEL / 2, areas - 1)), 0
    for rep in range(reps):
        one = as_panel(panel(700_000_000 + rep, areas, 24, treated))
        beyond += abs(block(one, np.arange(areas)[None], "poisson")[1][0]) > critical
    return beyond / reps


def staggered_panels(reps: int) -> list[Simulated]:
    """24 months, 36 areas, of which 27 start in three cohorts; the effect grows every month and differs by area."""
    starts = {"start": 6, "cohorts": 3, "stagger": 6, "growing": -0.04, "unequal": 0.05}
    return [panel(9_000_000 + rep, AREAS, 24, 27, -0.05, mean=30.0, **starts) for rep in range(reps)]


def staggered_cell(reps: int) -> dict[str, tuple[float, float]]:
    """Mean error (share of the true log effect) and its Monte-Carlo error, by estimator, where starts differ."""
    from crisiskit.impact import imputation, twoway
    from crisiskit.impact.staggered import callaway_santanna

    estimators: dict[str, Callable[[Panel], float]] = {
        "two-way fixed effects": lambda one: twoway.fit(one.outcome, one.status).b,
        "imputation": lambda one: imputation.impute(one.outcome, one.status).b,
        "Callaway and Sant'Anna": lambda one: math.log1p(callaway_santanna(one, model="linear").relative),
    }
    found: dict[str, list[float]] = {name: [] for name in estimators}
    for drawn in staggered_panels(reps):
        truth = math.log1p(drawn.true_relative)
        for name, estimate in estimators.items():
            found[name].append(estimate(as_panel(drawn)) / truth - 1)
    return {name: (float(np.mean(e)), float(np.std(e, ddof=1) / math.sqrt(reps))) for name, e in found.items()}


def table(cells: list[Cell]) -> str:
    """The cells in Markdown."""
    names = " | ".join(METHODS)
    lines = [f"| months | treated | size: {names} | coverage: {names} | bias (MC error) | no estimate |",
             "|" + "---|" * (4 + 2 * len(METHODS))]  # fmt: skip
    for c in cells:
        shares = " | ".join(f"{100 * share:.1f} %" for share in (*c.size, *c.coverage))
        lines.append(f"| {c.months} | {c.treated} | {shares} | {100 * c.bias:+.1f} % ({100 * c.bias_error:.1f}) "
                     f"| {c.undefined} of {2 * c.reps} |")  # fmt: skip
    return "\n".join(lines)


def kept(cells: list[Cell], late: dict[str, tuple[float, float]], steps: tuple[float, float], reps: int) -> str:
    """What the report prints, as YAML: shares rounded to a thousandth."""
    import yaml

    rows = []
    for c in cells:
        sizes = {f"size_{name}": round(float(c.size[at]), 3) for at, name in enumerate(SHORT)}
        covered = {f"coverage_{name}": round(float(c.coverage[at]), 3) for at, name in enumerate(SHORT)}
        rows.append({"months": c.months, "treated": c.treated, **sizes, **covered, "bias_of_effect": round(c.bias, 4)})
    content = {
        "areas": AREAS, "replications": reps, "effect": -0.25, "cells": rows,
        "staggered": {"size": round(steps[0], 3), "coverage": round(1 - steps[1], 3),
                      "bias_of_effect": {name: round(mean, 3) for name, (mean, _) in late.items()}},
    }  # fmt: skip
    head = "# Written by `python bench/calibration.py --write FILE`: how often the inference errs on simulated truth.\n"
    return head + yaml.safe_dump(content, sort_keys=False, width=118)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=1000, help="replications a cell")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", type=Path, help="file to keep the cells in")
    given = parser.parse_args()
    with ProcessPoolExecutor(given.processes, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(cell, months, treated, given.reps) for months in MONTHS for treated in TREATED]
        many = [pool.submit(cluster_size, *number, 4 * given.reps) for number in MANY]
        steps = [pool.submit(staggered_rejected, given.reps, effect) for effect in (0.0, EFFECT)]
        late = pool.submit(staggered_cell, given.reps)
        cells = [job.result() for job in jobs]
        print(table(cells))
        print("\nCluster-robust with t(G-1), where areas are many:\n\n| areas | treated | size |\n|---|---|---|")
        for (areas, treated), job in zip(MANY, many, strict=True):
            print(f"| {areas} | {treated} | {100 * job.result():.1f} % |")
        size, missed = (100 * job.result() for job in steps)
        if given.write:
            given.write.write_text(kept(cells, late.result(), (size / 100, missed / 100), given.reps), "utf-8")
        print(f"\nStaggered starts (24 months, 8 of 36 areas in two cohorts), imputation with randomisation: "
              f"size {size:.1f} %, coverage {100 - missed:.1f} %.")
        print("\nStaggered starts, growing effects (24 months, 27 of 36 areas in three cohorts):\n")
        print("| estimator | bias (MC error) |\n|---|---|")
        for name, (mean, error) in late.result().items():
            print(f"| {name} | {100 * mean:+.1f} % ({100 * error:.1f}) |")


if __name__ == "__main__":
    main()
