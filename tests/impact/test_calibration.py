"""The recommended inference on truth: a smaller, seeded set of what `bench/calibration.py` runs with 1 000 and more.

Bounds are what is asked for, widened by three Monte-Carlo standard errors of the number of replications run here.
"""

import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from crisiskit.impact.randomisation import interval
from crisiskit.simulate.panels import panel

REPS = 400


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """`bench/calibration.py`, which is a script and no part of the package."""
    path = Path(__file__).resolve().parents[2] / "bench" / "calibration.py"
    spec = importlib.util.spec_from_file_location("calibration_bench", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["calibration_bench"] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


def _within(share: float, least: float, most: float, reps: int = REPS) -> bool:
    return least - 3 * math.sqrt(least * (1 - least) / reps) <= share <= most + 3 * math.sqrt(most * (1 - most) / reps)


@pytest.mark.parametrize(("treated", "least", "most"), [(1, 1 / 36, 1 / 36), (4, 0.035, 0.065), (8, 0.035, 0.065)])
def test_size_of_the_recommended_test(bench: ModuleType, treated: int, least: float, most: float) -> None:
    """12 months, the fewest. With one treated of 36 areas a 5 % test rejects 1 in 36: no finer p can come out."""
    (size, cluster), undefined = bench.rejected(12, treated, REPS, 0.0, with_wild=False)
    assert undefined == 0
    assert _within(size, least, most)
    if treated < 8:
        assert cluster > 0.08  # what the kit warns of
    assert cluster > size


@pytest.mark.parametrize(("treated", "most"), [(1, 35 / 36), (4, 0.97), (8, 0.97)])
def test_coverage_of_the_interval(bench: ModuleType, treated: int, most: float) -> None:
    """At a true effect of -25 %: the share of replications in which the truth is not rejected."""
    (missed, cluster), _ = bench.rejected(12, treated, REPS, bench.EFFECT, with_wild=False)
    assert _within(1 - missed, 0.93, most)
    assert cluster > missed


def test_cluster_robust_is_believed_where_it_holds_its_level(bench: ModuleType) -> None:
    """At the declared numbers of areas at most 6.5 %; at 10 of 40, which is often called enough, more than that."""
    from crisiskit.impact.believe import ENOUGH_CLUSTERS, ENOUGH_TREATED

    reps = 3000
    assert _within(bench.cluster_size(ENOUGH_CLUSTERS, ENOUGH_TREATED, reps), 0.035, 0.065, reps)
    assert bench.cluster_size(40, 10, reps) > 0.065 + 3 * math.sqrt(0.065 * 0.935 / reps)


def test_bootstraps_fall_to_both_sides_with_one_treated(bench: ModuleType) -> None:
    """MacKinnon and Webb 2018: restricted never rejects, unrestricted as often as not."""
    (_, _, restricted, unrestricted), _ = bench.rejected(12, 1, 60, 0.0)
    assert restricted <= 0.02
    assert unrestricted > 0.4


def test_the_interval_covers_where_the_test_keeps(bench: ModuleType) -> None:
    """What the bench counts as covered is what the interval covers."""
    for seed in range(40):
        one = bench.as_panel(panel(seed, months=12, treated=4, effect=bench.EFFECT))
        found = interval(one, draws=bench.DRAWS, seed=seed)
        kept = bench.p_of(panel(seed, months=12, treated=4, effect=bench.EFFECT), bench.EFFECT, seed, False)[0] > 0.05
        assert (found.low < bench.EFFECT < found.high) == kept


@pytest.mark.parametrize("treated", [1, 8])
def test_bias_is_under_two_per_cent_of_the_effect(bench: ModuleType, treated: int) -> None:
    mean, error = bench.bias(12, treated, 2000)
    assert error < 0.005
    assert abs(mean) < 0.02 + 3 * error


def test_thinned_areas_give_the_bias_of_simulated_effects(bench: ModuleType) -> None:
    """The quick way to the bias against estimates of panels that were simulated with the effect."""
    from crisiskit.impact import twoway

    found = []
    for seed in range(400):
        drawn = panel(seed, months=12, treated=8, effect=bench.EFFECT)
        found.append(twoway.fit(drawn.outcome, drawn.status).b / bench.EFFECT - 1)
    error = np.std(found, ddof=1) / math.sqrt(len(found))
    assert np.mean(found) == pytest.approx(bench.bias(12, 8, 1000)[0], abs=3 * error)


def test_staggered_starts_hold_their_level_and_cover(bench: ModuleType) -> None:
    assert _within(bench.staggered_rejected(150, 0.0), 0.035, 0.065, 150)
    assert _within(1 - bench.staggered_rejected(150, bench.EFFECT), 0.93, 0.97, 150)


def test_staggered_growing_effects(bench: ModuleType) -> None:
    """Two-way fixed effects miss a third of the effect or more; estimates from untreated cells alone do not."""
    found = bench.staggered_cell(60)
    assert found["two-way fixed effects"][0] < -0.33
    for name, (mean, error) in found.items():
        if name != "two-way fixed effects":
            assert abs(mean) < 0.02 + 3 * error, name
