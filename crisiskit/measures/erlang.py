"""Queues of Erlang and Palm as pure functions: waiting, abandonment and the agents that a target needs.

The load is in erlangs (arrivals per hour x hours of handling). Erlang C lets everybody wait for ever; where the load
is not below the number of agents its queue grows without end, and every figure of it is NaN with status `unstable`.
Erlang A lets callers leave after an exponential patience and is stable under any load.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from crisiskit.errors import UserError

BLOCK = 256
"""Terms of the series of Erlang A that are added first; the sum of them doubles with each further block."""

NEGLIGIBLE = 50
"""A falling term whose logarithm is so far below the sum's changes no digit of it."""


@dataclass(frozen=True)
class Queue:
    """What a queue does: shares of all arrivals, seconds, and the share of time that agents are busy.

    `status` is `stable` or `unstable`; every figure of an unstable queue is NaN.
    """

    agents: int
    status: str
    wait_share: float
    service_level: float
    mean_wait_s: float
    abandoned_share: float
    occupancy: float


@dataclass(frozen=True)
class Target:
    """Answer a share of all arrivals within so many seconds, with agents busy at most `max_occupancy` of their time.

    With `patience_s` (mean, exponential) the queue is Erlang A, else Erlang C.
    """

    share: float = 0.8
    within_s: float = 20
    patience_s: float | None = None
    max_occupancy: float = 1


def erlang_b(load: float, agents: int) -> float:
    """Probability that all agents are busy where nobody waits, by the recursion B(n) = aB(n-1) / (n + aB(n-1)).

    Every term stays between 0 and 1, so no number of agents overflows. Source: Erlang (1917); the recursion as in
    Cooper, Introduction to Queueing Theory, 2nd ed. (1981) 82. UserError for a negative load or agents below 0.
    """
    _check(load, agents, least=0)
    busy = 1.0
    for n in range(1, agents + 1):
        busy = load * busy / (n + load * busy)
    return busy


def erlang_c(load: float, agents: int) -> float:
    """Probability of waiting where everybody waits: nB / (n - a(1 - B)); NaN where the load is not below the agents.

    Source: Erlang (1917); Cooper (1981) 91.
    """
    _check(load, agents)
    if load >= agents:
        return math.nan
    busy = erlang_b(load, agents)
    return agents * busy / (agents - load * (1 - busy))


def waiting(load: float, handle_s: float, agents: int, within_s: float) -> Queue:
    """Erlang C: the wait of those who wait is exponential with mean handle_s / (agents - load)."""
    _check(load, agents, handle_s)
    wait_share = erlang_c(load, agents)
    if math.isnan(wait_share):
        return Queue(agents, "unstable", *[math.nan] * 5)
    free = agents - load
    late = wait_share * math.exp(-free * within_s / handle_s)
    return Queue(agents, "stable", wait_share, 1 - late, wait_share * handle_s / free, 0.0, load / agents)


def leaving(load: float, handle_s: float, agents: int, within_s: float, patience_s: float) -> Queue:
    """Erlang A (M/M/n+M): those who find no agent leave after an exponential patience of mean `patience_s`.

    `service_level` is the share of all arrivals answered within `within_s`; `mean_wait_s` is over all arrivals,
    whether answered or not. With e = 1 / B(agents - 1), J(t) the integral from t of g(x) = exp(lambda H(x) - n mu x)
    and H(x) = (1 - exp(-theta x)) / theta: P(wait) = lambda J(0) / (e + lambda J(0)), and the share answered within t
    is (e - 1 + g(t) + n mu (J(0) - J(t))) / (e + lambda J(0)).

    Source: Palm (1946); Garnett, Mandelbaum and Reiman, Manufacturing and Service Operations Management 4 (2002)
    208-227; Zeltyn and Mandelbaum, Queueing Systems 51 (2005) 361-402.
    """
    _check(load, agents, handle_s)
    if not patience_s > 0:
        raise UserError(f"patience_s: {patience_s} is not a time; it must be above 0 seconds")
    arrivals, serving, left = load / handle_s, agents / handle_s, 1 / patience_s
    if arrivals == 0:
        return Queue(agents, "stable", 0.0, 1.0, 0.0, 0.0, 0.0)
    at_once, at_limit = (_log_integral(arrivals, serving, left, t) for t in (0.0, within_s))
    scale = max(at_once, 0.0)  # under overload the integral is beyond any number, and only ratios of it are needed
    busy, one = erlang_b(load, agents - 1), math.exp(-scale)
    log_g = -arrivals / left * math.expm1(-left * within_s) - serving * within_s
    waits, later = math.exp(at_once - scale), math.exp(at_limit - scale)
    whole = one + busy * arrivals * waits
    in_time = one + busy * (math.exp(log_g - scale) - one + serving * (waits - later))
    served = (one + busy * (serving * waits - one)) / whole
    lost = max(0.0, busy * (one + (arrivals - serving) * waits) / whole)
    return Queue(agents, "stable", busy * arrivals * waits / whole, min(max(in_time / whole, 0.0), served),
                 lost * patience_s, lost, load * (1 - lost) / agents)


