"""Queues: agreement with published tables, exact fractions and the chain itself; limits; overload is no number."""

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crisiskit.errors import UserError
from crisiskit.measures.erlang import (
    Target,
    agents_needed,
    erlang_b,
    erlang_c,
    leaving,
    pooling,
    queue,
    waiting,
    with_shrinkage,
)


@pytest.fixture(scope="module")
def published(shared_data: Path) -> dict[str, tuple[float, float]]:
    """The published example (100 calls in half an hour, 3 minutes each): value and tolerance by quantity."""
    folder = shared_data.parent / "benchmarks" / "erlangc_basic"
    if not folder.is_dir():
        pytest.skip("the published worked examples are not here")
    frame = pd.read_csv(folder / "expected.csv")
    return {row.quantity: (row.value, row.tolerance_abs) for row in frame.itertuples()}


def test_the_published_staffing_example(published: dict) -> None:
    load, handle_s = 100 * 3 / 30, 180
    found = waiting(load, handle_s, 14, 20)
    agents = agents_needed(load, handle_s, Target())
    # the package's own test rounds the target to 0.33 minute
    rounded = waiting(load, handle_s, 15, 0.33 * 60)
    answers = {
        "erlangs": load, "agents_for_80pct": agents, "agents_with_shrinkage": with_shrinkage(agents, 0.3),
        "service_level_14": found.service_level, "occupancy_14": found.occupancy, "prob_wait_14": found.wait_share,
        "asa_seconds_14": found.mean_wait_s,
        "agents_if_max_occupancy_70pct": agents_needed(load, handle_s, Target(max_occupancy=0.7)),
        "service_level_15_asa033min": rounded.service_level, "prob_wait_15": rounded.wait_share,
    }
    assert answers.keys() == published.keys()
    for quantity, (value, tolerance) in published.items():
        assert answers[quantity] == pytest.approx(value, abs=tolerance), quantity


def exact_b(load: Fraction, agents: int) -> Fraction:
    """Erlang B as the quotient of sums that defines it, in exact fractions."""
    terms = [load**k / math.factorial(k) for k in range(agents + 1)]
    return terms[-1] / sum(terms)


def exact_c(load: Fraction, agents: int) -> Fraction:
    """Erlang C as the quotient of sums that defines it."""
    below = sum(load**k / math.factorial(k) for k in range(agents))
    last = load**agents / math.factorial(agents) * agents / (agents - load)
    return last / (below + last)


@pytest.mark.parametrize(("load", "agents", "loss"), [(10, 10, 0.2146), (1, 1, 0.5), (2, 2, 0.4), (1, 2, 0.2)])
def test_loss_agrees_with_printed_tables(load: int, agents: int, loss: float) -> None:
    """To the four digits that tables print, and to the quotient of sums in exact fractions."""
    assert erlang_b(load, agents) == pytest.approx(loss, abs=5e-5)
    assert erlang_b(load, agents) == pytest.approx(float(exact_b(Fraction(load), agents)), rel=1e-13)


def test_loss_of_many_lines_is_no_overflow() -> None:
    assert erlang_b(500, 520) == pytest.approx(float(exact_b(Fraction(500), 520)), rel=1e-11)


@pytest.mark.parametrize(("load", "agents"), [(1, 2), (10, 11), (10, 14), (50, 55), (160, 171), (300, 320)])
def test_waiting_agrees_with_exact_fractions(load: int, agents: int) -> None:
    """Beyond 170 agents a factorial no longer fits into a floating-point number; the recursion does not notice."""
    assert erlang_c(load, agents) == pytest.approx(float(exact_c(Fraction(load), agents)), rel=1e-11)


def test_two_servers_by_hand() -> None:
    """1 erlang, 2 agents: B = 1/5, C = 1/3, and the mean wait is a third of a handle time."""
    found = waiting(1, 60, 2, 60)
    assert found.wait_share == pytest.approx(1 / 3)
    assert found.mean_wait_s == pytest.approx(20)
    assert found.service_level == pytest.approx(1 - math.exp(-1) / 3)
    assert found.occupancy == 0.5


@pytest.mark.parametrize("agents", [9, 10])
def test_overload_is_unstable_and_no_number(agents: int) -> None:
    assert math.isnan(erlang_c(10, agents))
    found = waiting(10, 180, agents, 20)
    assert found.status == "unstable"
    assert all(math.isnan(value) for value in (found.wait_share, found.service_level, found.mean_wait_s,
                                               found.abandoned_share, found.occupancy))


def chain(load: float, handle_s: float, agents: int, patience_s: float) -> tuple[float, float, float]:
    """P(wait), P(abandon), mean wait from the stationary birth-death chain, cut off at 6000 people."""
    people = np.arange(1, 6000)
    gone = np.minimum(people, agents) / handle_s + np.maximum(people - agents, 0) / patience_s
    logs = np.concatenate([[0], np.cumsum(np.log(load / handle_s / gone))])
    share = np.exp(logs - logs.max())
    share /= share.sum()
    line = (share * np.maximum(np.arange(6000) - agents, 0)).sum()
    arrivals = load / handle_s
    return share[agents:].sum(), line / patience_s / arrivals, line / arrivals


@pytest.mark.parametrize("case", [
    (10, 180, 9, 60), (10, 180, 14, 60), (100, 180, 80, 300), (10, 180, 9, 1e5), (10, 180, 9, 1e-3),
    (600, 200, 500, 600), (200, 300, 210, 30), (0.2, 300, 1, 120)])
