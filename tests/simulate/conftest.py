"""One simulated table set per kind, shared by the tests, and the bound within which a drawn share may lie."""

from math import sqrt

import pytest

from crisiskit.simulate import KINDS, Simulated, simulate


@pytest.fixture(scope="session", params=list(KINDS))
def any_kind(request: pytest.FixtureRequest) -> Simulated:
    """Every kind in turn, small."""
    return simulate(request.param, months=6, areas=5)


@pytest.fixture(scope="session")
def calls() -> Simulated:
    """Calls for service, large enough to recover what was planted."""
    return simulate("call_for_service", rate=300.0)


@pytest.fixture(scope="session")
def close():
    """`close(k, n, p)`: k successes of n agree with chance p within four and a half standard errors."""
    return lambda k, n, p: abs(k / n - p) <= 4.5 * sqrt(p * (1 - p) / n)