def _log_integral(arrivals: float, serving: float, left: float, after_s: float) -> float:
    """Logarithm of the integral of g from `after_s`: g there times the series of products of the queue's chain.

    J(t) = g(t) * sum over k of x^k / ((s)(s + theta)...(s + k theta)), with x = lambda exp(-theta t) and s = n mu.
    All terms are positive, so nothing cancels.
    """
    log_x = math.log(arrivals) - left * after_s
    total, last, start, falling = -math.inf, 0.0, 0, False
    while not (falling and last < total - NEGLIGIBLE):
        k = np.arange(start, start + max(BLOCK, start))
        steps = np.where(k > 0, log_x, 0.0) - np.log(serving + k * left)
        terms = last + np.cumsum(steps)
        peak = max(total, float(terms.max()))
        total = peak + math.log(math.exp(total - peak) + float(np.exp(terms - peak).sum()))
        falling = log_x < math.log(serving + k[-1] * left)
        last, start = float(terms[-1]), start + len(k)
    return -arrivals / left * math.expm1(-left * after_s) - serving * after_s + total


def agents_needed(load: float, handle_s: float, target: Target) -> int:
    """Return the smallest number of agents that meets the target; 0 where there is no load.

    The service level rises and the occupancy falls with every agent, so the number is found by halving. UserError for
    a target that no number of agents meets.
    """
    if not 0 < target.share < 1:
        raise UserError(f"target share: {target.share} must be above 0 and below 1; no queue answers everybody at once")
    if not 0 < target.max_occupancy <= 1:
        raise UserError(f"max_occupancy: {target.max_occupancy} must be above 0 and at most 1")
    if load == 0:
        return 0

    def enough(agents: int) -> bool:
        found = queue(load, handle_s, agents, target)
        return found.service_level >= target.share and found.occupancy <= target.max_occupancy

    return _smallest(enough)


def queue(load: float, handle_s: float, agents: int, target: Target) -> Queue:
    """Return the queue of so many agents: Erlang A where the target knows the patience, else Erlang C."""
    if target.patience_s is None:
        return waiting(load, handle_s, agents, target.within_s)
    return leaving(load, handle_s, agents, target.within_s, target.patience_s)


def _smallest(enough: Callable[[int], bool]) -> int:
    """Return the smallest whole number from 1 that is enough, where every larger one is enough as well."""
    high = 1
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def with_shrinkage(agents: float, shrinkage: float) -> int:
    """Return the staff to schedule so that `agents` are at work when a share `shrinkage` of paid time is not.

    agents / (1 - shrinkage), rounded up. UserError unless the share is from 0 to below 1.
    """
    if not 0 <= shrinkage < 1:
        raise UserError(f"shrinkage: {shrinkage} must be a share from 0 to below 1")
    return math.ceil(round(agents / (1 - shrinkage), 9))  # 7 / 0.7 is a hair above 10 in floating point


def pooling(loads: Sequence[float], handle_s: float, target: Target) -> dict[str, int]:
    """Return the agents that several lines need `separately` and `pooled` into one, for one target and handle time."""
    return {"separately": sum(agents_needed(load, handle_s, target) for load in loads),
            "pooled": agents_needed(math.fsum(loads), handle_s, target)}


def _check(load: float, agents: int, handle_s: float = 1, least: int = 1) -> None:
    """UserError for a load, a number of agents or a handle time that cannot be."""
    if not 0 <= load < math.inf:
        raise UserError(f"load: {load} is not a load; it must be a number of erlangs from 0")
    if agents < least or agents != int(agents):
        raise UserError(f"agents: {agents} is not a number of agents; it must be whole and at least {least}")
    if not 0 < handle_s < math.inf:
        raise UserError(f"handle_s: {handle_s} is not a handle time; it must be above 0 seconds")