def test_leaving_agrees_with_the_chain(case: tuple) -> None:
    """The closed form and the stationary chain are two ways to one queue, under overload as well."""
    load, handle_s, agents, patience_s = case
    found = leaving(load, handle_s, agents, 20, patience_s)
    assert (found.wait_share, found.abandoned_share, found.mean_wait_s) == \
        pytest.approx(chain(load, handle_s, agents, patience_s), rel=1e-8, abs=1e-12)
    assert found.occupancy == pytest.approx(load * (1 - found.abandoned_share) / agents)


def test_service_level_of_leaving_agrees_with_integration_over_the_wait() -> None:
    """Answered in time: at once, or patient beyond a virtual wait of density lambda g(x) / (e + lambda J)."""
    load, handle_s, agents, within_s, patience_s = 10.0, 180.0, 9, 20.0, 60.0
    arrivals, serving, left = load / handle_s, agents / handle_s, 1 / patience_s
    x = np.linspace(0, 3000, 3_000_001)
    g = np.exp(arrivals * (1 - np.exp(-left * x)) / left - serving * x)
    e = float(1 / exact_b(Fraction(10), agents - 1))
    whole = e + arrivals * np.trapezoid(g, x)
    soon = x <= within_s
    answered = e + arrivals * np.trapezoid((g * np.exp(-left * x))[soon], x[soon])
    found = leaving(load, handle_s, agents, within_s, patience_s)
    assert found.service_level == pytest.approx(answered / whole, abs=1e-7)  # the grid is a millisecond


@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 60), st.integers(1, 80), st.floats(10, 2000), st.floats(0, 300), st.floats(1, 3000))
def test_leaving_lies_between_its_limits(load: float, agents: int, handle_s: float, within_s: float,
                                         patience_s: float) -> None:
    found = leaving(load, handle_s, agents, within_s, patience_s)
    for share in (found.wait_share, found.service_level, found.abandoned_share, found.occupancy):
        assert -1e-12 <= share <= 1 + 1e-12
    assert found.service_level <= 1 - found.abandoned_share + 1e-12
    more = leaving(load, handle_s, agents + 1, within_s, patience_s)
    assert more.service_level >= found.service_level - 1e-9


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.floats(0.05, 0.95), st.floats(10, 1000), st.floats(0, 300))
def test_endless_patience_is_erlang_c_and_none_is_loss(agents: int, busy: float, handle_s: float,
                                                       within_s: float) -> None:
    load = agents * busy
    patient, known = leaving(load, handle_s, agents, within_s, 1e9), waiting(load, handle_s, agents, within_s)
    assert patient.wait_share == pytest.approx(known.wait_share, abs=1e-4)
    assert patient.service_level == pytest.approx(known.service_level, abs=1e-4)
    assert patient.mean_wait_s == pytest.approx(known.mean_wait_s, rel=1e-2, abs=1e-3)
    hasty = leaving(load, handle_s, agents, within_s, 1e-6)
    assert hasty.abandoned_share == pytest.approx(erlang_b(load, agents), abs=1e-4)


@pytest.mark.parametrize("target", [Target(), Target(share=0.95, within_s=10), Target(patience_s=120),
                                    Target(max_occupancy=0.6)])
@pytest.mark.parametrize("load", [0.01, 0.9, 10, 37.3, 400])
def test_agents_needed_is_the_smallest_that_meets_the_target(load: float, target: Target) -> None:
    agents = agents_needed(load, 240, target)
    found = queue(load, 240, agents, target)
    assert found.service_level >= target.share
    assert found.occupancy <= target.max_occupancy
    if agents > 1:
        fewer = queue(load, 240, agents - 1, target)
        assert not (fewer.service_level >= target.share and fewer.occupancy <= target.max_occupancy)


def test_no_load_needs_nobody() -> None:
    assert agents_needed(0, 180, Target()) == 0
    assert leaving(0, 180, 1, 20, 60).service_level == 1


@pytest.mark.parametrize(("agents", "shrinkage", "staff"), [(14, 0.3, 20), (7, 0.3, 10), (0, 0.3, 0), (3, 0, 3)])
def test_shrinkage_rounds_up_but_not_by_a_hair(agents: int, shrinkage: float, staff: int) -> None:
    assert with_shrinkage(agents, shrinkage) == staff


def test_pooling_needs_fewer() -> None:
    """Four lines of 3 erlangs need 6 agents each apart, and 16 together: the larger queue idles less."""
    assert pooling([3, 3, 3, 3], 300, Target()) == {"separately": 24, "pooled": 16}
    assert agents_needed(12, 300, Target()) == 16
    assert waiting(3, 300, 6, 20).service_level >= 0.8 > waiting(3, 300, 5, 20).service_level


@pytest.mark.parametrize(("call", "message"), [
    (lambda: erlang_b(-1, 3), "load: -1 is not a load"),
    (lambda: erlang_c(1, 0), "agents: 0 is not a number of agents"),
    (lambda: waiting(1, 0, 3, 20), "handle_s: 0 is not a handle time"),
    (lambda: leaving(1, 60, 3, 20, 0), "patience_s: 0 is not a time"),
    (lambda: agents_needed(1, 60, Target(share=1)), "target share: 1 must be above 0 and below 1"),
    (lambda: agents_needed(1, 60, Target(max_occupancy=0)), "max_occupancy: 0 must be above 0"),
    (lambda: with_shrinkage(3, 1), "shrinkage: 1 must be a share")])
def test_refusals(call, message: str) -> None:
    with pytest.raises(UserError, match=message):
        call()
